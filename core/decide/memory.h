#pragma once

#include "model/evidence.h"
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
/// Refusals of the last 24 h are kept.
SiteMemory noteSsh(SiteMemory memory, const std::optional<Error> &error, const QDateTime &now);

/// Which name servers a later check may ask where nobody tells it which there are: those that answered, and of the
/// earlier ones those that were `asked` now as well, since a family that is down is not forgotten, but a server that
/// the zone names no longer is. Nothing asked: as it was.
SiteMemory noteNameServers(SiteMemory memory, const std::vector<Reach> &asked);

/// Whether a login was refused within the last 60 minutes, and none succeeded since.
bool loginRefusedLately(const SiteMemory &memory, const QDateTime &now);

/// Whether another login may be tried by itself: after n refusals in a row not before min(10 min · 2^(n-1), 6 h) have
/// passed since the last one. A monitor must not provoke a ban.
bool mayTryLogin(const SiteMemory &memory, const QDateTime &now);

/// Somebody else writes a record that Sixgate writes, too.
struct Writers {
    std::vector<QString> ours;    ///< what was replaced last
    std::vector<QString> theirs;  ///< by what; empty: it was deleted
    std::vector<QDateTime> times; ///< of each time within 48 h, oldest first
    bool over = false;            ///< what was seen last is Sixgate's, and for more than 2 h
};
/// Where a value of Sixgate's was replaced by another's at least twice within the last 48 h. Once is no fight: a
/// person may have tried something. A value that was Sixgate's before is nobody else's: a server of the zone that lags
/// behind shows it again.
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
