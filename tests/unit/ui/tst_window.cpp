// The main window and the tray over snapshots. SIXGATE_SHOTS=FOLDER in the environment: pictures of what was tested.

#include "decide/overview.h"
#include "ui/overview/pathfigure.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

Q_DECLARE_METATYPE(sixgate::KeeperIntent)

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Site site()
{
    Site one{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}, {}};
    for (const char *name : {"cloud", "photos", "ha"})
        one.services.push_back({*Label::parse(latin(name)),
                                {*Hostname::parse(latin(name) + latin(".example.org"))},
                                *Hostname::parse(latin("home6.example.org")),
                                *Label::parse(latin("nas")),
                                *Port::fromNumber(443),
                                *UrlPath::parse(latin("/"))});
    return one;
}

KeeperSnapshot snapshot()
{
    KeeperSnapshot one;
    one.site = latin("home");
    one.role = latin("leader");
    const QDateTime now = QDateTime::currentDateTimeUtc();
    one.prefixes = {latin("2001:db8:a007:1200::/64")};
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:a007:1200::11")), {}}};
    int took = 0;
    for (const Service &service : site().services) {
        const QString name = service.publicNames.front().ascii();
        one.records.push_back({name + latin(" A"), {latin("198.51.100.10")}, true, {}, now});
        one.records.push_back({name + latin(" AAAA"), {latin("2001:db8:a007:1200::11")}, true, {}, now});
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
            one.paths.push_back({name, kind, PathState::Works, std::chrono::milliseconds(18 + took++), {}, now});
    }
    one.pushes = {{latin("home6.example.org"), latin("2001:db8:a007:1200::11"), true, {}, now}};
    one.recovery = KeptRecovery{now, latin("a"), latin("b"), {{latin("address"), 1400}, {latin("v4"), 2200}}};
    return one;
}

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

QPalette dark()
{
    QPalette one;
    one.setColor(QPalette::Window, QColor(0x17, 0x1a, 0x1f));
    one.setColor(QPalette::Base, QColor(0x1d, 0x21, 0x27));
    one.setColor(QPalette::AlternateBase, QColor(0x22, 0x27, 0x2e));
    one.setColor(QPalette::Button, QColor(0x2a, 0x2f, 0x37));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        one.setColor(role, QColor(0xe8, 0xea, 0xed));
    one.setColor(QPalette::PlaceholderText, QColor(0x9a, 0xa0, 0xa6));
    one.setColor(QPalette::Highlight, QColor(0x3b, 0x6e, 0xa8));
    one.setColor(QPalette::HighlightedText, Qt::white);
    return one;
}

void keepPicture(QWidget &window, const QString &name)
{
    const QString folder = qEnvironmentVariable("SIXGATE_SHOTS");
    if (!folder.isEmpty())
        window.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
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
            QApplication::setPalette(isDark ? dark() : QPalette(QColor(0xee, 0xf0, 0xf3)));
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

    void transitions_data()
    {
        QTest::addColumn<int>("before");
        QTest::addColumn<int>("now");
        QTest::addColumn<bool>("told");
        using S = OverviewState;
        const auto row = [](const char *name, int before, S now, bool told) {
            QTest::newRow(name) << before << int(now) << told;
        };
        row("fine at first", -1, S::Fine, false);
        row("broken at first", -1, S::Broken, true);
        row("broken", int(S::Fine), S::Broken, true);
        row("still broken", int(S::Broken), S::Broken, false);
        row("fine again", int(S::Broken), S::Fine, true);
        row("still fine", int(S::Fine), S::Fine, false);
        row("degraded", int(S::Fine), S::Degraded, true);
        row("worse", int(S::Degraded), S::Broken, true);
        row("moving", int(S::Fine), S::Working, false);
        row("paused", int(S::Fine), S::Paused, false);
        row("nobody looks", int(S::Fine), S::Unknown, false);
    }

    void transitions()
    {
        QFETCH(int, before);
        QFETCH(int, now);
        QFETCH(bool, told);
        const auto known = before < 0 ? std::nullopt : std::optional(OverviewState(before));
        QCOMPARE(isTransition(known, OverviewState(now)), told);
    }

    // A change of the prefix in between tells nobody anything.
    void trayTellsOnce()
    {
        Tray tray;
        QSignalSpy told(&tray, &Tray::notified);
        const auto show = [&](const KeeperSnapshot &one) {
            tray.show(overviewOf(site(), one), std::make_shared<const KeeperSnapshot>(one));
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
