#include "decide/plan.h"

#include "decide/halves.h"
#include "model/texts.h"

#include <QVersionNumber>

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

namespace sixgate
{

namespace
{

/// Challenges are led to the VPS name, by the home or by the zone: it must lead to the VPS before certificates are got
/// so.
bool isForChallenges(const Site &site, const Change &change)
{
    const auto *records = std::get_if<SetRecords>(&change.action);
    return records && !site.vps.empty() && records->wanted.name == site.vps.front().host &&
           std::any_of(site.services.begin(), site.services.end(),
                       [](const Service &service) { return service.challenge != Challenge::Dns; });
}

/// Visitors come by the public names' A records, people and programs by the VPS's own name.
bool leadsToVps(const Site &site, const Change &change)
{
    const auto *records = std::get_if<SetRecords>(&change.action);
    if (!records)
        return false;
    return (records->wanted.type == RecordType::A && !records->wanted.values.empty()) ||
           std::any_of(site.vps.begin(), site.vps.end(),
                       [&](const Vps &vps) { return vps.host == records->wanted.name; });
}

/// A name whose addresses only go together gets both before the VPS serves: without an A record it has no visitors over
/// IPv4 that would find nobody there. Its A record moves from `last` to its AAAA record in `first`.
void moveHalves(const Site &site, std::vector<Change> &last, std::vector<Change> &first)
{
    for (std::size_t i = 0; i < first.size(); ++i) {
        const auto *set = std::get_if<SetRecords>(&first[i].action);
        const auto account = std::find_if(site.dns.begin(), site.dns.end(),
                                          [&](const DnsAccount &one) { return set && one.name == set->account; });
        if (account == site.dns.end() || set->wanted.values.empty() || !setsTogether(*account))
            continue;
        const auto other = std::find_if(last.begin(), last.end(), [&](const Change &one) {
            const auto *half = std::get_if<SetRecords>(&one.action);
            return goTogether(site, first[i], one) && (half->expected.values.empty() || half->perhapsAbsent);
        });
        if (other == last.end())
            continue;
        first.insert(first.begin() + std::ptrdiff_t(i) + 1, std::move(*other));
        last.erase(other);
        ++i;
    }
}

/// Nothing where it was this version or an older one.
std::optional<Withheld> setUpByNewer(const QString &host, const VpsFacts &facts, const QString &version)
{
    if (QVersionNumber::fromString(facts.madeVersion) <= QVersionNumber::fromString(version))
        return {};
    return Withheld{host,
                    Texts::tr("What %1 runs was set up by a newer Sixgate (%2%3); this is %4.")
                        .arg(host, facts.madeVersion,
                             facts.madeBy.isEmpty() ? QString() : QStringLiteral(", ") + facts.madeBy, version),
                    Texts::tr("Update Sixgate on this computer. To replace it by what this version makes: "
                              "sixgatectl apply --replace-newer"),
                    true,
                    {}};
}

/// Names whose challenges are known to lead elsewhere: the authority would not find its way. Whether there are any.
bool withholdUndelegated(const std::vector<Change> &changes, const PlanInputs &inputs, std::vector<Withheld> &withheld)
{
    const std::size_t before = withheld.size();
    for (const Change &change : changes) {
        const auto *certificate = std::get_if<ObtainCertificate>(&change.action);
        if (!certificate || !certificate->delegatedTo)
            continue;
        for (const Hostname &name : certificate->names) {
            const auto seen = inputs.delegations.find(name);
            if (seen == inputs.delegations.end() || !seen->second || *seen->second)
                continue;
            withheld.push_back({change.object,
                                Texts::tr("The zone does not lead _acme-challenge.%1 to %2, so the certification "
                                          "authority would not find what proves the name.")
                                    .arg(name.ascii(), certificate->delegatedTo->ascii()),
                                Texts::tr("Enter this record where the zone is kept, once: _acme-challenge.%1. NS "
                                          "%2.")
                                    .arg(name.ascii(), certificate->delegatedTo->ascii()),
                                true,
                                {}});
        }
    }
    return withheld.size() > before;
}

/// False where the VPS cannot be made ready by this plan.
bool planVps(const Site &site, const Observation &seen, const PlanInputs &inputs, Plan &plan)
{
    if (site.vps.empty())
        return false;
    const QString host = site.vps.front().host.ascii();
    if (!seen.vps.facts) {
        const Error &why = seen.vps.facts.error();
        plan.withheld.push_back({host, why.summary, why.fix, true, why.detail});
        return false;
    }
    if (!inputs.deployment) {
        const Error &why = inputs.deployment.error();
        plan.withheld.push_back({host, why.summary, why.fix, true, why.detail});
        return false;
    }
    std::vector<Withheld> withheld;
    auto changes = planDeployment(site, *inputs.deployment, *seen.vps.facts, withheld);
    if (withholdUndelegated(changes, inputs, withheld))
        changes.clear();
    if (const auto newer = setUpByNewer(host, *seen.vps.facts, inputs.version);
        newer && !changes.empty() && !inputs.replaceNewer) {
        withheld.push_back(*newer);
        changes.clear();
    }
    const bool ready = std::none_of(withheld.begin(), withheld.end(), [](const Withheld &one) { return one.blocking; });
    std::move(changes.begin(), changes.end(), std::back_inserter(plan.changes));
    std::move(withheld.begin(), withheld.end(), std::back_inserter(plan.withheld));
    return ready;
}

} // namespace

Plan makePlan(const Site &site, const Observation &seen, const PlanInputs &inputs)
{
    Plan plan;
    std::vector<Change> last, handOver;
    const auto wishes = recordWishes(site, seen);
    if (inputs.scope != PlanScope::Vps) {
        auto records = planRecords(site, seen, inputs.managed, plan.withheld);
        withholdHalves(site, wishes, seen.zone, records, plan.withheld);
        for (Change &change : records)
            (isForChallenges(site, change) ? handOver
             : leadsToVps(site, change)    ? last
                                           : plan.changes)
                .push_back(std::move(change));
    }
    Plan vps;
    const bool ready = inputs.scope == PlanScope::Dns ? seen.vps.facts && !seen.vps.facts->deployedId.isEmpty()
                                                      : planVps(site, seen, inputs, vps);
    if (ready)
        moveHalves(site, last, plan.changes);
    else
        withholdHalves(site, wishes, seen.zone, plan.changes, plan.withheld);
    const auto beforeVps = std::ptrdiff_t(plan.changes.size());
    std::move(vps.changes.begin(), vps.changes.end(), std::back_inserter(plan.changes));
    std::move(vps.withheld.begin(), vps.withheld.end(), std::back_inserter(plan.withheld));
    if (ready) {
        plan.changes.insert(plan.changes.begin() + beforeVps, handOver.begin(), handOver.end());
    } else {
        last.insert(last.begin(), handOver.begin(), handOver.end());
        for (const Change &change : last)
            plan.withheld.push_back({change.object, Texts::tr("The VPS is not ready for visitors yet."), {}, false});
        last.clear();
    }
    std::move(last.begin(), last.end(), std::back_inserter(plan.changes));
    return plan;
}

Plan leftToNewer(Plan plan, const Site &site, const VpsSeen &vps, const QString &version)
{
    if (plan.changes.empty() || !vps.facts)
        return plan;
    if (const auto newer = setUpByNewer(site.vps.front().host.ascii(), *vps.facts, version)) {
        plan.withheld.push_back(*newer);
        plan.changes.clear();
    }
    return plan;
}

bool samePlan(const Plan &one, const Plan &other)
{
    const auto sameChange = [](const Change &a, const Change &b) {
        return std::tie(a.id, a.lane, a.verb, a.object, a.oldValue, a.newValue, a.oldHash, a.sentence, a.diff) ==
               std::tie(b.id, b.lane, b.verb, b.object, b.oldValue, b.newValue, b.oldHash, b.sentence, b.diff);
    };
    const auto sameWithheld = [](const Withheld &a, const Withheld &b) {
        return std::tie(a.object, a.reason, a.blocking) == std::tie(b.object, b.reason, b.blocking);
    };
    return std::ranges::equal(one.changes, other.changes, sameChange) &&
           std::ranges::equal(one.withheld, other.withheld, sameWithheld);
}

} // namespace sixgate
