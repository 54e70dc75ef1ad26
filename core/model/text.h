#pragma once

#include <QString>

namespace sixgate
{

/// Input as an error text may show it: quoted, at most 60 characters, control and bidi characters escaped.
QString quoted(const QString &input);

} // namespace sixgate
