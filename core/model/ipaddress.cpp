#include "model/ipaddress.h"

#include "model/text.h"
#include "model/texts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace sixgate
{

namespace
{

template <size_t N>
bool within(const std::array<std::uint8_t, N> &bytes, std::initializer_list<int> network, int length)
{
    std::array<std::uint8_t, N> want{};
    size_t i = 0;
    for (int byte : network)
        want[i++] = std::uint8_t(byte);
    for (int bit = 0; bit < length; bit += 8) {
        const int mask = length - bit >= 8 ? 0xff : 0xff << (8 - (length - bit)) & 0xff;
        if ((bytes[size_t(bit / 8)] ^ want[size_t(bit / 8)]) & mask)
            return false;
    }
    return true;
}

} // namespace

Result<Ipv4Address> Ipv4Address::parse(const QString &text)
{
    std::array<std::uint8_t, 4> bytes{};
    if (text.size() > 15 || text.contains(QChar(0)) ||
        inet_pton(AF_INET, text.toLatin1().constData(), bytes.data()) != 1)
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not an IPv4 address. Example: 198.51.100.10.").arg(quoted(text)));
    return Ipv4Address(bytes);
}

QString Ipv4Address::text() const
{
    char buffer[INET_ADDRSTRLEN];
    return QString::fromLatin1(inet_ntop(AF_INET, m_bytes.data(), buffer, sizeof buffer));
}

bool Ipv4Address::isDocumentation() const
{
    return within(m_bytes, {192, 0, 2}, 24) || within(m_bytes, {198, 51, 100}, 24) ||
           within(m_bytes, {203, 0, 113}, 24);
}

bool Ipv4Address::isCarrierShared() const
{
    return within(m_bytes, {100, 64}, 10);
}

bool Ipv4Address::isPrivate() const
{
    return within(m_bytes, {10}, 8) || within(m_bytes, {172, 16}, 12) || within(m_bytes, {192, 168}, 16);
}

bool Ipv4Address::isLinkLocal() const
{
    return within(m_bytes, {169, 254}, 16);
}

bool Ipv4Address::isLoopback() const
{
    return within(m_bytes, {127}, 8);
}

bool Ipv4Address::isGlobal() const
{
    const auto in = [&](std::initializer_list<int> network, int length) { return within(m_bytes, network, length); };
    return !(in({0}, 8) || isPrivate() || isCarrierShared() || isLoopback() || isLinkLocal() || in({192, 0, 0}, 24) ||
             in({192, 88, 99}, 24) || in({198, 18}, 15) || in({224}, 4) || in({240}, 4));
}

Result<Ipv6Address> Ipv6Address::parse(const QString &text)
{
    std::array<std::uint8_t, 16> bytes{};
    if (text.size() > 45 || text.contains(QChar(0)) ||
        inet_pton(AF_INET6, text.toLatin1().constData(), bytes.data()) != 1)
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not an IPv6 address. Example: 2001:db8::11.").arg(quoted(text)));
    return Ipv6Address(bytes);
}

QString Ipv6Address::text() const
{
    char buffer[INET6_ADDRSTRLEN];
    return QString::fromLatin1(inet_ntop(AF_INET6, m_bytes.data(), buffer, sizeof buffer));
}

bool Ipv6Address::isDocumentation() const
{
    return within(m_bytes, {0x20, 0x01, 0x0d, 0xb8}, 32) || within(m_bytes, {0x3f, 0xff, 0x00}, 20);
}

Ipv6Scope Ipv6Address::scope() const
{
    const auto in = [&](std::initializer_list<int> network, int length) { return within(m_bytes, network, length); };
    const bool highZero =
        std::all_of(m_bytes.begin(), m_bytes.begin() + 12, [](std::uint8_t byte) { return byte == 0; });
    if (highZero) {
        if (m_bytes[12] == 0 && m_bytes[13] == 0 && m_bytes[14] == 0 && m_bytes[15] <= 1)
            return m_bytes[15] == 0 ? Ipv6Scope::Unspecified : Ipv6Scope::Loopback;
        return Ipv6Scope::Mapped;
    }
    if (in({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96))
        return Ipv6Scope::Mapped;
    if (in({0xff}, 8))
        return Ipv6Scope::Multicast;
    if (in({0xfe, 0x80}, 10))
        return Ipv6Scope::LinkLocal;
    if (in({0xfe, 0xc0}, 10))
        return Ipv6Scope::SiteLocal;
    if (in({0xfc}, 7))
        return Ipv6Scope::UniqueLocal;
    if (in({0x20, 0x02}, 16))
        return Ipv6Scope::SixToFour;
    if (in({0x20, 0x01, 0, 0}, 32))
        return Ipv6Scope::Teredo;
    if (in({0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 96) || in({0, 0x64, 0xff, 0x9b, 0, 1}, 48))
        return Ipv6Scope::Nat64;
    if (in({0x20, 0x01, 0x00, 0x02, 0, 0}, 48) || in({0x20, 0x01, 0x00, 0x10}, 28) || in({0x20, 0x01, 0x00, 0x20}, 28))
        return Ipv6Scope::Reserved;
    return in({0x20}, 3) ? Ipv6Scope::Global : Ipv6Scope::Reserved;
}

QString describe(Ipv6Scope scope)
{
    switch (scope) {
    case Ipv6Scope::Global:
        return Texts::tr("a global address");
    case Ipv6Scope::LinkLocal:
        return Texts::tr("a link-local address (fe80::/10)");
    case Ipv6Scope::SiteLocal:
        return Texts::tr("a site-local address (fec0::/10)");
    case Ipv6Scope::UniqueLocal:
        return Texts::tr("a unique local address (fc00::/7)");
    case Ipv6Scope::SixToFour:
        return QStringLiteral("a 6to4 address (2002::/16)");
    case Ipv6Scope::Teredo:
        return Texts::tr("a Teredo address (2001::/32)");
    case Ipv6Scope::Nat64:
        return QStringLiteral("a NAT64 address (64:ff9b::/96)");
    case Ipv6Scope::Mapped:
        return Texts::tr("an IPv4 address in IPv6 form");
    case Ipv6Scope::Loopback:
        return Texts::tr("the loopback address");
    case Ipv6Scope::Unspecified:
        return Texts::tr("the unspecified address");
    case Ipv6Scope::Multicast:
        return Texts::tr("a multicast address (ff00::/8)");
    case Ipv6Scope::Reserved:
        return Texts::tr("a reserved address");
    }
    return {};
}

Result<IpAddress> parseIpAddress(const QString &text)
{
    if (const auto v4 = Ipv4Address::parse(text))
        return IpAddress(*v4);
    if (const auto v6 = Ipv6Address::parse(text))
        return IpAddress(*v6);
    return fail(ErrorCode::Invalid,
                Texts::tr("%1 is not an IP address. Examples: 198.51.100.10, 2001:db8::11.").arg(quoted(text)));
}

QString ipText(const IpAddress &address)
{
    return std::visit([](const auto &one) { return one.text(); }, address);
}

bool isOfOwnNetwork(const IpAddress &address)
{
    if (const auto *six = std::get_if<Ipv6Address>(&address)) {
        const Ipv6Scope scope = six->scope();
        return scope == Ipv6Scope::UniqueLocal || scope == Ipv6Scope::LinkLocal || scope == Ipv6Scope::Loopback;
    }
    const auto &four = std::get<Ipv4Address>(address);
    return four.isPrivate() || four.isLinkLocal() || four.isLoopback();
}

bool isOfOwnNetwork(const QString &host)
{
    if (const auto address = parseIpAddress(host))
        return isOfOwnNetwork(*address);
    static constexpr std::array ends{".local", ".lan", ".home.arpa", ".internal"};
    return !host.contains(u'.') || std::any_of(ends.begin(), ends.end(), [&](const char *end) {
        return host.endsWith(QLatin1String(end), Qt::CaseInsensitive);
    });
}

} // namespace sixgate
