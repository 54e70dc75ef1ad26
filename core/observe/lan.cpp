#include "observe/lan.h"

#include "transport/io.h"
#include "transport/netlink.h"
#include "transport/netlink4.h"
#include "transport/parallel.h"

#include <QFile>

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto mostForConnect = 2500ms;
constexpr auto mostForProbe = 3500ms;
constexpr auto mostForMore = 1000ms;
constexpr size_t mostAtOnce = 32;
constexpr std::uint16_t otherTlsPorts[] = {443, 8443, 4443, 9443};
constexpr std::uint16_t usualPorts[] = {22, 80, 443, 445, 9};

std::vector<Port> portsBut(const Port &not_, const std::uint16_t *begin, const std::uint16_t *end)
{
    std::vector<Port> ports;
    for (const auto *one = begin; one != end; ++one) {
        if (const auto port = Port::fromNumber(*one); port && *port != not_)
            ports.push_back(*port);
    }
    return ports;
}

/// The ARP table, proc(5): hardware address → IPv4 addresses.
std::map<QString, std::vector<Ipv4Address>> arpTable()
{
    std::map<QString, std::vector<Ipv4Address>> table;
    QFile file(QStringLiteral("/proc/net/arp"));
    if (!file.open(QIODevice::ReadOnly))
        return table;
    const auto lines = QString::fromLatin1(file.readAll()).split(QLatin1Char('\n'));
    for (const QString &line : lines.mid(1)) {
        const QStringList words = line.simplified().split(QLatin1Char(' '));
        const auto address = Ipv4Address::parse(words.value(0));
        // Flag 2: the entry is complete.
        if (address && words.value(2).toInt(nullptr, 16) & 2)
            table[words.value(3).toLower()].push_back(*address);
    }
    return table;
}

/// Lets the kernel ask the LAN who has which IPv4 address: one datagram to the discard port (RFC 863) of each address.
void stirArp(const Deadline &deadline, std::stop_token stop)
{
    const auto own = localIpv4Addresses();
    if (!own)
        return;
    for (const LocalIpv4 &one : *own) {
        if (one.link != LinkKind::Lan || one.prefixLength < 24 || one.prefixLength > 30 || deadline.passed())
            continue;
        const auto &bytes = one.address.bytes();
        const unsigned mask = 0xffu << (32 - one.prefixLength) & 0xffu;
        for (unsigned last = (bytes[3] & mask) + 1; last < ((bytes[3] & mask) | (~mask & 0xffu)); ++last) {
            const Ipv4Address to = Ipv4Address::fromBytes({bytes[0], bytes[1], bytes[2], std::uint8_t(last)});
            const auto socket = connectUdp(to, *Port::fromNumber(9));
            if (socket)
                writeAll(socket->get(), QByteArray(1, '\0'), deadline, stop);
        }
    }
    pauseFor(300ms, stop);
}

QString macAt(const Ipv6Address &address)
{
    const auto route = routeTo(address);
    QString mac;
    if (route && route->onLink() && !route->local)
        neighbourState(route->interface, address, &mac);
    return mac;
}

/// The server's certificate at another port: the service's port is not the right one.
std::optional<Port> rightPortAt(const LookQuestion &question, const Deadline &deadline, std::stop_token stop)
{
    const auto ports = portsBut(question.port, std::begin(otherTlsPorts), std::end(otherTlsPorts));
    std::vector<char> right(ports.size(), 0);
    forEachParallel(ports.size(), ports.size(), [&](size_t i) {
        const Opener open = [&, port = ports[i]](const Deadline &until, std::stop_token stopped) {
            return connectTcp(*question.address, port, until, stopped);
        };
        right[i] = !probe(whereText(*question.address, ports[i]), open, question.identity, std::nullopt,
                          deadline.sooner(mostForMore), stop)
                        .error;
    });
    for (size_t i = 0; i < ports.size(); ++i) {
        if (right[i])
            return ports[i];
    }
    return std::nullopt;
}

std::vector<Reach> ipv4Of(const QString &mac, Port port, const Deadline &deadline, std::stop_token stop)
{
    if (mac.isEmpty())
        return {};
    auto table = arpTable();
    if (!table.contains(mac)) {
        stirArp(deadline, stop);
        table = arpTable();
    }
    std::vector<std::pair<IpAddress, Port>> where;
    for (const Ipv4Address &address : table[mac]) {
        where.emplace_back(address, port);
        for (const Port &other : portsBut(port, std::begin(usualPorts), std::end(usualPorts)))
            where.emplace_back(address, other);
    }
    auto tried = tryToReach(where, mostForMore, deadline, stop);
    std::erase_if(tried, [&](const Reach &one) { return one.port != port && !one.answered(); });
    return tried;
}

