// Where there is no tray, or one that comes late or ends: who is called, and what stays in reach. Real panels (trayer,
// and one on the session bus) and real notifications, on a screen of their own; the program starts itself again inside.

#include "desktop/program.h"
#include "owndesktop.h"
#include "storage/sitefile.h"
#include "trayhost.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QProcess>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <csignal>
#include <xcb/xcb.h>

using namespace sixgate;

namespace
{

constexpr int panelTime = 10000; // ms

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Overview trouble(const char *sentence, const char *cause, const char *detail = "What to do.")
{
    Overview one;
    one.state = OverviewState::Broken;
    one.sentence = latin(sentence);
    one.detail = latin(detail);
    one.cause = latin(cause);
    return one;
}

QStringList linesOf(const QString &path, const char *begin)
{
    QFile file(path);
    QStringList lines;
    if (!file.open(QIODevice::ReadOnly))
        return lines;
    for (const QByteArray &line : file.readAll().split('\n')) {
        if (line.startsWith(begin))
            lines << QString::fromUtf8(line.mid(qsizetype(qstrlen(begin))));
    }
    return lines;
}

/// From this side of the bus, to what stands for the desktop.
void call(const char *service, const char *path, const char *method, const QVariant &argument)
{
    auto question = QDBusMessage::createMethodCall(latin(service), latin(path), latin(service), latin(method));
    question << argument;
    const QDBusMessage answer = QDBusConnection::sessionBus().call(question);
    QVERIFY2(answer.type() == QDBusMessage::ReplyMessage, qPrintable(answer.errorMessage()));
}

QWidget *widgetOf(const char *kind)
{
    for (QWidget *one : QApplication::allWidgets()) {
        if (one->isVisible() && latin(one->metaObject()->className()) == latin(kind))
            return one;
    }
    return nullptr;
}

/// The icon, as it lies in a panel of the X server.
bool isInPanel()
{
    const QWidget *icon = widgetOf("QSystemTrayIconSys");
    return icon && icon->width() >= 16 && icon->windowHandle()->isExposed();
}

MainWindow *shownWindow()
{
    return qobject_cast<MainWindow *>(widgetOf("sixgate::MainWindow"));
}

/// What window managers are told: that a window wants its user.
class AlertSeen : public QAbstractNativeEventFilter
{
public:
    AlertSeen()
    {
        auto *screen = qGuiApp->nativeInterface<QNativeInterface::QX11Application>()->connection();
        const auto atom = [screen](const QByteArray &name) {
            auto *reply = xcb_intern_atom_reply(
                screen, xcb_intern_atom(screen, 0, quint16(name.size()), name.constData()), nullptr);
            const quint32 value = reply->atom;
            std::free(reply);
            return value;
        };
        m_state = atom("_NET_WM_STATE");
        m_wants = atom("_NET_WM_STATE_DEMANDS_ATTENTION");
        qApp->installNativeEventFilter(this);
    }
    QList<WId> windows;

private:
    bool nativeEventFilter(const QByteArray &, void *message, qintptr *) override
    {
        const auto *event = static_cast<const xcb_client_message_event_t *>(message);
        if ((event->response_type & 0x7f) == XCB_CLIENT_MESSAGE && event->type == m_state &&
            event->data.data32[0] == 1 && event->data.data32[1] == m_wants)
            windows << event->window;
        return false;
    }
    quint32 m_state, m_wants;
};

} // namespace

