#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QString>

#include <chrono>

namespace sixgate
{

/// Input as an error text may show it: quoted, at most 60 characters, control and bidi characters escaped.
QString quoted(const QString &input);

/// Bytes of a peer as a message may show them: one line, at most 200 characters, none that a terminal obeys.
QString shownLine(const QByteArray &bytes);

/// A time for a person: "2026-11-18 14:02:05 UTC".
QString timeText(const QDateTime &at);

/// A time for a program: ISO 8601, UTC, milliseconds; empty where there is none.
QString stampText(const QDateTime &at);

/// How long something lasts, 0 or more, in a unit that gives two or three digits, rounded down: "1 second",
/// "119 seconds", "2 minutes", "47 hours", "3 days".
QString spanText(std::chrono::seconds span);

/// The same, exact: whole minutes from two on, else seconds: "5 minutes", "150 seconds".
QString exactSpanText(std::chrono::seconds span);

} // namespace sixgate
