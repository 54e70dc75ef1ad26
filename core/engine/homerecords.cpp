#include "engine/homerecords.h"

#include "decide/halves.h"
#include "decide/memory.h"
#include "decide/pace.h"
#include "decide/providerrules.h"
#include "decide/refresh.h"
#include "decide/writers.h"
#include "model/texts.h"
#include "observe/zone.h"
#include "storage/keeping.h"
#include "storage/memory.h"

#include <QElapsedTimer>

#include <algorithm>
#include <map>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto zoneTime = 5s;
constexpr auto recordTime = 10s;
constexpr std::chrono::milliseconds providerLag = 5min;
constexpr auto longUnseen = 15min; // who did not look for so long cannot say what others have done since
constexpr std::chrono::seconds tellsTimeFrom = 60s;
constexpr auto lockTime = 2s; // a person's apply may hold it for minutes: then later

RecordKey keyOf(const Change &change)
{
    const auto &wanted = std::get<SetRecords>(change.action).wanted;
    return {wanted.name, wanted.type};
}

QString valuesText(const std::vector<QString> &values)
{
    return QStringList(values.begin(), values.end()).join(QLatin1Char(','));
}

/// What is remembered of the record itself is kept here, whatever the provider counts together.
PacedRecord ownUnit(const SetRecords &set)
{
    return {set.account, {set.wanted.name, set.wanted.type}};
}

/// Names are sent anew together.
QString seedOf(const Label &site, const Hostname &name)
{
    return site.text() + QLatin1Char(' ') + name.ascii();
}

/// The record as it is known to be; nothing where it is not.
const RecordSet *knownSet(const ZoneSeen &zone, const RecordKey &key)
{
    const auto found = zone.records.find(key);
    return found != zone.records.end() && found->second ? &*found->second : nullptr;
}

/// Where one is shown, why it is not right.
void tellWhy(HomeRecords::Set &set, const RecordKey &key, const QString &why)
{
    for (KeptRecord &one : set.records) {
        if (one.record == recordText(key))
            one.why = why;
    }
}

std::vector<SetRecords> setsOf(const std::vector<Change> &changes)
{
    std::vector<SetRecords> sets;
    for (const Change &one : changes)
        sets.push_back(std::get<SetRecords>(one.action));
    return sets;
}

bool isTtlAlone(const SetRecords &set)
{
    return !set.renew && set.wanted.values == set.expected.values;
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

/// A change that nobody has agreed to: what stands at the end of an alias and was never Sixgate's is replaced, and a
/// name that the site file does not have is deleted, by a person's apply only. Empty where the keeper may.
QString whyUnasked(const Change &change, const std::vector<RecordWish> &wishes, const Job &job)
{
    const auto &set = std::get<SetRecords>(change.action);
    const RecordKey key = keyOf(change);
    const auto wish = std::find_if(wishes.begin(), wishes.end(), [&](const RecordWish &one) { return one.key == key; });
    if (wish == wishes.end()) {
        for (const Service &service : job.site.services) {
            if (service.upstreamName == key.name || std::find(service.publicNames.begin(), service.publicNames.end(),
                                                              key.name) != service.publicNames.end())
                return {};
        }
        return Texts::tr("It is no longer needed: sixgatectl apply deletes it.");
    }
    if (wish->aliases.empty() || set.expected.values.empty())
        return {};
    const auto &managed = job.state.managedRecords;
    if (std::any_of(managed.begin(), managed.end(), [&](const ManagedRecord &one) { return one.key == key; }))
        return {};
    return Texts::tr("%1 leads here now, and what stands here is not Sixgate's: sixgatectl plan shows the change, "
                     "apply makes it.")
        .arg(wish->aliases.front().ascii());
}

/// Nobody is led to a VPS of which it is not known that it serves: such a record is corrected, not made.
bool leadsNowhere(const Change &change, bool vpsReady)
{
    const auto &set = std::get<SetRecords>(change.action);
    return !vpsReady && set.wanted.type == RecordType::A && set.expected.values.empty();
}

} // namespace

HomeRecords::HomeRecords(Job &job) : m_job(job), m_writer(job.site, job.secrets) {}

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
    m_acted = true;
    // Other keys may have been stored.
    m_writer.forget();
}

