#include "engine/keeperboard.h"

namespace sixgate
{

KeeperBoard::KeeperBoard(KeeperSnapshot first, std::function<void(const SharedSnapshot &)> shown)
    : m_latest(std::make_shared<const KeeperSnapshot>(std::move(first))), m_shown(std::move(shown))
{
}

void KeeperBoard::change(const std::function<void(KeeperSnapshot &)> &how)
{
    const std::lock_guard showing(m_showing);
    SharedSnapshot latest;
    {
        const std::lock_guard lock(m_mutex);
        auto next = std::make_shared<KeeperSnapshot>(*m_latest);
        how(*next);
        m_latest = latest = std::move(next);
    }
    if (m_shown)
        m_shown(latest);
}

bool KeeperBoard::trouble(const QString &cause, const QString &text, bool ofAlarm)
{
    {
        const std::lock_guard lock(m_mutex);
        const auto before = m_troubles.find(cause);
        if (before == m_troubles.end() ? text.isEmpty() : before->second.text == text)
            return false;
        if (text.isEmpty())
            m_troubles.erase(before);
        else
            m_troubles.insert_or_assign(cause, Trouble{text, ofAlarm});
    }
    change([this](KeeperSnapshot &snapshot) {
        snapshot.troubles.clear();
        snapshot.alarmTroubles.clear();
        for (const auto &[one, known] : m_troubles)
            (known.ofAlarm ? snapshot.alarmTroubles : snapshot.troubles).push_back(known.text);
    });
    return true;
}

SharedSnapshot KeeperBoard::snapshot() const
{
    const std::lock_guard lock(m_mutex);
    return m_latest;
}

} // namespace sixgate
