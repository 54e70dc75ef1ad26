#include "engine/dnslane.h"

#include "decide/halves.h"
#include "decide/memory.h"
#include "decide/providerrules.h"
#include "decide/records.h"
#include "decide/refresh.h"
#include "model/texts.h"
#include "storage/keeping.h"
#include "storage/memory.h"
#include "transport/io.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::milliseconds mostWait = 3min;
constexpr auto recordTime = 20s; // for one record, with its read-back

/// Errors that say that nothing was changed.
bool isCertain(const Error &error)
{
    return error.code == ErrorCode::Refused || error.code == ErrorCode::Denied || error.code == ErrorCode::Moved;
}

QString joined(const std::vector<QString> &values)
{
    return QStringList(values.begin(), values.end()).join(QLatin1Char(','));
}

/// What is sent, for the pace.
QString valueText(const std::vector<SetRecords> &records)
{
    QStringList all;
    for (const SetRecords &one : records)
        all << recordText({one.wanted.name, one.wanted.type}) + QLatin1Char(' ') + joined(one.wanted.values);
    return all.join(QLatin1Char('\n'));
}

bool isPair(const SetRecords &one, const SetRecords &other)
{
    return one.account == other.account && one.wanted.name == other.wanted.name && one.wanted.type != other.wanted.type;
}

Error tooLong(const MayUpdate &verdict)
{
    return {ErrorCode::Refused,
            verdict.why,
            {},
            Texts::tr("Try again at %1 UTC.").arg(verdict.at.toString(QStringLiteral("HH:mm")))};
}

Error stopped(const MayUpdate &verdict)
{
    return {ErrorCode::Denied,
            verdict.why,
            {},
            Texts::tr("Correct it at the provider or in the site file, then: sixgatectl apply")};
}

} // namespace

Outcome DnsLane::prepare(const std::vector<Change> &changes, std::stop_token stop)
{
    for (const Change &change : changes) {
        const auto *records = std::get_if<SetRecords>(&change.action);
        if (!records)
            continue;
        const auto &accounts = m_job.site.dns;
        const auto account = std::find_if(accounts.begin(), accounts.end(),
                                          [&](const DnsAccount &one) { return one.name == records->account; });
        if (account == accounts.end())
            return fail(ErrorCode::Invalid,
                        Texts::tr("There is no DNS account %1 in the site file.").arg(records->account.text()));
        if (auto ready = m_writer.prepare(*account, stop); !ready)
            return ready;
    }
    return checkLimits(changes);
}

Outcome DnsLane::checkLimits(const std::vector<Change> &changes) const
{
    std::vector<std::vector<SetRecords>> calls;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto *records = std::get_if<SetRecords>(&changes[i].action);
        if (!records || !m_writer.isProvider(records->account))
            continue;
        if (i > 0 && !calls.empty() && calls.back().size() == 1 && goTogether(m_job.site, changes[i - 1], changes[i]))
            calls.back().push_back(*records);
        else
            calls.push_back({*records});
    }
    if (calls.empty())
        return {};
    auto kept = loadKeeping(m_job.site.name);
    if (!kept)
        return passOn(kept);
    // As it will be once this apply counts as the user's act, one call after the other.
    std::map<PacedRecord, PaceState> paces;
    const auto now = QDateTime::currentDateTimeUtc();
    for (const auto &call : calls) {
        const PacedRecord unit = m_writer.unitOf(call.front());
        const auto [pace, fresh] = paces.try_emplace(unit, kept->paces[unit]);
        if (fresh)
            pace->second = noteUserActed(noteRestart(std::move(pace->second), now));
        const UpdateRules rules = m_writer.rules(unit.account);
        UpdateOutcome sending{UpdateOutcome::What::Sending, valueText(call), {}};
        sending.requests = m_writer.expected(unit.account, call);
        const MayUpdate verdict = mayUpdate(rules, pace->second, sending.value, now, sending.requests);
        if (verdict.verdict == UpdateVerdict::Wait && now.msecsTo(verdict.at) > mostWait.count())
            return tl::unexpected<Error>(tooLong(verdict));
        pace->second = noteUpdate(std::move(pace->second), rules, sending, now);
    }
    return {};
}

Outcome DnsLane::act(const Label &account)
{
    if (m_acted.contains(account))
        return {};
    // What was refused is tried again; the provider's other limits hold on.
    auto acted = updateKeeping(m_job.site.name, [&](Keeping &kept) {
        const auto now = QDateTime::currentDateTimeUtc();
        for (auto &[unit, pace] : kept.paces) {
            if (unit.account != account)
                continue;
            pace = noteUserActed(noteRestart(std::move(pace), now));
            m_writer.noteTakenBefore(unit.key, pace.past, now);
        }
        m_paces = kept.paces;
    });
    if (acted)
        m_acted.insert(account);
    return acted;
}

