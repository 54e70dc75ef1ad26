#include "decide/homemoves.h"

#include "decide/addresses.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

bool isProven(const ServerSeen &one)
{
    return one.proven.has_value();
}

bool isNamed(const HomeServer &server)
{
    return std::holds_alternative<AddressFromLanName>(server.address);
}

Ipv6Address networkOf(const Ipv6Address &address)
{
    return Ipv6Prefix::of(address, 64)->network();
}

/// What tells that a server has another address: of one known by its name in the LAN the prefixes, since asking for the
/// name takes time.
AddressChoice expected(const HomeServer &server, const LinkSeen &link)
{
    if (!isNamed(server))
        return chooseAddress(server, link);
    AddressChoice choice;
    for (const Ipv6Prefix &one : homePrefixes(link))
        choice.fit.push_back(one.network());
    if (!choice.fit.empty())
        choice.chosen = choice.fit.front();
    return choice;
}

} // namespace

LinkDigest linkDigest(const Site &site, const Result<LinkSeen> &link, int connected)
{
    if (!link)
        return {{}, ReadState::Failed};
    LinkDigest out;
    out.connected = connected;
    out.text = QByteArray::number(connected) + '\n';
    for (const HomeServer &server : site.servers) {
        const AddressChoice choice = expected(server, *link);
        std::vector<Ipv6Address> fit = choice.fit;
        std::sort(fit.begin(), fit.end());
        out.chosen.push_back(choice.chosen);
        for (const Ipv6Address &one : fit)
            out.fit.emplace(server.name, one);
        out.text += server.name.text().toUtf8() + ' ' + (choice.chosen ? choice.chosen->text().toLatin1() : "-");
        for (const Ipv6Address &one : fit)
            out.text += ' ' + one.text().toLatin1();
        out.text += '\n';
    }
    // Another machine's new address is told by the prefix alone; this one's own need not be usable for that.
    const bool ofItsOwn = std::any_of(site.servers.begin(), site.servers.end(), [](const HomeServer &one) {
        return std::holds_alternative<AddressOfThisMachine>(one.address);
    });
    if (ofItsOwn && isSettlingIn(*link))
        out.state = ReadState::Incomplete;
    return out;
}

bool isOnlyLess(const LinkDigest &before, const LinkDigest &now)
{
    return now.connected == before.connected && now.chosen == before.chosen && now.fit.size() < before.fit.size() &&
           std::includes(before.fit.begin(), before.fit.end(), now.fit.begin(), now.fit.end());
}

bool isSettlingIn(const LinkSeen &link)
{
    return std::any_of(link.addresses.begin(), link.addresses.end(), [](const LocalAddress &one) {
        return one.tentative && !one.dadFailed && one.address.isGlobal();
    });
}

std::optional<Ipv6Address> sourceIn(const Ipv6Prefix &prefix, const LinkSeen &link)
{
    for (const LocalAddress &one : link.addresses) {
        if (!one.tentative && !one.deprecated && !one.dadFailed && prefix.contains(one.address))
            return one.address;
    }
    return std::nullopt;
}

bool bestProven(const Site &site, const HomeSeen &home, const LinkSeen &link)
{
    for (size_t i = 0; i < home.servers.size(); ++i) {
        if (!home.servers[i].proven)
            return false;
        const Ipv6Address &proven = *home.servers[i].proven;
        const AddressChoice choice = expected(site.servers[i], link);
        if (choice.chosen && *choice.chosen != (isNamed(site.servers[i]) ? networkOf(proven) : proven))
            return false;
    }
    return !home.servers.empty();
}

std::vector<QString> prefixTexts(const HomeSeen &home)
{
    std::vector<QString> all;
    if (home.prefixes) {
        for (const Ipv6Prefix &one : *home.prefixes)
            all.push_back(one.text());
    }
    return all;
}

Whereabouts whereabouts(const HomeSeen &home, const std::vector<QString> &before)
{
    if (home.servers.empty())
        return Whereabouts::Unknown;
    if (isAtHome(home))
        return Whereabouts::Home;
    const auto now = prefixTexts(home);
    const bool near = std::any_of(now.begin(), now.end(), [&](const QString &one) {
        return std::find(before.begin(), before.end(), one) != before.end();
    });
    return near ? Whereabouts::Near : Whereabouts::Elsewhere;
}

bool isAtHome(const HomeSeen &home)
{
    return std::any_of(home.servers.begin(), home.servers.end(), isProven);
}

bool allProven(const HomeSeen &home)
{
    return !home.servers.empty() && std::all_of(home.servers.begin(), home.servers.end(), isProven);
}

QString whereText(const HomeSeen &home, const QString &before)
{
    if (!isAtHome(home))
        return Texts::tr("The home is not seen from here.");
    return Texts::tr("The home is at %1 now%2.")
        .arg(provenText(home), before.isEmpty() ? QString() : Texts::tr(" (was: %1)").arg(before));
}

QString provenText(const HomeSeen &home)
{
    QStringList all;
    for (const ServerSeen &one : home.servers) {
        if (one.proven)
            all << one.proven->text();
    }
    all.removeDuplicates();
    return all.join(QStringLiteral(", "));
}

} // namespace sixgate
