#include "engine/vpslink.h"

#include "engine/vpsaccess.h"
#include "model/texts.h"
#include "observe/zone.h"
#include "transport/io.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto busyTime = 5min; // for another run on the VPS to end
constexpr std::chrono::seconds rehearsalTime = 90s;

} // namespace

void VpsLink::connect(std::stop_token stop, const VpsPatience &patience, const std::vector<IpAddress> &remembered,
                      const std::function<void(const std::vector<IpAddress> &)> &named,
                      const std::optional<Error> &heldBack)
{
    if (m_tried)
        return;
    m_tried = true;
    if (const auto opened = open(stop, patience, remembered, named, heldBack); !opened)
        m_why = opened.error();
}

Outcome VpsLink::open(std::stop_token stop, const VpsPatience &patience, const std::vector<IpAddress> &remembered,
                      const std::function<void(const std::vector<IpAddress> &)> &named,
                      const std::optional<Error> &heldBack)
{
    const Vps &vps = m_job.site.vps.front();
    m_seen = observeVpsName(m_job.site, Deadline::after(patience.forName), stop);
    auto addresses = vpsAddresses(vps, m_seen);
    // Known to have none is not the same as not known.
    if (!addresses && !remembered.empty() && !(m_seen.ipv4 && m_seen.ipv6))
        addresses = remembered;
    if (!addresses)
        return passOn(addresses);
    m_addresses = *addresses;
    if (named)
        named(m_addresses);
    if (heldBack)
        return tl::unexpected<Error>(*heldBack);
    auto host =
        vpsHost(vps, *addresses, m_job.secrets, stop, [this, &vps](const IpAddress &address, const QString &why) {
            m_tries.push_back({address, vps.sshPort, why, {}});
        });
    if (!host)
        return passOn(host);
    if (auto connected = (*host)->connect(Deadline::after(patience.forLogin), stop); !connected)
        return connected;
    m_host = std::move(*host);
    return {};
}

std::optional<RenewalTestSeen> VpsLink::awaitRenewalTest(std::stop_token stop)
{
    if (!m_host || !m_seen.facts || !m_seen.facts->renewalTest.busy)
        return std::nullopt;
    m_job.say(Texts::tr("Waiting until certbot has rehearsed the renewal: at most %1 s").arg(rehearsalTime.count()));
    const Deadline patience = Deadline::after(rehearsalTime);
    while (!patience.passed() && pauseFor(1s, stop)) {
        const auto facts = readVpsFacts(*m_host, {}, Deadline::after(30s).sooner(patience.left()), stop);
        if (!facts)
            return std::nullopt;
        if (!facts->renewalTest.busy)
            return facts->renewalTest;
    }
    return std::nullopt;
}

void VpsLink::readFacts(const FactsQuestions &questions, bool wait, std::stop_token stop,
                        std::chrono::milliseconds most)
{
    if (!m_host) {
        m_seen.facts = tl::unexpected<Error>(m_why);
        return;
    }
    const QString host = vpsLabel(m_job.site.vps.front());
    m_job.say(Texts::tr("Reading the facts of %1").arg(host));
    m_seen.facts = readVpsFacts(*m_host, questions, Deadline::after(most), stop);
    const Deadline patience = Deadline::after(busyTime);
    while (wait && m_seen.facts && m_seen.facts->busy) {
        const QString who =
            m_seen.facts->busyWith.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(m_seen.facts->busyWith);
        if (patience.passed()) {
            m_seen.facts = fail(ErrorCode::Unavailable,
                                Texts::tr("Another run of Sixgate%1 is still at work on %2.").arg(who, host), {},
                                Texts::tr("Wait until it has ended, then try again."));
            return;
        }
        m_job.say(Texts::tr("Another run of Sixgate%1 is at work on %2; waiting for its end").arg(who, host));
        if (!pauseFor(1s, stop))
            return;
        m_seen.facts = readVpsFacts(*m_host, questions, Deadline::after(most), stop);
    }
}

} // namespace sixgate
