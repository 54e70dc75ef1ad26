#pragma once

#include "model/deadline.h"
#include "model/hostkeypin.h"
#include "model/ipaddress.h"
#include "model/names.h"
#include "model/port.h"
#include "model/secret.h"
#include "model/site.h"
#include "transport/fd.h"

#include <QByteArray>
#include <QStringList>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Where, as whom and how to log in.
struct SshTarget {
    QString label;                    ///< how messages name the machine, e.g. the VPS name
    std::vector<IpAddress> addresses; ///< tried in this order, IPv6 first (the carrier's IPv4 is shared)
    Port port;
    Login user;
    QString keyFile;                  ///< private key (OpenSSH or PEM), ed25519 or ECDSA; Agent: see SshAuth
    Secret passphrase;                ///< empty: the key has none
    std::vector<HostKeyPin> hostKeys; ///< compared before any authentication
    QString passphraseSecret;         ///< under which the passphrase is stored, for remedies
    SshAuth auth = SshAuth::Key;
    Secret password;        ///< for SshAuth::Password
    QString passwordSecret; ///< under which it is stored, for remedies
    QString agentSocket;    ///< for SshAuth::Agent: what SSH_AUTH_SOCK says
    /// Told how each address took the connection: the name of an errno, TIMEOUT, or nothing where it was made. On any
    /// thread, one call at a time. May be empty.
    std::function<void(const IpAddress &address, const QString &reason)> tried;
    /// From which of this machine's addresses to connect over IPv6; the system's choice where absent.
    std::optional<Ipv6Address> source = {};
};

/// The host key that a machine presents, the best of those it has: for the first contact. No login is attempted. At
/// the first of `target.addresses` that answers; of the target nothing else counts but label and port.
Result<PresentedHostKey> readHostKey(const SshTarget &target, const Deadline &deadline, std::stop_token stop);

/// A command for a remote shell, each word quoted. Words come from literals and parsed types only.
class RemoteCommand
{
public:
    /// `program` is a literal such as "perl".
    explicit RemoteCommand(const char *program);
    RemoteCommand &literal(const char *word);
    template <class Kind>
    RemoteCommand &word(const ParsedText<Kind> &value)
    {
        return append(value.text());
    }
    /// Base64 of any bytes, for values that the remote side decodes.
    RemoteCommand &encoded(const QByteArray &bytes);
    /// All words of another command.
    RemoteCommand &words(const RemoteCommand &other);
    /// Quoted for a POSIX shell.
    QByteArray text() const;

private:
    RemoteCommand &append(const QString &word);
    QStringList m_words;
};

struct ExecResult {
    int status = -1; ///< exit status; 128 + n where a signal ended it
    QByteArray out;
    QByteArray err;
};

/// One SSH connection (libssh2). Its own thread owns the socket and multiplexes the channels; every public function may
/// be called from any thread, several at a time, blocks until done, and obeys deadline and stop. A stopped or timed out
/// call closes its channel and leaves the others and the connection alone.
class SshSession
{
public:
    /// Connects, compares the host key (ErrorCode::HostKey on mismatch, naming both fingerprints), then authenticates.
    /// Denied where the login is refused, with what the server accepts instead. One key or password is offered, once.
    static Result<std::unique_ptr<SshSession>> connect(const SshTarget &target, const Deadline &deadline,
                                                       std::stop_token stop);
    ~SshSession();

    /// Runs a command, feeds `input` and end of file, reads stdout, stderr and the exit status. `onLine` gets each
    /// complete stdout line as it comes (on the calling thread). A non-zero status is not an Error: look at `status`.
    /// Output beyond `outputLimit` bytes is an error (Protocol).
    Result<ExecResult> exec(const RemoteCommand &command, const QByteArray &input, const Deadline &deadline,
                            std::stop_token stop, const std::function<void(const QByteArray &line)> &onLine = {},
                            qsizetype outputLimit = 64 * 1024 * 1024);

    /// Opens a TCP connection from the remote machine to a literal address (`direct-tcpip`) and gives a local stream
    /// socket for it, non-blocking; each direction ends on its own. Open only where a connect probe succeeded: a target
    /// that does not answer keeps later commands and opens waiting until the remote machine gives up (about a minute).
    /// `most` counts from when its turn has come, the deadline from now. Refused where the SSH server forbids it.
    Result<Fd> openTcp(const IpAddress &address, Port port, const Deadline &deadline, std::stop_token stop,
                       std::optional<std::chrono::milliseconds> most = std::nullopt);

    HostKeyPin hostKey() const;

private:
    class Private;
    explicit SshSession(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace sixgate
