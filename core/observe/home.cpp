#include "observe/home.h"

#include "model/texts.h"
#include "transport/io.h"
#include "transport/netlink.h"

#include <algorithm>
#include <future>
#include <optional>

namespace sixgate
{

namespace
{

constexpr std::chrono::seconds mostForConnect{3};
constexpr std::chrono::seconds mostForCandidate{5};
// More candidates than this is no home; the best ones are tried.
constexpr size_t mostCandidates = 8;

Error notInLan(const Label &server, const QString &why, const QString &detail)
{
    return {ErrorCode::Unavailable,
            Texts::tr("This machine is not in the LAN of %1: %2, so nothing is published.").arg(server.text(), why),
            detail, Texts::tr("Run Sixgate on a machine in the same network as %1.").arg(server.text())};
}

// On-link or this machine itself: only there an answer says that the server is in this home.
Result<RouteSeen> routeInLan(const Label &server, const Ipv6Address &address)
{
    const auto route = routeTo(address);
    if (!route && route.error().code == ErrorCode::Network)
        return fail(ErrorCode::Network,
                    Texts::tr("This machine has no way to %1, the address of %2.").arg(address.text(), server.text()),
                    route.error().detail, Texts::tr("See whether this machine has IPv6 in the home's LAN."));
    if (!route)
        return passOn(route);
    if (route->onLink())
        return route;
    const QString interface = Texts::tr("Interface %1.").arg(route->interface);
    if (route->gateway)
        return tl::unexpected<Error>(notInLan(
            server, Texts::tr("the way to %1 leads through a router (%2)").arg(address.text(), route->gateway->text()),
            interface));
    return tl::unexpected<Error>(
        notInLan(server,
                 Texts::tr("the way to %1 leads through %2, which is a tunnel or another link without neighbours")
                     .arg(address.text(), route->interface),
                 interface));
}

Error notConnected(const ServerQuestion &question, const QString &where, const Error &why)
{
    const QString reason = connectReason(why);
    if (reason.isEmpty())
        return why;
    Error error = connectError(where, reason);
    const QString server = question.server.text();
    if (reason == QLatin1String("ECONNREFUSED"))
        error.fix = Texts::tr("Start the web server on %1, and let it listen on IPv6 ([::]:%2).")
                        .arg(server, question.port.text());
    else if (error.code == ErrorCode::Timeout || reason == QLatin1String("EHOSTUNREACH"))
        error.fix = Texts::tr("See whether %1 is on, has this address, and lets port %2 through its own firewall.")
                        .arg(server, question.port.text());
    else
        error.fix = Texts::tr("See whether this machine's network and firewall let it reach %1.").arg(server);
    return error;
}

Known<ServerProof> tryCandidate(const ServerQuestion &question, const Ipv6Address &address, const Deadline &deadline,
                                std::stop_token stop)
{
    const auto route = routeInLan(question.server, address);
    if (!route)
        return passOn(route);
    const QString where = whereText(address, question.port);
    std::optional<Error> foreign;
    const Opener open = [&](const Deadline &until, std::stop_token stopped) -> Result<Fd> {
        auto socket = connectTcp(address, question.port, until.sooner(mostForConnect), stopped);
        if (!socket || route->local)
            return socket;
        const auto neighbour = neighbourState(route->interface, address);
        if (neighbour && isConfirmed(*neighbour))
            return socket;
        foreign = notInLan(question.server,
                           Texts::tr("%1 answered, but not as a neighbour on %2").arg(where, route->interface),
                           neighbour ? QString() : neighbour.error().summary);
        return tl::unexpected<Error>(*foreign);
    };
    ProbeSeen seen = probe(where, open, question.identity, std::nullopt, deadline.sooner(mostForCandidate), stop);
    if (!seen.error)
        return ServerProof{address, std::move(seen.tls->certificate)};
    if (foreign || seen.error->code == ErrorCode::Cancelled)
        return tl::unexpected<Error>(*seen.error);
    if (!seen.steps.empty() && seen.steps.back().name == QLatin1String("connect"))
        return tl::unexpected<Error>(notConnected(question, where, *seen.error));
    Error error = *seen.error;
    error.detail = error.detail.isEmpty() ? where : QStringLiteral("%1: %2").arg(where, error.detail);
    return tl::unexpected<Error>(std::move(error));
}

} // namespace

Result<LinkSeen> readLink()
{
    auto addresses = localIpv6Addresses();
    if (!addresses)
        return passOn(addresses);
    auto onLink = onLinkIpv6Prefixes();
    if (!onLink)
        return passOn(onLink);
    return LinkSeen{std::move(*addresses), std::move(*onLink)};
}

Known<ServerProof> proveServer(const ServerQuestion &question, const Deadline &deadline, std::stop_token stop)
{
    if (question.candidates.empty())
        return fail(ErrorCode::NotFound,
                    Texts::tr("There is no address at which %1 could be found.").arg(question.server.text()));
    // All at once, so that a silent candidate costs no more time than one; the best that is proven is taken.
    std::stop_source enough;
    const std::stop_callback passStop(stop, [&enough] { enough.request_stop(); });
    std::vector<std::future<Known<ServerProof>>> tries;
    for (size_t i = 0; i < std::min(question.candidates.size(), mostCandidates); ++i) {
        tries.push_back(std::async(std::launch::async, tryCandidate, std::cref(question), question.candidates[i],
                                   std::cref(deadline), enough.get_token()));
    }
    Known<ServerProof> best = tries.front().get();
    for (size_t i = 1; i < tries.size(); ++i) {
        if (best)
            enough.request_stop();
        Known<ServerProof> other = tries[i].get();
        if (!best && other)
            best = std::move(other);
    }
    return best;
}

} // namespace sixgate
