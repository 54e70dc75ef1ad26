// Another machine instead. What was left is remembered until it is clean or given up, so that a move that broke off
// goes on where it was.
#include "decide/vpsacts.h"
#include "engine/vpskeys.h"
#include "model/texts.h"
#include "running/sitework.h"
#include "storage/sitefile.h"
#include "transport/io.h"

#include <QDateTime>

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr std::chrono::seconds longestWait = 10min;

bool isIpv4(const IpAddress &address)
{
    return std::holds_alternative<Ipv4Address>(address);
}

QString oldMachine(const Vps &old)
{
    return old.addresses.empty() ? Texts::tr("the old machine")
                                 : Texts::tr("the old machine (%1)").arg(ipText(old.addresses.front()));
}

/// " --address …" of each: what orders the move to that machine again.
QString addressOptions(const Vps &vps)
{
    QString all;
    for (const IpAddress &one : vps.addresses)
        all += QStringLiteral(" --address ") + ipText(one);
    return all;
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

/// The machine in use: at its own addresses, wherever the site file has them from.
Vps machineInUse(const Site &site, std::stop_token stop)
{
    Vps now = site.vps.front();
    if (auto found = vpsAddressesOf(site, stop))
        now.addresses = std::move(*found);
    return now;
}

} // namespace

Result<std::optional<Vps>> SiteWork::newMachine(const ReplaceOrder &order) const
{
    if (!order.machine)
        return std::optional<Vps>();
    Vps next = m_site.vps.front();
    next.addresses = order.machine->addresses;
    if (std::none_of(next.addresses.begin(), next.addresses.end(), isIpv4))
        return fail(ErrorCode::Invalid,
                    Texts::tr("The new machine's IPv4 address is missing: visitors over IPv4 come to it."), {},
                    Texts::tr("Give it, too: sixgatectl vps replace --address 192.0.2.20 --address 2001:db8::20"));
    // IPv6 first: the carrier's IPv4 is shared.
    std::stable_partition(next.addresses.begin(), next.addresses.end(),
                          [](const IpAddress &one) { return !isIpv4(one); });
    if (order.machine->user)
        next.user = *order.machine->user;
    if (order.machine->port)
        next.sshPort = *order.machine->port;
    return std::optional(std::move(next));
}

/// The host key that the machine presents at each of its addresses: visitors are led to one that nobody logs in by.
Result<PresentedHostKey> SiteWork::keyOfAll(const Vps &vps)
{
    m_talk.activity(Texts::tr("Asking the new machine for its host key"));
    const auto answers = presentedHostKeys(vps, m_stops.stop);
    auto key = oneMachine(answers);
    for (const KeyAt &one : answers) {
        if (key && !one.key)
            m_talk.remark(Texts::tr("The new machine does not answer at %1: %2")
                              .arg(ipText(one.address), one.key.error().summary),
                          Texts::tr("See whether this computer has IPv6, or whether that address is wrong."));
    }
    return key;
}

/// Whether it is another machine, and the user's; pins its key, and lets the site in where it does not yet.
Outcome SiteWork::meetNewMachine(Site &site, const Vps &old, const NewMachine &machine)
{
    Vps &vps = site.vps.front();
    const auto key = keyOfAll(vps);
    if (!key)
        return passOn(key);
    vps.hostKeys = {{*HostKeyType::parse(key->type), key->fingerprint}};
    if (mayBeSameMachine(vps, old))
        return fail(ErrorCode::Invalid, Texts::tr("That is the machine that Sixgate uses already."), {},
                    Texts::tr("Give the addresses of the new one; it has none of the old one's and a host key of "
                              "its own."));
    const auto before = loadState(m_site.name);
    m_lock.reset();
    if (auto confirmed = m_talk.confirmHostKey(Texts::tr("The new machine"), *key, m_stops.stop); !confirmed)
        return confirmed;
    if (machine.password) {
        if (auto brought = bringKey(site, *machine.password); !brought)
            return brought;
    }
    if (auto locked = lock(); !locked)
        return locked;
    const auto now = loadState(m_site.name);
    if (!now)
        return passOn(now);
    if (!before || before->leftVps != now->leftVps)
        return fail(ErrorCode::Moved, Texts::tr("Another Sixgate has moved this site meanwhile."), {},
                    Texts::tr("Look at the site file, then try again."));
    return {};
}

