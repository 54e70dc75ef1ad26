#pragma once

#include "model/setup.h"

#include <QByteArray>

namespace sixgate
{

/// The answers of a setup that was closed before its end: `setup.json` beside the site file, mode 0600. Holds no
/// secret. Any thread.

QString setupFile(const QString &siteFile);

/// Pure.
QByteArray setupJson(const SetupAnswers &answers);
/// Invalid, naming the place, where it is not what setupJson() makes.
Result<SetupAnswers> parseSetup(const QByteArray &json);

/// Nothing where there is no such file; Invalid where it is damaged.
Result<std::optional<SetupAnswers>> loadSetup(const QString &siteFile);
/// Complete or not at all; makes the folder.
Outcome saveSetup(const QString &siteFile, const SetupAnswers &answers);
/// Success where there was none.
Outcome forgetSetup(const QString &siteFile);

} // namespace sixgate
