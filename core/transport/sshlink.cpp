#include "transport/sshlink.h"

#include "model/text.h"
#include "model/texts.h"
#include "transport/sshbuffer.h"
#include "transport/sshnegotiation.h"

#include <libssh2.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace sixgate
{

namespace
{

constexpr qsizetype mostReceived = 1024 * 1024; // more waits in the kernel
constexpr qsizetype mostToSend = 512 * 1024;
constexpr qsizetype mostFirstBytes = 16 * 1024;
constexpr unsigned deadAfterMilliseconds = 30'000;

void initialiseOnce()
{
    static std::once_flag once; // libssh2_init is not thread-safe
    std::call_once(once, [] { libssh2_init(0); });
}

// A channel may fail while the connection is well; after anything else the state of the protocol is unknown.
bool breaksTheLink(int code)
{
    switch (code) {
    case LIBSSH2_ERROR_NONE:
    case LIBSSH2_ERROR_EAGAIN:
    case LIBSSH2_ERROR_TIMEOUT:
    case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
    case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
    case LIBSSH2_ERROR_PASSWORD_EXPIRED:
    case LIBSSH2_ERROR_CHANNEL_FAILURE:
    case LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED:
    case LIBSSH2_ERROR_CHANNEL_UNKNOWN:
    case LIBSSH2_ERROR_CHANNEL_WINDOW_EXCEEDED:
    case LIBSSH2_ERROR_CHANNEL_PACKET_EXCEEDED:
    case LIBSSH2_ERROR_CHANNEL_CLOSED:
    case LIBSSH2_ERROR_CHANNEL_EOF_SENT:
    case LIBSSH2_ERROR_INVAL:
        return false;
    default:
        return true;
    }
}

} // namespace

class SshLink::Private
{
public:
    Fd fd;
    LIBSSH2_SESSION *session = nullptr;
    SshBuffer received;
    SshBuffer toSend;
    QByteArray firstBytes;
    bool handshaken = false;
    bool peerClosed = false;
    bool failed = false;   // the protocol broke
    bool released = false; // being freed: nothing is read or sent any more
    qint64 produced = 0;   // bytes libssh2 gave out to be sent
    bool keyDoesNotOpen = false;
    bool proofSent = false;
    bool sentAway = false;
    int lastCode = 0;
    QString reason;
    const Secret *answer = nullptr; // while keyboard-interactive runs
    bool answered = false;
    QString unanswered;

    SshStep step(int code)
    {
        lastCode = code;
        if (code == LIBSSH2_ERROR_EAGAIN)
            return SshStep::Again;
        if (code >= 0)
            return SshStep::Done;
        // A reason already known (the server's words, the socket's error) is better than libssh2's.
        const bool breaks = breaksTheLink(code);
        if (!failed && !sentAway && (reason.isEmpty() || !breaks)) {
            char *text = nullptr;
            libssh2_session_last_error(session, &text, nullptr, 0);
            reason = QStringLiteral("%1 (libssh2 %2)").arg(QString::fromLatin1(text ? text : "")).arg(code);
        }
        failed = failed || breaks;
        return SshStep::Failed;
    }

    // A step that shows the server a key or a password.
    SshStep prove(const std::function<int()> &call)
    {
        const qint64 before = produced;
        const SshStep done = step(call());
        proofSent = proofSent || produced != before;
        return done;
    }

    void lose(const QString &why)
    {
        peerClosed = true;
        if (reason.isEmpty())
            reason = why;
    }

    static ssize_t receive(libssh2_socket_t, void *into, size_t size, int, void **abstract)
    {
        auto &self = *static_cast<Private *>(*abstract);
        if (self.released)
            return -ECONNRESET;
        const qsizetype taken = std::min(qsizetype(size), self.received.size());
        if (taken == 0)
            return -EAGAIN;
        std::memcpy(into, self.received.front(), size_t(taken));
        self.received.drop(taken);
        return taken;
    }

    static ssize_t send(libssh2_socket_t, const void *bytes, size_t size, int, void **abstract)
    {
        auto &self = *static_cast<Private *>(*abstract);
        self.produced += qint64(size);
        if (!self.released)
            self.toSend.append(static_cast<const char *>(bytes), qsizetype(size));
        return ssize_t(size);
    }

    // libssh2 frees the answers.
    static void prompted(const char *, int, const char *, int, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
                         LIBSSH2_USERAUTH_KBDINT_RESPONSE *answers, void **abstract)
    {
        auto &self = *static_cast<Private *>(*abstract);
        for (int i = 0; i < count; ++i) {
            QByteArray text;
            if (!prompts[i].echo && !self.answered && self.answer) {
                text = QByteArray(self.answer->reveal().constData(), self.answer->reveal().size());
                self.answered = true;
            } else if (self.unanswered.isEmpty()) {
                self.unanswered = shownLine(QByteArray(prompts[i].text, qsizetype(prompts[i].length)));
            }
            Secret copy(std::move(text)); // wiped
            answers[i].text = static_cast<char *>(std::malloc(size_t(copy.reveal().size()) + 1));
            answers[i].length = answers[i].text ? unsigned(copy.reveal().size()) : 0;
            if (answers[i].text)
                std::memcpy(answers[i].text, copy.reveal().constData(), size_t(copy.reveal().size()) + 1);
        }
    }

    static int signedBy(LIBSSH2_SESSION *, unsigned char **signature, size_t *size, const unsigned char *data,
                        size_t length, void **abstract)
    {
        const auto &sign = *static_cast<const std::function<QByteArray(const QByteArray &)> *>(*abstract);
        const QByteArray made = sign(QByteArray(reinterpret_cast<const char *>(data), qsizetype(length)));
        *signature = made.isEmpty() ? nullptr : static_cast<unsigned char *>(std::malloc(size_t(made.size())));
        if (!*signature)
            return -1;
        std::memcpy(*signature, made.constData(), size_t(made.size()));
        *size = size_t(made.size());
        return 0;
    }

    static void disconnected(LIBSSH2_SESSION *, int code, const char *message, int size, const char *, int,
                             void **abstract)
    {
        auto &self = *static_cast<Private *>(*abstract);
        const QByteArray words(message, message ? size : 0);
        self.reason = Texts::tr("The server ended the connection: %1 (code %2)").arg(shownLine(words)).arg(code);
        self.sentAway = true;
    }
};

SshLink::SshLink(Fd socket, const QByteArray &hostKeyTypes) : d(std::make_unique<Private>())
{
    initialiseOnce();
    d->fd = std::move(socket);
    // Keep-alives ask for no answer (libssh2 would store each one for ever): the kernel notices when nobody
    // acknowledges them.
    const unsigned span = deadAfterMilliseconds;
    setsockopt(d->fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &span, sizeof span);
    const int on = 1;
    setsockopt(d->fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    d->session = libssh2_session_init_ex(nullptr, nullptr, nullptr, d.get());
    libssh2_session_set_blocking(d->session, 0);
    const auto callback = [this](int type, auto *function) {
        libssh2_session_callback_set(d->session, type, reinterpret_cast<void *>(function));
    };
    callback(LIBSSH2_CALLBACK_RECV, &Private::receive);
    callback(LIBSSH2_CALLBACK_SEND, &Private::send);
    callback(LIBSSH2_CALLBACK_DISCONNECT, &Private::disconnected);
    const auto prefer = [this](int method, const QByteArray &names) {
        libssh2_session_method_pref(d->session, method, names.constData());
    };
    prefer(LIBSSH2_METHOD_HOSTKEY, hostKeyTypes);
    prefer(LIBSSH2_METHOD_KEX, sshKeyExchanges().join(','));
    for (int method : {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC})
        prefer(method, sshCiphers().join(','));
    for (int method : {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC})
        prefer(method, sshMacs().join(','));
    libssh2_keepalive_config(d->session, 0, keepAliveSeconds);
}

SshLink::~SshLink()
{
    d->released = true; // so that freeing never waits for the peer
    libssh2_session_free(d->session);
}

bool SshLink::fill()
{
    bool came = false;
    char bytes[64 * 1024];
    while (!d->peerClosed && d->received.size() < mostReceived) {
        const ssize_t got = ::recv(d->fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got < 0)
            d->lose(QString::fromLocal8Bit(std::strerror(errno)));
        if (got == 0)
            d->lose(Texts::tr("The server closed the connection."));
        if (got <= 0)
            break;
        came = true;
        d->received.append(bytes, got);
        if (!d->handshaken && d->firstBytes.size() < mostFirstBytes)
            d->firstBytes.append(bytes, got);
    }
    return came;
}

void SshLink::flush()
{
    while (d->toSend.size() > 0) {
        const ssize_t sent =
            ::send(d->fd.get(), d->toSend.front(), size_t(d->toSend.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0) {
            // What the server sent before it went is still read; fill() meets the end of it.
            if (d->reason.isEmpty())
                d->reason = QString::fromLocal8Bit(std::strerror(errno));
            d->toSend.drop(d->toSend.size());
            return;
        }
        d->toSend.drop(sent);
    }
}

short SshLink::events() const
{
    return short((d->received.size() < mostReceived ? POLLIN : 0) | (d->toSend.size() > 0 ? POLLOUT : 0));
}

int SshLink::socket() const
{
    return d->fd.get();
}

bool SshLink::broken() const
{
    return d->failed || d->peerClosed;
}

bool SshLink::full() const
{
    return d->toSend.size() >= mostToSend;
}

QString SshLink::reason() const
{
    return d->reason;
}

SshStep SshLink::handshake()
{
    const SshStep step = d->step(libssh2_session_handshake(d->session, d->fd.get()));
    d->handshaken = step == SshStep::Done;
    return step;
}

bool SshLink::noCommonAlgorithm() const
{
    return d->lastCode == LIBSSH2_ERROR_KEX_FAILURE;
}

QByteArray SshLink::firstBytes() const
{
    return d->firstBytes;
}

QByteArray SshLink::hostKey() const
{
    size_t size = 0;
    int type = 0;
    const char *bytes = libssh2_session_hostkey(d->session, &size, &type);
    return bytes ? QByteArray(bytes, qsizetype(size)) : QByteArray();
}

QString SshLink::hostKeyType() const
{
    return QString::fromLatin1(libssh2_session_methods(d->session, LIBSSH2_METHOD_HOSTKEY));
}

SshStep SshLink::authenticate(const QByteArray &user, const Secret &key, const Secret &passphrase)
{
    // libssh2 reads key and passphrase as C strings; QByteArray ends with a zero byte.
    const SshStep step = d->prove([&] {
        return libssh2_userauth_publickey_frommemory(d->session, user.constData(), size_t(user.size()), nullptr, 0,
                                                     key.reveal().constData(), size_t(key.reveal().size()),
                                                     passphrase.isEmpty() ? nullptr : passphrase.reveal().constData());
    });
    // libssh2 has many codes for a key that does not open; what they share is that nothing was sent.
    d->keyDoesNotOpen = step == SshStep::Failed && !d->proofSent;
    return step;
}

SshStep SshLink::authMethods(const QByteArray &user, QByteArrayList &methods)
{
    const char *list = libssh2_userauth_list(d->session, user.constData(), unsigned(user.size()));
    if (list)
        methods = QByteArray(list).split(',');
    return d->step(list || libssh2_userauth_authenticated(d->session) ? 0 : libssh2_session_last_errno(d->session));
}

SshStep SshLink::authenticatePassword(const QByteArray &user, const Secret &password)
{
    return d->prove([&] {
        return libssh2_userauth_password_ex(d->session, user.constData(), unsigned(user.size()),
                                            password.reveal().constData(), unsigned(password.reveal().size()), nullptr);
    });
}

SshStep SshLink::authenticateInteractive(const QByteArray &user, const Secret &password)
{
    d->answer = &password;
    const SshStep step = d->prove([&] {
        return libssh2_userauth_keyboard_interactive_ex(d->session, user.constData(), unsigned(user.size()),
                                                        &Private::prompted);
    });
    d->answer = nullptr;
    return step;
}

QString SshLink::unansweredPrompt() const
{
    return d->unanswered;
}

SshStep SshLink::authenticateSigned(const QByteArray &user, const QByteArray &publicKey,
                                    const std::function<QByteArray(const QByteArray &bytes)> &sign)
{
    void *context = const_cast<void *>(static_cast<const void *>(&sign));
    return d->prove([&] {
        return libssh2_userauth_publickey(d->session, user.constData(),
                                          reinterpret_cast<const unsigned char *>(publicKey.constData()),
                                          size_t(publicKey.size()), &Private::signedBy, &context);
    });
}

bool SshLink::passwordExpired() const
{
    return d->lastCode == LIBSSH2_ERROR_PASSWORD_EXPIRED;
}

bool SshLink::keyDoesNotOpen() const
{
    return d->keyDoesNotOpen;
}

bool SshLink::proofSent() const
{
    return d->proofSent;
}

bool SshLink::proofRefused() const
{
    return d->proofSent &&
           (d->lastCode == LIBSSH2_ERROR_AUTHENTICATION_FAILED || d->lastCode == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED);
}

bool SshLink::keyIsKnown() const
{
    // libssh2 has one code for a signature that is not enough, and for a goodbye in place of an answer.
    return d->lastCode == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED && !d->sentAway;
}

bool SshLink::sentAway() const
{
    return d->sentAway;
}

void SshLink::disconnect(bool hostKeyRefused)
{
    libssh2_session_disconnect_ex(
        d->session, hostKeyRefused ? SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE : SSH_DISCONNECT_BY_APPLICATION,
        hostKeyRefused ? "host key not pinned" : "done", "");
}

SshStep SshLink::openSession(SshChannel *&channel)
{
    channel = libssh2_channel_open_session(d->session);
    return d->step(channel ? 0 : libssh2_session_last_errno(d->session));
}

SshStep SshLink::openTcp(SshChannel *&channel, const QByteArray &address, int port)
{
    channel = libssh2_channel_direct_tcpip_ex(d->session, address.constData(), port, "127.0.0.1", 22);
    return d->step(channel ? 0 : libssh2_session_last_errno(d->session));
}

SshStep SshLink::exec(SshChannel *channel, const QByteArray &command)
{
    return d->step(libssh2_channel_process_startup(channel, "exec", 4, command.constData(), unsigned(command.size())));
}

qsizetype SshLink::write(SshChannel *channel, const char *bytes, qsizetype size)
{
    qsizetype written = 0;
    while (written < size && !full()) {
        const ssize_t taken = libssh2_channel_write_ex(channel, 0, bytes + written, size_t(size - written));
        if (taken == 0 || d->step(int(taken)) == SshStep::Again)
            break;
        if (taken < 0)
            return -1;
        written += taken;
    }
    return written;
}

SshStep SshLink::sendEof(SshChannel *channel)
{
    return d->step(libssh2_channel_send_eof(channel));
}

qsizetype SshLink::read(SshChannel *channel, int stream, QByteArray &into, qsizetype most)
{
    char bytes[64 * 1024];
    qsizetype all = 0;
    while (all < most) {
        const ssize_t got = libssh2_channel_read_ex(channel, stream == 0 ? 0 : SSH_EXTENDED_DATA_STDERR, bytes,
                                                    std::min(sizeof bytes, size_t(most - all)));
        if (got == 0 || d->step(int(got)) == SshStep::Again)
            break;
        if (got < 0)
            return -1;
        into.append(bytes, got);
        all += got;
    }
    return all;
}

bool SshLink::atEnd(SshChannel *channel)
{
    return libssh2_channel_eof(channel) == 1;
}

bool SshLink::closed(SshChannel *channel)
{
    // Waiting for the close without the end of data is a misuse in libssh2's eyes.
    return libssh2_channel_eof(channel) == 1 && d->step(libssh2_channel_wait_closed(channel)) == SshStep::Done;
}

int SshLink::exitStatus(SshChannel *channel)
{
    return libssh2_channel_get_exit_status(channel);
}

QByteArray SshLink::exitSignal(SshChannel *channel)
{
    char *name = nullptr;
    size_t size = 0;
    libssh2_channel_get_exit_signal(channel, &name, &size, nullptr, nullptr, nullptr, nullptr);
    const QByteArray signal(name, qsizetype(size));
    if (name)
        libssh2_free(d->session, name);
    return signal;
}

SshStep SshLink::release(SshChannel *channel)
{
    return d->step(libssh2_channel_free(channel));
}

void SshLink::keepAlive()
{
    int next = 0;
    d->step(libssh2_keepalive_send(d->session, &next));
}

} // namespace sixgate
