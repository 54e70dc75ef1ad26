// Drives the real wizard by mouse and keyboard against the lab: drive_wizard FUNCTION…, in the environment SITE (the
// site file that is to be) and the lab's names; SHOTS=FOLDER: pictures of every page.

#include "driver/stallwatch.h"
#include "driver/windowdriver.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"
#include "wizarddriver.h"

#include <QClipboard>
#include <QComboBox>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLabel>
#include <QPushButton>
#include <QTest>

#include <cstdio>

using namespace sixgate;
using namespace sixgate::tests;

namespace
{

/// A text has that secret, as it is or as JSON writes it.
bool holds(const QString &text, const QString &secret)
{
    const QString json = QString::fromUtf8(QJsonDocument(QJsonArray{secret}).toJson(QJsonDocument::Compact));
    return text.contains(secret) || text.contains(json.mid(2, json.size() - 4));
}

} // namespace

class DriveWizard : public QObject
{
    Q_OBJECT

private:
    WizardDriver m_driver;

private Q_SLOTS:
    void initTestCase() { dressApplication(); }

    void init()
    {
        if (latin(QTest::currentTestFunction()) == latin("straight"))
            m_driver.start();
        else
            m_driver.open();
        static_cast<StallApplication *>(qApp)->beginWatch();
    }
    void cleanup()
    {
        judgeStalls();
        m_driver.leave();
    }

    // From nothing to four green paths.
    void straight()
    {
        m_driver.upToVps();
        m_driver.upToReview();
        m_driver.inTurn({&WizardDriver::review, &WizardDriver::apply, &WizardDriver::proof});
        if (QTest::currentTestFailed())
            return;
        const auto site = loadSite(given("SITE"));
        QVERIFY(site);
        QCOMPARE(site->services.front().publicNames.front().ascii(), given("LAB_PUBLIC_NAME"));
        // The answers have become the site, and the window shows it without a new start.
        QVERIFY(!QFile::exists(setupFile(given("SITE"))));
        QTRY_VERIFY(!m_driver.wizard());
        auto *window = topLevel<MainWindow>();
        QVERIFY(window);
        WindowDriver shown(*window);
        QTRY_VERIFY2_WITH_TIMEOUT(shown.verdict().startsWith(latin("Everything is reachable")),
                                  qPrintable(shown.verdict()), lookTime);
    }

