#pragma once

#include "ctl/options.h"
#include "ctl/output.h"

#include <stop_token>

namespace sixgate::ctl
{

/// `home ipv4`: the verdict with its evidence. Works without a site file, too; then no echo service is asked.
int runHomeIpv4(const Options &options, Output &output, std::stop_token stop);

} // namespace sixgate::ctl
