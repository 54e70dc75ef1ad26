#pragma once

#include "model/keepersnapshot.h"
#include "model/overview.h"
#include "ui/overview/pathfigure.h"

#include <QWidget>

#include <optional>

class QStackedWidget;
class QVBoxLayout;

namespace sixgate
{

class Card;
class CauseView;
class NameTable;
class PathSteps;
class VerdictBar;

/// The first page: verdict, figure, table.
class OverviewPage : public QWidget
{
    Q_OBJECT

public:
    explicit OverviewPage(QWidget *parent = nullptr);
    /// `snapshot`: null where no keeper can be seen. `vps`: its name.
    void show(const Overview &overview, const SharedSnapshot &snapshot, const QString &vps);

    /// The path whose steps are shown.
    std::optional<PathKind> openPath() const;
    /// Shows the names again in place of a path's steps, or of what to do.
    void closeBelow();

    /// Certificates' days, by public name.
    void showCertificates(const std::map<QString, QString> &days);
    PathSteps &steps() { return *m_steps; }

Q_SIGNALS:
    void pressed(sixgate::OverviewButton button);
    /// The steps of that path are shown, and it is to be proven.
    void proves(sixgate::PathKind kind);

private:
    /// Below the figure; the names want less room than the others.
    void showBelow(QWidget *what);

    std::optional<Condition> m_root;
    VerdictBar *m_verdict;
    PathFigure *m_figure;
    NameTable *m_names;
    PathSteps *m_steps;
    CauseView *m_cause;
    Card *m_above;
    Card *m_card;
    QVBoxLayout *m_all;
    QStackedWidget *m_below; ///< the names, the steps of a path, or what to do
};

/// "Today at 04:12", "yesterday at 23:01", else the date. Local time.
QString whenText(const QDateTime &at, const QDateTime &now);

} // namespace sixgate
