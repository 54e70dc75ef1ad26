#pragma once

#include "model/observation.h"
#include "model/overview.h"
#include "model/pathreport.h"
#include "model/plan.h"
#include "model/site.h"

#include <memory>

namespace sixgate
{

/// What a look at everything found; parts may not be there yet.
struct SiteLook {
    std::shared_ptr<const Observation> seen;
    std::shared_ptr<const Plan> plan; ///< what is not as wanted
    QDateTime at;
    bool looking = false; ///< it goes on now
    QString why;          ///< it failed
};

/// "58 days left", "ran out"; of a certificate's end.
QString daysLeft(const QDateTime &end, const QDateTime &now);

} // namespace sixgate
