#pragma once

#include "model/deadline.h"
#include "model/plan.h"
#include "transport/dns.h"

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>

namespace sixgate
{

/// Carries out one change of the DNS lane: one signed message that replaces one RRset, with the old values as its
/// prerequisite, then reads back from the primary until it has the new values (a few seconds), and asks the zone's
/// other authoritative servers: those that still have the old ones after six seconds, or when the deadline comes, are
/// named in `stale`, which is no error (they follow by zone transfer). Errors: Moved where the record is no longer what
/// the plan expects; NotFound where the key is missing; as of updateRecordSet() else. Protocol where the read-back
/// shows something else.
struct RecordsApplied {
    std::vector<QString> stale; ///< addresses of servers that did not have the new values yet
    bool wasAbsent = false;     ///< the expected values were those of a wildcard: the name itself had none
    bool already = false;       ///< somebody else had set what is wanted: nothing was changed
    std::optional<std::chrono::steady_clock::time_point> shown; ///< when the primary was seen to have them
};
Result<RecordsApplied> applyRecords(const SetRecords &change, const Site &site, const std::map<Label, TsigKey> &keys,
                                    const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
