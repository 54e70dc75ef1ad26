#include "ctl/formats.h"

#include "ctl/output.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sixgate::ctl
{

namespace
{

QString seconds(std::chrono::milliseconds span)
{
    return QString::number(double(span.count()) / 1000, 'f', 3);
}

qsizetype in(const CheckReport &report, PathState state)
{
    return std::count_if(report.paths.begin(), report.paths.end(),
                         [state](const PathReport &one) { return one.state == state; });
}

qsizetype of(const CheckReport &report, Severity severity)
{
    const auto &roots = report.diagnosis.roots;
    return std::count_if(roots.begin(), roots.end(),
                         [severity](const Condition &one) { return one.severity == severity; });
}

/// On the plugin's line: what comes behind "|" is data, and there is one line.
QString plain(const QString &text)
{
    return harmless(text).replace(QLatin1Char('|'), QLatin1Char('/')).simplified();
}

NagiosExit nagiosExit(const CheckReport &report)
{
    if (in(report, PathState::Broken) > 0 || of(report, Severity::Error) > 0)
        return NagiosCritical;
    if (!report.allWork())
        return NagiosUnknown;
    return of(report, Severity::Warning) > 0 ? NagiosWarning : NagiosOk;
}

using Labels = std::vector<std::pair<const char *, QString>>;

/// One metric with its samples.
class Metric
{
public:
    Metric(const char *name, const char *what)
        : m_name(QLatin1String(name)),
          m_text(QStringLiteral("# HELP %1 %2\n# TYPE %1 gauge\n").arg(m_name, QLatin1String(what)))
    {
    }

    void add(const Labels &labels, const QString &value)
    {
        QStringList list;
        for (const auto &[label, text] : labels)
            list << QStringLiteral("%1=\"%2\"").arg(QLatin1String(label), escaped(text));
        const QString sample =
            m_name + (list.empty() ? QString() : QStringLiteral("{%1}").arg(list.join(QLatin1Char(','))));
        // The same twice makes all of it invalid.
        if (m_samples.insert(sample).second)
            m_text += QStringLiteral("%1 %2\n").arg(sample, value);
    }

    const QString &text() const { return m_text; }

private:
    static QString escaped(QString text)
    {
        return text.replace(QLatin1Char('\\'), QLatin1String("\\\\"))
            .replace(QLatin1Char('"'), QLatin1String("\\\""))
            .replace(QLatin1Char('\n'), QLatin1String("\\n"));
    }

    QString m_name, m_text;
    std::set<QString> m_samples;
};

Labels labelsOf(const PathReport &path)
{
    return {{"service", path.service.text()}, {"name", path.publicName.ascii()}, {"path", pathName(path.kind)}};
}

Metric success(bool yes)
{
    Metric metric("sixgate_check_success", "Whether the check could be made; what it found is in the other metrics.");
    metric.add({}, QString::number(int(yes)));
    return metric;
}

} // namespace

NagiosAnswer nagios(const CheckReport &report)
{
    const NagiosExit exit = nagiosExit(report);
    static constexpr const char *words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    QStringList parts;
    parts << QStringLiteral("%1 of %2 paths work").arg(in(report, PathState::Works)).arg(report.paths.size());
    for (const Condition &one : report.diagnosis.roots) {
        if (one.severity != Severity::Info)
            parts << plain(one.title);
    }
    for (const PathReport &one : report.paths) {
        if (one.state != PathState::Works && !one.explained)
            parts << plain(QStringLiteral("%1 %2: %3")
                               .arg(one.publicName.ascii(), pathName(one.kind),
                                    one.error ? one.error->summary : pathStateName(one.state)));
    }
    QStringList data;
    for (const PathReport &one : report.paths) {
        if (one.state != PathState::Unknown)
            data << QStringLiteral("'%1 %2'=%3s;;;0;")
                        .arg(one.publicName.ascii(), pathName(one.kind), seconds(one.took));
    }
    data << QStringLiteral("working=%1;;;0;%2").arg(in(report, PathState::Works)).arg(report.paths.size())
         << QStringLiteral("errors=%1;;;0;").arg(of(report, Severity::Error))
         << QStringLiteral("warnings=%1;;;0;").arg(of(report, Severity::Warning))
         << QStringLiteral("time=%1s;;;0;").arg(seconds(report.took));
    return {QStringLiteral("SIXGATE %1 - %2|%3\n")
                .arg(QLatin1String(words[exit]), parts.join(QStringLiteral("; ")), data.join(QLatin1Char(' '))),
            exit};
}

NagiosAnswer nagios(const Error &error)
{
    return {QStringLiteral("SIXGATE UNKNOWN - %1\n").arg(plain(error.summary)), NagiosUnknown};
}

QString prometheus(const CheckReport &report)
{
    Metric up("sixgate_path_up", "Whether the path was proven; 0: it is broken, or could not be checked.");
    Metric unknown("sixgate_path_unknown", "Whether the path could not be checked.");
    Metric took("sixgate_path_seconds", "How long the probe of the path took.");
    Metric notAfter("sixgate_certificate_not_after_seconds",
                    "When the certificate that was shown on the path expires, in seconds since 1970.");
    for (const PathReport &one : report.paths) {
        const Labels labels = labelsOf(one);
        up.add(labels, QString::number(int(one.state == PathState::Works)));
        unknown.add(labels, QString::number(int(one.state == PathState::Unknown)));
        if (one.state != PathState::Unknown)
            took.add(labels, seconds(one.took));
        if (one.certificate && one.certificate->notAfter.isValid())
            notAfter.add(labels, QString::number(one.certificate->notAfter.toSecsSinceEpoch()));
    }
    Metric condition("sixgate_condition", "A condition that no other one explains; it is there while it is true.");
    Metric visibleAfter("sixgate_condition_visible_after_seconds",
                        "How long the condition should last before somebody is told; 0: it does not pass by itself.");
    for (const Condition &one : report.diagnosis.roots) {
        const Labels labels{{"code", one.code}, {"severity", severityName(one.severity)}, {"about", one.about}};
        condition.add(labels, QStringLiteral("1"));
        visibleAfter.add(labels, QString::number(one.timeToVisible.count()));
    }
    Metric all("sixgate_check_seconds", "How long the check took.");
    all.add({}, seconds(report.took));
    return up.text() + unknown.text() + took.text() + notAfter.text() + condition.text() + visibleAfter.text() +
           all.text() + success(true).text();
}

QString prometheusFailed()
{
    return success(false).text();
}

} // namespace sixgate::ctl
