#include "model/keepersnapshot.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

bool KeeperSnapshot::fine() const
{
    const auto proven = [](const KeptServer &one) { return one.address.has_value(); };
    const auto right = [](const KeptRecord &one) { return one.right; };
    const auto pushed = [](const KeptPush &one) { return one.done; };
    const auto whole = [](const KeptPath &one) { return one.state != PathState::Broken; };
    return role != QLatin1String("paused") && troubles.empty() && alarmTroubles.empty() && awaited.empty() &&
           !servers.empty() && std::all_of(servers.begin(), servers.end(), proven) &&
           std::all_of(records.begin(), records.end(), right) && std::all_of(pushes.begin(), pushes.end(), pushed) &&
           std::all_of(paths.begin(), paths.end(), whole);
}

void KeeperSnapshot::await(const QString &part)
{
    if (std::find(awaited.begin(), awaited.end(), part) == awaited.end())
        awaited.push_back(part);
}

void KeeperSnapshot::looked(const QString &part)
{
    std::erase(awaited, part);
}

QString KeeperSnapshot::awaitedText() const
{
    return awaited.empty() ? QString()
                           : Texts::tr("It has not looked at everything yet: %1.")
                                 .arg(QStringList(awaited.begin(), awaited.end()).join(QStringLiteral(", ")));
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
