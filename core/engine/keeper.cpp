#include "engine/keeperlanes.h"

#include "model/texts.h"
#include "storage/told.h"

#include <QFileInfo>

#include <thread>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto letGoTime = 2s;
constexpr auto secretTime = 3s; // of the alarm, for each channel

} // namespace

void KeeperLanes::log(int level, const QString &text)
{
    const std::lock_guard lock(m_logging);
    if (m_sinks.log)
        m_sinks.log(level, text);
}

void KeeperLanes::trouble(const QString &cause, const QString &text, bool ofAlarm)
{
    if (!m_board.trouble(cause, text, ofAlarm))
        return;
    if (text.isEmpty())
        log(5, QStringLiteral("Over: %1.").arg(cause));
    else
        log(4, QStringLiteral("%1: %2").arg(cause, text));
}

Outcome KeeperLanes::begin(std::stop_token stop)
{
    auto keeping = beginKeeping(site().name);
    if (!keeping)
        return passOn(keeping);
    m_keeping = std::move(*keeping);
    const auto machine = MachineName::parse(m_keeping.machine);
    if (!machine)
        return passOn(machine);
    m_machine = *machine;
    m_leadership.memory = m_keeping.leadership;
    auto history = History::open(site().name);
    if (history) {
        m_history = std::make_unique<History>(std::move(*history));
        (void)m_history->supersedeOpen();
    } else {
        trouble(QStringLiteral("history"), withRemedy(history.error()));
    }
    m_records = std::make_unique<HomeRecords>(m_job);
    if (const auto keys = m_records->fetchKeys(stop); !keys) {
        if (stop.stop_requested())
            return keys;
        trouble(QStringLiteral("DNS key"), withRemedy(keys.error()));
    }
    const bool hasKey = !m_options.pushKeyFile.isEmpty() && QFileInfo::exists(m_options.pushKeyFile);
    if (!site().vps.empty() && !site().vps.front().pushKeys.empty()) {
        if (hasKey)
            m_push = std::make_unique<PushLine>(site().vps.front(), m_options.pushKeyFile);
        else
            trouble(QStringLiteral("push key"),
                    Texts::tr("This machine has no push key; make one: sixgatectl vps push-key"));
    }
    m_board.change([&](KeeperSnapshot &snapshot) {
        snapshot.machine = m_machine->text();
        snapshot.await(QStringLiteral("paths"));
    });
    beginAlarm();
    return {};
}

Outcome KeeperLanes::keep(const std::function<void(Keeping &)> &how)
{
    const std::lock_guard saving(m_saving);
    LeaderMemory leadership;
    QString machine;
    {
        const std::lock_guard lock(m_mutex);
        how(m_keeping);
        leadership = m_keeping.leadership;
        machine = m_keeping.machine;
    }
    // The paces of records on the disk are HomeRecords' and apply's.
    return updateKeeping(site().name, [&](Keeping &kept) {
        kept.leadership = leadership;
        kept.machine = machine;
    });
}

void KeeperLanes::beginAlarm()
{
    if (!site().alarm)
        return;
    KeeperAlarm::Links links;
    links.snapshot = [this] { return snapshot(); };
    links.save = [this](const AlarmMemory &memory) { return saveTold(site().name, memory); };
    links.trouble = [this](const QString &cause, const QString &text) { trouble(cause, text, true); };
    links.log = [this](int level, const QString &text) { log(level, text); };
    // Without m_writing: whoever sets records must not wait for this.
    links.secret = [this](const QString &name, const std::stop_token &stop) {
        return m_job.secrets.get(name, Deadline::after(secretTime), stop);
    };
    m_alarm = std::make_unique<KeeperAlarm>(
        KeeperAlarm::Settings{site().name, *site().alarm, alarmRules(*site().alarm, m_options.calm)},
        beginTold(site().name), std::move(links));
}

void KeeperLanes::shown(const SharedSnapshot &snapshot)
{
    if (m_sinks.snapshot)
        m_sinks.snapshot(snapshot);
    if (m_alarm)
        m_alarm->look();
}

