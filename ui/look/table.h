#pragma once

class QAbstractItemView;
class QHeaderView;
class QTableWidget;
class QWidget;

namespace sixgate
{

/// How tables look everywhere: no grid, whole rows, a flat header; rows and icons grow with the text.
void layOut(QTableWidget &table);

/// The height of a row, for the table's font.
int heightOfRow(const QTableWidget &table);

/// The chosen row is tinted, and its text and marks stay as they are. Call it again when the palette has changed.
void calmSelection(QWidget &view);

/// The same, with each palette to come; once.
void keepCalm(QAbstractItemView &view);

/// A flat header in the palette's colours as they are now: again after a change of the palette.
void calmHeader(QHeaderView &header);

} // namespace sixgate
