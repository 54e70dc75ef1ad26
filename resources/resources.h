#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace sixgate
{

/// The bytes of a compiled-in resource, e.g. `resource(u"vps/facts.pl")`. A missing one is a defect of the build:
/// aborts.
QByteArray resource(QStringView path);

/// The files of a compiled-in folder, sorted, e.g. `resourceNames(u"providers")`.
QStringList resourceNames(QStringView folder);

} // namespace sixgate
