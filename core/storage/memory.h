#pragma once

#include "model/memory.h"

namespace sixgate
{

/// What is remembered of a site from one check to the next: `<state folder>/memory.json`, mode 0600. Apart from the
/// state, for losing it costs nothing but what it would have told.

/// The memory; an empty one where there is none, or where it cannot be read: no check ends for that, so this gives a
/// value always. A file that is damaged or made by a newer Sixgate is put aside as `memory.json.damaged`. Any thread.
Result<SiteMemory> loadMemory(const Label &site);

/// Replaces the memory, complete or not at all; of what is more than MemoryLimits the newest is kept.
Outcome saveMemory(const Label &site, const SiteMemory &memory);

} // namespace sixgate
