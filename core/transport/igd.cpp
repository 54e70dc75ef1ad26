// UPnP IGD. The only source file that knows miniupnpc, which reads the router's XML. Finding the router and talking to
// it is done over our own sockets: the library's calls know neither a stop nor a limit of size or of the whole time.

#include "transport/igd.h"

#include "model/port.h"
#include "model/text.h"
#include "model/texts.h"
#include "transport/fetch.h"
#include "transport/io.h"

#include <QRegularExpression>

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpreplyparse.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds mostForFinding{1300}; // answers may be held back for a second (MX)
constexpr std::chrono::milliseconds askAgain{400};        // a datagram may be lost
constexpr qsizetype mostDescription = 64 * 1024;
constexpr qsizetype mostReply = 8 * 1024;
constexpr std::uint16_t ssdpPort = 1900;

/// An address of the router's web service; exists only for the gateway.
struct Place {
    Port port;
    QByteArray path;
};

Result<Place> placeOf(const QByteArray &url, const Ipv4Address &gateway)
{
    static const QRegularExpression pattern(
        QStringLiteral("\\Ahttp://([0-9.]{7,15})(?::([0-9]{1,5}))?(/[!-~]{0,400})\\z"));
    const auto match = pattern.match(QString::fromLatin1(url));
    const auto host = Ipv4Address::parse(match.captured(1));
    const auto port = Port::parse(match.captured(2).isEmpty() ? QStringLiteral("80") : match.captured(2));
    if (!match.hasMatch() || !host || !port)
        return fail(ErrorCode::Protocol, Texts::tr("The router names a place that is none."), shownLine(url));
    if (*host != gateway)
        return fail(ErrorCode::Protocol, Texts::tr("The router names a place on another machine, which is not asked."),
                    shownLine(url));
    return Place{*port, match.captured(3).toLatin1()};
}

// --- finding: SSDP ---------------------------------------------------------------------------

sockaddr_in socketAddress(const Ipv4Address &address, std::uint16_t port)
{
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    std::memcpy(&out.sin_addr, address.bytes().data(), address.bytes().size());
    return out;
}

/// To all, and to the gateway alone: a firewall on this machine lets in answers from where it was asked, but not
/// answers to a multicast.
void search(int socket, const Ipv4Address &gateway)
{
    const Ipv4Address all = Ipv4Address::fromBytes({239, 255, 255, 250});
    for (const char *version : {"1", "2"}) {
        const QByteArray text =
            QByteArray("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
                       "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:") +
            version + "\r\n\r\n";
        for (const Ipv4Address &to : {gateway, all}) {
            const sockaddr_in where = socketAddress(to, ssdpPort);
            // Not sent is not answered: told by the time-out.
            [[maybe_unused]] const auto sent = ::sendto(socket, text.constData(), size_t(text.size()), MSG_NOSIGNAL,
                                                        reinterpret_cast<const sockaddr *>(&where), sizeof where);
        }
    }
}

QByteArray headerOf(const QByteArray &text, const QByteArray &name)
{
    for (const QByteArray &line : text.split('\n')) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0 && line.left(colon).trimmed().toLower() == name)
            return line.mid(colon + 1).trimmed();
    }
    return {};
}

