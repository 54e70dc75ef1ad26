#include "transport/httpconnection.h"

#include "model/texts.h"
#include "transport/dns.h"
#include "transport/race.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds headStart{250}; // RFC 8305 §5
constexpr std::chrono::milliseconds mostIdle{4000}; // servers wait five seconds and more

bool endsLine(const QByteArray &text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// The whole message. `host` as it stands in its header.
Result<Secret> messageOf(const HttpsRequest &request, const QByteArray &host)
{
    bool bad = endsLine(request.target.reveal()) || !request.target.reveal().startsWith('/') ||
               request.target.reveal().contains(' ');
    qsizetype size = 400 + request.target.reveal().size() + request.body.reveal().size();
    for (const auto &[name, value] : request.headers) {
        bad = bad || endsLine(name) || endsLine(value.reveal());
        size += name.size() + value.reveal().size() + 4;
    }
    if (bad)
        return fail(ErrorCode::Invalid, Texts::tr("The request has a character that no request may have."));
    QByteArray bytes;
    bytes.reserve(size); // no copies of secrets are left behind
    bytes += request.method;
    bytes += ' ';
    bytes += request.target.reveal();
    bytes += " HTTP/1.1\r\nHost: ";
    bytes += host;
    bytes += "\r\n";
    for (const auto &[name, value] : request.headers) {
        bytes += name;
        bytes += ": ";
        bytes += value.reveal();
        bytes += "\r\n";
    }
    bytes += "Accept: */*\r\nAccept-Encoding: identity\r\n";
    if (!request.body.isEmpty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        bytes += "Content-Length: ";
        bytes += QByteArray::number(request.body.reveal().size());
        bytes += "\r\n";
    }
    bytes += "\r\n";
    bytes += request.body.reveal();
    return Secret(std::move(bytes));
}

} // namespace

FindEndpoint endpointByDns(TransportFamily family)
{
    return [family](const Hostname &host, Port port, const Deadline &deadline,
                    std::stop_token stop) -> Result<HttpsEndpoint> {
        auto addresses = resolveServer(host, deadline, stop);
        if (!addresses)
            return passOn(addresses);
        std::erase_if(*addresses, [family](const IpAddress &address) {
            const bool four = std::holds_alternative<Ipv4Address>(address);
            return (family == TransportFamily::V4 && !four) || (family == TransportFamily::V6 && four);
        });
        if (addresses->empty())
            return fail(ErrorCode::NotFound,
                        Texts::tr("%1 has no %2 address.")
                            .arg(host.ascii(),
                                 family == TransportFamily::V4 ? QStringLiteral("IPv4") : QStringLiteral("IPv6")));
        return HttpsEndpoint{std::move(*addresses), port};
    };
}

HttpConnection::HttpConnection(Hostname host, Port port, FindEndpoint find)
    : m_host(std::move(host)), m_port(port), m_find(std::move(find))
{
}

Outcome HttpConnection::open(const Deadline &deadline, std::stop_token stop)
{
    m_stream.reset();
    const auto endpoint = m_find(m_host, m_port, deadline, stop);
    if (!endpoint)
        return passOn(endpoint);
    auto winner = connectFirst(endpoint->addresses, endpoint->port, headStart, deadline, stop);
    if (!winner)
        return passOn(winner);
    auto stream = TlsStream::handshake(std::move(winner->socket), m_host, deadline, stop);
    if (!stream)
        return passOn(stream);
    // Before the question: a stranger gets no credentials.
    if (!stream->seen().chainValid)
        return fail(ErrorCode::Denied, Texts::tr("The certificate of %1 is not valid for it.").arg(m_host.ascii()),
                    stream->seen().chainError,
                    Texts::tr("See whether the package ca-certificates is up to date, and who intercepts TLS "
                              "connections here."));
    m_stream.emplace(std::move(*stream));
    ++m_opened;
    return {};
}

Result<FetchedAnswer> HttpConnection::ask(const HttpsRequest &request, qsizetype mostBody, const Deadline &deadline,
                                          std::stop_token stop, bool &sent)
{
    sent = false;
    const QByteArray host =
        m_host.ascii().toLatin1() + (m_port.number() == 443 ? QByteArray() : ':' + m_port.text().toLatin1());
    const auto message = messageOf(request, host);
    if (!message)
        return passOn(message);
    bool kept = m_stream && !m_fresh.passed();
    while (true) {
        if (!kept) {
            if (auto opened = open(deadline, stop); !opened)
                return passOn(opened);
        }
        bool begun = false;
        sent = true;
        auto answer = exchangeKept(overTls(*m_stream, deadline, stop), message->reveal(), mostBody, deadline, begun);
        if (answer) {
            m_fresh = Deadline::after(mostIdle);
            if (!answer->open)
                m_stream.reset();
            return answer;
        }
        m_stream.reset();
        // The peer may have ended it at the moment in which the request went out (RFC 9112 §9.3.1).
        const bool ended =
            kept && !begun && answer.error().code != ErrorCode::Timeout && answer.error().code != ErrorCode::Cancelled;
        if (!ended || !request.repeatable)
            return answer;
        kept = false;
    }
}

} // namespace sixgate
