#include "apply/deployer.h"

#include "apply/bundle.h"
#include "resources/resources.h"

#include <QDateTime>
#include <QRandomGenerator>
#include <QRegularExpression>

#include <algorithm>
#include <iterator>
#include <optional>

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

// The upload is short and is not broken off: afterwards it is certain whether the run exists.
constexpr auto uploadTime = 2min;
// How long a cancelled run may take to give its verdict: apt-get is waited for, since a broken-off dpkg is worse.
constexpr auto verdictTime = 2min;

QString newRunId()
{
    return QStringLiteral("%1-%2")
        .arg(QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-HHmmss")))
        .arg(QRandomGenerator::system()->generate(), 8, 16, QLatin1Char('0'));
}

QString whereTheVerdictIs(const QString &runId)
{
    return QStringLiteral(
               "The run goes on by itself; its verdict will be in /var/lib/sixgate/runs/%1/result on the VPS.")
        .arg(runId);
}

// Text from the VPS: no control characters but line ends.
QString plain(QString text)
{
    for (QChar &c : text) {
        if (!c.isPrint() && c != QLatin1Char('\n'))
            c = QLatin1Char(' ');
    }
    return text;
}

QString textOf(const QByteArray &base64)
{
    return plain(QString::fromUtf8(QByteArray::fromBase64(base64)).left(8192));
}

/// Reads the log's lines, passes steps on, keeps the result.
class LogReader
{
public:
    explicit LogReader(const ProgressSink &progress) : m_progress(progress) {}

    void line(const QByteArray &line)
    {
        if (line == "lost") {
            m_lost = true;
            return;
        }
        m_bytes += line.size() + 1;
        const auto fields = line.split('\t');
        if (fields.size() == 4 && fields[0] == "step")
            step(fields);
        else if (fields.size() == 4 && fields[0] == "result")
            result(fields);
    }

    qint64 bytes() const { return m_bytes; } ///< of the log, read so far
    bool lost() const { return m_lost; }
    const std::optional<Outcome> &verdict() const { return m_verdict; }

private:
    void step(const QList<QByteArray> &fields)
    {
        static const std::map<QByteArray, StepState> states = {
            {"started", StepState::Started}, {"done", StepState::Done},     {"unchanged", StepState::Unchanged},
            {"failed", StepState::Failed},   {"undone", StepState::Undone}, {"note", StepState::Note}};
        const auto state = states.find(fields[2]);
        if (state != states.end() && m_progress)
            m_progress(fields[1] == "-" ? QString() : plain(QString::fromLatin1(fields[1])), state->second,
                       textOf(fields[3]));
    }

    void result(const QList<QByteArray> &fields)
    {
        if (fields[1] == "done") {
            m_verdict = Outcome();
            return;
        }
        const ErrorCode code = fields[1] == "moved"       ? ErrorCode::Moved
                               : fields[1] == "cancelled" ? ErrorCode::Cancelled
                                                          : ErrorCode::Refused;
        const QString fix = code == ErrorCode::Moved ? QStringLiteral("Make a new plan and look at it.") : QString();
        m_verdict = fail(code, textOf(fields[2]), textOf(fields[3]), fix);
    }

    const ProgressSink &m_progress;
    qint64 m_bytes = 0;
    bool m_lost = false;
    std::optional<Outcome> m_verdict;
};

QByteArray script(QStringView name, const QByteArray &firstLine)
{
    return resource(name) + "__END__\n" + firstLine + '\n';
}

/// Follows until the verdict; an error where the connection, the deadline or a stop comes first.
Outcome follow(SshSession &session, const QString &runId, LogReader &reader, const Deadline &deadline,
               std::stop_token stop)
{
    const QByteArray first = "run " + runId.toLatin1() + ' ' + QByteArray::number(reader.bytes());
    const auto ran = session.exec(RemoteCommand("perl").literal("-"), script(u"vps/follow.pl", first), deadline, stop,
                                  [&reader](const QByteArray &line) { reader.line(line); });
    if (reader.verdict())
        return *reader.verdict();
    if (!ran)
        return passOn(ran);
    if (reader.lost())
        return fail(ErrorCode::Internal, QStringLiteral("The run on the VPS ended without a verdict."),
                    QStringLiteral("Run %1.").arg(runId),
                    QStringLiteral("See \"journalctl -u sixgate-apply-%1\" on the VPS, then "
                                   "make a new plan.")
                        .arg(runId));
    return fail(ErrorCode::Protocol, QStringLiteral("The run on the VPS could not be followed."),
                QStringLiteral("Status %1: %2").arg(ran->status).arg(QString::fromUtf8(ran->err).left(500)),
                whereTheVerdictIs(runId));
}

/// Asks the run to stop and waits for what it says.
Outcome cancel(SshSession &session, const QString &runId, LogReader &reader)
{
    const Deadline deadline = Deadline::after(verdictTime);
    const QByteArray unit = "sixgate-apply-" + runId.toLatin1() + ".service";
    const auto asked = session.exec(RemoteCommand("systemctl")
                                        .literal("kill")
                                        .literal("--kill-whom=main")
                                        .literal("--signal=TERM")
                                        .literal(unit.constData()),
                                    {}, deadline, {});
    if (!asked)
        return passOn(asked);
    return follow(session, runId, reader, deadline, {});
}

Outcome start(SshSession &session, const QString &runId, const QByteArray &bundle)
{
    const QByteArray first = "run " + runId.toLatin1() + ' ' + QByteArray::number(bundle.size());
    const auto ran = session.exec(RemoteCommand("perl").literal("-"), script(u"vps/receive.pl", first) + bundle,
                                  Deadline::after(uploadTime), {});
    if (!ran) {
        // The run may have begun before the connection broke.
        tl::unexpected<Error> broken = passOn(ran);
        broken.value().fix = QStringLiteral("If it was started, its verdict will be in "
                                            "/var/lib/sixgate/runs/%1/result on the VPS; then make a new plan.")
                                 .arg(runId);
        return broken;
    }
    if (ran->status != 0 || ran->out.trimmed() != "started")
        return fail(ErrorCode::Refused, QStringLiteral("The run could not be started on the VPS."),
                    QString::fromUtf8(ran->err).left(500).trimmed());
    return {};
}

} // namespace

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
    }
    return QStringLiteral("note");
}

