#pragma once

#include "testserver.h"
#include "transport/httpconnection.h"

#include <QByteArray>
#include <QStringList>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace sixgate::test
{

/// One request as it must come, and what is answered.
struct Expected {
    QByteArray request; ///< "GET /path?query"
    QByteArray host;
    QStringList headers; ///< all but those that every request has, "Name: value", sorted
    QByteArray body;
    QByteArray answer; ///< whole
    bool close = false;
};

/// A provider of which nothing is forgiven: requests must come in the order of the script, each with just this method,
/// path, host, headers and body, over TLS with the host's name. Any number of connections, one after the other.
class Conformance
{
public:
    /// `hosts` are the names on its certificate; with `anyCase` the names of headers are compared in lower case.
    Conformance(const Identity &authority, const std::vector<QByteArray> &hosts, std::vector<Expected> script,
                bool anyCase = false);

    FindEndpoint find() const; ///< leads every host here
    int connections() const { return m_connections; }
    int requests() const { return m_requests; }
    /// What was wrong; empty where all came as it must.
    QString complaint() const;

private:
    void serve(SSL *ssl);
    bool answerOne(SSL *ssl, const QByteArray &head, QByteArray &rest);
    void complain(const QString &what);

    std::vector<Expected> m_script;
    const bool m_anyCase;
    mutable std::mutex m_mutex;
    size_t m_at = 0;
    QString m_complaint;
    std::atomic<int> m_connections = 0;
    std::atomic<int> m_requests = 0;
    Identity m_identity;
    std::unique_ptr<Server> m_server;
};

/// "HTTP/1.1 STATUS …" with a body by its length.
QByteArray httpAnswer(int status, const QStringList &headers, const QByteArray &body);

} // namespace sixgate::test
