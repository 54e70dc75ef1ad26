#pragma once

#include "model/evidence.h"
#include "model/hostkeypin.h"
#include "model/observation.h"
#include "model/pathreport.h"
#include "model/plan.h"
#include "model/port.h"
#include "model/runlog.h"
#include "model/secret.h"
#include "model/vpsmove.h"

#include <QDateTime>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <variant>
#include <vector>

namespace sixgate
{

/// The jobs of a site as a window, a wizard and the command line order them. One interface, so that what one of them
/// can do, and the way in which it is done, is the same for all.

/// Makes the plan, shows it, and carries it out when that was agreed to.
struct ApplyOrder {
    PlanScope scope = PlanScope::All;
    bool replaceNewer = false; ///< also what a newer Sixgate has deployed is replaced
    bool check = true;         ///< and proves the paths after it
};
/// One step back on the VPS, after which the paths are proven.
struct RollBackOrder {
};
/// Takes everything away that Sixgate brought to the VPS.
struct RemoveOrder {
    bool keepPackages = false;
};
/// A bare machine that is to be the VPS.
struct NewMachine {
    std::vector<IpAddress> addresses; ///< at least one of IPv4: visitors are led there
    std::optional<Login> user;        ///< absent: as on the machine before
    std::optional<Port> port;         ///< of SSH; absent: as on the machine before
    /// Used once, to bring the site's key to the machine; kept nowhere. Absent: the machine lets the site in already.
    std::shared_ptr<const Secret> password = {};
};
/// Moves to another machine: its host key is confirmed, it is set up, visitors are led there, and when all is proven
/// the one before is cleaned.
struct ReplaceOrder {
    std::optional<NewMachine> machine; ///< absent: goes on with a move that broke off
    /// The machine before is left alone: it is gone. Without `machine` nothing else is done: it is given up.
    bool abandonOld = false;
};
/// Proves the paths and makes the diagnosis; changes nothing.
struct CheckOrder {
    std::set<PathKind> kinds; ///< empty: all
};
/// Reads what is true and makes the plan; changes nothing.
struct LookOrder {
    PlanScope scope = PlanScope::All;
};
/// Reads the logs of the last runs on the VPS.
struct RunsOrder {
};
/// Sends a test to everybody whom the site's alarm names; changes nothing.
struct AlarmTestOrder {
};
using JobOrder = std::variant<CheckOrder, LookOrder, RunsOrder, AlarmTestOrder, ApplyOrder, RollBackOrder, RemoveOrder,
                              ReplaceOrder>;

/// How a test of one channel of the alarm went.
struct AlarmTested {
    QString channel; ///< as the site file has it: "mail", a webhook's name …
    QString text;    ///< the same for a person
    Outcome told;    ///< success: it was taken; whether it arrives its reader sees
};

/// What became of the machine that a move leaves.
enum class OldMachine {
    NotClean, ///< Sixgate is still there; the order can be given again
    GivenUp,  ///< Sixgate is still there, and does not go there any more
    Clean,
};
QString oldMachineName(OldMachine what); ///< "not-clean", "given-up", "clean"

/// What a look finds of DNS beside the zone itself.
struct DnsAround {
    /// What this machine's resolver says of the records that the authoritative servers have. Of others it is not asked:
    /// it would remember for a while that there are none.
    std::map<RecordKey, ResolverSeen> here;
    std::map<Label, AccountAnswer> answers; ///< by account: what it said to the last change from this machine
};

/// How a job ended that got as far as a plan, or as a check.
struct JobEnd {
    bool blocked = false;             ///< something is in the way that the user must settle: see what was withheld
    std::optional<Error> error;       ///< of what was carried out; the steps tell what was undone
    std::optional<CheckReport> check; ///< absent where it did not come to it
    std::optional<OldMachine> old;    ///< of a move
    std::shared_ptr<const Observation> seen; ///< of a look
    std::shared_ptr<const DnsAround> dns;    ///< of a look
    std::optional<OpenMove> move;            ///< of a look
    std::vector<RunLog> runs;                ///< newest first
    std::vector<AlarmTested> alarm;          ///< of a test
    bool cleaned = true;                     ///< false: what comes after the job, on the machine before, failed
};

/// Which plan of a job: a move has two.
enum class PlanPart { Main, OldMachine };

/// What a job tells and asks. Called on the job's thread or, for paths, on others, one call at a time for each kind;
/// only the two questions may take their time, and they obey the stop.
class JobTalk
{
public:
    virtual ~JobTalk() = default;

    /// One line about what goes on.
    virtual void activity(const QString &text) = 0;
    /// What is to be done, item by item; again where it had to be made anew. `nothing`: what an empty plan means; empty
    /// for "It is as the site file wants it".
    virtual void planned(const Plan &plan, PlanPart part, const QString &nothing) = 0;
    /// Whether to carry that out; Cancelled where not. `warning` belongs right beside the question. While it is
    /// awaited others may work on the site; the plan is made anew where it no longer holds.
    virtual Outcome agree(const Plan &plan, const QString &warning, std::stop_token stop) = 0;
    /// Whether this is the key that the machine itself shows; Cancelled where not.
    virtual Outcome confirmHostKey(const QString &machine, const PresentedHostKey &key, std::stop_token stop) = 0;
    /// How far a change of the plan is; `text` one line, no secret.
    virtual void step(const QString &changeId, StepState state, const QString &text) = 0;
    /// Each path as soon as it is proven.
    virtual void path(const PathReport &path) = 0;
    /// What the user is to know afterwards, too; `fix`: what to do.
    virtual void remark(const QString &text, const QString &fix) = 0;
    /// The plan was carried out or failed; the check comes next.
    virtual void applied(const Outcome &) {}
    /// The check is done.
    virtual void checked(const CheckReport &) {}
};

/// How a job ends early: `stop` leaves or restores the old state, which may take a while; `detach` waits for nothing
/// any more, and what runs on the VPS goes on by itself.
struct JobStops {
    std::stop_token stop;
    std::stop_token detach;
};

/// The jobs of one site.
class SiteJobs
{
public:
    virtual ~SiteJobs() = default;

    /// Blocks until the job has ended; one job at a time, any thread. An error where it did not come to a plan, or
    /// where that was not agreed to (Cancelled: nothing was changed).
    virtual Result<JobEnd> run(const JobOrder &order, JobTalk &talk, const JobStops &stops) = 0;
};

} // namespace sixgate
