// The plan's rows by tables, and the panel of a job by mouse and keyboard. SIXGATE_SHOTS=FOLDER: pictures.

#include "driver/pictures.h"
#include "scripted.h"
#include "ui/look/texts.h"
#include "ui/plan/jobpanel.h"
#include "ui/plan/planview.h"
#include "ui/vps/newvpsform.h"

#include <QApplication>
#include <QCheckBox>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Change change(const char *id, Lane lane, Verb verb, const char *sentence, const char *diff = "")
{
    Change one;
    one.id = latin(id);
    one.lane = lane;
    one.verb = verb;
    one.sentence = latin(sentence);
    one.diff = latin(diff);
    return one;
}

Plan plan()
{
    Plan all;
    all.changes = {
        change("dns.1", Lane::Dns, Verb::Update, "Change cloud.example.org AAAA from 2001:db8:1::11 to 2001:db8:2::11"),
        change("vps.1", Lane::Vps, Verb::Install, "Install apache2, certbot and python3-certbot-dns-rfc2136"),
        change("vps.2", Lane::Vps, Verb::Update, "Change /etc/sixgate/apache/cloud.conf",
               "--- now\n+++ then\n@@ -1,2 +1,2 @@\n-    ProxyPass / https://old.example.org/\n"
               "+    ProxyPass / https://home6.example.org/\n ServerName cloud.example.org\n"),
        change("vps.3", Lane::Vps, Verb::Delete, "Delete /etc/sixgate/apache/former.conf"),
        change("vps.4", Lane::Vps, Verb::Activate, "Make it the current deployment: check, swap, reload, probe"),
    };
    all.withheld = {{latin("photos.example.org"),
                     latin("it has an A record that somebody else set."),
                     latin("Delete that record where your DNS is kept, then redeploy."),
                     false,
                     {}}};
    return all;
}

struct Heard {
    const char *id;
    StepState state;
    const char *text = "";
};

void keepPicture(QWidget &widget, const QString &name)
{
    const QString folder = qEnvironmentVariable("SIXGATE_SHOTS");
    if (!folder.isEmpty())
        widget.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

} // namespace

Q_DECLARE_METATYPE(std::vector<Heard>)

