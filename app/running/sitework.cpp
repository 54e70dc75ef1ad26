#include "running/sitework.h"

#include "decide/vpsacts.h"
#include "engine/vpsaccess.h"
#include "engine/vpskeys.h"
#include "model/texts.h"
#include "observe/resolvers.h"
#include "observe/runs.h"
#include "storage/memory.h"
#include "storage/sitefile.h"

#include <chrono>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lockTime = 5s;
constexpr auto logTime = 40s;
constexpr auto resolverTime = 3s;
constexpr auto holdsFor = 60s; // a plan, while somebody reads it and no other Sixgate has worked on the site

DnsAround lookAround(const Label &site, const ZoneSeen &zone, const std::stop_token &stop)
{
    std::vector<RecordKey> keys;
    for (const auto &[key, seen] : zone.records) {
        if (seen && !seen->values.empty())
            keys.push_back(key);
    }
    DnsAround around;
    around.here = askResolversFor(keys, Deadline::after(resolverTime), stop);
    if (const auto memory = loadMemory(site))
        around.answers = memory->accounts;
    return around;
}

} // namespace

Outcome changeVps(const QString &siteFile, const Label &vps, const std::function<void(Vps &)> &change)
{
    auto site = loadSite(siteFile);
    if (!site)
        return passOn(site);
    if (site->vps.front().name != vps)
        return fail(ErrorCode::Moved, Texts::tr("%1 was changed meanwhile: its VPS is another one now.").arg(siteFile),
                    {}, Texts::tr("Look at it, then try again."));
    change(site->vps.front());
    return saveSite(siteFile, *site);
}

SiteWork::SiteWork(Site site, QString siteFile, SecretStore &secrets, JobTalk &talk, RunStops stops)
    : m_site(std::move(site)), m_siteFile(std::move(siteFile)), m_secrets(secrets), m_talk(talk),
      m_stops(std::move(stops))
{
}

Engine::Sinks SiteWork::sinks()
{
    Engine::Sinks to;
    to.activity = [this](const QString &text) { m_talk.activity(text); };
    to.step = [this](const QString &id, StepState state, const QString &text) { m_talk.step(id, state, text); };
    to.path = [this](const PathReport &path) { m_talk.path(path); };
    return to;
}

Outcome SiteWork::lock()
{
    if (m_lock)
        return {};
    auto taken = lockSite(m_site.name, Deadline::after(lockTime), m_stops.stop);
    if (!taken)
        return passOn(taken);
    m_lock = std::move(*taken);
    return {};
}

Result<bool> SiteWork::asked(const Plan &plan, const QString &warning)
{
    const auto before = loadState(m_site.name);
    const auto begun = std::chrono::steady_clock::now();
    // Who asks may get his answer tomorrow, and a keeper must be able to follow a change of the prefix until then.
    m_lock.reset();
    if (auto agreed = m_talk.agree(plan, warning, m_stops.stop); !agreed)
        return passOn(agreed);
    if (auto locked = lock(); !locked)
        return passOn(locked);
    const auto now = loadState(m_site.name);
    return before && now && *before == *now && std::chrono::steady_clock::now() - begun < holdsFor;
}

Result<JobEnd> SiteWork::carryOut(const Act &act)
{
    std::optional<Plan> agreedTo;
    while (true) {
        if (auto locked = lock(); !locked)
            return passOn(locked);
        Engine *working = nullptr;
        Engine::Sinks to = sinks();
        to.deployed = [&] { return act.deployed ? act.deployed(*working) : Outcome(); };
        Engine engine(act.site, m_secrets, std::move(to));
        working = &engine;
        const auto seen = engine.observe(act.looksAt, m_stops.stop);
        if (!seen)
            return passOn(seen);
        const auto plan = act.plan(engine, *seen);
        if (!plan)
            return passOn(plan);
        const bool known = agreedTo && samePlan(*agreedTo, *plan);
        if (!known)
            m_talk.planned(*plan, PlanPart::Main, act.nothing);
        JobEnd end;
        end.blocked = plan->blocked();
        if (end.blocked && !act.partly)
            return end;
        if (!known && (act.asksAlways || (act.asks && !plan->empty()))) {
            const auto holds = asked(*plan, act.warning);
            if (!holds)
                return passOn(holds);
            if (!*holds) {
                agreedTo = *plan;
                continue;
            }
        }
        Outcome done = engine.apply(*plan, m_stops);
        if (done && act.after)
            done = act.after(engine);
        m_talk.applied(done);
        if (!done)
            end.error = done.error();
        else if (act.checks)
            prove(engine, end);
        if (act.last)
            act.last(engine, end);
        return end;
    }
}

