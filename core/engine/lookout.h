#pragma once

#include "model/deadline.h"
#include "model/evidence.h"
#include "model/site.h"

#include <stop_token>

namespace sixgate
{

/// Looks at all home servers in the LAN, at the same time.
std::vector<ServerLook> lookAtServers(const Site &site, const Known<LinkSeen> &link, const ZoneSeen &zone,
                                      const SiteMemory &memory, const Deadline &deadline, std::stop_token stop);

/// Addresses in the home's present network that the router may let through instead of the server's: its EUI-64 address,
/// and identifiers that it had before. At most `most` for each server.
std::map<Ipv6Address, IdentifierTry> identifiersToTry(const Site &site, const Known<LinkSeen> &link,
                                                      const SiteMemory &memory, const std::vector<ServerLook> &looks,
                                                      size_t most);

/// What the records say about the home server `server`.
std::vector<Ipv6Address> publishedFor(const Site &site, const ZoneSeen &zone, const Label &server);

const Service *firstServiceOn(const Site &site, const Label &server);

} // namespace sixgate
