#pragma once

#include "model/observation.h"
#include "model/pathreport.h"
#include "model/plan.h"

#include <QJsonArray>
#include <QJsonObject>

#include <map>
#include <optional>

namespace sixgate::ctl
{

/// The JSON that --json prints: `{"schema": 1, "command": …}`, documented in resources/handbook/json.md. Names are
/// never changed within a schema number, only added.

QJsonObject document(const QString &command);
QJsonValue json(const std::optional<Error> &error); ///< null where there is none
QJsonObject json(const Change &change);
QJsonArray json(const std::vector<Withheld> &withheld);
QJsonArray json(const std::vector<CandidateVerdict> &candidates);
QJsonObject json(const PathReport &path);
QJsonObject json(const Condition &condition);
/// With `explain`, also the reasoning.
QJsonObject json(const CheckReport &report, bool explain = false);
QJsonObject json(const HomeSeen &home);

} // namespace sixgate::ctl
