#include "observe/zone.h"

#include "transport/parallel.h"

#include <map>
#include <optional>
#include <set>

namespace sixgate
{

namespace
{

constexpr int noError = 0;
constexpr int nxDomain = 3;
constexpr std::size_t mostThreads = 16;

struct Asked {
    RecordKey key;
    const DnsAccount *account;
    std::optional<Known<RecordSet>> seen;
};

Known<RecordSet> readRecord(const DnsServer &primary, const RecordKey &key, const Deadline &deadline,
                            const std::stop_token &stop)
{
    const auto answer = queryServer(primary, key.name, key.type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    const QString object = key.name.ascii() + QLatin1Char(' ') + recordTypeName(key.type);
    const QString detail = QStringLiteral("%1 at %2: %3").arg(object, serverText(primary), rcodeName(answer->rcode));
    if (answer->rcode != noError && answer->rcode != nxDomain)
        return fail(ErrorCode::Refused, QStringLiteral("The DNS server does not tell what %1 is.").arg(object), detail,
                    QStringLiteral("The server's log says why; try again later."));
    if (!answer->authoritative)
        return fail(ErrorCode::Refused,
                    QStringLiteral("The DNS server is not responsible for %1.").arg(key.name.ascii()),
                    detail + QStringLiteral(", not authoritative"),
                    QStringLiteral("Is the name in a zone of its own? Then add an account for that zone."));
    return answer->find(key.name, key.type);
}

/// The primaries of the accounts, each looked for once.
using PrimaryOf = std::map<const DnsAccount *, Known<DnsServer>>;

PrimaryOf findPrimaries(const std::set<const DnsAccount *> &accounts, const Deadline &deadline,
                        const std::stop_token &stop)
{
    const std::vector<const DnsAccount *> list(accounts.begin(), accounts.end());
    std::vector<std::optional<Known<DnsServer>>> found(list.size());
    forEachParallel(list.size(), mostThreads,
                    [&](std::size_t i) { found[i].emplace(findPrimary(*list[i], deadline, stop)); });
    PrimaryOf primaries;
    for (std::size_t i = 0; i < list.size(); ++i)
        primaries.emplace(list[i], std::move(*found[i]));
    return primaries;
}

/// The addresses of `host`: as the zone's primary gives them; through the system's resolvers where the zone does not
/// hold the name itself (no account, a CNAME, a zone below).
template <class Address, class Resolve>
Known<std::vector<Address>> addressesOf(const Hostname &host, RecordType type,
                                        const std::optional<Known<DnsServer>> &primary, const Resolve &resolve,
                                        const Deadline &deadline, const std::stop_token &stop)
{
    if (!primary)
        return resolve(host, deadline, stop);
    if (!*primary)
        return passOn(*primary);
    const auto answer = queryServer(**primary, host, type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    if (answer->rcode != noError && answer->rcode != nxDomain)
        return fail(
            ErrorCode::Refused, QStringLiteral("The DNS server does not tell the addresses of %1.").arg(host.ascii()),
            QStringLiteral("%1 at %2: %3").arg(recordTypeName(type), serverText(**primary), rcodeName(answer->rcode)));
    if (!answer->authoritative || !answer->find(host, RecordType::CNAME).values.empty())
        return resolve(host, deadline, stop);
    std::vector<Address> addresses;
    for (const QString &value : answer->find(host, type).values) {
        const auto address = Address::parse(value);
        if (!address)
            return passOn(address);
        addresses.push_back(*address);
    }
    return addresses;
}

} // namespace

ZoneSeen observeZone(const Site &site, const std::vector<RecordKey> &keys, const Deadline &deadline,
                     std::stop_token stop)
{
    std::vector<Asked> asked;
    std::set<const DnsAccount *> accounts;
    for (const RecordKey &key : std::set<RecordKey>(keys.begin(), keys.end())) {
        const DnsAccount *account = site.accountFor(key.name);
        if (!account)
            continue;
        accounts.insert(account);
        asked.push_back({key, account});
    }
    const PrimaryOf primaries = findPrimaries(accounts, deadline, stop);
    forEachParallel(asked.size(), mostThreads, [&](std::size_t i) {
        Asked &one = asked[i];
        const auto &primary = primaries.at(one.account);
        if (primary)
            one.seen.emplace(readRecord(*primary, one.key, deadline, stop));
        else
            one.seen.emplace(passOn(primary));
    });
    ZoneSeen seen;
    for (Asked &one : asked)
        seen.records.emplace(one.key, std::move(*one.seen));
    return seen;
}

VpsSeen observeVpsName(const Site &site, const Deadline &deadline, std::stop_token stop)
{
    VpsSeen seen;
    if (site.vps.empty())
        return seen;
    const Hostname &host = site.vps.front().host;
    const DnsAccount *account = site.accountFor(host);
    std::optional<Known<DnsServer>> primary;
    if (account)
        primary = findPrimary(*account, deadline, stop);
    forEachParallel(2, 2, [&](std::size_t i) {
        if (i == 0)
            seen.ipv4 = addressesOf<Ipv4Address>(host, RecordType::A, primary, resolveIpv4, deadline, stop);
        else
            seen.ipv6 = addressesOf<Ipv6Address>(host, RecordType::AAAA, primary, resolveIpv6, deadline, stop);
    });
    return seen;
}

} // namespace sixgate
