// IPv4 and IPv6 addresses, the one predicate "global", and interface identifiers.

#include "model/interfaceid.h"
#include "model/ipaddress.h"

#include <QFile>
#include <QTest>

using namespace sixgate;

namespace
{

QString utf8(const char *text)
{
    return QString::fromUtf8(text);
}

} // namespace

Q_DECLARE_METATYPE(sixgate::Ipv6Scope)

class TestAddresses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ipv4_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("kind"); // empty: refused; else "global", "private", "shared", "documentation"
        const auto row = [](const char *text, const char *kind) {
            QTest::newRow(*text ? text : "(empty)") << utf8(text) << utf8(kind);
        };
        row("198.51.100.10", "documentation");
        row("192.0.2.1", "documentation");
        row("203.0.113.255", "documentation");
        row("203.0.114.0", "global");
        row("1.1.1.1", "global");
        row("223.255.255.255", "global");
        row("0.0.0.0", "private");
        row("10.255.255.255", "private");
        row("11.0.0.0", "global");
        row("100.63.255.255", "global");
        row("100.64.0.0", "shared");
        row("100.127.255.255", "shared");
        row("100.128.0.0", "global");
        row("127.0.0.1", "private");
        row("127.255.255.255", "private");
        row("169.253.255.255", "global");
        row("169.254.0.1", "private");
        row("172.15.255.255", "global");
        row("172.16.0.0", "private");
        row("172.31.255.255", "private");
        row("172.32.0.0", "global");
        row("192.0.0.1", "private"); // DS-Lite B4
        row("192.0.1.0", "global");
        row("192.88.99.1", "private"); // 6to4 relay
        row("192.168.178.1", "private");
        row("192.169.0.0", "global");
        row("198.17.255.255", "global");
        row("198.18.0.0", "private");
        row("198.19.255.255", "private");
        row("198.20.0.0", "global");
        row("224.0.0.1", "private");
        row("239.255.255.255", "private");
        row("240.0.0.1", "private");
        row("255.255.255.255", "private");
        row("", "");
        row("198.51.100", "");
        row("198.51.100.10.", "");
        row("198.51.100.256", "");
        row("198.51.100.010", "");
        row("0x7f.0.0.1", "");
        row("0177.0.0.1", "");
        row("2130706433", "");
        row("127.1", "");
        row(" 198.51.100.10", "");
        row("198.51.100.10 ", "");
        row("198.51.100.10\n", "");
        row("198.51.100.10/32", "");
        row("198.51.100.10:53", "");
        row("198.51.100.-1", "");
        row("１98.51.100.10", "");
        row("198.51.100.1é", "");
        row("::ffff:198.51.100.10", "");
        row("cloud.example.org", "");
    }

    void ipv4()
    {
        QFETCH(QString, text);
        QFETCH(QString, kind);
        const auto address = Ipv4Address::parse(text);
        QCOMPARE(address.has_value(), !kind.isEmpty());
        if (!address) {
            QCOMPARE(address.error().code, ErrorCode::Invalid);
            QVERIFY(address.error().summary.contains(utf8("Example: 198.51.100.10.")));
            return;
        }
        QCOMPARE(address->text(), text);
        QCOMPARE(Ipv4Address::fromBytes(address->bytes()), *address);
        QCOMPARE(address->isDocumentation(), kind == utf8("documentation"));
        QCOMPARE(address->isCarrierShared(), kind == utf8("shared"));
        // Documentation space counts as global.
        QCOMPARE(address->isGlobal(), kind == utf8("global") || kind == utf8("documentation"));
    }

    void ipv6Text_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("normal"); // RFC 5952; empty: refused
        const auto row = [](const char *text, const char *normal) {
            QTest::newRow(*text ? text : "(empty)") << utf8(text) << utf8(normal);
        };
        row("2001:db8::11", "2001:db8::11");
        row("2001:DB8::AbCd", "2001:db8::abcd");
        row("2001:0db8:0000:0000:0000:0000:0000:0011", "2001:db8::11");
        row("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
        row("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
        row("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
        row("2001:db8:1::", "2001:db8:1::");
        row("::", "::");
        row("::1", "::1");
        row("::198.51.100.10", "::198.51.100.10");
        row("::ffff:198.51.100.10", "::ffff:198.51.100.10");
        row("::ffff:c633:640a", "::ffff:198.51.100.10");
        row("64:ff9b::198.51.100.10", "64:ff9b::c633:640a");
        row("", "");
        row("2001:db8", "");
        row("2001:db8:::1", "");
        row("2001::db8::1", "");
        row("2001:db8::12345", "");
        row("2001:db8::g", "");
        row("1:2:3:4:5:6:7", "");
        row("1:2:3:4:5:6:7:8:9", "");
        row("1:2:3:4:5:6:7:8::", "");
        row(":1:2:3:4:5:6:7", "");
        row("2001:db8::11%eth0", "");
        row("fe80::1%2", "");
        row("2001:db8::11/64", "");
        row("[2001:db8::11]", "");
        row(" 2001:db8::11", "");
        row("2001:db8::11\n", "");
        row("2001:db8::198.51.100", "");
        row("2001:db8::198.51.100.010", "");
        row("198.51.100.10", "");
        row("２001:db8::11", "");
        row("2001:db8::1ö", "");
    }

    void ipv6Text()
    {
        QFETCH(QString, text);
        QFETCH(QString, normal);
        const auto address = Ipv6Address::parse(text);
        QCOMPARE(address ? address->text() : QString(), normal);
        if (address)
            QCOMPARE(*Ipv6Address::parse(address->text()), *address);
        else
            QVERIFY(address.error().summary.contains(utf8("Example: 2001:db8::11.")));
    }

    void nulIsRefused()
    {
        QVERIFY(!Ipv4Address::parse(QString::fromLatin1("198.51.100.1\0", 13)));
        QVERIFY(!Ipv6Address::parse(QString::fromLatin1("2001:db8::1\0", 12)));
    }

    void ownNetwork_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("own");
        const auto row = [](const char *text, bool own) { QTest::newRow(text) << utf8(text) << own; };
        for (const char *text : {"nas", "nas.local", "NAS.LAN", "nas.home.arpa", "a.b.internal"})
            row(text, true);
        for (const char *text : {"example.org", "local.example.org", "nas.localx", "nas.local."})
            row(text, false);
        // The program that tells on the VPS is held to the same addresses.
        QFile file(utf8(OWN_NETWORKS));
        QVERIFY(file.open(QIODevice::ReadOnly));
        int addresses = 0;
        for (const QByteArray &line : file.readAll().split('\n')) {
            if (line.isEmpty() || line.startsWith('#'))
                continue;
            const auto words = line.split(' ');
            QCOMPARE(words.size(), 2);
            row(words[1].constData(), words[0] == "own");
            ++addresses;
        }
        QVERIFY(addresses > 30);
    }

    void ownNetwork()
    {
        QFETCH(QString, text);
        QFETCH(bool, own);
        QCOMPARE(isOfOwnNetwork(text), own);
        if (const auto address = parseIpAddress(text)) {
            QCOMPARE(isOfOwnNetwork(*address), own);
            const auto *four = std::get_if<Ipv4Address>(&*address);
            QVERIFY(!own || !four || !four->isGlobal());
        }
    }

    void scope_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<Ipv6Scope>("scope");
        const auto row = [](const char *text, Ipv6Scope scope) { QTest::newRow(text) << utf8(text) << scope; };
        using enum Ipv6Scope;
        row("2000::", Global);
        row("2001:db8::1", Global);
        row("3fff::1", Global);
        row("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Global);
        row("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Global);
        row("2a02:8109::1", Global);
        row("2001:1::1", Global);
        row("2001:3::1", Global);
        row("2001:2:1::1", Global);
        row("2001:f::1", Global);
        row("2001:40::1", Global);
        row("2001:200::1", Global);
        row("2003::1", Global);
        row("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved);
        row("4000::", Reserved);
        row("100::1", Reserved);
        row("2001:2::1", Reserved);
        row("2001:10::1", Reserved);
        row("2001:1f:ffff::1", Reserved);
        row("2001:20::1", Reserved);
        row("2001:2f:ffff::1", Reserved);
        row("2001:30::1", Global);
        row("::1:0:0:0", Reserved);
        row("0:0:0:1::", Reserved);
        row("64:ff9b:2::1", Reserved);
        row("fe00::1", Reserved);
        row("fe7f:ffff::1", Reserved);
        row("5f00::1", Reserved);
        row("fe80::", LinkLocal);
        row("fe80::1", LinkLocal);
        row("febf:ffff::1", LinkLocal);
        row("fec0::1", SiteLocal);
        row("feff:ffff::1", SiteLocal);
        row("fc00::1", UniqueLocal);
        row("fd12:3456:789a::1", UniqueLocal);
        row("fdff:ffff::1", UniqueLocal);
        row("2002::1", SixToFour);
        row("2002:c633:640a::1", SixToFour);
        row("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SixToFour);
        row("2001::1", Teredo);
        row("2001:0:ffff::1", Teredo);
        row("64:ff9b::", Nat64);
        row("64:ff9b::c633:640a", Nat64);
        row("64:ff9b:1::1", Nat64);
        row("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Nat64);
        row("64:ff9b::1:0:0", Reserved);
        row("::ffff:198.51.100.10", Mapped);
        row("::198.51.100.10", Mapped);
        row("::2", Mapped);
        row("::1", Loopback);
        row("::", Unspecified);
        row("ff02::1", Multicast);
        row("ff0e::1", Multicast);
        row("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Multicast);
    }

    void scope()
    {
        QFETCH(QString, text);
        QFETCH(Ipv6Scope, scope);
        const auto address = *Ipv6Address::parse(text);
        QCOMPARE(describe(address.scope()), describe(scope));
        QCOMPARE(address.isGlobal(), scope == Ipv6Scope::Global);
        QVERIFY(!describe(scope).isEmpty());
    }

    void documentation()
    {
        const auto is = [](const char *text) { return Ipv6Address::parse(utf8(text))->isDocumentation(); };
        QVERIFY(is("2001:db8::"));
        QVERIFY(is("2001:db8:ffff:ffff::1"));
        QVERIFY(!is("2001:db7:ffff::1"));
        QVERIFY(!is("2001:db9::"));
        QVERIFY(is("3fff::"));
        QVERIFY(is("3fff:fff:ffff::1"));
        QVERIFY(!is("3fff:1000::1"));
        QVERIFY(!is("3ffe::1"));
    }

    void either()
    {
        QCOMPARE(ipText(*parseIpAddress(utf8("198.51.100.10"))), utf8("198.51.100.10"));
        QCOMPARE(ipText(*parseIpAddress(utf8("2001:DB8::1"))), utf8("2001:db8::1"));
        const auto none = parseIpAddress(utf8("ns1.example.org"));
        QVERIFY(!none);
        QVERIFY(none.error().summary.contains(utf8("198.51.100.10, 2001:db8::11")));
    }

    void interfaceId_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("normal"); // empty: refused
        const auto row = [](const char *text, const char *normal) {
            QTest::newRow(*text ? text : "(empty)") << utf8(text) << utf8(normal);
        };
        row("::11", "::11");
        row("0:0:0:0::11", "::11");
        row("::1234:5678:9abc:def0", "::1234:5678:9abc:def0");
        row("::FFFF:ffff:ffff:ffff", "::ffff:ffff:ffff:ffff");
        row("::1", "::1");
        row("::1:0:0:0", "::1:0:0:0");
        row("::0.0.0.17", "::11");
        row("::5eff:fe00:5301", "::5eff:fe00:5301");
        row("02:00:5e:00:53:01", "::5eff:fe00:5301"); // modified EUI-64: the universal bit is flipped
        row("00:00:5e:00:53:01", "::200:5eff:fe00:5301");
        row("52-54-00-AB-CD-EF", "::5054:ff:feab:cdef");
        row("fe:ff:ff:ff:ff:ff", "::fcff:ffff:feff:ffff");
        row("fc:ff:ff:ff:ff:ff", "::feff:ffff:feff:ffff");
        row("", "");
        row("11", "");
        row(":11", "");
        row("::", ""); // the router
        row("0:0:0:0:0:0:0:0", "");
        row("2001:db8::11", "");
        row("fe80::11", "");
        row("::1:0:0:0:11", "");
        row("::11/64", "");
        row("::11%eth0", "");
        row("::11 ", "");
        row("::11\n", "");
        row("01:00:5e:00:00:01", ""); // multicast
        row("33:33:00:00:00:01", "");
        row("ff:ff:ff:ff:ff:ff", "");
        row("02:00:5e:00:53", "");
        row("02:00:5e:00:53:01:02", "");
        row("02:00:5e-00:53:01", "");
        row("2:0:5e:0:53:1", "");
        row("0200.5e00.5301", "");
        row("02005e005301", "");
        row("02:00:5e:00:53:0g", "");
        row("02:00:5e:00:53:01\n", "");
        row("198.51.100.10", "");
    }

    void interfaceId()
    {
        QFETCH(QString, text);
        QFETCH(QString, normal);
        const auto id = InterfaceId::parse(text);
        QCOMPARE(id ? id->text() : QString(), normal);
        if (!id) {
            QVERIFY(id.error().summary.contains(utf8("Examples: ::11, 02:00:5e:00:53:01.")));
            return;
        }
        QCOMPARE(*InterfaceId::parse(id->text()), *id);
    }

    void interfaceIdOfAnAddress()
    {
        const auto of = [](const char *text) { return InterfaceId::of(*Ipv6Address::parse(utf8(text))).text(); };
        QCOMPARE(of("2001:db8:1:1::11"), utf8("::11"));
        QCOMPARE(of("2001:db8:1:1:5054:ff:feab:cdef"), utf8("::5054:ff:feab:cdef"));
        QCOMPARE(of("2001:db8:1:1::"), utf8("::"));
    }
};

QTEST_APPLESS_MAIN(TestAddresses)
#include "tst_addresses.moc"
