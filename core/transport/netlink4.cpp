#include "transport/netlink4.h"

#include "transport/netlinktalk.h"

#include <linux/if_addr.h>

#include <cstring>
#include <tuple>

namespace sixgate
{

using namespace netlink;

namespace
{

using Links = std::map<unsigned, Link>;

std::optional<Ipv4Address> addressOf(const void *data, size_t size)
{
    std::array<std::uint8_t, 4> bytes;
    if (size != bytes.size())
        return std::nullopt;
    std::memcpy(bytes.data(), data, bytes.size());
    return Ipv4Address::fromBytes(bytes);
}

std::optional<Ipv4Address> addressOf(const nlattr *attribute)
{
    return attribute ? addressOf(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute)) : std::nullopt;
}

std::optional<LocalIpv4> localIpv4(const nlmsghdr *header, const Links &links)
{
    const auto *body = static_cast<const ifaddrmsg *>(mnl_nlmsg_get_payload(header));
    const auto attributes = attributesOf<IFA_LOCAL + 1>(header, sizeof *body);
    const auto link = links.find(body->ifa_index);
    // With a peer, IFA_ADDRESS is the other end.
    const auto address = addressOf(attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS]);
    if (header->nlmsg_type != RTM_NEWADDR || body->ifa_family != AF_INET || !address || link == links.end() ||
        !(link->second.flags & IFF_UP) || link->second.kind() == LinkKind::Loopback)
        return std::nullopt;
    return LocalIpv4{link->second.name, *address, body->ifa_prefixlen, link->second.kind()};
}

/// Of several next hops the first; nullopt where the route leads to no interface.
std::optional<Ipv4Way> wayOf(const nlmsghdr *header, const Links &links)
{
    const auto *body = static_cast<const rtmsg *>(mnl_nlmsg_get_payload(header));
    const auto attributes = attributesOf<RTA_VIA + 1>(header, sizeof *body);
    if (header->nlmsg_type != RTM_NEWROUTE || body->rtm_family != AF_INET || body->rtm_type != RTN_UNICAST)
        return std::nullopt;
    unsigned index = attributes[RTA_OIF] ? mnl_attr_get_u32(attributes[RTA_OIF]) : 0;
    auto gateway = addressOf(attributes[RTA_GATEWAY]);
    if (const nlattr *several = attributes[RTA_MULTIPATH]) {
        auto *hop = static_cast<rtnexthop *>(mnl_attr_get_payload(several));
        const int left = mnl_attr_get_payload_len(several);
        if (!RTNH_OK(hop, left))
            return std::nullopt;
        index = static_cast<unsigned>(hop->rtnh_ifindex);
        const auto *inner = reinterpret_cast<const rtattr *>(RTNH_DATA(hop));
        int size = hop->rtnh_len - static_cast<int>(sizeof *hop);
        for (; RTA_OK(inner, size); inner = RTA_NEXT(inner, size)) {
            if (inner->rta_type == RTA_GATEWAY)
                gateway = addressOf(RTA_DATA(inner), static_cast<size_t>(RTA_PAYLOAD(inner)));
        }
    }
    const auto link = links.find(index);
    if (link == links.end())
        return std::nullopt;
    return Ipv4Way{link->second.name, gateway, link->second.kind()};
}

} // namespace

Result<std::vector<LocalIpv4>> localIpv4Addresses()
{
    const auto known = links(AF_UNSPEC);
    if (!known)
        return passOn(known);
    std::vector<LocalIpv4> addresses;
    const auto done = dumpAll<ifaddrmsg>(
        RTM_GETADDR, AF_INET, [&] { addresses.clear(); },
        [&](const nlmsghdr *header) {
            if (auto one = localIpv4(header, *known))
                addresses.push_back(std::move(*one));
        });
    if (!done)
        return passOn(done);
    return addresses;
}

Result<std::optional<Ipv4Way>> defaultIpv4Way()
{
    const auto known = links(AF_UNSPEC);
    if (!known)
        return passOn(known);
    std::optional<Ipv4Way> best;
    std::uint32_t bestMetric = 0;
    const auto done = dumpAll<rtmsg>(
        RTM_GETROUTE, AF_INET, [&] { best.reset(); },
        [&](const nlmsghdr *header) {
            const auto *body = static_cast<const rtmsg *>(mnl_nlmsg_get_payload(header));
            const auto attributes = attributesOf<RTA_TABLE + 1>(header, sizeof *body);
            const auto table = attributes[RTA_TABLE] ? mnl_attr_get_u32(attributes[RTA_TABLE]) : body->rtm_table;
            auto way = wayOf(header, *known);
            if (!way || body->rtm_dst_len != 0 || table != RT_TABLE_MAIN)
                return;
            const auto metric = attributes[RTA_PRIORITY] ? mnl_attr_get_u32(attributes[RTA_PRIORITY]) : 0;
            const auto rank = [](const Ipv4Way &one, std::uint32_t cost) {
                return std::tuple(one.link != LinkKind::Lan, cost);
            };
            if (!best || rank(*way, metric) < rank(*best, bestMetric)) {
                best = std::move(way);
                bestMetric = metric;
            }
        });
    if (!done)
        return passOn(done);
    return best;
}

Result<std::optional<Ipv4Way>> ipv4WayTo(const Ipv4Address &address)
{
    const auto known = links(AF_UNSPEC);
    if (!known)
        return passOn(known);
    Message buffer;
    nlmsghdr *request = newRequest(buffer, RTM_GETROUTE, 0);
    auto *body = addBody<rtmsg>(request);
    body->rtm_family = AF_INET;
    body->rtm_dst_len = 32;
    mnl_attr_put(request, RTA_DST, address.bytes().size(), address.bytes().data());
    std::optional<Ipv4Way> way;
    const auto done = talk(request, [&](const nlmsghdr *header) { way = wayOf(header, *known); });
    if (!done)
        return passOn(done);
    // The kernel's words for "no route", among them those of routes that forbid (unreachable, blackhole, prohibit).
    if (*done != 0 && *done != ENETUNREACH && *done != EHOSTUNREACH && *done != EINVAL && *done != EACCES)
        return netlinkFailed("route", *done);
    return way;
}

} // namespace sixgate
