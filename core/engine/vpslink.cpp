#include "engine/vpslink.h"

#include "engine/vpsaccess.h"
#include "observe/zone.h"
#include "transport/io.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookTime = 20s;    // for the name
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
    const auto addresses = vpsAddresses(vps, m_seen);
    if (!addresses)
        return passOn(addresses);
    auto host = vpsHost(vps, *addresses, m_job.secrets, stop);
    if (!host)
        return passOn(host);
    if (auto connected = (*host)->connect(Deadline::after(connectTime), stop); !connected)
        return connected;
    m_host = std::move(*host);
    return {};
}

void VpsLink::readFacts(const FactsQuestions &questions, bool wait, std::stop_token stop)
{
    if (!m_host) {
        m_seen.facts = tl::unexpected<Error>(m_why);
        return;
    }
    const QString host = vpsLabel(m_job.site.vps.front());
    m_job.say(QStringLiteral("Reading the facts of %1").arg(host));
    m_seen.facts = readVpsFacts(*m_host, questions, Deadline::after(factsTime), stop);
    const Deadline patience = Deadline::after(busyTime);
    while (wait && m_seen.facts && m_seen.facts->busy) {
        const QString who =
            m_seen.facts->busyWith.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(m_seen.facts->busyWith);
        if (patience.passed()) {
            m_seen.facts = fail(ErrorCode::Unavailable,
                                QStringLiteral("Another run of Sixgate%1 is still at work on %2.").arg(who, host), {},
                                QStringLiteral("Wait until it has ended, then try again."));
            return;
        }
        m_job.say(QStringLiteral("Another run of Sixgate%1 is at work on %2; waiting for its end").arg(who, host));
        if (!pauseFor(1s, stop))
            return;
        m_seen.facts = readVpsFacts(*m_host, questions, Deadline::after(factsTime), stop);
    }
}

} // namespace sixgate
