#include "ui/look/card.h"

#include "ui/look/colours.h"

#include <QPainter>
#include <QVBoxLayout>

namespace sixgate
{

Card::Card(QWidget *parent) : QFrame(parent) {}

void Card::hold(QWidget *content, int margin)
{
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(margin, margin, margin, margin);
    all->addWidget(content);
    // What lies on it shows it.
    QPalette own = content->palette();
    own.setColor(QPalette::Base, Qt::transparent);
    content->setPalette(own);
}

void Card::paintEvent(QPaintEvent *)
{
    const Colours colours = Colours::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colours.line, 1));
    painter.setBrush(colours.card);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

} // namespace sixgate
