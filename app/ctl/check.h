#pragma once

#include "model/pathreport.h"

namespace sixgate::ctl
{

/// Well only where every path was proven and nothing is wrong otherwise: a path that could not be checked may be
/// broken, too.
int exitOf(const CheckReport &report);

} // namespace sixgate::ctl
