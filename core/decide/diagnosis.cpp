#include "decide/findings.h"
#include "model/texts.h"

#include <algorithm>
#include <tuple>

namespace sixgate
{

namespace
{

bool touch(const std::set<QString> &a, const std::set<QString> &b)
{
    return a.empty() || b.empty() ||
           std::any_of(a.begin(), a.end(), [&](const QString &one) { return b.contains(one); });
}

/// Found several times for different things, said once: the first, with the evidence of all.
std::vector<Finding> merged(const std::vector<Finding> &all)
{
    std::vector<Finding> out;
    for (const Finding &one : all) {
        const auto same = std::find_if(out.begin(), out.end(), [&](const Finding &other) {
            return other.code == one.code && other.about == one.about;
        });
        if (same == out.end()) {
            out.push_back(one);
            continue;
        }
        for (const QString &line : one.evidence) {
            if (!same->evidence.contains(line) && same->evidence.size() < 12)
                same->evidence << line;
        }
        if (!same->subjects.empty() && !one.subjects.empty())
            same->subjects.insert(one.subjects.begin(), one.subjects.end());
        else
            same->subjects.clear();
    }
    return out;
}

constexpr size_t none = size_t(-1);

/// Index of the finding that explains this one; none for a root.
size_t causeOf(const Finding &one, const std::vector<Finding> &all, const Catalogue &catalogue)
{
    const ConditionEntry *entry = catalogue.entry(one.code);
    for (const QString &code : entry ? entry->causes : std::vector<QString>()) {
        for (size_t i = 0; i < all.size(); ++i) {
            if (all[i].code == code && touch(one.subjects, all[i].subjects))
                return i;
        }
    }
    return none;
}

/// Somebody answered, and without the keys of the VPS nobody knows whether it was the VPS.
bool lacksKeys(const PathReport &path)
{
    return path.state == PathState::Unknown && path.failedStep == QLatin1String("identity") && path.error &&
           path.error->code == ErrorCode::Unavailable;
}

/// What keeps Sixgate from logging in on the VPS, and so from reading those keys.
bool keepsFromLogin(const Finding &found)
{
    return found.code.startsWith(QLatin1String("ssh-")) || found.code == QLatin1String("vps-off") ||
           found.code == QLatin1String("vps-name-missing") || found.code == QLatin1String("line-down");
}

bool isExplained(const NameSeen &one, PathKind kind, const std::vector<Finding> &all, const Catalogue &catalogue)
{
    std::set<QString> subjects = one.subjects();
    const bool keys = lacksKeys(*one.path(kind));
    return std::any_of(all.begin(), all.end(), [&](const Finding &found) {
        const ConditionEntry *entry = catalogue.entry(found.code);
        return (keys && keepsFromLogin(found)) ||
               (entry && entry->paths.contains(pathName(kind)) && touch(subjects, found.subjects));
    });
}

/// By the harm: severity, whom it keeps out, how many of the four paths it breaks.
void sortByHarm(std::vector<Condition> &roots, const Catalogue &catalogue)
{
    const auto harm = [&](const Condition &one) {
        const ConditionEntry *entry = catalogue.entry(one.code);
        return std::tuple(one.severity, entry ? entry->visitors : Visitors::None, entry ? entry->paths.size() : 0);
    };
    std::stable_sort(roots.begin(), roots.end(),
                     [&](const Condition &a, const Condition &b) { return harm(a) > harm(b); });
}

/// Only IPv4 from here is judged by what this machine has.
bool failedToConnectOverIpv4(const PathReport &path)
{
    return path.kind == PathKind::V4 && path.state == PathState::Broken && path.failedStep == QLatin1String("connect");
}

bool worksByRedirect(const PathReport &path)
{
    return path.kind == PathKind::V6 && path.state == PathState::Works && path.http && !path.http->location.isEmpty();
}

/// No broken path is passed over.
void findUnexplained(const Sight &sight, Findings &out, const Catalogue &catalogue)
{
    std::vector<Finding> more;
    for (const NameSeen &one : sight.names) {
        for (const auto &[kind, path] : one.paths) {
            if (path->state != PathState::Broken || isExplained(one, kind, out.all(), catalogue))
                continue;
            const QString summary = path->error ? path->error->summary : QString();
            QStringList evidence{Texts::tr("%1, step %2: %3").arg(pathName(kind), path->failedStep, summary)};
            if (path->error && !path->error->detail.isEmpty())
                evidence << path->error->detail;
            out.say(Texts::tr("Is the path %1 of %2 explained?").arg(pathName(kind), one.name.ascii()),
                    Texts::tr("No rule explains why it fails at \"%1\".").arg(path->failedStep));
            more.push_back({QStringLiteral("unexplained"),
                            one.name.ascii(),
                            {{QStringLiteral("name"), one.name.ascii()},
                             {QStringLiteral("path"), pathName(kind)},
                             {QStringLiteral("step"), path->failedStep},
                             {QStringLiteral("reason"), summary}},
                            evidence,
                            one.subjects()});
        }
    }
    for (Finding &one : more)
        out.add(std::move(one));
}

} // namespace

QString explainedKey(const PathReport &path)
{
    return QStringLiteral("%1 %2 %3").arg(path.service.text(), path.publicName.ascii(), pathName(path.kind));
}

Diagnosis diagnose(const Site &site, const Evidence &seen, const Catalogue &catalogue)
{
    const Sight sight(site, seen);
    Findings out;
    findLine(sight, out);
    findVps(sight, out);
    findDns(sight, out);
    findRecords(sight, out);
    findHome(sight, out);
    findCertificates(sight, out);
    findService(sight, out);
    findUnexplained(sight, out, catalogue);

    const std::vector<Finding> all = merged(out.all());
    std::vector<size_t> causes;
    std::vector<Condition> conditions;
    for (const Finding &one : all) {
        causes.push_back(causeOf(one, all, catalogue));
        conditions.push_back(catalogue.words(one.code, one.about, one.fields, one.evidence));
    }
    for (size_t i = 0; i < all.size(); ++i) {
        // The catalogue's causes lead round in no circle, so each chain ends at a root. Who explains an error is one.
        for (size_t root = causes[i]; root != none; root = causes[root])
            conditions[root].severity = std::max(conditions[root].severity, conditions[i].severity);
    }
    Diagnosis diagnosis;
    diagnosis.reasoning = out.reasoning();
    for (size_t i = 0; i < all.size(); ++i) {
        QString saw = all[i].evidence.join(QStringLiteral("; "));
        if (causes[i] != none) {
            conditions[i].explainedBy = all[causes[i]].code;
            saw += Texts::tr(" → a consequence of %1").arg(all[causes[i]].code);
        }
        const QString about = all[i].about.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(all[i].about);
        diagnosis.reasoning.push_back({all[i].code + about, saw});
        (causes[i] != none ? diagnosis.consequences : diagnosis.roots).push_back(std::move(conditions[i]));
    }
    for (const NameSeen &one : sight.names) {
        for (const auto &[kind, path] : one.paths) {
            if (path->state != PathState::Works && isExplained(one, kind, all, catalogue))
                diagnosis.explained.insert(explainedKey(*path));
        }
    }
    sortByHarm(diagnosis.roots, catalogue);
    return diagnosis;
}

void spreadLoops(std::vector<PathReport> &paths)
{
    for (PathReport &path : paths) {
        if (!worksByRedirect(path))
            continue;
        const auto near = std::find_if(paths.begin(), paths.end(), [&](const PathReport &other) {
            return other.kind == PathKind::Lan && other.service == path.service &&
                   other.publicName == path.publicName && other.http && other.http->loops &&
                   other.http->status == path.http->status && other.http->location == path.http->location;
        });
        if (near == paths.end())
            continue;
        path.state = PathState::Broken;
        path.failedStep = near->failedStep;
        path.error = near->error;
        path.http->loops = true;
        for (ProbeStep &step : path.steps) {
            if (step.name == path.failedStep) {
                step.passed = false;
                step.reason = near->reason();
            }
        }
    }
}

bool mayBeJudgedOtherwise(const PathReport &path)
{
    return failedToConnectOverIpv4(path) || worksByRedirect(path);
}

void judgePaths(std::vector<PathReport> &paths, const Diagnosis &diagnosis)
{
    const bool blind = std::any_of(diagnosis.roots.begin(), diagnosis.roots.end(), [](const Condition &one) {
        return one.code == QLatin1String("home-no-ipv4") || one.code == QLatin1String("line-down");
    });
    for (PathReport &path : paths) {
        path.explained = diagnosis.explained.contains(explainedKey(path));
        if (blind && failedToConnectOverIpv4(path))
            path.state = PathState::Unknown;
    }
}

} // namespace sixgate