Outcome DnsLane::keepPace(const std::set<PacedRecord> &units)
{
    return updateKeeping(m_job.site.name, [&](Keeping &kept) {
        for (const PacedRecord &unit : units)
            kept.paces[unit] = m_paces[unit];
    });
}

Outcome DnsLane::waitFor(const PacedRecord &unit, const QString &value, int requests, const std::stop_token &stop)
{
    const auto now = QDateTime::currentDateTimeUtc();
    const MayUpdate verdict = mayUpdate(m_writer.rules(unit.account), m_paces[unit], value, now, requests, false,
                                        m_writer.stopOf(m_paces, unit.account));
    if (verdict.verdict == UpdateVerdict::Stopped)
        return tl::unexpected<Error>(stopped(verdict));
    if (verdict.verdict != UpdateVerdict::Wait)
        return {};
    const auto wait = std::chrono::milliseconds(std::max<qint64>(now.msecsTo(verdict.at), 0));
    if (wait > mostWait)
        return tl::unexpected<Error>(tooLong(verdict));
    m_job.say(Texts::tr("%1 Waiting %2 s").arg(verdict.why).arg(wait.count() / 1000 + 1));
    return pauseFor(wait, stop);
}

DnsLane::Results DnsLane::write(const std::vector<SetRecords> &records, const std::stop_token &stop)
{
    if (m_writer.isProvider(records.front().account))
        return writeByProvider(records, stop);
    Results results;
    for (DnsWriter::Written &one : m_writer.write(records, Deadline::after(recordTime), stop)) {
        rememberAnswer(records[results.size()].account, one);
        results.push_back(std::move(one.done));
    }
    return results;
}

DnsLane::Results DnsLane::writeByProvider(const std::vector<SetRecords> &records, const std::stop_token &stop)
{
    const Label &account = records.front().account;
    const auto all = [&](const Error &why) { return Results(records.size(), tl::unexpected<Error>(why)); };
    if (auto acted = act(account); !acted)
        return all(acted.error());
    const UpdateRules rules = m_writer.rules(account);
    const auto now = [] { return QDateTime::currentDateTimeUtc(); };
    std::map<PacedRecord, std::vector<std::size_t>> units;
    std::set<PacedRecord> touched;
    for (std::size_t i = 0; i < records.size(); ++i) {
        units[m_writer.unitOf(records[i])].push_back(i);
        touched.insert({account, {records[i].wanted.name, records[i].wanted.type}});
    }
    std::map<PacedRecord, UpdateOutcome> sent;
    for (const auto &[unit, own] : units) {
        std::vector<SetRecords> together;
        for (const std::size_t i : own)
            together.push_back(records[i]);
        touched.insert(unit);
        UpdateOutcome &sending = sent[unit];
        sending = {UpdateOutcome::What::Sending, valueText(together), {}};
        sending.requests = m_writer.expected(account, together);
        if (auto may = waitFor(unit, sending.value, sending.requests, stop); !may)
            return all(may.error());
    }
    for (const auto &[unit, sending] : sent)
        m_paces[unit] = noteUpdate(std::move(m_paces[unit]), rules, sending, now());
    if (auto kept = keepPace(touched); !kept)
        return all(kept.error());
    auto written = m_writer.write(records, Deadline::after(recordTime), stop);
    Results results;
    for (const auto &[unit, own] : units) {
        const QString &value = sent[unit].value;
        UpdateOutcome outcome = outcomeOf(written[own.front()], value, true);
        int requests = 1;
        for (const std::size_t i : own) {
            outcome = worseOutcome(outcome, outcomeOf(written[i], value, true));
            requests = std::max(requests, written[i].requests);
        }
        outcome.requests = requests;
        m_paces[unit] = noteUpdate(std::move(m_paces[unit]), rules, outcome, now());
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        const RecordSet &wanted = records[i].wanted;
        RecordPast &past = m_paces[PacedRecord{account, {wanted.name, wanted.type}}].past;
        if (written[i].said && concernsNameAlone(*written[i].said))
            past.refused = written[i].said->word;
        if (written[i].done && outcomeOf(written[i], {}, true).what == UpdateOutcome::What::Accepted) {
            past = noteTaken(std::move(past), joined(wanted.values), now());
            past.ttl = wanted.ttl;
        }
        rememberAnswer(account, written[i]);
        results.push_back(std::move(written[i].done));
    }
    if (auto kept = keepPace(touched); !kept)
        std::replace_if(
            results.begin(), results.end(), [](const auto &one) { return one.has_value(); },
            Result<RecordsApplied>(passOn(kept)));
    return results;
}

