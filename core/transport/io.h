#pragma once

#include "model/deadline.h"
#include "model/ipaddress.h"
#include "model/port.h"
#include "transport/fd.h"

#include <QByteArray>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace sixgate
{

/// Blocking calls over non-blocking descriptors: each returns at the deadline (Timeout) or within milliseconds of a
/// stop (Cancelled). Thread-safe: no shared state.

/// Waits until `fd` is ready for `events` (POLLIN, POLLOUT); returns the ready events.
Result<short> waitFor(int fd, short events, const Deadline &deadline, std::stop_token stop);

/// Sleeps; a stop ends it at once with Cancelled.
Outcome pauseFor(std::chrono::milliseconds span, std::stop_token stop);

/// Connects a non-blocking TCP socket to one literal address. `Error::detail` names the errno (ECONNREFUSED, ETIMEDOUT
/// …).
/// `scopeId` is the interface's index, for a link-local address; over IPv6 the connection comes from `source` where
/// given.
Result<Fd> connectTcp(const IpAddress &address, Port port, const Deadline &deadline, std::stop_token stop,
                      std::uint32_t scopeId = 0, const std::optional<Ipv6Address> &source = {});

/// A non-blocking UDP socket that takes datagrams from this peer only. Sends nothing.
Result<Fd> connectUdp(const IpAddress &address, Port port, std::uint32_t scopeId = 0);

/// Writes all bytes.
Outcome writeAll(int fd, const QByteArray &bytes, const Deadline &deadline, std::stop_token stop);

/// Reads what is there, at least one byte; empty at end of stream.
Result<QByteArray> readSome(int fd, qsizetype most, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
