// TLS over memory buffers: OpenSSL never touches the socket, so that each wait has its deadline and its stop, and a
// write to a closed connection is an error rather than SIGPIPE.

#include "transport/tls.h"

#include "model/texts.h"
#include "transport/io.h"
#include "transport/x509.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <mutex>

namespace sixgate
{

namespace
{

constexpr qsizetype blockSize = 16 * 1024;

struct FreeContext {
    void operator()(SSL_CTX *context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
    void operator()(SSL *ssl) const { SSL_free(ssl); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, FreeContext>;
using SslPointer = std::unique_ptr<SSL, FreeSsl>;

ContextPointer newContext()
{
    ContextPointer context(SSL_CTX_new(TLS_client_method()));
    if (!context)
        return nullptr;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // Judged after the handshake: a bad chain is an observation, not the end.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_default_verify_paths(context.get());
    // Many servers close without close_notify; what was read is complete by HTTP's own rules or is not.
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    static const unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof(protocols) - 1);
    return context;
}

// A context reads the whole trust store, which takes longer than a handshake: shared, and made anew each minute so that
// a changed store is seen.
SslPointer newConnection()
{
    static std::mutex mutex;
    static ContextPointer shared;
    static Deadline fresh = Deadline::after(std::chrono::milliseconds(0));
    const std::lock_guard lock(mutex);
    if (!shared || fresh.passed()) {
        shared = newContext();
        fresh = Deadline::after(std::chrono::minutes(1));
    }
    return SslPointer(shared ? SSL_new(shared.get()) : nullptr);
}

bool carriesName(X509 *certificate, const Hostname &name)
{
    const QByteArray ascii = name.ascii().toLatin1();
    // As browsers do: subjectAltName alone counts, and "*" stands for a whole label.
    constexpr unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    return X509_check_host(certificate, ascii.constData(), size_t(ascii.size()), flags, nullptr) == 1;
}

void judgeChain(SSL *ssl, X509 *leaf, const Hostname &name, TlsSeen &seen)
{
    const long verdict = SSL_get_verify_result(ssl);
    const bool named = carriesName(leaf, name);
    seen.chainValid = verdict == X509_V_OK && named;
    if (seen.chainValid)
        return;
    seen.chainError = verdict == X509_V_OK ? QStringLiteral("hostname mismatch")
                                           : QString::fromLatin1(X509_verify_cert_error_string(verdict));
    const STACK_OF(X509) *shown = SSL_get_peer_cert_chain(ssl);
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        seen.fault = ChainFault::Expired;
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        seen.fault = ChainFault::NotYetValid;
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        seen.fault = ChainFault::SelfSigned;
        break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        seen.fault = ChainFault::Untrusted;
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        // With the leaf alone nobody can tell whether its issuer is missing or unknown.
        seen.fault = sk_X509_num(shown) > 1 ? ChainFault::Untrusted : ChainFault::Incomplete;
        break;
    default:
        seen.fault = ChainFault::Other;
    }
    // A stranger's certificate is told by its name first, whatever else is wrong with it. A self-signed one often
    // carries no name at all.
    if (!named && !seen.certificate.selfSigned)
        seen.fault = ChainFault::WrongName;
}

tl::unexpected<Error> handshakeFailed(const QString &words, const Hostname &name)
{
    if (words.contains(QLatin1String("protocol version")) || words.contains(QLatin1String("unsupported protocol")))
        return fail(ErrorCode::Protocol, Texts::tr("The server does not offer TLS 1.2 or newer."), words,
                    Texts::tr("Allow TLS 1.2 and 1.3 in the server's configuration."));
    if (words.contains(QLatin1String("wrong version number")) || words.contains(QLatin1String("http request")) ||
        words.contains(QLatin1String("packet length too long")))
        return fail(ErrorCode::Protocol, Texts::tr("The server does not speak TLS on this port."), words,
                    Texts::tr("Let the server speak HTTPS here, or correct the service's port."));
    if (words.contains(QLatin1String("unrecognized name")))
        return fail(ErrorCode::Protocol, Texts::tr("The server knows no site named %1.").arg(name.ascii()), words,
                    Texts::tr("Let the server answer for %1.").arg(name.ascii()));
    return fail(ErrorCode::Protocol, Texts::tr("The TLS handshake failed."), words,
                Texts::tr("Look into the server's log for the reason."));
}

} // namespace

class TlsStream::Private
{
public:
    Private(Fd connected, SslPointer connection) : socket(std::move(connected)), ssl(std::move(connection))
    {
        fromPeer = BIO_new(BIO_s_mem());
        toPeer = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl.get(), fromPeer, toPeer);
    }

