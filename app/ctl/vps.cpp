#include "ctl/vps.h"

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

bool blocked(const Plan &plan)
{
    return std::any_of(plan.withheld.begin(), plan.withheld.end(), [](const Withheld &one) { return one.blocking; });
}

/// How long visitors may still come to where the public names led before.
std::chrono::seconds visitorsPatience(const Plan &plan, const Hostname &vpsName)
{
    std::chrono::seconds longest = 0s;
    for (const Change &change : plan.changes) {
        const auto *records = std::get_if<SetRecords>(&change.action);
        if (records && records->wanted.type == RecordType::A && records->wanted.name != vpsName)
            longest = std::max(longest, records->expected.ttl);
    }
    return longest;
}

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
            return fail(ErrorCode::Invalid, QStringLiteral("--host-key: %1").arg(known.error().summary));
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
    return {[this](const QString &text) { output.activity(text); },
            [this](const QString &id, StepState state, const QString &text) {
                if (m_step)
                    m_step(id, state, text);
            },
            [this](const PathReport &path) { output.print(output.path(path)); }};
}

int VpsAct::carryOut(Engine &engine, const Plan &plan, bool check, const std::function<Outcome()> &whenDone)
{
    output.print(output.plan(plan, true));
    output.print(output.withheld(plan.withheld));
    QJsonObject out = document(command());
    if (blocked(plan)) {
        out[QStringLiteral("changes")] = QJsonArray();
        out[QStringLiteral("withheld")] = json(plan.withheld);
        output.document(out);
        return Failed;
    }
    if (!plan.empty()) {
        if (auto agreed = goOn(options, output, stops.stop); !agreed)
            return giveUp(output, agreed.error(), command());
    }
    Steps steps(output, plan);
    m_step = [&steps](const QString &id, StepState state, const QString &text) { steps(id, state, text); };
    Outcome done = engine.apply(plan, stops);
    m_step = {};
    output.quiet();
    if (done && whenDone)
        done = whenDone();
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
        exit = report->allWork() ? AllWell : Differs;
    }
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
    return carryOut(engine, engine.rollbackPlan(*seen), true, [this] {
        output.print(
            QStringLiteral("The site file still wants what was there before: the next apply goes there again.\n"));
        return Outcome();
    });
}