class TestNoTray : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    QProcess m_panel;

    Choices choices(bool hidden)
    {
        const QString site = m_folder.filePath(latin("site.json"));
        QFile::copy(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"), site);
        return {site, latin("dir:") + m_folder.path(), hidden, false};
    }
    void startTrayer()
    {
        m_panel.start(latin("trayer"), {latin("--edge"), latin("top"), latin("--align"), latin("left"),
                                        latin("--widthtype"), latin("request"), latin("--height"), latin("32")});
        QVERIFY2(m_panel.waitForStarted(), "there is no trayer");
    }
    void startHost(const char *what, const QString &file)
    {
        QFile::remove(file);
        m_panel.start(QApplication::applicationFilePath(), {latin(what), file});
        QTRY_VERIFY_WITH_TIMEOUT(!linesOf(file, "ready").isEmpty(), panelTime);
    }
    void endPanel()
    {
        ::kill(pid_t(m_panel.processId()), SIGKILL);
        QVERIFY(m_panel.waitForFinished(panelTime));
    }

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        for (const char *name : {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"})
            qputenv(name, m_folder.path().toLocal8Bit());
        QApplication::setOrganizationName(latin("sixgate-test"));
        QApplication::setApplicationName(latin("notray"));
        QApplication::setQuitOnLastWindowClosed(false);
        QApplication::setStyle(latin("fusion"));
    }

    void cleanup()
    {
        if (m_panel.state() != QProcess::NotRunning)
            endPanel();
    }

    // --- a desktop without a session bus

    // Neither a tray nor notifications: the window asks for its user.
    void alerts()
    {
        Tray tray;
        tray.begin();
        const Choices with = choices(false);
        SiteView view(with, loadSite(with.siteFile), tray, [] {});
        view.window().raiseUp();
        QVERIFY(QTest::qWaitForWindowExposed(&view.window()));
        QWidget other;
        other.show();
        other.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&other));
        AlertSeen seen;
        QSignalSpy alerts(&tray, &Tray::alerts);
        tray.notify(trouble("The router is closed.", "router-firewall nas"));
        QTRY_COMPARE(alerts.size(), 1);
        QTRY_COMPARE(seen.windows.size(), 1);
        QCOMPARE(seen.windows.front(), view.window().winId());
    }

    // A panel that ends leaves no window out of reach, and one that begins has the icon.
    void panelEnds()
    {
        startTrayer();
        Program program(choices(true));
        program.begin();
        QTRY_VERIFY_WITH_TIMEOUT(isInPanel(), panelTime);
        QTest::qWait(300);
        QVERIFY(!shownWindow());
        endPanel();
        QTRY_VERIFY_WITH_TIMEOUT(shownWindow(), panelTime);
        QTRY_VERIFY(!isInPanel());
        MainWindow *window = shownWindow();
        QTRY_VERIFY(window->statusBar()->currentMessage().contains(latin("no tray")));
        // To close it is not to lose it.
        window->close();
        QVERIFY(window->isVisible());
        QVERIFY(window->isMinimized());
        startTrayer();
        QTRY_VERIFY_WITH_TIMEOUT(isInPanel(), panelTime);
        QTRY_VERIFY(!window->statusBar()->isVisible());
        window->close();
        QVERIFY(!window->isVisible());
        // One that is started anew soon brings no window; on a machine that is busy it may take too long for that.
        QElapsedTimer away;
        away.start();
        endPanel();
        startTrayer();
        QTRY_VERIFY_WITH_TIMEOUT(isInPanel(), panelTime);
        const bool soon = away.elapsed() < 2500;
        QTest::qWait(3500);
        QVERIFY(!soon || !shownWindow());
    }

    // --- one with notifications, and no tray

    void told()
    {
        const QString file = m_folder.filePath(latin("told"));
        startHost("notifications", file);
        Tray tray;
        tray.begin();
        QSignalSpy alerts(&tray, &Tray::alerts), opens(&tray, &Tray::opens);
        const auto shown = [&] { return linesOf(file, "told "); };
        // What is told at once is told in turn; the same cause replaces its own, and text is no markup.
        tray.notify(trouble("The router is closed.", "router-firewall nas", "Allow <443> & wait."));
        tray.notify(trouble("The VPS is off.", "vps-off vps"));
        QTRY_COMPARE(shown(), QStringList({latin("The router is closed.|Allow &lt;443&gt; &amp; wait.|1"),
                                           latin("The VPS is off.|What to do.|2")}));
        tray.notify(trouble("The router is closed again.", "router-firewall nas"));
        QTRY_COMPARE(shown().size(), 3);
        QCOMPARE(shown().last(), latin("The router is closed again.|What to do.|1"));
        const auto tell = [](const char *method, uint id) {
            call("org.freedesktop.Notifications", "/org/freedesktop/Notifications", method, id);
        };
        // A click on one of another program is none of ours.
        tell("Click", 77);
        tell("Click", 2);
        QTRY_COMPARE(opens.size(), 1);
        // One that was closed is not there to be replaced.
        tell("CloseNotification", 1);
        QTest::qWait(500);
        tray.notify(trouble("The router is closed.", "router-firewall nas"));
        QTRY_COMPARE(shown().size(), 4);
        QVERIFY2(shown().last().endsWith(latin("|3")), qPrintable(shown().last()));
        QCOMPARE(alerts.size(), 0);

        // One that hangs keeps nobody waiting.
        ::kill(pid_t(m_panel.processId()), SIGSTOP);
        QElapsedTimer took;
        took.start();
        int ticks = 0;
        QTimer timer;
        connect(&timer, &QTimer::timeout, this, [&] { ++ticks; });
        timer.start(10);
        tray.notify(trouble("The home is silent.", "home"));
        QVERIFY2(took.elapsed() < 1000, qPrintable(QString::number(took.elapsed())));
        QTest::qWait(500);
        QVERIFY2(ticks >= 5, qPrintable(QString::number(ticks)));
        ::kill(pid_t(m_panel.processId()), SIGCONT);
        QTRY_COMPARE(shown().size(), 5);
        QCOMPARE(alerts.size(), 0);

        // Another one counts anew; where none is left, the window is.
        endPanel();
        tray.notify(trouble("The VPS is off.", "vps-off vps"));
        QTRY_COMPARE(alerts.size(), 1);
        startHost("notifications", file);
        tray.notify(trouble("The home is silent.", "home"));
        QTRY_COMPARE(shown(), QStringList(latin("The home is silent.|What to do.|1")));
        QCOMPARE(alerts.size(), 1);
    }

    // --- a panel on the bus

    // It begins after the program, ends, and comes back.
    void hostMoves()
    {
        const QString file = m_folder.filePath(latin("moves"));
        Tray tray;
        tray.begin();
        QSignalSpy moved(&tray, &Tray::moved);
        QTest::qWait(300);
        QVERIFY(!tray.isThere());
        for (int round = 0; round < 2; ++round) {
            startHost("host", file);
            QTRY_VERIFY_WITH_TIMEOUT(tray.isThere(), panelTime);
            QTRY_COMPARE_WITH_TIMEOUT(linesOf(file, "item").size(), 1, panelTime);
            tray.notify(trouble("The VPS is off.", "vps-off vps"));
            QTRY_COMPARE(linesOf(file, "told ").size(), 1);
            endPanel();
            QTRY_VERIFY(!tray.isThere());
        }
        QCOMPARE(moved.size(), 4);
        // A list of panels is none; one that begins or ends may leave the list as it is.
        startHost("list", file);
        QTest::qWait(300);
        QVERIFY(!tray.isThere());
        QCOMPARE(moved.size(), 4);
        for (const bool isThere : {true, false}) {
            call("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "SetHost", isThere);
            QTRY_COMPARE(tray.isThere(), isThere);
        }
    }
};

namespace
{

int outside(int argc, char **argv)
{
    using tests::OwnDesktop;
    return OwnDesktop::runAll(argc, argv,
                              {{OwnDesktop::Bus::No, {latin("alerts")}},
                               {OwnDesktop::Bus::No, {latin("panelEnds")}},
                               {OwnDesktop::Bus::Yes, {latin("told")}},
                               {OwnDesktop::Bus::Yes, {latin("hostMoves")}}});
}

} // namespace

int main(int argc, char **argv)
{
    const QByteArray what = argc == 3 ? argv[1] : "";
    if (what == "host" || what == "list" || what == "notifications")
        return tests::hostTray(argc, argv, QString::fromLocal8Bit(argv[2]),
                               what == "host"   ? tests::Hosts::Both
                               : what == "list" ? tests::Hosts::List
                                                : tests::Hosts::Notifications);
    if (!tests::OwnDesktop::isInside())
        return outside(argc, argv);
    QApplication app(argc, argv);
    TestNoTray test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_notray.moc"
