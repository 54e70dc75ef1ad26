#pragma once

#include "model/alarm.h"
#include "model/alarmmemory.h"
#include "model/alarmmessage.h"
#include "model/keepersnapshot.h"

#include <QDateTime>
#include <QString>

#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// What a keeper tells its user, on which channel and when. Pure: from one look to the next.
///
/// Told is a trouble that has lasted, once, and its end, once. A change of the home's prefix is over long before.
/// - Time that all was fine for less than `calm` does not end a trouble and does not count as one: what flaps is told
///   once, and over once.
/// - Only the machine that leads tells. When another one takes the lead from it, it ends what it has told, and the
///   other one tells what it sees: machines share no memory.
/// - Away and paused machines tell nothing, not even what is still to be told. A machine that led and now sees no home
///   server at all counts as away, unless it is still on the link (by its prefix) where it led: then the server is
///   down.
/// - Each channel is on its own: what it could not be told is tried again, with growing waits. A trouble that was over
///   before a channel could be told is one message there.
/// - A channel that needs a secret is not tried without. One that is not there is asked for once a minute. The user may
///   store another one at any time: it is asked for anew once a minute while a channel refuses, and before each further
///   try where nobody answered. Another one is tried at once.

struct AlarmRules {
    std::chrono::milliseconds lasting{180'000}; ///< a trouble that is told
    std::chrono::milliseconds calm{60'000};     ///< without one, and it is over
    std::chrono::milliseconds ping{300'000};    ///< between two signs of life
    std::vector<QString> channels;              ///< by name
    std::vector<QString> pinged;                ///< those among them that want signs of life
    std::vector<QString> secret;                ///< those among them that need a secret
};
AlarmRules alarmRules(const Alarm &alarm, std::chrono::milliseconds ping);

/// The time that passed since the machine started: `awake` stands still while it sleeps.
struct AlarmClock {
    std::chrono::milliseconds awake{0};
    std::chrono::milliseconds boot{0};
    QDateTime wall; ///< UTC; may jump
};

/// What the keeper sees, as far as the alarm is concerned.
struct AlarmView {
    enum class Part {
        Leads,
        Follows, ///< another machine leads
        Away,    ///< it sees no home server
        Silent,  ///< paused, or it does not know yet
    };
    Part part = Part::Silent;
    bool atHome = false; ///< a home server is proven
    bool fine = false;
    std::vector<QString> sentences; ///< what is wrong
    std::vector<QString> prefixes;  ///< global ones of the link
};
/// Troubles of the alarm itself are no reason for one.
AlarmView alarmView(KeeperSnapshot snapshot);

/// From one look to the next; `memory` is what must last, the rest begins anew with each run.
struct AlarmState {
    AlarmMemory memory;

    struct Spell {
        std::chrono::milliseconds boot{0};  ///< when it began
        std::chrono::milliseconds wrong{0}; ///< how long something was wrong since
    };
    struct Calm {
        std::chrono::milliseconds awake{0}; ///< since when
        std::chrono::milliseconds boot{0};
        bool passed = false; ///< because another one leads
    };
    struct Trying {
        int failures = 0;
        std::chrono::milliseconds next{0}; ///< boot time
        std::optional<std::chrono::milliseconds> pinged;
    };
    struct Kept {
        bool known = false;                             ///< there is one, and it is used
        bool refused = false;                           ///< it was: another one may be stored meanwhile
        std::optional<std::chrono::milliseconds> fetch; ///< boot time
    };
    std::optional<Spell> spell;
    std::optional<Calm> calm;
    std::optional<std::chrono::milliseconds> wrongAt; ///< it was wrong at the last look, which was then
    std::map<QString, Trying> channels;
    std::map<QString, Kept> secrets; ///< of each channel that needs one
};
/// With what was remembered; what no channel of `rules` is about is forgotten.
AlarmState beginAlarm(AlarmMemory memory, const AlarmRules &rules, const QDateTime &wall);

/// One message for one channel.
struct AlarmErrand {
    QString channel;
    AlarmEvent event = AlarmEvent::Fine;
    QString brief;
    QString text;
    QDateTime since;
    std::chrono::seconds span{0};
};

struct AlarmStep {
    std::vector<QString> fetch;    ///< channels whose secrets are to be fetched; they are told nothing before
    std::vector<AlarmErrand> send; ///< at most one for each channel
    std::optional<std::chrono::milliseconds> look; ///< again after so long, also where nothing happens
};
/// Looks once. `state.memory` is to be saved where it has changed.
AlarmStep decideAlarm(AlarmState &state, const AlarmView &view, const AlarmRules &rules, const AlarmClock &now);

/// How it went; `failed` is why it did not arrive. Call for each errand before the next look.
void noteErrand(AlarmState &state, const AlarmErrand &errand, std::optional<ErrorCode> failed, const AlarmClock &now);

/// What the store of secrets gave.
enum class SecretGot {
    Another, ///< than the one in use, or the first one: it is the one in use now
    Same,
    None, ///< or it cannot be read; the one in use stays
};
/// Call for each channel of `fetch` before the next look.
void noteSecret(AlarmState &state, const QString &channel, SecretGot got, const AlarmClock &now);

/// What is sent to try whether it arrives.
AlarmErrand testErrand(const QString &channel, const QDateTime &wall);

} // namespace sixgate
