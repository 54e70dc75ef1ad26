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

/// How Diagnosis::explained names a path.
QString explainedKey(const PathReport &path);

/// Tells each path whether it is explained. A path that could not be walked since this machine has no IPv4 (or no line)
/// is not broken: nobody knows.
void judgePaths(std::vector<PathReport> &paths, const Diagnosis &diagnosis);

} // namespace sixgate
