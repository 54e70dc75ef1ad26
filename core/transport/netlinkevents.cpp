#include "transport/netlinkevents.h"

#include "transport/io.h"
#include "transport/netlinktalk.h"

#include <limits>
#include <map>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

namespace sixgate
{

using namespace netlink;

struct HomeEvents::Sources {
    Socket netlink;
    Fd clock;
    Fd both;                      ///< epoll over the two
    std::map<int, bool> carriers; ///< of the interfaces that were told of
};

namespace
{

/// What may change the home's addresses. IPv4 counts as well: the proof from outside depends on it.
constexpr int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_IFADDR,
                          RTNLGRP_IPV4_ROUTE};

/// Armed for ever: it ends only when the clock is set.
Outcome arm(const Fd &clock)
{
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<time_t>::max();
    if (::timerfd_settime(clock.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0)
        return netlinkFailed("timerfd", errno);
    return {};
}

/// The name of the interface whose carrier has come back, by one message.
std::optional<QString> connectedBy(const nlmsghdr *header, std::map<int, bool> &carriers)
{
    const auto *body = static_cast<const ifinfomsg *>(mnl_nlmsg_get_payload(header));
    if (header->nlmsg_type == RTM_DELLINK) {
        carriers.erase(body->ifi_index);
        return std::nullopt;
    }
    if (header->nlmsg_type != RTM_NEWLINK)
        return std::nullopt;
    const bool now = (body->ifi_flags & IFF_RUNNING) != 0;
    const auto known = carriers.find(body->ifi_index);
    const bool came = known != carriers.end() && !known->second && now;
    carriers.insert_or_assign(body->ifi_index, now);
    const nlattr *name = attributesOf<IFLA_IFNAME + 1>(header, sizeof *body)[IFLA_IFNAME];
    if (!came || !name)
        return std::nullopt;
    return QString::fromLocal8Bit(mnl_attr_get_str(name));
}

} // namespace

HomeEvents::HomeEvents(std::unique_ptr<Sources> sources) : m_sources(std::move(sources)) {}
HomeEvents::HomeEvents(HomeEvents &&) noexcept = default;
HomeEvents &HomeEvents::operator=(HomeEvents &&) noexcept = default;
HomeEvents::~HomeEvents() = default;

Result<HomeEvents> HomeEvents::open()
{
    auto sources = std::make_unique<Sources>();
    sources->netlink.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!sources->netlink || mnl_socket_bind(sources->netlink.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return netlinkFailed("open", errno);
    for (int group : groups) {
        if (mnl_socket_setsockopt(sources->netlink.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
            return netlinkFailed("listen", errno);
    }
    sources->clock = Fd(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    sources->both = Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!sources->clock.valid() || !sources->both.valid())
        return netlinkFailed("timerfd", errno);
    if (const auto armed = arm(sources->clock); !armed)
        return passOn(armed);
    for (int fd : {mnl_socket_get_fd(sources->netlink.get()), sources->clock.get()}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        if (::epoll_ctl(sources->both.get(), EPOLL_CTL_ADD, fd, &event) != 0)
            return netlinkFailed("epoll", errno);
    }
    return HomeEvents(std::move(sources));
}

Result<HomeHints> HomeEvents::wait(const Deadline &deadline, std::stop_token stop)
{
    HomeHints hints;
    if (const auto ready = waitFor(m_sources->both.get(), POLLIN, deadline, stop); !ready) {
        if (ready.error().code == ErrorCode::Timeout)
            return hints;
        return passOn(ready);
    }
    alignas(nlmsghdr) char buffer[16 * 1024];
    while (true) {
        const auto got = mnl_socket_recvfrom(m_sources->netlink.get(), buffer, sizeof buffer);
        if (got > 0) {
            hints.network = true;
            int left = int(got);
            for (auto *header = reinterpret_cast<const nlmsghdr *>(buffer); mnl_nlmsg_ok(header, left);
                 header = mnl_nlmsg_next(header, &left)) {
                if (auto name = connectedBy(header, m_sources->carriers))
                    hints.connected.push_back(std::move(*name));
            }
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
            hints.lost = true;
            continue;
        }
        if (got < 0 && errno == EAGAIN)
            break;
        return netlinkFailed("receive", got == 0 ? EPIPE : errno);
    }
    std::uint64_t expired = 0;
    if (::read(m_sources->clock.get(), &expired, sizeof expired) >= 0 || errno == ECANCELED) {
        hints.clock = true;
        if (const auto armed = arm(m_sources->clock); !armed)
            return passOn(armed);
    }
    return hints;
}

} // namespace sixgate
