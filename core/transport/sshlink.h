#pragma once

#include "model/secret.h"
#include "transport/fd.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QString>

#include <functional>
#include <memory>

struct _LIBSSH2_CHANNEL;

namespace sixgate
{

using SshChannel = _LIBSSH2_CHANNEL;

/// How far a non-blocking step got. After Again the same step is to be repeated when bytes have come.
enum class SshStep { Done, Again, Failed };

/// libssh2 as this program uses it; the one class that knows it. Non-blocking, owned by one thread at a time.
///
/// libssh2 works on two buffers of this class, not on the socket. So its writes never stop half-way (it would then
/// demand that the very same call comes next, whichever channel is ready), a closed connection shows only after
/// everything that came before is processed, and an idle connection is read although no channel asks.
class SshLink
{
public:
    /// `hostKeyTypes`: which host keys to ask for, comma separated.
    SshLink(Fd socket, const QByteArray &hostKeyTypes);
    ~SshLink();
    SshLink(const SshLink &) = delete;
    SshLink &operator=(const SshLink &) = delete;

    // --- bytes: fill() before steps, flush() after them

    /// Reads what the socket has; true where something came.
    bool fill();
    /// Sends what the socket takes.
    void flush();
    /// poll(2) events to wait for.
    short events() const;
    int socket() const;
    /// The connection is gone and all that came before is processed, or the protocol broke.
    bool broken() const;
    /// Enough bytes wait to be sent: write to channels later.
    bool full() const;
    /// Why the last step failed, or why the link broke.
    QString reason() const;

    // --- login

    SshStep handshake();
    /// The handshake failed because client and server have no algorithm in common.
    bool noCommonAlgorithm() const;
    /// What the server sent until the handshake was done.
    QByteArray firstBytes() const;
    QByteArray hostKey() const;
    QString hostKeyType() const;
    SshStep authenticate(const QByteArray &user, const Secret &key, const Secret &passphrase);
    /// The methods that the server accepts for this user. Empty after Done: it lets the user in as he is.
    SshStep authMethods(const QByteArray &user, QByteArrayList &methods);
    SshStep authenticatePassword(const QByteArray &user, const Secret &password);
    /// Method keyboard-interactive (RFC 4256): answers the first hidden prompt with the password. Another prompt is
    /// answered with nothing and told by unansweredPrompt().
    SshStep authenticateInteractive(const QByteArray &user, const Secret &password);
    QString unansweredPrompt() const;
    /// With a key that somebody else holds: `sign` gives the signature of the bytes, without its type; empty: it
    /// cannot.
    SshStep authenticateSigned(const QByteArray &user, const QByteArray &publicKey,
                               const std::function<QByteArray(const QByteArray &bytes)> &sign);
    /// The server lets the password in only to have it changed.
    bool passwordExpired() const;
    /// The last authenticate() failed before anything was sent: the key does not open.
    bool keyDoesNotOpen() const;
    /// A key or password was sent: the server may count a failure.
    bool proofSent() const;
    /// The server's answer to it was no.
    bool proofRefused() const;
    /// And before that it had said that it knows the key.
    bool keyIsKnown() const;
    /// The server ended the connection with words, which are the reason().
    bool sentAway() const;
    /// Says goodbye; flush() sends it.
    void disconnect(bool hostKeyRefused);

    // --- channels. libssh2 opens one channel at a time and confuses the answers to two requests: from openSession()
    // or openTcp() until exec() is done or failed, no other channel may begin.

    SshStep openSession(SshChannel *&channel);
    SshStep openTcp(SshChannel *&channel, const QByteArray &address, int port);
    SshStep exec(SshChannel *channel, const QByteArray &command);
    /// Bytes taken; 0 where none can be taken now; negative where the channel failed.
    qsizetype write(SshChannel *channel, const char *bytes, qsizetype size);
    SshStep sendEof(SshChannel *channel);
    /// Appends what is there, at most `most`; negative where the channel failed. Stream 0 is stdout, 1 is stderr.
    qsizetype read(SshChannel *channel, int stream, QByteArray &into, qsizetype most);
    /// The remote side sends no more, and all that it sent is read.
    bool atEnd(SshChannel *channel);
    /// The remote side closed the channel.
    bool closed(SshChannel *channel);
    int exitStatus(SshChannel *channel);
    /// Name, without "SIG", of the signal that ended the command; empty where it ended by itself.
    QByteArray exitSignal(SshChannel *channel);
    /// Closes and frees; Again until the remote side has closed, too.
    SshStep release(SshChannel *channel);
    /// Sends a keep-alive when one is due.
    void keepAlive();

    static constexpr int keepAliveSeconds = 15;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace sixgate
