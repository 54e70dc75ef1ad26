#pragma once

#include "model/observation.h"
#include "model/pathreport.h"
#include "model/site.h"

#include <set>
#include <stop_token>

namespace sixgate
{

/// What a keeper proves by itself, without the administrator's login: path 1 through the VPS, path 4 in the LAN. Paths
/// 2 and 3 are proven by the push service, from the VPS. `most` where something is silent.
std::vector<PathReport> provePaths(const Site &site, const VpsSeen &vps, const Known<std::set<Fingerprint>> &vpsKeys,
                                   std::chrono::milliseconds most, std::stop_token stop);

/// Keys of the certificates that the VPS shows for the public names: who shows one of them at home is not the home.
/// Asked of the VPS itself, by `addresses`; an error where it shows none.
Known<std::set<Fingerprint>> shownVpsKeys(const Site &site, const std::vector<IpAddress> &addresses,
                                          std::stop_token stop);

} // namespace sixgate