/// With the password, which the machine's provider gave: from now on the site's key opens it.
Outcome SiteWork::bringKey(Site &site, const Secret &password)
{
    m_talk.activity(Texts::tr("Bringing the SSH key to the new machine"));
    auto added = bringSshKey(site, site.vps.front().keyFile, password.clone(), m_stops.stop);
    if (!added)
        return passOn(added);
    site.vps.front().auth = SshAuth::Key;
    site.vps.front().keyFile = *added;
    return tryLogin(site, m_secrets, m_stops.stop);
}

Result<JobEnd> SiteWork::run(const ReplaceOrder &order)
{
    const auto given = newMachine(order);
    if (!given)
        return passOn(given);
    if (auto locked = lock(); !locked)
        return passOn(locked);
    const auto state = loadState(m_site.name);
    if (!state)
        return passOn(state);
    const auto &left = state->leftVps;
    if (left && !*given && order.abandonOld)
        return giveUpOld(*left);
    const Vps now = machineInUse(m_site, m_stops.stop);
    // The site file names the new machine as soon as that is set up: a move that broke off later is ended from there.
    const bool begun = left && !mayBeSameMachine(left->vps, now);
    if (begun && (!*given || shareAnAddress(**given, now)))
        return moveTo(m_site, left->vps, true, order.abandonOld);
    if (!*given)
        return fail(ErrorCode::Invalid, Texts::tr("The addresses of the new machine are missing."), {},
                    Texts::tr("Give them: sixgatectl vps replace --address 192.0.2.20 --address 2001:db8::20 "
                              "(the same ones again where a move was stopped before it led visitors there)."));
    if (begun && shareAnAddress(**given, left->vps))
        return moveBack(**given, left->vps, now, order.abandonOld);
    if (begun)
        return fail(ErrorCode::Invalid, Texts::tr("The move from %1 is not finished.").arg(oldMachine(left->vps)), {},
                    left->forgottenAt
                        ? Texts::tr("Clean that machine: sixgatectl vps replace. Or give it up: sixgatectl vps replace "
                                    "--abandon-old")
                        : Texts::tr("Go on with it: sixgatectl vps replace. Or give the old machine up: sixgatectl vps "
                                    "replace --abandon-old"));
    Site next = m_site;
    next.vps.front() = **given;
    if (auto met = meetNewMachine(next, now, *order.machine); !met)
        return passOn(met);
    return moveTo(next, now, false, order.abandonOld);
}

/// Back to the machine that was left: it is known.
Result<JobEnd> SiteWork::moveBack(const Vps &given, const Vps &left, const Vps &now, bool abandons)
{
    Site next = m_site;
    next.vps.front() = left;
    next.vps.front().addresses = given.addresses;
    const auto key = keyOfAll(next.vps.front());
    if (!key)
        return passOn(key);
    if (!isPinned(next.vps.front(), *key))
        return fail(ErrorCode::HostKey, Texts::tr("That machine presents another host key than before."),
                    QStringLiteral("Presented: %1 %2 (%3).").arg(key->type, key->fingerprint.text(), key->md5),
                    Texts::tr("Compare it on the console of that machine. Where it was installed anew, give up "
                              "what was left there (sixgatectl vps replace --abandon-old), then move to it."));
    return moveTo(next, now, false, abandons);
}

