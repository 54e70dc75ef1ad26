#pragma once

#include "engine/dnswriter.h"
#include "engine/job.h"

#include <set>
#include <span>

namespace sixgate
{

/// The DNS changes of one apply: sets records, remembers which ones, and takes them back. One thread.
class DnsLane
{
public:
    explicit DnsLane(Job &job) : m_job(job), m_writer(job.site, job.secrets) {}

    /// Fetches the keys that `changes` need, and sees that no provider's limit is in the way for long, before anything
    /// is changed.
    Outcome prepare(const std::vector<Change> &changes, std::stop_token stop);

    /// Carries changes of records out: one, or both addresses of a name (goTogether()). Remembered in the state before
    /// they are set: a run that is killed in between leaves no record that nobody owns.
    Outcome set(std::span<const Change> changes, std::stop_token stop);

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
    Outcome checkLimits(const std::vector<Change> &changes) const;
    using Results = std::vector<Result<RecordsApplied>>;
    /// Whoever applies has acted: this account's stops and pauses are over, also for the keeper. Once.
    Outcome act(const Label &account);
    Outcome keepPace(const std::set<PacedRecord> &units);
    /// When the provider's rules allow it: waits for a few minutes at most.
    Outcome waitFor(const PacedRecord &unit, const QString &value, int requests, const std::stop_token &stop);
    /// Changes of one account. What is sent is kept for the keeper, before it is sent and after.
    Results write(const std::vector<SetRecords> &records, const std::stop_token &stop);
    Results writeByProvider(const std::vector<SetRecords> &records, const std::stop_token &stop);
    /// A refused account is seen by a later check only from this. What says nothing about the account counts for
    /// neither side.
    void rememberAnswer(const Label &account, const DnsWriter::Written &written) const;

    Job &m_job;
    DnsWriter m_writer;
    std::map<PacedRecord, PaceState> m_paces; ///< as they are kept; the site's lock is held by whoever applies
    std::set<Label> m_acted;
    std::vector<Made> m_made;
    std::vector<ManagedRecord> m_before; ///< what was managed before the first change
    std::chrono::seconds m_oldTtl{0};
};

} // namespace sixgate
