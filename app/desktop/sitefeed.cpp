#include "desktop/sitefeed.h"

#include "storage/sitefile.h"

#include <QFileInfo>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::milliseconds rest = 200ms;

} // namespace

SiteFeed::SiteFeed(QString siteFile, std::shared_ptr<const Site> now, QObject *parent)
    : QObject(parent), m_file(std::move(siteFile)), m_now(std::move(now))
{
    m_rest.setSingleShot(true);
    m_rest.setInterval(rest);
    connect(&m_rest, &QTimer::timeout, this, &SiteFeed::read);
    const auto moved = [this] {
        watch();
        m_rest.start();
    };
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, moved);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, moved);
    watch();
}

void SiteFeed::watch()
{
    // A file that is replaced is another one; its folder tells of that.
    if (!m_watcher.files().contains(m_file) && QFileInfo::exists(m_file))
        m_watcher.addPath(m_file);
    const QString folder = QFileInfo(m_file).absolutePath();
    if (!m_watcher.directories().contains(folder))
        m_watcher.addPath(folder);
}

void SiteFeed::read()
{
    m_reader = std::jthread([this, file = m_file](const std::stop_token &stop) {
        auto site = loadSite(file);
        if (stop.stop_requested())
            return;
        if (!site) {
            QMetaObject::invokeMethod(
                this,
                [this, error = site.error()] {
                    if (error.code != ErrorCode::NotFound) // between two files, where one replaces the other
                        Q_EMIT unusable(error);
                },
                Qt::QueuedConnection);
            return;
        }
        QMetaObject::invokeMethod(
            this,
            [this, site = std::make_shared<const Site>(std::move(*site))] {
                if (m_now && siteJson(*site) == siteJson(*m_now))
                    return;
                m_now = site;
                Q_EMIT changed(site);
            },
            Qt::QueuedConnection);
    });
}

} // namespace sixgate
