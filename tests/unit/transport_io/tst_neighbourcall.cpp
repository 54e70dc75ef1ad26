// A neighbour that comes by its address late, in networks of the test's own: with the call it is found at once, without
// it when the kernel asks again.

#include "transport/io.h"
#include "transport/neighbourcall.h"

#include "ownnetwork.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

class TestNeighbourCall : public QObject
{
    Q_OBJECT

    static bool run(const QString &line)
    {
        QStringList words = QProcess::splitCommand(line);
        const QString program = words.takeFirst();
        return QProcess::execute(program, words) == 0;
    }
    bool atPeer(const QString &line) const
    {
        return run(QStringLiteral("nsenter --net=/proc/%1/ns/net %2").arg(m_peer.processId()).arg(line));
    }

    QProcess m_peer;

private Q_SLOTS:
    void initTestCase()
    {
        enterOwnNetwork();
        m_peer.start(QStringLiteral("unshare"), {QStringLiteral("--net"), QStringLiteral("sh"), QStringLiteral("-c"),
                                                 QStringLiteral("echo ready && exec sleep 60")});
        QVERIFY(m_peer.waitForReadyRead(5000));
        QVERIFY(run(QStringLiteral("ip link add eth0 type veth peer name eth1 netns %1").arg(m_peer.processId())));
        QVERIFY(run(QStringLiteral("ip link set eth0 up")) && atPeer(QStringLiteral("ip link set eth1 up")));
        QVERIFY(run(QStringLiteral("ip -6 address add 2001:db8:9::1/64 dev eth0 nodad")));
        QTest::qWait(2000); // link-local addresses of both
    }

    void cleanupTestCase()
    {
        m_peer.kill();
        m_peer.waitForFinished();
    }

    void late_data()
    {
        QTest::addColumn<bool>("calls");
        QTest::addColumn<QString>("address");
        QTest::newRow("without a call") << false << QStringLiteral("2001:db8:9::11");
        QTest::newRow("with calls") << true << QStringLiteral("2001:db8:9::12");
    }

    void late()
    {
        QFETCH(bool, calls);
        QFETCH(QString, address);
        const Ipv6Address target = *Ipv6Address::parse(address);
        const auto call = NeighbourCall::open();
        QVERIFY(call);
        const std::jthread calling([&](std::stop_token done) {
            while (calls && !done.stop_requested()) {
                call->ask(QStringLiteral("eth0"), target);
                std::this_thread::sleep_for(50ms);
            }
        });
        const std::jthread comes([&] {
            std::this_thread::sleep_for(250ms);
            atPeer(QStringLiteral("ip -6 address add %1/64 dev eth1 nodad").arg(address));
        });
        QElapsedTimer took;
        took.start();
        // Nobody listens there, and the refusal can come only when the neighbour is known.
        const auto answer = connectTcp(target, *Port::fromNumber(9), Deadline::after(5s), {});
        QVERIFY(!answer);
        QVERIFY2(took.elapsed() >= 200, qPrintable(QString::number(took.elapsed())));
        if (calls)
            QVERIFY2(took.elapsed() < 800, qPrintable(QString::number(took.elapsed())));
        else
            QVERIFY2(took.elapsed() >= 900, qPrintable(QString::number(took.elapsed())));
    }

    void nowhere()
    {
        const auto call = NeighbourCall::open();
        QVERIFY(call);
        call->ask(QStringLiteral("eth7"), *Ipv6Address::parse(QStringLiteral("2001:db8:9::1")));
        call->ask(QStringLiteral("a name that is much too long"), *Ipv6Address::parse(QStringLiteral("2001:db8:9::1")));
        call->ask({}, *Ipv6Address::parse(QStringLiteral("2001:db8:9::1")));
    }
};

QTEST_GUILESS_MAIN(TestNeighbourCall)
#include "tst_neighbourcall.moc"
