#include "ui/look/markview.h"

#include "ui/look/marks.h"

#include <QEvent>
#include <QPainter>

namespace sixgate
{

MarkView::MarkView(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void MarkView::show(OverviewState state)
{
    m_state = state;
    setAccessibleName(stateWord(state));
    update();
}

QSize MarkView::sizeHint() const
{
    const int size = fontMetrics().height() + 2;
    return {size, size};
}

void MarkView::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    paintMark(painter, rect(), m_state, Colours::of(palette()));
}

void MarkView::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        updateGeometry();
}

} // namespace sixgate
