#pragma once

#include "model/pathreport.h"

#include <QDateTime>
#include <QString>

#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// What a person is shown at one glance: the verdict, and each path of each name. Drawn by the window and the tray,
/// said by `sixgatectl status`.

enum class OverviewState {
    Fine,     ///< all is as it should be
    Working,  ///< it is being looked at, or being changed
    Degraded, ///< visitors come through, but something is wrong
    Broken,   ///< visitors do not come through
    Paused,   ///< somebody told the keeper to change nothing
    Unknown,  ///< nobody looks, or not from here
};
QString overviewStateName(OverviewState state); ///< "fine", "working", "degraded", "broken", "paused", "unknown"

/// The one button beside the verdict: the next useful thing.
enum class OverviewButton { None, Check, Resume };

/// The last proof of one path of one name; of all names where it stands for them.
struct PathGlance {
    PathState state = PathState::Unknown;
    std::optional<std::chrono::milliseconds> took; ///< of one that works; the slowest of all names
    QString why;                                   ///< it does not work
    QDateTime at;                                  ///< when it was proven; the oldest of all names
    QDateTime certificateUntil = {};               ///< end of the certificate shown; the first one of all names
};

struct NameGlance {
    QString publicName;
    std::map<PathKind, PathGlance> paths;
};

struct Overview {
    OverviewState state = OverviewState::Unknown;
    QString sentence; ///< the verdict, one sentence
    QString detail;   ///< what else is to be known; may be empty
    OverviewButton button = OverviewButton::None;
    std::map<PathKind, PathGlance> paths; ///< each kind, over all names
    std::vector<NameGlance> names;        ///< in the order of the site file
};

} // namespace sixgate
