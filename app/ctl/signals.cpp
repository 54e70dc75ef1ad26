#include "ctl/signals.h"

#include <csignal>
#include <ctime>

namespace sixgate::ctl
{

Signals::Signals(std::function<void(int)> told)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    for (const int one : {SIGQUIT, SIGHUP}) {
        struct sigaction now;
        if (sigaction(one, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&set, one);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A connection that breaks while it is written to is an error of that call, not the program's end.
    std::signal(SIGPIPE, SIG_IGN);
    m_thread = std::jthread([this, set, tell = std::move(told)](std::stop_token end) {
        int count = 0;
        while (true) {
            if (sigwaitinfo(&set, nullptr) <= 0)
                continue;
            // The destructor's own.
            if (end.stop_requested())
                return;
            (count == 0 ? m_stop : m_second).request_stop();
            tell(++count);
        }
    });
}

Signals::~Signals()
{
    m_thread.request_stop();
    pthread_kill(m_thread.native_handle(), SIGTERM);
}

} // namespace sixgate::ctl
