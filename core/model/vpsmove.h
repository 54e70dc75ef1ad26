#pragma once

#include "model/ipaddress.h"
#include "model/site.h"

#include <QDateTime>

#include <optional>
#include <vector>

namespace sixgate
{

/// A machine that another one replaces: what is needed to take Sixgate away from it later.
struct LeftVps {
    /// As the site file named it, with the addresses that it had.
    Vps vps;
    /// When resolvers have forgotten that visitors were led there, in seconds since 1970 (UTC); nothing while they may
    /// still be led there.
    std::optional<qint64> forgottenAt;

    friend bool operator==(const LeftVps &, const LeftVps &) = default;
};

/// A move that has not ended: the site file names the new machine, and Sixgate is still on the one before.
struct OpenMove {
    std::vector<IpAddress> old; ///< addresses of the machine before
    /// When resolvers have forgotten that visitors were led to that; invalid where the records may still lead there:
    /// the move is to be gone on with.
    QDateTime forgottenAt;
};

} // namespace sixgate
