// Drives the real window by mouse and keyboard against the lab: drive_window FUNCTION…, in the environment SITE and
// SECRETS, for the moves ADDRESSES and HOST_KEY, with PASSWORD_FILE by the password that is in it; SHOTS=FOLDER:
// pictures. GONE=1: the machine before is gone.

#include "decide/overview.h"
#include "driver/stallwatch.h"
#include "driver/windowdriver.h"
#include "running/localjobs.h"
#include "storage/sitefile.h"
#include "ui/plan/planview.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QRadioButton>
#include <QTableWidget>
#include <QTest>

#include <cstdio>

using namespace sixgate;
using namespace sixgate::tests;

class DriveWindow : public QObject
{
    Q_OBJECT

private:
    using Page = WindowDriver::Page;

    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<WindowDriver> m_driver;

    template <class T>
    T *find(const char *name)
    {
        return m_driver->find<T>(name);
    }
    void picture(const char *what)
    {
        m_driver->picture(QStringLiteral("window-%1-%2").arg(latin(QTest::currentTestFunction()), latin(what)));
    }
    void awaitQuestion() { QTRY_VERIFY2_WITH_TIMEOUT(m_driver->asks(), qPrintable(m_driver->job()), lookTime); }
    void awaitEnd()
    {
        QTRY_VERIFY2_WITH_TIMEOUT(m_driver->isAtEnd(), qPrintable(m_driver->job()), runTime);
        std::printf("    %s\n", qPrintable(m_driver->job()));
    }
    void enterMachine()
    {
        m_driver->open(Page::Vps);
        m_driver->click("replace");
        typeInto(*find<QLineEdit>("addresses"), given("ADDRESSES"));
        if (!given("PASSWORD_FILE").isEmpty()) {
            auto *way = find<QRadioButton>("with-password");
            QTest::mouseClick(way, Qt::LeftButton, {}, {10, way->height() / 2});
            QVERIFY(way->isChecked());
            const QString password = contentOf(given("PASSWORD_FILE"));
            QVERIFY(!password.isEmpty());
            typeInto(*find<QLineEdit>("password"), password);
        }
        if (!given("GONE").isEmpty()) {
            auto *gone = find<QCheckBox>("gone");
            QVERIFY(!gone->isChecked());
            QTest::mouseClick(gone, Qt::LeftButton, {}, {10, gone->height() / 2});
            QVERIFY(gone->isChecked());
        }
        picture("form");
        QTest::keyClick(find<QLineEdit>("addresses"), Qt::Key_Return);
        auto *key = find<QLabel>("hostkey");
        QTRY_VERIFY2_WITH_TIMEOUT(key->isVisible(), qPrintable(m_driver->job()), lookTime);
        picture("hostkey");
        QVERIFY2(key->text().contains(given("HOST_KEY")), qPrintable(key->text()));
        // Nothing of it stays in the window.
        QVERIFY(find<QLineEdit>("password")->text().isEmpty());
    }

private Q_SLOTS:
    void initTestCase() { dressApplication(); }

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
        m_driver = std::make_unique<WindowDriver>(*m_window);
        static_cast<StallApplication *>(qApp)->beginWatch();
    }

    void cleanup()
    {
        judgeStalls();
        m_driver.reset();
        m_window.reset();
    }

    void looks()
    {
        m_driver->open(Page::Vps);
        auto *drift = find<QLabel>("drift");
        QTRY_VERIFY_WITH_TIMEOUT(drift->text().contains(latin("VPS")) && !drift->text().contains(latin("Looking")) &&
                                     !drift->text().contains(latin("Not looked")),
                                 lookTime);
        picture("vps");
        m_driver->open(Page::Services);
        picture("services");
        m_driver->open(Page::Dns);
        picture("dns");
        m_driver->open(Page::Overview);
        QTest::mouseClick(find<PathPill>("path-v4"), Qt::LeftButton);
        auto *steps = find<QTableWidget>("steps-table");
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("steps-again")->isEnabled(), lookTime);
        picture("steps");
        QVERIFY(steps->rowCount() >= 5);
        QVERIFY(find<QLabel>("steps-says")->text() == latin("The name comes through."));
        m_driver->open(Page::Vps);
        m_driver->click("runs");
        QTRY_VERIFY_WITH_TIMEOUT(find<QListWidget>("runs-list")->count() > 0, lookTime);
        picture("runs");
        QVERIFY(find<QTableWidget>("runs-steps")->rowCount() > 0);
    }

    void redeploy()
    {
        m_driver->open(Page::Vps);
        m_driver->click("redeploy");
        awaitQuestion();
        picture("plan");
        m_driver->agree();
        QTest::qWait(3000);
        picture("live");
        awaitEnd();
        picture("end");
        QCOMPARE(m_driver->jobSentence(), latin("All changes are made, and all paths work."));
    }

    void rollBack()
    {
        m_driver->open(Page::Vps);
        m_driver->click("rollback");
        awaitQuestion();
        picture("plan");
        m_driver->agree();
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
        m_driver->open(Page::Vps);
        m_driver->click("redeploy");
        awaitQuestion();
        m_driver->agree();
        auto *view = m_window->findChild<PlanView *>();
        QTRY_VERIFY_WITH_TIMEOUT(
            std::ranges::any_of(view->progress()->rows(),
                                [](const PlanRow &one) { return one.lane == latin("VPS") && one.begun; }),
            lookTime);
        m_driver->click("no");
        picture("cancelling");
        awaitEnd();
        picture("end");
        QVERIFY2(m_driver->jobSentence().startsWith(latin("Cancelled")), qPrintable(m_driver->jobSentence()));
    }

    /// The key that is shown is not the one on the console.
    void anotherKey()
    {
        enterMachine();
        QTest::keyClick(find<QPushButton>("no"), Qt::Key_Space);
        QTRY_VERIFY(find<QPushButton>("redeploy")->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("redeploy")->isEnabled(), lookTime);
    }

    void newVps()
    {
        enterMachine();
        m_driver->agree();
        awaitQuestion();
        picture("plan");
        m_driver->agree();
        QTest::qWait(4000);
        picture("live");
        awaitEnd();
        picture("end");
        QCOMPARE(m_driver->jobSentence(), latin("All changes are made, and all paths work."));
        QVERIFY(m_driver->jobDetail().contains(latin("Sixgate is gone from the old machine")));
    }

    /// The machine before is off. With GONE nobody waits for it; else the move ends but for its cleaning.
    void newVpsForDead()
    {
        const bool gone = !given("GONE").isEmpty();
        enterMachine();
        m_driver->agree();
        awaitQuestion();
        picture("plan");
        QVERIFY2(m_driver->jobDetail().contains(gone ? latin("is given up") : latin("is taken away from it")),
                 qPrintable(m_driver->jobDetail()));
        m_driver->agree();
        awaitEnd();
        picture("end");
        QCOMPARE(m_driver->jobSentence(), latin("All changes are made, and all paths work."));
        const QString detail = m_driver->jobDetail();
        QVERIFY2(!detail.contains(latin("sixgatectl")), qPrintable(detail));
        QVERIFY2(detail.contains(gone ? latin("Sixgate does not go to the old machine")
                                      : QStringLiteral("give it up: VPS, “Give the old machine up”")),
                 qPrintable(detail));
        m_driver->close();
        auto *again = find<QPushButton>("look");
        QTRY_VERIFY_WITH_TIMEOUT(again->isVisible() && again->isEnabled(), lookTime);
        auto *card = find<QWidget>("move");
        QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("drift")->isVisible(), lookTime);
        QTRY_COMPARE_WITH_TIMEOUT(card->isVisible(), !gone, lookTime);
        picture("after");
    }

    /// The new machine is set up, then the records cannot be set.
    void newVpsBreaksOff()
    {
        enterMachine();
        m_driver->agree();
        awaitQuestion();
        m_driver->agree();
        awaitEnd();
        picture("end");
        const QString detail = m_driver->jobDetail();
        QVERIFY2(detail.contains(QStringLiteral("Go on with: VPS, “Go on with the move”")), qPrintable(detail));
        QVERIFY2(!detail.contains(latin("sixgatectl")), qPrintable(detail));
    }

    /// A move that broke off before this window was opened; nothing of it is entered again.
    void goesOn()
    {
        m_driver->open(Page::Vps);
        auto *card = find<QWidget>("move");
        QTRY_VERIFY_WITH_TIMEOUT(card->isVisible(), lookTime);
        const QString says = find<QLabel>("move-says")->text();
        QVERIFY2(says.startsWith(latin("The move from the old machine (")), qPrintable(says));
        QCOMPARE(plain(*find<QPushButton>("end-move")), QStringLiteral("Go on with the move…"));
        picture("card");
        m_driver->click("end-move");
        awaitQuestion();
        picture("question");
        // It does not tell to go on with what it goes on with.
        const auto rows = m_window->findChild<PlanView *>()->topLevelItemCount();
        const PlanProgress *progress = m_window->findChild<PlanView *>()->progress();
        QVERIFY(progress);
        QCOMPARE(rows, int(progress->rows().size()));
        m_driver->agree();
        awaitEnd();
        picture("end");
        QCOMPARE(m_driver->jobSentence(), latin("All changes are made, and all paths work."));
        QVERIFY(m_driver->jobDetail().contains(latin("Sixgate is gone from the old machine")));
        m_driver->close();
        QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("drift")->isVisible() && !card->isVisible(), lookTime);
    }

    /// What was left by the move before, in a window that was opened after it.
    void givesOldUp()
    {
        m_driver->open(Page::Vps);
        auto *card = find<QWidget>("move");
        QTRY_VERIFY_WITH_TIMEOUT(card->isVisible(), lookTime);
        QVERIFY2(find<QLabel>("move-says")->text().startsWith(latin("Sixgate is still on the old machine (")),
                 qPrintable(find<QLabel>("move-says")->text()));
        QCOMPARE(plain(*find<QPushButton>("end-move")), QStringLiteral("Clean the old machine…"));
        picture("card");
        m_driver->click("give-up");
        awaitQuestion();
        picture("question");
        m_driver->agree();
        awaitEnd();
        picture("end");
        QCOMPARE(m_driver->jobSentence(), latin("The old machine is given up."));
        m_driver->close();
        QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("drift")->isVisible() && !card->isVisible(), lookTime);
        picture("after");
    }
};

int main(int argc, char **argv)
{
    StallApplication app(argc, argv);
    DriveWindow drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_window.moc"
