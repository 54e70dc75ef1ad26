// How long a change was felt.
#include "engine/keeperlanes.h"
#include "model/texts.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto recoverMost = 180s; // then they are looked at as ever

KeptRecovery keptOf(const Recovery &one)
{
    KeptRecovery kept{one.at,
                      one.oldAddress ? one.oldAddress->text() : QString(),
                      one.newAddress ? one.newAddress->text() : QString(),
                      {}};
    const auto add = [&](const QString &what, const std::optional<std::chrono::milliseconds> &took) {
        if (took)
            kept.took.emplace(what, took->count());
    };
    add(QStringLiteral("address"), one.usable);
    add(QStringLiteral("dns"), one.dnsRead);
    add(QStringLiteral("push"), one.pushed);
    for (const auto &[kind, took] : one.proven)
        add(pathName(kind), took);
    return kept;
}

/// Who asks the DNS is led to where the VPS has reached the server from outside, over IPv6.
void provenByBoth(KeeperLanes::UnderWay &one, std::chrono::milliseconds took)
{
    if (one.dns && one.push)
        one.record.proven.try_emplace(PathKind::V6, took);
}

} // namespace

void KeeperLanes::note(const std::function<void(UnderWay &, std::chrono::milliseconds)> &how)
{
    std::optional<KeptRecovery> kept;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_recovery)
            return;
        const Recovery before = m_recovery->record;
        how(*m_recovery, since(m_recovery->began));
        if (before == m_recovery->record)
            return;
        if (m_history && before.id != 0)
            (void)m_history->update(m_recovery->record);
        kept = keptOf(m_recovery->record);
    }
    m_board.change([&](KeeperSnapshot &snapshot) { snapshot.recovery = kept; });
}

void KeeperLanes::beginRecovery(const HomeSeen &earlier, const HomeSeen &home, Clock::time_point began,
                                const QString &cause)
{
    finishRecovery(true);
    Recovery record;
    record.at = wall().addMSecs(-since(began).count());
    record.cause = cause;
    for (size_t i = 0; i < home.servers.size(); ++i) {
        const ServerSeen &now = home.servers[i];
        const bool hadOne = i < earlier.servers.size() && earlier.servers[i].proven.has_value();
        if (!now.proven || (hadOne && *earlier.servers[i].proven == *now.proven))
            continue;
        record.server = now.server;
        record.newAddress = *now.proven;
        record.newPrefix = *Ipv6Prefix::of(*now.proven, 64);
        if (hadOne) {
            record.oldAddress = *earlier.servers[i].proven;
            record.oldPrefix = *Ipv6Prefix::of(*record.oldAddress, 64);
        }
        break;
    }
    const std::lock_guard lock(m_mutex);
    m_recovery = UnderWay{began, record, Clock::now() + recoverMost};
}

/// The records are right: read back from the zone's primary. Others may have been waited for since.
void KeeperLanes::noteRecords()
{
    note([this](UnderWay &one, std::chrono::milliseconds took) {
        if (m_recordsShown && *m_recordsShown > one.began)
            took = std::min(took, std::chrono::duration_cast<std::chrono::milliseconds>(*m_recordsShown - one.began));
        one.dns = true;
        if (!one.record.dnsRead)
            one.record.dnsRead = one.record.dnsWritten = took;
        provenByBoth(one, took);
    });
}

/// The VPS has proven the home's identity at the new address, over IPv6 and from outside, and switched.
void KeeperLanes::notePush()
{
    note([](UnderWay &one, std::chrono::milliseconds took) {
        one.push = true;
        if (!one.record.pushed)
            one.record.pushed = took;
        one.record.proven.try_emplace(PathKind::Upstream, took);
        provenByBoth(one, took);
    });
}

void KeeperLanes::noteProven(PathKind kind)
{
    note([kind](UnderWay &one, std::chrono::milliseconds took) { one.record.proven.try_emplace(kind, took); });
}

void KeeperLanes::finishRecovery(bool superseded)
{
    QString line;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_recovery)
            return;
        Recovery &record = m_recovery->record;
        record.end = superseded ? RecoveryEnd::Superseded : RecoveryEnd::Finished;
        if (m_history)
            (void)(record.id != 0 ? m_history->update(record) : m_history->add(record).map([](qint64) {}));
        QStringList parts;
        for (const auto &[what, took] : keptOf(record).took)
            parts << QStringLiteral("%1 %2 ms").arg(what).arg(took);
        line = Texts::tr("%1 after the change: %2.")
                   .arg(superseded ? Texts::tr("Overtaken by the next change") : Texts::tr("Recovered"),
                        parts.join(QStringLiteral(", ")));
        m_recovery.reset();
    }
    log(5, line);
}

Outcome KeeperLanes::addTransition(const KeeperTransition &transition)
{
    const std::lock_guard lock(m_mutex);
    if (!m_history)
        return {};
    const auto added = m_history->add(transition);
    return added ? Outcome() : passOn(added);
}

} // namespace sixgate
