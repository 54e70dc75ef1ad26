// What a home's IPv4 is, from what was seen: rows as text.

#include "decide/ipv4situation.h"

#include <QTest>

using namespace sixgate;

namespace
{

Ipv4Address address(const QString &text)
{
    const auto parsed = Ipv4Address::parse(text);
    if (!parsed)
        qFatal("bad test row: %s", qPrintable(text));
    return *parsed;
}

LinkKind linkOf(const QString &interface)
{
    return interface.startsWith(QLatin1String("wg")) || interface.startsWith(QLatin1String("ppp"))
               ? LinkKind::PointToPoint
               : LinkKind::Lan;
}

/// "own=eth0/192.168.178.20 home=eth0/192.168.178.1 way=wg0 router=203.0.113.5 status=Connected echo=203.0.113.5".
/// Without home: as the first own interface by .1; without way: as home. "-": none. "?": unknown. Router: an address,
/// "-" (it tells none), "hides" (MiniUPnPd tells none). Of echo there may be several.
Ipv4Sight sightFrom(const QString &row)
{
    const auto unknown = [] { return fail(ErrorCode::Timeout, QStringLiteral("There was no answer in time.")); };
    const auto way = [](const QString &text) {
        const QString interface = text.section(QLatin1Char('/'), 0, 0);
        const QString gateway = text.section(QLatin1Char('/'), 1);
        return Ipv4Way{interface, gateway.isEmpty() ? std::nullopt : std::optional(address(gateway)),
                       linkOf(interface)};
    };
    Ipv4Sight sight;
    sight.own = std::vector<LocalIpv4>();
    sight.home = std::optional<Ipv4Way>();
    bool wayGiven = false;
    bool homeGiven = false;
    for (const QString &word : row.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const QString key = word.section(QLatin1Char('='), 0, 0);
        const QString value = word.section(QLatin1Char('='), 1);
        const bool none = value == QLatin1String("-");
        const bool notKnown = value == QLatin1String("?");
        if (key == QLatin1String("own") && notKnown) {
            sight.own = unknown();
        } else if (key == QLatin1String("own")) {
            const Ipv4Way at = way(value);
            sight.own->push_back({at.interface, *at.gateway, 24, at.link});
            if (!homeGiven && at.link == LinkKind::Lan)
                sight.home = std::optional(way(at.interface + QStringLiteral("/192.168.178.1")));
            homeGiven = true;
        } else if (key == QLatin1String("home")) {
            homeGiven = true;
            if (notKnown)
                sight.home = unknown();
            else
                sight.home = none ? std::optional<Ipv4Way>() : std::optional(way(value));
        } else if (key == QLatin1String("way")) {
            wayGiven = true;
            if (notKnown)
                sight.way = unknown();
            else
                sight.way = none ? std::optional<Ipv4Way>() : std::optional(way(value));
        } else if (key == QLatin1String("router")) {
            const bool hides = value == QLatin1String("hides");
            sight.router = RouterSeen{address(QStringLiteral("192.168.178.1")),
                                      QStringLiteral("Box"),
                                      none || hides ? std::nullopt : std::optional(address(value)),
                                      {},
                                      {},
                                      hides};
        } else if (key == QLatin1String("status")) {
            sight.router->status = value;
        } else if (key == QLatin1String("echo")) {
            sight.echo.push_back({QStringLiteral("https://ip%1.example.org/").arg(sight.echo.size()),
                                  notKnown ? Known<Ipv4Address>(unknown()) : Known<Ipv4Address>(address(value))});
        } else {
            qFatal("bad test row: %s", qPrintable(word));
        }
    }
    if (!wayGiven)
        sight.way = sight.home;
    return sight;
}

const char *const lan = "own=eth0/192.168.178.20 ";

} // namespace