void SiteWork::prove(Engine &engine, JobEnd &end)
{
    auto report = engine.check(m_stops.stop);
    if (report) {
        m_talk.checked(*report);
        end.check = std::move(*report);
        return;
    }
    end.error = report.error().code == ErrorCode::Cancelled
                    ? Error{ErrorCode::Cancelled,
                            Texts::tr("All changes were made before the stop; the paths were not checked."),
                            {},
                            Texts::tr("Check them with: sixgatectl check")}
                    : report.error();
}

Result<JobEnd> SiteWork::run(const CheckOrder &order)
{
    Engine engine(m_site, m_secrets, sinks());
    auto report = engine.check(m_stops.stop, order.kinds);
    if (!report)
        return passOn(report);
    m_talk.checked(*report);
    JobEnd end;
    end.check = std::move(*report);
    return end;
}

Result<JobEnd> SiteWork::run(const LookOrder &order)
{
    Engine engine(m_site, m_secrets, sinks());
    auto seen = engine.observe(order.scope, m_stops.stop);
    if (!seen)
        return passOn(seen);
    const Plan plan = engine.plan(*seen, order.scope);
    m_talk.planned(plan, PlanPart::Main, {});
    JobEnd end;
    end.blocked = plan.blocked();
    end.dns = std::make_shared<const DnsAround>(lookAround(m_site.name, seen->zone, m_stops.stop));
    // What cannot be read a job says.
    if (const auto state = loadState(m_site.name))
        end.move = openMove(m_site.vps.front(), state->leftVps, seen->vps);
    end.seen = std::make_shared<const Observation>(std::move(*seen));
    return end;
}

Result<JobEnd> SiteWork::run(const RunsOrder &)
{
    const Vps &vps = m_site.vps.front();
    m_talk.activity(Texts::tr("Reading the logs of %1").arg(vpsLabel(vps)));
    const auto addresses = vpsAddressesOf(m_site, m_stops.stop);
    if (!addresses)
        return passOn(addresses);
    const auto host = vpsHost(vps, *addresses, m_secrets, m_stops.stop);
    if (!host)
        return passOn(host);
    const Deadline deadline = Deadline::after(logTime);
    if (auto connected = (*host)->connect(deadline, m_stops.stop); !connected)
        return passOn(connected);
    auto runs = observeRuns(**host, deadline, m_stops.stop);
    if (!runs)
        return passOn(runs);
    JobEnd end;
    end.runs = std::move(*runs);
    return end;
}

Result<JobEnd> SiteWork::run(const AlarmTestOrder &)
{
    m_talk.activity(Texts::tr("Sending a test on each channel"));
    auto tested = testAlarm(m_site, m_secrets, m_stops.stop);
    if (!tested)
        return passOn(tested);
    JobEnd end;
    end.alarm = std::move(*tested);
    return end;
}

Result<JobEnd> SiteWork::run(const ApplyOrder &order)
{
    Act act{m_site, order.scope, [&](Engine &engine, const Observation &seen) {
                return engine.plan(seen, order.scope, order.replaceNewer);
            }};
    act.partly = true;
    act.checks = order.check;
    return carryOut(act);
}

Result<JobEnd> SiteWork::run(const RollBackOrder &)
{
    // The step back may have been done by then, and a second one would undo it.
    m_stops.goOn = Texts::tr("When it has ended, \"sixgatectl plan\" tells: changes on the VPS mean that it went back; "
                             "else go on with: sixgatectl vps rollback.");
    Act act{m_site, PlanScope::Vps, [](Engine &engine, const Observation &seen) { return engine.rollbackPlan(seen); }};
    act.after = [this](Engine &) {
        m_talk.remark(Texts::tr("The site file still wants what was there before: the next apply goes there again."),
                      {});
        return Outcome();
    };
    return carryOut(act);
}

Result<JobEnd> SiteWork::run(const RemoveOrder &order)
{
    m_stops.goOn = Texts::tr("Go on with: sixgatectl vps remove (it waits for the run's end first).");
    Act act{m_site, PlanScope::All, [&](Engine &engine, const Observation &seen) -> Result<Plan> {
                // Visitors may still be led to the one, and Sixgate be on both.
                if (engine.left())
                    return fail(ErrorCode::Refused,
                                Texts::tr("A move from %1 is not finished.").arg(vpsLabel(engine.left()->vps)), {},
                                Texts::tr("Finish it first: sixgatectl vps replace"));
                return engine.removalPlan(seen, {order.keepPackages, true});
            }};
    act.checks = false;
    act.nothing = Texts::tr("Nothing to take away: Sixgate has nothing on %1.").arg(vpsLabel(m_site.vps.front()));
    return carryOut(act);
}

} // namespace sixgate
