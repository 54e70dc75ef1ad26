#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "model/site.h"

namespace sixgate
{

/// What a keeper's snapshot means to a person. Pure.
Overview overviewOf(const Site &site, const KeeperSnapshot &snapshot);

/// Where no keeper can be seen; `why`: a sentence.
Overview overviewWithout(const Site &site, const QString &why);

/// The button that mends what a remedy is for; to show what a person has to do where none does.
OverviewButton remedyButton(const Remedy &remedy);

/// The same in the light of a diagnosis: the sentence is the first root's title, and the button its remedy's. A
/// diagnosis that belongs to another situation counts for nothing. `looking`: a new one is being made.
Overview withFinding(Overview seen, const std::optional<CheckFinding> &found, bool looking, const QDateTime &now);

/// Whether a diagnosis is to be made: where something has changed to the worse or to the better, and from time to time.
bool isFindingDue(const Overview &seen, const std::optional<CheckFinding> &last, const QDateTime &now);

/// Where a check could not be made: what was found `before` as far as it still holds, and as if found `now`, so that
/// the next check is not due at once.
CheckFinding findingAfterFailure(const Overview &seen, const std::optional<CheckFinding> &before, const QDateTime &now);

/// What a check found; `before`: the finding before this one.
CheckFinding findingOf(const CheckReport &report, const Overview &seen, const std::optional<CheckFinding> &before,
                       const QDateTime &now);

} // namespace sixgate
