#include "ctl/vps.h"

#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/steps.h"
#include "engine/vpskeys.h"
#include "storage/sitefile.h"
#include "storage/state.h"
#include "transport/io.h"

#include <QFile>

#include <algorithm>
#include <unistd.h>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

namespace
{

constexpr qsizetype mostKeyFile = 16 * 1024;

/// Nobody to ask, or he says no.
Outcome goOn(const Options &options, Output &output, std::stop_token stop)
{
    if (options.has("--yes"))
        return {};
    return askYes(output, QStringLiteral("Go on? [y/N] "), QStringLiteral("add --yes"), stop);
}

} // namespace

Outcome confirmHostKey(const Options &options, Output &output, const QString &machine, const PresentedHostKey &key,
                       std::stop_token stop)
{
    if (const QString text = options.value("--host-key"); !text.isEmpty()) {
        const auto known = HostKeyPin::parse(text);
        if (!known)
            return fail(ErrorCode::Invalid, QStringLiteral("--host-key: %1").arg(known.error().summary), {},
                        known.error().fix);
        if (known->fits(key.type, key.fingerprint))
            return {};
        return fail(ErrorCode::HostKey,
                    QStringLiteral("%1 presents another host key than --host-key tells.").arg(machine),
                    QStringLiteral("Presented: %1 %2 (%3).").arg(key.type, key.fingerprint.text(), key.md5),
                    QStringLiteral("Compare it on the console of that machine; nothing was changed."));
    }
    output.print(
        QStringLiteral("%1 presents this host key (%2):\n  %3\n  %4\n"
                       "Compare one of the two with what the machine itself shows: in the provider's web page, or "
                       "on its\nconsole (the web console, not SSH):\n"
                       "  ssh-keygen -l -f /etc/ssh/ssh_host_%5_key.pub        (the second form: with -E md5)\n")
            .arg(machine, key.type, key.fingerprint.text(), key.md5,
                 key.type == QLatin1String("ssh-ed25519") ? QStringLiteral("ed25519") : QStringLiteral("ecdsa")));
    return askYes(output, QStringLiteral("Is it the same? [y/N] "),
                  QStringLiteral("compare it, then add --host-key \"%1 %2\"").arg(key.type, key.fingerprint.text()),
                  stop);
}

Outcome changeVps(const Options &options, const Label &vps, const std::function<void(Vps &)> &change)
{
    auto site = siteOf(options);
    if (!site)
        return passOn(site);
    if (site->vps.front().name != vps)
        return fail(ErrorCode::Moved,
                    QStringLiteral("%1 was changed meanwhile: its VPS is another one now.").arg(options.siteFile), {},
                    QStringLiteral("Look at it, then try again."));
    change(site->vps.front());
    return saveSite(options.siteFile, *site);
}

Result<QByteArray> publicKeyLine(const QString &file, std::stop_token stop)
{
    if (file == QLatin1String("-"))
        return readInput(STDIN_FILENO, ReadUntil::End, mostKeyFile, stop);
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, QStringLiteral("%1 cannot be read: %2.").arg(file, in.errorString()));
    return in.read(mostKeyFile + 1);
}

QString VpsAct::command() const
{
    return options.words.mid(0, 2).join(QLatin1Char(' '));
}

Engine::Sinks VpsAct::sinks()
{
    Engine::Sinks to;
    to.activity = [this](const QString &text) { output.activity(text); };
    to.step = [this](const QString &id, StepState state, const QString &text) {
        if (m_step)
            m_step(id, state, text);
    };
    to.path = [this](const PathReport &path) { output.print(output.path(path)); };
    return to;
}

Outcome VpsAct::applied(Engine &engine, const Plan &plan, Steps &steps)
{
    m_step = [&steps](const QString &id, StepState state, const QString &text) { steps(id, state, text); };
    const Outcome done = engine.apply(plan, stops);
    m_step = {};
    output.quiet();
    return done;
}

int VpsAct::carryOut(Engine &engine, const Plan &plan, bool check, const Around &around)
{
    output.print(plan.empty() && !around.nothing.isEmpty() ? around.nothing : output.plan(plan, true));
    output.print(output.withheld(plan.withheld));
    QJsonObject out = document(command());
    if (plan.blocked()) {
        out[QStringLiteral("changes")] = QJsonArray();
        out[QStringLiteral("withheld")] = json(plan.withheld);
        output.document(out);
        return Failed;
    }
    if (!plan.empty() || around.asksAlways) {
        output.print(around.warning);
        if (auto agreed = goOn(options, output, stops.stop); !agreed)
            return giveUp(output, agreed.error(), command());
    }
    Steps steps(output, plan);
    Outcome done = applied(engine, plan, steps);
    if (done && around.after)
        done = around.after();
    out[QStringLiteral("changed")] = steps.changed();
    out[QStringLiteral("changes")] = steps.json();
    out[QStringLiteral("withheld")] = json(plan.withheld);
    out[QStringLiteral("error")] = json(done ? std::optional<Error>() : std::optional<Error>(done.error()));
    int exit = AllWell;
    if (!done) {
        if (!output.json())
            output.error(done.error());
        exit = Failed;
    } else if (check) {
        const auto report = engine.check(stops.stop);
        output.quiet();
        if (!report)
            return giveUp(output, report.error(), command());
        output.print(output.summary(*report));
        out[QStringLiteral("check")] = json(*report);
        exit = exitOf(*report);
    }
    if (around.last)
        exit = around.last(exit, out);
    output.document(out);
    return exit;
}

int VpsAct::rollBack(Site site)
{
    const auto lock = lockSite(site.name, Deadline::after(5s), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());
    Engine engine(std::move(site), secrets, sinks());
    const auto seen = engine.observe(PlanScope::Vps, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    // The step back may have been done by then, and a second one would undo it.
    stops.goOn =
        QStringLiteral("When it has ended, \"sixgatectl plan\" tells: changes on the VPS mean that it went back; "
                       "else go on with: sixgatectl vps rollback.");
    Around around;
    around.after = [this] {
        output.print(
            QStringLiteral("The site file still wants what was there before: the next apply goes there again.\n"));
        return Outcome();
    };
    return carryOut(engine, engine.rollbackPlan(*seen), true, around);
}

int VpsAct::remove(Site site)
{
    const auto lock = lockSite(site.name, Deadline::after(5s), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());
    stops.goOn = QStringLiteral("Go on with: sixgatectl vps remove (it waits for the run's end first).");
    Around around;
    around.nothing =
        QStringLiteral("Nothing to take away: Sixgate has nothing on %1.\n").arg(vpsLabel(site.vps.front()));
    Engine engine(std::move(site), secrets, sinks());
    const auto seen = engine.observe(PlanScope::All, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    // Visitors may still be led to the one, and Sixgate be on both.
    if (engine.left())
        return giveUp(output,
                      {ErrorCode::Refused,
                       QStringLiteral("A move from %1 is not finished.").arg(vpsLabel(engine.left()->vps)),
                       {},
                       QStringLiteral("Finish it first: sixgatectl vps replace")},
                      command());
    return carryOut(engine, engine.removalPlan(*seen, {options.has("--keep-packages"), true}), false, around);
}

} // namespace sixgate::ctl