/// Where the gateway's description lies.
Result<Place> findRouter(const Ipv4Address &gateway, const QString &interface, const Deadline &deadline,
                         std::stop_token stop)
{
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ip_mreqn out{};
    out.imr_ifindex = int(::if_nametoindex(interface.toLocal8Bit().constData()));
    if (!socket.valid() || ::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) != 0)
        return fail(ErrorCode::Unavailable, Texts::tr("The router cannot be looked for."),
                    QString::fromLocal8Bit(std::strerror(errno)));
    std::optional<Error> wrong;
    while (true) {
        search(socket.get(), gateway);
        const Deadline again = deadline.sooner(askAgain);
        while (!again.passed()) {
            const auto ready = waitFor(socket.get(), POLLIN, again, stop);
            if (!ready && ready.error().code != ErrorCode::Timeout)
                return passOn(ready);
            if (!ready)
                break;
            std::array<char, 2048> buffer;
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const auto got =
                ::recvfrom(socket.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr *>(&from), &size);
            const sockaddr_in wanted = socketAddress(gateway, 0);
            if (got <= 0 || from.sin_addr.s_addr != wanted.sin_addr.s_addr)
                continue;
            const QByteArray text(buffer.data(), got);
            if (!text.startsWith("HTTP/1.1 200") || !headerOf(text, "st").contains("InternetGatewayDevice"))
                continue;
            auto place = placeOf(headerOf(text, "location"), gateway);
            if (place)
                return place;
            wrong = place.error();
        }
        if (deadline.passed())
            break;
    }
    if (wrong)
        return tl::unexpected<Error>(*wrong);
    return fail(ErrorCode::NotFound, Texts::tr("The router (%1) does not tell its address.").arg(gateway.text()),
                Texts::tr("No answer to UPnP's search for an Internet Gateway Device."),
                Texts::tr("Switch UPnP on in the router, for a FRITZ!Box \"status information over UPnP\"; or "
                          "look at its page for its internet address."));
}

// --- talking: HTTP and SOAP ------------------------------------------------------------------

class Talk
{
public:
    Talk(const Ipv4Address &gateway, const Deadline &deadline, std::stop_token stop)
        : m_gateway(gateway), m_deadline(deadline), m_stop(std::move(stop))
    {
    }

    Result<FetchedAnswer> ask(const Place &place, const QByteArray &action, const QByteArray &body,
                              qsizetype most) const
    {
        auto socket = connectTcp(m_gateway, place.port, m_deadline, m_stop);
        if (!socket)
            return passOn(socket);
        QByteArray request =
            (action.isEmpty() ? "GET " : "POST ") + place.path + " HTTP/1.1\r\nHost: " + m_gateway.text().toLatin1() +
            ':' + QByteArray::number(place.port.number()) + "\r\nUser-Agent: sixgate\r\nConnection: close\r\n";
        if (!action.isEmpty())
            request += "Content-Type: text/xml; charset=\"utf-8\"\r\nSOAPAction: \"" + action +
                       "\"\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n";
        return exchange(overTcp(*socket, m_deadline, m_stop), request + "\r\n" + body, most, m_deadline);
    }

    const Ipv4Address &gateway() const { return m_gateway; }

private:
    const Ipv4Address m_gateway;
    const Deadline m_deadline;
    const std::stop_token m_stop;
};

/// A connection of the router, by one of its services.
struct Connection {
    QByteArray type;
    Place control;
};

std::optional<Connection> serviceOf(IGDdatas &data, const IGDdatas_service &service, const QByteArray &described,
                                    const Ipv4Address &gateway)
{
    static const QRegularExpression types(
        QStringLiteral("\\Aurn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]\\z"));
    const QByteArray type(service.servicetype, qsizetype(::strnlen(service.servicetype, MINIUPNPC_URL_MAXSIZE)));
    if (!types.match(QString::fromLatin1(type)).hasMatch())
        return std::nullopt;
    IGDdatas chosen = data;
    chosen.first = service;
    UPNPUrls urls{};
    GetUPNPUrls(&urls, &chosen, described.constData(), 0);
    const std::unique_ptr<UPNPUrls, void (*)(UPNPUrls *)> owned(&urls, FreeUPNPUrls);
    const auto place = placeOf(QByteArray(urls.controlURL), gateway);
    return place ? std::optional(Connection{type, *place}) : std::nullopt;
}

/// The values that an action of the router returns, by name.
class Reply
{
public:
    explicit Reply(const QByteArray &xml) { ParseNameValue(xml.constData(), int(xml.size()), &m_data); }
    ~Reply() { ClearNameValueList(&m_data); }
    Reply(const Reply &) = delete;
    Reply &operator=(const Reply &) = delete;

