#pragma once

#include "model/deadline.h"
#include "model/result.h"

#include <QString>

#include <memory>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Why the home is to be looked at again. Hints, no facts: read the whole state afterwards.
struct HomeHints {
    bool network = false;           ///< a link, an address or a route changed
    bool lost = false;              ///< so many that some were lost
    bool clock = false;             ///< the wall clock was set, or the machine slept
    std::vector<QString> connected; ///< interfaces that have a carrier again: perhaps another network

    bool any() const { return network || lost || clock; }
};

/// Tells at once when the home may have moved: rtnetlink (links, addresses, routes), and jumps of the wall clock
/// against the monotonic one (timerfd with TFD_TIMER_CANCEL_ON_SET; the kernel sets the clock anew after a sleep, too).
/// One thread waits.
class HomeEvents
{
public:
    /// Unavailable where netlink cannot be listened to: then poll.
    static Result<HomeEvents> open();
    HomeEvents(HomeEvents &&) noexcept;
    HomeEvents &operator=(HomeEvents &&) noexcept;
    ~HomeEvents();

    /// Waits for the next hint, and takes all that are there. No hint before the deadline is no error: nothing is set.
    /// Cancelled on a stop; Unavailable where netlink breaks for good.
    Result<HomeHints> wait(const Deadline &deadline, std::stop_token stop);

private:
    struct Sources;
    explicit HomeEvents(std::unique_ptr<Sources> sources);
    std::unique_ptr<Sources> m_sources;
};

} // namespace sixgate
