#pragma once

#include "model/keepersnapshot.h"
#include "model/result.h"

#include <QByteArray>
#include <QJsonObject>

namespace sixgate
{

/// The words between a keeper and those who look at it: one JSON object a line, UTF-8, at most 1 MiB.
///
///     → {"sixgate": 1, "ask": "snapshot" | "follow" | "check" | "pause" | "resume"}
///     ← {"sixgate": 1, "snapshot": {…}}         for snapshot once, for follow at each change
///     ← {"sixgate": 1, "heard": "check"}
///     ← {"sixgate": 1, "error": {"summary": …}}
///
/// The number is the version: another one is refused by both sides. Within a version fields are only added.
constexpr qsizetype mostKeeperLine = 1 << 20;

QJsonObject json(const KeeperSnapshot &snapshot);
/// Invalid, naming the field, where it is none.
Result<KeeperSnapshot> parseSnapshot(const QJsonObject &object);

QByteArray askLine(const QString &word);
QByteArray snapshotLine(const KeeperSnapshot &snapshot);
QByteArray heardLine(const QString &word);
QByteArray errorLine(const Error &error);
/// The word that is asked for; Invalid where the line is none of the above.
Result<QString> parseAsk(const QByteArray &line);
/// What a keeper says; an `error` comes back as one (Refused).
Result<QJsonObject> parseAnswer(const QByteArray &line);

} // namespace sixgate
