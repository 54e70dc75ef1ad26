#include "verify/fourpaths.h"

#include "model/aliases.h"
#include "model/texts.h"
#include "verify/steps.h"

namespace sixgate
{

std::vector<Ipv6Address> knownIpv6(const ZoneSeen &zone, const Hostname &name)
{
    std::vector<Ipv6Address> addresses;
    const auto chain = followAliases(zone, name);
    const auto found = chain ? zone.records.find(RecordKey{chain->end, RecordType::AAAA}) : zone.records.end();
    if (found == zone.records.end() || !found->second)
        return addresses;
    for (const QString &value : found->second->values) {
        if (const auto address = Ipv6Address::parse(value))
            addresses.push_back(*address);
    }
    return addresses;
}

PathReport walkPath(const Ground &ground, const PathQuestion &question)
{
    const bool fromHere = question.kind == PathKind::V4 || question.kind == PathKind::Lan;
    PathReport report{question.name, question.service.name, question.kind};
    report.vantage = fromHere ? Texts::tr("this machine") : Texts::tr("the VPS");
    Walk walk(std::move(report), ground.deadline);
    if (ground.stop.stop_requested()) {
        walk.unknown(Error{ErrorCode::Cancelled, Texts::tr("Stopped on request."), {}, {}});
        return walk.finish();
    }
    switch (question.kind) {
    case PathKind::V4:
        walkV4(walk, ground, question);
        break;
    case PathKind::Upstream:
        walkUpstream(walk, ground, question);
        break;
    case PathKind::V6:
        walkV6(walk, ground, question);
        break;
    case PathKind::Lan:
        walkLan(walk, ground, question);
        break;
    }
    return walk.finish();
}

} // namespace sixgate
