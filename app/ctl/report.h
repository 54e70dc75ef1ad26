#pragma once

#include "model/pathreport.h"
#include "model/site.h"

namespace sixgate::ctl
{

/// A check as a text to show to others: paths, steps, conditions, reasoning, all of it masked.
QString reportText(const Site &site, const CheckReport &report, const QDateTime &now);

/// Invalid where something is at `path` already, or its folder is not there or cannot be written in: said before a
/// check that takes its time.
Outcome mayWriteReport(const QString &path, bool force);

/// Mode 0600. Without `force`, nothing that is there is ever written over.
Outcome writeReport(const QString &path, const QString &text, bool force);

} // namespace sixgate::ctl
