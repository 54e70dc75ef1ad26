#include "wire.h"

#include "sandbox.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace proxytest
{

namespace
{

socklen_t addressOf(const QByteArray &text, int port, sockaddr_storage &out)
{
    out = {};
    auto *const v6 = reinterpret_cast<sockaddr_in6 *>(&out);
    if (inet_pton(AF_INET6, text.constData(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(uint16_t(port));
        return sizeof(sockaddr_in6);
    }
    auto *const v4 = reinterpret_cast<sockaddr_in *>(&out);
    if (inet_pton(AF_INET, text.constData(), &v4->sin_addr) != 1)
        qFatal("%s is no address", text.constData());
    v4->sin_family = AF_INET;
    v4->sin_port = htons(uint16_t(port));
    return sizeof(sockaddr_in);
}

void limitWaits(int fd)
{
    const timeval limit{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

} // namespace

Stream::Stream(int fd, SSL *ssl) : m_fd(fd), m_ssl(ssl)
{
    // OpenSSL writes without MSG_NOSIGNAL, and QTest catches this signal as a fatal one.
    std::signal(SIGPIPE, SIG_IGN);
}

Stream::~Stream()
{
    if (m_ssl) {
        SSL_shutdown(m_ssl);
        SSL_free(m_ssl);
    }
    if (m_fd >= 0)
        close(m_fd);
}

void Stream::swap(Stream &other) noexcept
{
    std::swap(m_fd, other.m_fd);
    std::swap(m_ssl, other.m_ssl);
    std::swap(m_buffer, other.m_buffer);
}

QByteArray Stream::protocol() const
{
    return m_ssl ? SSL_get_version(m_ssl) : "";
}

bool Stream::write(const QByteArray &bytes)
{
    for (qsizetype at = 0; at < bytes.size();) {
        const char *const from = bytes.constData() + at;
        const size_t size = size_t(bytes.size() - at);
        const ssize_t done = m_fd < 0 ? -1
                             : m_ssl  ? ssize_t(SSL_write(m_ssl, from, int(size)))
                                      : send(m_fd, from, size, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        at += done;
    }
    return true;
}

bool Stream::fill()
{
    char bytes[65536];
    const ssize_t got = m_fd < 0 ? -1
                        : m_ssl  ? ssize_t(SSL_read(m_ssl, bytes, sizeof bytes))
                                 : recv(m_fd, bytes, sizeof bytes, 0);
    if (got > 0)
        m_buffer.append(bytes, got);
    return got > 0;
}

QByteArray Stream::readSome()
{
    if (m_buffer.isEmpty())
        fill();
    return std::exchange(m_buffer, {});
}

QByteArray Stream::readExactly(qsizetype size)
{
    while (m_buffer.size() < size && fill()) {
    }
    const QByteArray part = m_buffer.left(size);
    m_buffer.remove(0, part.size());
    return part;
}

QByteArray Stream::readThrough(const QByteArray &mark)
{
    qsizetype at = -1;
    while ((at = m_buffer.indexOf(mark)) < 0) {
        if (!fill())
            return {};
    }
    return readExactly(at + mark.size());
}

QByteArray Stream::readRest()
{
    while (fill()) {
    }
    return std::exchange(m_buffer, {});
}

Stream visit(const Visit &how)
{
    const QByteArray from = how.from.isEmpty() ? QByteArray(visitorV4) : how.from;
    const QByteArray to = !how.to.isEmpty() ? how.to : QByteArray(from.contains(':') ? proxyV6 : proxyV4);
    sockaddr_storage source, target;
    const socklen_t sourceSize = addressOf(from, 0, source);
    const socklen_t targetSize = addressOf(to, how.port, target);
    const int fd = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limitWaits(fd);
    const bool connected = bind(fd, reinterpret_cast<sockaddr *>(&source), sourceSize) == 0 &&
                           connect(fd, reinterpret_cast<sockaddr *>(&target), targetSize) == 0;
    if (!connected || !how.tls) {
        Stream plain(fd, nullptr);
        return connected ? std::move(plain) : Stream();
    }
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.get(), how.onlyVersion);
    SSL_CTX_set_max_proto_version(context.get(), how.onlyVersion);
    if (how.checked) {
        SSL_CTX_load_verify_locations(context.get(), "/etc/ssl/certs/ca-certificates.crt", nullptr);
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    SSL *const ssl = SSL_new(context.get());
    if (!how.name.isEmpty()) {
        SSL_set_tlsext_host_name(ssl, how.name.constData());
        SSL_set1_host(ssl, how.name.constData());
    }
    SSL_set_fd(ssl, fd);
    Stream made(fd, ssl);
    return SSL_connect(ssl) == 1 ? std::move(made) : Stream();
}

std::shared_ptr<SSL_CTX> serverContext(const Identity &identity, int onlyVersion)
{
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.get(), onlyVersion);
    SSL_CTX_set_max_proto_version(context.get(), onlyVersion);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    for (const auto &one : identity.chain)
        SSL_CTX_add1_chain_cert(context.get(), one.get());
    return context;
}

Stream accepted(int fd, SSL_CTX *context)
{
    limitWaits(fd);
    SSL *const ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    Stream made(fd, ssl);
    return SSL_accept(ssl) == 1 ? std::move(made) : Stream();
}

QByteArrayList Head::values(const QByteArray &name) const
{
    QByteArrayList found;
    const auto lines = raw.split('\n');
    for (const QByteArray &line : lines.mid(1)) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0 && line.left(colon).compare(name, Qt::CaseInsensitive) == 0)
            found << line.mid(colon + 1).trimmed();
    }
    return found;
}

Head readHead(Stream &from)
{
    Head head;
    head.raw = from.readThrough("\r\n\r\n");
    head.first = head.raw.left(head.raw.indexOf("\r\n"));
    return head;
}

bool readBody(Stream &from, const Head &head, bool untilEnd, const std::function<void(const QByteArray &)> &part)
{
    const auto pass = [&](qsizetype left) {
        while (left > 0) {
            const QByteArray bytes = from.readExactly(std::min<qsizetype>(left, 65536));
            if (bytes.isEmpty())
                return false;
            part(bytes);
            left -= bytes.size();
        }
        return true;
    };
    if (head.value("transfer-encoding").toLower() == "chunked") {
        while (true) {
            bool hex = false;
            const auto size = from.readThrough("\r\n").split(';').first().trimmed().toLongLong(&hex, 16);
            if (!hex || !pass(size))
                return false;
            if (size == 0)
                return !from.readThrough("\r\n").isEmpty();
            if (from.readExactly(2) != "\r\n")
                return false;
        }
    }
    if (!head.value("content-length").isEmpty())
        return pass(head.value("content-length").toLongLong());
    if (untilEnd)
        part(from.readRest());
    return true;
}

Answer readAnswer(Stream &from, bool forHead)
{
    Answer answer;
    do {
        answer.head = readHead(from);
    } while (answer.status() == 100);
    const int status = answer.status();
    const bool hasBody = answer.head.there() && !forHead && status != 101 && status != 204 && status != 304;
    answer.whole =
        answer.head.there() &&
        (!hasBody || readBody(from, answer.head, true, [&](const QByteArray &bytes) { answer.body += bytes; }));
    return answer;
}

} // namespace proxytest
