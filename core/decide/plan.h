#pragma once

#include "decide/deployment.h"
#include "decide/records.h"
#include "model/plan.h"
#include "model/texts.h"

namespace sixgate
{

/// What goes into a plan besides the site and the observation.
struct PlanInputs {
    PlanScope scope = PlanScope::All;
    std::vector<ManagedRecord> managed; ///< records Sixgate set earlier
    QString version;                    ///< of this Sixgate
    bool replaceNewer = false;          ///< also what a newer Sixgate has deployed is replaced
    /// Of public names whose challenges are delegated: whether they lead to the VPS.
    std::map<Hostname, Known<bool>> delegations = {};
    Known<WantedDeployment> deployment = fail(ErrorCode::NotFound, Texts::tr("Not rendered."));
};

/// The one ordered list of changes: home's AAAA records first (they hold whatever the VPS does), then the VPS, and the
/// public names' A records last, so that no visitor is sent to a VPS that is not ready. Pure.
Plan makePlan(const Site &site, const Observation &seen, const PlanInputs &inputs);

/// The plan of a step back or a removal, unless a newer Sixgate than this `version` has set the VPS up: this one does
/// not know all parts of that, so the plan is blocked then. Pure.
Plan leftToNewer(Plan plan, const Site &site, const VpsSeen &vps, const QString &version);

/// Whether the two would show a person the same items: what was agreed to holds for the other one, too. Pure.
bool samePlan(const Plan &one, const Plan &other);

} // namespace sixgate
