#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "model/site.h"
#include "transport/dns.h"

#include <stop_token>
#include <vector>

namespace sixgate
{

/// What the authoritative servers say about `keys`, asked at the account's primary (the server that takes updates), all
/// keys at the same time within the deadline. A key that no account of the site holds is left out. NXDOMAIN and "no
/// data" are known to be absent; a server that does not answer, refuses or is not authoritative makes the key unknown.
/// Asks for a name beside each one, too, that surely does not exist, to recognise wildcards. Where a CNAME leads is
/// asked as well (model/aliases.h): A, AAAA and CNAME, in somebody else's zone of the system's resolvers.
ZoneSeen observeZone(const Site &site, const std::vector<RecordKey> &keys, const Deadline &deadline,
                     std::stop_token stop);

/// The addresses of the VPS name as its authoritative servers give them where the site holds its zone, else through the
/// system's resolvers.
VpsSeen observeVpsName(const Site &site, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
