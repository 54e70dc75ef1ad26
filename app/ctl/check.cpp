#include "ctl/check.h"

#include "ctl/output.h"

#include <QRegularExpression>

#include <algorithm>
#include <map>
#include <set>

namespace sixgate::ctl
{

namespace
{

constexpr qsizetype Columns = 100;

/// `text` in lines of at most so many columns; a word that is longer stays whole.
QString wrapped(const QString &text, const QString &first, const QString &rest)
{
    QString out, line = first;
    bool empty = true;
    for (const QString &word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        if (!empty && line.size() + 1 + word.size() > Columns) {
            out += line + QLatin1Char('\n');
            line = rest;
            empty = true;
        }
        line += (empty ? QString() : QStringLiteral(" ")) + word;
        empty = false;
    }
    return out + line + QLatin1Char('\n');
}

QString paragraphs(const QString &text, const QString &first, const QString &rest)
{
    QString out;
    for (const QString &line : harmless(text).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        out += wrapped(line, out.isEmpty() ? first : rest, rest);
    return out;
}

QString spaces(int number)
{
    return QString(number, QLatin1Char(' '));
}

QString mark(const Output &output, Severity severity)
{
    switch (severity) {
    case Severity::Error:
        return output.bad(QStringLiteral("✗"));
    case Severity::Warning:
        return output.warning(QStringLiteral("!"));
    case Severity::Info:
        return QStringLiteral("·");
    }
    return {};
}

QString mark(const Output &output, PathState state)
{
    const QString word = pathStateName(state).leftJustified(7);
    return state == PathState::Works    ? output.good(QStringLiteral("✓ ") + word)
           : state == PathState::Broken ? output.bad(QStringLiteral("✗ ") + word)
                                        : QStringLiteral("? ") + word;
}

bool fitsAny(const RouterGuide &guide)
{
    return guide.router == QLatin1String("Other routers");
}

/// Names of errnos and the like for a person; programs read them as they are.
QString inWords(QString line)
{
    static const std::map<QString, QString> words = {
        {QStringLiteral("ECONNREFUSED"), QStringLiteral("refused")},
        {QStringLiteral("ECONNRESET"), QStringLiteral("broken off")},
        {QStringLiteral("EHOSTUNREACH"), QStringLiteral("nobody is there")},
        {QStringLiteral("ENETUNREACH"), QStringLiteral("no way leads there")},
        {QStringLiteral("EADDRNOTAVAIL"), QStringLiteral("this machine has no such address")},
        {QStringLiteral("EACCES"), QStringLiteral("turned away")},
        {QStringLiteral("EPERM"), QStringLiteral("turned away")},
        {QStringLiteral("TIMEOUT"), QStringLiteral("no answer")},
        {QStringLiteral("PROTOCOL"), QStringLiteral("not understood")},
        {QStringLiteral("CLOSED"), QStringLiteral("ended by the other side")}};
    static const QRegularExpression raw(QStringLiteral("(?<![\\w.-])[A-Z]{5,13}(?![\\w.-])"));
    qsizetype from = 0;
    for (auto match = raw.match(line); match.hasMatch(); match = raw.match(line, from)) {
        const auto found = words.find(match.captured());
        const QString word = found == words.end() ? match.captured() : found->second;
        line.replace(match.capturedStart(), match.capturedLength(), word);
        from = match.capturedStart() + word.size();
    }
    return line;
}

QString evidenceText(const Output &output, const Condition &condition, bool explain)
{
    QString text;
    for (const QString &one : condition.evidence) {
        for (const QString &line : harmless(explain ? one : inWords(one)).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
            text += output.dim(spaces(6) + QStringLiteral("saw: ") + line) + QLatin1Char('\n');
    }
    return text;
}

QString titleText(const Output &output, const Condition &condition)
{
    return QStringLiteral("  %1 %2\n").arg(mark(output, condition.severity), output.strong(harmless(condition.title)));
}

/// One act mends both.
bool mendedAlike(const Condition &a, const Condition &b)
{
    return a.code == b.code && !a.remedy.text.isEmpty() && a.remedy.text == b.remedy.text &&
           a.remedy.command == b.remedy.command;
}

/// A condition like one that was told before.
QString likeText(const Output &output, const Condition &condition, const Condition &before, bool explain)
{
    QString text = titleText(output, condition);
    if (condition.text != before.text)
        text += paragraphs(condition.text, spaces(6), spaces(6));
    return text + evidenceText(output, condition, explain) + QStringLiteral("    → The same as above mends it.\n");
}

QString remedyText(const Remedy &remedy, bool allGuides)
{
    QString text = paragraphs(remedy.text, QStringLiteral("    → "), spaces(6));
    // Never broken up: it is copied.
    for (const QString &line : harmless(remedy.command).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        text += spaces(10) + line + QLatin1Char('\n');
    for (const RouterGuide &one : remedy.routers) {
        if (allGuides || fitsAny(one))
            text += paragraphs(QStringLiteral("%1: %2").arg(one.router, one.text), spaces(6), spaces(8));
    }
    return text;
}

/// Where more stands: of routers that are not told of here, by their names.
QString moreText(const Condition &condition, bool allGuides)
{
    QStringList named;
    for (const RouterGuide &one : condition.remedy.routers) {
        if (!allGuides && !fitsAny(one))
            named << one.router;
    }
    return QStringLiteral("      %1: sixgatectl help %2")
        .arg(named.isEmpty() ? QStringLiteral("More") : harmless(named.join(QStringLiteral(", "))),
             harmless(condition.code));
}

QString reasoningText(const Output &output, const Diagnosis &diagnosis)
{
    QString text;
    if (!diagnosis.consequences.empty())
        text += output.strong(QStringLiteral("Explained by it\n"));
    for (const Condition &one : diagnosis.consequences)
        text += QStringLiteral("  %1 %2 %3\n")
                    .arg(mark(output, one.severity), harmless(one.title),
                         output.dim(QStringLiteral("(explained by %1)").arg(harmless(one.explainedBy))));
    if (!diagnosis.reasoning.empty())
        text += output.strong(QStringLiteral("How it was found\n"));
    for (const Reasoning &one : diagnosis.reasoning)
        text += paragraphs(one.rule, QStringLiteral("  "), spaces(4)) +
                paragraphs(one.conclusion, QStringLiteral("    ⇒ "), spaces(6));
    return text;
}

QString lastLine(const Output &output, const CheckReport &report)
{
    const auto &roots = report.diagnosis.roots;
    if (report.paths.empty())
        return QStringLiteral("There is nothing to check: the site file has no services.\n");
    if (report.allWork()) {
        if (report.diagnosis.broken())
            return output.bad(QStringLiteral("✗ Every path works, but something else is wrong.")) + QLatin1Char('\n');
        const auto warnings = std::count_if(roots.begin(), roots.end(),
                                            [](const Condition &one) { return one.severity == Severity::Warning; });
        // With --path, others may be broken.
        std::set<PathKind> kinds;
        for (const PathReport &one : report.paths)
            kinds.insert(one.kind);
        return output.good(kinds.size() == 4 ? QStringLiteral("✓ Everything is reachable.")
                                             : QStringLiteral("✓ What was checked works.")) +
               (warnings == 0 ? QString() : QStringLiteral(" %1.").arg(counted(warnings, "warning", "warnings"))) +
               QLatin1Char('\n');
    }
    const auto in = [&](PathState state) {
        return std::count_if(report.paths.begin(), report.paths.end(),
                             [state](const PathReport &one) { return one.state == state; });
    };
    const auto broken = in(PathState::Broken), unknown = in(PathState::Unknown);
    QString text;
    if (broken > 0 && report.paths.size() == 1)
        text = output.bad(QStringLiteral("✗ The only path that was checked is broken."));
    else if (broken > 0)
        text = output.bad(QStringLiteral("✗ %1 of %2 paths %3 broken.")
                              .arg(broken)
                              .arg(report.paths.size())
                              .arg(QLatin1String(broken == 1 ? "is" : "are")));
    if (unknown > 0)
        text += (text.isEmpty() ? QString() : QStringLiteral(" ")) +
                QStringLiteral("%1 could not be checked from here.").arg(counted(unknown, "path", "paths"));
    return text + QLatin1Char('\n');
}

} // namespace

int exitOf(const CheckReport &report)
{
    return report.allWork() && !report.diagnosis.broken() ? AllWell : Differs;
}

QString Output::path(const PathReport &path) const
{
    static const std::map<PathKind, QString> what = {{PathKind::V4, QStringLiteral("IPv4 through the VPS")},
                                                     {PathKind::Upstream, QStringLiteral("VPS to the home")},
                                                     {PathKind::V6, QStringLiteral("IPv6 from outside")},
                                                     {PathKind::Lan, QStringLiteral("in the LAN")}};
    return QStringLiteral("  %1  %2 %3  %4  %5 ms  %6\n")
        .arg(mark(*this, path.state))
        .arg(int(path.kind))
        .arg(pathName(path.kind).leftJustified(8), what.at(path.kind).leftJustified(20))
        .arg(path.took.count(), 6)
        .arg(path.publicName.display());
}

QString Output::steps(const PathReport &path) const
{
    QString text;
    for (const ProbeStep &one : path.steps)
        text += QStringLiteral("      %1 %2 %3 ms  %4\n")
                    .arg(one.passed ? good(QStringLiteral("✓")) : bad(QStringLiteral("✗")),
                         harmless(one.name).leftJustified(10))
                    .arg(one.took.count(), 6)
                    .arg(dim(harmless(one.detail).replace(QLatin1Char('\n'), QLatin1Char(' '))));
    return text;
}

QString Output::trouble(const PathReport &path) const
{
    if (!path.error || path.state == PathState::Works)
        return {};
    const QString step = path.failedStep.isEmpty() ? QString() : QStringLiteral("at \"%1\": ").arg(path.failedStep);
    QString text = QStringLiteral("  %1 %2 %3: %4%5\n")
                       .arg(path.state == PathState::Broken ? bad(QStringLiteral("✗")) : QStringLiteral("?"),
                            path.publicName.display(), pathName(path.kind), step, harmless(path.error->summary));
    for (const QString &line : harmless(path.error->detail).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        text += dim(spaces(6) + line) + QLatin1Char('\n');
    // The condition that explains it has the remedy; a path's own is a guess.
    if (!path.error->fix.isEmpty() && !path.explained)
        text += QStringLiteral("    → %1\n").arg(harmless(path.error->fix));
    return text;
}

QString Output::condition(const Condition &condition, bool explain) const
{
    return titleText(*this, condition) + paragraphs(condition.text, spaces(6), spaces(6)) +
           evidenceText(*this, condition, explain) + remedyText(condition.remedy, explain) +
           dim(moreText(condition, explain)) + QLatin1Char('\n');
}

QString Output::summary(const CheckReport &report, bool explain) const
{
    QString text;
    for (const PathReport &one : report.paths) {
        if (explain || !one.explained)
            text += trouble(one);
    }
    const auto &roots = report.diagnosis.roots;
    for (auto one = roots.begin(); one != roots.end(); ++one) {
        const auto before =
            std::find_if(roots.begin(), one, [&](const Condition &other) { return mendedAlike(*one, other); });
        text += before == one ? condition(*one, explain) : likeText(*this, *one, *before, explain);
    }
    if (explain)
        text += reasoningText(*this, report.diagnosis);
    return text + lastLine(*this, report);
}

} // namespace sixgate::ctl
