#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "ui/tray/notifier.h"
#include "ui/tray/traywatch.h"

#include <QMenu>
#include <QSystemTrayIcon>

#include <optional>

namespace sixgate
{

/// The icon in the panel: its shape is the state, its tooltip a line a name. GUI thread.
class Tray : public QObject
{
    Q_OBJECT

public:
    explicit Tray(QObject *parent = nullptr);
    /// Whether it is in a panel: where not, the window is to stay in reach. Not at once after begin(); moved() tells.
    bool isThere() const { return m_there; }
    /// It comes into the first panel that there is, also where that begins later.
    void begin();
    /// Whether there is a site that can be used, and whether it has a VPS.
    void setSite(bool any, bool hasVps);
    void show(const Overview &overview, const SharedSnapshot &snapshot);
    /// Calls the user, with what leads to the window: a message of the panel, or of the desktop where there is none;
    /// see alerts().
    void notify(const Overview &overview);

Q_SIGNALS:
    void opens();
    void quits();
    void redeploys();
    void setsUp();
    void wants(sixgate::KeeperIntent intent);
    /// It is in a panel now, or no longer.
    void moved(bool isThere);
    /// The user is called, and nobody shows it: the window is what is left.
    void alerts();
    /// For tests and logs: what was notified.
    void notified(const QString &title, const QString &text);

private:
    void follow();
    void makeIcon();
    void draw();

    TrayWatch m_watch;
    Notifier m_notifier;
    QMenu m_menu;
    std::optional<QSystemTrayIcon> m_icon; ///< once there is a panel: Qt asks once for all of which kind it is
    bool m_ofBus = false;                  ///< that kind: StatusNotifier
    bool m_begun = false;
    bool m_there = false;
    OverviewState m_state = OverviewState::Unknown;
    QString m_tip;
    QAction *m_check;
    QAction *m_redeploy;
    QAction *m_pause;
    QAction *m_copy;
    QString m_address;
    bool m_paused = false;
};

} // namespace sixgate
