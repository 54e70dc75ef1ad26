#pragma once

#include <QIcon>

#include <functional>

class QPainter;
class QRect;

namespace sixgate
{

/// An icon that `draw` paints at each size anew: sharp at each scale. GUI thread.
QIcon drawnIcon(std::function<void(QPainter &painter, const QRect &place)> draw);

} // namespace sixgate
