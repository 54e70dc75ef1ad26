#pragma once

#include "verify/paths.h"
#include "verify/vpsprobe.h"

#include <future>

namespace sixgate
{

/// What all walks share. Private to the room.
struct Ground {
    const Site &site;
    const VerifyInputs &inputs;
    SshSession *session = nullptr;
    const Error &noSession;
    std::shared_future<Result<VpsAnswers>> vps; ///< valid where there is a session
    Deadline deadline;
    std::stop_token stop;
};

/// One public name of one service, on one path.
struct PathQuestion {
    const Service &service;
    const HomeServer *server = nullptr;
    const Hostname &name;
    PathKind kind = PathKind::V4;
};

/// The AAAA records of `name` as far as they are known: what a walk will want to reach.
std::vector<Ipv6Address> knownIpv6(const ZoneSeen &zone, const Hostname &name);

/// All that the walks will want to know from the script on the VPS, asked at once. Nothing about names without a known
/// AAAA: asked too early, the VPS's resolver would remember for the SOA's minimum that there is none.
ProbeQuestions vpsQuestions(const Site &site, const ZoneSeen &zone);

PathReport walkPath(const Ground &ground, const PathQuestion &question);

} // namespace sixgate
