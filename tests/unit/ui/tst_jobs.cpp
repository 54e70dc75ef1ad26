// Jobs away from the GUI thread: with the real engine, whose site leads nowhere, and with scripted ones that hang.

#include "running/localjobs.h"
#include "running/sitework.h"
#include "storage/sitefile.h"
#include "ui/jobs/jobrunner.h"

#include <QElapsedTimer>
#include <QFile>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

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

/// The longest time between two turns of the event loop while this lives.
class Beat
{
public:
    Beat()
    {
        m_last.start();
        QObject::connect(&m_timer, &QTimer::timeout, [this] { longest = std::max(longest, m_last.restart()); });
        m_timer.start(2);
    }
    qint64 longest = 0;

private:
    QElapsedTimer m_last;
    QTimer m_timer;
};

void hang(const std::stop_token &stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [] { return false; });
}

/// What a job says and asks, in order.
class Scripted final : public SiteJobs
{
public:
    std::function<Result<JobEnd>(JobTalk &, const JobStops &)> script;

    Result<JobEnd> run(const JobOrder &, JobTalk &talk, const JobStops &stops) override { return script(talk, stops); }
};

Plan onePlan()
{
    Plan plan;
    Change change;
    change.id = latin("dns.1");
    change.sentence = latin("Create cloud.example.org A.");
    plan.changes.push_back(change);
    return plan;
}

} // namespace

