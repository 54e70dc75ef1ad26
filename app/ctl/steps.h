#pragma once

#include "apply/deployer.h"
#include "ctl/output.h"

#include <QJsonArray>

#include <map>

namespace sixgate::ctl
{

/// Prints the steps of an apply as the items of its plan, which outlives this, and keeps how far each one came.
class Steps
{
public:
    Steps(Output &output, const Plan &plan);

    /// As a ProgressSink.
    void operator()(const QString &id, StepState state, const QString &text);

    /// Whether anything is other than before: a step was done and not undone.
    bool changed() const;
    /// The changes of the plan, each with its state.
    QJsonArray json() const;

private:
    QString remark(const Change &change, StepState state, const QString &text) const;

    Output &m_output;
    const Plan &m_plan;
    std::map<QString, const Change *> m_changes;
    std::map<QString, StepState> m_states;
    std::map<QString, QStringList> m_told;
};

} // namespace sixgate::ctl
