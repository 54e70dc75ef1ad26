#pragma once

#include "model/overview.h"

#include <optional>

namespace sixgate
{

/// Which verdicts a person is told: of trouble that has a cause each cause once, however bad it gets; of what has none
/// that it is there, or worse; that all is well again, and not that it is well at first. Keeps what was told and still
/// is so; asks no clock. Not thread-safe.
class Noticing
{
public:
    /// Whether `now` is told. `at`: UTC.
    bool see(const Overview &now, const QDateTime &at);

private:
    bool isNews(const Overview &now) const;
    void remember(const Overview &now);

    struct Told {
        OverviewState state = OverviewState::Fine; ///< fine, degraded or broken
        QStringList causes = {};                   ///< that were told of and are still there
        bool unnamed = false;                      ///< trouble was told before its cause was known
    };
    std::optional<Told> m_told;
    QDateTime m_blind; ///< since nobody watches; invalid where somebody does
};

} // namespace sixgate
