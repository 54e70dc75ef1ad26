#include "testserver.h"

#include <QFile>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace sixgate::test
{

namespace
{

void addExtension(X509 *certificate, X509 *issuer, int nid, const QByteArray &value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.constData());
    if (!extension)
        qFatal("no extension %s", value.constData());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// Takes the first protocol that is offered.
int takeFirst(SSL *, const unsigned char **out, unsigned char *size, const unsigned char *in, unsigned, void *)
{
    *size = in[0];
    *out = in + 1;
    return SSL_TLSEXT_ERR_OK;
}

} // namespace

QByteArray Identity::pem() const
{
    BIO *memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate.get());
    char *data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    QByteArray text(data, qsizetype(size));
    BIO_free(memory);
    return text;
}

QByteArray Identity::der() const
{
    unsigned char *bytes = nullptr;
    const int size = i2d_X509(certificate.get(), &bytes);
    QByteArray out(reinterpret_cast<const char *>(bytes), size);
    OPENSSL_free(bytes);
    return out;
}

Identity makeIdentity(const Wish &wish, const Identity *issuer)
{
    Identity made{{X509_new(), X509_free}, {EVP_EC_gen("P-256"), EVP_PKEY_free}};
    X509 *certificate = made.certificate.get();
    X509_set_version(certificate, 2);
    std::uint64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char *>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wish.notBefore);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wish.notAfter);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(wish.commonName), -1, -1, 0);
    X509 *above = issuer ? issuer->certificate.get() : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(above));
    X509_set_pubkey(certificate, made.key.get());
    addExtension(certificate, above, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
    addExtension(certificate, above, NID_subject_key_identifier, "hash");
    if (!wish.names.empty()) {
        QByteArray names;
        for (const char *name : wish.names)
            names += QByteArray(names.isEmpty() ? "" : ",") + "DNS:" + name;
        addExtension(certificate, above, NID_subject_alt_name, names);
    }
    if (X509_sign(certificate, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()) == 0)
        qFatal("the certificate could not be signed");
    return made;
}

void trustOnly(const Identity &authority, const QString &folder)
{
    const QString path = folder + QStringLiteral("/trusted.pem");
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(authority.pem()) <= 0)
        qFatal("the trust store could not be written");
    qputenv("SSL_CERT_FILE", path.toUtf8());
    qputenv("SSL_CERT_DIR", (folder + QStringLiteral("/none")).toUtf8());
}

Server::Server(const char *address, std::uint16_t port, Raw session)
    : m_address(QString::fromLatin1(address)), m_session(std::move(session))
{
    const bool six = m_address.contains(QLatin1Char(':'));
    m_listener = Fd(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(m_listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage storage{};
    socklen_t length = 0;
    if (six) {
        auto *to = reinterpret_cast<sockaddr_in6 *>(&storage);
        to->sin6_family = AF_INET6;
        to->sin6_port = htons(port);
        inet_pton(AF_INET6, address, &to->sin6_addr);
        length = sizeof *to;
    } else {
        auto *to = reinterpret_cast<sockaddr_in *>(&storage);
        to->sin_family = AF_INET;
        to->sin_port = htons(port);
        inet_pton(AF_INET, address, &to->sin_addr);
        length = sizeof *to;
    }
    // A new address is tentative for a moment.
    int bound = -1;
    for (int i = 0; i < 200 && bound != 0; ++i) {
        bound = ::bind(m_listener.get(), reinterpret_cast<sockaddr *>(&storage), length);
        if (bound != 0 && errno != EADDRNOTAVAIL)
            break;
        if (bound != 0)
            usleep(10'000);
    }
    if (bound != 0 || ::listen(m_listener.get(), 64) != 0)
        qFatal("no server on %s port %d: %s", address, int(port), strerror(errno));
    m_acceptor = std::thread([this] { accepting(); });
}

Server::~Server()
{
    ::shutdown(m_listener.get(), SHUT_RDWR);
    m_acceptor.join();
    {
        const std::lock_guard lock(m_mutex);
        for (const int fd : m_open)
            ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread &thread : m_threads)
        thread.join();
}

void Server::accepting()
{
    // OpenSSL's own sockets raise it, and only these threads may ignore it: the client under test must not need that.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (true) {
        const int fd = ::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            return;
        // As real servers do; else each answer after a handshake would wait 40 ms for an acknowledgement.
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::lock_guard lock(m_mutex);
        m_open.push_back(fd);
        m_threads.emplace_back([this, fd] {
            m_session(fd);
            const std::lock_guard closing(m_mutex);
            std::erase(m_open, fd);
            ::close(fd);
        });
    }
}

IpAddress Server::address() const
{
    return *parseIpAddress(m_address);
}

Port Server::port() const
{
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    getsockname(m_listener.get(), reinterpret_cast<sockaddr *>(&storage), &length);
    const std::uint16_t port = storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 *>(&storage)->sin6_port
                                                             : reinterpret_cast<sockaddr_in *>(&storage)->sin_port;
    return *Port::fromNumber(ntohs(port));
}

Server::Raw tlsSession(const Identity &shown, const std::vector<Identity> &chain, Server::Session session, int highest)
{
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    // Level 0 lets it speak what is refused today.
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_alpn_select_cb(context.get(), takeFirst, nullptr);
    if (highest)
        SSL_CTX_set_max_proto_version(context.get(), highest);
    SSL_CTX_use_certificate(context.get(), shown.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), shown.key.get());
    for (const Identity &above : chain)
        SSL_CTX_add1_chain_cert(context.get(), above.certificate.get());
    SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
    return [context, session = std::move(session)](int fd) {
        SSL *ssl = SSL_new(context.get());
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            session(ssl);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
    };
}

QByteArray readRequest(SSL *ssl)
{
    QByteArray bytes;
    while (!bytes.contains("\r\n\r\n")) {
        char buffer[4096];
        const int got = SSL_read(ssl, buffer, sizeof buffer);
        if (got <= 0)
            return {};
        bytes.append(buffer, got);
    }
    return bytes;
}

void writeAll(SSL *ssl, const QByteArray &bytes)
{
    for (qsizetype at = 0; at < bytes.size();) {
        const int done = SSL_write(ssl, bytes.constData() + at, int(std::min<qsizetype>(16384, bytes.size() - at)));
        if (done <= 0)
            return;
        at += done;
    }
}

} // namespace sixgate::test
