#include "transport/sshcall.h"
#include "model/texts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace sixgate
{

namespace
{

constexpr qsizetype oneMove = 256 * 1024; // bytes a channel moves before the next one has its turn

// RFC 4254 section 6.10 names signals without "SIG".
int signalNumber(const QByteArray &name)
{
    constexpr std::array<std::pair<const char *, int>, 13> names = {{{"ABRT", SIGABRT},
                                                                     {"ALRM", SIGALRM},
                                                                     {"FPE", SIGFPE},
                                                                     {"HUP", SIGHUP},
                                                                     {"ILL", SIGILL},
                                                                     {"INT", SIGINT},
                                                                     {"KILL", SIGKILL},
                                                                     {"PIPE", SIGPIPE},
                                                                     {"QUIT", SIGQUIT},
                                                                     {"SEGV", SIGSEGV},
                                                                     {"TERM", SIGTERM},
                                                                     {"USR1", SIGUSR1},
                                                                     {"USR2", SIGUSR2}}};
    const auto it = std::find_if(names.begin(), names.end(), [&](const auto &one) { return name == one.first; });
    return it == names.end() ? 127 : it->second; // 127: no signal has this number
}

// Feeds a command and collects what it says.
class ExecJob : public SshJob
{
public:
    using SshJob::SshJob;

    SshStep open(SshLink &link) override
    {
        if (!m_channel) {
            const SshStep opened = link.openSession(m_channel);
            m_channelRefused = opened == SshStep::Failed;
            if (m_channelRefused)
                m_error = {ErrorCode::Refused, Texts::tr("%1 refuses one more SSH session.").arg(m_label),
                           link.reason(),
                           Texts::tr("Commands of earlier, cancelled runs may still run there; see MaxSessions in "
                                     "/etc/ssh/sshd_config.")};
            if (opened != SshStep::Done)
                return opened;
        }
        const SshStep started = link.exec(m_channel, m_call->command);
        if (started == SshStep::Failed)
            m_error = {ErrorCode::Refused, Texts::tr("%1 refuses to run a command over SSH.").arg(m_label),
                       link.reason(), Texts::tr("Check the options of the key in authorized_keys.")};
        return started;
    }

    SshStep move(SshLink &link, bool &moved) override
    {
        if (abandoned())
            return SshStep::Done;
        if (!feed(link, moved) || !collect(link, moved)) {
            m_error = {ErrorCode::Protocol, Texts::tr("The SSH channel to %1 failed.").arg(m_label), link.reason(),
                       Texts::tr("Run it again; where it stays so, look at the server's log: journalctl -u ssh")};
            return SshStep::Failed;
        }
        if (m_taken > m_call->outputLimit) {
            m_error = {ErrorCode::Protocol,
                       Texts::tr("The command on %1 printed more than it may (%2 bytes).")
                           .arg(m_label)
                           .arg(m_call->outputLimit),
                       {},
                       Texts::tr("See whether a start-up file of that login's shell prints something.")};
            return SshStep::Failed;
        }
        if (!link.closed(m_channel))
            return SshStep::Again;
        {
            const std::lock_guard lock(m_call->mutex);
            const QByteArray signal = link.exitSignal(m_channel);
            m_call->result.status = signal.isEmpty() ? link.exitStatus(m_channel) : 128 + signalNumber(signal);
        }
        succeed();
        return SshStep::Done;
    }

private:
    bool feed(SshLink &link, bool &moved)
    {
        if (m_eofSent || link.closed(m_channel)) // a command may end without having read everything
            return true;
        const QByteArray &input = m_call->input.reveal();
        const qsizetype written =
            link.write(m_channel, input.constData() + m_fed, std::min(oneMove, input.size() - m_fed));
        if (written < 0)
            return false;
        m_fed += written;
        moved = moved || written > 0;
        if (m_fed < input.size())
            return true;
        const SshStep ended = link.sendEof(m_channel);
        m_eofSent = ended == SshStep::Done;
        moved = moved || m_eofSent;
        return ended != SshStep::Failed;
    }

    bool collect(SshLink &link, bool &moved)
    {
        QByteArray out;
        QByteArray err;
        const qsizetype most = std::min(oneMove, m_call->outputLimit - m_taken + 1);
        const qsizetype fromOut = link.read(m_channel, 0, out, most);
        const qsizetype fromErr = fromOut < 0 ? -1 : link.read(m_channel, 1, err, most);
        if (fromErr < 0)
            return false;
        if (fromOut + fromErr == 0)
            return true;
        moved = true;
        m_taken += fromOut + fromErr;
        const std::lock_guard lock(m_call->mutex);
        m_call->result.out += out;
        m_call->result.err += err;
        m_call->changed.notify_all();
        return true;
    }

    qsizetype m_fed = 0;
    qsizetype m_taken = 0;
    bool m_eofSent = false;
};

// Pumps between a direct-tcpip channel and one end of a socket pair; each direction ends on its own.
class TcpJob : public SshJob
{
public:
    using SshJob::SshJob;

    SshStep open(SshLink &link) override
    {
        const SshStep opened = link.openTcp(m_channel, m_call->address, m_call->port);
        if (opened == SshStep::Failed) {
            const bool prohibited = link.reason().contains(QLatin1String("prohibited"));
            m_error = {prohibited ? ErrorCode::Refused : ErrorCode::Network,
                       Texts::tr("%1 could not connect to %2 port %3.")
                           .arg(m_label, QString::fromLatin1(m_call->address))
                           .arg(m_call->port),
                       link.reason(),
                       prohibited ? Texts::tr("Set \"AllowTcpForwarding local\" in /etc/ssh/sshd_config on %1, and "
                                              "see that the key's line in authorized_keys allows port forwarding.")
                                        .arg(m_label)
                                  : Texts::tr("See whether that machine is on and listens there.")};
        }
        if (opened != SshStep::Done)
            return opened;
        std::array<int, 2> pair{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
            m_error = {ErrorCode::Internal,
                       Texts::tr("No socket pair could be made."),
                       QString::fromLocal8Bit(std::strerror(errno)),
                       {}};
            return SshStep::Failed;
        }
        m_local = Fd(pair[0]);
        {
            const std::lock_guard lock(m_call->mutex);
            m_call->local = Fd(pair[1]);
        }
        succeed();
        return SshStep::Done;
    }

    SshStep move(SshLink &link, bool &moved) override
    {
        if (abandoned() || !toRemote(link, moved) || !toLocal(link, moved))
            return SshStep::Failed;
        const bool outDone = m_eofSent || link.closed(m_channel);
        const bool nobodyReads = m_localGone && m_localEof && m_outgoing.isEmpty();
        return nobodyReads || (outDone && m_localShut) ? SshStep::Done : SshStep::Again;
    }

    void addPolls(std::vector<pollfd> &polls) const override
    {
        if (m_localGone)
            return;
        const bool reads = !m_localEof && m_outgoing.size() < oneMove;
        // Also without an event to wait for: POLLHUP tells that the other end is closed.
        polls.push_back({m_local.get(), short((reads ? POLLIN : 0) | (m_incoming.isEmpty() ? 0 : POLLOUT)), 0});
    }

private:
    bool toRemote(SshLink &link, bool &moved)
    {
        char bytes[32 * 1024];
        while (!m_localEof && m_outgoing.size() < oneMove) {
            const ssize_t got = ::recv(m_local.get(), bytes, sizeof bytes, 0);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                break;
            moved = true;
            if (got <= 0)
                m_localEof = true;
            else
                m_outgoing.append(bytes, got);
        }
        pollfd hangUp{m_local.get(), 0, 0};
        if (::poll(&hangUp, 1, 0) == 1)
            m_localGone = true;
        if (m_eofSent)
            return true;
        if (link.closed(m_channel)) {
            m_outgoing.clear();
            return true;
        }
        const qsizetype written = link.write(m_channel, m_outgoing.constData(), m_outgoing.size());
        if (written < 0)
            return false;
        m_outgoing.remove(0, written);
        moved = moved || written > 0;
        if (!m_localEof || !m_outgoing.isEmpty())
            return true;
        const SshStep ended = link.sendEof(m_channel);
        m_eofSent = ended == SshStep::Done;
        moved = moved || m_eofSent;
        return ended != SshStep::Failed;
    }

    bool toLocal(SshLink &link, bool &moved)
    {
        if (m_incoming.size() < oneMove) {
            const qsizetype got = link.read(m_channel, 0, m_incoming, oneMove);
            if (got < 0)
                return false;
            moved = moved || got > 0;
        }
        while (!m_incoming.isEmpty()) {
            const ssize_t sent = ::send(m_local.get(), m_incoming.constData(), size_t(m_incoming.size()), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent < 0 && errno == EAGAIN)
                return true;
            if (sent < 0)
                m_localGone = true; // nobody will read it
            moved = true;
            m_incoming.remove(0, sent < 0 ? m_incoming.size() : sent);
        }
        if (!m_localShut && link.atEnd(m_channel)) {
            ::shutdown(m_local.get(), SHUT_WR);
            m_localShut = true;
            moved = true;
        }
        return true;
    }

    Fd m_local;
    QByteArray m_outgoing;
    QByteArray m_incoming;
    bool m_localEof = false;  // the user of the socket sends no more
    bool m_localGone = false; // it closed its end; what it sent before is still delivered
    bool m_localShut = false; // it was told that the remote side sends no more
    bool m_eofSent = false;   // the remote side was told that the user sends no more
};

} // namespace

SshJob::SshJob(std::shared_ptr<SshCall> call, QString label) : m_call(std::move(call)), m_label(std::move(label)) {}

void SshJob::begin()
{
    const std::lock_guard lock(m_call->mutex);
    m_call->begun = true;
    m_call->changed.notify_all();
}

void SshJob::fail(const Error &error)
{
    const std::lock_guard lock(m_call->mutex);
    if (m_call->done)
        return;
    m_call->error = error;
    m_call->done = true;
    m_call->changed.notify_all();
}

void SshJob::succeed()
{
    const std::lock_guard lock(m_call->mutex);
    m_call->done = true;
    m_call->changed.notify_all();
}

std::unique_ptr<SshJob> makeSshJob(std::shared_ptr<SshCall> call, const QString &label)
{
    if (call->kind == SshCall::Kind::Exec)
        return std::make_unique<ExecJob>(std::move(call), label);
    return std::make_unique<TcpJob>(std::move(call), label);
}

} // namespace sixgate
