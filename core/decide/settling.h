#pragma once

#include <QByteArray>

#include <array>
#include <chrono>
#include <optional>

namespace sixgate
{

/// An event is a hint: wait a little, read the whole state, compare, act on the difference. When to read, and whether
/// what was read is a change. Pure; no thread of its own, one caller at a time. Times are those of a monotonic clock.

/// So many changes at once, and then one in so long. The first few are acted on as they come; of a link that goes up
/// and down without end it is the last state that counts.
struct ChangeRate {
    int burst;
    std::chrono::milliseconds every;
};

struct SettlingTimes {
    std::chrono::milliseconds quiet{50};             ///< after the last hint
    std::chrono::milliseconds most{300};             ///< after the first one
    std::chrono::milliseconds incompleteAgain{100};  ///< until an incomplete state is read again
    std::chrono::milliseconds incompleteMost{10000}; ///< after that it is taken as it is
    /// What is acted on: an outage of minutes with many short ones, and one of hours. A home that moves twice a minute
    /// for half an hour, with two changes each, is not held back.
    std::array<ChangeRate, 2> rates{{{12, std::chrono::seconds(5)}, {100, std::chrono::seconds(30)}}};
    std::chrono::milliseconds pollWithEvents{60000}; ///< read at least so often
    std::chrono::milliseconds pollWithout{5000};     ///< where no event comes
};

enum class ReadState {
    Complete,
    Incomplete, ///< something is about to change by itself, e.g. an address is still tentative
    Failed,     ///< it could not be read
};

class Settling
{
public:
    using Time = std::chrono::steady_clock::time_point;

    /// To be read at once. Without events it polls.
    explicit Settling(Time now, bool events = true, const SettlingTimes &times = {});

    /// Something moved: also for a wake from sleep, a clock that jumped, and events that were lost.
    void hint(Time now);

    /// Whether events come. When that changes what was missed is read.
    void setEvents(bool events, Time now);

    /// What was read from `began` on; hints that came since then stay. `seen` is any text that is the same where the
    /// state is the same; of a Failed one it does not matter. True: a change to act on. The first state is one.
    /// Failed and Incomplete are read again soon, for 10 s; then an incomplete state counts, and after a failure it is
    /// as if no events came.
    bool read(Time began, Time now, const QByteArray &seen, ReadState state = ReadState::Complete);

    /// When to read next; in the past where it is due already.
    Time next() const;

private:
    bool acts(Time now, const QByteArray &seen);

    SettlingTimes m_times;
    bool m_events;
    std::optional<Time> m_firstHint;
    std::optional<Time> m_lastHint;
    std::optional<Time> m_lastRead;
    std::optional<Time> m_incompleteSince;
    bool m_again = false; ///< soon, since what was read last is incomplete
    bool m_failed = false;
    std::optional<QByteArray> m_acted;
    std::array<Time, 2> m_spent{}; ///< of each rate: when all of its burst is there again
    Time m_start;
};

} // namespace sixgate
