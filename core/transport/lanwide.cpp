#include "transport/lanwide.h"

#include "model/texts.h"
#include "transport/dns.h"
#include "transport/dnscodec.h"
#include "transport/fd.h"
#include "transport/io.h"
#include "transport/netlink.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace sixgate
{

namespace
{

constexpr std::uint16_t multicastDns = 5353;
constexpr qsizetype mostNames = 1000;          // of one LAN
constexpr std::size_t mostAsked = 24;          // in one question
constexpr std::chrono::seconds mostForName{1}; // RFC 6762 §5.2: one question a second

sockaddr_in6 place(const Ipv6Address &address, std::uint16_t port, unsigned index)
{
    sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(port);
    out.sin6_scope_id = index;
    std::memcpy(&out.sin6_addr, address.bytes().data(), address.bytes().size());
    return out;
}

Ipv6Address group(std::uint8_t last)
{
    std::array<std::uint8_t, 16> bytes{0xff, 0x02};
    bytes[15] = last;
    return Ipv6Address::fromBytes(bytes);
}

/// Datagrams of all `sockets` until the deadline, or until it is `enough`.
template <class Take>
void hear(
    const std::vector<Fd> &sockets, const Deadline &deadline, const std::stop_token &stop, const Take &take,
    const std::function<bool()> &enough = [] { return false; })
{
    while (!deadline.passed() && !stop.stop_requested() && !enough()) {
        bool any = false;
        for (const Fd &socket : sockets) {
            std::array<char, 9000> buffer;
            sockaddr_in6 from{};
            socklen_t size = sizeof from;
            const auto got = ::recvfrom(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                        reinterpret_cast<sockaddr *>(&from), &size);
            if (got < 0)
                continue;
            any = true;
            take(QByteArray(buffer.data(), got), from);
        }
        // Several sockets: a short sleep instead of one poll for all keeps it simple.
        if (!any && !pauseFor(deadline.sooner(std::chrono::milliseconds(20)).left(), stop))
            return;
    }
}

Result<Fd> pingSocket(unsigned index, const std::optional<Ipv6Address> &source)
{
    Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
    if (!socket.valid()) {
        socket = Fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
        icmp6_filter only;
        ICMP6_FILTER_SETBLOCKALL(&only);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
        if (socket.valid())
            (void)::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof only);
    }
    if (!socket.valid())
        return fail(ErrorCode::Unavailable, Texts::tr("This user may send no ping."),
                    QString::fromLatin1(strerrorname_np(errno)),
                    Texts::tr("Allow it: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""));
    const int out = int(index);
    (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &out, sizeof out);
    if (source) {
        const sockaddr_in6 own = place(*source, 0, 0);
        if (::bind(socket.get(), reinterpret_cast<const sockaddr *>(&own), sizeof own) != 0)
            return fail(ErrorCode::Network, Texts::tr("%1 is not this machine's.").arg(source->text()));
    }
    return socket;
}

/// A question to all machines on one interface, by IPv6 and IPv4; who answers does so to these sockets.
std::vector<Fd> sendMulticastDns(unsigned index, const QByteArray &question)
{
    std::vector<Fd> sockets;
    Fd six(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (six.valid()) {
        const int out = int(index);
        const sockaddr_in6 all = place(group(0xfb), multicastDns, index);
        (void)::setsockopt(six.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &out, sizeof out);
        (void)::sendto(six.get(), question.constData(), size_t(question.size()), 0,
                       reinterpret_cast<const sockaddr *>(&all), sizeof all);
        sockets.push_back(std::move(six));
    }
    Fd four(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (four.valid()) {
        ip_mreqn out{};
        out.imr_ifindex = int(index);
        sockaddr_in all{};
        all.sin_family = AF_INET;
        all.sin_port = htons(multicastDns);
        all.sin_addr.s_addr = htonl(0xe00000fb); // 224.0.0.251
        (void)::setsockopt(four.get(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out);
        (void)::sendto(four.get(), question.constData(), size_t(question.size()), 0,
                       reinterpret_cast<const sockaddr *>(&all), sizeof all);
        sockets.push_back(std::move(four));
    }
    return sockets;
}

} // namespace

Result<std::set<Ipv6Address>> pingAll(unsigned index, const std::vector<Ipv6Address> &sources, const Deadline &deadline,
                                      std::stop_token stop)
{
    std::vector<std::optional<Ipv6Address>> from{std::nullopt};
    from.insert(from.end(), sources.begin(), sources.end());
    std::vector<Fd> sockets;
    for (const auto &source : from) {
        auto socket = pingSocket(index, source);
        if (!socket && !source)
            return passOn(socket);
        if (!socket)
            continue;
        icmp6_hdr echo{};
        echo.icmp6_type = ICMP6_ECHO_REQUEST;
        echo.icmp6_seq = htons(1);
        const sockaddr_in6 all = place(group(1), 0, index);
        (void)::sendto(socket->get(), &echo, sizeof echo, 0, reinterpret_cast<const sockaddr *>(&all), sizeof all);
        sockets.push_back(std::move(*socket));
    }
    std::set<Ipv6Address> answered;
    hear(sockets, deadline, stop, [&](const QByteArray &bytes, const sockaddr_in6 &who) {
        if (bytes.size() < 8 || static_cast<std::uint8_t>(bytes.at(0)) != ICMP6_ECHO_REPLY)
            return;
        std::array<std::uint8_t, 16> address;
        std::memcpy(address.data(), &who.sin6_addr, address.size());
        answered.insert(Ipv6Address::fromBytes(address));
    });
    return answered;
}

std::map<QString, std::set<IpAddress>> askMulticastDns(unsigned index, const std::vector<Ipv6Address> &known,
                                                       const Deadline &deadline, std::stop_token stop)
{
    std::vector<QString> names;
    for (const char *kind : {"_https._tcp", "_http._tcp", "_workstation._tcp", "_ssh._tcp", "_sftp-ssh._tcp",
                             "_smb._tcp", "_device-info._tcp", "_home-assistant._tcp"})
        names.push_back(QLatin1String(kind) + QStringLiteral(".local"));
    for (const Ipv6Address &one : known) {
        if (names.size() < mostAsked)
            names.push_back(dnscodec::reverseName(one));
    }
    const auto question = dnscodec::encodePointerQuestion(names);
    const auto sockets = question ? sendMulticastDns(index, *question) : std::vector<Fd>();
    std::map<QString, std::set<IpAddress>> found;
    hear(sockets, deadline, stop, [&](const QByteArray &bytes, const sockaddr_in6 &) {
        for (const dnscodec::LocalAnswer &one : dnscodec::decodeLocalAnswer(bytes)) {
            if (one.address && one.owner.endsWith(QLatin1String(".local")) && qsizetype(found.size()) < mostNames)
                found[one.owner].insert(*one.address);
            // The name of an address that was asked for.
            if (!one.owner.endsWith(QLatin1String(".ip6.arpa")))
                continue;
            for (const Ipv6Address &address : known) {
                if (dnscodec::reverseName(address) == one.owner && !one.target.isEmpty())
                    found[one.target.toLower()].insert(address);
            }
        }
    });
    return found;
}

Result<std::vector<Ipv6Address>> addressesInLan(const Hostname &name,
                                                const std::function<bool(const std::vector<Ipv6Address> &)> &enough,
                                                const Deadline &deadline, std::stop_token stop)
{
    const Deadline most = deadline.sooner(mostForName);
    if (!name.ascii().endsWith(QLatin1String(".local"))) {
        auto found = resolveIpv6(name, most, stop);
        // Who is asked over and over is asked once a second.
        if (!found || !enough(*found))
            (void)pauseFor(most.left(), stop);
        return found;
    }
    const auto interfaces = lanInterfaces();
    if (!interfaces)
        return passOn(interfaces);
    const auto question = dnscodec::encodeAddressQuestion(name.ascii());
    if (!question)
        return passOn(question);
    std::vector<Fd> sockets;
    for (const auto &[interface, index] : *interfaces) {
        for (Fd &one : sendMulticastDns(index, *question))
            sockets.push_back(std::move(one));
    }
    std::vector<Ipv6Address> found;
    hear(
        sockets, most, stop,
        [&](const QByteArray &bytes, const sockaddr_in6 &) {
            for (const dnscodec::LocalAnswer &one : dnscodec::decodeLocalAnswer(bytes)) {
                const auto *address = one.address ? std::get_if<Ipv6Address>(&*one.address) : nullptr;
                if (address && one.owner == name.ascii() && qsizetype(found.size()) < mostNames &&
                    std::find(found.begin(), found.end(), *address) == found.end())
                    found.push_back(*address);
            }
        },
        [&] { return enough(found); });
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
    return found;
}

std::map<Ipv6Address, QString> namesAtResolver(const std::vector<Ipv6Address> &addresses, const Deadline &deadline,
                                               std::stop_token stop)
{
    std::map<Ipv6Address, QString> names;
    const auto resolvers = systemResolvers();
    if (!resolvers || resolvers->empty())
        return names;
    const DnsServer &resolver = resolvers->front();
    std::vector<Fd> sockets;
    auto socket = connectUdp(resolver.address, resolver.port, resolver.scopeId);
    if (!socket)
        return names;
    for (const Ipv6Address &one : addresses) {
        const auto question = dnscodec::encodePointerQuestion({dnscodec::reverseName(one)}, true);
        if (question)
            (void)writeAll(socket->get(), *question, deadline, stop);
    }
    sockets.push_back(std::move(*socket));
    std::size_t answers = 0;
    hear(
        sockets, deadline, stop,
        [&](const QByteArray &bytes, const sockaddr_in6 &) {
            ++answers;
            for (const dnscodec::LocalAnswer &answer : dnscodec::decodeLocalAnswer(bytes)) {
                for (const Ipv6Address &one : addresses) {
                    if (!answer.target.isEmpty() && dnscodec::reverseName(one) == answer.owner)
                        names.emplace(one, answer.target.toLower());
                }
            }
        },
        [&] { return answers >= addresses.size(); });
    return names;
}

} // namespace sixgate
