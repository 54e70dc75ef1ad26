#pragma once

#include "model/leadership.h"

#include <chrono>

namespace sixgate
{

/// Which of several machines writes: the one that holds the lease at the VPS. Pure.
///
/// A lease runs by `BootTime`, which goes on in sleep and is never set: a laptop that slept must not believe in the
/// lease that it had. The wall clock is used for what is remembered from run to run, and nothing else.

/// Time since this machine started, sleep included (CLOCK_BOOTTIME).
using BootTime = std::chrono::milliseconds;

struct LeaseTimes {
    /// For how long to ask. A leader that dies just after a renewal is followed within this and the time of one
    /// question: so it is less than the minute that this may take.
    static constexpr std::chrono::seconds Lease{50};
    static constexpr std::chrono::seconds Renew{15};       ///< from one question of the leader to the next
    static constexpr std::chrono::seconds Follow{10};      ///< of a follower
    static constexpr std::chrono::seconds Retry{5};        ///< of a leader that could not ask
    static constexpr std::chrono::seconds Margin{1};       ///< the VPS tells whole seconds
    static constexpr std::chrono::seconds Remembered{600}; ///< who led so lately goes on where the VPS is unreachable
    static constexpr std::chrono::seconds SaveEvery{120};  ///< how exact what is remembered need be
};

enum class LeaseSays {
    NotAsked, ///< no answer yet
    Mine,
    Others,
    Unreachable, ///< the VPS did not answer
    NoPush,      ///< no push is set up: there is nobody to ask
    NoKey,       ///< it is, and this machine has no key for it
};

/// What came of asking for the lease.
struct LeaseAnswer {
    LeaseSays says = LeaseSays::NotAsked;
    std::chrono::seconds left{0}; ///< of Mine and Others
    QString holder;               ///< of Others: the machine
    BootTime asked{0};            ///< when the question was sent, not when the answer came

    friend bool operator==(const LeaseAnswer &, const LeaseAnswer &) = default;
};

/// Where this machine is.
enum class Whereabouts {
    Unknown,   ///< not looked yet: after the start, a wake from sleep or a change of network; or no server is proven
    Home,      ///< a server's address was proven here, on-link
    Near,      ///< on the link where a server was proven last, and none is now: most likely it is off
    Elsewhere, ///< no server is seen from here: known to be in another network, or all that is known
};

/// What decisions build on, from one to the next. Begins with what is remembered.
struct LeadershipState {
    LeaseAnswer answer;
    std::optional<BootTime> led; ///< when it was the leader last in this run, and has not lost that since
    bool othersSeen = false;     ///< another machine held the lease in this run
    LeaderMemory memory;

    friend bool operator==(const LeadershipState &, const LeadershipState &) = default;
};

struct LeadershipInput {
    Whereabouts where = Whereabouts::Unknown;
    bool onlyMachine = false; ///< the site file knows one push key, or none
    BootTime now{0};
    QDateTime wall; ///< UTC
};

struct Leadership {
    KeeperRole role = KeeperRole::Follower;
    bool mayWriteDns = false;
    bool mayPush = false;        ///< set upstreams; asking for the lease and saying "alive" need no permission
    bool byLease = false;        ///< it writes because it holds the lease, not for want of the VPS
    bool letGo = false;          ///< give the lease back, so that another machine need not wait for its end
    std::optional<BootTime> ask; ///< when to ask for the lease next, in the past where it is due; none: do not
    QString why;                 ///< one sentence for a person
};

/// A new answer; NotAsked once the lease is given back. Call before decideLeadership.
LeadershipState noteLease(LeadershipState state, const LeaseAnswer &answer);

/// May this machine write? Ask before each step that writes; at least every 15 s, also where nothing happens. Updates
/// `state`, of which `memory` is to be saved where worthSaving says so.
Leadership decideLeadership(LeadershipState &state, const LeadershipInput &input);

/// Whether what is remembered has changed so much that it is to be saved.
bool worthSaving(const LeaderMemory &saved, const LeaderMemory &memory);

} // namespace sixgate
