#include "decide/records.h"

#include "decide/halves.h"
#include "decide/providercalls.h"
#include "decide/providerrules.h"
#include "model/aliases.h"
#include "model/provider.h"
#include "model/texts.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace sixgate
{

namespace
{

constexpr std::array bothTypes{RecordType::A, RecordType::AAAA};

QString joined(const std::vector<QString> &values)
{
    QStringList list(values.begin(), values.end());
    return list.join(QStringLiteral(", "));
}

QString objectOf(const RecordKey &key)
{
    return key.name.ascii() + QLatin1Char(' ') + recordTypeName(key.type);
}

template <class Address>
std::vector<QString> texts(const std::vector<Address> &addresses)
{
    std::vector<QString> out;
    for (const Address &address : addresses)
        out.push_back(address.text());
    std::sort(out.begin(), out.end());
    return out;
}

Known<std::vector<QString>> vpsIpv4(const Site &site, const Observation &seen)
{
    if (!seen.vps.ipv4)
        return passOn(seen.vps.ipv4);
    const QString host = site.vps.empty() ? QString() : site.vps.front().host.ascii();
    if (seen.vps.ipv4->empty())
        return fail(ErrorCode::NotFound, Texts::tr("The VPS name %1 has no A record.").arg(host), {},
                    Texts::tr("Give %1 an A record with the VPS's IPv4 address.").arg(host));
    for (const Ipv4Address &address : *seen.vps.ipv4) {
        if (!address.isGlobal())
            return fail(ErrorCode::Invalid,
                        Texts::tr("The VPS name %1 points to %2, which cannot be reached from the internet.")
                            .arg(host, address.text()),
                        {}, Texts::tr("Correct the A record of %1.").arg(host));
    }
    return texts(*seen.vps.ipv4);
}

Known<std::vector<QString>> homeIpv6(const Observation &seen, const Label &server)
{
    for (size_t i = 0; i < seen.home.servers.size(); ++i) {
        const ServerSeen &one = seen.home.servers[i];
        if (one.server != server)
            continue;
        if (!one.proven)
            return passOn(one.proven);
        // The VPS's own address at home would make the proxy call itself.
        if (seen.vps.ipv6 &&
            std::find(seen.vps.ipv6->begin(), seen.vps.ipv6->end(), *one.proven) != seen.vps.ipv6->end())
            return fail(ErrorCode::Invalid, Texts::tr("The address of %1 is the VPS's own address.").arg(server.text()),
                        {},
                        Texts::tr("Correct the AAAA record of the VPS name, or where the server's address comes "
                                  "from in the site file."));
        return std::vector<QString>{one.proven->text()};
    }
    return fail(ErrorCode::NotFound, Texts::tr("The server %1 was not looked for.").arg(server.text()));
}

Change recordChange(const RecordWish &wish, const RecordSet &current)
{
    const RecordSet wanted{wish.key.name, wish.key.type, wish.ttl, *wish.values};
    Change change;
    change.lane = Lane::Dns;
    change.verb = wanted.values.empty() ? Verb::Delete : current.values.empty() ? Verb::Create : Verb::Update;
    change.object = objectOf(wish.key);
    change.id = QStringLiteral("dns.%1.%2").arg(wish.key.name.ascii(), recordTypeName(wish.key.type).toLower());
    change.oldValue = joined(current.values);
    change.newValue = joined(wanted.values);
    if (change.verb == Verb::Delete)
        change.sentence = Texts::tr("Delete %1 (%2): %3.").arg(change.object, change.oldValue, wish.purpose);
    else if (change.verb == Verb::Create)
        change.sentence = Texts::tr("Set %1 to %2: %3.").arg(change.object, change.newValue, wish.purpose);
    else if (current.values == wanted.values)
        change.sentence = Texts::tr("Set the time to live of %1 to %2 s (was %3 s).")
                              .arg(change.object)
                              .arg(wanted.ttl.count())
                              .arg(current.ttl.count());
    else
        change.sentence = Texts::tr("Change %1 from %2 to %3: %4.")
                              .arg(change.object, change.oldValue, change.newValue, wish.purpose);
    change.action = SetRecords{wish.account, wanted, current};
    return change;
}

/// What the zone has of a wish's RRset; an error where that is not known.
Known<RecordSet> currentOf(const RecordWish &wish, const ZoneSeen &zone)
{
    const auto found = zone.records.find(wish.key);
    return found == zone.records.end() ? fail(ErrorCode::NotFound, Texts::tr("The zone was not asked for it."))
                                       : found->second;
}

bool isFulfilled(const RecordWish &wish, const RecordSet &current)
{
    return current.values == *wish.values && (wish.values->empty() || wish.anyTtl || current.ttl == wish.ttl);
}

/// The names that a wildcard answers for, but not as wished: they need records of their own, and all of them, since the
/// wildcard ends to cover the name with the first one.
std::set<Hostname> namesToUncover(const std::vector<RecordWish> &wishes, const ZoneSeen &zone)
{
    std::set<Hostname> names;
    for (const RecordWish &wish : wishes) {
        if (!wish.values || !zone.wildcards.contains(wish.key.name))
            continue;
        const auto current = currentOf(wish, zone);
        if (current && !isFulfilled(wish, *current))
            names.insert(wish.key.name);
    }
    return names;
}

Error notDeleted(const RecordKey &key, const RecordSet &current, const QString &by)
{
    return {ErrorCode::Refused,
            Texts::tr("%1 has no way to delete %2 (%3).").arg(by, objectOf(key), joined(current.values)),
            {},
            Texts::tr("Delete it on the provider's pages.")};
}

std::optional<Change> planRecord(const Site &site, const RecordWish &wish, const ZoneSeen &zone,
                                 const std::set<Hostname> &uncovered, std::vector<Withheld> &withheld)
{
    const auto leave = [&](const Error &why, bool blocking) {
        withheld.push_back({objectOf(wish.key), why.summary, why.fix, blocking, why.detail});
        return std::nullopt;
    };
    if (!wish.values)
        return leave(wish.values.error(), true);
    const bool uncover = uncovered.contains(wish.key.name);
    const auto alias = zone.records.find(RecordKey{wish.key.name, RecordType::CNAME});
    if (!uncover && alias != zone.records.end() && alias->second && !alias->second->values.empty())
        return leave({ErrorCode::Refused,
                      Texts::tr("%1 is an alias (CNAME) of %2, so it can have no addresses of its own.")
                          .arg(wish.key.name.ascii(), joined(alias->second->values)),
                      {},
                      Texts::tr("Remove the CNAME record, or use another name in the site file.")},
                     true);
    const auto current = currentOf(wish, zone);
    if (!current)
        return leave(current.error(), true);
    if (!wish.takesOne.isEmpty() && wish.values->size() > 1 && !isFulfilled(wish, *current))
        return leave({ErrorCode::Refused,
                      Texts::tr("%1 takes one address of a kind for a name, and %2 is to have %3: %4.")
                          .arg(wish.takesOne, objectOf(wish.key))
                          .arg(wish.values->size())
                          .arg(joined(*wish.values)),
                      {},
                      Texts::tr("Give the VPS name one address of this kind (in \"addresses\" of the VPS, or in its "
                                "zone), or keep this name in an account by RFC 2136.")},
                     true);
    if (wish.watched) {
        if (current->values == *wish.values)
            return std::nullopt;
        return leave({ErrorCode::Refused,
                      Texts::tr("%1 is kept by something else (the account %2 is only watched), and is %3 where it "
                                "should be %4.")
                          .arg(objectOf(wish.key), wish.account.text(),
                               current->values.empty() ? QStringLiteral("absent") : joined(current->values),
                               wish.values->empty() ? QStringLiteral("absent") : joined(*wish.values)),
                      {},
                      Texts::tr("Correct it where it is set: in the router or the program that keeps it.")},
                     true);
    }
    if (!wish.notSetBy.isEmpty() && current->values != *wish.values)
        return leave({ErrorCode::Refused,
                      Texts::tr("%1 sets no %2 record, and nobody else keeps %3: it is %4 and should be %5.")
                          .arg(wish.notSetBy, recordTypeName(wish.key.type), objectOf(wish.key),
                               current->values.empty() ? QStringLiteral("absent") : joined(current->values),
                               wish.values->empty() ? QStringLiteral("absent") : joined(*wish.values)),
                      {},
                      wish.values->empty()
                          ? Texts::tr("Delete it on the provider's pages.")
                          : Texts::tr("Set it once on the provider's pages, and see with \"sixgatectl check\" that "
                                      "it stays there when the other address is set.")},
                     true);
    if (!uncover) {
        if (isFulfilled(wish, *current))
            return std::nullopt;
        const DnsAccount *account = wish.values->empty() ? site.accountFor(wish.key.name) : nullptr;
        if (const QString by = account ? cannotDelete(*account, wish.key.type) : QString(); !by.isEmpty())
            return leave(notDeleted(wish.key, *current, by), false);
        return recordChange(wish, *current);
    }
    if (wish.values->empty())
        return std::nullopt; // goes with the wildcard
    Change change = recordChange(wish, {wish.key.name, wish.key.type, current->ttl, {}});
    auto &action = std::get<SetRecords>(change.action);
    action.expected.values = current->values;
    action.perhapsAbsent = true;
    return change;
}

bool standsThere(const ZoneSeen &zone, const RecordKey &key, const std::vector<QString> &values)
{
    const auto found = zone.records.find(key);
    return found != zone.records.end() && found->second && found->second->values == values;
}

tl::unexpected<Error> keptElsewhere(const Hostname &name, const Hostname &end)
{
    return fail(ErrorCode::Refused,
                Texts::tr("%1 is an alias (CNAME) of %2, which no DNS account of the site file reaches, and which "
                          "has other addresses.")
                    .arg(name.ascii(), end.ascii()),
                {},
                Texts::tr("Add an account for the zone of %1 to \"dns\" in the site file (\"kind\": \"watched\" where "
                          "something else keeps it), or remove the CNAME record of %2.")
                    .arg(end.ascii(), name.ascii()));
}

tl::unexpected<Error> leadsWrong(const Hostname &name, const Hostname &end, const QString &why)
{
    return fail(ErrorCode::Refused, Texts::tr("%1 is an alias (CNAME) of %2, %3.").arg(name.ascii(), end.ascii(), why),
                {}, Texts::tr("Remove the CNAME record of %1, or let it lead to a name of its own.").arg(name.ascii()));
}

/// Where a name's CNAME records lead; itself where that does not matter or is not known.
Hostname endOf(const ZoneSeen &zone, const Hostname &name)
{
    if (zone.wildcards.contains(name))
        return name;
    const auto chain = followAliases(zone, name);
    return chain ? chain->end : name;
}

/// Some public name may lead to a name that is not known now.
bool someEndIsUnknown(const Site &site, const ZoneSeen &zone)
{
    return std::any_of(site.services.begin(), site.services.end(), [&](const Service &service) {
        return std::any_of(service.publicNames.begin(), service.publicNames.end(),
                           [&](const Hostname &name) { return !followAliases(zone, name); });
    });
}

/// The VPS's name and the DNS servers' names: whoever set records there, Sixgate deletes none.
bool isSomebodys(const Site &site, const Hostname &name)
{
    return std::any_of(site.vps.begin(), site.vps.end(), [&](const Vps &vps) { return vps.host == name; }) ||
           std::any_of(site.dns.begin(), site.dns.end(), [&](const DnsAccount &account) {
               const UpdateAccess *access = account.update();
               const auto *host = access ? std::get_if<Hostname>(&access->server) : nullptr;
               return host && *host == name;
           });
}

} // namespace

Result<PublicPlace> publicPlace(const Site &site, const ZoneSeen &zone, const Service &service,
                                const Hostname &publicName)
{
    const PublicPlace own{publicName, site.accountFor(publicName)};
    if (zone.wildcards.contains(publicName))
        return own;
    const auto chain = followAliases(zone, publicName);
    if (!chain) {
        Error why = chain.error();
        if (why.code == ErrorCode::Protocol || why.code == ErrorCode::Invalid)
            why.code = ErrorCode::Refused;
        return tl::unexpected<Error>(std::move(why));
    }
    if (chain->aliases.empty())
        return own;
    const Hostname &end = chain->end;
    if (std::any_of(site.vps.begin(), site.vps.end(), [&](const Vps &vps) { return vps.host == end; }))
        return leadsWrong(publicName, end,
                          Texts::tr("the VPS name: visitors over IPv6 would come to the VPS, not to the home"));
    if (isSomebodys(site, end))
        return leadsWrong(publicName, end, Texts::tr("a DNS server's own name, which Sixgate does not change"));
    for (const Service &other : site.services) {
        if (other.upstreamName == end)
            return leadsWrong(publicName, end,
                              Texts::tr("an upstream name, which must have no A record: visitors over IPv4 would "
                                        "find nothing"));
        if (other.server == service.server)
            continue;
        for (const Hostname &name : other.publicNames) {
            if (endOf(zone, name) == end)
                return leadsWrong(publicName, end,
                                  Texts::tr("to which %1 leads as well, a name of the service %2 at another server")
                                      .arg(name.ascii(), other.name.text()));
        }
    }
    return PublicPlace{end, site.accountFor(end)};
}

std::vector<RecordWish> recordWishes(const Site &site, const Observation &seen)
{
    std::vector<RecordWish> wishes;
    std::map<RecordKey, std::size_t> known;
    const auto add = [&](const Hostname &name, RecordType type, Known<std::vector<QString>> values,
                         const QString &purpose) {
        const DnsAccount *account = site.accountFor(name);
        if (!account || !known.emplace(RecordKey{name, type}, wishes.size()).second)
            return;
        RecordWish wish{RecordKey{name, type}, account->name, std::move(values), account->ttl, purpose};
        wish.watched = account->watched();
        if (const ProviderAccess *access = account->provider(); access && access->definition) {
            wish.anyTtl = !setsTtl(*access->definition); // else what it makes of it is its own
            wish.takesOne = access->definition->title;
            if (const auto definition = definitionOf(*access); definition && definition->update) {
                const FamilyRule &rule = type == RecordType::A ? definition->update->v4 : definition->update->v6;
                if (definition->addresses == ProviderWay::Template && !rule.offered)
                    wish.notSetBy = definition->customUrl
                                        ? Texts::tr("The URL of the account %1").arg(account->name.text())
                                        : definition->title;
            }
            wish.ttl = std::clamp(wish.ttl, access->definition->leastTtl, access->definition->mostTtl);
        }
        wishes.push_back(std::move(wish));
    };
    const auto ipv4 = vpsIpv4(site, seen);
    std::map<Label, Known<std::vector<QString>>> ipv6;
    for (const HomeServer &server : site.servers)
        ipv6.emplace(server.name, homeIpv6(seen, server.name));

    for (const Vps &vps : site.vps) {
        if (vps.addresses.empty() || !seen.vps.ipv4 || !seen.vps.ipv6)
            continue;
        const QString purpose = Texts::tr("the VPS is found by it");
        add(vps.host, RecordType::A, ipv4, purpose);
        add(vps.host, RecordType::AAAA, texts(*seen.vps.ipv6),
            seen.vps.ipv6->empty() ? Texts::tr("the site file gives the VPS no IPv6 address") : purpose);
    }
    for (const Service &service : site.services) {
        const auto &home = ipv6.at(service.server);
        add(service.upstreamName, RecordType::AAAA, home, Texts::tr("the VPS finds the home server by it"));
        add(service.upstreamName, RecordType::A, std::vector<QString>{},
            Texts::tr("with an A record the proxy would call itself"));
        for (const Hostname &name : service.publicNames) {
            const auto place = publicPlace(site, seen.zone, service, name);
            const auto addPublic = [&](RecordType type, const Known<std::vector<QString>> &values,
                                       const QString &purpose) {
                if (!place) {
                    add(name, type, passOn(place), purpose);
                } else if (place->name == name) {
                    add(name, type, values, purpose);
                } else if (place->account) {
                    add(place->name, type, values, Texts::tr("%1 (%2 is an alias of it)").arg(purpose, name.ascii()));
                    wishes[known.at({place->name, type})].aliases.push_back(name);
                } else if (!values || !standsThere(seen.zone, {place->name, type}, *values)) {
                    add(name, type, keptElsewhere(name, place->name), purpose);
                }
            };
            addPublic(RecordType::AAAA, home, Texts::tr("IPv6 visitors reach the home server directly"));
            addPublic(RecordType::A, ipv4, Texts::tr("IPv4 visitors reach the VPS"));
        }
    }
    return wishes;
}

std::vector<RecordKey> recordKeysToObserve(const Site &site, const std::vector<ManagedRecord> &managed)
{
    std::set<RecordKey> keys;
    for (const ManagedRecord &record : managed)
        keys.insert(record.key);
    const auto add = [&](const Hostname &name) {
        for (RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME})
            keys.insert(RecordKey{name, type});
    };
    for (const Vps &vps : site.vps) {
        if (!vps.addresses.empty())
            add(vps.host);
    }
    for (const Service &service : site.services) {
        add(service.upstreamName);
        for (const Hostname &name : service.publicNames)
            add(name);
    }
    return {keys.begin(), keys.end()};
}

