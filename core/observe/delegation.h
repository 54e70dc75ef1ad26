#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "model/site.h"

#include <map>
#include <stop_token>

namespace sixgate
{

/// Whether `_acme-challenge` of each public name whose challenges are delegated leads to the VPS name (NS), as every
/// authoritative server of the name's zone tells; an alias (CNAME) is not followed and counts as leading there. Absent
/// from the map: no such name. Unknown where a server does not answer.
std::map<Hostname, Known<bool>> observeDelegations(const Site &site, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
