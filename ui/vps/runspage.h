#pragma once

#include "ui/jobs/jobrunner.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QPlainTextEdit;

namespace sixgate
{

/// The log of each run on the VPS: the runs at the left, newest first, the chosen one's text at the right.
class RunsPage : public QWidget
{
    Q_OBJECT

public:
    explicit RunsPage(std::shared_ptr<SiteJobs> jobs, QWidget *parent = nullptr);
    /// Reads them anew.
    void read();

Q_SIGNALS:
    void closes();

private:
    void show(const Result<JobEnd> &end);

    JobRunner m_runner;
    std::vector<RunLog> m_runs;
    QLabel *m_says;
    QListWidget *m_list;
    QPlainTextEdit *m_text;
};

/// The text of one log.
QString runText(const RunLog &run);

} // namespace sixgate
