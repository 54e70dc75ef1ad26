#include "observe/zone.h"

#include "model/aliases.h"
#include "model/texts.h"
#include "transport/parallel.h"

#include <QRandomGenerator>

#include <map>
#include <optional>
#include <set>

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

constexpr std::size_t mostThreads = 16;
constexpr auto mostForResolver = 3s;

struct Asked {
    RecordKey key;
    const DnsAccount *account; ///< none: resolvers are asked
    std::optional<Known<RecordSet>> seen;
};

Known<RecordSet> readRecord(const DnsServer &primary, const RecordKey &key, const Deadline &deadline,
                            const std::stop_token &stop)
{
    const auto answer = queryServer(primary, key.name, key.type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    const QString object = recordText(key);
    const QString detail = Texts::tr("%1 at %2: %3").arg(object, serverText(primary), rcodeName(answer->rcode));
    if (answer->rcode != Rcode::NoError && answer->rcode != Rcode::NxDomain)
        return fail(ErrorCode::Refused, Texts::tr("The DNS server does not tell what %1 is.").arg(object), detail,
                    Texts::tr("The server's log says why; try again later."));
    if (!answer->authoritative)
        return fail(ErrorCode::Refused, Texts::tr("The DNS server is not responsible for %1.").arg(key.name.ascii()),
                    detail + Texts::tr(", not authoritative"),
                    Texts::tr("Is the name in a zone of its own? Then add an account for that zone."));
    return answer->find(key.name, key.type);
}

/// A record of a name in somebody else's zone, as the first resolver that answers has it.
Known<RecordSet> readElsewhere(const RecordKey &key, const Deadline &deadline, const std::stop_token &stop)
{
    const auto resolvers = systemResolvers();
    if (!resolvers)
        return passOn(resolvers);
    Known<RecordSet> last = fail(ErrorCode::Network, Texts::tr("No resolver tells what %1 is.").arg(recordText(key)),
                                 {}, Texts::tr("Check this machine's network connection and /etc/resolv.conf."));
    for (const DnsServer &resolver : *resolvers) {
        const auto answer = queryServer(resolver, key.name, key.type, true, deadline.sooner(mostForResolver), stop);
        if (answer && (answer->rcode == Rcode::NoError || answer->rcode == Rcode::NxDomain))
            return answer->find(key.name, key.type);
        last.error().detail = QStringLiteral("%1: %2").arg(serverText(resolver),
                                                           answer ? rcodeName(answer->rcode) : answer.error().summary);
    }
    return last;
}

/// The primaries of the accounts, each looked for once.
using PrimaryOf = std::map<const DnsAccount *, Known<DnsServer>>;

void findPrimaries(PrimaryOf &primaries, std::set<const DnsAccount *> accounts, const Deadline &deadline,
                   const std::stop_token &stop)
{
    std::erase_if(accounts, [&](const DnsAccount *one) { return primaries.contains(one); });
    const std::vector<const DnsAccount *> list(accounts.begin(), accounts.end());
    std::vector<std::optional<Known<DnsServer>>> found(list.size());
    forEachParallel(list.size(), mostThreads,
                    [&](std::size_t i) { found[i].emplace(findPrimary(*list[i], deadline, stop)); });
    for (std::size_t i = 0; i < list.size(); ++i)
        primaries.emplace(list[i], std::move(*found[i]));
}

/// The name with its first label replaced; nothing where it would be too long.
Result<Hostname> besideOf(const Hostname &name, const QString &stranger)
{
    return Hostname::parse(stranger + name.ascii().section(QLatin1Char('.'), 1));
}

/// The names all of whose answers are those of a name that does not exist, and which have any.
std::set<Hostname> coveredNames(const std::map<RecordKey, Known<RecordSet>> &records,
                                const std::map<RecordKey, Known<RecordSet>> &strangers, const QString &stranger)
{
    std::set<Hostname> some, differing;
    for (const auto &[key, seen] : records) {
        const auto name = besideOf(key.name, stranger);
        const auto other = name ? strangers.find({*name, key.type}) : strangers.end();
        const bool known = seen && other != strangers.end() && other->second;
        if (!known || seen->values != other->second->values || seen->ttl != other->second->ttl)
            differing.insert(key.name);
        else if (!seen->values.empty())
            some.insert(key.name);
    }
    std::erase_if(some, [&](const Hostname &name) { return differing.contains(name); });
    return some;
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
    if (answer->rcode != Rcode::NoError && answer->rcode != Rcode::NxDomain)
        return fail(
            ErrorCode::Refused, Texts::tr("The DNS server does not tell the addresses of %1.").arg(host.ascii()),
            Texts::tr("%1 at %2: %3").arg(recordTypeName(type), serverText(**primary), rcodeName(answer->rcode)),
            Texts::tr("The server's log says why; try again later."));
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
    // Beside each name another one that surely does not exist: what is answered for that comes from a wildcard.
    const QString stranger =
        QStringLiteral("sixgate-%1.").arg(QRandomGenerator::system()->generate64(), 16, 16, QLatin1Char('0'));
    ZoneSeen seen;
    std::map<RecordKey, Known<RecordSet>> strangers;
    PrimaryOf primaries;
    std::set<RecordKey> wanted;
    for (const RecordKey &key : keys) {
        if (site.accountFor(key.name))
            wanted.insert(key);
    }
    // Where CNAME records lead is asked next, as far as anybody follows them.
    for (std::size_t turn = 0; !wanted.empty() && turn <= LongestAliasChain; ++turn) {
        std::set<RecordKey> all = wanted;
        for (const RecordKey &key : wanted) {
            const auto name = besideOf(key.name, stranger);
            const DnsAccount *account = site.accountFor(key.name);
            if (name && account && key.name != account->zone && !strangers.contains({*name, key.type}))
                all.insert({*name, key.type});
        }
        std::vector<Asked> asked;
        std::set<const DnsAccount *> accounts;
        for (const RecordKey &key : all) {
            const DnsAccount *account = site.accountFor(key.name);
            if (account)
                accounts.insert(account);
            asked.push_back({key, account, {}});
        }
        findPrimaries(primaries, std::move(accounts), deadline, stop);
        forEachParallel(asked.size(), mostThreads, [&](std::size_t i) {
            Asked &one = asked[i];
            if (!one.account) {
                one.seen.emplace(readElsewhere(one.key, deadline, stop));
                return;
            }
            const auto &primary = primaries.at(one.account);
            if (primary)
                one.seen.emplace(readRecord(*primary, one.key, deadline, stop));
            else
                one.seen.emplace(passOn(primary));
        });
        for (Asked &one : asked)
            (one.key.name.ascii().startsWith(stranger) ? strangers : seen.records)
                .emplace(one.key, std::move(*one.seen));
        wanted.clear();
        for (const Hostname &target : unseenAliasTargets(seen)) {
            for (const RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME}) {
                if (!seen.records.contains({target, type}))
                    wanted.insert({target, type});
            }
        }
    }
    seen.wildcards = coveredNames(seen.records, strangers, stranger);
    return seen;
}

VpsSeen observeVpsName(const Site &site, const Deadline &deadline, std::stop_token stop)
{
    VpsSeen seen;
    if (site.vps.empty())
        return seen;
    const Hostname &host = site.vps.front().host;
    if (const auto &given = site.vps.front().addresses; !given.empty()) {
        std::vector<Ipv4Address> ipv4;
        std::vector<Ipv6Address> ipv6;
        for (const IpAddress &address : given) {
            if (const auto *old = std::get_if<Ipv4Address>(&address))
                ipv4.push_back(*old);
            else
                ipv6.push_back(std::get<Ipv6Address>(address));
        }
        seen.ipv4 = ipv4;
        seen.ipv6 = ipv6;
        return seen;
    }
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
