#pragma once

#include "model/deadline.h"
#include "model/result.h"
#include "transport/fd.h"

#include <QByteArray>

#include <optional>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// A public key that an agent has the private half of.
struct SshAgentKey {
    QByteArray blob; ///< as in authorized_keys, decoded (RFC 4253 section 6.6)
    QString comment; ///< harmless to show
    QString type() const;
};

/// An SSH agent on its local socket (draft-ietf-sshm-ssh-agent). libssh2's own client blocks without an end where the
/// agent asks a person; this one obeys deadline and stop. One thread.
class SshAgent
{
public:
    /// Unavailable where there is no agent.
    static Result<SshAgent> open(const QString &socket, const Deadline &deadline, std::stop_token stop);

    Result<std::vector<SshAgentKey>> keys(const Deadline &deadline, std::stop_token stop);
    /// The signature without its type in front. Denied where the agent refuses.
    Result<QByteArray> sign(const SshAgentKey &key, const QByteArray &bytes, const Deadline &deadline,
                            std::stop_token stop);

private:
    explicit SshAgent(Fd socket) : m_socket(std::move(socket)) {}
    Result<QByteArray> ask(const QByteArray &request, const Deadline &deadline, std::stop_token stop);

    Fd m_socket;
};

/// The one key of the agent that is to be offered: that of `publicKey` where one is wanted, else the only usable one.
/// RSA keys are not usable with libssh2 1.10. NotFound or Invalid, naming what the agent has.
Result<SshAgentKey> chooseAgentKey(const std::vector<SshAgentKey> &keys, const std::optional<QByteArray> &publicKey,
                                   const QString &keyFile);

struct SshAgentLogin {
    SshAgent agent;
    SshAgentKey key; ///< the one that is offered
};

/// The agent at `socket` and its key for the login: that of `keyFile`, if it is not empty.
Result<SshAgentLogin> sshAgentLogin(const QString &socket, const QString &keyFile, const Deadline &deadline,
                                    std::stop_token stop);

} // namespace sixgate
