// Plans for certificates by HTTP-01, and for what rehearses renewals.

#include "decide_deployment/sites.h"

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

    // Over IPv6 the authority comes to the VPS itself, too.
    void aFirewall_data()
    {
        QTest::addColumn<QByteArray>("ufw");
        QTest::addColumn<QByteArray>("nft");
        QTest::addColumn<bool>("http");
        QTest::addColumn<bool>("told");
        const QByteArray ufw("Status: active\nDefault: allow (incoming), allow (outgoing)\n"), none;
        const QByteArray nft("table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy "
                             "accept;\n\t}\n}\n");
        QTest::newRow("none") << none << none << true << false;
        QTest::newRow("ufw, switched off") << QByteArray("Status: inactive\n") << none << true << false;
        QTest::newRow("ufw") << ufw << none << true << true;
        QTest::newRow("nftables") << none << nft << true << true;
        QTest::newRow("certificates by DNS") << none << nft << false << false;
    }

    void aFirewall()
    {
        QFETCH(QByteArray, ufw);
        QFETCH(QByteArray, nft);
        QFETCH(bool, http);
        QFETCH(bool, told);
        const Site of = http ? httpSite() : site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
        VpsFacts facts = asWanted(of);
        facts.ufw = ufw;
        facts.nft = nft;
        facts.outerInterface = QStringLiteral("eth0");
        const auto tells = [&] {
            const auto withheld = plan(of, facts).withheld;
            return std::any_of(withheld.begin(), withheld.end(), [](const Withheld &one) {
                return !one.blocking && one.reason.contains(QStringLiteral("port 80 over IPv6"));
            });
        };
        QVERIFY(!tells()); // nothing is changed, and nobody is troubled
        facts.apacheActive = false;
        QCOMPARE(tells(), told);
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
