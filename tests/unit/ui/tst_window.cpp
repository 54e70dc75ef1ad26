// The main window and the tray over snapshots. SIXGATE_SHOTS=FOLDER in the environment: pictures of what was tested.

#include "decide/notice.h"
#include "decide/overview.h"
#include "driver/pictures.h"
#include "homeshown.h"
#include "scripted.h"
#include "storage/sitefile.h"
#include "ui/look/texts.h"
#include "ui/overview/pathfigure.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QAccessible>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

Q_DECLARE_METATYPE(sixgate::KeeperIntent)

namespace
{

using tests::found, tests::keepPicture, tests::latin, tests::site, tests::snapshot;

KeeperSnapshot broken()
{
    KeeperSnapshot one = snapshot();
    for (KeptPath &path : one.paths) {
        if (path.kind == PathKind::Lan)
            continue;
        path.state = PathState::Broken;
        path.why = latin("2001:db8:a007:1200::11, port 443, did not answer in time.");
    }
    one.troubles = {latin("The server answers in your LAN, but not from outside. In the router, allow TCP 443 for the "
                          "interface identifier ::11.")};
    return one;
}

KeeperSnapshot paused()
{
    KeeperSnapshot one = snapshot();
    one.role = latin("paused");
    return one;
}

KeeperSnapshot starting()
{
    KeeperSnapshot one;
    one.site = latin("home");
    one.role = latin("starting");
    return one;
}

/// Jobs over what was found: a look tells it, a check proves one path that fails.
std::shared_ptr<SiteJobs> jobsOver(const Site &site)
{
    const auto jobs = std::make_shared<tests::ScriptedJobs>();
    jobs->script = [site](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
        const SiteLook look = found(site);
        JobEnd end;
        if (std::holds_alternative<RunsOrder>(order)) {
            end.runs = {{latin("aaaaaaaa"),
                         look.at,
                         latin("done"),
                         {},
                         {},
                         {{latin("vps.1"), latin("started"), {}}, {latin("vps.1"), latin("done"), {}}}},
                        {latin("bbbbbbbb"),
                         look.at.addDays(-1),
                         latin("failed"),
                         latin("Apache does not take the configuration."),
                         {},
                         {{latin("vps.file.apache.cloud.conf"), latin("failed"), latin("Syntax error")}}}};
            return end;
        }
        if (std::holds_alternative<CheckOrder>(order)) {
            PathReport report{site.services.front().publicNames.front(), site.services.front().name};
            report.state = PathState::Broken;
            report.vantage = latin("the VPS");
            report.steps = {{latin("resolve"), true, 12ms, latin("198.51.100.10"), {}},
                            {latin("connect"), true, 19ms, latin("198.51.100.10, port 443"), {}},
                            {latin("tls"), false, 5000ms, latin("no answer in time"), latin("TIMEOUT")}};
            report.error = Error{ErrorCode::Timeout, latin("The TLS handshake took too long."), {}, {}};
            report.took = 5031ms;
            talk.path(report);
            end.check = CheckReport{{report}, {}, look.at, 5100ms};
            return end;
        }
        talk.planned(*look.plan, PlanPart::Main, {});
        if (std::holds_alternative<LookOrder>(order)) {
            end.seen = look.seen;
            end.dns = look.dns;
            return end;
        }
        if (auto agreed = talk.agree(*look.plan, {}, stops.stop); !agreed)
            return passOn(agreed);
        return end;
    };
    return jobs;
}

} // namespace

