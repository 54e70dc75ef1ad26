#pragma once

#include "model/names.h"
#include "model/observation.h"

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

/// A record in a DNS account. What a provider counts together goes by one of them.
struct PacedRecord {
    Label account;
    RecordKey key;

    friend auto operator<=>(const PacedRecord &, const PacedRecord &) = default;
};

/// A value that is not Sixgate's stood where Sixgate's had stood.
struct ForeignChange {
    QDateTime at;  ///< UTC, when it was seen
    QString found; ///< its values; empty: the record was gone

    friend bool operator==(const ForeignChange &, const ForeignChange &) = default;
};

/// What is remembered of one record, whatever its provider counts together. See decide/writers.h and refresh.h.
struct RecordPast {
    std::optional<QString> ours;        ///< the value of Sixgate's that was seen to stand last
    bool stands = false;                ///< it stood when the record was looked at last
    std::vector<QString> earlier;       ///< those before it, oldest first
    std::vector<ForeignChange> foreign; ///< oldest first
    QString refused;              ///< what the provider said of this name alone; nothing is sent until the user acts
    std::chrono::seconds ttl{0};  ///< the time to live that the provider was told last; 0: none
    std::optional<QString> taken; ///< the value that the provider took last
    std::optional<QDateTime> renewed; ///< when the provider took it last, or is taken to have

    friend bool operator==(const RecordPast &, const RecordPast &) = default;
};

/// What was sent for one record. Values are texts of the caller's choice that are equal where the records are, e.g.
/// "2001:db8:1::11", and empty where there is to be no record.
struct PaceState {
    std::vector<QDateTime> updates;     ///< UTC, oldest first, as far back as the rules reach
    int refusals = 0;                   ///< in a row
    std::optional<QDateTime> blocked;   ///< nothing is sent before
    std::optional<QDateTime> ordered;   ///< nor before this, by the provider's own word: also where the user has acted
    QString stopped;                    ///< the answer after which nothing is sent until the user acts; empty: none
    bool stopsAccount = false;          ///< of `stopped`: it holds for all of the account
    std::optional<QString> accepted;    ///< the last value that the provider took, or may have taken
    bool stands = false;                ///< it has it, as far as is known
    std::optional<QString> sending;     ///< on its way: what became of it was not noted yet
    int sendingCount = 1;               ///< as so many of `updates`
    std::optional<QDateTime> clockSeen; ///< the latest time that was told; one before it means that the clock was set
    RecordPast past;                    ///< of the record itself

    friend bool operator==(const PaceState &, const PaceState &) = default;
};

} // namespace sixgate
