#include "transport/io.h"
#include "model/texts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

namespace sixgate
{

namespace
{

QString errnoName(int number)
{
    const char *name = strerrorname_np(number);
    return name ? QString::fromLatin1(name) : QString::number(number);
}

ErrorCode codeOf(int number)
{
    switch (number) {
    case ETIMEDOUT:
        return ErrorCode::Timeout;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EBADF:
    case EINVAL:
    case EFAULT:
        return ErrorCode::Internal;
    default:
        return ErrorCode::Network;
    }
}

QString reasonOf(int number)
{
    switch (number) {
    case ECONNREFUSED:
        return Texts::tr("the connection was refused");
    case ECONNRESET:
    case EPIPE:
        return Texts::tr("the other side broke the connection off");
    case ENETUNREACH:
        return Texts::tr("this machine has no route to it");
    case EHOSTUNREACH:
        return Texts::tr("the machine cannot be reached");
    case ETIMEDOUT:
        return Texts::tr("it did not answer in time");
    case EACCES:
    case EPERM:
        return Texts::tr("a firewall rule of this machine forbids it");
    case EADDRNOTAVAIL:
        return Texts::tr("this machine has no address to send from");
    default:
        return QString::fromLocal8Bit(strerrordesc_np(number) ? strerrordesc_np(number) : "unknown error");
    }
}

tl::unexpected<Error> callFailed(const char *call, int number)
{
    return fail(codeOf(number), Texts::tr("The connection failed: %1.").arg(reasonOf(number)),
                QStringLiteral("%1: %2").arg(QString::fromLatin1(call), errnoName(number)));
}

tl::unexpected<Error> connectFailed(const IpAddress &address, Port port, const char *call, int number)
{
    return fail(codeOf(number),
                Texts::tr("%1, port %2, cannot be reached: %3.").arg(ipText(address), port.text(), reasonOf(number)),
                QStringLiteral("%1: %2").arg(QString::fromLatin1(call), errnoName(number)));
}

tl::unexpected<Error> cancelled()
{
    return fail(ErrorCode::Cancelled, Texts::tr("Stopped on request."));
}

/// A descriptor that becomes readable when `stop` is requested; none where that cannot happen.
class StopSignal
{
public:
    explicit StopSignal(const std::stop_token &stop)
    {
        if (!stop.stop_possible())
            return;
        m_event = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (m_event.valid())
            m_callback.emplace(stop, Wake{m_event.get()});
        else
            m_failed = true;
    }

    int fd() const { return m_event.get(); }
    bool failed() const { return m_failed; }

private:
    struct Wake {
        int fd;
        void operator()() const noexcept
        {
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
        }
    };

