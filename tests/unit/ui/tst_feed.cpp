// The GUI thread and a keeper that hangs: it never waits.

#include "ui/feed/keeperfeed.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>

#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

// ms. Other tests run beside; what waits for a worker takes far longer. The aim of 50 ms is asserted by tst_stalls,
// which leaves out the time without a processor.
constexpr qint64 stallLimit = 200;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// Blocks as long as it may.
void hang(const std::stop_token &stop, std::chrono::milliseconds most)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, most, [] { return false; });
}

class Port final : public KeeperPort
{
public:
    std::atomic<int> told = 0, followed = 0;
    std::atomic<bool> ends = false; ///< each follow() ends at once

    std::atomic<bool> silent = false; ///< answers nothing

    Result<SharedSnapshot> snapshot(const Deadline &deadline, std::stop_token stop) override
    {
        if (silent) {
            hang(stop, deadline.left());
            return fail(ErrorCode::Timeout, latin("There was no answer in time."));
        }
        return std::make_shared<const KeeperSnapshot>();
    }
    Outcome tell(KeeperIntent, const Deadline &deadline, std::stop_token stop) override
    {
        ++told;
        hang(stop, deadline.left());
        return fail(ErrorCode::Timeout, latin("There was no answer in time."));
    }
    Outcome follow(const std::function<void(const SharedSnapshot &)> &show, std::stop_token stop) override
    {
        ++followed;
        if (ends)
            return fail(ErrorCode::NotFound, latin("No keeper runs here."));
        show(std::make_shared<const KeeperSnapshot>());
        hang(stop, 1h);
        return {};
    }
};

} // namespace

class TestFeed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void neverWaits()
    {
        const auto port = std::make_shared<Port>();
        KeeperFeed feed(port);
        QSignalSpy came(&feed, &KeeperFeed::came), unheard(&feed, &KeeperFeed::unheard);
        feed.start();
        QTRY_COMPARE(came.size(), 1);
        // The longest time between two turns of the event loop.
        QElapsedTimer last;
        qint64 longest = 0;
        QTimer beat;
        connect(&beat, &QTimer::timeout, this,
                [&] { longest = std::max(longest, last.isValid() ? last.restart() : (last.start(), 0)); });
        beat.start(5);
        for (int i = 0; i < 5; ++i) {
            QTimer::singleShot(i * 60, &feed, [&feed] { feed.tell(KeeperIntent::Check); });
        }
        QTRY_COMPARE(port->told.load(), 5);
        // The first four gave way to the next one; the last has its time, and says that nobody heard.
        QTRY_COMPARE_WITH_TIMEOUT(unheard.size(), 1, 5000);
        QVERIFY2(longest < stallLimit, qPrintable(QStringLiteral("%1 ms").arg(longest)));
    }

    void looksAgain()
    {
        const auto port = std::make_shared<Port>();
        port->ends = true;
        KeeperFeed feed(port);
        QSignalSpy came(&feed, &KeeperFeed::came), lost(&feed, &KeeperFeed::lost);
        feed.start();
        QTRY_COMPARE(lost.size(), 1);
        QCOMPARE(lost.front().front().toString(), latin("No keeper runs here."));
        port->ends = false;
        QTRY_COMPARE_WITH_TIMEOUT(came.size(), 1, 3000);
    }

    // One that hangs after its first word is found out, and is heard again once it answers.
    void fallsSilent()
    {
        const auto port = std::make_shared<Port>();
        KeeperFeed feed(port, 50ms);
        QSignalSpy came(&feed, &KeeperFeed::came), silent(&feed, &KeeperFeed::silent);
        feed.start();
        QTRY_VERIFY(came.size() >= 3);
        QCOMPARE(silent.size(), 0);
        port->silent = true;
        QTRY_VERIFY_WITH_TIMEOUT(!silent.isEmpty(), 10000);
        const auto before = came.size();
        port->silent = false;
        QTRY_VERIFY_WITH_TIMEOUT(came.size() > before, 10000);
    }

    void endsAtOnce()
    {
        QElapsedTimer took;
        {
            KeeperFeed feed(std::make_shared<Port>());
            feed.start();
            feed.tell(KeeperIntent::Pause);
            QTest::qWait(50);
            took.start();
        }
        QVERIFY2(took.elapsed() < 100, qPrintable(QString::number(took.elapsed())));
    }
};

QTEST_GUILESS_MAIN(TestFeed)
#include "tst_feed.moc"
