// The server's address from the home's prefix and an interface identifier; the prefixes in use; the site's choice.

#include "tables.h"

using namespace sixgate;

class TestPrefixChoice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fromInterfaceId_data()
    {
        QTest::addColumn<QString>("addresses");
        QTest::addColumn<QString>("routes");
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("fit");
        QTest::addColumn<QString>("verdicts");
        QTest::addColumn<QString>("prefixes"); // in use
        const auto with = [](const char *id, const char *name, const char *addresses, const char *routes,
                             const char *fit, const char *verdicts, const char *prefixes) {
            QTest::newRow(name) << QString::fromUtf8(addresses) << QString::fromUtf8(routes) << QString::fromUtf8(id)
                                << QString::fromUtf8(fit) << QString::fromUtf8(verdicts) << QString::fromUtf8(prefixes);
        };
        const auto row = [&](const char *name, const char *addresses, const char *routes, const char *fit,
                             const char *verdicts,
                             const char *prefixes) { with("::11", name, addresses, routes, fit, verdicts, prefixes); };
        row("one prefix", "eth0 2001:db8:1:1::5/64 preferred=60 valid=90", "eth0 2001:db8:1:1::/64", "2001:db8:1:1::11",
            "taken", "2001:db8:1:1::/64");
        with("02:00:5e:00:53:01", "identifier from a MAC address", "eth0 2001:db8:1:1::5/64", "",
             "2001:db8:1:1:0:5eff:fe00:5301", "taken", "2001:db8:1:1::/64");
        with("52-54-00-AB-CD-EF", "identifier from a MAC address, the other notation", "eth0 2001:db8:1:1::5/64", "",
             "2001:db8:1:1:5054:ff:feab:cdef", "taken", "2001:db8:1:1::/64");
        with("::1:2:3:4", "identifier of four groups", "eth0 2001:db8:1:1::5/64", "", "2001:db8:1:1:1:2:3:4", "taken",
             "2001:db8:1:1::/64");
        with("::5", "the identifier of this machine", "eth0 2001:db8:1:1::5/64", "", "2001:db8:1:1::5", "taken",
             "2001:db8:1:1::/64");
        row("temporary evidence only", "eth0 2001:db8:1:1:aaaa::5/64 temporary preferred=60 valid=90", "",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("several addresses in one prefix",
            "eth0 2001:db8:1:1::5/64; eth0 2001:db8:1:1:aaaa::5/64 temporary; eth0 2001:db8:1:1::6/64 deprecated", "",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("old temporary address in a live prefix",
            "eth0 2001:db8:1:1::5/64 temporary deprecated preferred=0 valid=60; eth0 2001:db8:1:1::6/64 preferred=60 "
            "valid=60",
            "", "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("A3 deprecated prefix", "eth0 2001:db8:ffff:1::5/64 deprecated preferred=0 valid=600", "", "", "deprecated",
            "");
        row("A3 deprecated prefix whose route stays",
            "eth0 2001:db8:ffff:1::5/64 deprecated preferred=0 valid=600; eth0 2001:db8:1:1::5/64 preferred=60 "
            "valid=60",
            "eth0 2001:db8:ffff:1::/64; eth0 2001:db8:1:1::/64", "2001:db8:1:1::11", "deprecated|taken",
            "2001:db8:1:1::/64");
        row("A3 deprecated by lifetime alone", "eth0 2001:db8:1:1::5/64 preferred=0 valid=600",
            "eth0 2001:db8:1:1::/64", "", "deprecated", "");
        row("A5 ULA prefix first", "eth0 fd12:3456:789a:1::5/64; eth0 2001:db8:1:1::5/64 preferred=60 valid=60", "",
            "2001:db8:1:1::11", "unique local|taken", "2001:db8:1:1::/64");
        row("A6 two prefixes: longer preferred",
            "eth0 2001:db8:1:1::5/64 preferred=60 valid=90; eth0 2001:db8:2:1::5/64 preferred=90 valid=90", "",
            "2001:db8:2:1::11 2001:db8:1:1::11", "preferred for longer|taken", "2001:db8:2:1::/64 2001:db8:1:1::/64");
        row("A6 two prefixes: longer valid",
            "eth0 2001:db8:1:1::5/64 preferred=60 valid=90; eth0 2001:db8:2:1::5/64 preferred=60 valid=91", "",
            "2001:db8:2:1::11 2001:db8:1:1::11", "valid for longer|taken", "2001:db8:2:1::/64 2001:db8:1:1::/64");
        row("A6 two prefixes: the lower",
            "eth0 2001:db8:2:1::5/64 preferred=60 valid=90; eth0 2001:db8:1:1::5/64 preferred=60 valid=90", "",
            "2001:db8:1:1::11 2001:db8:2:1::11", "is the lower|taken", "2001:db8:1:1::/64 2001:db8:2:1::/64");
        row("A6 lifetimes of a prefix are those of its longest address",
            "eth0 2001:db8:1:1::5/64 temporary preferred=10 valid=20; eth0 2001:db8:2:1::5/64 preferred=60 valid=60;"
            "eth0 2001:db8:1:1::6/64 preferred=90 valid=90",
            "", "2001:db8:1:1::11 2001:db8:2:1::11", "taken|preferred for longer",
            "2001:db8:1:1::/64 2001:db8:2:1::/64");
        row("A6 delegated sub-prefixes of one /56", "eth0 2001:db8:1:1::5/64; eth1 2001:db8:1:2::5/64", "",
            "2001:db8:1:1::11 2001:db8:1:2::11", "taken|is the lower", "2001:db8:1:1::/64 2001:db8:1:2::/64");
        row("A10 NAT64 prefix", "eth0 64:ff9b::5/96", "", "", "NAT64", "");
        row("6to4 prefix", "eth0 2002:c633:6407:1::5/64", "", "", "6to4", "");
        row("Teredo prefix", "eth0 2001:0:53aa:64c::5/32", "", "", "Teredo", "");
        row("site-local prefix", "eth0 fec0::5/64", "", "", "site-local", "");
        row("link-local prefix", "eth0 fe80::5/64", "", "", "link-local", "");
        row("loopback is no prefix", "lo ::1/128", "", "", "", "");
        row("nothing", "", "", "", "", "");
        row("documentation counts as global", "eth0 3fff:1::5/64", "", "3fff:1::11", "taken", "3fff:1::/64");
        row("tentative evidence", "eth0 2001:db8:1:1::5/64 tentative", "", "", "Duplicate address detection", "");
        row("tentative evidence with a route", "eth0 2001:db8:1:1::5/64 tentative", "eth0 2001:db8:1:1::/64",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("failed evidence", "eth0 2001:db8:1:1::5/64 dadfailed tentative", "", "", "Duplicate address detection",
            "");
        row("failed evidence with a route", "eth0 2001:db8:1:1::5/64 dadfailed", "eth0 2001:db8:1:1::/64",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("failed and deprecated with a route",
            "eth0 2001:db8:1:1::5/64 deprecated preferred=0; eth0 2001:db8:1:1::6/64 dadfailed preferred=60",
            "eth0 2001:db8:1:1::/64", "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("route alone", "", "eth0 2001:db8:1:1::/64", "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("route alone comes last", "eth0 2001:db8:2:1::5/64 preferred=1 valid=1", "eth0 2001:db8:1:1::/64",
            "2001:db8:2:1::11 2001:db8:1:1::11", "taken|preferred for longer", "2001:db8:2:1::/64 2001:db8:1:1::/64");
        row("route to a ULA", "", "eth0 fd00:1:2:3::/64", "", "unique local", "");
        row("route longer than /64", "", "eth0 2001:db8:1:1::/96", "", "", "");
        row("route shorter than /64 names no LAN", "", "eth0 2001:db8:1::/56", "", "", "");
        row("the same route on two interfaces", "", "eth0 2001:db8:1:1::/64; wlan0 2001:db8:1:1::/64",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("DHCPv6 lease of 128 bits", "eth0 2001:db8:1:1::1000/128 preferred=60 valid=60", "", "2001:db8:1:1::11",
            "taken", "2001:db8:1:1::/64");
        row("DHCPv6 lease with a route", "eth0 2001:db8:1:1::1000/128 preferred=60 valid=60", "eth0 2001:db8:1:1::/64",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("LAN longer than /64", "eth0 2001:db8:1:1::5/96", "eth0 2001:db8:1:1::/96", "", "no room",
            "2001:db8:1:1::/64");
        row("LAN of /112 beside one of /64", "eth0 2001:db8:1:1::5/112; eth1 2001:db8:1:2::5/64", "",
            "2001:db8:1:2::11", "no room|taken", "2001:db8:1:1::/64 2001:db8:1:2::/64");
        row("LAN shorter than /64: the /64 of this machine", "eth0 2001:db8:1:7::5/56", "eth0 2001:db8:1::/56",
            "2001:db8:1:7::11", "taken", "2001:db8:1:7::/64");
        row("a tunnel's prefix", "wg0 2001:db8:2:1::2/64 tunnel; eth0 2001:db8:1:1::5/64 preferred=60 valid=90",
            "eth0 2001:db8:1:1::/64", "2001:db8:1:1::11",
            "is not the LAN's: this machine has it on the point-to-point interface|taken", "2001:db8:1:1::/64");
        row("a tunnel within the LAN's prefix", "wg0 2001:db8:1:1::2/128 tunnel; eth0 2001:db8:1:1::5/64", "",
            "2001:db8:1:1::11", "taken", "2001:db8:1:1::/64");
        row("a tunnel within the LAN's old prefix",
            "wg0 2001:db8:1:1::2/128 tunnel; eth0 2001:db8:1:1::5/64 deprecated preferred=0", "", "", "deprecated", "");
        row("two interfaces in one prefix", "eth0 2001:db8:1:1::5/64; wlan0 2001:db8:1:1::6/64", "", "2001:db8:1:1::11",
            "taken", "2001:db8:1:1::/64");
    }

    void fromInterfaceId()
    {
        QFETCH(QString, addresses);
        QFETCH(QString, routes);
        QFETCH(QString, id);
        QFETCH(QString, fit);
        QFETCH(QString, verdicts);
        QFETCH(QString, prefixes);
        const LinkSeen link{addressesFrom(addresses), routesFrom(routes)};
        const auto parsed = InterfaceId::parse(id);
        QVERIFY(parsed);
        checkChoice(chooseFromInterfaceId(link, *parsed), fit, verdicts);
        if (QTest::currentTestFailed())
            return;
        QStringList used;
        for (const Ipv6Prefix &prefix : homePrefixes(link))
            used << prefix.text();
        QCOMPARE(used.join(QLatin1Char(' ')), prefixes);
    }

    void asTheSiteSays()
    {
        const LinkSeen link{addressesFrom(QStringLiteral("eth0 2001:db8:1:1::5/64 preferred=60; wlan0 "
                                                         "2001:db8:1:1::6/64 preferred=90")),
                            {}};
        const Label name = *Label::parse(QStringLiteral("nas"));
        const auto chosen = [&](const AddressSource &source) {
            return chooseAddress(HomeServer{name, source, std::nullopt}, link).chosen->text();
        };
        QCOMPARE(chosen(AddressOfThisMachine{}), QStringLiteral("2001:db8:1:1::6"));
        QCOMPARE(chosen(AddressOfThisMachine{*InterfaceName::parse(QStringLiteral("eth0"))}),
                 QStringLiteral("2001:db8:1:1::5"));
        QCOMPARE(chosen(AddressFromInterfaceId{*InterfaceId::parse(QStringLiteral("::11"))}),
                 QStringLiteral("2001:db8:1:1::11"));
    }

    void fromLanName_data()
    {
        QTest::addColumn<QString>("told");
        QTest::addColumn<QString>("chosen");
        QTest::addColumn<QString>("reason"); // a part of the first one's
        const auto row = [](const char *told, const char *chosen, const char *reason) {
            QTest::newRow(told) << QString::fromUtf8(told) << QString::fromUtf8(chosen) << QString::fromUtf8(reason);
        };
        row("2001:db8:1:1::77", "2001:db8:1:1::77", "only fit one");
        row("2001:db8:1:1::77 fe80::1 fd00::77", "2001:db8:1:1::77", "only fit one");
        // The longer-lived prefix wins; of one of them the first that was told.
        row("2001:db8:1:1::77 2001:db8:1:2::77", "2001:db8:1:2::77", "preferred for longer");
        row("2001:db8:1:1::99 2001:db8:1:1::77", "2001:db8:1:1::99", "best of 2");
        row("2001:db8:1:3::77", "", "deprecated");
        row("2001:db8:9:9::77", "", "in none of the prefixes");
        row("fe80::1", "", "link-local");
        row("", "", "");
    }

    void fromLanName()
    {
        QFETCH(QString, told);
        QFETCH(QString, chosen);
        QFETCH(QString, reason);
        LinkSeen link{addressesFrom(QStringLiteral("eth0 2001:db8:1:1::5/64 preferred=60; eth0 2001:db8:1:2::5/64 "
                                                   "preferred=90; eth0 2001:db8:1:3::5/64 deprecated")),
                      {}};
        const Hostname name = *Hostname::parse(QStringLiteral("nas.local"));
        const HomeServer server{*Label::parse(QStringLiteral("nas")), AddressFromLanName{name}, std::nullopt};
        QVERIFY(!chooseAddress(server, link).chosen); // not asked for
        std::vector<Ipv6Address> all;
        for (const QString &one : told.split(QLatin1Char(' '), Qt::SkipEmptyParts))
            all.push_back(*Ipv6Address::parse(one));
        link.named.emplace(name, all);
        const AddressChoice choice = chooseAddress(server, link);
        QCOMPARE(choice.chosen ? choice.chosen->text() : QString(), chosen);
        QCOMPARE(choice.candidates.size(), all.size());
        if (!choice.candidates.empty())
            QVERIFY2(choice.candidates.front().reason.contains(reason), qPrintable(choice.candidates.front().reason));
        link.named.insert_or_assign(name, fail(ErrorCode::Timeout, QStringLiteral("No.")));
        QVERIFY(!chooseAddress(server, link).chosen);
    }

    void manyAddressesTakeNoTime()
    {
        LinkSeen link;
        for (int i = 0; i < 20000; ++i) {
            link.addresses.push_back(
                {QStringLiteral("eth0"),
                 *Ipv6Address::parse(QStringLiteral("2001:db8:%1:%2::5").arg(i / 256, 0, 16).arg(i % 256, 0, 16)), 64});
        }
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(chooseFromInterfaceId(link, *InterfaceId::parse(QStringLiteral("::11"))).fit.size(), size_t(20000));
        QVERIFY2(timer.elapsed() < 2000, "the choice is not linear");
    }
};

QTEST_APPLESS_MAIN(TestPrefixChoice)
#include "tst_prefix_choice.moc"
