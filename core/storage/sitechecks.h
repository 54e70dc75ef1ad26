#pragma once

#include "model/site.h"
#include "storage/sitefile.h"

#include <vector>

namespace sixgate
{

/// Whether the parts of a site fit together: names unique, references lead somewhere, no name in two roles, every name
/// in some account's zone. Invalid with the JSON path. Pure; near linear in the size of the site.
Outcome checkSite(const Site &site);

/// The part of it that the providers' definitions decide: zones and names that a provider has, a URL that sets one name
/// only, texts that it cannot keep.
Outcome checkProviders(const Site &site);

/// Fewer names than the site needs, an A record that nobody keeps. Pure.
std::vector<SiteWarning> providerWarnings(const Site &site);

} // namespace sixgate
