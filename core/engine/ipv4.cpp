#include "engine/ipv4.h"

#include "model/texts.h"
#include "observe/ipv4.h"

namespace sixgate
{

Result<Ipv4Sight> lookAtIpv4(const std::vector<EchoService> &echo, std::stop_token stop)
{
    Ipv4Sight sight = readIpv4(echo, Deadline::after(std::chrono::seconds(3)), stop);
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Stopped on request."));
    return sight;
}

Result<Ipv4Sight> lookAtIpv4(const Site &site, std::stop_token stop)
{
    return lookAtIpv4(site.echo, stop);
}

} // namespace sixgate
