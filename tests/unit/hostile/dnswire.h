#pragma once

#include <QByteArray>

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hostile
{

/// DNS messages, byte by byte: also those that no library would build.
namespace wire
{

QByteArray number16(int number);
QByteArray number32(quint32 number);
/// Labels of any bytes, each cut to 63.
QByteArray name(const std::vector<QByteArray> &labels);
/// A name in presentation form without escapes.
QByteArray name(const char *dotted);
/// TXT data: one string, cut to 255 bytes.
QByteArray text(const QByteArray &bytes);
QByteArray record(const QByteArray &owner, int type, const QByteArray &data, quint32 ttl = 60, int cls = 1);

enum Type { A = 1, NS = 2, CNAME = 5, SOA = 6, TXT = 16, AAAA = 28, OPT = 41 };

/// The question section of a query, its id in front.
struct Query {
    QByteArray id;
    QByteArray question;
    int type = 0;
    explicit Query(const QByteArray &message);
};

/// Flags of an answer with authority, NOERROR.
constexpr int authoritative = 0x8400;
QByteArray answer(const Query &query, const std::vector<QByteArray> &records, int flags = authoritative);

} // namespace wire

/// Answers by UDP on 127.0.0.1, port 53, whatever it is told to.
class NameServer
{
public:
    using Answer = std::function<std::vector<QByteArray>(const wire::Query &query)>;

    NameServer();
    ~NameServer();
    void set(Answer answer);

private:
    void serve();

    int m_socket = -1;
    std::mutex m_mutex;
    Answer m_answer;
    std::thread m_thread;
};

} // namespace hostile
