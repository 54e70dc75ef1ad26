#pragma once

#include <QList>
#include <QMap>
#include <QObject>

#include <optional>

class QDBusMessage;
class QDBusPendingCall;

namespace sixgate
{

/// The desktop's notifications on the session bus, without a tray (Desktop Notifications Specification 1.2). It never
/// waits: what is to be told is sent in turn, and the answers come as events. GUI thread.
class Notifier : public QObject
{
    Q_OBJECT

public:
    explicit Notifier(QObject *parent = nullptr);
    /// `cause`: what is told again of the same one replaces what is shown of it.
    void tell(const QString &cause, const QString &title, const QString &text);

Q_SIGNALS:
    /// Somebody clicked on one.
    void opens();
    /// There is nobody who would show it.
    void unheard();

private Q_SLOTS:
    void act(uint id, const QString &action);
    void forget(uint id);

private:
    struct Notice {
        QString cause, title, text;
    };
    void watch();
    void next();
    void send(const Notice &one);
    void giveUp();
    template <class Answer>
    void ask(const QDBusMessage &question, Answer answer);

    bool m_watches = false;
    bool m_asks = false;          ///< an answer is awaited
    std::optional<bool> m_markup; ///< whether the text is read as markup; of who serves now
    QList<Notice> m_waiting;
    QMap<QString, uint> m_shown; ///< by cause
};

} // namespace sixgate
