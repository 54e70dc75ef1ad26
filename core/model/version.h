#pragma once

#include <QString>

namespace sixgate
{

/// Of this Sixgate, e.g. "0.1.0".
QString sixgateVersion();

} // namespace sixgate
