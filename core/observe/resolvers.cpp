#include "observe/resolvers.h"

#include "model/texts.h"
#include "transport/dns.h"
#include "transport/parallel.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto mostForAnswer = 1200ms;
constexpr size_t mostAtOnce = 16;
constexpr int longestChain = 16;

/// The record at the end of the chain, and the least time to live on the way there.
Result<RecordSet> endOf(const DnsAnswer &answer, const RecordKey &key)
{
    Hostname current = key.name;
    std::optional<std::chrono::seconds> ttl;
    for (int hops = 0; hops <= longestChain; ++hops) {
        RecordSet found = answer.find(current, key.type);
        const RecordSet alias =
            key.type == RecordType::CNAME ? RecordSet{current} : answer.find(current, RecordType::CNAME);
        const auto next = alias.values.empty() ? Result<Hostname>(fail(ErrorCode::NotFound, QString()))
                                               : Hostname::parse(alias.values.front());
        if (!found.values.empty() || !next) {
            found.ttl = std::min(found.ttl, ttl.value_or(found.ttl));
            found.name = key.name;
            return found;
        }
        ttl = std::min(alias.ttl, ttl.value_or(alias.ttl));
        current = *next;
    }
    return fail(ErrorCode::Protocol,
                Texts::tr("The resolver says that %1 is an alias that leads round in a circle.").arg(key.name.ascii()),
                Texts::tr("more than %1 CNAME records").arg(longestChain));
}

ResolverSeen askOne(const std::vector<DnsServer> &resolvers, const RecordKey &key, const Deadline &deadline,
                    std::stop_token stop)
{
    ResolverSeen seen;
    for (const DnsServer &server : resolvers) {
        seen.resolver = serverText(server);
        const auto answer = queryServer(server, key.name, key.type, true, deadline.sooner(mostForAnswer), stop);
        if (!answer) {
            seen.answer = passOn(answer);
            continue;
        }
        if (answer->rcode == Rcode::NoError || answer->rcode == Rcode::NxDomain) {
            seen.answer = endOf(*answer, key);
            if (seen.answer && seen.answer->values.empty()) {
                seen.saysNone = answer->negativeTtl.has_value();
                seen.answer->ttl = answer->negativeTtl.value_or(0s);
            }
            return seen;
        }
        seen.answer =
            fail(ErrorCode::Refused,
                 Texts::tr("The resolver does not look up %1 (%2).").arg(key.name.ascii(), rcodeName(answer->rcode)));
        if (answer->rcode != Rcode::ServFail)
            continue;
        const auto unchecked =
            queryServer(server, key.name, key.type, true, deadline.sooner(mostForAnswer), stop, true);
        seen.bogus = unchecked && unchecked->rcode == Rcode::NoError;
        if (seen.bogus)
            return seen;
    }
    return seen;
}

Result<std::vector<DnsServer>> serversOf(const DnsAccount &account, const std::vector<IpAddress> &remembered,
                                         const Deadline &deadline, std::stop_token stop)
{
    auto found = servedZone(account, deadline.sooner(mostForAnswer), stop);
    if (found)
        return std::move(found->servers);
    if (remembered.empty())
        return passOn(found);
    std::vector<DnsServer> servers;
    for (const IpAddress &address : remembered)
        servers.push_back({address, *Port::fromNumber(53)});
    return servers;
}

Known<RecordSet> recordAt(const DnsServer &server, const RecordKey &key, const Deadline &deadline, std::stop_token stop)
{
    const auto answer = queryServer(server, key.name, key.type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    if ((answer->rcode != Rcode::NoError && answer->rcode != Rcode::NxDomain) || !answer->authoritative)
        return fail(ErrorCode::Refused,
                    Texts::tr("%1 does not answer for %2.").arg(serverText(server), key.name.ascii()),
                    rcodeName(answer->rcode));
    return answer->find(key.name, key.type);
}

} // namespace

std::map<RecordKey, ResolverSeen> askResolversFor(const std::vector<RecordKey> &keys, const Deadline &deadline,
                                                  std::stop_token stop)
{
    const auto resolvers = systemResolvers();
    std::vector<ResolverSeen> seen(keys.size());
    forEachParallel(keys.size(), mostAtOnce, [&](size_t i) {
        if (resolvers)
            seen[i] = askOne(*resolvers, keys[i], deadline, stop);
        else
            seen[i].answer = passOn(resolvers);
    });
    std::map<RecordKey, ResolverSeen> out;
    for (size_t i = 0; i < keys.size(); ++i)
        out.emplace(keys[i], std::move(seen[i]));
    return out;
}

std::map<Hostname, ResolverSeen> askResolvers(const std::set<Hostname> &names, const Deadline &deadline,
                                              std::stop_token stop)
{
    std::vector<RecordKey> keys;
    for (const Hostname &name : names)
        keys.push_back({name, RecordType::AAAA});
    std::map<Hostname, ResolverSeen> out;
    for (auto &[key, seen] : askResolversFor(keys, deadline, stop))
        out.emplace(key.name, std::move(seen));
    return out;
}

std::vector<NameServerSeen> askNameServers(const Site &site, const std::vector<RecordKey> &keys,
                                           const std::vector<IpAddress> &remembered, const Deadline &deadline,
                                           std::stop_token stop)
{
    struct Asked {
        const DnsAccount *account;
        DnsServer server;
        std::vector<RecordKey> keys;
        NameServerSeen seen;
    };
    std::vector<Asked> all;
    for (const DnsAccount &account : site.dns) {
        std::vector<RecordKey> mine;
        for (const RecordKey &key : keys) {
            if (site.accountFor(key.name) == &account)
                mine.push_back(key);
        }
        const auto servers =
            mine.empty()
                ? Result<std::vector<DnsServer>>(std::vector<DnsServer>())
                : serversOf(account, site.dns.size() == 1 ? remembered : std::vector<IpAddress>(), deadline, stop);
        if (!servers)
            continue;
        for (const DnsServer &server : *servers)
            all.push_back({&account, server, mine, {account.zone, serverText(server), server.address, {}}});
    }
    forEachParallel(all.size(), mostAtOnce, [&](size_t i) {
        Asked &one = all[i];
        // A silent server would cost its time for each key.
        const auto first = recordAt(one.server, one.keys.front(), deadline.sooner(mostForAnswer), stop);
        const bool silent = !first && first.error().code != ErrorCode::Refused;
        one.seen.records.emplace(one.keys.front(), first);
        for (size_t k = 1; k < one.keys.size() && !silent; ++k)
            one.seen.records.emplace(one.keys[k],
                                     recordAt(one.server, one.keys[k], deadline.sooner(mostForAnswer), stop));
    });
    std::vector<NameServerSeen> out;
    for (Asked &one : all)
        out.push_back(std::move(one.seen));
    return out;
}

} // namespace sixgate
