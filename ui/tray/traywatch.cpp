#include "ui/tray/traywatch.h"

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusServiceWatcher>
#include <QDBusVariant>
#include <QGuiApplication>

#include <cstdlib>
#include <memory>
#include <xcb/xcb.h>

namespace sixgate
{

namespace
{

constexpr int answerTime = 3000; // ms
constexpr int mostLate = 5;      // questions without an answer, then there is nobody

QString watcherName()
{
    return QStringLiteral("org.kde.StatusNotifierWatcher");
}

QString watcherPath()
{
    return QStringLiteral("/StatusNotifierWatcher");
}

template <class T>
std::unique_ptr<T, decltype(&std::free)> owned(T *reply)
{
    return {reply, &std::free};
}

quint32 atomOf(xcb_connection_t *screen, const QByteArray &name)
{
    const auto cookie = xcb_intern_atom(screen, 0, quint16(name.size()), name.constData());
    const auto reply = owned(xcb_intern_atom_reply(screen, cookie, nullptr));
    return reply ? reply->atom : quint32(XCB_ATOM_NONE);
}

int screenNumber()
{
    char *host = nullptr;
    int display = 0, screen = 0;
    if (xcb_parse_display(nullptr, &host, &display, &screen))
        std::free(host);
    return screen;
}

} // namespace

TrayWatch::TrayWatch(QObject *parent) : QObject(parent)
{
    watchScreen();
    watchBus();
}

TrayWatch::~TrayWatch()
{
    if (m_screen && QCoreApplication::instance())
        QCoreApplication::instance()->removeNativeEventFilter(this);
}

void TrayWatch::watchBus()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    m_known = !bus.isConnected();
    if (m_known)
        return;
    auto *owner = new QDBusServiceWatcher(watcherName(), bus, QDBusServiceWatcher::WatchForOwnerChange, this);
    connect(owner, &QDBusServiceWatcher::serviceOwnerChanged, this, &TrayWatch::askBus);
    // The panel may end where who keeps the list of them goes on.
    for (const char *moved : {"StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"})
        bus.connect(watcherName(), watcherPath(), watcherName(), QString::fromLatin1(moved), this, SLOT(askBus()));
    askBus();
}

void TrayWatch::askBus()
{
    auto question = QDBusMessage::createMethodCall(
        watcherName(), watcherPath(), QStringLiteral("org.freedesktop.DBus.Properties"), QStringLiteral("Get"));
    question << watcherName() << QStringLiteral("IsStatusNotifierHostRegistered");
    question.setAutoStartService(false);
    auto *call = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(question, answerTime), this);
    connect(call, &QDBusPendingCallWatcher::finished, this, [this, call, mine = ++m_asked] {
        call->deleteLater();
        if (mine != m_asked)
            return;
        const QDBusPendingReply<QDBusVariant> answer = *call;
        // One that is busy is there all the same, as far as was known.
        const bool isLate = answer.isError() && (answer.error().type() == QDBusError::NoReply ||
                                                 answer.error().type() == QDBusError::Timeout ||
                                                 answer.error().type() == QDBusError::TimedOut);
        if (isLate && ++m_late < mostLate)
            return askBus();
        m_late = 0;
        m_host = !answer.isError() && answer.value().variant().toBool();
        m_known = true;
        Q_EMIT changed();
    });
}

void TrayWatch::watchScreen()
{
    const auto *x = qGuiApp->nativeInterface<QNativeInterface::QX11Application>();
    m_screen = x ? x->connection() : nullptr;
    if (!m_screen)
        return;
    m_selection = atomOf(m_screen, "_NET_SYSTEM_TRAY_S" + QByteArray::number(screenNumber()));
    m_manager = atomOf(m_screen, "MANAGER");
    QCoreApplication::instance()->installNativeEventFilter(this);
    lookAtScreen();
}

void TrayWatch::lookAtScreen()
{
    const auto reply =
        owned(xcb_get_selection_owner_reply(m_screen, xcb_get_selection_owner(m_screen, m_selection), nullptr));
    m_dock = reply ? reply->owner : quint32(XCB_WINDOW_NONE);
    if (!hasDock())
        return;
    // To hear of its end: the same mask that Qt sets, which is one for the connection.
    const quint32 mask = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
    xcb_change_window_attributes(m_screen, m_dock, XCB_CW_EVENT_MASK, &mask);
    xcb_flush(m_screen);
}

/// A panel that begins tells all with a message to the root window, of which Qt has them sent.
bool TrayWatch::nativeEventFilter(const QByteArray &type, void *message, qintptr *)
{
    if (type != "xcb_generic_event_t")
        return false;
    const auto *event = static_cast<const xcb_generic_event_t *>(message);
    const int kind = event->response_type & 0x7f;
    bool moved = false;
    if (kind == XCB_CLIENT_MESSAGE) {
        const auto *told = reinterpret_cast<const xcb_client_message_event_t *>(event);
        moved = told->type == m_manager && told->data.data32[1] == m_selection;
    } else if (kind == XCB_DESTROY_NOTIFY) {
        moved = hasDock() && reinterpret_cast<const xcb_destroy_notify_event_t *>(event)->window == m_dock;
    }
    // After Qt, which puts its icon there.
    if (moved)
        QMetaObject::invokeMethod(
            this,
            [this] {
                lookAtScreen();
                Q_EMIT changed();
            },
            Qt::QueuedConnection);
    return false;
}

} // namespace sixgate
