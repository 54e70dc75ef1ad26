#include "observe/home.h"

#include "transport/io.h"
#include "transport/netlink.h"

#include <algorithm>
#include <future>

namespace sixgate
{

namespace
{

constexpr std::chrono::seconds mostForConnect{3};
constexpr std::chrono::seconds mostForCandidate{5};
// More candidates than this is no home; the best ones are tried.
constexpr size_t mostCandidates = 8;

// On-link or this machine itself: only there an answer says that the server is in this home.
Outcome checkOnLink(const Label &server, const Ipv6Address &address)
{
    const auto route = routeTo(address);
    if (!route && route.error().code == ErrorCode::Network)
        return fail(
            ErrorCode::Network,
            QStringLiteral("This machine has no way to %1, the address of %2.").arg(address.text(), server.text()),
            route.error().detail, QStringLiteral("See whether this machine has IPv6 in the home's LAN."));
    if (!route)
        return passOn(route);
    if (route->gateway && !route->local)
        return fail(ErrorCode::Unavailable,
                    QStringLiteral("This machine is not in the LAN of %1: the way to %2 leads through a router (%3), "
                                   "so nothing is published.")
                        .arg(server.text(), address.text(), route->gateway->text()),
                    QStringLiteral("Interface %1.").arg(route->interface),
                    QStringLiteral("Run Sixgate on a machine in the same network as %1.").arg(server.text()));
    return {};
}

Error notConnected(const ServerQuestion &question, const QString &where, const Error &why)
{
    const QString reason = connectReason(why);
    if (reason.isEmpty())
        return why;
    Error error = connectError(where, reason);
    const QString server = question.server.text();
    if (reason == QLatin1String("ECONNREFUSED"))
        error.fix = QStringLiteral("Start the web server on %1, and let it listen on IPv6 ([::]:%2).")
                        .arg(server, question.port.text());
    else if (error.code == ErrorCode::Timeout || reason == QLatin1String("EHOSTUNREACH"))
        error.fix = QStringLiteral("See whether %1 is on, has this address, and lets port %2 through its own firewall.")
                        .arg(server, question.port.text());
    else
        error.fix = QStringLiteral("See whether this machine's network and firewall let it reach %1.").arg(server);
    return error;
}

Known<ServerProof> tryCandidate(const ServerQuestion &question, const Ipv6Address &address, const Deadline &deadline,
                                std::stop_token stop)
{
    if (const auto near = checkOnLink(question.server, address); !near)
        return passOn(near);
    const Opener open = [&](const Deadline &until, std::stop_token stopped) {
        return connectTcp(address, question.port, until.sooner(mostForConnect), stopped);
    };
    const QString where = whereText(address, question.port);
    ProbeSeen seen = probe(where, open, question.identity, std::nullopt, deadline.sooner(mostForCandidate), stop);
    if (!seen.error)
        return ServerProof{address, std::move(seen.tls->certificate)};
    if (seen.error->code == ErrorCode::Cancelled)
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
                    QStringLiteral("There is no address at which %1 could be found.").arg(question.server.text()));
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
