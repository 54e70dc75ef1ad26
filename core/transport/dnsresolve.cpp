// From names to servers: the system's resolvers, and who is responsible for a zone.

#include "model/provider.h"
#include "model/texts.h"
#include "transport/dnsexchange.h"
#include "transport/firstof.h"
#include "transport/parallel.h"

#include <QFile>

#include <net/if.h>

#include <algorithm>
#include <set>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr size_t mostResolvers = 3; // as the C library takes (resolv.conf(5))
constexpr int longestChain = 16;
constexpr char noNsRecord[] = "no NS record";
constexpr auto firstRound = 3000ms;
constexpr auto headStart = 20ms; // of one address of a server before the next one: a question costs little
// Of one zone: more than any has, and so few that nobody is flooded because a zone says so.
constexpr size_t mostServers = 32;

Port dnsPort()
{
    return *Port::fromNumber(53);
}

bool contains(const std::vector<dnscodec::Record> &records, RecordType type)
{
    return std::any_of(records.begin(), records.end(),
                       [type](const dnscodec::Record &record) { return record.type == type; });
}

/// Asks the resolvers in turn, first with little patience, so that a dead one does not use up the time.
Result<dnscodec::Reply> askResolvers(const QString &name, RecordType type, const Deadline &deadline,
                                     std::stop_token stop)
{
    const auto resolvers = systemResolvers();
    if (!resolvers)
        return passOn(resolvers);
    Error last{ErrorCode::Timeout, Texts::tr("There was no time left to look up %1.").arg(name), {}, {}};
    QStringList details;
    for (int round = 0; round < 2 && !deadline.passed(); ++round) {
        bool silent = false;
        for (size_t i = 0; i < resolvers->size() && !deadline.passed(); ++i) {
            const DnsServer &server = resolvers->at(i);
            const auto share = deadline.left() / static_cast<int>(resolvers->size() - i);
            const bool patient = round > 0 || resolvers->size() == 1;
            const auto span = patient ? share : std::min<std::chrono::milliseconds>(share, firstRound);
            auto reply = dnscodec::ask(server, name, type, true, deadline.sooner(span), stop);
            if (!reply && reply.error().code == ErrorCode::Cancelled)
                return reply;
            // An empty answer that only points to other servers is none.
            const bool referral = reply && reply->answers.empty() && contains(reply->authority, RecordType::NS) &&
                                  !contains(reply->authority, RecordType::SOA);
            if (reply && (reply->rcode == Rcode::NxDomain || (reply->rcode == Rcode::NoError && !referral)))
                return reply;
            if (!reply)
                last = reply.error();
            else
                last = Error{ErrorCode::Refused,
                             Texts::tr("The DNS resolver %1 could not look up %2.").arg(serverText(server), name),
                             {},
                             {}};
            silent = silent || (!reply && last.code == ErrorCode::Timeout);
            details << QStringLiteral("%1: %2").arg(serverText(server), !reply     ? errorCodeName(last.code)
                                                                        : referral ? QStringLiteral("referral")
                                                                                   : rcodeName(reply->rcode));
        }
        if (!silent)
            break; // asking again would give the same
    }
    last.detail = QStringLiteral("%1 %2 — %3").arg(name, recordTypeName(type), details.join(QStringLiteral("; ")));
    last.fix = Texts::tr("Check this machine's network connection and /etc/resolv.conf.");
    return tl::unexpected<Error>(std::move(last));
}

/// The values of `name` and `type` at the end of its CNAMEs; empty where there are none.
Result<std::vector<QString>> lookUp(const QString &name, RecordType type, const Deadline &deadline,
                                    std::stop_token stop)
{
    QString current = name;
    for (int hops = 0; hops <= longestChain;) {
        const QString asked = current;
        const auto reply = askResolvers(asked, type, deadline, stop);
        if (!reply)
            return passOn(reply);
        const auto alias = [&] {
            return std::find_if(reply->answers.begin(), reply->answers.end(), [&](const dnscodec::Record &record) {
                return record.type == RecordType::CNAME && record.owner == current;
            });
        };
        for (auto next = alias(); next != reply->answers.end() && hops <= longestChain; next = alias(), ++hops)
            current = next->value;
        std::vector<QString> values;
        for (const dnscodec::Record &record : reply->answers) {
            if (record.type == type && record.owner == current)
                values.push_back(record.value);
        }
        const bool complete =
            current == asked || reply->rcode == Rcode::NxDomain || contains(reply->authority, RecordType::SOA);
        if (!values.empty() || (complete && hops <= longestChain))
            return values;
    }
    return fail(ErrorCode::Protocol, Texts::tr("%1 is an alias that leads round in a circle.").arg(name),
                Texts::tr("more than %1 CNAME records").arg(longestChain),
                Texts::tr("Correct the CNAME records of %1.").arg(name));
}

