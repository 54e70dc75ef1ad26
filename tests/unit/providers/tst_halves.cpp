// Names at providers that may change the address that is not sent: what is planned, and in which order.

#include "definitions.h"

#include "decide/halves.h"
#include "decide/plan.h"
#include "decide/vpsacts.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::test;

namespace
{

const char vpsAddress[] = "198.51.100.10";
const char homeAddress[] = "2001:db8:1::11";

template <class T>
T parsed(const char *text)
{
    return *T::parse(QString::fromLatin1(text));
}

Site siteAt(const char *provider)
{
    Site site{1, parsed<Label>("home"), {}, {}, {}, {}};
    site.servers.push_back({parsed<Label>("nas"), AddressFromInterfaceId{parsed<InterfaceId>("::11")}, std::nullopt});
    DnsAccount account{parsed<Label>("main"), host("example.org"), WatchedAccess()};
    ProviderAccess access{
        parsed<Label>(provider), {}, {}, std::make_shared<const ProviderDefinition>(definition(provider))};
    if (QLatin1String(provider) == QLatin1String("custom"))
        access.url = QStringLiteral("https://dyn.example.net/nic/update?hostname={host}&myip={addresses}");
    for (const CredentialField &one : access.definition->needs) {
        if (!one.secret)
            access.plain.emplace(one.name, QStringLiteral("me"));
    }
    account.access = access;
    site.dns.push_back(account);
    site.vps.push_back({parsed<Label>("vps"),
                        host("vps.example.org"),
                        *Port::fromNumber(22),
                        parsed<Login>("root"),
                        {},
                        {},
                        AcmeSettings{parsed<HttpsUrl>("https://ca.example.net/dir")}});
    site.services.push_back({parsed<Label>("cloud"),
                             {host("cloud.example.org")},
                             host("home6.example.org"),
                             parsed<Label>("nas"),
                             *Port::fromNumber(443),
                             parsed<UrlPath>("/")});
    return site;
}

RecordKey keyOf(const QString &text)
{
    const QStringList words = text.split(QLatin1Char(' '));
    return {*Hostname::parse(words[0]), words[1] == QLatin1String("A") ? RecordType::A : RecordType::AAAA};
}

/// "cloud.example.org A 198.51.100.10; …"; what is not named is absent. An empty address is not known.
Observation seenWith(const Site &site, const QString &records, const QString &home, const QString &vps,
                     const std::vector<ManagedRecord> &managed)
{
    Observation seen;
    for (const RecordKey &one : recordKeysToObserve(site, managed))
        seen.zone.records.emplace(one, RecordSet{one.name, one.type, std::chrono::seconds(60), {}});
    for (const QString &record : records.split(QStringLiteral("; "), Qt::SkipEmptyParts)) {
        const RecordKey one = keyOf(record);
        seen.zone.records.insert_or_assign(
            one, RecordSet{one.name, one.type, std::chrono::seconds(60), {record.section(QLatin1Char(' '), 2)}});
    }
    ServerSeen server{parsed<Label>("nas"), {}};
    if (home.isEmpty())
        server.proven = fail(ErrorCode::Network, QStringLiteral("The server does not answer."));
    else
        server.proven = *Ipv6Address::parse(home);
    seen.home.servers.push_back(std::move(server));
    if (vps.isEmpty())
        seen.vps.ipv4 = fail(ErrorCode::Network, QStringLiteral("The VPS name does not resolve."));
    else
        seen.vps.ipv4 = std::vector<Ipv4Address>{*Ipv4Address::parse(vps)};
    seen.vps.ipv6 = std::vector<Ipv6Address>{};
    return seen;
}

QString texts(const std::vector<Change> &changes)
{
    QStringList all;
    for (const Change &one : changes)
        all << verbName(one.verb) + QLatin1Char(' ') + one.object;
    return all.join(QStringLiteral(", "));
}

QString texts(const std::vector<Withheld> &withheld)
{
    QStringList all;
    for (const Withheld &one : withheld)
        all << one.object;
    return all.join(QStringLiteral(", "));
}

} // namespace

