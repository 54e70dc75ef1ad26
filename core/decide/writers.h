#pragma once

#include "model/ipaddress.h"
#include "model/ipv6prefix.h"
#include "model/pace.h"

#include <optional>
#include <vector>

namespace sixgate
{

/// Whether somebody else writes a record that Sixgate writes, too: a router, a NAS, ddclient. Pure. What one check
/// after the other saw is judged in memory.h; this is for who corrects by himself, and must not do so for ever.

/// One who corrects a record again and again only provokes the other one. After so many changes by somebody else within
/// this span it is left alone, and tried once more when a day has passed since the last one.
constexpr std::size_t FightChanges = 3;
constexpr std::chrono::hours FightSpan{72};
constexpr std::chrono::hours FightPause{24};

/// The record was looked at, and holds `found` where Sixgate wants `wanted` (texts that are equal where the values are;
/// empty: no record). Somebody else's change is one to a value that was never Sixgate's, of a record that was seen to
/// hold Sixgate's since the last one: what a lagging server shows again is none, nor what stood there at first.
RecordPast noteLooked(RecordPast past, const QString &wanted, const QString &found, const QDateTime &now);

/// Sixgate sends `value`: wherever it is seen from now on, it is Sixgate's, also where nobody came to read it back.
RecordPast noteSent(RecordPast past, const QString &value);

/// Sixgate set it to `value`, and read that back.
RecordPast noteStands(RecordPast past, const QString &value);

struct OtherWriter {
    QString ours;
    QString theirs; ///< empty: the record was gone
    std::size_t times = 0;
    QDateTime since; ///< the first of them
    QDateTime again; ///< when it is corrected once more
};
/// Nothing where there is no such fight; also where there is one and it is time to try again.
std::optional<OtherWriter> otherWriter(const RecordPast &past, const QDateTime &now);

/// Who may write such a value, as far as it tells: "this home's router, or a program in this home: …"; else empty.
/// `home`: the home's prefixes; `publicIpv4`: from which the home's IPv4 connections come; `router`: its own addresses.
QString suspectOf(const QString &theirs, const std::vector<Ipv6Prefix> &home,
                  const std::optional<Ipv4Address> &publicIpv4 = {}, const std::vector<IpAddress> &router = {});

/// For a person: which record, what was found, that somebody else writes it, what to do.
QString otherWriterText(const OtherWriter &other, const QString &suspect);

} // namespace sixgate
