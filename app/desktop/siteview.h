#pragma once

#include "decide/notice.h"
#include "desktop/diagnosing.h"
#include "desktop/sitefeed.h"
#include "model/site.h"
#include "ui/feed/keeperfeed.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

#include <QElapsedTimer>

#include <functional>
#include <memory>
#include <optional>

namespace sixgate
{

/// How the program was started.
struct Choices {
    QString siteFile;
    QString secrets;
    bool hidden = false;
    bool keeps = true;
};

/// The window of one site with what it shows, and what the tray shows. GUI thread.
class SiteView
{
public:
    /// `site`: of the file, or why it cannot be used. `tray` outlives it.
    /// `mended`: called once a site file that could not be used can be; the view is not to be destroyed in it.
    SiteView(const Choices &choices, const Result<Site> &site, Tray &tray, std::function<void()> mended);

    MainWindow &window() { return *m_window; }
    const QString &secrets() const { return m_secrets; }
    /// Why this program runs no keeper itself; empty where it does.
    void setKeeperTrouble(const QString &why);
    /// Asked before somebody is called: what is being changed may look wrong meanwhile.
    void setBusy(std::function<bool()> busy) { m_busy = std::move(busy); }
    /// False where the site file cannot be used.
    bool hasSite() const { return bool(m_site); }

private:
    void follow(const Choices &choices, Tray &tray);
    void judge();
    void explain(const Choices &choices, const Error &error, Tray &tray, std::function<void()> mended);

    std::shared_ptr<const Site> m_site; ///< null where there is none
    std::shared_ptr<SiteJobs> m_jobs;
    QString m_secrets;
    QString m_trouble;     ///< of this program's own keeper
    bool m_silent = false; ///< a keeper is there, and does not answer
    QString m_lost;        ///< why no keeper can be seen
    QElapsedTimer m_began;
    Noticing m_noticing;
    std::function<bool()> m_busy;
    std::unique_ptr<MainWindow> m_window;
    std::optional<Diagnosing> m_diagnosing;
    std::optional<KeeperFeed> m_feed;
    std::optional<SiteFeed> m_siteFeed;
    SharedSnapshot m_snapshot;
};

} // namespace sixgate
