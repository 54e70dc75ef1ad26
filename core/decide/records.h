#pragma once

#include "model/plan.h"

#include <set>
#include <vector>

namespace sixgate
{

/// Which records should stand in the zones, and what to change. Pure.

/// One RRset as it should be, or why it is left as it is.
struct RecordWish {
    RecordKey key;
    Label account;
    /// Values in presentation form; empty: the RRset must not exist. An error: not known, so the RRset is kept as it
    /// is.
    Known<std::vector<QString>> values;
    std::chrono::seconds ttl{60};
    QString purpose;                    ///< for sentences: "IPv4 visitors reach the VPS"
    std::vector<Hostname> aliases = {}; ///< public names that are a CNAME and lead here
    bool anyTtl = false;                ///< the provider decides how long resolvers may keep it
    bool watched = false;               ///< something else sets it: it is not changed
    QString takesOne = {}; ///< title of a provider that takes one address of a kind for a name; empty: no such limit
    QString notSetBy = {}; ///< title of a provider that cannot set this kind of address; empty: it can
};

/// The keys to ask the authoritative servers for: everything wanted plus everything Sixgate has set before.
std::vector<RecordKey> recordKeysToObserve(const Site &site, const std::vector<ManagedRecord> &managed);

/// Where a public name's addresses are kept.
struct PublicPlace {
    Hostname name;                       ///< the public name, or the end of its CNAME records
    const DnsAccount *account = nullptr; ///< that holds it; none: somebody else keeps it
};
/// Refused where addresses cannot be right there: a circle of CNAME records, a name that must have other addresses (the
/// VPS name, an upstream name, the public name of a service at another server). Else as followAliases(). A name that a
/// wildcard answers for is its own place: it gets records of its own.
Result<PublicPlace> publicPlace(const Site &site, const ZoneSeen &zone, const Service &service,
                                const Hostname &publicName);

/// Public name, or the end of its CNAME records: A → VPS, AAAA → home server. Upstream name: AAAA → home server, no A.
/// A CNAME that leads where no account of the site reaches is an unknown wish, unless all is right there already.
/// A server whose address is not proven, or a VPS name that does not resolve, makes the wish unknown.
std::vector<RecordWish> recordWishes(const Site &site, const Observation &seen);

/// The changes that make the zones as wished. `managed` are records that Sixgate set earlier: those no longer in the
/// site file are deleted, where they still hold what was set, and never at the names of the VPS and of the DNS servers.
/// A name that a wildcard answers for gets all its records, or none where every answer is as wished. CNAMEs that cannot
/// be followed, values not known, several addresses where the provider takes one, records that it cannot delete, and
/// those that something else keeps and has wrong, go to `withheld`.
std::vector<Change> planRecords(const Site &site, const Observation &seen, const std::vector<ManagedRecord> &managed,
                                std::vector<Withheld> &withheld);

/// The records that Sixgate looks after once `done` are done: kept in the state, so that only these are ever deleted.
std::vector<ManagedRecord> managedAfter(const Site &site, const std::vector<ManagedRecord> &managed,
                                        const std::vector<Change> &done);

/// Without those that are no longer in the site file, nor at the end of its names' CNAMEs, and hold other values now:
/// somebody else has taken them over.
std::vector<ManagedRecord> stillManaged(const Site &site, const ZoneSeen &zone,
                                        const std::vector<ManagedRecord> &managed);

} // namespace sixgate
