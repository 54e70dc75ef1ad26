#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace sixgate
{

/// Calls `work(i)` for all i below `count`, on at most `threads` threads, this one among them; returns when all are
/// done. The calls must not touch the same data.
template <class Work>
void forEachParallel(std::size_t count, std::size_t threads, const Work &work)
{
    std::atomic<std::size_t> next = 0;
    const auto run = [&] {
        for (std::size_t i = next++; i < count; i = next++)
            work(i);
    };
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(count, threads); ++i)
        others.emplace_back(run);
    run();
}

} // namespace sixgate
