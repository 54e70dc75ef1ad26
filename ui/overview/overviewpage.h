#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "ui/overview/pathfigure.h"

#include <QWidget>

class QLabel;

namespace sixgate
{

class NameTable;
class VerdictBar;

/// The first page: verdict, figure, table.
class OverviewPage : public QWidget
{
    Q_OBJECT

public:
    explicit OverviewPage(QWidget *parent = nullptr);
    /// `snapshot`: null where no keeper can be seen. `vps`: its name.
    void show(const Overview &overview, const SharedSnapshot &snapshot, const QString &vps);

Q_SIGNALS:
    void pressed(sixgate::OverviewButton button);

private:
    VerdictBar *m_verdict;
    PathFigure *m_figure;
    NameTable *m_names;
};

/// "Today at 04:12", "yesterday at 23:01", else the date. Local time.
QString whenText(const QDateTime &at, const QDateTime &now);

} // namespace sixgate
