#pragma once

#include "model/keepersnapshot.h"

#include <functional>
#include <map>
#include <mutex>

namespace sixgate
{

/// What a keeper shows: changed by both its lanes, seen as immutable snapshots. Thread-safe.
class KeeperBoard
{
public:
    KeeperBoard(KeeperSnapshot first, std::function<void(const SharedSnapshot &)> shown);

    /// Changes it, and shows it.
    void change(const std::function<void(KeeperSnapshot &)> &how);
    /// A trouble that lasts, by its cause; an empty text ends it. True where that is news. `ofAlarm`: the alarm's own.
    bool trouble(const QString &cause, const QString &text, bool ofAlarm = false);
    SharedSnapshot snapshot() const;

private:
    mutable std::mutex m_mutex;
    std::mutex m_showing; ///< so that snapshots are shown in their order
    SharedSnapshot m_latest;
    struct Trouble {
        QString text;
        bool ofAlarm = false;
    };
    std::map<QString, Trouble> m_troubles; ///< by their causes
    std::function<void(const SharedSnapshot &)> m_shown;
};

} // namespace sixgate
