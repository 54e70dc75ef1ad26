#pragma once

#include "ui/plan/planrows.h"

#include <QElapsedTimer>
#include <QTreeWidget>

namespace sixgate
{

/// A plan, item by item: what is to be done, with the differences of a file on demand (Enter, or a click on the
/// arrow); what is left alone and why; and, while it is carried out, how far each item is and how long it took.
class PlanView : public QTreeWidget
{
    Q_OBJECT

public:
    explicit PlanView(QWidget *parent = nullptr);

    void show(const std::shared_ptr<const Plan> &plan);
    using QTreeWidget::show;
    void step(const QString &changeId, StepState state, const QString &text);
    /// Nothing comes after this.
    void end();
    /// nullptr before a plan was shown.
    const PlanProgress *progress() const { return m_progress ? &*m_progress : nullptr; }

protected:
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void fill();
    void fillAgain();
    void refresh();
    void addWithheld(const Withheld &one);
    void addText(QTreeWidgetItem *parent, const QString &text, bool code);
    void fitTexts();
    void setColumns();

    std::optional<PlanProgress> m_progress;
    QElapsedTimer m_clock;
};

} // namespace sixgate
