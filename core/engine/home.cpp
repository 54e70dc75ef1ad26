#include "engine/home.h"

#include "decide/addresses.h"
#include "decide/lookout.h"
#include "observe/home.h"

#include <algorithm>
#include <future>
#include <optional>

namespace sixgate
{

namespace
{

Error noFitAddress(const HomeServer &server, const AddressChoice &choice)
{
    Error error{ErrorCode::NotFound,
                QStringLiteral("No IPv6 address here is fit to be published for %1.").arg(server.name.text()),
                {},
                QStringLiteral("See \"sixgatectl home\" for each address and why it is not.")};
    QStringList seen;
    for (const CandidateVerdict &one : choice.candidates)
        seen << one.address.text() + QStringLiteral(": ") + one.reason;
    error.detail = seen.isEmpty() ? QStringLiteral("There is no IPv6 address at all.") : seen.join(QLatin1Char('\n'));
    return error;
}

ServerSeen lookAtServer(const Site &site, const HomeServer &server, const LinkSeen &link, const Deadline &deadline,
                        std::stop_token stop)
{
    const AddressChoice choice = chooseAddress(server, link);
    ServerSeen seen{server.name, choice.candidates, fail(ErrorCode::NotFound, QString()), std::nullopt};
    const Service *service = firstServiceOn(site, server.name);
    if (!service) {
        seen.proven = fail(ErrorCode::NotFound, QStringLiteral("No service runs on %1.").arg(server.name.text()));
        return seen;
    }
    if (choice.fit.empty()) {
        seen.proven = tl::unexpected<Error>(noFitAddress(server, choice));
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
            one = {one.address, false, QStringLiteral("It is fit, but the server did not answer on it.")};
        else if (!one.taken && one.address == proof->address)
            one = {one.address, true, QStringLiteral("The server answered on it.")};
    }
    return seen;
}

} // namespace

HomeSeen lookAtHome(const Site &site, const Deadline &deadline, std::stop_token stop)
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
        running.push_back(
            std::async(std::launch::async, [&] { return lookAtServer(site, server, *link, deadline, stop); }));
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
                 QStringLiteral("The machine that answers for %1 shows the VPS's certificate, so it is not the home "
                                "server.")
                     .arg(server.server.text()),
                 QStringLiteral("Key %1.").arg(server.certificate->key.text()),
                 QStringLiteral("Give the home server a certificate of its own; its key must not be the VPS's."));
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
