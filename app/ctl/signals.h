#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace sixgate::ctl
{

/// Turns SIGINT, SIGTERM, SIGQUIT and SIGHUP (a closed terminal) into a stop; the latter two not where they were
/// ignored at the start, as nohup(1) does. Make it before any other thread: they inherit the blocked signals.
class Signals
{
public:
    /// `told` is called at each signal, with its count from 1, on a thread of its own.
    explicit Signals(std::function<void(int)> told);
    ~Signals();
    Signals(const Signals &) = delete;
    Signals &operator=(const Signals &) = delete;

    std::stop_token token() const { return m_stop.get_token(); }
    /// Requested by the second signal.
    std::stop_token second() const { return m_second.get_token(); }

private:
    std::stop_source m_stop;
    std::stop_source m_second;
    std::jthread m_thread;
};

} // namespace sixgate::ctl
