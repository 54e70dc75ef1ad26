#pragma once

#include "model/plan.h"

#include <vector>

namespace sixgate
{

/// Who carries plans out; the VPS's lock and its log name it.
struct RunOwner {
    QString who;     ///< a person on a computer: "ada@laptop"
    QString version; ///< of Sixgate, e.g. "0.3.0"
};

/// The tar archive that carries out `changes` on the VPS: resources/vps/run.pl with its parts, the contents of files,
/// and the steps (last, so that a bundle cut short holds none). Every field of a step is checked against what its kind
/// may hold: Invalid where one does not fit. Holds secrets.
Result<QByteArray> deploymentBundle(const std::vector<Change> &changes, const RunOwner &owner = {});

/// The steps alone, one a line, as run.pl documents them; `blobs` gets the contents in order of their number.
Result<QByteArray> deploymentSteps(const std::vector<Change> &changes, std::vector<QByteArray> &blobs);

} // namespace sixgate
