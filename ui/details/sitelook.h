#pragma once

#include "ipc/sitejobs.h"
#include "model/overview.h"
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
    std::shared_ptr<const DnsAround> dns = {};
    std::optional<OpenMove> move = {};
};

/// "58 days left", "ran out"; of a certificate's end.
QString daysLeft(const QDateTime &end, const QDateTime &now);
/// "certificate: 58 days", "certificate ran out"; empty where no end is known.
QString certificateText(const QDateTime &end, const QDateTime &now);

} // namespace sixgate
