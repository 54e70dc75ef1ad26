#pragma once

#include "ui/look/colours.h"

#include <QIcon>

class QPainter;

namespace sixgate
{

/// The shape of a state: circle with tick, triangle, octagon with cross, square with bars, dashed circle, clock.
void paintMark(QPainter &painter, const QRectF &place, OverviewState state, const Colours &colours);

/// The same as an icon, sharp at each size and scale.
QIcon markIcon(OverviewState state, const Colours &colours);

/// What the state is called.
QString stateWord(OverviewState state);

/// The program's own icon.
QIcon programIcon();

} // namespace sixgate