class TestHalves : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void plan_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("records");
        QTest::addColumn<QString>("home");
        QTest::addColumn<QString>("vps");
        QTest::addColumn<bool>("ready"); // the VPS serves
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("withheld");
        const auto row = [](const char *name, const char *provider, const char *records, const char *home,
                            const char *vps, bool ready, const char *changes, const char *withheld) {
            QTest::newRow(qPrintable(QLatin1String(provider) + QStringLiteral(": ") + QLatin1String(name)))
                << QString::fromLatin1(provider) << QString::fromLatin1(records) << QString::fromLatin1(home)
                << QString::fromLatin1(vps) << ready << QString::fromLatin1(changes) << QString::fromLatin1(withheld);
        };
        const char *upstream = "create home6.example.org AAAA";
        for (const char *unproven : {"strato", "noip", "duckdns", "ddnss", "ipv64", "netcup", "custom"}) {
            row("a new name gets both at once", unproven, "", homeAddress, vpsAddress, true,
                "create home6.example.org AAAA, create cloud.example.org AAAA, create cloud.example.org A", "");
            row("nothing alone while the VPS does not serve", unproven, "", homeAddress, vpsAddress, false, upstream,
                "cloud.example.org A, cloud.example.org AAAA");
            row("nothing alone while the VPS's address is not known", unproven, "", homeAddress, "", true, upstream,
                "cloud.example.org A, cloud.example.org AAAA");
            row("nothing alone while the home is not known", unproven, "", "", vpsAddress, true, "",
                "home6.example.org AAAA, cloud.example.org AAAA, cloud.example.org A");
            row("a new prefix", unproven,
                "cloud.example.org A 198.51.100.10; cloud.example.org AAAA 2001:db8:9::11; home6.example.org AAAA "
                "2001:db8:9::11",
                homeAddress, vpsAddress, false, "update home6.example.org AAAA, update cloud.example.org AAAA", "");
            row("an A record that cannot be deleted", unproven,
                "cloud.example.org A 198.51.100.10; cloud.example.org AAAA 2001:db8:1::11; home6.example.org AAAA "
                "2001:db8:9::11; home6.example.org A 100.64.0.1",
                homeAddress, vpsAddress, true, "update home6.example.org AAAA", "home6.example.org A");
        }
        // What is not sent stays there: each by itself, visitors last.
        for (const char *keeping : {"desec", "dynv6", "cloudflare"}) {
            row("a new name", keeping, "", homeAddress, vpsAddress, false,
                "create home6.example.org AAAA, create cloud.example.org AAAA", "cloud.example.org A");
            row("a record that must go", keeping,
                "cloud.example.org A 198.51.100.10; cloud.example.org AAAA 2001:db8:1::11; home6.example.org AAAA "
                "2001:db8:1::11; home6.example.org A 100.64.0.1",
                homeAddress, vpsAddress, true, "delete home6.example.org A", "");
        }
    }

    void plan()
    {
        QFETCH(QString, provider);
        QFETCH(QString, records);
        QFETCH(QString, home);
        QFETCH(QString, vps);
        QFETCH(bool, ready);
        QFETCH(QString, changes);
        QFETCH(QString, withheld);
        const Site site = siteAt(qPrintable(provider));
        Observation seen = seenWith(site, records, home, vps, {});
        if (ready) {
            seen.vps.facts = VpsFacts();
            seen.vps.facts->deployedId = QStringLiteral("it");
        } else {
            seen.vps.facts = fail(ErrorCode::Network, QStringLiteral("The VPS is off."));
        }
        PlanInputs inputs;
        inputs.scope = PlanScope::Dns;
        const Plan plan = makePlan(site, seen, inputs);
        QCOMPARE(texts(plan.changes), changes);
        QCOMPARE(texts(plan.withheld).split(QStringLiteral(", ")).size(), withheld.split(QStringLiteral(", ")).size());
        for (const QString &one : withheld.split(QStringLiteral(", "), Qt::SkipEmptyParts))
            QVERIFY2(texts(plan.withheld).contains(one), qPrintable(texts(plan.withheld)));
        for (std::size_t i = 0; i + 1 < plan.changes.size(); ++i) {
            const bool both = plan.changes[i].object.section(QLatin1Char(' '), 0, 0) ==
                              plan.changes[i + 1].object.section(QLatin1Char(' '), 0, 0);
            QCOMPARE(goTogether(site, plan.changes[i], plan.changes[i + 1]),
                     both && definition(qPrintable(provider)).addresses == ProviderWay::Template);
        }
    }

    /// What is no longer in the site file goes where it can; else a person must delete it, and nothing waits for that.
    void leftovers_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("records");
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("withheld");
        const QString a = QStringLiteral("old.example.org A"), aaaa = QStringLiteral("old.example.org AAAA");
        const QString both = QStringLiteral("old.example.org A 198.51.100.10; old.example.org AAAA 2001:db8:1::11");
        const QString del = QStringLiteral("delete ");
        QTest::newRow("strato") << QStringLiteral("strato") << both << QString() << a + QStringLiteral(", ") + aaaa;
        QTest::newRow("desec") << QStringLiteral("desec") << both << del + a + QStringLiteral(", ") + del + aaaa
                               << QString();
        // Both or none.
        QTest::newRow("duckdns") << QStringLiteral("duckdns") << both << del + a + QStringLiteral(", ") + del + aaaa
                                 << QString();
        QTest::newRow("duckdns, one is another's")
            << QStringLiteral("duckdns")
            << QStringLiteral("old.example.org A 198.51.100.10; old.example.org AAAA 2001:db8:7::1") << QString() << a;
    }

    void leftovers()
    {
        QFETCH(QString, provider);
        QFETCH(QString, records);
        QFETCH(QString, changes);
        QFETCH(QString, withheld);
        const Site site = siteAt(qPrintable(provider));
        const std::vector<ManagedRecord> managed{
            {keyOf(QStringLiteral("old.example.org A")), {QLatin1String(vpsAddress)}},
            {keyOf(QStringLiteral("old.example.org AAAA")), {QLatin1String(homeAddress)}}};
        const QString right = QStringLiteral("cloud.example.org A 198.51.100.10; cloud.example.org AAAA "
                                             "2001:db8:1::11; home6.example.org AAAA 2001:db8:1::11; ");
        const Observation seen =
            seenWith(site, right + records, QLatin1String(homeAddress), QLatin1String(vpsAddress), managed);
        std::vector<Withheld> left;
        QCOMPARE(texts(planRecords(site, seen, managed, left)), changes);
        QCOMPARE(texts(left), withheld);
        for (const Withheld &one : left)
            QVERIFY(!one.blocking && !one.fix.isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestHalves)
#include "tst_halves.moc"
