#include "desktop/siteview.h"

#include "decide/overview.h"
#include "ipc/keeperclient.h"
#include "model/version.h"
#include "running/localjobs.h"

#include <QApplication>
#include <QStandardPaths>

namespace sixgate
{

SiteView::SiteView(const Choices &choices, const Result<Site> &site, Tray &tray)
{
    WindowTexts texts{site ? site->name.text() : QApplication::translate("main", "no site yet"),
                      site && !site->vps.empty() ? site->vps.front().host.display() : QString()};
    texts.places = {choices.siteFile, choices.secrets, sixgateVersion()};
    texts.autostartFile = QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                          QStringLiteral("/autostart/sixgate.desktop");
    texts.autostart = {QApplication::applicationFilePath(),
                       QStringLiteral("--hidden"),
                       QStringLiteral("--site"),
                       choices.siteFile,
                       QStringLiteral("--secrets"),
                       choices.secrets};
    WindowWork work;
    if (site) {
        m_site = std::make_shared<const Site>(*site);
        work.site = m_site;
        work.jobs = std::make_shared<LocalJobs>(SitePlace{choices.siteFile, choices.secrets});
    }
    m_window = std::make_unique<MainWindow>(texts, work);
    m_window->setStays(!Tray::isAvailable());
    QObject::connect(&tray, &Tray::opens, m_window.get(), &MainWindow::raiseUp);
    QObject::connect(&tray, &Tray::redeploys, m_window.get(), &MainWindow::redeploy);
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, m_window.get(), &MainWindow::keepPlace);
    if (m_site) {
        follow(tray);
        return;
    }
    Overview none;
    none.sentence = QApplication::translate("main", "The site file cannot be used.");
    none.detail = QStringList{choices.siteFile, withRemedy(site.error())}.join(QLatin1Char('\n'));
    m_window->show(none, nullptr);
}

void SiteView::follow(Tray &tray)
{
    m_feed.emplace(std::make_shared<RemoteKeeper>(m_site->name));
    const auto show = [window = m_window.get(), &tray](const Overview &overview, const SharedSnapshot &snapshot) {
        window->show(overview, snapshot);
        tray.show(overview, snapshot);
    };
    QObject::connect(
        &*m_feed, &KeeperFeed::came, m_window.get(),
        [site = m_site, show](const SharedSnapshot &snapshot) { show(overviewOf(*site, *snapshot), snapshot); });
    QObject::connect(&*m_feed, &KeeperFeed::lost, m_window.get(),
                     [site = m_site, show](const QString &why) { show(overviewWithout(*site, why), nullptr); });
    QObject::connect(&*m_feed, &KeeperFeed::unheard, m_window.get(), &MainWindow::say);
    QObject::connect(m_window.get(), &MainWindow::wants, &*m_feed, &KeeperFeed::tell);
    QObject::connect(&tray, &Tray::wants, &*m_feed, &KeeperFeed::tell);
    Overview begins = overviewWithout(*m_site, {});
    begins.state = OverviewState::Working;
    begins.sentence = QApplication::translate("main", "Looking for the keeper.");
    m_window->show(begins, nullptr);
    m_feed->start();
}

} // namespace sixgate
