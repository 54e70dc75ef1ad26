#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"

#include <QMenu>
#include <QSystemTrayIcon>

namespace sixgate
{

/// The icon in the panel: its shape is the state, its tooltip a line a name.
class Tray : public QObject
{
    Q_OBJECT

public:
    explicit Tray(QObject *parent = nullptr);
    /// Where there is no panel to be in, the window is to stay in reach.
    static bool isAvailable() { return QSystemTrayIcon::isSystemTrayAvailable(); }
    void begin();
    /// Whether there is a site that can be used, and whether it has a VPS.
    void setSite(bool any, bool hasVps);
    void show(const Overview &overview, const SharedSnapshot &snapshot);
    /// Calls the user: a message of the panel, which leads to the window.
    void notify(const Overview &overview);

Q_SIGNALS:
    void opens();
    void quits();
    void redeploys();
    void setsUp();
    void wants(sixgate::KeeperIntent intent);
    /// For tests and logs: what was notified.
    void notified(const QString &title, const QString &text);

private:
    QSystemTrayIcon m_icon;
    QMenu m_menu;
    QAction *m_check;
    QAction *m_redeploy;
    QAction *m_pause;
    QAction *m_copy;
    QString m_address;
    bool m_paused = false;
};

} // namespace sixgate
