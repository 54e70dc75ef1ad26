#include "engine/keeperalarm.h"

#include "model/alarmnames.h"
#include "model/texts.h"
#include "transport/parallel.h"

#include <QSysInfo>

#include <algorithm>
#include <time.h>

namespace sixgate
{

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace
{

constexpr auto tellTime = 20s;
constexpr size_t mostAtOnce = 9; // the mail and eight webhooks

milliseconds timeOf(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

AlarmClock clockNow()
{
    return {timeOf(CLOCK_MONOTONIC), timeOf(CLOCK_BOOTTIME), QDateTime::currentDateTimeUtc()};
}

} // namespace

QString alarmChannelText(const QString &channel)
{
    return channel == alarmMailChannel() ? Texts::tr("the mail") : Texts::tr("the webhook “%1”").arg(channel);
}

QString alarmSender()
{
    QString name;
    for (const QChar c : QSysInfo::machineHostName().left(64)) {
        if (c.unicode() > ' ' && c.unicode() < 0x7f)
            name += c;
    }
    return Texts::tr("machine %1").arg(name.isEmpty() ? Texts::tr("without a name") : name);
}

Outcome tellOn(const Alarm &alarm, const QString &channel, const Secret &secret, const AlarmMessage &message,
               const Deadline &deadline, std::stop_token stop, const TellPrograms &programs)
{
    if (const Webhook *hook = alarmWebhook(alarm, channel))
        return tellByWebhook(*hook, secret, message, deadline, std::move(stop), programs);
    if (alarm.mail && channel == alarmMailChannel())
        return tellByMail(*alarm.mail, secret, message, deadline, std::move(stop), programs);
    return fail(ErrorCode::Invalid, Texts::tr("The site file knows no such channel: %1.").arg(channel));
}

KeeperAlarm::KeeperAlarm(Settings settings, AlarmMemory memory, Links links)
    : m_settings(std::move(settings)), m_links(std::move(links)), m_saved(memory)
{
    m_state = beginAlarm(std::move(memory), m_settings.rules, QDateTime::currentDateTimeUtc());
}

KeeperAlarm::~KeeperAlarm()
{
    end();
}

void KeeperAlarm::begin()
{
    m_thread = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void KeeperAlarm::look()
{
    {
        const std::lock_guard lock(m_mutex);
        m_changed = true;
    }
    m_wake.notify_all();
}

void KeeperAlarm::end()
{
    if (!m_thread.joinable())
        return;
    m_thread.request_stop();
    m_thread.join();
}

void KeeperAlarm::run(std::stop_token stop)
{
    while (!stop.stop_requested()) {
        const AlarmStep step = decideAlarm(m_state, alarmView(*m_links.snapshot()), m_settings.rules, clockNow());
        save();
        if (!step.send.empty())
            send(step.send, stop);
        if (!step.fetch.empty())
            fetchSecrets(step.fetch, stop);
        if (!step.send.empty() || !step.fetch.empty())
            continue;
        std::unique_lock lock(m_mutex);
        const auto changed = [this] { return m_changed; };
        if (step.look)
            m_wake.wait_for(lock, stop, *step.look, changed);
        else
            m_wake.wait(lock, stop, changed);
        m_changed = false;
    }
}

void KeeperAlarm::send(const std::vector<AlarmErrand> &errands, const std::stop_token &stop)
{
    const Deadline deadline = Deadline::after(tellTime);
    static const Secret none;
    std::mutex noting;
    forEachParallel(errands.size(), mostAtOnce, [&](std::size_t i) {
        const AlarmErrand &one = errands[i];
        const AlarmMessage message{m_settings.site, alarmSender(), one.event, one.brief, one.text, one.since, one.span};
        const auto secret = m_secrets.find(one.channel);
        const Outcome end = tellOn(m_settings.alarm, one.channel, secret == m_secrets.end() ? none : secret->second,
                                   message, deadline, stop, m_settings.programs);
        if (!end && (end.error().code == ErrorCode::Cancelled || stop.stop_requested()))
            return;
        // Each at once, not when the slowest one is done: what is not kept when the keeper dies is told twice.
        const std::lock_guard lock(noting);
        noteErrand(m_state, one, end ? std::nullopt : std::optional(end.error().code), clockNow());
        save();
        if (end && one.event != AlarmEvent::Fine)
            m_links.log(5, Texts::tr("Told by %1: %2.").arg(alarmChannelText(one.channel), one.brief));
        failing(one.channel, end ? QString() : end.error().summary);
    });
}

/// Tells it once, and once that it is over.
void KeeperAlarm::failing(const QString &channel, const QString &text)
{
    if (text.isEmpty() && !m_failing.contains(channel))
        return;
    if (text.isEmpty())
        m_failing.erase(channel);
    else
        m_failing[channel] = text;
    m_links.trouble(QStringLiteral("alarm %1").arg(channel), text);
}

void KeeperAlarm::fetchSecrets(const std::vector<QString> &channels, const std::stop_token &stop)
{
    for (const QString &channel : channels) {
        const QString name = alarmSecretOf(m_settings.alarm, channel);
        auto secret = m_links.secret(name, stop);
        if (stop.stop_requested())
            return;
        const auto used = m_secrets.find(channel);
        const bool known = used != m_secrets.end();
        if (secret && (!known || secret->reveal() != used->second.reveal())) {
            m_secrets.insert_or_assign(channel, std::move(*secret));
            noteSecret(m_state, channel, SecretGot::Another, clockNow());
            failing(channel, {});
            continue;
        }
        noteSecret(m_state, channel, secret ? SecretGot::Same : SecretGot::None, clockNow());
        if (secret || known)
            continue; // why the one in use does not work is told already
        if (secret.error().code == ErrorCode::NotFound)
            failing(channel, Texts::tr("%1 of %2 is missing; store it: sixgatectl secret set %3")
                                 .arg(QLatin1String(channel == alarmMailChannel() ? "The password" : "The URL"),
                                      alarmChannelText(channel), name));
        else
            failing(channel, secret.error().summary);
    }
}

void KeeperAlarm::save()
{
    if (m_saved == m_state.memory)
        return;
    if (const auto saved = m_links.save(m_state.memory); saved)
        m_saved = m_state.memory;
    else
        m_links.log(4, Texts::tr("What was told could not be kept: %1").arg(saved.error().summary));
}

} // namespace sixgate
