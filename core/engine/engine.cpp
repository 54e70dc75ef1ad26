#include "engine/engine.h"

#include "decide/halves.h"
#include "decide/records.h"
#include "engine/checking.h"
#include "engine/dnslane.h"
#include "engine/home.h"
#include "engine/rendering.h"
#include "engine/vpslink.h"
#include "model/texts.h"
#include "model/version.h"
#include "observe/delegation.h"
#include "observe/zone.h"
#include "storage/memory.h"
#include "transport/io.h"

#include <QSysInfo>

#include <algorithm>
#include <future>
#include <pwd.h>
#include <unistd.h>
#include <utility>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto homeTime = 20s;         // for the home's addresses and their proof
constexpr auto zoneTime = 20s;         // for the zone, and more with its size
constexpr auto deployTime = 20min;     // packages take their time
constexpr auto certificateTime = 5min; // for one certificate, beyond the time that its proof gets to spread
constexpr auto nameTime = 2min;        // of one that is rehearsed, and then proven
constexpr std::chrono::seconds longestWait = 130s;

tl::unexpected<Error> cancelled()
{
    return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
}

RunOwner thisOwner()
{
    const passwd *user = getpwuid(geteuid());
    return {QString::fromLocal8Bit(user ? user->pw_name : "somebody") + QLatin1Char('@') + QSysInfo::machineHostName(),
            sixgateVersion()};
}

FactsQuestions questionsOf(const WantedDeployment &wanted)
{
    FactsQuestions questions{wanted.packages, {}};
    for (const WantedFile &file : wanted.files)
        questions.files.push_back({file.path, file.sha256, file.secret});
    return questions;
}

Deadline deploymentDeadline(const Plan &plan)
{
    std::chrono::seconds span = deployTime;
    for (const Change &change : plan.changes) {
        if (const auto *certificate = std::get_if<ObtainCertificate>(&change.action))
            span += certificateTime + 2 * int(certificate->names.size()) * (certificate->propagation + nameTime);
    }
    return Deadline::after(span);
}

ZoneSeen zoneOf(const Job &job, const std::vector<ManagedRecord> &managed, std::stop_token stop)
{
    const auto keys = recordKeysToObserve(job.site, managed);
    return observeZone(job.site, keys, Job::budget(zoneTime, keys.size()), stop);
}

} // namespace

class Engine::Private
{
public:
    Private(Site site, SecretStore &secrets, Sinks sinks) : job{std::move(site), secrets, std::move(sinks), {}} {}

    /// The keys of the VPS's certificates; where they cannot be read now, those that were seen last.
    Known<std::set<Fingerprint>> keysOfVps() const
    {
        auto keys = vpsKeys(vps.seen());
        if (keys || job.state.vpsKeys.empty())
            return keys;
        return job.state.vpsKeys;
    }

    /// What a later run may need and could not find out then.
    Outcome rememberWhatWasSeen()
    {
        SiteState next = job.state;
        next.managedRecords = stillManaged(job.site, zone, next.managedRecords);
        if (rendered)
            next.pinnedCertificates = rendered->pinnedCertificates;
        if (const auto keys = vpsKeys(vps.seen()); keys && !keys->empty())
            next.vpsKeys = *keys;
        return next == job.state ? Outcome() : job.save(std::move(next));
    }

    Outcome tellDeployed() { return job.sinks.deployed ? job.sinks.deployed() : Outcome(); }

