#include "decide/ipv4situation.h"
#include "model/texts.h"

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

/// 192.0.0.0/29: between the home's end and the provider's of DS-Lite (RFC 6333), also of 464XLAT (RFC 7335).
bool isDsLite(const Ipv4Address &address)
{
    const auto &b = address.bytes();
    return b[0] == 192 && b[1] == 0 && b[2] == 0 && b[3] < 8;
}

bool isUnspecified(const Ipv4Address &address)
{
    return address == Ipv4Address::fromBytes({0, 0, 0, 0});
}

QString needsVps()
{
    return Texts::tr("Visitors with IPv4 alone need the VPS.");
}

class Judge
{
public:
    explicit Judge(const Ipv4Sight &sight) : m_sight(sight) { collect(); }

    Ipv4Verdict judge()
    {
        decide();
        m_verdict.evidence = evidence();
        return std::move(m_verdict);
    }

private:
    void collect()
    {
        if (m_sight.own && m_sight.home && *m_sight.home) {
            for (const LocalIpv4 &one : *m_sight.own) {
                if (one.interface == (*m_sight.home)->interface && !one.address.isLinkLocal())
                    m_here.push_back(one.address);
            }
        }
        // A dialled line is a tunnel by its flags, but has the line's own address.
        const bool dialled = m_sight.way && *m_sight.way && m_sight.home && *m_sight.home &&
                             (*m_sight.home)->interface == (*m_sight.way)->interface &&
                             std::any_of(m_here.begin(), m_here.end(), [](const auto &one) { return one.isGlobal(); });
        if (m_sight.way && *m_sight.way && (*m_sight.way)->link != LinkKind::Lan && !dialled)
            m_tunnel = (*m_sight.way)->interface;
        // What comes out of a VPN's other end says nothing about this home.
        for (const EchoSeen &one : m_sight.echo) {
            if (one.address && one.address->isGlobal() && m_tunnel.isEmpty())
                m_outside.insert(*one.address);
            m_echoFailed = m_echoFailed && !one.address;
        }
        m_echoFailed = m_echoFailed && !m_sight.echo.empty();
        if (m_sight.router && m_sight.router->wan && !isUnspecified(*m_sight.router->wan))
            m_wan = m_sight.router->wan;
    }

    void say(Ipv4Kind kind, bool confirmed, const QString &title, const QString &text)
    {
        m_verdict = {kind, confirmed, title, text, {}};
    }
    void unknown(const QString &title, const QString &text) { say(Ipv4Kind::Unknown, false, title, text); }

    bool has(bool (*predicate)(const Ipv4Address &), Ipv4Address &found) const
    {
        const auto one = std::find_if(m_here.begin(), m_here.end(), predicate);
        if (one != m_here.end())
            found = *one;
        return one != m_here.end();
    }

    void decide()
    {
        if (noWay())
            return;
        // An address of the line on this machine itself: it is the router, or sits at the modem.
        Ipv4Address mine = Ipv4Address::fromBytes({0, 0, 0, 0});
        if (has(isDsLite, mine))
            return dsLite(true);
        if (has([](const Ipv4Address &one) { return one.isCarrierShared(); }, mine))
            return carrierNat(true, mine, Texts::tr("this machine"));
        if (has([](const Ipv4Address &one) { return one.isGlobal(); }, mine))
            return global(mine, Texts::tr("This machine"));
        if (!m_sight.router)
            return routerSilent();
        if (!m_wan)
            return routerWithoutAddress();
        if (isDsLite(*m_wan))
            return dsLite(true);
        if (m_wan->isCarrierShared())
            return carrierNat(true, *m_wan, Texts::tr("the router"));
        if (m_wan->isPrivate())
            return doubleNat();
        if (m_wan->isGlobal())
            return global(*m_wan, Texts::tr("The router"));
        unknown(Texts::tr("The router tells an address that no line has: %1.").arg(m_wan->text()),
                Texts::tr("Look at the router's page for its internet address."));
    }

    /// True where it is settled: no IPv4 at this machine.
    bool noWay()
    {
        if (m_sight.home && !*m_sight.home && m_sight.way && !*m_sight.way) {
            const bool any =
                m_sight.own && std::any_of(m_sight.own->begin(), m_sight.own->end(),
                                           [](const LocalIpv4 &one) { return !one.address.isLinkLocal(); });
            say(Ipv4Kind::None, true,
                any ? Texts::tr("This machine has no way to the IPv4 internet.")
                    : Texts::tr("This machine has no IPv4 address."),
                Texts::tr("%1 If other machines in the home have IPv4, run this on one of them.").arg(needsVps()));
            return true;
        }
        return false;
    }

    void dsLite(bool confirmed)
    {
        say(Ipv4Kind::DsLite, confirmed, Texts::tr("This home has DS-Lite: its IPv4 goes to the provider inside IPv6."),
            Texts::tr("Nobody can open a connection to it by IPv4, and no port can be forwarded. %1").arg(needsVps()));
    }

