#pragma once

#include "model/keepersnapshot.h"
#include "model/pathreport.h"
#include "model/pushed.h"
#include "model/site.h"

#include <chrono>
#include <optional>
#include <vector>

namespace sixgate
{

/// What a keeper knows of the four paths without the administrator's key. Pure.

/// For all paths at once; more than one may take, so that who hangs is known to be broken.
inline constexpr std::chrono::milliseconds PathTime{8000};

/// How the paths are proven so long after a change of the home's address. What hangs at the old address must not hide
/// that the new one works; but a service that is slow is no broken one, and wants no storm of questions.
struct RecoveryPace {
    std::chrono::milliseconds most;  ///< for all paths
    std::chrono::milliseconds pause; ///< between two proofs of them
};
RecoveryPace recoveryPace(std::chrono::milliseconds since);

/// The paths "upstream" and "v6" of each service concerned, by what the VPS answered to a push: it connects to the
/// server, over IPv6 and from outside, and looks at its identity, before it leads visitors there. An answer that was
/// not proven anew says nothing, nor does a refusal for another reason. The path "v6" also needs the public name's AAAA
/// to be right; as long as it is not, nothing is said of that path.
std::vector<KeptPath> pathsProvenByVps(const Site &site, const std::vector<Pushed> &answers,
                                       const std::vector<KeptRecord> &records, const QDateTime &at);

/// The paths that only the VPS can prove, where it does not answer: nobody knows whether they work.
std::vector<KeptPath> pathsOfSilentVps(const Site &site, const QString &why, const QDateTime &at);

/// `paths` with the newer ones in the place of those of the same name and kind; the order is that of the site's names,
/// then v4, upstream, v6, lan. What the site does not know is left out.
std::vector<KeptPath> withPaths(const Site &site, const std::vector<KeptPath> &paths,
                                const std::vector<KeptPath> &newer);

/// `paths` as they are to be shown: a path "v6" that worked says nothing any more where the name's AAAA record is not
/// right now, so it is not known.
std::vector<KeptPath> pathsToShow(std::vector<KeptPath> paths, const std::vector<KeptRecord> &records);

/// A path that changed: for the log and the history.
struct PathTurn {
    KeptPath now;
    std::optional<PathState> before; ///< absent: seen for the first time
};
std::vector<PathTurn> pathTurns(const std::vector<KeptPath> &before, const std::vector<KeptPath> &after);

/// One sentence where the certificate that was shown on a working path should have been renewed by now.
std::optional<QString> expiryTrouble(const PathReport &path, const QDateTime &now);

} // namespace sixgate
