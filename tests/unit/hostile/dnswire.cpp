#include "hostile/dnswire.h"

#include <QList>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hostile
{

namespace wire
{

QByteArray number16(int number)
{
    return QByteArray().append(char(number >> 8)).append(char(number));
}

QByteArray number32(quint32 number)
{
    return number16(int(number >> 16)) + number16(int(number & 0xffff));
}

QByteArray name(const std::vector<QByteArray> &labels)
{
    QByteArray out;
    for (const QByteArray &label : labels)
        out += char(std::min<qsizetype>(label.size(), 63)) + label.left(63);
    return out + '\0';
}

QByteArray name(const char *dotted)
{
    const auto labels = QByteArray(dotted).split('.');
    return name(std::vector<QByteArray>(labels.begin(), labels.end()));
}

QByteArray text(const QByteArray &bytes)
{
    return char(std::min<qsizetype>(bytes.size(), 255)) + bytes.left(255);
}

QByteArray record(const QByteArray &owner, int type, const QByteArray &data, quint32 ttl, int cls)
{
    return owner + number16(type) + number16(cls) + number32(ttl) + number16(int(data.size())) + data;
}

Query::Query(const QByteArray &message) : id(message.left(2))
{
    qsizetype at = 12;
    while (at < message.size() && message[at] != 0)
        at += 1 + uchar(message[at]);
    question = message.mid(12, at + 5 - 12);
    if (question.size() >= 4)
        type = uchar(question[question.size() - 4]) << 8 | uchar(question[question.size() - 3]);
}

QByteArray answer(const Query &query, const std::vector<QByteArray> &records, int flags)
{
    QByteArray out = query.id + number16(flags) + number16(1) + number16(int(records.size())) + number16(0) +
                     number16(0) + query.question;
    for (const QByteArray &one : records)
        out += one;
    return out;
}

} // namespace wire

NameServer::NameServer() : m_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(m_socket, reinterpret_cast<sockaddr *>(&at), sizeof at) != 0)
        qFatal("no name server on port 53");
    m_thread = std::thread([this] { serve(); });
}

NameServer::~NameServer()
{
    ::shutdown(m_socket, SHUT_RDWR);
    m_thread.join();
    ::close(m_socket);
}

void NameServer::set(Answer answer)
{
    const std::lock_guard lock(m_mutex);
    m_answer = std::move(answer);
}

void NameServer::serve()
{
    while (true) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        QByteArray message(65535, Qt::Uninitialized);
        const auto got = ::recvfrom(m_socket, message.data(), 65535, 0, reinterpret_cast<sockaddr *>(&from), &size);
        if (got <= 0)
            return;
        message.truncate(got);
        const std::lock_guard lock(m_mutex);
        if (!m_answer || message.size() < 17)
            continue;
        for (const QByteArray &one : m_answer(wire::Query(message)))
            ::sendto(m_socket, one.constData(), size_t(one.size()), 0, reinterpret_cast<sockaddr *>(&from), size);
    }
}

} // namespace hostile
