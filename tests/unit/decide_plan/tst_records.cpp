// What records are wanted, what is left alone, and in which order things are changed.

#include "decide/plan.h"
#include "model/aliases.h"
#include "model/provider.h"

#include <QJsonObject>
#include <QTest>

using namespace sixgate;

namespace
{

template <class T>
T parsed(const char *text)
{
    auto value = T::parse(QString::fromLatin1(text));
    if (!value)
        qFatal("bad test value %s: %s", text, qPrintable(value.error().summary));
    return *value;
}

Site site()
{
    const auto port = [](int number) { return *Port::fromNumber(number); };
    return Site{1,
                parsed<Label>("home"),
                {HomeServer{parsed<Label>("nas"), AddressFromInterfaceId{parsed<InterfaceId>("::11")}, std::nullopt}},
                {DnsAccount{parsed<Label>("main"), parsed<Hostname>("example.org"),
                            UpdateAccess{parsed<Hostname>("ns1.example.org"),
                                         port(53),
                                         {parsed<KeyName>("k"), TsigAlgorithm::HmacSha256},
                                         TsigKeyRef{parsed<KeyName>("a"), TsigAlgorithm::HmacSha256}}}},
                {Vps{parsed<Label>("vps"),
                     parsed<Hostname>("vps.example.org"),
                     port(22),
                     parsed<Login>("root"),
                     QStringLiteral("~/.ssh/key"),
                     {},
                     AcmeSettings{parsed<HttpsUrl>("https://ca.example.net/dir"), std::nullopt, true}}},
                {Service{parsed<Label>("cloud"),
                         {parsed<Hostname>("cloud.example.org"), parsed<Hostname>("www.example.org")},
                         parsed<Hostname>("home6.example.org"),
                         parsed<Label>("nas"),
                         port(443),
                         parsed<UrlPath>("/")}}};
}

RecordKey key(const char *text)
{
    const QStringList words = QString::fromLatin1(text).split(QLatin1Char(' '));
    for (RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME}) {
        if (recordTypeName(type) == words.value(1))
            return {*Hostname::parse(words.value(0)), type};
    }
    qFatal("bad key");
}

ManagedRecord record(const char *text)
{
    return {key(text), {QString::fromLatin1(text).section(QLatin1Char(' '), 2)}};
}

/// "cloud.example.org A 198.51.100.10" lines; every key the site asks for is known, those not named are absent.
Observation observation(const char *records, const char *homeAddress = "2001:db8:1::11",
                        const char *vpsAddress = "198.51.100.10", const std::vector<ManagedRecord> &managed = {})
{
    Observation seen;
    for (const RecordKey &one : recordKeysToObserve(site(), managed))
        seen.zone.records.emplace(one, RecordSet{one.name, one.type, std::chrono::seconds(60), {}});
    for (const QString &line : QString::fromLatin1(records).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        const QStringList words = line.trimmed().split(QLatin1Char(' '));
        const RecordKey one = key(qPrintable(words.mid(0, 2).join(QLatin1Char(' '))));
        RecordSet set{one.name, one.type, std::chrono::seconds(60), {}};
        for (const QString &value : words.mid(2)) {
            if (value.startsWith(QLatin1String("ttl=")))
                set.ttl = std::chrono::seconds(value.mid(4).toInt());
            else
                set.values.push_back(value);
        }
        seen.zone.records.insert_or_assign(one, set);
    }
    ServerSeen server{parsed<Label>("nas"), {}};
    if (*homeAddress)
        server.proven = parsed<Ipv6Address>(homeAddress);
    else
        server.proven = fail(ErrorCode::Network, QStringLiteral("The server does not answer."));
    seen.home.servers.push_back(std::move(server));
    if (*vpsAddress)
        seen.vps.ipv4 = std::vector<Ipv4Address>{parsed<Ipv4Address>(vpsAddress)};
    else
        seen.vps.ipv4 = std::vector<Ipv4Address>{};
    seen.vps.ipv6 = std::vector<Ipv6Address>{parsed<Ipv6Address>("2001:db8:b::10")};
    return seen;
}

const char rightRecords[] = "cloud.example.org A 198.51.100.10\ncloud.example.org AAAA 2001:db8:1::11\n"
                            "www.example.org A 198.51.100.10\nwww.example.org AAAA 2001:db8:1::11\n"
                            "home6.example.org AAAA 2001:db8:1::11";

