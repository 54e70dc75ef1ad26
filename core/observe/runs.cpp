#include "observe/runs.h"

#include "model/text.h"
#include "model/texts.h"
#include "resources/resources.h"

namespace sixgate
{

namespace
{

constexpr qsizetype mostOutput = 4 * 1024 * 1024;

QString textOf(const QByteArrayList &fields, qsizetype at)
{
    return shownLine(QByteArray::fromBase64(fields.value(at)));
}

} // namespace

std::vector<RunLog> parseRuns(const QByteArray &output)
{
    std::vector<RunLog> runs;
    for (const QByteArray &line : output.split('\n')) {
        const QByteArrayList fields = line.split('\t');
        const QByteArray what = fields.first();
        if (what == "run" && fields.size() == 3) {
            RunLog run;
            run.id = shownLine(fields[1]);
            run.at = QDateTime::fromSecsSinceEpoch(fields[2].toLongLong(), Qt::UTC);
            runs.push_back(std::move(run));
        } else if (runs.empty()) {
            continue;
        } else if (what == "step" && fields.size() >= 3) {
            runs.back().lines.push_back({shownLine(fields[1]), shownLine(fields[2]), textOf(fields, 3)});
        } else if (what == "result" && fields.size() >= 2) {
            runs.back().verdict = shownLine(fields[1]);
            runs.back().summary = textOf(fields, 2);
            runs.back().detail = textOf(fields, 3);
        }
    }
    return runs;
}

Result<std::vector<RunLog>> observeRuns(RemoteHost &host, const Deadline &deadline, std::stop_token stop)
{
    const auto ran = host.perl(resource(u"vps/runs.pl") + "__END__\n", deadline, std::move(stop), {}, mostOutput);
    if (!ran)
        return passOn(ran);
    if (ran->status != 0)
        return fail(ErrorCode::Refused, Texts::tr("The logs on %1 could not be read.").arg(host.label()),
                    shownLine(ran->err));
    return parseRuns(ran->out);
}

} // namespace sixgate
