#pragma once

#include "ui/jobs/jobrunner.h"
#include "ui/wizard/wizardstate.h"

#include <QElapsedTimer>

namespace sixgate
{

/// The one job of the wizard, from the plan on the review page to the proof: three pages show it.
class SetupRun : public QObject
{
    Q_OBJECT

public:
    enum class Phase {
        Idle,
        Planning, ///< what is there is being looked at
        Asking,   ///< the plan is shown: accept()
        Working,  ///< it is being carried out, then proven
        Cancelling,
        Ended,
    };

    SetupRun(WizardState &state, QObject *parent) : QObject(parent), m_state(state) {}

    /// Makes the plan for the answers as they are now, unless there is one already.
    void plan(bool anew = false);
    void accept();
    /// Something is under way that closing would end.
    bool isRunning() const { return m_runner && m_runner->isRunning(); }
    /// It is being carried out: to end it now takes it back.
    bool isWorking() const { return m_applying; }
    /// The old state stays, or comes back.
    void cancel();
    /// The same, but not a second time, which would wait no longer for it.
    void cancelOnce();
    /// Proves the paths once more.
    void prove();

    Phase phase() const { return m_phase; }
    bool accepted() const { return m_accepted; }
    const SharedPlan &shown() const { return m_plan; }
    QString activity() const { return m_activity; }
    QString warning() const { return m_warning; }
    const QStringList &remarks() const { return m_remarks; }
    std::chrono::milliseconds took() const { return std::chrono::milliseconds(m_clock.elapsed()); }
    /// Why it came to no plan, or what failed.
    const std::optional<Error> &error() const { return m_error; }
    bool blocked() const { return m_blocked; }
    const std::optional<CheckReport> &check() const { return m_check; }

Q_SIGNALS:
    void changed();
    void planned();
    /// The plan waits for accept().
    void asked();
    /// isRunning() is false from now on.
    void idle();
    void agreed();
    void stepped(const QString &changeId, sixgate::StepState state, const QString &text);

private:
    void connectTo(JobRunner &runner);
    void end(const Result<JobEnd> &end);

    WizardState &m_state;
    std::unique_ptr<JobRunner> m_runner;
    Task m_keeping;
    std::optional<SetupAnswers> m_with;
    Phase m_phase = Phase::Idle;
    bool m_accepted = false;
    bool m_applying = false;
    SharedPlan m_plan;
    QString m_activity;
    QString m_warning;
    QStringList m_remarks;
    QElapsedTimer m_clock;
    std::optional<Error> m_error;
    bool m_blocked = false;
    std::optional<CheckReport> m_check;
};

} // namespace sixgate