std::vector<Change> planRecords(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed,
                                std::vector<Withheld> &withheld)
{
    std::vector<Change> changes;
    const auto wishes = recordWishes(site, seen);
    const std::set<Hostname> uncovered = namesToUncover(wishes, seen.zone);
    std::set<RecordKey> wished;
    for (const RecordWish &wish : wishes) {
        wished.insert(wish.key);
        if (auto change = planRecord(site, wish, seen.zone, uncovered, withheld))
            changes.push_back(std::move(*change));
    }
    // Where a public name leads to is not known, its end may be among these.
    const bool unsure = someEndIsUnknown(site, seen.zone);
    // Some providers delete all of a name at once, and nothing less.
    const auto goesWhole = [&](const Hostname &name) {
        const DnsAccount *account = site.accountFor(name);
        return account && deletesWhole(*account) &&
               std::all_of(bothTypes.begin(), bothTypes.end(), [&](RecordType type) {
                   const RecordKey key{name, type};
                   const auto found = seen.zone.records.find(key);
                   if (wished.contains(key) || found == seen.zone.records.end() || !found->second)
                       return false;
                   const auto &values = found->second->values;
                   return values.empty() ||
                          std::find(managed.begin(), managed.end(), ManagedRecord{key, values}) != managed.end();
               });
    };
    for (const ManagedRecord &record : stillManaged(site, seen.zone, managed)) {
        const RecordKey &key = record.key;
        if (unsure || wished.contains(key) || isSomebodys(site, key.name) || seen.zone.wildcards.contains(key.name))
            continue;
        const DnsAccount *account = site.accountFor(key.name);
        const auto found = seen.zone.records.find(key);
        if (!account || account->watched() || found == seen.zone.records.end() || !found->second ||
            found->second->values != record.values)
            continue;
        if (const QString by = cannotDelete(*account, key.type); !by.isEmpty() && !goesWhole(key.name)) {
            const Error why = notDeleted(key, *found->second, by);
            withheld.push_back({objectOf(key), why.summary, why.fix, false, {}});
            continue;
        }
        changes.push_back(recordChange(
            {key, account->name, std::vector<QString>{}, account->ttl, Texts::tr("it is no longer in the site file")},
            *found->second));
    }
    return changes;
}

