// Drives the real window by mouse and keyboard against the lab: drive_window FUNCTION…, in the environment SITE and
// SECRETS, for the moves ADDRESSES and HOST_KEY, with PASSWORD by password; SHOTS=FOLDER: pictures.

#include "decide/overview.h"
#include "pictures/pictures.h"
#include "running/localjobs.h"
#include "stallwatch.h"
#include "storage/sitefile.h"
#include "ui/look/outlines.h"
#include "ui/look/texts.h"
#include "ui/overview/pathfigure.h"
#include "ui/plan/planview.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QRadioButton>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTest>

#include <cstdio>

using namespace sixgate;

namespace
{

constexpr int planTime = 90 * 1000;
constexpr int runTime = 7 * 60 * 1000;
constexpr int stallAim = 50; // ms

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QString given(const char *name)
{
    return qEnvironmentVariable(name);
}

} // namespace

class DriveWindow : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<MainWindow> m_window;

    static tests::StallApplication &watch() { return *static_cast<tests::StallApplication *>(qApp); }
    template <class T>
    T *find(const char *name)
    {
        return m_window->findChild<T *>(latin(name));
    }
    QString sentence()
    {
        auto *job = m_window->findChild<QWidget *>(latin("job"));
        return job->findChild<QLabel *>(latin("sentence"))->text();
    }
    QString detail()
    {
        auto *job = m_window->findChild<QWidget *>(latin("job"));
        return job->findChild<QLabel *>(latin("detail"))->text();
    }
    void picture(const char *what)
    {
        if (given("SHOTS").isEmpty())
            return;
        tests::takePictures(*m_window,
                            QStringLiteral("window-%1-%2").arg(latin(QTest::currentTestFunction()), latin(what)));
    }
    void click(const char *name) { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
    void openVps() { find<QListWidget>("pages")->setCurrentRow(3); }
    void awaitQuestion()
    {
        auto *yes = find<QPushButton>("yes");
        QTRY_VERIFY2_WITH_TIMEOUT(yes->isVisible(), qPrintable(sentence() + QLatin1Char('\n') + detail()), planTime);
    }
    void awaitEnd()
    {
        auto *no = find<QPushButton>("no");
        QTRY_VERIFY2_WITH_TIMEOUT(no->text() == latin("&Close"), qPrintable(sentence() + QLatin1Char('\n') + detail()),
                                  runTime);
        std::printf("    %s %s\n", qPrintable(sentence()),
                    qPrintable(detail().replace(QLatin1Char('\n'), QLatin1Char(' '))));
    }
    void enterMachine()
    {
        openVps();
        click("replace");
        QTest::keyClicks(find<QLineEdit>("addresses"), given("ADDRESSES"));
        if (!given("PASSWORD").isEmpty()) {
            QTest::mouseClick(find<QRadioButton>("with-password"), Qt::LeftButton, {}, {10, 10});
            QTest::keyClicks(find<QLineEdit>("password"), given("PASSWORD"));
        }
        picture("form");
        QTest::keyClick(find<QLineEdit>("addresses"), Qt::Key_Return);
        auto *key = find<QLabel>("hostkey");
        QTRY_VERIFY2_WITH_TIMEOUT(key->isVisible(), qPrintable(sentence() + detail()), planTime);
        picture("hostkey");
        QVERIFY2(key->text().contains(given("HOST_KEY")), qPrintable(key->text()));
    }

private Q_SLOTS:
    void initTestCase()
    {
        QApplication::setStyle(latin("fusion"));
        loadTexts();
        drawOutlines();
    }

    void init()
    {
        const auto site = loadSite(given("SITE"));
        QVERIFY2(site, site ? "" : qPrintable(site.error().summary));
        m_window = std::make_unique<MainWindow>(
            WindowTexts{site->name.text(), site->vps.front().host.display()},
            WindowWork{std::make_shared<const Site>(*site),
                       std::make_shared<LocalJobs>(SitePlace{given("SITE"), given("SECRETS")})});
        m_window->show(overviewWithout(*site, {}), nullptr);
        m_window->resize(1120, 740);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        watch().beginWatch();
    }

    void cleanup()
    {
        watch().endWatch();
        std::printf("    longest stall of the GUI thread: %lld ms (aim %d; %s)\n",
                    static_cast<long long>(watch().longest().count()), stallAim, qPrintable(watch().culprit()));
        m_window.reset();
    }

    void looks()
    {
        openVps();
        auto *drift = find<QLabel>("drift");
        QTRY_VERIFY_WITH_TIMEOUT(drift->text().contains(latin("VPS")) && !drift->text().contains(latin("Looking")) &&
                                     !drift->text().contains(latin("Not looked")),
                                 planTime);
        picture("vps");
        find<QListWidget>("pages")->setCurrentRow(1);
        picture("services");
        find<QListWidget>("pages")->setCurrentRow(2);
        picture("dns");
        find<QListWidget>("pages")->setCurrentRow(0);
        QTest::mouseClick(find<PathPill>("path-v4"), Qt::LeftButton);
        auto *steps = find<QTableWidget>("steps-table");
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("steps-again")->isEnabled(), planTime);
        picture("steps");
        QVERIFY(steps->rowCount() >= 5);
        QVERIFY(find<QLabel>("steps-says")->text().startsWith(latin("1 of 1")));
        openVps();
        click("runs");
        QTRY_VERIFY_WITH_TIMEOUT(find<QListWidget>("runs-list")->count() > 0, planTime);
        picture("runs");
        QVERIFY(find<QTableWidget>("runs-steps")->rowCount() > 0);
    }

    void redeploy()
    {
        openVps();
        click("redeploy");
        awaitQuestion();
        picture("plan");
        QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
        QTest::qWait(3000);
        picture("live");
        awaitEnd();
        picture("end");
        QCOMPARE(sentence(), latin("All changes are made, and all paths work."));
    }

    void rollBack()
    {
        openVps();
        click("rollback");
        awaitQuestion();
        picture("plan");
        QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
        awaitEnd();
        picture("end");
        const auto rows = m_window->findChild<PlanView *>()->progress()->rows();
        QVERIFY(!rows.empty());
        for (const PlanRow &row : rows)
            QCOMPARE(row.mark, OverviewState::Fine);
    }

    /// As soon as the VPS is at work.
    void cancels()
    {
        openVps();
        click("redeploy");
        awaitQuestion();
        QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
        auto *view = m_window->findChild<PlanView *>();
        QTRY_VERIFY_WITH_TIMEOUT(
            std::ranges::any_of(view->progress()->rows(),
                                [](const PlanRow &one) { return one.lane == latin("VPS") && one.begun; }),
            planTime);
        click("no");
        picture("cancelling");
        awaitEnd();
        picture("end");
        QVERIFY2(sentence().startsWith(latin("Cancelled")), qPrintable(sentence()));
    }

    /// The key that is shown is not the one on the console.
    void anotherKey()
    {
        enterMachine();
        QTest::keyClick(find<QPushButton>("no"), Qt::Key_Space);
        QTRY_VERIFY(find<QPushButton>("redeploy")->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("redeploy")->isEnabled(), planTime);
    }

    void newVps()
    {
        enterMachine();
        QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
        QTRY_VERIFY2_WITH_TIMEOUT(find<QPushButton>("yes")->isVisible(), qPrintable(sentence() + detail()), planTime);
        picture("plan");
        QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
        QTest::qWait(4000);
        picture("live");
        awaitEnd();
        picture("end");
        QCOMPARE(sentence(), latin("All changes are made, and all paths work."));
        QVERIFY(detail().contains(latin("Sixgate is gone from the old machine")));
    }
};

int main(int argc, char **argv)
{
    tests::StallApplication app(argc, argv);
    DriveWindow drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_window.moc"
