#pragma once

#include "decide/pace.h"
#include "model/providertalk.h"

namespace sixgate
{

/// A provider's limits and answers as the policy of updates (pace.h) takes them. Pure.

/// The rules of a definition: its limits, and the words after which nothing is sent until the user acts.
UpdateRules providerRules(const ProviderDefinition &provider);

/// What an answer is to the pace; nothing where nothing was to be sent (Withheld, Unneeded).
std::optional<UpdateOutcome> updateOutcome(const ProviderAnswer &answer, const QString &value);

/// The one of two outcomes of one talk that holds for all of it: a stop, then a refusal, then what nobody knows, then a
/// success, and only then that nothing was sent. The longer wait of both.
UpdateOutcome worseOutcome(const UpdateOutcome &one, const UpdateOutcome &other);

} // namespace sixgate
