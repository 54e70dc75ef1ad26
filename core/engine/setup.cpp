#include "engine/setup.h"

#include "apply/providerclient.h"
#include "decide/acmetalk.h"
#include "decide/addresses.h"
#include "decide/fitness.h"
#include "decide/ipv4situation.h"
#include "decide/lookout.h"
#include "decide/providercalls.h"
#include "decide/providertalks.h"
#include "decide/setup.h"
#include "engine/home.h"
#include "engine/ipv4.h"
#include "engine/vpskeys.h"
#include "model/texts.h"
#include "observe/delegation.h"
#include "observe/discovery.h"
#include "observe/home.h"
#include "observe/vps.h"
#include "transport/dns.h"
#include "transport/fetch.h"
#include "transport/io.h"
#include "verify/vpsprobe.h"

#include <QRandomGenerator>
#include <QUrl>

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto discoveryTime = 8s;
constexpr auto secretTime = 30s; // a keychain may have to be unlocked
constexpr auto accountTime = 20s;
constexpr auto factsTime = 30s;
constexpr auto nameTime = 2500ms;
constexpr auto zoneTime = 8s;
constexpr qsizetype mostAnswer = 256 * 1024;
constexpr int mostHops = 5;
constexpr auto probeTime = 6s;
constexpr auto routerAgain = 1500ms;

tl::unexpected<Error> cancelled()
{
    return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
}

/// What the prefixes are like, in a sentence.
QString prefixKind(const LinkSeen &link, const std::vector<Ipv6Prefix> &prefixes)
{
    if (prefixes.empty())
        return Texts::tr("There is no global IPv6 prefix here: switch IPv6 on in the home router, or ask the "
                         "provider for it.");
    bool forEver = false;
    std::chrono::seconds longest{0};
    for (const LocalAddress &one : link.addresses) {
        if (!prefixes.front().contains(one.address) || one.deprecated)
            continue;
        forEver = forEver || !one.preferred;
        longest = std::max(longest, one.preferred.value_or(0s));
    }
    const QString more = prefixes.size() > 1 ? Texts::tr(" There are %1 more.").arg(prefixes.size() - 1) : QString();
    if (forEver)
        return Texts::tr("It is announced for ever; Sixgate follows it all the same when it changes.") + more;
    return Texts::tr("The router announces it for another %1 minutes each time; Sixgate follows it when the "
                     "provider changes it.")
               .arg(std::chrono::duration_cast<std::chrono::minutes>(longest).count()) +
           more;
}

Result<Credentials> credentialsOf(const DnsAccount &account, const ProviderAccess &access,
                                  const ProviderDefinition &definition, SecretStore &secrets,
                                  const std::stop_token &stop)
{
    Credentials all;
    for (const CredentialField &one : addressCredentials(definition)) {
        if (!one.secret) {
            if (const auto plain = access.plain.find(one.name); plain != access.plain.end())
                all.emplace(one.name.text(), Secret(plain->second.toUtf8()));
            continue;
        }
        auto secret = secrets.get(dnsCredentialSecret(account, one.name), Deadline::after(secretTime), stop);
        if (!secret)
            return passOn(secret);
        all.emplace(one.name.text(), std::move(*secret));
    }
    return all;
}

Result<SetupTried> tryProvider(const Site &site, const DnsAccount &account, SecretStore &secrets,
                               const std::stop_token &stop)
{
    const ProviderAccess &access = *account.provider();
    const auto definition = definitionOf(access);
    if (!definition)
        return passOn(definition);
    auto credentials = credentialsOf(account, access, *definition, secrets, stop);
    if (!credentials)
        return passOn(credentials);
    if (!definition->api || definition->readBack != ReadBack::Api)
        return SetupTried{false,
                          Texts::tr("%1 has no call that only reads, so the credentials are tried when the first "
                                    "record is written.")
                              .arg(definition->title)};
    std::vector<RecordKey> keys;
    for (const Hostname &one : site.services.empty() ? std::vector<Hostname>() : site.services.front().publicNames) {
        if (one.isWithin(account.zone))
            keys.push_back({one, RecordType::AAAA});
    }
    if (keys.empty())
        keys.push_back({account.zone, RecordType::AAAA});
    const auto talk = readTalk(*definition, account.zone, keys);
    if (!talk)
        return passOn(talk);
    ProviderClient client(*definition, std::move(*credentials));
    for (const RecordOutcome &one : client.carry(**talk, Deadline::after(accountTime), stop)) {
        if (stop.stop_requested())
            return cancelled();
        const AnswerMeaning meaning = one.answer.meaning;
        if (meaning == AnswerMeaning::Unchanged || meaning == AnswerMeaning::Done)
            continue;
        const bool silent = meaning == AnswerMeaning::NoAnswer || meaning == AnswerMeaning::Unsent;
        return fail(silent ? ErrorCode::Network : ErrorCode::Denied,
                    one.answer.sentence.isEmpty() ? Texts::tr("%1 did not take the credentials.").arg(definition->title)
                                                  : one.answer.sentence,
                    one.answer.word);
    }
    return SetupTried{true, Texts::tr("%1 takes the credentials.").arg(definition->title)};
}

