#include "upstream.h"

#include <QCryptographicHash>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace proxytest
{

namespace
{

sockaddr_in6 endpoint(const char *address, int port)
{
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_port = htons(uint16_t(port));
    if (inet_pton(AF_INET6, address, &at.sin6_addr) != 1)
        qFatal("%s is no IPv6 address", address);
    return at;
}

int listening(const char *address, int port, int queue)
{
    const sockaddr_in6 at = endpoint(address, port);
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0 || listen(fd, queue) != 0)
        qFatal("cannot listen on %s, port %d", address, port);
    return fd;
}

} // namespace

Upstream::Upstream(const char *address, int port, const Identity &identity, Handler handler, int onlyVersion)
    : m_context(serverContext(identity, onlyVersion)), m_handler(std::move(handler)),
      m_listener(listening(address, port, 64)), m_accepting([this] { accept(); })
{
}

Upstream::~Upstream()
{
    m_ends = true;
    m_accepting.join();
    close(m_listener);
    {
        const std::lock_guard guard(m_lock);
        for (const int fd : m_open)
            shutdown(fd, SHUT_RDWR);
    }
    for (std::thread &one : m_serving)
        one.join();
}

void Upstream::accept()
{
    while (!m_ends) {
        pollfd waiting{m_listener, POLLIN, 0};
        if (poll(&waiting, 1, 20) <= 0)
            continue;
        const int fd = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        ++m_connections;
        const std::lock_guard guard(m_lock);
        m_open.push_back(fd);
        m_serving.emplace_back([this, fd] { serve(fd); });
    }
}

void Upstream::serve(int fd)
{
    Stream stream = accepted(dup(fd), m_context.get());
    const Head head = stream.open() ? readHead(stream) : Head();
    if (head.there()) {
        {
            const std::lock_guard guard(m_lock);
            m_requests.push_back(head);
        }
        m_handler(stream, head);
    }
    stream = Stream();
    const std::lock_guard guard(m_lock);
    std::erase(m_open, fd);
    close(fd);
}

std::vector<Head> Upstream::requests() const
{
    const std::lock_guard guard(m_lock);
    return m_requests;
}

Handler says(const QByteArray &text, const QByteArray &status, const QByteArray &lines)
{
    return [=](Stream &stream, const Head &request) {
        readBody(stream, request, false, [](const QByteArray &) {});
        stream.write("HTTP/1.1 " + status + "\r\n" + lines + "Content-Length: " + QByteArray::number(text.size()) +
                     "\r\n\r\n" + text);
    };
}

QByteArray digestOf(qint64 size, const QByteArray &sha256)
{
    return QByteArray::number(size) + ' ' + sha256.toHex();
}

Handler digests()
{
    return [](Stream &stream, const Head &request) {
        qint64 size = 0;
        QCryptographicHash hash(QCryptographicHash::Sha256);
        const bool whole = readBody(stream, request, false, [&](const QByteArray &bytes) {
            size += bytes.size();
            hash.addData(bytes);
        });
        const QByteArray text = whole ? digestOf(size, hash.result()) : QByteArray("cut short");
        stream.write("HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(text.size()) + "\r\n\r\n" + text);
    };
}

Silence::Silence(const char *address, int port, int queue)
{
    m_sockets.push_back(listening(address, port, queue));
    const sockaddr_in6 at = endpoint(address, port);
    // A queue of no length takes one all the same.
    for (int i = 0; queue == 0 && i < 4; ++i) {
        const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at);
        m_sockets.push_back(fd);
    }
}

Silence::~Silence()
{
    for (const int fd : m_sockets)
        close(fd);
}

} // namespace proxytest
