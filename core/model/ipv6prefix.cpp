#include "model/ipv6prefix.h"

#include "model/text.h"
#include "model/texts.h"

namespace sixgate
{

namespace
{

Ipv6Address masked(const Ipv6Address &address, int length)
{
    auto bytes = address.bytes();
    for (int i = 0; i < 16; ++i) {
        const int keep = std::clamp(length - i * 8, 0, 8);
        bytes[size_t(i)] &= std::uint8_t(0xff << (8 - keep));
    }
    return Ipv6Address::fromBytes(bytes);
}

} // namespace

Result<Ipv6Prefix> Ipv6Prefix::parse(const QString &text)
{
    const auto bad = [&](const QString &why) {
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not an IPv6 prefix: %2. Example: 2001:db8:1::/56.").arg(quoted(text), why));
    };
    const qsizetype slash = text.indexOf(QLatin1Char('/'));
    if (slash < 0)
        return bad(Texts::tr("the length is missing"));
    const auto address = Ipv6Address::parse(text.left(slash));
    if (!address)
        return bad(Texts::tr("the part before the slash is not an address"));
    const QString digits = text.mid(slash + 1);
    bool number =
        !digits.isEmpty() && digits.size() <= 3 && (digits.size() == 1 || !digits.startsWith(QLatin1Char('0')));
    for (const QChar c : digits)
        number = number && c >= QLatin1Char('0') && c <= QLatin1Char('9');
    if (!number || digits.toInt() > 128)
        return bad(Texts::tr("the length is not 0 to 128"));
    if (masked(*address, digits.toInt()) != *address)
        return bad(Texts::tr("bits are set behind the length"));
    return Ipv6Prefix(*address, digits.toInt());
}

Result<Ipv6Prefix> Ipv6Prefix::of(const Ipv6Address &address, int length)
{
    if (length < 0 || length > 128)
        return fail(ErrorCode::Invalid, Texts::tr("A prefix length is 0 to 128, not %1.").arg(length));
    return Ipv6Prefix(masked(address, length), length);
}

QString Ipv6Prefix::text() const
{
    return m_network.text() + QLatin1Char('/') + QString::number(m_length);
}

bool Ipv6Prefix::contains(const Ipv6Address &address) const
{
    return masked(address, m_length) == m_network;
}

bool Ipv6Prefix::contains(const Ipv6Prefix &other) const
{
    return other.m_length >= m_length && contains(other.m_network);
}

Result<Ipv6Address> Ipv6Prefix::join(const InterfaceId &id) const
{
    if (m_length != 64)
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 and the interface identifier %2 make no address: the prefix of a LAN has length 64.")
                        .arg(text(), id.text()));
    auto bytes = m_network.bytes();
    std::copy(id.bytes().begin(), id.bytes().end(), bytes.begin() + 8);
    return Ipv6Address::fromBytes(bytes);
}

} // namespace sixgate
