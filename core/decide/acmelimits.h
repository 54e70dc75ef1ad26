#pragma once

#include "model/hostname.h"
#include "model/names.h"
#include "model/observation.h"

#include <chrono>
#include <optional>
#include <vector>

namespace sixgate
{

/// How often a certification authority may be asked. Pure: what was tried and the time come in.

/// A bucket of tokens: each event takes one, and one comes back after each `refill`, up to `most`.
struct AcmeBucket {
    int most = 0; ///< 0: no limit is known
    std::chrono::seconds refill{0};
};

struct AcmeLimits {
    AcmeBucket failures;   ///< failed validations of one name by one account
    AcmeBucket duplicates; ///< certificates for exactly the same names
};

/// Let's Encrypt's own limits for its two directories (letsencrypt.org/docs/rate-limits, of 2026-08). Of another
/// authority nothing is known but that none likes to be asked in vain: failures are limited as there.
AcmeLimits acmeLimitsOf(const HttpsUrl &directory);

/// Why the authority is not to be asked for a certificate now.
struct AcmePause {
    QDateTime until;  ///< UTC, full seconds: the first moment at which a try is possible
    QString sentence; ///< tells that moment, and how long it is until then
    QString fix;
};

/// The pause that holds for a certificate of these names at `now` (UTC); none: it may be asked for. Attempts at other
/// directories do not count, those in the future of `now` neither.
std::optional<AcmePause> acmePause(const std::vector<AcmeAttempt> &attempts, const HttpsUrl &directory,
                                   const std::vector<Hostname> &names, const QDateTime &now);

/// "in 7 min", "in 1 h 5 min", "in 2 d 3 h"; rounded up to what is told.
QString countdown(std::chrono::seconds left);

} // namespace sixgate
