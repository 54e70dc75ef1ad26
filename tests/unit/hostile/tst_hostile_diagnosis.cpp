// From a peer that means no good to the condition that is told: real servers, walked by verifyPaths(), judged by
// diagnose().

#include "decide_diagnosis/home.h"
#include "observe/lan.h"
#include "verify/scene.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <sys/socket.h>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;
using pathtest::authority;
using pathtest::https;
using pathtest::says;

namespace
{

const Error noSession{ErrorCode::Network, QStringLiteral("The VPS cannot be reached by SSH."), {}, {}};
const QByteArray ok = "HTTP/1.1 200 OK\r\n";

const Identity &good()
{
    static const Identity one = authority().issue({"cloud.example.org"});
    return one;
}

/// The home that all is well in, at the addresses of this machine.
diagnosistest::Seen homeHere()
{
    diagnosistest::Seen seen;
    const QString home = QString::fromLatin1(proxytest::homeOld), vps = QString::fromLatin1(proxytest::proxyV4);
    seen.record("cloud.example.org", RecordType::A, {vps});
    for (const char *name : {"cloud.example.org", "home6.example.org"}) {
        seen.record(name, RecordType::AAAA, {home});
        const RecordSet right{pathtest::host(name), RecordType::AAAA, 60s, {home}};
        seen.evidence.hereAaaa.insert_or_assign(right.name, ResolverSeen{QStringLiteral("192.168.178.1"), right});
        seen.evidence.vpsAaaa.insert_or_assign(right.name, ResolverSeen{QStringLiteral("192.0.2.54"), right});
    }
    seen.evidence.now = QDateTime::currentDateTimeUtc();
    seen.evidence.seen.vps.ipv4 = std::vector{pathtest::ip4(proxytest::proxyV4)};
    seen.evidence.seen.vps.ipv6 = std::vector{pathtest::ip6(proxytest::proxyV6)};
    seen.evidence.seen.vps.facts->clock = seen.evidence.now;
    seen.evidence.clocks = {{QStringLiteral("the VPS"), seen.evidence.now}};
    seen.evidence.seen.home.servers.front().proven = pathtest::ip6(proxytest::homeOld);
    seen.evidence.seen.home.servers.front().certificate.reset();
    seen.evidence.vps.clear();
    seen.reach(seen.evidence.vps, proxytest::proxyV4, 443, "");
    return seen;
}

QStringList codesOf(const std::vector<Condition> &list)
{
    QStringList codes;
    for (const Condition &one : list)
        codes << one.code;
    codes.sort();
    return codes;
}

} // namespace

Q_DECLARE_METATYPE(Server::Raw)

class TestHostileDiagnosis : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<SshDaemon> m_daemon;
    std::unique_ptr<SshSession> m_session;

