#pragma once

#include <QDateTime>
#include <QString>

#include <chrono>
#include <optional>

namespace sixgate
{

/// The alarm when the home falls silent: told once, and once more when it is back. Pure.

constexpr std::chrono::seconds SilenceThreshold{300};

/// What was told last: the silence that began then, or (none) that all is well.
struct SilenceTold {
    std::optional<QDateTime> since; ///< UTC

    friend bool operator==(const SilenceTold &, const SilenceTold &) = default;
};

struct SilenceWord {
    enum class What { Nothing, Silent, Back };
    What what = What::Nothing;
    QDateTime since;              ///< when the home pushed last before it fell silent; UTC, of Silent and Back
    std::chrono::seconds span{0}; ///< how long it has been silent, or was
    QString text;                 ///< one sentence; empty of Nothing
    SilenceTold told;             ///< to be kept once it is told
};

/// `lastPush`: when the home pushed last; none where it never did, which is no silence. `threshold` is at least 1 s.
/// A last push in the future (the clock was set back) counts as one just now.
SilenceWord listenForSilence(const std::optional<QDateTime> &lastPush, std::chrono::seconds threshold,
                             const SilenceTold &told, const QDateTime &now);

} // namespace sixgate
