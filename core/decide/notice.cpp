#include "decide/notice.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qint64 blindFor = 60; // s; a keeper that is started anew comes back sooner

bool isTrouble(const Overview &one)
{
    return one.state == OverviewState::Degraded || one.state == OverviewState::Broken;
}

bool isWorse(OverviewState before, OverviewState now)
{
    return now == OverviewState::Broken && before != OverviewState::Broken;
}

} // namespace

bool Noticing::see(const Overview &now, const QDateTime &at)
{
    if (!now.settled || now.state == OverviewState::Working)
        return false;
    // What is wrong after somebody's pause, or after a time that nobody watched, is news again.
    if (now.state == OverviewState::Paused) {
        m_told.reset();
        return false;
    }
    if (now.state == OverviewState::Unknown) {
        if (!m_blind.isValid())
            m_blind = at;
        return false;
    }
    if (m_blind.isValid() && m_blind.secsTo(at) >= blindFor)
        m_told.reset();
    m_blind = {};
    const bool news = isNews(now);
    remember(now);
    return news;
}

bool Noticing::isNews(const Overview &now) const
{
    if (!isTrouble(now))
        return m_told && m_told->state != OverviewState::Fine;
    if (!m_told || m_told->state == OverviewState::Fine)
        return true;
    // That it has a name now is no other trouble.
    if (now.cause.isEmpty() || m_told->unnamed)
        return isWorse(m_told->state, now.state);
    return !m_told->causes.contains(now.cause);
}

void Noticing::remember(const Overview &now)
{
    const Told before = m_told.value_or(Told());
    m_told = Told{now.state};
    if (!isTrouble(now))
        return;
    if (now.cause.isEmpty()) {
        m_told->causes = before.causes;
        m_told->unnamed = before.unnamed || before.causes.isEmpty();
        return;
    }
    m_told->causes << now.cause;
    std::ranges::copy_if(before.causes, std::back_inserter(m_told->causes),
                         [&](const QString &one) { return one != now.cause && now.causes.contains(one); });
}

} // namespace sixgate
