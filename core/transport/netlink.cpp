// rtnetlink for IPv6: addresses, prefixes, routes, neighbours.

#include "transport/netlink.h"

#include "model/texts.h"
#include "transport/netlinktalk.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>

#include <cstring>

namespace sixgate
{

using namespace netlink;

namespace
{

constexpr std::uint32_t forever = 0xffffffff; // of a lifetime

std::optional<Ipv6Address> addressOf(const nlattr *attribute)
{
    std::array<std::uint8_t, 16> bytes;
    if (!attribute || mnl_attr_get_payload_len(attribute) != bytes.size())
        return std::nullopt;
    std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), bytes.size());
    return Ipv6Address::fromBytes(bytes);
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
    const auto known = links(AF_INET6);
    if (!known)
        return passOn(known);
    std::vector<LocalAddress> addresses;
    const auto done = dumpAll<ifaddrmsg>(
        RTM_GETADDR, AF_INET6, [&] { addresses.clear(); },
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
    const auto known = links(AF_INET6);
    if (!known)
        return passOn(known);
    std::vector<OnLinkPrefix> prefixes;
    const auto done = dumpAll<rtmsg>(
        RTM_GETROUTE, AF_INET6, [&] { prefixes.clear(); },
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

    const auto known = links(AF_INET6);
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
    return fail(ErrorCode::Network, Texts::tr("This machine has no route to %1.").arg(address.text()),
                QString::fromLatin1(name ? name : "unknown error"),
                Texts::tr("See whether this machine has IPv6: ip -6 route"));
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

Result<NeighbourState> neighbourState(const QString &interface, const Ipv6Address &address, QString *mac)
{
    const unsigned index = ::if_nametoindex(interface.toLocal8Bit().constData());
    if (index == 0)
        return fail(ErrorCode::NotFound, Texts::tr("There is no network interface %1.").arg(interface));
    Message buffer;
    nlmsghdr *request = newRequest(buffer, RTM_GETNEIGH, 0);
    auto *body = addBody<ndmsg>(request);
    body->ndm_family = AF_INET6;
    body->ndm_ifindex = static_cast<int>(index);
    mnl_attr_put(request, NDA_DST, address.bytes().size(), address.bytes().data());

    NeighbourState state = NeighbourState::Absent;
    const auto done = talk(request, [&](const nlmsghdr *header) {
        if (header->nlmsg_type != RTM_NEWNEIGH)
            return;
        state = stateOf(static_cast<const ndmsg *>(mnl_nlmsg_get_payload(header))->ndm_state);
        const nlattr *hardware = attributesOf<NDA_LLADDR + 1>(header, sizeof(ndmsg))[NDA_LLADDR];
        if (mac && hardware && mnl_attr_get_payload_len(hardware) == 6)
            *mac = QString::fromLatin1(
                QByteArray(static_cast<const char *>(mnl_attr_get_payload(hardware)), 6).toHex(':'));
    });
    if (!done)
        return passOn(done);
    if (*done != 0 && *done != ENOENT)
        return netlinkFailed("neighbour", *done);
    return state;
}

Result<std::vector<NeighbourSeen>> ipv6Neighbours()
{
    const auto known = links(AF_INET6);
    if (!known)
        return passOn(known);
    std::vector<NeighbourSeen> all;
    const auto done = dumpAll<ndmsg>(
        RTM_GETNEIGH, AF_INET6, [&] { all.clear(); },
        [&](const nlmsghdr *header) {
            const auto *body = static_cast<const ndmsg *>(mnl_nlmsg_get_payload(header));
            const auto attributes = attributesOf<NDA_LLADDR + 1>(header, sizeof *body);
            const auto address = addressOf(attributes[NDA_DST]);
            const auto link = known->find(static_cast<unsigned>(body->ndm_ifindex));
            const nlattr *hardware = attributes[NDA_LLADDR];
            if (header->nlmsg_type != RTM_NEWNEIGH || body->ndm_family != AF_INET6 || !address ||
                link == known->end() || !hardware || mnl_attr_get_payload_len(hardware) != 6 ||
                !isConfirmed(stateOf(body->ndm_state)) || address->scope() == Ipv6Scope::Multicast)
                return;
            all.push_back({link->second.name, *address,
                           QString::fromLatin1(
                               QByteArray(static_cast<const char *>(mnl_attr_get_payload(hardware)), 6).toHex(':')),
                           (body->ndm_flags & NTF_ROUTER) != 0});
        });
    if (!done)
        return passOn(done);
    return all;
}

Result<std::map<QString, unsigned>> lanInterfaces()
{
    const auto known = links(AF_INET6);
    if (!known)
        return passOn(known);
    std::map<QString, unsigned> all;
    for (const auto &[index, link] : *known) {
        if (link.kind() == LinkKind::Lan && (link.flags & IFF_UP))
            all.emplace(link.name, index);
    }
    return all;
}

} // namespace sixgate