    // Calls `step` (SSL_connect, SSL_read, SSL_write) until it is done; moves the bytes that it wants moved. Zero: the
    // peer ended the connection. A refusal of OpenSSL itself is in `words`.
    template <class Step>
    Result<int> run(Step step, const Deadline &deadline, std::stop_token stop)
    {
        while (true) {
            ERR_clear_error();
            words.clear();
            // A peer that always has one more byte would never let a wait reach its deadline.
            if (deadline.passed())
                return fail(ErrorCode::Timeout, Texts::tr("There was no answer in time."));
            const int done = step();
            const int state = SSL_get_error(ssl.get(), done);
            if (done <= 0 && state == SSL_ERROR_SSL)
                words = opensslError();
            const auto sent = flush(deadline, stop);
            if (done > 0)
                return sent ? Result<int>(done) : passOn(sent);
            // The reason of a refusal is worth more than that its alert could not be delivered.
            if (state == SSL_ERROR_SSL)
                return fail(ErrorCode::Protocol, Texts::tr("The TLS connection failed."), words,
                            Texts::tr("Look into the server's log for the reason."));
            if (!sent)
                return passOn(sent);
            if (state == SSL_ERROR_ZERO_RETURN || (state == SSL_ERROR_SYSCALL && ended))
                return 0;
            if (state != SSL_ERROR_WANT_READ || ended)
                return fail(ErrorCode::Protocol, Texts::tr("The TLS connection failed."),
                            QStringLiteral("SSL_get_error: %1").arg(state),
                            Texts::tr("Look into the server's log for the reason."));
            const auto got = readSome(socket.get(), blockSize, deadline, stop);
            if (!got)
                return passOn(got);
            ended = got->isEmpty();
            if (ended)
                BIO_set_mem_eof_return(fromPeer, 0);
            else
                BIO_write(fromPeer, got->constData(), int(got->size()));
        }
    }

    Fd socket;
    SslPointer ssl;
    TlsSeen *seen() { return m_seen.get(); }
    void setSeen(TlsSeen value) { m_seen = std::make_unique<TlsSeen>(std::move(value)); }
    QString words;
    bool ended = false;

private:
    Outcome flush(const Deadline &deadline, std::stop_token stop)
    {
        char *data = nullptr;
        const long size = BIO_get_mem_data(toPeer, &data);
        if (size <= 0)
            return {};
        const QByteArray bytes(data, qsizetype(size));
        BIO_reset(toPeer);
        return writeAll(socket.get(), bytes, deadline, stop);
    }

