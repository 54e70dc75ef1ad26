#pragma once

#include "decide/deployment.h"

namespace sixgate
{

/// The push: how keepers tell the VPS the home's new address. Pure.

/// The service's unit on the VPS; a copy of it is in the release.
inline constexpr auto pushUnitName = "sixgate-push.service";

/// The push's part of the release, in no order; empty where the site has no push keys. The site's `vps` is not empty.
std::vector<WantedFile> pushFiles(const Site &site, const PushScripts &scripts);

/// The alarm's part of the release, in no order: it asks the push's service.
std::vector<WantedFile> alarmFiles(const Alarm &alarm, const AlarmScripts &scripts);

/// True where what tells the home's silence is as it should be; `wanted` holds alarmFiles() and the settings.
bool alarmIsSetUp(const AlarmSeen &seen, const WantedDeployment &wanted);

/// True where the account, the way to its keys and the service are as they should be; `wanted` holds pushFiles().
bool pushIsSetUp(const PushSeen &seen, const std::vector<WantedFile> &wanted);

/// Why the VPS's sshd would not let the machines with a push key in, and what to do; nothing where it would, or where
/// its settings are not known.
struct PushObstacle {
    QString reason;
    QString fix;
};
std::optional<PushObstacle> pushObstacle(const SshdSettings &sshd);

} // namespace sixgate
