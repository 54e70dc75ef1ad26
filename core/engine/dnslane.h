#pragma once

#include "engine/dnswriter.h"
#include "engine/job.h"

namespace sixgate
{

/// The DNS changes of one apply: sets records, remembers which ones, and takes them back. One thread.
class DnsLane
{
public:
    explicit DnsLane(Job &job) : m_job(job), m_writer(job.site, job.secrets) {}

    /// Fetches the keys that `changes` need, before anything is changed.
    Outcome prepare(const std::vector<Change> &changes, std::stop_token stop);

    /// Carries one change out. Remembered in the state before it is set: a run that is killed in between leaves no
    /// record that nobody owns.
    Outcome set(const Change &change, const SetRecords &records, std::stop_token stop);

    /// Takes back what was set, newest first, and forgets it. The texts say what stays changed, and why.
    std::vector<QString> undo();

    /// The longest time for which resolvers may hold what the changes replaced; zero where nothing was changed.
    std::chrono::seconds oldTtl() const { return m_oldTtl; }

private:
    struct Made {
        QString id;
        SetRecords records;
        bool certain = false; ///< else nobody knows whether it was set
    };
    Outcome remember(std::vector<ManagedRecord> records);
    /// Whoever applies has acted: stops and pauses are over, also for the keeper. Once.
    Outcome act();
    Outcome keepPace(const PacedRecord &unit);
    /// One change, when the provider's rules allow it: waits for a few minutes at most. What is sent is kept for the
    /// keeper, before it is sent and after.
    Result<RecordsApplied> write(const SetRecords &records, const std::stop_token &stop);

    Job &m_job;
    DnsWriter m_writer;
    std::map<PacedRecord, PaceState> m_paces; ///< as they are kept; the site's lock is held by whoever applies
    std::optional<Outcome> m_acted;
    std::vector<Made> m_made;
    std::vector<ManagedRecord> m_before; ///< what was managed before the first change
    std::chrono::seconds m_oldTtl{0};
};

} // namespace sixgate
