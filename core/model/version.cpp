#include "model/version.h"

namespace sixgate
{

QString sixgateVersion()
{
    return QStringLiteral(SIXGATE_VERSION);
}

} // namespace sixgate
