// How the rendered configuration finds the home, whom it takes for it, and what it says when it is not there; by a real
// Apache: see sandbox.h and apache.h.

#include "apache.h"
#include "sandbox.h"
#include "upstream.h"

#include "decide_deployment/sites.h"

#include <QElapsedTimer>
#include <QTest>

using namespace proxytest;

namespace
{

constexpr auto token = "0123456789abcdef0123456789abcdef";

const Trust &trust()
{
    static const Trust all;
    return all;
}

// A service with two names and another one, on a server whose key is pinned where `pinned` is its certificate.
sixgate::WantedDeployment wanted(const Identity *pinned = nullptr, const std::vector<QString> &names = {})
{
    sixgate::Site site =
        sites::site({sites::service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org"),
                     sites::service("photos", {"photos.example.org"}, "home6.example.org")});
    if (!pinned)
        return sites::must(wantedDeployment(site, sites::inputs(site)));
    const sixgate::Fingerprint key = sixgate::Fingerprint::ofBytes(pinned->publicKey());
    site.servers = {sites::server("nas", key)};
    sixgate::DeploymentInputs in = sites::inputs(site);
    sixgate::CertificateSeen seen = sites::certificate(names);
    seen.pem = pinned->pem();
    seen.key = key;
    in.pinnedCertificates.emplace(sites::label("nas"), seen);
    return sites::must(wantedDeployment(site, in));
}

Answer probe(const QByteArray &lines = QByteArray("X-Sixgate-Probe: ") + token + "\r\n",
             const QByteArray &name = "cloud.example.org")
{
    Stream stream = visit({name});
    stream.write("GET /probe HTTP/1.1\r\nHost: " + name + "\r\n" + lines + "Connection: close\r\n\r\n");
    return readAnswer(stream);
}

QByteArrayList marker(const Answer &answer)
{
    return answer.head.values("x-sixgate-upstream");
}

// The proxy's own page: no marker, no version, no address, and a status that says so.
void compareOwnPage(const Answer &answer, int status)
{
    QCOMPARE(answer.status(), status);
    QCOMPARE(marker(answer), QByteArrayList());
    QVERIFY(answer.body.contains("<html>"));
    QVERIFY2(!answer.body.contains("Apache") && !answer.body.contains("2001:db8"), answer.body);
}

} // namespace