Result<JobEnd> SiteWork::moveTo(const Site &site, const Vps &old, bool goesOn, bool abandons)
{
    // Until the new machine is set up nothing remembers it, and apply would go to the old one.
    m_stops.goOn = goesOn ? Texts::tr("Go on with: sixgatectl vps replace (it waits for the run's end first).")
                          : Texts::tr("Go on with it again: sixgatectl vps replace%1 (it waits for the run's end "
                                      "first); by now the new machine may have the ACME keys, and nothing else "
                                      "remembers it.")
                                .arg(addressOptions(site.vps.front()));
    std::chrono::seconds patience{0};
    bool applied = false;
    Act act{site, PlanScope::All, [&](Engine &engine, const Observation &seen) {
                patience = longestStay(site, seen.zone);
                return engine.plan(seen, PlanScope::All, false, goesOn);
            }};
    act.asksAlways = true;
    act.warning = (abandons ? Texts::tr("When all paths are proven, %1 is given up: Sixgate does not go there any "
                                        "more and takes nothing\naway from it. It may still hold the ACME keys, which "
                                        "are to be replaced then.")
                            : Texts::tr("When all paths are proven, everything that Sixgate brought to %1 is taken "
                                        "away from it,\nthe Debian packages that it installed, too (--abandon-old "
                                        "leaves it alone)."))
                      .arg(oldMachine(old));
    // From here on apply and a repeated replace lead to the new machine.
    act.deployed = [&](Engine &engine) {
        if (goesOn)
            return Outcome();
        if (auto kept = engine.rememberLeft(LeftVps{old, {}}); !kept)
            return kept;
        return changeVps(m_siteFile, site.vps.front().name, [&](Vps &vps) {
            const Vps &next = site.vps.front();
            vps.addresses = next.addresses;
            vps.hostKeys = next.hostKeys;
            vps.user = next.user;
            vps.sshPort = next.sshPort;
            vps.auth = next.auth;
            vps.keyFile = next.keyFile;
        });
    };
    act.after = [&](Engine &engine) {
        applied = true;
        LeftVps left = engine.left().value_or(LeftVps{old, {}});
        if (!left.forgottenAt)
            left.forgottenAt = QDateTime::currentSecsSinceEpoch() + patience.count();
        return engine.rememberLeft(std::move(left));
    };
    act.last = [&](Engine &engine, JobEnd &end) {
        end.old = OldMachine::NotClean;
        if (applied)
            afterMove(engine, site, old, abandons, end);
        else if (engine.left())
            m_talk.remark(Texts::tr("The move is not finished."), Texts::tr("Go on with: sixgatectl vps replace"));
    };
    return carryOut(act);
}

void SiteWork::afterMove(Engine &engine, const Site &site, const Vps &old, bool abandons, JobEnd &end)
{
    const bool proven = end.check && end.check->allWork() && !end.check->diagnosis.broken();
    m_talk.remark(Texts::tr("Other computers and keepers of this site still know %1 as its VPS; apply there would "
                            "lead visitors back to it.")
                      .arg(oldMachine(old)),
                  Texts::tr("Bring them the \"vps\" part of %1.").arg(m_siteFile));
    if (!proven) {
        m_talk.remark(
            Texts::tr("Since not all is well with the new machine, %1 was left as it is.").arg(oldMachine(old)),
            abandons ? Texts::tr("Once all is well, give it up with: sixgatectl vps replace --abandon-old")
                     : Texts::tr("Once all is well, clean it with: sixgatectl vps replace"));
        return;
    }
    if (!abandons) {
        letGo(site, *engine.left(), end);
        return;
    }
    if (auto forgotten = forgetOld(old); !forgotten) {
        end.cleaned = false;
        m_talk.remark(forgotten.error().summary, forgotten.error().fix);
        return;
    }
    end.old = OldMachine::GivenUp;
}

/// Without a move: the state alone is changed.
Result<JobEnd> SiteWork::giveUpOld(const LeftVps &left)
{
    const Plan none;
    m_talk.planned(none, PlanPart::Main, Texts::tr("Nothing is changed on any machine, nor in DNS."));
    QString warning = Texts::tr("Sixgate does not go to %1 any more and takes nothing away from it.\nIt may still hold "
                                "the ACME keys, which are to be replaced then.")
                          .arg(oldMachine(left.vps));
    if (!left.forgottenAt)
        warning +=
            QLatin1Char('\n') + Texts::tr("Visitors may still be led there; afterwards lead them to the new machine: "
                                          "sixgatectl apply");
    if (auto agreed = asked(none, warning); !agreed)
        return passOn(agreed);
    // What was agreed to is about that machine; how long the answer took does not matter.
    const auto now = loadState(m_site.name);
    if (!now)
        return passOn(now);
    if (!now->leftVps || now->leftVps->vps != left.vps)
        return fail(ErrorCode::Moved, Texts::tr("Another Sixgate has moved this site meanwhile."), {},
                    Texts::tr("Look at the site file, then try again."));
    if (auto forgotten = forgetOld(left.vps); !forgotten)
        return passOn(forgotten);
    if (!left.forgottenAt)
        m_talk.remark(Texts::tr("The records may still lead visitors to it."),
                      Texts::tr("Lead them to the new machine: sixgatectl apply"));
    JobEnd end;
    end.old = OldMachine::GivenUp;
    return end;
}

