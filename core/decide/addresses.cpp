#include "decide/addresses.h"

#include "model/text.h"
#include "model/texts.h"

#include <algorithm>
#include <map>
#include <set>

namespace sixgate
{

namespace
{

using std::chrono::seconds;

/// What the order of fit addresses looks at: better ones first.
struct Rank {
    Lifetime preferred;
    Lifetime valid;
    Ipv6Address address;
};

seconds length(const Lifetime &lifetime)
{
    return lifetime.value_or(seconds::max());
}

bool better(const Rank &a, const Rank &b, bool inOrder = false)
{
    if (length(a.preferred) != length(b.preferred))
        return length(a.preferred) > length(b.preferred);
    if (length(a.valid) != length(b.valid))
        return length(a.valid) > length(b.valid);
    return !inOrder && a.address < b.address;
}

/// A candidate, judged: fit, or not and why.
struct Judged {
    Rank rank;
    QString unfit; ///< one sentence; empty: fit
};

bool isOver(const Lifetime &lifetime)
{
    return lifetime && *lifetime <= seconds(0);
}

/// The flag follows the lifetime only when the kernel's timer runs.
bool isDeprecated(const LocalAddress &one)
{
    return one.deprecated || isOver(one.preferred) || isOver(one.valid);
}

QString notGlobal(const Ipv6Address &address)
{
    return Texts::tr("It is %1, which nobody outside can reach.").arg(describe(address.scope()));
}

/// What `interface` is where it is no LAN; empty where it is.
QString outsideLan(LinkKind kind, const QString &interface)
{
    switch (kind) {
    case LinkKind::Lan:
        break;
    case LinkKind::Loopback:
        return Texts::tr("the loopback interface %1").arg(quoted(interface));
    case LinkKind::PointToPoint:
        return Texts::tr("the point-to-point interface %1").arg(quoted(interface));
    case LinkKind::NoNeighbours:
        return Texts::tr("the interface %1, which has no neighbours (NOARP)").arg(quoted(interface));
    }
    return {};
}

QString whyUnfit(const LocalAddress &one, const std::optional<InterfaceName> &interface)
{
    if (interface && one.interface != interface->text())
        return Texts::tr("It belongs to the interface %1, and %2 is asked for.")
            .arg(quoted(one.interface), interface->text());
    if (!one.address.isGlobal())
        return notGlobal(one.address);
    if (const QString outside = outsideLan(one.link, one.interface); !interface && !outside.isEmpty()) {
        const QString what = one.link == LinkKind::PointToPoint ? Texts::tr("It is a tunnel's address, on %1,")
                                                                : Texts::tr("It is not on the LAN but on %1,");
        return what.arg(outside) + Texts::tr(" and taken only where the site file names that interface.");
    }
    if (one.dadFailed)
        return Texts::tr("Another machine has it already (duplicate address detection failed).");
    if (one.tentative)
        return Texts::tr("It is tentative: duplicate address detection is still running.");
    if (one.temporary)
        return Texts::tr("It is temporary (a privacy address) and gone within days.");
    if (isDeprecated(one))
        return Texts::tr("It is deprecated: its prefix or lifetime has run out.");
    return {};
}

QString lifetimeText(const Lifetime &lifetime)
{
    return lifetime ? QStringLiteral("%1 s").arg(lifetime->count()) : QStringLiteral("forever");
}

/// Why `one` comes after `best`, which is fit too.
QString whyLater(const Rank &one, const Rank &best)
{
    if (one.address == best.address)
        return Texts::tr("It is taken from another interface.");
    const QString winner = best.address.text();
    if (length(one.preferred) != length(best.preferred))
        return Texts::tr("It is fit, but %1 is preferred for longer (%2, this one %3).")
            .arg(winner, lifetimeText(best.preferred), lifetimeText(one.preferred));
    if (length(one.valid) != length(best.valid))
        return Texts::tr("It is fit, but %1 is valid for longer (%2, this one %3).")
            .arg(winner, lifetimeText(best.valid), lifetimeText(one.valid));
    return best.address < one.address ? Texts::tr("It is fit, but %1 lives as long and is the lower one.").arg(winner)
                                      : Texts::tr("It is fit, but %1 lives as long and was proven before.").arg(winner);
}

QString whyTaken(const Rank &best, size_t fit, const QString &what)
{
    if (fit == 1)
        return Texts::tr("It is the only fit one: %1.").arg(what);
    return Texts::tr("It is the best of %1 fit ones: %2, preferred lifetime %3.")
        .arg(fit)
        .arg(what, lifetimeText(best.preferred));
}

/// `inOrder`: of those that are as good the first in the order of the input.
AddressChoice choose(const std::vector<Judged> &judged, const QString &what, bool inOrder = false)
{
    AddressChoice choice;
    std::vector<size_t> order;
    for (size_t i = 0; i < judged.size(); ++i) {
        if (judged[i].unfit.isEmpty())
            order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return better(judged[a].rank, judged[b].rank, inOrder); });
    // One address may be on two interfaces; it is one address.
    std::set<Ipv6Address> seen;
    for (const size_t index : order) {
        if (seen.insert(judged[index].rank.address).second)
            choice.fit.push_back(judged[index].rank.address);
    }
    if (!order.empty())
        choice.chosen = choice.fit.front();
    for (size_t i = 0; i < judged.size(); ++i) {
        const Rank &rank = judged[i].rank;
        const bool taken = !order.empty() && order.front() == i;
        choice.candidates.push_back({rank.address, taken,
                                     taken                       ? whyTaken(rank, choice.fit.size(), what)
                                     : judged[i].unfit.isEmpty() ? whyLater(rank, judged[order.front()].rank)
                                                                 : judged[i].unfit});
    }
    return choice;
}

/// What this machine's addresses and routes say about one /64.
struct PrefixSeen {
    Ipv6Prefix prefix;
    bool route = false;                    ///< there is an on-link route for exactly this /64
    bool narrow = true;                    ///< all addresses in it are on longer prefixes of 65 to 127 bits
    const LocalAddress *live = nullptr;    ///< the best address that speaks for it
    const LocalAddress *weak = nullptr;    ///< the best of those whose duplicate detection runs or failed
    bool deprecated = false;               ///< there is an address in it whose time is over
    const LocalAddress *outside = nullptr; ///< an address in it that is not on a LAN
};

Rank rankOf(const LocalAddress &one)
{
    return {one.preferred, one.valid, one.address};
}

void note(PrefixSeen &seen, const LocalAddress &one)
{
    if (one.prefixLength <= 64 || one.prefixLength >= 128)
        seen.narrow = false;
    if (isDeprecated(one)) {
        seen.deprecated = true;
        return;
    }
    // A temporary address counts: it is short-lived by choice, its prefix is as good as any.
    const LocalAddress *&slot = one.tentative || one.dadFailed ? seen.weak : seen.live;
    if (!slot || better(rankOf(one), rankOf(*slot)))
        slot = &one;
}

/// Every /64 of the links, in the order in which they appear.
std::vector<PrefixSeen> prefixesOf(const LinkSeen &link)
{
    std::vector<PrefixSeen> all;
    std::map<Ipv6Prefix, size_t> index;
    const auto entry = [&](const Ipv6Prefix &prefix) -> PrefixSeen & {
        const auto [found, fresh] = index.emplace(prefix, all.size());
        if (fresh)
            all.push_back({prefix});
        return all[found->second];
    };
    for (const LocalAddress &one : link.addresses) {
        if (one.address.scope() == Ipv6Scope::Loopback || one.address.scope() == Ipv6Scope::Unspecified)
            continue;
        const auto prefix = Ipv6Prefix::of(one.address, 64);
        if (prefix && one.link == LinkKind::Lan)
            note(entry(*prefix), one);
        else if (prefix)
            entry(*prefix).outside = &one;
    }
    for (const OnLinkPrefix &one : link.onLink) {
        // Of a shorter one nobody can say which /64 the LAN has; a longer one has no room for an identifier.
        if (one.prefix.length() == 64)
            entry(one.prefix).route = true;
    }
    return all;
}

/// The address whose lifetimes are the prefix's; nullptr where only a route speaks for it.
const LocalAddress *witness(const PrefixSeen &seen)
{
    return seen.live ? seen.live : seen.weak;
}

/// Whether the prefix is in use: a route alone says so too, but not where this machine's addresses in it are deprecated
/// (the old prefix's route stays for hours after a change of prefix).
bool inUse(const PrefixSeen &seen)
{
    return seen.live || (seen.route && (seen.weak || !seen.deprecated));
}

/// A route tells no lifetimes: such a prefix comes after those with an address.
Rank rankOf(const PrefixSeen &seen, const Ipv6Address &address)
{
    const LocalAddress *known = witness(seen);
    return known ? Rank{known->preferred, known->valid, address} : Rank{seconds(0), seconds(0), address};
}

QString whyUnfit(const PrefixSeen &seen, const Ipv6Address &joined)
{
    if (!joined.isGlobal())
        return notGlobal(joined);
    const QString prefix = seen.prefix.text();
    if (inUse(seen)) {
        if (seen.narrow && !seen.route)
            return Texts::tr("The LAN's prefix within %1 is longer than /64, which leaves no room for an interface "
                             "identifier.")
                .arg(prefix);
        return {};
    }
    if (seen.outside && !seen.deprecated && !seen.weak)
        return Texts::tr("The prefix %1 is not the LAN's: this machine has it on %2.")
            .arg(prefix, outsideLan(seen.outside->link, seen.outside->interface));
    if (seen.deprecated)
        return Texts::tr("The prefix %1 is deprecated: this machine's addresses in it have run out.").arg(prefix);
    return Texts::tr("Duplicate address detection of this machine's address in %1 is not done or failed, so the "
                     "prefix is not known to be in use.")
        .arg(prefix);
}

} // namespace

