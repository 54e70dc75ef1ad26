// vps replace: another machine instead. What was left is remembered until it is clean or given up, so that a move that
// broke off goes on where it was.
#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/vps.h"
#include "decide/vpsacts.h"
#include "engine/vpskeys.h"
#include "transport/io.h"

#include <QDateTime>

#include <algorithm>

namespace sixgate::ctl
{

using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::seconds longestWait = 10min;
constexpr auto lockTime = 5s;

bool isIpv4(const IpAddress &address)
{
    return std::holds_alternative<Ipv4Address>(address);
}

QString oldMachine(const Vps &old)
{
    return old.addresses.empty() ? QStringLiteral("the old machine")
                                 : QStringLiteral("the old machine (%1)").arg(ipText(old.addresses.front()));
}

/// Changes the state as it is now; the site's lock is held.
Outcome changeState(const Label &site, const std::function<void(SiteState &)> &change)
{
    auto state = loadState(site);
    if (!state)
        return passOn(state);
    change(*state);
    return saveState(site, *state);
}

bool isPinned(const Vps &vps, const PresentedHostKey &key)
{
    return std::any_of(vps.hostKeys.begin(), vps.hostKeys.end(),
                       [&](const HostKeyPin &pin) { return pin.fits(key.type, key.fingerprint); });
}

Error invalid(const QString &summary, const QString &fix)
{
    return {ErrorCode::Invalid, summary, {}, fix};
}

} // namespace

Result<std::optional<Vps>> VpsAct::newMachine(const Vps &now) const
{
    Vps next = now;
    next.addresses.clear();
    const auto given = options.given.find(QStringLiteral("--address"));
    if (given == options.given.end()) {
        for (const char *option : {"--user", "--port", "--host-key"}) {
            if (options.has(option))
                return fail(
                    ErrorCode::Invalid,
                    QStringLiteral("%1 is of the new machine, whose --address is missing.").arg(QLatin1String(option)));
        }
        return std::optional<Vps>();
    }
    for (const QString &text : given->second) {
        const auto address = parseIpAddress(text);
        if (!address)
            return fail(ErrorCode::Invalid, QStringLiteral("--address: %1").arg(address.error().summary));
        next.addresses.push_back(*address);
    }
    if (std::none_of(next.addresses.begin(), next.addresses.end(), isIpv4))
        return fail(ErrorCode::Invalid,
                    QStringLiteral("The new machine's IPv4 address is missing: visitors over IPv4 come to it."), {},
                    QStringLiteral("For example: sixgatectl vps replace --address 192.0.2.20 --address 2001:db8::20"));
    // IPv6 first: the carrier's IPv4 is shared.
    std::stable_partition(next.addresses.begin(), next.addresses.end(),
                          [](const IpAddress &one) { return !isIpv4(one); });
    if (options.has("--user")) {
        auto user = Login::parse(options.value("--user"));
        if (!user)
            return fail(ErrorCode::Invalid, QStringLiteral("--user: %1").arg(user.error().summary));
        next.user = std::move(*user);
    }
    if (options.has("--port")) {
        auto port = Port::parse(options.value("--port"));
        if (!port)
            return fail(ErrorCode::Invalid, QStringLiteral("--port: %1").arg(port.error().summary));
        next.sshPort = *port;
    }
    return std::optional(std::move(next));
}

/// The host key that the machine presents at each of its addresses: visitors are led to one that nobody logs in by.
Result<PresentedHostKey> VpsAct::keyOfAll(const Vps &vps)
{
    output.activity(QStringLiteral("Asking the new machine for its host key"));
    const auto answers = presentedHostKeys(vps, stops.stop);
    output.quiet();
    auto key = oneMachine(answers);
    for (const KeyAt &one : answers) {
        if (key && !one.key)
            output.remark(QStringLiteral("The new machine does not answer at %1: %2\n"
                                         "→ See whether this computer has IPv6, or whether that address is wrong.\n")
                              .arg(ipText(one.address), harmless(one.key.error().summary)));
    }
    return key;
}

/// Whether it is another machine, and the user's; pins its key.
Outcome VpsAct::meetNewMachine(Site &site, const Vps &old)
{
    Vps &vps = site.vps.front();
    const auto key = keyOfAll(vps);
    if (!key)
        return passOn(key);
    vps.hostKeys = {{*HostKeyType::parse(key->type), key->fingerprint}};
    if (mayBeSameMachine(vps, old))
        return fail(ErrorCode::Invalid, QStringLiteral("That is the machine that Sixgate uses already."), {},
                    QStringLiteral("Give the addresses of the new one; it has none of the old one's and a host key of "
                                   "its own."));
    return confirmHostKey(options, output, QStringLiteral("The new machine"), *key, stops.stop);
}

