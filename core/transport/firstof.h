#pragma once

#include "model/result.h"
#include "model/texts.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace sixgate
{

/// The first of several ways that works, as RFC 8305 has it for connections: `work(i, stop)` gives a `Result<T>` for
/// each i below `count`, on a thread of its own, each begun `headStart` after the one before, or as soon as all before
/// have failed. Whoever is slower than the first that works is told to stop, and waited for. Where none works: the
/// error that came last; Cancelled after a stop.
template <class T, class Work>
Result<T> firstOf(std::size_t count, std::chrono::milliseconds headStart, std::stop_token stop, const Work &work)
{
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t failed = 0;
    std::optional<T> winner;
    std::optional<Error> last;
    std::stop_source others;
    const std::stop_callback passStop(stop, [&] {
        others.request_stop();
        changed.notify_all();
    });
    const auto run = [&](std::size_t index) {
        Result<T> done = work(index, others.get_token());
        const std::lock_guard lock(mutex);
        if (!done) {
            ++failed;
            if (done.error().code != ErrorCode::Cancelled || !last)
                last = std::move(done.error());
        } else if (!winner) {
            winner.emplace(std::move(*done));
            others.request_stop();
        }
        changed.notify_all();
    };
    {
        std::vector<std::jthread> runners;
        for (std::size_t i = 0; i < count; ++i) {
            runners.emplace_back(run, i);
            std::unique_lock lock(mutex);
            const auto begun = i + 1;
            changed.wait_for(lock, begun == count ? std::chrono::milliseconds(0) : headStart,
                             [&] { return winner || failed == begun || others.stop_requested(); });
            if (winner || others.stop_requested())
                break;
        }
    }
    if (winner)
        return std::move(*winner);
    if (stop.stop_requested() || !last)
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled."));
    return tl::unexpected<Error>(std::move(*last));
}

} // namespace sixgate
