#include "ctl/commands.h"
#include "ctl/consoletalk.h"
#include "ctl/input.h"
#include "ctl/job.h"
#include "ctl/json.h"
#include "running/sitework.h"

namespace sixgate::ctl
{

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
    const QString command = options.words[0];
    if (auto fits = noMoreWords(options, 1); !fits)
        return giveUp(output, fits.error(), command);
    auto site = siteOf(options);
    if (!site)
        return notBegun(output, {site.error(), BadInput}, command);
    auto secrets = openSecrets(options, site->name, output, stop);
    if (!secrets)
        return giveUp(output, secrets.error(), command);
    ConsoleTalk talk(options, output);
    SiteWork work(std::move(*site), options.siteFile, **secrets, talk, {stop, detach});
    return talk.ended(work.run(ApplyOrder{options.scope, options.has("--replace-newer"), !options.has("--no-check")}),
                      command);
}

} // namespace sixgate::ctl
