#pragma once

#include "engine/job.h"
#include "model/setup.h"
#include "storage/secrets.h"

#include <functional>
#include <stop_token>

namespace sixgate
{

/// What the setup finds out before there is a site file. Every call blocks with a limit of its own and obeys its stop;
/// none changes anything. Any thread.

/// This home: prefixes, this computer's own address, the kind of IPv4. About three seconds. Fails with Cancelled only.
Result<SetupHome> lookAtSetupHome(std::stop_token stop);

/// The machines of this LAN, judged; `told` gets what is known so far, on the calling thread. About four seconds.
Result<std::vector<SetupServer>> findServers(const std::function<void(const std::vector<SetupServer> &)> &told,
                                             std::stop_token stop);

/// Tries the account's credentials without changing a record: at a name server with an update that holds none, at a
/// provider with an API by reading. Not `tried` where the provider has no such call. Errors: what was refused, what is
/// missing in the store.
Result<SetupTried> tryAccount(const Site &site, SecretStore &secrets, std::stop_token stop);

/// Logs in to the VPS as the site says and reads its facts.
Result<SetupVpsLook> lookAtSetupVps(const Site &site, SecretStore &secrets, std::stop_token stop);

/// What the home server shows for its services, in the LAN.
Result<SetupCertificate> lookAtCertificate(const Site &site, std::stop_token stop);

/// How far the ways of the certificates are there: whether the home hands challenges over, asked in the LAN, and
/// whether they are delegated, asked of the zone's servers. One for each name that needs such a thing.
Result<std::vector<SetupWay>> lookAtWays(const Site &site, std::stop_token stop);

/// Asks from the VPS, again and again over one login, whether the home's service ports are open from outside, until
/// the stop; `told` on the calling thread. An error where the VPS cannot be asked.
Outcome watchRouter(const Site &site, SecretStore &secrets, const std::function<void(const SetupOpen &)> &told,
                    std::stop_token stop);

} // namespace sixgate
