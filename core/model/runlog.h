#pragma once

#include <QDateTime>
#include <QString>

#include <vector>

namespace sixgate
{

/// One line of a run's log on the VPS; texts are harmless to show.
struct RunLine {
    QString change; ///< id in the plan of then
    QString state;  ///< as of stepStateName()
    QString text;   ///< may be empty
};

/// What the VPS has noted of one run there: a deployment, a step back.
struct RunLog {
    QString id;
    QDateTime at;    ///< of its last line, UTC
    QString verdict; ///< "done", "failed", "moved", "cancelled"; empty: it has not ended, or nobody knows how
    QString summary; ///< why it was not done
    QString detail;
    std::vector<RunLine> lines;
};

} // namespace sixgate
