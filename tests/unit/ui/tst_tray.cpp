// The tray in real panels: none, trayer (XEmbed) under a screen of its own, and one on a session bus that records. The
// program starts them, and itself again inside. SIXGATE_SHOTS=FOLDER in the environment: a sheet of all icons.

#include "decide/notice.h"
#include "desktop/program.h"
#include "owndesktop.h"
#include "trayhost.h"
#include "ui/look/marks.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QMenu>
#include <QPainter>
#include <QProcess>
#include <QScreen>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTemporaryDir>
#include <QTest>
#include <QToolTip>

#include <array>

using namespace sixgate;

Q_DECLARE_METATYPE(sixgate::KeeperIntent)

namespace
{

constexpr int panelTime = 10000; // ms
constexpr std::array states{OverviewState::Fine,   OverviewState::Working, OverviewState::Degraded,
                            OverviewState::Broken, OverviewState::Paused,  OverviewState::Unknown};

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Overview overview(OverviewState state, const char *sentence = "A sentence.", const char *cause = "",
                  bool settled = true)
{
    Overview one;
    one.state = state;
    one.sentence = latin(sentence);
    one.detail = latin("What to do.");
    one.cause = latin(cause);
    one.causes = QStringList(one.cause);
    one.settled = settled;
    PathGlance works, fails;
    works.state = PathState::Works;
    fails.state = PathState::Broken;
    one.names = {{latin("cloud.example.org"), {{PathKind::V4, works}}},
                 {latin("photos.example.org"), {{PathKind::V4, fails}}}};
    return one;
}

SharedSnapshot snapshot()
{
    KeeperSnapshot one;
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1200::11")), {}}};
    return std::make_shared<const KeeperSnapshot>(one);
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// By the real mouse of the screen.
void mouse(const QPoint &at, const char *button = nullptr)
{
    QStringList arguments{latin("mousemove"), QString::number(at.x()), QString::number(at.y())};
    if (button)
        arguments << latin("click") << latin(button);
    QCOMPARE(QProcess::execute(latin("xdotool"), arguments), 0);
}

QWidget *widgetOf(const char *kind)
{
    for (QWidget *one : QApplication::allWidgets()) {
        if (one->isVisible() && latin(one->metaObject()->className()) == latin(kind))
            return one;
    }
    return nullptr;
}

QRect placeOf(const QWidget &icon)
{
    return {icon.mapToGlobal(QPoint()), icon.size()};
}

/// What is on the screen there, whoever drew it.
QImage seenAt(const QRect &place)
{
    return QGuiApplication::primaryScreen()
        ->grabWindow(0, place.x(), place.y(), place.width(), place.height())
        .toImage()
        .convertToFormat(QImage::Format_RGB32);
}

int different(const QImage &a, const QImage &b, int least)
{
    int count = 0;
    for (int y = 0; y < a.height(); ++y) {
        for (int x = 0; x < a.width(); ++x)
            count += std::abs(qGray(a.pixel(x, y)) - qGray(b.pixel(x, y))) >= least;
    }
    return count;
}

QImage drawn(OverviewState state, int size, const QColor &panel)
{
    QImage image(size, size, QImage::Format_RGB32);
    image.fill(panel);
    QPainter painter(&image);
    markIcon(state, Colours::onPanel()).paint(&painter, image.rect());
    return image;
}

const QColor lightPanel(0xf0, 0xf0, 0xf0), darkPanel(0x20, 0x23, 0x26);

} // namespace

class TestTray : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    QProcess m_panel;
    std::unique_ptr<Tray> m_tray;

