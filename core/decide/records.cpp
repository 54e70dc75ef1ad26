#include "decide/records.h"

#include <algorithm>

namespace sixgate
{

namespace
{

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
        return fail(ErrorCode::NotFound, QStringLiteral("The VPS name %1 has no A record.").arg(host), {},
                    QStringLiteral("Give %1 an A record with the VPS's IPv4 address.").arg(host));
    for (const Ipv4Address &address : *seen.vps.ipv4) {
        if (!address.isGlobal())
            return fail(ErrorCode::Invalid,
                        QStringLiteral("The VPS name %1 points to %2, which cannot be reached from the internet.")
                            .arg(host, address.text()),
                        {}, QStringLiteral("Correct the A record of %1.").arg(host));
    }
    return texts(*seen.vps.ipv4);
}

Known<std::vector<QString>> homeIpv6(const Site &site, const Observation &seen, const Label &server)
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
            return fail(ErrorCode::Invalid,
                        QStringLiteral("The address of %1 is the VPS's own address.").arg(server.text()));
        return std::vector<QString>{one.proven->text()};
    }
    Q_UNUSED(site)
    return fail(ErrorCode::NotFound, QStringLiteral("The server %1 was not looked for.").arg(server.text()));
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
        change.sentence = QStringLiteral("Delete %1 (%2): %3.").arg(change.object, change.oldValue, wish.purpose);
    else if (change.verb == Verb::Create)
        change.sentence = QStringLiteral("Set %1 to %2: %3.").arg(change.object, change.newValue, wish.purpose);
    else if (current.values == wanted.values)
        change.sentence = QStringLiteral("Set the time to live of %1 to %2 s (was %3 s).")
                              .arg(change.object)
                              .arg(wanted.ttl.count())
                              .arg(current.ttl.count());
    else
        change.sentence = QStringLiteral("Change %1 from %2 to %3: %4.")
                              .arg(change.object, change.oldValue, change.newValue, wish.purpose);
    change.action = SetRecords{wish.account, wanted, current};
    return change;
}

} // namespace

std::vector<RecordWish> recordWishes(const Site &site, const Observation &seen)
{
    std::vector<RecordWish> wishes;
    std::set<RecordKey> known;
    const auto add = [&](const Hostname &name, RecordType type, Known<std::vector<QString>> values,
                         const QString &purpose) {
        const DnsAccount *account = site.accountFor(name);
        if (!account || !known.insert(RecordKey{name, type}).second)
            return;
        wishes.push_back({RecordKey{name, type}, account->name, std::move(values), account->ttl, purpose});
    };
    const auto ipv4 = vpsIpv4(site, seen);
    std::map<Label, Known<std::vector<QString>>> ipv6;
    for (const HomeServer &server : site.servers)
        ipv6.emplace(server.name, homeIpv6(site, seen, server.name));

    for (const Service &service : site.services) {
        const auto &home = ipv6.at(service.server);
        add(service.upstreamName, RecordType::AAAA, home, QStringLiteral("the VPS finds the home server by it"));
        add(service.upstreamName, RecordType::A, std::vector<QString>{},
            QStringLiteral("with an A record the proxy would call itself"));
        for (const Hostname &name : service.publicNames) {
            add(name, RecordType::AAAA, home, QStringLiteral("IPv6 visitors reach the home server directly"));
            add(name, RecordType::A, ipv4, QStringLiteral("IPv4 visitors reach the VPS"));
        }
    }
    return wishes;
}

std::vector<RecordKey> recordKeysToObserve(const Site &site, const std::vector<RecordKey> &managed)
{
    std::set<RecordKey> keys(managed.begin(), managed.end());
    const auto add = [&](const Hostname &name) {
        for (RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME})
            keys.insert(RecordKey{name, type});
    };
    for (const Service &service : site.services) {
        add(service.upstreamName);
        for (const Hostname &name : service.publicNames)
            add(name);
    }
    return {keys.begin(), keys.end()};
}

std::vector<Change> planRecords(const Site &site, const Observation &seen, const std::vector<RecordKey> &managed,
                                std::vector<Withheld> &withheld)
{
    std::vector<Change> changes;
    std::set<RecordKey> wishedFor;
    for (const RecordWish &wish : recordWishes(site, seen)) {
        wishedFor.insert(wish.key);
        if (!wish.values) {
            const Error &why = wish.values.error();
            withheld.push_back({objectOf(wish.key), why.summary, why.fix, false});
            continue;
        }
        const auto alias = seen.zone.records.find(RecordKey{wish.key.name, RecordType::CNAME});
        if (alias != seen.zone.records.end() && alias->second && !alias->second->values.empty()) {
            withheld.push_back({objectOf(wish.key),
                                QStringLiteral("%1 is an alias (CNAME) of %2, so it can have no addresses of its own.")
                                    .arg(wish.key.name.ascii(), joined(alias->second->values)),
                                QStringLiteral("Remove the CNAME record, or use another name in the site file."),
                                true});
            continue;
        }
        const auto found = seen.zone.records.find(wish.key);
        if (found == seen.zone.records.end() || !found->second) {
            const Error why = found == seen.zone.records.end()
                                  ? Error{ErrorCode::NotFound, QStringLiteral("The zone was not asked for it."), {}, {}}
                                  : found->second.error();
            withheld.push_back({objectOf(wish.key), why.summary, why.fix, true});
            continue;
        }
        const RecordSet &current = *found->second;
        const bool sameTtl = wish.values->empty() || current.ttl == wish.ttl;
        if (current.values != *wish.values || !sameTtl)
            changes.push_back(recordChange(wish, current));
    }
    for (const RecordKey &key : managed) {
        if (wishedFor.contains(key))
            continue;
        const DnsAccount *account = site.accountFor(key.name);
        const auto found = seen.zone.records.find(key);
        if (!account || found == seen.zone.records.end() || !found->second || found->second->values.empty())
            continue;
        changes.push_back(recordChange({key, account->name, std::vector<QString>{}, account->ttl,
                                        QStringLiteral("it is no longer in the site file")},
                                       *found->second));
    }
    return changes;
}

std::vector<RecordKey> managedAfter(const Site &site, const std::vector<RecordKey> &managed,
                                    const std::vector<Change> &done)
{
    std::set<RecordKey> keys(managed.begin(), managed.end());
    for (const Change &change : done) {
        const auto *records = std::get_if<SetRecords>(&change.action);
        if (!records)
            continue;
        const RecordKey key{records->wanted.name, records->wanted.type};
        if (records->wanted.values.empty())
            keys.erase(key);
        else
            keys.insert(key);
    }
    // A name whose account left the site file can no longer be changed by us.
    std::erase_if(keys, [&](const RecordKey &key) { return !site.accountFor(key.name); });
    return {keys.begin(), keys.end()};
}

} // namespace sixgate
