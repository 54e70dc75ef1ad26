#include "engine/vpslink.h"

#include "observe/zone.h"
#include "storage/sitefile.h"
#include "transport/io.h"
#include "transport/sshkey.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookTime = 20s;    // for the name, for the passphrase
constexpr auto connectTime = 25s; // for the SSH connection
constexpr auto factsTime = 30s;   // for the facts
constexpr auto busyTime = 5min;   // for another run on the VPS to end

} // namespace

void VpsLink::connect(std::stop_token stop)
{
    if (m_tried)
        return;
    m_tried = true;
    if (const auto opened = open(stop); !opened)
        m_why = opened.error();
}

Outcome VpsLink::open(std::stop_token stop)
{
    const Vps &vps = m_job.site.vps.front();
    m_seen = observeVpsName(m_job.site, Deadline::after(lookTime), stop);
    SshTarget target{vps.host.ascii(), {}, vps.sshPort, vps.user, expandHome(vps.keyFile), {}, vps.hostKeys};
    target.passphraseSecret = vpsPassphraseSecret(vps);
    if (m_seen.ipv6)
        target.addresses.insert(target.addresses.end(), m_seen.ipv6->begin(), m_seen.ipv6->end());
    if (m_seen.ipv4)
        target.addresses.insert(target.addresses.end(), m_seen.ipv4->begin(), m_seen.ipv4->end());
    if (target.addresses.empty()) {
        if (!m_seen.ipv4)
            return passOn(m_seen.ipv4);
        if (!m_seen.ipv6)
            return passOn(m_seen.ipv6);
        return fail(ErrorCode::NotFound, QStringLiteral("The VPS name %1 has no address.").arg(vps.host.ascii()), {},
                    QStringLiteral("Give it an A and an AAAA record with the VPS's addresses."));
    }
    auto secret = passphrase(vps, stop);
    if (!secret)
        return passOn(secret);
    target.passphrase = std::move(*secret);
    auto session = SshSession::connect(std::move(target), Deadline::after(connectTime), stop);
    if (!session)
        return passOn(session);
    m_session = std::move(*session);
    return {};
}

/// The store is asked only where the key is encrypted: a keychain that does not answer is no matter else.
Result<Secret> VpsLink::passphrase(const Vps &vps, std::stop_token stop)
{
    const auto key = readSshKey(expandHome(vps.keyFile), true);
    if (!key)
        return passOn(key);
    if (!key->encrypted)
        return Secret();
    const QString name = vpsPassphraseSecret(vps);
    auto secret = m_job.secrets.get(name, Deadline::after(lookTime), stop);
    if (!secret && secret.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound, QStringLiteral("The SSH key %1 needs its passphrase.").arg(vps.keyFile), {},
                    QStringLiteral("Store it: sixgatectl secret set %1").arg(name));
    return secret;
}

void VpsLink::readFacts(const FactsQuestions &questions, bool wait, std::stop_token stop)
{
    if (!m_session) {
        m_seen.facts = tl::unexpected<Error>(m_why);
        return;
    }
    const QString host = m_job.site.vps.front().host.ascii();
    m_job.say(QStringLiteral("Reading the facts of %1").arg(host));
    m_seen.facts = readVpsFacts(*m_session, questions, Deadline::after(factsTime), stop);
    const Deadline patience = Deadline::after(busyTime);
    while (wait && m_seen.facts && m_seen.facts->busy) {
        if (patience.passed()) {
            m_seen.facts =
                fail(ErrorCode::Unavailable, QStringLiteral("Another run of Sixgate is still at work on %1.").arg(host),
                     {}, QStringLiteral("Wait until it has ended, then try again."));
            return;
        }
        m_job.say(QStringLiteral("Another run of Sixgate is at work on %1; waiting for its end").arg(host));
        if (!pauseFor(1s, stop))
            return;
        m_seen.facts = readVpsFacts(*m_session, questions, Deadline::after(factsTime), stop);
    }
}

} // namespace sixgate
