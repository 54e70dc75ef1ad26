#pragma once

#include "wire.h"

#include <atomic>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace proxytest
{

/// Answers one request whose head was read; the connection is closed afterwards.
using Handler = std::function<void(Stream &stream, const Head &request)>;
/// Reads the body, answers with `status`, more header lines ("X: y\r\n") and a text.
Handler says(const QByteArray &text, const QByteArray &status = "200 OK", const QByteArray &lines = {});
/// Reads the body and answers with its length and SHA-256.
Handler digests();
QByteArray digestOf(qint64 size, const QByteArray &sha256);

/// The home server: TLS (of one version, where one is given) on an address of the machine, a thread a connection. It
/// notes what it is asked, then lets the test answer.
class Upstream
{
public:
    Upstream(const char *address, int port, const Identity &identity, Handler handler = says("hello"),
             int onlyVersion = 0);
    ~Upstream();

    std::vector<Head> requests() const; ///< so far
    int connections() const { return m_connections; }

private:
    void accept();
    void serve(int fd);

    const std::shared_ptr<SSL_CTX> m_context;
    const Handler m_handler;
    const int m_listener;
    std::atomic<int> m_connections{0};
    std::atomic<bool> m_ends{false};
    mutable std::mutex m_lock;
    std::vector<Head> m_requests; // guarded by m_lock, as are the two below
    std::vector<int> m_open;
    std::list<std::thread> m_serving;
    std::thread m_accepting;
};

/// A socket that listens and never takes a connection: `queue` of them wait there in silence, later ones are not even
/// answered.
class Silence
{
public:
    Silence(const char *address, int port, int queue = 0);
    ~Silence();

private:
    std::vector<int> m_sockets;
};

} // namespace proxytest