    BIO *fromPeer = nullptr; // both owned by ssl
    BIO *toPeer = nullptr;
    std::unique_ptr<TlsSeen> m_seen;
};

TlsStream::TlsStream(std::unique_ptr<Private> data) : d(std::move(data)) {}
TlsStream::TlsStream(TlsStream &&) noexcept = default;
TlsStream &TlsStream::operator=(TlsStream &&) noexcept = default;
TlsStream::~TlsStream() = default;

const TlsSeen &TlsStream::seen() const
{
    return *d->seen();
}

Result<TlsStream> TlsStream::handshake(Fd socket, const Hostname &serverName, const Deadline &deadline,
                                       std::stop_token stop)
{
    const auto start = Deadline::Clock::now();
    ERR_clear_error();
    SslPointer connection = newConnection();
    const QByteArray name = serverName.ascii().toLatin1();
    if (!connection || SSL_set_tlsext_host_name(connection.get(), name.constData()) != 1)
        return fail(ErrorCode::Internal, Texts::tr("TLS could not be set up on this machine."), opensslError(),
                    Texts::tr("See whether /etc/ssl/openssl.cnf and the package ca-certificates are in order."));
    auto d = std::make_unique<Private>(std::move(socket), std::move(connection));
    SSL *ssl = d->ssl.get();
    const auto done = d->run([ssl] { return SSL_connect(ssl); }, deadline, stop);
    if (!done) {
        if (!d->words.isEmpty())
            return handshakeFailed(d->words, serverName);
        if (done.error().code == ErrorCode::Timeout)
            return fail(ErrorCode::Timeout, Texts::tr("The server did not end the TLS handshake in time."),
                        done.error().detail,
                        Texts::tr("See whether the server is overloaded; where small packets pass and large ones "
                                  "do not, a router on the way drops ICMPv6 \"packet too big\"."));
        return passOn(done);
    }
    if (*done == 0)
        return fail(ErrorCode::Network, Texts::tr("The server closed the connection during the TLS handshake."), {},
                    Texts::tr("Look into the server's log for the reason."));
    const X509Pointer leaf(SSL_get1_peer_certificate(ssl));
    if (!leaf)
        return fail(ErrorCode::Protocol, Texts::tr("The server showed no certificate."), {},
                    Texts::tr("Let the server use a certificate."));
    auto certificate = certificateSeen(leaf.get());
    if (!certificate)
        return passOn(certificate);
    TlsSeen seen{std::move(*certificate)};
    seen.protocol = QString::fromLatin1(SSL_get_version(ssl));
    judgeChain(ssl, leaf.get(), serverName, seen);
    seen.handshake = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
    d->setSeen(std::move(seen));
    return TlsStream(std::move(d));
}

Outcome TlsStream::write(const QByteArray &bytes, const Deadline &deadline, std::stop_token stop)
{
    SSL *ssl = d->ssl.get();
    for (qsizetype at = 0; at < bytes.size();) {
        const int size = int(std::min(blockSize, bytes.size() - at));
        const auto written = d->run([&] { return SSL_write(ssl, bytes.constData() + at, size); }, deadline, stop);
        if (!written)
            return passOn(written);
        if (*written == 0)
            return fail(ErrorCode::Network, Texts::tr("The server closed the connection."), {},
                        Texts::tr("Look into the server's log for the reason."));
        at += *written;
    }
    return {};
}

Result<QByteArray> TlsStream::read(qsizetype most, const Deadline &deadline, std::stop_token stop)
{
    SSL *ssl = d->ssl.get();
    QByteArray bytes(std::clamp(most, qsizetype(1), blockSize), Qt::Uninitialized);
    const auto got = d->run([&] { return SSL_read(ssl, bytes.data(), int(bytes.size())); }, deadline, stop);
    if (!got)
        return passOn(got);
    bytes.truncate(*got);
    return bytes;
}

Result<QByteArray> clientHello(const Hostname &serverName)
{
    const SslPointer ssl = newConnection();
    const QByteArray name = serverName.ascii().toLatin1();
    if (!ssl || SSL_set_tlsext_host_name(ssl.get(), name.constData()) != 1)
        return fail(ErrorCode::Internal, Texts::tr("TLS could not be set up on this machine."), opensslError());
    BIO *toPeer = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), toPeer);
    SSL_connect(ssl.get());
    char *data = nullptr;
    const long size = BIO_get_mem_data(toPeer, &data);
    ERR_clear_error();
    return QByteArray(data, qsizetype(std::max(size, 0L)));
}

} // namespace sixgate
