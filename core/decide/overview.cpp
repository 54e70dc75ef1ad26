#include "decide/overview.h"

#include "decide/keptpaths.h"
#include "model/texts.h"

#include <algorithm>
#include <map>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr PathKind allKinds[] = {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan};

QString byWhom(PathKind kind)
{
    switch (kind) {
    case PathKind::V4:
        return Texts::tr("for visitors with IPv4");
    case PathKind::Upstream:
        return Texts::tr("for the VPS");
    case PathKind::V6:
        return Texts::tr("for visitors with IPv6");
    case PathKind::Lan:
        return Texts::tr("in the LAN");
    }
    return {};
}

PathGlance glanceAt(const KeptPath &path)
{
    PathGlance glance{path.state, std::nullopt, path.why, path.at, path.certificateUntil};
    if (path.state == PathState::Works)
        glance.took = path.took;
    return glance;
}

/// Of two names: what is worse, slower, older.
PathGlance both(PathGlance all, const PathGlance &one)
{
    const auto rank = [](PathState state) {
        return state == PathState::Broken ? 2 : state == PathState::Unknown ? 1 : 0;
    };
    if (rank(one.state) > rank(all.state)) {
        all.state = one.state;
        all.why = one.why;
    }
    all.took = all.state == PathState::Works && one.took ? std::max(all.took, one.took) : std::nullopt;
    if (one.at.isValid() && (!all.at.isValid() || one.at < all.at))
        all.at = one.at;
    if (one.certificateUntil.isValid() &&
        (!all.certificateUntil.isValid() || one.certificateUntil < all.certificateUntil))
        all.certificateUntil = one.certificateUntil;
    return all;
}

void addToAll(Overview &overview, PathKind kind, const PathGlance &path)
{
    const auto all = overview.paths.find(kind);
    if (all == overview.paths.end())
        overview.paths.emplace(kind, path);
    else
        all->second = both(all->second, path);
}

void setPaths(Overview &overview, const Site &site, const std::vector<KeptPath> &paths)
{
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            NameGlance glance{name.ascii(), {}};
            for (const PathKind kind : allKinds) {
                const auto found = std::find_if(paths.begin(), paths.end(), [&](const KeptPath &one) {
                    return one.publicName == glance.publicName && one.kind == kind;
                });
                const PathGlance path = found == paths.end() ? PathGlance() : glanceAt(*found);
                glance.paths.emplace(kind, path);
                addToAll(overview, kind, path);
            }
            overview.names.push_back(std::move(glance));
        }
    }
}

/// The broken path that counts most: visitors' before the others.
const KeptPath *worstPath(const std::vector<KeptPath> &paths)
{
    for (const PathKind kind : {PathKind::V4, PathKind::V6, PathKind::Upstream, PathKind::Lan}) {
        for (const KeptPath &one : paths) {
            if (one.kind == kind && one.state == PathState::Broken)
                return &one;
        }
    }
    return nullptr;
}

void judgeTrouble(Overview &overview, const KeeperSnapshot &snapshot)
{
    overview.button = OverviewButton::Check;
    const QString trouble = !snapshot.troubles.empty()        ? snapshot.troubles.front()
                            : !snapshot.alarmTroubles.empty() ? snapshot.alarmTroubles.front()
                                                              : QString();
    const auto lost = std::find_if(snapshot.servers.begin(), snapshot.servers.end(),
                                   [](const KeptServer &one) { return !one.address; });
    if (lost != snapshot.servers.end()) {
        overview.state = OverviewState::Broken;
        overview.sentence = Texts::tr("The home server %1 does not answer.").arg(lost->server.text());
        overview.detail = lost->why;
        return;
    }
    if (const KeptPath *path = worstPath(snapshot.paths)) {
        const bool visitors = path->kind == PathKind::V4 || path->kind == PathKind::V6;
        overview.state = visitors ? OverviewState::Broken : OverviewState::Degraded;
        overview.sentence = Texts::tr("%1 cannot be reached %2.").arg(path->publicName, byWhom(path->kind));
        overview.detail = trouble.isEmpty() ? path->why : trouble;
        return;
    }
    overview.state = OverviewState::Degraded;
    overview.sentence = Texts::tr("Visitors come through, but something is wrong.");
    overview.detail = trouble;
}

constexpr std::chrono::seconds leastPause = 10s; // between two diagnoses that nobody asked for
constexpr std::chrono::seconds whileBroken = 1min;
constexpr std::chrono::seconds whileWarned = 10min;
constexpr std::chrono::seconds whileFine = 30min;
constexpr size_t alsoShown = 2; // other causes, beside the first

