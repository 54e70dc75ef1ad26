#pragma once

#include "model/secret.h"
#include "model/site.h"

#include <map>

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

/// For a sentence: "a mail to me@example.org and the webhooks phone and watch".
QString alarmReceivers(const Alarm &alarm);

} // namespace sixgate
