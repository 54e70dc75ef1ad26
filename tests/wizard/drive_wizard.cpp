// Drives the real wizard by mouse and keyboard against the lab: drive_wizard FUNCTION…, in the environment SITE (the
// site file that is to be) and the lab's names; SHOTS=FOLDER: pictures of every page.

#include "desktop/program.h"
#include "desktop/setupdesk.h"
#include "pictures/pictures.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"
#include "ui/look/outlines.h"
#include "ui/look/texts.h"
#include "ui/overview/overviewpage.h"
#include "ui/wizard/runpages.h"
#include "ui/wizard/wizard.h"
#include "ui/wizard/wizardpage.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QSignalSpy>
#include <QStyleFactory>
#include <QTableWidget>
#include <QTest>
#include <QTimer>

#include <cstdio>

using namespace sixgate;

namespace
{

constexpr int lookTime = 40 * 1000;
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

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).trimmed() : QString();
}

} // namespace

class DriveWizard : public QObject
{
    Q_OBJECT

private:
    std::shared_ptr<SetupDesk> m_desk;
    std::unique_ptr<Program> m_program;
    std::unique_ptr<Wizard> m_own; ///< none where the program has it
    QPointer<Wizard> m_wizard;
    std::unique_ptr<QSignalSpy> m_finished;
    QElapsedTimer m_last;
    QTimer m_beat;
    qint64 m_longest = 0;

    void open()
    {
        m_desk = std::make_shared<SetupDesk>(given("SITE"));
        const auto kept = m_desk->load();
        QVERIFY(kept);
        m_own = std::make_unique<Wizard>(m_desk, kept->value_or(SetupAnswers()));
        m_wizard = m_own.get();
        m_wizard->raiseUp();
        watch();
    }
    /// As a user starts it: without a site the program opens the wizard.
    void start()
    {
        Choices choices;
        choices.siteFile = given("SITE");
        choices.secrets = rememberedSecrets();
        m_program = std::make_unique<Program>(choices);
        m_program->begin();
        m_wizard = topLevel<Wizard>();
        QVERIFY(m_wizard);
        watch();
    }
    template <class T>
    T *topLevel()
    {
        for (QWidget *one : QApplication::topLevelWidgets()) {
            if (auto *wanted = qobject_cast<T *>(one); wanted && one->isVisible())
                return wanted;
        }
        return nullptr;
    }
    void watch()
    {
        m_finished = std::make_unique<QSignalSpy>(m_wizard.data(), &Wizard::finished);
        QVERIFY(QTest::qWaitForWindowExposed(m_wizard));
        m_longest = 0;
        m_last.invalidate();
    }

    template <class T>
    T *find(const QString &name)
    {
        // Pages have buttons of the same name: that of the present page counts.
        auto *here = m_wizard->page()->findChild<T *>(name);
        if (!here)
            here = m_wizard->findChild<T *>(name);
        if (!here)
            qFatal("there is no %s", qPrintable(name));
        return here;
    }
    QString told(const char *status) { return find<StatusLine>(latin(status))->sentence(); }
    OverviewState stateOf(const char *status) { return find<StatusLine>(latin(status))->state(); }
    bool isAt(SetupPage page) { return m_wizard->page()->page() == page; }
    void dump()
    {
        std::printf("    page: %s\n", qPrintable(m_wizard->page()->title()));
        for (StatusLine *one : m_wizard->findChildren<StatusLine *>()) {
            if (one->isVisible())
                std::printf("    %s: %s\n", qPrintable(one->objectName()), qPrintable(one->sentence()));
        }
        for (QLabel *one : m_wizard->page()->findChildren<QLabel *>()) {
            if (one->isVisible() && !one->text().isEmpty())
                std::printf("    | %s\n", qPrintable(one->text().left(200)));
        }
        std::fflush(stdout);
    }

