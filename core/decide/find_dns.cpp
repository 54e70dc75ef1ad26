// Who answers for names: the zone's servers, resolvers, and the account that may change records.

#include "decide/acmetalk.h"
#include "decide/findings.h"
#include "decide/providercalls.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

QString zoneOf(const Sight &sight, const Hostname &name)
{
    const DnsAccount *account = sight.site.accountFor(name);
    return account ? account->zone.ascii() : name.ascii();
}

/// All names of the site that lie in the zone, and the zone.
std::set<QString> subjectsOf(const Sight &sight, const QString &zone)
{
    std::set<QString> subjects{zone};
    for (const NameSeen &one : sight.names) {
        if (zoneOf(sight, one.name) == zone || zoneOf(sight, one.service.upstreamName) == zone)
            subjects.merge(one.subjects());
    }
    return subjects;
}

bool silent(const NameServerSeen &server)
{
    return !server.records.empty() && std::all_of(server.records.begin(), server.records.end(), [](const auto &one) {
        return !one.second &&
               (one.second.error().code == ErrorCode::Timeout || one.second.error().code == ErrorCode::Network);
    });
}

void findServers(const Sight &sight, Findings &out)
{
    std::map<QString, std::vector<const NameServerSeen *>> byZone;
    for (const NameServerSeen &one : sight.seen.nameServers)
        byZone[one.zone.ascii()].push_back(&one);
    for (const auto &[zone, servers] : byZone) {
        QStringList all;
        std::vector<const NameServerSeen *> down;
        for (const NameServerSeen *one : servers) {
            all << one->server;
            if (silent(*one))
                down.push_back(one);
        }
        const Fields fields{{QStringLiteral("zone"), zone},
                            {QStringLiteral("servers"), all.join(QStringLiteral(", "))}};
        if (down.size() == servers.size()) {
            if (!out.has("line-down"))
                out.add({QStringLiteral("dns-down"),
                         zone,
                         fields,
                         {Texts::tr("No answer from %1.").arg(all.join(QStringLiteral(", ")))},
                         subjectsOf(sight, zone)});
            continue;
        }
        for (const NameServerSeen *one : down) {
            // A family that leads nowhere from here is not the server's fault.
            if (!(std::holds_alternative<Ipv6Address>(one->address) ? sight.outside6 : sight.outside4))
                continue;
            Fields more = fields;
            more.emplace(QStringLiteral("server"), one->server);
            out.add({QStringLiteral("dns-server-down"),
                     zone,
                     more,
                     {Texts::tr("%1 does not answer.").arg(one->server)},
                     subjectsOf(sight, zone)});
            break;
        }
        for (const NameServerSeen *one : servers) {
            bool found = false;
            for (const auto &[key, known] : one->records) {
                const auto right = sight.seen.seen.zone.records.find(key);
                // What the primary does not tell cannot be compared.
                if (!known || right == sight.seen.seen.zone.records.end() || !right->second ||
                    sight.seen.notByPrimary.contains(key) || known->values == right->second->values)
                    continue;
                out.add({QStringLiteral("dns-server-stale"),
                         zone,
                         {{QStringLiteral("zone"), zone},
                          {QStringLiteral("server"), one->server},
                          {QStringLiteral("record"), recordText(key)},
                          {QStringLiteral("old"), listed(known->values)},
                          {QStringLiteral("new"), listed(right->second->values)}},
                         {Texts::tr("%1 says %2: %3").arg(one->server, recordText(key), listed(known->values)),
                          Texts::tr("The primary says: %1").arg(listed(right->second->values))},
                         {key.name.ascii(), zone}});
                found = true;
                break;
            }
            if (found)
                break;
        }
    }
}

