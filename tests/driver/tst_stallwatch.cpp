// What counts as a stall of the GUI thread, and what does not.

#include "driver/driver.h"
#include "driver/stallwatch.h"

#include <QTest>
#include <QThread>
#include <QTimer>

#include <atomic>
#include <functional>
#include <thread>

#include <sched.h>

using namespace sixgate::tests;
using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::milliseconds held = 120ms;

/// Uses the processor for so long, as the thread's own clock has it.
void spin(std::chrono::milliseconds time)
{
    const auto used = [] {
        timespec one{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &one);
        return std::chrono::seconds(one.tv_sec) + std::chrono::nanoseconds(one.tv_nsec);
    };
    const auto end = used() + time;
    while (used() < end) {
    }
}

} // namespace

class TestStallWatch : public QObject
{
    Q_OBJECT

private:
    StallApplication &app() { return *static_cast<StallApplication *>(qApp); }
    /// What happens in an event of a timer; gives the longest stall.
    std::chrono::milliseconds stallOf(const std::function<void()> &what)
    {
        bool done = false;
        QTimer once;
        once.setObjectName(latin("the one"));
        once.setSingleShot(true);
        connect(&once, &QTimer::timeout, this, [&] {
            what();
            done = true;
        });
        once.start(0);
        app().beginWatch();
        // The loop looks for posted events only after it has slept for some time.
        while (!done)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
        app().endWatch();
        return app().longest();
    }

private Q_SLOTS:
    void init() { qunsetenv("SIXGATE_TESTS_BESIDE"); }

    void sleeping()
    {
        QVERIFY(stallOf([] { std::this_thread::sleep_for(held); }) >= held);
        QVERIFY2(app().culprit().startsWith(latin("QTimer the one event")), qPrintable(app().culprit()));
        QVERIFY2(app().busiest() < held, qPrintable(app().busiestCulprit()));
    }

    void computing()
    {
        QVERIFY(stallOf([] { spin(held); }) >= held);
        QVERIFY(app().busiest() >= held);
        QVERIFY2(app().busiestCulprit().startsWith(latin("QTimer the one event")), qPrintable(app().busiestCulprit()));
    }

    void nothing()
    {
        QVERIFY(stallOf([] {}) < held);
    }

    // One within another one: the inner one is it.
    void eventWithin()
    {
        struct Inner : QObject {
            bool event(QEvent *) override
            {
                std::this_thread::sleep_for(held);
                return true;
            }
        } inner;
        inner.setObjectName(latin("the inner one"));
        const auto stall = stallOf([&inner] {
            QEvent event(QEvent::User);
            QCoreApplication::sendEvent(&inner, &event);
        });
        QVERIFY(stall >= held && stall < 2 * held);
        QVERIFY2(app().culprit().contains(latin("the inner one")), qPrintable(app().culprit()));
    }

    void computedWithin()
    {
        struct Inner : QObject {
            bool event(QEvent *) override
            {
                spin(held);
                return true;
            }
        } inner;
        inner.setObjectName(latin("the inner one"));
        stallOf([&inner] {
            spin(held);
            QEvent event(QEvent::User);
            QCoreApplication::sendEvent(&inner, &event);
        });
        const auto busiest = app().busiest();
        QVERIFY2(busiest >= held && busiest < held * 3 / 2, qPrintable(QString::number(busiest.count())));
        stallOf([] {
            const WatchPause pause;
            spin(held);
        });
        QVERIFY(app().busiest() < held);
    }

    // Other threads may take their time.
    void otherThreads()
    {
        QThread thread;
        QObject there;
        there.moveToThread(&thread);
        thread.start();
        std::atomic_bool slept = false;
        const auto stall = stallOf([&] {
            QMetaObject::invokeMethod(
                &there,
                [&] {
                    std::this_thread::sleep_for(2 * held);
                    slept = true;
                },
                Qt::QueuedConnection);
        });
        app().resumeWatch();
        QTRY_VERIFY(slept);
        app().endWatch();
        thread.quit();
        QVERIFY(thread.wait());
        QVERIFY(stall < held);
        QVERIFY2(app().longest() < held, qPrintable(app().culprit()));
    }

    void ownOfTheTest()
    {
        QVERIFY(stallOf([] {
                    const WatchPause pause;
                    std::this_thread::sleep_for(held);
                }) < held);
        QVERIFY(!app().watches());
    }

    // Others have the processor: the event takes twice as long, and is not held up by what it does.
    void processorOfOthers()
    {
        cpu_set_t before;
        CPU_ZERO(&before);
        QCOMPARE(::sched_getaffinity(0, sizeof before, &before), 0);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (int i = 0; i < CPU_SETSIZE; ++i) {
            if (CPU_ISSET(i, &before)) {
                CPU_SET(i, &one);
                break;
            }
        }
        QCOMPARE(::sched_setaffinity(0, sizeof one, &one), 0);
        std::atomic_bool stops = false;
        std::jthread other([&] {
            while (!stops) {
            }
        });
        std::chrono::steady_clock::duration wall{};
        const auto stall = stallOf([&] {
            const auto began = std::chrono::steady_clock::now();
            spin(held);
            wall = std::chrono::steady_clock::now() - began;
        });
        stops = true;
        ::sched_setaffinity(0, sizeof before, &before);
        QVERIFY(stall >= held);
        QVERIFY2(wall > held * 3 / 2, "the other thread did not run beside it");
        QVERIFY2(stall < held * 4 / 3, qPrintable(QString::number(stall.count())));
    }

    void limits()
    {
        QCOMPARE(stallLimits().whole, 50ms);
        QCOMPARE(stallLimits().busy, 50ms);
        qputenv("SIXGATE_TESTS_BESIDE", "2");
        QCOMPARE(stallLimits().whole, 1000ms);
        QCOMPARE(stallLimits().busy, 200ms);
        // Beside others it may wait, and has to compute no longer for it.
        stallOf([] { std::this_thread::sleep_for(2 * held); });
        QVERIFY2(stallVerdict().fine, qPrintable(stallVerdict().said));
        stallOf([] { spin(2 * held); });
        QVERIFY2(!stallVerdict().fine, qPrintable(stallVerdict().said));
        stallOf([] { std::this_thread::sleep_for(9 * held); });
        QVERIFY2(!stallVerdict().fine, qPrintable(stallVerdict().said));
    }

    void judged()
    {
        stallOf([] { std::this_thread::sleep_for(2ms); });
        judgeStalls();
        stallOf([] { std::this_thread::sleep_for(held); });
        QEXPECT_FAIL("", "it is over the limit", Continue);
        judgeStalls();
        app().beginWatch();
        QEXPECT_FAIL("", "nothing was watched", Continue);
        judgeStalls();
    }
};

int main(int argc, char **argv)
{
    StallApplication app(argc, argv);
    TestStallWatch test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_stallwatch.moc"
