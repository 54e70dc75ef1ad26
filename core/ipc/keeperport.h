#pragma once

#include "model/deadline.h"
#include "model/keepersnapshot.h"
#include "model/result.h"

#include <functional>
#include <stop_token>

namespace sixgate
{

/// A keeper, whether it runs in this process or in another one. Thread-safe.
class KeeperPort
{
public:
    virtual ~KeeperPort() = default;

    /// What it sees now.
    virtual Result<SharedSnapshot> snapshot(const Deadline &deadline, std::stop_token stop) = 0;
    /// Asks it for something; success means that it heard. Refused where it does not know it.
    virtual Outcome tell(KeeperIntent intent, const Deadline &deadline, std::stop_token stop) = 0;
    /// Tells each new snapshot, beginning with the present one, at most about ten a second, until the stop (success) or
    /// until the keeper ends (Unavailable). Blocks.
    virtual Outcome follow(const std::function<void(const SharedSnapshot &)> &told, std::stop_token stop) = 0;
};

/// Where the keeper of a site listens: `$RUNTIME_DIRECTORY` (systemd), `$XDG_RUNTIME_DIR/sixgate`, or the site's state
/// folder, each with `<site>.sock`. First the one of this user, then /run/sixgate of a system service.
std::vector<QString> keeperSockets(const Label &site);

} // namespace sixgate
