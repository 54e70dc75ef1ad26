// The line, its two families, and this machine itself.

#include "decide/findings.h"
#include "model/text.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

QStringList triesOver(const std::vector<Reach> &list, bool ipv6)
{
    QStringList text;
    for (const Reach &one : list) {
        if (isIpv6(one) == ipv6)
            text << reachText(one);
    }
    return text;
}

/// The first few of them: a zone may have many servers.
QString shortened(const QStringList &list)
{
    constexpr qsizetype most = 6;
    const QString text = list.mid(0, most).join(QStringLiteral(", "));
    return list.size() > most ? Texts::tr("%1 and %2 more").arg(text).arg(list.size() - most) : text;
}

QString offsetText(qint64 seconds)
{
    return spanText(std::chrono::seconds(std::abs(seconds))) +
           (seconds > 0 ? Texts::tr(" ahead") : Texts::tr(" behind"));
}

void findFamilies(const Sight &sight, Findings &out)
{
    const auto &outside = sight.seen.outside;
    const bool any = sight.outside4 || sight.outside6;
    if (!any && (sight.tried4 || sight.tried6)) {
        QStringList asked;
        for (const auto *list : {&outside, &sight.seen.vps, &sight.seen.sshTries}) {
            for (const Reach &one : *list)
                asked << ipText(one.address);
        }
        asked.removeDuplicates();
        out.add({QStringLiteral("line-down"),
                 QString(),
                 {{QStringLiteral("vps"), sight.vpsName()}, {QStringLiteral("asked"), shortened(asked)}},
                 triesOver(outside, true) + triesOver(outside, false),
                 {}});
        out.say(Texts::tr("Does anything outside answer?"),
                Texts::tr("None of what was asked: the line seems to be down."));
        return;
    }
    out.say(Texts::tr("Does anything outside answer?"), Texts::tr("IPv4: %1, IPv6: %2.")
                                                            .arg(QLatin1String(sight.outside4 ? "yes"
                                                                               : sight.tried4 ? "no"
                                                                                              : "not tried"),
                                                                 QLatin1String(sight.outside6 ? "yes"
                                                                               : sight.tried6 ? "no"
                                                                                              : "not tried")));
    const bool pathFromOutside = std::any_of(sight.names.begin(), sight.names.end(),
                                             [](const NameSeen &one) { return one.works(PathKind::V6); });
    if (sight.outside4 && !sight.outside6 && sight.tried6 && !pathFromOutside && sight.atHome.value_or(true)) {
        QStringList evidence = triesOver(outside, true);
        QString interface;
        if (sight.seen.link) {
            QStringList global;
            for (const LocalAddress &one : sight.seen.link->addresses) {
                if (one.address.isGlobal() && !one.deprecated && one.link == LinkKind::Lan)
                    global << one.address.text();
                if (one.link == LinkKind::Lan && interface.isEmpty())
                    interface = one.interface;
            }
            evidence << (global.isEmpty() ? Texts::tr("This machine has no global IPv6 address.")
                                          : Texts::tr("This machine has %1, but nothing answers over IPv6.")
                                                .arg(global.join(QStringLiteral(", "))));
        }
        out.add({QStringLiteral("home-no-ipv6"), QString(), {{QStringLiteral("interface"), interface}}, evidence, {}});
    }
    if (sight.outside6 && !sight.outside4 && sight.tried4)
        out.add({QStringLiteral("home-no-ipv4"), QString(), {}, triesOver(outside, false), {}});
}

void findClock(const Sight &sight, Findings &out)
{
    const qint64 own = sight.trueNow.secsTo(sight.seen.now);
    QStringList evidence{Texts::tr("This machine: %1").arg(dayText(sight.seen.now))};
    for (const auto &[whose, clock] : sight.seen.clocks)
        evidence << QStringLiteral("%1: %2").arg(whose, dayText(clock));
    if (own != 0) {
        out.add(
            {QStringLiteral("clock-wrong"), QString(), {{QStringLiteral("offset"), offsetText(own)}}, evidence, {}});
        out.say(Texts::tr("Is this machine's clock right?"),
                Texts::tr("No: it is %1 of the others. Certificates are judged by theirs.").arg(offsetText(own)));
        return;
    }
    const auto &facts = sight.seen.seen.vps.facts;
    if (facts && facts->clock.isValid() && sight.seen.now.isValid()) {
        const qint64 offset = sight.trueNow.secsTo(facts->clock);
        if (std::abs(offset) > 120)
            out.add({QStringLiteral("vps-clock-wrong"),
                     sight.vpsName(),
                     {{QStringLiteral("vps"), sight.vpsName()}, {QStringLiteral("offset"), offsetText(offset)}},
                     evidence,
                     {}});
    }
}

/// The kernel keeps so many addresses of announced prefixes, and takes no more: the newest prefix gets none.
void findAddressLimit(const Sight &sight, Findings &out)
{
    if (!sight.seen.link)
        return;
    for (const auto &[interface, limit] : sight.seen.mostAddresses) {
        if (limit <= 0)
            continue;
        int count = 0;
        std::vector<Ipv6Address> addresses;
        for (const LocalAddress &one : sight.seen.link->addresses) {
            if (one.interface != interface)
                continue;
            // As the kernel counts: all of them, the link-local one and those set by hand as well.
            ++count;
            addresses.push_back(one.address);
        }
        if (count < limit)
            continue;
        for (const OnLinkPrefix &route : sight.seen.link->onLink) {
            const bool used = std::any_of(addresses.begin(), addresses.end(),
                                          [&](const Ipv6Address &one) { return route.prefix.contains(one); });
            if (route.interface != interface || used || !route.prefix.network().isGlobal() ||
                route.prefix.length() != 64)
                continue;
            out.add({QStringLiteral("address-limit"),
                     interface,
                     {{QStringLiteral("interface"), interface},
                      {QStringLiteral("limit"), QString::number(limit)},
                      {QStringLiteral("prefix"), route.prefix.text()}},
                     {Texts::tr("%1 has %2 addresses. From %3 on Linux takes none that a router announces; only "
                                "what is set by hand is still added.")
                          .arg(interface)
                          .arg(count)
                          .arg(limit),
                      Texts::tr("%1 is announced there, but gives no address.").arg(route.prefix.text())},
                     {}});
            break;
        }
    }
}

void findWhere(const Sight &sight, Findings &out)
{
    out.say(Texts::tr("Is this machine at home?"), sight.atHome
                                                       ? QLatin1String(*sight.atHome ? "Yes." : "No.") + QString()
                                                       : Texts::tr("That cannot be told: no server was found here."));
    if (sight.atHome.value_or(true) || out.has("line-down"))
        return;
    QString address;
    QStringList evidence;
    for (const NameSeen &one : sight.names) {
        const PathReport *lan = one.path(PathKind::Lan);
        if (!lan || lan->addresses.empty())
            continue;
        if (address.isEmpty())
            address = ipText(lan->addresses.front());
        const ProbeStep *route = lan->step("route");
        if (route)
            evidence << route->detail;
    }
    evidence.removeDuplicates();
    out.add({QStringLiteral("not-at-home"), QString(), {{QStringLiteral("address"), address}}, evidence.mid(0, 3), {}});
}

} // namespace

void findLine(const Sight &sight, Findings &out)
{
    findFamilies(sight, out);
    findClock(sight, out);
    findAddressLimit(sight, out);
    findWhere(sight, out);
}

} // namespace sixgate
