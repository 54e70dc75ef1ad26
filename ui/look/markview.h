#pragma once

#include "model/overview.h"

#include <QWidget>

namespace sixgate
{

/// The mark of a state as a part of a page, as high as a line of text; sharp at each scale.
class MarkView : public QWidget
{
    Q_OBJECT

public:
    explicit MarkView(QWidget *parent = nullptr);
    void show(OverviewState state);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    OverviewState m_state = OverviewState::Unknown;
};

} // namespace sixgate
