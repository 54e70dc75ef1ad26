// keep, status, history, vps push-key: the keeper, and what others see of it.

#include "ctl/commands.h"
#include "ctl/job.h"
#include "ctl/json.h"
#include "ctl/vps.h"
#include "decide/keptpaths.h"
#include "decide/overview.h"
#include "engine/pushline.h"
#include "engine/vpskeys.h"
#include "ipc/keeperclient.h"
#include "ipc/keepertext.h"
#include "keeping/host.h"
#include "model/text.h"
#include "running/sitework.h"
#include "storage/files.h"
#include "storage/history.h"
#include "storage/sitefile.h"
#include "transport/io.h"
#include "transport/notify.h"

#include <QFile>
#include <QSysInfo>

#include <cstdio>
#include <functional>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

namespace
{

constexpr auto answerTime = 5s;
constexpr auto lockTime = 5s;
constexpr int mostShown = 20;

/// As journald and a terminal like it: journald reads the level from "<5>" and has its own clock.
void logLine(int level, const QString &text)
{
    QString line = harmless(text).replace(QLatin1Char('\n'), QLatin1Char(' ')) + QLatin1Char('\n');
    if (qEnvironmentVariableIsSet("JOURNAL_STREAM"))
        line.prepend(QStringLiteral("<%1>").arg(level));
    else
        line.prepend(QDateTime::currentDateTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz  ")));
    const QByteArray bytes = line.toUtf8();
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, bytes.constData(), size_t(bytes.size()));
}

/// What is in memory gets onto no disk where it crashes: there are secrets in it, also in that of the programs it
/// starts.
void dumpNoCore()
{
    // A filter of system calls may end whoever asks for a limit. Units that have one set the limit themselves; this is
    // for containers.
    if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) {
        (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        return;
    }
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
}

/// What a unit gave this process is for itself: no program that it starts (curl, sendmail) is to have it.
void dropInheritedRights()
{
    (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/// One line about all of it: the window's verdict.
QString headline(const Site &site, const KeeperSnapshot &one)
{
    const Overview overview = overviewOf(site, one);
    const QString detail = overview.state == OverviewState::Paused
                               ? QStringLiteral("Go on with: sixgatectl status resume.")
                               : overview.detail;
    return detail.isEmpty() ? overview.sentence : overview.sentence + QLatin1Char(' ') + detail;
}

QString ago(const QDateTime &at)
{
    const qint64 seconds = at.secsTo(QDateTime::currentDateTimeUtc());
    if (!at.isValid())
        return {};
    if (seconds < 120)
        return QStringLiteral("%1 s ago").arg(std::max<qint64>(seconds, 0));
    if (seconds < 7200)
        return QStringLiteral("%1 min ago").arg(seconds / 60);
    return at.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QString mark(const Output &output, bool fine)
{
    return fine ? output.good(QStringLiteral("✓")) : output.bad(QStringLiteral("✗"));
}

QString spansText(const std::map<QString, qint64> &took)
{
    QStringList parts;
    for (const char *what : {"address", "dns", "push", "v4", "upstream", "v6", "lan"}) {
        if (const auto found = took.find(QLatin1String(what)); found != took.end())
            parts << QStringLiteral("%1 %2 s").arg(found->first).arg(double(found->second) / 1000, 0, 'f', 2);
    }
    return parts.join(QStringLiteral(", "));
}

QString statusText(const Output &output, const Site &site, const KeeperSnapshot &one)
{
    QString text = QStringLiteral("%1\n").arg(one.fine() ? output.good(QStringLiteral("✓ ") + headline(site, one))
                                                         : output.warning(QStringLiteral("! ") + headline(site, one)));
    text += QStringLiteral("  keeper    %1: %2\n").arg(one.role, one.roleWhy);
    for (const KeptServer &server : one.servers)
        text += QStringLiteral("  home      %1 %2 %3\n")
                    .arg(mark(output, server.address.has_value()), server.server.text(),
                         server.address ? server.address->text() : server.why);
    for (const KeptRecord &record : one.records) {
        const QStringList values(record.values.begin(), record.values.end());
        const QStringList aliases(record.aliases.begin(), record.aliases.end());
        text +=
            QStringLiteral("  DNS       %1 %2%3 %4%5\n")
                .arg(mark(output, record.right), record.record,
                     aliases.isEmpty() ? QString() : QStringLiteral(" (← %1)").arg(aliases.join(QStringLiteral(", "))),
                     values.isEmpty() ? (record.right ? QStringLiteral("(none)") : QStringLiteral("(not known)"))
                                      : values.join(QStringLiteral(", ")),
                     record.why.isEmpty() ? QString() : QStringLiteral(": ") + record.why);
    }
    for (const KeptPush &push : one.pushes)
        text += QStringLiteral("  VPS       %1 %2 → %3%4  %5\n")
                    .arg(mark(output, push.done), push.upstream, push.address,
                         push.why.isEmpty() ? QString() : QStringLiteral(": ") + push.why, output.dim(ago(push.at)));
    for (const KeptPath &path : pathsToShow(one.paths, one.records))
        text += QStringLiteral("  path      %1 %2 %3, %4 ms%5  %6\n")
                    .arg(path.state == PathState::Unknown ? output.dim(QStringLiteral("?"))
                                                          : mark(output, path.state == PathState::Works),
                         pathName(path.kind), path.publicName, QString::number(path.took.count()),
                         path.why.isEmpty() ? QString() : QStringLiteral(": ") + path.why, output.dim(ago(path.at)));
    for (const QString &trouble : one.troubles)
        text += QStringLiteral("  trouble   %1\n").arg(trouble);
    for (const QString &trouble : one.alarmTroubles)
        text += QStringLiteral("  alarm     %1\n").arg(trouble);
    if (one.recovery)
        text += QStringLiteral("  last move %1%2, %3 (%4)\n")
                    .arg(one.recovery->before.isEmpty() ? QStringLiteral("to ")
                                                        : one.recovery->before + QStringLiteral(" → "),
                         one.recovery->after, ago(one.recovery->at), spansText(one.recovery->took));
    return harmless(text);
}

using LogLine = std::function<void(int level, const QString &text)>;

LogLine logTo(const Options &options, Output &output)
{
    if (!options.json)
        return logLine;
    return [&output](int level, const QString &text) {
        output.line({{QStringLiteral("at"), stampText(QDateTime::currentDateTimeUtc())},
                     {QStringLiteral("level"), level},
                     {QStringLiteral("text"), text}});
    };
}

/// `again` is set where the site file has changed: then it is to begin anew.
int keepOnce(const Options &options, Output &output, const std::stop_token &stop, bool &again)
{
    const auto begun = begin(options, output, {}, stop);
    if (!begun)
        return notBegun(output, begun.error(), options.words[0]);
    dropInheritedRights();
    QByteArray status;
    HostCalls calls;
    calls.log = logTo(options, output);
    calls.snapshot = [&status, &site = begun->engine->site()](const SharedSnapshot &snapshot) {
        const QByteArray line = "STATUS=" + headline(site, *snapshot).toUtf8() + " (" + snapshot->role.toUtf8() + ")";
        if (line != status) {
            status = line;
            notifyManager(line);
        }
    };
    calls.ready = [] { notifyManager("READY=1"); };
    calls.alive = [] { notifyManager("WATCHDOG=1"); };
    const auto ended = hostKeeper(begun->engine->site(), *begun->secrets, options.siteFile, calls, stop);
    if (!ended)
        return giveUp(output, ended.error(), options.words[0]);
    again = *ended == HostEnd::SiteChanged;
    return AllWell;
}

} // namespace

int runKeep(const Options &options, Output &output, std::stop_token stop)
{
    if (auto few = noMoreWords(options, 1); !few)
        return giveUp(output, few.error(), options.words[0]);
    dumpNoCore();
    // It has many threads for a moment each, and runs for years: what they leave is to be used again.
    (void)::mallopt(M_ARENA_MAX, 2);
    int code = AllWell;
    for (bool again = true; again && !stop.stop_requested();) {
        again = false;
        code = keepOnce(options, output, stop, again);
    }
    notifyManager("STOPPING=1");
    if (code == AllWell)
        logTo(options, output)(5, QStringLiteral("Ended."));
    return code;
}

int runStatus(const Options &options, Output &output, std::stop_token stop)
{
    const auto failed = [&](const Error &error) { return giveUp(output, error, options.words[0]); };
    if (auto few = noMoreWords(options, 2); !few)
        return failed(few.error());
    const auto site = siteOf(options);
    if (!site) {
        failed(site.error());
        return BadInput;
    }
    RemoteKeeper keeper(site->name);
    if (const QString word = options.words.value(1); !word.isEmpty()) {
        for (const KeeperIntent intent : {KeeperIntent::Check, KeeperIntent::Pause, KeeperIntent::Resume}) {
            if (word != keeperIntentName(intent))
                continue;
            if (auto told = keeper.tell(intent, Deadline::after(answerTime), stop); !told)
                return failed(told.error());
            output.print(QStringLiteral("The keeper has heard it.\n"));
            output.document(document(QStringLiteral("status")));
            return AllWell;
        }
        return failed({ErrorCode::Invalid,
                       QStringLiteral("\"status\" takes check, pause or resume, for example: "
                                      "sixgatectl status check."),
                       {},
                       {}});
    }
    const auto show = [&](const SharedSnapshot &snapshot) {
        if (options.has("--follow"))
            output.print(output.dim(QDateTime::currentDateTime().toString(QStringLiteral("HH:mm:ss.zzz"))) +
                         QLatin1Char('\n'));
        output.print(statusText(output, *site, *snapshot));
        QJsonObject out = document(QStringLiteral("status"));
        out[QStringLiteral("keeper")] = json(*snapshot);
        if (options.has("--follow"))
            output.line(out);
        else
            output.document(out);
    };
    if (options.has("--follow")) {
        const auto followed = keeper.follow(show, stop);
        return followed ? AllWell : failed(followed.error());
    }
    const auto snapshot = keeper.snapshot(Deadline::after(answerTime), stop);
    if (!snapshot)
        return failed(snapshot.error());
    show(*snapshot);
    return (*snapshot)->fine() ? AllWell : Differs;
}

namespace
{

QJsonValue spanJson(const std::optional<std::chrono::milliseconds> &span)
{
    return span ? QJsonValue(qint64(span->count())) : QJsonValue::Null;
}

QJsonObject json(const Recovery &one)
{
    QJsonObject proven;
    for (const auto &[kind, took] : one.proven)
        proven[pathName(kind)] = qint64(took.count());
    return {{QStringLiteral("at"), stampText(one.at)},
            {QStringLiteral("cause"), one.cause},
            {QStringLiteral("server"), one.server ? one.server->text() : QString()},
            {QStringLiteral("before"), one.oldAddress ? one.oldAddress->text() : QString()},
            {QStringLiteral("after"), one.newAddress ? one.newAddress->text() : QString()},
            {QStringLiteral("usableMs"), spanJson(one.usable)},
            {QStringLiteral("dnsMs"), spanJson(one.dnsRead)},
            {QStringLiteral("pushMs"), spanJson(one.pushed)},
            {QStringLiteral("provenMs"), proven},
            {QStringLiteral("end"), recoveryEndName(one.end)}};
}

QString seconds(const std::optional<std::chrono::milliseconds> &span)
{
    return span ? QString::number(double(span->count()) / 1000, 'f', 2) : QStringLiteral("-");
}

std::optional<std::chrono::milliseconds> provenAfter(const Recovery &one, PathKind kind)
{
    const auto found = one.proven.find(kind);
    return found == one.proven.end() ? std::nullopt : std::optional(found->second);
}

} // namespace

int runHistory(const Options &options, Output &output)
{
    const auto failed = [&](const Error &error) { return giveUp(output, error, options.words[0]); };
    if (auto few = noMoreWords(options, 1); !few)
        return failed(few.error());
    const auto site = siteOf(options);
    if (!site)
        return failed(site.error());
    const auto history = History::open(site->name);
    if (!history)
        return failed(history.error());
    const auto recoveries = history->recoveries(options.json ? History::MostRecoveries : mostShown);
    const auto transitions = history->transitions(options.json ? History::MostTransitions : mostShown);
    if (!recoveries || !transitions)
        return failed(!recoveries ? recoveries.error() : transitions.error());
    QJsonObject out = document(QStringLiteral("history"));
    QJsonArray list;
    for (const Recovery &one : *recoveries)
        list.append(json(one));
    out[QStringLiteral("recoveries")] = list;
    QJsonArray changes;
    for (const KeeperTransition &one : *transitions)
        changes.append(QJsonObject{{QStringLiteral("at"), stampText(one.at)},
                                   {QStringLiteral("what"), one.what},
                                   {QStringLiteral("from"), one.from},
                                   {QStringLiteral("to"), one.to},
                                   {QStringLiteral("text"), one.text}});
    out[QStringLiteral("transitions")] = changes;
    const auto at = [](const QDateTime &time) {
        return time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    };
    if (recoveries->empty())
        output.print(QStringLiteral("The home's address has not changed since a keeper runs here.\n"));
    else
        output.print(QStringLiteral("Changes of the home's address, newest first; seconds from the change until …\n"
                                    "  when                  known   DNS   VPS    v4    v6   lan  address\n"));
    for (const Recovery &one : *recoveries)
        output.print(QStringLiteral("  %1  %2 %3 %4 %5 %6 %7  %8%9\n")
                         .arg(at(one.at))
                         .arg(seconds(one.usable), 6)
                         .arg(seconds(one.dnsRead), 5)
                         .arg(seconds(one.pushed), 5)
                         .arg(seconds(provenAfter(one, PathKind::V4)), 5)
                         .arg(seconds(provenAfter(one, PathKind::V6)), 5)
                         .arg(seconds(provenAfter(one, PathKind::Lan)), 5)
                         .arg(one.newAddress ? one.newAddress->text() : QString(),
                              one.end == RecoveryEnd::Superseded
                                  ? QStringLiteral("  (overtaken, or the keeper was ended)")
                                  : QString()));
    if (!transitions->empty())
        output.print(QStringLiteral("\nWhat became otherwise, newest first\n"));
    for (const KeeperTransition &one : *transitions)
        output.print(harmless(QStringLiteral("  %1  %2: %3 → %4%5\n")
                                  .arg(at(one.at), one.what, one.from, one.to,
                                       one.text.isEmpty() ? QString() : QStringLiteral("  ") + one.text)));
    output.document(out);
    return AllWell;
}

int runPushKey(const Options &options, Output &output, std::stop_token stop)
{
    const QString command = QStringLiteral("vps push-key");
    const auto failed = [&](const Error &error) { return giveUp(output, error, command); };
    const bool add = options.words.value(2) == QLatin1String("add");
    if (auto few = noMoreWords(options, add ? 4 : 2); !few)
        return failed(few.error());
    const auto site = siteOf(options);
    if (!site)
        return failed(site.error());
    const auto key =
        add ? publicKeyLine(options.words.value(3, QStringLiteral("-")), stop).and_then([](const QByteArray &line) {
            return PushKey::parse(QString::fromUtf8(line));
        })
            : ownPushKey(options.siteFile, site->name, stop);
    if (!key)
        return failed(key.error());
    const auto &known = site->vps.front().pushKeys;
    const bool isNew = std::none_of(known.begin(), known.end(), [&](const PushKey &one) { return sameKey(one, *key); });
    if (isNew) {
        const auto lock = lockSite(site->name, Deadline::after(lockTime), stop);
        if (!lock)
            return failed(lock.error());
        if (auto saved =
                changeVps(options.siteFile, site->vps.front().name, [&](Vps &vps) { vps.pushKeys.push_back(*key); });
            !saved)
            return failed(saved.error());
    }
    output.print(QStringLiteral("%1\n").arg(key->text()));
    output.print(isNew ? QStringLiteral("It is in %1 now. Next: sixgatectl apply, which lets it in at the VPS; then "
                                        "sixgatectl keep.\n")
                             .arg(options.siteFile)
                       : QStringLiteral("It is in %1 already.\n").arg(options.siteFile));
    if (!add)
        output.print(QStringLiteral("Where another computer deploys this site, bring it the line above: sixgatectl vps "
                                    "push-key add FILE\n"));
    QJsonObject out = document(command);
    out[QStringLiteral("key")] = key->text();
    out[QStringLiteral("changed")] = isNew;
    output.document(out);
    return AllWell;
}

} // namespace sixgate::ctl
