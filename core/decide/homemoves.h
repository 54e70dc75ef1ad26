#pragma once

#include "decide/leadership.h"
#include "decide/settling.h"
#include "model/observation.h"
#include "model/site.h"

#include <optional>
#include <set>
#include <utility>

namespace sixgate
{

/// What a keeper makes of the link's state: whether the home may have moved, and to where. Pure.

/// What counts of the link's state for this site, as a text that is the same where it is the same; lifetimes, which
/// run, do not count. Incomplete while an address of this machine is tentative that may be a server's.
struct LinkDigest {
    QByteArray text; ///< with the times that it was connected
    ReadState state = ReadState::Complete;
    std::vector<std::optional<Ipv6Address>> chosen; ///< of each server: its best candidate
    std::set<std::pair<Label, Ipv6Address>> fit;    ///< all candidates
    int connected = 0;
};
/// `connected`: how often the link got a carrier; it may be another network then, with the same addresses left over.
LinkDigest linkDigest(const Site &site, const Result<LinkSeen> &link, int connected = 0);

/// Since `before` there are fewer candidates, and the best ones and the carrier are the same: left-over addresses have
/// run out. Whoever is proving them needs not begin anew.
bool isOnlyLess(const LinkDigest &before, const LinkDigest &now);

/// An address of this machine is still tentative (RFC 4862 §5.4).
bool isSettlingIn(const LinkSeen &link);

/// One of this machine's own addresses in `prefix`, for connections out of it; of the old prefix they may be dead.
std::optional<Ipv6Address> sourceIn(const Ipv6Prefix &prefix, const LinkSeen &link);

/// Every server is proven on its best candidate. Where an older one answered, the best one may only need another
/// moment.
bool bestProven(const Site &site, const HomeSeen &home, const LinkSeen &link);

/// The link's prefixes, as texts; empty where they are not known.
std::vector<QString> prefixTexts(const HomeSeen &home);
/// Where this machine is. `before`: the link's prefixes when a server was proven there last.
Whereabouts whereabouts(const HomeSeen &home, const std::vector<QString> &before);

/// A server was proven here, on-link: this machine is at home.
bool isAtHome(const HomeSeen &home);
/// Every server was.
bool allProven(const HomeSeen &home);

/// The proven addresses, each once; empty where none is.
QString provenText(const HomeSeen &home);
/// For the log: where the home is now, and was; `before` as provenText().
QString whereText(const HomeSeen &home, const QString &before);

} // namespace sixgate
