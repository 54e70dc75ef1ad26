#pragma once

#include "model/evidence.h"
#include "model/site.h"

namespace sixgate
{

/// What a check looks at beside the paths, and what it takes from that. Pure.

const Service *firstServiceOn(const Site &site, const Label &server);

/// What the records say about the home server `server`: the addresses of its public and upstream names.
std::vector<Ipv6Address> publishedFor(const Site &site, const ZoneSeen &zone, const Label &server);

/// Addresses in the home's present network that the router may let through instead of the server's: its EUI-64 address,
/// identifiers that it had before, and others of this machine where that is the server. Each with the ports of the
/// server's services; at most `most` addresses for each server.
std::vector<IdentifierTry> identifiersToTry(const Site &site, const Known<LinkSeen> &link, const SiteMemory &memory,
                                            const std::vector<ServerLook> &looks, size_t most);

/// The zone's primary may be silent while others answer: their records, where the primary's are not known. Gives the
/// keys that were filled.
std::set<RecordKey> fillZone(ZoneSeen &zone, const std::vector<NameServerSeen> &servers);

/// Which name servers answered at all, as tries to reach somebody outside.
std::vector<Reach> reachOf(const std::vector<NameServerSeen> &servers);

/// Whether this machine may be at home: not where another router is in its place.
bool mayBeAtHome(const QString &router, const SiteMemory &memory);

} // namespace sixgate
