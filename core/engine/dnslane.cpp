#include "engine/dnslane.h"

#include "decide/providerrules.h"
#include "decide/records.h"
#include "decide/refresh.h"
#include "storage/keeping.h"
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
                        QStringLiteral("There is no DNS account %1 in the site file.").arg(records->account.text()));
        if (auto ready = m_writer.prepare(*account, stop); !ready)
            return ready;
    }
    return {};
}

Outcome DnsLane::act()
{
    if (m_acted)
        return *m_acted;
    // What was refused is tried again; the provider's other limits hold on.
    m_acted = updateKeeping(m_job.site.name, [this](Keeping &kept) {
        for (auto &[unit, pace] : kept.paces)
            pace = noteUserActed(noteRestart(std::move(pace), QDateTime::currentDateTimeUtc()));
        m_paces = kept.paces;
    });
    return *m_acted;
}

Outcome DnsLane::keepPace(const PacedRecord &unit)
{
    return updateKeeping(m_job.site.name, [&](Keeping &kept) { kept.paces[unit] = m_paces[unit]; });
}

Result<RecordsApplied> DnsLane::write(const SetRecords &records, const std::stop_token &stop)
{
    const Outcome acted = act();
    if (!m_writer.isProvider(records.account))
        return std::move(m_writer.write({records}, Deadline::after(recordTime), stop).front().done);
    if (!acted)
        return passOn(acted);
    const UpdateRules rules = m_writer.rules(records.account);
    const PacedRecord unit = m_writer.unitOf(records);
    const int requests = m_writer.expected(records.account, {records});
    PaceState &pace = m_paces[unit];
    const QString value =
        QStringLiteral("%1 %2").arg(records.wanted.name.ascii(), recordTypeName(records.wanted.type)) +
        QLatin1Char(' ') +
        QStringList(records.wanted.values.begin(), records.wanted.values.end()).join(QLatin1Char(','));
    const auto now = [] { return QDateTime::currentDateTimeUtc(); };
    if (const MayUpdate verdict = mayUpdate(rules, pace, value, now(), requests);
        verdict.verdict == UpdateVerdict::Wait) {
        const auto wait = std::chrono::milliseconds(std::max<qint64>(now().msecsTo(verdict.at), 0));
        if (wait > mostWait)
            return fail(ErrorCode::Refused, verdict.why, {},
                        QStringLiteral("Try again at %1 UTC.").arg(verdict.at.toString(QStringLiteral("HH:mm"))));
        m_job.say(QStringLiteral("%1 Waiting %2 s").arg(verdict.why).arg(wait.count() / 1000 + 1));
        if (auto slept = pauseFor(wait, stop); !slept)
            return passOn(slept);
    } else if (verdict.verdict == UpdateVerdict::Stopped) {
        return fail(ErrorCode::Denied, verdict.why, {},
                    QStringLiteral("Correct it at the provider or in the site file, then: sixgatectl apply"));
    }
    UpdateOutcome outcome{UpdateOutcome::What::Sending, value, {}};
    outcome.requests = requests;
    pace = noteUpdate(std::move(pace), rules, outcome, now());
    if (auto kept = keepPace(unit); !kept)
        return passOn(kept);
    auto written = std::move(m_writer.write({records}, Deadline::after(recordTime), stop).front());
    outcome = outcomeOf(written, value, true);
    outcome.requests = std::max(written.requests, 1);
    pace = noteUpdate(std::move(pace), rules, outcome, now());
    const PacedRecord own{records.account, {records.wanted.name, records.wanted.type}};
    RecordPast &past = m_paces[own].past;
    if (written.said && concernsNameAlone(*written.said))
        past.refused = written.said->word;
    if (written.done && outcome.what == UpdateOutcome::What::Accepted) {
        const auto &values = records.wanted.values;
        past = noteTaken(std::move(past), QStringList(values.begin(), values.end()).join(QLatin1Char(',')), now());
        past.ttl = records.wanted.ttl;
    }
    for (const PacedRecord &one : {unit, own}) {
        if (auto kept = keepPace(one); !kept && written.done)
            return passOn(kept);
    }
    return std::move(written.done);
}

Outcome DnsLane::set(const Change &change, const SetRecords &records, std::stop_token stop)
{
    m_job.step(change.id, StepState::Started);
    const auto before = m_job.state.managedRecords;
    if (m_made.empty())
        m_before = before;
    auto with = managedAfter(m_job.site, before, {change});
    with.insert(with.end(), before.begin(), before.end());
    if (auto saved = remember(with); !saved)
        return m_job.failed(change, saved.error());
    const auto done = write(records, stop);
    const bool already = done && done->already;
    const bool unchanged = already || (!done && isCertain(done.error()));
    if (!unchanged) {
        m_made.push_back({change.id, records, done.has_value()});
        m_made.back().records.perhapsAbsent = done && done->wasAbsent;
    }
    if (done || unchanged) {
        if (auto saved = remember(done ? managedAfter(m_job.site, before, {change}) : before); !saved)
            return m_job.failed(change, saved.error());
    }
    if (!done)
        return m_job.failed(change, done.error());
    m_oldTtl = std::max(m_oldTtl, records.expected.values.empty() ? records.wanted.ttl : records.expected.ttl);
    const QStringList behind(done->stale.begin(), done->stale.end());
    m_job.step(change.id, already ? StepState::Unchanged : StepState::Done,
               behind.isEmpty()
                   ? QString()
                   : QStringLiteral("%1 will follow by zone transfer.").arg(behind.join(QStringLiteral(", "))));
    return {};
}

std::vector<QString> DnsLane::undo()
{
    std::vector<QString> left;
    for (auto made = m_made.rbegin(); made != m_made.rend(); ++made) {
        SetRecords back{made->records.account, made->records.expected, made->records.wanted};
        if (made->records.perhapsAbsent)
            back.wanted.values.clear();
        const auto done = write(back, {});
        // Where it is not known whether it was set, "it is another one" means that it was not.
        if (done || (!made->certain && done.error().code == ErrorCode::Moved))
            m_job.step(made->id, StepState::Undone);
        else
            left.push_back(QStringLiteral("%1 %2 stays changed: %3")
                               .arg(back.wanted.name.ascii(), recordTypeName(back.wanted.type), done.error().summary));
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
