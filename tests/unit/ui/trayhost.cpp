#include "trayhost.h"

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDBusMessage>
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
    explicit TrayWatcher(QString file) : m_file(std::move(file)) {}
    bool isThere() const { return true; }
    int version() const { return 0; }
    QStringList items() const { return m_items; }

public Q_SLOTS:
    void RegisterStatusNotifierItem(const QString &item)
    {
        m_items << item;
        noteLine(m_file, QStringLiteral("item"));
    }

private:
    QString m_file;
    QStringList m_items;
};

class Notifications : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")

public:
    explicit Notifications(QString file) : m_file(std::move(file)) {}

public Q_SLOTS:
    QStringList GetCapabilities() { return {QStringLiteral("body"), QStringLiteral("actions")}; }
    void CloseNotification(uint) {}
    uint Notify(const QString &, uint, const QString &, const QString &title, const QString &body, const QStringList &,
                const QVariantMap &, int)
    {
        noteLine(m_file, QStringLiteral("told %1|%2").arg(title, body));
        return ++m_last;
    }

private:
    QString m_file;
    uint m_last = 0;
};

int hostTray(int argc, char **argv, const QString &file)
{
    QCoreApplication app(argc, argv);
    TrayWatcher watcher(file);
    Notifications notifications(file);
    auto bus = QDBusConnection::sessionBus();
    const auto all = QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllProperties;
    if (!bus.registerObject(QStringLiteral("/StatusNotifierWatcher"), &watcher, all) ||
        !bus.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &notifications, all) ||
        !bus.registerService(QStringLiteral("org.freedesktop.Notifications")) ||
        !bus.registerService(QStringLiteral("org.kde.StatusNotifierWatcher")))
        return 1;
    noteLine(file, QStringLiteral("ready"));
    return QCoreApplication::exec();
}

} // namespace sixgate::tests

#include "trayhost.moc"
