#include "transport/race.h"

#include "transport/firstof.h"
#include "transport/io.h"
#include "transport/probe.h"

namespace sixgate
{

Result<RaceWinner> connectFirst(const std::vector<IpAddress> &addresses, Port port, std::chrono::milliseconds headStart,
                                const Deadline &deadline, std::stop_token stop, const ConnectTold &told,
                                const std::optional<Ipv6Address> &source)
{
    std::mutex telling;
    return firstOf<RaceWinner>(
        addresses.size(), headStart, std::move(stop), [&](size_t index, std::stop_token own) -> Result<RaceWinner> {
            auto socket = connectTcp(addresses[index], port, deadline, std::move(own), 0, source);
            if (told && (socket || socket.error().code != ErrorCode::Cancelled)) {
                const std::lock_guard lock(telling);
                told(addresses[index], socket ? QString() : connectReason(socket.error()));
            }
            if (!socket)
                return passOn(socket);
            return RaceWinner{index, std::move(*socket)};
        });
}

} // namespace sixgate