template <class Address>
Result<std::vector<Address>> resolve(const Hostname &name, RecordType type, const Deadline &deadline,
                                     std::stop_token stop)
{
    const auto values = lookUp(name.ascii(), type, deadline, stop);
    if (!values)
        return passOn(values);
    std::vector<Address> addresses;
    for (const QString &value : *values) {
        auto address = Address::parse(value);
        if (!address)
            return passOn(address);
        addresses.push_back(*address);
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses;
}

std::optional<DnsServer> resolverOf(const QString &text)
{
    const QString zone = text.section(QLatin1Char('%'), 1);
    const auto address = parseIpAddress(text.section(QLatin1Char('%'), 0, 0));
    if (!address)
        return std::nullopt;
    DnsServer server{*address, dnsPort()};
    if (!zone.isEmpty())
        server.scopeId = ::if_nametoindex(qPrintable(zone));
    if (!zone.isEmpty() && server.scopeId == 0)
        return std::nullopt;
    return server;
}

} // namespace

Result<std::vector<DnsServer>> systemResolvers()
{
    std::vector<DnsServer> servers;
    QFile file(QStringLiteral("/etc/resolv.conf"));
    if (file.open(QIODevice::ReadOnly)) {
        const auto lines = QString::fromLatin1(file.readAll()).split(QLatin1Char('\n'));
        for (const QString &line : lines) {
            const QStringList words = line.simplified().split(QLatin1Char(' '));
            if (words.value(0) != QLatin1String("nameserver") || servers.size() == mostResolvers)
                continue;
            if (auto server = resolverOf(words.value(1)))
                servers.push_back(*server);
        }
    }
    if (servers.empty())
        return fail(ErrorCode::Network, Texts::tr("This machine has no DNS resolver."),
                    Texts::tr("no usable nameserver line in /etc/resolv.conf"),
                    Texts::tr("Check this machine's network connection."));
    return servers;
}

Result<std::vector<Ipv4Address>> resolveIpv4(const Hostname &name, const Deadline &deadline, std::stop_token stop)
{
    return resolve<Ipv4Address>(name, RecordType::A, deadline, stop);
}

Result<std::vector<Ipv6Address>> resolveIpv6(const Hostname &name, const Deadline &deadline, std::stop_token stop)
{
    return resolve<Ipv6Address>(name, RecordType::AAAA, deadline, stop);
}

Result<std::vector<IpAddress>> resolveServer(const ServerAddress &server, const Deadline &deadline,
                                             std::stop_token stop)
{
    if (const auto *v4 = std::get_if<Ipv4Address>(&server))
        return std::vector<IpAddress>{*v4};
    if (const auto *v6 = std::get_if<Ipv6Address>(&server))
        return std::vector<IpAddress>{*v6};
    const Hostname &name = std::get<Hostname>(server);
    Result<std::vector<Ipv6Address>> v6;
    Result<std::vector<Ipv4Address>> v4;
    forEachParallel(2, 2, [&](std::size_t i) {
        if (i == 0)
            v6 = resolveIpv6(name, deadline, stop);
        else
            v4 = resolveIpv4(name, deadline, stop);
    });
    std::vector<IpAddress> addresses;
    if (v6)
        addresses.insert(addresses.end(), v6->begin(), v6->end());
    if (v4)
        addresses.insert(addresses.end(), v4->begin(), v4->end());
    if (!addresses.empty())
        return addresses;
    if (!v6)
        return passOn(v6);
    if (!v4)
        return passOn(v4);
    return fail(ErrorCode::NotFound, Texts::tr("The name %1 has no address.").arg(name.ascii()), {},
                Texts::tr("Check the spelling of %1.").arg(name.display()));
}