void lookCloser(ServerLook &look, const LookQuestion &question, const Deadline &deadline, std::stop_token stop)
{
    if (look.reason == QLatin1String("ECONNREFUSED")) {
        look.alive = true;
        look.rightPort = rightPortAt(question, deadline, stop);
    } else {
        std::vector<std::pair<IpAddress, Port>> where;
        for (const Port &port : portsBut(question.port, std::begin(usualPorts), std::end(usualPorts)))
            where.emplace_back(*question.address, port);
        const auto tried = tryToReach(where, mostForMore, deadline, stop);
        look.alive = std::any_of(tried.begin(), tried.end(), [](const Reach &one) { return one.answered(); });
    }
    if (!look.rightPort)
        look.ipv4 = ipv4Of(look.mac, question.port, deadline, stop);
}

} // namespace

std::vector<Reach> tryToReach(const std::vector<std::pair<IpAddress, Port>> &where, std::chrono::milliseconds most,
                              const Deadline &deadline, std::stop_token stop)
{
    std::vector<Reach> reached;
    for (const auto &[address, port] : where)
        reached.push_back({address, port, QStringLiteral("TIMEOUT"), 0ms});
    forEachParallel(where.size(), mostAtOnce, [&](size_t i) {
        const auto start = Deadline::Clock::now();
        const auto socket = connectTcp(where[i].first, where[i].second, deadline.sooner(most), stop);
        reached[i].reason = socket ? QString() : connectReason(socket.error());
        if (!socket && reached[i].reason.isEmpty())
            reached[i].reason = QStringLiteral("TIMEOUT");
        reached[i].took = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
    });
    return reached;
}

ServerLook lookAround(const LookQuestion &question, const Deadline &deadline, std::stop_token stop)
{
    ServerLook look{question.server, question.port, question.identity.name};
    look.address = question.address;
    look.mac = question.rememberedMac;
    if (question.address) {
        const Opener open = [&](const Deadline &until, std::stop_token stopped) {
            return connectTcp(*question.address, question.port, until.sooner(mostForConnect), stopped);
        };
        const ProbeSeen seen = probe(whereText(*question.address, question.port), open, question.identity, std::nullopt,
                                     deadline.sooner(mostForProbe), stop);
        if (const QString mac = macAt(*question.address); !mac.isEmpty())
            look.mac = mac;
        if (seen.tls)
            look.certificate = seen.tls->certificate;
        if (seen.error && seen.error->code != ErrorCode::Cancelled && !seen.steps.empty()) {
            look.failedStep = seen.steps.back().name;
            look.reason = seen.steps.back().reason;
        }
        if (look.failedStep == QLatin1String("connect") && question.closer)
            lookCloser(look, question, deadline, stop);
    }
    std::vector<std::pair<IpAddress, Port>> others;
    for (const Ipv6Address &address : question.published) {
        const auto route = routeTo(address);
        if (address != question.address && route && route->onLink() && !route->local)
            others.emplace_back(address, question.port);
    }
    // Whoever is there: an answer, or the kernel's question by which neighbours are found, tells its hardware. All at
    // the same time: a name may have many addresses.
    tryToReach(others, mostForMore, deadline, stop);
    for (const auto &[ip, port] : others) {
        const auto &address = std::get<Ipv6Address>(ip);
        const auto route = routeTo(address);
        QString mac;
        const auto state = route ? neighbourState(route->interface, address, &mac) : passOn(route);
        if (state && isConfirmed(*state) && !mac.isEmpty() && mac != look.mac && !look.foreign)
            look.foreign = address;
    }
    return look;
}

QString routerHardware()
{
    const auto way = defaultIpv4Way();
    if (way && *way && (*way)->gateway) {
        for (const auto &[mac, addresses] : arpTable()) {
            if (std::find(addresses.begin(), addresses.end(), *(*way)->gateway) != addresses.end())
                return mac;
        }
    }
    // Any address outside will do: none is sent a packet.
    const auto far = Ipv6Address::parse(QStringLiteral("2000::1"));
    const auto route = routeTo(*far);
    QString mac;
    if (route && route->gateway)
        neighbourState(route->interface, *route->gateway, &mac);
    return mac;
}

std::map<QString, int> mostAddressesOf(const LinkSeen &link)
{
    std::map<QString, int> most;
    for (const LocalAddress &one : link.addresses) {
        if (most.contains(one.interface) || one.link != LinkKind::Lan)
            continue;
        QFile file(QStringLiteral("/proc/sys/net/ipv6/conf/%1/max_addresses").arg(one.interface));
        if (file.open(QIODevice::ReadOnly))
            most.emplace(one.interface, file.readAll().trimmed().toInt());
    }
    return most;
}

} // namespace sixgate
