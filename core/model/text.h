#pragma once

#include <QByteArray>
#include <QString>

namespace sixgate
{

/// Input as an error text may show it: quoted, at most 60 characters, control and bidi characters escaped.
QString quoted(const QString &input);

/// Bytes of a peer as a message may show them: one line, at most 200 characters, none that a terminal obeys.
QString shownLine(const QByteArray &bytes);

} // namespace sixgate
