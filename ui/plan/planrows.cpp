#include "ui/plan/planrows.h"

#include <QCoreApplication>
#include <QLocale>

namespace sixgate
{

namespace
{

struct PlanRows {
    Q_DECLARE_TR_FUNCTIONS(PlanRows)
};

} // namespace

QString verbTitle(Verb verb)
{
    switch (verb) {
    case Verb::Create:
        return PlanRows::tr("create");
    case Verb::Update:
        return PlanRows::tr("change");
    case Verb::Delete:
        return PlanRows::tr("delete");
    case Verb::Install:
        return PlanRows::tr("install");
    case Verb::Enable:
        return PlanRows::tr("enable");
    case Verb::Obtain:
        return PlanRows::tr("get");
    case Verb::Activate:
        return PlanRows::tr("activate");
    case Verb::Open:
        return PlanRows::tr("open");
    }
    return {};
}

QString laneTitle(Lane lane)
{
    return lane == Lane::Dns ? PlanRows::tr("DNS") : PlanRows::tr("VPS");
}

QString spanText(std::chrono::milliseconds span)
{
    const qint64 ms = span.count();
    if (ms < 10000)
        return PlanRows::tr("%1 s").arg(QLocale().toString(double(ms) / 1000, 'f', 1));
    if (ms < 60000)
        return PlanRows::tr("%1 s").arg(ms / 1000);
    return PlanRows::tr("%1 min %2 s").arg(ms / 60000).arg(ms / 1000 % 60);
}

QString activityText(QString activity)
{
    while (activity.endsWith(QLatin1Char('.')) || activity.endsWith(QLatin1Char(' ')) ||
           activity.endsWith(QChar(0x2026)))
        activity.chop(1);
    return activity.isEmpty() ? QString() : PlanRows::tr("%1 …").arg(activity);
}

QString planSummary(const Plan &plan)
{
    int dns = 0, vps = 0;
    for (const Change &one : plan.changes)
        ++(one.lane == Lane::Dns ? dns : vps);
    const QString all = PlanRows::tr("%n change(s)", nullptr, dns + vps);
    const QString text = dns && vps ? PlanRows::tr("%1: %2 in DNS, %3 on the VPS.").arg(all).arg(dns).arg(vps)
                         : dns      ? PlanRows::tr("%1 in DNS.").arg(all)
                         : vps      ? PlanRows::tr("%1 on the VPS.").arg(all)
                                    : PlanRows::tr("Nothing is to be changed.");
    return plan.blocked() ? PlanRows::tr("%1 Something else is in the way; the list says what.").arg(text) : text;
}

void PlanProgress::step(const QString &id, StepState state, const QString &text, std::chrono::milliseconds now)
{
    const bool known = std::ranges::any_of(m_plan->changes, [&](const Change &one) { return one.id == id; });
    if (!known || state == StepState::Note)
        return;
    auto [at, isNew] = m_steps.try_emplace(id, Step{state, now, std::chrono::milliseconds(-1), {}});
    Step &one = at->second;
    if (!text.isEmpty() && (state == StepState::Told || state == StepState::Failed || state == StepState::Undone))
        one.notes << text;
    if (state == StepState::Told)
        return;
    one.state = state;
    if (state == StepState::Done || state == StepState::Unchanged || state == StepState::Failed)
        one.took = now - one.begun;
}

void PlanProgress::end()
{
    m_over = true;
}

std::vector<PlanRow> PlanProgress::rows() const
{
    std::vector<PlanRow> rows;
    for (const Change &change : m_plan->changes) {
        PlanRow row{change.sentence, verbTitle(change.verb), laneTitle(change.lane), OverviewState::Unknown};
        row.diff = change.diff;
        const auto found = m_steps.find(change.id);
        if (found == m_steps.end()) {
            row.state = m_over ? PlanRows::tr("not done") : QString();
            row.begun = m_over;
            rows.push_back(std::move(row));
            continue;
        }
        const Step &step = found->second;
        row.begun = true;
        row.notes = step.notes;
        row.took = step.took;
        switch (step.state) {
        case StepState::Started:
        case StepState::Note:
        case StepState::Told:
            row.mark = m_over ? OverviewState::Unknown : OverviewState::Working;
            row.state = m_over ? PlanRows::tr("stopped") : PlanRows::tr("at work");
            break;
        case StepState::Done:
            row.mark = OverviewState::Fine;
            row.state = PlanRows::tr("done");
            break;
        case StepState::Unchanged:
            row.mark = OverviewState::Fine;
            row.state = PlanRows::tr("was so already");
            break;
        case StepState::Failed:
            row.mark = OverviewState::Broken;
            row.state = PlanRows::tr("failed");
            break;
        case StepState::Undone:
            row.mark = OverviewState::Paused;
            row.state = PlanRows::tr("taken back");
            break;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

int PlanProgress::ended() const
{
    return int(std::ranges::count_if(m_steps, [](const auto &one) {
        return one.second.state == StepState::Done || one.second.state == StepState::Unchanged;
    }));
}

int PlanProgress::undone() const
{
    return int(std::ranges::count_if(m_steps, [](const auto &one) { return one.second.state == StepState::Undone; }));
}

QString PlanProgress::failed() const
{
    for (const Change &change : m_plan->changes) {
        const auto found = m_steps.find(change.id);
        if (found != m_steps.end() && found->second.state == StepState::Failed)
            return change.sentence;
    }
    return {};
}

} // namespace sixgate
