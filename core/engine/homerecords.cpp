#include "engine/homerecords.h"

#include "decide/memory.h"
#include "decide/pace.h"
#include "decide/providerrules.h"
#include "decide/records.h"
#include "observe/zone.h"
#include "storage/memory.h"

#include <QElapsedTimer>

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto zoneTime = 5s;
constexpr auto recordTime = 10s;
constexpr std::chrono::milliseconds providerLag = 5min;
constexpr auto lockTime = 2s; // a person's apply may hold it for minutes: then later

RecordKey keyOf(const Change &change)
{
    const auto &wanted = std::get<SetRecords>(change.action).wanted;
    return {wanted.name, wanted.type};
}

/// What counts as the same for the provider's rules; nothing where there is no record.
QString valueText(const RecordSet &set)
{
    if (set.values.empty())
        return {};
    return QStringLiteral("%1 %2")
        .arg(QStringList(set.values.begin(), set.values.end()).join(QLatin1Char(',')))
        .arg(set.ttl.count());
}

/// The same of all that goes together.
QString valueText(const std::vector<Change> &changes, RecordSet SetRecords::*which)
{
    if (changes.size() == 1)
        return valueText(std::get<SetRecords>(changes.front().action).*which);
    QStringList all;
    for (const Change &one : changes)
        all << recordText(keyOf(one)) + QLatin1Char(' ') + valueText(std::get<SetRecords>(one.action).*which);
    all.sort();
    return all.join(QLatin1Char('\n'));
}

/// The provider took this value so lately that its name servers need not show it yet.
bool isOnItsWay(const PaceState &pace, const QString &wanted, const QDateTime &now)
{
    return pace.stands && pace.accepted == wanted && !pace.updates.empty() && now - pace.updates.back() < providerLag;
}

/// Nobody is led to a VPS of which it is not known that it serves: such a record is corrected, not made.
bool leadsNowhere(const Change &change, bool vpsReady)
{
    const auto &set = std::get<SetRecords>(change.action);
    return !vpsReady && set.wanted.type == RecordType::A && set.expected.values.empty();
}

} // namespace

HomeRecords::HomeRecords(Job &job, Paces paces, std::function<Outcome(const Paces &)> save)
    : m_job(job), m_paces(std::move(paces)), m_save(std::move(save)), m_writer(job.site, job.secrets)
{
    for (auto &[record, pace] : m_paces)
        pace = noteRestart(std::move(pace), QDateTime::currentDateTimeUtc());
}

Outcome HomeRecords::fetchKeys(std::stop_token stop)
{
    // One that cannot be had is no reason to leave the others.
    Outcome first;
    for (const DnsAccount &account : m_job.site.dns) {
        if (auto ready = m_writer.prepare(account, stop); !ready && first)
            first = std::move(ready);
    }
    return first;
}

void HomeRecords::userActed()
{
    for (auto &[key, pace] : m_paces)
        pace = noteUserActed(std::move(pace));
    (void)m_save(m_paces);
    // Other keys may have been stored.
    m_writer.forget();
}

HomeRecords::Units HomeRecords::unitsOf(const std::vector<Change> &changes) const
{
    Units units;
    for (const Change &change : changes)
        units[m_writer.unitOf(std::get<SetRecords>(change.action))].push_back(change);
    return units;
}

HomeRecords::Units HomeRecords::allowed(const std::vector<Change> &changes, Set &set, const QDateTime &now)
{
    Units may;
    for (const auto &[unit, own] : unitsOf(changes)) {
        PaceState &pace = m_paces[unit];
        const QString wanted = valueText(own, &SetRecords::wanted);
        // What the zone holds is another value than the wanted one, so nothing stands.
        if (!m_writer.isProvider(unit.account) || !isOnItsWay(pace, wanted, now))
            pace = noteSeen(std::move(pace), valueText(own, &SetRecords::expected));
        const MayUpdate verdict = mayUpdate(m_writer.rules(unit.account), pace, wanted, now);
        switch (verdict.verdict) {
        case UpdateVerdict::Now:
            may.emplace(unit, own);
            break;
        case UpdateVerdict::Wait:
            set.again = set.again ? std::min(*set.again, verdict.at) : verdict.at;
            [[fallthrough]];
        case UpdateVerdict::Unneeded: // it is on its way
        case UpdateVerdict::Stopped:
            for (KeptRecord &one : set.records) {
                for (const Change &change : own) {
                    if (one.record == recordText(keyOf(change)))
                        one.why = verdict.why;
                }
            }
            break;
        }
    }
    return may;
}