    /// nullopt where it is missing, which is not the same as empty.
    std::optional<QString> value(const char *name)
    {
        const char *found = GetValueFromNameValueList(&m_data, name);
        return found ? std::optional(shownLine(QByteArray(found).trimmed().left(64))) : std::nullopt;
    }

private:
    NameValueParserData m_data{};
};

Result<QByteArray> call(const Talk &talk, const Connection &service, const QByteArray &action)
{
    const QByteArray body =
        "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
        "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:" +
        action + " xmlns:u=\"" + service.type + "\"></u:" + action + "></s:Body></s:Envelope>\r\n";
    const auto answer = talk.ask(service.control, service.type + '#' + action, body, mostReply);
    if (!answer)
        return passOn(answer);
    if (answer->status != 200)
        return fail(ErrorCode::Refused, Texts::tr("The router refuses to tell its address."),
                    Texts::tr("%1: status %2, error %3")
                        .arg(QString::fromLatin1(action))
                        .arg(answer->status)
                        .arg(Reply(answer->body).value("errorCode").value_or(QStringLiteral("unknown"))));
    return answer->body;
}

Result<RouterSeen> askService(const Talk &talk, const Connection &service)
{
    const auto body = call(talk, service, "GetExternalIPAddress");
    if (!body)
        return passOn(body);
    const auto text = Reply(*body).value("NewExternalIPAddress");
    if (!text)
        return fail(ErrorCode::Protocol, Texts::tr("The router's answer holds no address."), shownLine(*body));
    RouterSeen seen{talk.gateway(), {}, std::nullopt, {}, {}, false};
    if (!text->isEmpty() && *text != QLatin1String("0.0.0.0")) {
        const auto address = Ipv4Address::parse(*text);
        if (!address)
            return fail(ErrorCode::Protocol, Texts::tr("What the router tells is not an IPv4 address."), *text);
        seen.wan = *address;
    }
    // The rest is evidence beside the address; without it the address still counts.
    if (const auto status = call(talk, service, "GetStatusInfo"))
        seen.status = Reply(*status).value("NewConnectionStatus").value_or(QString());
    if (const auto type = call(talk, service, "GetConnectionTypeInfo"))
        seen.connection = Reply(*type).value("NewConnectionType").value_or(QString());
    return seen;
}

} // namespace

Result<RouterSeen> askRouter(const Ipv4Address &gateway, const QString &interface, const Deadline &deadline,
                             std::stop_token stop)
{
    const auto place = findRouter(gateway, interface, deadline.sooner(mostForFinding), stop);
    if (!place)
        return passOn(place);
    const Talk talk(gateway, deadline, stop);
    const auto description = talk.ask(*place, {}, {}, mostDescription);
    if (!description)
        return passOn(description);
    if (description->status != 200)
        return fail(ErrorCode::Protocol, Texts::tr("The router does not show its description."),
                    Texts::tr("Status %1.").arg(description->status));
    IGDdatas data{};
    parserootdesc(description->body.constData(), int(description->body.size()), &data);
    const QByteArray described =
        "http://" + gateway.text().toLatin1() + ':' + QByteArray::number(place->port.number()) + place->path;
    Result<RouterSeen> seen = fail(ErrorCode::NotFound, Texts::tr("The router tells of no connection to the internet."),
                                   {}, Texts::tr("Look at the router's page for its internet address."));
    // A router may have two, of which one is in use: IP and PPP.
    for (const IGDdatas_service *one : {&data.first, &data.second}) {
        const auto service = serviceOf(data, *one, described, gateway);
        if (!service || (seen && seen->wan))
            continue;
        auto told = askService(talk, *service);
        if (told ? !seen || told->wan : !seen)
            seen = std::move(told);
    }
    if (!seen)
        return seen;
    const auto software = description->headers.find("server");
    if (software != description->headers.end())
        seen->software = shownLine(software->second.left(100));
    // Its answer is "" in place of each address from which no port can be forwarded (2.3.1: upnpsoap.c, getifaddr.c).
    seen->hidesPrivate = seen->software.contains(QLatin1String("MiniUPnPd"), Qt::CaseInsensitive);
    return seen;
}

} // namespace sixgate
