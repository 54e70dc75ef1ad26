#pragma once

class QTableWidget;

namespace sixgate
{

/// How tables look everywhere: no grid, whole rows, a flat header; rows and icons grow with the text.
void layOut(QTableWidget &table);

/// The height of a row, for the table's font.
int heightOfRow(const QTableWidget &table);

} // namespace sixgate