Outcome HomeRecords::loadPaces(const QDateTime &now)
{
    // Somebody's apply may have sent updates meanwhile. Whose update is still on its way is dead: the lock is ours.
    auto keeping = loadKeeping(m_job.site.name);
    if (!keeping)
        return passOn(keeping);
    m_paces = std::move(keeping->paces);
    const bool unseen = !m_looked || std::chrono::steady_clock::now() - *m_looked > longUnseen;
    for (auto &[unit, pace] : m_paces) {
        pace = noteRestart(std::move(pace), now);
        if (m_acted)
            pace = noteUserActed(std::move(pace));
        if (unseen)
            pace.past.stands = false;
        m_writer.noteTakenBefore(unit.key, pace.past, now);
    }
    m_acted = false;
    return {};
}

Outcome HomeRecords::savePaces() const
{
    return updateKeeping(m_job.site.name, [this](Keeping &kept) { kept.paces = m_paces; });
}

void HomeRecords::look(const std::vector<RecordWish> &wishes, const ZoneSeen &zone, const QDateTime &now)
{
    for (const RecordWish &wish : wishes) {
        const RecordSet *found = knownSet(zone, wish.key);
        if (wish.watched || !wish.values || !found || zone.wildcards.contains(wish.key.name))
            continue;
        const SetRecords own{wish.account, {wish.key.name, wish.key.type, wish.ttl, *wish.values}, *found};
        const bool right = found->values == *wish.values;
        // A provider's name servers may lag behind.
        RecordPast &past = m_paces[ownUnit(own)].past;
        if (!right && m_writer.isProvider(wish.account) && past.renewed && now - *past.renewed < providerLag)
            continue;
        past = noteLooked(std::move(past), valuesText(*wish.values), valuesText(found->values), now);
        const auto expiry = m_writer.expiry(wish.account);
        if (expiry && right && !wish.values->empty())
            past = noteSeenFirst(std::move(past), *expiry, seedOf(m_job.site.name, wish.key.name), now);
    }
    m_looked = std::chrono::steady_clock::now();
}

std::vector<Change> HomeRecords::renewals(const std::vector<RecordWish> &wishes, const ZoneSeen &zone,
                                          const QDateTime &now) const
{
    std::vector<Change> changes;
    for (const RecordWish &wish : wishes) {
        const auto expiry = m_writer.expiry(wish.account);
        const RecordSet *found = knownSet(zone, wish.key);
        if (!expiry || wish.watched || !wish.values || wish.values->empty() || !found ||
            found->values != *wish.values || zone.wildcards.contains(wish.key.name))
            continue;
        Change change;
        SetRecords set{wish.account, {wish.key.name, wish.key.type, wish.ttl, *wish.values}, *found};
        set.renew = true;
        const auto pace = m_paces.find(ownUnit(set));
        if (pace == m_paces.end())
            continue;
        const auto due = refreshDue(pace->second.past, *expiry, seedOf(m_job.site.name, wish.key.name));
        if (!due || *due > now)
            continue;
        change.verb = Verb::Update;
        change.object = recordText(wish.key);
        change.action = std::move(set);
        changes.push_back(std::move(change));
    }
    return changes;
}

void HomeRecords::leaveAlone(std::vector<Change> &changes, const HomeSeen &home, Set &set, const QDateTime &now) const
{
    std::erase_if(changes, [&](const Change &change) {
        const auto &one = std::get<SetRecords>(change.action);
        const auto pace = m_paces.find(ownUnit(one));
        if (pace == m_paces.end())
            return false;
        const RecordPast &past = pace->second.past;
        if (!past.refused.isEmpty()) {
            tellWhy(set, keyOf(change),
                    Texts::tr("The DNS provider answered “%1”: nothing more is sent for this name until you have "
                              "acted.")
                        .arg(past.refused));
            return true;
        }
        if (!one.renew && past.taken == valuesText(one.wanted.values) && past.renewed && past.ttl == one.wanted.ttl &&
            now - *past.renewed < providerLag) {
            tellWhy(set, keyOf(change), Texts::tr("The provider has taken it; its name servers do not show it yet."));
            const QDateTime again = past.renewed->addMSecs(providerLag.count());
            set.again = set.again ? std::min(*set.again, again) : again;
            return true;
        }
        if (isTtlAlone(one) && past.ttl == one.wanted.ttl)
            return true; // the provider was told, and made its own of it
        const auto other = otherWriter(past, now);
        if (!other)
            return false;
        tellWhy(set, keyOf(change),
                otherWriterText(*other, suspectOf(other->theirs, home.prefixes.value_or(std::vector<Ipv6Prefix>()))));
        set.again = set.again ? std::min(*set.again, other->again) : other->again;
        return true;
    });
}

