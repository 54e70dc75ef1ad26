#pragma once

#include <QFrame>

namespace sixgate
{

/// A raised area with round corners.
class Card : public QFrame
{
    Q_OBJECT

public:
    explicit Card(QWidget *parent = nullptr);
    /// Fills it with `content`, `margin` px from its edge.
    void hold(QWidget *content, int margin);

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace sixgate
