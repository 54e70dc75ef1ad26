#include "engine/keeperlanes.h"

#include <QFileInfo>

#include <thread>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto letGoTime = 2s;

} // namespace

void KeeperLanes::log(int level, const QString &text)
{
    const std::lock_guard lock(m_logging);
    if (m_sinks.log)
        m_sinks.log(level, text);
}

void KeeperLanes::trouble(const QString &cause, const QString &text)
{
    if (!m_board.trouble(cause, text))
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
        trouble(QStringLiteral("history"), history.error().summary);
    }
    m_records = std::make_unique<HomeRecords>(m_job, m_keeping.paces, [this](const HomeRecords::Paces &paces) {
        Keeping copy;
        {
            const std::lock_guard lock(m_mutex);
            m_keeping.paces = paces;
            copy = m_keeping;
        }
        return saveKeeping(site().name, copy);
    });
    if (const auto keys = m_records->fetchKeys(stop); !keys) {
        if (stop.stop_requested())
            return keys;
        trouble(QStringLiteral("DNS key"), keys.error().summary);
    }
    const bool hasKey = !m_options.pushKeyFile.isEmpty() && QFileInfo::exists(m_options.pushKeyFile);
    if (!site().vps.empty() && !site().vps.front().pushKeys.empty()) {
        if (hasKey)
            m_push = std::make_unique<PushLine>(site().vps.front(), m_options.pushKeyFile);
        else
            trouble(QStringLiteral("push key"),
                    QStringLiteral("This machine has no push key; make one: sixgatectl vps push-key"));
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.machine = m_machine->text(); });
    return {};
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
    log(5, QStringLiteral("Keeping the site “%1” from this machine (%2).").arg(site().name.text(), m_machine->text()));
    {
        std::jthread slowLane([this](std::stop_token own) { slow(own); });
        watch(stop);
        slowLane.request_stop();
        {
            const std::lock_guard guard(m_mutex);
            m_slowWrite.request_stop();
        }
        m_wake.notify_all();
    }
    if (lead().byLease)
        letGo({});
    log(5, QStringLiteral("Ended."));
    return {};
}

void KeeperLanes::tell(KeeperIntent intent)
{
    {
        const std::lock_guard lock(m_mutex);
        switch (intent) {
        case KeeperIntent::Check:
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
    std::optional<Keeping> save;
    {
        const std::lock_guard lock(m_mutex);
        const bool known = !m_home.servers.empty();
        const auto where = m_atHome ? Whereabouts::Home : known ? Whereabouts::Elsewhere : Whereabouts::Unknown;
        const bool only = site().vps.empty() || site().vps.front().pushKeys.size() < 2;
        now = decideLeadership(m_leadership, {where, only, bootTime(), wall()});
        isPaused = m_paused;
        if (worthSaving(m_keeping.leadership, m_leadership.memory)) {
            m_keeping.leadership = m_leadership.memory;
            save = m_keeping;
        }
    }
    if (save)
        (void)saveKeeping(site().name, *save);
    const QString role = isPaused ? QStringLiteral("paused") : keeperRoleName(now.role);
    const QString why = isPaused ? QStringLiteral("Somebody paused it; nothing is changed.") : now.why;
    const auto before = m_board.snapshot();
    if (before->role != role || before->roleWhy != why) {
        if (before->role != role)
            log(5, QStringLiteral("This machine is now: %1. %2").arg(role, why));
        m_board.change([&](KeeperSnapshot &snapshot) {
            snapshot.role = role;
            snapshot.roleWhy = why;
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
