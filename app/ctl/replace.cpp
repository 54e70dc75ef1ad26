// vps replace: another machine instead. What was left is remembered until it is clean or given up, so that a move that
// broke off goes on where it was.
#include "ctl/commands.h"
#include "ctl/vps.h"
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

bool meet(const std::vector<IpAddress> &some, const std::vector<IpAddress> &others)
{
    return std::any_of(some.begin(), some.end(), [&](const IpAddress &one) {
        return std::find(others.begin(), others.end(), one) != others.end();
    });
}

Site at(Site site, const LeftVps &machine)
{
    site.vps.front().addresses = machine.addresses;
    site.vps.front().hostKeys = machine.hostKeys;
    return site;
}

/// How long visitors may still come to where the public names lead now.
std::chrono::seconds visitorsPatience(const Site &site, const ZoneSeen &zone)
{
    std::chrono::seconds longest = 0s;
    for (const auto &[key, records] : zone.records) {
        if (records && key.type == RecordType::A && key.name != site.vps.front().host)
            longest = std::max(longest, records->ttl);
    }
    return longest;
}

QString oldMachine(const LeftVps &left)
{
    return left.addresses.empty() ? QStringLiteral("the old machine")
                                  : QStringLiteral("the old machine (%1)").arg(ipText(left.addresses.front()));
}

constexpr const char *keysThere = "It still has the ACME keys: replace them at the DNS server, store the new ones "
                                  "(sixgatectl secret set), and apply.\n";

} // namespace

Result<std::vector<IpAddress>> VpsAct::newAddresses() const
{
    std::vector<IpAddress> addresses;
    const auto given = options.given.find(QStringLiteral("--address"));
    if (given == options.given.end())
        return addresses;
    for (const QString &text : given->second) {
        const auto address = parseIpAddress(text);
        if (!address)
            return fail(ErrorCode::Invalid, QStringLiteral("--address: %1").arg(address.error().summary));
        addresses.push_back(*address);
    }
    if (std::none_of(addresses.begin(), addresses.end(), isIpv4))
        return fail(ErrorCode::Invalid,
                    QStringLiteral("The new machine's IPv4 address is missing: visitors over IPv4 come to it."), {},
                    QStringLiteral("For example: sixgatectl vps replace --address 192.0.2.20 --address 2001:db8::20"));
    // IPv6 first: the carrier's IPv4 is shared.
    std::stable_partition(addresses.begin(), addresses.end(), [](const IpAddress &one) { return !isIpv4(one); });
    return addresses;
}

Outcome VpsAct::meetNewMachine(Site &site, const LeftVps &old)
{
    output.activity(QStringLiteral("Asking the new machine for its host key"));
    const auto key = presentedHostKey(site, stops.stop);
    output.quiet();
    if (!key)
        return passOn(key);
    // Whichever shows that it is the same machine: what comes last is a removal.
    if (std::any_of(old.hostKeys.begin(), old.hostKeys.end(),
                    [&](const HostKeyPin &pin) { return pin.fits(key->type, key->fingerprint); }) ||
        meet(site.vps.front().addresses, old.addresses))
        return fail(ErrorCode::Invalid, QStringLiteral("That is the machine that Sixgate uses already."), {},
                    QStringLiteral("Give the addresses of the new one; it has none of the old one's and a host key of "
                                   "its own."));
    if (auto confirmed = confirmHostKey(options, output, QStringLiteral("The new machine"), *key, stops.stop);
        !confirmed)
        return confirmed;
    site.vps.front().hostKeys = {{*HostKeyType::parse(key->type), key->fingerprint}};
    return {};
}

int VpsAct::replace(Site site)
{
    const auto addresses = newAddresses();
    if (!addresses)
        return giveUp(output, addresses.error(), command());
    const auto lock = lockSite(site.name, Deadline::after(lockTime), stops.stop);
    if (!lock)
        return giveUp(output, lock.error(), command());
    const auto state = loadState(site.name);
    if (!state)
        return giveUp(output, state.error(), command());
    const auto &left = state->leftVps;
    const Vps &now = site.vps.front();

    // The site file names the new machine as soon as that is set up: a move that broke off later is ended from there.
    const bool begun = left && !meet(left->addresses, now.addresses);
    if (begun && (addresses->empty() || meet(*addresses, now.addresses)))
        return options.has("--abandon-old") && addresses->empty() ? giveUpOld(site) : moveTo(site, *left, true);
    if (addresses->empty())
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("The addresses of the new machine are missing."),
                       {},
                       QStringLiteral("For example: sixgatectl vps replace --address 192.0.2.20 --address "
                                      "2001:db8::20")},
                      command());
    if (begun && !meet(*addresses, left->addresses))
        return giveUp(output,
                      {ErrorCode::Refused,
                       QStringLiteral("The machine before, %1, is not clean yet.")
                           .arg(left->addresses.empty() ? QStringLiteral("-") : ipText(left->addresses.front())),
                       {},
                       QStringLiteral("Clean it: sixgatectl vps replace. Or give it up: sixgatectl vps replace "
                                      "--abandon-old")},
                      command());

    LeftVps old{now.addresses, now.hostKeys, {}};
    if (auto found = vpsAddressesOf(site, stops.stop))
        old.addresses = std::move(*found);
    Site next = site;
    next.vps.front().addresses = *addresses;
    if (begun)
        // Back to the machine that was left: it is known.
        next = at(std::move(next), {*addresses, left->hostKeys, {}});
    else if (auto met = meetNewMachine(next, old); !met)
        return giveUp(output, met.error(), command());
    return moveTo(next, old, false);
}

