// Shows the desktop program's window, with its keeper, as the lab has it now, and makes pictures of it:
// drive_pictures FUNCTION, in the environment SITE, SECRETS and SHOTS, the folder of the pictures.

#include "desktop/program.h"
#include "driver/windowdriver.h"
#include "ui/vps/vpspage.h"

#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>
#include <QTreeWidget>

#include <cstdio>

using namespace sixgate;
using namespace sixgate::tests;

class DrivePictures : public QObject
{
    Q_OBJECT

private:
    using Page = WindowDriver::Page;

    std::unique_ptr<Program> m_program;
    std::unique_ptr<WindowDriver> m_driver;

    template <class T>
    T *find(const char *name)
    {
        return m_driver->find<T>(name);
    }
    QString verdict() { return m_driver->verdict(); }
    void picture(const QString &what) { m_driver->picture(latin("window-") + what); }
    void picture(const char *what) { picture(latin(what)); }
    void open(Page page) { m_driver->open(page); }
    void click(const char *name) { m_driver->click(name, lookTime); }
    PathState stateOf(PathKind kind) { return m_driver->stateOf(kind); }
    void start()
    {
        Choices choices;
        choices.siteFile = given("SITE");
        choices.secrets = given("SECRETS");
        m_program = std::make_unique<Program>(choices);
        m_program->begin();
        auto *window = topLevel<MainWindow>();
        QVERIFY(window);
        QVERIFY(QTest::qWaitForWindowExposed(window));
        m_driver = std::make_unique<WindowDriver>(*window);
    }
    void awaitVerdict(const char *begins)
    {
        QTRY_VERIFY2_WITH_TIMEOUT(verdict().startsWith(latin(begins)), qPrintable(verdict()), lookTime);
    }
    /// For faults that do not touch the LAN.
    void awaitLan() { QTRY_VERIFY_WITH_TIMEOUT(stateOf(PathKind::Lan) == PathState::Works, lookTime); }
    void showSteps(const char *what)
    {
        open(Page::Overview);
        click("path-v4");
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("steps-again")->isEnabled(), lookTime);
        QVERIFY(find<QTableWidget>("steps-table")->rowCount() > 0);
        picture(what);
        click("steps-close");
    }
    void awaitLook()
    {
        auto *again = find<QPushButton>("look");
        QTRY_VERIFY_WITH_TIMEOUT(again->isEnabled(), lookTime);
    }
    /// The job on the VPS's page, from its plan to its end.
    void carryOut(const char *button, const QString &name)
    {
        open(Page::Vps);
        awaitLook();
        click(button);
        QTRY_VERIFY2_WITH_TIMEOUT(m_driver->asks() || m_driver->isAtEnd(), qPrintable(m_driver->job()), lookTime);
        QVERIFY2(m_driver->asks() && !m_driver->isAtEnd(), qPrintable(m_driver->job()));
        picture(name + latin("-plan"));
        auto *plan = find<QTreeWidget>("plan");
        for (int i = 0; i < plan->topLevelItemCount(); ++i) {
            if (plan->topLevelItem(i)->childIndicatorPolicy() == QTreeWidgetItem::ShowIndicator) {
                plan->setCurrentItem(plan->topLevelItem(i));
                QTest::keyClick(plan, Qt::Key_Return);
                picture(name + latin("-diff"));
                QTest::keyClick(plan, Qt::Key_Return);
                break;
            }
        }
        click("yes");
        QTest::qWait(2500);
        picture(name + latin("-running"));
        // The keeper may change something meanwhile: then the plan is made anew, and asked about again.
        const auto ended = [this] {
            if (plain(*find<QPushButton>("no")) == latin("Not now"))
                click("yes");
            return m_driver->isAtEnd();
        };
        QTRY_VERIFY_WITH_TIMEOUT(ended(), runTime);
        picture(name + latin("-end"));
        std::printf("    %s: %s\n", qPrintable(name), qPrintable(m_driver->jobSentence()));
        m_driver->close();
    }