    // The callback goes first: after it is gone nobody writes to the descriptor any more.
    Fd m_event;
    bool m_failed = false;
    std::optional<std::stop_callback<Wake>> m_callback;
};

struct SocketAddress {
    sockaddr_storage storage;
    socklen_t length = 0;

    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
};

SocketAddress socketAddress(const IpAddress &address, Port port, std::uint32_t scopeId)
{
    SocketAddress out;
    std::memset(&out.storage, 0, sizeof out.storage);
    if (const auto *v4 = std::get_if<Ipv4Address>(&address)) {
        auto *in = reinterpret_cast<sockaddr_in *>(&out.storage);
        in->sin_family = AF_INET;
        in->sin_port = htons(port.number());
        std::memcpy(&in->sin_addr, v4->bytes().data(), v4->bytes().size());
        out.length = sizeof(sockaddr_in);
        return out;
    }
    const auto &v6 = std::get<Ipv6Address>(address);
    auto *in = reinterpret_cast<sockaddr_in6 *>(&out.storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port.number());
    in->sin6_scope_id = scopeId;
    std::memcpy(&in->sin6_addr, v6.bytes().data(), v6.bytes().size());
    out.length = sizeof(sockaddr_in6);
    return out;
}

Result<Fd> openSocket(const IpAddress &address, Port port, int type)
{
    const int family = std::holds_alternative<Ipv4Address>(address) ? AF_INET : AF_INET6;
    Fd socket(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid())
        return connectFailed(address, port, "socket", errno);
    return socket;
}

bool wouldBlock(int number)
{
    return number == EAGAIN || number == EINTR;
}

} // namespace

Result<short> waitFor(int fd, short events, const Deadline &deadline, std::stop_token stop)
{
    const StopSignal signal(stop);
    if (signal.failed())
        return callFailed("eventfd", errno);
    while (true) {
        if (stop.stop_requested())
            return cancelled();
        pollfd polled[] = {{fd, events, 0}, {signal.fd(), POLLIN, 0}}; // poll(2) ignores a negative descriptor
        const auto left = std::min<std::chrono::milliseconds::rep>(deadline.left().count(), INT_MAX);
        const int ready = ::poll(polled, 2, static_cast<int>(left));
        if (ready < 0 && errno != EINTR)
            return callFailed("poll", errno);
        if (ready > 0 && polled[1].revents != 0)
            return cancelled();
        if (ready > 0 && (polled[0].revents & POLLNVAL))
            return callFailed("poll", EBADF);
        if (ready > 0)
            return polled[0].revents;
        if (ready == 0 && deadline.passed())
            return fail(ErrorCode::Timeout, Texts::tr("There was no answer in time."));
    }
}

Outcome pauseFor(std::chrono::milliseconds span, std::stop_token stop)
{
    const auto slept = waitFor(-1, 0, Deadline::after(span), stop);
    if (!slept && slept.error().code != ErrorCode::Timeout)
        return passOn(slept);
    return {};
}

Result<Fd> connectTcp(const IpAddress &address, Port port, const Deadline &deadline, std::stop_token stop,
                      std::uint32_t scopeId, const std::optional<Ipv6Address> &source)
{
    auto socket = openSocket(address, port, SOCK_STREAM);
    if (!socket)
        return socket;
    if (source && std::holds_alternative<Ipv6Address>(address)) {
        sockaddr_in6 from{};
        from.sin6_family = AF_INET6;
        std::memcpy(&from.sin6_addr, source->bytes().data(), sizeof from.sin6_addr);
        if (::bind(socket->get(), reinterpret_cast<const sockaddr *>(&from), sizeof from) != 0)
            return connectFailed(address, port, "bind", errno);
    }
    const SocketAddress to = socketAddress(address, port, scopeId);
    if (::connect(socket->get(), to.get(), to.length) == 0)
        return socket;
    if (errno != EINPROGRESS && errno != EINTR)
        return connectFailed(address, port, "connect", errno);
    if (const auto ready = waitFor(socket->get(), POLLOUT, deadline, stop); !ready) {
        if (ready.error().code != ErrorCode::Timeout)
            return passOn(ready);
        return fail(ErrorCode::Timeout,
                    Texts::tr("%1, port %2, did not answer in time.").arg(ipText(address), port.text()),
                    Texts::tr("connect: no answer before the deadline"));
    }
    int number = 0;
    socklen_t size = sizeof number;
    if (::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        return callFailed("getsockopt", errno);
    if (number != 0)
        return connectFailed(address, port, "connect", number);
    return socket;
}

Result<Fd> connectUdp(const IpAddress &address, Port port, std::uint32_t scopeId)
{
    auto socket = openSocket(address, port, SOCK_DGRAM);
    if (!socket)
        return socket;
    const SocketAddress to = socketAddress(address, port, scopeId);
    if (::connect(socket->get(), to.get(), to.length) != 0)
        return connectFailed(address, port, "connect", errno);
    return socket;
}

Outcome writeAll(int fd, const QByteArray &bytes, const Deadline &deadline, std::stop_token stop)
{
    qsizetype done = 0;
    while (done < bytes.size()) {
        if (const auto ready = waitFor(fd, POLLOUT, deadline, stop); !ready)
            return passOn(ready);
        const auto size = static_cast<size_t>(bytes.size() - done);
        auto written = ::send(fd, bytes.constData() + done, size, MSG_NOSIGNAL);
        if (written < 0 && errno == ENOTSOCK)
            written = ::write(fd, bytes.constData() + done, size);
        if (written >= 0)
            done += written;
        else if (!wouldBlock(errno))
            return callFailed("write", errno);
    }
    return {};
}

Result<QByteArray> readSome(int fd, qsizetype most, const Deadline &deadline, std::stop_token stop)
{
    QByteArray bytes(most, Qt::Uninitialized);
    while (true) {
        if (const auto ready = waitFor(fd, POLLIN, deadline, stop); !ready)
            return passOn(ready);
        const auto got = ::read(fd, bytes.data(), static_cast<size_t>(most));
        if (got >= 0) {
            bytes.truncate(got);
            return bytes;
        }
        if (!wouldBlock(errno))
            return callFailed("read", errno);
    }
}

} // namespace sixgate
