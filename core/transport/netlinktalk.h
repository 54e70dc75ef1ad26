#pragma once

// How rtnetlink is spoken by libmnl: ask, read the whole answer, close. For the room's netlink*.cpp alone.

#include "model/observation.h"
#include "model/texts.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>

namespace sixgate::netlink
{

constexpr int mostTries = 5; // of a dump that changed while it was read

struct CloseSocket {
    void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;
using Message = std::array<char, 512>;

inline tl::unexpected<Error> netlinkFailed(const char *call, int number)
{
    const char *name = strerrorname_np(number);
    return fail(ErrorCode::Unavailable, Texts::tr("The network settings of this machine cannot be read."),
                QStringLiteral("netlink %1: %2")
                    .arg(QString::fromLatin1(call), name ? QString::fromLatin1(name) : QString::number(number)),
                Texts::tr("Let Sixgate use netlink: a container or a service may forbid it (systemd: "
                          "RestrictAddressFamilies must hold AF_NETLINK)."));
}

inline nlmsghdr *newRequest(Message &buffer, int type, int flags)
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
Outcome dumpAll(int type, int family, const Start &start, const Take &take)
{
    int error = 0;
    for (int i = 0; i < mostTries; ++i) {
        Message buffer;
        nlmsghdr *request = newRequest(buffer, type, NLM_F_DUMP);
        addBody<Body>(request);
        reinterpret_cast<rtgenmsg *>(mnl_nlmsg_get_payload(request))->rtgen_family = static_cast<unsigned char>(family);
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

/// By index. Of a family: only those that speak it; AF_UNSPEC: all.
inline Result<std::map<unsigned, Link>> links(int family)
{
    std::map<unsigned, Link> found;
    const auto done = dumpAll<ifinfomsg>(
        RTM_GETLINK, family, [&] { found.clear(); },
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

} // namespace sixgate::netlink
