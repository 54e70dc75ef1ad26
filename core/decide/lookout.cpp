#include "decide/lookout.h"

#include "model/aliases.h"
#include "model/interfaceid.h"
#include "model/ipv6prefix.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

const Service *firstServiceOn(const Site &site, const Label &server)
{
    const auto found = std::find_if(site.services.begin(), site.services.end(),
                                    [&](const Service &one) { return one.server == server; });
    return found == site.services.end() ? nullptr : &*found;
}

std::vector<Ipv6Address> publishedFor(const Site &site, const ZoneSeen &zone, const Label &server)
{
    std::set<Ipv6Address> found;
    const auto take = [&](const Hostname &name) {
        const auto chain = followAliases(zone, name);
        const auto record = chain ? zone.records.find(RecordKey{chain->end, RecordType::AAAA}) : zone.records.end();
        if (record == zone.records.end() || !record->second)
            return;
        for (const QString &value : record->second->values) {
            if (const auto address = Ipv6Address::parse(value))
                found.insert(*address);
        }
    };
    for (const Service &service : site.services) {
        if (service.server != server)
            continue;
        take(service.upstreamName);
        for (const Hostname &name : service.publicNames)
            take(name);
    }
    return {found.begin(), found.end()};
}

std::vector<IdentifierTry> identifiersToTry(const Site &site, const Known<LinkSeen> &link, const SiteMemory &memory,
                                            const std::vector<ServerLook> &looks, size_t most)
{
    std::vector<IdentifierTry> all;
    for (const HomeServer &server : site.servers) {
        const auto look =
            std::find_if(looks.begin(), looks.end(), [&](const ServerLook &one) { return one.server == server.name; });
        if (look == looks.end() || !look->address)
            continue;
        const auto network = Ipv6Prefix::of(*look->address, 64);
        std::set<Ipv6Address> taken{*look->address};
        const auto add = [&](const Result<InterfaceId> &id, const QString &origin) {
            const auto address =
                id && network ? network->join(*id) : Result<Ipv6Address>(fail(ErrorCode::NotFound, {}));
            if (!address || taken.size() > most || !taken.insert(*address).second)
                return;
            std::set<Port> ports;
            for (const Service &service : site.services) {
                if (service.server == server.name && ports.insert(service.port).second)
                    all.push_back({server.name, *address, service.port, origin, {}});
            }
        };
        const auto known = memory.macs.find(server.name);
        const QString mac = !look->mac.isEmpty() ? look->mac : known == memory.macs.end() ? QString() : known->second;
        if (!mac.isEmpty())
            add(InterfaceId::parse(mac), Texts::tr("the identifier made of the server's hardware address"));
        if (const auto before = memory.addresses.find(server.name); before != memory.addresses.end()) {
            for (auto one = before->second.rbegin(); one != before->second.rend(); ++one)
                add(InterfaceId::of(one->address), Texts::tr("an identifier that the server had before"));
        }
        if (!link || !std::holds_alternative<AddressOfThisMachine>(server.address))
            continue;
        for (const LocalAddress &own : link->addresses) {
            if (own.address.isGlobal() && !own.temporary)
                add(InterfaceId::of(own.address), Texts::tr("another identifier of the server"));
        }
    }
    return all;
}

std::set<RecordKey> fillZone(ZoneSeen &zone, const std::vector<NameServerSeen> &servers)
{
    std::set<RecordKey> filled;
    for (const NameServerSeen &server : servers) {
        for (const auto &[key, known] : server.records) {
            const auto found = zone.records.find(key);
            if (!known || (found != zone.records.end() && found->second))
                continue;
            zone.records.insert_or_assign(key, known);
            filled.insert(key);
        }
    }
    return filled;
}

std::vector<Reach> reachOf(const std::vector<NameServerSeen> &servers)
{
    std::vector<Reach> out;
    for (const NameServerSeen &server : servers) {
        const bool answered = std::any_of(server.records.begin(), server.records.end(), [](const auto &one) {
            return one.second || one.second.error().code == ErrorCode::Refused;
        });
        out.push_back({server.address, *Port::fromNumber(53), answered ? QString() : QStringLiteral("TIMEOUT"), {}});
    }
    return out;
}

bool mayBeAtHome(const QString &router, const SiteMemory &memory)
{
    return router.isEmpty() || memory.router.isEmpty() || router == memory.router;
}

} // namespace sixgate
