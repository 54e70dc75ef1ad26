#include "ui/tray/tray.h"

#include "ui/look/marks.h"
#include "ui/overview/pathfigure.h"

#include <QApplication>
#include <QClipboard>
#include <QGuiApplication>

#include <utility>

namespace sixgate
{

namespace
{

/// A panel may be light or dark, whatever the palette is.
QIcon stateIcon(OverviewState state)
{
    return markIcon(state, Colours::onPanel());
}

QString nameLine(const NameGlance &name)
{
    QStringList bad;
    bool known = !name.paths.empty();
    for (const auto &[kind, glance] : name.paths) {
        if (glance.state == PathState::Broken)
            bad << pathTitle(kind);
        known = known && glance.state != PathState::Unknown;
    }
    if (!bad.isEmpty())
        return Tray::tr("%1: fails (%2)").arg(name.publicName, bad.join(QStringLiteral(", ")));
    return known ? Tray::tr("%1: reachable").arg(name.publicName) : Tray::tr("%1: not proven").arg(name.publicName);
}

} // namespace

Tray::Tray(QObject *parent) : QObject(parent)
{
    connect(m_menu.addAction(tr("&Open Sixgate")), &QAction::triggered, this, &Tray::opens);
    m_menu.addSeparator();
    m_check = m_menu.addAction(tr("&Check now"));
    connect(m_check, &QAction::triggered, this, [this] { Q_EMIT wants(KeeperIntent::Check); });
    m_redeploy = m_menu.addAction(tr("&Redeploy VPS…"));
    connect(m_redeploy, &QAction::triggered, this, &Tray::redeploys);
    connect(m_menu.addAction(tr("&Set up…")), &QAction::triggered, this, &Tray::setsUp);
    m_pause = m_menu.addAction(tr("&Pause"));
    connect(m_pause, &QAction::triggered, this,
            [this] { Q_EMIT wants(m_paused ? KeeperIntent::Resume : KeeperIntent::Pause); });
    m_copy = m_menu.addAction(tr("Copy the home's &address"));
    connect(m_copy, &QAction::triggered, this, [this] { QGuiApplication::clipboard()->setText(m_address); });
    m_menu.addSeparator();
    connect(m_menu.addAction(tr("&Quit")), &QAction::triggered, this, &Tray::quits);
    // Until there is something to do it with.
    for (QAction *one : {m_check, m_redeploy, m_pause, m_copy})
        one->setEnabled(false);
    connect(&m_watch, &TrayWatch::changed, this, &Tray::follow);
    connect(&m_notifier, &Notifier::opens, this, &Tray::opens);
    connect(&m_notifier, &Notifier::unheard, this, &Tray::alerts);
}

void Tray::begin()
{
    m_begun = true;
    follow();
}

void Tray::follow()
{
    if (!m_begun || !m_watch.isKnown())
        return;
    // Qt may have no way into one that others have.
    if (!m_icon && (m_watch.hasHost() || m_watch.hasDock()) && QSystemTrayIcon::isSystemTrayAvailable())
        makeIcon();
    const bool isThereNow = m_icon && (m_ofBus ? m_watch.hasHost() : m_watch.hasDock());
    if (std::exchange(m_there, isThereNow) != isThereNow)
        Q_EMIT moved(isThereNow);
}

void Tray::makeIcon()
{
    m_ofBus = m_watch.hasHost();
    m_icon.emplace();
    m_icon->setContextMenu(&m_menu);
    connect(&*m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger)
            Q_EMIT opens();
    });
    connect(&*m_icon, &QSystemTrayIcon::messageClicked, this, &Tray::opens);
    draw();
    m_icon->show();
}

void Tray::draw()
{
    if (!m_icon)
        return;
    m_icon->setIcon(stateIcon(m_state));
    m_icon->setToolTip(m_tip);
}

void Tray::setSite(bool any, bool hasVps)
{
    m_check->setEnabled(any);
    m_redeploy->setEnabled(any && hasVps);
}

void Tray::show(const Overview &overview, const SharedSnapshot &snapshot)
{
    QStringList lines{tr("Sixgate: %1").arg(stateWord(overview.state))};
    for (const NameGlance &name : overview.names)
        lines << nameLine(name);
    m_state = overview.state;
    m_tip = lines.join(QLatin1Char('\n'));
    draw();
    m_paused = overview.state == OverviewState::Paused;
    m_pause->setText(m_paused ? tr("Res&ume") : tr("&Pause"));
    m_pause->setEnabled(bool(snapshot));
    m_address.clear();
    if (snapshot) {
        for (const KeptServer &one : snapshot->servers) {
            if (one.address && m_address.isEmpty())
                m_address = one.address->text();
        }
    }
    m_copy->setEnabled(!m_address.isEmpty());
}

void Tray::notify(const Overview &overview)
{
    if (m_there)
        m_icon->showMessage(overview.sentence, overview.detail, stateIcon(overview.state));
    else
        m_notifier.tell(overview.cause, overview.sentence, overview.detail);
    Q_EMIT notified(overview.sentence, overview.detail);
}

} // namespace sixgate
