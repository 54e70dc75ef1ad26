// The planner and the rendering for 1, 10, 100 and 1,000 services: linear, and 1,000 in under 100 ms.

#include "decide/plan.h"
#include "resources/resources.h"

#include <QElapsedTimer>
#include <QTest>

#include <algorithm>

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
              {DnsAccount{label(s("main")),
                          host(s("example.org")),
                          host(s("ns1.example.org")),
                          *Port::fromNumber(53),
                          {parsed<KeyName>(s("k")), TsigAlgorithm::HmacSha256},
                          {parsed<KeyName>(s("a")), TsigAlgorithm::HmacSha256}}},
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

} // namespace

class BenchPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void planAndRender()
    {
        std::map<int, double> milliseconds;
        const DeploymentInputs inputs = benchInputs();
        for (int services : {1, 10, 100, 1000}) {
            const Site site = siteOf(services);
            const Observation seen = emptyObservation(site);
            double best = 1e9;
            size_t changes = 0;
            for (int round = 0; round < 7; ++round) {
                QElapsedTimer timer;
                timer.start();
                PlanInputs plan;
                plan.deployment = wantedDeployment(site, inputs);
                QVERIFY2(plan.deployment.has_value(),
                         qPrintable(plan.deployment ? QString() : plan.deployment.error().summary));
                changes = makePlan(site, seen, plan).changes.size();
                best = std::min(best, double(timer.nsecsElapsed()) / 1e6);
            }
            QVERIFY(changes > size_t(services) * 4);
            milliseconds[services] = best;
            qInfo("%5d services: %8.3f ms, %zu changes", services, best, changes);
        }
        qInfo("1000 against 100 services: %.1f times the time (10 is linear)", milliseconds[1000] / milliseconds[100]);
        QVERIFY2(milliseconds[1000] < 100, "1,000 services take 100 ms or more");
        QVERIFY2(milliseconds[1000] / milliseconds[100] < 16, "the time grows faster than the number of services");
    }

private:
    static DeploymentInputs benchInputs()
    {
        DeploymentInputs inputs;
        inputs.templates = {resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
                            resource(u"proxy/apache-entry.conf")};
        inputs.acmeCredentials.emplace(label(QStringLiteral("main")), QByteArray("dns_rfc2136_server = 192.0.2.1\n"));
        return inputs;
    }
};

QTEST_GUILESS_MAIN(BenchPlan)
#include "bench_plan.moc"
