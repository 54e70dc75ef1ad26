#pragma once

#include "model/deadline.h"
#include "model/setup.h"

#include <functional>
#include <stop_token>
#include <vector>

namespace sixgate
{

using ServersTold = std::function<void(const std::vector<SetupServer> &)>;

/// The machines of this LAN, this one among them: by the neighbour table, by a ping to all, by multicast DNS; each is
/// then tried with TLS on port 443. `told` gets all that is known each time that there is more, on the calling thread.
/// What they are fit for is not said here. About three seconds, at most until the deadline.
std::vector<SetupServer> discoverServers(const LinkSeen &link, const ServersTold &told, const Deadline &deadline,
                                         std::stop_token stop);

} // namespace sixgate
