#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/steps.h"
#include "engine/engine.h"
#include "storage/state.h"

#include <algorithm>

namespace sixgate::ctl
{

namespace
{

using namespace std::chrono_literals;

/// What plan, apply and check begin with.
struct Job {
    std::unique_ptr<SecretStore> secrets;
    std::unique_ptr<Engine> engine;
};

tl::expected<Job, int> begin(const Options &options, Output &output, Engine::Sinks sinks, std::stop_token stop)
{
    const QString command = options.words[0];
    if (auto fits = noMoreWords(options, 1); !fits)
        return tl::unexpected<int>(giveUp(output, fits.error(), command));
    auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return tl::unexpected<int>(BadInput);
    }
    Job job;
    auto store = openSecrets(options, site->name, output, stop);
    if (!store)
        return tl::unexpected<int>(giveUp(output, store.error(), command));
    job.secrets = std::move(*store);
    job.engine = std::make_unique<Engine>(std::move(*site), *job.secrets, std::move(sinks));
    return job;
}

Engine::Sinks sinksFor(Output &output)
{
    Engine::Sinks to;
    to.activity = [&output](const QString &text) { output.activity(text); };
    to.path = [&output](const PathReport &path) { output.print(output.path(path)); };
    return to;
}

/// Well only where every path was proven: one that could not be checked may be broken, too.
int exitOf(const CheckReport &report)
{
    return report.allWork() ? AllWell : Differs;
}

} // namespace

int runPlan(const Options &options, Output &output, std::stop_token stop)
{
    const auto job = begin(options, output, sinksFor(output), stop);
    if (!job)
        return job.error();
    const auto seen = job->engine->observe(options.scope, stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), options.words[0]);
    const Plan plan = job->engine->plan(*seen, options.scope, options.has("--replace-newer"));
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
    const auto job = begin(options, output, std::move(sinks), stop);
    if (!job)
        return job.error();
    const QString command = options.words[0];
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

int runCheck(const Options &options, Output &output, std::stop_token stop)
{
    const auto job = begin(options, output, sinksFor(output), stop);
    if (!job)
        return job.error();
    const auto report = job->engine->check(stop);
    output.quiet();
    if (!report)
        return giveUp(output, report.error(), options.words[0]);
    output.print(output.summary(*report));
    QJsonObject out = document(options.words[0]);
    const QJsonObject body = json(*report);
    for (auto one = body.begin(); one != body.end(); ++one)
        out[one.key()] = one.value();
    output.document(out);
    return exitOf(*report);
}

} // namespace sixgate::ctl