Result<SetupTried> tryUpdate(const DnsAccount &account, SecretStore &secrets, const std::stop_token &stop)
{
    const Deadline deadline = Deadline::after(accountTime);
    const UpdateAccess &access = *account.update();
    const auto primary = findPrimary(account, deadline, stop);
    if (!primary)
        return passOn(primary);
    std::vector<std::pair<TsigKeyRef, QString>> keys{{access.key, dnsKeySecret(account)}};
    if (access.acmeKey)
        keys.emplace_back(*access.acmeKey, dnsAcmeKeySecret(account));
    for (const auto &[key, name] : keys) {
        auto secret = secrets.get(name, Deadline::after(secretTime), stop);
        if (!secret)
            return passOn(secret);
        const TsigKey signing{key.name, key.algorithm, std::move(*secret), name};
        if (auto taken = tryUpdateKey(*primary, account.zone, signing, deadline, stop); !taken)
            return passOn(taken);
    }
    return SetupTried{true, Texts::tr("The name server %1 takes the %2 for %3.")
                                .arg(serverText(*primary), keys.size() > 1 ? Texts::tr("keys") : Texts::tr("key"),
                                     account.zone.display())};
}

QStringList factLines(const VpsFacts &facts)
{
    QStringList lines{facts.osName.isEmpty() ? Texts::tr("Unknown system") : facts.osName};
    if (facts.freeBytes >= 0)
        lines << Texts::tr("%1 MB free").arg(facts.freeBytes / (1024 * 1024));
    lines << (facts.hasGlobalIpv6 ? Texts::tr("Has IPv6") : Texts::tr("Has no IPv6"));
    const bool apache = facts.apacheActive;
    lines << (facts.listeners80And443.empty() ? Texts::tr("Ports 80 and 443 are free")
              : apache                        ? Texts::tr("Apache runs there")
                                              : facts.listeners80And443.front());
    lines << (facts.deployedId.isEmpty() ? Texts::tr("Nothing of Sixgate's is there yet")
                                         : Texts::tr("Sixgate has set it up before"));
    if (!facts.ufw.isEmpty() || !facts.nft.isEmpty())
        lines << Texts::tr("Has a firewall; the plan tells what it must let through");
    return lines;
}

} // namespace

Result<SetupHome> lookAtSetupHome(std::stop_token stop)
{
    SetupHome home;
    const auto link = readLink();
    if (link) {
        const auto prefixes = homePrefixes(*link);
        home.prefixKind = prefixKind(*link, prefixes);
        home.prefixes = prefixes;
        const auto choice = chooseOwnAddress(link->addresses);
        if (choice.chosen)
            home.own = *choice.chosen;
        else
            home.own = fail(ErrorCode::NotFound, Texts::tr("This computer has no address that could be published."));
    } else {
        home.prefixes = passOn(link);
        home.own = passOn(link);
    }
    const auto sight = lookAtIpv4(std::vector<EchoService>(), stop);
    if (!sight)
        return passOn(sight);
    home.ipv4 = judgeIpv4(*sight);
    home.need = setupNeed(home.ipv4);
    return home;
}

Result<std::vector<SetupServer>> findServers(const std::function<void(const std::vector<SetupServer> &)> &told,
                                             std::stop_token stop)
{
    const auto link = readLink();
    if (!link)
        return passOn(link);
    const auto judged = [&](std::vector<SetupServer> all) {
        judgeServers(all, *link);
        return all;
    };
    auto all = discoverServers(
        *link, [&](const std::vector<SetupServer> &some) { told(judged(some)); }, Deadline::after(discoveryTime), stop);
    if (stop.stop_requested())
        return cancelled();
    return judged(std::move(all));
}

