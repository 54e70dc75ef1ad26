#include "transport/race.h"

#include "transport/io.h"
#include "transport/probe.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace sixgate
{

namespace
{

struct Race {
    std::mutex mutex;
    std::condition_variable changed;
    size_t failed = 0; ///< how many have ended without a connection
    std::optional<RaceWinner> winner;
    std::optional<Error> last;
    std::stop_source others;
};

} // namespace

Result<RaceWinner> connectFirst(const std::vector<IpAddress> &addresses, Port port, std::chrono::milliseconds headStart,
                                const Deadline &deadline, std::stop_token stop, const ConnectTold &told,
                                const std::optional<Ipv6Address> &source)
{
    Race race;
    const std::stop_callback passStop(stop, [&race] {
        race.others.request_stop();
        race.changed.notify_all();
    });
    const auto run = [&](size_t index) {
        auto socket = connectTcp(addresses[index], port, deadline, race.others.get_token(), 0, source);
        const std::lock_guard lock(race.mutex);
        const bool givenUp = !socket && socket.error().code == ErrorCode::Cancelled;
        if (told && !givenUp)
            told(addresses[index], socket ? QString() : connectReason(socket.error()));
        if (!socket) {
            ++race.failed;
            if (!givenUp || !race.last)
                race.last = socket.error();
        } else if (!race.winner) {
            race.winner = RaceWinner{index, std::move(*socket)};
            race.others.request_stop();
        }
        race.changed.notify_all();
    };
    {
        std::vector<std::jthread> runners;
        for (size_t i = 0; i < addresses.size(); ++i) {
            runners.emplace_back(run, i);
            std::unique_lock lock(race.mutex);
            const auto begun = i + 1;
            race.changed.wait_for(lock, begun == addresses.size() ? std::chrono::milliseconds(0) : headStart,
                                  [&] { return race.winner || race.failed == begun || race.others.stop_requested(); });
            if (race.winner || race.others.stop_requested())
                break;
        }
    }
    if (race.winner)
        return std::move(*race.winner);
    if (stop.stop_requested() || !race.last)
        return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled."));
    return tl::unexpected<Error>(std::move(*race.last));
}

} // namespace sixgate
