#include "ui/wizard/task.h"

namespace sixgate
{

void Task::stop()
{
    ++m_turn;
    if (m_thread.joinable())
        m_thread.request_stop();
    // Its end is not waited for on the GUI thread; destroying a thread that has ended takes no time.
    if (m_thread.joinable())
        m_old.push_back(std::move(m_thread));
    if (m_old.size() > mostOld)
        m_old.erase(m_old.begin());
    if (std::exchange(m_running, false))
        Q_EMIT changed();
}

void Task::wait()
{
    if (m_thread.joinable())
        m_thread.join();
}

} // namespace sixgate