Result<SetupTried> tryAccount(const Site &site, SecretStore &secrets, std::stop_token stop)
{
    const DnsAccount &account = site.dns.front();
    auto tried = account.update()     ? tryUpdate(account, secrets, stop)
                 : account.provider() ? tryProvider(site, account, secrets, stop)
                                      : SetupTried{false, Texts::tr("Something else keeps the zone.")};
    if (stop.stop_requested())
        return cancelled();
    return tried;
}

Result<SetupVpsLook> lookAtSetupVps(const Site &site, SecretStore &secrets, std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    const Vps &vps = site.vps.front();
    auto host = vpsHost(vps, *addresses, secrets, stop);
    if (!host)
        return passOn(host);
    if (auto connected = (*host)->connect(Deadline::after(factsTime), stop); !connected)
        return passOn(connected);
    auto facts = readVpsFacts(**host, {}, Deadline::after(factsTime), stop);
    if (!facts)
        return passOn(facts);
    SetupVpsLook look;
    look.obstacles = judgeVps(*facts, vpsLabel(vps), facts->deployedId.isEmpty());
    look.lines = factLines(*facts);
    look.facts = std::move(*facts);
    return look;
}

Result<SetupCertificate> lookAtCertificate(const Site &site, std::stop_token stop)
{
    const auto link = readLinkFor(site.servers, Deadline::after(nameTime), stop);
    if (!link)
        return passOn(link);
    const HomeServer &server = site.servers.front();
    const auto choice = chooseAddress(server, *link);
    if (choice.fit.empty())
        return fail(ErrorCode::NotFound, Texts::tr("The home server has no address that could be published."));
    std::optional<SetupCertificate> worst;
    for (const Service &service : site.services) {
        if (service.server != server.name)
            continue;
        const Deadline deadline = Deadline::after(probeTime);
        std::optional<Error> why;
        for (const Ipv6Address &address : choice.fit) {
            auto socket = connectTcp(address, service.port, deadline.sooner(2500ms), stop);
            if (!socket) {
                why = connectError(whereText(address, service.port), connectReason(socket.error()));
                continue;
            }
            const auto tls = TlsStream::handshake(std::move(*socket), service.publicNames.front(), deadline, stop);
            if (!tls) {
                why = tls.error();
                continue;
            }
            const TlsSeen &seen = tls->seen();
            auto verdict = judgeCertificate(seen.certificate, seen.chainValid, seen.chainError, service.publicNames,
                                            server.pinnedKey ? server.pinnedKey->text() : QString(),
                                            QDateTime::currentDateTimeUtc());
            why.reset();
            if (!verdict.good || !worst)
                worst = std::move(verdict);
            break;
        }
        if (stop.stop_requested())
            return cancelled();
        if (why)
            return tl::unexpected<Error>(*why);
        if (!worst->good)
            break;
    }
    if (!worst)
        return fail(ErrorCode::NotFound, Texts::tr("There is no service yet."));
    return *worst;
}

namespace
{

/// One answer of the home, over TLS where the URL says so; its certificate is of no matter here, as it is to an
/// authority.
Result<FetchedAnswer> askHome(const std::vector<Ipv6Address> &addresses, const Hostname &name, const QUrl &url,
                              const Deadline &deadline, const std::stop_token &stop)
{
    Error why{ErrorCode::NotFound, Texts::tr("The home server has no address that could be published."), {}, {}};
    const bool tls = url.scheme() == QLatin1String("https");
    const Port port = *Port::parse(tls ? QStringLiteral("443") : QStringLiteral("80"));
    const QByteArray target =
        url.toEncoded(QUrl::RemoveScheme | QUrl::RemoveAuthority | QUrl::RemoveFragment | QUrl::FullyEncoded);
    const QByteArray request = "GET " + target + " HTTP/1.1\r\nHost: " + name.ascii().toLatin1() +
                               "\r\nUser-Agent: sixgate\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    for (const Ipv6Address &address : addresses) {
        auto socket = connectTcp(address, port, deadline.sooner(2500ms), stop);
        if (!socket) {
            why = connectError(whereText(address, port), connectReason(socket.error()));
            continue;
        }
        std::optional<TlsStream> stream;
        if (tls) {
            auto secured = TlsStream::handshake(std::move(*socket), name, deadline, stop);
            if (!secured) {
                why = secured.error();
                continue;
            }
            stream.emplace(std::move(*secured));
        }
        auto answer = exchange(stream ? overTls(*stream, deadline, stop) : overTcp(*socket, deadline, stop), request,
                               mostAnswer, deadline);
        if (answer)
            return answer;
        why = answer.error();
    }
    return tl::unexpected<Error>(why);
}