std::vector<Change> HomeRecords::fitting(const PacedRecord &unit, std::vector<Change> own, const PaceState &pace,
                                         std::vector<Change> &later, const QDateTime &now) const
{
    const int room = requestsLeft(m_writer.rules(unit.account), pace, now);
    if (m_writer.expected(unit.account, setsOf(own)) <= room)
        return own;
    // What is wrong goes before what is only to be kept from expiring.
    std::stable_partition(own.begin(), own.end(),
                          [](const Change &one) { return !std::get<SetRecords>(one.action).renew; });
    std::vector<Hostname> names;
    for (const Change &one : own) {
        const Hostname &name = keyOf(one).name;
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    }
    std::vector<Change> fit;
    for (const Hostname &name : names) {
        std::vector<Change> with = fit;
        std::copy_if(own.begin(), own.end(), std::back_inserter(with),
                     [&](const Change &one) { return keyOf(one).name == name; });
        // One name that needs more than there is room for at all goes alone, when the whole window is free.
        if (m_writer.expected(unit.account, setsOf(with)) <= room || fit.empty()) {
            fit = std::move(with);
            continue;
        }
        std::copy_if(own.begin(), own.end(), std::back_inserter(later),
                     [&](const Change &one) { return keyOf(one).name == name; });
    }
    return fit;
}

HomeRecords::Units HomeRecords::allowed(const std::vector<Change> &changes, Set &set, const QDateTime &now)
{
    Units units, may;
    for (const Change &change : changes)
        units[m_writer.unitOf(std::get<SetRecords>(change.action))].push_back(change);
    for (const auto &[unit, all] : units) {
        PaceState &pace = m_paces[unit];
        const UpdateRules rules = m_writer.rules(unit.account);
        std::vector<Change> rest;
        const std::vector<Change> own = fitting(unit, all, pace, rest, now);
        const QString wanted = valueText(own, &SetRecords::wanted);
        const std::vector<SetRecords> sets = setsOf(own);
        const bool renews = std::any_of(sets.begin(), sets.end(), [](const SetRecords &one) { return one.renew; });
        // What the zone holds is another value than the wanted one, so nothing stands.
        if (!m_writer.isProvider(unit.account) || !isOnItsWay(pace, wanted, now))
            pace = noteSeen(std::move(pace), valueText(own, &SetRecords::expected));
        const int requests = m_writer.expected(unit.account, sets);
        MayUpdate verdict =
            mayUpdate(rules, pace, wanted, now, requests, renews, m_writer.stopOf(m_paces, unit.account));
        if (verdict.verdict == UpdateVerdict::Wait && verdict.at > now.addSecs(tellsTimeFrom.count()))
            verdict.why += Texts::tr(" The next one goes at %1 UTC.").arg(verdict.at.toString(QStringLiteral("HH:mm")));
        if (!rest.empty()) {
            // When there is room for what waits, as if these were sent now.
            PaceState sent = pace;
            if (verdict.verdict == UpdateVerdict::Now) {
                UpdateOutcome sending{UpdateOutcome::What::Sending, wanted, {}};
                sending.requests = requests;
                sent = noteUpdate(std::move(sent), rules, sending, now);
            }
            const MayUpdate next =
                mayUpdate(rules, sent, {}, now, m_writer.expected(unit.account, setsOf({rest.front()})), true);
            if (next.verdict == UpdateVerdict::Wait)
                set.again = set.again ? std::min(*set.again, next.at) : next.at;
            for (const Change &change : rest) {
                if (!std::get<SetRecords>(change.action).renew)
                    tellWhy(set, keyOf(change), next.why);
            }
        }
        switch (verdict.verdict) {
        case UpdateVerdict::Now:
            may.emplace(unit, own);
            break;
        case UpdateVerdict::Wait:
            set.again = set.again ? std::min(*set.again, verdict.at) : verdict.at;
            [[fallthrough]];
        case UpdateVerdict::Unneeded: // it is on its way
        case UpdateVerdict::Stopped: {
            // What the provider said says more than that it is waited for.
            const auto reason = m_reasons.find(unit);
            const bool better = reason != m_reasons.end() && verdict.verdict != UpdateVerdict::Unneeded;
            for (const Change &change : own) {
                if (!std::get<SetRecords>(change.action).renew)
                    tellWhy(set, keyOf(change), better ? reason->second : verdict.why);
            }
            break;
        }
        }
    }
    return may;
}

