#include "ui/look/verbmarks.h"

#include "ui/look/drawnicon.h"

#include <QPainter>
#include <QPainterPath>

namespace sixgate
{

namespace
{

QPainterPath signOf(Verb verb)
{
    // On a field of 16 by 16.
    QPainterPath path;
    const auto line = [&path](qreal x1, qreal y1, qreal x2, qreal y2) {
        path.moveTo(x1, y1);
        path.lineTo(x2, y2);
    };
    switch (verb) {
    case Verb::Create:
    case Verb::Install:
    case Verb::Obtain:
        line(8, 4.5, 8, 11.5);
        line(4.5, 8, 11.5, 8);
        break;
    case Verb::Update:
        path.moveTo(4.5, 9.2);
        path.cubicTo(6, 5.6, 7.2, 6.4, 8, 8);
        path.cubicTo(8.8, 9.6, 10, 10.4, 11.5, 6.8);
        break;
    case Verb::Delete:
        line(4.5, 8, 11.5, 8);
        break;
    case Verb::Enable:
    case Verb::Activate:
    case Verb::Open:
        line(4.5, 8, 11, 8);
        path.moveTo(8.4, 5);
        path.lineTo(11.4, 8);
        path.lineTo(8.4, 11);
        break;
    }
    return path;
}

void draw(QPainter &painter, const QRect &place, Verb verb, const QColor &colour)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(place.topLeft());
    painter.scale(place.width() / 16.0, place.height() / 16.0);
    painter.setPen(QPen(colour, 1.3, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawRoundedRect(QRectF(1.5, 1.5, 13, 13), 3, 3);
    painter.setPen(QPen(colour, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(signOf(verb));
    painter.restore();
}

} // namespace

QIcon verbIcon(Verb verb, const Colours &colours)
{
    const QColor colour = verb == Verb::Delete ? colours.state(OverviewState::Degraded) : colours.accent;
    return drawnIcon([=](QPainter &painter, const QRect &place) { draw(painter, place, verb, colour); });
}

} // namespace sixgate