Result<HomeRecords::Set> HomeRecords::set(Observation seen, bool vpsReady, const QDateTime &now, std::stop_token stop)
{
    // Looking takes its time: what is sent counts from when it is sent.
    QElapsedTimer since;
    since.start();
    const auto later = [&] { return now.addMSecs(since.elapsed()); };
    auto lock = lockSite(m_job.site.name, Deadline::after(lockTime), stop);
    if (!lock)
        return passOn(lock);
    // Another Sixgate may have changed it meanwhile.
    auto state = loadState(m_job.site.name);
    if (!state)
        return passOn(state);
    m_job.state = std::move(*state);

    const auto keys = recordKeysToObserve(m_job.site, m_job.state.managedRecords);
    seen.zone = observeZone(m_job.site, keys, Job::budget(zoneTime, keys.size()), stop);
    std::vector<Withheld> withheld;
    auto changes = planRecords(m_job.site, seen, m_job.state.managedRecords, withheld);
    std::erase_if(changes, [&](const Change &change) { return leadsNowhere(change, vpsReady); });

    Set set;
    for (const RecordWish &wish : recordWishes(m_job.site, seen)) {
        const auto found = seen.zone.records.find(wish.key);
        if (wish.values && wish.values->empty() && found != seen.zone.records.end() && found->second &&
            found->second->values.empty())
            continue; // absent, as it is to be
        KeptRecord one{recordText(wish.key), {}, false, {}, now};
        if (found != seen.zone.records.end() && found->second)
            one.values = found->second->values;
        const auto blocked = std::find_if(withheld.begin(), withheld.end(),
                                          [&](const Withheld &what) { return what.object == one.record; });
        if (!wish.values)
            one.why = wish.values.error().summary;
        else if (found == seen.zone.records.end() || !found->second)
            one.why = found == seen.zone.records.end() ? QStringLiteral("It was not asked for.")
                                                       : found->second.error().summary;
        else if (blocked != withheld.end())
            one.why = blocked->reason;
        else
            one.right = one.values == *wish.values;
        set.records.push_back(std::move(one));
    }
    const Units units = allowed(changes, set, now);
    if (!units.empty()) {
        std::vector<Change> may;
        // Counted, and remembered as Sixgate's, before anything is sent: who is killed now has still done so.
        for (const auto &[unit, own] : units) {
            PaceState &pace = m_paces[unit];
            pace = noteUpdate(std::move(pace), m_writer.rules(unit.account),
                              {UpdateOutcome::What::Sending, valueText(own, &SetRecords::wanted), {}}, later());
            may.insert(may.end(), own.begin(), own.end());
        }
        if (auto saved = m_save(m_paces); !saved)
            return passOn(saved);
        const auto before = m_job.state.managedRecords;
        SiteState next = m_job.state;
        next.managedRecords = managedAfter(m_job.site, before, may);
        next.managedRecords.insert(next.managedRecords.end(), before.begin(), before.end());
        if (auto saved = m_job.save(std::move(next)); !saved)
            return passOn(saved);
        std::vector<SetRecords> sets;
        for (const Change &change : may)
            sets.push_back(std::get<SetRecords>(change.action));
        const auto written = m_writer.write(sets, Deadline::after(recordTime), stop);
        // In the order of `may`.
        std::size_t at = 0;
        for (const auto &[unit, own] : units) {
            const QString value = valueText(own, &SetRecords::wanted);
            const bool provider = m_writer.isProvider(unit.account);
            UpdateOutcome outcome = outcomeOf(written[at], value, provider);
            for (std::size_t i = at + 1; i < at + own.size(); ++i)
                outcome = worseOutcome(outcome, outcomeOf(written[i], value, provider));
            at += own.size();
            PaceState &pace = m_paces[unit];
            pace = noteUpdate(std::move(pace), m_writer.rules(unit.account), outcome, later());
        }
        std::vector<Change> made;
        for (size_t i = 0; i < may.size(); ++i) {
            const auto &wanted = sets[i];
            const auto &done = written[i].done;
            if (done)
                made.push_back(may[i]);
            for (KeptRecord &one : set.records) {
                if (one.record != recordText(keyOf(may[i])))
                    continue;
                const bool late = done && written[i].said && !done->stale.empty();
                one.right = done && !late;
                if (one.right)
                    one.values = wanted.wanted.values;
                else
                    one.why = done ? QStringLiteral("The provider has taken it; its name servers do not show it yet.")
                                   : withRemedy(done.error());
            }
            if (done || done.error().code == ErrorCode::Denied || done.error().code == ErrorCode::Refused) {
                (void)updateMemory(m_job.site.name, [&](SiteMemory memory) {
                    return noteAnswer(std::move(memory), wanted.account, done.has_value(),
                                      done ? QString() : done.error().summary, now);
                });
            }
        }
        set.updates = may.size();
        SiteState after = m_job.state;
        after.managedRecords = managedAfter(m_job.site, before, made);
        // Of the others it is not known what became of them.
        for (size_t i = 0; i < may.size(); ++i) {
            const auto &wanted = sets[i].wanted;
            const auto &done = written[i].done;
            if (!done && done.error().code != ErrorCode::Denied && done.error().code != ErrorCode::Refused &&
                done.error().code != ErrorCode::Moved && !wanted.values.empty())
                after.managedRecords.push_back({keyOf(may[i]), wanted.values});
        }
        if (auto saved = m_job.save(std::move(after)); !saved)
            return passOn(saved);
        if (auto saved = m_save(m_paces); !saved)
            return passOn(saved);
    }
    set.right = std::all_of(set.records.begin(), set.records.end(), [](const KeptRecord &one) { return one.right; });
    return set;
}

} // namespace sixgate
