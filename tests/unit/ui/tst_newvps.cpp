// The VPS's page while a move to another machine is open, and the form that lets a dead one go. SIXGATE_SHOTS=FOLDER in
// the environment: pictures of what was tested.

#include "decide/overview.h"
#include "driver/pictures.h"
#include "homeshown.h"
#include "scripted.h"
#include "ui/look/texts.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QStandardPaths>
#include <QTest>

#include <mutex>

using namespace sixgate;

namespace
{

using tests::found, tests::keepPicture, tests::latin, tests::snapshot;

} // namespace

class TestNewVps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        qRegisterMetaType<KeeperIntent>();
        QApplication::setStyle(latin("fusion"));
        loadTexts();
    }

    // A move that has not ended: the page says so, and its buttons order what is left of it, once the plan is agreed
    // to.
    void openMoves_data()
    {
        QTest::addColumn<int>("forgotten"); // s from now; 0: visitors may still be led to the old machine
        QTest::addColumn<bool>("givesUp");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("button");
        QTest::addColumn<QString>("yes");
        const QString old = latin("the old machine (198.51.100.10)");
        const QString going =
            latin("The move from ") + old + latin(" is not finished: visitors may still be led there.");
        const QString unclean = latin("Sixgate is still on ") + old + latin(", which is to be cleaned");
        QTest::newRow("go on") << 0 << false << false << going << QStringLiteral("Go &on with the move…")
                               << latin("&Go on");
        QTest::newRow("give up") << 0 << true << true << going << QStringLiteral("Give the old machine &up…")
                                 << latin("&Give it up");
        QTest::newRow("clean") << -60 << false << false << unclean + latin(".")
                               << QStringLiteral("&Clean the old machine…") << latin("&Clean it");
        QTest::newRow("clean later") << 3600 << false << true
                                     << unclean + latin("; resolvers may lead visitors there until ")
                                     << QStringLiteral("&Clean the old machine…") << latin("&Clean it");
        QTest::newRow("give up unclean") << -60 << true << false << unclean + latin(".")
                                         << QStringLiteral("Give the old machine &up…") << latin("&Give it up");
    }

    void openMoves()
    {
        QFETCH(int, forgotten);
        QFETCH(bool, givesUp);
        QFETCH(bool, dark);
        QFETCH(QString, says);
        QFETCH(QString, button);
        QFETCH(QString, yes);
        QApplication::setPalette(dark ? tests::darkPalette() : QPalette(QColor(0xee, 0xf0, 0xf3)));
        const auto site = tests::exampleSite();
        std::mutex mutex;
        std::vector<ReplaceOrder> orders;
        int agreements = 0;
        OpenMove open{{*parseIpAddress(latin("198.51.100.10"))}, {}};
        if (forgotten != 0)
            open.forgottenAt = QDateTime::currentDateTime().addSecs(forgotten);
        const auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [&](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            JobEnd end;
            if (std::holds_alternative<LookOrder>(order)) {
                const SiteLook look = found(*site);
                talk.planned(*look.plan, PlanPart::Main, {});
                end.seen = look.seen;
                end.dns = look.dns;
                const std::lock_guard lock(mutex);
                if (agreements == 0)
                    end.move = open;
                return end;
            }
            {
                const std::lock_guard lock(mutex);
                orders.push_back(std::get<ReplaceOrder>(order));
            }
            talk.planned({}, PlanPart::Main, givesUp ? latin("Nothing is changed on any machine.") : QString());
            if (auto agreed = talk.agree({}, latin("What it means."), stops.stop); !agreed)
                return passOn(agreed);
            const std::lock_guard lock(mutex);
            ++agreements;
            end.old = givesUp ? OldMachine::GivenUp : OldMachine::Clean;
            return end;
        };
        MainWindow window({latin("home"), latin("vps.example.org")}, {site, jobs});
        window.show(overviewOf(*site, snapshot()), std::make_shared<const KeeperSnapshot>(snapshot()));
        window.resize(1120, 740);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.findChild<QListWidget *>(latin("pages"))->setCurrentRow(3);
        auto *card = window.findChild<QWidget *>(latin("move"));
        QVERIFY(!card->isVisible());
        QTRY_VERIFY(card->isVisible());
        const QString said = card->findChild<QLabel *>(latin("move-says"))->text();
        QVERIFY2(said.startsWith(says), qPrintable(said));
        auto *ends = card->findChild<QPushButton *>(latin("end-move"));
        auto *gives = card->findChild<QPushButton *>(latin("give-up"));
        auto *pressed = givesUp ? gives : ends;
        QCOMPARE(pressed->text(), button);
        QTest::qWait(20);
        const QString name =
            latin("move-") + latin(QTest::currentDataTag()).replace(QLatin1Char(' '), QLatin1Char('-'));
        keepPicture(window, name);
        // Not agreed to at first.
        auto *agrees = window.findChild<QPushButton *>(latin("yes"));
        auto *refuses = window.findChild<QPushButton *>(latin("no"));
        QTest::mouseClick(pressed, Qt::LeftButton);
        QTRY_VERIFY(agrees->isVisible());
        QCOMPARE(agrees->text(), yes);
        const auto *job = window.findChild<QWidget *>(latin("job"));
        QCOMPARE(job->findChild<QLabel *>(latin("sentence"))->text(),
                 givesUp ? latin("Nothing is changed on any machine.")
                         : latin("Nothing is to be changed here; go on?"));
        QCOMPARE(job->findChild<QLabel *>(latin("detail"))->text(), latin("What it means."));
        // Who presses Enter without reading does not agree.
        QVERIFY(window.focusWidget() == refuses);
        QTest::qWait(20);
        keepPicture(window, name + latin("-asks"));
        QTest::keyClick(refuses, Qt::Key_Return);
        QTRY_VERIFY(card->isVisible());
        QTRY_VERIFY(pressed->isEnabled());
        QCOMPARE(agreements, 0);
        QTest::mouseClick(pressed, Qt::LeftButton);
        QTRY_VERIFY(agrees->isVisible());
        QTest::keyClick(agrees, Qt::Key_Space);
        QTRY_COMPARE(agreements, 1);
        QTRY_COMPARE(job->findChild<QLabel *>(latin("sentence"))->text(),
                     givesUp ? latin("The old machine is given up.") : latin("All changes are made."));
        QTest::qWait(20);
        keepPicture(window, name + latin("-end"));
        QTest::mouseClick(refuses, Qt::LeftButton);
        auto *drift = window.findChild<QLabel *>(latin("drift"));
        QTRY_VERIFY(drift->isVisible());
        QTRY_VERIFY(!card->isVisible());
        QCOMPARE(orders.size(), size_t(2));
        for (const ReplaceOrder &one : orders) {
            QVERIFY(!one.machine);
            QCOMPARE(one.abandonOld, givesUp);
        }
    }

    // The move away from a machine that is gone, from the button to the order; what it means is in the question.
    void newVpsForGone()
    {
        const auto site = tests::exampleSite();
        std::mutex mutex;
        std::optional<ReplaceOrder> ordered;
        const auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [&](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
            if (const auto *replaces = std::get_if<ReplaceOrder>(&order)) {
                const std::lock_guard lock(mutex);
                ordered = *replaces;
            }
            const SiteLook look = found(*site);
            talk.planned(*look.plan, PlanPart::Main, {});
            JobEnd end;
            end.seen = look.seen;
            if (std::holds_alternative<LookOrder>(order))
                return end;
            if (auto agreed = talk.agree(*look.plan, latin("The old machine\nis given up."), stops.stop); !agreed)
                return passOn(agreed);
            return end;
        };
        for (const bool dark : {false, true}) {
            QApplication::setPalette(dark ? tests::darkPalette() : QPalette(QColor(0xee, 0xf0, 0xf3)));
            MainWindow window({latin("home"), latin("vps.example.org")}, {site, jobs});
            window.show(overviewOf(*site, snapshot()), std::make_shared<const KeeperSnapshot>(snapshot()));
            window.resize(1120, 740);
            window.show();
            QVERIFY(QTest::qWaitForWindowExposed(&window));
            window.findChild<QListWidget *>(latin("pages"))->setCurrentRow(3);
            QTRY_VERIFY(window.findChild<QLabel *>(latin("drift"))->text().startsWith(latin("2 things")));
            QTest::mouseClick(window.findChild<QPushButton *>(latin("replace")), Qt::LeftButton);
            QTest::keyClicks(window.findChild<QLineEdit *>(latin("addresses")), latin("192.0.2.20, 2001:db8::20"));
            auto *gone = window.findChild<QCheckBox *>(latin("gone"));
            // Enter goes on with the form, and gives no machine up.
            QTest::keyClick(gone, Qt::Key_Return);
            QVERIFY(!gone->isChecked());
            QTest::mouseClick(gone, Qt::LeftButton, {}, {10, gone->height() / 2});
            QVERIFY(gone->isChecked());
            QTest::qWait(20);
            keepPicture(window, dark ? latin("newvps-gone-dark") : latin("newvps-gone-light"));
            QTest::keyClick(window.findChild<QLineEdit *>(latin("addresses")), Qt::Key_Return);
            QTRY_VERIFY(window.findChild<QPushButton *>(latin("yes"))->isVisible());
            QVERIFY(window.findChild<QWidget *>(latin("job"))
                        ->findChild<QLabel *>(latin("detail"))
                        ->text()
                        .contains(latin("The old machine is given up.")));
            const std::lock_guard lock(mutex);
            QVERIFY(ordered && ordered->machine && ordered->abandonOld);
            QCOMPARE(ordered->machine->addresses.size(), size_t(2));
        }
    }
};

QTEST_MAIN(TestNewVps)

#include "tst_newvps.moc"
