#pragma once

#include "model/leadership.h"
#include "model/names.h"
#include "model/observation.h"
#include "model/pace.h"

#include <functional>
#include <map>

namespace sixgate
{

/// What a keeper must not forget: losing it could mean a ban by a provider, or two machines that write. In
/// `<state folder>/keeping.json`, mode 0600.
struct Keeping {
    /// This machine, as the VPS knows it: `[a-z0-9][a-z0-9-]{0,63}`; made once by beginKeeping.
    QString machine;
    std::map<PacedRecord, PaceState> paces;
    LeaderMemory leadership;

    friend bool operator==(const Keeping &, const Keeping &) = default;
};

/// What was kept; empty, without a machine, where nothing was yet. Invalid where the file is damaged or made by a newer
/// Sixgate: it is left as it is. Any thread.
Result<Keeping> loadKeeping(const Label &site);

/// A name for a machine: what can be read of its host name, and 32 random bits, since two may be called alike.
QString newMachineName(const QString &hostName);

/// As loadKeeping; where the machine has no name yet it gets one, which is saved. For the one keeper of a site.
Result<Keeping> beginKeeping(const Label &site);

/// Replaces it, complete or not at all; lasting when this returns. Times are kept to the millisecond. Any thread, one
/// at a time for a site.
Outcome saveKeeping(const Label &site, const Keeping &keeping);

/// Loads it, changes it by `how`, and saves it where that changed anything; another process waits meanwhile, at most
/// 5 s. Errors as of loadKeeping() and saveKeeping(); Unavailable where another process does not let go of it.
Outcome updateKeeping(const Label &site, const std::function<void(Keeping &)> &how);

} // namespace sixgate
