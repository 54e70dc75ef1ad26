#pragma once

#include "engine/job.h"
#include "observe/vps.h"
#include "transport/remotehost.h"

#include <memory>

namespace sixgate
{

/// The VPS of one job: its name's addresses, one SSH connection, its facts. One thread.
class VpsLink
{
public:
    explicit VpsLink(Job &job) : m_job(job) {}

    /// Looks the VPS name up and connects, once: a failure is remembered, so that the VPS is not asked again and again.
    void connect(std::stop_token stop);

    /// With `wait`, another run of Sixgate that is at work there is waited for: a plan would be made from a half-way
    /// state. Where it does not end in five minutes, the facts are not known.
    void readFacts(const FactsQuestions &questions, bool wait, std::stop_token stop);

    /// nullptr where there is no connection: see why().
    RemoteHost *host() const { return m_host.get(); }
    SshSession *session() const { return m_host ? &m_host->session() : nullptr; }
    const Error &why() const { return m_why; } ///< there is no session
    const VpsSeen &seen() const { return m_seen; }

private:
    Outcome open(std::stop_token stop);

    Job &m_job;
    VpsSeen m_seen;
    std::unique_ptr<RemoteHost> m_host;
    bool m_tried = false;
    Error m_why{ErrorCode::NotFound, QStringLiteral("Not connected yet."), {}, {}};
};

} // namespace sixgate
