#pragma once

#include "engine/job.h"
#include "engine/vpslink.h"
#include "model/evidence.h"
#include "model/pathreport.h"
#include "verify/paths.h"

#include <set>
#include <stop_token>

namespace sixgate
{

/// One check: everything is looked at at the same time, with deadlines that keep the whole below eight seconds for a
/// few services; then the diagnosis is made.
class Checking
{
public:
    /// `vps` may be connected already. `keysOfVps` gives the keys of the VPS's certificates, once the facts are read.
    Checking(Job &job, VpsLink &vps, std::function<Known<std::set<Fingerprint>>()> keysOfVps, bool monitor)
        : m_job(job), m_vps(vps), m_keysOfVps(std::move(keysOfVps)), m_monitor(monitor)
    {
    }

    /// Proves the paths (`kinds`; none: all four), once. Fails with Cancelled only. `freshFacts`: the VPS's facts are
    /// read again.
    Result<CheckReport> run(const std::set<PathKind> &kinds, const PathSink &sink, bool freshFacts,
                            std::stop_token stop);

    /// After a deployment: how the rehearsal of renewals ended that began with it counts for the diagnosis, too.
    void awaitRenewalTest(std::stop_token stop);

    /// Makes the diagnosis of the last run, and remembers what later checks will want to know.
    void diagnoseInto(CheckReport &report, std::stop_token stop);

private:
    struct Around;
    std::optional<Error> heldBack() const;
    void connect(std::stop_token stop, Around &around);
    ProbeQuestions moreQuestions(const std::vector<ServerLook> &looks) const;
    void takeAnswers(const Known<VpsAnswers> &answers, const ProbeQuestions &asked);
    void tryMtu(const Deadline &deadline, std::stop_token stop);
    void askPublicIpv4(std::stop_token stop);
    void remember();

    Job &m_job;
    VpsLink &m_vps;
    const std::function<Known<std::set<Fingerprint>>()> m_keysOfVps;
    const bool m_monitor;
    Evidence m_seen;
    ZoneSeen m_primary; ///< what the primary itself told
    std::map<Endpoint, IdentifierTry> m_wantedTries;
};

} // namespace sixgate
