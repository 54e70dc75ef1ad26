// The paths that this machine can walk itself: 1, IPv4 through the VPS, and 4, in the LAN.

#include "model/texts.h"
#include "transport/io.h"
#include "transport/netlink.h"
#include "verify/steps.h"

#include <optional>

namespace sixgate
{

namespace
{

constexpr std::uint16_t httpsPort = 443;

Error fromReason(const QString &where, const QString &reason, const Error &original)
{
    return reason.isEmpty() ? original : connectError(where, reason);
}

Error toVps(Error error, const QString &reason)
{
    if (reason == QLatin1String("ECONNREFUSED"))
        error.fix = Texts::tr("Run \"sixgatectl apply\": it sets the proxy up on the VPS.");
    else if (error.fix.isEmpty())
        error.fix = Texts::tr("See whether the VPS is on, and whether its firewall or its provider's lets port 443 "
                              "through.");
    return error;
}

Error inLan(Error error, const QString &reason, Port port)
{
    if (reason == QLatin1String("ECONNREFUSED"))
        error.fix = Texts::tr("Start the web server at home, and let it listen on IPv6 ([::]:%1).").arg(port.text());
    else if (error.fix.isEmpty())
        error.fix = Texts::tr("See whether the home server is on, has this address, and lets port %1 through its own "
                              "firewall.")
                        .arg(port.text());
    return error;
}

// Only an answer of the upstream carries the marker.
void judgeMarker(Walk &walk, const PathQuestion &question, const HttpSeen &http, const QByteArray &token)
{
    const auto found = http.headers.find("x-sixgate-upstream");
    if (found != http.headers.end() && found->second == token) {
        walk.passed("marker", noTime, Texts::tr("the answer came from the home server"));
        // The proxy passes the home's Date header on: it must not count as the VPS's clock.
        walk.report().http->date = QDateTime();
        judgeStatus(walk, http);
        return;
    }
    const QString status = QString::number(http.status);
    const QString detail = found == http.headers.end() ? Texts::tr("status %1, no marker").arg(status)
                                                       : Texts::tr("status %1, another marker").arg(status);
    const QString upstream = question.service.upstreamName.ascii();
    if (http.status == 508)
        walk.broken("marker", noTime, detail,
                    Error{ErrorCode::Refused,
                          Texts::tr("A loop: the upstream name %1 leads back to the VPS.").arg(upstream),
                          {},
                          Texts::tr("Let %1 have an AAAA record with the home server's address, and no A record: "
                                    "\"sixgatectl apply\" sets it.")
                              .arg(upstream)},
                    QStringLiteral("loop"));
    else if (found == http.headers.end() && (http.status == 500 || (http.status >= 502 && http.status <= 504)))
        walk.broken("marker", noTime, detail,
                    Error{ErrorCode::Refused,
                          Texts::tr("The VPS's proxy answered itself with status %1: it did not reach the home "
                                    "server.")
                              .arg(status),
                          {},
                          Texts::tr("See the path \"upstream\" (VPS to home): its first failed step is the "
                                    "reason.")},
                    QStringLiteral("proxy"));
    else
        walk.broken(
            "marker", noTime, detail,
            Error{
                ErrorCode::Refused,
                Texts::tr("Something else than Sixgate's proxy answered for %1 on the VPS.").arg(question.name.ascii()),
                {},
                Texts::tr("Run \"sixgatectl apply\" at home; if that changes nothing, see on the VPS "
                          "which site holds the name: \"apache2ctl -S\".")},
            QStringLiteral("other"));
}

Error notFromHere(const QString &summary, const QString &detail)
{
    return {ErrorCode::Unavailable, summary, detail,
            Texts::tr("Run the check on a machine in the home's LAN to have this path checked too.")};
}

// The first address that is on-link here; nothing, and the walk ended, where none is.
std::optional<std::pair<Ipv6Address, RouteSeen>> onLinkAddress(Walk &walk, const std::vector<Ipv6Address> &addresses)
{
    QStringList details;
    for (const Ipv6Address &address : addresses) {
        const auto route = routeTo(address);
        if (!route) {
            details << QStringLiteral("%1: %2").arg(address.text(), route.error().summary);
            continue;
        }
        if (route->onLink()) {
            walk.passed("route", noTime,
                        route->local ? Texts::tr("%1: this machine is the server itself").arg(address.text())
                                     : QStringLiteral("%1: on-link, %2").arg(address.text(), route->interface));
            return std::pair(address, *route);
        }
        details << (route->gateway
                        ? Texts::tr("%1: through %2, %3").arg(address.text(), route->gateway->text(), route->interface)
                        : Texts::tr("%1: through %2, a tunnel or another link without neighbours")
                              .arg(address.text(), route->interface));
    }
    const QString detail = details.join(QStringLiteral(", "));
    walk.unknown("route", noTime, detail,
                 notFromHere(Texts::tr("This machine is not in the home's LAN (or has no IPv6 there), so this path "
                                       "cannot be checked from here."),
                             detail));
    return std::nullopt;
}

} // namespace

void walkV4(Walk &walk, const Ground &ground, const PathQuestion &question)
{
    const auto addresses = zoneIpv4(walk, ground.inputs.zone, question.name);
    if (walk.ended())
        return;
    const QString detail = QStringLiteral("%1 A %2").arg(question.name.ascii(), listText(addresses));
    const auto &vps = ground.inputs.vps.ipv4;
    if (!vps)
        return walk.unknown("dns", noTime, detail, vps.error());
    if (vps->empty())
        return walk.unknown(
            "dns", noTime, detail,
            Error{
                ErrorCode::NotFound,
                Texts::tr("The VPS's own name has no IPv4 address in the DNS, so nobody knows whether %1 leads there.")
                    .arg(listText(addresses)),
                {},
                Texts::tr("Set the records of the VPS's name, or enter its addresses as \"addresses\" in the "
                          "site file.")});
    if (!sameSet(addresses, *vps))
        return walk.broken(
            "dns", noTime, detail,
            mendedByApply(ErrorCode::Moved, Texts::tr("%1 has the A record %2, but the VPS has %3.")
                                                .arg(question.name.ascii(), listText(addresses), listText(*vps))),
            QStringLiteral("not-vps"));
    walk.passed("dns", noTime, detail);

    const Port port = *Port::fromNumber(httpsPort);
    QString where = whereText(addresses.front(), port);
    const Opener open = [&](const Deadline &until, std::stop_token stop) {
        Result<Fd> first = connectTcp(addresses.front(), port, until.sooner(mostForConnect), stop);
        for (size_t i = 1; !first && i < addresses.size() && !stop.stop_requested(); ++i) {
            auto next = connectTcp(addresses[i], port, until.sooner(mostForConnect), stop);
            if (next) {
                where = whereText(addresses[i], port);
                return next;
            }
        }
        return first;
    };
    const QByteArray token = newToken();
    const ExpectedIdentity identity{question.name, std::nullopt, {}};
    ProbeSeen seen = probe(where, open, identity, HttpQuestion{question.service.probePath, token},
                           ground.deadline.sooner(mostForProbe), ground.stop);
    if (seen.error && seen.error->code != ErrorCode::Cancelled) {
        if (seen.steps.size() == 1) {
            const QString reason = connectReason(*seen.error);
            const Error error = toVps(fromReason(where, reason, *seen.error), reason);
            if (reason == QLatin1String("ENETUNREACH") || reason == QLatin1String("EADDRNOTAVAIL"))
                return walk.unknown("connect", seen.steps.front().took, seen.steps.front().detail,
                                    Error{ErrorCode::Unavailable,
                                          Texts::tr("This machine has no IPv4, so the path cannot be checked from "
                                                    "here."),
                                          error.detail,
                                          Texts::tr("Run the check on a machine with IPv4 to have this path "
                                                    "checked too.")});
            seen.error = error;
        } else if (seen.steps.back().name != QLatin1String("http")) {
            seen.error->fix = Texts::tr("Run \"sixgatectl apply\" at home: it gets the VPS's certificate for %1 and "
                                        "sets the proxy up.")
                                  .arg(question.name.ascii());
        }
    }
    walk.add(seen, 0);
    if (seen.http)
        judgeMarker(walk, question, *seen.http, token);
    judgeRedirects(walk, question, open, identity, ground.deadline, ground.stop);
}

void walkLan(Walk &walk, const Ground &ground, const PathQuestion &question)
{
    const auto addresses = homeAddresses(walk, ground.inputs, question.name);
    if (walk.ended())
        return;
    const auto chosen = onLinkAddress(walk, addresses);
    if (!chosen)
        return;
    const auto &[address, route] = *chosen;
    const Port port = question.service.port;
    const QString where = whereText(address, port);
    std::optional<Result<NeighbourState>> neighbour;
    const Opener open = [&, to = address, seen = route](const Deadline &until, std::stop_token stop) {
        auto socket = connectTcp(to, port, until.sooner(mostForConnect), stop);
        if (socket && !seen.local)
            neighbour = neighbourState(seen.interface, to);
        return socket;
    };
    ProbeSeen seen = probe(where, open, homeIdentity(ground, question), homeHttp(ground, question),
                           ground.deadline.sooner(mostForProbe), ground.stop);
    if (seen.error && seen.steps.size() == 1 && seen.error->code != ErrorCode::Cancelled) {
        const QString reason = connectReason(*seen.error);
        seen.error = inLan(fromReason(where, reason, *seen.error), reason, port);
    }
    if (neighbour && (!*neighbour || !isConfirmed(**neighbour))) {
        walk.passed("connect", seen.steps.front().took, where);
        const QString detail =
            *neighbour ? Texts::tr("no confirmed neighbour on %1").arg(route.interface) : neighbour->error().summary;
        return walk.unknown("neighbour", noTime, detail,
                            notFromHere(Texts::tr("%1 answered, but not as a neighbour on %2 (a tunnel?), so this "
                                                  "says nothing about the LAN.")
                                            .arg(address.text(), route.interface),
                                        detail));
    }
    if (neighbour)
        seen.steps.insert(seen.steps.begin() + 1,
                          ProbeStep{QStringLiteral("neighbour"), true, noTime,
                                    Texts::tr("%1 is a neighbour on %2").arg(address.text(), route.interface)});
    walk.add(seen, 0);
    judgeIdentity(walk, ground, question);
    if (seen.http)
        judgeStatus(walk, *seen.http);
    judgeRedirects(walk, question, open, homeIdentity(ground, question), ground.deadline, ground.stop);
}

} // namespace sixgate
