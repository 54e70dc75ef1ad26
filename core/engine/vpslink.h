#pragma once

#include "engine/job.h"
#include "model/evidence.h"
#include "model/texts.h"
#include "observe/vps.h"
#include "transport/remotehost.h"

#include <memory>
#include <optional>

namespace sixgate
{

/// How long VpsLink::connect() may take.
struct VpsPatience {
    std::chrono::milliseconds forName = std::chrono::seconds(20);
    std::chrono::milliseconds forLogin = std::chrono::seconds(25);
};

/// The VPS of one job: its name's addresses, one SSH connection, its facts. One thread.
class VpsLink
{
public:
    explicit VpsLink(Job &job) : m_job(job) {}

    /// Looks the VPS name up and connects, once: a failure is remembered, so that the VPS is not asked again and again.
    /// Where the name cannot be looked up, `remembered` addresses are tried. `named` is told the addresses before the
    /// login begins; that is not tried where it is `heldBack`.
    void connect(std::stop_token stop, const VpsPatience &patience = {}, const std::vector<IpAddress> &remembered = {},
                 const std::function<void(const std::vector<IpAddress> &)> &named = {},
                 const std::optional<Error> &heldBack = std::nullopt);
    /// connect() was called before.
    bool tried() const { return m_tried; }

    /// With `wait`, another run of Sixgate that is at work there is waited for: a plan would be made from a half-way
    /// state. Where it does not end in five minutes, the facts are not known.
    void readFacts(const FactsQuestions &questions, bool wait, std::stop_token stop,
                   std::chrono::milliseconds most = std::chrono::seconds(30));

    /// Waits until what rehearses renewals there has ended, at most 90 s, and gives how. Nothing where it was not at
    /// work when the facts were read, or where it cannot be seen any more.
    std::optional<RenewalTestSeen> awaitRenewalTest(std::stop_token stop);

    /// nullptr where there is no connection: see why().
    RemoteHost *host() const { return m_host.get(); }
    SshSession *session() const { return m_host ? &m_host->session() : nullptr; }
    const Error &why() const { return m_why; } ///< there is no session
    const VpsSeen &seen() const { return m_seen; }
    /// How its addresses took the SSH connection.
    const std::vector<Reach> &sshTries() const { return m_tries; }
    const std::vector<IpAddress> &addresses() const { return m_addresses; }

private:
    Outcome open(std::stop_token stop, const VpsPatience &patience, const std::vector<IpAddress> &remembered,
                 const std::function<void(const std::vector<IpAddress> &)> &named,
                 const std::optional<Error> &heldBack);

    Job &m_job;
    VpsSeen m_seen;
    std::vector<Reach> m_tries;
    std::vector<IpAddress> m_addresses;
    std::unique_ptr<RemoteHost> m_host;
    bool m_tried = false;
    Error m_why{ErrorCode::NotFound, Texts::tr("Not connected yet."), {}, {}};
};

} // namespace sixgate