std::vector<ManagedRecord> managedAfter(const Site &site, const std::vector<ManagedRecord> &managed,
                                        const std::vector<Change> &done)
{
    std::set<ManagedRecord> records(managed.begin(), managed.end());
    for (const Change &change : done) {
        const auto *set = std::get_if<SetRecords>(&change.action);
        if (!set)
            continue;
        const RecordKey key{set->wanted.name, set->wanted.type};
        std::erase_if(records, [&](const ManagedRecord &one) { return one.key == key; });
        if (!set->wanted.values.empty())
            records.insert({key, set->wanted.values});
    }
    // A name whose account left the site file can no longer be changed by us.
    std::erase_if(records, [&](const ManagedRecord &one) {
        const DnsAccount *account = site.accountFor(one.key.name);
        return !account || account->watched();
    });
    return {records.begin(), records.end()};
}

std::vector<ManagedRecord> stillManaged(const Site &site, const ZoneSeen &zone,
                                        const std::vector<ManagedRecord> &managed)
{
    std::set<RecordKey> wished;
    for (const Vps &vps : site.vps) {
        if (!vps.addresses.empty()) {
            wished.insert({vps.host, RecordType::A});
            wished.insert({vps.host, RecordType::AAAA});
        }
    }
    for (const Service &service : site.services) {
        wished.insert({service.upstreamName, RecordType::AAAA});
        for (const Hostname &name : service.publicNames) {
            for (const Hostname &one : {name, endOf(zone, name)}) {
                wished.insert({one, RecordType::A});
                wished.insert({one, RecordType::AAAA});
            }
        }
    }
    std::vector<ManagedRecord> ours;
    for (const ManagedRecord &record : managed) {
        const auto found = zone.records.find(record.key);
        const bool foreign = found != zone.records.end() && found->second && found->second->values != record.values;
        if (!foreign || wished.contains(record.key))
            ours.push_back(record);
    }
    return ours;
}

} // namespace sixgate