private Q_SLOTS:
    void init() { start(); }
    void cleanup()
    {
        m_driver.reset();
        m_program.reset();
    }

    // All is well: every page.
    void fine()
    {
        picture("overview-begins");
        awaitVerdict("Everything is reachable");
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
            QTRY_VERIFY_WITH_TIMEOUT(stateOf(kind) == PathState::Works, lookTime);
        open(Page::Services);
        picture("services-looking");
        awaitLook();
        QTest::qWait(300);
        picture("services");
        open(Page::Dns);
        picture("dns");
        open(Page::Vps);
        picture("vps");
        click("runs");
        auto *runs = find<QListWidget>("runs-list");
        QTRY_VERIFY_WITH_TIMEOUT(runs->count() > 0, lookTime);
        picture("runs");
        open(Page::Settings);
        picture("settings");
        open(Page::Overview);
        find<QListWidget>("pages")->setFocus();
        picture("overview");
        showSteps("steps");
    }

    // Something is wrong: what the first page says, and the steps of the path that fails.
    void fault()
    {
        QTRY_VERIFY2_WITH_TIMEOUT(verdict().contains(latin("cannot be reached")) ||
                                      stateOf(PathKind::V4) == PathState::Broken,
                                  qPrintable(verdict()), lookTime);
        awaitLan();
        // It gets its name.
        auto *next = find<QWidget>("overview")->findChild<QPushButton *>(latin("next"));
        QTRY_VERIFY2_WITH_TIMEOUT(plain(*next).startsWith(latin("Show me")), qPrintable(verdict()), lookTime);
        find<QListWidget>("pages")->setFocus();
        picture("overview-fault");
        std::printf("    %s\n", qPrintable(verdict()));
        QTest::mouseClick(next, Qt::LeftButton);
        picture("cause");
        QTest::mouseClick(find<QPushButton>("cause-close"), Qt::LeftButton);
        showSteps("steps-fault");
    }

    // A record is not as it should be, and the account takes no update.
    void dnsFault()
    {
        open(Page::Dns);
        awaitLook();
        QTest::qWait(3000);
        picture("dns-fault");
        awaitLan();
        open(Page::Overview);
        QTRY_VERIFY2_WITH_TIMEOUT(!verdict().startsWith(latin("Everything is reachable")), qPrintable(verdict()),
                                  lookTime);
        picture("overview-dns-fault");
        std::printf("    %s\n", qPrintable(verdict()));
    }

    // The VPS has no power.
    void vpsOff()
    {
        open(Page::Vps);
        picture("vps-looking");
        awaitLook();
        picture("vps-off");
        click("runs");
        auto *says = find<QLabel>("runs-says");
        QTRY_VERIFY_WITH_TIMEOUT(!says->text().contains(latin("Reading")), lookTime);
        picture("runs-off");
        open(Page::Overview);
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(PathKind::V4) == PathState::Broken, lookTime);
        picture("overview-vps-off");
    }

    // From a bare machine.
    void deploys() { carryOut("redeploy", latin("redeploy")); }
    // The certification authority says no: what was done is taken back.
    void deployFails()
    {
        carryOut("redeploy", latin("redeploy-fails"));
        click("runs");
        auto *runs = find<QListWidget>("runs-list");
        QTRY_VERIFY_WITH_TIMEOUT(runs->count() > 0, lookTime);
        QTest::qWait(500);
        picture("runs-failed");
    }

    // Nobody has set anything up, or the file cannot be read.
    void badSite()
    {
        picture("overview-bad-site");
        QVERIFY2(!verdict().isEmpty() && !verdict().startsWith(latin("Everything is reachable")),
                 qPrintable(verdict()));
        std::printf("    %s\n", qPrintable(verdict()));
        for (const auto &[page, name] : {std::pair(Page::Services, "services-bad-site"),
                                         std::pair(Page::Dns, "dns-bad-site"), std::pair(Page::Vps, "vps-bad-site")}) {
            open(page);
            picture(name);
        }
    }
};

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom)); // times as people read them
    dressApplication();
    DrivePictures drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_pictures.moc"
