#pragma once

#include "ui/jobs/jobrunner.h"
#include "ui/look/colours.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace sixgate
{

class Card;
class PlanView;
class VerdictBar;

/// What a job is called on its panel.
struct JobWords {
    QString title; ///< "Redeploy the VPS"
    QString yes;   ///< the button that carries it out: "&Redeploy"
};

/// One job from the first look to its end: the plan, the question, each step live, cancel, and how it ended: what
/// failed, what was taken back, what to do. Shows a new machine's host key and asks for it, too.
class JobPanel : public QWidget
{
    Q_OBJECT

public:
    explicit JobPanel(std::shared_ptr<SiteJobs> jobs, QWidget *parent = nullptr);

    /// False where another job runs.
    bool start(const JobOrder &order, const JobWords &words);
    bool isRunning() const { return m_runner.isRunning(); }
    /// It runs, and its plan was agreed to: to end it now takes it back.
    bool isWorking() const { return m_runner.isRunning() && m_agreed; }
    /// As its button does, where it works; a second time nothing.
    void cancelWork();
    /// Closes it where nothing runs.
    void leave();
    /// To follow the job from elsewhere.
    JobRunner &runner() { return m_runner; }

Q_SIGNALS:
    /// The user has read how it ended, or has left before anything was changed.
    void closes();
    /// It is to be tried again, and needs a password that is kept nowhere.
    void needsPassword();

private:
    void setUp();
    void follow();
    void tell(OverviewState state, const QString &sentence, const QString &detail = {});
    void tellProgress();
    void ask(const QString &warning);
    void meet(const QString &machine, const PresentedHostKey &key);
    void end(const Result<JobEnd> &end);
    QString failure(const Error &error) const;
    void setButtons(const QString &yes, const QString &no);
    void clickedNo();

    JobRunner m_runner;
    JobOrder m_order; ///< without a password
    bool m_hadPassword = false;
    JobWords m_words;
    enum class Phase { Looking, Asking, Meeting, Working, Cancelling, Ended } m_phase = Phase::Ended;
    QString m_activity;
    QString m_nothing; ///< what an empty plan means
    QStringList m_remarks;
    bool m_agreed = false;
    bool m_askedBefore = false; ///< of this job, and it was agreed to: the plan is another one now
    bool m_isOld = false;       ///< the plan that is shown is of the machine before
    QElapsedTimer m_clock;
    QTimer m_tick;
    QLabel *m_title;
    VerdictBar *m_verdict;
    Card *m_planCard;
    PlanView *m_plan;
    Card *m_keyCard;
    QLabel *m_key;
    QPushButton *m_yes;
    QPushButton *m_no;
};

} // namespace sixgate
