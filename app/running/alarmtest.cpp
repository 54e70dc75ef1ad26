#include "decide/alarm.h"
#include "engine/keeperalarm.h"
#include "model/alarmnames.h"
#include "model/texts.h"
#include "running/sitework.h"
#include "transport/parallel.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secretTime = 60s; // a keychain may ask the user to unlock it
constexpr auto tellTime = 20s;
constexpr size_t mostAtOnce = 9;

} // namespace

Result<std::vector<AlarmTested>> testAlarm(const Site &site, SecretStore &secrets, std::stop_token stop)
{
    if (!site.alarm)
        return fail(ErrorCode::Invalid, Texts::tr("The site file names nobody to tell."), {},
                    Texts::tr("Add \"alarm\" to the site file, for example: \"alarm\": {\"mail\": {\"to\": "
                              "\"me@example.org\"}}"));
    std::vector<AlarmTested> all;
    std::vector<Secret> keys;
    for (const QString &name : alarmRules(*site.alarm, 0s).channels) {
        Secret key;
        if (const QString secret = alarmSecretOf(*site.alarm, name); !secret.isEmpty()) {
            auto got = secrets.get(secret, Deadline::after(secretTime), stop);
            if (got)
                key = std::move(*got);
            else if (got.error().code != ErrorCode::NotFound) // that is told for the channel
                return passOn(got);
        }
        all.push_back({name, alarmChannelText(name), {}});
        keys.push_back(std::move(key));
    }
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const Deadline deadline = Deadline::after(tellTime);
    forEachParallel(all.size(), mostAtOnce, [&](std::size_t i) {
        const AlarmErrand test = testErrand(all[i].channel, now);
        all[i].told = tellOn(*site.alarm, all[i].channel, keys[i],
                             {site.name, alarmSender(), test.event, test.brief, test.text, test.since, test.span},
                             deadline, stop);
    });
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Stopped on request."));
    return all;
}

} // namespace sixgate