bool isTrouble(OverviewState state)
{
    return state == OverviewState::Broken || state == OverviewState::Degraded;
}

/// A diagnosis of the one situation holds in the other one.
bool isAlike(OverviewState a, OverviewState b)
{
    return a == b || (isTrouble(a) && isTrouble(b));
}

bool namesError(const CheckFinding &found)
{
    return std::any_of(found.roots.begin(), found.roots.end(),
                       [](const Condition &one) { return one.severity == Severity::Error; });
}

/// What a check has found still holds: also where the keeper sees only now what it had found already.
bool holds(const CheckFinding &found, OverviewState now)
{
    return isAlike(found.with, now) || (isTrouble(now) && namesError(found));
}

QString causeOf(const Condition &root)
{
    return root.code + QLatin1Char(' ') + root.about;
}

/// What the check has proven later than the keeper, or the keeper not at all.
void fillPaths(Overview &overview, const std::vector<KeptPath> &paths)
{
    overview.paths.clear();
    for (NameGlance &name : overview.names) {
        for (auto &[kind, glance] : name.paths) {
            const auto found = std::find_if(paths.begin(), paths.end(), [&, kind = kind](const KeptPath &one) {
                return one.publicName == name.publicName && one.kind == kind;
            });
            if (found != paths.end() && found->state != PathState::Unknown &&
                (glance.state == PathState::Unknown || found->at > glance.at)) {
                const QDateTime before = glance.certificateUntil;
                glance = glanceAt(*found);
                // Where it broke before a certificate was shown, the one before is still known.
                if (!glance.certificateUntil.isValid())
                    glance.certificateUntil = before;
            }
            addToAll(overview, kind, glance);
        }
    }
}

/// What to do, for who has a window.
QString wayOut(const Remedy &remedy)
{
    const QString &text = remedy.windowText();
    if (remedy.command.isEmpty() || !remedy.button.isEmpty())
        return text;
    return QStringLiteral("%1\n%2").arg(text, remedy.command);
}

} // namespace

Overview overviewOf(const Site &site, const KeeperSnapshot &snapshot)
{
    Overview overview;
    setPaths(overview, site, pathsToShow(snapshot.paths, snapshot.records));
    if (snapshot.role == QLatin1String("paused")) {
        overview.state = OverviewState::Paused;
        overview.sentence = Texts::tr("Paused: nothing is changed.");
        overview.detail = Texts::tr("After a change of the prefix visitors stay away until you resume.");
        overview.button = OverviewButton::Resume;
    } else if (snapshot.role == QLatin1String("away")) {
        overview.sentence = Texts::tr("This computer is not at home.");
        overview.detail = Texts::tr("It changes nothing from here.");
        overview.button = OverviewButton::Check;
    } else if (snapshot.fine()) {
        overview.state = OverviewState::Fine;
        overview.sentence = Texts::tr("Everything is reachable.");
        overview.button = OverviewButton::Check;
    } else if (snapshot.servers.empty() && snapshot.troubles.empty()) {
        overview.state = OverviewState::Working;
        overview.sentence = Texts::tr("Looking at the home.");
    } else {
        const bool lost = std::any_of(snapshot.servers.begin(), snapshot.servers.end(),
                                      [](const KeptServer &one) { return !one.address; });
        const bool quiet =
            !lost && snapshot.troubles.empty() && snapshot.alarmTroubles.empty() && !worstPath(snapshot.paths);
        const bool wrong =
            std::any_of(snapshot.records.begin(), snapshot.records.end(),
                        [](const KeptRecord &one) { return !one.right; }) ||
            std::any_of(snapshot.pushes.begin(), snapshot.pushes.end(), [](const KeptPush &one) { return !one.done; });
        if (!quiet) {
            judgeTrouble(overview, snapshot);
        } else if (wrong) {
            overview.state = OverviewState::Working;
            overview.sentence = Texts::tr("The home has moved; DNS and VPS are being told.");
        } else {
            overview.state = OverviewState::Working;
            overview.sentence = Texts::tr("Looking at everything.");
            overview.detail = snapshot.awaitedText();
        }
    }
    return overview;
}

Overview overviewWithout(const Site &site, const QString &why)
{
    Overview overview;
    setPaths(overview, site, {});
    overview.sentence = Texts::tr("Nobody watches the home.");
    overview.button = OverviewButton::Check; // a check needs no keeper
    overview.detail = why;
    return overview;
}

