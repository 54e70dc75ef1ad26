#include "apply/records.h"

#include "model/texts.h"
#include "transport/io.h"
#include "transport/parallel.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto readBackTime = 5s;
constexpr auto firstPause = 50ms;
constexpr auto longestPause = 1000ms;
constexpr auto secondaryPatience = 1s; // for one answer of another server
constexpr auto followTime = 6s;        // NOTIFY takes a second; who polls takes an hour, and nobody waits for that
constexpr int noError = 0;
constexpr int nxDomain = 3;

QString objectOf(const RecordSet &set)
{
    return set.name.ascii() + QLatin1Char(' ') + recordTypeName(set.type);
}

std::vector<QString> sorted(std::vector<QString> values)
{
    std::sort(values.begin(), values.end());
    return values;
}

QString joined(const std::vector<QString> &values)
{
    return values.empty() ? Texts::tr("no value")
                          : QStringList(values.begin(), values.end()).join(QStringLiteral(", "));
}

/// What a server has of the RRset now.
Result<std::vector<QString>> valuesAt(const DnsServer &server, const RecordSet &set, const Deadline &deadline,
                                      const std::stop_token &stop)
{
    const auto answer = queryServer(server, set.name, set.type, false, deadline, stop);
    if (!answer)
        return passOn(answer);
    if ((answer->rcode != noError && answer->rcode != nxDomain) || !answer->authoritative)
        return fail(ErrorCode::Refused,
                    Texts::tr("The DNS server %1 does not tell what %2 is.").arg(serverText(server), objectOf(set)),
                    rcodeName(answer->rcode));
    return answer->find(set.name, set.type).values;
}

Outcome readBack(const DnsServer &primary, const RecordSet &wanted, const Deadline &deadline,
                 const std::stop_token &stop)
{
    const auto values = sorted(wanted.values);
    for (auto pause = firstPause;; pause = std::min<std::chrono::milliseconds>(2 * pause, longestPause)) {
        const auto seen = valuesAt(primary, wanted, deadline, stop);
        if (!seen)
            return passOn(seen);
        if (*seen == values)
            return {};
        if (deadline.left() <= pause)
            return fail(
                ErrorCode::Protocol,
                Texts::tr("The DNS server accepted the change of %1, but it does not show.").arg(objectOf(wanted)),
                Texts::tr("%1 has %2 instead of %3").arg(serverText(primary), joined(*seen), joined(values)),
                Texts::tr("Is there a CNAME record of the same name, or does another program set it?"));
        if (const auto slept = pauseFor(pause, stop); !slept)
            return slept;
    }
}

/// True where the server answers with other values until the deadline. A server that does not answer proves nothing.
bool staysStale(const DnsServer &server, const RecordSet &wanted, const Deadline &deadline, const std::stop_token &stop)
{
    const auto values = sorted(wanted.values);
    bool stale = false;
    for (auto pause = firstPause; !deadline.passed();
         pause = std::min<std::chrono::milliseconds>(2 * pause, longestPause)) {
        const auto seen = valuesAt(server, wanted, deadline.sooner(secondaryPatience), stop);
        if (!seen || *seen == values)
            return seen ? false : stale;
        stale = true;
        if (!pauseFor(std::min(pause, deadline.left()), stop))
            return stale;
    }
    return stale;
}

std::vector<QString> staleServers(const DnsServer &primary, const DnsAccount &account, const RecordSet &wanted,
                                  const Deadline &deadline, const std::stop_token &stop)
{
    // That they cannot be found (a zone without delegation, a name server without an address) is no failure of the
    // change.
    const auto servers = authoritativeServers(account.zone, deadline, stop);
    if (!servers)
        return {};
    std::vector<char> stale(servers->size(), 0);
    forEachParallel(servers->size(), 16, [&](std::size_t i) {
        const DnsServer &server = servers->at(i);
        const bool same = server.address == primary.address && server.port == primary.port;
        stale[i] = !same && staysStale(server, wanted, deadline, stop);
    });
    std::vector<QString> names;
    for (size_t i = 0; i < stale.size(); ++i) {
        if (stale[i])
            names.push_back(ipText(servers->at(i).address));
    }
    return names;
}

} // namespace

Result<RecordsApplied> applyRecords(const SetRecords &change, const Site &site, const std::map<Label, TsigKey> &keys,
                                    const Deadline &deadline, std::stop_token stop)
{
    const auto account = std::find_if(site.dns.begin(), site.dns.end(),
                                      [&](const DnsAccount &one) { return one.name == change.account; });
    if (account == site.dns.end())
        return fail(ErrorCode::NotFound, Texts::tr("The site has no DNS account %1.").arg(change.account.text()));
    const auto key = keys.find(change.account);
    if (key == keys.end())
        return fail(ErrorCode::NotFound,
                    Texts::tr("The key of the DNS account %1 is missing.").arg(change.account.text()), {},
                    Texts::tr("Store it: sixgatectl secret set %1").arg(dnsKeySecret(*account)));
    const auto primary = findPrimary(*account, deadline, stop);
    if (!primary)
        return passOn(primary);
    auto done = updateRecordSet(*primary, account->zone, change.wanted, &change.expected, key->second, deadline, stop);
    bool wasAbsent = change.expected.values.empty();
    if (!done && done.error().code == ErrorCode::Moved && change.perhapsAbsent) {
        wasAbsent = true;
        const RecordSet nothing{change.expected.name, change.expected.type, change.expected.ttl, {}};
        done = updateRecordSet(*primary, account->zone, change.wanted, &nothing, key->second, deadline, stop);
    }
    if (!done && done.error().code == ErrorCode::Moved) {
        // Somebody else, perhaps a Sixgate on another computer, has set it meanwhile to what is wanted.
        if (const auto now = valuesAt(*primary, change.wanted, deadline, stop);
            now && *now == sorted(change.wanted.values)) {
            RecordsApplied applied;
            applied.already = true;
            return applied;
        }
    }
    if (!done)
        return passOn(done);
    if (auto shown = readBack(*primary, change.wanted, deadline.sooner(readBackTime), stop); !shown)
        return passOn(shown);
    const auto shownAt = std::chrono::steady_clock::now();
    RecordsApplied applied{staleServers(*primary, *account, change.wanted, deadline.sooner(followTime), stop),
                           wasAbsent};
    applied.shown = shownAt;
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Stopped on request, after the change was made."));
    return applied;
}

} // namespace sixgate
