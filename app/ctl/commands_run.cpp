#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/job.h"
#include "ctl/json.h"
#include "ctl/steps.h"
#include "engine/engine.h"
#include "storage/state.h"

#include <algorithm>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

namespace
{

/// Which secrets are missing: apply would stop at the first.
void addMissingSecrets(std::vector<Withheld> &withheld, SecretStore &store, const Site &site)
{
    const auto stored = store.list();
    if (!stored)
        return; // the first that is fetched says why
    for (const QString &name : secretsNeededBy(site)) {
        const QString fix = QStringLiteral("sixgatectl secret set %1").arg(name);
        const bool told = std::any_of(withheld.begin(), withheld.end(), [&](const Withheld &one) {
            return one.reason.contains(name) || one.fix.contains(fix);
        });
        if (!told && std::find(stored->begin(), stored->end(), name) == stored->end())
            withheld.push_back({name, QStringLiteral("The secret %1 is missing, and apply needs it.").arg(name),
                                QStringLiteral("Store it: %1").arg(fix), false});
    }
}

} // namespace

int runPlan(const Options &options, Output &output, std::stop_token stop)
{
    const auto job = begin(options, output, sinksFor(output), stop);
    if (!job)
        return notBegun(output, job.error(), options.words[0]);
    const auto seen = job->engine->observe(options.scope, stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), options.words[0]);
    Plan plan = job->engine->plan(*seen, options.scope, options.has("--replace-newer"));
    addMissingSecrets(plan.withheld, *job->secrets, job->engine->site());
    output.print(output.plan(plan, true));
    output.print(output.withheld(plan.withheld));
    QJsonObject out = document(options.words[0]);
    QJsonArray changes;
    for (const Change &change : plan.changes)
        changes.append(json(change));
    out[QStringLiteral("changes")] = changes;
    out[QStringLiteral("withheld")] = json(plan.withheld);
    output.document(out);
    return plan.blocked() ? Failed : !plan.empty() ? Differs : AllWell;
}

int runApply(const Options &options, Output &output, std::stop_token stop, std::stop_token detach)
{
    std::unique_ptr<Steps> steps;
    Engine::Sinks sinks = sinksFor(output);
    sinks.step = [&steps](const QString &id, StepState state, const QString &text) {
        if (steps)
            (*steps)(id, state, text);
    };
    const QString command = options.words[0];
    const auto job = begin(options, output, std::move(sinks), stop);
    if (!job)
        return notBegun(output, job.error(), command);
    const auto lock = lockSite(job->engine->site().name, Deadline::after(5s), stop);
    if (!lock)
        return giveUp(output, lock.error(), command);
    const auto seen = job->engine->observe(options.scope, stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command);
    const Plan plan = job->engine->plan(*seen, options.scope, options.has("--replace-newer"));
    steps = std::make_unique<Steps>(output, plan);
    output.print(plan.empty()
                     ? output.plan(plan, false)
                     : output.strong(QStringLiteral("Carrying out %1 %2\n")
                                         .arg(plan.changes.size())
                                         .arg(QLatin1String(plan.changes.size() == 1 ? "change" : "changes"))));
    const Outcome done = job->engine->apply(plan, {stop, detach});
    output.quiet();
    output.print(output.withheld(plan.withheld));

    QJsonObject out = document(command);
    out[QStringLiteral("changed")] = steps->changed();
    out[QStringLiteral("changes")] = steps->json();
    out[QStringLiteral("withheld")] = json(plan.withheld);
    out[QStringLiteral("error")] = json(done ? std::optional<Error>() : std::optional<Error>(done.error()));
    out[QStringLiteral("check")] = QJsonValue::Null;
    if (!done) {
        if (output.json())
            output.document(out);
        else
            output.error(done.error());
        return Failed;
    }
    if (options.has("--no-check")) {
        output.document(out);
        return plan.blocked() ? Failed : AllWell;
    }
    auto report = job->engine->check(stop);
    output.quiet();
    if (!report) {
        if (report.error().code == ErrorCode::Cancelled)
            report.error() = {ErrorCode::Cancelled,
                              QStringLiteral("All changes were made before the stop; the paths were not checked."),
                              {},
                              QStringLiteral("Check them with: sixgatectl check")};
        if (output.json()) {
            out[QStringLiteral("error")] = json(std::optional<Error>(report.error()));
            output.document(out);
        } else
            output.error(report.error());
        return Failed;
    }
    output.print(output.summary(*report));
    out[QStringLiteral("check")] = json(*report);
    output.document(out);
    return plan.blocked() ? Failed : exitOf(*report);
}

} // namespace sixgate::ctl
