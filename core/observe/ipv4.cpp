#include "observe/ipv4.h"

#include "model/texts.h"
#include "transport/echo.h"
#include "transport/igd.h"
#include "transport/netlink4.h"

#include <future>

namespace sixgate
{

namespace
{

/// A root server of the DNS (a.root-servers.net): always out on the internet. Nothing is sent to it; the kernel is
/// asked which way it would send.
Ipv4Address somewhereOutside()
{
    return Ipv4Address::fromBytes({198, 41, 0, 4});
}

Known<RouterSeen> readRouter(const Known<std::optional<Ipv4Way>> &home, const Deadline &deadline, std::stop_token stop)
{
    if (!home)
        return passOn(home);
    if (!*home || !(*home)->gateway || (*home)->link != LinkKind::Lan)
        return fail(ErrorCode::NotFound, Texts::tr("No router leads this machine to the IPv4 internet."));
    return askRouter(*(*home)->gateway, (*home)->interface, deadline, stop);
}

} // namespace

Ipv4Sight readIpv4(const std::vector<EchoService> &echo, const Deadline &deadline, std::stop_token stop)
{
    Ipv4Sight sight;
    sight.own = localIpv4Addresses();
    sight.home = defaultIpv4Way();
    sight.way = ipv4WayTo(somewhereOutside());
    auto router = std::async(std::launch::async, readRouter, std::cref(sight.home), std::cref(deadline), stop);
    std::vector<std::future<Known<Ipv4Address>>> answers;
    for (const EchoService &service : echo)
        answers.push_back(std::async(std::launch::async, askEcho, std::cref(service), std::cref(deadline), stop));
    for (size_t i = 0; i < echo.size(); ++i)
        sight.echo.push_back({echo[i].text(), answers[i].get()});
    sight.router = router.get();
    return sight;
}

} // namespace sixgate
