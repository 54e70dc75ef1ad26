#pragma once

#include "model/deadline.h"
#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/result.h"

#include <QString>

#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Questions to all machines of a LAN at once. Each blocks until the deadline, since nobody knows how many will answer.

/// An ICMPv6 echo request (RFC 4443 §4.1) to all nodes, ff02::1, of one interface (by its index), once from each of
/// `sources` (an address is answered from one of its own kind) and once from the system's choice. Gives who answered,
/// by address. Unavailable where this user may send none (net.ipv4.ping_group_range).
Result<std::set<Ipv6Address>> pingAll(unsigned index, const std::vector<Ipv6Address> &sources, const Deadline &deadline,
                                      std::stop_token stop);

/// A one-shot multicast DNS question (RFC 6762 §5.1) on one interface, by IPv6 and IPv4: for names of `known`
/// addresses, and for machines that offer web pages, files or a login. Gives names (`nas.local`) with the addresses
/// that they tell. Nobody is trusted with more than a name to show.
std::map<QString, std::set<IpAddress>> askMulticastDns(unsigned index, const std::vector<Ipv6Address> &known,
                                                       const Deadline &deadline, std::stop_token stop);

/// The IPv6 addresses that a name in the LAN has now: `.local` by multicast DNS on every LAN interface, any other at
/// the system's resolvers. Empty where nobody has the name. Returns as soon as what came is `enough`, else after a
/// second, so that who asks over and over asks once a second (RFC 6762 §5.2).
Result<std::vector<Ipv6Address>> addressesInLan(const Hostname &name,
                                                const std::function<bool(const std::vector<Ipv6Address> &)> &enough,
                                                const Deadline &deadline, std::stop_token stop);

/// What the system's first resolver, at home mostly the router, calls these addresses (PTR, RFC 3596 §2.5).
std::map<Ipv6Address, QString> namesAtResolver(const std::vector<Ipv6Address> &addresses, const Deadline &deadline,
                                               std::stop_token stop);

} // namespace sixgate
