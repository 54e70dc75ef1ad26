// The VPS as a machine: whether it is there, lets us log in, lets visitors in.

#include "decide/findings.h"
#include "decide/firewall.h"

#include <algorithm>

namespace sixgate
{

namespace
{

bool isIpv6(const Reach &reach)
{
    return std::holds_alternative<Ipv6Address>(reach.address);
}

QStringList triesText(const std::vector<Reach> &list)
{
    QStringList text;
    for (const Reach &one : list)
        text << reachText(one);
    return text;
}

bool anyOf(const std::vector<Reach> &list, bool (*fits)(const Reach &))
{
    return std::any_of(list.begin(), list.end(), fits);
}

/// Whether any visitor's path needs it: without a service nobody misses it.
void findMachine(const Sight &sight, Findings &out)
{
    const Evidence &seen = sight.seen;
    const QString vps = sight.vpsName();
    const Fields fields{{QStringLiteral("vps"), vps}};
    if (seen.seen.vps.ipv4 && seen.seen.vps.ipv4->empty() && seen.seen.vps.ipv6 && seen.seen.vps.ipv6->empty())
        out.add({QStringLiteral("vps-name-missing"),
                 vps,
                 fields,
                 {QStringLiteral("%1: no A and no AAAA record").arg(vps)},
                 {}});
    if (out.has("line-down"))
        return;
    const bool tried = !seen.vps.empty() || !seen.sshTries.empty();
    if (tried && !sight.vpsAnswers() && (sight.outside4 || sight.outside6)) {
        QStringList addresses;
        for (const Reach &one : seen.vps)
            addresses << ipText(one.address);
        addresses.removeDuplicates();
        out.add({QStringLiteral("vps-off"),
                 vps,
                 {{QStringLiteral("vps"), vps}, {QStringLiteral("addresses"), addresses.join(QStringLiteral(", "))}},
                 triesText(seen.vps) + triesText(seen.sshTries),
                 {}});
        out.say(QStringLiteral("Is the VPS there?"), QStringLiteral("No port of it answers, others outside do."));
        return;
    }
    if (seen.seen.vps.facts && !seen.seen.vps.facts->hasGlobalIpv6) {
        out.add({QStringLiteral("vps-no-ipv6"),
                 vps,
                 fields,
                 {QStringLiteral("%1 has no global IPv6 address.").arg(vps)},
                 {}});
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
    // The VPS has an address, and gets nowhere with it.
    else if (!seen.vpsOutside.empty() && others6 &&
             !anyOf(seen.vpsOutside, [](const Reach &one) { return one.answered(); }))
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
        out.add({QString::fromLatin1(code), host, fields, evidence, {}});
    };
    switch (error.code) {
    case ErrorCode::HostKey: {
        QString presented = error.detail.section(QStringLiteral("Presented: "), 1).section(QLatin1Char('.'), 0, 0);
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
    if (refused && seen.memory.sshRefused.empty())
        return add("ssh-refused", {});
    // A ban is silent, refuses after logins that failed, or ends the connection before the first word.
    if (refused || connected || (silent && web))
        return add("ssh-banned", {});
    add("ssh-not-possible", {});
}

/// Port 443 over IPv4 is silent, while the machine is there.
void findFirewall(const Sight &sight, Findings &out)
{
    const Evidence &seen = sight.seen;
    if (out.has("vps-off") || out.has("line-down") || out.has("home-no-ipv4"))
        return;
    const auto silent = std::find_if(seen.vps.begin(), seen.vps.end(),
                                     [](const Reach &one) { return !isIpv6(one) && !one.answered(); });
    if (silent == seen.vps.end() || anyOf(seen.vps, [](const Reach &one) { return !isIpv6(one) && one.answered(); }))
        return;
    // Over IPv4 nothing else of it may answer at all: then it is the way, not a port.
    const QString vps = sight.vpsName();
    QStringList evidence = triesText(seen.vps) + triesText(seen.sshTries);
    Fields fields{{QStringLiteral("vps"), vps},
                  {QStringLiteral("ports"), QStringLiteral("443")},
                  {QStringLiteral("protocol"), QStringLiteral("tcp")},
                  {QStringLiteral("port"), QStringLiteral("443")}};
    if (const auto &facts = seen.seen.vps.facts) {
        const FirewallVerdict verdict = judgeFirewall({facts->ufw, facts->nft, facts->outerInterface});
        for (const ClosedPorts &closed : verdict.closed) {
            const auto &ports = closed.action.ports;
            if (std::find(ports.begin(), ports.end(), 443) == ports.end())
                continue;
            fields[QStringLiteral("ports")] = portsText(ports);
            fields[QStringLiteral("firewall")] = closed.where;
            out.add(
                {QStringLiteral("vps-firewall"),
                 vps,
                 fields,
                 evidence << QStringLiteral("%1 on the VPS does not let %2 in.").arg(closed.where, portsText(ports)),
                 {}});
            return;
        }
        evidence << QStringLiteral("The VPS's own firewall lets port 443 in.");
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