    Outcome carryOut(const Plan &plan, RunStops stops)
    {
        bool vpsDone = std::all_of(plan.changes.begin(), plan.changes.end(), [](const Change &change) {
            return std::holds_alternative<SetRecords>(change.action);
        });
        if (vpsDone) {
            if (auto told = tellDeployed(); !told)
                return told;
        }
        for (std::size_t i = 0; i < plan.changes.size(); ++i) {
            const Change &change = plan.changes[i];
            // Beyond the VPS's swap the job is finished: half of it would leave visitors nowhere.
            if (deployed)
                stops.stop = {};
            if (stops.stop.stop_requested())
                return cancelled();
            if (std::holds_alternative<SetRecords>(change.action)) {
                const bool both = i + 1 < plan.changes.size() && goTogether(job.site, change, plan.changes[i + 1]);
                if (auto done = dns.set(std::span(&change, both ? 2 : 1), stops.stop); !done)
                    return done;
                i += both ? 1 : 0;
            } else if (!vpsDone) {
                vpsDone = true;
                if (auto waited = waitForVisitors(change, stops.stop); !waited)
                    return waited;
                if (!vps.host())
                    return tl::unexpected<Error>(vps.why());
                if (auto done =
                        deploy(*vps.host(), plan.changes, thisOwner(), job.sinks.step, deploymentDeadline(plan), stops);
                    !done)
                    return done;
                deployed = true;
                if (auto told = tellDeployed(); !told)
                    return told;
            }
        }
        return {};
    }

    /// Before the VPS stops to answer, those who were sent there are to have forgotten it.
    Outcome waitForVisitors(const Change &change, std::stop_token stop)
    {
        const std::chrono::seconds span = std::min(dns.oldTtl(), longestWait);
        if (!std::holds_alternative<RemoveAll>(change.action) || span == 0s)
            return {};
        job.say(Texts::tr("Waiting %1 s until resolvers have forgotten the old records").arg(span.count()));
        return pauseFor(span, stop);
    }

    Job job;
    VpsLink vps{job};
    DnsLane dns{job};
    ZoneSeen zone;
    std::map<Hostname, Known<bool>> delegations; ///< see PlanInputs
    Known<Rendered> rendered = fail(ErrorCode::NotFound, Texts::tr("Not rendered."));
    bool deployed = false;
    bool observed = false; ///< the state of earlier runs was read
};

Engine::Engine(Site site, SecretStore &secrets, Sinks sinks)
    : d(std::make_unique<Private>(std::move(site), secrets, std::move(sinks)))
{
}

Engine::~Engine() = default;

const Site &Engine::site() const
{
    return d->job.site;
}

Result<HomeSeen> Engine::observeHome(std::stop_token stop)
{
    HomeSeen home = lookAtHome(d->job.site, Deadline::after(homeTime), stop);
    if (stop.stop_requested())
        return cancelled();
    return home;
}

Result<Observation> Engine::observe(PlanScope scope, std::stop_token stop)
{
    auto state = loadState(d->job.site.name);
    if (!state)
        return passOn(state);
    d->job.state = std::move(*state);
    d->observed = true;

    d->job.say(Texts::tr("Looking at the home, the zone and the VPS"));
    auto home =
        std::async(std::launch::async, [&] { return lookAtHome(d->job.site, Deadline::after(homeTime), stop); });
    auto zone = std::async(std::launch::async, [&] {
        return scope == PlanScope::Vps ? ZoneSeen() : zoneOf(d->job, d->job.state.managedRecords, stop);
    });
    auto delegations = std::async(std::launch::async, [&] {
        return scope == PlanScope::Dns ? decltype(d->delegations)()
                                       : observeDelegations(d->job.site, Deadline::after(zoneTime), stop);
    });
    // The secret store answers one call at a time: secrets are fetched on this thread.
    d->vps.connect(stop);

    Observation seen;
    seen.home = home.get();
    seen.zone = d->zone = zone.get();
    d->delegations = delegations.get();
    if (scope != PlanScope::Dns)
        d->rendered = renderDeployment(d->job, seen.home, stop);
    d->vps.readFacts(d->rendered ? questionsOf(d->rendered->deployment) : FactsQuestions(), true, stop);
    seen.vps = d->vps.seen();
    if (const auto keys = d->keysOfVps())
        refuseForeignKeys(seen.home, *keys);
    if (stop.stop_requested())
        return cancelled();
    return seen;
}