    void click(const QString &name)
    {
        auto *button = find<QAbstractButton>(name);
        QTRY_VERIFY_WITH_TIMEOUT(button->isVisible() && button->isEnabled(), 5000);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void click(const char *name) { click(latin(name)); }
    void next() { click("next"); }
    void type(const QString &name, const QString &text)
    {
        auto *field = find<QLineEdit>(name);
        QVERIFY2(field->isVisible(), qPrintable(name));
        field->setFocus();
        QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(field, Qt::Key_Delete);
        const bool plain = std::all_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x80; });
        if (plain) {
            QTest::keyClicks(field, text);
        } else {
            QGuiApplication::clipboard()->setText(text);
            QTest::keyClick(field, Qt::Key_V, Qt::ControlModifier);
            QGuiApplication::clipboard()->clear();
        }
        QCOMPARE(field->text(), text);
    }
    void type(const char *name, const QString &text) { type(latin(name), text); }

    void picture(const char *what)
    {
        if (given("SHOTS").isEmpty())
            return;
        m_beat.stop(); // the picture is the test's own
        tests::takePictures(*m_wizard, latin("wizard-") + latin(what));
        m_last.invalidate();
        m_beat.start();
    }

    // --- the pages, gone through by somebody who knows what he wants --------------------------------------------

    void welcome()
    {
        QVERIFY(isAt(SetupPage::Welcome));
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("need") != OverviewState::Working, lookTime);
        picture("welcome");
        next();
        QTRY_VERIFY(isAt(SetupPage::Home));
    }
    void home()
    {
        picture("home-looking");
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("searching") != OverviewState::Working, lookTime);
        auto *table = find<QTableWidget>(latin("servers"));
        const QString wanted = given("LAB_SERVER6");
        int row = -1;
        for (int i = 0; i < table->rowCount(); ++i) {
            if (table->item(i, 1)->text() == wanted)
                row = i;
        }
        if (row < 0)
            dump();
        QVERIFY2(row >= 0, "the home server was not found");
        QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier,
                          table->visualItemRect(table->item(row, 0)).center());
        QCOMPARE(m_wizard->answers().interfaceId, given("LAB_SERVER_IID"));
        picture("home");
        next();
        QTRY_VERIFY(isAt(SetupPage::Names));
    }
    void choose(const char *name, const QString &data)
    {
        auto *box = find<QComboBox>(latin(name));
        const int row = box->findData(data);
        QVERIFY2(row >= 0, qPrintable(data));
        box->setFocus();
        // As by the keyboard: one entry after the other.
        while (box->currentIndex() < row)
            QTest::keyClick(box, Qt::Key_Down);
        while (box->currentIndex() > row)
            QTest::keyClick(box, Qt::Key_Up);
    }
    void fillNames(const QString &keySecret)
    {
        type("services.0.names", given("LAB_PUBLIC_NAME"));
        type("zone", given("LAB_ZONE"));
        type("upstreamName", given("LAB_UPSTREAM_NAME"));
        type("vpsName", given("LAB_VPS_NAME"));
        choose("provider", latin("rfc2136"));
        type("dnsServer", latin("ns1.") + given("LAB_ZONE"));
        type("key", given("LAB_TSIG_NAME"));
        type("acmeKey", given("LAB_ACME_TSIG_NAME"));
        type("ttl", latin("5"));
        // No keychain in the lab: a folder is offered.
        QTRY_VERIFY_WITH_TIMEOUT(m_wizard->answers().secrets.startsWith(latin("dir:")) ||
                                     (find<QPushButton>(latin("useFolder"))->isVisible()),
                                 lookTime);
        if (!m_wizard->answers().secrets.startsWith(latin("dir:"))) {
            picture("names-no-keychain");
            click("useFolder");
        }
        QTRY_VERIFY(m_wizard->answers().secrets.startsWith(latin("dir:")));
        type("secret.dns.main.key", keySecret);
        type("secret.dns.main.acme-key", contentOf(given("LAB_ACME_TSIG_FILE")));
    }
    void names()
    {
        picture("names-empty");
        fillNames(contentOf(given("LAB_TSIG_FILE")));
        click("try");
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("tried") != OverviewState::Working, lookTime);
        if (stateOf("tried") != OverviewState::Fine)
            dump();
        QCOMPARE(stateOf("tried"), OverviewState::Fine);
        picture("names");
        next();
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Vps), lookTime);
    }
    void meetVps(const QString &key)
    {
        type("addresses", given("LAB_VPS4") + QLatin1Char(' ') + given("LAB_VPS6"));
        picture("vps-empty");
        click("fetchKey");
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("keyStatus") != OverviewState::Working, lookTime);
        auto *shown = find<QLabel>(latin("sha256"));
        if (!shown->isVisible())
            dump();
        QVERIFY(shown->isVisible());
        QCOMPARE(shown->text(), key);
        QVERIFY(find<QLabel>(latin("md5"))->text().startsWith(latin("MD5:")));
        picture("vps-key");
        click("same");
        QVERIFY(!m_wizard->answers().hostKey.isEmpty());
    }
    void logIn(const QString &password)
    {
        type("password", password);
        click("logIn");
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("loginStatus") != OverviewState::Working, lookTime);
    }
    void vps()
    {
        meetVps(given("LAB_VPS_HOSTKEY_ED25519"));
        logIn(contentOf(given("LAB_VPS_PASSWORD_FILE")));
        QTRY_VERIFY_WITH_TIMEOUT(
            stateOf("loginStatus") == OverviewState::Fine || stateOf("loginStatus") == OverviewState::Broken, lookTime);
        if (stateOf("loginStatus") != OverviewState::Fine)
            dump();
        QCOMPARE(stateOf("loginStatus"), OverviewState::Fine);
        picture("vps");
        next();
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Services), lookTime);
    }
    void services()
    {
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("certificate") != OverviewState::Working, lookTime);
        if (stateOf("certificate") != OverviewState::Fine)
            dump();
        QCOMPARE(stateOf("certificate"), OverviewState::Fine);
        type("directory", given("LAB_ACME_DIRECTORY"));
        next();
        // The terms are not agreed to yet.
        QTRY_COMPARE(stateOf("gap"), OverviewState::Degraded);
        picture("services-terms");
        click("termsAgreed");
        QVERIFY(m_wizard->answers().termsAgreed);
        picture("services");
        next();
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Router), lookTime);
    }
    void router()
    {
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("open") == OverviewState::Fine, lookTime);
        picture("router");
        next();
        QTRY_VERIFY(isAt(SetupPage::Review));
    }
    void review()
    {
        picture("review-looking");
        auto *on = find<QPushButton>(latin("next"));
        QTRY_VERIFY_WITH_TIMEOUT(on->isEnabled() || stateOf("review.status") == OverviewState::Broken, 3 * lookTime);
        if (!on->isEnabled())
            dump();
        QVERIFY(on->isEnabled());
        QVERIFY2(!QFile::exists(given("SITE")), "something was written before the review was accepted");
        picture("review");
        next();
        QTRY_VERIFY(isAt(SetupPage::Apply));
    }
    void apply()
    {
        QTest::qWait(4000);
        picture("apply");
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Proof) || stateOf("apply.status") == OverviewState::Broken, runTime);
        if (!isAt(SetupPage::Proof)) {
            dump();
            picture("apply-failed");
        }
        QVERIFY(isAt(SetupPage::Proof));
    }
    void proof()
    {
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("proof.status") != OverviewState::Working, runTime);
        dump();
        picture("proof");
        QCOMPARE(stateOf("proof.status"), OverviewState::Fine);
        next();
        QTRY_COMPARE(m_finished->size(), 1);
    }
    void upToVps()
    {
        welcome();
        home();
        names();
    }

