#pragma once

#include "decide/records.h"
#include "engine/dnswriter.h"
#include "engine/job.h"
#include "model/keepersnapshot.h"
#include "model/pace.h"

#include <chrono>
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

    explicit HomeRecords(Job &job);

    /// Fetches the keys of all accounts: later the secret store may be locked. The first error; set() goes on without.
    Outcome fetchKeys(std::stop_token stop);

    struct Set {
        std::vector<KeptRecord> records;                            ///< every one that is kept, as it is now
        bool right = false;                                         ///< all of them
        std::optional<QDateTime> again;                             ///< when the rules allow what they did not now
        std::size_t updates = 0;                                    ///< sent
        std::optional<std::chrono::steady_clock::time_point> shown; ///< when the last of them was read back
    };
    /// Observes the zones and makes them as `seen` wants them. `vpsReady`: the VPS is known to serve, so that visitors
    /// may be led there. What was sent is lasting before it is sent, and after the answer came. Names that would expire
    /// are sent anew. A record that somebody else writes as well is left alone (decide/writers.h). Errors where nothing
    /// could be tried (the zone's lock, the state).
    Result<Set> set(Observation seen, bool vpsReady, const QDateTime &now, std::stop_token stop);

    /// The user asked for another try: pauses and stops are over with the next set().
    void userActed();

private:
    /// Changes that one provider counts together, by what its limits count.
    using Units = std::map<PacedRecord, std::vector<Change>>;

    Outcome loadPaces(const QDateTime &now);
    Outcome savePaces() const;
    /// Notes what stands there, for whether somebody else writes it; and when it is to be sent anew.
    void look(const std::vector<RecordWish> &wishes, const ZoneSeen &zone, const QDateTime &now);
    /// What is right, but would expire.
    std::vector<Change> renewals(const std::vector<RecordWish> &wishes, const ZoneSeen &zone,
                                 const QDateTime &now) const;
    /// Takes out what is not to be sent: names that the provider refused, records that somebody else writes, times to
    /// live that the provider has changed.
    void leaveAlone(std::vector<Change> &changes, const HomeSeen &home, Set &set, const QDateTime &now) const;
    Units allowed(const std::vector<Change> &changes, Set &set, const QDateTime &now);
    /// Of changes that the provider counts together, those names that fit into its limits now, the urgent ones first;
    /// the others are told, and are left in `later`.
    std::vector<Change> fitting(const PacedRecord &unit, std::vector<Change> own, const PaceState &pace,
                                std::vector<Change> &later, const QDateTime &now) const;
    void noteAnswers(const Units &units, const std::vector<DnsWriter::Written> &written, const QDateTime &now);
    Outcome send(const Units &units, Set &set, const std::function<QDateTime()> &now, const std::stop_token &stop);

    Job &m_job;
    Paces m_paces; ///< as on the disk, while the site's lock is held
    DnsWriter m_writer;
    std::map<PacedRecord, QString> m_reasons; ///< why the last update was not taken, of this run
    bool m_acted = false;
    std::optional<std::chrono::steady_clock::time_point> m_looked;
};

} // namespace sixgate