    void carrierNat(bool confirmed, const Ipv4Address &address, const QString &who)
    {
        say(Ipv4Kind::CarrierNat, confirmed, Texts::tr("This home is behind the provider's NAT (carrier-grade NAT)."),
            Texts::tr("The address of %1, %2, is not the one that the internet sees: the provider shares one among "
                      "many homes, and no port can be forwarded. %3 Some providers give a public address to those "
                      "who ask.")
                .arg(who, address.text(), needsVps()));
    }

    void doubleNat()
    {
        say(Ipv4Kind::DoubleNat, true, Texts::tr("Another router stands before the home's router (double NAT)."),
            Texts::tr("The router's own internet address, %1, is a private one. If the router before it has a "
                      "public address and is yours to set, forward the ports on both, or make it a modem (bridge "
                      "mode): then you need no VPS. Otherwise visitors with IPv4 alone need the VPS.")
                .arg(m_wan->text()));
    }

    void isPublic(bool confirmed, const Ipv4Address &address)
    {
        QString text =
            Texts::tr("%1: visitors with IPv4 can come to %2 directly. Forward the ports 80 and 443 in "
                      "the router to the home server, and let the A records follow this address.")
                .arg(confirmed ? Texts::tr("You need no VPS") : Texts::tr("If so, you need no VPS"), address.text());
        if (!confirmed)
            text += Texts::tr(" No echo service has confirmed it: name one in the site file (\"echo\") to be sure.");
        say(Ipv4Kind::Public, confirmed,
            confirmed ? Texts::tr("This home has a public IPv4 address.")
                      : Texts::tr("This home seems to have a public IPv4 address."),
            text);
    }

    void global(const Ipv4Address &address, const QString &who)
    {
        if (m_outside.empty())
            return isPublic(false, address);
        if (m_outside.size() == 1 && m_outside.contains(address))
            return isPublic(true, address);
        if (m_outside.contains(address))
            return unknown(Texts::tr("The echo services do not agree about this home's IPv4 address."),
                           Texts::tr("%1 has %2, which one service sees, and another one does not. A proxy or a "
                                     "second line may be the reason; ask again, or name other services.")
                               .arg(who, address.text()));
        // An address that looks public, and is not what the internet sees: some carriers use foreign space inside.
        carrierNat(false, address, who.toLower());
        m_verdict.text += Texts::tr(" (A VPN or a proxy that carries the home's IPv4 would look the same.)");
    }

    void routerWithoutAddress()
    {
        const RouterSeen &router = *m_sight.router;
        // "None" is also what it tells of an address that is not public, unless it says that it is not connected at
        // all.
        if (router.hidesPrivate && router.status != QLatin1String("Disconnected"))
            return unknown(
                Texts::tr("The router has no public IPv4 address; what is before it, it does not tell."),
                Texts::tr("Look at its page for the internet (WAN) address. 100.64 to 100.127: the provider's "
                          "NAT, you need the VPS. 192.0.0: DS-Lite, you need the VPS. 10, 172.16 to 172.31 or "
                          "192.168: another router stands before it; if that has a public address, forward the "
                          "ports on both, and you need no VPS."));
        if (!m_outside.empty())
            return dsLite(router.connected());
        if (m_echoFailed && m_tunnel.isEmpty())
            return say(Ipv4Kind::None, false,
                       Texts::tr("This home has no IPv4 now: the router has no address, and "
                                 "no echo service can be reached."),
                       Texts::tr("If the line is in order, the provider offers IPv6 alone. %1").arg(needsVps()));
        if (router.connected())
            return dsLite(false);
        unknown(Texts::tr("The router tells that it has no IPv4 address."),
                Texts::tr("Either the line is down, or IPv4 goes inside IPv6 (DS-Lite); with DS-Lite you need the "
                          "VPS. An echo service in the site file (\"echo\") would tell whether IPv4 works."));
    }

    void routerSilent()
    {
        const QString how = Texts::tr("Look at the router's page for its internet (WAN) address.");
        if (m_outside.size() > 1)
            return unknown(Texts::tr("The echo services do not agree about this home's IPv4 address."),
                           Texts::tr("The provider's NAT with several addresses, a proxy, or a second line may be "
                                     "the reason. %1")
                               .arg(how));
        if (m_outside.size() == 1)
            return unknown(
                Texts::tr("IPv4 works, but whether the home can be reached by it is not known."),
                Texts::tr("%1 Is it %2, the home has a public address and you need no VPS. Is it another one, the "
                          "provider's NAT or another router stands between.")
                    .arg(how, m_outside.begin()->text()));
        if (!m_tunnel.isEmpty())
            return unknown(
                Texts::tr("This machine's IPv4 goes through a tunnel (%1), so the home's is not seen.").arg(m_tunnel),
                Texts::tr("Switch the VPN off and try again. %1").arg(how));
        if (m_echoFailed)
            return unknown(
                Texts::tr("No echo service answers by IPv4, and the router does not tell its address."),
                Texts::tr("The services or the line may be down, or the home may have no IPv4. %1").arg(how));
        if (!m_sight.echo.empty())
            return unknown(Texts::tr("The router does not tell its address, and what the echo services answer is of "
                                     "no use."),
                           how);
        unknown(Texts::tr("The router does not tell its address, and no echo service was asked."),
                Texts::tr("%1 Or switch UPnP on in the router, and name an echo service in the site file "
                          "(\"echo\").")
                    .arg(how));
    }

