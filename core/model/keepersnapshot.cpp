#include "model/keepersnapshot.h"

#include <algorithm>

namespace sixgate
{

bool KeeperSnapshot::fine() const
{
    const auto proven = [](const KeptServer &one) { return one.address.has_value(); };
    const auto right = [](const KeptRecord &one) { return one.right; };
    const auto pushed = [](const KeptPush &one) { return one.done; };
    const auto whole = [](const KeptPath &one) { return one.state != PathState::Broken; };
    return role != QLatin1String("paused") && troubles.empty() && alarmTroubles.empty() && !servers.empty() &&
           std::all_of(servers.begin(), servers.end(), proven) && std::all_of(records.begin(), records.end(), right) &&
           std::all_of(pushes.begin(), pushes.end(), pushed) && std::all_of(paths.begin(), paths.end(), whole);
}

QString keeperIntentName(KeeperIntent intent)
{
    switch (intent) {
    case KeeperIntent::Check:
        return QStringLiteral("check");
    case KeeperIntent::Pause:
        return QStringLiteral("pause");
    case KeeperIntent::Resume:
        return QStringLiteral("resume");
    }
    return {};
}

} // namespace sixgate
