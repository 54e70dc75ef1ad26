#pragma once

#include "certificates.h"

#include <QByteArray>
#include <QByteArrayList>

#include <openssl/ssl.h>

#include <functional>
#include <memory>

namespace proxytest
{

/// A TCP connection, with TLS or without, whose bytes the test has in its hand. Blocking; each wait ends after 20 s.
class Stream
{
public:
    Stream() = default;
    Stream(int fd, SSL *ssl);
    Stream(Stream &&other) noexcept { swap(other); }
    Stream &operator=(Stream &&other) noexcept
    {
        swap(other);
        return *this;
    }
    ~Stream();

    bool open() const { return m_fd >= 0; }
    int descriptor() const { return m_fd; }
    QByteArray protocol() const;                    ///< "TLSv1.3"; empty without TLS
    bool write(const QByteArray &bytes);            ///< all of it
    QByteArray readSome();                          ///< what comes next; empty at the end
    QByteArray readExactly(qsizetype size);         ///< less where the end comes first
    QByteArray readThrough(const QByteArray &mark); ///< with the mark; empty where the end comes first
    QByteArray readRest();                          ///< until the end

private:
    void swap(Stream &other) noexcept;
    bool fill();
    int m_fd = -1;
    SSL *m_ssl = nullptr;
    QByteArray m_buffer;
};

/// Where a visitor goes, and how.
struct Visit {
    QByteArray name = "cloud.example.org"; ///< SNI, and the name that the certificate must have
    QByteArray to;                         ///< default: the proxy's address of the visitor's family
    QByteArray from;                       ///< default: the IPv4 visitor
    int port = 443;
    bool tls = true;
    bool checked = true; ///< whether the certificate must be right
    int onlyVersion = 0; ///< e.g. TLS1_2_VERSION
};
/// Not open where the connection or the handshake fails.
Stream visit(const Visit &how = {});

/// A server's side of a handshake; not open where it fails.
Stream accepted(int fd, SSL_CTX *context);
std::shared_ptr<SSL_CTX> serverContext(const Identity &identity, int onlyVersion = 0);

/// The head of a request or an answer.
struct Head {
    QByteArray raw;   ///< with the empty line
    QByteArray first; ///< request line or status line

    bool there() const { return !raw.isEmpty(); }
    int status() const { return first.mid(9, 3).toInt(); }
    QByteArray target() const { return first.split(' ').value(1); }
    QByteArrayList values(const QByteArray &name) const; ///< one for each line
    QByteArray value(const QByteArray &name) const { return values(name).join(" | "); }
};
Head readHead(Stream &from);

/// Reads the body that a head announces, by length or chunks, or else until the end if `untilEnd`; false where it is
/// cut short.
bool readBody(Stream &from, const Head &head, bool untilEnd, const std::function<void(const QByteArray &)> &part);

struct Answer {
    Head head;
    QByteArray body;
    bool whole = false;

    int status() const { return head.status(); }
};
/// The next answer that is not 100; `forHead`: it has no body.
Answer readAnswer(Stream &from, bool forHead = false);

} // namespace proxytest
