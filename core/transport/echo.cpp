#include "transport/echo.h"

#include "model/text.h"
#include "model/texts.h"
#include "transport/dns.h"
#include "transport/fetch.h"
#include "transport/io.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype mostAnswer = 64;
// A page of words is told as such, not as too long.
constexpr qsizetype mostBody = 4096;
constexpr size_t mostTries = 2;

QByteArray requestOf(const EchoService &service)
{
    QByteArray host = service.host.ascii().toLatin1();
    if (service.port.number() != service.standardPort())
        host += ':' + QByteArray::number(service.port.number());
    return "GET " + service.path.text().toLatin1() + " HTTP/1.1\r\nHost: " + host +
           "\r\nUser-Agent: sixgate\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
}

Result<FetchedAnswer> fetch(Fd socket, const EchoService &service, const Deadline &deadline, std::stop_token stop)
{
    if (!service.tls)
        return exchange(overTcp(socket, deadline, stop), requestOf(service), mostBody, deadline);
    auto stream = TlsStream::handshake(std::move(socket), service.host, deadline, stop);
    if (!stream)
        return passOn(stream);
    // Before the question: a stranger is not asked.
    if (!stream->seen().chainValid)
        return fail(ErrorCode::Denied,
                    Texts::tr("The certificate of %1 is not valid for it.").arg(service.host.ascii()),
                    stream->seen().chainError,
                    Texts::tr("Use another echo service, or see who intercepts TLS connections here."));
    return exchange(overTls(*stream, deadline, stop), requestOf(service), mostBody, deadline);
}

} // namespace

Result<Ipv4Address> askEchoAt(const Ipv4Address &address, const EchoService &service, const Deadline &deadline,
                              std::stop_token stop)
{
    auto socket = connectTcp(address, service.port, deadline, stop);
    if (!socket)
        return passOn(socket);
    const auto answer = fetch(std::move(*socket), service, deadline, stop);
    if (!answer)
        return passOn(answer);
    const QString fix = Texts::tr("Use an echo service that answers with the address and nothing else.");
    if (answer->status != 200)
        return fail(ErrorCode::Protocol,
                    Texts::tr("%1 answered with status %2.").arg(service.host.ascii()).arg(answer->status), {}, fix);
    const QByteArray text = answer->body.trimmed();
    const auto seen = answer->body.size() <= mostAnswer ? Ipv4Address::parse(QString::fromLatin1(text))
                                                        : Result<Ipv4Address>(fail(ErrorCode::Invalid, {}));
    if (!seen)
        return fail(ErrorCode::Protocol,
                    Texts::tr("What %1 answered is not one IPv4 address.").arg(service.host.ascii()), shownLine(text),
                    fix);
    return seen;
}

Result<Ipv4Address> askEcho(const EchoService &service, const Deadline &deadline, std::stop_token stop)
{
    const auto addresses = resolveIpv4(service.host, deadline, stop);
    if (!addresses)
        return passOn(addresses);
    if (addresses->empty())
        return fail(ErrorCode::NotFound, Texts::tr("%1 has no IPv4 address.").arg(service.host.ascii()), {},
                    Texts::tr("Use an echo service that can be reached by IPv4."));
    Result<Ipv4Address> seen = fail(ErrorCode::Network, QString());
    const size_t tries = std::min(addresses->size(), mostTries);
    for (size_t i = 0; i < tries; ++i) {
        // A silent address leaves time for the other one.
        const Deadline until = i + 1 < tries ? deadline.sooner(deadline.left() / 2) : deadline;
        seen = askEchoAt((*addresses)[i], service, until, stop);
        const bool again =
            !seen && (seen.error().code == ErrorCode::Network || seen.error().code == ErrorCode::Timeout);
        if (!again)
            break;
    }
    return seen;
}

} // namespace sixgate
