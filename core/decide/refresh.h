#pragma once

#include "model/pace.h"

#include <chrono>
#include <optional>

namespace sixgate
{

/// When to look again, and when to send what stands already so that the provider does not let the name expire. Pure:
/// what spreads it comes from a seed, e.g. site and name, so that many users do not ask at the same minute, and one
/// user's restart changes nothing.

/// A span from 0 up to, but without, `most`; another one for each seed and turn, evenly spread. Zero where `most` is
/// not positive.
std::chrono::milliseconds spread(const QString &seed, quint64 turn, std::chrono::milliseconds most);

/// `usual`, a tenth more or less.
std::chrono::milliseconds spreadAround(const QString &seed, quint64 turn, std::chrono::milliseconds usual);

/// When the record is to be sent anew, at a provider whose names expire after `expires`: between 80 and 90 % of that
/// after it was taken last. Nothing where noteSeenFirst() or noteTaken() have noted no time.
std::optional<QDateTime> refreshDue(const RecordPast &past, std::chrono::hours expires, const QString &seed);

/// The provider took it, be it as a change or not.
RecordPast noteTaken(RecordPast past, const QString &value, const QDateTime &now);

/// It was found to be right, and who set it when is not known: it is sent within the next day, but not at once, since
/// the start of a program is no reason to update.
RecordPast noteSeenFirst(RecordPast past, std::chrono::hours expires, const QString &seed, const QDateTime &now);

} // namespace sixgate
