#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "transport/probe.h"

#include <QByteArray>

#include <stop_token>
#include <vector>

namespace sixgate
{

/// Addresses and on-link prefixes of this machine (netlink). Milliseconds; any thread.
Result<LinkSeen> readLink();

/// The addresses in the output of `ip -j -6 address` (iproute2), as a user attached it to a question; on-link prefixes
/// are derived from the addresses' prefix lengths. Pure. Invalid, naming the place, where it is not that output; an
/// address entry with fields missing is read as far as it goes; entries of IPv4 and interfaces that are not up are
/// skipped.
Result<LinkSeen> parseIpJson(const QByteArray &json);

/// How one home server is to be recognised.
struct ServerQuestion {
    Label server;
    std::vector<Ipv6Address> candidates; ///< fit ones, best first
    Port port;                           ///< TLS port of one of its services
    ExpectedIdentity identity;
};

struct ServerProof {
    Ipv6Address address;
    CertificateSeen certificate;
};

/// Tries the candidates in order: the first on which the server answers on-link with the expected identity is proven.
/// "On-link": this machine itself, or the route leads into a LAN without a gateway and the server's neighbour entry is
/// confirmed after connecting.
/// Error where none is: the one of the best candidate, with what to do. Blocks at most a few seconds for each
/// candidate, within the deadline.
Known<ServerProof> proveServer(const ServerQuestion &question, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
