#include "decide/vpsacts.h"

#include "decide/records.h"

#include <algorithm>

namespace sixgate
{

namespace
{

Change vpsChange(const QString &id, Verb verb, const QString &object, const QString &sentence, ChangeAction action)
{
    Change change;
    change.id = id;
    change.lane = Lane::Vps;
    change.verb = verb;
    change.object = object;
    change.sentence = sentence;
    change.action = std::move(action);
    return change;
}

/// The facts, or a plan that says why there are none.
const VpsFacts *factsOf(const Site &site, const VpsSeen &vps, Plan &plan)
{
    if (vps.facts)
        return &*vps.facts;
    const Error &why = vps.facts.error();
    plan.withheld.push_back({site.vps.front().host.ascii(), why.summary, why.fix, true, why.detail});
    return nullptr;
}

/// The A records that lead visitors to the VPS and that Sixgate has set.
void deleteRecords(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed, Plan &plan)
{
    const auto ours = stillManaged(site, seen.zone, managed);
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            const RecordKey key{name, RecordType::A};
            const auto record =
                std::find_if(ours.begin(), ours.end(), [&](const ManagedRecord &one) { return one.key == key; });
            const auto found = seen.zone.records.find(key);
            const DnsAccount *account = site.accountFor(name);
            if (record == ours.end() || found == seen.zone.records.end() || !account)
                continue;
            if (!found->second) {
                plan.withheld.push_back({recordText(key), found->second.error().summary, found->second.error().fix,
                                         true, found->second.error().detail});
                continue;
            }
            if (found->second->values != record->values)
                continue;
            const RecordSet wanted{name, RecordType::A, account->ttl, {}};
            Change change;
            change.id = QStringLiteral("dns.%1.a").arg(name.ascii());
            change.lane = Lane::Dns;
            change.verb = Verb::Delete;
            change.object = recordText(key);
            change.oldValue = QStringList(record->values.begin(), record->values.end()).join(QStringLiteral(", "));
            change.sentence = QStringLiteral("Delete %1 (%2): nobody answers IPv4 visitors any more.")
                                  .arg(change.object, change.oldValue);
            change.action = SetRecords{account->name, wanted, *found->second};
            plan.changes.push_back(std::move(change));
        }
    }
}

/// The names in lines of a page's width.
QString wrapped(const std::vector<QString> &names)
{
    constexpr qsizetype width = 96;
    QStringList lines{QString()};
    for (const QString &name : names) {
        if (lines.last().size() + name.size() > width)
            lines << QString();
        lines.last() += (lines.last().isEmpty() ? QString() : QStringLiteral(" ")) + name;
    }
    return lines.join(QLatin1Char('\n'));
}

QString whatGoes(const Vps &vps, const VpsFacts &facts, bool keepPackages)
{
    const QString packages =
        facts.installed.empty() ? QString()
        : keepPackages
            ? QStringLiteral(" The %1 Debian packages that it installed stay.").arg(facts.installed.size())
            : QStringLiteral(" The %1 Debian packages that it installed go, too, but for those that others need.")
                  .arg(facts.installed.size());
    QStringList certificates;
    for (const auto &[lineage, renewal] : facts.renewals) {
        if (renewal.credentialsPath.startsWith(QLatin1String("/etc/sixgate/acme/")))
            certificates << lineage;
    }
    return QStringLiteral(
               "Take away from %1: Sixgate's site in Apache, /etc/sixgate with the ACME keys, ports that it opened in "
               "the firewall%4%2.%3 Logs stay.")
        .arg(vpsLabel(vps),
             certificates.isEmpty()
                 ? QString()
                 : QStringLiteral(", and the certificates ") + certificates.join(QStringLiteral(", ")),
             packages,
             (facts.push.any ? QStringLiteral(", the account and the service of the push") : QString()) +
                 (facts.alarm.any ? QStringLiteral(", the alarm with its settings") : QString()));
}

} // namespace

Plan planRollback(const Site &site, const VpsSeen &vps)
{
    Plan plan;
    const VpsFacts *facts = factsOf(site, vps, plan);
    if (!facts)
        return plan;
    if (facts->deployedId.isEmpty() || facts->previousId.isEmpty()) {
        plan.withheld.push_back(
            {site.vps.front().host.ascii(),
             facts->deployedId.isEmpty() ? QStringLiteral("Sixgate has not set anything up there.")
                                         : QStringLiteral("There is no deployment before the current one."),
             QStringLiteral("There is nothing to go back to; sixgatectl plan shows what the site file "
                            "wants."),
             true});
        return plan;
    }
    Change change = vpsChange(
        QStringLiteral("vps.back"), Verb::Activate, QStringLiteral("release %1").arg(facts->previousId),
        QStringLiteral(
            "Check the deployment before the current one, make it current again by one rename, reload Apache, "
            "and look whether it answers. Names that were added since then are not served to IPv4 visitors."),
        GoBack{facts->previousId, facts->deployedId});
    change.oldValue = facts->deployedId;
    change.newValue = facts->previousId;
    plan.changes.push_back(std::move(change));
    return plan;
}

Plan planRemoval(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed,
                 const RemovalChoices &choices)
{
    Plan plan;
    const VpsFacts *facts = factsOf(site, seen.vps, plan);
    if (!facts)
        return plan;
    if (choices.records)
        deleteRecords(site, seen, managed, plan);
    const bool there = !facts->deployedId.isEmpty() || !facts->installed.empty() || facts->push.any ||
                       facts->alarm.any || std::any_of(facts->files.begin(), facts->files.end(), [](const auto &file) {
                           return !file.second.sha256.isEmpty();
                       });
    if (there) {
        plan.changes.push_back(vpsChange(QStringLiteral("vps.remove"), Verb::Delete, site.vps.front().host.ascii(),
                                         whatGoes(site.vps.front(), *facts, choices.keepPackages),
                                         RemoveAll{choices.keepPackages}));
        if (!choices.keepPackages)
            plan.changes.back().diff = wrapped(facts->installed);
    }
    return plan;
}

bool shareAnAddress(const Vps &one, const Vps &other)
{
    return std::any_of(one.addresses.begin(), one.addresses.end(), [&](const IpAddress &address) {
        return std::find(other.addresses.begin(), other.addresses.end(), address) != other.addresses.end();
    });
}

bool mayBeSameMachine(const Vps &one, const Vps &other)
{
    return shareAnAddress(one, other) ||
           std::any_of(one.hostKeys.begin(), one.hostKeys.end(), [&](const HostKeyPin &pin) {
               return std::any_of(other.hostKeys.begin(), other.hostKeys.end(),
                                  [&](const HostKeyPin &key) { return key.fingerprint == pin.fingerprint; });
           });
}

std::chrono::seconds longestStay(const Site &site, const ZoneSeen &zone)
{
    std::chrono::seconds longest{0};
    for (const auto &[key, records] : zone.records) {
        if (records && key.type == RecordType::A && key.name != site.vps.front().host)
            longest = std::max(longest, records->ttl);
    }
    return longest;
}

} // namespace sixgate