int VpsAct::replace(Site site)
{
    const auto given = newMachine(site.vps.front());
    if (!given)
        return giveUp(output, given.error(), command());
    auto lock = lockSite(site.name, Deadline::after(lockTime), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());
    const auto state = loadState(site.name);
    if (!state)
        return giveUp(output, state.error(), command());
    m_lock = std::move(*lock);

    Vps now = site.vps.front();
    if (auto found = vpsAddressesOf(site, stops.stop))
        now.addresses = std::move(*found);
    // The site file names the new machine as soon as that is set up: a move that broke off later is ended from there.
    const auto &left = state->leftVps;
    const bool begun = left && !mayBeSameMachine(left->vps, now);
    if (begun && (!*given || shareAnAddress(**given, now))) {
        if (!options.has("--abandon-old") || *given)
            return moveTo(site, left->vps, true);
        QJsonObject out = document(command());
        const int exit = giveUpOld(site.name, out);
        output.document(out);
        return exit;
    }
    if (!*given)
        return giveUp(output,
                      invalid(QStringLiteral("The addresses of the new machine are missing."),
                              QStringLiteral("For example: sixgatectl vps replace --address 192.0.2.20 --address "
                                             "2001:db8::20 (the same ones again where a move was stopped "
                                             "before it led visitors there).")),
                      command());
    Site next = site;
    next.vps.front() = **given;
    if (begun && shareAnAddress(**given, left->vps)) {
        // Back to the machine that was left: it is known.
        next.vps.front() = left->vps;
        next.vps.front().addresses = (*given)->addresses;
        const auto key = keyOfAll(next.vps.front());
        if (!key)
            return giveUp(output, key.error(), command());
        if (!isPinned(next.vps.front(), *key))
            return giveUp(
                output,
                {ErrorCode::HostKey, QStringLiteral("That machine presents another host key than before."),
                 QStringLiteral("Presented: %1 %2 (%3).").arg(key->type, key->fingerprint.text(), key->md5),
                 QStringLiteral("Compare it on the console of that machine. Where it was installed anew, give "
                                "up what was left there (sixgatectl vps replace --abandon-old), then move to "
                                "it.")},
                command());
        return moveTo(next, now, false);
    }
    if (begun)
        return giveUp(output,
                      invalid(QStringLiteral("The machine before, %1, is not clean yet.").arg(oldMachine(left->vps)),
                              QStringLiteral("Clean it: sixgatectl vps replace. Or give it up: sixgatectl vps replace "
                                             "--abandon-old")),
                      command());
    if (auto met = meetNewMachine(next, now); !met)
        return giveUp(output, met.error(), command());
    return moveTo(next, now, false);
}

