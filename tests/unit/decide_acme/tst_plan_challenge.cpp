// Plans for certificates by HTTP-01, and for what rehearses renewals.

#include "decide_deployment/sites.h"

#include "decide/plan.h"
#include "storage/providerfile.h"

#include <QTest>

using namespace sites;

namespace
{

const auto webroot = QStringLiteral("/var/lib/sixgate-acme");

Site httpSite()
{
    Site made = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
    made.services[0].challenge = Challenge::Http;
    std::get<UpdateAccess>(made.dns[0].access).acmeKey.reset();
    return made;
}

/// The names at a provider, by its own calls.
Site providerSite(const char *provider = "desec")
{
    Site made = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
    const auto shelf = loadProviders({});
    made.dns[0].access = ProviderAccess{
        label(provider), {}, {}, std::make_shared<const ProviderDefinition>(shelf.providers.at(label(provider))), {}};
    return made;
}

/// The VPS as name server of the challenges.
Site delegatedSite()
{
    Site made = httpSite();
    made.services[0].challenge = Challenge::Delegated;
    return made;
}

/// A Debian 12 on which everything is as wanted.
VpsFacts asWanted(const Site &of)
{
    const WantedDeployment wanted = must(wantedDeployment(of, inputs(of)));
    VpsFacts facts;
    facts.osId = QStringLiteral("debian");
    facts.osVersion = QStringLiteral("12");
    facts.uid = 0;
    facts.systemd = facts.hasGlobalIpv6 = true;
    facts.freeBytes = qint64(1) << 40;
    facts.clock = QDateTime(QDate(2026, 6, 1), QTime(12, 0), Qt::UTC);
    for (const QString &package : wanted.packages)
        facts.packages[package] = QStringLiteral("1");
    facts.apacheModules = {wanted.modules.begin(), wanted.modules.end()};
    facts.apacheSites = {wanted.sites.begin(), wanted.sites.end()};
    for (const WantedFile &file : wanted.files) {
        facts.files[file.path] = {file.sha256, file.mode, {}};
        if (file.path.endsWith(QLatin1String("/sixgate-renewal-test.service")))
            facts.renewalTest.serviceSha256 = file.sha256;
        if (file.path.endsWith(QLatin1String("/sixgate-renewal-test.timer")))
            facts.renewalTest.timerSha256 = file.sha256;
    }
    for (const WantedCertificate &one : wanted.certificates) {
        std::vector<QString> names;
        for (const Hostname &name : one.names)
            names.push_back(name.ascii());
        facts.certificates.emplace(one.lineage, certificate(names));
        facts.renewals[one.lineage] = {one.directory.text(), one.means()};
        facts.usedCertificates.insert(one.lineage);
    }
    facts.deployedId = wanted.releaseId;
    facts.apacheActive = facts.certbotTimerActive = true;
    facts.webroot = facts.renewalTest.any = facts.renewalTest.running = true;
    return facts;
}

struct Planned {
    std::vector<Change> changes;
    std::vector<Withheld> withheld;

    QString ids() const
    {
        QStringList all;
        for (const Change &one : changes)
            all << one.id;
        return all.join(QLatin1Char(' '));
    }
};

Planned plan(const Site &of, const VpsFacts &facts)
{
    Planned out;
    out.changes = planDeployment(of, must(wantedDeployment(of, inputs(of))), facts, out.withheld);
    return out;
}

const ObtainCertificate *obtained(const Planned &planned)
{
    for (const Change &one : planned.changes) {
        if (const auto *certificate = std::get_if<ObtainCertificate>(&one.action))
            return certificate;
    }
    return nullptr;
}

std::vector<AcmeAttempt> failures(int count, const VpsFacts &facts, const char *name = "cloud.example.org")
{
    std::vector<AcmeAttempt> all;
    for (int i = 0; i < count; ++i)
        all.push_back({facts.clock.addSecs(i - count),
                       AcmeEnd::Failed,
                       QStringLiteral("https://acme.example.net/directory"),
                       {QString::fromLatin1(name)},
                       {}});
    return all;
}

} // namespace