Outcome deploy(SshSession &session, const std::vector<Change> &changes, const ProgressSink &progress,
               const Deadline &deadline, std::stop_token stop)
{
    std::vector<Change> mine;
    std::copy_if(changes.begin(), changes.end(), std::back_inserter(mine),
                 [](const Change &change) { return change.lane == Lane::Vps; });
    if (mine.empty())
        return {};
    const auto bundle = deploymentBundle(mine);
    if (!bundle)
        return passOn(bundle);
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled; the VPS was not touched."));

    const QString runId = newRunId();
    if (auto started = start(session, runId, *bundle); !started)
        return started;
    LogReader reader(progress);
    auto followed = follow(session, runId, reader, deadline, stop);
    if (followed || reader.verdict())
        return followed;
    const ErrorCode why = followed.error().code;
    if (why != ErrorCode::Cancelled && why != ErrorCode::Timeout) {
        if (followed.error().fix.isEmpty() || why == ErrorCode::Network)
            followed.error().fix = whereTheVerdictIs(runId);
        return followed;
    }
    if (progress)
        progress({}, StepState::Note, QStringLiteral("Asking the VPS to stop; waiting for its answer."));
    auto ended = cancel(session, runId, reader);
    if (!ended && !reader.verdict())
        ended.error().fix = whereTheVerdictIs(runId);
    // Undone because of the deadline, not because somebody wished it.
    if (!ended && ended.error().code == ErrorCode::Cancelled && why == ErrorCode::Timeout)
        return fail(ErrorCode::Timeout, QStringLiteral("The VPS did not finish in time; everything was undone."),
                    ended.error().detail);
    return ended;
}

} // namespace sixgate
