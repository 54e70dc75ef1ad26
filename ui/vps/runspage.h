#pragma once

#include "model/overview.h"
#include "ui/jobs/jobrunner.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QTableWidget;

namespace sixgate
{

/// The log of each run on the VPS: the runs at the left, newest first; at the right how the chosen one ended, and its
/// steps.
class RunsPage : public QWidget
{
    Q_OBJECT

public:
    explicit RunsPage(std::shared_ptr<SiteJobs> jobs, QWidget *parent = nullptr);
    /// Reads them anew.
    void read();

Q_SIGNALS:
    void closes();

protected:
    void changeEvent(QEvent *event) override;

private:
    void show(const Result<JobEnd> &end);
    void fillList();
    void fillSteps();

    JobRunner m_runner;
    std::vector<RunLog> m_runs;
    QLabel *m_says;
    QListWidget *m_list;
    QWidget *m_cards; ///< the list and the chosen run
    QLabel *m_end;
    QTableWidget *m_steps;
};

/// One step of a run, with all that was noted of it.
struct RunRow {
    OverviewState mark = OverviewState::Unknown;
    QString step;  ///< "Certificate cloud"
    QString state; ///< "done"
    QString text;
};
/// The steps of a run in the order in which they began.
std::vector<RunRow> runRows(const RunLog &run);

} // namespace sixgate
