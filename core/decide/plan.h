#pragma once

#include "decide/deployment.h"
#include "decide/records.h"

namespace sixgate
{

/// What a plan is about.
enum class PlanScope { All, Dns, Vps };

/// What goes into a plan besides the site and the observation.
struct PlanInputs {
    PlanScope scope = PlanScope::All;
    std::vector<ManagedRecord> managed; ///< records Sixgate set earlier
    QString version;                    ///< of this Sixgate
    bool replaceNewer = false;          ///< also what a newer Sixgate has deployed is replaced
    Known<WantedDeployment> deployment = fail(ErrorCode::NotFound, QStringLiteral("Not rendered."));
};

/// The one ordered list of changes: home's AAAA records first (they hold whatever the VPS does), then the VPS, and the
/// public names' A records last, so that no visitor is sent to a VPS that is not ready. Pure.
Plan makePlan(const Site &site, const Observation &seen, const PlanInputs &inputs);

} // namespace sixgate