AddressChoice chooseOwnAddress(const std::vector<LocalAddress> &addresses,
                               const std::optional<InterfaceName> &interface)
{
    std::vector<Judged> judged;
    for (const LocalAddress &one : addresses)
        judged.push_back({rankOf(one), whyUnfit(one, interface)});
    return choose(judged, Texts::tr("global, lasting, preferred"));
}

AddressChoice chooseFromInterfaceId(const LinkSeen &link, const InterfaceId &id)
{
    std::vector<Judged> judged;
    for (const PrefixSeen &seen : prefixesOf(link)) {
        if (const auto joined = seen.prefix.join(id))
            judged.push_back({rankOf(seen, *joined), whyUnfit(seen, *joined)});
    }
    return choose(judged, Texts::tr("its prefix is global and in use here"));
}

AddressChoice chooseFromLanName(const LinkSeen &link, const Hostname &name)
{
    const auto found = link.named.find(name);
    if (found == link.named.end() || !found->second)
        return {};
    const auto prefixes = prefixesOf(link);
    std::vector<Judged> judged;
    for (const Ipv6Address &address : *found->second) {
        const auto seen = std::find_if(prefixes.begin(), prefixes.end(),
                                       [&](const PrefixSeen &one) { return one.prefix.contains(address); });
        if (!address.isGlobal())
            judged.push_back({Rank{seconds(0), seconds(0), address}, notGlobal(address)});
        else if (seen == prefixes.end())
            judged.push_back({Rank{seconds(0), seconds(0), address},
                              Texts::tr("It is in none of the prefixes that this machine has in the LAN.")});
        else
            judged.push_back({rankOf(*seen, address), inUse(*seen) ? QString() : whyUnfit(*seen, address)});
    }
    return choose(judged, Texts::tr("its prefix is global and in use here"), true);
}

AddressChoice chooseAddress(const HomeServer &server, const LinkSeen &link)
{
    if (const auto *fixed = std::get_if<AddressFromInterfaceId>(&server.address))
        return chooseFromInterfaceId(link, fixed->id);
    if (const auto *named = std::get_if<AddressFromLanName>(&server.address))
        return chooseFromLanName(link, named->name);
    return chooseOwnAddress(link.addresses, std::get<AddressOfThisMachine>(server.address).interface);
}

std::vector<Ipv6Prefix> homePrefixes(const LinkSeen &link)
{
    std::vector<PrefixSeen> used;
    for (const PrefixSeen &seen : prefixesOf(link)) {
        const bool global = witness(seen) ? witness(seen)->address.isGlobal() : seen.prefix.network().isGlobal();
        if (global && inUse(seen))
            used.push_back(seen);
    }
    std::stable_sort(used.begin(), used.end(), [](const PrefixSeen &a, const PrefixSeen &b) {
        return better(rankOf(a, a.prefix.network()), rankOf(b, b.prefix.network()));
    });
    std::vector<Ipv6Prefix> prefixes;
    for (const PrefixSeen &seen : used)
        prefixes.push_back(seen.prefix);
    return prefixes;
}

} // namespace sixgate
