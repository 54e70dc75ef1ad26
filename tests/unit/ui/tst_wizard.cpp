// The wizard while everything that it asks hangs: it never waits, can be stopped, says what is missing, and is driven
// by the keyboard alone. The answers are judged for real; what would be found in a home and on a VPS is not there.

#include "decide/setup.h"
#include "scripted.h"
#include "storage/providerfile.h"
#include "ui/wizard/wizard.h"
#include "ui/wizard/wizardpage.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>

#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

constexpr int stallAim = 200; // ms; other tests run beside, tst_stalls asserts the aim of 50

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// Blocks until the stop.
tl::unexpected<Error> hang(const std::stop_token &stop)
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, 1h, [] { return false; });
    return fail(ErrorCode::Cancelled, latin("Cancelled."));
}

class HangingPort final : public SetupPort
{
public:
    std::atomic<int> asked = 0;
    std::atomic<int> saved = 0;
    std::atomic<int> kept = 0;
    SetupAnswers with; ///< that were kept
    decltype(tests::ScriptedJobs::script) script;

    const Providers &providers() const override
    {
        static const Providers all = loadProviders({}).providers;
        return all;
    }
    SetupAnswers completed(const SetupAnswers &one) const override { return sixgate::completed(one, providers()); }
    std::vector<SetupGap> gaps(const SetupAnswers &one) const override { return setupGaps(one, providers()); }
    std::vector<SetupSecret> secrets(const SetupAnswers &one) const override { return setupSecrets(one, providers()); }
    std::vector<SetupRecord> records(const SetupAnswers &one, const std::optional<Ipv6Address> &server) const override
    {
        return setupRecords(one, providers(), server, {});
    }
    std::optional<Ipv6Address> serverAddress(const SetupAnswers &, const SetupHome &,
                                             const std::vector<SetupServer> &) const override
    {
        return {};
    }
    SetupRouterEntry routerEntry(const SetupAnswers &one, const std::optional<Ipv6Address> &) const override
    {
        return {one.interfaceId, {}, false, {latin("443")}, {{latin("A router"), latin("Allow it there.")}}};
    }
    QString privateFolder() const override { return latin("/nowhere"); }

