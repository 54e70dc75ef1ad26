#pragma once

#include "engine/keeper.h"
#include "storage/secrets.h"

#include <functional>
#include <stop_token>

namespace sixgate
{

/// Whom a hosted keeper tells; as Keeper::Sinks, and when others can see it.
struct HostCalls {
    std::function<void(int level, const QString &text)> log; ///< any thread
    std::function<void(const SharedSnapshot &)> snapshot;    ///< any thread, one call at a time
    std::function<void()> ready;
    std::function<void()> alive;
};

/// How a hosted keeper ended without an error.
enum class HostEnd {
    Stopped,
    SiteChanged, ///< the site file is another good one: begin anew with it
};

/// Runs the keeper of `site`, read from `siteFile`, in this process, and lets others see it (core/ipc), until the stop
/// or until the file is another good one. Blocks. Unavailable where another keeper of the site runs on this machine.
Result<HostEnd> hostKeeper(const Site &site, SecretStore &secrets, const QString &siteFile, const HostCalls &calls,
                           std::stop_token stop);

} // namespace sixgate
