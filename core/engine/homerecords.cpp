#include "engine/homerecords.h"

#include "apply/records.h"
#include "decide/memory.h"
#include "decide/pace.h"
#include "decide/records.h"
#include "observe/zone.h"
#include "storage/memory.h"
#include "transport/parallel.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto keyTime = 20s;
constexpr auto zoneTime = 5s;
constexpr auto recordTime = 10s;
constexpr auto lockTime = 2s; // a person's apply may hold it for minutes: then later
constexpr size_t mostAtOnce = 16;

RecordKey keyOf(const Change &change)
{
    const auto &wanted = std::get<SetRecords>(change.action).wanted;
    return {wanted.name, wanted.type};
}

PacedRecord pacedOf(const Change &change)
{
    return {std::get<SetRecords>(change.action).account, keyOf(change)};
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

UpdateOutcome outcomeOf(const Result<RecordsApplied> &done, const QString &value)
{
    if (done)
        return {UpdateOutcome::What::Accepted, value, {}};
    switch (done.error().code) {
    case ErrorCode::Denied:
    case ErrorCode::Refused:
    case ErrorCode::Moved:
        return {UpdateOutcome::What::Refused, value, done.error().summary};
    default:
        return {UpdateOutcome::What::NoAnswer, value, {}};
    }
}

/// Nobody is led to a VPS of which it is not known that it serves: such a record is corrected, not made.
bool leadsNowhere(const Change &change, bool vpsReady)
{
    const auto &set = std::get<SetRecords>(change.action);
    return !vpsReady && set.wanted.type == RecordType::A && set.expected.values.empty();
}

} // namespace

HomeRecords::HomeRecords(Job &job, Paces paces, std::function<Outcome(const Paces &)> save)
    : m_job(job), m_paces(std::move(paces)), m_save(std::move(save))
{
    for (auto &[record, pace] : m_paces)
        pace = noteRestart(std::move(pace), QDateTime::currentDateTimeUtc());
}

Outcome HomeRecords::fetchKeys(std::stop_token stop)
{
    for (const DnsAccount &account : m_job.site.dns) {
        if (m_keys.contains(account.name))
            continue;
        auto secret = m_job.secrets.get(dnsKeySecret(account), Deadline::after(keyTime), stop);
        if (!secret)
            return passOn(secret);
        m_keys.emplace(account.name,
                       TsigKey{account.key.name, account.key.algorithm, std::move(*secret), dnsKeySecret(account)});
    }
    return {};
}

void HomeRecords::userActed()
{
    for (auto &[key, pace] : m_paces)
        pace = noteUserActed(std::move(pace));
}

std::vector<Change> HomeRecords::allowed(const std::vector<Change> &changes, Set &set, const QDateTime &now)
{
    std::vector<Change> may;
    for (const Change &change : changes) {
        const auto &records = std::get<SetRecords>(change.action);
        PaceState &pace = m_paces[pacedOf(change)];
        // What the zone holds is another value than the wanted one, so nothing stands.
        pace = noteSeen(std::move(pace), valueText(records.expected));
        const MayUpdate verdict = mayUpdate(rfc2136Rules(), pace, valueText(records.wanted), now);
        switch (verdict.verdict) {
        case UpdateVerdict::Now:
            may.push_back(change);
            break;
        case UpdateVerdict::Wait:
            set.again = set.again ? std::min(*set.again, verdict.at) : verdict.at;
            [[fallthrough]];
        case UpdateVerdict::Unneeded: // it is on its way
        case UpdateVerdict::Stopped:
            for (KeptRecord &one : set.records) {
                if (one.record == recordText(keyOf(change)))
                    one.why = verdict.why;
            }
            break;
        }
    }
    return may;
}

Result<HomeRecords::Set> HomeRecords::set(Observation seen, bool vpsReady, const QDateTime &now, std::stop_token stop)
{
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
    const auto may = allowed(changes, set, now);
    std::vector<std::optional<Result<RecordsApplied>>> done(may.size());
    if (!may.empty()) {
        // Counted, and remembered as Sixgate's, before anything is sent: who is killed now has still done so.
        for (const Change &change : may) {
            PaceState &pace = m_paces[pacedOf(change)];
            pace = noteUpdate(std::move(pace), rfc2136Rules(),
                              {UpdateOutcome::What::Sending, valueText(std::get<SetRecords>(change.action).wanted), {}},
                              now);
        }
        if (auto saved = m_save(m_paces); !saved)
            return passOn(saved);
        const auto before = m_job.state.managedRecords;
        SiteState next = m_job.state;
        next.managedRecords = managedAfter(m_job.site, before, may);
        next.managedRecords.insert(next.managedRecords.end(), before.begin(), before.end());
        if (auto saved = m_job.save(std::move(next)); !saved)
            return passOn(saved);
        forEachParallel(may.size(), mostAtOnce, [&](size_t i) {
            done[i].emplace(applyRecords(std::get<SetRecords>(may[i].action), m_job.site, m_keys,
                                         Deadline::after(recordTime), stop));
        });
        std::vector<Change> made;
        for (size_t i = 0; i < may.size(); ++i) {
            const auto &wanted = std::get<SetRecords>(may[i].action);
            PaceState &pace = m_paces[pacedOf(may[i])];
            pace = noteUpdate(std::move(pace), rfc2136Rules(), outcomeOf(*done[i], valueText(wanted.wanted)), now);
            if (*done[i])
                made.push_back(may[i]);
            for (KeptRecord &one : set.records) {
                if (one.record != recordText(keyOf(may[i])))
                    continue;
                one.right = done[i]->has_value();
                if (one.right)
                    one.values = wanted.wanted.values;
                else
                    one.why = done[i]->error().summary;
            }
            if (*done[i] || done[i]->error().code == ErrorCode::Denied || done[i]->error().code == ErrorCode::Refused) {
                const bool accepted = done[i]->has_value();
                (void)updateMemory(m_job.site.name, [&](SiteMemory memory) {
                    return noteAnswer(std::move(memory), wanted.account, accepted,
                                      accepted ? QString() : done[i]->error().summary, now);
                });
            }
        }
        set.updates = may.size();
        SiteState after = m_job.state;
        after.managedRecords = managedAfter(m_job.site, before, made);
        // Of the others it is not known what became of them.
        for (size_t i = 0; i < may.size(); ++i) {
            const auto &wanted = std::get<SetRecords>(may[i].action).wanted;
            if (!*done[i] && done[i]->error().code != ErrorCode::Denied &&
                done[i]->error().code != ErrorCode::Refused && done[i]->error().code != ErrorCode::Moved &&
                !wanted.values.empty())
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
