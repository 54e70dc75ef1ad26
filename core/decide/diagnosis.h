#pragma once

#include "decide/catalogue.h"
#include "model/evidence.h"
#include "model/site.h"

namespace sixgate
{

/// From what was seen to what is wrong. Pure: the same evidence gives the same diagnosis.
///
/// A rule makes a condition only where something was seen that nothing else explains as well; what was not seen makes
/// none. A path that is broken without any rule to explain it gives the condition "unexplained", so that nothing is
/// passed over in silence. A condition is shown as a consequence where one of its causes (catalogue) was found for the
/// same server, service or record; independent ones stay roots.
Diagnosis diagnose(const Site &site, const Evidence &seen, const Catalogue &catalogue);

/// A redirect that leads round in a circle in the LAN does so from outside as well, where nobody followed it: the path
/// "v6" with the same answer is broken. To be called before diagnose().
void spreadLoops(std::vector<PathReport> &paths);

/// Whether spreadLoops() or judgePaths() may still make another state of it: not to be told as final before.
bool mayBeJudgedOtherwise(const PathReport &path);

/// How Diagnosis::explained names a path.
QString explainedKey(const PathReport &path);

/// Tells each path whether it is explained. A path that could not be walked since this machine has no IPv4 (or no line)
/// is not broken: nobody knows.
void judgePaths(std::vector<PathReport> &paths, const Diagnosis &diagnosis);

} // namespace sixgate
