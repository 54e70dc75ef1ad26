#include "decide/settling.h"

#include <algorithm>

namespace sixgate
{

Settling::Settling(Time now, bool events, const SettlingTimes &times) : m_times(times), m_events(events), m_start(now)
{
}

void Settling::hint(Time now)
{
    if (!m_firstHint)
        m_firstHint = now;
    m_lastHint = now;
    // What was taken incomplete for want of patience may be on its way again.
    if (m_incompleteSince && !m_again)
        m_incompleteSince.reset();
}

void Settling::setEvents(bool events, Time now)
{
    if (events != m_events)
        hint(now);
    m_events = events;
}

bool Settling::read(Time began, Time now, const QByteArray &seen, ReadState state)
{
    m_lastRead = now;
    m_failed = state == ReadState::Failed;
    if (m_lastHint && *m_lastHint < began) {
        m_firstHint.reset();
        m_lastHint.reset();
    } else if (m_firstHint) {
        m_firstHint = std::max(*m_firstHint, began);
    }
    if (state == ReadState::Complete) {
        m_incompleteSince.reset();
        m_again = false;
        return acts(now, seen);
    }
    if (!m_incompleteSince)
        m_incompleteSince = now;
    m_again = now - *m_incompleteSince < m_times.incompleteMost;
    return !m_again && state == ReadState::Incomplete && acts(now, seen);
}

bool Settling::acts(Time now, const QByteArray &seen)
{
    if (m_acted == seen)
        return false;
    m_acted = seen;
    for (std::size_t i = 0; i < m_spent.size(); ++i)
        m_spent[i] = std::max(m_spent[i], now) + m_times.rates[i].every;
    return true;
}

Settling::Time Settling::next() const
{
    if (!m_lastRead)
        return m_start;
    Time at = *m_lastRead + (m_events && !m_failed ? m_times.pollWithEvents : m_times.pollWithout);
    if (m_again)
        at = std::min(at, *m_lastRead + m_times.incompleteAgain);
    if (m_lastHint)
        at = std::min({at, *m_lastHint + m_times.quiet, *m_firstHint + m_times.most});
    for (std::size_t i = 0; i < m_spent.size(); ++i)
        at = std::max(at, m_spent[i] - (m_times.rates[i].burst - 1) * m_times.rates[i].every);
    return at;
}

} // namespace sixgate
