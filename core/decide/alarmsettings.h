#pragma once

#include "model/secret.h"
#include "model/site.h"

#include <map>
#include <optional>
#include <vector>

namespace sixgate
{

/// The alarm's part on the VPS: who tells that the home is silent. Pure.

/// The units on the VPS; copies of them are in the release.
inline constexpr auto alarmServiceName = "sixgate-alarm.service";
inline constexpr auto alarmTimerName = "sixgate-alarm.timer";

/// True where the VPS is to tell that the home is silent: somebody is to be told, and somebody pushes.
bool vpsTellsSilence(const Site &site);

/// The settings of the program there (JSON), made of the site and of the secrets, by their names (alarmSecrets()).
/// They hold the secrets: shown nowhere. NotFound where one is missing, Invalid where one is none that could be used.
/// `site.alarm` is there, `site.vps` is not empty.
Result<QByteArray> alarmSettings(const Site &site, const std::map<QString, Secret> &secrets);

/// What of the alarm goes to the VPS.
struct AlarmForVps {
    /// As alarmSettings() makes them, for whom the VPS can tell; secret. None: what is on the VPS stays as it is.
    std::optional<QByteArray> settings = {};
    Alarm told = {};                    ///< the site's alarm without those whom the VPS cannot tell
    std::vector<Error> shortfalls = {}; ///< what does not get there, and why; a sentence and its fix
};

/// Leaves out who is told within the home's own network only (http://, a mail server without TLS): the VPS is not in
/// it. A secret that is missing, unreadable or odd withholds the settings, and nothing else. `stored` has an entry for
/// each of alarmSecrets(); otherwise as alarmSettings().
AlarmForVps alarmForVps(const Site &site, const std::map<QString, Result<Secret>> &stored);

/// For a sentence: "a mail to me@example.org and the webhooks phone and watch".
QString alarmReceivers(const Alarm &alarm);

} // namespace sixgate