private Q_SLOTS:
    void initTestCase()
    {
        trustOnly(authority().root, m_folder.path());
        m_daemon = std::make_unique<SshDaemon>();
        auto session = SshSession::connect(m_daemon->target(m_daemon->userKey()), Deadline::after(20s), {});
        QVERIFY2(session, session ? "" : qPrintable(session.error().summary));
        m_session = std::move(*session);
        proxytest::writeHosts({{proxytest::homeOld, "home6.example.org"}});
    }

    void cleanupTestCase()
    {
        m_session.reset();
        m_daemon.reset();
    }

    void conditions_data()
    {
        QTest::addColumn<Server::Raw>("home");
        QTest::addColumn<Server::Raw>("proxy");
        QTest::addColumn<QString>("root"); // empty: nothing is wrong
        // What the proxy makes of it: the home's answer with the marker, or an answer of its own.
        const auto passesOn = [](const QByteArray &status, const QByteArray &more = {}) {
            return https(good(), [=](const QByteArray &request) {
                return pathtest::marked(status)(request).replace("Content-Length", more + "Content-Length");
            });
        };
        const Server::Raw refuses = https(good(), says("HTTP/1.1 502 Proxy Error\r\n\r\n"));
        const auto row = [](const char *name, const Server::Raw &home, const Server::Raw &proxy, const char *root) {
            QTest::newRow(name) << home << proxy << QString::fromLatin1(root);
        };
        const Server::Raw mute = tlsSession(good(), {}, [](SSL *ssl) {
            readRequest(ssl);
            readRequest(ssl);
        });
        const Server::Raw drips = tlsSession(good(), {}, [](SSL *ssl) {
            readRequest(ssl);
            for (const char c : ok + "X: 1\r\n\r\n") {
                if (SSL_write(ssl, &c, 1) != 1)
                    return;
                std::this_thread::sleep_for(1s);
            }
        });
        row("as it should be", https(good(), says(ok + "\r\n")), passesOn("200 OK"), "");
        row("a byte a second", drips, mute, "app-slow");
        row("no answer", mute, mute, "app-slow");
        row("noise instead of TLS", Server::Raw([](int fd) {
                char hello[4096];
                while (::read(fd, hello, sizeof hello) > 0)
                    (void)!::write(fd, "\x93\xf1\x01\xfe\x07 noise noise noise\r\n", 26);
            }),
            refuses, "tls-broken");
        row("closes after the hello", Server::Raw([](int fd) {
                char hello[4096];
                (void)!::read(fd, hello, sizeof hello);
            }),
            refuses, "tls-broken");
        row("closes at once", Server::Raw([](int) {}), refuses, "tls-broken");
        const QByteArray circle = "Location: https://cloud.example.org/\r\n";
        const Server::Raw breaksOff = [](int fd) {
            char hello[4096];
            (void)!::read(fd, hello, sizeof hello);
            const linger now{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        };
        row("breaks off after the hello", breaksOff, refuses, "tls-broken");
        row("the VPS breaks off after the hello", https(good(), says(ok + "\r\n")), breaksOff, "proxy-other-site");
        row("a circle of redirects", https(good(), says("HTTP/1.1 302 Found\r\n" + circle + "\r\n")),
            passesOn("302 Found", circle), "app-redirect-loop");
        const QByteArray away = "Location: https://evil.example.net/\r\n";
        row("a redirect to elsewhere", https(good(), says("HTTP/1.1 302 Found\r\n" + away + "\r\n")),
            passesOn("302 Found", away), "");
        row("nobody's page, in chunks",
            https(good(), says(ok + "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n<title>Welcome "
                                    "\r\n12\r\nto nginx!\n</title>\r\n0\r\n\r\n")),
            passesOn("200 OK"), "wrong-virtual-host");
        row("a body without an end",
            tlsSession(good(), {},
                       [](SSL *ssl) {
                           readRequest(ssl);
                           test::writeAll(ssl, ok + "Content-Type: text/html\r\n\r\n");
                           const QByteArray more(16000, 'x');
                           while (SSL_write(ssl, more.constData(), int(more.size())) > 0) {
                           }
                       }),
            passesOn("200 OK"), "");
        const QByteArray lie = "Date: Fri, 31 Dec 9999 08:00:00 GMT\r\n";
        row("a clock in the year 9999", https(good(), says(ok + lie + "\r\n")), passesOn("200 OK", lie), "");
        const QByteArray past = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
        row("a clock of 1970", https(good(), says(ok + past + "\r\n")), passesOn("200 OK", past), "");
    }

    void conditions()
    {
        QFETCH(Server::Raw, home);
        QFETCH(Server::Raw, proxy);
        QFETCH(QString, root);
        static const Catalogue catalogue = diagnosistest::realCatalogue();
        auto seen = homeHere();
        const Server atHome(proxytest::homeOld, 443, home), onVps(proxytest::proxyV4, 443, proxy);
        QElapsedTimer timer;
        timer.start();
        VerifyInputs inputs;
        inputs.zone = seen.evidence.seen.zone;
        inputs.vps = seen.evidence.seen.vps;
        inputs.vpsKeys = std::set<Fingerprint>();
        const auto &server = seen.site.servers.front();
        seen.evidence.servers = {lookAround({server.name,
                                             pathtest::ip6(proxytest::homeOld),
                                             {},
                                             *Port::fromNumber(443),
                                             {pathtest::host("cloud.example.org"), {}, {}},
                                             {}},
                                            Deadline::after(7s), {})};
        seen.evidence.paths =
            verifyPaths(seen.site, inputs, m_session.get(), noSession, {}, Deadline::after(12s), {}).report.paths;
        QVERIFY2(timer.elapsed() < 12000, qPrintable(QString::number(timer.elapsed())));
        // As the engine takes the clocks.
        for (const PathReport &path : seen.evidence.paths) {
            if (path.http && path.http->date.isValid() && path.kind != PathKind::V4)
                seen.evidence.clocks[QStringLiteral("the home server")] = path.http->date;
        }
        const Diagnosis diagnosis = diagnose(seen.site, seen.evidence, catalogue);
        QStringList told{QStringLiteral("roots: ") + codesOf(diagnosis.roots).join(QLatin1Char(' ')),
                         QStringLiteral("consequences: ") + codesOf(diagnosis.consequences).join(QLatin1Char(' '))};
        for (const PathReport &path : seen.evidence.paths)
            told << QStringLiteral("%1: %2 %3 %4")
                        .arg(pathName(path.kind), pathStateName(path.state), path.failedStep, path.reason());
        const QStringList expected = root.isEmpty() ? QStringList() : QStringList{root};
        QVERIFY2(codesOf(diagnosis.roots) == expected, qPrintable(told.join(QLatin1String("; "))));
    }

    // The records name 100 addresses in the LAN at which nobody is.
    void manyPublishedAddresses()
    {
        for (const char *line : {"link add lan0 type veth peer name lan1", "link set lan0 up", "link set lan1 up",
                                 "address add 2001:db8:7::1/64 dev lan0 nodad"})
            QCOMPARE(QProcess::execute(QStringLiteral("ip"), QString::fromLatin1(line).split(QLatin1Char(' '))), 0);
        std::vector<Ipv6Address> published;
        for (int i = 0; i < 100; ++i)
            published.push_back(pathtest::ip6(qPrintable(QStringLiteral("2001:db8:7::1:%1").arg(i))));
        QElapsedTimer timer;
        timer.start();
        const ServerLook look = lookAround({pathtest::label("nas"),
                                            {},
                                            published,
                                            *Port::fromNumber(443),
                                            {pathtest::host("cloud.example.org"), {}, {}},
                                            {}},
                                           Deadline::after(60s), {});
        // In rounds of 32, a second each.
        QVERIFY2(timer.elapsed() >= 1000 && timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(!look.foreign);
    }
};

int main(int argc, char **argv)
{
    return pathtest::run<TestHostileDiagnosis>(argc, argv);
}

#include "tst_hostile_diagnosis.moc"
