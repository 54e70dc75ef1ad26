#pragma once

#include "model/deadline.h"
#include "model/evidence.h"
#include "model/site.h"

#include <stop_token>

namespace sixgate
{

/// Looks at all ports of all home servers in the LAN, at the same time. `closer`: where one does not answer, at other
/// ports and machines, too; not in somebody else's network.
std::vector<ServerLook> lookAtServers(const Site &site, const Known<LinkSeen> &link, const ZoneSeen &zone,
                                      const SiteMemory &memory, bool closer, const Deadline &deadline,
                                      std::stop_token stop);

} // namespace sixgate
