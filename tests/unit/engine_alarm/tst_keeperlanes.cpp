// A keeper's lanes beside its alarm: whoever sets records waits neither for a secret of the alarm's nor for its saving.

#include "engine/keeperlanes.h"

#include "storage/told.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <future>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// A place of secrets that answers when it is let.
class SlowStore final : public SecretStore
{
public:
    Result<Secret> get(const QString &, const Deadline &, std::stop_token) override
    {
        std::unique_lock lock(m_mutex);
        m_asked = true;
        m_wake.notify_all();
        m_wake.wait(lock, [this] { return m_open; });
        return fail(ErrorCode::NotFound, latin("There is none."));
    }
    Outcome set(const QString &, const Secret &, const Deadline &, std::stop_token) override { return {}; }
    Result<std::vector<QString>> list() override { return std::vector<QString>(); }
    Outcome remove(const QString &, const Deadline &, std::stop_token) override { return {}; }
    QString place() const override { return latin("a slow place"); }

    bool asked()
    {
        std::unique_lock lock(m_mutex);
        return m_wake.wait_for(lock, 10s, [this] { return m_asked; });
    }
    void open()
    {
        const std::lock_guard lock(m_mutex);
        m_open = true;
        m_wake.notify_all();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_asked = false;
    bool m_open = false;
};

Site home()
{
    Site site{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}, {}};
    site.alarm = Alarm();
    site.alarm->webhooks = {{*Label::parse(latin("phone")), WebhookKind::Generic}};
    return site;
}

/// The lanes with all that they begin with.
struct Lanes {
    SlowStore store;
    KeeperLanes lanes{home(), store, {}, {}};
    ~Lanes()
    {
        store.open();
        if (lanes.m_alarm)
            lanes.m_alarm->end();
    }
    /// As a keeper that leads.
    void lead()
    {
        lanes.m_board.change([](KeeperSnapshot &snapshot) {
            snapshot.role = latin("leader");
            snapshot.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
            snapshot.prefixes = {latin("2001:db8:1::/64")};
            snapshot.awaited.clear();
        });
    }
};

} // namespace

class TestKeeperLanes : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder->path()));
    }

    // Who restarts it in the middle of an outage is not told that all is well.
    void isNotFineBeforeItHasLooked()
    {
        Lanes keeper;
        keeper.store.open();
        QVERIFY(keeper.lanes.begin({}));
        keeper.lanes.m_board.change([](KeeperSnapshot &snapshot) {
            snapshot.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
        });
        QVERIFY(keeper.lanes.snapshot()->troubles.empty());
        QVERIFY(!keeper.lanes.snapshot()->fine());
        keeper.lanes.m_board.change([](KeeperSnapshot &snapshot) { snapshot.looked(latin("paths")); });
        QVERIFY(keeper.lanes.snapshot()->fine());
    }

    void recordsWaitForNoSecretOfTheAlarm()
    {
        Lanes keeper;
        QVERIFY(keeper.lanes.begin({}));
        keeper.lanes.m_alarm->begin();
        QVERIFY(keeper.store.asked());
        // Nothing but the locks is in its way.
        std::stop_source stopped;
        stopped.request_stop();
        auto set =
            std::async(std::launch::async, [&] { return keeper.lanes.setRecords(HomeSeen(), stopped.get_token()); });
        const bool ended = set.wait_for(5s) == std::future_status::ready;
        keeper.store.open();
        QVERIFY2(ended, "who sets records waits until the alarm has its secret");
    }

    void paceIsKeptWhileTheAlarmSaves_data()
    {
        QTest::addColumn<bool>("saving");
        QTest::newRow("what must not be forgotten") << true;
        QTest::newRow("records") << false;
    }

    // A disk that takes its time for one of them: the other one goes on.
    void paceIsKeptWhileTheAlarmSaves()
    {
        QFETCH(bool, saving);
        Lanes keeper;
        keeper.store.open();
        QVERIFY(keeper.lanes.begin({}));
        const std::lock_guard slow(saving ? keeper.lanes.m_saving : keeper.lanes.m_writing);
        keeper.lanes.m_alarm->begin();
        keeper.lead();
        const auto led = [] { return loadTold(*Label::parse(latin("home"))).led; };
        QTRY_COMPARE(led(), std::vector<QString>{latin("2001:db8:1::/64")});
    }

    // What was told lasts, and says nothing in what must not be forgotten.
    void toldIsTakenOver()
    {
        AlarmMemory memory;
        memory.led = {latin("2001:db8:9::/64")};
        QVERIFY(saveTold(*Label::parse(latin("home")), memory));
        Lanes keeper;
        keeper.store.open();
        QVERIFY(keeper.lanes.begin({}));
        keeper.lanes.m_alarm->begin();
        keeper.lanes.m_board.change([](KeeperSnapshot &snapshot) {
            snapshot.role = latin("follower");
            snapshot.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
        });
        // Another one leads: it is no longer where it led.
        QTRY_VERIFY(loadTold(*Label::parse(latin("home"))).led.empty());
    }
};

QTEST_GUILESS_MAIN(TestKeeperLanes)
#include "tst_keeperlanes.moc"
