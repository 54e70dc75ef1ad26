#pragma once

#include "model/overview.h"
#include "model/plan.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>

namespace sixgate
{

/// One change of a plan, as a line for a person.
struct PlanRow {
    QString sentence;
    QString verb;                       ///< "create", for people
    QString lane;                       ///< "DNS", "VPS"
    OverviewState mark;                 ///< its shape, once it has begun
    bool begun = false;                 ///< false: it is only planned
    QString state;                      ///< "done", "taken back" …; of one that is planned empty
    QStringList notes;                  ///< what was told of it: why it failed, what is to be known
    QString diff;                       ///< unified; empty where there is none to show
    std::chrono::milliseconds took{-1}; ///< of one that has ended; else -1
};

/// How far the changes of one plan are, by the steps that were told. Times come in, so that tables can test it.
class PlanProgress
{
public:
    explicit PlanProgress(std::shared_ptr<const Plan> plan) : m_plan(std::move(plan)) {}

    const Plan &plan() const { return *m_plan; }
    void step(const QString &id, StepState state, const QString &text, std::chrono::milliseconds now);
    /// Nothing comes after this: what still ran did not end well.
    void end();

    /// In the order of the plan.
    std::vector<PlanRow> rows() const;
    int ended() const;  ///< changes that are done, or were as wanted already
    int undone() const; ///< changes that were taken back
    /// The change that failed; empty where none did.
    QString failed() const;

private:
    struct Step {
        StepState state;
        std::chrono::milliseconds begun{0};
        std::chrono::milliseconds took{-1};
        QStringList notes;
    };
    std::shared_ptr<const Plan> m_plan;
    std::map<QString, Step> m_steps;
    bool m_over = false;
};

/// "5 changes: 2 in DNS, 3 on the VPS."
QString planSummary(const Plan &plan);
QString verbTitle(Verb verb); ///< for people, translated
QString laneTitle(Lane lane);
/// What goes on, as a line that has not ended: "Reading the lists of packages …"; empty where there is nothing.
QString activityText(QString activity);
/// "0.8 s", "12 s", "2 min 5 s".
QString spanText(std::chrono::milliseconds span);

} // namespace sixgate
