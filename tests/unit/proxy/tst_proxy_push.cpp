// The rendered configuration where keepers may push the home's address: its connections home are used again, and yet it
// follows at once; by a real Apache.

#include "visits.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTest>

using namespace proxytest;

namespace
{

sixgate::WantedDeployment wantedWithPush()
{
    sixgate::Site site =
        sites::site({sites::service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org"),
                     sites::service("photos", {"photos.example.org"}, "home6.example.org")});
    site.vps.front().pushKeys = {sites::pushKey(QStringLiteral("nas"))};
    return sites::must(wantedDeployment(site, sites::inputs(site)));
}

/// Answers one request after the other, as home servers do.
Handler staysOpen(const QByteArray &text)
{
    return [answer = says(text)](Stream &stream, const Head &first) {
        for (Head request = first; request.there(); request = readHead(stream))
            answer(stream, request);
    };
}

Answer get(const QByteArray &name = "cloud.example.org")
{
    return ask(request("/", {}, name), {name});
}

} // namespace

class TestProxyPush : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        writeHosts({{homeOld, "home6.example.org"}});
        m_apache = std::make_unique<Apache>(wantedWithPush(), trust());
    }

    void cleanup()
    {
        if (QTest::currentTestFailed())
            fprintf(stderr, "%s\n", Apache::log().constData());
        m_apache.reset();
    }

    void usesConnectionsAgain()
    {
        const Upstream home(homeOld, 443, trust().home, staysOpen("hello"));
        for (int i = 0; i < 30; ++i)
            QCOMPARE(get().body, QByteArray("hello"));
        // One for each of Apache's processes.
        QVERIFY2(home.connections() <= 4, QByteArray::number(home.connections()));
    }

    // A home that closes what is idle for five seconds must not be closing what a request is just sent by.
    void notWhenTheHomeMayClose()
    {
        const Upstream home(homeOld, 443, trust().home, staysOpen("hello"));
        QCOMPARE(get().status(), 200);
        QTest::qWait(4500);
        const int before = home.connections();
        QCOMPARE(get().status(), 200);
        QCOMPARE(home.connections(), before + 1);
    }

    // Of a connection that is used again, too, the visitor's name is the one that is checked.
    void identityOfEachName()
    {
        const Upstream home(homeOld, 443, trust().with({"cloud.example.org"}), staysOpen("hello"));
        for (int i = 0; i < 5; ++i) {
            QCOMPARE(get("cloud.example.org").status(), 200);
            QVERIFY(get("files.example.org").status() >= 500);
            QVERIFY(get("photos.example.org").status() >= 500);
        }
    }

    // The old address answers nobody any more (the daemon sees to that): the next request goes to the new one.
    void followsAtOnce()
    {
        auto before = std::make_unique<Upstream>(homeOld, 443, trust().home, staysOpen("old"));
        const Upstream after(homeNew, 443, trust().home, staysOpen("new"));
        for (int i = 0; i < 10; ++i)
            QCOMPARE(get().body, QByteArray("old"));
        writeHosts({{homeNew, "home6.example.org"}});
        before.reset();
        QElapsedTimer since;
        since.start();
        QCOMPARE(get().body, QByteArray("new"));
        QVERIFY2(since.elapsed() < 1000, QByteArray::number(since.elapsed()));
        for (int i = 0; i < 10; ++i)
            QCOMPARE(get().body, QByteArray("new"));
    }

    // Without a push it follows DNS by itself: a second later.
    void followsTheName()
    {
        const Upstream before(homeOld, 443, trust().home, staysOpen("old"));
        const Upstream after(homeNew, 443, trust().home, staysOpen("new"));
        QCOMPARE(get().body, QByteArray("old"));
        writeHosts({{homeNew, "home6.example.org"}});
        QTRY_COMPARE_WITH_TIMEOUT(get().body, QByteArray("new"), 3000);
        for (int i = 0; i < 10; ++i)
            QCOMPARE(get().body, QByteArray("new"));
    }

private:
    std::unique_ptr<Apache> m_apache;
};

int main(int argc, char *argv[])
{
    return inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestProxyPush test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_proxy_push.moc"
