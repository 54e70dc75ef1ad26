// The IPv4 side of netlink, compared with what iproute2 prints.

#include "ownnetwork.h"
#include "transport/netlink4.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;

namespace
{

Ipv4Address address(const char *text)
{
    return *Ipv4Address::parse(QString::fromLatin1(text));
}

QString textOf(const Result<std::optional<Ipv4Way>> &way)
{
    if (!way)
        return QStringLiteral("unknown: ") + way.error().detail;
    if (!*way)
        return QStringLiteral("none");
    return QStringLiteral("%1 %2%3").arg((*way)->interface,
                                         (*way)->gateway ? (*way)->gateway->text() : QStringLiteral("on-link"),
                                         (*way)->link == LinkKind::Lan ? QString() : QStringLiteral(" tunnel"));
}

} // namespace

class TestNetlink4 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        ip("link set lo up");
        ip("link add name lan type veth peer name other");
        // An interface without IPv6 is one nevertheless.
        writeFile("/proc/sys/net/ipv6/conf/lan/disable_ipv6", "1");
        ip("link set lan up");
        ip("link set other up");
        ip("address add 192.168.178.20/24 dev lan");
        ip("address add 192.168.178.21/24 dev lan");
        ip("address add 198.51.100.1 peer 198.51.100.2/32 dev lan");
        ip("address add 169.254.3.4/16 dev other");
        ip("link add name down type veth peer name downpeer");
        ip("address add 10.9.9.9/8 dev down");
    }

    void addressesAsIpPrintsThem()
    {
        QStringList theirs;
        for (const QJsonValue link : QJsonDocument::fromJson(ip("-j -4 address show up")).array()) {
            for (const QJsonValue one : link[QStringLiteral("addr_info")].toArray()) {
                if (one[QStringLiteral("local")].toString() != QLatin1String("127.0.0.1"))
                    theirs << QStringLiteral("%1 %2/%3")
                                  .arg(link[QStringLiteral("ifname")].toString(),
                                       one[QStringLiteral("local")].toString())
                                  .arg(one[QStringLiteral("prefixlen")].toInt());
            }
        }
        const auto seen = localIpv4Addresses();
        QVERIFY(seen);
        QStringList ours;
        for (const LocalIpv4 &one : *seen)
            ours << QStringLiteral("%1 %2/%3").arg(one.interface, one.address.text()).arg(one.prefixLength);
        ours.sort();
        theirs.sort();
        QCOMPARE(ours, theirs);
        QCOMPARE(ours.size(), 4);
        QVERIFY(ours.contains(QStringLiteral("lan 198.51.100.1/32"))); // our end, not the other
    }

    void ways()
    {
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("none"));
        QCOMPARE(textOf(ipv4WayTo(address("203.0.113.1"))), QStringLiteral("none"));
        QCOMPARE(textOf(ipv4WayTo(address("192.168.178.9"))), QStringLiteral("lan on-link"));
        ip("route add unreachable default metric 900");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("none"));
        QCOMPARE(textOf(ipv4WayTo(address("203.0.113.1"))), QStringLiteral("none"));
        ip("route add default via 192.168.178.2 dev lan metric 300");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.2"));
        ip("route add default via 192.168.178.1 dev lan metric 200");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.1"));
        QCOMPARE(textOf(ipv4WayTo(address("203.0.113.1"))), QStringLiteral("lan 192.168.178.1"));
        ip("route add default via 192.168.178.9 dev lan table 100"); // of another table
        ip("route add 203.0.113.0/24 via 192.168.178.7 dev lan");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.1"));
        QCOMPARE(textOf(ipv4WayTo(address("203.0.113.1"))), QStringLiteral("lan 192.168.178.7"));
        ip("route del default metric 200");
        ip("route del default metric 300");
        ip("route add default nexthop via 192.168.178.5 dev lan nexthop via 192.168.178.6 dev lan");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.5"));
    }

    void aVpnTakesThePackets()
    {
        if (::access("/dev/net/tun", R_OK | W_OK) != 0)
            QSKIP("/dev/net/tun is not there for this user");
        ip("tuntap add mode tun name wg0");
        ip("link set wg0 up");
        ip("address add 10.8.0.2/24 dev wg0");
        ip("route add default dev wg0 table 51820");
        ip("rule add table 51820 priority 100");
        QCOMPARE(textOf(ipv4WayTo(address("198.41.0.4"))), QStringLiteral("wg0 on-link tunnel"));
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.5"));
        // Even with the better metric a tunnel is not the home's router.
        ip("route replace default via 192.168.178.1 dev lan metric 50");
        ip("route del default nexthop via 192.168.178.5 dev lan nexthop via 192.168.178.6 dev lan");
        ip("route add default dev wg0 metric 1");
        QCOMPARE(textOf(defaultIpv4Way()), QStringLiteral("lan 192.168.178.1"));
        ip("link del wg0");
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork();
    QCoreApplication app(argc, argv);
    TestNetlink4 test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_netlink4.moc"
