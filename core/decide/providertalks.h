#pragma once

#include "model/providertalk.h"

#include <memory>
#include <vector>

namespace sixgate
{

/// Talks with a provider, step by step and without I/O: see ProviderTalk. All goals lie within `zone`.
///
/// What decides is what happens to the family that is not sent. A name with both families gets both whenever the
/// provider is not known to keep the other one; where what the other one should be is not known, what stands there is
/// sent again; and where even that is not known, nothing is sent (Withheld). No request lets the provider take the
/// address of the connection. A stop, a redirect or too many requests for the account end the talk, and hold for all
/// that was not sent yet.

/// Sets addresses. Invalid where the provider does not set them by HTTP, where an address is not fit to be published,
/// or where a name is outside of the zone.
Result<std::unique_ptr<ProviderTalk>> addressTalk(const ProviderDefinition &provider, const Hostname &zone,
                                                  const std::vector<NameGoal> &goals);

/// Adds or removes TXT values; others at the same name stay, except at a provider that keeps one alone.
Result<std::unique_ptr<ProviderTalk>> textTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<TextGoal> &goals);

/// Reads back through the provider's API; each outcome is Unchanged with what was `seen`. Invalid where there is none.
Result<std::unique_ptr<ProviderTalk>> readTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<RecordKey> &keys);

} // namespace sixgate
