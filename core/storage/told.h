#pragma once

#include "model/alarmmemory.h"
#include "model/names.h"

namespace sixgate
{

/// What a keeper has told to whom: `<state folder>/told.json`, mode 0600. Apart from what it must not forget: this is
/// saved by its alarm, and whoever sets records waits for no saving but their own; and losing it costs no more than
/// a message told twice.

/// What was told; nothing where nothing was yet, or where it cannot be read: no keeper ends for that. A file that is
/// damaged or made by a newer Sixgate is put aside as `told.json.damaged`. Any thread.
AlarmMemory loadTold(const Label &site);

/// As loadTold, for the one keeper of a site.
AlarmMemory beginTold(const Label &site);

/// Replaces it, complete or not at all; lasting when this returns. Times are kept to the millisecond. Any thread, one
/// at a time for a site.
Outcome saveTold(const Label &site, const AlarmMemory &memory);

} // namespace sixgate
