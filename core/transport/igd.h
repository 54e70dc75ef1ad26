#pragma once

#include "model/deadline.h"
#include "model/ipv4situation.h"

#include <stop_token>

namespace sixgate
{

/// Asks the home's router for its WAN address by UPnP IGD, as it answers it without a password. Reads only: nothing is
/// changed on the router. Only the gateway is believed and connected to, whatever other devices say; what it says is
/// limited in size and parsed. NotFound where it does not answer as an IGD. `interface`: the one that leads to it.
Result<RouterSeen> askRouter(const Ipv4Address &gateway, const QString &interface, const Deadline &deadline,
                             std::stop_token stop);

} // namespace sixgate
