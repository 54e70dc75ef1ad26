#include "ui/wizard/setuprun.h"

namespace sixgate
{

void SetupRun::plan(bool anew)
{
    SetupAnswers now = m_state.answers();
    now.page = SetupPage::Review;
    const bool busy = m_phase == Phase::Working || m_phase == Phase::Cancelling;
    if (busy || (!anew && m_with == now && (m_phase == Phase::Planning || m_phase == Phase::Asking)))
        return;
    m_with = now;
    m_accepted = m_applying = m_blocked = false;
    m_plan.reset();
    m_error.reset();
    m_check.reset();
    m_remarks.clear();
    m_warning.clear();
    m_activity.clear();
    m_clock.start();
    m_phase = Phase::Planning;
    m_runner = std::make_unique<JobRunner>(m_state.port().jobs(now));
    connectTo(*m_runner);
    m_runner->start(ApplyOrder{});
    Q_EMIT changed();
}

void SetupRun::connectTo(JobRunner &runner)
{
    connect(&runner, &JobRunner::activity, this, [this](const QString &text) {
        m_activity = text;
        Q_EMIT changed();
    });
    connect(&runner, &JobRunner::planned, this, [this](const SharedPlan &plan, PlanPart, const QString &) {
        m_plan = plan;
        Q_EMIT planned();
        Q_EMIT changed();
    });
    connect(&runner, &JobRunner::asks, this, [this](const QString &warning) {
        m_accepted = m_applying = false;
        m_warning = warning;
        m_phase = Phase::Asking;
        Q_EMIT changed();
        Q_EMIT asked();
    });
    connect(&runner, &JobRunner::stepped, this, [this](const QString &id, StepState state, const QString &text) {
        if (state == StepState::Note && !text.isEmpty())
            m_activity = text;
        Q_EMIT stepped(id, state, text);
        Q_EMIT changed();
    });
    connect(&runner, &JobRunner::remarked, this, [this](const QString &text, const QString &fix) {
        m_remarks << text;
        if (!fix.isEmpty())
            m_remarks << QStringLiteral("→ ") + fix;
    });
    connect(&runner, &JobRunner::ended, this, [this](const SharedJobEnd &done) { end(*done); });
}

void SetupRun::end(const Result<JobEnd> &end)
{
    m_phase = Phase::Ended;
    m_applying = false;
    m_error.reset();
    m_blocked = false;
    if (!end)
        m_error = end.error();
    else if (end->error)
        m_error = end->error;
    else
        m_blocked = end->blocked;
    if (end && end->check)
        m_check = end->check;
    Q_EMIT changed();
    Q_EMIT idle();
}

void SetupRun::accept()
{
    const bool nothing = m_phase == Phase::Ended && !m_error && !m_blocked;
    if (m_phase != Phase::Asking && !nothing)
        return;
    m_accepted = true;
    Q_EMIT agreed();
    m_phase = Phase::Working;
    m_clock.restart();
    m_activity.clear();
    if (nothing)
        m_keeping.run(
            [port = m_state.sharedPort(), with = *m_with](const std::stop_token &) { return port->keep(with); },
            [this](const Outcome &kept) {
                m_phase = Phase::Ended;
                if (!kept)
                    m_error = kept.error();
                Q_EMIT changed();
            });
    else
        m_runner->answer(m_applying = true);
    Q_EMIT changed();
}

void SetupRun::cancel()
{
    if (!m_runner || !m_runner->isRunning())
        return;
    if (m_phase == Phase::Asking) {
        m_runner->answer(false);
        return;
    }
    m_phase = Phase::Cancelling;
    m_runner->cancel();
    Q_EMIT changed();
}

void SetupRun::cancelOnce()
{
    if (m_phase != Phase::Cancelling)
        cancel();
}

void SetupRun::prove()
{
    if (!m_runner || m_runner->isRunning())
        return;
    m_phase = Phase::Working;
    m_activity.clear();
    m_check.reset();
    m_clock.restart();
    m_runner->start(CheckOrder{});
    Q_EMIT changed();
}

} // namespace sixgate
