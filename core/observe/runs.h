#pragma once

#include "model/deadline.h"
#include "model/result.h"
#include "model/runlog.h"
#include "transport/remotehost.h"

#include <stop_token>

namespace sixgate
{

/// The logs of the last runs on the VPS, at most 20, newest first. Errors as of RemoteHost::perl; Refused where the
/// script fails there.
Result<std::vector<RunLog>> observeRuns(RemoteHost &host, const Deadline &deadline, std::stop_token stop);

/// What resources/vps/runs.pl prints; lines that are none are left out. Pure.
std::vector<RunLog> parseRuns(const QByteArray &output);

} // namespace sixgate
