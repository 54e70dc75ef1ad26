#include "trayhost.h"

#include <QCoreApplication>
#include <QDBusArgument>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QFile>
#include <QObject>
#include <QStringList>
#include <QVariantMap>

namespace sixgate::tests
{

namespace
{

void noteLine(const QString &file, const QString &line)
{
    QFile out(file);
    if (out.open(QIODevice::Append))
        out.write(line.toUtf8() + '\n');
}

} // namespace

class TrayWatcher : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.kde.StatusNotifierWatcher")
    Q_PROPERTY(bool IsStatusNotifierHostRegistered READ isThere)
    Q_PROPERTY(int ProtocolVersion READ version)
    Q_PROPERTY(QStringList RegisteredStatusNotifierItems READ items)

public:
    TrayWatcher(QString file, bool isThere) : m_file(std::move(file)), m_isThere(isThere) {}
    bool isThere() const { return m_isThere; }
    int version() const { return 0; }
    QStringList items() const { return m_items; }

public Q_SLOTS:
    void RegisterStatusNotifierItem(const QString &item)
    {
        m_items << item;
        noteLine(m_file, QStringLiteral("item"));
        auto question =
            QDBusMessage::createMethodCall(item, QStringLiteral("/StatusNotifierItem"),
                                           QStringLiteral("org.freedesktop.DBus.Properties"), QStringLiteral("Get"));
        question << QStringLiteral("org.kde.StatusNotifierItem") << QStringLiteral("IconPixmap");
        auto *call = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(question), this);
        connect(call, &QDBusPendingCallWatcher::finished, this, [this, call] { notePixmaps(*call); });
    }

    /// A panel begins or ends where the list of them goes on.
    void SetHost(bool isThere)
    {
        m_isThere = isThere;
        if (isThere)
            Q_EMIT StatusNotifierHostRegistered();
        else
            Q_EMIT StatusNotifierHostUnregistered();
    }

Q_SIGNALS:
    void StatusNotifierHostRegistered();
    void StatusNotifierHostUnregistered();

private:
    /// The sizes: width, height and pixels each, as a(iiay).
    void notePixmaps(const QDBusPendingReply<QDBusVariant> &answer)
    {
        if (answer.isError())
            return noteLine(m_file, QStringLiteral("no pixmaps: ") + answer.error().message());
        const auto all = answer.value().variant().value<QDBusArgument>();
        QString line = QStringLiteral("pixmaps");
        for (all.beginArray(); !all.atEnd();) {
            int width = 0, height = 0;
            QByteArray pixels;
            all.beginStructure();
            all >> width >> height >> pixels;
            all.endStructure();
            const bool whole = width == height && pixels.size() == 4 * width * height;
            line += QStringLiteral(" %1").arg(whole ? width : -1);
        }
        noteLine(m_file, line);
    }

    QString m_file;
    bool m_isThere; ///< a panel that shows what is registered
    QStringList m_items;
};

class Notifications : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")

public:
    explicit Notifications(QString file) : m_file(std::move(file)) {}

public Q_SLOTS:
    QStringList GetCapabilities()
    {
        return {QStringLiteral("body"), QStringLiteral("body-markup"), QStringLiteral("actions")};
    }
    void CloseNotification(uint id) { Q_EMIT NotificationClosed(id, 3); }
    uint Notify(const QString &, uint replaces, const QString &, const QString &title, const QString &body,
                const QStringList &, const QVariantMap &, int)
    {
        const uint id = replaces != 0 ? replaces : ++m_last;
        noteLine(m_file, QStringLiteral("told %1|%2|%3").arg(title, body).arg(id));
        return id;
    }
    /// As if somebody clicked on it.
    void Click(uint id) { Q_EMIT ActionInvoked(id, QStringLiteral("default")); }

Q_SIGNALS:
    void ActionInvoked(uint id, const QString &action);
    void NotificationClosed(uint id, uint reason);

private:
    QString m_file;
    uint m_last = 0;
};

int hostTray(int argc, char **argv, const QString &file, Hosts what)
{
    QCoreApplication app(argc, argv);
    TrayWatcher watcher(file, what == Hosts::Both);
    Notifications notifications(file);
    auto bus = QDBusConnection::sessionBus();
    const auto all = QDBusConnection::ExportAllContents;
    if (!bus.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &notifications, all) ||
        !bus.registerService(QStringLiteral("org.freedesktop.Notifications")))
        return 1;
    if (what != Hosts::Notifications && (!bus.registerObject(QStringLiteral("/StatusNotifierWatcher"), &watcher, all) ||
                                         !bus.registerService(QStringLiteral("org.kde.StatusNotifierWatcher"))))
        return 1;
    noteLine(file, QStringLiteral("ready"));
    return QCoreApplication::exec();
}

} // namespace sixgate::tests

#include "trayhost.moc"
