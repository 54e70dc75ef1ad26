#include "decide/vpsacts.h"

#include "decide/deployment.h"
#include "decide/halves.h"

#include "decide/records.h"
#include "model/texts.h"

#include <algorithm>
#include <set>

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

bool hasValues(const ZoneSeen &zone, const RecordKey &key)
{
    const auto found = zone.records.find(key);
    return found != zone.records.end() && found->second && !found->second->values.empty();
}

/// Why an A record stays that this computer has not set; nothing where all its values are the VPS's addresses, so that
/// it would lead visitors to a machine that answers nobody.
std::optional<Error> whyItStays(const RecordSet &record, const Observation &seen, bool deployed)
{
    const auto stays = [](const QString &why, const QString &fix) { return Error{ErrorCode::Refused, why, {}, fix}; };
    const QString values = QStringList(record.values.begin(), record.values.end()).join(QStringLiteral(", "));
    const QString look = Texts::tr("Look whether it is still needed, and delete it in the zone by hand if not.");
    if (!seen.vps.ipv4)
        return stays(Texts::tr("It is not known whether it (%1) leads to the VPS. %2")
                         .arg(values, seen.vps.ipv4.error().summary),
                     look);
    const auto leadsHere = [&](const QString &value) {
        return std::any_of(seen.vps.ipv4->begin(), seen.vps.ipv4->end(),
                           [&](const Ipv4Address &address) { return address.text() == value; });
    };
    if (std::none_of(record.values.begin(), record.values.end(), leadsHere))
        return stays(Texts::tr("It leads elsewhere (%1).").arg(values), {});
    if (!std::all_of(record.values.begin(), record.values.end(), leadsHere))
        return stays(Texts::tr("It leads to the VPS, but elsewhere, too (%1).").arg(values), look);
    if (seen.zone.wildcards.contains(record.name))
        return stays(
            Texts::tr("A wildcard of the zone leads it to the VPS (%1), which Sixgate leaves alone.").arg(values),
            Texts::tr("Change the wildcard by hand where nobody is to come to the VPS any more."));
    if (!deployed)
        return stays(Texts::tr("It leads to the VPS (%1), but this computer has not set it, and Sixgate "
                               "has nothing there.")
                         .arg(values),
                     look);
    return std::nullopt;
}

