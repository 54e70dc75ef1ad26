#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"

#include <QMenu>
#include <QSet>
#include <QSystemTrayIcon>

#include <optional>

namespace sixgate
{

/// The icon in the panel: its shape is the state, its tooltip a line a name; one notification for each transition.
class Tray : public QObject
{
    Q_OBJECT

public:
    explicit Tray(QObject *parent = nullptr);
    /// Where there is no panel to be in, the window is to stay in reach.
    static bool isAvailable() { return QSystemTrayIcon::isSystemTrayAvailable(); }
    void begin();
    void show(const Overview &overview, const SharedSnapshot &snapshot);

Q_SIGNALS:
    void opens();
    void quits();
    void redeploys();
    void setsUp();
    void wants(sixgate::KeeperIntent intent);
    /// For tests and logs: what was notified.
    void notified(const QString &title, const QString &text);

private:
    void tell(const Overview &overview);

    QSystemTrayIcon m_icon;
    QMenu m_menu;
    QAction *m_redeploy;
    QAction *m_pause;
    QAction *m_copy;
    QString m_address;
    std::optional<OverviewState> m_told; ///< of fine, degraded, broken: what was notified last
    QSet<QString> m_causes;              ///< notified since all was well
    bool m_paused = false;
};

/// Whether a state is told where `before` was told last: only fine, degraded and broken ones are, and not the first
/// fine one.
bool isTransition(std::optional<OverviewState> before, OverviewState now);

} // namespace sixgate
