// The VPS as a machine: whether it is there, lets us log in, lets visitors in.

#include "decide/findings.h"
#include "decide/firewall.h"
#include "decide/memory.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

bool anyOf(const std::vector<Reach> &list, bool (*fits)(const Reach &))
{
    return std::any_of(list.begin(), list.end(), fits);
}

/// Others outside answer over a family over which the VPS was tried and is silent.
bool missedOver(const Sight &sight, bool ipv6)
{
    const auto over = [ipv6](const Reach &one) { return isIpv6(one) == ipv6; };
    const auto &outside = sight.seen.outside;
    const bool others =
        std::any_of(outside.begin(), outside.end(), [&](const Reach &one) { return over(one) && one.answered(); });
    const bool tried = std::any_of(sight.seen.vps.begin(), sight.seen.vps.end(), over);
    return others && tried;
}

/// Its SSH port was not tried, for a reason that lies here: a key file or a secret that is missing.
bool neverKnocked(const Evidence &seen)
{
    if (!seen.ssh || !seen.sshTries.empty())
        return false;
    const ErrorCode code = seen.ssh->code;
    return code == ErrorCode::NotFound || code == ErrorCode::Invalid || code == ErrorCode::Unavailable;
}

bool answersHere(const Evidence &seen, const IpAddress &address)
{
    return std::any_of(seen.outside.begin(), seen.outside.end(),
                       [&](const Reach &one) { return one.address == address && one.answered(); });
}

void findMachine(const Sight &sight, Findings &out)
{
    const Evidence &seen = sight.seen;
    const QString vps = sight.vpsName();
    const Fields fields{{QStringLiteral("vps"), vps}};
    if (seen.seen.vps.ipv4 && seen.seen.vps.ipv4->empty() && seen.seen.vps.ipv6 && seen.seen.vps.ipv6->empty())
        out.add(
            {QStringLiteral("vps-name-missing"), vps, fields, {Texts::tr("%1: no A and no AAAA record").arg(vps)}, {}});
    if (out.has("line-down"))
        return;
    if (!sight.vpsAnswers() && !neverKnocked(seen) && (missedOver(sight, false) || missedOver(sight, true))) {
        QStringList addresses;
        for (const Reach &one : seen.vps)
            addresses << ipText(one.address);
        addresses.removeDuplicates();
        out.add({QStringLiteral("vps-off"),
                 vps,
                 {{QStringLiteral("vps"), vps}, {QStringLiteral("addresses"), addresses.join(QStringLiteral(", "))}},
                 triesText(seen.vps) + triesText(seen.sshTries),
                 {}});
        out.say(Texts::tr("Is the VPS there?"), Texts::tr("No port of it answers, others outside do."));
        return;
    }
    if (seen.seen.vps.facts && !seen.seen.vps.facts->hasGlobalIpv6) {
        out.add(
            {QStringLiteral("vps-no-ipv6"), vps, fields, {Texts::tr("%1 has no global IPv6 address.").arg(vps)}, {}});
        return;
    }
    const auto silent6 =
        std::find_if(seen.vps.begin(), seen.vps.end(), [](const Reach &one) { return isIpv6(one) && !one.answered(); });
    const bool answers6 = anyOf(seen.vps, [](const Reach &one) { return isIpv6(one) && one.answered(); });
    const bool answers4 = anyOf(seen.vps, [](const Reach &one) { return !isIpv6(one) && one.answered(); }) ||
                          anyOf(seen.sshTries, [](const Reach &one) { return !isIpv6(one) && one.answered(); });
    const bool others6 = anyOf(seen.outside, [](const Reach &one) { return isIpv6(one) && one.answered(); });
    const bool ssh6 = anyOf(seen.sshTries, [](const Reach &one) { return isIpv6(one) && one.connected(); });
    if (silent6 != seen.vps.end() && !answers6 && answers4 && others6 && !ssh6)
        out.add({QStringLiteral("vps-ipv6-unreachable"),
                 vps,
                 {{QStringLiteral("vps"), vps}, {QStringLiteral("address"), ipText(silent6->address)}},
                 triesText(seen.vps),
                 {}});
    // The VPS has an address, and gets nowhere with it: not to the home, nor to others who answer here.
    else if (!seen.vpsOutside.empty() && !anyOf(seen.vpsOutside, [](const Reach &one) { return one.answered(); }) &&
             std::all_of(seen.vpsOutside.begin(), seen.vpsOutside.end(),
                         [&](const Reach &one) { return answersHere(seen, one.address); }) &&
             std::none_of(sight.names.begin(), sight.names.end(), [](const NameSeen &one) {
                 return one.passed(PathKind::V6, "connect") || one.passed(PathKind::Upstream, "connect");
             }))
        out.add({QStringLiteral("vps-no-ipv6"), vps, fields, triesText(seen.vpsOutside), {}});
}

