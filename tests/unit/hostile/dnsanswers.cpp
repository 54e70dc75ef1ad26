#include "hostile/dnsanswers.h"

#include <algorithm>
#include <sys/socket.h>
#include <unistd.h>

namespace hostile
{

namespace
{

QByteArray address(int number)
{
    return QByteArray("\x20\x01\x0d\xb8", 4) + QByteArray(10, '\0') + wire::number16(number);
}

} // namespace

const QByteArray asked("\xc0\x0c", 2);
const QByteArray soaData = wire::name("ns1.example.org") + wire::name("hostmaster.example.org") + wire::number32(1) +
                           wire::number32(3600) + wire::number32(600) + wire::number32(86400) + wire::number32(10);

QByteArray aaaa(const QByteArray &owner, int number, quint32 ttl)
{
    return wire::record(owner, wire::AAAA, address(number), ttl);
}

QByteArray numbered(int i)
{
    return wire::name(("n" + QByteArray::number(i) + ".example.org").constData());
}

QByteArray alias(const QByteArray &from, const QByteArray &to, quint32 ttl)
{
    return wire::record(from, wire::CNAME, to, ttl);
}

QByteArray pointer(int to)
{
    return QByteArray().append(char(0xc0 | to >> 8)).append(char(to));
}

std::vector<QByteArray> chain(int length, quint32 ttl)
{
    std::vector<QByteArray> all;
    for (int i = 0; i < length; ++i)
        all.push_back(alias(i == 0 ? asked : numbered(i), numbered(i + 1), ttl));
    all.push_back(aaaa(length == 0 ? asked : numbered(length), 1, 3600));
    return all;
}

std::vector<QByteArray> many(int count)
{
    std::vector<QByteArray> all;
    for (int i = 0; i < count; ++i)
        all.push_back(aaaa(asked, i + 1));
    return all;
}

QByteArray negative(const wire::Query &query, quint32 ttl)
{
    QByteArray out = wire::answer(query, {wire::record(asked, wire::SOA, soaData, ttl)});
    return out.replace(6, 4, QByteArray("\0\0\0\1", 4));
}

QByteArray truncated(const wire::Query &query)
{
    return wire::answer(query, {}, wire::authoritative | 0x0200);
}

std::vector<QByteArray> noise(const wire::Query &query)
{
    std::vector<QByteArray> all;
    for (int i = 0; i < 2000; ++i)
        all.push_back(wire::number16(i) + wire::answer(query, {aaaa(asked, 666)}).mid(2));
    std::erase_if(all, [&](const QByteArray &one) { return one.startsWith(query.id); });
    return all;
}

QByteArray otherQuestion(const wire::Query &query)
{
    wire::Query other = query;
    other.question.replace("cloud", "clown");
    return wire::answer(other, {aaaa(asked, 666)});
}

NameServerByTcp::NameServerByTcp() : m_server("127.0.0.1", 53, [this](int fd) { serve(fd); }) {}

void NameServerByTcp::set(NameServer::Answer answer, bool slowly)
{
    const std::lock_guard lock(m_mutex);
    m_answer = std::move(answer);
    m_slowly = slowly;
}

void NameServerByTcp::serve(int fd)
{
    char bytes[4096];
    const auto got = ::read(fd, bytes, sizeof bytes);
    NameServer::Answer answer;
    bool slowly = false;
    {
        const std::lock_guard lock(m_mutex);
        answer = m_answer;
        slowly = m_slowly;
    }
    if (!answer || got < 19)
        return;
    for (const QByteArray &one : answer(wire::Query(QByteArray(bytes + 2, got - 2)))) {
        const QByteArray framed = wire::number16(int(one.size())) + one;
        const qsizetype part = slowly ? 1 : framed.size();
        for (qsizetype at = 0; at < framed.size(); at += part) {
            if (::send(fd, framed.constData() + at, size_t(part), MSG_NOSIGNAL) <= 0)
                return;
            if (slowly)
                ::usleep(300'000);
        }
    }
}

} // namespace hostile
