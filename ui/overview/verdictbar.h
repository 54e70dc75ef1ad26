#pragma once

#include "ui/look/colours.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace sixgate
{

/// The verdict: a mark, one sentence, what else is to be known, one button; beside one that mends, one to check again.
class VerdictBar : public QFrame
{
    Q_OBJECT

public:
    explicit VerdictBar(QWidget *parent = nullptr);
    void show(const Overview &overview, const QString &detail);
    /// The way out.
    void focusButton();

Q_SIGNALS:
    void pressed(sixgate::OverviewButton button);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void setFonts();

    OverviewState m_state = OverviewState::Unknown;
    OverviewButton m_what = OverviewButton::None;
    QLabel *m_sentence;
    QLabel *m_detail;
    QPushButton *m_again; ///< beside a button that mends
    QPushButton *m_button;
    int m_mark = 40; ///< its size
};

} // namespace sixgate
