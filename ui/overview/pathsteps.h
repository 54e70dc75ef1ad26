#pragma once

#include "model/pathreport.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTableWidget;

namespace sixgate
{

/// How one path was gone, step by step: what was tried, from where, how long it took, what was seen.
class PathSteps : public QWidget
{
    Q_OBJECT

public:
    explicit PathSteps(QWidget *parent = nullptr);

    /// A path that is being proven now, of all names.
    void begin(PathKind kind);
    PathKind kind() const { return m_kind; }
    void add(const PathReport &report);
    /// All of them came; `why`: it could not be proven.
    void end(const QString &why);

Q_SIGNALS:
    void again(sixgate::PathKind kind);
    void closes();

protected:
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void fill();

    PathKind m_kind = PathKind::V4;
    std::vector<PathReport> m_reports;
    QLabel *m_title;
    QLabel *m_says;
    QPushButton *m_again;
    QTableWidget *m_table;
};

/// What a step does, for people: "Look up the name", "Connect" …
QString stepTitle(const QString &name);
/// What a path is, for people: "Path 1: visitors with IPv4, through the VPS".
QString pathSentence(PathKind kind);

} // namespace sixgate
