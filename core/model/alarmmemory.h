#pragma once

#include <QDateTime>
#include <QString>

#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// What a keeper remembers of whom it told what, from run to run.

/// A trouble that lasted so long that it is told.
struct AlarmMatter {
    QDateTime since;                ///< UTC
    std::optional<QDateTime> until; ///< UTC; none while it lasts
    std::vector<QString> sentences; ///< what was wrong when it was told first
    bool passed = false;            ///< it ended because another machine leads now

    friend bool operator==(const AlarmMatter &, const AlarmMatter &) = default;
};

/// How far one channel has got: a dead one neither loses what the others were told, nor has them told twice.
struct AlarmTold {
    std::optional<AlarmMatter> told;   ///< it was told that this began; with `until` set, not yet that it is over
    std::optional<AlarmMatter> missed; ///< over before this channel could be told

    friend bool operator==(const AlarmTold &, const AlarmTold &) = default;
};

struct AlarmMemory {
    std::optional<AlarmMatter> open;
    std::map<QString, AlarmTold> channels; ///< by name
    /// Prefixes of the link where this machine led last, and no other one has led since: a machine that is still there
    /// has not been carried away.
    std::vector<QString> led;

    friend bool operator==(const AlarmMemory &, const AlarmMemory &) = default;
};

} // namespace sixgate
