#pragma once

#include "model/observation.h"
#include "model/plan.h"

namespace sixgate
{

/// What is in the way of a deployment on this VPS: its system, the rights of the login, room, programs that listen
/// where Apache is to. `host` names it; `installs`: packages are to be installed. Pure.
std::vector<Withheld> judgeVps(const VpsFacts &facts, const QString &host, bool installs);

} // namespace sixgate