class TestPlanView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QApplication::setStyle(latin("fusion"));
        loadTexts();
    }

    void rows_data()
    {
        QTest::addColumn<std::vector<Heard>>("told");
        QTest::addColumn<bool>("over");
        QTest::addColumn<QString>("states");
        QTest::addColumn<int>("ended");
        QTest::addColumn<QString>("failed");
        using enum StepState;
        const auto row = [](const char *name, std::vector<Heard> told, bool over, const char *states, int ended,
                            const char *failed = "") {
            QTest::newRow(name) << std::move(told) << over << latin(states) << ended << latin(failed);
        };
        row("nothing yet", {}, false, "||||", 0);
        row("nothing, and over", {}, true, "not done|not done|not done|not done|not done", 0);
        row("one at work", {{"dns.1", Started}}, false, "at work||||", 0);
        row("one done", {{"dns.1", Started}, {"dns.1", Done}}, false, "done||||", 1);
        row("it was so", {{"dns.1", Unchanged}}, false, "was so already||||", 1);
        row("a line about it", {{"dns.1", Started}, {"dns.1", Note, "25 %"}}, false, "at work||||", 0);
        row("somebody else's id", {{"other", Done}}, false, "||||", 0);
        row("one fails, another is taken back",
            {{"dns.1", Done},
             {"vps.1", Started},
             {"vps.1", Done},
             {"vps.2", Started},
             {"vps.2", Failed, "no space"},
             {"vps.1", Undone, "the run failed"}},
            true, "done|taken back|failed|not done|not done", 1, "Change /etc/sixgate/apache/cloud.conf");
        row("cut off", {{"dns.1", Started}}, true, "stopped|not done|not done|not done|not done", 0);
    }

    void rows()
    {
        QFETCH(std::vector<Heard>, told);
        QFETCH(bool, over);
        QFETCH(QString, states);
        QFETCH(int, ended);
        QFETCH(QString, failed);
        PlanProgress progress(std::make_shared<const Plan>(plan()));
        for (const Heard &one : told)
            progress.step(latin(one.id), one.state, latin(one.text), 100ms);
        if (over)
            progress.end();
        QStringList seen;
        for (const PlanRow &row : progress.rows())
            seen << row.state;
        QCOMPARE(seen.join(QLatin1Char('|')), states);
        QCOMPARE(progress.ended(), ended);
        QCOMPARE(progress.failed(), failed);
    }

    void spans_data()
    {
        QTest::addColumn<int>("ms");
        QTest::addColumn<QString>("text");
        QTest::newRow("short") << 840 << latin("0.8 s");
        QTest::newRow("seconds") << 12400 << latin("12 s");
        QTest::newRow("minutes") << 125000 << latin("2 min 5 s");
    }

    void spans()
    {
        QFETCH(int, ms);
        QFETCH(QString, text);
        QCOMPARE(spanText(std::chrono::milliseconds(ms)), text);
    }

    void diffsOnDemand()
    {
        PlanView view;
        view.resize(900, 420);
        view.show(std::make_shared<const Plan>(plan()));
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QCOMPARE(view.topLevelItemCount(), 6);
        QCOMPARE(view.topLevelItem(0)->text(2), latin("change"));
        QCOMPARE(view.topLevelItem(3)->text(2), latin("delete"));
        QCOMPARE(view.topLevelItem(5)->text(2), latin("left alone"));
        QTreeWidgetItem *file = view.topLevelItem(2);
        QVERIFY(!file->isExpanded());
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Return);
        QVERIFY(file->isExpanded());
        QVERIFY(view.itemWidget(file->child(0), 0));
        QVERIFY(file->data(0, Qt::AccessibleTextRole).toString().contains(latin("VPS, change")));
    }

    // From the plan to the end, in light and dark, by keyboard alone.
    void panel_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<bool>("fails");
        QTest::newRow("light") << false << false;
        QTest::newRow("dark-fails") << true << true;
    }

    void panel()
    {
        QFETCH(bool, dark);
        QFETCH(bool, fails);
        QApplication::setPalette(dark ? tests::darkPalette() : QPalette(QColor(0xee, 0xf0, 0xf3)));
        const auto jobs = std::make_shared<tests::ScriptedJobs>();
        std::atomic<bool> goOn = false;
        jobs->script = [&](const JobOrder &, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            talk.activity(latin("Looking at the home, the zone and the VPS"));
            while (!goOn.exchange(false))
                std::this_thread::sleep_for(2ms);
            const Plan all = plan();
            talk.planned(all, PlanPart::Main, {});
            if (auto agreed = talk.agree(all, {}, stops.stop); !agreed)
                return passOn(agreed);
            for (const char *id : {"dns.1", "vps.1"}) {
                talk.step(latin(id), StepState::Started, {});
                talk.step(latin(id), StepState::Done, {});
            }
            talk.step(latin("vps.2"), StepState::Started, {});
            while (!goOn.exchange(false))
                std::this_thread::sleep_for(2ms);
            JobEnd end;
            if (fails) {
                talk.step(latin("vps.2"), StepState::Failed, latin("apache2: Syntax error on line 3."));
                talk.step(latin("vps.1"), StepState::Undone, {});
                end.error = Error{ErrorCode::Refused, latin("The VPS could not be set up."), {}, latin("Look at it.")};
                return end;
            }
            for (const char *id : {"vps.2", "vps.3", "vps.4"})
                talk.step(latin(id), StepState::Done, {});
            return end;
        };
        JobPanel panel(jobs);
        panel.resize(940, 640);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        QVERIFY(panel.start(ApplyOrder(), {latin("Redeploy"), latin("&Redeploy")}));
        auto *yes = panel.findChild<QPushButton *>(latin("yes"));
        auto *no = panel.findChild<QPushButton *>(latin("no"));
        auto *sentence = panel.findChild<QLabel *>(latin("sentence"));
        const QString name = latin("job-") + latin(QTest::currentDataTag());
        QTRY_COMPARE(sentence->text(), latin("Looking at what is there."));
        QVERIFY(!yes->isVisible());
        keepPicture(panel, name + latin("-1"));
        goOn = true;
        QTRY_VERIFY(yes->isVisible());
        QCOMPARE(sentence->text(), latin("5 changes: 1 in DNS, 4 on the VPS."));
        auto *view = panel.findChild<PlanView *>();
        view->topLevelItem(2)->setExpanded(true);
        QTest::qWait(30);
        keepPicture(panel, name + latin("-2"));
        // Enter opens a line of the plan; who agrees presses the button.
        QVERIFY(panel.focusWidget() == view);
        QTest::keyClick(view, Qt::Key_Return);
        QVERIFY(yes->isVisible());
        yes->setFocus();
        QTest::keyClick(yes, Qt::Key_Space);
        QTRY_COMPARE(sentence->text(), latin("2 of 5 changes done."));
        keepPicture(panel, name + latin("-3"));
        goOn = true;
        QTRY_COMPARE(sentence->text(), fails ? latin("The VPS could not be set up.") : latin("All changes are made."));
        QCOMPARE(yes->isVisible(), fails); // try again
        QTest::qWait(30);
        keepPicture(panel, name + latin("-4"));
        if (fails)
            QVERIFY(panel.findChild<QLabel *>(latin("detail"))->text().contains(latin("Taken back: 1 of 5")));
        QSignalSpy closes(&panel, &JobPanel::closes);
        QTest::mouseClick(no, Qt::LeftButton);
        QCOMPARE(closes.size(), 1);
    }

    // Others worked on the site while the question was open: it is said why it is asked again.
    void asksAgain()
    {
        const auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [](const JobOrder &, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            Plan all = plan();
            talk.planned(all, PlanPart::Main, {});
            if (auto agreed = talk.agree(all, {}, stops.stop); !agreed)
                return passOn(agreed);
            all.changes.pop_back();
            talk.planned(all, PlanPart::Main, {});
            if (auto agreed = talk.agree(all, {}, stops.stop); !agreed)
                return passOn(agreed);
            return JobEnd();
        };
        JobPanel panel(jobs);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        QVERIFY(panel.start(ApplyOrder(), {latin("Redeploy"), latin("&Redeploy")}));
        auto *yes = panel.findChild<QPushButton *>(latin("yes"));
        auto *sentence = panel.findChild<QLabel *>(latin("sentence"));
        auto *detail = panel.findChild<QLabel *>(latin("detail"));
        QTRY_COMPARE(sentence->text(), latin("5 changes: 1 in DNS, 4 on the VPS."));
        QVERIFY(!detail->text().contains(latin("anew")));
        QTest::keyClick(yes, Qt::Key_Space);
        QTRY_COMPARE(sentence->text(), latin("4 changes: 1 in DNS, 3 on the VPS."));
        QVERIFY(detail->text().startsWith(latin("Something has changed meanwhile, so the plan was made anew.")));
        QTest::keyClick(yes, Qt::Key_Space);
        QTRY_COMPARE(sentence->text(), latin("All changes are made."));
    }

    // Who presses Enter without reading does not accept a host key; both forms are there.
    void hostKey_data()
    {
        QTest::addColumn<bool>("same");
        QTest::newRow("same") << true;
        QTest::newRow("another") << false;
    }

    void hostKey()
    {
        QFETCH(bool, same);
        QApplication::setPalette(QPalette(QColor(0xee, 0xf0, 0xf3)));
        const auto jobs = std::make_shared<tests::ScriptedJobs>();
        const auto key = PresentedHostKey::ofBlob(latin("ssh-ed25519"), "blob");
        std::atomic<int> confirmed = -1;
        jobs->script = [&](const JobOrder &, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            const auto agreed = talk.confirmHostKey(latin("The new machine"), key, stops.stop);
            confirmed = agreed ? 1 : 0;
            return agreed ? Result<JobEnd>(JobEnd()) : Result<JobEnd>(passOn(agreed));
        };
        JobPanel panel(jobs);
        panel.resize(940, 640);
        panel.show();
        QVERIFY(QTest::qWaitForWindowExposed(&panel));
        QVERIFY(panel.start(ReplaceOrder(), {latin("New VPS"), latin("&Move to it")}));
        auto *shown = panel.findChild<QLabel *>(latin("hostkey"));
        QTRY_VERIFY(shown->isVisible());
        QVERIFY(shown->text().contains(key.fingerprint.text()));
        QVERIFY(shown->text().contains(key.md5));
        QTest::qWait(20);
        for (QPushButton *one : panel.findChildren<QPushButton *>())
            QVERIFY(!one->isVisible() || panel.rect().contains(one->geometry()));
        keepPicture(panel, latin("hostkey"));
        auto *yes = panel.findChild<QPushButton *>(latin("yes"));
        auto *no = panel.findChild<QPushButton *>(latin("no"));
        QVERIFY(panel.focusWidget() == no);
        QTest::keyClick(same ? yes : no, Qt::Key_Space);
        QTRY_COMPARE(confirmed.load(), same ? 1 : 0);
        QTRY_VERIFY(!panel.isRunning());
    }

    void newVps_data()
    {
        QTest::addColumn<QString>("addresses");
        QTest::addColumn<QString>("user");
        QTest::addColumn<bool>("byPassword");
        QTest::addColumn<QString>("password");
        QTest::addColumn<QString>("wrong");
        QTest::addColumn<bool>("gone");
        const auto row = [](const char *name, const char *addresses, const char *user, bool by, const char *password,
                            const char *wrong, bool gone = false) {
            QTest::newRow(name) << latin(addresses) << latin(user) << by << latin(password) << latin(wrong) << gone;
        };
        row("good", "192.0.2.20, 2001:db8::20", "root", false, "", "");
        row("by password", "192.0.2.20", "root", true, "geheim", "");
        row("the old one is gone", "192.0.2.20", "root", false, "", "", true);
        row("by password, the old one is gone", "192.0.2.20", "root", true, "geheim", "", true);
        row("no address", "", "root", false, "", "Addresses: the IPv4 address is missing");
        row("IPv6 alone", "2001:db8::20", "root", false, "", "Addresses: the IPv4 address is missing");
        row("no such address", "192.0.2.299", "root", false, "", "Addresses: ");
        row("no user", "192.0.2.20", "", false, "", "User: ");
        row("no password", "192.0.2.20", "root", true, "", "The password is missing.");
    }

    void newVps()
    {
        QFETCH(QString, addresses);
        QFETCH(QString, user);
        QFETCH(bool, byPassword);
        QFETCH(QString, password);
        QFETCH(QString, wrong);
        QFETCH(bool, gone);
        NewVpsForm form;
        form.resize(940, 640);
        form.begin(user, latin("22"));
        form.show();
        QVERIFY(QTest::qWaitForWindowExposed(&form));
        std::optional<ReplaceOrder> order;
        connect(&form, &NewVpsForm::accepted, &form, [&](const ReplaceOrder &one) { order = one; });
        QTest::keyClicks(form.findChild<QLineEdit *>(latin("addresses")), addresses);
        if (byPassword) {
            QTest::mouseClick(form.findChild<QRadioButton *>(latin("with-password")), Qt::LeftButton, {}, {10, 10});
            QTest::keyClicks(form.findChild<QLineEdit *>(latin("password")), password);
        }
        auto *box = form.findChild<QCheckBox *>(latin("gone"));
        QVERIFY(!box->isChecked());
        if (gone)
            QTest::keyClick(box, Qt::Key_Space);
        QTest::keyClick(form.findChild<QLineEdit *>(latin("addresses")), Qt::Key_Return);
        keepPicture(form,
                    latin("newvps-") + latin(QTest::currentDataTag()).replace(QLatin1Char(' '), QLatin1Char('-')));
        const QString said = form.findChild<QLabel *>(latin("wrong"))->text();
        QCOMPARE(order.has_value(), wrong.isEmpty());
        QVERIFY2(wrong.isEmpty() ? said.isEmpty() : said.startsWith(wrong), qPrintable(said));
        if (!order)
            return;
        QCOMPARE(order->abandonOld, gone);
        QCOMPARE(bool(order->machine->password), byPassword);
        if (byPassword)
            QVERIFY(form.findChild<QLineEdit *>(latin("password"))->text().isEmpty());
        // What breaks off before the site knows of it is not typed again, but for the password.
        form.begin(latin("ada"), latin("2222"));
        QCOMPARE(form.findChild<QLineEdit *>(latin("addresses"))->text(), addresses);
        QCOMPARE(form.findChild<QLineEdit *>(latin("user"))->text(), user);
        // A machine is given up by who says so this time.
        QVERIFY(!box->isChecked());
        const auto again = form.order();
        QCOMPARE(again.has_value(), !byPassword);
        QCOMPARE(form.findChild<QLabel *>(latin("wrong"))->text().isEmpty(), !byPassword);
        form.forget();
        form.begin(latin("ada"), latin("2222"));
        QVERIFY(form.findChild<QLineEdit *>(latin("addresses"))->text().isEmpty());
        QCOMPARE(form.findChild<QLineEdit *>(latin("user"))->text(), latin("ada"));
        QVERIFY(!box->isChecked());
        QVERIFY(form.findChild<QLabel *>(latin("wrong"))->text().isEmpty());
    }

    // Each field and button has an Alt letter of its own, and the tab key takes them from top to bottom.
    void newVpsByKeyboard()
    {
        NewVpsForm form;
        form.resize(940, 640);
        form.begin(latin("root"), latin("22"));
        form.show();
        QVERIFY(QTest::qWaitForWindowActive(&form));
        QStringList letters;
        const auto letter = [&](const QString &text) {
            const qsizetype at = text.indexOf(QLatin1Char('&'));
            if (at >= 0)
                letters << text.mid(at + 1, 1).toLower();
        };
        for (const auto *one : form.findChildren<QAbstractButton *>())
            letter(one->text());
        for (const auto *one : form.findChildren<QLabel *>()) {
            if (one->buddy())
                letter(one->text());
        }
        QVERIFY(letters.size() >= 8);
        QCOMPARE(QSet<QString>(letters.begin(), letters.end()).size(), letters.size());
        QStringList order{form.focusWidget()->objectName()};
        for (int i = 0; i < 5; ++i) {
            QTest::keyClick(form.focusWidget(), Qt::Key_Tab);
            order << form.focusWidget()->objectName();
        }
        QCOMPARE(order, QStringList({latin("addresses"), latin("user"), latin("port"), latin("with-key"), latin("gone"),
                                     latin("back")}));
    }
};

QTEST_MAIN(TestPlanView)
#include "tst_plan_view.moc"