void HomeRecords::noteAnswers(const Units &units, const std::vector<DnsWriter::Written> &written, const QDateTime &now)
{
    // The requests of one talk, shared out among what the provider counts.
    std::map<Label, int> talked;
    std::size_t at = 0;
    for (const auto &[unit, own] : units) {
        for (std::size_t i = at; i < at + own.size(); ++i) {
            if (written[i].said && written[i].requests > 0) {
                ++talked[unit.account];
                break;
            }
        }
        at += own.size();
    }
    at = 0;
    for (const auto &[unit, own] : units) {
        const bool provider = m_writer.isProvider(unit.account);
        std::vector<Change> taken;
        int requests = 1;
        for (std::size_t i = 0; i < own.size(); ++i) {
            const DnsWriter::Written &one = written[at + i];
            if (!(one.said && concernsNameAlone(*one.said)))
                taken.push_back(own[i]);
            if (const auto parts = talked.find(unit.account); parts != talked.end() && one.requests > 0)
                requests = (one.requests + parts->second - 1) / parts->second;
        }
        const QString value = valueText(taken.empty() ? own : taken, &SetRecords::wanted);
        UpdateOutcome outcome = outcomeOf(written[at], value, provider);
        for (std::size_t i = at + 1; i < at + own.size(); ++i)
            outcome = worseOutcome(outcome, outcomeOf(written[i], value, provider));
        outcome.requests = requests;
        PaceState &pace = m_paces[unit];
        pace = noteUpdate(std::move(pace), m_writer.rules(unit.account), outcome, now);
        m_reasons.erase(unit);
        for (std::size_t i = 0; i < own.size(); ++i) {
            const auto &set = std::get<SetRecords>(own[i].action);
            const DnsWriter::Written &one = written[at + i];
            if (!one.done)
                m_reasons.insert_or_assign(unit, withRemedy(one.done.error()));
            RecordPast &past = m_paces[ownUnit(set)].past;
            if (one.said && concernsNameAlone(*one.said))
                past.refused = one.said->word;
            if (!one.done)
                continue;
            if (one.done->stale.empty())
                past = noteStands(std::move(past), valuesText(set.wanted.values));
            if (provider && outcomeOf(one, {}, true).what == UpdateOutcome::What::Accepted) {
                past = noteTaken(std::move(past), valuesText(set.wanted.values), now);
                past.ttl = set.wanted.ttl;
            }
        }
        at += own.size();
    }
}