class TestJobs : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    QString m_site;

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("XDG_STATE_HOME", m_folder.filePath(latin("state")).toUtf8());
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto site = parseSite(example.readAll());
        QVERIFY(site);
        m_site = m_folder.filePath(latin("site.json"));
        QVERIFY(saveSite(m_site, *site));
    }

    void noSite()
    {
        JobRunner jobs(std::make_shared<LocalJobs>(SitePlace{m_folder.filePath(latin("none.json")), latin("stdin")}));
        QSignalSpy ended(&jobs, &JobRunner::ended);
        QVERIFY(jobs.start(ApplyOrder()));
        QVERIFY(!jobs.start(ApplyOrder())); // one at a time
        QTRY_COMPARE(ended.size(), 1);
        const auto end = ended.front().front().value<SharedJobEnd>();
        QVERIFY(!*end);
        QCOMPARE(end->error().code, ErrorCode::NotFound);
        QVERIFY(!jobs.isRunning());
    }

    // The real engine looks at a home, a zone and a VPS that are nowhere; the user cancels.
    void cancelsTheEngine_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("apply") << 0;
        QTest::newRow("look") << 1;
        QTest::newRow("check") << 2;
        QTest::newRow("rollback") << 3;
        QTest::newRow("remove") << 4;
        QTest::newRow("replace") << 5;
    }

    void cancelsTheEngine()
    {
        QFETCH(int, which);
        NewMachine machine{{*parseIpAddress(latin("192.0.2.77"))}, {}, {}};
        const JobOrder orders[] = {ApplyOrder(),    LookOrder(),   CheckOrder(),
                                   RollBackOrder(), RemoveOrder(), ReplaceOrder{machine}};
        const QString secrets = latin("dir:") + m_folder.filePath(latin("secrets"));
        Beat beat;
        JobRunner jobs(std::make_shared<LocalJobs>(SitePlace{m_site, secrets}));
        QSignalSpy ended(&jobs, &JobRunner::ended), says(&jobs, &JobRunner::activity);
        QVERIFY(jobs.start(orders[which]));
        QTest::qWait(150);
        QElapsedTimer took;
        took.start();
        jobs.cancel();
        QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, 5000);
        QVERIFY2(took.elapsed() < 2000, qPrintable(QString::number(took.elapsed())));
        QVERIFY2(beat.longest < stallLimit, qPrintable(QStringLiteral("%1 ms").arg(beat.longest)));
        // Where the network refuses at once it may have ended by itself; else it was the cancel.
        const auto end = ended.front().front().value<SharedJobEnd>();
        if (says.size() > 0 && !*end)
            QVERIFY(end->error().code == ErrorCode::Cancelled || took.elapsed() < 50);
        QVERIFY(!QFile::exists(m_folder.filePath(latin("state/sixgate/home/state.json"))));
    }

    // Giving the old machine up asks first, and changes the state alone.
    void givesUp_data()
    {
        QTest::addColumn<bool>("yes");
        QTest::addColumn<bool>("meanwhile");
        QTest::newRow("no") << false << false;
        QTest::newRow("yes") << true << false;
        QTest::newRow("another move meanwhile") << true << true;
    }

    void givesUp()
    {
        QFETCH(bool, yes);
        QFETCH(bool, meanwhile);
        const auto site = loadSite(m_site);
        QVERIFY(site);
        SiteState state;
        state.vpsKeys = {Fingerprint::ofBytes("a")};
        state.leftVps = LeftVps{site->vps.front(), {}};
        state.leftVps->vps.addresses = {*parseIpAddress(latin("198.51.100.10"))};
        QVERIFY(saveState(site->name, state));
        const auto forgets = qScopeGuard([&] { QFile::remove(stateFolder(site->name) + latin("/state.json")); });
        JobRunner runner(std::make_shared<LocalJobs>(SitePlace{m_site, latin("dir:") + m_folder.filePath(latin("s"))}));
        QSignalSpy asks(&runner, &JobRunner::asks), planned(&runner, &JobRunner::planned),
            remarked(&runner, &JobRunner::remarked), ended(&runner, &JobRunner::ended);
        QVERIFY(runner.start(ReplaceOrder{{}, true}));
        QTRY_COMPARE(asks.size(), 1);
        QCOMPARE(planned.size(), 1);
        const QString warning = asks.front().front().toString();
        QVERIFY2(warning.contains(latin("does not go to the old machine (198.51.100.10) any more")) &&
                     warning.contains(latin("ACME keys")) && warning.contains(latin("Visitors may still be led there")),
                 qPrintable(warning));
        QVERIFY(*loadState(site->name) == state);
        if (meanwhile) {
            state.leftVps->vps.addresses = {*parseIpAddress(latin("198.51.100.99"))};
            QVERIFY(saveState(site->name, state));
        }
        runner.answer(yes);
        QTRY_COMPARE(ended.size(), 1);
        const auto end = *ended.front().front().value<SharedJobEnd>();
        if (!yes || meanwhile) {
            QVERIFY(!end);
            QCOMPARE(end.error().code, meanwhile ? ErrorCode::Moved : ErrorCode::Cancelled);
            QVERIFY(*loadState(site->name) == state);
            return;
        }
        QVERIFY2(end, end ? "" : qPrintable(end.error().summary));
        QVERIFY(end->old == OldMachine::GivenUp);
        QCOMPARE(remarked.size(), 2);
        state.leftVps.reset();
        QVERIFY(*loadState(site->name) == state);
    }

    void asksAndSteps_data()
    {
        QTest::addColumn<bool>("yes");
        QTest::newRow("yes") << true;
        QTest::newRow("no") << false;
    }

    void asksAndSteps()
    {
        QFETCH(bool, yes);
        const auto jobs = std::make_shared<Scripted>();
        jobs->script = [](JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            const Plan plan = onePlan();
            talk.planned(plan, PlanPart::Main, {});
            if (auto agreed = talk.agree(plan, latin("warning"), stops.stop); !agreed)
                return passOn(agreed);
            talk.step(latin("dns.1"), StepState::Started, {});
            talk.step(latin("dns.1"), StepState::Done, {});
            talk.remark(latin("remark"), {});
            return JobEnd();
        };
        JobRunner runner(jobs);
        QSignalSpy planned(&runner, &JobRunner::planned), asks(&runner, &JobRunner::asks),
            stepped(&runner, &JobRunner::stepped), ended(&runner, &JobRunner::ended);
        QVERIFY(runner.start(ApplyOrder()));
        QTRY_COMPARE(asks.size(), 1);
        QCOMPARE(planned.size(), 1);
        QVERIFY(runner.isAsking());
        runner.answer(yes);
        QTRY_COMPARE(ended.size(), 1);
        QCOMPARE(stepped.size(), yes ? 2 : 0);
        const auto end = ended.front().front().value<SharedJobEnd>();
        QCOMPARE(bool(*end), yes);
        if (!yes)
            QCOMPARE(end->error().code, ErrorCode::Cancelled);
    }

    // Neither a cancel at a question nor one that is obeyed late makes the GUI thread wait.
    void cancelWhileAsking()
    {
        const auto jobs = std::make_shared<Scripted>();
        jobs->script = [](JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            const auto agreed = talk.agree(onePlan(), {}, stops.stop);
            std::this_thread::sleep_for(300ms);
            return agreed ? Result<JobEnd>(JobEnd()) : Result<JobEnd>(passOn(agreed));
        };
        Beat beat;
        JobRunner runner(jobs);
        QSignalSpy asks(&runner, &JobRunner::asks), ended(&runner, &JobRunner::ended);
        QVERIFY(runner.start(ApplyOrder()));
        QTRY_COMPARE(asks.size(), 1);
        runner.cancel();
        QTRY_COMPARE(ended.size(), 1);
        QCOMPARE((*ended.front().front().value<SharedJobEnd>()).error().code, ErrorCode::Cancelled);
        QVERIFY2(beat.longest < stallLimit, qPrintable(QStringLiteral("%1 ms").arg(beat.longest)));
    }

    // A second cancel waits no longer for the state before.
    void detaches()
    {
        const auto jobs = std::make_shared<Scripted>();
        jobs->script = [](JobTalk &, const JobStops &stops) -> Result<JobEnd> {
            hang(stops.detach);
            return fail(ErrorCode::Unavailable, latin("It goes on by itself."));
        };
        JobRunner runner(jobs);
        QSignalSpy ended(&runner, &JobRunner::ended);
        QVERIFY(runner.start(ApplyOrder()));
        runner.cancel();
        QTest::qWait(100);
        QCOMPARE(ended.size(), 0);
        runner.cancel();
        QTRY_COMPARE(ended.size(), 1);
    }

    // The window closes while a job hangs that obeys its stop.
    void endsAtOnce()
    {
        const auto jobs = std::make_shared<Scripted>();
        jobs->script = [](JobTalk &, const JobStops &stops) -> Result<JobEnd> {
            hang(stops.stop);
            return fail(ErrorCode::Cancelled, latin("Cancelled."));
        };
        QElapsedTimer took;
        {
            JobRunner runner(jobs);
            QVERIFY(runner.start(ApplyOrder()));
            QTest::qWait(50);
            took.start();
        }
        QVERIFY2(took.elapsed() < 200, qPrintable(QString::number(took.elapsed())));
    }
};

QTEST_GUILESS_MAIN(TestJobs)
#include "tst_jobs.moc"
