#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "model/site.h"

namespace sixgate
{

/// What a keeper's snapshot means to a person. Pure.
Overview overviewOf(const Site &site, const KeeperSnapshot &snapshot);

/// Where no keeper can be seen; `why`: a sentence.
Overview overviewWithout(const Site &site, const QString &why);

} // namespace sixgate