int VpsAct::moveTo(const Site &site, const Vps &old, bool goesOn)
{
    Engine::Sinks to = sinks();
    Engine *working = nullptr;
    // Until the new machine is set up nothing remembers it, and apply would go to the old one.
    stops.goOn = goesOn ? QStringLiteral("Go on with: sixgatectl vps replace (it waits for the run's end first).")
                        : QStringLiteral("Go on with the same command again (it waits for the run's end first): by now "
                                         "the new machine may have the ACME keys, and nothing else remembers it.");
    // From here on apply and a repeated replace lead to the new machine.
    to.deployed = [&] {
        if (goesOn)
            return Outcome();
        if (auto kept = working->rememberLeft(LeftVps{old, {}}); !kept)
            return kept;
        return changeVps(options, site.vps.front().name, [&](Vps &vps) {
            const Vps &next = site.vps.front();
            vps.addresses = next.addresses;
            vps.hostKeys = next.hostKeys;
            vps.user = next.user;
            vps.sshPort = next.sshPort;
        });
    };
    Engine engine(site, secrets, std::move(to));
    working = &engine;
    const auto seen = engine.observe(PlanScope::All, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    const bool abandons = options.has("--abandon-old");
    const std::chrono::seconds patience = longestStay(site, seen->zone);
    bool applied = false;
    Around around;
    around.asksAlways = true;
    if (!abandons)
        around.warning = QStringLiteral("When all paths are proven, everything that Sixgate brought to %1 is taken "
                                        "away from it,\nthe Debian packages that it installed, too (--abandon-old "
                                        "leaves it alone).\n")
                             .arg(oldMachine(old));
    around.after = [&] {
        applied = true;
        LeftVps left = engine.left().value_or(LeftVps{old, {}});
        if (!left.forgottenAt)
            left.forgottenAt = QDateTime::currentSecsSinceEpoch() + patience.count();
        return engine.rememberLeft(std::move(left));
    };
    around.last = [&](int exit, QJsonObject &out) {
        out[QStringLiteral("oldMachine")] = QStringLiteral("not-clean");
        if (applied)
            output.remark(
                QStringLiteral("Other computers and keepers of this site still know %1 as its VPS; apply there would "
                               "lead visitors back to it.\n→ Bring them the \"vps\" part of %2.\n")
                    .arg(oldMachine(old), options.siteFile));
        if (!applied) {
            if (engine.left())
                output.remark(QStringLiteral("Go on with: sixgatectl vps replace\n"));
            return exit;
        }
        if (exit != AllWell) {
            output.remark(QStringLiteral("Since not all is well with the new machine, %1 was left as it is.\n"
                                         "→ Once all is well, clean it with: sixgatectl vps replace\n")
                              .arg(oldMachine(old)));
            return exit;
        }
        return abandons ? giveUpOld(site.name, out) : letGo(site, *engine.left(), out);
    };
    return carryOut(engine, engine.plan(*seen, PlanScope::All), true, around);
}

int VpsAct::giveUpOld(const Label &site, QJsonObject &out)
{
    QString which;
    const auto forgotten = changeState(site, [&](SiteState &state) {
        which = state.leftVps ? oldMachine(state.leftVps->vps) : QStringLiteral("the old machine");
        state.leftVps.reset();
    });
    if (!forgotten) {
        output.remark(forgotten.error().summary + QLatin1Char('\n'));
        return Failed;
    }
    out[QStringLiteral("oldMachine")] = QStringLiteral("given-up");
    output.remark(QStringLiteral("Sixgate does not go to %1 any more.\n"
                                 "→ It still has the ACME keys: replace them at the DNS server, store the new ones "
                                 "(sixgatectl secret set), and apply.\n")
                      .arg(which));
    return AllWell;
}

/// The old machine, when nobody is sent there any more.
int VpsAct::letGo(const Site &site, const LeftVps &left, QJsonObject &out)
{
    const QString which = oldMachine(left.vps);
    const std::chrono::seconds wait(
        std::max<qint64>(left.forgottenAt.value_or(0) - QDateTime::currentSecsSinceEpoch(), 0));
    if (wait > longestWait) {
        output.print(
            QStringLiteral("Resolvers may send visitors to %1 until %2. After that, clean it with: "
                           "sixgatectl vps replace\n")
                .arg(which,
                     QDateTime::fromSecsSinceEpoch(*left.forgottenAt).toString(QStringLiteral("yyyy-MM-dd HH:mm"))));
        return AllWell;
    }
    Outcome done;
    if (wait > 0s) {
        output.activity(QStringLiteral("Waiting %1 s until nobody is sent to %2").arg(wait.count()).arg(which));
        // Meanwhile others may follow a change of the home's prefix.
        m_lock.reset();
        done = pauseFor(wait, stops.stop);
        auto lock = lockSite(site.name, Deadline::after(lockTime), stops.stop);
        if (done && !lock)
            done = passOn(lock);
        if (lock)
            m_lock = std::move(*lock);
    }
    if (done)
        done = clean(site, left, out);
    output.quiet();
    if (done) {
        out[QStringLiteral("oldMachine")] = QStringLiteral("clean");
        output.print(QStringLiteral("Sixgate is gone from %1; you can give it back.\n").arg(which));
        return AllWell;
    }
    output.remark(QStringLiteral("Sixgate is still on %1: %2\n"
                                 "→ Try again: sixgatectl vps replace. If that machine is gone: sixgatectl vps replace "
                                 "--abandon-old\n")
                      .arg(which, harmless(done.error().summary)));
    return Failed;
}

Outcome VpsAct::clean(const Site &site, const LeftVps &left, QJsonObject &out)
{
    const auto before = loadState(site.name);
    if (!before)
        return passOn(before);
    Vps now = site.vps.front();
    const auto found = vpsAddressesOf(site, stops.stop);
    if (!found)
        return passOn(found);
    now.addresses.insert(now.addresses.end(), found->begin(), found->end());
    if (before->leftVps != left || mayBeSameMachine(now, left.vps))
        return fail(ErrorCode::Moved, QStringLiteral("it may be the machine in use by now; nothing was removed."));
    Site old = site;
    old.vps.front() = left.vps;
    Engine engine(old, secrets, sinks());
    const auto seen = engine.observe(PlanScope::Vps, stops.stop);
    output.quiet();
    if (!seen)
        return passOn(seen);
    const Plan plan = engine.removalPlan(*seen, {false, false});
    if (plan.blocked())
        return fail(ErrorCode::Refused, plan.withheld.front().reason, plan.withheld.front().detail);
    Steps steps(output, plan);
    const Outcome done = applied(engine, plan, steps);
    out[QStringLiteral("oldChanges")] = steps.json();
    if (steps.changed())
        out[QStringLiteral("changed")] = true;
    // What was seen there tells nothing about the machine in use.
    SiteState after = *before;
    if (done)
        after.leftVps.reset();
    const Outcome saved = saveState(site.name, after);
    return done ? saved : done;
}

} // namespace sixgate::ctl
