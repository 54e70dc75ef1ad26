// The planner and the rendering for 1, 10, 100 and 1,000 services: linear, and 1,000 in under 100 ms.

#include "decide/plan.h"
#include "resources/resources.h"

#include <QTest>

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace sixgate;

namespace
{

template <class T>
T parsed(const QString &text)
{
    auto value = T::parse(text);
    if (!value)
        qFatal("bad value %s: %s", qPrintable(text), qPrintable(value.error().summary));
    return *value;
}

Hostname host(const QString &text)
{
    return parsed<Hostname>(text);
}
Label label(const QString &text)
{
    return parsed<Label>(text);
}

/// One home server for every ten services, two public names each.
Site siteOf(int services)
{
    const auto s = [](const char *text) { return QString::fromLatin1(text); };
    Site site{1,
              label(s("home")),
              {},
              {DnsAccount{label(s("main")), host(s("example.org")),
                          UpdateAccess{host(s("ns1.example.org")),
                                       *Port::fromNumber(53),
                                       {parsed<KeyName>(s("k")), TsigAlgorithm::HmacSha256},
                                       TsigKeyRef{parsed<KeyName>(s("a")), TsigAlgorithm::HmacSha256}}}},
              {Vps{label(s("vps")),
                   host(s("vps.example.org")),
                   *Port::fromNumber(22),
                   parsed<Login>(s("root")),
                   s("~/.ssh/k"),
                   {},
                   AcmeSettings{parsed<HttpsUrl>(s("https://ca.example.net/dir")), std::nullopt, true}}},
              {}};
    for (int i = 0; i < services; ++i) {
        const Label server = label(QStringLiteral("server%1").arg(i / 10));
        if (i % 10 == 0)
            site.servers.push_back(
                {server, AddressFromInterfaceId{parsed<InterfaceId>(QStringLiteral("::%1").arg(i / 10 + 0x11, 0, 16))},
                 std::nullopt});
        site.services.push_back(
            {label(QStringLiteral("service%1").arg(i)),
             {host(QStringLiteral("s%1.example.org").arg(i)), host(QStringLiteral("t%1.example.org").arg(i))},
             host(QStringLiteral("up%1.example.org").arg(i / 10)),
             server,
             *Port::fromNumber(443),
             parsed<UrlPath>(s("/"))});
    }
    return site;
}

Observation emptyObservation(const Site &site)
{
    Observation seen;
    for (const RecordKey &key : recordKeysToObserve(site, {}))
        seen.zone.records.emplace(key, RecordSet{key.name, key.type, std::chrono::seconds(0), {}});
    int number = 0x11;
    for (const HomeServer &server : site.servers) {
        ServerSeen one{server.name, {}};
        one.proven = parsed<Ipv6Address>(QStringLiteral("2001:db8:1::%1").arg(number++, 0, 16));
        seen.home.servers.push_back(std::move(one));
    }
    seen.vps.ipv4 = std::vector<Ipv4Address>{parsed<Ipv4Address>(QStringLiteral("198.51.100.10"))};
    seen.vps.ipv6 = std::vector<Ipv6Address>{};
    VpsFacts facts;
    facts.osId = QStringLiteral("debian");
    facts.osVersion = QStringLiteral("12");
    facts.uid = 0;
    facts.systemd = true;
    facts.hasGlobalIpv6 = true;
    facts.freeBytes = qint64(10) << 30;
    seen.vps.facts = facts;
    return seen;
}

/// Time of the processor that this process has used, so that a busy machine does not change the verdict.
double millisecondsUsed()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

struct Row {
    int services = 0;
    double render = 1e9, plan = 1e9; ///< milliseconds, of the fastest round
    size_t changes = 0;

    double total() const { return render + plan; }
};

} // namespace

class BenchPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void planAndRender()
    {
        std::vector<Row> rows;
        const DeploymentInputs inputs = benchInputs();
        for (const int services : {1, 10, 100, 1000}) {
            Row row{services};
            const Site site = siteOf(services);
            const Observation seen = emptyObservation(site);
            for (int round = 0; round < 9; ++round) {
                const double begin = millisecondsUsed();
                PlanInputs plan;
                plan.deployment = wantedDeployment(site, inputs);
                const double rendered = millisecondsUsed();
                QVERIFY2(plan.deployment.has_value(),
                         qPrintable(plan.deployment ? QString() : plan.deployment.error().summary));
                row.changes = makePlan(site, seen, plan).changes.size();
                row.render = std::min(row.render, rendered - begin);
                row.plan = std::min(row.plan, millisecondsUsed() - rendered);
            }
            // Three records, two files' worth and a certificate each, or nothing was measured.
            QVERIFY2(row.changes > size_t(services) * 4, "The plan lacks changes.");
            rows.push_back(row);
        }

        printf("%9s %9s %11s %11s %11s %13s %22s\n", "services", "changes", "render ms", "plan ms", "total ms",
               "\302\265s/service", "time for 10 times more");
        for (size_t i = 0; i < rows.size(); ++i) {
            const Row &row = rows[i];
            printf("%9d %9zu %11.3f %11.3f %11.3f %12.1f", row.services, row.changes, row.render, row.plan, row.total(),
                   row.total() * 1e3 / row.services);
            if (i > 0)
                printf(" %21.1fx", row.total() / rows[i - 1].total());
            printf("\n");
        }
        fflush(stdout);

        const double limit = 100;
        QVERIFY2(rows[3].total() < limit,
                 qPrintable(QStringLiteral("1,000 services take %1 ms of processor time; the limit is %2 ms.")
                                .arg(rows[3].total(), 0, 'f', 1)
                                .arg(limit)));
        // Linear: ten times the services, ten times the time; 15 leaves room for caches and the allocator.
        for (size_t i = 1; i < rows.size(); ++i) {
            const double ratio = rows[i].total() / rows[i - 1].total();
            QVERIFY2(ratio < 15, qPrintable(QStringLiteral("From %1 to %2 services the time grows %3 times.")
                                                .arg(rows[i - 1].services)
                                                .arg(rows[i].services)
                                                .arg(ratio, 0, 'f', 1)));
        }
    }

private:
    static DeploymentInputs benchInputs()
    {
        DeploymentInputs inputs;
        inputs.templates = {resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
                            resource(u"proxy/apache-entry.conf"), resource(u"proxy/apache-challenge.mustache")};
        inputs.renewal = {resource(u"vps/renewal/test.pl"), resource(u"vps/renewal/sixgate-renewal-test.service"),
                          resource(u"vps/renewal/sixgate-renewal-test.timer")};
        inputs.acmeCredentials.emplace(label(QStringLiteral("main")), QByteArray("dns_rfc2136_server = 192.0.2.1\n"));
        return inputs;
    }
};

QTEST_GUILESS_MAIN(BenchPlan)
#include "bench_plan.moc"
