#include "model/interfaceid.h"

#include "model/text.h"
#include "model/texts.h"

#include <QRegularExpression>
#include <algorithm>

namespace sixgate
{

Result<InterfaceId> InterfaceId::parse(const QString &text)
{
    const auto bad = [&](const QString &why) {
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not an interface identifier: %2. Examples: ::11, 02:00:5e:00:53:01.")
                        .arg(quoted(text), why));
    };
    static const QRegularExpression mac(
        QStringLiteral("\\A[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\\1[0-9A-Fa-f]{2}){4}\\z"));
    if (mac.match(text).hasMatch()) {
        std::array<std::uint8_t, 6> m{};
        for (size_t i = 0; i < 6; ++i)
            m[i] = std::uint8_t(text.mid(qsizetype(i) * 3, 2).toUInt(nullptr, 16));
        if (m[0] & 1)
            return bad(Texts::tr("it is a multicast MAC address"));
        return InterfaceId({std::uint8_t(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]});
    }
    const auto address = Ipv6Address::parse(text);
    if (!address)
        return bad(Texts::tr("it has neither the form of an address nor of a MAC address"));
    const auto &bytes = address->bytes();
    if (std::any_of(bytes.begin(), bytes.begin() + 8, [](std::uint8_t byte) { return byte != 0; }))
        return bad(Texts::tr("the upper half is the prefix and must be zero"));
    const InterfaceId id = of(*address);
    if (std::all_of(id.m_bytes.begin(), id.m_bytes.end(), [](std::uint8_t byte) { return byte == 0; }))
        return bad(Texts::tr("zero means the router"));
    return id;
}

Result<InterfaceId> InterfaceId::entered(const QString &text)
{
    const auto whole = Ipv6Address::parse(text);
    const bool isGlobal = whole && (whole->bytes().front() & 0xe0) == 0x20; // 2000::/3
    return parse(isGlobal ? of(*whole).text() : text);
}

InterfaceId InterfaceId::of(const Ipv6Address &address)
{
    std::array<std::uint8_t, 8> bytes{};
    std::copy(address.bytes().begin() + 8, address.bytes().end(), bytes.begin());
    return InterfaceId(bytes);
}

QString InterfaceId::text() const
{
    std::array<std::uint8_t, 16> bytes{};
    std::copy(m_bytes.begin(), m_bytes.end(), bytes.begin() + 8);
    return Ipv6Address::fromBytes(bytes).text();
}

} // namespace sixgate
