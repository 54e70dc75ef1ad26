// Which of this machine's own addresses is fit to be published; rows named after the trap they come from.

#include "tables.h"

#include <algorithm>

using namespace sixgate;

class TestAddresses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void own_data()
    {
        QTest::addColumn<QString>("addresses");
        QTest::addColumn<QString>("interface");
        QTest::addColumn<QString>("fit");      // best first
        QTest::addColumn<QString>("verdicts"); // one for each candidate: "taken", or a part of the reason
        const auto on = [](const char *interface, const char *name, const char *addresses, const char *fit,
                           const char *verdicts) {
            QTest::newRow(name) << QString::fromUtf8(addresses) << QString::fromUtf8(interface)
                                << QString::fromUtf8(fit) << QString::fromUtf8(verdicts);
        };
        const auto row = [&](const char *name, const char *addresses, const char *fit, const char *verdicts) {
            on("", name, addresses, fit, verdicts);
        };
        // A: what other clients got wrong.
        row("A1 temporary first, lasting second",
            "eth0 2001:db8:1:1:5d2a:9c7b:1:2/64 temporary preferred=14400 valid=86400;"
            "eth0 2001:db8:1:1:0:5eff:fe00:5301/64 preferred=14400 valid=86400",
            "2001:db8:1:1:0:5eff:fe00:5301", "temporary|taken");
        row("A1 temporary lives longer",
            "eth0 2001:db8:1:1:5d2a:9c7b:1:2/64 temporary preferred=90000 valid=90000;"
            "eth0 2001:db8:1:1:0:5eff:fe00:5301/64 preferred=60 valid=120",
            "2001:db8:1:1:0:5eff:fe00:5301", "temporary|taken");
        row("A1 temporary only", "eth0 2001:db8:1:1:5d2a:9c7b:1:2/64 temporary preferred=14400 valid=86400", "",
            "temporary");
        row("A1 seven temporary ones",
            "eth0 2001:db8:1:1::a1/64 temporary; eth0 2001:db8:1:1::a2/64 temporary deprecated;"
            "eth0 2001:db8:1:1::a3/64 temporary deprecated; eth0 2001:db8:1:1::a4/64 temporary;"
            "eth0 2001:db8:1:1::a5/64 temporary; eth0 2001:db8:1:1::a6/64 temporary;"
            "eth0 2001:db8:1:1::a7/64 temporary; eth0 2001:db8:1:1::11/64",
            "2001:db8:1:1::11", "temporary|temporary|temporary|temporary|temporary|temporary|temporary|taken");
        row("A2 mngtmpaddr is lasting",
            "eth0 2001:db8:1:1:0:5eff:fe00:5301/64 mngtmpaddr preferred=14400 valid=86400;"
            "eth0 2001:db8:1:1:5d2a:9c7b:1:2/64 temporary preferred=14400 valid=86400",
            "2001:db8:1:1:0:5eff:fe00:5301", "taken|temporary");
        row("A2 temporary and mngtmpaddr at once", "eth0 2001:db8:1:1::5/64 temporary mngtmpaddr", "", "temporary");
        row("A3 deprecated old prefix first",
            "eth0 2001:db8:ffff:1::11/64 deprecated preferred=0 valid=7000; eth0 2001:db8:1:1::11/64 preferred=1800 "
            "valid=3600",
            "2001:db8:1:1::11", "deprecated|taken");
        row("A3 deprecated lives longer",
            "eth0 2001:db8:ffff:1::11/64 deprecated preferred=0; eth0 2001:db8:1:1::11/64 preferred=30 valid=60",
            "2001:db8:1:1::11", "deprecated|taken");
        row("A3 preferred lifetime 0 without the flag", "eth0 2001:db8:1:1::11/64 preferred=0 valid=7200", "",
            "deprecated");
        row("A3 flag with lifetime left", "eth0 2001:db8:1:1::11/64 deprecated preferred=600 valid=7200", "",
            "deprecated");
        row("A3 valid lifetime 0", "eth0 2001:db8:1:1::11/64 preferred=600 valid=0", "", "deprecated");
        row("A3 deprecated and static", "eth0 2001:db8:1:1::11/64 deprecated", "", "deprecated");
        row("A3 tentative", "eth0 2001:db8:1:1::11/64 tentative", "", "tentative");
        row("A3 failed", "eth0 2001:db8:1:1::11/64 tentative dadfailed", "", "Another machine");
        row("A3 failed flag alone", "eth0 2001:db8:1:1::11/64 dadfailed", "", "Another machine");
        row("A3 tentative beside a ready one",
            "eth0 2001:db8:1:1::11/64 tentative; eth0 2001:db8:1:1::12/64 preferred=600 valid=600", "2001:db8:1:1::12",
            "tentative|taken");
        row("A4 2000::/3 is not enough",
            "eth0 2001:db8:1:1::1/64 temporary; eth0 2001:db8:1:1::2/64 deprecated; eth0 2001:db8:1:1::3/64 tentative;"
            "eth0 2001:db8:1:1::4/64 dadfailed; eth0 2002:c633:640a::1/64; eth0 2001:0:c633:640a::1/64",
            "", "temporary|deprecated|tentative|Another machine|6to4|Teredo");
        row("A5 ULA first", "eth0 fd12:3456:789a:1::11/64; eth0 2001:db8:1:1::11/64 preferred=600 valid=600",
            "2001:db8:1:1::11", "unique local|taken");
        row("A5 ULA of fc00::/8", "eth0 fc00::11/64", "", "unique local");
        row("A5 ULA at the upper end", "eth0 fdff:ffff:ffff:ffff::11/64", "", "unique local");
        row("A6 two providers: longer preferred",
            "eth0 2001:db8:1:1::11/64 preferred=3600 valid=86400; eth0 2001:db8:2:1::11/64 preferred=7200 valid=7200",
            "2001:db8:2:1::11 2001:db8:1:1::11", "preferred for longer|taken");
        row("A6 equal preferred: longer valid",
            "eth0 2001:db8:1:1::11/64 preferred=3600 valid=7200; eth0 2001:db8:2:1::11/64 preferred=3600 valid=7201",
            "2001:db8:2:1::11 2001:db8:1:1::11", "valid for longer|taken");
        row("A6 equal lifetimes: the lower",
            "eth0 2001:db8:2:1::11/64 preferred=3600 valid=7200; eth0 2001:db8:1:1::11/64 preferred=3600 valid=7200",
            "2001:db8:1:1::11 2001:db8:2:1::11", "is the lower|taken");
        row("A6 old and new prefix",
            "eth0 2001:db8:ffff:1::11/64 deprecated preferred=0 valid=5400; eth0 2001:db8:aaaa:1::11/64 preferred=1800 "
            "valid=3600; eth0 fe80::11/64",
            "2001:db8:aaaa:1::11", "deprecated|taken|link-local");
        row("A6 prefix lengths play no part",
            "eth0 2001:db8:1:1::11/64 preferred=600 valid=600; eth0 2001:db8:1:2::11/128 preferred=601 valid=601",
            "2001:db8:1:2::11 2001:db8:1:1::11", "preferred for longer|taken");
        row("A7 stable-privacy and EUI-64 side by side",
            "eth0 2001:db8:1:1:9c1d:77aa:4321:1/64 preferred=14400 valid=86400; eth0 "
            "2001:db8:1:1:0:5eff:fe00:5301/64 mngtmpaddr preferred=14400 valid=86400",
            "2001:db8:1:1:0:5eff:fe00:5301 2001:db8:1:1:9c1d:77aa:4321:1", "is the lower|taken");
        row("A10 NAT64", "eth0 64:ff9b::c633:640a/96; eth0 2001:db8:1:1::11/64 preferred=60 valid=60",
            "2001:db8:1:1::11", "NAT64|taken");
        row("A10 local NAT64 prefix", "eth0 64:ff9b:1::c633:640a/96", "", "NAT64");

        // Scopes.
        row("nothing at all", "", "", "");
        row("link-local", "eth0 fe80::5eff:fe00:5301/64", "", "link-local");
        row("link-local at the upper end", "eth0 febf::1/64", "", "link-local");
        row("site-local", "eth0 fec0::11/64", "", "site-local");
        row("site-local at the upper end", "eth0 feff::11/64", "", "site-local");
        row("6to4", "eth0 2002:c633:6407::1/48", "", "6to4");
        row("Teredo", "eth0 2001:0:53aa:64c::1/32", "", "Teredo");
        row("mapped", "eth0 ::ffff:198.51.100.7/96", "", "IPv4 address in IPv6 form");
        row("compatible", "eth0 ::198.51.100.7/96", "", "IPv4 address in IPv6 form");
        row("loopback", "lo ::1/128", "", "loopback");
        row("unspecified", "eth0 ::/128", "", "unspecified");
        row("multicast", "eth0 ff02::1/128", "", "multicast");
        row("ORCHID", "eth0 2001:20::1/64", "", "reserved");
        row("benchmarking", "eth0 2001:2::1/64", "", "reserved");
        row("discard-only", "eth0 100::1/64", "", "reserved");
        row("outside 2000::/3, below", "eth0 1fff:ffff::1/64", "", "reserved");
        row("outside 2000::/3, above", "eth0 4000::1/64", "", "reserved");
        row("first of 2000::/3", "eth0 2000::1/64", "2000::1", "taken");
        row("last of 2000::/3", "eth0 3fff:ffff:ffff:ffff::1/64", "3fff:ffff:ffff:ffff::1", "taken");
        row("documentation counts as global", "eth0 2001:db8::1/64", "2001:db8::1", "taken");
        row("new documentation space too", "eth0 3fff:123::1/64", "3fff:123::1", "taken");
        row("neighbour of Teredo", "eth0 2001:1::1/64", "2001:1::1", "taken");
        row("neighbour of 6to4", "eth0 2003:1::1/64", "2003:1::1", "taken");
        row("a real one", "eth0 2a02:8109:1:1::11/64 preferred=14400 valid=86400", "2a02:8109:1:1::11", "taken");

        // Order.
        row("static beats a long lease", "eth0 2001:db8:1:1::11/64 preferred=4294967294; eth0 2001:db8:2:1::11/64",
            "2001:db8:2:1::11 2001:db8:1:1::11", "preferred for longer|taken");
        row("forever valid beats long valid",
            "eth0 2001:db8:1:1::11/64 preferred=60 valid=4294967294; eth0 2001:db8:2:1::11/64 preferred=60",
            "2001:db8:2:1::11 2001:db8:1:1::11", "valid for longer|taken");
        row("both forever: the lower", "eth0 2001:db8:1:1::12/64; eth0 2001:db8:1:1::11/64",
            "2001:db8:1:1::11 2001:db8:1:1::12", "is the lower|taken");
        row("lower by bytes, not by text", "eth0 2001:db8:1:1::10/64; eth0 2001:db8:1:1::9/64",
            "2001:db8:1:1::9 2001:db8:1:1::10", "is the lower|taken");
        row("lower: upper half counts first", "eth0 2001:db8:2:1::1/64; eth0 2001:db8:1:1::ffff/64",
            "2001:db8:1:1::ffff 2001:db8:2:1::1", "is the lower|taken");
        row("one second decides", "eth0 2001:db8:1:1::11/64 preferred=3599; eth0 2001:db8:2:1::11/64 preferred=3600",
            "2001:db8:2:1::11 2001:db8:1:1::11", "preferred for longer|taken");
        row("preferred before valid",
            "eth0 2001:db8:1:1::11/64 preferred=61 valid=61; eth0 2001:db8:2:1::11/64 preferred=60",
            "2001:db8:1:1::11 2001:db8:2:1::11", "taken|preferred for longer");
        row("three in order",
            "eth0 2001:db8:3:1::1/64 preferred=60 valid=90; eth0 2001:db8:1:1::1/64 preferred=60 valid=80;"
            "eth0 2001:db8:2:1::1/64 preferred=70 valid=70",
            "2001:db8:2:1::1 2001:db8:3:1::1 2001:db8:1:1::1", "preferred for longer|preferred for longer|taken");
        row("one second left is fit", "eth0 2001:db8:1:1::11/64 preferred=1 valid=1", "2001:db8:1:1::11", "taken");

        // Shapes of links.
        row("DHCPv6 lease of 128 bits", "eth0 2001:db8:1:1::1000/128 preferred=3600 valid=7200", "2001:db8:1:1::1000",
            "taken");
        row("DHCPv6 beside SLAAC",
            "eth0 2001:db8:1:1::1000/128 preferred=3600 valid=7200; eth0 2001:db8:1:1:0:5eff:fe00:5301/64 mngtmpaddr "
            "preferred=1800 valid=3600",
            "2001:db8:1:1::1000 2001:db8:1:1:0:5eff:fe00:5301", "taken|preferred for longer");
        row("address within a /48", "eth0 2001:db8:1::11/48", "2001:db8:1::11", "taken");
        row("the same address on two interfaces",
            "eth0 2001:db8:1:1::11/64 preferred=60; wlan0 2001:db8:1:1::11/64 preferred=90", "2001:db8:1:1::11",
            "another interface|taken");
        row("failed here, fit there", "wlan0 2001:db8:1:1::11/64 dadfailed; eth0 2001:db8:1:1::11/64",
            "2001:db8:1:1::11", "Another machine|taken");
        row("reasons in order: scope before flags", "eth0 fd00::1/64 temporary deprecated", "", "unique local");
        row("reasons in order: failed before temporary", "eth0 2001:db8::1/64 temporary dadfailed tentative", "",
            "Another machine");

        row("a tunnel lives for ever", "he0 2001:db8:2:1::2/64 tunnel; eth0 2001:db8:1:1::11/64 preferred=60 valid=90",
            "2001:db8:1:1::11", "It is a tunnel's address|taken");
        row("a tunnel alone", "wg0 2001:db8:2:1::2/128 tunnel", "", "only where the site file names that interface");
        row("a global address on the loopback interface",
            "lo 2001:db8:2:1::2/128 loopback; eth0 2001:db8:1:1::11/64 preferred=60 valid=90", "2001:db8:1:1::11",
            "not on the LAN but on the loopback interface|taken");
        row("a link without neighbours", "dummy0 2001:db8:2:1::2/64 noarp", "", "which has no neighbours (NOARP)");
        row("the scope of a tunnel's address counts first", "wg0 fd00::2/64 tunnel", "", "unique local");
        on("wg0", "interface: a tunnel by its name",
           "eth0 2001:db8:1:1::11/64; wg0 2001:db8:2:1::2/128 tunnel; lo 2001:db8:3:1::1/128 loopback",
           "2001:db8:2:1::2", "asked for|taken|asked for");

        // One interface asked for.
        on("eth0", "interface: the other is better", "wlan0 2001:db8:1:1::1/64; eth0 2001:db8:1:1::2/64 preferred=60",
           "2001:db8:1:1::2", "wlan0|taken");
        on("eth1", "interface: not there", "eth0 2001:db8:1:1::1/64", "", "eth1 is asked for");
        on("eth0", "interface: a prefix of the name is another one", "eth00 2001:db8:1:1::1/64", "",
           "eth0 is asked for");
        on("eth0.100", "interface: VLAN", "eth0 2001:db8:1:1::1/64; eth0.100 2001:db8:1:2::1/64", "2001:db8:1:2::1",
           "asked for|taken");
        on("eth0", "interface: its addresses are unfit", "wlan0 2001:db8:1:1::1/64; eth0 2001:db8:1:1::2/64 temporary",
           "", "asked for|temporary");
        on("eth0", "interface: the same address on both", "wlan0 2001:db8:1:1::1/64; eth0 2001:db8:1:1::1/64",
           "2001:db8:1:1::1", "asked for|taken");
    }

    void own()
    {
        QFETCH(QString, addresses);
        QFETCH(QString, interface);
        QFETCH(QString, fit);
        QFETCH(QString, verdicts);
        std::optional<InterfaceName> wanted;
        if (!interface.isEmpty())
            wanted = *InterfaceName::parse(interface);
        const auto seen = addressesFrom(addresses);
        checkChoice(chooseOwnAddress(seen, wanted), fit, verdicts);
        if (QTest::currentTestFailed())
            return;
        // The kernel's order means nothing.
        auto reversed = seen;
        std::reverse(reversed.begin(), reversed.end());
        QCOMPARE(joined(chooseOwnAddress(reversed, wanted).fit), fit);
    }

    void reasonsShowNoControlCharacters()
    {
        auto seen = addressesFrom(QStringLiteral("eth0 2001:db8:1:1::1/64"));
        seen[0].interface = QStringLiteral("e\x1b[2J");
        const AddressChoice choice = chooseOwnAddress(seen, *InterfaceName::parse(QStringLiteral("eth0")));
        QVERIFY(!choice.chosen);
        QVERIFY(!choice.candidates[0].reason.contains(QChar(0x1b)));
    }
};

QTEST_APPLESS_MAIN(TestAddresses)
#include "tst_addresses.moc"
