#include "desktop/diagnosing.h"

#include "decide/overview.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::milliseconds lookAgain = 2s;

} // namespace

Diagnosing::Diagnosing(std::shared_ptr<SiteJobs> jobs, QObject *parent) : QObject(parent), m_runner(std::move(jobs))
{
    connect(&m_runner, &JobRunner::ended, this, &Diagnosing::end);
    // Time alone makes a diagnosis due, or a fault one to be told of.
    connect(&m_tick, &QTimer::timeout, this, [this] {
        const bool runs = m_runner.isRunning();
        if (!runs && isFindingDue(m_seen, m_found, QDateTime::currentDateTimeUtc()))
            begin();
        if (m_waits || runs != m_runner.isRunning())
            goOn();
    });
    m_tick.start(lookAgain);
}

void Diagnosing::see(const Overview &seen, const SharedSnapshot &snapshot)
{
    m_seen = seen;
    m_snapshot = snapshot;
    if (!m_runner.isRunning() && isFindingDue(m_seen, m_found, QDateTime::currentDateTimeUtc()))
        begin();
    goOn();
}

void Diagnosing::ask()
{
    if (m_runner.isRunning()) {
        m_again = true;
    } else {
        m_asked = true;
        begin();
    }
    goOn();
}

void Diagnosing::begin()
{
    m_began = m_seen;
    m_again = false;
    m_runner.start(CheckOrder());
}

void Diagnosing::end(const SharedJobEnd &end)
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    if (*end && (*end)->check) {
        m_found = findingOf(*(*end)->check, m_began, m_found, now);
    } else {
        m_found = findingAfterFailure(m_began, m_found, now);
        if (m_asked && !*end)
            Q_EMIT failed(end->error().summary);
    }
    m_asked = m_again;
    if (m_again)
        begin();
    goOn();
}

void Diagnosing::goOn()
{
    const Overview now = withFinding(m_seen, m_found, m_runner.isRunning(), QDateTime::currentDateTimeUtc());
    m_waits = !now.settled;
    Q_EMIT shows(now, m_snapshot);
}

} // namespace sixgate
