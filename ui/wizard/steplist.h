#pragma once

#include <QListWidget>

namespace sixgate
{

/// The wizard's steps: those behind, the present one, those ahead. A step that was reached can be chosen.
class StepList : public QListWidget
{
    Q_OBJECT

public:
    explicit StepList(QWidget *parent = nullptr);
    void add(const QString &title);
    void show(int now, int reached);
    using QListWidget::show;
    QSize sizeHint() const override;
    /// Goes to the current item's step.
    void choose();

Q_SIGNALS:
    void wants(int step);

protected:
    void changeEvent(QEvent *event) override;

private:
    void fill();

    int m_now = 0;
    int m_reached = 0;
};

} // namespace sixgate