    Result<std::optional<SetupAnswers>> load() override { return std::optional<SetupAnswers>(); }
    Outcome save(const SetupAnswers &) override
    {
        ++saved;
        return {};
    }
    Result<SetupHome> home(std::stop_token stop) override { return asks(stop); }
    Result<std::vector<SetupServer>> servers(const std::function<void(const std::vector<SetupServer> &)> &,
                                             std::stop_token stop) override
    {
        return asks(stop);
    }
    Result<std::set<QString>> stored(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    Outcome store(const SetupAnswers &, const QString &, const Secret &, std::stop_token stop) override
    {
        return asks(stop);
    }
    Result<SetupTried> tryAccount(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    Result<PresentedHostKey> hostKey(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    Result<QString> bringKey(const SetupAnswers &, Secret, std::stop_token stop) override { return asks(stop); }
    Result<SetupVpsLook> vps(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    std::vector<SetupSnippet> snippets(const SetupAnswers &) const override
    {
        return {{latin("nginx"), latin("# no")}};
    }
    Result<std::vector<SetupWay>> ways(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    Result<SetupCertificate> certificate(const SetupAnswers &, std::stop_token stop) override { return asks(stop); }
    Outcome watchRouter(const SetupAnswers &, const std::function<void(const SetupOpen &)> &,
                        std::stop_token stop) override
    {
        return asks(stop);
    }
    std::shared_ptr<SiteJobs> jobs(const SetupAnswers &) override
    {
        auto all = std::make_shared<tests::ScriptedJobs>();
        all->script = [this](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            return script ? script(order, talk, stops) : hang(stops.stop);
        };
        return all;
    }
    Outcome keep(const SetupAnswers &answers) override
    {
        ++kept;
        with = answers;
        return {};
    }

private:
    tl::unexpected<Error> asks(const std::stop_token &stop)
    {
        ++asked;
        return hang(stop);
    }
};

SetupAnswers whole(SetupPage page)
{
    SetupAnswers one;
    one.page = page;
    one.interfaceId = latin("::11");
    one.services = {{latin("cloud.example.org"), {}, Challenge::Dns}};
    one.provider = latin("rfc2136");
    one.dnsServer = latin("ns1.example.org");
    one.key.name = latin("sixgate-home");
    one.acmeKey.name = latin("sixgate-acme");
    one.addresses = latin("198.51.100.10");
    one.hostKey = latin("ssh-ed25519 ") + Fingerprint::ofBytes("key").text();
    one.termsAgreed = true;
    return one;
}

} // namespace

class TestWizard : public QObject
{
    Q_OBJECT

private:
    std::shared_ptr<HangingPort> m_port;
    std::unique_ptr<Wizard> m_wizard;

    void open(const SetupAnswers &answers)
    {
        m_wizard.reset();
        m_port = std::make_shared<HangingPort>();
        m_wizard = std::make_unique<Wizard>(m_port, answers);
        m_wizard->resize(1120, 740);
        m_wizard->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_wizard.get()));
    }
    StatusLine *line(const char *name)
    {
        auto *one = m_wizard->findChild<StatusLine *>(latin(name));
        if (!one)
            qFatal("there is no %s", name);
        return one;
    }
    QPushButton *button(const char *name)
    {
        auto *one = m_wizard->findChild<QPushButton *>(latin(name));
        if (!one)
            qFatal("there is no %s", name);
        return one;
    }
    void pages(bool alsoRun)
    {
        QTest::addColumn<SetupPage>("page");
        for (const SetupPage page : allSetupPages) {
            if (page < SetupPage::Review || (alsoRun && page == SetupPage::Review))
                QTest::newRow(qPrintable(setupPageName(page))) << page;
        }
    }

private Q_SLOTS:
    void init() { QCoreApplication::setOrganizationName(latin("sixgate-test")); }
    void cleanup() { m_wizard.reset(); }

    // It comes back where it was and as large.
    void keepsItsPlace()
    {
        QStandardPaths::setTestModeEnabled(true);
        QSettings().clear();
        const QRect place(40, 30, 720, 520);
        const auto make = [this] {
            m_wizard = std::make_unique<Wizard>(std::make_shared<HangingPort>(), SetupAnswers());
            m_wizard->show();
        };
        make();
        QVERIFY(m_wizard->size() != place.size());
        m_wizard->setGeometry(place);
        QCOMPARE(m_wizard->size(), place.size());
        m_wizard->close();
        make();
        QCOMPARE(m_wizard->geometry(), place);
        QSettings().clear();
    }

    void neverWaits_data() { pages(true); }
    void neverWaits()
    {
        QFETCH(SetupPage, page);
        open(whole(page));
        QCOMPARE(m_wizard->page()->page(), page);
        QElapsedTimer last;
        qint64 longest = 0;
        QTimer beat;
        connect(&beat, &QTimer::timeout, this, [&] {
            if (last.isValid())
                longest = std::max(longest, last.elapsed());
            last.start();
        });
        beat.start(1);
        // What takes its time is begun, stopped, and begun again.
        for (const char *name : {"fetchKey", "logIn", "try", "lookAgain", "tryAgain"}) {
            for (QPushButton *one : m_wizard->page()->findChildren<QPushButton *>(latin(name))) {
                if (one->isVisible()) {
                    QTest::mouseClick(one, Qt::LeftButton);
                    QTest::qWait(20);
                }
            }
        }
        for (StatusLine *one : m_wizard->page()->findChildren<StatusLine *>()) {
            auto *stop = one->findChild<QPushButton *>(latin("stop"));
            if (stop->isVisible()) {
                QTest::mouseClick(stop, Qt::LeftButton);
                QTRY_VERIFY(one->state() != OverviewState::Working);
            }
        }
        // And left while it goes on.
        if (page != SetupPage::Welcome) {
            QTest::mouseClick(button("back"), Qt::LeftButton);
            QTRY_COMPARE(int(m_wizard->page()->page()), int(page) - 1);
        }
        QElapsedTimer closing;
        closing.start();
        m_wizard->close();
        m_wizard.reset();
        QVERIFY2(closing.elapsed() < 1000, qPrintable(QString::number(closing.elapsed())));
        QVERIFY2(longest < stallAim, qPrintable(QStringLiteral("%1 ms").arg(longest)));
    }

    // Who goes on without an answer is told which, and is there.
    void missing_data()
    {
        QTest::addColumn<SetupPage>("page");
        QTest::addColumn<QString>("field");
        QTest::newRow("home") << SetupPage::Home << latin("interfaceId");
        QTest::newRow("names") << SetupPage::Names << latin("services.0.names");
        QTest::newRow("vps") << SetupPage::Vps << latin("addresses");
        QTest::newRow("services") << SetupPage::Services << latin("services.0.port");
    }
    void missing()
    {
        QFETCH(SetupPage, page);
        QFETCH(QString, field);
        SetupAnswers answers = whole(page);
        answers.interfaceId = page == SetupPage::Home ? QString() : answers.interfaceId;
        answers.services[0].names = page == SetupPage::Names ? QString() : answers.services[0].names;
        answers.addresses = page == SetupPage::Vps ? latin("x") : answers.addresses;
        answers.services[0].port = page == SetupPage::Services ? latin("x") : QString();
        open(answers);
        QTest::keyClick(m_wizard.get(), Qt::Key_Return);
        QTRY_COMPARE(line("gap")->state(), OverviewState::Degraded);
        QVERIFY(line("gap")->sentence().endsWith(QLatin1Char('.')));
        QCOMPARE(m_wizard->page()->page(), page);
        QVERIFY(m_wizard->focusWidget());
        QCOMPARE(m_wizard->focusWidget()->objectName(), field);
        // It goes as soon as something is entered.
        QTest::keyClicks(m_wizard->focusWidget(), latin("1"));
        QTRY_VERIFY(!line("gap")->isVisible());
    }

    void keepsTheAnswers()
    {
        open(whole(SetupPage::Home));
        auto *field = m_wizard->findChild<QLineEdit *>(latin("interfaceId"));
        field->setFocus();
        QTest::keyClicks(field, latin("2"));
        QTRY_VERIFY(m_port->saved > 0);
        QTest::keyClicks(field, latin("3"));
        const int before = m_port->saved;
        m_wizard.reset();
        QVERIFY(m_port->saved > before);
    }

    // Where nothing is to be changed at VPS and DNS, another answer is kept all the same, once it was agreed to.
    void keepsWhatChangesNothing()
    {
        open(whole(SetupPage::Router));
        m_port->script = [](const JobOrder &, JobTalk &talk, const JobStops &) -> Result<JobEnd> {
            talk.planned(Plan(), PlanPart::Main, {});
            JobEnd end;
            end.check = CheckReport();
            return end;
        };
        button("next")->click();
        QTRY_VERIFY(button("next")->isEnabled());
        QCOMPARE(m_wizard->page()->page(), SetupPage::Review);
        QVERIFY(line("review.status")->sentence().contains(latin("nothing is to be changed")));
        // Enter leads on, also after a second look; what goes away does not hand it to another button.
        m_wizard->activateWindow();
        QTRY_COMPARE(m_wizard->focusWidget(), button("next"));
        auto *again = m_wizard->page()->findChild<QPushButton *>(latin("lookAgain"));
        again->setFocus();
        QTest::keyClick(m_wizard.get(), Qt::Key_Return);
        QTRY_VERIFY(again->isEnabled());
        QTRY_COMPARE(m_wizard->focusWidget(), button("next"));
        QCOMPARE(m_port->kept.load(), 0);
        button("next")->click();
        QTRY_COMPARE(m_wizard->page()->page(), SetupPage::Proof);
        QCOMPARE(m_port->kept.load(), 1);
        QCOMPARE(m_port->with.interfaceId, latin("::11"));
        // To close is to finish there.
        QSignalSpy finished(m_wizard.get(), &Wizard::finished), left(m_wizard.get(), &Wizard::left);
        m_wizard->close();
        QCOMPARE(finished.size(), 1);
        QCOMPARE(left.size(), 0);
    }

    // Closing while the VPS is at work asks, and the second time cancels; what it is about is brought back first.
    void closesAtWork()
    {
        open(whole(SetupPage::Router));
        std::atomic<bool> takenBack = false;
        m_port->script = [&](const JobOrder &, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            auto end = tests::workUntilStopped(talk, stops, 200ms);
            takenBack = true;
            return end;
        };
        button("next")->click();
        QTRY_VERIFY(button("next")->isEnabled());
        button("next")->click();
        QTRY_COMPARE(m_wizard->page()->page(), SetupPage::Apply);
        QSignalSpy left(m_wizard.get(), &Wizard::left);
        QVERIFY(!m_wizard->close());
        QVERIFY(m_wizard->isVisible() && line("gap")->sentence().contains(latin("at work")));
        // It stays to be seen until then.
        QVERIFY(!m_wizard->close());
        QVERIFY(m_wizard->isVisible() && !takenBack && m_wizard->isWorking());
        QVERIFY(line("apply.status")->sentence().contains(latin("brought back")));
        QTRY_COMPARE(left.size(), 1);
        QVERIFY(takenBack && !m_wizard->isRunning() && !m_wizard->isVisible());
    }

    // Enter on a step that lies behind goes there.
    void stepsByKeyboard()
    {
        open(whole(SetupPage::Services));
        auto *steps = m_wizard->findChild<QListWidget *>(latin("steps"));
        steps->setFocus();
        QTest::keyClick(steps, Qt::Key_Up);
        QTest::keyClick(steps, Qt::Key_Home);
        QTest::keyClick(steps, Qt::Key_Down);
        QTest::keyClick(steps, Qt::Key_Return);
        QCOMPARE(m_wizard->page()->page(), SetupPage::Home);
    }

    // Tab goes as one reads, also through fields that were made when the provider was chosen.
    void tabOrder()
    {
        open(whole(SetupPage::Names));
        m_wizard->activateWindow();
        m_wizard->findChild<QWidget *>(latin("provider"))->setFocus();
        QStringList names;
        for (int i = 0; i < 10; ++i) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            names << QApplication::focusWidget()->objectName();
        }
        QCOMPARE(names, QStringList({latin("dnsServer"), latin("key"), latin("key.algorithm"),
                                     latin("secret.dns.main.key"), latin("acmeKey"), latin("acmeKey.algorithm"),
                                     latin("secret.dns.main.acme-key"), latin("ttl"), latin("try"), latin("records")}));
        open(whole(SetupPage::Services));
        m_wizard->activateWindow();
        button("addService")->click();
        QTest::qWait(50); // the row before is gone, and the new one is shown
        QCOMPARE(m_wizard->page()->findChildren<QWidget *>(latin("services.0.names")).size(), 1);
        m_wizard->page()->findChild<QWidget *>(latin("services.0.names"))->setFocus();
        names.clear();
        for (int i = 0; i < 4; ++i) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            names << QApplication::focusWidget()->objectName();
        }
        QCOMPARE(names.mid(0, 2), QStringList({latin("services.0.port"), latin("services.0.challenge")}));
        QCOMPARE(names.last(), latin("services.1.names"));
    }

