#pragma once

#include <QDateTime>
#include <QString>

#include <optional>

namespace sixgate
{

/// Several machines of one home may keep the same site; one of them leads, and it alone writes.

enum class KeeperRole {
    Leader,
    Follower, ///< ready to take over
    Away,     ///< not at home: it only watches
};
/// "leader", "follower", "away"; stable.
QString keeperRoleName(KeeperRole role);

/// What a machine remembers of its leadership from run to run.
struct LeaderMemory {
    KeeperRole role = KeeperRole::Follower;
    std::optional<QDateTime> led; ///< UTC: when it was the leader last, and has not lost that to another since

    friend bool operator==(const LeaderMemory &, const LeaderMemory &) = default;
};

} // namespace sixgate
