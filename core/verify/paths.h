#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "model/pathreport.h"
#include "model/site.h"
#include "model/texts.h"
#include "transport/ssh.h"
#include "verify/vpsprobe.h"

#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// What the probes start from: read by the engine before.
struct VerifyInputs {
    /// Of the public and upstream names, as the authoritative servers give them.
    ZoneSeen zone;
    /// Addresses of the VPS name.
    VpsSeen vps;
    /// Keys of the VPS's certificates: they must not be shown by the home. Where they are not known, a valid chain
    /// proves nobody's identity: the paths to the home are Unknown, unless a key is pinned.
    Known<std::set<Fingerprint>> vpsKeys = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    /// Only these paths; empty: all.
    std::set<PathKind> kinds;
    /// What the VPS is asked beside the paths' own questions, at the same time.
    ProbeQuestions more;
};

/// Told about each path as soon as it is proven, on some thread, one call at a time.
using PathSink = std::function<void(const PathReport &)>;

/// Proves the four paths of every public name, all at the same time (a pool of at most 32 tasks), each with the family
/// forced and with steps and times:
///
/// 1. `v4` from this machine: A record is the VPS's, connect by IPv4, the VPS's certificate for the public name, HTTP,
/// the
///    marker that the proxy sets on answers of the upstream alone, no loop (508).
/// 2. `upstream` from the VPS: the upstream name resolves there (getaddrinfo) to the home's AAAA only, connect, TLS and
///    identity of the home (through direct-tcpip, only after the script connected).
/// 3. `v6` from the VPS: the public name's AAAA is the home, connect, TLS and identity, HTTP.
/// 4. `lan` from this machine: the AAAA is on-link here (route without gateway, neighbour confirmed after connecting),
///    identity, HTTP. Unknown ("cannot be checked from here") where the route has a gateway, and with no IPv6 here.
///
/// HTTP counts as passed with any status below 500. Without `session` paths 2 and 3 are Unknown, with the reason
/// `noSession`. A stop makes what is not done yet Unknown (Cancelled).
struct Verified {
    CheckReport report;
    Known<VpsAnswers> vps = fail(ErrorCode::NotFound, Texts::tr("The VPS was not asked."));
};
Verified verifyPaths(const Site &site, const VerifyInputs &inputs, SshSession *session, const Error &noSession,
                     const PathSink &sink, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