/// The public names' A records that lead visitors to the VPS, whichever computer has set them.
void deleteRecords(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed, bool deployed,
                   Plan &plan)
{
    const auto ours = stillManaged(site, seen.zone, managed);
    std::set<Hostname> done;
    for (const Service &service : site.services) {
        for (const Hostname &publicName : service.publicNames) {
            const auto place = publicPlace(site, seen.zone, service, publicName);
            const bool followed = place && place->account;
            const Hostname name = followed ? place->name : publicName;
            if (!done.insert(name).second)
                continue;
            const RecordKey key{name, RecordType::A};
            const auto found = seen.zone.records.find(key);
            const DnsAccount *account = site.accountFor(name);
            const auto record =
                std::find_if(ours.begin(), ours.end(), [&](const ManagedRecord &one) { return one.key == key; });
            const auto leave = [&](const Error &why, bool blocking) {
                plan.withheld.push_back({recordText(key), why.summary, why.fix, blocking, why.detail});
            };
            if (!account || hasValues(seen.zone, {name, RecordType::CNAME})) {
                leave({ErrorCode::Refused,
                       account ? Texts::tr("%1 is an alias (CNAME).").arg(name.ascii())
                               : Texts::tr("No DNS account of the site file holds it."),
                       {},
                       Texts::tr("Where it leads to the VPS, delete it in the zone by hand.")},
                      false);
                continue;
            }
            if (found == seen.zone.records.end())
                continue;
            if (!found->second) {
                leave(found->second.error(), record != ours.end());
                continue;
            }
            const RecordSet &current = *found->second;
            if (current.values.empty())
                continue;
            if (record == ours.end() || current.values != record->values) {
                if (const auto why = whyItStays(current, seen, deployed)) {
                    leave(*why, false);
                    continue;
                }
            }
            if (const QString by = cannotDelete(*account, RecordType::A); !by.isEmpty()) {
                leave({ErrorCode::Refused,
                       Texts::tr("%1 has no way to delete it, and it leads to the VPS.").arg(by),
                       {},
                       Texts::tr("Delete it on the provider's pages.")},
                      false);
                continue;
            }
            const RecordSet wanted{name, RecordType::A, account->ttl, {}};
            Change change;
            change.id = QStringLiteral("dns.%1.a").arg(name.ascii());
            change.lane = Lane::Dns;
            change.verb = Verb::Delete;
            change.object = recordText(key);
            change.oldValue = QStringList(current.values.begin(), current.values.end()).join(QStringLiteral(", "));
            change.sentence =
                Texts::tr("Delete %1 (%2): nobody answers IPv4 visitors any more.").arg(change.object, change.oldValue);
            change.action = SetRecords{account->name, wanted, current};
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
            ? Texts::tr(" The %1 Debian packages that it installed stay.").arg(facts.installed.size())
            : Texts::tr(" The %1 Debian packages that it installed go, too, but for those that others need or "
                        "that somebody has asked apt for since.")
                  .arg(facts.installed.size());
    QStringList certificates;
    for (const auto &[lineage, renewal] : facts.renewals) {
        if (isSixgatesOwn(renewal))
            certificates << lineage;
    }
    return Texts::tr(
               "Take away from %1: Sixgate's site in Apache, /etc/sixgate with the ACME keys, ports that it opened in "
               "the firewall%4%2.%3 Logs stay.")
        .arg(vpsLabel(vps),
             certificates.isEmpty() ? QString()
                                    : Texts::tr(", and the certificates ") + certificates.join(QStringLiteral(", ")),
             packages,
             (facts.push.any ? Texts::tr(", the account and the service of the push") : QString()) +
                 (facts.alarm.any ? Texts::tr(", the alarm with its settings") : QString()) +
                 (facts.renewalTest.any ? Texts::tr(", the rehearsal of renewals") : QString()));
}

} // namespace

Plan planRollback(const Site &site, const VpsSeen &vps)
{
    Plan plan;
    const VpsFacts *facts = factsOf(site, vps, plan);
    if (!facts)
        return plan;
    if (facts->deployedId.isEmpty() || facts->previousId.isEmpty()) {
        plan.withheld.push_back({site.vps.front().host.ascii(),
                                 facts->deployedId.isEmpty()
                                     ? Texts::tr("Sixgate has not set anything up there.")
                                     : Texts::tr("There is no deployment before the current one."),
                                 Texts::tr("There is nothing to go back to; sixgatectl plan shows what the site file "
                                           "wants."),
                                 true});
        return plan;
    }
    Change change = vpsChange(
        QStringLiteral("vps.back"), Verb::Activate, QStringLiteral("release %1").arg(facts->previousId),
        Texts::tr("Check the deployment before the current one, make it current again by one rename, reload Apache, "
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
    const bool there = !facts->deployedId.isEmpty() || !facts->installed.empty() || facts->push.any ||
                       facts->alarm.any || std::any_of(facts->files.begin(), facts->files.end(), [](const auto &file) {
                           return !file.second.sha256.isEmpty();
                       });
    if (choices.records)
        deleteRecords(site, seen, managed, there, plan);
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

std::optional<OpenMove> openMove(const Vps &now, const std::optional<LeftVps> &left, const VpsSeen &seen)
{
    if (!left)
        return {};
    Vps used = now;
    // Where the file names addresses these count: the records may still be of before.
    if (now.addresses.empty()) {
        if (seen.ipv4)
            used.addresses.insert(used.addresses.end(), seen.ipv4->begin(), seen.ipv4->end());
        if (seen.ipv6)
            used.addresses.insert(used.addresses.end(), seen.ipv6->begin(), seen.ipv6->end());
    }
    if (mayBeSameMachine(left->vps, used))
        return {};
    OpenMove open{left->vps.addresses, {}};
    if (left->forgottenAt)
        open.forgottenAt = QDateTime::fromSecsSinceEpoch(*left->forgottenAt);
    return open;
}

Result<PresentedHostKey> oneMachine(const std::vector<KeyAt> &answers)
{
    const KeyAt *known = nullptr;
    for (const KeyAt &one : answers) {
        const QString where = ipText(one.address);
        if (!one.key && one.key.error().code == ErrorCode::Cancelled)
            return passOn(one.key);
        if (!one.key && std::holds_alternative<Ipv6Address>(one.address))
            continue;
        if (!one.key)
            return fail(one.key.error().code,
                        Texts::tr("No SSH server shows its host key at %1, where visitors would be led.").arg(where),
                        QStringLiteral("%1 %2").arg(one.key.error().summary, one.key.error().detail).trimmed(),
                        Texts::tr("See whether that is the new machine's IPv4 address, and whether its firewall "
                                  "lets SSH through there. Nothing was changed."));
        if (!known)
            known = &one;
        if (known->key->type != one.key->type || known->key->fingerprint != one.key->fingerprint)
            return fail(ErrorCode::HostKey,
                        Texts::tr("%1 and %2 present different host keys: they are not one machine.")
                            .arg(ipText(known->address), where),
                        QStringLiteral("%1: %2 %3\n%4: %5 %6")
                            .arg(ipText(known->address), known->key->type, known->key->fingerprint.text(), where,
                                 one.key->type, one.key->fingerprint.text()),
                        Texts::tr("Give the addresses of the new machine alone. Nothing was changed."));
    }
    if (!known)
        return fail(ErrorCode::NotFound, Texts::tr("No address of the new machine is known."), {},
                    Texts::tr("Name its addresses with --address."));
    return *known->key;
}

QStringList stillToRevoke(const Site &site)
{
    const Vps &vps = site.vps.front();
    const bool root = vps.user.text() == QLatin1String("root");
    QStringList left;
    left << Texts::tr("the TSIG keys: replace them at the DNS server and with sixgatectl secret set, then apply");
    if (vps.auth == SshAuth::Password || !root)
        left << Texts::tr("the password of %1 (for %2): change it with passwd on %3")
                    .arg(vps.user.text(),
                         vps.auth != SshAuth::Password ? QStringLiteral("sudo")
                         : root                        ? Texts::tr("the login")
                                                       : Texts::tr("the login and for sudo"),
                         vpsLabel(vps));
    if (!vps.pushKeys.empty())
        left << Texts::tr("a keeper's push key: take it out of \"pushKeys\" in the site file, then apply");
    if (site.alarm)
        left << Texts::tr("the alarm's secrets: replace the mail password and the webhooks' URLs where they come "
                          "from and with sixgatectl secret set, then apply");
    left << Texts::tr("SSH keys for other users of %1: Sixgate looks at those of %2 only")
                .arg(vpsLabel(vps), vps.user.text());
    return left;
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
