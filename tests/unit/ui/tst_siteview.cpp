// What app/desktop joins: the keeper's view with a diagnosis, and the window with a site file that changes.

#include "decide/overview.h"
#include "desktop/diagnosing.h"
#include "desktop/siteview.h"
#include "scripted.h"
#include "storage/sitefile.h"

#include <QApplication>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSaveFile>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Overview seen(OverviewState state)
{
    Overview one;
    one.state = state;
    one.sentence = latin("The keeper's sentence.");
    one.button = OverviewButton::Check;
    return one;
}

Condition condition(const char *title)
{
    Condition one;
    one.code = latin("some-code");
    one.title = latin(title);
    return one;
}

} // namespace

class TestSiteView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setOrganizationName(latin("sixgate-test"));
        QApplication::setApplicationName(latin("siteview"));
        QApplication::setStyle(latin("fusion"));
    }

    // One at a time; who asks meanwhile gets one that began after that.
    void diagnoses()
    {
        std::atomic<int> runs = 0, now = 0, most = 0;
        std::atomic<bool> go = false;
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [&](const JobOrder &order, JobTalk &, const JobStops &stops) -> Result<JobEnd> {
            most = std::max(most.load(), ++now);
            while (!go && !stops.stop.stop_requested())
                QThread::msleep(1);
            --now;
            JobEnd end;
            if (!std::holds_alternative<CheckOrder>(order))
                return end;
            end.check = CheckReport();
            end.check->diagnosis.roots = {condition(++runs == 1 ? "The first cause." : "The second cause.")};
            return end;
        };
        Diagnosing diagnosing(jobs);
        Overview shown;
        connect(&diagnosing, &Diagnosing::shows, this,
                [&](const Overview &one, const SharedSnapshot &) { shown = one; });
        // While the home moves there is nothing to be found out.
        diagnosing.see(seen(OverviewState::Working), nullptr);
        QVERIFY(!shown.looking);
        diagnosing.see(seen(OverviewState::Broken), nullptr);
        QVERIFY(shown.looking);
        QVERIFY(!shown.settled);
        QCOMPARE(shown.sentence, latin("The keeper's sentence."));
        diagnosing.ask();
        go = true;
        QTRY_VERIFY(!shown.looking);
        QCOMPARE(runs.load(), 2);
        QCOMPARE(most.load(), 1);
        QCOMPARE(shown.sentence, latin("The second cause."));
        // All is well again: what was found is no longer true, and is looked at anew soon.
        diagnosing.see(seen(OverviewState::Fine), nullptr);
        QCOMPARE(shown.sentence, latin("The keeper's sentence."));
        QVERIFY(shown.settled);
    }

    // One that fails leaves the keeper's word, and somebody is called.
    void failsToDiagnose()
    {
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [](const JobOrder &, JobTalk &, const JobStops &) -> Result<JobEnd> {
            return fail(ErrorCode::Unavailable, latin("The keychain is locked."));
        };
        Diagnosing diagnosing(jobs);
        Overview shown;
        connect(&diagnosing, &Diagnosing::shows, this,
                [&](const Overview &one, const SharedSnapshot &) { shown = one; });
        diagnosing.see(seen(OverviewState::Broken), nullptr);
        QTRY_VERIFY(!shown.looking);
        QCOMPARE(shown.sentence, latin("The keeper's sentence."));
        QVERIFY(shown.settled);
    }

    // One that fails after one that did not takes nothing back.
    void keepsTheFinding()
    {
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        std::atomic<int> runs = 0;
        jobs->script = [&](const JobOrder &, JobTalk &, const JobStops &) -> Result<JobEnd> {
            if (++runs > 1)
                return fail(ErrorCode::Unavailable, latin("The keychain is locked."));
            JobEnd end;
            end.check = CheckReport();
            end.check->diagnosis.roots = {condition("The cause.")};
            return end;
        };
        Diagnosing diagnosing(jobs);
        Overview shown;
        connect(&diagnosing, &Diagnosing::shows, this,
                [&](const Overview &one, const SharedSnapshot &) { shown = one; });
        QSignalSpy failed(&diagnosing, &Diagnosing::failed);
        diagnosing.see(seen(OverviewState::Broken), nullptr);
        QTRY_COMPARE(shown.sentence, latin("The cause."));
        QTRY_VERIFY(!shown.looking);
        diagnosing.ask();
        QTRY_COMPARE(failed.size(), 1);
        QCOMPARE(failed.front().front().toString(), latin("The keychain is locked."));
        QCOMPARE(shown.sentence, latin("The cause."));
    }

    // A look that failed says nothing of how the VPS is now; one that is asked for during another one comes after it.
    void looks()
    {
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        std::atomic<int> begun = 0, allowed = 0;
        jobs->script = [&](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            if (!std::holds_alternative<LookOrder>(order))
                return JobEnd();
            const int mine = ++begun;
            while (allowed < mine && !stops.stop.stop_requested())
                QThread::msleep(1);
            talk.planned(Plan(), PlanPart::Main, {});
            if (mine == 3)
                return fail(ErrorCode::Unavailable, latin("The VPS does not answer."));
            JobEnd end;
            auto what = std::make_shared<Observation>();
            what->vps.facts = VpsFacts();
            end.seen = what;
            return end;
        };
        const auto site = tests::exampleSite();
        MainWindow window({site->name.text(), latin("vps.example.org")}, {site, jobs});
        window.show();
        const auto *drift = window.findChild<QLabel *>(latin("drift"));
        window.look();
        QTRY_COMPARE(begun.load(), 1);
        window.look();
        allowed = 1;
        QTRY_COMPARE(begun.load(), 2);
        QVERIFY(drift->text().startsWith(latin("Looking")));
        allowed = 2;
        QTRY_VERIFY(drift->text().startsWith(latin("The VPS is as the site file wants it")));
        window.look();
        allowed = 3;
        QTRY_COMPARE(drift->text(), latin("The VPS does not answer."));
        QCOMPARE(begun.load(), 3);
    }

    // Quitting while the VPS is at work asks, and the second time obeys.
    void quitsAtWork()
    {
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            if (!std::holds_alternative<ApplyOrder>(order))
                return JobEnd();
            return tests::workUntilStopped(talk, stops);
        };
        const auto site = tests::exampleSite();
        MainWindow window({site->name.text(), latin("vps.example.org")}, {site, jobs});
        window.show();
        QSignalSpy quits(&window, &MainWindow::quits), idle(&window, &MainWindow::idle);
        QVERIFY(window.letsGo());
        window.redeploy();
        auto *yes = window.findChild<QPushButton *>(latin("yes"));
        QTRY_VERIFY(yes->isVisible());
        yes->click();
        QTest::keyClick(&window, Qt::Key_Q, Qt::ControlModifier);
        QCOMPARE(quits.size(), 1);
        QVERIFY(!window.letsGo());
        QVERIFY(window.statusBar()->currentMessage().contains(latin("at work")));
        QVERIFY(window.letsGo() && window.isWorking());
        window.cancelWork();
        QTRY_COMPARE(idle.size(), 1);
        QVERIFY(!window.isWorking());
    }

    // Enter presses the button that has the focus, once; Escape leaves. A field that takes Enter hands it to nobody.
    void keys()
    {
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        std::atomic<int> replaces = 0;
        jobs->script = [&](const JobOrder &order, JobTalk &, const JobStops &stops) -> Result<JobEnd> {
            if (!std::holds_alternative<ReplaceOrder>(order))
                return JobEnd();
            ++replaces;
            while (!stops.stop.stop_requested())
                QThread::msleep(1);
            return fail(ErrorCode::Cancelled, latin("Cancelled."));
        };
        const auto site = tests::exampleSite();
        MainWindow window({site->name.text(), latin("vps.example.org")}, {site, jobs});
        window.show();
        window.activateWindow();
        window.findChild<QListWidget *>(latin("pages"))->setCurrentRow(3);
        auto *replace = window.findChild<QPushButton *>(latin("replace"));
        replace->setFocus();
        QTest::keyClick(replace, Qt::Key_Return);
        auto *addresses = window.findChild<QLineEdit *>(latin("addresses"));
        QVERIFY(addresses->isVisible());
        QTest::keyClick(addresses, Qt::Key_Escape);
        QVERIFY(!addresses->isVisible());
        QTest::keyClick(replace, Qt::Key_Return);
        addresses->setText(latin("192.0.2.20"));
        QTest::keyClick(addresses, Qt::Key_Return);
        QTRY_COMPARE(replaces.load(), 1);
        QTest::qWait(100);
        auto *job = window.findChild<QWidget *>(latin("job"));
        QVERIFY(job->isVisible());
        QVERIFY(job->findChild<QLabel *>(latin("sentence"))->text().startsWith(latin("Looking")));
    }

    // It comes back where it was and as large, whether it was closed, or the program ended.
    void keepsItsPlace()
    {
        QSettings().clear();
        const QRect small(40, 30, 700, 460), large(20, 25, 760, 500);
        QSize first;
        {
            MainWindow window({latin("home"), {}});
            window.setTray(true);
            window.show();
            first = window.size();
            QVERIFY(first != small.size());
            window.setGeometry(small);
            window.close();
        }
        {
            MainWindow window({latin("home"), {}});
            window.show();
            QCOMPARE(window.geometry(), small);
            window.setGeometry(large);
            window.keepPlace();
        }
        {
            MainWindow window({latin("home"), {}});
            window.show();
            QCOMPARE(window.geometry(), large);
        }
        // What was kept is not a geometry: as at first.
        QSettings().setValue(latin("window/geometry"), QByteArray("nonsense"));
        MainWindow window({latin("home"), {}});
        window.show();
        QCOMPARE(window.size(), first);
        QSettings().clear();
    }

    // A site file that cannot be used is told, also in the tray; once it is mended, who opens the view hears of it.
    void mends()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(latin("site.json"));
        const auto write = [&](const QByteArray &text) {
            QSaveFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) > 0 && file.commit());
        };
        write("{");
        Choices choices;
        choices.siteFile = path;
        choices.secrets = latin("dir:") + folder.path();
        Tray tray;
        bool mended = false;
        SiteView view(choices, loadSite(path), tray, [&] { mended = true; });
        QVERIFY(!view.hasSite());
        view.window().raiseUp();
        const auto shows = [&](const char *text) {
            const auto labels = view.window().findChildren<QLabel *>();
            return std::ranges::any_of(labels, [&](const QLabel *one) { return one->text().contains(latin(text)); });
        };
        QVERIFY(shows("The site file cannot be used."));
        QVERIFY(shows(qPrintable(path)));
        QVERIFY(shows("not valid JSON"));
        write("{\"format\": 77}");
        QTRY_VERIFY(shows("This key is missing"));
        QVERIFY(!mended);
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        write(example.readAll());
        QTRY_VERIFY(mended);
    }

    // After "New VPS", or where sixgatectl or an editor has changed the file, the window is that of the new site.
    void followsTheFile()
    {
        QTemporaryDir folder;
        qputenv("XDG_RUNTIME_DIR", folder.path().toLocal8Bit());
        qputenv("XDG_STATE_HOME", folder.path().toLocal8Bit());
        const QString path = folder.filePath(latin("site.json"));
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const QByteArray before = example.readAll();
        const auto write = [&](const QByteArray &text) {
            QSaveFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) > 0 && file.commit());
        };
        write(before);
        Choices choices;
        choices.siteFile = path;
        choices.secrets = latin("dir:") + folder.path();
        Tray tray;
        SiteView view(choices, loadSite(path), tray, [] {});
        view.window().raiseUp();
        view.window().findChild<QListWidget *>(latin("pages"))->setCurrentRow(3);
        const auto shows = [&](const char *name) {
            const auto labels = view.window().findChildren<QLabel *>();
            return std::ranges::any_of(labels, [&](const QLabel *one) { return one->text() == latin(name); });
        };
        QTRY_VERIFY(shows("vps.example.org"));
        // One that cannot be read changes nothing.
        write("{");
        QTest::qWait(500);
        QVERIFY(shows("vps.example.org"));
        write(QByteArray(before).replace("vps.example.org", "other.example.org"));
        QTRY_VERIFY_WITH_TIMEOUT(shows("other.example.org"), 10000);
        QVERIFY(!shows("vps.example.org"));
    }
};

QTEST_MAIN(TestSiteView)
#include "tst_siteview.moc"
