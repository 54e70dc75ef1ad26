#pragma once

#include "model/memory.h"

#include <optional>
#include <vector>

namespace sixgate
{

/// What a check adds to the memory of a site, and what the memory tells. Pure.

/// Adds what the zone says, where that is other than what was seen last. A value is Sixgate's where it is a managed
/// one; absence is Sixgate's where it manages nothing there. Unknown adds nothing.
SiteMemory noteRecords(SiteMemory memory, const ZoneSeen &zone, const std::vector<ManagedRecord> &managed,
                       const QDateTime &now);

/// Adds the addresses at which servers were proven; one that was used before becomes the newest again.
SiteMemory noteAddresses(SiteMemory memory, const HomeSeen &home, const QDateTime &now);

SiteMemory noteAnswer(SiteMemory memory, const Label &account, bool accepted, const QString &text,
                      const QDateTime &now);

/// A login that succeeded (no error) or not. Only what the server refused counts: an unreachable server is no refusal.
SiteMemory noteSsh(SiteMemory memory, const std::optional<Error> &error, const QDateTime &now);

/// Somebody else writes a record that Sixgate writes, too.
struct Writers {
    std::vector<QString> ours;    ///< what was replaced last
    std::vector<QString> theirs;  ///< by what; empty: it was deleted
    std::vector<QDateTime> times; ///< of each time within 48 h, oldest first
};
/// Where a value of Sixgate's was replaced by another's at least twice within the last 48 h. Once is no fight: a
/// person may have tried something.
std::optional<Writers> twoWriters(const SiteMemory &memory, const RecordKey &key, const QDateTime &now);

/// A server has another interface identifier with each new prefix.
struct ChangingIdentifier {
    Ipv6Address before; ///< the last one in another /64
    Ipv6Address latest;
};
/// Where a server was proven in at least two /64s, and never with the same identifier in two of them. What was before
/// the identifier changed within one /64 is no evidence: somebody gave the server another one.
std::optional<ChangingIdentifier> changingIdentifier(const SiteMemory &memory, const Label &server);

} // namespace sixgate
