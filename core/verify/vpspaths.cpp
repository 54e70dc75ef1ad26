// The paths that the VPS walks for us: 2, VPS to home by the upstream name, and 3, IPv6 from outside. The script has
// connected before; TLS and HTTP then go through the SSH connection.

#include "model/texts.h"
#include "verify/steps.h"

#include <optional>

namespace sixgate
{

namespace
{

Error fromVps(Error error, const QString &reason, Port port)
{
    if (reason == QLatin1String("ECONNREFUSED"))
        error.fix = Texts::tr("Start the web server at home, and let it listen on IPv6 ([::]:%1).").arg(port.text());
    else if (reason == QLatin1String("ENETUNREACH") || reason == QLatin1String("EADDRNOTAVAIL"))
        error.fix = Texts::tr("Turn IPv6 on for the VPS at its provider.");
    else if (reason == QLatin1String("EHOSTUNREACH"))
        error.fix = Texts::tr("See whether the home server is on, and whether the home's prefix has changed since: "
                              "\"sixgatectl apply\" at home publishes the new one.");
    else
        error.fix =
            Texts::tr(
                "Did the home's prefix change? Then \"sixgatectl apply\" publishes the new address. Otherwise let "
                "the home router's IPv6 firewall pass port %1 to the home server.")
                .arg(port.text());
    return error;
}

// The first of the addresses that this script on the VPS could connect to; nothing, and the walk ended, where it could
// connect to none.
std::optional<Ipv6Address> connectedFromVps(Walk &walk, const VpsAnswers &answers,
                                            const std::vector<Ipv6Address> &addresses, Port port)
{
    std::optional<Ipv6Address> good;
    const VpsConnected *first = nullptr;
    std::chrono::milliseconds took{0};
    QStringList details;
    for (const Ipv6Address &address : addresses) {
        const auto found = answers.connected.find(Endpoint{address, port});
        if (found == answers.connected.end())
            continue;
        const VpsConnected &one = found->second;
        if (!first)
            first = &one;
        if (one.reason.isEmpty() && !good) {
            good = address;
            took = one.took;
        }
        details << QStringLiteral("%1: %2").arg(whereText(address, port),
                                                one.reason.isEmpty() ? QStringLiteral("connected") : one.reason);
    }
    const QString detail = details.join(QStringLiteral(", "));
    if (good)
        walk.passed("connect", took, detail);
    else if (first)
        walk.broken("connect", first->took, detail,
                    fromVps(connectError(whereText(addresses.front(), port), first->reason), first->reason, port),
                    first->reason);
    else
        walk.unknown("connect", noTime, listText(addresses),
                     Error{ErrorCode::Internal, Texts::tr("The VPS was not asked for this address."), {}, {}});
    return good;
}

// The script connected a moment ago: it is the SSH connection that does not pass this one on.
Error notPassedOn(Error error, const QString &where)
{
    if (error.code == ErrorCode::Cancelled)
        return error;
    error.detail = QStringLiteral("%1 %2").arg(error.summary, error.detail).trimmed();
    error.summary =
        Texts::tr("The VPS's SSH server did not pass a connection on to %1, so this could not be checked.").arg(where);
    // Refused: the server forbids it, and the error says what to allow.
    if (error.code != ErrorCode::Refused)
        error.fix = Texts::tr("Check again. If it stays so, look at the VPS's load and at the log of its SSH "
                              "server (journalctl -u ssh).");
    return error;
}

// TLS, identity and HTTP over a channel of the SSH connection. Channels open one after the other: the limits for
// opening and for the probe run from the moment when this one's turn has come.
std::optional<HttpSeen> throughVps(Walk &walk, const Ground &ground, const PathQuestion &question,
                                   const Ipv6Address &address, const std::optional<HttpQuestion> &http)
{
    const QString where = whereText(address, question.service.port);
    const auto start = Deadline::Clock::now();
    auto channel =
        ground.session->openTcp(address, question.service.port, ground.deadline, ground.stop, mostForConnect);
    if (!channel) {
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
        Error error = notPassedOn(channel.error(), where);
        const QString detail = error.detail.isEmpty() ? where : error.detail;
        walk.unknown("tls", took, detail, std::move(error));
        return std::nullopt;
    }
    const Opener open = [&channel](const Deadline &, std::stop_token) { return Result<Fd>(std::move(*channel)); };
    const ProbeSeen seen = probe(where, open, homeIdentity(ground, question), http,
                                 ground.deadline.sooner(mostForProbeFromVps), ground.stop);
    walk.add(seen, 1);
    judgeIdentity(walk, ground, question);
    return seen.http;
}

// What the VPS's resolver says about the upstream name must be what the record says; the proxy follows the resolver.
void judgeResolved(Walk &walk, const Hostname &name, const VpsResolved &seen, const std::vector<Ipv6Address> &records)
{
    std::vector<Ipv6Address> ipv6;
    std::vector<Ipv4Address> ipv4;
    for (const IpAddress &address : seen.addresses) {
        if (const auto *six = std::get_if<Ipv6Address>(&address))
            ipv6.push_back(*six);
        else
            ipv4.push_back(std::get<Ipv4Address>(address));
    }
    const QString ascii = name.ascii();
    const QString detail =
        QStringLiteral("%1: %2").arg(ascii, seen.reason.isEmpty() ? listText(seen.addresses) : seen.reason);
    if (!seen.reason.isEmpty())
        walk.broken("resolve", seen.took, detail,
                    Error{ErrorCode::Network,
                          Texts::tr("The VPS's resolver gives no answer for %1.").arg(ascii),
                          {},
                          Texts::tr("See whether name resolution works on the VPS (/etc/resolv.conf), and whether "
                                    "the zone's servers answer.")},
                    QStringLiteral("no-answer"));
    else if (!ipv4.empty())
        walk.broken("resolve", seen.took, detail,
                    Error{ErrorCode::Invalid,
                          Texts::tr("The VPS gets the IPv4 address %1 for %2: the upstream name must have IPv6 "
                                    "alone, or the proxy may call itself.")
                              .arg(listText(ipv4), ascii),
                          {},
                          Texts::tr("Remove the A record of %1, and its line in /etc/hosts on the VPS if there is "
                                    "one.")
                              .arg(ascii)},
                    QStringLiteral("ipv4"));
    else if (ipv6.empty())
        walk.broken("resolve", seen.took, QStringLiteral("old: none; new: %1").arg(listText(records)),
                    Error{ErrorCode::Moved,
                          Texts::tr("The VPS's resolver knows no address for %1 yet; the record says %2.")
                              .arg(ascii, listText(records)),
                          {},
                          Texts::tr("Wait until the resolver has forgotten its old answer, then check again.")},
                    QStringLiteral("old"));
    else if (!sameSet(ipv6, records))
        walk.broken("resolve", seen.took, QStringLiteral("old: %1; new: %2").arg(listText(ipv6), listText(records)),
                    Error{ErrorCode::Moved,
                          Texts::tr("The VPS's resolver still gives %1 for %2; the record says %3.")
                              .arg(listText(ipv6), ascii, listText(records)),
                          {},
                          Texts::tr("Wait until the resolver has forgotten the old address, then check again; see "
                                    "/etc/hosts on the VPS if it stays.")},
                    QStringLiteral("old"));
    else
        walk.passed("resolve", seen.took, detail);
}

} // namespace

void walkUpstream(Walk &walk, const Ground &ground, const PathQuestion &question)
{
    if (!ground.session)
        return walk.unknown(ground.noSession);
    const Hostname &name = question.service.upstreamName;
    const auto a = ground.inputs.zone.records.find(RecordKey{name, RecordType::A});
    if (a != ground.inputs.zone.records.end() && a->second && !a->second->values.empty())
        return walk.broken("dns", noTime, QStringLiteral("%1 A %2").arg(name.ascii(), a->second->values.front()),
                           mendedByApply(ErrorCode::Invalid,
                                         Texts::tr("The upstream name %1 has an A record: with it the proxy may call "
                                                   "itself.")
                                             .arg(name.ascii())),
                           QStringLiteral("has-a"));
    const auto addresses = homeAddresses(walk, ground.inputs, name);
    if (walk.ended())
        return;
    const auto &answers = ground.vps.get();
    if (!answers)
        return walk.unknown("resolve", noTime, {}, answers.error());
    const auto resolved = answers->resolved.find(name);
    if (resolved == answers->resolved.end())
        return walk.unknown("resolve", noTime, name.ascii(),
                            Error{ErrorCode::Internal, Texts::tr("The VPS was not asked for this name."), {}, {}});
    judgeResolved(walk, name, resolved->second, addresses);
    if (walk.ended())
        return;
    const auto good = connectedFromVps(walk, *answers, addresses, question.service.port);
    if (good)
        throughVps(walk, ground, question, *good, std::nullopt);
}

void walkV6(Walk &walk, const Ground &ground, const PathQuestion &question)
{
    if (!ground.session)
        return walk.unknown(ground.noSession);
    const auto addresses = homeAddresses(walk, ground.inputs, question.name);
    if (walk.ended())
        return;
    const auto &answers = ground.vps.get();
    if (!answers)
        return walk.unknown("connect", noTime, {}, answers.error());
    const auto good = connectedFromVps(walk, *answers, addresses, question.service.port);
    if (!good)
        return;
    const auto http = throughVps(walk, ground, question, *good, homeHttp(ground, question));
    if (!http)
        return;
    judgeStatus(walk, *http);
    judgeOwnRedirect(walk, question);
}

} // namespace sixgate
