#pragma once

#include "model/condition.h"
#include "model/keepersnapshot.h"
#include "model/pathreport.h"

#include <QDateTime>
#include <QStringList>

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
enum class OverviewButton {
    None,
    Check,    ///< look at everything now
    Resume,   ///< let the keeper change things again
    Redeploy, ///< the plan for the VPS
    Records,  ///< the plan for the records
    SetUp,    ///< the setup, with what is set up now
    Show,     ///< what a person has to do about it, and where
};

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
    std::optional<Condition> root = {}; ///< what the sentence is about, where a check has found it
    QString cause = {};      ///< what the sentence is about, for who tells a cause once; empty where none is known
    QStringList causes = {}; ///< the one and all others that are known
    bool looking = false;    ///< a diagnosis is being made
    /// False while what is wrong may still get another name, or pass by itself: nobody is called yet.
    bool settled = true;
    std::map<PathKind, PathGlance> paths; ///< each kind, over all names
    std::vector<NameGlance> names;        ///< in the order of the site file
};

/// What a check found, and what the keeper saw when it began.
struct CheckFinding {
    std::vector<Condition> roots;                ///< worst first; none where nothing is wrong, or where it failed
    bool visitorsOut = false;                    ///< a path of visitors from outside was broken
    bool anyOut = false;                         ///< a path was broken
    std::vector<KeptPath> paths;                 ///< as the check proved them
    OverviewState with = OverviewState::Unknown; ///< the verdict when it began,
    QString trouble;                             ///< and its sentence
    QDateTime at;                                ///< when it ended, UTC
    QDateTime since;                             ///< since when the first root is the first one, UTC
};

} // namespace sixgate
