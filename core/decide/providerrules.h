#pragma once

#include "decide/pace.h"
#include "model/providertalk.h"

namespace sixgate
{

/// A provider's limits and answers as the policy of updates (pace.h) takes them. Pure.

/// The rules of a definition: its limits, and the words after which nothing is sent until the user acts.
UpdateRules providerRules(const ProviderDefinition &provider);

/// So many requests a talk about these records makes, as far as that can be told before: one for each call that names
/// what is to be set; of an API one that finds the zone, and for each record one that reads and one that writes.
int expectedRequests(const ProviderDefinition &provider, const std::vector<RecordKey> &records);

/// Whether the time to live of an address is told to the provider, so that it can be kept as the site file has it.
bool setsTtl(const ProviderDefinition &provider);

/// The answer holds for its name, and says nothing of the account's other ones: "nohost", not "badauth" or "abuse", nor
/// what may mean either.
bool concernsNameAlone(const ProviderAnswer &answer);

/// A stop that holds for all of the account, or may: what is not known to be of the name. A refusal by HTTP's status
/// alone is one of the request, unless the definition says more of it.
bool stopsAccount(const ProviderAnswer &answer);

/// What an answer is to the pace; nothing where nothing was to be sent (Withheld, Unneeded).
std::optional<UpdateOutcome> updateOutcome(const ProviderAnswer &answer, const QString &value);

/// The one of two outcomes of one talk that holds for all of it: a stop, then a refusal, then what nobody knows, then a
/// success, then what was said of one name, and only then that nothing was sent. The longer wait of both.
UpdateOutcome worseOutcome(const UpdateOutcome &one, const UpdateOutcome &other);

} // namespace sixgate
