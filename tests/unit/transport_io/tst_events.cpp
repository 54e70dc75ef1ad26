// Hints of the kernel, in a network namespace of the test's own.

#include "transport/netlinkevents.h"

#include "ownnetwork.h"

#include <QProcess>
#include <QTest>

#include <sched.h>
#include <thread>
#include <time.h>

using namespace sixgate;
using namespace std::chrono_literals;

class TestEvents : public QObject
{
    Q_OBJECT

    static bool ip(const char *arguments)
    {
        return QProcess::execute(QStringLiteral("ip"), QString::fromLatin1(arguments).split(QLatin1Char(' '))) == 0;
    }

private Q_SLOTS:
    void initTestCase()
    {
        enterOwnNetwork();
        QVERIFY(ip("link add eth0 type veth peer name eth1"));
        QVERIFY(ip("link set eth1 up"));
    }

    void changes_data()
    {
        QTest::addColumn<QString>("what");
        QTest::newRow("a link") << QStringLiteral("link set eth0 up");
        QTest::newRow("an address") << QStringLiteral("-6 address add 2001:db8::11/64 dev eth0 nodad");
        QTest::newRow("a route") << QStringLiteral("-6 route add default dev eth0");
        QTest::newRow("an address of IPv4") << QStringLiteral("address add 192.0.2.1/24 dev eth0");
        QTest::newRow("an address that goes") << QStringLiteral("-6 address del 2001:db8::11/64 dev eth0");
        QTest::newRow("a link that goes") << QStringLiteral("link del eth0");
    }
    void changes()
    {
        QFETCH(QString, what);
        auto events = HomeEvents::open();
        QVERIFY(events);
        const auto before = events->wait(Deadline::after(0ms), {});
        QVERIFY(before && !before->any());
        QVERIFY(ip(what.toLatin1().constData()));
        const auto after = events->wait(Deadline::after(2s), {});
        QVERIFY(after && after->network && !after->clock);
    }

    // A cable that is pulled and put into another socket changes no address.
    void carrierComesBack()
    {
        QVERIFY(ip("link add socket type veth peer name wall"));
        QVERIFY(ip("link set socket up"));
        QVERIFY(ip("link set wall up"));
        auto events = HomeEvents::open();
        QVERIFY(events);
        const auto all = [&] {
            std::vector<QString> connected;
            while (true) {
                const auto hints = events->wait(Deadline::after(300ms), {});
                if (!hints || !hints->any())
                    return connected;
                connected.insert(connected.end(), hints->connected.begin(), hints->connected.end());
            }
        };
        QVERIFY(ip("link set socket mtu 1400"));
        QVERIFY(all().empty());
        QVERIFY(ip("link set wall down"));
        QVERIFY(all().empty());
        QVERIFY(ip("link set wall up"));
        const auto connected = all();
        QVERIFY(std::find(connected.begin(), connected.end(), QStringLiteral("socket")) != connected.end());
        QVERIFY(ip("link del socket"));
    }

    void tooMany()
    {
        auto events = HomeEvents::open();
        QVERIFY(events);
        QVERIFY(ip("link add storm type veth peer name calm"));
        QVERIFY(ip("link set calm up"));
        QVERIFY(ip("link set storm up"));
        QString batch;
        for (int i = 1; i < 4000; ++i)
            batch += QStringLiteral("route add 2001:db8:%1::/64 dev storm\n").arg(i, 0, 16);
        QProcess process;
        process.start(QStringLiteral("ip"), {QStringLiteral("-6"), QStringLiteral("-batch"), QStringLiteral("-")});
        process.write(batch.toLatin1());
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished() && process.exitCode() == 0);
        const auto hints = events->wait(Deadline::after(2s), {});
        QVERIFY(hints && hints->lost);
        // It goes on listening.
        QVERIFY(ip("link set storm down"));
        const auto next = events->wait(Deadline::after(2s), {});
        QVERIFY(next && next->network);
    }

    void clockIsSet()
    {
        auto events = HomeEvents::open();
        QVERIFY(events);
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        if (::clock_settime(CLOCK_REALTIME, &now) != 0)
            QSKIP("only root may set the clock");
        const auto hints = events->wait(Deadline::after(2s), {});
        QVERIFY(hints && hints->clock);
        const auto next = events->wait(Deadline::after(0ms), {});
        QVERIFY(next && !next->clock);
    }

    void stops()
    {
        auto events = HomeEvents::open();
        QVERIFY(events);
        std::stop_source source;
        std::jthread later([&] {
            std::this_thread::sleep_for(50ms);
            source.request_stop();
        });
        const auto hints = events->wait(Deadline::after(10s), source.get_token());
        QVERIFY(!hints && hints.error().code == ErrorCode::Cancelled);
    }
};

QTEST_GUILESS_MAIN(TestEvents)
#include "tst_events.moc"
