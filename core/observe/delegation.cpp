#include "observe/delegation.h"

#include "model/texts.h"
#include "transport/dnsexchange.h"
#include "transport/parallel.h"

#include <algorithm>
#include <optional>

namespace sixgate
{

namespace
{

constexpr std::size_t mostThreads = 8;

Known<bool> leadsTo(const Hostname &vps, const Hostname &name, const Hostname &zone, const Deadline &deadline,
                    const std::stop_token &stop)
{
    const auto servers = authoritativeServers(zone, deadline, stop);
    if (!servers)
        return passOn(servers);
    const QString owner = QStringLiteral("_acme-challenge.") + name.ascii();
    bool heard = false;
    for (const DnsServer &server : *servers) {
        const auto reply = dnscodec::ask(server, owner, RecordType::NS, false, deadline, stop);
        // One that does not serve the zone says nothing of it.
        if (!reply || (reply->rcode != Rcode::NoError && reply->rcode != Rcode::NxDomain))
            continue;
        // Asked in a zone above, which leads to another one: that one's servers know.
        const bool referral = !reply->authoritative && reply->answers.empty() &&
                              std::any_of(reply->authority.begin(), reply->authority.end(), [&](const auto &one) {
                                  return one.type == RecordType::NS && one.owner != owner &&
                                         one.owner != zone.ascii() && owner.endsWith(QLatin1Char('.') + one.owner);
                              });
        if (referral)
            continue;
        heard = true;
        std::vector<dnscodec::Record> records = reply->answers;
        records.insert(records.end(), reply->authority.begin(), reply->authority.end());
        std::erase_if(records, [&](const dnscodec::Record &one) {
            return one.owner != owner || (one.type != RecordType::NS && one.type != RecordType::CNAME);
        });
        const bool leads = !records.empty() && std::all_of(records.begin(), records.end(), [&](const auto &one) {
            return one.type == RecordType::CNAME || one.value == vps.ascii();
        });
        if (!leads)
            return false;
    }
    if (!heard)
        return fail(ErrorCode::Network, Texts::tr("No name server of %1 answers.").arg(zone.ascii()));
    return true;
}

} // namespace

std::map<Hostname, Known<bool>> observeDelegations(const Site &site, const Deadline &deadline, std::stop_token stop)
{
    std::vector<Hostname> names;
    for (const Service &service : site.services) {
        if (service.challenge == Challenge::Delegated)
            names.insert(names.end(), service.publicNames.begin(), service.publicNames.end());
    }
    std::map<Hostname, Known<bool>> seen;
    if (site.vps.empty())
        return seen;
    std::vector<std::optional<Known<bool>>> found(names.size());
    forEachParallel(names.size(), mostThreads, [&](std::size_t i) {
        if (const DnsAccount *account = site.accountFor(names[i]))
            found[i].emplace(leadsTo(site.vps.front().host, names[i], account->zone, deadline, stop));
    });
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (found[i])
            seen.emplace(names[i], std::move(*found[i]));
    }
    return seen;
}

} // namespace sixgate
