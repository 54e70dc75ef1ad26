#pragma once

#include "model/site.h"
#include "storage/secrets.h"

#include <QString>

#include <functional>
#include <thread>

namespace sixgate
{

/// Sees to it that a keeper of the site runs on this machine: another process's, or one in this process, on a thread of
/// its own. When the other one ends this one takes over.
class Watcher
{
public:
    /// `log`: a line for who looks at standard error; `trouble`: why no keeper of this process runs, empty where one
    /// does. Both on its thread.
    Watcher(QString siteFile, QString secrets, std::function<void(const QString &)> log,
            std::function<void(const QString &)> trouble);
    /// Ends the keeper, which takes at most a few seconds.
    ~Watcher() = default;

private:
    std::jthread m_thread;
};

} // namespace sixgate
