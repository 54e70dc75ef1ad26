#include "engine/lookout.h"

#include "decide/addresses.h"
#include "decide/lookout.h"
#include "observe/lan.h"
#include "transport/parallel.h"

#include <set>

namespace sixgate
{

namespace
{

constexpr size_t mostAtOnce = 16;

} // namespace

std::vector<ServerLook> lookAtServers(const Site &site, const Known<LinkSeen> &link, const ZoneSeen &zone,
                                      const SiteMemory &memory, bool closer, const Deadline &deadline,
                                      std::stop_token stop)
{
    std::vector<ServerLook> looks;
    std::set<std::pair<Label, int>> done;
    for (const Service &service : site.services) {
        if (done.insert({service.server, service.port.number()}).second)
            looks.push_back({service.server, service.port, service.publicNames.front()});
    }
    forEachParallel(looks.size(), mostAtOnce, [&](size_t i) {
        ServerLook &look = looks[i];
        const HomeServer *server = site.server(look.server);
        if (!server || !link)
            return;
        const auto mac = memory.macs.find(server->name);
        const LookQuestion question{server->name,
                                    chooseAddress(*server, *link).chosen,
                                    publishedFor(site, zone, server->name),
                                    look.port,
                                    {look.name, server->pinnedKey, {}, pinnedKeyPlace(site, server->name)},
                                    mac == memory.macs.end() ? QString() : mac->second,
                                    closer};
        look = lookAround(question, deadline, stop);
    });
    return looks;
}

} // namespace sixgate
