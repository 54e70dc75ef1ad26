#include "ui/tray/notifier.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusServiceWatcher>
#include <QGuiApplication>
#include <QVariantMap>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr int answerTime = 5000; // ms; it may have to be started first
constexpr int itsOwnTime = -1;   // how long it shows one the desktop decides

QString serviceName()
{
    return QStringLiteral("org.freedesktop.Notifications");
}

QString servicePath()
{
    return QStringLiteral("/org/freedesktop/Notifications");
}

QString opening()
{
    return QStringLiteral("default"); // the specification's name for a click on the notification itself
}

QDBusMessage callOf(const QString &method)
{
    return QDBusMessage::createMethodCall(serviceName(), servicePath(), serviceName(), method);
}

} // namespace

Notifier::Notifier(QObject *parent) : QObject(parent) {}

void Notifier::tell(const QString &cause, const QString &title, const QString &text)
{
    watch();
    // What was not sent yet is of before.
    m_waiting.removeIf([&](const Notice &one) { return one.cause == cause; });
    m_waiting << Notice{cause, title, text};
    next();
}

void Notifier::watch()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (std::exchange(m_watches, true) || !bus.isConnected())
        return;
    bus.connect(serviceName(), servicePath(), serviceName(), QStringLiteral("ActionInvoked"), this,
                SLOT(act(uint, QString)));
    bus.connect(serviceName(), servicePath(), serviceName(), QStringLiteral("NotificationClosed"), this,
                SLOT(forget(uint)));
    // Another one counts anew, and may read texts otherwise.
    auto *owner = new QDBusServiceWatcher(serviceName(), bus, QDBusServiceWatcher::WatchForOwnerChange, this);
    connect(owner, &QDBusServiceWatcher::serviceOwnerChanged, this, [this] {
        m_shown.clear();
        m_markup.reset();
    });
}

template <class Answer>
void Notifier::ask(const QDBusMessage &question, Answer answer)
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    // Without a bus no answer would come, not even a bad one.
    if (!bus.isConnected())
        return giveUp();
    m_asks = true;
    auto *call = new QDBusPendingCallWatcher(bus.asyncCall(question, answerTime), this);
    connect(call, &QDBusPendingCallWatcher::finished, this, [this, call, answer] {
        call->deleteLater();
        m_asks = false;
        if (call->isError())
            return giveUp();
        answer(*call);
        next();
    });
}

void Notifier::next()
{
    if (m_asks || m_waiting.isEmpty())
        return;
    if (m_markup)
        return send(m_waiting.takeFirst());
    ask(callOf(QStringLiteral("GetCapabilities")), [this](const QDBusPendingCall &call) {
        const QDBusPendingReply<QStringList> can = call;
        m_markup = can.value().contains(QStringLiteral("body-markup"));
    });
}

void Notifier::send(const Notice &one)
{
    QDBusMessage question = callOf(QStringLiteral("Notify"));
    question << QGuiApplication::applicationDisplayName() << m_shown.value(one.cause, 0U) << QStringLiteral("sixgate")
             << one.title << (*m_markup ? one.text.toHtmlEscaped() : one.text)
             << QStringList{opening(), tr("Open Sixgate")} << QVariantMap() << itsOwnTime;
    ask(question, [this, cause = one.cause](const QDBusPendingCall &call) {
        const QDBusPendingReply<uint> id = call;
        m_shown[cause] = id.value();
    });
}

void Notifier::giveUp()
{
    m_waiting.clear();
    Q_EMIT unheard();
}

void Notifier::act(uint id, const QString &action)
{
    if (action == opening() && std::ranges::find(m_shown, id) != m_shown.end())
        Q_EMIT opens();
}

void Notifier::forget(uint id)
{
    m_shown.removeIf([id](const auto &one) { return one.value() == id; });
}

} // namespace sixgate
