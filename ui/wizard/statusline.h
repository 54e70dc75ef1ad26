#pragma once

#include "ui/look/colours.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace sixgate
{

class MarkView;

/// How something goes that was tried: a mark, a sentence, what else is to be known; while it goes on the time, and a
/// button that stops it.
class StatusLine : public QWidget
{
    Q_OBJECT

public:
    explicit StatusLine(QWidget *parent = nullptr);

    void clear(); ///< hides it
    /// `what` goes on, e.g. "Looking at the VPS"; with the button "Stop" where it `stops`.
    void begin(const QString &what, bool stops = true);
    void show(OverviewState state, const QString &sentence, const QString &detail = {});
    using QWidget::show;
    OverviewState state() const { return m_state; }
    QString sentence() const;

Q_SIGNALS:
    void stopped();

protected:
    void changeEvent(QEvent *event) override;

private:
    void draw();

    OverviewState m_state = OverviewState::Unknown;
    QString m_what;
    bool m_counts = false; ///< the time is told
    QElapsedTimer m_clock;
    QTimer m_tick;
    MarkView *m_mark;
    QLabel *m_sentence;
    QLabel *m_detail;
    QPushButton *m_stop;
};

} // namespace sixgate
