#include "decide/maskvalues.h"

#include <algorithm>
#include <array>

namespace sixgate
{

namespace
{

constexpr int MostTries = 1'000'000;

quint64 half(const Ipv6Address &address, int from)
{
    quint64 out = 0;
    for (int i = from; i < from + 8; ++i)
        out = out << 8 | address.bytes()[size_t(i)];
    return out;
}

Ipv6Address joined(quint64 upper, quint64 lower)
{
    std::array<std::uint8_t, 16> bytes{};
    for (size_t i = 0; i < 8; ++i) {
        bytes[i] = std::uint8_t(upper >> (56 - 8 * i));
        bytes[8 + i] = std::uint8_t(lower >> (56 - 8 * i));
    }
    return Ipv6Address::fromBytes(bytes);
}

quint32 number(const Ipv4Address &address)
{
    quint32 out = 0;
    for (const std::uint8_t byte : address.bytes())
        out = out << 8 | byte;
    return out;
}

Ipv4Address ipv4Of(quint32 value)
{
    return Ipv4Address::fromBytes(
        {std::uint8_t(value >> 24), std::uint8_t(value >> 16), std::uint8_t(value >> 8), std::uint8_t(value)});
}

QString digitsOf(const QString &mac)
{
    return mac.toLower().remove(u':').remove(u'-').remove(u'.');
}

/// IPv4 spaces whose kind tells something.
struct Space {
    quint32 base;
    int bits;
};
constexpr std::array Spaces = {Space{0x0A000000, 8}, Space{0xAC100000, 12}, Space{0xC0A80000, 16},
                               Space{0x64400000, 10}, Space{0xA9FE0000, 16}};

/// The same for everybody: loopback, "any", masks, DS-Lite.
bool tellsNothing(quint32 address)
{
    return address >> 24 == 127 || address == 0 || address >> 24 == 255 || address >> 3 == 0xC0000000 >> 3;
}

} // namespace

MaskValues::MaskValues(const Site &site) : m_site(site)
{
    for (const Hostname &one : namesOf(site))
        m_seen.insert(one.ascii());
    for (const DnsAccount &account : site.dns)
        m_seen.insert(account.zone.ascii());
}

void MaskValues::see(const MaskPiece &piece)
{
    m_seen.insert(piece.text.toLower());
    if (piece.kind == MaskKind::Ipv6) {
        if (const auto address = Ipv6Address::parse(piece.text)) {
            m_seenNetworks.insert(half(*address, 0) >> 16);
            m_seenIdentifiers.insert(half(*address, 8));
        }
    } else if (piece.kind == MaskKind::DashedIpv4) {
        m_seen.insert(QString(piece.text).replace(u'-', u'.'));
    } else if (piece.kind == MaskKind::Mac) {
        m_seen.insert(digitsOf(piece.text));
    }
}

/// The value for `key`: the one that was given, or the first of those that `make` makes which nobody has; an empty one
/// is none.
QString MaskValues::pick(std::map<QString, QString> &given, const QString &key, const Made &make)
{
    if (const auto found = given.find(key); found != given.end())
        return found->second;
    for (int i = int(given.size()) + 1;; ++i) {
        const QString value = make(i);
        const bool taken =
            std::any_of(given.begin(), given.end(), [&](const auto &one) { return one.second == value; });
        if (!value.isEmpty() && !taken && !m_seen.contains(value.toLower()))
            return given[key] = value;
    }
}

/// The upper half. `first`: its bits that tell the kind; the third group is counted.
quint64 MaskValues::network(const Ipv6Address &address, quint64 first)
{
    const quint64 upper = half(address, 0);
    const quint64 key = upper >> 8;
    auto network = m_networks.find(key);
    if (network == m_networks.end()) {
        const auto taken = [this](quint64 value) {
            return m_seenNetworks.contains(value >> 16) ||
                   std::any_of(m_networks.begin(), m_networks.end(),
                               [value](const auto &one) { return one.second == value; });
        };
        quint64 count = 0xA001 + m_networks.size();
        while (taken(first | count << 16))
            ++count;
        network = m_networks.emplace(key, first | count << 16).first;
    }
    const quint64 low = upper & 0xFF;
    if (low == 0)
        return network->second;
    const auto [subnet, added] = m_subnets.try_emplace({key, low}, 0);
    if (added)
        subnet->second = quint64(++m_subnetsOf[key]);
    return network->second | subnet->second;
}

quint64 MaskValues::identifier(quint64 id)
{
    // The network itself, and the mask that routers want.
    if (id == 0 || id == ~0ULL)
        return id;
    if (const auto found = m_identifiers.find(id); found != m_identifiers.end())
        return found->second;
    quint64 value = 0x100 + m_identifiers.size() + 1;
    while (m_seenIdentifiers.contains(value) || std::any_of(m_identifiers.begin(), m_identifiers.end(),
                                                            [&](const auto &one) { return one.second == value; }))
        ++value;
    return m_identifiers[id] = value;
}

QString MaskValues::ipv6(const Ipv6Address &address)
{
    const quint64 upper = half(address, 0), lower = half(address, 8);
    const auto scope = address.scope();
    if (scope == Ipv6Scope::Loopback || scope == Ipv6Scope::Unspecified)
        return address.text();
    // With an IPv4 address in it.
    const bool nat64 = upper == 0x0064FF9B00000000 && lower >> 32 == 0;
    if (nat64 || (upper == 0 && lower >> 32 == 0xFFFF)) {
        const quint32 inner = number(ipv4(ipv4Of(quint32(lower))));
        return joined(upper, (lower & 0xFFFFFFFF00000000) | inner).text();
    }
    if (upper == 0) // an interface identifier alone
        return joined(0, identifier(lower)).text();
    if (scope == Ipv6Scope::LinkLocal && upper == 0xFE80000000000000)
        return joined(upper, identifier(lower)).text();
    const quint64 first = scope == Ipv6Scope::UniqueLocal ? 0xFD000DB800000000
                          : scope == Ipv6Scope::LinkLocal ? 0xFE80000000000000
                          : scope == Ipv6Scope::SiteLocal ? 0xFEC0000000000000
                          : scope == Ipv6Scope::Multicast ? upper & 0xFFFF000000000000
                                                          : 0x20010DB800000000;
    return joined(network(address, first), identifier(lower)).text();
}

/// An address of the same space: the same /24 in the same other one.
quint32 MaskValues::within(quint32 address, quint32 base, int bits)
{
    const quint32 mask = quint32(0xFFFFFFFFU << (32 - bits));
    const quint32 key = address >> 8;
    auto network = m_ipv4Networks.find(key);
    if (network == m_ipv4Networks.end()) {
        quint32 value = base >> 8;
        for (quint32 i = 1; i < (~mask >> 8) + 2; ++i) {
            value = (base | ((i << 8) & ~mask)) >> 8;
            if (std::none_of(m_ipv4Networks.begin(), m_ipv4Networks.end(),
                             [&](const auto &one) { return one.second == value; }))
                break;
        }
        network = m_ipv4Networks.emplace(key, value).first;
    }
    quint32 free = 0;
    for (quint32 i = 1; i <= 256; ++i) {
        const quint32 value = network->second << 8 | (i & 0xFF);
        if (m_ipv4Given.contains(value))
            continue;
        free = free == 0 ? value : free;
        if (!m_seen.contains(ipv4Of(value).text()))
            return value;
    }
    return free; // all 256 of it stand in the text
}

Ipv4Address MaskValues::ipv4(const Ipv4Address &address)
{
    const quint32 key = number(address);
    if (tellsNothing(key))
        return address;
    if (const auto found = m_ipv4.find(key); found != m_ipv4.end())
        return ipv4Of(found->second);
    quint32 value = 0;
    const auto space = std::find_if(Spaces.begin(), Spaces.end(),
                                    [key](const Space &one) { return (key ^ one.base) >> (32 - one.bits) == 0; });
    if (space != Spaces.end()) {
        value = within(key, space->base, space->bits);
    } else {
        // Documentation space, then that for benchmarks (RFC 2544), then reserved space.
        for (quint32 i = 1; i < quint32(MostTries); ++i) {
            value = i < 255      ? 0xC0000200 + i
                    : i < 510    ? 0xC6336400 + i - 254
                    : i < 765    ? 0xCB007100 + i - 509
                    : i < 131072 ? 0xC6120000 + i
                                 : 0xF0000000 + i;
            if (!m_ipv4Given.contains(value) && !m_seen.contains(ipv4Of(value).text()))
                break;
        }
    }
    m_ipv4Given.insert(value);
    m_ipv4[key] = value;
    return ipv4Of(value);
}

QString MaskValues::mac(const QString &text)
{
    const QString digits = digitsOf(text);
    const QChar separator = text[2] == u':' || text[2] == u'-' ? text[2] : u'.';
    const int step = separator == u'.' ? 4 : 2;
    const QString value =
        pick(m_macs, digits, [](int i) { return QStringLiteral("02005e%1").arg(0x5300 + i, 6, 16, QLatin1Char('0')); });
    QStringList parts;
    for (qsizetype i = 0; i < value.size(); i += step)
        parts << value.mid(i, step);
    return parts.join(separator);
}

QString MaskValues::zone(const Hostname &zone)
{
    return pick(m_zones, zone.ascii(), [this](int i) {
        const QString name = i == 1   ? QStringLiteral("example.org")
                             : i == 2 ? QStringLiteral("example.net")
                             : i == 3 ? QStringLiteral("example.com")
                                      : QStringLiteral("zone%1.example").arg(i);
        // None that any name which was seen lies in.
        const auto in = [&](const QString &seen) { return seen == name || seen.endsWith(u'.' + name); };
        return std::any_of(m_seen.begin(), m_seen.end(), in) ? QString() : name;
    });
}

QString MaskValues::nameOfSite(const Hostname &name)
{
    const DnsAccount *account = m_site.accountFor(name);
    const QString behind = account ? zone(account->zone) : QStringLiteral("example");
    if (account && account->zone == name)
        return behind;
    QString role = QStringLiteral("host");
    for (const Service &service : m_site.services) {
        if (service.upstreamName == name)
            role = QStringLiteral("home6");
        else if (std::count(service.publicNames.begin(), service.publicNames.end(), name) > 0)
            role = QStringLiteral("cloud");
    }
    for (const Vps &vps : m_site.vps)
        role = vps.host == name ? QStringLiteral("vps") : role;
    for (const DnsAccount &one : m_site.dns) {
        const UpdateAccess *access = one.update();
        if (const auto *server = access ? std::get_if<Hostname>(&access->server) : nullptr; server && *server == name)
            role = QStringLiteral("ns");
    }
    return pick(m_names, name.ascii(), [&](int) {
        // Counted for each role: "cloud", "cloud2" …
        for (int n = 1;; ++n) {
            const QString one = QStringLiteral("%1%2.%3").arg(role, n == 1 ? QString() : QString::number(n), behind);
            if (!m_seen.contains(one) &&
                std::none_of(m_names.begin(), m_names.end(), [&](const auto &given) { return given.second == one; }))
                return one;
        }
    });
}

QString MaskValues::name(const QString &ascii)
{
    const auto parsed = Hostname::parse(ascii);
    const auto names = namesOf(m_site);
    if (parsed && (m_site.accountFor(*parsed) || std::find(names.begin(), names.end(), *parsed) != names.end()))
        return nameOfSite(*parsed);
    return pick(m_names, ascii, [](int i) { return QStringLiteral("other%1.example").arg(i); });
}

QString MaskValues::fingerprint(const QString &text)
{
    return pick(m_prints, text, [&](int i) {
        const QString begin = text.left(text.startsWith(QLatin1String("SHA256:"), Qt::CaseInsensitive) ? 11
                                        : text.startsWith(QLatin1String("AAAA"))                       ? 4
                                                                                                       : 9);
        return QStringLiteral("%1…(%2)").arg(begin).arg(i);
    });
}

QString MaskValues::value(const MaskPiece &piece)
{
    switch (piece.kind) {
    case MaskKind::None:
        return piece.text;
    case MaskKind::Ipv6: {
        const auto address = Ipv6Address::parse(piece.text);
        return address ? ipv6(*address) : piece.text;
    }
    case MaskKind::Ipv4: {
        const auto address = Ipv4Address::parse(piece.text);
        return address ? ipv4(*address).text() : piece.text;
    }
    case MaskKind::DashedIpv4: {
        const auto address = Ipv4Address::parse(QString(piece.text).replace(u'-', u'.'));
        return address ? ipv4(*address).text().replace(u'.', u'-') : piece.text;
    }
    case MaskKind::Mac:
        return mac(piece.text);
    case MaskKind::Name:
        return name(piece.text);
    case MaskKind::Host:
        return pick(m_names, piece.text, [](int i) { return QStringLiteral("host%1").arg(i); });
    case MaskKind::User:
        if (piece.text == QLatin1String("root"))
            return piece.text;
        return pick(m_users, piece.text, [](int i) { return QStringLiteral("user%1").arg(i); });
    case MaskKind::Path:
        if (piece.text == QLatin1String("/"))
            return piece.text;
        return pick(m_paths, piece.text, [](int i) { return QStringLiteral("/path%1").arg(i); });
    case MaskKind::Authority:
        return pick(m_authorities, piece.text, [](int i) { return QStringLiteral("authority%1").arg(i); });
    case MaskKind::Key:
        return pick(m_keys, piece.text, [](int i) { return QStringLiteral("key%1").arg(i); });
    case MaskKind::Fingerprint:
        return fingerprint(piece.text);
    }
    return {};
}

} // namespace sixgate