    void wrongPassword()
    {
        m_driver.upToVps();
        m_driver.meetVps(given("LAB_VPS_HOSTKEY_ED25519"));
        m_driver.logIn(latin("not the password"));
        m_driver.dump();
        QCOMPARE(m_driver.stateOf("loginStatus"), OverviewState::Broken);
        m_driver.picture("wrong-password");
        // The way on stays shut, and the right one opens it.
        m_driver.next();
        QTest::qWait(500);
        QVERIFY(m_driver.isAt(SetupPage::Vps));
        m_driver.logIn(contentOf(given("LAB_VPS_PASSWORD_FILE")));
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("loginStatus"), OverviewState::Fine, lookTime);
        m_driver.next();
        QTRY_VERIFY_WITH_TIMEOUT(m_driver.isAt(SetupPage::Services), lookTime);
    }

    // OTHER_KEY: a fingerprint that was confirmed before; the machine has another one by now.
    void changedHostKey()
    {
        m_driver.upToVps();
        m_driver.meetVps(given("LAB_VPS_HOSTKEY_ED25519"));
        m_driver.leave();
        auto kept = loadSetup(given("SITE"));
        QVERIFY(kept && *kept);
        (*kept)->hostKey = latin("ssh-ed25519 ") + Fingerprint::ofBytes("another machine").text();
        QVERIFY(saveSetup(given("SITE"), **kept));
        m_driver.open();
        QVERIFY(m_driver.isAt(SetupPage::Vps));
        m_driver.click("logIn");
        m_driver.type("password", contentOf(given("LAB_VPS_PASSWORD_FILE")));
        m_driver.click("logIn");
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("loginStatus"), OverviewState::Broken, lookTime);
        QVERIFY2(m_driver.told("loginStatus").contains(latin("host key")), qPrintable(m_driver.told("loginStatus")));
        m_driver.click("fetchKey");
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("keyStatus"), OverviewState::Broken, lookTime);
        m_driver.dump();
        m_driver.picture("changed-host-key");
        m_driver.click("another");
        QVERIFY(m_driver.answers().hostKey.isEmpty());
        QVERIFY(!m_driver.find<QPushButton>("logIn")->isVisible());
    }

    void refusedAccount()
    {
        m_driver.welcome();
        m_driver.home();
        // A secret that is one, but not this key's.
        m_driver.fillNames(latin("c29tZXRoaW5nIGVsc2UgZW50aXJlbHkgZG9uZQ=="));
        m_driver.next();
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("tried"), OverviewState::Broken, lookTime);
        m_driver.dump();
        m_driver.picture("refused");
        QVERIFY(m_driver.isAt(SetupPage::Names));
        m_driver.type("secret.dns.main.key", contentOf(given("LAB_TSIG_FILE")));
        m_driver.next();
        QTRY_VERIFY_WITH_TIMEOUT(m_driver.isAt(SetupPage::Vps), lookTime);
    }

    // The VPS is off.
    void vpsOff()
    {
        m_driver.upToVps();
        m_driver.type("addresses", given("LAB_VPS4") + QLatin1Char(' ') + given("LAB_VPS6"));
        m_driver.click("fetchKey");
        QTest::qWait(500);
        // It can be stopped at once.
        QCOMPARE(m_driver.stateOf("keyStatus"), OverviewState::Working);
        auto *line = m_driver.find<StatusLine>("keyStatus");
        QTest::mouseClick(line->findChild<QPushButton *>(latin("stop")), Qt::LeftButton);
        QTRY_COMPARE(m_driver.stateOf("keyStatus"), OverviewState::Paused);
        m_driver.click("fetchKey");
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("keyStatus"), OverviewState::Broken, lookTime);
        m_driver.dump();
        m_driver.picture("vps-off");
    }

    // Nobody keeps secrets here: that is said in one sentence, a folder is offered, and all goes on with it.
    void noKeychain()
    {
        m_driver.welcome();
        m_driver.home();
        m_driver.type("services.0.names", given("LAB_PUBLIC_NAME"));
        m_driver.type("zone", given("LAB_ZONE"));
        m_driver.choose("provider", latin("rfc2136"));
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("secretPlace"), OverviewState::Degraded, lookTime);
        const QString sentence = m_driver.told("secretPlace");
        std::printf("    %s\n", qPrintable(sentence));
        QCOMPARE(sentence.count(QLatin1Char('.')), 1);
        QVERIFY(sentence.endsWith(QLatin1Char('.')));
        // A secret that is typed is not written anywhere on its own.
        const QString folder = m_driver.desk().privateFolder();
        m_driver.type("secret.dns.main.key", contentOf(given("LAB_TSIG_FILE")));
        QTest::qWait(300);
        QCOMPARE(m_driver.answers().secrets, latin("keychain"));
        QVERIFY(!QFile::exists(folder + latin("/dns.main.key")));
        m_driver.picture("no-keychain");
        m_driver.names();
        QCOMPARE(m_driver.answers().secrets, latin("dir:") + folder);
        const auto mode = QFile::permissions(folder + latin("/dns.main.key"));
        QVERIFY(mode & QFile::ReadOwner);
        QVERIFY(!(mode & (QFile::ReadGroup | QFile::ReadOther)));
        m_driver.upToReview();
        m_driver.awaitPlan();
    }

    // SNIPPET: a file; what is written there the home's web server is told. Certificates by HTTP: the page says what
    // the home does not do yet, what to tell its web server, and that it is done.
    void handsOver()
    {
        m_driver.upToVps();
        m_driver.inTurn({&WizardDriver::vps});
        if (QTest::currentTestFailed())
            return;
        QVERIFY(!m_driver.find<QWidget>("snippet")->isVisible());
        auto *way = m_driver.find<QComboBox>("services.0.challenge");
        way->setFocus();
        QTest::keyClick(way, Qt::Key_Down);
        QCOMPARE(way->currentData().toInt(), int(Challenge::Http));
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("ways"), OverviewState::Degraded, lookTime);
        m_driver.picture("services-http");
        auto *server = m_driver.find<QComboBox>("webServer");
        server->setFocus();
        QTest::keyClick(server, Qt::Key_N);
        QCOMPARE(server->currentText(), latin("nginx"));
        m_driver.click("copySnippet");
        const QString text = QGuiApplication::clipboard()->text();
        QVERIFY(text.contains(given("LAB_VPS_NAME")));
        QFile file(given("SNIPPET"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text.toUtf8()) > 0);
        file.close();
        // The user tells the web server, and looks again.
        QVERIFY(await(
            [&] {
                QTest::qWait(500);
                m_driver.click("lookAgain");
                QTest::qWait(1000);
                return m_driver.stateOf("ways") == OverviewState::Fine;
            },
            lookTime));
        m_driver.picture("services-http-good");
        m_driver.services();
        // There the authority asks.
        QVERIFY(m_driver.find<QLabel>("entry")->text().contains(latin("443, 80")));
    }

    // OPEN: a file; once it is gone the router is opened. It is closed when this begins.
    void routerOpens()
    {
        m_driver.upToVps();
        m_driver.vps();
        m_driver.services();
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("open"), OverviewState::Degraded, lookTime);
        m_driver.dump();
        m_driver.picture("router-closed");
        QFile(given("OPEN")).remove();
        QTRY_COMPARE_WITH_TIMEOUT(m_driver.stateOf("open"), OverviewState::Fine, lookTime);
        m_driver.picture("router-open");
    }

    // Closed on each page, and gone on with.
    void closedOnEachPage()
    {
        const auto reopen = [this](SetupPage page) {
            if (QTest::currentTestFailed())
                return;
            m_driver.reopen();
            QVERIFY(!QFile::exists(given("SITE")));
            const QString kept = contentOf(setupFile(given("SITE")));
            QVERIFY(!kept.isEmpty());
            for (const char *secret : {"LAB_TSIG_FILE", "LAB_ACME_TSIG_FILE", "LAB_VPS_PASSWORD_FILE"}) {
                const QString one = contentOf(given(secret));
                QVERIFY2(!one.isEmpty(), secret);
                QVERIFY2(!holds(kept, one), secret);
            }
            QVERIFY(!(QFile::permissions(setupFile(given("SITE"))) & (QFile::ReadGroup | QFile::ReadOther)));
            QVERIFY2(m_driver.isAt(page), qPrintable(m_driver.wizard()->page()->title()));
        };
        QTest::keyClick(m_driver.wizard(), Qt::Key_Return);
        QTRY_VERIFY(m_driver.isAt(SetupPage::Home));
        reopen(SetupPage::Home);
        m_driver.home();
        reopen(SetupPage::Names);
        m_driver.names();
        reopen(SetupPage::Vps);
        m_driver.vps();
        reopen(SetupPage::Services);
        m_driver.services();
        reopen(SetupPage::Router);
        m_driver.router();
        // In the middle of looking.
        QTest::qWait(300);
        reopen(SetupPage::Review);
        m_driver.awaitPlan();
        reopen(SetupPage::Review);
        m_driver.awaitPlan();
        // Back to the first page and on again: the answers are still there.
        for (int i = 0; i < int(SetupPage::Review); ++i)
            m_driver.click("back");
        QTRY_VERIFY(m_driver.isAt(SetupPage::Welcome));
        QCOMPARE(m_driver.answers().interfaceId, given("LAB_SERVER_IID"));
    }

    // Cancelled while the VPS is at work.
    void cancelsApply()
    {
        m_driver.upToVps();
        m_driver.upToReview();
        m_driver.inTurn({&WizardDriver::review});
        if (QTest::currentTestFailed())
            return;
        QTest::qWait(2500);
        m_driver.click("cancel");
        QTRY_VERIFY_WITH_TIMEOUT(m_driver.stateOf("apply.status") == OverviewState::Paused ||
                                     m_driver.stateOf("apply.status") == OverviewState::Broken,
                                 runTime);
        m_driver.dump();
        m_driver.picture("cancelled");
        QVERIFY(m_driver.isAt(SetupPage::Apply));
        QCOMPARE(m_driver.stateOf("apply.status"), OverviewState::Paused);
        m_driver.click("back");
        QTRY_VERIFY(m_driver.isAt(SetupPage::Review));
        m_driver.awaitPlan();
        m_driver.next();
        m_driver.inTurn({&WizardDriver::apply, &WizardDriver::proof});
    }
};

int main(int argc, char **argv)
{
    StallApplication app(argc, argv);
    DriveWizard drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_wizard.moc"
