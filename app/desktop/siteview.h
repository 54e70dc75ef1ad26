#pragma once

#include "desktop/diagnosing.h"
#include "desktop/sitefeed.h"
#include "model/site.h"
#include "ui/feed/keeperfeed.h"
#include "ui/tray/tray.h"
#include "ui/window/mainwindow.h"

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
    SiteView(const Choices &choices, const Result<Site> &site, Tray &tray);

    MainWindow &window() { return *m_window; }

private:
    void follow(const Choices &choices, Tray &tray);

    std::shared_ptr<const Site> m_site; ///< null where there is none
    std::shared_ptr<SiteJobs> m_jobs;
    QString m_lost; ///< why no keeper can be seen
    std::unique_ptr<MainWindow> m_window;
    std::optional<Diagnosing> m_diagnosing;
    std::optional<KeeperFeed> m_feed;
    std::optional<SiteFeed> m_siteFeed;
    SharedSnapshot m_snapshot;
};

} // namespace sixgate
