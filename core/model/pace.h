#pragma once

#include <QDateTime>
#include <QString>

#include <chrono>
#include <optional>
#include <set>
#include <vector>

namespace sixgate
{

/// How often a provider of DNS takes updates, and what was sent to it. See decide/pace.h.

/// At most so many updates of one record within any span of this length.
struct UpdateWindow {
    std::chrono::milliseconds span{0};
    int most = 1; ///< at least 1

    friend bool operator==(const UpdateWindow &, const UpdateWindow &) = default;
};

/// The rules of one provider.
struct UpdateRules {
    std::chrono::milliseconds interval{0}; ///< at least so long between two updates of one record
    std::vector<UpdateWindow> windows;
    std::chrono::milliseconds pause{5000};          ///< after a refusal; doubles with each further one in a row,
    std::chrono::milliseconds longestPause{600000}; ///< up to this
    std::chrono::milliseconds retry{5000};          ///< after an update that got no answer, or that could not be sent
    std::chrono::milliseconds longestOrder{0};      ///< a wait that the provider orders is kept up to this
    std::set<QString> fatal;                        ///< answers after which nothing is sent until the user acts
    std::chrono::seconds leastTtl{1};               ///< the provider takes no lower time to live

    friend bool operator==(const UpdateRules &, const UpdateRules &) = default;
};

/// What was sent for one record. Values are texts of the caller's choice that are equal where the records are, e.g.
/// "2001:db8:1::11", and empty where there is to be no record.
struct PaceState {
    std::vector<QDateTime> updates;     ///< UTC, oldest first, as far back as the rules reach
    int refusals = 0;                   ///< in a row
    std::optional<QDateTime> blocked;   ///< nothing is sent before
    QString stopped;                    ///< the answer after which nothing is sent until the user acts; empty: none
    std::optional<QString> accepted;    ///< the last value that the provider took, or may have taken
    bool stands = false;                ///< it has it, as far as is known
    std::optional<QString> sending;     ///< on its way: what became of it was not noted yet
    std::optional<QDateTime> clockSeen; ///< the latest time that was told; one before it means that the clock was set

    friend bool operator==(const PaceState &, const PaceState &) = default;
};

} // namespace sixgate
