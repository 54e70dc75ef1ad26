#include "engine/home.h"

#include "decide/addresses.h"
#include "decide/lookout.h"
#include "model/texts.h"
#include "observe/home.h"
#include "storage/memory.h"
#include "transport/lanwide.h"

#include <algorithm>
#include <future>
#include <optional>

namespace sixgate
{

namespace
{

Error noFitAddress(const HomeServer &server, const AddressChoice &choice, const LinkSeen &link)
{
    const auto *named = std::get_if<AddressFromLanName>(&server.address);
    const auto answer = named ? link.named.find(named->name) : link.named.end();
    if (answer != link.named.end() && !answer->second)
        return answer->second.error();
    if (answer != link.named.end() && answer->second->empty())
        return {ErrorCode::NotFound,
                Texts::tr("Nothing in this LAN says which IPv6 address %1 has.").arg(named->name.ascii()),
                named->name.ascii().endsWith(QLatin1String(".local"))
                    ? Texts::tr("Nobody answered to a multicast DNS question for it.")
                    : Texts::tr("This machine's resolver knows no IPv6 address of it."),
                Texts::tr("See whether %1 is on and has this name in the LAN; or give its interface identifier "
                          "in the site file (\"from\": \"interface-id\").")
                    .arg(server.name.text())};
    Error error{ErrorCode::NotFound,
                Texts::tr("No IPv6 address here is fit to be published for %1.").arg(server.name.text()),
                {},
                Texts::tr("See \"sixgatectl home\" for each address and why it is not.")};
    QStringList seen;
    for (const CandidateVerdict &one : choice.candidates)
        seen << one.address.text() + QStringLiteral(": ") + one.reason;
    error.detail = seen.isEmpty() ? Texts::tr("There is no IPv6 address at all.") : seen.join(QLatin1Char('\n'));
    return error;
}

ServerSeen lookAtServer(const Site &site, const HomeServer &server, const LinkSeen &link, const Deadline &deadline,
                        std::stop_token stop)
{
    const AddressChoice choice = chooseAddress(server, link);
    ServerSeen seen{server.name, choice.candidates, fail(ErrorCode::NotFound, QString()), std::nullopt};
    const Service *service = firstServiceOn(site, server.name);
    if (!service) {
        seen.proven = fail(ErrorCode::NotFound, Texts::tr("No service runs on %1.").arg(server.name.text()));
        return seen;
    }
    if (choice.fit.empty()) {
        seen.proven = tl::unexpected<Error>(noFitAddress(server, choice, link));
        return seen;
    }
    const ServerQuestion question{
        server.name,
        choice.fit,
        service->port,
        {service->publicNames.front(), server.pinnedKey, {}, pinnedKeyPlace(site, server.name)}};
    const auto proof = proveServer(question, deadline, stop);
    if (!proof) {
        seen.proven = passOn(proof);
        return seen;
    }
    seen.proven = proof->address;
    seen.certificate = proof->certificate;
    // Another than the best one may have answered.
    for (CandidateVerdict &one : seen.candidates) {
        if (one.taken && one.address != proof->address)
            one = {one.address, false, Texts::tr("It is fit, but the server did not answer on it.")};
        else if (!one.taken && one.address == proof->address)
            one = {one.address, true, Texts::tr("The server answered on it.")};
    }
    return seen;
}

/// `link`, and what the server's name in the LAN leads to: those of `before`, where they are among it, come first,
/// since a machine's name may lead to its temporary addresses, too.
LinkSeen askName(const LinkSeen &link, const HomeServer &server, const std::vector<Ipv6Address> &before,
                 const Deadline &deadline, std::stop_token stop)
{
    LinkSeen seen = link;
    const auto *named = std::get_if<AddressFromLanName>(&server.address);
    if (!named)
        return seen;
    const auto prefixes = homePrefixes(link);
    // Right after a change a name may lead to the old address, which is still good.
    const auto enough = [&](const std::vector<Ipv6Address> &found) {
        return std::any_of(found.begin(), found.end(),
                           [&](const Ipv6Address &one) { return !prefixes.empty() && prefixes.front().contains(one); });
    };
    auto found = addressesInLan(named->name, enough, deadline, std::move(stop));
    if (found)
        std::stable_sort(found->begin(), found->end(), [&](const Ipv6Address &a, const Ipv6Address &b) {
            const auto place = [&](const Ipv6Address &one) { return std::find(before.begin(), before.end(), one); };
            return place(a) < place(b);
        });
    seen.named.insert_or_assign(named->name, std::move(found));
    return seen;
}

/// The addresses at which the server was proven, the latest first.
std::vector<Ipv6Address> provenBefore(const Site &site, const HomeServer &server, const HomeSeen &last)
{
    std::vector<Ipv6Address> all;
    if (!std::holds_alternative<AddressFromLanName>(server.address))
        return all;
    for (const ServerSeen &one : last.servers) {
        if (one.server == server.name && one.proven)
            all.push_back(*one.proven);
    }
    const auto memory = loadMemory(site.name);
    if (!memory)
        return all;
    if (const auto known = memory->addresses.find(server.name); known != memory->addresses.end()) {
        for (auto one = known->second.rbegin(); one != known->second.rend(); ++one)
            all.push_back(one->address);
    }
    return all;
}

} // namespace

Result<LinkSeen> readLinkFor(const std::vector<HomeServer> &servers, const Deadline &deadline, std::stop_token stop)
{
    auto link = readLink();
    if (!link)
        return link;
    const LinkSeen read = *link;
    std::vector<std::future<LinkSeen>> asked;
    for (const HomeServer &server : servers) {
        if (std::holds_alternative<AddressFromLanName>(server.address))
            asked.push_back(std::async(std::launch::async, askName, std::cref(read), std::cref(server),
                                       std::vector<Ipv6Address>(), std::cref(deadline), stop));
    }
    for (auto &one : asked)
        link->named.merge(one.get().named);
    return link;
}

HomeSeen lookAtHome(const Site &site, const Deadline &deadline, std::stop_token stop, const HomeSeen &last)
{
    HomeSeen home;
    const auto link = readLink();
    if (!link) {
        home.prefixes = passOn(link);
        for (const HomeServer &server : site.servers)
            home.servers.push_back({server.name, {}, passOn(link), std::nullopt});
        return home;
    }
    home.prefixes = homePrefixes(*link);
    std::vector<std::future<ServerSeen>> running;
    for (const HomeServer &server : site.servers)
        running.push_back(std::async(std::launch::async, [&] {
            return lookAtServer(site, server, askName(*link, server, provenBefore(site, server, last), deadline, stop),
                                deadline, stop);
        }));
    for (auto &one : running)
        home.servers.push_back(one.get());
    return home;
}

void refuseForeignKeys(HomeSeen &home, const std::set<Fingerprint> &keys)
{
    for (ServerSeen &server : home.servers) {
        if (!server.certificate || !keys.contains(server.certificate->key))
            continue;
        server.proven =
            fail(ErrorCode::Denied,
                 Texts::tr("The machine that answers for %1 shows the VPS's certificate, so it is not the home "
                           "server.")
                     .arg(server.server.text()),
                 Texts::tr("Key %1.").arg(server.certificate->key.text()),
                 Texts::tr("Give the home server a certificate of its own; its key must not be the VPS's."));
    }
}

Known<std::set<Fingerprint>> vpsKeys(const VpsSeen &vps)
{
    if (!vps.facts)
        return passOn(vps.facts);
    std::set<Fingerprint> keys;
    for (const auto &[lineage, certificate] : vps.facts->certificates)
        keys.insert(certificate.key);
    return keys;
}

} // namespace sixgate
