// rtnetlink: ask, read the whole answer, close. The only source file that knows libmnl.

#include "transport/netlink.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

namespace sixgate
{

namespace
{

constexpr std::uint32_t forever = 0xffffffff; // of a lifetime
constexpr int mostTries = 5;                  // of a dump that changed while it was read

struct CloseSocket {
    void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;
using Message = std::array<char, 512>;

tl::unexpected<Error> netlinkFailed(const char *call, int number)
{
    const char *name = strerrorname_np(number);
    return fail(ErrorCode::Unavailable, QStringLiteral("The network settings of this machine cannot be read."),
                QStringLiteral("netlink %1: %2")
                    .arg(QString::fromLatin1(call), name ? QString::fromLatin1(name) : QString::number(number)),
                QStringLiteral("Let Sixgate use netlink: a container or a service may forbid it (systemd: "
                               "RestrictAddressFamilies must hold AF_NETLINK)."));
}

nlmsghdr *newRequest(Message &buffer, int type, int flags)
{
    buffer.fill(0);
    nlmsghdr *header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = static_cast<std::uint16_t>(type);
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    return header;
}

template <class Body>
Body *addBody(nlmsghdr *header)
{
    return static_cast<Body *>(mnl_nlmsg_put_extra_header(header, sizeof(Body)));
}

/// Sends `request` and gives every message of the answer to `take`. Returns the errno of the kernel, 0 for success.
template <class Take>
Result<int> talk(nlmsghdr *request, const Take &take)
{
    const Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return netlinkFailed("open", errno);
    // The kernel answers at once; this only guards against waiting for ever.
    const timeval patience{2, 0};
    ::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    request->nlmsg_seq = 1;
    if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
        return netlinkFailed("send", errno);

    const auto each = [](const nlmsghdr *header, void *data) {
        (*static_cast<const Take *>(data))(header);
        return MNL_CB_OK;
    };
    const bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    std::vector<char> buffer(32768); // what the kernel fills at most
    const unsigned port = mnl_socket_get_portid(socket.get());
    while (true) {
        const auto got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return netlinkFailed("receive", errno);
        const int more = mnl_cb_run(buffer.data(), static_cast<size_t>(got), 1, port, each, const_cast<Take *>(&take));
        if (more < 0)
            return errno;
        if (more == MNL_CB_STOP || !dump)
            return 0;
    }
}

/// A dump, repeated where the state changed while it was read.
template <class Body, class Start, class Take>
Outcome dumpAll(int type, const Start &start, const Take &take)
{
    int error = 0;
    for (int i = 0; i < mostTries; ++i) {
        Message buffer;
        nlmsghdr *request = newRequest(buffer, type, NLM_F_DUMP);
        addBody<Body>(request);
        reinterpret_cast<rtgenmsg *>(mnl_nlmsg_get_payload(request))->rtgen_family = AF_INET6;
        start();
        const auto done = talk(request, take);
        if (!done)
            return passOn(done);
        error = *done;
        if (error != EINTR)
            break;
    }
    if (error != 0)
        return netlinkFailed("dump", error);
    return {};
}

/// The attributes after a message's body, by type.
template <size_t Size>
std::array<const nlattr *, Size> attributesOf(const nlmsghdr *header, size_t bodySize)
{
    std::array<const nlattr *, Size> found{};
    const auto *attribute = static_cast<const nlattr *>(mnl_nlmsg_get_payload_offset(header, bodySize));
    const auto *end = static_cast<const char *>(mnl_nlmsg_get_payload_tail(header));
    while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char *>(attribute)))) {
        const auto type = mnl_attr_get_type(attribute);
        if (type < Size)
            found[type] = attribute;
        attribute = mnl_attr_next(attribute);
    }
    return found;
}

std::optional<Ipv6Address> addressOf(const nlattr *attribute)
{
    std::array<std::uint8_t, 16> bytes;
    if (!attribute || mnl_attr_get_payload_len(attribute) != bytes.size())
        return std::nullopt;
    std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), bytes.size());
    return Ipv6Address::fromBytes(bytes);
}

struct Link {
    QString name;
    unsigned flags = 0;

    LinkKind kind() const
    {
        return flags & IFF_LOOPBACK      ? LinkKind::Loopback
               : flags & IFF_POINTOPOINT ? LinkKind::PointToPoint
               : flags & IFF_NOARP       ? LinkKind::NoNeighbours
                                         : LinkKind::Lan;
    }
};