    QWidget *icon() { return widgetOf("QSystemTrayIconSys"); }
    /// Opens the menu on the icon and chooses an entry, by the mouse.
    void choose(const char *text)
    {
        mouse(placeOf(*icon()).center(), "3");
        QTRY_VERIFY(qobject_cast<QMenu *>(QApplication::activePopupWidget()));
        auto *menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
        const auto actions = menu->actions();
        const auto wanted =
            std::ranges::find_if(actions, [&](QAction *one) { return one->text() == QString::fromUtf8(text); });
        QVERIFY2(wanted != actions.end(), text);
        QVERIFY2((*wanted)->isEnabled(), text);
        mouse(menu->mapToGlobal(menu->actionGeometry(*wanted).center()), "1");
        QTRY_VERIFY(!QApplication::activePopupWidget());
    }

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        for (const char *name : {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"})
            qputenv(name, m_folder.path().toLocal8Bit());
        QApplication::setOrganizationName(latin("sixgate-test"));
        QApplication::setApplicationName(latin("tray"));
        QApplication::setQuitOnLastWindowClosed(false);
        QApplication::setStyle(latin("fusion"));
        qRegisterMetaType<KeeperIntent>();
    }

    void cleanupTestCase()
    {
        m_tray.reset();
        m_panel.terminate();
        m_panel.waitForFinished(3000);
    }

    // --- no panel

    void noPanel()
    {
        QSettings().clear();
        Tray tray;
        tray.begin();
        MainWindow window({latin("home"), latin("vps.example.org")});
        window.setTray(tray.isThere());
        QSignalSpy quits(&window, &MainWindow::quits);
        window.QMainWindow::show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.close();
        QVERIFY(window.isVisible());
        QCOMPARE(quits.size(), 0);
        QVERIFY(window.statusBar()->currentMessage().contains(latin("no tray")));
        window.raiseUp();
        QVERIFY(!window.isMinimized());
        QVERIFY(window.statusBar()->isVisible());
        // Who does not want it to stay closes the program.
        QSettings().setValue(latin("window/staysInTray"), false);
        window.close();
        QCOMPARE(quits.size(), 1);
        QSettings().clear();
    }

    // Begun with the session, in a tray that never comes: the window does.
    void hiddenWithoutPanel()
    {
        QProcess program;
        QProcessEnvironment with = QProcessEnvironment::systemEnvironment();
        for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HOME"})
            with.insert(latin(name), m_folder.path());
        program.setProcessEnvironment(with);
        const QString site = m_folder.filePath(latin("site.json"));
        QVERIFY(QFile::copy(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"), site));
        program.start(latin(SIXGATE), {latin("--hidden"), latin("--only-watch"), latin("--site"), site});
        QVERIFY(program.waitForStarted());
        const auto isThere = [&] {
            return QProcess::execute(latin("xdotool"),
                                     {latin("search"), latin("--onlyvisible"), latin("--all"), latin("--pid"),
                                      QString::number(program.processId()), latin("--name"), latin("^Sixgate")}) == 0;
        };
        // Meanwhile the same in this process, to see what it says.
        const QString other = m_folder.filePath(latin("other.json"));
        QVERIFY(QFile::copy(site, other));
        Program own({other, latin("dir:") + m_folder.path(), true, false});
        own.begin();
        QVERIFY(!isThere());
        QVERIFY(!widgetOf("sixgate::MainWindow"));
        QTRY_VERIFY_WITH_TIMEOUT(isThere(), 20000);
        QTRY_VERIFY_WITH_TIMEOUT(widgetOf("sixgate::MainWindow"), panelTime);
        const auto *window = qobject_cast<MainWindow *>(widgetOf("sixgate::MainWindow"));
        QVERIFY(window->statusBar()->isVisible());
        QVERIFY(window->statusBar()->currentMessage().contains(latin("no tray")));
        program.terminate();
        QVERIFY(program.waitForFinished(15000));
        QCOMPARE(program.exitCode(), 0);
    }

    // --- trayer

    // The panel begins after the program.
    void comesLater()
    {
        m_tray = std::make_unique<Tray>();
        m_tray->begin();
        QTest::qWait(200);
        QVERIFY(!m_tray->isThere());
        m_panel.start(latin("trayer"),
                      {latin("--edge"), latin("top"), latin("--align"), latin("left"), latin("--widthtype"),
                       latin("request"), latin("--height"), latin("32"), latin("--tint"), latin("0x202326"),
                       latin("--transparent"), latin("true"), latin("--alpha"), latin("0")});
        QVERIFY2(m_panel.waitForStarted(), "there is no trayer");
        QTRY_VERIFY_WITH_TIMEOUT(m_tray->isThere(), panelTime);
        QTRY_VERIFY_WITH_TIMEOUT(icon() && icon()->width() >= 16, panelTime);
    }

    void icons()
    {
        mouse({600, 500});
        std::vector<QImage> all;
        for (const OverviewState state : states) {
            m_tray->show(overview(state), snapshot());
            QTest::qWait(400);
            const QRect place = placeOf(*icon());
            const QImage seen = seenAt(place);
            all.push_back(seen);
            // It is that state's: its colour is there.
            const QColor body = Colours::onPanel().state(state);
            int coloured = 0;
            for (int y = 0; y < seen.height(); ++y) {
                for (int x = 0; x < seen.width(); ++x) {
                    const QColor one(seen.pixel(x, y));
                    coloured += std::abs(one.red() - body.red()) + std::abs(one.green() - body.green()) +
                                    std::abs(one.blue() - body.blue()) <
                                24;
                }
            }
            QVERIFY2(coloured > place.width() * place.height() / 20,
                     qPrintable(overviewStateName(state) + QStringLiteral(": %1 pixels").arg(coloured)));
        }
        for (size_t a = 0; a < all.size(); ++a) {
            for (size_t b = 0; b < a; ++b)
                QVERIFY(all[a] != all[b]);
        }
    }

    void toolTip()
    {
        m_tray->show(overview(OverviewState::Broken), snapshot());
        mouse({600, 500});
        QTest::qWait(100);
        mouse(placeOf(*icon()).center());
        mouse(placeOf(*icon()).center() + QPoint(1, 1));
        QTRY_VERIFY_WITH_TIMEOUT(QToolTip::isVisible(), 5000);
        QCOMPARE(QToolTip::text(), latin("Sixgate: not reachable\ncloud.example.org: reachable\n"
                                         "photos.example.org: fails (IPv4)"));
        mouse({600, 500});
    }

    void menu()
    {
        QSignalSpy opens(m_tray.get(), &Tray::opens), quits(m_tray.get(), &Tray::quits);
        QSignalSpy redeploys(m_tray.get(), &Tray::redeploys), setsUp(m_tray.get(), &Tray::setsUp);
        QSignalSpy wants(m_tray.get(), &Tray::wants);
        const auto wanted = [&] { return wants.takeFirst().front().value<KeeperIntent>(); };
        m_tray->setSite(true, true);
        m_tray->show(overview(OverviewState::Fine), snapshot());
        QCOMPARE(opens.size(), 0);
        choose("&Open Sixgate");
        // The first entry lies over the icon, which may get a part of the click: to raise it twice is no harm.
        QTRY_VERIFY(!opens.isEmpty());
        QTest::qWait(200);
        opens.clear();
        choose("&Check now");
        QTRY_COMPARE(wants.size(), 1);
        QCOMPARE(wanted(), KeeperIntent::Check);
        choose("&Redeploy VPS…");
        QTRY_COMPARE(redeploys.size(), 1);
        choose("&Set up…");
        QTRY_COMPARE(setsUp.size(), 1);
        choose("&Pause");
        QTRY_COMPARE(wants.size(), 1);
        QCOMPARE(wanted(), KeeperIntent::Pause);
        m_tray->show(overview(OverviewState::Paused), snapshot());
        choose("Res&ume");
        QTRY_COMPARE(wants.size(), 1);
        QCOMPARE(wanted(), KeeperIntent::Resume);
        QGuiApplication::clipboard()->clear();
        choose("Copy the home's &address");
        QTRY_COMPARE(QGuiApplication::clipboard()->text(), latin("2001:db8:1200::11"));
        QVERIFY(opens.isEmpty());
        choose("&Quit");
        QTRY_COMPARE(quits.size(), 1);
        // And a click on the icon opens the window.
        mouse(placeOf(*icon()).center(), "1");
        QTRY_VERIFY(!opens.isEmpty());
    }

    // Where the desktop has no notifications Qt draws one beside the icon.
    void balloon()
    {
        m_tray = std::make_unique<Tray>();
        m_tray->begin();
        QTRY_VERIFY_WITH_TIMEOUT(icon() && icon()->width() >= 16, panelTime);
        m_tray->show(overview(OverviewState::Fine), snapshot());
        QTest::qWait(300);
        QVERIFY(!widgetOf("QBalloonTip"));
        m_tray->notify(overview(OverviewState::Broken, "The VPS does not answer."));
        QTRY_VERIFY(widgetOf("QBalloonTip"));
    }

    // Each state by its shape, at each size, whatever the panel.
    void shapes_data()
    {
        QTest::addColumn<int>("size");
        for (const int size : {16, 22, 24, 32, 48})
            QTest::newRow(qPrintable(QString::number(size))) << size;
    }

    void shapes()
    {
        QFETCH(int, size);
        for (const QColor &panel : {lightPanel, darkPanel}) {
            for (const OverviewState a : states) {
                const QImage one = drawn(a, size, panel);
                // Without colours, a good part of the pixels tells it from each other one.
                for (const OverviewState b : states) {
                    if (a == b)
                        continue;
                    const int count = different(one, drawn(b, size, panel), 40);
                    QVERIFY2(count * 100 >= size * size * 10,
                             qPrintable(QStringLiteral("%1 and %2 at %3: %4 pixels")
                                            .arg(overviewStateName(a), overviewStateName(b))
                                            .arg(size)
                                            .arg(count)));
                }
            }
        }
    }

    void sheet()
    {
        const QString folder = qEnvironmentVariable("SIXGATE_SHOTS");
        if (folder.isEmpty())
            return;
        QImage all(2 * 6 * 60, 5 * 60, QImage::Format_RGB32);
        QPainter painter(&all);
        painter.fillRect(all.rect(), lightPanel);
        painter.fillRect(QRect(6 * 60, 0, 6 * 60, all.height()), darkPanel);
        int row = 0;
        for (const int size : {16, 22, 24, 32, 48}) {
            for (int i = 0; i < 12; ++i)
                painter.drawImage(i * 60 + (60 - size) / 2, row * 60 + (60 - size) / 2,
                                  drawn(states[size_t(i) % 6], size, i < 6 ? lightPanel : darkPanel));
            ++row;
        }
        painter.end();
        QVERIFY(all.save(folder + latin("/tray-icons.png")));
        QVERIFY(all.scaled(all.size() * 2, Qt::KeepAspectRatio, Qt::FastTransformation)
                    .save(folder + latin("/tray-icons-2x.png")));
    }

    // --- a desktop with a session bus

    void toldOnce()
    {
        const QString file = m_folder.filePath(latin("told"));
        m_panel.start(QApplication::applicationFilePath(), {latin("host"), file});
        QTRY_VERIFY_WITH_TIMEOUT(contentOf(file).contains("ready"), panelTime);
        m_tray = std::make_unique<Tray>();
        m_tray->begin();
        QTRY_VERIFY_WITH_TIMEOUT(contentOf(file).contains("item"), panelTime);
        QVERIFY(m_tray->isThere());
        // Each size is drawn for itself, as the panel gets it: it need scale none.
        QTRY_VERIFY_WITH_TIMEOUT(contentOf(file).contains("pixmaps"), panelTime);
        QVERIFY2(contentOf(file).contains("pixmaps 16 22 24 32 48 64\n"), contentOf(file).constData());
        using S = OverviewState;
        const std::vector<Overview> story{
            overview(S::Unknown),
            overview(S::Working),
            overview(S::Fine, "Well."),
            overview(S::Working, "Moving."),
            overview(S::Fine, "Well."),
            overview(S::Broken, "No visitor comes through.", "", false),
            overview(S::Broken, "The router is closed.", "router-firewall nas", false), // may pass by itself
            overview(S::Broken, "The router is closed.", "router-firewall nas"),        // told
            overview(S::Broken, "The router is closed.", "router-firewall nas"),
            overview(S::Degraded, "The router is closed.", "router-firewall nas"),
            overview(S::Paused),
            overview(S::Broken, "The VPS is off.", "vps-off vps"), // told: another one
            overview(S::Broken, "The VPS is off.", "vps-off vps"),
            overview(S::Working),
            overview(S::Fine, "Well again."), // told
            overview(S::Fine, "Well again."),
            overview(S::Broken, "The VPS is off.", "vps-off vps"), // told: it comes anew
        };
        Noticing noticing;
        for (const Overview &one : story) {
            m_tray->show(one, snapshot());
            if (noticing.see(one, QDateTime::currentDateTimeUtc()))
                m_tray->notify(one);
            QTest::qWait(30);
        }
        const auto told = [&] {
            QStringList lines;
            for (const QByteArray &line : contentOf(file).split('\n')) {
                if (line.startsWith("told "))
                    lines << QString::fromUtf8(line.mid(5)).section(QLatin1Char('|'), 0, 0);
            }
            return lines;
        };
        QTRY_COMPARE(told(), QStringList({latin("The router is closed."), latin("The VPS is off."),
                                          latin("Well again."), latin("The VPS is off.")}));
        QTest::qWait(300);
        QCOMPARE(told().size(), 4);
    }
};

namespace
{

int outside(int argc, char **argv)
{
    using tests::OwnDesktop;
    return OwnDesktop::runAll(argc, argv,
                              {{OwnDesktop::Bus::No, {latin("noPanel"), latin("hiddenWithoutPanel")}},
                               {OwnDesktop::Bus::No,
                                {latin("comesLater"), latin("icons"), latin("toolTip"), latin("menu"), latin("balloon"),
                                 latin("shapes"), latin("sheet")}},
                               {OwnDesktop::Bus::Yes, {latin("toldOnce")}}});
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 3 && QByteArray(argv[1]) == "host")
        return tests::hostTray(argc, argv, QString::fromLocal8Bit(argv[2]));
    if (!tests::OwnDesktop::isInside())
        return outside(argc, argv);
    QApplication app(argc, argv);
    TestTray test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_tray.moc"
