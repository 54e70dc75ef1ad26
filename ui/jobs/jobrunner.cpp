#include "ui/jobs/jobrunner.h"

#include <chrono>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto patience = 3s; // of who closes the program

} // namespace

/// Turns what the job tells into signals of the GUI thread.
class JobRunner::Talk final : public JobTalk
{
public:
    explicit Talk(JobRunner &runner) : m_runner(runner) {}

    void activity(const QString &text) override
    {
        m_runner.tell([text](JobRunner &to) { Q_EMIT to.activity(text); });
    }
    void planned(const Plan &plan, PlanPart part, const QString &nothing) override
    {
        m_runner.tell([plan = std::make_shared<const Plan>(plan), part, nothing](JobRunner &to) {
            Q_EMIT to.planned(plan, part, nothing);
        });
    }
    Outcome agree(const Plan &, const QString &warning, std::stop_token stop) override
    {
        return m_runner.ask([this, warning] { m_runner.tell([warning](JobRunner &to) { Q_EMIT to.asks(warning); }); },
                            stop);
    }
    Outcome confirmHostKey(const QString &machine, const PresentedHostKey &key, std::stop_token stop) override
    {
        return m_runner.ask([&] { m_runner.tell([machine, key](JobRunner &to) { Q_EMIT to.meets(machine, key); }); },
                            stop);
    }
    void step(const QString &changeId, StepState state, const QString &text) override
    {
        m_runner.tell([changeId, state, text](JobRunner &to) { Q_EMIT to.stepped(changeId, state, text); });
    }
    void path(const PathReport &path) override
    {
        m_runner.tell([path](JobRunner &to) { Q_EMIT to.proved(path); });
    }
    void remark(const QString &text, const QString &fix) override
    {
        m_runner.tell([text, fix](JobRunner &to) { Q_EMIT to.remarked(text, fix); });
    }

private:
    JobRunner &m_runner;
};

JobRunner::JobRunner(std::shared_ptr<SiteJobs> jobs, QObject *parent) : QObject(parent), m_jobs(std::move(jobs)) {}

JobRunner::~JobRunner()
{
    m_stop.request_stop();
    std::unique_lock lock(m_mutex);
    m_wake.wait_for(lock, patience, [this] { return m_done; });
    lock.unlock();
    m_detach.request_stop();
}

template <class F>
void JobRunner::tell(F what)
{
    QMetaObject::invokeMethod(
        this, [this, what = std::move(what)] { what(*this); }, Qt::QueuedConnection);
}

Outcome JobRunner::ask(const std::function<void()> &question, const std::stop_token &stop)
{
    {
        const std::lock_guard lock(m_mutex);
        m_answer.reset();
    }
    tell([](JobRunner &to) { to.m_asking = true; });
    question();
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, stop, [this] { return m_answer.has_value(); });
    if (stop.stop_requested() || !m_answer.value_or(false))
        return fail(ErrorCode::Cancelled, tr("Nothing was changed."));
    return {};
}

bool JobRunner::start(const JobOrder &order)
{
    if (m_running)
        return false;
    // The one before has ended: this waits for nothing.
    if (m_thread.joinable())
        m_thread.join();
    m_running = true;
    m_asking = false;
    m_done = false;
    m_stop = {};
    m_detach = {};
    m_thread = std::jthread([this, order, stops = JobStops{m_stop.get_token(), m_detach.get_token()}] {
        Talk talk(*this);
        const auto end = std::make_shared<const Result<JobEnd>>(m_jobs->run(order, talk, stops));
        tell([end](JobRunner &to) {
            to.m_running = false;
            to.m_asking = false;
            Q_EMIT to.ended(end);
        });
        const std::lock_guard lock(m_mutex);
        m_done = true;
        m_wake.notify_all();
    });
    return true;
}

void JobRunner::answer(bool yes)
{
    if (!m_asking)
        return;
    m_asking = false;
    const std::lock_guard lock(m_mutex);
    m_answer = yes;
    m_wake.notify_all();
}

void JobRunner::cancel()
{
    if (!m_running)
        return;
    m_asking = false;
    if (!m_stop.request_stop())
        m_detach.request_stop();
}

} // namespace sixgate