Plan Engine::plan(const Observation &seen, PlanScope scope, bool replaceNewer, bool endsMove) const
{
    PlanInputs inputs{scope, d->job.state.managedRecords, sixgateVersion(), replaceNewer, d->delegations};
    if (d->rendered)
        inputs.deployment = d->rendered->deployment;
    else
        inputs.deployment = passOn(d->rendered);
    Plan plan = makePlan(d->job.site, seen, inputs);
    if (const auto ready = d->dns.prepare(plan.changes, {}); !ready)
        plan.withheld.push_back(
            {Texts::tr("DNS records"), ready.error().summary, ready.error().fix, true, ready.error().detail});
    if (const auto &left = d->job.state.leftVps; left && scope != PlanScope::Dns && !endsMove)
        plan.withheld.push_back({vpsLabel(left->vps), Texts::tr("Sixgate is still on that machine, which it left."),
                                 left->forgottenAt ? Texts::tr("Clean that machine: sixgatectl vps replace")
                                                   : Texts::tr("Go on with the move: sixgatectl vps replace"),
                                 false});
    return plan;
}

Plan Engine::rollbackPlan(const Observation &seen) const
{
    return leftToNewer(planRollback(d->job.site, seen.vps), d->job.site, seen.vps, sixgateVersion());
}

Plan Engine::removalPlan(const Observation &seen, const RemovalChoices &choices) const
{
    return leftToNewer(planRemoval(d->job.site, seen, d->job.state.managedRecords, choices), d->job.site, seen.vps,
                       sixgateVersion());
}

Outcome Engine::apply(const Plan &plan, const RunStops &stops)
{
    if (auto saved = d->rememberWhatWasSeen(); !saved)
        return saved;
    if (auto prepared = d->dns.prepare(plan.changes, stops.stop); !prepared)
        return prepared;
    auto done = d->carryOut(plan, stops);
    if (done || done.error().code != ErrorCode::Cancelled || d->deployed)
        return done;
    // After a failure the records stay: they lead to the home's present address, and the next run goes on from there.
    for (const QString &left : d->dns.undo())
        done.error().detail += QLatin1Char('\n') + left;
    return done;
}

const std::optional<LeftVps> &Engine::left() const
{
    return d->job.state.leftVps;
}

Outcome Engine::rememberLeft(std::optional<LeftVps> left)
{
    SiteState next = d->job.state;
    next.leftVps = std::move(left);
    return next == d->job.state ? Outcome() : d->job.save(std::move(next));
}

Result<CheckReport> Engine::check(std::stop_token stop, const std::set<PathKind> &kinds, bool monitor)
{
    if (!d->observed) {
        // A damaged state stops a change, but no look.
        if (auto state = loadState(d->job.site.name))
            d->job.state = std::move(*state);
    }
    const bool mayHeal = d->dns.oldTtl() > 0s || d->deployed;
    const Deadline until = Deadline::after(std::min(d->dns.oldTtl() + 10s, longestWait));
    // After a deployment there may be certificates that the facts of before do not know.
    bool freshFacts = d->deployed;
    bool told = false;
    Checking checking(
        d->job, d->vps, [this] { return d->keysOfVps(); }, monitor);
    while (!stop.stop_requested()) {
        if (!told)
            d->job.say(Texts::tr("Proving the four paths"));
        // While a path may still heal, it is told only at the end.
        const PathSink sink = mayHeal ? PathSink() : d->job.sinks.path;
        auto report = checking.run(kinds, sink, std::exchange(freshFacts, false), stop);
        if (!report || stop.stop_requested())
            break;
        const bool broken = std::any_of(report->paths.begin(), report->paths.end(),
                                        [](const PathReport &path) { return path.state == PathState::Broken; });
        if (!mayHeal || !broken || until.passed()) {
            if (d->deployed)
                checking.awaitRenewalTest(stop);
            checking.diagnoseInto(*report, stop);
            if (mayHeal && d->job.sinks.path) {
                for (const PathReport &path : report->paths)
                    d->job.sinks.path(path);
            }
            return report;
        }
        if (!told)
            d->job.say(Texts::tr("Waiting until resolvers have forgotten the old records: at most %1 s")
                           .arg(std::chrono::duration_cast<std::chrono::seconds>(until.left()).count()));
        told = true;
        if (!pauseFor(1s, stop))
            break;
    }
    return cancelled();
}

} // namespace sixgate
