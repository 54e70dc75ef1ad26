#pragma once

#include "model/observation.h"

#include <vector>

namespace sixgate
{

/// So many CNAME records are followed one after the other; resolvers give up at about as many.
constexpr std::size_t LongestAliasChain = 8;

/// Where a name's addresses stand: at the name itself, or at the end of its CNAME records (RFC 1034 §3.6.2).
struct AliasChain {
    Hostname end;                  ///< has no CNAME, or it was not asked for one
    std::vector<Hostname> aliases; ///< the name first, each an alias of the next one; empty: it is none
};

/// Follows the CNAME records that were seen. Protocol where they lead round in a circle, are too many, or where a name
/// has several; Invalid where one leads to what is no host name; else the error for which one of them is not known.
Result<AliasChain> followAliases(const ZoneSeen &zone, const Hostname &name);

/// Names to which CNAME records lead, and whose own records were not asked for yet.
std::set<Hostname> unseenAliasTargets(const ZoneSeen &zone);

} // namespace sixgate
