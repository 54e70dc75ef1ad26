#pragma once

#include "ctl/options.h"
#include "ctl/output.h"

namespace sixgate::ctl
{

/// `site home-snippet`: what the home's web server is told so that it hands challenges over; of each kind where none is
/// named.
int homeSnippets(const Options &options, Output &output);

/// `site router-url`: what to enter in the router, of one name or of each.
int showRouterUrls(const Options &options, Output &output);

} // namespace sixgate::ctl
