// What app/desktop joins: the keeper's view with a diagnosis, and the window with a site file that changes.

#include "decide/overview.h"
#include "desktop/diagnosing.h"
#include "desktop/siteview.h"
#include "scripted.h"
#include "storage/sitefile.h"

#include <QApplication>
#include <QFile>
#include <QLabel>
#include <QListWidget>
#include <QSaveFile>
#include <QSignalSpy>
#include <QStandardPaths>
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
        SiteView view(choices, loadSite(path), tray);
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
