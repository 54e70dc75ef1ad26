#pragma once

#include "engine/engine.h"
#include "model/keepersnapshot.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace sixgate
{

class KeeperLanes;

/// Keeps a site reachable while nobody looks on: sees each change of the home's address, proves it, and tells the DNS
/// and the VPS at the same time.
///
/// Two lanes. The fast one goes from a hint of the kernel to both; the latest change cancels its predecessor, and
/// nothing that takes long is in its way. The slow one does the rest: what could not be done at once, the lease, the
/// proof of the paths, records that somebody else changed.
///
/// It needs the DNS account's key and this machine's push key, not the administrator's.
class Keeper
{
public:
    struct Options {
        QString pushKeyFile;            ///< see pushKeyFile(); where there is none, nothing is pushed
        std::chrono::seconds calm{300}; ///< between two looks at everything while all is well
    };
    struct Sinks {
        /// One line for a log, of a change and not of each look: `level` as of syslog (3 error, 4 warning, 5 notice, 6
        /// information). On any thread, one call at a time.
        std::function<void(int level, const QString &text)> log;
        /// Each new snapshot, on any thread, one call at a time; must not block.
        std::function<void(const SharedSnapshot &)> snapshot;
        /// Called at least every 10 s while both lanes make progress: feeds a watchdog.
        std::function<void()> alive;
    };

    Keeper(Site site, SecretStore &secrets, Options options, Sinks sinks);
    ~Keeper();

    /// Until the stop. `ready` is called when it is the one keeper of this site, before it begins; its error ends the
    /// run. Unavailable where another keeper of this site runs on this machine (as this user); other errors where it
    /// cannot begin. What goes wrong later is in the snapshot, and tried again.
    Outcome run(const std::function<Outcome()> &ready, std::stop_token stop);

    /// Any thread, at any time; returns at once.
    void tell(KeeperIntent intent);
    /// Any thread; never null.
    SharedSnapshot snapshot() const;

private:
    std::unique_ptr<KeeperLanes> d;
};

} // namespace sixgate