class TestWindow : public QObject
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

    void verdicts_data()
    {
        QTest::addColumn<KeeperSnapshot>("seen");
        QTest::addColumn<QString>("sentence");
        QTest::addColumn<QString>("button");
        QTest::addColumn<int>("asks");
        QTest::newRow("fine") << snapshot() << latin("Everything is reachable.") << latin("Check &now")
                              << int(KeeperIntent::Check);
        QTest::newRow("broken") << broken() << latin("cloud.example.org cannot be reached for visitors with IPv4.")
                                << latin("Check &now") << int(KeeperIntent::Check);
        QTest::newRow("paused") << paused() << latin("Paused: nothing is changed.") << latin("&Resume")
                                << int(KeeperIntent::Resume);
        QTest::newRow("starting") << starting() << latin("Looking at the home.") << QString() << -1;
    }

    void verdicts()
    {
        QFETCH(KeeperSnapshot, seen);
        QFETCH(QString, sentence);
        QFETCH(QString, button);
        QFETCH(int, asks);
        for (const bool isDark : {false, true}) {
            QApplication::setPalette(isDark ? tests::darkPalette() : QPalette(QColor(0xee, 0xf0, 0xf3)));
            MainWindow window({latin("home"), latin("vps.example.org")});
            QSignalSpy wants(&window, &MainWindow::wants);
            window.show(overviewOf(site(), seen), std::make_shared<const KeeperSnapshot>(seen));
            window.resize(1120, 740);
            window.show();
            QVERIFY(QTest::qWaitForWindowExposed(&window));
            QCOMPARE(window.findChild<QLabel *>(latin("sentence"))->text(), sentence);
            auto *next = window.findChild<QPushButton *>(latin("next"));
            QCOMPARE(next->isVisible(), asks >= 0);
            if (asks >= 0) {
                QCOMPARE(next->text(), button);
                QTest::mouseClick(next, Qt::LeftButton);
                QCOMPARE(wants.size(), 1);
                QCOMPARE(int(wants.front().front().value<KeeperIntent>()), asks);
            }
            const QString name = latin(QTest::currentDataTag()) + (isDark ? latin("-dark") : latin("-light"));
            auto *pages = window.findChild<QListWidget *>(latin("pages"));
            pages->setFocus();
            keepPicture(window, name);
            for (int page = 1; page < pages->count(); ++page) {
                pages->setCurrentRow(page);
                keepPicture(window, name + QStringLiteral("-%1").arg(page));
            }
        }
    }

    // The verdict's button is the way out; while it is being looked for, it says so.
    void waysOut()
    {
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto one = parseSite(example.readAll());
        QVERIFY(one);
        MainWindow window({latin("home"), latin("vps.example.org")},
                          {std::make_shared<const Site>(*one), jobsOver(*one)});
        window.resize(1120, 740);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QSignalSpy setsUp(&window, &MainWindow::setsUp);
        Overview shown = overviewOf(*one, broken());
        auto *list = window.findChild<QListWidget *>(latin("pages"));
        auto *next = window.findChild<QWidget *>(latin("overview"))->findChild<QPushButton *>(latin("next"));
        auto *again = window.findChild<QWidget *>(latin("overview"))->findChild<QPushButton *>(latin("again"));
        const auto press = [&](OverviewButton button, const QString &text) {
            list->setCurrentRow(0);
            shown.button = button;
            window.show(shown, nullptr);
            QCOMPARE(next->text(), text);
            QTest::mouseClick(next, Qt::LeftButton);
        };
        press(OverviewButton::SetUp, QStringLiteral("&Set up…"));
        QCOMPARE(setsUp.size(), 1);
        auto *yes = window.findChild<QPushButton *>(latin("yes"));
        auto *no = window.findChild<QPushButton *>(latin("no"));
        for (const auto &[button, text, does] :
             {std::tuple(OverviewButton::Redeploy, "Re&deploy VPS…", "&Redeploy"),
              std::tuple(OverviewButton::Records, "&Set the records…", "&Set them")}) {
            press(button, QString::fromUtf8(text));
            QVERIFY(!again->isHidden());
            QCOMPARE(list->currentRow(), 3);
            auto *job = window.findChild<QWidget *>(latin("job"));
            QTRY_VERIFY2(yes->isVisible(), qPrintable(job->findChild<QLabel *>(latin("sentence"))->text()));
            QCOMPARE(yes->text(), latin(does));
            QTest::mouseClick(no, Qt::LeftButton);
            QTRY_VERIFY(window.findChild<QPushButton *>(latin("redeploy"))->isEnabled());
        }
        list->setCurrentRow(0);
        shown.button = OverviewButton::Check;
        shown.looking = true;
        window.show(shown, nullptr);
        QVERIFY(again->isHidden());
        QCOMPARE(next->text(), QStringLiteral("Looking …"));
    }

    // Who is to be told can be tried, where the site names somebody.
    void alarmTest()
    {
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto parsed = parseSite(example.readAll());
        QVERIFY(parsed);
        Site one = *parsed;
        auto jobs = std::make_shared<tests::ScriptedJobs>();
        jobs->script = [](const JobOrder &order, JobTalk &, const JobStops &) -> Result<JobEnd> {
            JobEnd end;
            if (std::holds_alternative<AlarmTestOrder>(order))
                end.alarm = {{latin("mail"), latin("mail"), {}},
                             {latin("phone"), latin("phone"),
                              fail(ErrorCode::Timeout, latin("It did not answer."), {}, latin("Try again."))}};
            return end;
        };
        for (const bool named : {false, true}) {
            one.alarm.reset();
            if (named)
                one.alarm.emplace();
            MainWindow window({latin("home"), latin("vps.example.org")}, {std::make_shared<const Site>(one), jobs});
            window.show();
            QVERIFY(QTest::qWaitForWindowExposed(&window));
            window.findChild<QListWidget *>(latin("pages"))->setCurrentRow(4);
            auto *test = window.findChild<QPushButton *>(latin("alarmTest"));
            auto *says = window.findChild<QLabel *>(latin("alarmSays"));
            QCOMPARE(test->isVisible(), named);
            if (!named)
                continue;
            QTest::mouseClick(test, Qt::LeftButton);
            QVERIFY(!test->isEnabled());
            QTRY_VERIFY(test->isEnabled());
            QCOMPARE(says->text().count(QLatin1Char('\n')), 1);
            QVERIFY(says->text().startsWith(latin("mail: the test was taken")));
            QVERIFY(says->text().contains(latin("phone: It did not answer.")));
            keepPicture(window, latin("page-alarm"));
        }
    }

    // Each path is told by a word as well, and is a stop of the tab key.
    void pathsAreReached()
    {
        MainWindow window({latin("home"), latin("vps.example.org")});
        window.show(overviewOf(site(), broken()), std::make_shared<const KeeperSnapshot>(broken()));
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QStringList order;
        window.findChild<QListWidget *>(latin("pages"))->setFocus();
        for (int i = 0; i < 8 && !order.contains(latin("names")); ++i) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            order << QApplication::focusWidget()->objectName();
        }
        QCOMPARE(order, QStringList({latin("next"), latin("path-v4"), latin("path-upstream"), latin("path-v6"),
                                     latin("path-lan"), latin("names")}));
        const auto *pill = window.findChild<QWidget *>(latin("path-v4"));
        QCOMPARE(pill->accessibleName(), latin("Path 1: visitors with IPv4, through the VPS: fails"));
        QVERIFY(pill->accessibleDescription().contains(latin("did not answer")));
        const auto *lan = window.findChild<QWidget *>(latin("path-lan"));
        QVERIFY(lan->accessibleName().endsWith(latin(" ms")));
        auto *names = window.findChild<QTableWidget *>(latin("names"));
        QCOMPARE(names->rowCount(), 3);
        QCOMPARE(names->item(1, 0)->text(), latin("photos.example.org"));
        QCOMPARE(names->item(1, 1)->text(), latin("fails"));
    }

    // Each page with what a look found; a path's steps; a redeployment that is not carried out.
    void pages_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    void checkDns(const MainWindow &window)
    {
        const QTableWidget *records = nullptr;
        for (const auto *one : window.findChildren<QTableWidget *>()) {
            if (one->accessibleName() == latin("DNS"))
                records = one;
        }
        QVERIFY(records);
        const auto row = [records](int at) {
            QStringList cells;
            for (int column = 0; column < records->columnCount(); ++column)
                cells << records->item(at, column)->text();
            return cells;
        };
        QCOMPARE(records->rowCount(), 4);
        QCOMPARE(row(0).mid(0, 3),
                 QStringList({latin("cloud.example.org A"), latin("198.51.100.10"), latin("as wanted, for 60 s")}));
        QVERIFY2(row(0)[3].startsWith(latin("as wanted, ")) && row(0)[3].endsWith(latin(" s left")),
                 qPrintable(row(0)[3]));
        QCOMPARE(row(0)[4], latin("right"));
        QCOMPARE(row(2).mid(1, 2), QStringList({latin("2001:db8:1300::11"), latin("2001:db8:1200::11, for 60 s")}));
        QVERIFY2(row(2)[3].startsWith(latin("2001:db8:1200::11, ")), qPrintable(row(2)[3]));
        QCOMPARE(row(2)[4], latin("is to be changed"));
        const auto labels = window.findChildren<QLabel *>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel *one) {
            return one->text().startsWith(latin("Did not take the last change, today")) &&
                   one->text().endsWith(latin(": The key is not known there."));
        }));
    }

    void pages()
    {
        QFETCH(bool, dark);
        QApplication::setPalette(dark ? tests::darkPalette() : QPalette(QColor(0xee, 0xf0, 0xf3)));
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto one = parseSite(example.readAll());
        QVERIFY(one);
        WindowTexts texts{
            latin("home"), latin("vps.example.org"), {latin("/home/ada/site.json"), latin("keychain"), latin("0.1.0")}};
        MainWindow window(texts, {std::make_shared<const Site>(*one), jobsOver(*one)});
        window.show(overviewOf(*one, snapshot()), std::make_shared<const KeeperSnapshot>(snapshot()));
        window.resize(1120, 740);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        auto *list = window.findChild<QListWidget *>(latin("pages"));
        const QString name = latin(QTest::currentDataTag());
        const auto picture = [&](const char *what) {
            QTest::qWait(20);
            keepPicture(window, latin("page-") + latin(what) + QLatin1Char('-') + name);
        };
        list->setCurrentRow(3);
        auto *drift = window.findChild<QLabel *>(latin("drift"));
        QTRY_VERIFY2(drift->text().startsWith(latin("2 things on the VPS")), qPrintable(drift->text()));
        picture("vps");
        QTest::mouseClick(window.findChild<QPushButton *>(latin("runs")), Qt::LeftButton);
        auto *runs = window.findChild<QListWidget *>(latin("runs-list"));
        QTRY_COMPARE(runs->count(), 2);
        QTest::keyClick(runs, Qt::Key_Down);
        auto *noted = window.findChild<QTableWidget *>(latin("runs-steps"));
        QCOMPARE(noted->rowCount(), 1);
        QCOMPARE(noted->item(0, 0)->text(), latin("File apache.cloud.conf"));
        QCOMPARE(noted->item(0, 1)->text(), latin("failed"));
        QCOMPARE(noted->item(0, 2)->text(), latin("Syntax error"));
        QCOMPARE(window.findChild<QLabel *>(latin("runs-end"))->text(),
                 latin("Apache does not take the configuration."));
        picture("runs");
        list->setCurrentRow(1);
        picture("services");
        list->setCurrentRow(2);
        picture("dns");
        checkDns(window);
        list->setCurrentRow(4);
        picture("settings");
        list->setCurrentRow(0);
        auto *names = window.findChild<QTableWidget *>(latin("names"));
        QCOMPARE(names->item(0, 5)->text(), latin("30 days left"));
        QVERIFY(window.findChild<QWidget *>(latin("figure"))
                    ->accessibleDescription()
                    .contains(latin("certificate: 30 days")));
        picture("overview");
        QTest::mouseClick(window.findChild<PathPill *>(latin("path-v4")), Qt::LeftButton);
        auto *steps = window.findChild<QTableWidget *>(latin("steps-table"));
        QTRY_COMPARE(steps->rowCount(), 4);
        QCOMPARE(steps->item(2, 1)->text(), latin("TLS handshake"));
        QCOMPARE(steps->item(2, 2)->text(), latin("5,000 ms"));
        picture("steps");
        QTest::keyClick(steps, Qt::Key_Escape);
        QVERIFY(names->isVisible());
        window.redeploy();
        auto *yes = window.findChild<QPushButton *>(latin("yes"));
        QTRY_VERIFY(yes->isVisible());
        picture("redeploy");
        QTest::mouseClick(window.findChild<QPushButton *>(latin("no")), Qt::LeftButton);
        QTRY_VERIFY(drift->isVisible());
    }

    // Text at 200 %: nothing is cut off.
    void bigText()
    {
        const QFont before = QApplication::font();
        QFont big = before;
        big.setPointSizeF(before.pointSizeF() * 2);
        QApplication::setFont(big);
        MainWindow window({latin("home"), latin("vps.example.org")});
        window.show(overviewOf(site(), snapshot()), std::make_shared<const KeeperSnapshot>(snapshot()));
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        keepPicture(window, latin("big-text"));
        auto *figure = window.findChild<PathFigure *>(latin("figure"));
        for (PathPill *pill : figure->findChildren<PathPill *>()) {
            QVERIFY(figure->rect().contains(pill->geometry()));
            QVERIFY(pill->width() >= pill->sizeHint().width());
        }
        QApplication::setFont(before);
    }

    // Every page with what it looks like in use: with text of twice the size no button, field or line is cut off, and
    // who cannot see is told what each thing is.
    void bigPages()
    {
        QFile example(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"));
        QVERIFY(example.open(QIODevice::ReadOnly));
        const auto parsed = parseSite(example.readAll());
        QVERIFY(parsed);
        const QFont before = QApplication::font();
        QFont big = before;
        big.setPointSizeF(before.pointSizeF() * 2);
        QApplication::setFont(big);
        {
            MainWindow window({latin("home"), latin("vps.example.org")},
                              {std::make_shared<const Site>(*parsed), jobsOver(*parsed)});
            window.show(overviewOf(*parsed, snapshot()), std::make_shared<const KeeperSnapshot>(snapshot()));
            window.resize(1600, 1000);
            window.show();
            QVERIFY(QTest::qWaitForWindowExposed(&window));
            auto *list = window.findChild<QListWidget *>(latin("pages"));
            for (int page = 0; page < list->count(); ++page) {
                list->setCurrentRow(page);
                QTest::qWait(100);
                const QString where = list->item(page)->text();
                keepPicture(window, QStringLiteral("big-%1").arg(page));
                for (QWidget *one : window.findChildren<QWidget *>()) {
                    if (!one->isVisible())
                        continue;
                    const QString what = where + latin(": ") + one->objectName() + latin(" ") + one->accessibleName();
                    if (auto *button = qobject_cast<QPushButton *>(one)) {
                        const QString text = QString(button->text()).remove(u'&');
                        QVERIFY2(button->width() >= button->fontMetrics().horizontalAdvance(text) + 8 &&
                                     button->height() >= button->fontMetrics().height(),
                                 qPrintable(what + text));
                    }
                    if (auto *label = qobject_cast<QLabel *>(one);
                        label && !label->wordWrap() && !label->text().isEmpty())
                        QVERIFY2(label->height() >= label->fontMetrics().height(), qPrintable(what + label->text()));
                    if (one->focusPolicy() == Qt::NoFocus || qobject_cast<QLabel *>(one) ||
                        qobject_cast<QScrollBar *>(one) || one->inherits("QAbstractScrollAreaViewport"))
                        continue;
                    const auto *face = QAccessible::queryAccessibleInterface(one);
                    QVERIFY2(face && !face->text(QAccessible::Name).isEmpty(),
                             qPrintable(what + latin(" ") + latin(one->metaObject()->className())));
                }
            }
        }
        QApplication::setFont(before);
    }

    // A change of the prefix in between tells nobody anything.
    void trayTellsOnce()
    {
        Tray tray;
        Noticing noticing;
        QSignalSpy told(&tray, &Tray::notified);
        const auto show = [&](const KeeperSnapshot &one) {
            const Overview overview = overviewOf(site(), one);
            tray.show(overview, std::make_shared<const KeeperSnapshot>(one));
            if (noticing.see(overview, QDateTime::currentDateTimeUtc()))
                tray.notify(overview);
        };
        KeeperSnapshot moving = snapshot();
        moving.records.front().right = false;
        show(starting());
        show(snapshot());
        show(moving);
        show(snapshot());
        QCOMPARE(told.size(), 0);
        show(broken());
        show(broken());
        QCOMPARE(told.size(), 1);
        show(snapshot());
        QCOMPARE(told.size(), 2);
        QCOMPARE(told.back().front().toString(), latin("Everything is reachable."));
    }
};

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
