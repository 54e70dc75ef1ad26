#include "scene.h"

#include <QTest>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace sixgate;
using namespace sixgate::test;

namespace pathtest
{

Hostname host(const char *name)
{
    return *Hostname::parse(QString::fromLatin1(name));
}

Ipv6Address ip6(const char *text)
{
    return *Ipv6Address::parse(QString::fromLatin1(text));
}

Ipv4Address ip4(const char *text)
{
    return *Ipv4Address::parse(QString::fromLatin1(text));
}

Label label(const char *text)
{
    return *Label::parse(QString::fromLatin1(text));
}

Authority &authority()
{
    static Authority all;
    return all;
}

Answer says(const QByteArray &answer)
{
    return [answer](const QByteArray &) { return answer; };
}

Answer marked(const QByteArray &status)
{
    return [status](const QByteArray &request) {
        const QByteArray name = "X-Sixgate-Probe: ";
        const qsizetype at = request.indexOf(name);
        const QByteArray token = at < 0 ? QByteArray() : request.mid(at + name.size(), 32);
        return "HTTP/1.1 " + status + "\r\nX-Sixgate-Upstream: " + token + "\r\nContent-Length: 0\r\n\r\n";
    };
}

Server::Raw https(const Identity &shown, const Answer &answer)
{
    return tlsSession(shown, {}, [answer](SSL *ssl) {
        const QByteArray request = readRequest(ssl);
        if (!request.isEmpty())
            test::writeAll(ssl, answer(request));
    });
}

Silence::Silence(const char *address, std::uint16_t port)
{
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    inet_pton(AF_INET6, address, &to.sin6_addr);
    m_sockets.emplace_back(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(m_sockets[0].get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(m_sockets[0].get(), reinterpret_cast<sockaddr *>(&to), sizeof to) != 0 ||
        ::listen(m_sockets[0].get(), 0) != 0)
        qFatal("no silence on %s", address);
    // A full queue drops what comes next.
    for (int i = 0; i < 4; ++i) {
        m_sockets.emplace_back(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(m_sockets.back().get(), reinterpret_cast<sockaddr *>(&to), sizeof to);
        QTest::qWait(20);
    }
}

Scene::Scene() : site{1, label("home"), {}, {}, {}, {}}, hosts{{proxytest::homeOld, "home6.example.org"}}
{
    site.servers.push_back({label("nas"), AddressOfThisMachine{}, {}});
    site.services.push_back({label("cloud"),
                             {host("cloud.example.org")},
                             host("home6.example.org"),
                             label("nas"),
                             *Port::fromNumber(443),
                             *UrlPath::parse(QStringLiteral("/status.php"))});
    inputs.vpsKeys = std::set<Fingerprint>();
    inputs.vps.ipv4 = std::vector<Ipv4Address>{ip4(proxytest::proxyV4)};
    inputs.vps.ipv6 = std::vector<Ipv6Address>{ip6(proxytest::proxyV6)};
    for (const char *name : {"cloud.example.org", "home6.example.org"}) {
        record(name, RecordType::AAAA, {QString::fromLatin1(proxytest::homeOld)});
        record(name, RecordType::A, {});
        record(name, RecordType::CNAME, {});
    }
    record("cloud.example.org", RecordType::A, {QString::fromLatin1(proxytest::proxyV4)});
}

void Scene::record(const char *name, RecordType type, const QStringList &values)
{
    inputs.zone.records.insert_or_assign(
        RecordKey{host(name), type},
        RecordSet{host(name), type, std::chrono::seconds(60), {values.begin(), values.end()}});
}

} // namespace pathtest
