#pragma once

#include "model/pace.h"
#include "model/site.h"

#include <map>

namespace sixgate
{

/// Whether a record may be updated now, within its provider's rules. Pure. As many updates as changes while the rules
/// allow; beyond them the caller waits and asks again with what is wanted by then, so that the last value wins.
///
/// `now` is the wall clock, since what was sent is remembered from run to run; best that of the program's start plus
/// the time that has passed since: a clock set forward makes updates seem older than they are. One set back is noticed
/// and costs at most the time between the last two calls.
///
/// An update counts from noteUpdate(Sending) on, and then as sent when its answer came: so the provider, which saw it
/// between the two, never counts more than this. Save the state between noting and sending: who is killed then has
/// still counted it.

/// RFC 2136, to a name server of one's own: 60 updates a minute; a pause of 5 s after a failure, up to 10 min.
UpdateRules rfc2136Rules();

enum class UpdateVerdict {
    Now,
    Wait,     ///< not before `at`
    Stopped,  ///< until the user acts: the provider's answer says that more of the same does harm
    Unneeded, ///< the provider has this value, as far as is known
};

struct MayUpdate {
    UpdateVerdict verdict = UpdateVerdict::Now;
    QDateTime at; ///< UTC; of Wait alone
    QString why;  ///< one sentence; empty where it may be sent now
};

/// `state` is set right where the clock was set back.
/// `stop`: accountStop(). `requests`: as so many updates it will count. `anyway`: sent although the provider has this
/// value, so that a name does not expire.
MayUpdate mayUpdate(const UpdateRules &rules, PaceState &state, const QString &wanted, const QDateTime &now,
                    int requests = 1, bool anyway = false, const QString &stop = {});

/// So many requests fit now, by the windows alone; a large number where there are none. Not below zero.
int requestsLeft(const UpdateRules &rules, const PaceState &state, const QDateTime &now);

struct UpdateOutcome {
    enum class What {
        Sending,  ///< about to be sent
        Accepted, ///< also where the provider says that it has this value already
        Refused,  ///< `answer` tells why
        NoAnswer, ///< may have been taken or not
        Unsent,   ///< the provider got nothing (no network, no name): does not count as an update
        Answered, ///< it said something of single names, which is noted there; counts as an update, and says nothing
                  ///< more
    };
    What what = What::Accepted;
    QString value;
    QString answer;             ///< of Refused: the provider's word for it, as in UpdateRules::fatal
    bool untilUserActs = false; ///< of Refused: nothing more is sent, whatever the word
    bool account = false;       ///< of Refused: what was said holds for all of the account
    std::optional<std::chrono::milliseconds> after; ///< of Refused: the provider orders to wait so long
    int requests = 1;                               ///< that were or are to be sent: it counts as so many updates
};

/// The state with an outcome. Accepted, Refused and NoAnswer without a Sending before them count as an update, too.
PaceState noteUpdate(PaceState state, const UpdateRules &rules, const UpdateOutcome &outcome, const QDateTime &now);

/// For each state that was loaded: what the program before this one had on its way may have been taken or not, at the
/// latest by now. noteSeen tells which, where it comes first.
PaceState noteRestart(PaceState state, const QDateTime &now);

/// What the authoritative servers were seen to hold: where that is what the provider took last it need not be sent,
/// and else it must be. While an update is on its way this is no news.
PaceState noteSeen(PaceState state, const QString &value);

/// The user has acted (other credentials, "try again"): no stop and no pause, also of the record itself, and nobody
/// else is known to write it; a wait that the provider ordered and its other rules hold on.
PaceState noteUserActed(PaceState state);

/// The answer that stops a whole account, of whichever of the records in its zone; empty: none does.
QString accountStop(const std::map<PacedRecord, PaceState> &paces, const DnsAccount &account);

} // namespace sixgate
