#pragma once

#include "model/observation.h"
#include "model/plan.h"
#include "model/site.h"

namespace sixgate
{

/// One step back: the deployment before the current one. Withheld and blocking where none is kept. Pure.
Plan planRollback(const Site &site, const VpsSeen &vps);

struct RemovalChoices {
    bool keepPackages = false;
    bool records = true; ///< also delete the public names' A records: nobody answers there any more
};

/// Takes everything away that Sixgate brought to the VPS: the A records of `managed` first, then the machine's part.
/// Pure.
Plan planRemoval(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed,
                 const RemovalChoices &choices);

bool shareAnAddress(const Vps &one, const Vps &other);

/// Whether the two may be one machine, by addresses or by host keys: what comes after a move is the removal from the
/// old one. Pure.
bool mayBeSameMachine(const Vps &one, const Vps &other);

/// How long visitors may still come to where the public names lead now: the longest time to live of their A records.
/// Pure.
std::chrono::seconds longestStay(const Site &site, const ZoneSeen &zone);

} // namespace sixgate
