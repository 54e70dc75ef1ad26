#pragma once

#include "model/leadership.h"
#include "model/names.h"
#include "model/observation.h"
#include "model/pace.h"

#include <map>

namespace sixgate
{

/// A record in a DNS account.
struct PacedRecord {
    Label account;
    RecordKey key;

    friend auto operator<=>(const PacedRecord &, const PacedRecord &) = default;
};

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

} // namespace sixgate
