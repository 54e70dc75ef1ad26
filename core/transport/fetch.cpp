#include "transport/fetch.h"

#include "model/text.h"
#include "model/texts.h"
#include "transport/io.h"

namespace sixgate
{

namespace
{

constexpr qsizetype mostHead = 16 * 1024;

tl::unexpected<Error> strange(const QString &what, const QByteArray &shown = {})
{
    return fail(ErrorCode::Protocol, what, shownLine(shown));
}

/// -1 where it is none.
qint64 number(const QByteArray &text, int base)
{
    // toLongLong takes signs, spaces and 0x, too.
    for (const char c : text) {
        const bool digit = (c >= '0' && c <= '9') || (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
        if (!digit)
            return -1;
    }
    bool good = false;
    const qint64 value = text.size() <= 15 ? text.toLongLong(&good, base) : 0;
    return good ? value : -1;
}

class Reader
{
public:
    Reader(const ByteStream &stream, qsizetype mostBody, const Deadline &deadline, bool keep = false)
        : m_stream(stream), m_mostBody(mostBody), m_deadline(deadline), m_keep(keep)
    {
    }

    /// Anything came at all.
    bool begun() const { return m_begun; }

    Result<FetchedAnswer> read()
    {
        FetchedAnswer answer;
        do {
            answer = {};
            if (auto head = readHead(answer); !head)
                return passOn(head);
            if (answer.status == 101)
                return strange(Texts::tr("The answer is not HTTP."), "101 Switching Protocols");
        } while (answer.status < 200);
        if (answer.status == 204 || answer.status == 304) {
            answer.open = staysOpen(answer);
            return answer;
        }
        const auto coding = answer.headers.find("transfer-encoding");
        const auto length = answer.headers.find("content-length");
        auto done = coding != answer.headers.end()   ? readChunks(coding->second.toLower(), answer.body)
                    : length != answer.headers.end() ? readLength(length->second, answer.body)
                                                     : readToEnd(answer.body);
        if (!done)
            return passOn(done);
        const bool delimited = coding != answer.headers.end() || length != answer.headers.end();
        answer.open = delimited && staysOpen(answer);
        return answer;
    }

private:
    /// After the answer: nothing of another one is there, and the peer does not end it (RFC 9112 §9.3).
    bool staysOpen(const FetchedAnswer &answer) const
    {
        const auto connection = answer.headers.find("connection");
        const bool closes = connection != answer.headers.end() && connection->second.toLower().contains("close");
        return m_keep && m_persistent && !closes && m_bytes.isEmpty();
    }

    /// True where more bytes came, false at the end.
    Result<bool> more()
    {
        // A peer that always has one more byte would never let a wait reach its deadline.
        if (m_deadline.passed())
            return fail(ErrorCode::Timeout, Texts::tr("There was no answer in time."));
        const auto got = m_stream.read(4096);
        if (!got)
            return passOn(got);
        m_bytes += *got;
        m_begun = m_begun || !got->isEmpty();
        return !got->isEmpty();
    }

    Result<QByteArray> line(qsizetype most)
    {
        while (true) {
            const qsizetype end = m_bytes.indexOf('\n');
            if (end > most || (end < 0 && m_bytes.size() > most))
                return strange(Texts::tr("The answer's head is too long."));
            if (end >= 0) {
                QByteArray taken = m_bytes.left(end);
                m_bytes.remove(0, end + 1);
                if (taken.endsWith('\r'))
                    taken.chop(1);
                return taken;
            }
            const auto went = more();
            if (!went)
                return passOn(went);
            if (!*went)
                return strange(m_bytes.isEmpty() ? Texts::tr("The connection was closed without an answer.")
                                                 : Texts::tr("The answer ends too early."),
                               m_bytes);
        }
    }

    Outcome readHead(FetchedAnswer &answer)
    {
        qsizetype left = mostHead;
        const auto first = line(left);
        if (!first)
            return passOn(first);
        const qint64 status = number(first->mid(9, 3), 10);
        if (!first->startsWith("HTTP/1.") || status < 100 || status > 599)
            return strange(Texts::tr("The answer is not HTTP."), *first);
        answer.status = int(status);
        m_persistent = first->startsWith("HTTP/1.1");
        left -= first->size();
        while (true) {
            const auto one = line(left);
            if (!one)
                return passOn(one);
            if (one->isEmpty())
                return {};
            left -= one->size() + 1;
            const qsizetype colon = one->indexOf(':');
            if (colon < 1 || left <= 0)
                return strange(Texts::tr("The answer is not HTTP."), *one);
            answer.headers.emplace(one->left(colon).trimmed().toLower(), one->mid(colon + 1).trimmed());
        }
    }

    tl::unexpected<Error> tooLong() const
    {
        return strange(Texts::tr("The answer has more than %1 bytes.").arg(m_mostBody));
    }

    /// Moves `size` bytes to `body`.
    Outcome take(qint64 size, QByteArray &body)
    {
        if (size > m_mostBody - body.size())
            return tooLong();
        while (m_bytes.size() < size) {
            const auto went = more();
            if (!went)
                return passOn(went);
            if (!*went)
                return strange(Texts::tr("The answer ends too early."));
        }
        body += m_bytes.left(size);
        m_bytes.remove(0, size);
        return {};
    }

    Outcome readLength(const QByteArray &text, QByteArray &body)
    {
        const qint64 size = number(text, 10);
        if (size < 0)
            return strange(Texts::tr("The answer is not HTTP."), text);
        return take(size, body);
    }

    Outcome readChunks(const QByteArray &coding, QByteArray &body)
    {
        if (coding != "chunked")
            return strange(Texts::tr("The answer is encoded in a way that was not asked for."), coding);
        while (true) {
            const auto head = line(200);
            if (!head)
                return passOn(head);
            const qint64 size = number(head->split(';').first().trimmed(), 16);
            if (size < 0)
                return strange(Texts::tr("The answer is not HTTP."), *head);
            if (size == 0)
                return m_keep ? skipTrailers() : Outcome(); // they tell nothing that is wanted
            if (auto taken = take(size, body); !taken)
                return taken;
            const auto end = line(2);
            if (!end)
                return passOn(end);
            if (!end->isEmpty())
                return strange(Texts::tr("The answer is not HTTP."), *end);
        }
    }

    Outcome skipTrailers()
    {
        for (qsizetype left = mostHead; left > 0;) {
            const auto one = line(left);
            if (!one)
                return passOn(one);
            if (one->isEmpty())
                return {};
            left -= one->size() + 1;
        }
        return strange(Texts::tr("The answer's head is too long."));
    }

    Outcome readToEnd(QByteArray &body)
    {
        while (m_bytes.size() <= m_mostBody) {
            const auto went = more();
            if (!went)
                return passOn(went);
            if (!*went) {
                body = m_bytes;
                return {};
            }
        }
        return tooLong();
    }

    const ByteStream &m_stream;
    const qsizetype m_mostBody;
    const Deadline m_deadline;
    const bool m_keep;
    bool m_begun = false;
    bool m_persistent = false;
    QByteArray m_bytes;
};

} // namespace

ByteStream overTcp(const Fd &socket, const Deadline &deadline, std::stop_token stop)
{
    const int fd = socket.get();
    return {[=](const QByteArray &bytes) { return writeAll(fd, bytes, deadline, stop); },
            [=](qsizetype most) { return readSome(fd, most, deadline, stop); }};
}

ByteStream overTls(TlsStream &stream, const Deadline &deadline, std::stop_token stop)
{
    return {[=, &stream](const QByteArray &bytes) { return stream.write(bytes, deadline, stop); },
            [=, &stream](qsizetype most) { return stream.read(most, deadline, stop); }};
}

Result<FetchedAnswer> exchange(const ByteStream &stream, const QByteArray &request, qsizetype mostBody,
                               const Deadline &deadline)
{
    if (auto sent = stream.write(request); !sent)
        return passOn(sent);
    return Reader(stream, mostBody, deadline).read();
}

Result<FetchedAnswer> exchangeKept(const ByteStream &stream, const QByteArray &request, qsizetype mostBody,
                                   const Deadline &deadline, bool &begun)
{
    begun = false;
    if (auto sent = stream.write(request); !sent)
        return passOn(sent);
    Reader reader(stream, mostBody, deadline, true);
    auto answer = reader.read();
    begun = reader.begun();
    return answer;
}

} // namespace sixgate