class TestPlanChallenge : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingToChange()
    {
        const Planned planned = plan(httpSite(), asWanted(httpSite()));
        QCOMPARE(planned.ids(), QString());
        QVERIFY(planned.withheld.empty());
    }

    void noKeyOfTheZone()
    {
        const WantedDeployment wanted = must(wantedDeployment(httpSite(), inputs(httpSite())));
        for (const WantedFile &file : wanted.files)
            QVERIFY2(!file.secret && !file.path.startsWith(QStringLiteral("/etc/sixgate/acme")), qPrintable(file.path));
        for (const QString &package : wanted.packages)
            QVERIFY(!package.contains(QStringLiteral("rfc2136")));
        Site both = httpSite();
        both.dns = {account("main", "example.org")};
        both.services.push_back(service("photos", {"photos.example.org"}, "home6.example.org"));
        const WantedDeployment mixed = must(wantedDeployment(both, inputs(both)));
        QCOMPARE(mixed.certificates[0].means(), webroot);
        QCOMPARE(mixed.certificates[1].means(), QStringLiteral("/etc/sixgate/acme/main.ini"));
    }

    void oneThingDiffers_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *what, const char *expected) {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(expected);
        };
        row("no folder for challenges", "vps.activate");
        row("no certificate", "vps.certificate.cloud vps.activate vps.renewals");
        row("it renews by DNS", "vps.certificate.cloud vps.activate vps.renewals");
        row("it renews by another folder", "vps.certificate.cloud vps.activate vps.renewals");
        row("another certificate by challenges", "");
        row("another certificate by challenges, and a file",
            "vps.file.apache.old.conf vps.activate vps.certificate.old");
        row("a rehearsal failed", "");
    }

    void oneThingDiffers()
    {
        QFETCH(QString, what);
        QFETCH(QString, expected);
        VpsFacts facts = asWanted(httpSite());
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        const QString cloud = QStringLiteral("cloud");
        if (is("no folder for challenges"))
            facts.webroot = false;
        else if (is("no certificate"))
            facts.certificates.clear();
        else if (is("it renews by DNS"))
            facts.renewals[cloud].means = QStringLiteral("/etc/sixgate/acme/main.ini");
        else if (is("it renews by another folder"))
            facts.renewals[cloud].means = QStringLiteral("/var/www/html");
        else if (is("a rehearsal failed"))
            facts.renewalTest.ended[cloud] = {facts.clock, false, QStringLiteral("no")};
        else {
            facts.certificates.emplace(QStringLiteral("old"), certificate({QStringLiteral("old.example.org")}));
            facts.renewals[QStringLiteral("old")] = {QStringLiteral("https://acme.example.net/directory"), webroot};
            if (what.endsWith(QLatin1String("a file")))
                facts.files[QStringLiteral("/etc/sixgate/current/apache/old.conf")] = {QByteArray(64, 'a'), 0644,
                                                                                       "x\n"};
        }
        const Planned planned = plan(httpSite(), facts);
        QCOMPARE(planned.ids(), expected);
        QVERIFY(planned.withheld.empty());
        if (const ObtainCertificate *one = obtained(planned)) {
            QVERIFY(one->credentialsPath.isEmpty() && one->handOver == host("vps.example.org"));
            QCOMPARE(one->propagation.count(), 0);
            QVERIFY(planned.changes[0].sentence.contains(QStringLiteral("after a rehearsal of how the home hands")));
        }
    }

    void byProvider_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *what, const char *expected) {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(expected);
        };
        row("nothing", "");
        row("another credential", "vps.file.acme.main.json vps.activate");
        row("an old program", "vps.file.acme.hook.pl vps.activate");
        row("no program for HTTPS", "vps.packages vps.activate");
        row("it renews by a key", "vps.certificate.cloud vps.activate vps.renewals");
        row("a credential too many", "vps.activate vps.file.acme.old.json");
        row("a credential too many that renews another certificate", "");
    }

    void byProvider()
    {
        QFETCH(QString, what);
        QFETCH(QString, expected);
        VpsFacts facts = asWanted(providerSite());
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        const QString folder = QStringLiteral("/etc/sixgate/acme/");
        if (is("another credential"))
            facts.files[folder + QStringLiteral("main.json")].sha256 = QByteArray(64, 'a');
        else if (is("an old program"))
            facts.files[folder + QStringLiteral("hook.pl")].sha256 = QByteArray(64, 'a');
        else if (is("no program for HTTPS"))
            facts.packages.erase(QStringLiteral("libio-socket-ssl-perl"));
        else if (is("it renews by a key"))
            facts.renewals[QStringLiteral("cloud")].means = folder + QStringLiteral("main.ini");
        else if (!is("nothing"))
            facts.files[folder + QStringLiteral("old.json")] = {QByteArray(64, 'a'), 0600, {}};
        if (what.endsWith(QLatin1String("another certificate"))) {
            facts.certificates.emplace(QStringLiteral("old"), certificate({QStringLiteral("old.example.org")}));
            facts.renewals[QStringLiteral("old")] = {QString(), folder + QStringLiteral("old.json")};
            facts.usedCertificates.insert(QStringLiteral("old"));
        }
        const Planned planned = plan(providerSite(), facts);
        QCOMPARE(planned.ids(), expected);
        QVERIFY(planned.withheld.empty());
        for (const Change &one : planned.changes) {
            if (one.object.endsWith(QStringLiteral("main.json")))
                QCOMPARE(one.sentence, QStringLiteral("The VPS gets dns.main.acme-token, to set _acme-challenge TXT "
                                                      "records at deSEC."));
        }
    }

    // What carries talks out goes when the last talk does, and not before.
    void noProviderAnyMore()
    {
        VpsFacts facts = asWanted(httpSite());
        const QString folder = QStringLiteral("/etc/sixgate/acme/");
        facts.files[folder + QStringLiteral("hook.pl")] = {QByteArray(64, 'a'), 0644, {}};
        QCOMPARE(plan(httpSite(), facts).ids(), QStringLiteral("vps.activate vps.file.acme.hook.pl"));
        facts.certificates.emplace(QStringLiteral("old"), certificate({QStringLiteral("old.example.org")}));
        facts.renewals[QStringLiteral("old")] = {QString(), folder + QStringLiteral("old.json")};
        facts.usedCertificates.insert(QStringLiteral("old"));
        QCOMPARE(plan(httpSite(), facts).ids(), QString());
    }

    // Where the zone is known to lead elsewhere, the VPS is left alone: the authority would not find its way.
    void undelegated_data()
    {
        QTest::addColumn<bool>("known");
        QTest::addColumn<bool>("leads");
        QTest::newRow("leads to the VPS") << true << true;
        QTest::newRow("leads elsewhere") << true << false;
        QTest::newRow("nobody tells") << false << false;
    }

    void undelegated()
    {
        QFETCH(bool, known);
        QFETCH(bool, leads);
        const Site of = delegatedSite();
        Observation seen;
        VpsFacts facts = asWanted(of);
        PlanInputs in;
        in.scope = PlanScope::Vps;
        in.deployment = must(wantedDeployment(of, inputs(of)));
        if (known)
            in.delegations.emplace(host("cloud.example.org"), leads);
        else
            in.delegations.emplace(host("cloud.example.org"), fail(ErrorCode::Network, QStringLiteral("no")));
        // One that is there and renews stays.
        seen.vps.facts = facts;
        QVERIFY(makePlan(of, seen, in).withheld.empty());
        facts.certificates.clear();
        seen.vps.facts = facts;
        const Plan made = makePlan(of, seen, in);
        QCOMPARE(made.changes.empty(), known && !leads);
        QCOMPARE(made.withheld.size(), size_t(known && !leads ? 1 : 0));
        for (const Withheld &one : made.withheld) {
            QVERIFY(one.blocking);
            QCOMPARE(one.fix, QStringLiteral("Enter this record where the zone is kept, once: "
                                             "_acme-challenge.cloud.example.org. NS vps.example.org."));
        }
    }

    // What is no longer renewed by a credential needs it no more, once the new certificate is there.
    void anotherWay()
    {
        VpsFacts facts = asWanted(providerSite());
        facts.packages[QStringLiteral("python3-certbot-dns-standalone")] = QStringLiteral("1");
        QCOMPARE(plan(delegatedSite(), facts).ids(),
                 QStringLiteral("vps.file.manifest vps.certificate.cloud vps.activate vps.renewals "
                                "vps.file.acme.hook.pl vps.file.acme.main.json"));
    }

    // Where the VPS gets what is good for more than certificates, that is told.
    void sharedCredentials()
    {
        Site shared = providerSite();
        std::get<ProviderAccess>(shared.dns[0].access).ownAcme = false;
        VpsFacts facts = asWanted(shared);
        QVERIFY(plan(shared, facts).withheld.empty());
        facts.files.erase(QStringLiteral("/etc/sixgate/acme/main.json"));
        const Planned planned = plan(shared, facts);
        QCOMPARE(planned.withheld.size(), size_t(1));
        QVERIFY(!planned.withheld[0].blocking);
        QVERIFY(planned.withheld[0].reason.contains(
            QStringLiteral("whoever takes it over could change every record of every domain in the account")));
        QVERIFY(planned.changes[0].sentence.startsWith(QStringLiteral("The VPS gets dns.main.token, ")));
        QVERIFY(planned.changes[0].diff.isEmpty());
    }

    // certbot sets all texts before the authority looks at one.
    void oneText()
    {
        Site two = providerSite("duckdns");
        QVERIFY(plan(two, asWanted(two)).withheld.empty());
        two.services[0].publicNames.push_back(host("www.example.org"));
        const Planned planned = plan(two, asWanted(two));
        QCOMPARE(planned.withheld.size(), size_t(1));
        QVERIFY(planned.withheld[0].blocking);
        QVERIFY(planned.withheld[0].reason.contains(QStringLiteral("keeps one text")));
    }

    void delegated()
    {
        const WantedDeployment wanted = must(wantedDeployment(delegatedSite(), inputs(delegatedSite())));
        QCOMPARE(std::count(wanted.packages.begin(), wanted.packages.end(),
                            QStringLiteral("python3-certbot-dns-standalone")),
                 1);
        for (const WantedFile &file : wanted.files)
            QVERIFY2(!file.secret && !file.path.startsWith(QStringLiteral("/etc/sixgate/acme")), qPrintable(file.path));
        VpsFacts facts = asWanted(delegatedSite());
        QCOMPARE(plan(delegatedSite(), facts).ids(), QString());
        facts.renewals[QStringLiteral("cloud")].means = webroot;
        const Planned planned = plan(delegatedSite(), facts);
        QCOMPARE(planned.ids(), QStringLiteral("vps.certificate.cloud vps.activate vps.renewals"));
        const ObtainCertificate *one = obtained(planned);
        QVERIFY(one && one->credentialsPath.isEmpty() && !one->handOver && one->delegatedTo == host("vps.example.org"));
        QVERIFY(planned.changes[0].sentence.contains(
            QStringLiteral("it needs \"_acme-challenge.cloud.example.org. NS vps.example.org.\", once")));
        QVERIFY(isSixgatesOwn({QString(), wanted.certificates[0].means()}));
    }

    // With DNS-01 one account proves all names; with HTTP-01 no account does.
    void namesInTwoAccounts()
    {
        Site two = httpSite();
        two.dns.push_back(account("second", "example.com"));
        two.services[0].publicNames.push_back(host("www.example.com"));
        QVERIFY(plan(two, asWanted(two)).withheld.empty());
        std::get<UpdateAccess>(two.dns[0].access).acmeKey = *two.dns[1].acmeKey();
        two.services[0].challenge = Challenge::Dns;
        QVERIFY(!plan(two, asWanted(two)).withheld.empty());
    }

    void tooOften_data()
    {
        QTest::addColumn<bool>("http");
        QTest::addColumn<int>("failed");
        QTest::addColumn<bool>("needed");
        QTest::addColumn<bool>("held");
        QTest::newRow("four failures") << true << 4 << true << false;
        QTest::newRow("five failures") << true << 5 << true << true;
        QTest::newRow("five failures by DNS") << false << 5 << true << true;
        QTest::newRow("no certificate is needed") << true << 5 << false << false;
    }

    // The authority is not asked, and the VPS stays as it is.
    void tooOften()
    {
        QFETCH(bool, http);
        QFETCH(int, failed);
        QFETCH(bool, needed);
        QFETCH(bool, held);
        Site of = httpSite();
        if (!http)
            of = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
        VpsFacts facts = asWanted(of);
        facts.acmeAttempts = failures(failed, facts);
        if (needed)
            facts.certificates.clear();
        const Planned planned = plan(of, facts);
        QCOMPARE(planned.changes.empty(), held || !needed);
        QCOMPARE(planned.withheld.size(), size_t(held ? 1 : 0));
        if (!held)
            return;
        QVERIFY(planned.withheld[0].blocking);
        QVERIFY2(planned.withheld[0].reason.endsWith(
                     QStringLiteral("the next try is possible at 2026-06-01 12:11:55 UTC, in 12 min.")),
                 qPrintable(planned.withheld[0].reason));
        QVERIFY(!planned.withheld[0].fix.isEmpty());
    }

    // Over IPv6, and with questions, the authority comes to the VPS itself.
    void aFirewall_data()
    {
        QTest::addColumn<QByteArray>("ufw");
        QTest::addColumn<QByteArray>("nft");
        QTest::addColumn<QString>("challenge");
        QTest::addColumn<QString>("opened"); ///< beside visitors' ports, which are open
        const QByteArray ufw(
            "Status: active\nDefault: deny (incoming), allow (outgoing)\n80,443/tcp ALLOW IN Anywhere\n"),
            none;
        const QByteArray nft("table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy "
                             "drop;\n\t\tmeta nfproto ipv4 tcp dport { 80, 443 } accept\n\t}\n}\n");
        const QString http = QStringLiteral("http"), dns = QStringLiteral("dns"),
                      delegated = QStringLiteral("delegated");
        QTest::newRow("none") << none << none << http << QString();
        QTest::newRow("ufw, switched off") << QByteArray("Status: inactive\n") << none << http << QString();
        QTest::newRow("ufw") << ufw << none << http << QStringLiteral("port 80 over IPv6 in ufw");
        QTest::newRow("nftables") << none << nft << http
                                  << QStringLiteral("port 80 over IPv6 in nftables (table inet filter, chain input)");
        QTest::newRow("certificates by DNS") << none << nft << dns << QString();
        QTest::newRow("ufw, delegated") << ufw << none << delegated << QStringLiteral("port 53 (UDP and TCP) in ufw");
        QTest::newRow("nftables, delegated")
            << none << nft << delegated
            << QStringLiteral("port 53 (UDP and TCP) in nftables (table inet filter, chain input)");
    }

    void aFirewall()
    {
        QFETCH(QByteArray, ufw);
        QFETCH(QByteArray, nft);
        QFETCH(QString, challenge);
        QFETCH(QString, opened);
        const Site of = challenge == QLatin1String("http") ? httpSite()
                        : challenge == QLatin1String("dns")
                            ? site({service("cloud", {"cloud.example.org"}, "home6.example.org")})
                            : delegatedSite();
        VpsFacts facts = asWanted(of);
        facts.ufw = ufw;
        facts.nft = nft;
        facts.outerInterface = QStringLiteral("eth0");
        const Planned planned = plan(of, facts);
        QVERIFY(planned.withheld.empty());
        QCOMPARE(planned.ids(), opened.isEmpty() ? QString() : QStringLiteral("vps.firewall vps.activate"));
        if (!opened.isEmpty())
            QCOMPARE(
                planned.changes[0].sentence,
                QStringLiteral("Open the VPS's %1 for the certification authority; \"vps remove\" closes it again.")
                    .arg(opened));
        // Nobody comes over IPv6 to a VPS that has none.
        if (challenge == QLatin1String("http")) {
            facts.hasGlobalIpv6 = false;
            QCOMPARE(plan(of, facts).ids(), QString());
        }
    }

    void noServiceNoRehearsal()
    {
        Site none = httpSite();
        VpsFacts facts = asWanted(none);
        none.services.clear();
        const QString all = plan(none, facts).ids();
        QVERIFY2(all.contains(QStringLiteral("vps.renewals")) && !all.contains(QStringLiteral("vps.certificate.cloud")),
                 qPrintable(all));
        facts.renewalTest = {};
        QVERIFY(!plan(none, facts).ids().contains(QStringLiteral("vps.renewals")));
    }
};

QTEST_GUILESS_MAIN(TestPlanChallenge)
#include "tst_plan_challenge.moc"
