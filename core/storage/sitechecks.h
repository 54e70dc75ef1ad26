#pragma once

#include "model/site.h"

namespace sixgate
{

/// Whether the parts of a site fit together: names unique, references lead somewhere, no name in two roles, every name
/// in some account's zone. Invalid with the JSON path. Pure; near linear in the size of the site.
Outcome checkSite(const Site &site);

} // namespace sixgate