int VpsAct::remove(Site site)
{
    const auto lock = lockSite(site.name, Deadline::after(5s), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());
    Engine engine(std::move(site), secrets, sinks());
    const auto seen = engine.observe(PlanScope::All, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    return carryOut(engine, engine.removalPlan(*seen, {options.has("--keep-packages"), true}), false);
}

/// The old machine, when nobody is sent there any more.
int VpsAct::letGo(const Site &old, std::chrono::seconds wait)
{
    const QString host = QStringLiteral("the old machine (%1)").arg(ipText(old.vps.front().addresses.front()));
    if (wait > 0s)
        output.activity(QStringLiteral("Waiting %1 s until nobody is sent to %2").arg(wait.count()).arg(host));
    Outcome done = pauseFor(wait, stops.stop);
    if (done) {
        Engine engine(old, secrets, sinks());
        const auto seen = engine.observe(PlanScope::Vps, stops.stop);
        output.quiet();
        const Plan plan = seen ? engine.removalPlan(*seen, {false, false}) : Plan();
        Steps steps(output, plan);
        m_step = [&steps](const QString &id, StepState state, const QString &text) { steps(id, state, text); };
        done = !seen ? Outcome(passOn(seen)) : Outcome();
        if (done && blocked(plan))
            done = fail(ErrorCode::Refused, plan.withheld.front().reason, plan.withheld.front().detail);
        if (done)
            done = engine.apply(plan, stops);
        m_step = {};
        output.quiet();
    }
    if (done) {
        output.print(QStringLiteral("Sixgate is gone from %1; you can give it back.\n").arg(host));
        return AllWell;
    }
    output.remark(
        QStringLiteral("%1 could not be cleaned: %2\n"
                       "→ Give it back to its provider. It still has the ACME keys: replace them at the DNS server, "
                       "store the new ones (sixgatectl secret set), and apply.\n")
            .arg(host, harmless(done.error().summary)));
    return Failed;
}

int VpsAct::replace(Site site)
{
    std::vector<IpAddress> addresses;
    const auto given = options.given.find(QStringLiteral("--address"));
    for (const QString &text : given == options.given.end() ? QStringList() : given->second) {
        const auto address = parseIpAddress(text);
        if (!address)
            return giveUp(output,
                          {ErrorCode::Invalid, QStringLiteral("--address: %1").arg(address.error().summary), {}, {}},
                          command());
        addresses.push_back(*address);
    }
    const auto isIpv4 = [](const IpAddress &one) { return std::holds_alternative<Ipv4Address>(one); };
    if (std::none_of(addresses.begin(), addresses.end(), isIpv4))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("The new machine's IPv4 address is missing, for example: sixgatectl vps replace "
                                      "--address 192.0.2.20 --address 2001:db8::20."),
                       {},
                       {}},
                      command());
    const auto lock = lockSite(site.name, Deadline::after(5s), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());

    // IPv6 first: the carrier's IPv4 is shared.
    std::stable_partition(addresses.begin(), addresses.end(), [&](const IpAddress &one) { return !isIpv4(one); });
    Site old = site;
    if (auto found = vpsAddressesOf(site, stops.stop))
        old.vps.front().addresses = std::move(*found);
    site.vps.front().addresses = addresses;
    output.activity(QStringLiteral("Asking the new machine for its host key"));
    const auto key = presentedHostKey(site, stops.stop);
    output.quiet();
    if (!key)
        return giveUp(output, key.error(), command());
    const auto same = [&](const HostKeyPin &pin) { return pin.fits(key->type, key->fingerprint); };
    const auto &pins = old.vps.front().hostKeys;
    // Whichever shows that it is the same machine: what comes last is a removal.
    const auto shared = [&](const IpAddress &one) {
        const auto &before = old.vps.front().addresses;
        return std::find(before.begin(), before.end(), one) != before.end();
    };
    if (std::any_of(pins.begin(), pins.end(), same) || std::any_of(addresses.begin(), addresses.end(), shared))
        return giveUp(
            output,
            {ErrorCode::Invalid,
             QStringLiteral("That is the machine that Sixgate uses already."),
             {},
             QStringLiteral("Give the addresses of the new one; it has none of the old one's and a host key of "
                            "its own.")},
            command());
    if (auto confirmed = confirmHostKey(options, output, QStringLiteral("The new machine"), *key, stops.stop);
        !confirmed)
        return giveUp(output, confirmed.error(), command());
    site.vps.front().hostKeys = {{*HostKeyType::parse(key->type), key->fingerprint}};

    Engine engine(site, secrets, sinks());
    const auto seen = engine.observe(PlanScope::All, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    // The site file names the new machine as soon as visitors are led there, and not before.
    bool moved = false;
    if (!options.has("--abandon-old"))
        output.print(QStringLiteral(
            "When all paths are proven, everything that Sixgate brought to the old machine is taken away "
            "from it,\nthe Debian packages that it installed, too (--abandon-old leaves it alone).\n"));
    const Plan plan = engine.plan(*seen, PlanScope::All);
    const int exit = carryOut(engine, plan, true, [&] {
        auto saved = saveSite(options.siteFile, site);
        moved = saved.has_value();
        return saved;
    });
    if (!moved)
        return exit;
    if (exit != AllWell || options.has("--abandon-old") || old.vps.front().addresses.empty()) {
        output.remark(
            exit == AllWell
                ? QStringLiteral("The old machine still has the ACME keys: replace them at the DNS server, store "
                                 "the new ones (sixgatectl secret set), and apply.\n")
                : QStringLiteral("The old machine was left as it is, since not all is well with the new one. It has "
                                 "the ACME keys: once all is well, replace them at the DNS server, store the new ones "
                                 "(sixgatectl secret set), and apply.\n"));
        return exit;
    }
    return letGo(old, visitorsPatience(plan, site.vps.front().host));
}

} // namespace sixgate::ctl
