#pragma once

#include <QByteArray>

#include <chrono>
#include <optional>

namespace sixgate
{

/// Tells the service manager how it goes: sd_notify(3)'s protocol, datagrams to the socket that NOTIFY_SOCKET names.
/// Nothing where there is none. Any thread.
void notifyManager(const QByteArray &state);

/// How often the manager wants to hear "WATCHDOG=1" (WATCHDOG_USEC, for this process); nothing where it does not.
std::optional<std::chrono::milliseconds> watchdogInterval();

} // namespace sixgate
