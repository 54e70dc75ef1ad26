#pragma once

#include "model/result.h"
#include "model/site.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>

#include <memory>
#include <thread>

namespace sixgate
{

/// Tells of a site file that was changed by whomever: the window's own job, `sixgatectl`, an editor. It is read away
/// from the GUI thread, to which object and signal belong.
class SiteFeed : public QObject
{
    Q_OBJECT

public:
    /// `now`: null where the file cannot be used.
    SiteFeed(QString siteFile, std::shared_ptr<const Site> now, QObject *parent = nullptr);

Q_SIGNALS:
    /// Never null, and another one than before.
    void changed(const std::shared_ptr<const sixgate::Site> &site);
    /// It cannot be used as it is now; it counts for nothing.
    void unusable(const sixgate::Error &error);

private:
    void watch();
    void read();

    QString m_file;
    std::shared_ptr<const Site> m_now;
    QFileSystemWatcher m_watcher;
    QTimer m_rest; ///< a file is written in more than one step
    std::jthread m_reader;
};

} // namespace sixgate