void findSsh(const Sight &sight, Findings &out)
{
    const Evidence &seen = sight.seen;
    if (!seen.ssh || out.has("vps-off") || out.has("line-down") || out.has("vps-name-missing"))
        return;
    const Vps &vps = sight.site.vps.front();
    const QString host = sight.vpsName();
    const Error &error = *seen.ssh;
    QStringList evidence{error.summary};
    evidence += error.detail.split(QLatin1Char('\n'), Qt::SkipEmptyParts) + triesText(seen.sshTries);
    evidence.removeDuplicates();
    const auto add = [&](const char *code, Fields fields) {
        fields.emplace(QStringLiteral("vps"), host);
        fields.emplace(QStringLiteral("port"), vps.sshPort.text());
        fields.emplace(QStringLiteral("user"), vps.user.text());
        fields.emplace(QStringLiteral("reason"), error.summary);
        fields.emplace(QStringLiteral("fix"), error.fix.isEmpty() ? Texts::tr("Check again.") : error.fix);
        out.add({QString::fromLatin1(code), host, fields, evidence, {}});
    };
    switch (error.code) {
    case ErrorCode::HostKey: {
        QString presented = error.detail.section(QLatin1String("Presented: "), 1).section(QLatin1Char('.'), 0, 0);
        QStringList pinned;
        for (const HostKeyPin &pin : vps.hostKeys)
            pinned << pin.text();
        return add("ssh-host-key", {{QStringLiteral("old"), pinned.join(QStringLiteral(", "))},
                                    {QStringLiteral("new"), presented.section(QLatin1Char(' '), 0, 1)}});
    }
    case ErrorCode::Denied:
        return add("ssh-login-refused", {});
    case ErrorCode::Network:
    case ErrorCode::Timeout:
        break;
    default:
        return add("ssh-not-possible", {});
    }
    const bool web = anyOf(seen.vps, [](const Reach &one) { return one.answered(); });
    const bool connected = anyOf(seen.sshTries, [](const Reach &one) { return one.connected(); });
    const bool refused =
        anyOf(seen.sshTries, [](const Reach &one) { return one.reason == QLatin1String("ECONNREFUSED"); });
    const bool silent = anyOf(seen.sshTries, [](const Reach &one) { return !one.answered(); });
    if (refused && !loginRefusedLately(seen.memory, seen.now))
        return add("ssh-refused", {});
    // A ban is silent, refuses after logins that failed, or ends the connection before the first word. A login that
    // does not end in time is a slow one.
    if (refused || (connected && error.code == ErrorCode::Network) || (!connected && silent && web))
        return add("ssh-banned", {});
    add("ssh-not-possible", {});
}

/// What the VPS's own rules say about port 443; nothing where they are not known or let visitors in.
std::optional<ClosedPorts> closedByItself(const Evidence &seen)
{
    const auto &facts = seen.seen.vps.facts;
    if (!facts)
        return std::nullopt;
    const FirewallVerdict verdict = judgeFirewall({facts->ufw, facts->nft, facts->outerInterface});
    for (const ClosedPorts &closed : verdict.closed) {
        const auto &ports = closed.action.ports;
        if (std::find(ports.begin(), ports.end(), 443) != ports.end())
            return closed;
    }
    return std::nullopt;
}

void addFirewall(const Sight &sight, Findings &out, const ClosedPorts &closed, QStringList evidence)
{
    const QString vps = sight.vpsName(), ports = portsText(closed.action.ports);
    out.add(
        {QStringLiteral("vps-firewall"),
         vps,
         {{QStringLiteral("vps"), vps}, {QStringLiteral("ports"), ports}, {QStringLiteral("firewall"), closed.where}},
         evidence << Texts::tr("%1 on the VPS does not let %2 in.").arg(closed.where, ports),
         {}});
}

/// Port 443 over IPv4 is silent, while the machine is there.
void findFirewall(const Sight &sight, Findings &out)
{
    const Evidence &seen = sight.seen;
    if (out.has("vps-off") || out.has("line-down") || (neverKnocked(seen) && !sight.vpsAnswers()))
        return;
    const auto closed = closedByItself(seen);
    // Without IPv4 here nobody can try; the VPS's own rules tell all the same.
    if (out.has("home-no-ipv4")) {
        if (closed)
            addFirewall(sight, out, *closed, {});
        return;
    }
    const auto silent = std::find_if(seen.vps.begin(), seen.vps.end(),
                                     [](const Reach &one) { return !isIpv6(one) && !one.answered(); });
    if (silent == seen.vps.end() || anyOf(seen.vps, [](const Reach &one) { return !isIpv6(one) && one.answered(); }))
        return;
    const QString vps = sight.vpsName();
    QStringList evidence = triesText(seen.vps) + triesText(seen.sshTries);
    Fields fields{{QStringLiteral("vps"), vps},
                  {QStringLiteral("ports"), QStringLiteral("443")},
                  {QStringLiteral("protocol"), QStringLiteral("tcp")},
                  {QStringLiteral("port"), QStringLiteral("443")}};
    if (closed)
        return addFirewall(sight, out, *closed, evidence);
    if (seen.seen.vps.facts) {
        evidence << Texts::tr("The VPS's own firewall lets port 443 in.");
        fields[QStringLiteral("judgement")] =
            Texts::tr("The VPS's own firewall lets visitors in, so something before it does not");
    } else {
        fields[QStringLiteral("judgement")] =
            Texts::tr("Without a login nobody sees whether it is the VPS's own firewall or one before it");
    }
    out.add({QStringLiteral("vps-provider-firewall"), vps, fields, evidence, {}});
}

} // namespace

void findVps(const Sight &sight, Findings &out)
{
    findMachine(sight, out);
    findSsh(sight, out);
    findFirewall(sight, out);
}

} // namespace sixgate
