// The head of an HTTP/1.1 answer, and nothing more of it (RFC 9110, RFC 9112).

#include "model/text.h"
#include "model/texts.h"
#include "transport/tls.h"

#include <optional>

namespace sixgate
{

namespace
{

constexpr qsizetype mostHead = 64 * 1024;
constexpr qsizetype mostBody = 4 * 1024;
constexpr std::chrono::milliseconds mostForBody{300};

tl::unexpected<Error> strange(const QByteArray &line)
{
    return fail(ErrorCode::Protocol, Texts::tr("The server's answer is not HTTP."), shownLine(line),
                Texts::tr("See what program answers on this port."));
}

bool isToken(const QByteArray &text)
{
    static const QByteArray others = "!#$%&'*+-.^_`|~";
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !others.contains(c))
            return false;
    }
    return !text.isEmpty();
}

// `HTTP/1.1 200 OK`; the reason may be absent.
std::optional<int> statusOf(const QByteArray &line)
{
    if (!line.startsWith("HTTP/1.") || line.size() < 12 || line[7] < '0' || line[7] > '9' || line[8] != ' ' ||
        (line.size() > 12 && line[12] != ' '))
        return std::nullopt;
    int status = 0;
    for (int i = 9; i < 12; ++i) {
        if (line[i] < '0' || line[i] > '9')
            return std::nullopt;
        status = status * 10 + (line[i] - '0');
    }
    return status >= 100 && status <= 599 ? std::optional<int>(status) : std::nullopt;
}

// Takes lines out of the stream, within the limit for all of them.
class Lines
{
public:
    Lines(TlsStream &stream, const Deadline &deadline, std::stop_token stop)
        : m_stream(stream), m_deadline(deadline), m_stop(std::move(stop))
    {
    }

    // Without its end, which is CRLF or a lone LF.
    Result<QByteArray> next()
    {
        while (true) {
            const qsizetype end = m_bytes.indexOf('\n', m_searched);
            if (end >= 0) {
                QByteArray line = m_bytes.mid(m_at, end - m_at);
                if (line.endsWith('\r'))
                    line.chop(1);
                m_at = end + 1;
                m_searched = m_at;
                return line;
            }
            m_searched = m_bytes.size();
            // Something else than HTTP may never end its line.
            static const QByteArray start = "HTTP/1.";
            if (m_at == 0 && !start.startsWith(m_bytes.left(start.size())))
                return strange(m_bytes);
            if (m_bytes.size() >= mostHead)
                return fail(ErrorCode::Protocol, Texts::tr("The head of the server's answer is too long."),
                            Texts::tr("More than %1 bytes.").arg(mostHead),
                            Texts::tr("See what program answers on this port."));
            const auto got = m_stream.read(mostHead - m_bytes.size(), m_deadline, m_stop);
            if (!got)
                return passOn(got);
            if (got->isEmpty() && m_bytes.isEmpty())
                return fail(ErrorCode::Network, Texts::tr("The server closed the connection without an answer."), {},
                            Texts::tr("Look into the server's log for the reason."));
            if (got->isEmpty())
                return fail(ErrorCode::Protocol, Texts::tr("The server's answer ends within its head."),
                            shownLine(m_bytes), Texts::tr("Look into the server's log for the reason."));
            m_bytes += *got;
        }
    }

    // What follows the lines that were taken: up to `most` bytes, or as much as comes until the deadline.
    QByteArray rest(qsizetype most, const Deadline &deadline)
    {
        while (m_bytes.size() - m_at < most) {
            const auto got = m_stream.read(most - (m_bytes.size() - m_at), deadline, m_stop);
            if (!got || got->isEmpty())
                break;
            m_bytes += *got;
        }
        return m_bytes.mid(m_at, most);
    }

private:
    TlsStream &m_stream;
    const Deadline m_deadline;
    const std::stop_token m_stop;
    QByteArray m_bytes;
    qsizetype m_at = 0;
    qsizetype m_searched = 0;
};

// What the chunks hold (RFC 9112 §7.1), as far as they came.
QByteArray unchunked(const QByteArray &raw)
{
    QByteArray out;
    for (qsizetype at = 0; at < raw.size();) {
        const qsizetype end = raw.indexOf('\n', at);
        bool isNumber = false;
        const uint size = raw.mid(at, end - at).split(';').first().trimmed().toUInt(&isNumber, 16);
        if (end < 0 || !isNumber || size == 0)
            break;
        out += raw.mid(end + 1, qsizetype(size));
        at = end + 1 + qsizetype(size) + 2; // CRLF
    }
    return out;
}

Result<HttpSeen> readHead(Lines &lines)
{
    const auto first = lines.next();
    if (!first)
        return passOn(first);
    const auto status = statusOf(*first);
    if (!status)
        return strange(*first);
    HttpSeen seen;
    seen.status = *status;
    QByteArray *last = nullptr; // value that a folded line goes on with; nullptr: dropped
    for (bool any = false;; any = true) {
        const auto line = lines.next();
        if (!line)
            return passOn(line);
        if (line->isEmpty())
            return seen;
        if (line->front() == ' ' || line->front() == '\t') {
            if (!any)
                return strange(*line);
            if (last)
                *last += ' ' + line->trimmed();
            continue;
        }
        const qsizetype colon = line->indexOf(':');
        const QByteArray name = line->left(colon).toLower();
        if (colon < 1 || !isToken(name) || line->contains('\0') || line->contains('\r'))
            return strange(*line);
        const auto [place, inserted] = seen.headers.emplace(name, line->mid(colon + 1).trimmed());
        last = inserted ? &place->second : nullptr;
    }
}

} // namespace

Result<HttpSeen> httpGet(TlsStream &stream, const Hostname &host, const UrlPath &path, const QByteArray &probeToken,
                         const Deadline &deadline, std::stop_token stop)
{
    const auto start = Deadline::Clock::now();
    QByteArray question = "GET " + path.text().toLatin1() + " HTTP/1.1\r\nHost: " + host.ascii().toLatin1() +
                          "\r\nUser-Agent: sixgate\r\nAccept: */*\r\nConnection: close\r\n";
    if (!probeToken.isEmpty())
        question += "X-Sixgate-Probe: " + probeToken + "\r\n";
    const auto sent = stream.write(question + "\r\n", deadline, stop);
    if (!sent)
        return passOn(sent);
    Lines lines(stream, deadline, stop);
    while (true) {
        auto seen = readHead(lines);
        if (!seen && seen.error().code == ErrorCode::Timeout)
            return fail(ErrorCode::Timeout, Texts::tr("The server did not answer the request in time."),
                        seen.error().detail, Texts::tr("See whether the server is overloaded."));
        if (!seen)
            return seen;
        // 101 answers an offer that was not made.
        if (seen->status == 101)
            return strange("101 Switching Protocols");
        if (seen->status >= 200) {
            seen->took = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
            const auto header = [&](const char *name) {
                const auto found = seen->headers.find(name);
                return found == seen->headers.end() ? QByteArray() : found->second.toLower();
            };
            if (header("content-type").startsWith("text/html"))
                seen->body = lines.rest(mostBody, deadline.sooner(mostForBody));
            if (header("transfer-encoding") == "chunked")
                seen->body = unchunked(seen->body);
            return seen;
        }
    }
}

} // namespace sixgate
