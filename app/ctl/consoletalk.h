#pragma once

#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/steps.h"
#include "ipc/sitejobs.h"

#include <memory>

namespace sixgate::ctl
{

/// A job on the terminal, or as one JSON document. `apply` is what the user has asked for; the others ask (--yes).
class ConsoleTalk : public JobTalk
{
public:
    ConsoleTalk(const Options &given, Output &to);

    void activity(const QString &text) override;
    void planned(const Plan &plan, PlanPart part, const QString &nothing) override;
    Outcome agree(const Plan &plan, const QString &warning, std::stop_token stop) override;
    Outcome confirmHostKey(const QString &machine, const PresentedHostKey &key, std::stop_token stop) override;
    void step(const QString &changeId, StepState state, const QString &text) override;
    void path(const PathReport &path) override;
    void remark(const QString &text, const QString &fix) override;
    void applied(const Outcome &done) override;
    void checked(const CheckReport &report) override;

    /// Prints how it ended, and the document; gives the exit code.
    int ended(const Result<JobEnd> &end, const QString &command);

private:
    /// A plan and how far it is.
    struct Carried {
        Plan plan;
        std::unique_ptr<Steps> steps;
    };
    QJsonObject documentOf(const JobEnd &end, const QString &command) const;

    const Options &m_options;
    Output &m_output;
    bool m_isApply;
    Carried m_main;
    Carried m_old;
};

} // namespace sixgate::ctl