/// What a resolver gives instead of what the record says.
void judgeResolver(const Sight &sight, Findings &out, const Hostname &name, const ResolverSeen &asked, bool onVps,
                   const NameSeen &one)
{
    const std::set<QString> subjects = one.subjects();
    const auto right = sight.values(name, RecordType::AAAA);
    const QString zone = zoneOf(sight, name);
    // Where none of several answers, it is not told which they are.
    const QString where =
        (onVps ? Texts::tr("The VPS's resolver %1") : Texts::tr("The resolver %1")).arg(asked.resolver).trimmed();
    if (!asked.answer) {
        QStringList evidence{QStringLiteral("%1: %2").arg(where, asked.answer.error().summary)};
        if (!asked.answer.error().detail.isEmpty())
            evidence << asked.answer.error().detail;
        if (asked.bogus) {
            out.add(
                {QStringLiteral("dnssec-bogus"),
                 zone,
                 {{QStringLiteral("zone"), zone}, {QStringLiteral("resolver"), asked.resolver}},
                 {Texts::tr("%1 refuses %2 AAAA, and answers when told not to check DNSSEC.").arg(where, name.ascii())},
                 subjectsOf(sight, zone)});
            return;
        }
        if (onVps && one.passed(PathKind::Upstream, "resolve"))
            return; // the next one in its list knew
        if (onVps)
            out.add({QStringLiteral("vps-resolver-down"),
                     sight.vpsName(),
                     {{QStringLiteral("vps"), sight.vpsName()}, {QStringLiteral("resolver"), asked.resolver}},
                     evidence,
                     {}});
        else
            out.add({QStringLiteral("here-resolver-down"),
                     QString(),
                     {{QStringLiteral("resolver"), asked.resolver}},
                     evidence,
                     {}});
        return;
    }
    if (!right || right->empty() || asked.answer->values == *right)
        return;
    if (asked.answer->values.empty() && !asked.saysNone && !onVps) {
        out.add({QStringLiteral("dns-rebind"),
                 name.ascii(),
                 {{QStringLiteral("name"), name.ascii()}, {QStringLiteral("resolver"), asked.resolver}},
                 {Texts::tr("%1 gives no address for %2 AAAA; the record says %3.")
                      .arg(where, name.ascii(), listed(*right))},
                 subjects});
        return;
    }
    // A filter, or an entry of its own, gives what no record of the home ever said.
    const bool own = std::any_of(asked.answer->values.begin(), asked.answer->values.end(), [](const QString &value) {
        const auto address = Ipv6Address::parse(value);
        return !address || !address->isGlobal();
    });
    if (own) {
        out.add({QStringLiteral("resolver-override"),
                 name.ascii(),
                 {{QStringLiteral("name"), name.ascii()},
                  {QStringLiteral("resolver"), asked.resolver},
                  {QStringLiteral("old"), listed(asked.answer->values)},
                  {QStringLiteral("new"), listed(*right)}},
                 {Texts::tr("%1 says %2 AAAA %3; the record says %4.")
                      .arg(where, name.ascii(), listed(asked.answer->values), listed(*right))},
                 subjects});
        return;
    }
    // What keepers have pushed counts for the proxy, whatever the resolver says.
    if (onVps && !sight.site.vps.front().pushKeys.empty() && one.works(PathKind::Upstream) && one.works(PathKind::V4))
        return;
    Fields fields{{QStringLiteral("resolver"), asked.resolver},
                  {QStringLiteral("old"), listed(asked.answer->values)},
                  {QStringLiteral("new"), listed(*right)},
                  {QStringLiteral("seconds"), QString::number(asked.answer->ttl.count())}};
    fields.emplace(onVps ? QStringLiteral("upstream") : QStringLiteral("name"), name.ascii());
    out.add({onVps ? QStringLiteral("vps-resolver-old") : QStringLiteral("resolver-old"),
             name.ascii(),
             fields,
             {Texts::tr("%1 still says %2 AAAA %3, for %4 s.")
                  .arg(where, name.ascii(), listed(asked.answer->values))
                  .arg(asked.answer->ttl.count()),
              Texts::tr("The record says %1.").arg(listed(*right))},
             subjects});
}

