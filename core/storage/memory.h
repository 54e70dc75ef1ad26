#pragma once

#include "model/memory.h"

#include <functional>

namespace sixgate
{

/// What is remembered of a site from one check to the next: `<state folder>/memory.json`, mode 0600. Apart from the
/// state, for losing it costs nothing but what it would have told.

/// The memory; an empty one where there is none, or where it cannot be read: no check ends for that, so this gives a
/// value always. A file that is damaged or made by a newer Sixgate is put aside as `memory.json.damaged`. Any thread.
Result<SiteMemory> loadMemory(const Label &site);

/// Replaces the memory, complete or not at all; of what is more than MemoryLimits the newest is kept.
Outcome saveMemory(const Label &site, const SiteMemory &memory);

/// Loads, folds and saves as one step, so that no update of another program is lost. It has a lock of its own,
/// `memory.lock`: `apply` holds that of the site for long. Unavailable where another program does not let go of it
/// within 5 s. `fold` must be quick, and must not call this. Any thread.
Outcome updateMemory(const Label &site, const std::function<SiteMemory(SiteMemory)> &fold);

} // namespace sixgate