Result<std::map<unsigned, Link>> links()
{
    std::map<unsigned, Link> found;
    const auto done = dumpAll<ifinfomsg>(
        RTM_GETLINK, [&] { found.clear(); },
        [&](const nlmsghdr *header) {
            const auto *body = static_cast<const ifinfomsg *>(mnl_nlmsg_get_payload(header));
            const auto attributes = attributesOf<IFLA_IFNAME + 1>(header, sizeof *body);
            if (header->nlmsg_type == RTM_NEWLINK && attributes[IFLA_IFNAME])
                found[static_cast<unsigned>(body->ifi_index)] = {
                    QString::fromLocal8Bit(mnl_attr_get_str(attributes[IFLA_IFNAME])), body->ifi_flags};
        });
    if (!done)
        return passOn(done);
    return found;
}

Lifetime lifetime(std::uint32_t seconds)
{
    return seconds == forever ? Lifetime() : Lifetime(std::chrono::seconds(seconds));
}

std::optional<LocalAddress> localAddress(const nlmsghdr *header, const std::map<unsigned, Link> &links)
{
    const auto *body = static_cast<const ifaddrmsg *>(mnl_nlmsg_get_payload(header));
    const auto attributes = attributesOf<IFA_FLAGS + 1>(header, sizeof *body);
    const auto link = links.find(body->ifa_index);
    // With a peer, IFA_ADDRESS is the other end.
    const auto address = addressOf(attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS]);
    if (header->nlmsg_type != RTM_NEWADDR || body->ifa_family != AF_INET6 || !address || link == links.end() ||
        !(link->second.flags & IFF_UP))
        return std::nullopt;

    const std::uint32_t flags = attributes[IFA_FLAGS] ? mnl_attr_get_u32(attributes[IFA_FLAGS]) : body->ifa_flags;
    LocalAddress one{link->second.name, *address, body->ifa_prefixlen};
    one.temporary = flags & IFA_F_TEMPORARY;
    one.deprecated = flags & IFA_F_DEPRECATED;
    one.tentative = flags & IFA_F_TENTATIVE;
    one.dadFailed = flags & IFA_F_DADFAILED;
    one.link = link->second.kind();
    const nlattr *times = attributes[IFA_CACHEINFO];
    if (times && mnl_attr_get_payload_len(times) >= sizeof(ifa_cacheinfo)) {
        ifa_cacheinfo info;
        std::memcpy(&info, mnl_attr_get_payload(times), sizeof info);
        one.preferred = lifetime(info.ifa_prefered);
        one.valid = lifetime(info.ifa_valid);
    }
    return one;
}

/// True where the route, or one next hop of several, has no gateway; `index` is its interface.
bool withoutGateway(const std::array<const nlattr *, RTA_VIA + 1> &attributes, unsigned &index)
{
    const nlattr *several = attributes[RTA_MULTIPATH];
    if (!several) {
        if (!attributes[RTA_OIF] || attributes[RTA_GATEWAY] || attributes[RTA_VIA])
            return false;
        index = mnl_attr_get_u32(attributes[RTA_OIF]);
        return true;
    }
    const auto *hop = static_cast<const rtnexthop *>(mnl_attr_get_payload(several));
    for (int left = mnl_attr_get_payload_len(several); RTNH_OK(hop, left);
         left -= static_cast<int>(RTNH_ALIGN(hop->rtnh_len)), hop = RTNH_NEXT(hop)) {
        // What follows the fixed part is a gateway or a tunnel.
        if (hop->rtnh_len == sizeof *hop) {
            index = static_cast<unsigned>(hop->rtnh_ifindex);
            return true;
        }
    }
    return false;
}

std::optional<OnLinkPrefix> onLinkPrefix(const nlmsghdr *header, const std::map<unsigned, Link> &links)
{
    const auto *body = static_cast<const rtmsg *>(mnl_nlmsg_get_payload(header));
    const auto attributes = attributesOf<RTA_VIA + 1>(header, sizeof *body);
    const auto table = attributes[RTA_TABLE] ? mnl_attr_get_u32(attributes[RTA_TABLE]) : body->rtm_table;
    if (header->nlmsg_type != RTM_NEWROUTE || body->rtm_family != AF_INET6 || table != RT_TABLE_MAIN ||
        body->rtm_type != RTN_UNICAST || (body->rtm_flags & RTM_F_CLONED))
        return std::nullopt;
    unsigned index = 0;
    if (!withoutGateway(attributes, index))
        return std::nullopt;
    const auto network = addressOf(attributes[RTA_DST]);
    const auto link = links.find(index);
    if (!network || link == links.end() || network->scope() == Ipv6Scope::LinkLocal ||
        network->scope() == Ipv6Scope::Multicast)
        return std::nullopt;
    // A tunnel's route has no gateway either, but what is behind it is not this link.
    if (link->second.kind() != LinkKind::Lan)
        return std::nullopt;
    const auto prefix = Ipv6Prefix::of(*network, body->rtm_dst_len);
    if (!prefix)
        return std::nullopt;
    return OnLinkPrefix{link->second.name, *prefix};
}

