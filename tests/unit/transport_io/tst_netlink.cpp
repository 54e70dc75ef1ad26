// What netlink tells, compared with what iproute2 prints, in a network of the test's own.

#include "ownnetwork.h"
#include "transport/netlink.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTest>

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace sixgate;

namespace
{

QByteArray ip(const char *arguments)
{
    QProcess process;
    process.start(QStringLiteral("/usr/sbin/ip"), QProcess::splitCommand(QString::fromLatin1(arguments)));
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("ip %s: %s", arguments, process.readAllStandardError().constData());
    return process.readAllStandardOutput();
}

Ipv6Address address(const char *text)
{
    return *Ipv6Address::parse(QString::fromLatin1(text));
}

QString lifetimeText(const Lifetime &one)
{
    return one ? QString::number(one->count()) : QStringLiteral("forever");
}

/// One line for an address; lifetimes are left out, since they run while the two are read.
QString line(const LocalAddress &one)
{
    QStringList flags;
    for (const auto &[set, name] : {std::pair{one.temporary, "temporary"},
                                    {one.deprecated, "deprecated"},
                                    {one.tentative, "tentative"},
                                    {one.dadFailed, "dadfailed"},
                                    {one.link == LinkKind::Loopback, "loopback"},
                                    {one.link == LinkKind::PointToPoint, "tunnel"},
                                    {one.link == LinkKind::NoNeighbours, "noarp"}}) {
        if (set)
            flags << QString::fromLatin1(name);
    }
    return QStringLiteral("%1 %2/%3 %4 %5 %6")
        .arg(one.interface, one.address.text())
        .arg(one.prefixLength)
        .arg(flags.join(QLatin1Char(',')), one.preferred ? QStringLiteral("limited") : QStringLiteral("forever"),
             one.valid ? QStringLiteral("limited") : QStringLiteral("forever"));
}

QStringList linesOfIp()
{
    QStringList lines;
    for (const QJsonValue link : QJsonDocument::fromJson(ip("-j -6 address show up")).array()) {
        for (const QJsonValue info : link[QStringLiteral("addr_info")].toArray()) {
            if (info[QStringLiteral("local")].isUndefined())
                continue;
            const auto flag = [&](const char *name) { return info[QString::fromLatin1(name)].toBool(); };
            LocalAddress one{link[QStringLiteral("ifname")].toString(),
                             *Ipv6Address::parse(info[QStringLiteral("local")].toString()),
                             info[QStringLiteral("prefixlen")].toInt()};
            one.temporary = flag("temporary");
            one.deprecated = flag("deprecated");
            one.tentative = flag("tentative");
            one.dadFailed = flag("dadfailed");
            const QJsonArray flags = link[QStringLiteral("flags")].toArray();
            one.link = flags.contains(QStringLiteral("LOOPBACK"))      ? LinkKind::Loopback
                       : flags.contains(QStringLiteral("POINTOPOINT")) ? LinkKind::PointToPoint
                       : flags.contains(QStringLiteral("NOARP"))       ? LinkKind::NoNeighbours
                                                                       : LinkKind::Lan;
            if (info[QStringLiteral("preferred_life_time")].toDouble() != 4294967295.0)
                one.preferred = std::chrono::seconds(1);
            if (info[QStringLiteral("valid_life_time")].toDouble() != 4294967295.0)
                one.valid = std::chrono::seconds(1);
            lines << line(one);
        }
    }
    lines.sort();
    return lines;
}

std::optional<LocalAddress> find(const char *text)
{
    const auto all = localIpv6Addresses();
    if (!all)
        qFatal("%s", qPrintable(all.error().detail));
    for (const LocalAddress &one : *all) {
        if (one.address == address(text))
            return one;
    }
    return std::nullopt;
}

} // namespace

