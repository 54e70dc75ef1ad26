#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/formats.h"
#include "ctl/job.h"
#include "ctl/json.h"
#include "ctl/report.h"
#include "ctl/watch.h"
#include "decide/diagnosis.h"

#include <QDateTime>

#include <set>

namespace sixgate::ctl
{

namespace
{

void printPath(Output &output, const PathReport &path, bool explain)
{
    output.print(output.path(path) + (explain ? output.steps(path) : QString()));
}

/// What a check prints while it goes on: nothing for monitors. A path of which the diagnosis may make something else
/// waits for that; the others are in `told` then.
Engine::Sinks checkSinks(const CheckOptions &wanted, Output &output, std::set<QString> &told)
{
    Engine::Sinks to;
    if (wanted.format == CheckFormat::Nagios || wanted.format == CheckFormat::Prometheus)
        return to;
    if (wanted.watch) {
        to.activity = [&output](const QString &text) { output.moving(text); };
        return to;
    }
    to = sinksFor(output);
    to.path = [&output, &told, explain = wanted.explain](const PathReport &path) {
        if (mayBeJudgedOtherwise(path))
            return;
        told.insert(explainedKey(path));
        printPath(output, path, explain);
    };
    return to;
}

/// Nothing could be checked.
int couldNot(const Options &options, Output &output, const NotBegun &why)
{
    switch (options.check.format) {
    case CheckFormat::Nagios: {
        const NagiosAnswer answer = nagios(why.error);
        output.print(answer.line);
        return answer.exit;
    }
    case CheckFormat::Prometheus:
        output.print(prometheusFailed());
        break;
    case CheckFormat::Text:
    case CheckFormat::Json:
        break;
    }
    return notBegun(output, why, options.words[0]);
}

/// `told`: paths whose lines stand there already.
int shown(const Options &options, Output &output, const CheckReport &report, const std::set<QString> &told)
{
    switch (options.check.format) {
    case CheckFormat::Nagios: {
        const NagiosAnswer answer = nagios(report);
        output.print(answer.line);
        return answer.exit;
    }
    case CheckFormat::Prometheus:
        output.print(prometheus(report));
        return exitOf(report);
    case CheckFormat::Text:
        for (const PathReport &one : report.paths) {
            if (!told.contains(explainedKey(one)))
                printPath(output, one, options.check.explain);
        }
        output.print(output.summary(report, options.check.explain));
        return exitOf(report);
    case CheckFormat::Json:
        break;
    }
    QJsonObject out = document(options.words[0]);
    const QJsonObject body = json(report, options.check.explain);
    for (auto one = body.begin(); one != body.end(); ++one)
        out[one.key()] = one.value();
    output.document(out);
    return exitOf(report);
}

} // namespace

int runCheck(const Options &options, Output &output, std::stop_token stop)
{
    const CheckOptions &wanted = options.check;
    const auto failed = [&](const Error &error) {
        return couldNot(options, output, {error, error.code == ErrorCode::Invalid ? BadInput : Failed});
    };
    const bool force = options.has("--force");
    if (!wanted.report.isEmpty()) {
        if (const auto may = mayWriteReport(wanted.report, force); !may)
            return failed(may.error());
    }
    std::set<QString> told;
    const auto begun = begin(options, output, checkSinks(wanted, output, told), stop);
    if (!begun)
        return couldNot(options, output, begun.error());
    if (wanted.watch) {
        return watch(
            output, wanted.interval,
            [&] {
                // Each with a connection of its own: one that broke meanwhile tells nothing about the VPS.
                Engine engine(begun->engine->site(), *begun->secrets, checkSinks(wanted, output, told));
                return engine.check(stop, wanted.paths, true);
            },
            stop);
    }
    const bool monitor = wanted.format == CheckFormat::Nagios || wanted.format == CheckFormat::Prometheus;
    const auto report = begun->engine->check(stop, wanted.paths, monitor);
    output.quiet();
    if (!report)
        return failed(report.error());
    Outcome written;
    if (!wanted.report.isEmpty()) {
        const QString text = reportText(begun->engine->site(), *report, QDateTime::currentDateTimeUtc());
        written = writeReport(wanted.report, text, force);
        if (written && wanted.format == CheckFormat::Text)
            output.print(QStringLiteral("The report is in %1\n").arg(wanted.report));
    }
    const int exit = shown(options, output, *report, told);
    if (written)
        return exit;
    // What was found is not lost with the file. A monitor goes by what was found.
    Output(false).error(written.error());
    return wanted.format == CheckFormat::Nagios ? exit : int(Failed);
}

} // namespace sixgate::ctl
