#pragma once

#include "engine/dnswriter.h"
#include "engine/job.h"
#include "model/keepersnapshot.h"
#include "model/pace.h"
#include "storage/keeping.h"

#include <functional>
#include <map>

namespace sixgate
{

/// Keeps the zones right without anybody's looking on: what a keeper does in place of a plan that is confirmed. Within
/// the provider's rules; all records at the same time; each read back.
class HomeRecords
{
public:
    using Paces = std::map<PacedRecord, PaceState>;

    /// `save` makes what was sent lasting, before it is sent and after the answer came.
    HomeRecords(Job &job, Paces paces, std::function<Outcome(const Paces &)> save);

    /// Fetches the keys of all accounts: later the secret store may be locked. The first error; set() goes on without.
    Outcome fetchKeys(std::stop_token stop);

    struct Set {
        std::vector<KeptRecord> records; ///< every one that is kept, as it is now
        bool right = false;              ///< all of them
        std::optional<QDateTime> again;  ///< when the rules allow what they did not now
        std::size_t updates = 0;         ///< sent
    };
    /// Observes the zones and makes them as `seen` wants them. `vpsReady`: the VPS is known to serve, so that visitors
    /// may be led there. Errors where nothing could be tried (the zone's lock, the state).
    Result<Set> set(Observation seen, bool vpsReady, const QDateTime &now, std::stop_token stop);

    /// The user asked for another try: pauses and stops are over.
    void userActed();

private:
    /// Changes that one provider counts together, by what its limits count.
    using Units = std::map<PacedRecord, std::vector<Change>>;
    Units unitsOf(const std::vector<Change> &changes) const;
    Units allowed(const std::vector<Change> &changes, Set &set, const QDateTime &now);

    Job &m_job;
    Paces m_paces;
    std::function<Outcome(const Paces &)> m_save;
    DnsWriter m_writer;
};

} // namespace sixgate
