#include "transport/neighbourcall.h"

#include <algorithm>
#include <cstring>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sixgate
{

namespace
{

struct Question {
    nd_neighbor_solicit head;
    nd_opt_hdr option;
    unsigned char mac[6];
};
static_assert(sizeof(Question) == 32);

} // namespace

std::optional<NeighbourCall> NeighbourCall::open()
{
    Fd made(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
    if (!made.valid())
        return std::nullopt;
    // Who is asked takes no question that came through a router (§7.1.1).
    const int hops = 255;
    icmp6_filter none;
    ICMP6_FILTER_SETBLOCKALL(&none);
    if (::setsockopt(made.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) != 0 ||
        ::setsockopt(made.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &none, sizeof none) != 0)
        return std::nullopt;
    return NeighbourCall(std::move(made));
}

void NeighbourCall::ask(const QString &interface, const Ipv6Address &address) const
{
    const QByteArray name = interface.toLatin1();
    const unsigned index = ::if_nametoindex(name.constData());
    ifreq request{};
    if (index == 0 || size_t(name.size()) >= sizeof request.ifr_name)
        return;
    std::memcpy(request.ifr_name, name.constData(), size_t(name.size()));
    if (::ioctl(m_socket.get(), SIOCGIFHWADDR, &request) != 0)
        return;
    Question question{};
    question.head.nd_ns_type = ND_NEIGHBOR_SOLICIT;
    const auto &target = address.bytes();
    std::copy(target.begin(), target.end(), question.head.nd_ns_target.s6_addr);
    question.option.nd_opt_type = ND_OPT_SOURCE_LINKADDR;
    question.option.nd_opt_len = 1;
    std::memcpy(question.mac, request.ifr_hwaddr.sa_data, sizeof question.mac);
    // The group of all whose addresses end so: ff02::1:ffXX:XXXX (RFC 4291 §2.7.1).
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_scope_id = index;
    const std::array<std::uint8_t, 13> group{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    std::copy(group.begin(), group.end(), to.sin6_addr.s6_addr);
    std::copy(target.end() - 3, target.end(), to.sin6_addr.s6_addr + 13);
    (void)::sendto(m_socket.get(), &question, sizeof question, 0, reinterpret_cast<const sockaddr *>(&to), sizeof to);
}

} // namespace sixgate
