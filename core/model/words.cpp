// The words that values are called by, in text and in JSON.

#include "model/condition.h"
#include "model/observation.h"
#include "model/overview.h"
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

QString stepStateName(StepState state)
{
    switch (state) {
    case StepState::Started:
        return QStringLiteral("started");
    case StepState::Done:
        return QStringLiteral("done");
    case StepState::Unchanged:
        return QStringLiteral("unchanged");
    case StepState::Failed:
        return QStringLiteral("failed");
    case StepState::Undone:
        return QStringLiteral("undone");
    case StepState::Note:
        return QStringLiteral("note");
    case StepState::Told:
        return QStringLiteral("told");
    }
    return QStringLiteral("note");
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

QString overviewStateName(OverviewState state)
{
    switch (state) {
    case OverviewState::Fine:
        return QStringLiteral("fine");
    case OverviewState::Working:
        return QStringLiteral("working");
    case OverviewState::Degraded:
        return QStringLiteral("degraded");
    case OverviewState::Broken:
        return QStringLiteral("broken");
    case OverviewState::Paused:
        return QStringLiteral("paused");
    case OverviewState::Unknown:
        return QStringLiteral("unknown");
    }
    return {};
}

QString severityName(Severity severity)
{
    switch (severity) {
    case Severity::Info:
        return QStringLiteral("info");
    case Severity::Warning:
        return QStringLiteral("warning");
    case Severity::Error:
        return QStringLiteral("error");
    }
    return {};
}

bool Diagnosis::broken() const
{
    return std::any_of(roots.begin(), roots.end(),
                       [](const Condition &one) { return one.severity == Severity::Error; });
}

const ProbeStep *PathReport::step(const char *name) const
{
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [name](const ProbeStep &one) { return one.name == QLatin1String(name); });
    return found == steps.end() ? nullptr : &*found;
}

QString PathReport::reason() const
{
    for (const ProbeStep &one : steps) {
        if (!one.passed)
            return one.reason;
    }
    return {};
}

bool CheckReport::allWork() const
{
    return !paths.empty() && std::all_of(paths.begin(), paths.end(),
                                         [](const PathReport &path) { return path.state == PathState::Works; });
}

} // namespace sixgate