    // All that can have the focus has a name, is reached by Tab, and no two things of a page share a letter.
    void keyboard_data() { pages(false); }
    void keyboard()
    {
        QFETCH(SetupPage, page);
        open(whole(page));
        std::set<QWidget *> wanted;
        for (QWidget *one : m_wizard->findChildren<QWidget *>()) {
            if (!one->isVisible() || !one->isEnabled() || !(one->focusPolicy() & Qt::TabFocus) || one->focusProxy())
                continue;
            auto *button = qobject_cast<QAbstractButton *>(one);
            const QString name = !one->accessibleName().isEmpty() ? one->accessibleName()
                                 : button                         ? button->text()
                                                                  : QString();
            QVERIFY2(!name.isEmpty(), qPrintable(latin(one->metaObject()->className()) + one->objectName()));
            // Of a group of choices the chosen one is reached; the arrows lead to the others.
            if (!button || !button->group() || button->isChecked())
                wanted.insert(one);
        }
        m_wizard->activateWindow();
        for (int i = 0; i < 80 && !wanted.empty(); ++i) {
            QTest::keyClick(m_wizard.get(), Qt::Key_Tab);
            wanted.erase(QApplication::focusWidget());
        }
        QVERIFY2(wanted.empty(), wanted.empty() ? "" : qPrintable((*wanted.begin())->objectName()));
        QMap<QChar, QString> letters;
        static const QRegularExpression mnemonic(latin("&([^&])"));
        const auto take = [&](const QString &text) {
            const auto match = mnemonic.match(text);
            if (!match.hasMatch())
                return true;
            const QChar letter = match.captured(1).at(0).toUpper();
            if (letters.contains(letter) && letters[letter] != text) {
                qWarning("%s and %s", qPrintable(letters[letter]), qPrintable(text));
                return false;
            }
            letters[letter] = text;
            return true;
        };
        for (QAbstractButton *one : m_wizard->findChildren<QAbstractButton *>())
            QVERIFY(!one->isVisible() || take(one->text()));
        for (QLabel *one : m_wizard->findChildren<QLabel *>())
            QVERIFY(!one->isVisible() || !one->buddy() || take(one->text()));
    }

