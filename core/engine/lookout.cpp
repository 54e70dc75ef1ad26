#include "engine/lookout.h"

#include "decide/addresses.h"
#include "model/interfaceid.h"
#include "model/ipv6prefix.h"
#include "observe/lan.h"
#include "transport/parallel.h"

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

constexpr size_t mostAtOnce = 16;

} // namespace

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
        const auto record = zone.records.find(RecordKey{name, RecordType::AAAA});
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

std::vector<ServerLook> lookAtServers(const Site &site, const Known<LinkSeen> &link, const ZoneSeen &zone,
                                      const SiteMemory &memory, const Deadline &deadline, std::stop_token stop)
{
    std::vector<ServerLook> looks;
    for (const HomeServer &server : site.servers)
        looks.push_back({server.name});
    forEachParallel(looks.size(), mostAtOnce, [&](size_t i) {
        const HomeServer &server = site.servers[i];
        const Service *service = firstServiceOn(site, server.name);
        if (!service || !link)
            return;
        const auto mac = memory.macs.find(server.name);
        const LookQuestion question{
            server.name,
            chooseAddress(server, *link).chosen,
            publishedFor(site, zone, server.name),
            service->port,
            {service->publicNames.front(), server.pinnedKey, {}, pinnedKeyPlace(site, server.name)},
            mac == memory.macs.end() ? QString() : mac->second};
        looks[i] = lookAround(question, deadline, stop);
    });
    return looks;
}

std::map<Ipv6Address, IdentifierTry> identifiersToTry(const Site &site, const Known<LinkSeen> &link,
                                                      const SiteMemory &memory, const std::vector<ServerLook> &looks,
                                                      size_t most)
{
    std::map<Ipv6Address, IdentifierTry> all;
    for (const HomeServer &server : site.servers) {
        const auto look =
            std::find_if(looks.begin(), looks.end(), [&](const ServerLook &one) { return one.server == server.name; });
        if (look == looks.end() || !look->address)
            continue;
        const auto network = Ipv6Prefix::of(*look->address, 64);
        size_t count = 0;
        const auto add = [&](const Result<InterfaceId> &id, const QString &origin) {
            const auto address =
                id && network ? network->join(*id) : Result<Ipv6Address>(fail(ErrorCode::NotFound, {}));
            if (address && *address != *look->address && count < most &&
                all.emplace(*address, IdentifierTry{server.name, *address, origin, {}}).second)
                ++count;
        };
        const auto known = memory.macs.find(server.name);
        const QString mac = !look->mac.isEmpty() ? look->mac : known == memory.macs.end() ? QString() : known->second;
        if (!mac.isEmpty())
            add(InterfaceId::parse(mac), QStringLiteral("the identifier made of the server's hardware address"));
        if (const auto before = memory.addresses.find(server.name); before != memory.addresses.end()) {
            for (auto one = before->second.rbegin(); one != before->second.rend(); ++one)
                add(InterfaceId::of(one->address), QStringLiteral("an identifier that the server had before"));
        }
        if (!link || !std::holds_alternative<AddressOfThisMachine>(server.address))
            continue;
        for (const LocalAddress &own : link->addresses) {
            if (own.address.isGlobal() && !own.temporary)
                add(InterfaceId::of(own.address), QStringLiteral("another identifier of the server"));
        }
    }
    return all;
}

} // namespace sixgate
