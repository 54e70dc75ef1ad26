#include "decide/keptpaths.h"

#include "decide/findings.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

const KeptPath *find(const std::vector<KeptPath> &paths, PathKind kind, const QString &name)
{
    const auto found = std::find_if(paths.begin(), paths.end(),
                                    [&](const KeptPath &one) { return one.kind == kind && one.publicName == name; });
    return found == paths.end() ? nullptr : &*found;
}

/// Whether the VPS has just looked. "Unchanged" without a time was proven a moment ago, and shown then.
bool saysSomething(const Pushed &answer)
{
    switch (answer.verdict) {
    case PushVerdict::Done:
        return true;
    case PushVerdict::Unchanged:
        return answer.took.count() > 0;
    case PushVerdict::Refused:
        break;
    }
    // Whoever leads proves it, and a limit says nothing of the home.
    return answer.reason == QLatin1String("not-proven");
}

} // namespace

RecoveryPace recoveryPace(std::chrono::milliseconds since)
{
    using namespace std::chrono_literals;
    if (since < 6s)
        return {1s, 150ms};
    return since < 20s ? RecoveryPace{2s, 500ms} : RecoveryPace{PathTime, 5s};
}

std::vector<KeptPath> pathsProvenByVps(const Site &site, const std::vector<Pushed> &answers,
                                       const std::vector<KeptRecord> &records, const QDateTime &at)
{
    std::vector<KeptPath> paths;
    for (const Service &service : site.services) {
        const auto proof = std::find_if(answers.begin(), answers.end(), [&](const Pushed &one) {
            return one.upstream == service.upstreamName && saysSomething(one);
        });
        if (proof == answers.end())
            continue;
        const bool proven = proof->verdict != PushVerdict::Refused;
        for (const Hostname &name : service.publicNames) {
            KeptPath path{
                name.ascii(), PathKind::Upstream, proven ? PathState::Works : PathState::Broken, proof->took, {}, at};
            if (!proven)
                path.why = Texts::tr("The VPS does not reach the home server (%1).").arg(proof->reason);
            paths.push_back(path);
            const auto record = std::find_if(records.begin(), records.end(), [&](const KeptRecord &one) {
                return one.record == name.ascii() + QStringLiteral(" AAAA") ||
                       (one.record.endsWith(QLatin1String(" AAAA")) &&
                        std::find(one.aliases.begin(), one.aliases.end(), name.ascii()) != one.aliases.end());
            });
            path.kind = PathKind::V6;
            if (record == records.end() || !record->right)
                continue;
            paths.push_back(std::move(path));
        }
    }
    return paths;
}

std::vector<KeptPath> pathsOfSilentVps(const Site &site, const QString &why, const QDateTime &at)
{
    std::vector<KeptPath> paths;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            for (const PathKind kind : {PathKind::Upstream, PathKind::V6}) {
                KeptPath path{name.ascii(), kind, PathState::Unknown, std::chrono::milliseconds(0), {}, at};
                path.why = Texts::tr("The VPS cannot be asked: %1").arg(why);
                paths.push_back(std::move(path));
            }
        }
    }
    return paths;
}

std::vector<KeptPath> withPaths(const Site &site, const std::vector<KeptPath> &paths,
                                const std::vector<KeptPath> &newer)
{
    std::vector<KeptPath> all;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan}) {
                const KeptPath *one = find(newer, kind, name.ascii());
                if (!one)
                    one = find(paths, kind, name.ascii());
                if (one)
                    all.push_back(*one);
            }
        }
    }
    return all;
}

std::vector<KeptPath> pathsToShow(std::vector<KeptPath> paths, const std::vector<KeptRecord> &records)
{
    for (KeptPath &path : paths) {
        const QString record = path.publicName + QStringLiteral(" AAAA");
        const auto wrong = std::find_if(records.begin(), records.end(), [&](const KeptRecord &one) {
            return !one.right && one.record.endsWith(QLatin1String(" AAAA")) &&
                   (one.record == record ||
                    std::find(one.aliases.begin(), one.aliases.end(), path.publicName) != one.aliases.end());
        });
        if (path.kind != PathKind::V6 || path.state != PathState::Works || wrong == records.end())
            continue;
        path.state = PathState::Unknown;
        path.why = Texts::tr("It worked before; the name's AAAA record is not right now.");
    }
    return paths;
}

std::vector<PathTurn> pathTurns(const std::vector<KeptPath> &before, const std::vector<KeptPath> &after)
{
    std::vector<PathTurn> turns;
    for (const KeptPath &one : after) {
        const KeptPath *was = find(before, one.kind, one.publicName);
        if (!was || was->state != one.state)
            turns.push_back({one, was ? std::optional(was->state) : std::nullopt});
    }
    return turns;
}

std::optional<QString> expiryTrouble(const PathReport &path, const QDateTime &now)
{
    if (path.state != PathState::Works || !path.certificate || !nearItsEnd(*path.certificate, now))
        return std::nullopt;
    const bool onVps = path.kind == PathKind::V4;
    return Texts::tr("The certificate of %1 on %2 is valid until %3 only; it should have been renewed by now.")
        .arg(path.publicName.ascii(), onVps ? Texts::tr("the VPS") : Texts::tr("the home server"),
             dayText(path.certificate->notAfter));
}

} // namespace sixgate