void findResolvers(const Sight &sight, Findings &out)
{
    std::set<QString> asked;
    for (const NameSeen &one : sight.names) {
        const auto here = sight.seen.hereAaaa.find(one.name);
        // One dead resolver is one condition, whatever it was asked.
        if (here != sight.seen.hereAaaa.end() && !(out.has("here-resolver-down") && !here->second.answer) &&
            !(out.has("dnssec-bogus", zoneOf(sight, one.name)) && here->second.bogus))
            judgeResolver(sight, out, one.name, here->second, false, one);
        const Hostname &upstream = one.service.upstreamName;
        const auto there = sight.seen.vpsAaaa.find(upstream);
        if (there == sight.seen.vpsAaaa.end() || !asked.insert(upstream.ascii()).second ||
            (out.has("vps-resolver-down") && !there->second.answer) ||
            (out.has("dnssec-bogus", zoneOf(sight, upstream)) && there->second.bogus))
            continue;
        judgeResolver(sight, out, upstream, there->second, true, one);
    }
}

/// How a refusal of an account is told.
struct AccountWords {
    QString who;
    QString look;
    QString store; ///< without a full stop
};

AccountWords wordsOf(const DnsAccount &account)
{
    const ProviderAccess *access = account.provider();
    const Result<ProviderDefinition> definition =
        access && access->definition ? definitionOf(*access) : fail(ErrorCode::NotFound, QString());
    if (!definition)
        return {Texts::tr("The DNS server"),
                Texts::tr("See at the DNS provider whether the key is still valid and may change A and AAAA "
                          "records of %1; if the answer is BADTIME, a clock is wrong instead.")
                    .arg(account.zone.ascii()),
                Texts::tr("Store a new one with \"sixgatectl secret set %1\"").arg(dnsKeySecret(account))};
    QStringList secrets, plain;
    for (const CredentialField &one : addressCredentials(*definition)) {
        if (one.secret)
            secrets << QStringLiteral("\"sixgatectl secret set %1\"").arg(dnsCredentialSecret(account, one.name));
        else
            plain << QStringLiteral("\"%1\"").arg(one.name.text());
    }
    QStringList ways;
    if (!secrets.isEmpty())
        ways << Texts::tr("store the right ones with %1").arg(secrets.join(Texts::tr(" and ")));
    if (!plain.isEmpty())
        ways << Texts::tr("correct %1 in the account's \"credentials\" in the site file")
                    .arg(plain.join(Texts::tr(" and ")));
    if (ways.isEmpty())
        ways << Texts::tr("correct the account in the site file");
    const QString store = Texts::tr("Where the credentials are wrong, %1").arg(ways.join(Texts::tr(", or ")));
    return {definition->title,
            Texts::tr("See on the provider's pages what it says of the account, and of the names below %1.")
                .arg(account.zone.ascii()),
            store};
}

void findAccounts(const Sight &sight, Findings &out)
{
    for (const DnsAccount &account : sight.site.dns) {
        const auto last = sight.seen.memory.accounts.find(account.name);
        if (last == sight.seen.memory.accounts.end() || last->second.accepted)
            continue;
        const AccountWords words = wordsOf(account);
        out.add({QStringLiteral("dns-account-refused"),
                 account.name.text(),
                 {{QStringLiteral("account"), account.name.text()},
                  {QStringLiteral("who"), words.who},
                  {QStringLiteral("look"), words.look},
                  {QStringLiteral("store"), words.store},
                  {QStringLiteral("zone"), account.zone.ascii()},
                  {QStringLiteral("answer"), last->second.text},
                  {QStringLiteral("when"), dayText(last->second.at)}},
                 {QStringLiteral("%1: %2").arg(dayText(last->second.at), last->second.text)},
                 subjectsOf(sight, account.zone.ascii())});
    }
}

} // namespace

void findDns(const Sight &sight, Findings &out)
{
    findServers(sight, out);
    findResolvers(sight, out);
    findAccounts(sight, out);
}

} // namespace sixgate