Result<std::vector<DnsServer>> authoritativeServers(const Hostname &zone, const Deadline &deadline,
                                                    std::stop_token stop)
{
    auto names = lookUp(zone.ascii(), RecordType::NS, deadline, stop);
    if (!names)
        return passOn(names);
    names->resize(std::min(names->size(), mostServers));
    std::vector<Result<std::vector<IpAddress>>> found(names->size());
    forEachParallel(names->size(), 8, [&](std::size_t i) {
        const auto name = Hostname::parse(names->at(i));
        if (name)
            found[i] = resolveServer(*name, deadline, stop);
        else
            found[i] = passOn(name);
    });
    std::set<IpAddress> addresses;
    for (const auto &one : found) {
        if (one)
            addresses.insert(one->begin(), one->end());
        else if (one.error().code == ErrorCode::Cancelled)
            return passOn(one);
    }
    if (addresses.empty())
        return fail(ErrorCode::NotFound,
                    names->empty()
                        ? Texts::tr("The name servers of the zone %1 cannot be found: it has no NS record, so it is "
                                    "misspelt, no zone of its own, or not delegated.")
                              .arg(zone.ascii())
                        : Texts::tr("The name servers of the zone %1 cannot be found: none of those that it names "
                                    "(%2) has an address.")
                              .arg(zone.ascii(), QStringList(names->begin(), names->end()).join(QStringLiteral(", "))),
                    names->empty() ? QLatin1String(noNsRecord) : found.front().error().summary,
                    names->empty()
                        ? Texts::tr("Compare \"zone\" of the DNS account in the site file with the zone's name at "
                                    "its provider; \"dig NS %1\" must list name servers.")
                              .arg(zone.ascii())
                        : Texts::tr("Correct the zone's NS records at its registrar, or the addresses of these "
                                    "name servers."));
    std::vector<DnsServer> servers;
    for (const IpAddress &address : addresses) {
        if (servers.size() < 2 * mostServers)
            servers.push_back({address, dnsPort()});
    }
    return servers;
}

namespace
{

/// Nobody says that it is a zone; not: its name servers could not be asked for.
bool isNoZone(const Error &error)
{
    return error.code == ErrorCode::NotFound && error.detail == QLatin1String(noNsRecord);
}

/// At a provider that sets addresses by a URL the user's zone is often only a name in the provider's own zone.
bool mayBeServedAbove(const DnsAccount &account)
{
    const ProviderAccess *access = account.provider();
    return access && access->definition && access->definition->addresses == ProviderWay::Template;
}

} // namespace

Result<ServedZone> servedZone(const DnsAccount &account, const Deadline &deadline, std::stop_token stop)
{
    auto servers = authoritativeServers(account.zone, deadline, stop);
    if (servers)
        return ServedZone{account.zone, std::move(*servers)};
    Result<Hostname> above = account.zone;
    // Not where records are in a zone, nor where the zone's servers could not be asked for.
    while (mayBeServedAbove(account) && isNoZone(servers.error())) {
        above = Hostname::parse(above->ascii().section(QLatin1Char('.'), 1));
        if (!above)
            break; // a top-level domain
        if (auto found = authoritativeServers(*above, deadline, stop))
            return ServedZone{*above, std::move(*found)};
        else if (!isNoZone(found.error()))
            return passOn(found);
    }
    return passOn(servers); // of the zone that the user has named
}

Result<DnsServer> findPrimary(const DnsAccount &account, const Deadline &deadline, std::stop_token stop)
{
    std::vector<DnsServer> servers;
    Hostname zone = account.zone;
    if (const UpdateAccess *access = account.update()) {
        const auto addresses = resolveServer(access->server, deadline, stop);
        if (!addresses)
            return passOn(addresses);
        for (const IpAddress &one : *addresses)
            servers.push_back({one, access->port});
    } else {
        // Whoever answers for it; of several any, since all are to say the same.
        auto found = servedZone(account, deadline, stop);
        if (!found)
            return passOn(found);
        zone = found->zone;
        servers = std::move(found->servers);
    }
    // IPv6 that leads nowhere, as it does for a moment after a change of the prefix, must not use up the time.
    return firstOf<DnsServer>(
        servers.size(), headStart, std::move(stop), [&](size_t index, std::stop_token own) -> Result<DnsServer> {
            const DnsServer &server = servers[index];
            const auto answer = queryServer(server, zone, RecordType::SOA, false, deadline, std::move(own));
            if (!answer)
                return passOn(answer);
            if (answer->rcode == Rcode::NoError && answer->authoritative &&
                !answer->find(zone, RecordType::SOA).values.empty())
                return server;
            return fail(
                ErrorCode::Refused,
                Texts::tr("The DNS server %1 does not serve the zone %2.").arg(serverText(server), zone.ascii()),
                QStringLiteral("SOA %1: %2, %3")
                    .arg(zone.ascii(), rcodeName(answer->rcode),
                         answer->authoritative ? Texts::tr("no SOA record") : Texts::tr("not authoritative")),
                Texts::tr("Correct zone or server of the DNS account %1 in the site file.").arg(account.name.text()));
        });
}

} // namespace sixgate
