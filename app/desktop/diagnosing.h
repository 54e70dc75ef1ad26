#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "ui/jobs/jobrunner.h"

#include <QObject>
#include <QTimer>

#include <optional>

namespace sixgate
{

/// Joins what the keeper sees with the diagnosis of a check: makes one when something has changed, when it is asked
/// for, and from time to time; never two at once. GUI thread, which it does not keep waiting.
class Diagnosing : public QObject
{
    Q_OBJECT

public:
    explicit Diagnosing(std::shared_ptr<SiteJobs> jobs, QObject *parent = nullptr);

    /// What is to be judged now. `snapshot`: null where no keeper can be seen.
    void see(const Overview &seen, const SharedSnapshot &snapshot);
    /// Somebody wants to know now. Where one is being made, another one follows.
    void ask();

Q_SIGNALS:
    /// What is to be shown from now on.
    void shows(const sixgate::Overview &overview, const sixgate::SharedSnapshot &snapshot);
    /// The check that was asked for could not be made.
    void failed(const QString &why);

private:
    void begin();
    void end(const SharedJobEnd &end);
    void goOn();

    JobRunner m_runner;
    QTimer m_tick;
    Overview m_seen;
    Overview m_began; ///< what was seen when the one that is being made began
    SharedSnapshot m_snapshot;
    std::optional<CheckFinding> m_found;
    bool m_again = false;
    bool m_asked = false; ///< for the one that is being made
    bool m_waits = false; ///< shown, but not settled
};

} // namespace sixgate
