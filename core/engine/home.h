#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "model/site.h"

#include <set>
#include <stop_token>

namespace sixgate
{

/// The links of this machine, and what the LAN names of these servers lead to: as soon as one of a name's addresses is
/// fit to be published, else after a second.
Result<LinkSeen> readLinkFor(const std::vector<HomeServer> &servers, const Deadline &deadline, std::stop_token stop);

/// Reads the links, chooses addresses, and has each server's address proven; all servers at the same time.
/// `last`: what the caller saw before.
HomeSeen lookAtHome(const Site &site, const Deadline &deadline, std::stop_token stop, const HomeSeen &last = {});

/// A server that showed one of the VPS's keys is not the home server: its address is not known after all.
void refuseForeignKeys(HomeSeen &home, const std::set<Fingerprint> &vpsKeys);

/// Keys of the certificates on the VPS; an error where its facts are not known.
Known<std::set<Fingerprint>> vpsKeys(const VpsSeen &vps);

} // namespace sixgate
