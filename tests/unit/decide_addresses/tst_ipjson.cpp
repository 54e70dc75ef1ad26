// What users attach to a question: the output of `ip -j -6 address`, whole, filtered, cut off, or something else.

#include "decide/addresses.h"
#include "observe/home.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace sixgate;

namespace
{

QByteArray recorded(const QString &name)
{
    QFile file(QStringLiteral(IP_JSON_FOLDER "/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s is missing", qPrintable(file.fileName()));
    return file.readAll();
}

/// Text with ' for the quotation marks of JSON (moc does not get through raw strings with brackets).
QByteArray quotes(const char *text)
{
    return QByteArray(text).replace('\'', '"');
}

QString lifetime(const Lifetime &one)
{
    return one ? QString::number(one->count()) : QStringLiteral("forever");
}

/// "home0 2001:db8::1/64 temporary 14398/86398"
QString shown(const LocalAddress &one)
{
    QStringList words{one.interface, one.address.text() + QLatin1Char('/') + QString::number(one.prefixLength)};
    if (one.temporary)
        words << QStringLiteral("temporary");
    if (one.deprecated)
        words << QStringLiteral("deprecated");
    if (one.tentative)
        words << QStringLiteral("tentative");
    if (one.dadFailed)
        words << QStringLiteral("dadfailed");
    if (one.link == LinkKind::Loopback)
        words << QStringLiteral("loopback");
    if (one.link == LinkKind::PointToPoint)
        words << QStringLiteral("tunnel");
    if (one.link == LinkKind::NoNeighbours)
        words << QStringLiteral("noarp");
    words << lifetime(one.preferred) + QLatin1Char('/') + lifetime(one.valid);
    return words.join(QLatin1Char(' '));
}

QStringList shown(const LinkSeen &link)
{
    QStringList lines;
    for (const LocalAddress &one : link.addresses)
        lines << shown(one);
    return lines;
}

QString chosenOf(const LinkSeen &link)
{
    const auto choice = chooseOwnAddress(link.addresses);
    return choice.chosen ? choice.chosen->text() : QString();
}

} // namespace

class TestIpJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void recordings_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<int>("count");
        QTest::addColumn<QString>("some"); // one of the addresses
        QTest::addColumn<QString>("own");
        QTest::addColumn<QString>("withId"); // with ::77
        const auto row = [](const char *file, int count, const char *some, const char *own, const char *withId) {
            QTest::newRow(file) << QString::fromLatin1(file) << count << QString::fromLatin1(some)
                                << QString::fromLatin1(own) << QString::fromLatin1(withId);
        };
        row("many", 9, "home0 2001:db8:ffff:1:5d2a:9c7b:1:2/64 deprecated 0/599", "2001:db8:1:1::11",
            "2001:db8:1:1::77");
        row("both-families", 9, "home0 2001:db8:1:1:0:5eff:fe00:5301/64 14399/86399", "2001:db8:1:1::11",
            "2001:db8:1:1::77");
        row("details", 9, "home0 2001:db8:1:2::77/128 3599/7199", "2001:db8:1:1::11", "2001:db8:1:1::77");
        row("scope-global", 6, "home0 2002:c633:6407::1/48 forever/forever", "2001:db8:1:1::11", "2001:db8:1:1::77");
        row("temporary", 7, "home0 2001:db8:1:1:7c0a:c1e0:bc87:a147/64 temporary 14398/86398", "2001:db8:aaaa::1",
            "2001:db8:aaaa::77");
        row("temporary-filter", 2, "home0 fd12:3456:789a:1:5d24:78a5:709e:4d0a/64 temporary 14398/86398", "",
            "2001:db8:1:1::77");
        row("tentative", 7, "home0 2001:db8:1:1:7c0a:c1e0:bc87:a147/64 temporary tentative 14400/86400", "",
            "2001:db8:1:1::77");
        row("optimistic", 8, "home0 2001:db8:1:1::22/64 tentative forever/forever", "2001:db8:aaaa::1",
            "2001:db8:aaaa::77");
        row("dadfailed", 10, "home0 2001:db8:1:1::bad/64 tentative dadfailed forever/forever", "2001:db8:1:1::11",
            "2001:db8:1:1::77");
        row("no-carrier", 8, "home0 2001:db8:aaaa::1/128 forever/forever", "2001:db8:aaaa::1", "2001:db8:aaaa::77");
        row("pretty", 3, "wg0 2001:db8:9:9::1/128 3598/7198", "2001:db8:1:1::11", "2001:db8:1:1::77");
        row("lo-only", 1, "lo ::1/128 loopback forever/forever", "", "");
        row("link-down", 1, "lo ::1/128 loopback forever/forever", "", "");
        row("no-link", 0, "", "", "");
    }

    void recordings()
    {
        QFETCH(QString, file);
        QFETCH(int, count);
        QFETCH(QString, some);
        QFETCH(QString, own);
        QFETCH(QString, withId);
        const auto link = parseIpJson(recorded(file));
        QVERIFY2(link, link ? "" : qPrintable(link.error().summary));
        const QString all = shown(*link).join(QLatin1Char('\n'));
        QVERIFY2(link->addresses.size() == size_t(count), qPrintable(all));
        QVERIFY2(some.isEmpty() || shown(*link).contains(some), qPrintable(all));
        QCOMPARE(chosenOf(*link), own);
        const auto joined = chooseFromInterfaceId(*link, *InterfaceId::parse(QStringLiteral("::77"))).chosen;
        QCOMPARE(joined ? joined->text() : QString(), withId);
    }

    void everyRecordingIsInTheTable()
    {
        QStringList files = QDir(QStringLiteral(IP_JSON_FOLDER)).entryList({QStringLiteral("*.json")});
        QCOMPARE(files.size(), 14);
    }

    void onLinkPrefixes()
    {
        const auto link = parseIpJson(recorded(QStringLiteral("temporary")));
        QVERIFY(link);
        QStringList prefixes;
        for (const OnLinkPrefix &one : link->onLink)
            prefixes << one.interface + QLatin1Char(' ') + one.prefix.text();
        // With a peer the prefix is the peer's; an address of 128 bits says nothing about the link.
        QCOMPARE(prefixes,
                 (QStringList{QStringLiteral("home0 2001:db8:bbbb::/64"), QStringLiteral("home0 fd12:3456:789a:1::/64"),
                              QStringLiteral("home0 2001:db8:1:1::/64"), QStringLiteral("home0 fe80::/64")}));
    }

    void readAsFarAsItGoes_data()
    {
        QTest::addColumn<QByteArray>("entry"); // of addr_info
        QTest::addColumn<QString>("address");  // empty: skipped
        const auto row = [](const char *name, const QByteArray &entry, const char *address) {
            QTest::newRow(name) << entry << QString::fromLatin1(address);
        };
        row("empty object", "{}", "");
        row("IPv4", quotes("{'family':'inet','local':'198.51.100.7','prefixlen':24,'secondary':true}"), "");
        row("another family", quotes("{'family':'mctp','local':'8'}"), "");
        row("no address", quotes("{'family':'inet6','prefixlen':64}"), "");
        row("address alone", quotes("{'local':'2001:db8::1'}"), "eth0 2001:db8::1/64 forever/forever");
        row("family missing, IPv4", quotes("{'local':'198.51.100.7','prefixlen':24}"), "");
        row("no lifetimes", quotes("{'family':'inet6','local':'2001:db8::1','prefixlen':56}"),
            "eth0 2001:db8::1/56 forever/forever");
        row("unknown keys", quotes("{'family':'inet6','local':'2001:db8::1','protocol':'kernel_ra','new':[{}]}"),
            "eth0 2001:db8::1/64 forever/forever");
        row("flags given as false",
            quotes("{'family':'inet6','local':'2001:db8::1','temporary':false,'deprecated':false}"),
            "eth0 2001:db8::1/64 forever/forever");
        row("negative preferred lifetime",
            quotes("{'family':'inet6','local':'2001:db8::1','deprecated':true,'preferred_life_time':-3,'valid_life_"
                   "time':9}"),
            "eth0 2001:db8::1/64 deprecated 0/9");
        row("just below forever",
            quotes("{'family':'inet6','local':'2001:db8::1','preferred_life_time':4294967294,'valid_life_time':"
                   "4294967295}"),
            "eth0 2001:db8::1/64 4294967294/forever");
        row("optimistic after detection", quotes("{'family':'inet6','local':'2001:db8::1','optimistic':true}"),
            "eth0 2001:db8::1/64 forever/forever");
        row("upper case and zeros", quotes("{'family':'inet6','local':'2001:0DB8:0000::0001'}"),
            "eth0 2001:db8::1/64 forever/forever");
        row("escaped text", quotes("{'family':'inet6','local':'2001:db8\\u003a:1'}"),
            "eth0 2001:db8::1/64 forever/forever");
    }

    void readAsFarAsItGoes()
    {
        QFETCH(QByteArray, entry);
        QFETCH(QString, address);
        const auto link = parseIpJson(quotes("[{},{'ifname':'eth0','addr_info':[") + entry + "]}]");
        QVERIFY2(link, link ? "" : qPrintable(link.error().summary));
        QCOMPARE(shown(*link).join(QLatin1Char('\n')), address);
    }

    void linkOfTheInterface_data()
    {
        QTest::addColumn<QByteArray>("members"); // of the interface
        QTest::addColumn<QString>("address");    // empty: skipped
        const auto row = [](const char *name, const QByteArray &members, const char *address) {
            QTest::newRow(name) << members << QString::fromLatin1(address);
        };
        const char *lan = "eth0 2001:db8::1/64 forever/forever";
        const char *tunnel = "eth0 2001:db8::1/64 tunnel forever/forever";
        const char *loopback = "eth0 2001:db8::1/64 loopback forever/forever";
        row("nothing said", "", lan);
        row("LAN", quotes("'flags':['BROADCAST','MULTICAST','UP','LOWER_UP'],"), lan);
        row("LAN without carrier", quotes("'flags':['NO-CARRIER','BROADCAST','MULTICAST','UP'],"), lan);
        row("WireGuard", quotes("'flags':['POINTOPOINT','NOARP','UP','LOWER_UP'],'link_type':'none',"), tunnel);
        row("6in4", quotes("'flags':['POINTOPOINT','NOARP','UP','LOWER_UP'],'link_type':'sit',"), tunnel);
        row("dialled line", quotes("'flags':['POINTOPOINT','MULTICAST','NOARP','UP'],'link_type':'ppp',"), tunnel);
        row("dummy", quotes("'flags':['BROADCAST','NOARP','UP','LOWER_UP'],'link_type':'ether',"),
            "eth0 2001:db8::1/64 noarp forever/forever");
        row("loopback", quotes("'flags':['LOOPBACK','UP','LOWER_UP'],'link_type':'loopback',"), loopback);
        row("loopback by its type alone", quotes("'link_type':'loopback',"), loopback);
        row("tunnel by its type alone", quotes("'link_type':'sit',"), tunnel);
        row("LAN by its type alone", quotes("'link_type':'ether',"), lan);
        row("down", quotes("'flags':['BROADCAST','MULTICAST'],"), "");
        row("down, without any flag", quotes("'flags':[],"), "");
    }

    void linkOfTheInterface()
    {
        QFETCH(QByteArray, members);
        QFETCH(QString, address);
        const auto link = parseIpJson(quotes("[{'ifname':'eth0',") + members +
                                      quotes("'addr_info':[{'local':'2001:db8::1','prefixlen':64}]}]"));
        QVERIFY2(link, link ? "" : qPrintable(link.error().summary));
        QCOMPARE(shown(*link).join(QLatin1Char('\n')), address);
        const bool lan = address == QStringLiteral("eth0 2001:db8::1/64 forever/forever");
        QCOMPARE(link->onLink.size(), size_t(lan));
        QCOMPARE(chosenOf(*link), lan ? QStringLiteral("2001:db8::1") : QString());
    }

    void deprecatedByLifetime()
    {
        const auto link = parseIpJson(quotes("[{'ifname':'eth0','addr_info':[{'family':'inet6','local':'2001:db8::1',"
                                             "'prefixlen':64,'preferred_life_time':0,'valid_life_time':7200}]}]"));
        QVERIFY(link);
        const auto choice = chooseOwnAddress(link->addresses);
        QVERIFY(!choice.chosen);
        QVERIFY(choice.candidates[0].reason.contains(QStringLiteral("deprecated")));
        QVERIFY(homePrefixes(*link).empty());
    }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const QByteArray &json, const char *text) {
            QTest::newRow(name) << json << QString::fromUtf8(text);
        };
        const auto entry = [&](const char *name, const QByteArray &members, const char *text) {
            row(name, quotes("[{'ifname':'lo'},{'ifname':'eth0','addr_info':[{},{") + members + "}]}]", text);
        };
        row("nothing", "", "it is empty");
        row("spaces", " \n", "it is empty");
        row("plain text of ip", "1: lo: <LOOPBACK,UP> mtu 65536\n    inet6 ::1/128 scope host\n", "not valid JSON");
        row("a page", "<html>", "not valid JSON");
        row("an object", "{}", "a list of interfaces is wanted");
        row("a number", "7", "not valid JSON");
        row("two documents", "[] []", "not valid JSON");
        row("NUL inside", QByteArray("[\0]", 3), "not valid JSON");
        row("bad UTF-8", "[{\"ifname\":\"\xff\xfe\"}]", "not valid JSON");
        row("deep", QByteArray(100000, '['), "not valid JSON");
        row("numbers for links", "[1]", "[0]: an object is wanted");
        row("name is a number", quotes("[{'ifname':7}]"), "[0].ifname: a text is wanted");
        row("flags are a text", quotes("[{'ifname':'lo','flags':'UP'}]"), "[0].flags: a list is wanted");
        row("addr_info is an object", quotes("[{'ifname':'lo','addr_info':{}}]"), "[0].addr_info: a list is wanted");
        row("addr_info has a text", quotes("[{'ifname':'lo','addr_info':['x']}]"),
            "[0].addr_info[0]: an object is wanted");
        entry("address with length", quotes("'family':'inet6','local':'2001:db8::1/64'"), "[1].addr_info[1].local: ");
        entry("address with zone", quotes("'family':'inet6','local':'fe80::1%eth0'"), "[1].addr_info[1].local: ");
        entry("address cut off", quotes("'family':'inet6','local':'2001:db8:'"), "[1].addr_info[1].local: ");
        entry("address of the other family", quotes("'family':'inet6','local':'198.51.100.7'"),
              "[1].addr_info[1].local: ");
        entry("no address", quotes("'local':'any'"), "[1].addr_info[1].local: ");
        entry("address is a number", quotes("'family':'inet6','local':1"), "[1].addr_info[1].local: a text is wanted");
        entry("address has an escape", quotes("'family':'inet6','local':'\\u001b[2J'"), "\"\\u001b[2J\"");
        entry("peer is bad", quotes("'family':'inet6','local':'2001:db8::1','address':'x'"),
              "[1].addr_info[1].address: ");
        entry("length 129", quotes("'family':'inet6','local':'2001:db8::1','prefixlen':129"),
              "[1].addr_info[1].prefixlen: a whole number from 0 to 128");
        entry("length -1", quotes("'family':'inet6','local':'2001:db8::1','prefixlen':-1"),
              "[1].addr_info[1].prefixlen: ");
        entry("length 64.5", quotes("'family':'inet6','local':'2001:db8::1','prefixlen':64.5"),
              "[1].addr_info[1].prefixlen: ");
        entry("length is a text", quotes("'family':'inet6','local':'2001:db8::1','prefixlen':'64'"),
              "[1].addr_info[1].prefixlen: ");
        entry("lifetime too large", quotes("'family':'inet6','local':'2001:db8::1','valid_life_time':1e30"),
              "[1].addr_info[1].valid_life_time: ");
        entry("lifetime is a text", quotes("'family':'inet6','local':'2001:db8::1','preferred_life_time':'forever'"),
              "[1].addr_info[1].preferred_life_time: ");
        entry("flag is a text", quotes("'family':'inet6','local':'2001:db8::1','temporary':'yes'"),
              "[1].addr_info[1].temporary: true or false is wanted");
        entry("family is null", quotes("'family':null,'local':'2001:db8::1'"),
              "[1].addr_info[1].family: a text is wanted");
    }

    void refused()
    {
        QFETCH(QByteArray, json);
        QFETCH(QString, text);
        const auto link = parseIpJson(json);
        QVERIFY(!link);
        QCOMPARE(link.error().code, ErrorCode::Invalid);
        const QString summary = link.error().summary;
        QVERIFY2(summary.contains(text), qPrintable(summary));
        QVERIFY(summary.endsWith(QLatin1Char('.')));
        QVERIFY(!summary.contains(QChar(0x1b)));
        QVERIFY(link.error().fix.contains(QStringLiteral("ip -j -6 address")));
    }

    // A file cut off anywhere is refused, not read in part: the missing half could hold the right address.
    void cutOff()
    {
        const QByteArray whole = recorded(QStringLiteral("both-families")).trimmed();
        for (qsizetype length = 0; length < whole.size(); ++length)
            QVERIFY2(!parseIpJson(whole.left(length)), qPrintable(QString::number(length)));
        QVERIFY(parseIpJson(whole));
    }

    // A changed octet gives an error or addresses, never a crash.
    void damaged()
    {
        const QByteArray whole = recorded(QStringLiteral("temporary")).trimmed();
        int read = 0;
        for (qsizetype at = 0; at < whole.size(); ++at) {
            for (const char octet : {'\0', '"', '{', '9', '\xff'}) {
                QByteArray changed = whole;
                changed[at] = octet;
                if (const auto link = parseIpJson(changed)) {
                    ++read;
                    homePrefixes(*link);
                    chooseOwnAddress(link->addresses);
                }
            }
        }
        QVERIFY(read > 0);
    }
};

QTEST_APPLESS_MAIN(TestIpJson)
#include "tst_ipjson.moc"
