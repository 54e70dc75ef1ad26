#include "engine/keeperpaths.h"

#include "decide/records.h"
#include "engine/job.h"
#include "model/texts.h"
#include "observe/zone.h"
#include "transport/race.h"
#include "transport/tls.h"
#include "verify/paths.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto zoneTime = 3s;
constexpr auto headStart = 250ms;
constexpr auto keyTime = 3s; // for one name

} // namespace

std::vector<PathReport> provePaths(const Site &site, const VpsSeen &vps, const Known<std::set<Fingerprint>> &vpsKeys,
                                   std::chrono::milliseconds most, std::stop_token stop)
{
    VerifyInputs inputs;
    const auto keys = recordKeysToObserve(site, {});
    inputs.zone = observeZone(site, keys, Job::budget(zoneTime, keys.size()), stop);
    inputs.vps = vps;
    inputs.vpsKeys = vpsKeys;
    inputs.kinds = {PathKind::V4, PathKind::Lan};
    const Error noSession{ErrorCode::NotFound, Texts::tr("The keeper does not log in to the VPS."), {}, {}};
    return verifyPaths(site, inputs, nullptr, noSession, {}, Job::budget(most, keys.size()), stop).report.paths;
}

Known<std::set<Fingerprint>> shownVpsKeys(const Site &site, const std::vector<IpAddress> &addresses,
                                          std::stop_token stop)
{
    std::set<Fingerprint> keys;
    std::optional<Error> why;
    const auto https = Port::fromNumber(443);
    for (const Service &service : site.services) {
        const Deadline deadline = Deadline::after(keyTime);
        auto socket = connectFirst(addresses, *https, headStart, deadline, stop);
        if (!socket) {
            why = socket.error();
            break; // the others are at the same place
        }
        const auto stream =
            TlsStream::handshake(std::move(socket->socket), service.publicNames.front(), deadline, stop);
        if (stream)
            keys.insert(stream->seen().certificate.key);
        else
            why = stream.error();
    }
    if (keys.empty())
        return fail(ErrorCode::NotFound, Texts::tr("The VPS shows no certificate."), why ? why->summary : QString());
    return keys;
}

} // namespace sixgate