Outcome HomeRecords::send(const Units &units, Set &set, const std::function<QDateTime()> &now,
                          const std::stop_token &stop)
{
    std::vector<Change> may;
    std::vector<SetRecords> sets;
    // Counted, and remembered as Sixgate's, before anything is sent: who is killed now has still done so.
    for (const auto &[unit, own] : units) {
        const std::vector<SetRecords> together = setsOf(own);
        PaceState &pace = m_paces[unit];
        UpdateOutcome sending{UpdateOutcome::What::Sending, valueText(own, &SetRecords::wanted), {}};
        sending.requests = m_writer.expected(unit.account, together);
        pace = noteUpdate(std::move(pace), m_writer.rules(unit.account), sending, now());
        for (const SetRecords &one : together) {
            RecordPast &past = m_paces[ownUnit(one)].past;
            past = noteSent(std::move(past), valuesText(one.wanted.values));
        }
        may.insert(may.end(), own.begin(), own.end());
        sets.insert(sets.end(), together.begin(), together.end());
    }
    if (auto saved = savePaces(); !saved)
        return saved;
    const auto before = m_job.state.managedRecords;
    SiteState next = m_job.state;
    next.managedRecords = managedAfter(m_job.site, before, may);
    next.managedRecords.insert(next.managedRecords.end(), before.begin(), before.end());
    if (auto saved = m_job.save(std::move(next)); !saved)
        return saved;
    const auto written = m_writer.write(sets, Deadline::after(recordTime), stop);
    noteAnswers(units, written, now());
    for (const DnsWriter::Written &one : written) {
        if (one.done && one.done->shown)
            set.shown = std::max(set.shown, one.done->shown);
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
            if (wanted.renew && !done)
                one.why = Texts::tr("The name is to be kept from expiring: %1").arg(withRemedy(done.error()));
            if (wanted.renew)
                continue; // it stands, whatever became of it
            one.right = done && !late;
            if (one.right)
                one.values = wanted.wanted.values;
            else
                one.why = done ? Texts::tr("The provider has taken it; its name servers do not show it yet.")
                               : withRemedy(done.error());
        }
        if (const auto taken = answerOf(written[i], m_writer.isProvider(wanted.account))) {
            (void)updateMemory(m_job.site.name, [&](SiteMemory memory) {
                return noteAnswer(std::move(memory), wanted.account, *taken, done ? QString() : done.error().summary,
                                  now());
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
    return m_job.save(std::move(after));
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
    if (auto loaded = loadPaces(later()); !loaded)
        return passOn(loaded);

    const auto keys = recordKeysToObserve(m_job.site, m_job.state.managedRecords);
    seen.zone = observeZone(m_job.site, keys, Job::budget(zoneTime, keys.size()), stop);
    std::vector<Withheld> withheld;
    auto changes = planRecords(m_job.site, seen, m_job.state.managedRecords, withheld);
    const auto wishes = recordWishes(m_job.site, seen);
    std::map<RecordKey, QString> heldBack;
    std::erase_if(changes, [&](const Change &change) {
        const QString why = leadsNowhere(change, vpsReady) ? Texts::tr("The VPS does not serve it yet: sixgatectl "
                                                                       "apply")
                                                           : whyUnasked(change, wishes, m_job);
        return !why.isEmpty() && heldBack.insert_or_assign(keyOf(change), why).second;
    });

    Set set;
    std::set<QString> cannotGo;
    for (const RecordWish &wish : wishes) {
        const auto found = seen.zone.records.find(wish.key);
        if (wish.values && wish.values->empty() && found != seen.zone.records.end() && found->second &&
            found->second->values.empty())
            continue; // absent, as it is to be
        KeptRecord one{recordText(wish.key), {}, false, {}, now};
        for (const Hostname &alias : wish.aliases)
            one.aliases.push_back(alias.ascii());
        if (found != seen.zone.records.end() && found->second)
            one.values = found->second->values;
        const auto blocked = std::find_if(withheld.begin(), withheld.end(),
                                          [&](const Withheld &what) { return what.object == one.record; });
        if (!wish.values)
            one.why = wish.values.error().summary;
        else if (found == seen.zone.records.end() || !found->second)
            one.why =
                found == seen.zone.records.end() ? Texts::tr("It was not asked for.") : found->second.error().summary;
        else if (blocked != withheld.end()) {
            one.why = blocked->reason;
            if (!blocked->blocking && wish.values->empty())
                cannotGo.insert(one.record);
        } else if (heldBack.contains(wish.key))
            one.why = heldBack.at(wish.key);
        else
            one.right = one.values == *wish.values;
        set.records.push_back(std::move(one));
    }
    look(wishes, seen.zone, later());
    for (Change &one : renewals(wishes, seen.zone, later()))
        changes.push_back(std::move(one));
    leaveAlone(changes, seen.home, set, later());
    // The last of all: what stays out now takes its other half with it.
    std::vector<Withheld> halves;
    withholdHalves(m_job.site, wishes, seen.zone, changes, halves);
    for (KeptRecord &one : set.records) {
        const auto half =
            std::find_if(halves.begin(), halves.end(), [&](const Withheld &what) { return what.object == one.record; });
        if (half != halves.end() && !one.right)
            one.why = half->reason;
    }
    const Units units = allowed(changes, set, later());
    if (!units.empty()) {
        if (auto sent = send(units, set, later, stop); !sent)
            return passOn(sent);
    }
    if (auto saved = savePaces(); !saved)
        return passOn(saved);
    // What the provider cannot delete waits for a person, and nothing waits for that.
    set.right = std::all_of(set.records.begin(), set.records.end(),
                            [&](const KeptRecord &one) { return one.right || cannotGo.contains(one.record); });
    return set;
}

} // namespace sixgate
