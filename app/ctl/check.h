#pragma once

#include "model/pathreport.h"

namespace sixgate::ctl
{

/// Well only where every path was proven and nothing is wrong otherwise: a path that could not be checked may be
/// broken, too.
int exitOf(const CheckReport &report);

/// Whether what was found explains that a path does not work, so that it needs no words of its own. A fault is
/// explained by a fault only.
bool isExplained(const CheckReport &report, const PathReport &path);

} // namespace sixgate::ctl