class TestProxyUpstream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        writeHosts({{homeOld, "home6.example.org"}});
        if (!m_apache)
            m_apache = std::make_unique<Apache>(wanted(), trust());
    }

    void cleanup()
    {
        if (QTest::currentTestFailed())
            fprintf(stderr, "%s\n", Apache::log().constData());
        QVERIFY(!m_apache || m_apache->running());
    }

    void cleanupTestCase() { m_apache.reset(); }

    // ---- who is the home

    void identity_data()
    {
        QTest::addColumn<Identity>("shown");
        QTest::addColumn<bool>("passes");
        const QList<QByteArray> names{"cloud.example.org", "files.example.org"};
        const auto row = [](const char *name, const Identity &shown, bool passes) {
            QTest::newRow(name) << shown << passes;
        };
        row("one intermediate", trust().with(names), true);
        row("two intermediates", issue({"x", names}, &trust().second), true);
        row("issued by the root", issue({"x", names}, &trust().root), true);
        row("wildcard", trust().with({"*.example.org"}), true);
        row("another name", trust().with({"cloud.example.net"}), false);
        row("the upstream's name", trust().with({"home6.example.org"}), false);
        row("the other service's name", trust().with({"photos.example.org"}), false);
        row("ended", trust().with(names, -1), false);
        row("self-signed", issue({"cloud.example.org", names}), false);
        const Identity stranger = issue({"Test Root", {}, true});
        row("another authority of the same name", issue({"x", names}, &stranger), false);
        Identity incomplete = trust().with(names);
        incomplete.chain.clear();
        row("intermediate missing", incomplete, false);
        const Identity leaf = trust().with({"stranger.example.net"});
        row("issued by a certificate that may not", issue({"x", names}, &leaf), false);
    }

    void identity()
    {
        QFETCH(Identity, shown);
        QFETCH(bool, passes);
        const Upstream home(homeOld, 443, shown);
        const Answer answer = probe();
        if (passes) {
            QCOMPARE(answer.status(), 200);
            QCOMPARE(marker(answer), QByteArrayList{token});
            return;
        }
        QVERIFY2(answer.status() == 500 || answer.status() == 502, answer.head.first);
        compareOwnPage(answer, answer.status());
        QVERIFY(home.connections() >= 1);
        QCOMPARE(home.requests().size(), size_t(0));
    }

    // The name that the visitor asked for is the one that is checked.
    void identityOfEachName()
    {
        const Upstream home(homeOld, 443, trust().with({"cloud.example.org"}));
        QCOMPARE(probe({}, "cloud.example.org").status(), 200);
        QVERIFY(probe({}, "files.example.org").status() >= 500);
        QVERIFY(probe({}, "photos.example.org").status() >= 500);
        QCOMPARE(home.requests().size(), size_t(1));
    }

    void oldTlsAtHome_data()
    {
        QTest::addColumn<int>("version");
        QTest::addColumn<bool>("passes");
        QTest::newRow("1.1") << TLS1_1_VERSION << false;
        QTest::newRow("1.2") << TLS1_2_VERSION << true;
        QTest::newRow("1.3") << TLS1_3_VERSION << true;
    }

    void oldTlsAtHome()
    {
        QFETCH(int, version);
        QFETCH(bool, passes);
        const Upstream home(homeOld, 443, trust().home, says("hello"), version);
        QCOMPARE(probe().status() == 200, passes);
        QCOMPARE(home.requests().size(), size_t(passes ? 1 : 0));
    }

    void pinned_data()
    {
        QTest::addColumn<bool>("authority");
        QTest::addColumn<bool>("named");
        QTest::newRow("as openssl req -x509 makes it") << true << true;
        QTest::newRow("no authority") << false << true;
        QTest::newRow("without the public names") << true << false;
        QTest::newRow("no authority, without the public names") << false << false;
    }

    void pinned()
    {
        QFETCH(bool, authority);
        QFETCH(bool, named);
        const QList<QByteArray> names =
            named ? QList<QByteArray>{"cloud.example.org", "files.example.org"} : QList<QByteArray>{"nas.local"};
        const Identity mine = issue({"nas", names, authority});
        std::vector<QString> texts;
        for (const QByteArray &name : names)
            texts.push_back(QString::fromLatin1(name));
        m_apache.reset();
        m_apache = std::make_unique<Apache>(wanted(&mine, texts), trust());
        {
            const Upstream home(homeOld, 443, mine);
            const Answer answer = probe();
            QCOMPARE(answer.status(), 200);
            QCOMPARE(marker(answer), QByteArrayList{token});
            // photos is not in the first certificate: its key alone counts there.
            QCOMPARE(probe({}, "photos.example.org").status(), 200);
            QCOMPARE(home.requests().size(), size_t(2));
        }
        const Identity sameTexts = issue({"nas", names, authority});
        for (const Identity &stranger : {sameTexts, trust().home, issue({"x", names}, &sameTexts)}) {
            const Upstream home(homeOld, 443, stranger);
            compareOwnPage(probe(), probe().status());
            QVERIFY(probe().status() >= 500);
            QCOMPARE(home.requests().size(), size_t(0));
        }
        m_apache.reset();
    }

    // ---- where is the home

    void followsTheName()
    {
        const Upstream before(homeOld, 443, trust().home, says("old"));
        const Upstream after(homeNew, 443, trust().home, says("new"));
        QCOMPARE(probe().body, QByteArray("old"));
        writeHosts({{homeNew, "home6.example.org"}});
        QCOMPARE(probe().body, QByteArray("new"));
        QCOMPARE(before.requests().size(), size_t(1));
        writeHosts({{homeOld, "home6.example.org"}});
        QCOMPARE(probe().body, QByteArray("old"));
    }

    // A visitor whose connection to the proxy stays open is led to the new address, too.
    void followsTheNameInAConnection()
    {
        const Upstream before(homeOld, 443, trust().home, says("old"));
        const Upstream after(homeNew, 443, trust().home, says("new"));
        Stream stream = visit();
        for (const char *expected : {"old", "new"}) {
            stream.write("GET / HTTP/1.1\r\nHost: cloud.example.org\r\n\r\n");
            QCOMPARE(readAnswer(stream).body, QByteArray(expected));
            writeHosts({{homeNew, "home6.example.org"}});
        }
    }

    // The home is back at once after it was away, and after its name was.
    void comesBack()
    {
        compareOwnPage(probe(), 503);
        writeHosts({});
        const Answer nameless = probe();
        QVERIFY2(nameless.status() >= 500, nameless.head.first);
        compareOwnPage(nameless, nameless.status());
        const Upstream home(homeNew, 443, trust().home);
        writeHosts({{homeNew, "home6.example.org"}});
        QCOMPARE(probe().status(), 200);
    }

    // Packets to an old address are lost: the visitor waits five seconds, not minutes.
    void silentAddress()
    {
        const Silence silence(homeOld, 443);
        QElapsedTimer since;
        since.start();
        const Answer answer = probe();
        QVERIFY2(since.elapsed() < 12000, QByteArray::number(since.elapsed()));
        QVERIFY2(answer.status() == 503 || answer.status() == 504, answer.head.first);
        compareOwnPage(answer, answer.status());
    }

    // A second address of the name is tried where the first refuses.
    void secondAddress()
    {
        writeHosts({{homeNew, "home6.example.org"}, {homeOld, "home6.example.org"}});
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(probe().status(), 200);
    }

    // ---- the marker

    void markerOfAnswers_data()
    {
        QTest::addColumn<QByteArray>("status");
        for (const char *status : {"200 OK", "204 No Content", "301 Moved Permanently", "304 Not Modified",
                                   "401 Unauthorized", "403 Forbidden", "404 Not Found", "413 Too Large",
                                   "421 Misdirected Request", "500 Oh", "502 Bad Gateway", "503 Busy", "504 Slow"})
            QTest::newRow(status) << QByteArray(status);
    }

    void markerOfAnswers()
    {
        QFETCH(QByteArray, status);
        const QByteArray lines = "X-Sixgate-Upstream: forged\r\nx-sixgate-upstream: " + QByteArray(32, 'f') + "\r\n";
        const Upstream home(homeOld, 443, trust().home, [&](Stream &stream, const Head &) {
            const bool bare = status.startsWith("204") || status.startsWith("304");
            stream.write("HTTP/1.1 " + status + "\r\n" + lines + (bare ? "\r\n" : "Content-Length: 4\r\n\r\nhome"));
        });
        const Answer with = probe();
        QCOMPARE(with.status(), status.left(3).toInt());
        QCOMPARE(marker(with), QByteArrayList{token});
        if (!with.body.isEmpty())
            QCOMPARE(with.body, QByteArray("home"));
        QCOMPARE(marker(probe({})), QByteArrayList()); // no token, no marker
        // The token is not passed on: the home cannot answer in the proxy's place elsewhere.
        for (const Head &seen : home.requests())
            QCOMPARE(seen.values("x-sixgate-probe"), QByteArrayList());
    }

    void badTokens_data()
    {
        QTest::addColumn<QByteArray>("value");
        const QByteArray good(token);
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("short") << good.left(31);
        QTest::newRow("long") << good + '0';
        QTest::newRow("capital") << good.toUpper();
        QTest::newRow("more") << good + ", x";
        QTest::newRow("two lines") << good + "\r\nX-Sixgate-Probe: " + good;
        QTest::newRow("markup") << QByteArray("<script>alert(1)</script>0000000");
    }

    void badTokens()
    {
        QFETCH(QByteArray, value);
        const Upstream home(homeOld, 443, trust().home);
        const Answer answer = probe("X-Sixgate-Probe: " + value + "\r\n");
        QCOMPARE(answer.status(), 200);
        QCOMPARE(marker(answer), QByteArrayList());
    }

    void brokenAnswers_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("half a head") << QByteArray("HTTP/1.1 200 OK\r\nX: ");
        QTest::newRow("bad header") << QByteArray("HTTP/1.1 200 OK\r\nno colon\r\n\r\n");
        QTest::newRow("bad length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    }

    void brokenAnswers()
    {
        QFETCH(QByteArray, bytes);
        const Upstream home(homeOld, 443, trust().home, [&](Stream &stream, const Head &) { stream.write(bytes); });
        const Answer answer = probe();
        QVERIFY2(answer.status() >= 500, answer.head.first);
        compareOwnPage(answer, answer.status());
        QCOMPARE(home.requests().size(), size_t(1));
    }

    // The rendered time is ten minutes; two seconds of it show what happens at its end.
    void slowAnswer()
    {
        m_apache.reset();
        bool edited = false;
        m_apache = std::make_unique<Apache>(wanted(), trust(), false, [&](QByteArray text) {
            edited = edited || text.contains(" timeout=600 ");
            return text.replace(" timeout=600 ", " timeout=2 ");
        });
        QVERIFY(edited);
        {
            const Upstream home(homeOld, 443, trust().home, [](Stream &stream, const Head &) { stream.readRest(); });
            const Answer answer = probe();
            QVERIFY2(answer.status() == 502 || answer.status() == 504, answer.head.first);
            compareOwnPage(answer, answer.status());
        }
        // A server that takes the connection and then says nothing, not even in TLS.
        const Silence silence(homeOld, 443, 8);
        const Answer answer = probe();
        QVERIFY2(answer.status() >= 500, answer.head.first);
        compareOwnPage(answer, answer.status());
        m_apache.reset();
    }

    // ---- the upstream name leads back to the proxy

    void loop_data()
    {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<QByteArray>("lines");
        for (const char *address : {proxyV6, proxyV4}) {
            const auto row = [&](const char *name, const QByteArray &lines) {
                QTest::addRow("%s, %s", address, name) << QByteArray(address) << lines;
            };
            row("a visitor", {});
            row("a probe", QByteArray("X-Sixgate-Probe: ") + token + "\r\n");
            row("its mark named hop by hop",
                QByteArray("Connection: X-Sixgate-Hop\r\nX-Sixgate-Probe: ") + token + "\r\n");
            row("as a WebSocket",
                QByteArray("Upgrade: websocket\r\nConnection: Upgrade\r\nX-Sixgate-Probe: ") + token + "\r\n");
        }
    }

    void loop()
    {
        QFETCH(QByteArray, address);
        QFETCH(QByteArray, lines);
        writeHosts({{address, "home6.example.org"}});
        QElapsedTimer since;
        since.start();
        compareOwnPage(probe(lines), 508);
        QVERIFY(since.elapsed() < 5000);
    }

    // A visitor who sends the mark harms nobody but himself.
    void forgedHop()
    {
        const Upstream home(homeOld, 443, trust().home);
        compareOwnPage(probe("X-Sixgate-Hop: 1\r\n"), 508);
        QCOMPARE(home.connections(), 0);
    }

private:
    std::unique_ptr<Apache> m_apache;
};

int main(int argc, char *argv[])
{
    return inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestProxyUpstream test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_proxy_upstream.moc"
