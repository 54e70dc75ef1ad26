#pragma once

#include "model/deadline.h"
#include "model/ipv4situation.h"
#include "model/site.h"

#include <stop_token>

namespace sixgate
{

/// Reads this machine's addresses and ways, then asks the router and the echo services, all at once. What cannot be had
/// by the deadline is unknown.
Ipv4Sight readIpv4(const std::vector<EchoService> &echo, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
