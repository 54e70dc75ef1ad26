#pragma once

#include "model/ipv4situation.h"

namespace sixgate
{

/// How the home reaches the IPv4 internet, from what was seen. Unknown where the evidence does not tell or contradicts
/// itself; the text then says what would. Pure.
Ipv4Verdict judgeIpv4(const Ipv4Sight &sight);

/// Stable lower-case word, used in JSON: "public", "carrier-nat", "ds-lite", "double-nat", "none", "unknown".
QString ipv4KindName(Ipv4Kind kind);

} // namespace sixgate
