#include "model/recovery.h"

namespace sixgate
{

QString recoveryEndName(RecoveryEnd end)
{
    switch (end) {
    case RecoveryEnd::Open:
        return QStringLiteral("open");
    case RecoveryEnd::Finished:
        return QStringLiteral("finished");
    case RecoveryEnd::Superseded:
        break;
    }
    return QStringLiteral("superseded");
}

} // namespace sixgate
