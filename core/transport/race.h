#pragma once

#include "model/deadline.h"
#include "model/ipaddress.h"
#include "model/port.h"
#include "transport/fd.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// How one address took the connection: the name of an errno, TIMEOUT, or nothing where it was made. One call at a
/// time.
using ConnectTold = std::function<void(const IpAddress &address, const QString &reason)>;

struct RaceWinner {
    size_t index = 0; ///< in the addresses
    Fd socket;
};

/// Connects to the first address that answers, as RFC 8305 has it: they are tried in their order, each one `headStart`
/// after the one before, or as soon as that has failed. Who loses is closed, if it was connected at all. `told` hears
/// of each that was decided, but not of those that were given up for the winner. Fails with the error of the last
/// address. `source` as of connectTcp().
Result<RaceWinner> connectFirst(const std::vector<IpAddress> &addresses, Port port, std::chrono::milliseconds headStart,
                                const Deadline &deadline, std::stop_token stop, const ConnectTold &told = {},
                                const std::optional<Ipv6Address> &source = {});

} // namespace sixgate