    // --- evidence ----------------------------------------------------------------------------

    static QString why(const Error &error)
    {
        return error.detail.isEmpty() ? error.summary : QStringLiteral("%1 (%2)").arg(error.summary, error.detail);
    }

    static QString wayText(const Ipv4Way &way)
    {
        return way.gateway ? Texts::tr("by %1 (%2)").arg(way.gateway->text(), way.interface)
                           : Texts::tr("through %1, without a gateway").arg(way.interface);
    }

    static QString kindOf(const Ipv4Address &address)
    {
        return isDsLite(address)           ? Texts::tr("of DS-Lite")
               : address.isCarrierShared() ? Texts::tr("of the carriers' shared space, 100.64.0.0/10")
               : address.isPrivate()       ? QStringLiteral("private")
               : address.isLinkLocal()     ? QStringLiteral("link-local")
               : address.isGlobal()        ? Texts::tr("of the public space")
                                           : Texts::tr("of no use on the internet");
    }

    void routerLines(QStringList &lines) const
    {
        if (!m_sight.router) {
            lines << Texts::tr("Router: %1").arg(why(m_sight.router.error()));
            return;
        }
        const RouterSeen &router = *m_sight.router;
        QStringList more;
        for (const QString &one : {router.status, router.connection, router.software}) {
            if (!one.isEmpty())
                more << one;
        }
        const QString tail = more.isEmpty() ? QString() : QStringLiteral(" [%1]").arg(more.join(QStringLiteral(", ")));
        if (m_wan)
            lines << Texts::tr("Router %1 tells its internet address: %2, %3.%4")
                         .arg(router.address.text(), m_wan->text(), kindOf(*m_wan), tail);
        else if (router.hidesPrivate)
            lines << Texts::tr("Router %1 tells no internet address, as it does for each that is not public.%2")
                         .arg(router.address.text(), tail);
        else
            lines << Texts::tr("Router %1 tells that it has no internet address.%2").arg(router.address.text(), tail);
    }

    QStringList evidence() const
    {
        QStringList lines;
        if (!m_sight.own)
            lines << Texts::tr("This machine's addresses: %1").arg(why(m_sight.own.error()));
        else if (m_sight.own->empty())
            lines << Texts::tr("This machine has no IPv4 address.");
        else {
            for (const LocalIpv4 &one : *m_sight.own)
                lines << Texts::tr("This machine has %1/%2 on %3, %4.")
                             .arg(one.address.text())
                             .arg(one.prefixLength)
                             .arg(one.interface, kindOf(one.address));
        }
        if (!m_sight.home)
            lines << Texts::tr("Default route: %1").arg(why(m_sight.home.error()));
        else
            lines << (*m_sight.home ? Texts::tr("Default route: %1.").arg(wayText(**m_sight.home))
                                    : Texts::tr("There is no default route for IPv4."));
        if (!m_tunnel.isEmpty())
            lines << Texts::tr("Packets to the internet go through the tunnel %1; echo services see its other end.")
                         .arg(m_tunnel);
        routerLines(lines);
        for (const EchoSeen &one : m_sight.echo)
            lines << (one.address
                          ? Texts::tr("%1 sees %2, %3.").arg(one.service, one.address->text(), kindOf(*one.address))
                          : QStringLiteral("%1: %2").arg(one.service, why(one.address.error())));
        if (m_sight.echo.empty())
            lines << Texts::tr("No echo service was asked; the site file names none.");
        return lines;
    }

    const Ipv4Sight &m_sight;
    Ipv4Verdict m_verdict;
    QString m_tunnel;                ///< interface of a VPN that carries this machine's IPv4
    std::set<Ipv4Address> m_outside; ///< as echo services see this home
    bool m_echoFailed = true;        ///< some were asked, none answered
    std::optional<Ipv4Address> m_wan;
    std::vector<Ipv4Address> m_here; ///< this machine's, on the way to the home's router
};

} // namespace

Ipv4Verdict judgeIpv4(const Ipv4Sight &sight)
{
    return Judge(sight).judge();
}

QString ipv4KindName(Ipv4Kind kind)
{
    switch (kind) {
    case Ipv4Kind::Public:
        return QStringLiteral("public");
    case Ipv4Kind::CarrierNat:
        return QStringLiteral("carrier-nat");
    case Ipv4Kind::DsLite:
        return QStringLiteral("ds-lite");
    case Ipv4Kind::DoubleNat:
        return QStringLiteral("double-nat");
    case Ipv4Kind::None:
        return QStringLiteral("none");
    case Ipv4Kind::Unknown:
        break;
    }
    return QStringLiteral("unknown");
}

} // namespace sixgate
