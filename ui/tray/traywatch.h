#pragma once

#include <QAbstractNativeEventFilter>
#include <QObject>

struct xcb_connection_t;

namespace sixgate
{

/// Which trays there are: a StatusNotifier panel on the session bus, and one of the X server (XEmbed, System Tray
/// Protocol). Both tell when they come and go; neither the bus nor a panel is waited for. Asks nothing of Qt's tray:
/// that settles for one of the two, for good, when it is first asked. GUI thread.
class TrayWatch : public QObject, private QAbstractNativeEventFilter
{
    Q_OBJECT

public:
    explicit TrayWatch(QObject *parent = nullptr);
    ~TrayWatch() override;
    /// False until the bus has answered for the first time.
    bool isKnown() const { return m_known; }
    bool hasHost() const { return m_host; }      ///< of StatusNotifier items
    bool hasDock() const { return m_dock != 0; } ///< of the X server

Q_SIGNALS:
    void changed();

private Q_SLOTS:
    void askBus();

private:
    void watchBus();
    void watchScreen();
    void lookAtScreen();
    bool nativeEventFilter(const QByteArray &type, void *message, qintptr *result) override;

    bool m_known = false;
    bool m_host = false;
    int m_late = 0;                         ///< of them had no answer in time, one after the other
    int m_asked = 0;                        ///< questions to the bus; the last one counts
    xcb_connection_t *m_screen = nullptr;   ///< Qt's; null where it is none of X
    quint32 m_selection = 0, m_manager = 0; ///< atoms
    quint32 m_dock = 0;                     ///< the panel's window
};

} // namespace sixgate
