// Shows the desktop program's window, with its keeper, as the lab has it now, and makes pictures of it:
// drive_pictures FUNCTION, in the environment SITE, SECRETS and SHOTS, the folder of the pictures.

#include "desktop/program.h"
#include "pictures/pictures.h"
#include "ui/look/outlines.h"
#include "ui/look/texts.h"
#include "ui/overview/pathfigure.h"
#include "ui/vps/vpspage.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>
#include <QTreeWidget>

#include <cstdio>

using namespace sixgate;

namespace
{

constexpr int lookTime = 100 * 1000;
constexpr int runTime = 5 * 60 * 1000;
enum Page { OverviewAt, ServicesAt, DnsAt, VpsAt, SettingsAt };

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QString given(const char *name)
{
    return qEnvironmentVariable(name);
}

} // namespace

class DrivePictures : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<Program> m_program;
    MainWindow *m_window = nullptr;

    template <class T>
    T *find(const char *name, QWidget *in = nullptr)
    {
        auto *found = (in ? in : m_window)->findChild<T *>(latin(name));
        if (!found)
            qFatal("there is no %s", name);
        return found;
    }
    QWidget *part(const char *name) { return find<QWidget>(name); }
    QString verdict() { return find<QLabel>("sentence", find<QWidget>("verdict", part("overview")))->text(); }
    void picture(const char *what) { tests::takePictures(*m_window, latin("window-") + latin(what)); }
    void open(Page page) { find<QListWidget>("pages")->setCurrentRow(page); }
    void click(const char *name)
    {
        auto *button = find<QAbstractButton>(name);
        QTRY_VERIFY2_WITH_TIMEOUT(button->isVisible() && button->isEnabled(), name, lookTime);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    PathState stateOf(PathKind kind)
    {
        return find<PathPill>(("path-" + pathName(kind).toLatin1()).constData())->state();
    }
    void start()
    {
        Choices choices;
        choices.siteFile = given("SITE");
        choices.secrets = given("SECRETS");
        m_program = std::make_unique<Program>(choices);
        m_program->begin();
        for (QWidget *one : QApplication::topLevelWidgets()) {
            if (auto *window = qobject_cast<MainWindow *>(one); window && window->isVisible())
                m_window = window;
        }
        QVERIFY(m_window);
        QVERIFY(QTest::qWaitForWindowExposed(m_window));
    }
    void awaitVerdict(const char *begins)
    {
        QTRY_VERIFY2_WITH_TIMEOUT(verdict().startsWith(latin(begins)), qPrintable(verdict()), lookTime);
    }
    /// For faults that do not touch the LAN.
    void awaitLan() { QTRY_VERIFY_WITH_TIMEOUT(stateOf(PathKind::Lan) == PathState::Works, lookTime); }
    void showSteps(const char *what)
    {
        open(OverviewAt);
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
        open(VpsAt);
        awaitLook();
        click(button);
        auto *yes = find<QPushButton>("yes");
        auto *no = find<QPushButton>("no");
        auto *sentence = find<QLabel>("sentence", part("job"));
        QTRY_VERIFY2_WITH_TIMEOUT(yes->isVisible() || no->text() == latin("&Close"), qPrintable(sentence->text()),
                                  lookTime);
        QVERIFY2(yes->isVisible() && no->text() != latin("&Close"), qPrintable(sentence->text()));
        picture(qPrintable(name + latin("-plan")));
        auto *plan = find<QTreeWidget>("plan");
        for (int i = 0; i < plan->topLevelItemCount(); ++i) {
            if (plan->topLevelItem(i)->childIndicatorPolicy() == QTreeWidgetItem::ShowIndicator) {
                plan->setCurrentItem(plan->topLevelItem(i));
                QTest::keyClick(plan, Qt::Key_Return);
                picture(qPrintable(name + latin("-diff")));
                QTest::keyClick(plan, Qt::Key_Return);
                break;
            }
        }
        QTest::mouseClick(yes, Qt::LeftButton);
        QTest::qWait(2500);
        picture(qPrintable(name + latin("-running")));
        // The keeper may change something meanwhile: then the plan is made anew, and asked about again.
        const auto ended = [yes, no] {
            if (no->text() == latin("&Not now"))
                QTest::mouseClick(yes, Qt::LeftButton);
            return no->text() == latin("&Close");
        };
        QTRY_VERIFY_WITH_TIMEOUT(ended(), runTime);
        picture(qPrintable(name + latin("-end")));
        std::printf("    %s: %s\n", qPrintable(name), qPrintable(sentence->text()));
        QTest::mouseClick(no, Qt::LeftButton);
    }

private Q_SLOTS:
    void init() { start(); }
    void cleanup()
    {
        m_window = nullptr;
        m_program.reset();
    }

    // All is well: every page.
    void fine()
    {
        picture("overview-begins");
        awaitVerdict("Everything is reachable");
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
            QTRY_VERIFY_WITH_TIMEOUT(stateOf(kind) == PathState::Works, lookTime);
        open(ServicesAt);
        picture("services-looking");
        awaitLook();
        QTest::qWait(300);
        picture("services");
        open(DnsAt);
        picture("dns");
        open(VpsAt);
        picture("vps");
        click("runs");
        auto *runs = find<QListWidget>("runs-list");
        QTRY_VERIFY_WITH_TIMEOUT(runs->count() > 0, lookTime);
        picture("runs");
        open(SettingsAt);
        picture("settings");
        open(OverviewAt);
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
        find<QListWidget>("pages")->setFocus();
        picture("overview-fault");
        std::printf("    %s\n", qPrintable(verdict()));
        showSteps("steps-fault");
    }

    // A record is not as it should be, and the account takes no update.
    void dnsFault()
    {
        open(DnsAt);
        awaitLook();
        QTest::qWait(3000);
        picture("dns-fault");
        awaitLan();
        open(OverviewAt);
        picture("overview-dns-fault");
    }

    // The VPS has no power.
    void vpsOff()
    {
        open(VpsAt);
        picture("vps-looking");
        awaitLook();
        picture("vps-off");
        click("runs");
        auto *says = find<QLabel>("runs-says");
        QTRY_VERIFY_WITH_TIMEOUT(!says->text().contains(latin("Reading")), lookTime);
        picture("runs-off");
        open(OverviewAt);
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
        for (const auto &[page, name] : {std::pair(ServicesAt, "services-bad-site"), std::pair(DnsAt, "dns-bad-site"),
                                         std::pair(VpsAt, "vps-bad-site")}) {
            open(page);
            picture(name);
        }
    }
};

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Sixgate"));
    QApplication::setOrganizationName(QStringLiteral("sixgate"));
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom)); // times as people read them
    loadTexts();
    QApplication::setStyle(latin("fusion"));
    drawOutlines();
    DrivePictures drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_pictures.moc"
