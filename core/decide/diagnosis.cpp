#include "decide/findings.h"

#include <algorithm>

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

bool isExplained(const NameSeen &one, PathKind kind, const std::vector<Finding> &all, const Catalogue &catalogue)
{
    std::set<QString> subjects = one.subjects();
    return std::any_of(all.begin(), all.end(), [&](const Finding &found) {
        const ConditionEntry *entry = catalogue.entry(found.code);
        return entry && entry->paths.contains(pathName(kind)) && touch(subjects, found.subjects);
    });
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
            QStringList evidence{QStringLiteral("%1, step %2: %3").arg(pathName(kind), path->failedStep, summary)};
            if (path->error && !path->error->detail.isEmpty())
                evidence << path->error->detail;
            out.say(QStringLiteral("Is the path %1 of %2 explained?").arg(pathName(kind), one.name.ascii()),
                    QStringLiteral("No rule explains why it fails at \"%1\".").arg(path->failedStep));
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
            saw += QStringLiteral(" → a consequence of %1").arg(all[causes[i]].code);
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
    std::stable_sort(diagnosis.roots.begin(), diagnosis.roots.end(),
                     [](const Condition &a, const Condition &b) { return a.severity > b.severity; });
    return diagnosis;
}

void judgePaths(std::vector<PathReport> &paths, const Diagnosis &diagnosis)
{
    const bool blind = std::any_of(diagnosis.roots.begin(), diagnosis.roots.end(), [](const Condition &one) {
        return one.code == QLatin1String("home-no-ipv4") || one.code == QLatin1String("line-down");
    });
    for (PathReport &path : paths) {
        path.explained = diagnosis.explained.contains(explainedKey(path));
        if (blind && path.kind == PathKind::V4 && path.state == PathState::Broken &&
            path.failedStep == QLatin1String("connect"))
            path.state = PathState::Unknown;
    }
}

} // namespace sixgate