/// What the home answers in the end to a challenge that nobody knows: where it leads to itself, that is followed.
Known<SetupHandover> askHandover(const std::vector<Ipv6Address> &addresses, const Hostname &name, const QString &path,
                                 const std::stop_token &stop)
{
    const Deadline deadline = Deadline::after(probeTime);
    QUrl url(QStringLiteral("http://%1%2").arg(name.ascii(), path));
    for (int hop = 0;; ++hop) {
        const auto answer = askHome(addresses, name, url, deadline, stop);
        if (!answer)
            return passOn(answer);
        const auto location = answer->headers.find("location");
        if (!leadsOn(answer->status) || location == answer->headers.end())
            return SetupHandover{answer->status, {}};
        const QUrl next = url.resolved(QUrl::fromEncoded(location->second));
        const auto host = Hostname::parse(next.host());
        const bool itself = host && host->ascii() == name.ascii() && next.port(-1) == -1 && next != url;
        if (!itself || hop == mostHops)
            return SetupHandover{answer->status, next.toString()};
        url = next;
    }
}

} // namespace

Result<std::vector<SetupWay>> lookAtWays(const Site &site, std::stop_token stop)
{
    std::vector<SetupWay> ways;
    const Hostname vps = site.vps.front().host;
    const auto uses = [&](Challenge challenge) {
        return std::ranges::find(site.services, challenge, &Service::challenge) != site.services.end();
    };
    if (uses(Challenge::Http)) {
        const auto link = readLinkFor(site.servers, Deadline::after(nameTime), stop);
        const auto choice = link ? chooseAddress(site.servers.front(), *link) : AddressChoice();
        const QString path = QStringLiteral("/.well-known/acme-challenge/sixgate-%1")
                                 .arg(QRandomGenerator::system()->generate64(), 16, 16, QLatin1Char('0'));
        for (const Service &service : site.services) {
            for (const Hostname &name : service.publicNames) {
                if (service.challenge == Challenge::Http && !stop.stop_requested())
                    ways.push_back(judgeHandover(name, vps, path, askHandover(choice.fit, name, path, stop)));
            }
        }
    }
    if (uses(Challenge::Delegated)) {
        for (const auto &[name, leads] : observeDelegations(site, Deadline::after(zoneTime), stop))
            ways.push_back(judgeDelegation(name, vps, leads));
    }
    if (stop.stop_requested())
        return cancelled();
    return ways;
}

Outcome watchRouter(const Site &site, SecretStore &secrets, const std::function<void(const SetupOpen &)> &told,
                    std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    const auto target = vpsTarget(site.vps.front(), *addresses, secrets, stop);
    if (!target)
        return passOn(target);
    const auto session = SshSession::connect(*target, Deadline::after(factsTime), stop);
    if (!session)
        return passOn(session);
    do {
        SetupOpen open;
        const auto link = readLinkFor(site.servers, Deadline::after(nameTime), stop);
        const auto choice = link ? chooseAddress(site.servers.front(), *link) : AddressChoice();
        if (!choice.chosen) {
            open.sentence = Texts::tr("The home server has no address that could be reached.");
            told(open);
            continue;
        }
        ProbeQuestions questions;
        for (const Service &service : site.services) {
            questions.connect.insert({IpAddress(*choice.chosen), service.port});
            if (service.challenge == Challenge::Http)
                questions.connect.insert({IpAddress(*choice.chosen), *Port::parse(QStringLiteral("80"))});
        }
        const auto answers = askVps(**session, questions, Deadline::after(vpsProbeLimit(questions) + 5s), stop);
        if (stop.stop_requested())
            break;
        if (!answers)
            return passOn(answers);
        open.state = SetupOpen::State::Open;
        open.sentence = Texts::tr("The VPS reaches the home server at %1.").arg(choice.chosen->text());
        for (const auto &[where, how] : answers->connected) {
            if (how.reason.isEmpty())
                continue;
            open.state = SetupOpen::State::Closed;
            open.sentence = connectError(whereText(where.first, where.second), how.reason).summary;
        }
        told(open);
    } while (pauseFor(routerAgain, stop));
    return {};
}

} // namespace sixgate
