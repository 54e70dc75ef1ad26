#include "ctl/consoletalk.h"

#include "ctl/check.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/vps.h"

namespace sixgate::ctl
{

ConsoleTalk::ConsoleTalk(const Options &given, Output &to)
    : m_options(given), m_output(to), m_isApply(given.words.value(0) == QLatin1String("apply"))
{
}

void ConsoleTalk::activity(const QString &text)
{
    m_output.activity(text);
}

void ConsoleTalk::planned(const Plan &plan, PlanPart part, const QString &nothing)
{
    m_output.quiet();
    Carried &carried = part == PlanPart::Main ? m_main : m_old;
    carried.plan = plan;
    carried.steps = std::make_unique<Steps>(m_output, carried.plan);
    if (part == PlanPart::OldMachine)
        return;
    if (m_isApply && !plan.empty()) {
        m_output.print(m_output.strong(
            QStringLiteral("Carrying out %1\n").arg(counted(qsizetype(plan.changes.size()), "change", "changes"))));
        return;
    }
    m_output.print(plan.empty() && !nothing.isEmpty() ? nothing + QLatin1Char('\n') : m_output.plan(plan, !m_isApply));
    if (!m_isApply)
        m_output.print(m_output.withheld(plan.withheld));
}

Outcome ConsoleTalk::agree(const Plan &, const QString &warning, std::stop_token stop)
{
    if (m_isApply)
        return {};
    if (!warning.isEmpty())
        m_output.print(warning + QLatin1Char('\n'));
    if (m_options.has("--yes"))
        return {};
    return askYes(m_output, QStringLiteral("Go on? [y/N] "), QStringLiteral("add --yes"), stop);
}

Outcome ConsoleTalk::confirmHostKey(const QString &machine, const PresentedHostKey &key, std::stop_token stop)
{
    m_output.quiet();
    return ctl::confirmHostKey(m_options, m_output, machine, key, stop);
}

void ConsoleTalk::step(const QString &changeId, StepState state, const QString &text)
{
    if (Steps *steps = m_old.steps ? m_old.steps.get() : m_main.steps.get())
        (*steps)(changeId, state, text);
}

void ConsoleTalk::path(const PathReport &path)
{
    m_output.print(m_output.path(path));
}

void ConsoleTalk::remark(const QString &text, const QString &fix)
{
    m_output.quiet();
    m_output.remark(harmless(text) + QLatin1Char('\n') +
                    (fix.isEmpty() ? QString() : QStringLiteral("→ %1\n").arg(fix)));
}

void ConsoleTalk::applied(const Outcome &)
{
    m_output.quiet();
    if (m_isApply)
        m_output.print(m_output.withheld(m_main.plan.withheld));
}

void ConsoleTalk::checked(const CheckReport &report)
{
    m_output.quiet();
    m_output.print(m_output.summary(report));
}

QJsonObject ConsoleTalk::documentOf(const JobEnd &end, const QString &command) const
{
    QJsonObject out = document(command);
    if (m_main.steps) {
        out[QStringLiteral("changed")] = m_main.steps->changed() || (m_old.steps && m_old.steps->changed());
        out[QStringLiteral("changes")] = m_main.steps->json();
        out[QStringLiteral("withheld")] = json(m_main.plan.withheld);
        out[QStringLiteral("error")] = json(end.error);
    }
    out[QStringLiteral("check")] = end.check ? QJsonValue(json(*end.check)) : QJsonValue::Null;
    if (end.old)
        out[QStringLiteral("oldMachine")] = oldMachineName(*end.old);
    if (m_old.steps)
        out[QStringLiteral("oldChanges")] = m_old.steps->json();
    return out;
}

int ConsoleTalk::ended(const Result<JobEnd> &end, const QString &command)
{
    m_output.quiet();
    if (!end)
        return giveUp(m_output, end.error(), command);
    const bool notBegun = end->blocked && !m_isApply;
    QJsonObject out = documentOf(*end, command);
    if (notBegun)
        out[QStringLiteral("changes")] = QJsonArray();
    m_output.document(out);
    if (end->error && !m_output.json())
        m_output.error(*end->error);
    if (end->error || end->blocked || !end->cleaned)
        return Failed;
    return end->check ? exitOf(*end->check) : AllWell;
}

} // namespace sixgate::ctl
