#include "transport/notify.h"

#include "transport/fd.h"

#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sixgate
{

void notifyManager(const QByteArray &state)
{
    const QByteArray name = qgetenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    // "@" stands for the abstract name space.
    if (name.isEmpty() || (name[0] != '/' && name[0] != '@') || size_t(name.size()) >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.constData(), size_t(name.size()));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (socket.valid())
        (void)::sendto(socket.get(), state.constData(), size_t(state.size()), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr *>(&address),
                       socklen_t(offsetof(sockaddr_un, sun_path) + size_t(name.size())));
}

std::optional<std::chrono::milliseconds> watchdogInterval()
{
    bool fine = false;
    const qint64 microseconds = qgetenv("WATCHDOG_USEC").toLongLong(&fine);
    if (!fine || microseconds <= 0)
        return std::nullopt;
    const QByteArray process = qgetenv("WATCHDOG_PID");
    if (!process.isEmpty() && process.toLongLong() != ::getpid())
        return std::nullopt;
    return std::chrono::milliseconds(microseconds / 1000);
}

} // namespace sixgate