private Q_SLOTS:
    void init()
    {
        m_beat.setInterval(2);
        connect(&m_beat, &QTimer::timeout, this, [this] {
            if (m_last.isValid())
                m_longest = std::max(m_longest, m_last.elapsed());
            m_last.start();
        });
        m_beat.start();
        if (latin(QTest::currentTestFunction()) == latin("straight"))
            start();
        else
            open();
    }
    void cleanup()
    {
        m_beat.stop();
        std::printf("    longest stall of the GUI thread: %lld ms\n", static_cast<long long>(m_longest));
        m_own.reset();
        m_program.reset();
    }

    // From nothing to four green paths.
    void straight()
    {
        welcome();
        home();
        names();
        vps();
        services();
        router();
        review();
        apply();
        proof();
        const auto site = loadSite(given("SITE"));
        QVERIFY(site);
        QCOMPARE(site->services.front().publicNames.front().ascii(), given("LAB_PUBLIC_NAME"));
        // The answers have become the site, and the window shows it without a new start.
        QVERIFY(!QFile::exists(setupFile(given("SITE"))));
        QTRY_VERIFY(!m_wizard);
        auto *window = topLevel<MainWindow>();
        QVERIFY(window);
        auto *overview = window->findChild<OverviewPage *>();
        QVERIFY(overview);
        auto *verdict = overview->findChild<QLabel *>(latin("sentence"));
        QVERIFY(verdict);
        QTRY_VERIFY2_WITH_TIMEOUT(verdict->text().startsWith(latin("Everything is reachable")),
                                  qPrintable(verdict->text()), 2 * lookTime);
    }

    void wrongPassword()
    {
        upToVps();
        meetVps(given("LAB_VPS_HOSTKEY_ED25519"));
        logIn(latin("not the password"));
        dump();
        QCOMPARE(stateOf("loginStatus"), OverviewState::Broken);
        picture("wrong-password");
        // The way on stays shut, and the right one opens it.
        next();
        QVERIFY(isAt(SetupPage::Vps));
        logIn(contentOf(given("LAB_VPS_PASSWORD_FILE")));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("loginStatus"), OverviewState::Fine, lookTime);
        next();
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Services), lookTime);
    }

    // OTHER_KEY: a fingerprint that was confirmed before; the machine has another one by now.
    void changedHostKey()
    {
        upToVps();
        meetVps(given("LAB_VPS_HOSTKEY_ED25519"));
        m_own.reset();
        auto kept = loadSetup(given("SITE"));
        QVERIFY(kept && *kept);
        (*kept)->hostKey = latin("ssh-ed25519 ") + Fingerprint::ofBytes("another machine").text();
        QVERIFY(saveSetup(given("SITE"), **kept));
        open();
        QVERIFY(isAt(SetupPage::Vps));
        click("logIn");
        type("password", contentOf(given("LAB_VPS_PASSWORD_FILE")));
        click("logIn");
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("loginStatus"), OverviewState::Broken, lookTime);
        QVERIFY2(told("loginStatus").contains(latin("host key")), qPrintable(told("loginStatus")));
        click("fetchKey");
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("keyStatus"), OverviewState::Broken, lookTime);
        dump();
        picture("changed-host-key");
        click("another");
        QVERIFY(m_wizard->answers().hostKey.isEmpty());
        QVERIFY(!find<QPushButton>(latin("logIn"))->isVisible());
    }

    void refusedAccount()
    {
        welcome();
        home();
        // A secret that is one, but not this key's.
        fillNames(latin("c29tZXRoaW5nIGVsc2UgZW50aXJlbHkgZG9uZQ=="));
        next();
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("tried"), OverviewState::Broken, lookTime);
        dump();
        picture("refused");
        QVERIFY(isAt(SetupPage::Names));
        type("secret.dns.main.key", contentOf(given("LAB_TSIG_FILE")));
        next();
        QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Vps), lookTime);
    }

    // The VPS is off.
    void vpsOff()
    {
        upToVps();
        type("addresses", given("LAB_VPS4") + QLatin1Char(' ') + given("LAB_VPS6"));
        click("fetchKey");
        QTest::qWait(500);
        // It can be stopped at once.
        QCOMPARE(stateOf("keyStatus"), OverviewState::Working);
        auto *line = find<StatusLine>(latin("keyStatus"));
        QTest::mouseClick(line->findChild<QPushButton *>(latin("stop")), Qt::LeftButton);
        QTRY_COMPARE(stateOf("keyStatus"), OverviewState::Paused);
        click("fetchKey");
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("keyStatus"), OverviewState::Broken, lookTime);
        dump();
        picture("vps-off");
    }

    // Nobody keeps secrets here: that is said in one sentence, a folder is offered, and all goes on with it.
    void noKeychain()
    {
        welcome();
        home();
        type("services.0.names", given("LAB_PUBLIC_NAME"));
        type("zone", given("LAB_ZONE"));
        choose("provider", latin("rfc2136"));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("secretPlace"), OverviewState::Degraded, lookTime);
        const QString sentence = told("secretPlace");
        std::printf("    %s\n", qPrintable(sentence));
        QCOMPARE(sentence.count(QLatin1Char('.')), 1);
        QVERIFY(sentence.endsWith(QLatin1Char('.')));
        // A secret that is typed is not written anywhere on its own.
        const QString folder = m_desk->privateFolder();
        type("secret.dns.main.key", contentOf(given("LAB_TSIG_FILE")));
        QTest::qWait(300);
        QVERIFY(m_wizard->answers().secrets == latin("keychain"));
        QVERIFY(!QFile::exists(folder + latin("/dns.main.key")));
        picture("no-keychain");
        names();
        QCOMPARE(m_wizard->answers().secrets, latin("dir:") + folder);
        const auto mode = QFile::permissions(folder + latin("/dns.main.key"));
        QVERIFY(mode & QFile::ReadOwner);
        QVERIFY(!(mode & (QFile::ReadGroup | QFile::ReadOther)));
        vps();
        services();
        router();
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>(latin("next"))->isEnabled(), 3 * lookTime);
    }

    // OPEN: a command that opens the router; it is closed when this begins.
    void routerOpens()
    {
        upToVps();
        vps();
        services();
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("open"), OverviewState::Degraded, lookTime);
        dump();
        picture("router-closed");
        QFile(given("OPEN")).remove();
        QTRY_COMPARE_WITH_TIMEOUT(stateOf("open"), OverviewState::Fine, lookTime);
        picture("router-open");
    }

    // Closed on each page, and gone on with.
    void closedOnEachPage()
    {
        const auto reopen = [this](SetupPage page) {
            m_wizard->close();
            m_own.reset();
            QVERIFY(!QFile::exists(given("SITE")));
            const QByteArray kept = contentOf(setupFile(given("SITE"))).toUtf8();
            QVERIFY(!kept.isEmpty());
            for (const char *secret : {"LAB_TSIG_FILE", "LAB_ACME_TSIG_FILE", "LAB_VPS_PASSWORD_FILE"})
                QVERIFY(!kept.contains(contentOf(given(secret)).toUtf8()));
            QVERIFY(!(QFile::permissions(setupFile(given("SITE"))) & (QFile::ReadGroup | QFile::ReadOther)));
            open();
            QVERIFY2(isAt(page), qPrintable(m_wizard->page()->title()));
        };
        QTest::keyClick(m_wizard, Qt::Key_Return);
        QTRY_VERIFY(isAt(SetupPage::Home));
        reopen(SetupPage::Home);
        home();
        reopen(SetupPage::Names);
        names();
        reopen(SetupPage::Vps);
        vps();
        reopen(SetupPage::Services);
        services();
        reopen(SetupPage::Router);
        router();
        // In the middle of looking.
        QTest::qWait(300);
        reopen(SetupPage::Review);
        auto *on = find<QPushButton>(latin("next"));
        QTRY_VERIFY_WITH_TIMEOUT(on->isEnabled(), 3 * lookTime);
        reopen(SetupPage::Review);
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>(latin("next"))->isEnabled(), 3 * lookTime);
        // Back to the first page and on again: the answers are still there.
        for (int i = 0; i < int(SetupPage::Review); ++i)
            click("back");
        QTRY_VERIFY(isAt(SetupPage::Welcome));
        QCOMPARE(m_wizard->answers().interfaceId, given("LAB_SERVER_IID"));
    }

    // Cancelled while the VPS is at work.
    void cancelsApply()
    {
        upToVps();
        vps();
        services();
        router();
        review();
        QTest::qWait(2500);
        click("cancel");
        QTRY_VERIFY_WITH_TIMEOUT(stateOf("apply.status") == OverviewState::Paused ||
                                     stateOf("apply.status") == OverviewState::Broken,
                                 runTime);
        dump();
        picture("cancelled");
        QVERIFY(isAt(SetupPage::Apply));
        QCOMPARE(stateOf("apply.status"), OverviewState::Paused);
        click("back");
        QTRY_VERIFY(isAt(SetupPage::Review));
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>(latin("next"))->isEnabled(), 3 * lookTime);
        next();
        apply();
        proof();
    }
};

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Sixgate"));
    QApplication::setOrganizationName(QStringLiteral("sixgate"));
    loadTexts();
    if (QStyle *style = QStyleFactory::create(QStringLiteral("Fusion")))
        QApplication::setStyle(style);
    drawOutlines();
    DriveWizard drive;
    return QTest::qExec(&drive, argc, argv);
}

#include "drive_wizard.moc"
