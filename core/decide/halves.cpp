#include "decide/halves.h"

#include "decide/providercalls.h"
#include "model/provider.h"
#include "model/texts.h"

#include <algorithm>
#include <optional>

namespace sixgate
{

namespace
{

struct Update {
    QString title; ///< for a sentence
    TemplateUpdate rules;
};

/// How addresses are set by a call; nothing where each record goes by itself.
std::optional<Update> updateOf(const DnsAccount &account)
{
    const ProviderAccess *access = account.provider();
    if (!access || !access->definition)
        return std::nullopt;
    const auto definition = definitionOf(*access);
    if (!definition || definition->addresses != ProviderWay::Template || !definition->update)
        return std::nullopt;
    return Update{definition->customUrl ? Texts::tr("The URL of the account %1").arg(account.name.text())
                                        : definition->title,
                  *definition->update};
}

const FamilyRule &ruleOf(const TemplateUpdate &rules, RecordType type)
{
    return type == RecordType::A ? rules.v4 : rules.v6;
}

RecordType otherType(RecordType type)
{
    return type == RecordType::A ? RecordType::AAAA : RecordType::A;
}

const DnsAccount *accountOf(const Site &site, const SetRecords &set)
{
    const auto found =
        std::find_if(site.dns.begin(), site.dns.end(), [&](const DnsAccount &one) { return one.name == set.account; });
    return found == site.dns.end() ? nullptr : &*found;
}

} // namespace

QString cannotDelete(const DnsAccount &account, RecordType type)
{
    const auto update = updateOf(account);
    if (!update)
        return {};
    const FamilyRule &rule = ruleOf(update->rules, type);
    return rule.erase || rule.omitted == FamilyRule::Omitted::Deleted ? QString() : update->title;
}

bool deletesWhole(const DnsAccount &account)
{
    const auto update = updateOf(account);
    return update && !update->rules.eraseAll.isEmpty();
}

bool setsTogether(const DnsAccount &account)
{
    const auto update = updateOf(account);
    if (!update || update->rules.separate || !update->rules.v4.offered || !update->rules.v6.offered)
        return false;
    return !update->rules.v4.canKeep() || !update->rules.v6.canKeep();
}

const Change *otherHalf(const Site &site, const Change &change, const std::vector<Change> &changes)
{
    const auto found =
        std::find_if(changes.begin(), changes.end(), [&](const Change &one) { return goTogether(site, change, one); });
    return found == changes.end() ? nullptr : &*found;
}

bool goTogether(const Site &site, const Change &one, const Change &other)
{
    const auto *a = std::get_if<SetRecords>(&one.action);
    const auto *b = std::get_if<SetRecords>(&other.action);
    if (!a || !b || a->account != b->account || a->wanted.name != b->wanted.name || a->wanted.type == b->wanted.type)
        return false;
    const DnsAccount *account = accountOf(site, *a);
    return account && updateOf(*account);
}

void withholdHalves(const Site &site, const std::vector<RecordWish> &wishes, const ZoneSeen &zone,
                    std::vector<Change> &changes, std::vector<Withheld> &withheld)
{
    std::vector<Change> kept;
    for (const Change &change : changes) {
        const auto *set = std::get_if<SetRecords>(&change.action);
        const DnsAccount *account = set ? accountOf(site, *set) : nullptr;
        // One that is there follows the prefix all the same: visitors of the other one have nothing to lose.
        const bool isNew = set && (set->expected.values.empty() || set->perhapsAbsent || set->renew);
        if (!account || set->wanted.values.empty() || !isNew || !setsTogether(*account)) {
            kept.push_back(change);
            continue;
        }
        const RecordKey other{set->wanted.name, otherType(set->wanted.type)};
        const auto found = zone.records.find(other);
        // What a wildcard answers goes with the first record of the name's own.
        const bool isThere = found != zone.records.end() && found->second && !found->second->values.empty() &&
                             !zone.wildcards.contains(other.name);
        const auto wish =
            std::find_if(wishes.begin(), wishes.end(), [&](const RecordWish &one) { return one.key == other; });
        const bool isWished = wish != wishes.end() && (!wish->values || !wish->values->empty());
        if (isThere || !isWished || otherHalf(site, change, changes)) {
            kept.push_back(change);
            continue;
        }
        withheld.push_back(
            {change.object,
             Texts::tr("%1 may fill in another address as %2 where %3 is set alone; both wait until both can be "
                       "set.")
                 .arg(updateOf(*account)->title, recordText(other), recordTypeName(set->wanted.type)),
             {},
             false,
             {}});
    }
    changes = std::move(kept);
}

} // namespace sixgate