Outcome SiteWork::forgetOld(const Vps &old)
{
    if (auto forgotten = changeState(m_site.name, [](SiteState &state) { state.leftVps.reset(); }); !forgotten)
        return forgotten;
    m_talk.remark(Texts::tr("Sixgate does not go to %1 any more.").arg(oldMachine(old)),
                  Texts::tr("It may still hold the ACME keys: replace them at the DNS server, store the new ones "
                            "(sixgatectl secret set), then: sixgatectl apply"));
    return {};
}

/// The old machine, when nobody is sent there any more.
void SiteWork::letGo(const Site &site, const LeftVps &left, JobEnd &end)
{
    const QString which = oldMachine(left.vps);
    const std::chrono::seconds wait(
        std::max<qint64>(left.forgottenAt.value_or(0) - QDateTime::currentSecsSinceEpoch(), 0));
    if (wait > longestWait) {
        m_talk.remark(
            Texts::tr("Resolvers may send visitors to %1 until %2.")
                .arg(which,
                     QDateTime::fromSecsSinceEpoch(*left.forgottenAt).toString(QStringLiteral("yyyy-MM-dd HH:mm"))),
            Texts::tr("After that, clean it with: sixgatectl vps replace"));
        return;
    }
    Outcome done;
    if (wait > 0s) {
        m_talk.activity(Texts::tr("Waiting %1 s until nobody is sent to %2").arg(wait.count()).arg(which));
        // Meanwhile others may follow a change of the home's prefix.
        m_lock.reset();
        done = pauseFor(wait, m_stops.stop);
        if (done)
            done = lock();
    }
    if (done)
        done = clean(site, left);
    if (done) {
        end.old = OldMachine::Clean;
        m_talk.remark(Texts::tr("Sixgate is gone from %1; you can give it back.").arg(which), {});
        return;
    }
    end.cleaned = false;
    m_talk.remark(Texts::tr("Sixgate is still on %1: %2").arg(which, done.error().summary),
                  Texts::tr("Clean it: sixgatectl vps replace. If that machine is gone, give it up: sixgatectl vps "
                            "replace --abandon-old"));
}

Outcome SiteWork::clean(const Site &site, const LeftVps &left)
{
    const auto before = loadState(site.name);
    if (!before)
        return passOn(before);
    Vps now = site.vps.front();
    const auto found = vpsAddressesOf(site, m_stops.stop);
    if (!found)
        return passOn(found);
    now.addresses.insert(now.addresses.end(), found->begin(), found->end());
    if (before->leftVps != left || mayBeSameMachine(now, left.vps))
        return fail(ErrorCode::Moved, Texts::tr("it may be the machine in use by now; nothing was removed."));
    Site old = site;
    old.vps.front() = left.vps;
    Engine engine(old, m_secrets, sinks());
    const auto seen = engine.observe(PlanScope::Vps, m_stops.stop);
    if (!seen)
        return passOn(seen);
    const Plan plan = engine.removalPlan(*seen, {false, false});
    if (plan.blocked())
        return fail(ErrorCode::Refused, plan.withheld.front().reason, plan.withheld.front().detail);
    m_talk.planned(plan, PlanPart::OldMachine, {});
    const Outcome done = engine.apply(plan, m_stops);
    // What was seen there tells nothing about the machine in use.
    SiteState after = *before;
    if (done)
        after.leftVps.reset();
    const Outcome saved = saveState(site.name, after);
    return done ? saved : done;
}

} // namespace sixgate
