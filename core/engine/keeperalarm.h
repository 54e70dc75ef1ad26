#pragma once

#include "decide/alarm.h"
#include "model/secret.h"
#include "model/site.h"
#include "transport/tell.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

namespace sixgate
{

/// How one message goes out on one channel of the site's alarm: "mail", or a webhook's name.
Outcome tellOn(const Alarm &alarm, const QString &channel, const Secret &secret, const AlarmMessage &message,
               const Deadline &deadline, std::stop_token stop, const TellPrograms &programs = {});

/// "the mail", "the webhook “phone”".
QString alarmChannelText(const QString &channel);

/// How the machine calls itself in messages: "machine NAME".
QString alarmSender();

/// The alarm of a keeper: a thread of its own, since to tell, to save and to fetch secrets may take long, and nothing
/// may wait for that. Whom to tell what, and when, is decided in decide/alarm.
class KeeperAlarm
{
public:
    /// What it needs of the keeper; called on its thread only. `save` and `secret` may take their time, so they must
    /// not hold what others wait for.
    struct Links {
        std::function<SharedSnapshot()> snapshot;
        std::function<Outcome(const AlarmMemory &)> save;
        /// A trouble of a channel; an empty text ends it.
        std::function<void(const QString &cause, const QString &text)> trouble;
        std::function<void(int level, const QString &text)> log;
        std::function<Result<Secret>(const QString &name, const std::stop_token &stop)> secret;
    };
    struct Settings {
        Label site;
        Alarm alarm;
        AlarmRules rules;
        TellPrograms programs = {};
    };

    KeeperAlarm(Settings settings, AlarmMemory memory, Links links);
    /// As end().
    ~KeeperAlarm();

    void begin();
    /// What it sees may have changed. Any thread; returns at once.
    void look();
    /// Ends within milliseconds; what is on its way then is told anew by the next run.
    void end();

private:
    void run(std::stop_token stop);
    /// Sends all of them at the same time, and notes how that went.
    void send(const std::vector<AlarmErrand> &errands, const std::stop_token &stop);
    void fetchSecrets(const std::vector<QString> &channels, const std::stop_token &stop);
    void save();
    void failing(const QString &channel, const QString &text);

    Settings m_settings;
    Links m_links;
    AlarmState m_state;
    AlarmMemory m_saved;
    std::map<QString, Secret> m_secrets;  ///< by channel: those in use
    std::map<QString, QString> m_failing; ///< by channel: why it could not be told

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    bool m_changed = true;
    std::jthread m_thread; ///< last: it ends before the rest goes
};

} // namespace sixgate
