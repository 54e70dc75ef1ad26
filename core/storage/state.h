#pragma once

#include "model/deadline.h"
#include "model/names.h"
#include "model/observation.h"
#include "model/site.h"
#include "model/vpsmove.h"

#include <QByteArray>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// What Sixgate must remember about a site from one run to the next: `<state folder>/state.json`, mode 0600.
struct SiteState {
    /// Records that Sixgate has set: only these are ever deleted when they are no longer wanted. While a change is
    /// under way a key is here twice, with the old and the new values.
    std::vector<ManagedRecord> managedRecords;
    /// Home server → the self-signed certificate (PEM) it showed last, so that the VPS can be redeployed while the
    /// server is off. The pinned key in the site file says whether it still counts.
    std::map<Label, QByteArray> pinnedCertificates;
    /// Keys of the VPS's certificates, as they were seen last: who shows one of them is not the home server.
    std::set<Fingerprint> vpsKeys;
    /// From when the site file names another machine until the old one is clean or given up.
    std::optional<LeftVps> leftVps;

    friend bool operator==(const SiteState &, const SiteState &) = default;
};

/// `$XDG_STATE_HOME/sixgate/<site>`, with `~/.local/state` where the variable is unset or not absolute (XDG base
/// directory specification). Not made by this call.
QString stateFolder(const Label &site);

/// The state; an empty one where none was saved yet. Invalid where the file is damaged or made by a newer Sixgate: it
/// is left as it is. Any thread.
Result<SiteState> loadState(const Label &site);

/// Replaces the state, complete or not at all; lasting when this returns. Records are sorted, each once.
Outcome saveState(const Label &site, const SiteState &state);

/// Held while one program changes things for a site; let go when it is destroyed, or when the program ends in whatever
/// way. Move-only.
class SiteLock
{
public:
    SiteLock(SiteLock &&) noexcept;
    SiteLock &operator=(SiteLock &&) noexcept;
    ~SiteLock();

private:
    struct Held;
    explicit SiteLock(std::unique_ptr<Held> held);
    /// What to say where another one has it: `%1` is the site, `%2` who.
    struct Busy {
        QString summary;
        QString fix;
    };
    static Result<SiteLock> take(const Label &site, const QString &name, const Busy &busy, const Deadline &deadline,
                                 std::stop_token stop);

    std::unique_ptr<Held> m_held;
    friend Result<SiteLock> lockSite(const Label &site, const Deadline &deadline, std::stop_token stop);
    friend Result<SiteLock> lockKeeper(const Label &site);
};

/// Waits for the lock of `site`. Unavailable where another Sixgate (its process id is in the text) holds it until the
/// deadline; Cancelled on a stop.
Result<SiteLock> lockSite(const Label &site, const Deadline &deadline, std::stop_token stop);

/// Held by the keeper of `site` for as long as it runs: one a site, user and machine. Unavailable at once where there
/// is one already.
Result<SiteLock> lockKeeper(const Label &site);

} // namespace sixgate
