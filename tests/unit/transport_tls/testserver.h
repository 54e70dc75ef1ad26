#pragma once

#include "model/ipaddress.h"
#include "model/port.h"
#include "transport/fd.h"

#include <QByteArray>
#include <QString>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sixgate::test
{

/// A certificate and its key.
struct Identity {
    std::shared_ptr<X509> certificate;
    std::shared_ptr<EVP_PKEY> key;
    QByteArray pem() const;
    QByteArray der() const;
};

struct Wish {
    std::vector<const char *> names; ///< subjectAltName; none: no such extension
    const char *commonName = "test";
    long notBefore = -3600; ///< seconds from now
    long notAfter = 86400;
    bool authority = false;
};

/// Signed by `issuer`; self-signed where that is nullptr.
Identity makeIdentity(const Wish &wish, const Identity *issuer = nullptr);

/// Makes the authority the only trusted one of this process. Before the first handshake.
void trustOnly(const Identity &authority, const QString &folder);

/// A server on a free port; a thread for each connection. Ends its threads when it goes.
class Server
{
public:
    using Raw = std::function<void(int fd)>;
    using Session = std::function<void(SSL *ssl)>;

    /// Plain TCP.
    Server(const char *address, std::uint16_t port, Raw session);
    ~Server();
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    IpAddress address() const;
    Port port() const;

private:
    void accepting();

    QString m_address;
    Fd m_listener;
    Raw m_session;
    std::mutex m_mutex;
    std::vector<int> m_open;
    std::vector<std::thread> m_threads;
    std::thread m_acceptor;
};

/// Makes the session of a TLS server: shows `shown`, and the certificates of `chain` after it.
Server::Raw tlsSession(const Identity &shown, const std::vector<Identity> &chain, Server::Session session,
                       int highest = 0);

/// Reads until the empty line that ends a request's head; empty at end of stream.
QByteArray readRequest(SSL *ssl);
void writeAll(SSL *ssl, const QByteArray &bytes);

} // namespace sixgate::test
