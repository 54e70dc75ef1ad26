#include "apply/deployer.h"

#include "apply/bundle.h"
#include "model/texts.h"
#include "resources/resources.h"
#include "transport/io.h"

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
// How long nobody answers before the run is left alone: a VPS may restart meanwhile.
constexpr auto silenceTime = 5min;
constexpr auto connectTime = 20s;
constexpr auto longestPause = 10s;
constexpr int mostStarts = 5;
// A machine that is just starting refuses people who have logged in before (pam_nologin).
constexpr int mostRefusals = 5;

QString newRunId()
{
    return QStringLiteral("%1-%2")
        .arg(QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-HHmmss")))
        .arg(QRandomGenerator::system()->generate(), 8, 16, QLatin1Char('0'));
}

QString whereTheVerdictIs(const QString &runId)
{
    return Texts::tr("The run goes on by itself; its verdict will be in /var/lib/sixgate/runs/%1/result on the VPS.")
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
    void begin() { m_lost = false; }

private:
    void step(const QList<QByteArray> &fields)
    {
        static const std::map<QByteArray, StepState> states = {
            {"started", StepState::Started}, {"done", StepState::Done},     {"unchanged", StepState::Unchanged},
            {"failed", StepState::Failed},   {"undone", StepState::Undone}, {"note", StepState::Note},
            {"told", StepState::Told}};
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
        const QString fix = code == ErrorCode::Moved ? Texts::tr("Make a new plan and look at it.") : QString();
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

/// One run on the VPS, from here.
class Run
{
public:
    Run(RemoteHost &host, const ProgressSink &progress, const Deadline &deadline, const RunStops &stops, bool removes)
        : m_host(host), m_progress(progress), m_deadline(deadline), m_stops(stops), m_removes(removes),
          m_reader(progress)
    {
    }

    const QString &id() const { return m_id; }
    bool hasVerdict() const { return m_reader.verdict().has_value(); }

    /// Uploads and starts. The upload is not broken off: afterwards it is certain whether the run exists.
    Outcome start(const QByteArray &bundle)
    {
        Outcome started;
        for (int i = 0; i < mostStarts; ++i) {
            m_id = newRunId();
            started = startOnce(bundle);
            // After a time-out, too, nobody knows whether it has begun.
            m_begun = started.has_value();
            if (started || !(isLoss(started.error()) || started.error().code == ErrorCode::Timeout))
                return started;
            const auto exists = looksForRun(m_stops.detach);
            if (!exists)
                return m_stops.detach.stop_requested() ? leftAlone(ErrorCode::Unavailable) : Outcome(passOn(exists));
            m_begun = *exists;
            if (m_begun)
                return {};
        }
        return started;
    }

    /// Until the verdict, over as many connections as it takes; an error where the deadline or a stop comes first.
    Outcome follow(const Deadline &deadline, std::stop_token stop)
    {
        while (true) {
            const auto followed = followOnce(deadline, stop);
            if (hasVerdict())
                return *m_reader.verdict();
            if (!isLoss(followed.error()))
                return followed;
            if (auto back = reconnect(deadline, stop); !back)
                return back;
        }
    }

    /// Asks the run to stop and waits for what it says.
    Outcome cancel()
    {
        say(Texts::tr("Asking the VPS to stop; waiting for its answer."));
        const std::stop_token detach = m_stops.detach;
        const Deadline deadline = Deadline::after(m_stops.patience);
        const QByteArray unit = "sixgate-apply-" + m_id.toLatin1() + ".service";
        while (true) {
            const auto asked = m_host.command(RemoteCommand("systemctl")
                                                  .literal("kill")
                                                  .literal("--kill-who=main")
                                                  .literal("--signal=TERM")
                                                  .literal(unit.constData()),
                                              deadline, detach);
            if (asked) {
                m_asked = true;
                return follow(deadline, detach);
            }
            if (!isLoss(asked.error()))
                return passOn(asked);
            if (auto back = reconnect(deadline, detach); !back)
                return back;
        }
    }

    /// Nobody waits any more: since the user has left (Unavailable), or its answer took too long (Timeout).
    Outcome leftAlone(ErrorCode why) const
    {
        QString summary = Texts::tr("Detached: the run on %1 goes on by itself; %2.");
        if (!m_begun)
            summary = Texts::tr("Detached: whether the run on %1 has begun is not known; %2.");
        else if (why == ErrorCode::Timeout)
            summary = Texts::tr("The run on %1 gave no answer in time and goes on by itself; %2.");
        return fail(why,
                    summary.arg(m_host.label(), m_asked   ? Texts::tr("it was asked to stop")
                                                : m_begun ? Texts::tr("whether it heard to stop is not known")
                                                          : Texts::tr("if so, it goes on by itself")),
                    m_removes ? Texts::tr("What it took away by then stays away: a removal has no way back.")
                              : Texts::tr("Whatever it does, the VPS never stays half changed."),
                    // A removal takes the folder of its own verdict away.
                    m_stops.goOn + (m_removes ? QString() : QLatin1Char(' ') + whereTheVerdictIs(m_id)));
    }

private:
    static bool isLoss(const Error &error) { return error.code == ErrorCode::Network; }

    void say(const QString &text) const
    {
        if (m_progress)
            m_progress({}, StepState::Note, text);
    }

    Outcome reconnect(const Deadline &deadline, std::stop_token stop)
    {
        say((m_begun ? Texts::tr("The connection to %1 is lost; the run goes on there. Connecting again.")
                     : Texts::tr("The connection to %1 was lost while the plan was sent. Connecting again to see "
                                 "whether its run has begun."))
                .arg(m_host.label()));
        const Deadline silence = Deadline::after(silenceTime).sooner(deadline.left());
        std::chrono::milliseconds pause = 500ms;
        int refusals = 0;
        while (true) {
            auto connected = m_host.connect(Deadline::after(connectTime).sooner(silence.left()), stop);
            if (connected) {
                say(Texts::tr("Connected again."));
                return {};
            }
            const ErrorCode why = connected.error().code;
            const bool passes = why == ErrorCode::Network || why == ErrorCode::Timeout ||
                                (why == ErrorCode::Denied && ++refusals < mostRefusals);
            if (!passes || silence.passed()) {
                connected.error().fix +=
                    QLatin1Char(' ') +
                    (m_begun ? whereTheVerdictIs(m_id)
                             : Texts::tr("Whether the run has begun is not known. %1").arg(m_stops.goOn));
                return connected;
            }
            if (auto paused = pauseFor(pause, stop); !paused)
                return paused;
            pause = std::min<std::chrono::milliseconds>(2 * pause, longestPause);
        }
    }

    /// Whether the run exists, after the connection was lost while it was started.
    Result<bool> looksForRun(std::stop_token stop)
    {
        while (true) {
            if (auto back = reconnect(m_deadline, stop); !back)
                return passOn(back);
            const auto exists = followOnce(m_deadline, stop, true);
            if (exists || hasVerdict())
                return true;
            if (m_reader.lost())
                return false;
            if (!isLoss(exists.error()))
                return passOn(exists);
        }
    }

    Outcome startOnce(const QByteArray &bundle)
    {
        const QByteArray first = "run " + m_id.toLatin1() + ' ' + QByteArray::number(bundle.size());
        const auto ran = m_host.perl(script(u"vps/receive.pl", first) + bundle, Deadline::after(uploadTime), {});
        if (!ran)
            return passOn(ran);
        if (ran->status != 0 || ran->out.trimmed() != "started")
            return fail(ErrorCode::Refused, Texts::tr("The run could not be started on the VPS."),
                        plain(QString::fromUtf8(ran->err).left(500).trimmed()),
                        Texts::tr("Mend what it says there, then try again; nothing was changed."));
        return {};
    }

    /// `once`: only to see whether the run exists.
    Outcome followOnce(const Deadline &deadline, std::stop_token stop, bool once = false)
    {
        const QByteArray first =
            "run " + m_id.toLatin1() + ' ' + QByteArray::number(m_reader.bytes()) + (once ? " once" : "");
        m_reader.begin();
        const auto ran = m_host.perl(script(u"vps/follow.pl", first), deadline, stop,
                                     [this](const QByteArray &line) { m_reader.line(line); });
        if (!ran)
            return passOn(ran);
        if (m_reader.lost())
            return fail(
                ErrorCode::Internal, Texts::tr("The run on the VPS ended without a verdict."),
                Texts::tr("Run %1.").arg(m_id),
                Texts::tr("See \"journalctl -u sixgate-apply-%1\" on the VPS, then make a new plan.").arg(m_id));
        if (once && ran->status == 0)
            return {};
        // Ended by a signal: the machine goes down, for example.
        if (ran->status > 128)
            return fail(ErrorCode::Network, Texts::tr("The connection to %1 ended.").arg(m_host.label()));
        return fail(ErrorCode::Protocol, Texts::tr("The run on the VPS could not be followed."),
                    plain(Texts::tr("Status %1: %2").arg(ran->status).arg(QString::fromUtf8(ran->err).left(500))),
                    whereTheVerdictIs(m_id));
    }

    RemoteHost &m_host;
    const ProgressSink &m_progress;
    const Deadline &m_deadline;
    const RunStops &m_stops;
    bool m_removes;
    QString m_id;
    bool m_begun = false; ///< it is known to run there, or to have run
    bool m_asked = false; ///< to stop
    LogReader m_reader;
};

/// What a cancellation means to who asked for it: by a stop, by the deadline, or by nobody here.
Outcome judged(Outcome ended, ErrorCode why)
{
    if (ended || ended.error().code != ErrorCode::Cancelled || why == ErrorCode::Cancelled)
        return ended;
    if (why == ErrorCode::Timeout)
        return fail(ErrorCode::Timeout, Texts::tr("The VPS did not finish in time; everything was undone."),
                    ended.error().detail);
    return fail(ErrorCode::Refused, Texts::tr("The run was stopped on the VPS itself; everything was undone."),
                ended.error().detail, Texts::tr("The VPS may have been restarted. Once it runs, try again."));
}

} // namespace

Outcome deploy(RemoteHost &host, const std::vector<Change> &changes, const RunOwner &owner,
               const ProgressSink &progress, const Deadline &deadline, const RunStops &stops)
{
    std::vector<Change> mine;
    std::copy_if(changes.begin(), changes.end(), std::back_inserter(mine),
                 [](const Change &change) { return change.lane == Lane::Vps; });
    if (mine.empty())
        return {};
    const auto bundle = deploymentBundle(mine, owner);
    if (!bundle)
        return passOn(bundle);
    if (stops.stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled; the VPS was not touched."));

    const bool removes = std::any_of(mine.begin(), mine.end(), [](const Change &change) {
        return std::holds_alternative<RemoveAll>(change.action);
    });
    Run run(host, progress, deadline, stops, removes);
    if (auto started = run.start(*bundle); !started)
        return started;
    auto ended = run.follow(deadline, stops.stop);
    if (ended || run.hasVerdict())
        return judged(std::move(ended), ErrorCode::Refused);
    const ErrorCode why = ended.error().code;
    if (why == ErrorCode::Cancelled || why == ErrorCode::Timeout) {
        ended = run.cancel();
        if (!ended && !run.hasVerdict() && stops.detach.stop_requested())
            return run.leftAlone(ErrorCode::Unavailable);
        if (!ended && !run.hasVerdict() && ended.error().code == ErrorCode::Timeout)
            return run.leftAlone(ErrorCode::Timeout);
    }
    if (!ended && !run.hasVerdict() && ended.error().fix.isEmpty())
        ended.error().fix = whereTheVerdictIs(run.id());
    return judged(std::move(ended), why);
}

} // namespace sixgate