class TestIpv4Situation : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verdicts_data()
    {
        QTest::addColumn<QString>("sight");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<bool>("confirmed");
        QTest::addColumn<QString>("says"); // parts of title and text, separated by |
        const auto row = [](const char *name, const QByteArray &sight, const char *kind, bool confirmed,
                            const char *says) {
            QTest::newRow(name) << QString::fromLatin1(sight) << QString::fromLatin1(kind) << confirmed
                                << QString::fromLatin1(says);
        };
        const QByteArray in(lan);
        // Public.
        row("router and echo agree", in + "router=203.0.113.5 status=Connected echo=203.0.113.5", "public", true,
            "You need no VPS|Forward the ports 80 and 443|203.0.113.5");
        row("two echoes agree with the router", in + "router=203.0.113.5 echo=203.0.113.5 echo=203.0.113.5", "public",
            true, "no VPS");
        row("one of two echoes is silent", in + "router=203.0.113.5 echo=? echo=203.0.113.5", "public", true, "no VPS");
        row("the router alone", in + "router=203.0.113.5", "public", false,
            "seems|If so, you need no VPS|No echo service has confirmed");
        row("the router, and echoes that fail", in + "router=203.0.113.5 echo=?", "public", false, "seems");
        row("public on this machine", "own=eth0/203.0.113.5 echo=203.0.113.5", "public", true, "no VPS");
        row("public on this machine, not asked", "own=eth0/203.0.113.5", "public", false, "seems");
        row("dialled from this machine", "own=ppp0/203.0.113.5 home=ppp0 echo=?", "public", false, "seems");
        row("dialled from this machine, seen outside", "own=ppp0/203.0.113.5 home=ppp0 echo=203.0.113.5", "public",
            true, "no VPS");
        // Carrier NAT.
        row("dialled into shared space", "own=ppp0/100.64.3.2 home=ppp0 echo=203.0.113.7", "carrier-nat", true,
            "this machine, 100.64.3.2");
        row("shared space", in + "router=100.64.0.2 status=Connected echo=203.0.113.7", "carrier-nat", true,
            "need the VPS|100.64.0.2|the router");
        row("shared space, not asked", in + "router=100.127.255.254", "carrier-nat", true, "carrier-grade");
        row("just below shared space", in + "router=100.63.255.254 echo=100.63.255.254", "public", true, "no VPS");
        row("just above shared space", in + "router=100.128.0.1 echo=100.128.0.1", "public", true, "no VPS");
        row("foreign space inside the carrier", in + "router=203.0.113.5 echo=203.0.113.7", "carrier-nat", false,
            "need the VPS|203.0.113.5");
        row("foreign space, several outside", in + "router=203.0.113.5 echo=203.0.113.7 echo=203.0.113.8",
            "carrier-nat", false, "need the VPS");
        row("shared space on this machine", "own=eth0/100.64.3.2 echo=203.0.113.7", "carrier-nat", true,
            "this machine, 100.64.3.2");
        row("public on this machine, another one outside", "own=eth0/203.0.113.5 echo=203.0.113.7", "carrier-nat",
            false, "this machine");
        // DS-Lite.
        row("B4 address", in + "router=192.0.0.2 echo=203.0.113.7", "ds-lite", true, "no port can be forwarded");
        row("last of its space", in + "router=192.0.0.7", "ds-lite", true, "DS-Lite");
        row("after its space", in + "router=192.0.0.8", "unknown", false, "no line has");
        row("router has none, IPv4 works", in + "router=- status=Connected echo=203.0.113.7", "ds-lite", true,
            "inside IPv6");
        row("router has 0.0.0.0, IPv4 works", in + "router=0.0.0.0 status=Connected echo=203.0.113.7", "ds-lite", true,
            "inside IPv6");
        row("router has none and no status, IPv4 works", in + "router=- echo=203.0.113.7", "ds-lite", false,
            "inside IPv6");
        row("router has none, not connected, IPv4 works", in + "router=- status=Disconnected echo=203.0.113.7",
            "ds-lite", false, "inside IPv6");
        row("router is connected without one, not asked", in + "router=- status=Connected", "ds-lite", false,
            "need the VPS");
        row("this machine is the B4", "own=eth0/192.0.0.2 echo=203.0.113.7", "ds-lite", true, "DS-Lite");
        // Double NAT.
        row("192.168", in + "router=192.168.1.2 status=Connected echo=203.0.113.5", "double-nat", true,
            "forward the ports on both|192.168.1.2");
        row("10", in + "router=10.255.255.255", "double-nat", true, "bridge mode");
        row("172.16", in + "router=172.16.0.1", "double-nat", true, "double NAT");
        row("172.31", in + "router=172.31.255.254", "double-nat", true, "double NAT");
        row("172.15 is public", in + "router=172.15.0.1 echo=172.15.0.1", "public", true, "no VPS");
        row("172.32 is public", in + "router=172.32.0.1 echo=172.32.0.1", "public", true, "no VPS");
        // None.
        row("no address", "", "none", true, "no IPv4 address|need the VPS");
        row("link-local alone", "own=eth0/169.254.7.7 home=-", "none", true, "no IPv4 address");
        row("no route", in + "home=-", "none", true, "no way to the IPv4 internet");
        row("router has none, nothing passes", in + "router=- echo=? echo=?", "none", false, "no IPv4 now");
        // Not told.
        row("the router hides what it has", in + "router=hides status=Connected echo=203.0.113.7", "unknown", false,
            "no public IPv4 address|Look at its page|forward the ports on both");
        row("it hides and is not connected, IPv4 works", in + "router=hides status=Disconnected echo=203.0.113.7",
            "ds-lite", false, "DS-Lite");
        row("it hides and tells no status, IPv4 works", in + "router=hides echo=203.0.113.7", "unknown", false,
            "what is before it, it does not tell");
        row("it hides, nothing passes", in + "router=hides status=Disconnected echo=?", "none", false, "no IPv4 now");
        row("it hides, not asked", in + "router=hides status=Connected", "unknown", false, "no public IPv4 address");
        row("router has none, line down", in + "router=- status=Disconnected", "unknown", false, "the line is down");
        row("echo alone", in + "echo=203.0.113.7", "unknown", false, "Is it 203.0.113.7|no VPS");
        row("nobody was asked", in, "unknown", false, "no echo service was asked");
        row("nobody answers", in + "echo=?", "unknown", false, "No echo service answers");
        row("echoes disagree", in + "echo=203.0.113.7 echo=203.0.113.8", "unknown", false, "do not agree");
        row("echoes disagree, one with the router", in + "router=203.0.113.5 echo=203.0.113.5 echo=203.0.113.8",
            "unknown", false, "do not agree|The router has 203.0.113.5");
        row("an echo tells nonsense", in + "echo=192.168.1.1", "unknown", false, "of no use");
        row("the router tells nonsense", in + "router=127.0.0.1 echo=203.0.113.7", "unknown", false, "no line has");
        row("the router tells a group", in + "router=224.0.0.1", "unknown", false, "no line has");
        row("nothing is known", "own=? home=? way=?", "unknown", false, "Look at the router's page");
        // A VPN's other end is not this home's.
        row("VPN hides", in + "own=wg0/10.8.0.2 way=wg0 echo=198.51.100.9", "unknown", false, "tunnel (wg0)");
        row("VPN and nothing else", "own=wg0/10.8.0.2 home=wg0 echo=198.51.100.9", "unknown", false, "tunnel (wg0)");
        row("VPN with a router that has a public one", in + "way=wg0 router=203.0.113.5 echo=198.51.100.9", "public",
            false, "seems");
        row("VPN with a router that has a shared one", in + "way=wg0 router=100.64.0.2 echo=198.51.100.9",
            "carrier-nat", true, "VPS");
        row("VPN with a public address", in + "own=wg0/198.51.100.9 echo=203.0.113.7", "unknown", false,
            "Is it 203.0.113.7");
        row("VPN with a router that has none", in + "way=wg0 router=- status=Disconnected echo=198.51.100.9", "unknown",
            false, "no IPv4 address");
        row("shared space of another net's interface", in + "own=wg1/100.64.9.9 router=203.0.113.5 echo=203.0.113.5",
            "public", true, "no VPS");
    }

    void verdicts()
    {
        QFETCH(QString, sight);
        QFETCH(QString, kind);
        QFETCH(bool, confirmed);
        QFETCH(QString, says);
        const Ipv4Sight seen = sightFrom(sight);
        const Ipv4Verdict verdict = judgeIpv4(seen);
        const QString all = verdict.title + QLatin1Char(' ') + verdict.text;
        QVERIFY2(ipv4KindName(verdict.kind) == kind, qPrintable(ipv4KindName(verdict.kind) + QLatin1Char(' ') + all));
        QCOMPARE(verdict.confirmed, confirmed);
        for (const QString &part : says.split(QLatin1Char('|')))
            QVERIFY2(all.contains(part), qPrintable(part + QStringLiteral(" is not in: ") + all));
        QVERIFY(verdict.title.endsWith(QLatin1Char('.')));
        QVERIFY2(verdict.text.endsWith(QLatin1Char('.')) || verdict.text.endsWith(QStringLiteral(".)")),
                 qPrintable(verdict.text));
        // Only a home that was proven to be public is told outright that it needs no VPS.
        QCOMPARE(verdict.text.startsWith(QStringLiteral("You need no VPS")),
                 kind == QLatin1String("public") && confirmed);
        // Each witness has its line.
        const QString lines = verdict.evidence.join(QLatin1Char('\n'));
        for (const EchoSeen &one : seen.echo)
            QVERIFY2(lines.contains(one.service), qPrintable(lines));
        if (seen.router && seen.router->wan && seen.router->wan->text() != QLatin1String("0.0.0.0"))
            QVERIFY2(lines.contains(seen.router->wan->text()), qPrintable(lines));
        if (seen.own) {
            for (const LocalIpv4 &one : *seen.own)
                QVERIFY2(lines.contains(one.address.text()), qPrintable(lines));
        }
    }
};

QTEST_APPLESS_MAIN(TestIpv4Situation)
#include "tst_ipv4situation.moc"
