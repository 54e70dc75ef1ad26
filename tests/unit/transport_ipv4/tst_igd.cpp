// What a real miniupnpd tells about the line, in a network of the test's own.

#include "ownnetwork.h"
#include "transport/igd.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <thread>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

Ipv4Address address(const char *text)
{
    return *Ipv4Address::parse(QString::fromLatin1(text));
}

/// A router: its LAN side is `lan` with 192.168.178.1, its WAN side is `wan`.
class Router
{
public:
    explicit Router(const QString &folder)
    {
        const QString path = folder + QStringLiteral("/miniupnpd.conf");
        writeFile(QFile::encodeName(path).constData(),
                  "ext_ifname=wan\nlistening_ip=lan\nenable_natpmp=no\nsystem_uptime=yes\n"
                  "uuid=00000000-0000-4000-8000-000000000001\n");
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.start(QStringLiteral("/usr/sbin/miniupnpd"), {QStringLiteral("-d"), QStringLiteral("-f"), path,
                                                                QStringLiteral("-P"), folder + QStringLiteral("/pid")});
        if (!m_process.waitForStarted())
            qFatal("miniupnpd did not start (package miniupnpd)");
    }
    ~Router()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    QByteArray log() { return m_process.readAll(); }

private:
    QProcess m_process;
};

Result<RouterSeen> ask(std::stop_token stop = {})
{
    return askRouter(address("192.168.178.1"), QStringLiteral("lan"), Deadline::after(3s), std::move(stop));
}

/// Until it is up.
Result<RouterSeen> askPatiently(Router &router)
{
    Result<RouterSeen> seen = fail(ErrorCode::NotFound, {});
    for (int i = 0; i < 5 && !seen; ++i)
        seen = ask();
    if (!seen)
        qWarning("%s %s\n%s", qPrintable(seen.error().summary), qPrintable(seen.error().detail),
                 router.log().constData());
    return seen;
}

} // namespace

class TestIgd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        ip("link set lo up");
        ip("link add name lan type veth peer name lanpeer");
        ip("link add name wan type veth peer name wanpeer");
        for (const char *one : {"lan", "lanpeer", "wan", "wanpeer"})
            ip(QByteArray("link set " + QByteArray(one) + " up").constData());
        ip("address add 192.168.178.1/24 dev lan");
    }

    void nobodyAnswers()
    {
        QElapsedTimer timer;
        timer.start();
        const auto seen = ask();
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::NotFound);
        QVERIFY(seen.error().summary.contains(QStringLiteral("192.168.178.1")));
        QVERIFY2(timer.elapsed() >= 1000 && timer.elapsed() < 2500, qPrintable(QString::number(timer.elapsed())));
    }

    void aStopEndsTheSearch()
    {
        std::stop_source source;
        const std::jthread stopper([&] {
            std::this_thread::sleep_for(100ms);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const auto seen = ask(source.get_token());
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::Cancelled);
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    }

    // Public addresses are told; those that are not, it hides. Documentation space counts among the latter for it.
    void addresses_data()
    {
        QTest::addColumn<QByteArray>("wan");
        QTest::addColumn<QString>("told");
        QTest::addColumn<QString>("status");
        const QString connected = QStringLiteral("Connected");
        QTest::newRow("public") << QByteArray("192.0.1.2/24") << QStringLiteral("192.0.1.2") << connected;
        QTest::newRow("shared") << QByteArray("100.64.0.2/24") << QString() << connected;
        QTest::newRow("private") << QByteArray("192.168.1.2/24") << QString() << connected;
        QTest::newRow("DS-Lite") << QByteArray("192.0.0.2/29") << QString() << connected;
        QTest::newRow("none") << QByteArray() << QString() << QStringLiteral("Disconnected");
    }

    void addresses()
    {
        QFETCH(QByteArray, wan);
        QFETCH(QString, told);
        QFETCH(QString, status);
        ip("address flush dev wan");
        if (!wan.isEmpty())
            ip(QByteArray("address add " + wan + " dev wan").constData());
        Router router(m_folder.path());
        const auto seen = askPatiently(router);
        QVERIFY(seen);
        QCOMPARE(seen->wan ? seen->wan->text() : QString(), told);
        QCOMPARE(seen->status, status);
        QCOMPARE(seen->connection, QStringLiteral("IP_Routed"));
        QCOMPARE(seen->address, address("192.168.178.1"));
        QVERIFY2(seen->software.contains(QStringLiteral("MiniUPnPd")), qPrintable(seen->software));
        QVERIFY(seen->hidesPrivate);
    }

    // Only the gateway is believed: a device elsewhere in the LAN that says to be a router is none.
    void anotherDeviceIsNotTheRouter()
    {
        ip("address flush dev wan");
        ip("address add 192.0.1.2/24 dev wan");
        Router router(m_folder.path());
        QVERIFY(askPatiently(router)); // it is up
        const auto seen =
            askRouter(address("192.168.178.7"), QStringLiteral("lan"), Deadline::after(3s), std::stop_token());
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::NotFound);
    }

private:
    QTemporaryDir m_folder;
};

int main(int argc, char **argv)
{
    enterOwnNetwork();
    QCoreApplication app(argc, argv);
    TestIgd test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_igd.moc"
