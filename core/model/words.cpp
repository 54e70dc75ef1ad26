// The words that values are called by, in text and in JSON.

#include "model/observation.h"
#include "model/pathreport.h"
#include "model/plan.h"

#include <algorithm>

namespace sixgate
{

QString recordTypeName(RecordType type)
{
    switch (type) {
    case RecordType::A:
        return QStringLiteral("A");
    case RecordType::AAAA:
        return QStringLiteral("AAAA");
    case RecordType::CNAME:
        return QStringLiteral("CNAME");
    case RecordType::TXT:
        return QStringLiteral("TXT");
    case RecordType::NS:
        return QStringLiteral("NS");
    case RecordType::SOA:
        return QStringLiteral("SOA");
    }
    return {};
}

QString recordText(const RecordKey &key)
{
    return key.name.ascii() + QLatin1Char(' ') + recordTypeName(key.type);
}

QString verbName(Verb verb)
{
    switch (verb) {
    case Verb::Create:
        return QStringLiteral("create");
    case Verb::Update:
        return QStringLiteral("update");
    case Verb::Delete:
        return QStringLiteral("delete");
    case Verb::Install:
        return QStringLiteral("install");
    case Verb::Enable:
        return QStringLiteral("enable");
    case Verb::Obtain:
        return QStringLiteral("obtain");
    case Verb::Activate:
        return QStringLiteral("activate");
    case Verb::Open:
        return QStringLiteral("open");
    }
    return {};
}

QString laneName(Lane lane)
{
    return lane == Lane::Dns ? QStringLiteral("dns") : QStringLiteral("vps");
}

QString pathName(PathKind kind)
{
    switch (kind) {
    case PathKind::V4:
        return QStringLiteral("v4");
    case PathKind::Upstream:
        return QStringLiteral("upstream");
    case PathKind::V6:
        return QStringLiteral("v6");
    case PathKind::Lan:
        return QStringLiteral("lan");
    }
    return {};
}

QString pathStateName(PathState state)
{
    switch (state) {
    case PathState::Works:
        return QStringLiteral("works");
    case PathState::Broken:
        return QStringLiteral("broken");
    case PathState::Unknown:
        return QStringLiteral("unknown");
    }
    return {};
}

bool CheckReport::allWork() const
{
    return !paths.empty() && std::all_of(paths.begin(), paths.end(),
                                         [](const PathReport &path) { return path.state == PathState::Works; });
}

} // namespace sixgate
