#include "ctl/steps.h"

#include "ctl/json.h"

#include <algorithm>

namespace sixgate::ctl
{

Steps::Steps(Output &output, const Plan &plan) : m_output(output), m_plan(plan)
{
    for (const Change &change : plan.changes)
        m_changes[change.id] = &change;
}

void Steps::operator()(const QString &id, StepState state, const QString &text)
{
    const auto found = m_changes.find(id);
    if (state == StepState::Told) {
        m_output.print(QStringLiteral("  · %1\n").arg(harmless(text)));
        m_told[id] << text;
        return;
    }
    if (state == StepState::Note || found == m_changes.end()) {
        m_output.activity(harmless(text));
        return;
    }
    m_states[id] = state;
    const Change &change = *found->second;
    const QString sentence = harmless(change.sentence);
    switch (state) {
    case StepState::Started:
        m_output.moving(sentence);
        break;
    case StepState::Done:
    case StepState::Unchanged:
        m_output.print(QStringLiteral("  %1 %2%3\n")
                           .arg(m_output.good(QStringLiteral("✓")), sentence, remark(change, state, text)));
        break;
    case StepState::Undone:
        m_output.print(QStringLiteral("  ↶ undone: %1%2\n").arg(sentence, remark(change, state, text)));
        break;
    case StepState::Failed:
        m_output.print(QStringLiteral("  %1 %2\n").arg(m_output.bad(QStringLiteral("✗")), sentence));
        if (!text.isEmpty())
            m_output.print(QStringLiteral("      %1\n").arg(harmless(text)));
        break;
    case StepState::Note:
    case StepState::Told:
        break;
    }
}

bool Steps::changed() const
{
    return std::any_of(m_states.begin(), m_states.end(), [](const auto &one) { return one.second == StepState::Done; });
}

QJsonArray Steps::json() const
{
    QJsonArray out;
    for (const Change &change : m_plan.changes) {
        QJsonObject one = ctl::json(change);
        const auto state = m_states.find(change.id);
        one[QStringLiteral("state")] =
            state == m_states.end() ? QStringLiteral("not-started") : stepStateName(state->second);
        if (const auto told = m_told.find(change.id); told != m_told.end())
            one[QStringLiteral("notes")] = QJsonArray::fromStringList(told->second);
        out.append(one);
    }
    return out;
}

/// What a step says beyond its sentence: who follows later, that it was so already, why it was undone.
QString Steps::remark(const Change &change, StepState state, const QString &text) const
{
    const bool worth = !text.isEmpty() && (state != StepState::Done || change.lane == Lane::Dns);
    return worth ? m_output.dim(QStringLiteral("  ") + harmless(text)) : QString();
}

} // namespace sixgate::ctl