OverviewButton remedyButton(const Remedy &remedy)
{
    static const std::map<QString, OverviewButton> buttons = {{QStringLiteral("redeploy"), OverviewButton::Redeploy},
                                                              {QStringLiteral("records"), OverviewButton::Records},
                                                              {QStringLiteral("set-up"), OverviewButton::SetUp}};
    const auto found = buttons.find(remedy.button);
    return found == buttons.end() ? OverviewButton::Show : found->second;
}

Overview withFinding(Overview seen, const std::optional<CheckFinding> &found, bool looking, const QDateTime &now)
{
    seen.looking = looking;
    const bool known = found && holds(*found, seen.state);
    if (!known) {
        // What is wrong gets its name within seconds.
        seen.settled = !isTrouble(seen.state);
        return seen;
    }
    fillPaths(seen, found->paths);
    std::vector<const Condition *> roots;
    for (const Condition &one : found->roots) {
        if (one.severity != Severity::Info)
            roots.push_back(&one);
    }
    // The keeper sees a path broken that the check found whole: a lesser thing does not explain it.
    const bool elsewhere = seen.state == OverviewState::Broken && !found->anyOut &&
                           (roots.empty() || roots[0]->severity != Severity::Error);
    if (roots.empty() || elsewhere) {
        // What the check does not see may be over before the keeper has looked again.
        seen.settled = !isTrouble(seen.state) || found->since.secsTo(now) >= std::chrono::seconds(whileBroken).count();
        return seen;
    }
    const Condition &root = *roots.front();
    if (seen.state == OverviewState::Paused) {
        seen.detail = root.title;
        return seen;
    }
    seen.state =
        seen.state == OverviewState::Broken || found->visitorsOut ? OverviewState::Broken : OverviewState::Degraded;
    seen.sentence = root.title;
    seen.detail = wayOut(root.remedy);
    for (size_t i = 1; i < roots.size() && i <= alsoShown; ++i)
        seen.detail += Texts::tr("\nAlso: %1").arg(roots[i]->title);
    seen.button = remedyButton(root.remedy);
    seen.root = root;
    seen.cause = causeOf(root);
    for (const Condition *one : roots)
        seen.causes << causeOf(*one);
    seen.settled = found->since.secsTo(now) >= root.timeToVisible.count();
    return seen;
}

bool isFindingDue(const Overview &seen, const std::optional<CheckFinding> &last, const QDateTime &now)
{
    if (seen.state == OverviewState::Working || seen.state == OverviewState::Paused)
        return false;
    if (!last)
        return true;
    const auto age = std::chrono::seconds(last->at.secsTo(now));
    if (age < leastPause && age.count() >= 0)
        return false;
    const bool wrong = isTrouble(seen.state) || namesError(*last);
    return !isAlike(last->with, seen.state) || last->trouble != seen.sentence || age.count() < 0 ||
           age >= (wrong                 ? whileBroken
                   : last->roots.empty() ? whileFine
                                         : whileWarned);
}

CheckFinding findingAfterFailure(const Overview &seen, const std::optional<CheckFinding> &before, const QDateTime &now)
{
    CheckFinding one;
    one.since = now.addSecs(-std::chrono::seconds(whileBroken).count()); // nobody will know better
    if (before && holds(*before, seen.state))
        one = *before;
    one.with = seen.state;
    one.trouble = seen.sentence;
    one.at = now;
    return one;
}

CheckFinding findingOf(const CheckReport &report, const Overview &seen, const std::optional<CheckFinding> &before,
                       const QDateTime &now)
{
    CheckFinding one;
    one.roots = report.diagnosis.roots;
    for (const PathReport &path : report.paths) {
        const bool out = path.state == PathState::Broken;
        one.anyOut = one.anyOut || out;
        one.paths.push_back({path.publicName.ascii(), path.kind, path.state, path.took,
                             path.error && out ? path.error->summary : QString(), now,
                             path.certificate ? path.certificate->notAfter : QDateTime()});
        one.visitorsOut = one.visitorsOut || (out && (path.kind == PathKind::V4 || path.kind == PathKind::V6));
    }
    one.with = seen.state;
    one.trouble = seen.sentence;
    one.at = one.since = now;
    const auto first = [](const CheckFinding &of) { return of.roots.empty() ? QString() : causeOf(of.roots.front()); };
    if (before && first(*before) == first(one) && isAlike(before->with, one.with))
        one.since = before->since;
    return one;
}

} // namespace sixgate