QStringList summary(const std::vector<Change> &changes)
{
    QStringList out;
    for (const Change &change : changes)
        out << QStringLiteral("%1 %2 [%3>%4]")
                   .arg(verbName(change.verb), change.object, change.oldValue, change.newValue);
    return out;
}

} // namespace

class TestRecords : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changes_data()
    {
        QTest::addColumn<QByteArray>("records");
        QTest::addColumn<QByteArray>("home");
        QTest::addColumn<QByteArray>("vps");
        QTest::addColumn<QStringList>("expected");
        QTest::addColumn<int>("withheld");
        const auto row = [](const char *name, const QByteArray &records, const char *home, const char *vps,
                            const QStringList &expected, int withheld) {
            QTest::newRow(name) << records << QByteArray(home) << QByteArray(vps) << expected << withheld;
        };
        const char *home = "2001:db8:1::11";
        const char *vps = "198.51.100.10";
        const auto s = [](const char *text) { return QString::fromLatin1(text); };
        row("all right: nothing", rightRecords, home, vps, {}, 0);
        row("empty zone", "", home, vps,
            {s("create home6.example.org AAAA [>2001:db8:1::11]"), s("create cloud.example.org AAAA [>2001:db8:1::11]"),
             s("create cloud.example.org A [>198.51.100.10]"), s("create www.example.org AAAA [>2001:db8:1::11]"),
             s("create www.example.org A [>198.51.100.10]")},
            0);
        row("new prefix changes AAAA only", rightRecords, "2001:db8:2::11", vps,
            {s("update home6.example.org AAAA [2001:db8:1::11>2001:db8:2::11]"),
             s("update cloud.example.org AAAA [2001:db8:1::11>2001:db8:2::11]"),
             s("update www.example.org AAAA [2001:db8:1::11>2001:db8:2::11]")},
            0);
        row("server not proven keeps AAAA", rightRecords, "", vps, {}, 3);
        row("server not proven, empty zone: A is still set", "", "", vps,
            {s("create cloud.example.org A [>198.51.100.10]"), s("create www.example.org A [>198.51.100.10]")}, 3);
        row("VPS name without A keeps A", rightRecords, home, "", {}, 2);
        row("VPS name with carrier NAT address keeps A", rightRecords, home, "100.64.1.2", {}, 2);
        row("VPS name with private address keeps A", rightRecords, home, "192.168.1.2", {}, 2);
        row("upstream name with an A loses it", QByteArray(rightRecords) + "\nhome6.example.org A 198.51.100.10", home,
            vps, {s("delete home6.example.org A [198.51.100.10>]")}, 0);
        row("two AAAA become one",
            QByteArray(rightRecords) + "\ncloud.example.org AAAA 2001:db8:0:9::11 2001:db8:1::11", home, vps,
            {s("update cloud.example.org AAAA [2001:db8:0:9::11, 2001:db8:1::11>2001:db8:1::11]")}, 0);
        row("A of the carrier NAT is replaced", QByteArray(rightRecords) + "\nwww.example.org A 203.0.113.7", home, vps,
            {s("update www.example.org A [203.0.113.7>198.51.100.10]")}, 0);
        row("other time to live", QByteArray(rightRecords) + "\ncloud.example.org A ttl=3600 198.51.100.10", home, vps,
            {s("update cloud.example.org A [198.51.100.10>198.51.100.10]")}, 0);
        row("an alias is left alone", QByteArray(rightRecords) + "\nwww.example.org CNAME dyn.example.net",
            "2001:db8:2::11", vps,
            {s("update home6.example.org AAAA [2001:db8:1::11>2001:db8:2::11]"),
             s("update cloud.example.org AAAA [2001:db8:1::11>2001:db8:2::11]")},
            2);
        row("home address equal to the VPS's is refused", rightRecords, "2001:db8:b::10", vps, {}, 3);
    }

    void changes()
    {
        QFETCH(QByteArray, records);
        QFETCH(QByteArray, home);
        QFETCH(QByteArray, vps);
        QFETCH(QStringList, expected);
        QFETCH(int, withheld);
        std::vector<Withheld> kept;
        const auto changes = planRecords(site(), observation(records, home, vps), {}, kept);
        QCOMPARE(summary(changes), expected);
        QCOMPARE(int(kept.size()), withheld);
    }

    // Accounts at providers: the time to live counts where it can be set, within the limits; one address of a kind.
    void atProviders_data()
    {
        QTest::addColumn<bool>("setsTtl");
        QTest::addColumn<QByteArray>("records");
        QTest::addColumn<bool>("twoAddresses");
        QTest::addColumn<QStringList>("expected");
        QTest::addColumn<QStringList>("reasons");
        const auto s = [](const char *text) { return QString::fromLatin1(text); };
        const auto right = [](const char *ttl) {
            return QByteArray(rightRecords)
                .replace(" AAAA ", QByteArray(" AAAA ttl=") + ttl + ' ')
                .replace(" A ", QByteArray(" A ttl=") + ttl + ' ');
        };
        const QStringList all{s("update home6.example.org AAAA [2001:db8:1::11>2001:db8:1::11]"),
                              s("update cloud.example.org AAAA [2001:db8:1::11>2001:db8:1::11]"),
                              s("update cloud.example.org A [198.51.100.10>198.51.100.10]"),
                              s("update www.example.org AAAA [2001:db8:1::11>2001:db8:1::11]"),
                              s("update www.example.org A [198.51.100.10>198.51.100.10]")};
        const QStringList none;
        // The site file says 60, this provider takes 300 at least.
        QTest::newRow("its least") << true << right("300") << false << none << none;
        QTest::newRow("another one") << true << right("3600") << false << all << none;
        QTest::newRow("what the site file says, but it does not take") << true << right("60") << false << all << none;
        QTest::newRow("cannot be set") << false << right("3600") << false << none << none;
        QTest::newRow("two addresses") << true << right("300") << true << none
                                       << QStringList{
                                              s("Dyn takes one address of a kind for a name, and "
                                                "cloud.example.org A is to have 2: 198.51.100.10, 198.51.100.11."),
                                              s("www.example.org A is to have 2")};
        QTest::newRow("two addresses that stand")
            << true << right("300").replace("198.51.100.10", "198.51.100.10 198.51.100.11") << true << none << none;
    }
    void atProviders()
    {
        QFETCH(bool, setsTtl);
        QFETCH(QByteArray, records);
        QFETCH(bool, twoAddresses);
        QFETCH(QStringList, expected);
        QFETCH(QStringList, reasons);
        auto definition = std::make_shared<ProviderDefinition>(
            ProviderDefinition{parsed<Label>("dyn"), QStringLiteral("Dyn"), {}, {}, {}, {}, {}});
        definition->addresses = ProviderWay::Api;
        definition->leastTtl = std::chrono::seconds(300);
        definition->api = RestApi();
        definition->api->set =
            ProviderCall{"PUT", QStringLiteral("https://api.example.net/{owner}/{type}"), {}, {}, {}, {}};
        if (setsTtl)
            definition->api->set->json = QJsonObject{{QStringLiteral("ttl"), QStringLiteral("{ttl}")}};
        Site one = site();
        one.dns.front().access = ProviderAccess{parsed<Label>("dyn"), {}, {}, definition};
        Observation seen = observation(records);
        if (twoAddresses)
            seen.vps.ipv4 = std::vector{parsed<Ipv4Address>("198.51.100.10"), parsed<Ipv4Address>("198.51.100.11")};
        std::vector<Withheld> kept;
        const auto changes = planRecords(one, seen, {}, kept);
        QCOMPARE(summary(changes), expected);
        QCOMPARE(int(kept.size()), int(reasons.size()));
        for (std::size_t i = 0; i < kept.size(); ++i) {
            QVERIFY2(kept[i].reason.contains(reasons[int(i)]), qPrintable(kept[i].reason));
            QVERIFY(kept[i].blocking);
        }
        for (const Change &change : changes)
            QCOMPARE(std::get<SetRecords>(change.action).wanted.ttl, std::chrono::seconds(300));
    }

    // A URL of the user's that takes the home's address alone: who keeps the A record.
    void aUrlWithoutIpv4_data()
    {
        QTest::addColumn<QByteArray>("records");
        QTest::addColumn<QStringList>("expected");
        QTest::addColumn<QStringList>("reasons");
        const QByteArray right(rightRecords);
        QTest::newRow("all is right") << right << QStringList() << QStringList();
        QTest::newRow("a new prefix") << QByteArray(right).replace("home6.example.org AAAA 2001:db8:1::11",
                                                                   "home6.example.org AAAA 2001:db8:9::11")
                                      << QStringList{QStringLiteral(
                                             "update home6.example.org AAAA [2001:db8:9::11>2001:db8:1::11]")}
                                      << QStringList();
        QTest::newRow("no A") << QByteArray(right).replace("www.example.org A 198.51.100.10\n", "") << QStringList()
                              << QStringList{QStringLiteral("The URL of the account main sets no A record, and nobody "
                                                            "else keeps www.example.org A: it is absent and should be "
                                                            "198.51.100.10.")};
        QTest::newRow("an A too many") << right + "\nhome6.example.org A 203.0.113.1" << QStringList()
                                       << QStringList{QStringLiteral("it is 203.0.113.1 and should be absent.")};
    }
    void aUrlWithoutIpv4()
    {
        QFETCH(QByteArray, records);
        QFETCH(QStringList, expected);
        QFETCH(QStringList, reasons);
        auto definition = std::make_shared<ProviderDefinition>(
            ProviderDefinition{parsed<Label>("custom"), QStringLiteral("A URL of your own")});
        definition->addresses = ProviderWay::Template;
        definition->customUrl = true;
        definition->update = TemplateUpdate();
        Site one = site();
        one.dns.front().access = ProviderAccess{
            parsed<Label>("custom"), {}, QStringLiteral("https://dyn.example.net/u?h={host}&a={v6}"), definition};
        std::vector<Withheld> kept;
        const auto changes = planRecords(one, observation(records), {}, kept);
        QCOMPARE(summary(changes), expected);
        QCOMPARE(int(kept.size()), int(reasons.size()));
        for (std::size_t i = 0; i < kept.size(); ++i) {
            QVERIFY2(kept[i].reason.contains(reasons[int(i)]), qPrintable(kept[i].reason));
            QVERIFY(kept[i].blocking && !kept[i].fix.isEmpty());
        }
    }

    void unknownZoneChangesNothing()
    {
        Observation seen = observation("");
        for (auto &[one, set] : seen.zone.records)
            set = fail(ErrorCode::Timeout, QStringLiteral("ns1.example.org did not answer."));
        std::vector<Withheld> kept;
        QVERIFY(planRecords(site(), seen, {}, kept).empty());
        QCOMPARE(kept.size(), size_t(6));
        for (const Withheld &one : kept)
            QVERIFY(one.blocking);
    }

    void onlyWhatWasManagedIsDeleted()
    {
        const std::vector<ManagedRecord> managed{record("old.example.org A 198.51.100.10"),
                                                 record("old.example.org AAAA 2001:db8:1::11"),
                                                 record("elsewhere.example.net A 198.51.100.10")};
        const QByteArray records =
            QByteArray(rightRecords) + "\nold.example.org A 198.51.100.10\nold.example.org AAAA 2001:db8:1::11";
        std::vector<Withheld> kept;
        const auto changes =
            planRecords(site(), observation(records, "2001:db8:1::11", "198.51.100.10", managed), managed, kept);
        QCOMPARE(summary(changes), (QStringList{QStringLiteral("delete old.example.org A [198.51.100.10>]"),
                                                QStringLiteral("delete old.example.org AAAA [2001:db8:1::11>]")}));
        QVERIFY(managedAfter(site(), managed, changes).empty());
        // What something else keeps now is left alone, and reported where it is wrong.
        Site watched = site();
        watched.dns.front().access = WatchedAccess();
        std::vector<Withheld> left;
        QVERIFY(planRecords(watched, observation(records, "2001:db8:9::11", "198.51.100.10", managed), managed, left)
                    .empty());
        QVERIFY(!left.empty() && left.front().reason.contains(QStringLiteral("kept by something else")));
        QVERIFY(managedAfter(watched, managed, {}).empty());
        // The same records, not set by us: left alone.
        QVERIFY(
            planRecords(site(), observation(records, "2001:db8:1::11", "198.51.100.10", managed), {}, kept).empty());
    }

    void whatSomebodyElseTookOverIsLeftAlone()
    {
        const std::vector<ManagedRecord> managed{
            record("moved.example.org A 198.51.100.10"), record("moved.example.org AAAA 2001:db8:1::11"),
            record("vps.example.org A 198.51.100.10"),   record("ns1.example.org A 198.51.100.10"),
            record("killed.example.org A 198.51.100.9"), record("killed.example.org A 198.51.100.10")};
        const QByteArray records = QByteArray(rightRecords) +
                                   "\nmoved.example.org A 203.0.113.9\nmoved.example.org AAAA 2001:db8:1::11"
                                   "\nvps.example.org A 198.51.100.10\nns1.example.org A 198.51.100.10"
                                   "\nkilled.example.org A 198.51.100.10";
        const Observation seen = observation(records, "2001:db8:1::11", "198.51.100.10", managed);
        std::vector<Withheld> kept;
        QCOMPARE(summary(planRecords(site(), seen, managed, kept)),
                 (QStringList{QStringLiteral("delete moved.example.org AAAA [2001:db8:1::11>]"),
                              QStringLiteral("delete killed.example.org A [198.51.100.10>]")}));
        const auto still = stillManaged(site(), seen.zone, managed);
        QVERIFY(std::find(still.begin(), still.end(), managed[0]) == still.end());
        QVERIFY(std::find(still.begin(), still.end(), managed[1]) != still.end());
        // What is wanted stays ours, whatever it holds at the moment.
        const std::vector<ManagedRecord> wanted{record("cloud.example.org A 203.0.113.9")};
        QVERIFY(stillManaged(site(), seen.zone, wanted) == wanted);
    }

    // *.example.org answers for the names: with the first record of their own they lose what it gave them.
    void underAWildcard_data()
    {
        QTest::addColumn<QByteArray>("wildcard");
        QTest::addColumn<QStringList>("expected");
        const auto all = [](const QStringList &rest) {
            return QStringList{QStringLiteral("create home6.example.org AAAA [>2001:db8:1::11]")} + rest;
        };
        const QStringList publicNames{QStringLiteral("create cloud.example.org AAAA [>2001:db8:1::11]"),
                                      QStringLiteral("create cloud.example.org A [>198.51.100.10]"),
                                      QStringLiteral("create www.example.org AAAA [>2001:db8:1::11]"),
                                      QStringLiteral("create www.example.org A [>198.51.100.10]")};
        QTest::newRow("A of the VPS") << QByteArray("A 198.51.100.10") << all(publicNames);
        QTest::newRow("A of another machine") << QByteArray("A 203.0.113.9") << all(publicNames);
        QTest::newRow("old AAAA") << QByteArray("AAAA 2001:db8:2::11") << all(publicNames);
        QTest::newRow("alias") << QByteArray("CNAME elsewhere.example.net") << all(publicNames);
    }
    void underAWildcard()
    {
        QFETCH(QByteArray, wildcard);
        QFETCH(QStringList, expected);
        QByteArray records;
        for (const char *name : {"home6.example.org", "cloud.example.org", "www.example.org"})
            records += QByteArray(name) + ' ' + wildcard + '\n';
        Observation seen = observation(records);
        for (const char *name : {"home6.example.org", "cloud.example.org", "www.example.org"})
            seen.zone.wildcards.insert(parsed<Hostname>(name));
        std::vector<Withheld> kept;
        const auto changes = planRecords(site(), seen, {}, kept);
        QCOMPARE(summary(changes), expected);
        QVERIFY(kept.empty());
        for (const Change &change : changes)
            QVERIFY(std::get<SetRecords>(change.action).perhapsAbsent);
    }

    // A public name that is a CNAME: what is kept is the end of the chain, where that can be and is allowed.
    void aliases_data()
    {
        QTest::addColumn<QByteArray>("records");
        QTest::addColumn<QStringList>("expected");
        QTest::addColumn<QStringList>("reasons"); // a part of each
        const auto s = [](const char *text) { return QString::fromLatin1(text); };
        const QByteArray rest = "home6.example.org AAAA 2001:db8:1::11\ncloud.example.org A 198.51.100.10\n"
                                "cloud.example.org AAAA 2001:db8:1::11\n";
        const QStringList both{s("create dyn.example.org AAAA [>2001:db8:1::11]"),
                               s("create dyn.example.org A [>198.51.100.10]")};
        const QStringList none;
        const auto row = [&](const char *name, const QByteArray &records, const QStringList &expected,
                             const QStringList &reasons) {
            QTest::newRow(name) << rest + records << expected << reasons;
        };
        row("to a dynamic name that is empty", "www.example.org CNAME dyn.example.org\ndyn.example.org CNAME", both,
            none);
        row("to a dynamic name that is right",
            "www.example.org CNAME dyn.example.org\ndyn.example.org A 198.51.100.10\n"
            "dyn.example.org AAAA 2001:db8:1::11",
            none, none);
        row("to a dynamic name with an old address",
            "www.example.org CNAME dyn.example.org\ndyn.example.org A 198.51.100.10\n"
            "dyn.example.org AAAA 2001:db8:9::11",
            {s("update dyn.example.org AAAA [2001:db8:9::11>2001:db8:1::11]")}, none);
        row("to a dynamic name with the carrier's address",
            "www.example.org CNAME dyn.example.org\ndyn.example.org A 100.64.0.9\n"
            "dyn.example.org AAAA 2001:db8:1::11",
            {s("update dyn.example.org A [100.64.0.9>198.51.100.10]")}, none);
        row("over two, one of them elsewhere",
            "www.example.org CNAME there.example.net\nthere.example.net CNAME dyn.example.org\ndyn.example.org CNAME",
            both, none);
        row("to another public name of the same server", "www.example.org CNAME cloud.example.org", none, none);
        row("elsewhere, wrong",
            "www.example.org CNAME x.myfritz.example\nx.myfritz.example A 203.0.113.9\nx.myfritz.example CNAME\n"
            "x.myfritz.example AAAA 2001:db8:1::11",
            none, {s("www.example.org is an alias (CNAME) of x.myfritz.example, which no DNS account")});
        row("elsewhere, all right",
            "www.example.org CNAME x.myfritz.example\nx.myfritz.example A 198.51.100.10\nx.myfritz.example CNAME\n"
            "x.myfritz.example AAAA 2001:db8:1::11",
            none, none);
        row("in a circle", "www.example.org CNAME a.example.org\na.example.org CNAME www.example.org", none,
            {s("round in a circle"), s("round in a circle")});
        row("of itself", "www.example.org CNAME www.example.org", none,
            {s("round in a circle"), s("round in a circle")});
        row("too long",
            "www.example.org CNAME c1.example.org\nc1.example.org CNAME c2.example.org\n"
            "c2.example.org CNAME c3.example.org\nc3.example.org CNAME c4.example.org\n"
            "c4.example.org CNAME c5.example.org\nc5.example.org CNAME c6.example.org\n"
            "c6.example.org CNAME c7.example.org\nc7.example.org CNAME c8.example.org\n"
            "c8.example.org CNAME dyn.example.org",
            none, {s("too often"), s("too often")});
        row("of two names", "www.example.org CNAME a.example.org b.example.org", none,
            {s("several names at once"), s("several names at once")});
        row("of the VPS", "www.example.org CNAME vps.example.org", none,
            {s("the VPS name: visitors over IPv6"), s("the VPS name: visitors over IPv6")});
        row("of an upstream name", "www.example.org CNAME home6.example.org", none,
            {s("must have no A record"), s("must have no A record")});
        row("an upstream name that is an alias",
            "www.example.org A 198.51.100.10\nwww.example.org AAAA 2001:db8:1::11\n"
            "home6.example.org CNAME dyn.example.org",
            none, {s("home6.example.org is an alias"), s("home6.example.org is an alias")});
    }
    void aliases()
    {
        QFETCH(QByteArray, records);
        QFETCH(QStringList, expected);
        QFETCH(QStringList, reasons);
        Observation seen = observation(records);
        // What an observation of the zone adds: the ends of CNAMEs.
        for (const Hostname &end : unseenAliasTargets(seen.zone)) {
            for (const RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME})
                seen.zone.records.try_emplace({end, type}, RecordSet{end, type, std::chrono::seconds(60), {}});
        }
        for (const auto &[key, set] : std::map(seen.zone.records)) {
            for (const RecordType type : {RecordType::A, RecordType::AAAA})
                seen.zone.records.try_emplace({key.name, type},
                                              RecordSet{key.name, type, std::chrono::seconds(60), {}});
        }
        std::vector<Withheld> kept;
        const auto changes = planRecords(site(), seen, {}, kept);
        QCOMPARE(summary(changes), expected);
        QCOMPARE(int(kept.size()), int(reasons.size()));
        for (std::size_t i = 0; i < kept.size(); ++i) {
            QVERIFY2(kept[i].reason.contains(reasons[int(i)]), qPrintable(kept[i].reason));
            QVERIFY(kept[i].blocking);
            QVERIFY(!kept[i].fix.isEmpty());
        }
        for (const Change &change : changes)
            QVERIFY2(change.sentence.contains(QLatin1String("www.example.org is an alias of it")),
                     qPrintable(change.sentence));
        // What was set at the end is Sixgate's, and stays so while the name leads there, be that known or not.
        const auto managed = managedAfter(site(), {}, changes);
        kept.clear();
        for (auto &[key, set] : seen.zone.records) {
            for (const ManagedRecord &one : managed) {
                if (one.key == key)
                    set = RecordSet{key.name, key.type, std::chrono::seconds(60), one.values};
            }
        }
        QCOMPARE(summary(planRecords(site(), seen, managed, kept)), QStringList());
        seen.zone.records.insert_or_assign(key("www.example.org CNAME"),
                                           fail(ErrorCode::Timeout, QStringLiteral("no answer")));
        QCOMPARE(summary(planRecords(site(), seen, managed, kept)), QStringList());
        QCOMPARE(stillManaged(site(), seen.zone, managed).size(), managed.size());
    }

    void aWildcardThatSaysTheRightThing()
    {
        Observation seen = observation(rightRecords);
        seen.zone.wildcards = {parsed<Hostname>("cloud.example.org"), parsed<Hostname>("home6.example.org")};
        std::vector<Withheld> kept;
        QVERIFY(planRecords(site(), seen, {}, kept).empty());
    }

    void managedGrowsByWhatWasSet()
    {
        std::vector<Withheld> kept;
        const auto changes = planRecords(site(), observation(""), {}, kept);
        QCOMPARE(managedAfter(site(), {}, changes).size(), size_t(5));
    }

    void everyChangeCarriesWhatItExpects()
    {
        std::vector<Withheld> kept;
        const auto changes = planRecords(site(), observation(rightRecords, "2001:db8:2::11"), {}, kept);
        QCOMPARE(changes.size(), size_t(3));
        std::set<QString> ids;
        for (const Change &change : changes) {
            const auto &records = std::get<SetRecords>(change.action);
            QCOMPARE(records.expected.values, (std::vector<QString>{QStringLiteral("2001:db8:1::11")}));
            QCOMPARE(records.wanted.type, RecordType::AAAA);
            QVERIFY(change.sentence.endsWith(QLatin1Char('.')));
            QVERIFY(ids.insert(change.id).second);
        }
    }

    void visitorsAreSentToTheVpsLast()
    {
        Observation seen = observation("");
        PlanInputs inputs;
        inputs.scope = PlanScope::Dns;
        seen.vps.facts = VpsFacts();
        seen.vps.facts->deployedId = QStringLiteral("0123456789abcdef");
        const Plan plan = makePlan(site(), seen, inputs);
        QCOMPARE(plan.changes.size(), size_t(5));
        QCOMPARE(std::get<SetRecords>(plan.changes[3].action).wanted.type, RecordType::A);
        QCOMPARE(std::get<SetRecords>(plan.changes[4].action).wanted.type, RecordType::A);
    }

    void anUnreadyVpsGetsNoVisitors()
    {
        Observation bare = observation("");
        bare.vps.facts = VpsFacts(); // nothing is deployed there
        const auto withheldOf = [](const Observation &seen, PlanScope scope) {
            PlanInputs inputs;
            inputs.scope = scope; // the deployment is unknown
            const Plan plan = makePlan(site(), seen, inputs);
            for (const Change &change : plan.changes) {
                if (std::get<SetRecords>(change.action).wanted.type != RecordType::AAAA)
                    return size_t(100);
            }
            return plan.changes.size() == 3 ? plan.withheld.size() : size_t(200);
        };
        QCOMPARE(withheldOf(observation(""), PlanScope::All), size_t(3)); // the VPS itself and two A records
        QCOMPARE(withheldOf(bare, PlanScope::All), size_t(3));
        QCOMPARE(withheldOf(observation(""), PlanScope::Dns), size_t(2));
        QCOMPARE(withheldOf(bare, PlanScope::Dns), size_t(2));
    }
};

QTEST_GUILESS_MAIN(TestRecords)
#include "tst_records.moc"