int VpsAct::moveTo(const Site &site, const LeftVps &old, bool goesOn)
{
    Engine::Sinks to = sinks();
    // From here on apply and a repeated replace lead to the new machine.
    to.deployed = [&] {
        if (goesOn)
            return Outcome();
        return changeVps(options, site.vps.front().name, [&](Vps &vps) {
            vps.addresses = site.vps.front().addresses;
            vps.hostKeys = site.vps.front().hostKeys;
        });
    };
    Engine engine(site, secrets, std::move(to));
    const auto seen = engine.observe(PlanScope::All, stops.stop);
    output.quiet();
    if (!seen)
        return giveUp(output, seen.error(), command());
    const bool abandons = options.has("--abandon-old");
    if (!abandons)
        output.print(QStringLiteral(
            "When all paths are proven, everything that Sixgate brought to the old machine is taken away "
            "from it,\nthe Debian packages that it installed, too (--abandon-old leaves it alone).\n"));
    const std::chrono::seconds patience = visitorsPatience(site, seen->zone);
    bool agreed = false;
    Around around;
    around.before = [&] {
        agreed = true;
        return goesOn ? Outcome() : engine.rememberLeft(old);
    };
    around.after = [&] {
        LeftVps left = old;
        if (!left.forgottenAt)
            left.forgottenAt = QDateTime::currentSecsSinceEpoch() + patience.count();
        return engine.rememberLeft(std::move(left));
    };
    const int exit = carryOut(engine, engine.plan(*seen, PlanScope::All), true, around);
    if (!agreed || !engine.left() || !engine.left()->forgottenAt) {
        if (agreed && engine.left())
            output.remark(QStringLiteral("Go on with: sixgatectl vps replace%1\n")
                              .arg(goesOn ? QString() : QStringLiteral(" (with --address as before)")));
        return exit;
    }
    if (exit != AllWell) {
        output.remark(QStringLiteral("Since not all is well with the new machine, %1 was left as it is.\n"
                                     "→ Once all is well, clean it with: sixgatectl vps replace\n")
                          .arg(oldMachine(old)));
        return exit;
    }
    return abandons ? giveUpOld(site) : letGo(engine);
}

int VpsAct::giveUpOld(const Site &site)
{
    auto state = loadState(site.name);
    if (!state)
        return giveUp(output, state.error(), command());
    const QString which = state->leftVps ? oldMachine(*state->leftVps) : QStringLiteral("the old machine");
    state->leftVps.reset();
    if (auto saved = saveState(site.name, *state); !saved)
        return giveUp(output, saved.error(), command());
    output.remark(QStringLiteral("Sixgate does not go to %1 any more.\n→ %2").arg(which, QLatin1String(keysThere)));
    return AllWell;
}

/// The old machine, when nobody is sent there any more.
int VpsAct::letGo(Engine &engine)
{
    const LeftVps left = *engine.left();
    const std::chrono::seconds wait(
        std::max<qint64>(left.forgottenAt.value_or(0) - QDateTime::currentSecsSinceEpoch(), 0));
    if (wait > longestWait) {
        output.print(
            QStringLiteral("Resolvers may send visitors to %1 until %2. After that, clean it with: "
                           "sixgatectl vps replace\n")
                .arg(oldMachine(left),
                     QDateTime::fromSecsSinceEpoch(*left.forgottenAt).toString(QStringLiteral("yyyy-MM-dd HH:mm"))));
        return AllWell;
    }
    if (wait > 0s)
        output.activity(
            QStringLiteral("Waiting %1 s until nobody is sent to %2").arg(wait.count()).arg(oldMachine(left)));
    Outcome done = pauseFor(wait, stops.stop);
    if (done)
        done = clean(at(engine.site(), left));
    if (done)
        done = engine.rememberLeft({});
    output.quiet();
    if (done) {
        output.print(QStringLiteral("Sixgate is gone from %1; you can give it back.\n").arg(oldMachine(left)));
        return AllWell;
    }
    output.remark(QStringLiteral("%1 is not clean: %2\n"
                                 "→ Try again: sixgatectl vps replace. If it is gone: sixgatectl vps replace "
                                 "--abandon-old\n")
                      .arg(oldMachine(left), harmless(done.error().summary)));
    return Failed;
}

Outcome VpsAct::clean(const Site &old)
{
    Engine engine(old, secrets, sinks());
    const auto seen = engine.observe(PlanScope::Vps, stops.stop);
    output.quiet();
    if (!seen)
        return passOn(seen);
    const Plan plan = engine.removalPlan(*seen, {false, false});
    if (plan.blocked())
        return fail(ErrorCode::Refused, plan.withheld.front().reason, plan.withheld.front().detail);
    Steps steps(output, plan);
    return applied(engine, plan, steps);
}

} // namespace sixgate::ctl
