#pragma once

#include <QByteArray>
#include <QString>

namespace sixgate
{

/// The bytes of a compiled-in resource, e.g. `resource(u"vps/facts.pl")`. A missing one is a defect of the build:
/// aborts.
QByteArray resource(QStringView path);

} // namespace sixgate
