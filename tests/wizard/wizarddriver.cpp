#include "wizarddriver.h"

#include "driver/pictures.h"
#include "driver/stallwatch.h"
#include "ui/overview/pathfigure.h"

#include <QComboBox>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>

#include <cstdio>

namespace sixgate::tests
{

void WizardDriver::open()
{
    m_desk = std::make_shared<SetupDesk>(given("SITE"));
    const auto kept = m_desk->load();
    QVERIFY(kept);
    m_own = std::make_unique<Wizard>(m_desk, kept->value_or(SetupAnswers()));
    m_wizard = m_own.get();
    m_wizard->raiseUp();
    watch();
}

void WizardDriver::start()
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

void WizardDriver::watch()
{
    m_finished = std::make_unique<QSignalSpy>(m_wizard.data(), &Wizard::finished);
    QVERIFY(QTest::qWaitForWindowExposed(m_wizard));
}

void WizardDriver::reopen()
{
    m_wizard->close();
    m_own.reset();
    open();
}

void WizardDriver::leave()
{
    m_own.reset();
    m_program.reset();
}

void WizardDriver::inTurn(std::initializer_list<void (WizardDriver::*)()> steps)
{
    for (const auto step : steps) {
        if (QTest::currentTestFailed())
            return;
        QElapsedTimer timer;
        timer.start();
        const QString page = m_wizard->page()->title();
        (this->*step)();
        std::printf("    %s: %.1f s\n", qPrintable(page), double(timer.elapsed()) / 1000);
    }
}

void WizardDriver::dump()
{
    std::printf("    page: %s\n", qPrintable(m_wizard->page()->title()));
    for (StatusLine *one : m_wizard->findChildren<StatusLine *>()) {
        if (one->isVisible())
            std::printf("    %s: %s\n", qPrintable(one->objectName()), qPrintable(one->sentence()));
    }
    printTexts(*m_wizard->page());
}

void WizardDriver::click(const char *name)
{
    clickOn(*find<QAbstractButton>(name));
}

void WizardDriver::type(const char *name, const QString &text)
{
    typeInto(*find<QLineEdit>(name), text);
}

void WizardDriver::choose(const char *name, const QString &data)
{
    auto *box = find<QComboBox>(name);
    const int row = box->findData(data);
    QVERIFY2(row >= 0, qPrintable(data));
    box->setFocus();
    // As by the keyboard: one entry after the other.
    while (box->currentIndex() < row)
        QTest::keyClick(box, Qt::Key_Down);
    while (box->currentIndex() > row)
        QTest::keyClick(box, Qt::Key_Up);
}

void WizardDriver::picture(const char *what)
{
    takePictures(*m_wizard, latin("wizard-") + latin(what));
}

void WizardDriver::welcome()
{
    QVERIFY(isAt(SetupPage::Welcome));
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("need") != OverviewState::Working, lookTime);
    picture("welcome");
    next();
    QTRY_VERIFY(isAt(SetupPage::Home));
}

void WizardDriver::home()
{
    picture("home-looking");
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("searching") != OverviewState::Working, lookTime);
    auto *table = find<QTableWidget>("servers");
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
    QCOMPARE(answers().interfaceId, given("LAB_SERVER_IID"));
    picture("home");
    next();
    QTRY_VERIFY(isAt(SetupPage::Names));
}

void WizardDriver::fillNames(const QString &keySecret)
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
    QTRY_VERIFY_WITH_TIMEOUT(
        answers().secrets.startsWith(latin("dir:")) || (find<QPushButton>("useFolder")->isVisible()), lookTime);
    if (!answers().secrets.startsWith(latin("dir:"))) {
        picture("names-no-keychain");
        click("useFolder");
    }
    QTRY_VERIFY(answers().secrets.startsWith(latin("dir:")));
    type("secret.dns.main.key", keySecret);
    type("secret.dns.main.acme-key", contentOf(given("LAB_ACME_TSIG_FILE")));
}

void WizardDriver::names()
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

void WizardDriver::meetVps(const QString &key)
{
    type("addresses", given("LAB_VPS4") + QLatin1Char(' ') + given("LAB_VPS6"));
    picture("vps-empty");
    click("fetchKey");
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("keyStatus") != OverviewState::Working, lookTime);
    auto *shown = find<QLabel>("sha256");
    if (!shown->isVisible())
        dump();
    QVERIFY(shown->isVisible());
    QCOMPARE(shown->text(), key);
    QVERIFY(find<QLabel>("md5")->text().startsWith(latin("MD5:")));
    picture("vps-key");
    click("same");
    QVERIFY(!answers().hostKey.isEmpty());
}

void WizardDriver::logIn(const QString &password)
{
    type("password", password);
    click("logIn");
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("loginStatus") != OverviewState::Working, lookTime);
}

void WizardDriver::vps()
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

void WizardDriver::services()
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
    QVERIFY(answers().termsAgreed);
    picture("services");
    next();
    QTRY_VERIFY_WITH_TIMEOUT(isAt(SetupPage::Router), lookTime);
}

void WizardDriver::router()
{
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("open") == OverviewState::Fine, lookTime);
    picture("router");
    next();
    QTRY_VERIFY(isAt(SetupPage::Review));
}

void WizardDriver::review()
{
    picture("review-looking");
    awaitPlan();
    QVERIFY2(!QFile::exists(given("SITE")), "something was written before the review was accepted");
    picture("review");
    next();
    QTRY_VERIFY(isAt(SetupPage::Apply));
}

void WizardDriver::awaitPlan()
{
    auto *on = find<QPushButton>("next");
    QTRY_VERIFY_WITH_TIMEOUT(on->isEnabled() || stateOf("review.status") == OverviewState::Broken, lookTime);
    if (!on->isEnabled())
        dump();
    QVERIFY(on->isEnabled());
}

void WizardDriver::apply()
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

void WizardDriver::proof()
{
    QTRY_VERIFY_WITH_TIMEOUT(stateOf("proof.status") != OverviewState::Working, runTime);
    dump();
    picture("proof");
    QCOMPARE(stateOf("proof.status"), OverviewState::Fine);
    const QString drawn = find<PathFigure>("figure")->accessibleDescription();
    QVERIFY2(drawn.contains(latin("Router: IPv6 only")) && drawn.count(latin("certificate: ")) == 2, qPrintable(drawn));
    next();
    QTRY_COMPARE(m_finished->size(), 1);
}

} // namespace sixgate::tests
