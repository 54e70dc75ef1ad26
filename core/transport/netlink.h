#pragma once

#include "model/observation.h"

#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// What the kernel knows (rtnetlink by libmnl). Each call opens its own socket and takes milliseconds; thread-safe.

/// All IPv6 addresses of all interfaces that are up, with flags and lifetimes.
Result<std::vector<LocalAddress>> localIpv6Addresses();

/// The on-link IPv6 prefixes: main-table unicast routes without gateway; link-local, multicast and tunnels excluded.
Result<std::vector<OnLinkPrefix>> onLinkIpv6Prefixes();

struct RouteSeen {
    QString interface;
    std::optional<Ipv6Address> gateway; ///< nullopt: on-link
    bool local = false;                 ///< the address is this machine's own
    LinkKind link = LinkKind::Lan;      ///< of the interface

    /// The address is this machine's own or that of a machine on the same LAN.
    bool onLink() const { return local || (!gateway && link == LinkKind::Lan); }
};
/// The route this machine would take (RTM_GETROUTE). Network error where there is none.
Result<RouteSeen> routeTo(const Ipv6Address &address);

enum class NeighbourState { Reachable, Stale, Delay, Probe, Permanent, NoArp, Incomplete, Failed, Absent };
/// Entry of the neighbour table (RFC 4861) for an on-link address; with its Ethernet address (`02:00:5e:00:53:01`)
/// where that is known and asked for.
Result<NeighbourState> neighbourState(const QString &interface, const Ipv6Address &address, QString *mac = nullptr);
/// Its link-layer address is known: it answered as a neighbour, now or (Stale) a while ago. Nobody is asked for a NoArp
/// entry.
bool isConfirmed(NeighbourState state);

/// One machine of the neighbour table.
struct NeighbourSeen {
    QString interface;
    Ipv6Address address;
    QString mac; ///< `02:00:5e:00:53:01`
    bool router = false;
};
/// All confirmed neighbours with an Ethernet address, of all interfaces.
Result<std::vector<NeighbourSeen>> ipv6Neighbours();

/// Interfaces that lead into a LAN, are up and speak IPv6, with their indices.
Result<std::map<QString, unsigned>> lanInterfaces();

} // namespace sixgate
