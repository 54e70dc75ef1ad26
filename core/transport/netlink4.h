#pragma once

#include "model/ipv4situation.h"

namespace sixgate
{

/// The IPv4 side of what the kernel knows (rtnetlink). Each call takes milliseconds; thread-safe.

/// All IPv4 addresses of all interfaces that are up, the loopback's left out.
Result<std::vector<LocalIpv4>> localIpv4Addresses();

/// The default route of the main table with the lowest metric, into a LAN rather than into a tunnel: the way that the
/// home's router gave this machine. nullopt: there is none.
Result<std::optional<Ipv4Way>> defaultIpv4Way();

/// The way that packets to `address` take, policy rules of a VPN included. Nothing is sent. nullopt: there is none.
Result<std::optional<Ipv4Way>> ipv4WayTo(const Ipv4Address &address);

} // namespace sixgate
