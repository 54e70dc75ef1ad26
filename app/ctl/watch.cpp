#include "ctl/watch.h"

#include "ctl/check.h"
#include "ctl/json.h"
#include "transport/io.h"

#include <algorithm>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

std::vector<Transition> Changes::next(const CheckReport &report, const QDateTime &now)
{
    std::vector<Transition> out;
    for (const PathReport &path : report.paths) {
        const auto [known, added] = m_paths.try_emplace({path.publicName, path.kind}, path.state);
        if (!added && known->second == path.state)
            continue;
        out.push_back({Transition::Kind::Path, now, path, added ? std::nullopt : std::optional(known->second), {}});
        known->second = path.state;
    }
    std::map<std::pair<QString, QString>, Lasting> still;
    const auto take = [&](const Condition &condition, bool root) {
        const std::pair key(condition.code, condition.about);
        const auto before = m_conditions.find(key);
        Lasting one = before == m_conditions.end() ? Lasting{now, false, condition} : before->second;
        one.condition = condition;
        if (root && !one.told && one.since.secsTo(now) >= condition.timeToVisible.count()) {
            one.told = true;
            out.push_back({Transition::Kind::Appeared, now, {}, {}, condition});
        }
        still.emplace(key, std::move(one));
    };
    for (const Condition &one : report.diagnosis.roots)
        take(one, true);
    for (const Condition &one : report.diagnosis.consequences)
        take(one, false);
    for (const auto &[key, one] : m_conditions) {
        if (one.told && !still.contains(key))
            out.push_back({Transition::Kind::Gone, now, {}, {}, one.condition});
    }
    m_conditions = std::move(still);
    return out;
}

QString transitionText(const Output &output, const Transition &one)
{
    const QString at = one.at.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    if (one.kind == Transition::Kind::Path) {
        const PathReport &path = *one.path;
        const QString word = pathStateName(path.state);
        const QString why =
            path.error && path.state != PathState::Works ? QStringLiteral(": ") + path.error->summary : QString();
        return QStringLiteral("%1  %2 %3 %4%5%6\n")
            .arg(output.dim(at),
                 path.state == PathState::Works    ? output.good(QStringLiteral("✓ ") + word)
                 : path.state == PathState::Broken ? output.bad(QStringLiteral("✗ ") + word)
                                                   : QStringLiteral("? ") + word,
                 pathName(path.kind), path.publicName.display(),
                 one.before ? QStringLiteral(" (was: %1)").arg(pathStateName(*one.before)) : QString(),
                 harmless(why).replace(QLatin1Char('\n'), QLatin1Char(' ')));
    }
    const bool gone = one.kind == Transition::Kind::Gone;
    const QString mark = gone                                          ? output.good(QStringLiteral("✓ gone:"))
                         : one.condition.severity == Severity::Error   ? output.bad(QStringLiteral("✗"))
                         : one.condition.severity == Severity::Warning ? output.warning(QStringLiteral("!"))
                                                                       : QStringLiteral("·");
    return QStringLiteral("%1  %2 %3%4\n")
        .arg(output.dim(at), mark, harmless(one.condition.title).replace(QLatin1Char('\n'), QLatin1Char(' ')),
             gone ? QString() : output.dim(QStringLiteral("  (sixgatectl help %1)").arg(harmless(one.condition.code))));
}

QJsonObject json(const Transition &one)
{
    QJsonObject out = document(QStringLiteral("check"));
    out[QStringLiteral("at")] = one.at.toUTC().toString(Qt::ISODate);
    switch (one.kind) {
    case Transition::Kind::Path:
        out[QStringLiteral("event")] = QStringLiteral("path");
        out[QStringLiteral("before")] = one.before ? QJsonValue(pathStateName(*one.before)) : QJsonValue::Null;
        out[QStringLiteral("path")] = json(*one.path);
        break;
    case Transition::Kind::Appeared:
    case Transition::Kind::Gone:
        out[QStringLiteral("event")] =
            QLatin1String(one.kind == Transition::Kind::Gone ? "condition-gone" : "condition");
        out[QStringLiteral("condition")] = json(one.condition);
        break;
    }
    return out;
}

int watch(Output &output, std::chrono::seconds interval, const std::function<Result<CheckReport>()> &check,
          std::stop_token stop)
{
    Changes changes;
    int exit = Failed; // until a check has come to its end
    while (!stop.stop_requested()) {
        const Deadline next = Deadline::after(interval);
        const auto report = check();
        output.quiet();
        if (!report && report.error().code == ErrorCode::Cancelled)
            break;
        if (!report)
            return giveUp(output, report.error(), QStringLiteral("check"));
        exit = exitOf(*report);
        for (const Transition &one : changes.next(*report, QDateTime::currentDateTimeUtc())) {
            output.print(transitionText(output, one));
            output.line(json(one));
        }
        output.moving(QStringLiteral("Watching"));
        // One that takes longer than the interval is not followed by the next one at once.
        if (!pauseFor(std::max<std::chrono::milliseconds>(next.left(), 1s), stop))
            break;
    }
    output.quiet();
    return exit;
}

} // namespace sixgate::ctl
