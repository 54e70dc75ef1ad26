#pragma once

#include "model/deadline.h"
#include "model/evidence.h"
#include "model/site.h"

#include <set>
#include <stop_token>

namespace sixgate
{

/// What this machine's resolver says about the AAAA records of `names`: the first of them that answers at all; an
/// answer by DNSSEC's refusal is asked again without checking. CNAMEs are followed as far as the answer has them.
std::map<Hostname, ResolverSeen> askResolvers(const std::set<Hostname> &names, const Deadline &deadline,
                                              std::stop_token stop);

/// The same of records of any kind.
std::map<RecordKey, ResolverSeen> askResolversFor(const std::vector<RecordKey> &keys, const Deadline &deadline,
                                                  std::stop_token stop);

/// Every authoritative server of the zones that hold `keys`, and what it says about them; a server that is silent is
/// asked once. Where a zone's servers cannot be looked up, those that answered before (`remembered`) are asked, if the
/// site has one zone.
std::vector<NameServerSeen> askNameServers(const Site &site, const std::vector<RecordKey> &keys,
                                           const std::vector<IpAddress> &remembered, const Deadline &deadline,
                                           std::stop_token stop);

} // namespace sixgate
