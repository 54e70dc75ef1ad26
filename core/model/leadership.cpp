#include "model/leadership.h"

namespace sixgate
{

QString keeperRoleName(KeeperRole role)
{
    switch (role) {
    case KeeperRole::Leader:
        return QStringLiteral("leader");
    case KeeperRole::Follower:
        return QStringLiteral("follower");
    case KeeperRole::Away:
        break;
    }
    return QStringLiteral("away");
}

} // namespace sixgate
