#pragma once

#include "decide/records.h"

namespace sixgate
{

/// Providers that take a name's addresses by one call, and of which nobody knows, or it is known, that they change or
/// drop the one that is not sent. Pure.

/// The title of the provider of `account` where it has no way to delete such a record alone; empty: it has one.
QString cannotDelete(const DnsAccount &account, RecordType type);

/// Whether it deletes both addresses of a name at once.
bool deletesWhole(const DnsAccount &account);

/// Whether a name there that is to have both addresses gets both by each call: where one is sent alone, the provider
/// may fill in the other one, at home with the address of the carrier's NAT.
bool setsTogether(const DnsAccount &account);

/// Takes those from `changes` that would set one address of a name there alone, while the other one is to be there and
/// is not: it is not known, or not to be set yet. Only records that are new, or are sent anew: one that is there
/// follows the prefix. Each is told in `withheld`, not blocking.
void withholdHalves(const Site &site, const std::vector<RecordWish> &wishes, const ZoneSeen &zone,
                    std::vector<Change> &changes, std::vector<Withheld> &withheld);

/// The change of the name's other address that goes with `change` at such a provider; nullptr: there is none.
const Change *otherHalf(const Site &site, const Change &change, const std::vector<Change> &changes);

/// Whether both are changes of one name at a provider, and go in one call.
bool goTogether(const Site &site, const Change &one, const Change &other);

} // namespace sixgate
