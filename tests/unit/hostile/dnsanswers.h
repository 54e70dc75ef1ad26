#pragma once

#include "hostile/dnswire.h"
#include "transport_tls/testserver.h"

#include <mutex>

/// Records and answers that lie, for the name that was asked for.
namespace hostile
{

extern const QByteArray asked; ///< a pointer to the question's name
/// The data of a zone's SOA record.
extern const QByteArray soaData;

/// A pointer to a place in the message.
QByteArray pointer(int to);
/// nNUMBER.example.org
QByteArray numbered(int i);
/// 2001:db8::NUMBER, whose last 16 bits it is
QByteArray aaaa(const QByteArray &owner, int number, quint32 ttl = 60);
QByteArray alias(const QByteArray &from, const QByteArray &to, quint32 ttl = 60);
/// Aliases that lead from the name to the address of number 1.
std::vector<QByteArray> chain(int length, quint32 ttl = 60);
/// So many addresses.
std::vector<QByteArray> many(int count);

/// There is no such record: a SOA record as the authority.
QByteArray negative(const wire::Query &query, quint32 ttl);
QByteArray truncated(const wire::Query &query);
/// The answer to another question, with the address of number 666.
QByteArray otherQuestion(const wire::Query &query);
/// 2,000 answers with other ids.
std::vector<QByteArray> noise(const wire::Query &query);

/// Answers by TCP on 127.0.0.1, port 53: the length goes before each answer.
class NameServerByTcp
{
public:
    NameServerByTcp();
    /// `slowly`: a byte each 300 ms.
    void set(NameServer::Answer answer, bool slowly = false);

private:
    void serve(int fd);

    std::mutex m_mutex;
    NameServer::Answer m_answer;
    bool m_slowly = false;
    sixgate::test::Server m_server;
};

} // namespace hostile