    // With text of twice the size nothing is cut off; what does not fit is scrolled, downwards alone.
    void largeText_data() { pages(false); }
    void largeText()
    {
        QFETCH(SetupPage, page);
        const QFont before = QApplication::font();
        QFont large = before;
        large.setPointSizeF(before.pointSizeF() * 2);
        QApplication::setFont(large);
        open(whole(page));
        m_wizard->resize(1280, 900);
        QTest::qWait(50);
        for (QPushButton *one : m_wizard->findChildren<QPushButton *>()) {
            if (one->isVisible())
                QVERIFY2(one->width() >= one->fontMetrics().horizontalAdvance(QString(one->text()).remove(u'&')) + 8 &&
                             one->height() >= one->fontMetrics().height(),
                         qPrintable(one->text()));
        }
        for (QLineEdit *one : m_wizard->findChildren<QLineEdit *>())
            QVERIFY2(!one->isVisible() || one->height() >= one->fontMetrics().height() + 4,
                     qPrintable(one->objectName()));
        const int room = m_wizard->page()->parentWidget()->width();
        QVERIFY2(m_wizard->page()->width() <= room + 1,
                 qPrintable(QStringLiteral("%1 of %2").arg(m_wizard->page()->width()).arg(room)));
        m_wizard.reset();
        QApplication::setFont(before);
    }
};

QTEST_MAIN(TestWizard)
#include "tst_wizard.moc"
