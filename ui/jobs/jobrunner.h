#pragma once

#include "ipc/sitejobs.h"

#include <QObject>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace sixgate
{

using SharedPlan = std::shared_ptr<const Plan>;
using SharedJobEnd = std::shared_ptr<const Result<JobEnd>>; ///< never null

/// One job of a site at a time, away from the GUI thread: it waits for nothing, all that the job tells comes as a
/// signal in its order. Slots and signals are of the GUI thread; the job is on one of its own.
///
///     JobRunner jobs(std::make_shared<LocalJobs>(SitePlace{siteFile, secrets}));
///     jobs.start(ApplyOrder());          // planned(), asks() … answer(true) … stepped(), proved(), ended()
class JobRunner : public QObject
{
    Q_OBJECT

public:
    explicit JobRunner(std::shared_ptr<SiteJobs> jobs, QObject *parent = nullptr);
    /// Cancels; the old state is awaited for some seconds, then what runs on the VPS is left to itself.
    ~JobRunner() override;

    /// False, and nothing happens, where one is running.
    bool start(const JobOrder &order);
    bool isRunning() const { return m_running; }
    /// An answer is awaited.
    bool isAsking() const { return m_asking; }
    /// To asks() or meets().
    void answer(bool yes);
    /// Leaves or brings back the old state, at any time; a second call waits for that no longer.
    void cancel();

Q_SIGNALS:
    void activity(const QString &text);
    /// `nothing`: what an empty plan means; may be empty.
    void planned(const sixgate::SharedPlan &plan, sixgate::PlanPart part, const QString &nothing);
    /// Whether to carry the plan out: answer().
    void asks(const QString &warning);
    /// Whether that key is what the machine itself shows: answer().
    void meets(const QString &machine, const sixgate::PresentedHostKey &key);
    void stepped(const QString &changeId, sixgate::StepState state, const QString &text);
    void proved(const sixgate::PathReport &path);
    void remarked(const QString &text, const QString &fix);
    /// Always comes, also after a cancel: an error of code Cancelled then. isRunning() is false.
    void ended(const sixgate::SharedJobEnd &end);

private:
    class Talk;
    Outcome ask(const std::function<void()> &question, const std::stop_token &stop);
    template <class F>
    void tell(F what);

    std::shared_ptr<SiteJobs> m_jobs;
    bool m_running = false;
    bool m_asking = false;
    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::optional<bool> m_answer; ///< guarded by the mutex
    bool m_done = true;           ///< guarded by the mutex
    std::stop_source m_stop;
    std::stop_source m_detach;
    std::jthread m_thread;
};

} // namespace sixgate
