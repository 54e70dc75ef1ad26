#include "transport/sshagent.h"

#include "model/hostkeypin.h"
#include "model/text.h"
#include "model/texts.h"
#include "transport/io.h"
#include "transport/sshkey.h"
#include "transport/sshwire.h"

#include <QStringList>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace sixgate
{

namespace
{

// Message numbers of the agent's protocol.
constexpr char requestIdentities = 11;
constexpr char identitiesAnswer = 12;
constexpr char signRequest = 13;
constexpr char signResponse = 14;
constexpr quint32 mostAnswer = 256 * 1024; // as OpenSSH's agent

Error noAgent(const QString &detail)
{
    return {ErrorCode::Unavailable, Texts::tr("No SSH agent answers."), detail,
            Texts::tr("Start one and add your key (ssh-add), or set \"auth\" to \"key\" in the site file. Run by "
                      "systemd or cron, Sixgate has no agent.")};
}

tl::unexpected<Error> strange()
{
    return fail(ErrorCode::Protocol, Texts::tr("The SSH agent's answer is not understood."), {},
                Texts::tr("See whether \"ssh-add -l\" works."));
}

QString shown(const SshAgentKey &key)
{
    return QStringLiteral("%1 %2 (%3)").arg(key.type(), Fingerprint::ofBytes(key.blob).text(), key.comment);
}

} // namespace

QString SshAgentKey::type() const
{
    QByteArray rest = blob;
    return shownLine(takeSshString(rest));
}

Result<SshAgent> SshAgent::open(const QString &socket, const Deadline &deadline, std::stop_token stop)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const QByteArray path = socket.toLocal8Bit();
    if (path.isEmpty())
        return tl::unexpected<Error>(noAgent(Texts::tr("SSH_AUTH_SOCK is not set.")));
    if (size_t(path.size()) >= sizeof address.sun_path)
        return tl::unexpected<Error>(noAgent(Texts::tr("The path in SSH_AUTH_SOCK is too long.")));
    std::memcpy(address.sun_path, path.constData(), size_t(path.size()));
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    while (::connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        // EAGAIN: its queue is full; a local socket has no event for that.
        if (errno != EAGAIN)
            return tl::unexpected<Error>(
                noAgent(QStringLiteral("%1: %2").arg(socket, QString::fromLocal8Bit(std::strerror(errno)))));
        if (const auto paused = pauseFor(std::chrono::milliseconds(50), stop); !paused)
            return passOn(paused);
        if (deadline.passed())
            return tl::unexpected<Error>(noAgent(Texts::tr("%1 takes no connection.").arg(socket)));
    }
    return SshAgent(std::move(fd));
}

Result<QByteArray> SshAgent::ask(const QByteArray &request, const Deadline &deadline, std::stop_token stop)
{
    const auto failed = [](const Error &error) {
        if (error.code == ErrorCode::Cancelled)
            return error;
        return noAgent(error.code == ErrorCode::Timeout
                           ? Texts::tr("It was asked and did not answer in time. Does it wait for you?")
                           : error.summary + QLatin1Char(' ') + error.detail);
    };
    if (auto sent = writeAll(m_socket.get(), sshString(request), deadline, stop); !sent)
        return tl::unexpected<Error>(failed(sent.error()));
    QByteArray answer;
    while (true) {
        if (answer.size() >= 4) {
            const quint32 length = sshNumber(answer);
            if (length == 0 || length > mostAnswer)
                return strange();
            if (answer.size() >= 4 + qsizetype(length))
                return answer.mid(4, qsizetype(length));
        }
        auto more = readSome(m_socket.get(), 65536, deadline, stop);
        if (!more)
            return tl::unexpected<Error>(failed(more.error()));
        if (more->isEmpty())
            return tl::unexpected<Error>(noAgent(Texts::tr("It closed the connection.")));
        answer += *more;
    }
}

Result<std::vector<SshAgentKey>> SshAgent::keys(const Deadline &deadline, std::stop_token stop)
{
    const auto answer = ask(QByteArray(1, requestIdentities), deadline, stop);
    if (!answer)
        return passOn(answer);
    if (answer->size() < 5 || answer->front() != identitiesAnswer)
        return strange();
    const quint32 count = sshNumber(answer->mid(1));
    QByteArray rest = answer->mid(5);
    std::vector<SshAgentKey> keys;
    for (quint32 i = 0; i < count && rest.size() >= 8; ++i) {
        const QByteArray blob = takeSshString(rest);
        keys.push_back({blob, shownLine(takeSshString(rest))});
    }
    return keys;
}