Outcome KeeperLanes::run(const std::function<Outcome()> &ready, std::stop_token stop)
{
    const auto lock = lockKeeper(site().name);
    if (!lock)
        return passOn(lock);
    if (auto begun = begin(stop); !begun)
        return begun;
    if (ready) {
        if (auto begun = ready(); !begun)
            return begun;
    }
    log(5, Texts::tr("Keeping the site “%1” from this machine (%2).").arg(site().name.text(), m_machine->text()));
    {
        std::jthread slowLane([this](std::stop_token own) { slow(own); });
        if (m_alarm)
            m_alarm->begin();
        watch(stop);
        if (m_alarm)
            m_alarm->end();
        slowLane.request_stop();
        {
            const std::lock_guard guard(m_mutex);
            m_slowWrite.request_stop();
        }
        m_wake.notify_all();
    }
    if (lead().byLease)
        letGo({});
    return {};
}

void KeeperLanes::tell(KeeperIntent intent)
{
    {
        const std::lock_guard lock(m_mutex);
        switch (intent) {
        case KeeperIntent::Check:
            m_driftDue = Clock::time_point();
            m_checkNow = m_pushDirty = true;
            break;
        case KeeperIntent::Pause:
            m_paused = true;
            m_slowWrite.request_stop();
            break;
        case KeeperIntent::Resume:
            m_paused = false;
            m_checkNow = m_pushDirty = true;
            break;
        }
    }
    m_wake.notify_all();
    (void)lead();
}

bool KeeperLanes::paused()
{
    const std::lock_guard lock(m_mutex);
    return m_paused;
}

// ---------------------------------------------------------------- who leads

Leadership KeeperLanes::lead()
{
    Leadership now;
    bool isPaused = false;
    bool save = false;
    {
        const std::lock_guard lock(m_mutex);
        const bool only = site().vps.empty() || site().vps.front().pushKeys.size() < 2;
        now = decideLeadership(m_leadership, {m_where, only, bootTime(), wall()});
        isPaused = m_paused;
        save = worthSaving(m_keeping.leadership, m_leadership.memory);
    }
    if (save)
        (void)keep([this](Keeping &kept) { kept.leadership = m_leadership.memory; });
    const QString role = isPaused ? QStringLiteral("paused") : keeperRoleName(now.role);
    const QString why = isPaused ? Texts::tr("Somebody paused it; nothing is changed.") : now.why;
    const auto before = m_board.snapshot();
    if (before->role != role || before->roleWhy != why) {
        // Whoever led before may have left something undone.
        if (before->role != role && now.role == KeeperRole::Leader && !isPaused) {
            const std::lock_guard lock(m_mutex);
            m_recordsAgain = wall();
        }
        if (before->role != role)
            log(5, Texts::tr("This machine is now: %1. %2").arg(role, why));
        m_board.change([&](KeeperSnapshot &snapshot) {
            snapshot.role = role;
            snapshot.roleWhy = why;
            // What it did when it led is another machine's now, and would grow old here.
            if (now.role != KeeperRole::Leader) {
                snapshot.records.clear();
                snapshot.pushes.clear();
                snapshot.looked(QStringLiteral("DNS"));
                snapshot.looked(QStringLiteral("VPS"));
            } else {
                if (snapshot.records.empty() && !site().dns.empty())
                    snapshot.await(QStringLiteral("DNS"));
                if (snapshot.pushes.empty() && m_push)
                    snapshot.await(QStringLiteral("VPS"));
            }
        });
    }
    return now;
}

bool KeeperLanes::mayWrite()
{
    return lead().mayWriteDns && !paused();
}

bool KeeperLanes::mayPush()
{
    return lead().mayPush && !paused();
}

/// Another machine need not wait for the end of the lease.
void KeeperLanes::letGo(const std::stop_token &stop)
{
    if (!m_push || site().vps.front().pushKeys.size() < 2)
        return;
    std::vector<IpAddress> addresses;
    {
        const std::lock_guard lock(m_mutex);
        addresses = m_vpsAddresses;
    }
    (void)m_push->ask({*m_machine, 0s, {}, false}, addresses, false, std::nullopt, Deadline::after(letGoTime), stop);
    const std::lock_guard lock(m_mutex);
    m_leadership = noteLease(std::move(m_leadership), LeaseAnswer{});
}

Keeper::Keeper(Site site, SecretStore &secrets, Options options, Sinks sinks)
    : d(std::make_unique<KeeperLanes>(std::move(site), secrets, std::move(options), std::move(sinks)))
{
}

Keeper::~Keeper() = default;

Outcome Keeper::run(const std::function<Outcome()> &ready, std::stop_token stop)
{
    return d->run(ready, std::move(stop));
}

void Keeper::tell(KeeperIntent intent)
{
    d->tell(intent);
}

SharedSnapshot Keeper::snapshot() const
{
    return d->snapshot();
}

} // namespace sixgate
