// Prefix arithmetic: parsing, containing, joining with an interface identifier.

#include "model/ipv6prefix.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromUtf8(text);
}

Ipv6Prefix prefix(const QString &text)
{
    const auto parsed = Ipv6Prefix::parse(text);
    if (!parsed)
        qFatal("bad test prefix: %s", qPrintable(text));
    return *parsed;
}

} // namespace

class TestPrefix : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parse_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("normal"); // empty: refused
        const auto row = [](const char *text, const char *normal) {
            QTest::newRow(*text ? text : "(empty)") << latin(text) << latin(normal);
        };
        row("2001:db8:1::/48", "2001:db8:1::/48");
        row("2001:db8:1:ff00::/56", "2001:db8:1:ff00::/56");
        row("2001:db8:1:fff0::/60", "2001:db8:1:fff0::/60");
        row("2001:db8:1:fffc::/62", "2001:db8:1:fffc::/62");
        row("2001:db8:1:ffff::/64", "2001:db8:1:ffff::/64");
        row("2001:0DB8:0001:0000:0000:0000:0000:0000/48", "2001:db8:1::/48");
        row("::/0", "::/0");
        row("8000::/1", "8000::/1");
        row("2000::/3", "2000::/3");
        row("2001:db8::11/128", "2001:db8::11/128");
        row("2001:db8::10/127", "2001:db8::10/127");
        row("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        row("::ffff:198.51.100.0/120", "::ffff:198.51.100.0/120");
        row("fe80::/10", "fe80::/10");
        // Bits behind the length.
        row("2001:db8:1::1/64", "");
        row("2001:db8:1:ff01::/56", "");
        row("2001:db8:1:fff8::/60", "");
        row("2001:db8:1:fffd::/63", "");
        row("2001:db8:1:ffff::/62", "");
        row("::1/0", "");
        row("4000::/1", "");
        row("2001:db8::11/127", "");
        row("8000::/0", "");
        // The length.
        row("2001:db8:1::", "");
        row("2001:db8:1::/", "");
        row("2001:db8:1::/129", "");
        row("2001:db8:1::/1280", "");
        row("2001:db8:1::/-1", "");
        row("2001:db8:1::/+48", "");
        row("2001:db8:1::/048", "");
        row("2001:db8:1::/48 ", "");
        row("2001:db8:1::/ 48", "");
        row("2001:db8:1::/4 8", "");
        row("2001:db8:1::/0x30", "");
        row("2001:db8:1::/４８", "");
        row("2001:db8:1::/48/48", "");
        row("2001:db8:1::/ffff::", "");
        // The address.
        row("", "");
        row("/64", "");
        row(" 2001:db8:1::/64", "");
        row("2001:db8:1::%eth0/64", "");
        row("fe80::%1/10", "");
        row("[2001:db8:1::]/64", "");
        row("2001:db8:1/48", "");
        row("2001:db8::1::/64", "");
        row("198.51.100.0/24", "");
        row("cloud.example.org/64", "");
        row("2001:db8:1::\n/64", "");
    }

    void parse()
    {
        QFETCH(QString, text);
        QFETCH(QString, normal);
        const auto parsed = Ipv6Prefix::parse(text);
        QCOMPARE(parsed ? parsed->text() : QString(), normal);
        if (parsed) {
            QCOMPARE(*Ipv6Prefix::parse(parsed->text()), *parsed);
        } else {
            QCOMPARE(parsed.error().code, ErrorCode::Invalid);
            QVERIFY(parsed.error().summary.contains(latin("Example: 2001:db8:1::/56.")));
        }
    }

    void nulIsRefused() { QVERIFY(!Ipv6Prefix::parse(QString::fromLatin1("2001:db8::\0/64", 14))); }

    void of_data()
    {
        QTest::addColumn<QString>("address");
        QTest::addColumn<int>("length");
        QTest::addColumn<QString>("prefix"); // empty: refused
        const auto row = [](const char *address, int length, const char *wanted) {
            QTest::addRow("%s/%d", address, length) << latin(address) << length << latin(wanted);
        };
        row("2001:db8:1:abcd::11", 48, "2001:db8:1::/48");
        row("2001:db8:1:abcd::11", 52, "2001:db8:1:a000::/52");
        row("2001:db8:1:abcd::11", 56, "2001:db8:1:ab00::/56");
        row("2001:db8:1:abcd::11", 57, "2001:db8:1:ab80::/57");
        row("2001:db8:1:abcd::11", 60, "2001:db8:1:abc0::/60");
        row("2001:db8:1:abcd::11", 62, "2001:db8:1:abcc::/62");
        row("2001:db8:1:abcd::11", 63, "2001:db8:1:abcc::/63");
        row("2001:db8:1:abcd::11", 64, "2001:db8:1:abcd::/64");
        row("2001:db8:1:abcd:8000::11", 65, "2001:db8:1:abcd:8000::/65");
        row("2001:db8:1:abcd::11", 127, "2001:db8:1:abcd::10/127");
        row("2001:db8:1:abcd::11", 128, "2001:db8:1:abcd::11/128");
        row("2001:db8:1:abcd::11", 0, "::/0");
        row("ffff::11", 1, "8000::/1");
        row("2001:db8::", -1, "");
        row("2001:db8::", 129, "");
    }

    void of()
    {
        QFETCH(QString, address);
        QFETCH(int, length);
        const auto made = Ipv6Prefix::of(*Ipv6Address::parse(address), length);
        QTEST(made ? made->text() : QString(), "prefix");
    }

    void contains_data()
    {
        QTest::addColumn<QString>("outer");
        QTest::addColumn<QString>("inner"); // an address or a prefix
        QTest::addColumn<bool>("contained");
        const auto row = [](const char *outer, const char *inner, bool contained) {
            QTest::addRow("%s %s", outer, inner) << latin(outer) << latin(inner) << contained;
        };
        row("2001:db8:1:1::/64", "2001:db8:1:1::11", true);
        row("2001:db8:1:1::/64", "2001:db8:1:1::", true);
        row("2001:db8:1:1::/64", "2001:db8:1:1:ffff:ffff:ffff:ffff", true);
        row("2001:db8:1:1::/64", "2001:db8:1:2::", false);
        row("2001:db8:1:1::/64", "2001:db8:1:0:ffff:ffff:ffff:ffff", false);
        row("2001:db8:1:ab00::/56", "2001:db8:1:abff::11", true);
        row("2001:db8:1:ab00::/56", "2001:db8:1:ac00::11", false);
        row("2001:db8:1:ab00::/56", "2001:db8:1:aaff::11", false);
        row("2001:db8:1:fff0::/60", "2001:db8:1:ffff::11", true);
        row("2001:db8:1:ffe0::/60", "2001:db8:1:fff0::11", false);
        row("2001:db8:1:fffc::/62", "2001:db8:1:ffff::11", true);
        row("2001:db8:1:fff8::/62", "2001:db8:1:fffc::11", false);
        row("::/0", "::", true);
        row("::/0", "ffff::1", true);
        row("8000::/1", "7fff::1", false);
        row("2001:db8::11/128", "2001:db8::11", true);
        row("2001:db8::11/128", "2001:db8::10", false);
        row("2001:db8:1:ab00::/56", "2001:db8:1:ab00::/64", true);
        row("2001:db8:1:ab00::/56", "2001:db8:1:ab00::/56", true);
        row("2001:db8:1:ab00::/56", "2001:db8:1:aa00::/55", false);
        row("2001:db8:1:ab00::/56", "2001:db8:1:aa00::/64", false);
        row("2001:db8:1:ab00::/56", "2001:db8:1:ab12::34/128", true);
        row("::/0", "::/0", true);
        row("2001:db8:1:1::/64", "::/0", false);
        row("2001:db8::11/128", "2001:db8::11/128", true);
    }

    void contains()
    {
        QFETCH(QString, outer);
        QFETCH(QString, inner);
        const bool contained = inner.contains(QLatin1Char('/')) ? prefix(outer).contains(prefix(inner))
                                                                : prefix(outer).contains(*Ipv6Address::parse(inner));
        QTEST(contained, "contained");
    }

    void join_data()
    {
        QTest::addColumn<QString>("network");
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("address"); // empty: refused
        const auto row = [](const char *network, const char *id, const char *address) {
            QTest::addRow("%s %s", network, id) << latin(network) << latin(id) << latin(address);
        };
        row("2001:db8:1:1::/64", "::11", "2001:db8:1:1::11");
        row("2001:db8:1:1::/64", "::1:2:3:4", "2001:db8:1:1:1:2:3:4");
        row("2001:db8:1:1::/64", "::ffff:ffff:ffff:ffff", "2001:db8:1:1:ffff:ffff:ffff:ffff");
        row("2001:db8:1:1::/64", "02:00:5e:00:53:01", "2001:db8:1:1:0:5eff:fe00:5301");
        row("2001:db8::/64", "::11", "2001:db8::11");
        row("::/64", "::11", "::11");
        row("2001:db8:1::/63", "::11", "");
        row("2001:db8:1::/62", "::11", "");
        row("2001:db8:1::/60", "::11", "");
        row("2001:db8:1::/56", "::11", "");
        row("2001:db8:1::/48", "::11", "");
        row("::/0", "::11", "");
        row("2001:db8:1:1::/65", "::11", "");
        row("2001:db8:1:1::/96", "::11", "");
        row("2001:db8:1:1::11/128", "::11", "");
    }

    void join()
    {
        QFETCH(QString, network);
        QFETCH(QString, id);
        QFETCH(QString, address);
        const auto joined = prefix(network).join(*InterfaceId::parse(id));
        QCOMPARE(joined ? joined->text() : QString(), address);
        if (!joined)
            return;
        QCOMPARE(InterfaceId::of(*joined), *InterfaceId::parse(id));
        QCOMPARE(*Ipv6Prefix::of(*joined, 64), prefix(network));
        QVERIFY(prefix(network).contains(*joined));
    }

    void order()
    {
        QVERIFY(prefix(latin("2001:db8::/48")) < prefix(latin("2001:db8:1::/48")));
        QVERIFY(prefix(latin("2001:db8::/48")) < prefix(latin("2001:db8::/64")));
        QVERIFY(prefix(latin("2001:db8:9::/48")) < prefix(latin("2001:db8:10::/48")));
    }
};

QTEST_APPLESS_MAIN(TestPrefix)
#include "tst_prefix.moc"