Result<QByteArray> SshAgent::sign(const SshAgentKey &key, const QByteArray &bytes, const Deadline &deadline,
                                  std::stop_token stop)
{
    const QByteArray noFlags(4, '\0');
    const auto answer =
        ask(QByteArray(1, signRequest) + sshString(key.blob) + sshString(bytes) + noFlags, deadline, stop);
    if (!answer)
        return passOn(answer);
    if (answer->front() != signResponse)
        return fail(ErrorCode::Denied, Texts::tr("The SSH agent refuses to sign with the key %1.").arg(shown(key)), {},
                    Texts::tr("It may be locked, or you did not confirm the use of the key."));
    QByteArray rest = answer->mid(1);
    QByteArray signature = takeSshString(rest);
    takeSshString(signature); // its type
    return takeSshString(signature);
}

Result<SshAgentKey> chooseAgentKey(const std::vector<SshAgentKey> &keys, const std::optional<QByteArray> &publicKey,
                                   const QString &keyFile)
{
    const auto usable = [](const SshAgentKey &key) {
        return key.type() == QLatin1String("ssh-ed25519") || key.type().startsWith(QLatin1String("ecdsa-sha2-nistp"));
    };
    QStringList all;
    for (const SshAgentKey &key : keys)
        all << shown(key);
    const QString detail = keys.empty() ? Texts::tr("It has no key.") : all.join(QLatin1Char('\n'));
    const QString unlock = keys.empty() ? Texts::tr(" If it is locked, unlock it: ssh-add -X") : QString();
    if (publicKey) {
        const auto found =
            std::find_if(keys.begin(), keys.end(), [&](const SshAgentKey &key) { return key.blob == *publicKey; });
        if (found == keys.end())
            return fail(ErrorCode::NotFound, Texts::tr("The SSH agent does not have the key %1.").arg(keyFile), detail,
                        Texts::tr("Add it: ssh-add %1.%2")
                            .arg(keyFile.endsWith(QLatin1String(".pub")) ? keyFile.chopped(4) : keyFile, unlock));
        if (usable(*found))
            return *found;
    } else if (keys.empty()) {
        return fail(ErrorCode::NotFound, Texts::tr("The SSH agent has no key."), {},
                    Texts::tr("Add yours: ssh-add.") + unlock);
    } else if (const auto count = std::count_if(keys.begin(), keys.end(), usable); count == 1) {
        return *std::find_if(keys.begin(), keys.end(), usable);
    } else if (count > 1) {
        return fail(ErrorCode::Invalid, Texts::tr("The SSH agent has several keys; one only is offered to the VPS."),
                    detail, Texts::tr("Name the file of the right one as \"keyFile\" in the site file."));
    }
    return fail(ErrorCode::NotFound, Texts::tr("The SSH agent has no key that can log in."),
                detail + Texts::tr("\nThe SSH library (libssh2 1.10) can use Ed25519 and ECDSA keys; RSA it signs "
                                   "with SHA-1 only, and OpenSSH 8.8 and newer refuses that."),
                Texts::tr("Make an Ed25519 key, add it (ssh-add) and bring it to the VPS: sixgatectl vps keys "
                          "install"));
}

Result<SshAgentLogin> sshAgentLogin(const QString &socket, const QString &keyFile, const Deadline &deadline,
                                    std::stop_token stop)
{
    std::optional<QByteArray> wanted;
    if (!keyFile.isEmpty()) {
        auto blob = readSshPublicKey(keyFile);
        if (!blob)
            return passOn(blob);
        wanted = std::move(*blob);
    }
    auto agent = SshAgent::open(socket, deadline, stop);
    if (!agent)
        return passOn(agent);
    const auto keys = agent->keys(deadline, stop);
    if (!keys)
        return passOn(keys);
    auto key = chooseAgentKey(*keys, wanted, keyFile);
    if (!key)
        return passOn(key);
    return SshAgentLogin{std::move(*agent), std::move(*key)};
}

} // namespace sixgate