class TestNetlink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        ip("link set lo up");
        ip("link add name lan type veth peer name other");
        writeFile("/proc/sys/net/ipv6/conf/lan/use_tempaddr", "2");
        ip("link set lan up");
        ip("link set other up");
        ip("link add name down type veth peer name downpeer");
        ip("-6 address add 2001:db8:dead::1/64 dev down");
        ip("-6 address add 2001:db8:1::11/64 dev lan nodad");
        ip("-6 address add 2001:db8:1::12/64 dev lan nodad valid_lft 3600 preferred_lft 1800");
        ip("-6 address add 2001:db8:1::13/64 dev lan nodad valid_lft 3600 preferred_lft 0");
        ip("-6 address add 2001:db8:1::14/128 dev lan nodad");
        ip("-6 address add fd00:1::11/64 dev lan nodad");
        ip("-6 address add 2001:db8:2::1 peer 2001:db8:2::2/128 dev lan nodad");
        ip("-6 address add 2001:db8:5:5:5055:55ff:fe55:5/64 dev lan nodad mngtmpaddr valid_lft 3600 preferred_lft "
           "1800");
        ip("link add name quiet type veth peer name quietpeer");
        ip("link set quiet arp off");
        ip("link set quiet up");
        ip("-6 address add 2001:db8:c::1/64 dev quiet nodad");
        // Of two links that are one wire, the second to claim an address loses.
        ip("-6 address add 2001:db8:3::1/64 dev lan nodad");
        ip("-6 address add 2001:db8:3::1/64 dev other");
        ip("-6 route add 2001:db8:6::/48 dev lan");
        ip("-6 route add 2001:db8:7::/48 via 2001:db8:1::99");
        ip("-6 route add default via fe80::99 dev lan");
        ip("-6 route add unreachable 2001:db8:8::/48");
        ip("-6 route add 2001:db8:9::/48 dev lan table 100");
        ip("-6 route add 2001:db8:a::/48 nexthop via 2001:db8:1::97 nexthop via 2001:db8:1::98");
    }

    void addressesAsIpPrintsThem()
    {
        ip("-6 address add 2001:db8:1::66/64 dev lan"); // its duplicate detection runs for a second
        QStringList ours;
        QStringList theirs;
        // Flags change by themselves meanwhile: compare two readings of the same moment.
        for (int i = 0; i < 5; ++i) {
            theirs = linesOfIp();
            ours.clear();
            const auto all = localIpv6Addresses();
            QVERIFY(all);
            for (const LocalAddress &one : *all)
                ours << line(one);
            ours.sort();
            if (ours == theirs && theirs == linesOfIp())
                break;
        }
        QCOMPARE(ours, theirs);
        const QString text = ours.join(QLatin1Char('\n'));
        for (const char *word : {"tentative", "deprecated", "temporary", "loopback", "noarp"})
            QVERIFY2(text.contains(QString::fromLatin1(word)), word);
        QVERIFY2(ours.size() >= 12, qPrintable(text));
        QVERIFY(!text.contains(QStringLiteral("down "))); // an interface that is down
    }

    void lifetimesAndFlags()
    {
        QCOMPARE(lifetimeText(find("2001:db8:1::11")->preferred), QStringLiteral("forever"));
        QCOMPARE(lifetimeText(find("2001:db8:1::11")->valid), QStringLiteral("forever"));
        const auto limited = find("2001:db8:1::12");
        QVERIFY(limited && limited->preferred && limited->valid);
        QVERIFY(limited->preferred->count() > 1700 && limited->preferred->count() <= 1800);
        QVERIFY(limited->valid->count() > 3500 && limited->valid->count() <= 3600);
        QVERIFY(!limited->deprecated && !limited->temporary && !limited->tentative);
        const auto old = find("2001:db8:1::13");
        QVERIFY(old && old->deprecated);
        QCOMPARE(lifetimeText(old->preferred), QStringLiteral("0"));
        QCOMPARE(find("2001:db8:1::14")->prefixLength, 128);
        QVERIFY(find("2001:db8:2::1")); // with a peer: our end, not the other
        QVERIFY(!find("2001:db8:2::2"));
        QVERIFY(!find("2001:db8:5:5:5055:55ff:fe55:5")->temporary);
        QCOMPARE(find("::1")->interface, QStringLiteral("lo"));
        QTRY_VERIFY_WITH_TIMEOUT(!find("2001:db8:1::66")->tentative, 10000);
    }

    void optimisticIsTentativeToo()
    {
        const char *const setting = "/proc/sys/net/ipv6/conf/lan/optimistic_dad";
        if (!QFile::exists(QString::fromLatin1(setting)))
            QSKIP("this kernel knows no optimistic duplicate detection");
        writeFile(setting, "1");
        ip("-6 address add 2001:db8:1::15/64 dev lan optimistic");
        const auto seen = find("2001:db8:1::15");
        writeFile(setting, "0");
        QVERIFY(seen);
        QVERIFY(seen->tentative); // not published before its detection has ended
    }

    void duplicateAddress()
    {
        const auto duplicate = [] {
            const auto all = localIpv6Addresses();
            for (const LocalAddress &one : all.value()) {
                if (one.interface == QLatin1String("other") && one.address == address("2001:db8:3::1"))
                    return one.dadFailed;
            }
            return false;
        };
        QTRY_VERIFY_WITH_TIMEOUT(duplicate(), 10000);
    }

    void onLink()
    {
        const auto prefixes = onLinkIpv6Prefixes();
        QVERIFY(prefixes);
        QStringList ours;
        for (const OnLinkPrefix &one : *prefixes)
            ours << one.interface + QLatin1Char(' ') + one.prefix.text();
        QStringList theirs;
        for (const QJsonValue route : QJsonDocument::fromJson(ip("-j -6 route show table main")).array()) {
            const QString to = route[QStringLiteral("dst")].toString();
            const bool plain =
                route[QStringLiteral("type")].toString(QStringLiteral("unicast")) == QLatin1String("unicast");
            if (!plain || !route[QStringLiteral("gateway")].isUndefined() ||
                !route[QStringLiteral("nexthops")].isUndefined() || to.startsWith(QLatin1String("fe80:")) ||
                to == QLatin1String("::1") || route[QStringLiteral("dev")].toString() == QLatin1String("lo") ||
                route[QStringLiteral("dev")].toString() == QLatin1String("quiet"))
                continue;
            theirs << route[QStringLiteral("dev")].toString() + QLatin1Char(' ') + to +
                          (to.contains(QLatin1Char('/')) ? QString() : QStringLiteral("/128"));
        }
        ours.sort();
        theirs.sort();
        QCOMPARE(ours, theirs);
        QVERIFY(ours.contains(QStringLiteral("lan 2001:db8:1::/64")));
        QVERIFY(ours.contains(QStringLiteral("lan fd00:1::/64")));
        QVERIFY(ours.contains(QStringLiteral("lan 2001:db8:6::/48")));
        const QString all = ours.join(QLatin1Char('\n'));
        for (const char *other :
             {"2001:db8:7:", "2001:db8:8:", "2001:db8:9:", "2001:db8:a:", "2001:db8:c:", "fe80", "::/0"})
            QVERIFY2(!all.contains(QString::fromLatin1(other)), qPrintable(all));
    }

    void tunnelsAreNotOnLink()
    {
        if (::access("/dev/net/tun", R_OK | W_OK) != 0)
            QSKIP("/dev/net/tun is not there for this user");
        ip("tuntap add mode tun name tun6");
        ip("link set tun6 up");
        ip("-6 address add 2001:db8:77::2/64 dev tun6 nodad");
        const auto prefixes = onLinkIpv6Prefixes();
        QVERIFY(prefixes);
        for (const OnLinkPrefix &one : *prefixes)
            QVERIFY2(one.interface != QLatin1String("tun6"), qPrintable(one.prefix.text()));
        QCOMPARE(find("2001:db8:77::2")->link, LinkKind::PointToPoint);
        const auto through = routeTo(address("2001:db8:77::9"));
        QVERIFY(through);
        QCOMPARE(through->link, LinkKind::PointToPoint);
        QVERIFY(!through->onLink());
        // This machine's own end; the kernel makes its route a moment after the address.
        QTRY_VERIFY(routeTo(address("2001:db8:77::2"))->onLink());
        ip("link delete tun6");
    }

    void routes()
    {
        const auto direct = routeTo(address("2001:db8:1::99"));
        QVERIFY(direct);
        QCOMPARE(direct->interface, QStringLiteral("lan"));
        QVERIFY(!direct->gateway && !direct->local && direct->onLink());
        const auto behind = routeTo(address("2001:db8:7::1"));
        QVERIFY(behind);
        QCOMPARE(behind->gateway->text(), QStringLiteral("2001:db8:1::99"));
        QVERIFY(!behind->onLink());
        const auto quiet = routeTo(address("2001:db8:c::9"));
        QVERIFY(quiet);
        QCOMPARE(quiet->link, LinkKind::NoNeighbours);
        QVERIFY(!quiet->gateway && !quiet->onLink());
        const auto far = routeTo(address("2001:4860::1"));
        QVERIFY(far);
        QCOMPARE(far->gateway->text(), QStringLiteral("fe80::99"));
        QCOMPARE(far->interface, QStringLiteral("lan"));
        const auto own = routeTo(address("2001:db8:1::11"));
        QVERIFY(own);
        QVERIFY(own->local);
        const auto none = routeTo(address("2001:db8:8::1"));
        QVERIFY(!none);
        QCOMPARE(none.error().code, ErrorCode::Network);
        QVERIFY(none.error().summary.contains(QStringLiteral("2001:db8:8::1")));
    }

    void neighbours_data()
    {
        QTest::addColumn<QByteArray>("nud");
        QTest::addColumn<int>("state");
        QTest::newRow("reachable") << QByteArray("reachable") << int(NeighbourState::Reachable);
        QTest::newRow("stale") << QByteArray("stale") << int(NeighbourState::Stale);
        QTest::newRow("probe") << QByteArray("probe") << int(NeighbourState::Probe);
        QTest::newRow("permanent") << QByteArray("permanent") << int(NeighbourState::Permanent);
        QTest::newRow("noarp") << QByteArray("noarp") << int(NeighbourState::NoArp);
    }
    void neighbours()
    {
        QFETCH(QByteArray, nud);
        QFETCH(int, state);
        ip("-6 neighbour replace 2001:db8:1::77 lladdr 02:00:5e:00:53:01 dev lan nud " + nud);
        const auto seen = neighbourState(QStringLiteral("lan"), address("2001:db8:1::77"));
        QVERIFY(seen);
        QCOMPARE(int(*seen), state);
        QCOMPARE(isConfirmed(*seen), *seen != NeighbourState::NoArp);
        ip("-6 neighbour delete 2001:db8:1::77 dev lan");
    }

    void aNeighbourThatDoesNotAnswer()
    {
        const auto state = [] { return neighbourState(QStringLiteral("lan"), address("2001:db8:1::88")); };
        QVERIFY(state());
        QCOMPARE(*state(), NeighbourState::Absent);
        const int socket = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(9);
        ::inet_pton(AF_INET6, "2001:db8:1::88", &to.sin6_addr);
        QCOMPARE(::sendto(socket, "x", 1, 0, reinterpret_cast<sockaddr *>(&to), sizeof to), 1);
        ::close(socket);
        QCOMPARE(*state(), NeighbourState::Incomplete);
        QVERIFY(!isConfirmed(NeighbourState::Absent) && !isConfirmed(NeighbourState::Incomplete));
        QTRY_COMPARE_WITH_TIMEOUT(*state(), NeighbourState::Failed, 10000);
        QVERIFY(!isConfirmed(*state()));
        const auto nowhere = neighbourState(QStringLiteral("nosuch"), address("2001:db8:1::88"));
        QVERIFY(!nowhere);
        QCOMPARE(nowhere.error().code, ErrorCode::NotFound);
    }

    void severalThreadsAtOnce()
    {
        std::atomic<int> failures = 0;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 8; ++i)
                threads.emplace_back([&] {
                    for (int n = 0; n < 50; ++n) {
                        const auto route = routeTo(address("2001:db8:1::99"));
                        failures += !route || route->interface != QLatin1String("lan");
                    }
                });
        }
        QCOMPARE(failures.load(), 0);
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork();
    QCoreApplication app(argc, argv);
    TestNetlink test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_netlink.moc"
