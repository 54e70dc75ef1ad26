#pragma once

#include <algorithm>
#include <chrono>

namespace sixgate
{

/// A point in monotonic time at which a blocking call gives up. Cheap to copy; safe on any thread.
class Deadline
{
public:
    using Clock = std::chrono::steady_clock;

    static Deadline after(std::chrono::milliseconds span) { return Deadline(Clock::now() + span); }

    /// Whichever comes first: this one, or `span` from now.
    Deadline sooner(std::chrono::milliseconds span) const { return Deadline(std::min(m_at, Clock::now() + span)); }

    bool passed() const { return Clock::now() >= m_at; }

    /// Time left, never negative; for poll(2).
    std::chrono::milliseconds left() const
    {
        const auto span = std::chrono::ceil<std::chrono::milliseconds>(m_at - Clock::now());
        return std::max(span, std::chrono::milliseconds(0));
    }

private:
    explicit Deadline(Clock::time_point at) : m_at(at) {}
    Clock::time_point m_at;
};

} // namespace sixgate