NeighbourState stateOf(std::uint16_t state)
{
    switch (state) {
    case NUD_REACHABLE:
        return NeighbourState::Reachable;
    case NUD_STALE:
        return NeighbourState::Stale;
    case NUD_DELAY:
        return NeighbourState::Delay;
    case NUD_PROBE:
        return NeighbourState::Probe;
    case NUD_PERMANENT:
        return NeighbourState::Permanent;
    case NUD_NOARP:
        return NeighbourState::NoArp;
    case NUD_INCOMPLETE:
        return NeighbourState::Incomplete;
    case NUD_FAILED:
        return NeighbourState::Failed;
    default:
        return NeighbourState::Absent;
    }
}

} // namespace

Result<std::vector<LocalAddress>> localIpv6Addresses()
{
    const auto known = links();
    if (!known)
        return passOn(known);
    std::vector<LocalAddress> addresses;
    const auto done = dumpAll<ifaddrmsg>(
        RTM_GETADDR, [&] { addresses.clear(); },
        [&](const nlmsghdr *header) {
            if (auto one = localAddress(header, *known))
                addresses.push_back(std::move(*one));
        });
    if (!done)
        return passOn(done);
    return addresses;
}

Result<std::vector<OnLinkPrefix>> onLinkIpv6Prefixes()
{
    const auto known = links();
    if (!known)
        return passOn(known);
    std::vector<OnLinkPrefix> prefixes;
    const auto done = dumpAll<rtmsg>(
        RTM_GETROUTE, [&] { prefixes.clear(); },
        [&](const nlmsghdr *header) {
            if (auto one = onLinkPrefix(header, *known))
                prefixes.push_back(std::move(*one));
        });
    if (!done)
        return passOn(done);
    return prefixes;
}

Result<RouteSeen> routeTo(const Ipv6Address &address)
{
    Message buffer;
    nlmsghdr *request = newRequest(buffer, RTM_GETROUTE, 0);
    auto *body = addBody<rtmsg>(request);
    body->rtm_family = AF_INET6;
    body->rtm_dst_len = 128;
    mnl_attr_put(request, RTA_DST, address.bytes().size(), address.bytes().data());

    const auto known = links();
    if (!known)
        return passOn(known);
    std::optional<RouteSeen> seen;
    const auto done = talk(request, [&](const nlmsghdr *header) {
        const auto *route = static_cast<const rtmsg *>(mnl_nlmsg_get_payload(header));
        const auto attributes = attributesOf<RTA_VIA + 1>(header, sizeof *route);
        const bool usable = route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL;
        const auto link = attributes[RTA_OIF] ? known->find(mnl_attr_get_u32(attributes[RTA_OIF])) : known->end();
        if (header->nlmsg_type == RTM_NEWROUTE && usable && link != known->end())
            seen = RouteSeen{link->second.name, addressOf(attributes[RTA_GATEWAY]), route->rtm_type == RTN_LOCAL,
                             link->second.kind()};
    });
    if (!done)
        return passOn(done);
    if (seen)
        return *seen;
    const char *name = *done ? strerrorname_np(*done) : "no usable route";
    return fail(ErrorCode::Network, QStringLiteral("This machine has no route to %1.").arg(address.text()),
                QString::fromLatin1(name ? name : "unknown error"),
                QStringLiteral("See whether this machine has IPv6: ip -6 route"));
}

bool isConfirmed(NeighbourState state)
{
    switch (state) {
    case NeighbourState::Reachable:
    case NeighbourState::Stale:
    case NeighbourState::Delay:
    case NeighbourState::Probe:
    case NeighbourState::Permanent:
        return true;
    case NeighbourState::NoArp:
    case NeighbourState::Incomplete:
    case NeighbourState::Failed:
    case NeighbourState::Absent:
        break;
    }
    return false;
}

Result<NeighbourState> neighbourState(const QString &interface, const Ipv6Address &address)
{
    const unsigned index = ::if_nametoindex(interface.toLocal8Bit().constData());
    if (index == 0)
        return fail(ErrorCode::NotFound, QStringLiteral("There is no network interface %1.").arg(interface));
    Message buffer;
    nlmsghdr *request = newRequest(buffer, RTM_GETNEIGH, 0);
    auto *body = addBody<ndmsg>(request);
    body->ndm_family = AF_INET6;
    body->ndm_ifindex = static_cast<int>(index);
    mnl_attr_put(request, NDA_DST, address.bytes().size(), address.bytes().data());

    NeighbourState state = NeighbourState::Absent;
    const auto done = talk(request, [&](const nlmsghdr *header) {
        if (header->nlmsg_type == RTM_NEWNEIGH)
            state = stateOf(static_cast<const ndmsg *>(mnl_nlmsg_get_payload(header))->ndm_state);
    });
    if (!done)
        return passOn(done);
    if (*done != 0 && *done != ENOENT)
        return netlinkFailed("neighbour", *done);
    return state;
}

} // namespace sixgate