void DnsLane::rememberAnswer(const Label &account, const DnsWriter::Written &written) const
{
    const auto taken = answerOf(written, m_writer.isProvider(account));
    if (!taken)
        return;
    const QString text =
        written.done ? QString()
                     : QStringLiteral("%1 %2").arg(written.done.error().summary, written.done.error().detail).trimmed();
    (void)updateMemory(m_job.site.name, [&](SiteMemory memory) {
        return noteAnswer(std::move(memory), account, *taken, text, QDateTime::currentDateTimeUtc());
    });
}

Outcome DnsLane::set(std::span<const Change> changes, std::stop_token stop)
{
    std::vector<SetRecords> records;
    for (const Change &change : changes) {
        m_job.step(change.id, StepState::Started);
        records.push_back(std::get<SetRecords>(change.action));
    }
    const auto before = m_job.state.managedRecords;
    if (m_made.empty())
        m_before = before;
    auto with = managedAfter(m_job.site, before, {changes.begin(), changes.end()});
    with.insert(with.end(), before.begin(), before.end());
    if (auto saved = remember(with); !saved)
        return m_job.failed(changes.front(), saved.error());
    const Results results = write(records, stop);
    std::vector<Change> stand; // those that are or may be made
    bool certain = true;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto &done = results[i];
        const bool already = done && done->already;
        const bool unchanged = already || (!done && isCertain(done.error()));
        if (!unchanged) {
            m_made.push_back({changes[i].id, records[i], done.has_value()});
            m_made.back().records.perhapsAbsent = done && done->wasAbsent;
        }
        if (done)
            stand.push_back(changes[i]);
        certain = certain && (done || unchanged);
    }
    if (certain) {
        if (auto saved = remember(managedAfter(m_job.site, before, stand)); !saved)
            return m_job.failed(changes.front(), saved.error());
    }
    Outcome outcome;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto &done = results[i];
        if (!done) {
            auto failed = m_job.failed(changes[i], done.error());
            if (outcome)
                outcome = std::move(failed);
            continue;
        }
        m_oldTtl =
            std::max(m_oldTtl, records[i].expected.values.empty() ? records[i].wanted.ttl : records[i].expected.ttl);
        const QStringList behind(done->stale.begin(), done->stale.end());
        m_job.step(changes[i].id, done->already ? StepState::Unchanged : StepState::Done,
                   behind.isEmpty()
                       ? QString()
                       : Texts::tr("%1 will follow by zone transfer.").arg(behind.join(QStringLiteral(", "))));
    }
    return outcome;
}

std::vector<QString> DnsLane::undo()
{
    std::vector<QString> left;
    for (std::size_t end = m_made.size(); end > 0;) {
        // Both addresses of a name went in one call, and go back in one.
        const bool pair = end > 1 && m_writer.isProvider(m_made[end - 1].records.account) &&
                          isPair(m_made[end - 2].records, m_made[end - 1].records);
        const std::size_t begin = end - (pair ? 2 : 1);
        std::vector<SetRecords> back;
        for (std::size_t i = begin; i < end; ++i) {
            const SetRecords &made = m_made[i].records;
            back.push_back({made.account, made.expected, made.wanted});
            if (made.perhapsAbsent)
                back.back().wanted.values.clear();
        }
        const Results results = write(back, {});
        for (std::size_t i = begin; i < end; ++i) {
            const auto &done = results[i - begin];
            const RecordSet &wanted = back[i - begin].wanted;
            // Where it is not known whether it was set, "it is another one" means that it was not.
            if (done || (!m_made[i].certain && done.error().code == ErrorCode::Moved))
                m_job.step(m_made[i].id, StepState::Undone);
            else
                left.push_back(Texts::tr("%1 %2 stays changed: %3")
                                   .arg(wanted.name.ascii(), recordTypeName(wanted.type), done.error().summary));
        }
        end = begin;
    }
    if (!m_made.empty() && left.empty()) {
        if (const auto saved = remember(m_before); !saved)
            left.push_back(saved.error().summary);
    }
    m_made.clear();
    return left;
}

Outcome DnsLane::remember(std::vector<ManagedRecord> records)
{
    SiteState next = m_job.state;
    next.managedRecords = std::move(records);
    return m_job.save(std::move(next));
}

} // namespace sixgate
