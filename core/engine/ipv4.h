#pragma once

#include "model/ipv4situation.h"
#include "model/site.h"

#include <stop_token>

namespace sixgate
{

/// Looks at the home's IPv4, at most three seconds. An error only where it was stopped: what cannot be seen is unknown
/// in the sight.
Result<Ipv4Sight> lookAtIpv4(const Site &site, std::stop_token stop);

/// The same before there is a site file: these services are asked.
Result<Ipv4Sight> lookAtIpv4(const std::vector<EchoService> &echo, std::stop_token stop);

} // namespace sixgate
