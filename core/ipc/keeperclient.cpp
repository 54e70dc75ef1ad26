#include "ipc/keeperclient.h"

#include "ipc/keepertext.h"
#include "model/texts.h"
#include "transport/io.h"

#include <QFile>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace sixgate
{

namespace
{

/// No deadline: who follows waits for as long as it takes.
Deadline never()
{
    return Deadline::after(std::chrono::hours(24 * 365));
}

Result<Fd> connectTo(const Label &site)
{
    int last = ENOENT;
    for (const QString &path : keeperSockets(site)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const QByteArray name = QFile::encodeName(path);
        if (size_t(name.size()) >= sizeof address.sun_path)
            continue;
        std::memcpy(address.sun_path, name.constData(), size_t(name.size()));
        Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (socket.valid() &&
            ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0)
            return socket;
        if (errno == EACCES)
            last = errno;
    }
    return fail(last == EACCES ? ErrorCode::Denied : ErrorCode::NotFound,
                last == EACCES ? Texts::tr("The keeper of the site “%1” runs for another user.").arg(site.text())
                               : Texts::tr("No keeper runs here for the site “%1”.").arg(site.text()),
                {},
                last == EACCES ? Texts::tr("Ask as that user, or as root.") : Texts::tr("Start it: sixgatectl keep"));
}

/// One line, and what came after it in `rest`.
Result<QByteArray> readLine(const Fd &socket, QByteArray &rest, const Deadline &deadline, const std::stop_token &stop)
{
    while (true) {
        if (const qsizetype end = rest.indexOf('\n'); end >= 0) {
            const QByteArray line = rest.left(end);
            rest.remove(0, end + 1);
            return line;
        }
        if (rest.size() > mostKeeperLine)
            return fail(ErrorCode::Protocol, Texts::tr("The keeper's answer has no end."));
        const auto more = readSome(socket.get(), 65536, deadline, stop);
        if (!more)
            return more;
        if (more->isEmpty())
            return fail(ErrorCode::Unavailable, Texts::tr("The keeper has ended."));
        rest += *more;
    }
}

Result<QJsonObject> ask(const Label &site, const QString &word, const Deadline &deadline, const std::stop_token &stop)
{
    const auto socket = connectTo(site);
    if (!socket)
        return passOn(socket);
    if (const auto sent = writeAll(socket->get(), askLine(word), deadline, stop); !sent)
        return passOn(sent);
    QByteArray rest;
    const auto line = readLine(*socket, rest, deadline, stop);
    if (!line)
        return passOn(line);
    return parseAnswer(*line);
}

Result<SharedSnapshot> snapshotOf(const QJsonObject &answer)
{
    auto snapshot = parseSnapshot(answer[QStringLiteral("snapshot")].toObject());
    if (!snapshot)
        return passOn(snapshot);
    return std::make_shared<const KeeperSnapshot>(std::move(*snapshot));
}

} // namespace

Result<SharedSnapshot> RemoteKeeper::snapshot(const Deadline &deadline, std::stop_token stop)
{
    const auto answer = ask(m_site, QStringLiteral("snapshot"), deadline, stop);
    if (!answer)
        return passOn(answer);
    return snapshotOf(*answer);
}

Outcome RemoteKeeper::tell(KeeperIntent intent, const Deadline &deadline, std::stop_token stop)
{
    const auto answer = ask(m_site, keeperIntentName(intent), deadline, stop);
    return answer ? Outcome() : passOn(answer);
}

Outcome RemoteKeeper::follow(const std::function<void(const SharedSnapshot &)> &told, std::stop_token stop)
{
    const auto socket = connectTo(m_site);
    if (!socket)
        return passOn(socket);
    if (const auto sent = writeAll(socket->get(), askLine(QStringLiteral("follow")), never(), stop); !sent)
        return passOn(sent);
    QByteArray rest;
    while (!stop.stop_requested()) {
        const auto line = readLine(*socket, rest, never(), stop);
        if (!line)
            return line.error().code == ErrorCode::Cancelled ? Outcome() : passOn(line);
        const auto answer = parseAnswer(*line);
        if (!answer)
            return passOn(answer);
        const auto snapshot = snapshotOf(*answer);
        if (!snapshot)
            return passOn(snapshot);
        told(*snapshot);
    }
    return {};
}

} // namespace sixgate
