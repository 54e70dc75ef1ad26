#pragma once

#include "apply/bundle.h"
#include "model/deadline.h"
#include "model/plan.h"
#include "model/texts.h"
#include "transport/remotehost.h"

#include <chrono>
#include <functional>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Told about each step as it happens, on the calling thread of deploy(). `text` is one line for a person, no secret.
using ProgressSink = std::function<void(const QString &changeId, StepState state, const QString &text)>;

/// How a deployment may end early.
struct RunStops {
    /// The VPS is asked to cancel and its verdict is awaited, as long as `patience`: before the swap everything staged
    /// is rolled back (Cancelled), after it the run finishes.
    std::stop_token stop;
    /// Nothing is awaited any more: Unavailable, and the run goes on by itself.
    std::stop_token detach;
    /// What to do where a run goes on by itself: a sentence for a person. A later command waits for that run's end.
    QString goOn = Texts::tr("Go on with: sixgatectl apply (it waits for the run's end first).");
    /// How long a cancelled run may take to give its verdict: apt-get is waited for, since a broken-off dpkg is worse.
    std::chrono::milliseconds patience = std::chrono::minutes(2);
};

/// Carries the VPS lane of a plan out: one bundle, uploaded once, run by resources/vps/run.pl as one transient systemd
/// unit, followed line by line. The run goes on when the connection breaks: Sixgate connects again and reads on, for as
/// long as five minutes without a connection. It rolls back by itself when a step fails, or its machine stops: the old
/// release keeps serving (installed packages and certificates stay). Errors: Moved where a file or the current release
/// is not what the plan expects (nothing was changed), Refused where a step failed, Cancelled, Timeout and Network
/// where the verdict could not be had (it is then in /var/lib/sixgate/runs/<run>/result; what to do is `stops.goOn`).
///
/// Changes of other lanes are left out; none to do is success. Read the facts again afterwards.
Outcome deploy(RemoteHost &host, const std::vector<Change> &changes, const RunOwner &owner,
               const ProgressSink &progress, const Deadline &deadline, const RunStops &stops);

} // namespace sixgate
