// What has to change on a VPS: a table of machines.

#include "sites.h"

#include <QRegularExpression>
#include <QTest>

using namespace sites;

namespace
{

Site oneService()
{
    return site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
}

/// A fresh Debian 12.
VpsFacts bare()
{
    VpsFacts facts;
    facts.osId = QStringLiteral("debian");
    facts.osVersion = QStringLiteral("12");
    facts.osName = QStringLiteral("Debian GNU/Linux 12 (bookworm)");
    facts.uid = 0;
    facts.systemd = true;
    facts.hasGlobalIpv6 = true;
    facts.freeBytes = 5LL * 1024 * 1024 * 1024;
    facts.clock = QDateTime(QDate(2026, 6, 1), QTime(0, 0), Qt::UTC);
    return facts;
}

/// The same machine when everything is as wanted.
VpsFacts asWanted(const WantedDeployment &wanted)
{
    VpsFacts facts = bare();
    for (const QString &package : wanted.packages)
        facts.packages[package] = QStringLiteral("1");
    facts.apacheModules = {wanted.modules.begin(), wanted.modules.end()};
    facts.apacheSites = {wanted.sites.begin(), wanted.sites.end()};
    for (const WantedFile &file : wanted.files)
        facts.files[file.path] = {file.sha256, file.mode, {}};
    for (const WantedCertificate &one : wanted.certificates) {
        std::vector<QString> names;
        for (const Hostname &name : one.names)
            names.push_back(name.ascii());
        facts.certificates.emplace(one.lineage, certificate(names));
        facts.renewals[one.lineage] = {one.directory.text(), one.means()};
    }
    for (const WantedFile &file : wanted.files) {
        if (file.path.endsWith(QLatin1String("/sixgate-renewal-test.service")))
            facts.renewalTest.serviceSha256 = file.sha256;
        if (file.path.endsWith(QLatin1String("/sixgate-renewal-test.timer")))
            facts.renewalTest.timerSha256 = file.sha256;
    }
    facts.renewalTest.any = facts.renewalTest.running = facts.webroot = true;
    facts.deployedId = wanted.releaseId;
    facts.apacheActive = facts.certbotTimerActive = true;
    facts.listeners80And443 = {QStringLiteral("80 apache2"), QStringLiteral("443 apache2")};
    return facts;
}

QStringList ids(const std::vector<Change> &changes)
{
    QStringList all;
    for (const Change &one : changes)
        all << one.id;
    return all;
}

struct Planned {
    std::vector<Change> changes;
    std::vector<Withheld> withheld;
};

Planned plan(const Site &s, const VpsFacts &facts)
{
    Planned out;
    out.changes = planDeployment(s, must(wantedDeployment(s, inputs(s))), facts, out.withheld);
    return out;
}

const auto manifestPath = QStringLiteral("/etc/sixgate/current/manifest");
const auto confPath = QStringLiteral("/etc/sixgate/current/apache/cloud.conf");
const auto keyPath = QStringLiteral("/etc/sixgate/acme/main.ini");

} // namespace

class TestPlanVps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bareMachine()
    {
        const auto [changes, withheld] = plan(oneService(), bare());
        QCOMPARE(ids(changes), QString::fromLatin1("vps.packages vps.file.acme.main.ini "
                                                   "vps.file.apache2.sites-available.zz-sixgate.conf "
                                                   "vps.file.apache.00-base.conf vps.file.apache.cloud.conf "
                                                   "vps.file.apache.service.inc "
                                                   "vps.file.renewal.sixgate-renewal-test.service "
                                                   "vps.file.renewal.sixgate-renewal-test.timer "
                                                   "vps.file.renewal.test.pl "
                                                   "vps.file.manifest vps.modules vps.certificate.cloud "
                                                   "vps.site.zz-sixgate vps.activate vps.renewals")
                                   .split(QLatin1Char(' ')));
        QVERIFY(withheld.empty());
        for (const Change &one : changes) {
            QCOMPARE(one.lane, Lane::Vps);
            QVERIFY2(one.sentence.endsWith(QLatin1Char('.')), qPrintable(one.sentence));
            QVERIFY(one.oldValue.isEmpty() && one.oldHash.isEmpty());
        }
        const Change &key = changes[1];
        QVERIFY(
            key.sentence.contains(QStringLiteral("the DNS server is to let it set _acme-challenge TXT records only")));
        QVERIFY(key.diff.isEmpty() && key.newValue.startsWith(QStringLiteral("(secret)")));
        QVERIFY(changes[4].diff.startsWith(QStringLiteral("--- %1\n+++ %1\n@@ -0,0 +1,").arg(confPath)));
        const auto activate = std::get<ActivateRelease>(changes[changes.size() - 2].action);
        QVERIFY(activate.expectedId.isEmpty() && activate.releaseId.size() == 16);
    }

    void nothingToChange()
    {
        const auto [changes, withheld] =
            plan(oneService(), asWanted(must(wantedDeployment(oneService(), inputs(oneService())))));
        QVERIFY2(changes.empty(), qPrintable(ids(changes).join(QLatin1Char(' '))));
        QVERIFY(withheld.empty());
    }

    void oneThingDiffers_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *what, const char *expected) {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(expected);
        };
        row("package", "vps.packages vps.activate");
        row("module", "vps.modules vps.activate");
        row("site", "vps.site.zz-sixgate vps.activate");
        row("file changed by hand", "vps.file.apache.cloud.conf vps.activate");
        row("file gone", "vps.file.apache.cloud.conf vps.activate");
        row("mode of the key", "vps.file.acme.main.ini vps.activate");
        row("file too many", "vps.file.apache.old.conf vps.activate");
        row("odd file too many", "vps.file.apache.old-a.conf vps.file.apache.old-a.conf.2 vps.activate");
        row("no certificate", "vps.certificate.cloud vps.activate vps.renewals");
        row("other names", "vps.certificate.cloud vps.activate vps.renewals");
        row("names in capitals", "");
        row("ends in 6 days", "vps.certificate.cloud vps.activate vps.renewals");
        row("ends in 8 days", "");
        row("clock unknown", "");
        row("other authority", "vps.certificate.cloud vps.activate vps.renewals");
        row("other credentials", "vps.certificate.cloud vps.activate vps.renewals");
        row("not renewed", "vps.certificate.cloud vps.activate vps.renewals");
        row("apache stopped", "vps.activate");
        row("no folder for challenges, which nobody needs", "");
        row("renewals are not rehearsed", "vps.activate vps.renewals");
        row("an older unit rehearses them", "vps.activate vps.renewals");
        row("timer stopped", "vps.activate");
        row("swap without end", "vps.activate");
        row("foreign certificate", "");
        row("foreign certificate that certbot renews", "");
        // It goes along with the next deployment.
        row("certificate too many", "");
        row("credentials too many", "vps.activate vps.file.acme.second.ini");
        row("both", "");
        row("both, still used, and a file", "vps.file.apache.old.conf vps.activate");
        row("both and a file", "vps.file.apache.old.conf vps.activate vps.certificate.old vps.file.acme.second.ini");
    }

    void oneThingDiffers()
    {
        QFETCH(QString, what);
        QFETCH(QString, expected);
        const Site s = oneService();
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        const QByteArray sha(64, 'a');
        const QString lineage = QStringLiteral("cloud");
        if (is("package"))
            facts.packages.erase(QStringLiteral("certbot"));
        else if (is("module"))
            facts.apacheModules.erase(QStringLiteral("ssl"));
        else if (is("site"))
            facts.apacheSites.clear();
        else if (is("file changed by hand"))
            facts.files[confPath] = {sha, 0644, "by hand\n"};
        else if (is("file gone"))
            facts.files[confPath] = {};
        else if (is("mode of the key"))
            facts.files[keyPath].mode = 0644;
        else if (is("file too many"))
            facts.files[QStringLiteral("/etc/sixgate/current/apache/old.conf")] = {sha, 0644, "old\n"};
        else if (is("odd file too many")) {
            facts.files[QStringLiteral("/etc/sixgate/current/apache/old_a.conf")] = {sha, 0644, "old\n"};
            facts.files[QStringLiteral("/etc/sixgate/current/apache/old-a.conf")] = {sha, 0644, "old\n"};
        } else if (is("no certificate"))
            facts.certificates.clear();
        else if (is("other names"))
            facts.certificates.at(lineage).names = {QStringLiteral("cloud.example.org"),
                                                    QStringLiteral("b.example.org")};
        else if (is("names in capitals"))
            facts.certificates.at(lineage).names = {QStringLiteral("Cloud.Example.ORG")};
        else if (is("ends in 6 days"))
            facts.certificates.at(lineage).notAfter = facts.clock.addDays(6);
        else if (is("ends in 8 days"))
            facts.certificates.at(lineage).notAfter = facts.clock.addDays(8);
        else if (is("no folder for challenges, which nobody needs"))
            facts.webroot = false;
        else if (is("renewals are not rehearsed"))
            facts.renewalTest = {};
        else if (is("an older unit rehearses them"))
            facts.renewalTest.serviceSha256 = sha;
        else if (is("clock unknown"))
            facts.clock = {};
        else if (is("other authority"))
            facts.renewals[lineage].directory = QStringLiteral("https://staging.example.net/directory");
        else if (is("other credentials"))
            facts.renewals[lineage].means.clear();
        else if (is("not renewed"))
            facts.renewals.clear();
        else if (is("apache stopped"))
            facts.apacheActive = false;
        else if (is("timer stopped"))
            facts.certbotTimerActive = false;
        else if (is("swap without end"))
            facts.deployedId.clear();
        else if (is("certificate too many") || what.startsWith(QLatin1String("both"))) {
            facts.certificates.emplace(QStringLiteral("old"), certificate({QStringLiteral("old.example.org")}));
            facts.renewals[QStringLiteral("old")] = {QStringLiteral("https://acme.example.net/directory"),
                                                     QStringLiteral("/etc/sixgate/acme/second.ini")};
        } else if (is("foreign certificate that certbot renews"))
            facts.renewals[QStringLiteral("www.example.com")] = {QStringLiteral("https://acme.example.net/directory"),
                                                                 QStringLiteral("/root/dns.ini")};
        else if (is("credentials too many"))
            facts.files[QStringLiteral("/etc/sixgate/acme/second.ini")] = {sha, 0600, {}};
        else if (is("foreign certificate"))
            facts.certificates.emplace(QStringLiteral("www.example.com"),
                                       certificate({QStringLiteral("www.example.com")}));
        else
            QFAIL("unknown row");
        if (what.startsWith(QLatin1String("both")))
            facts.files[QStringLiteral("/etc/sixgate/acme/second.ini")] = {sha, 0600, {}};
        if (is("both, still used, and a file"))
            facts.usedCertificates.insert(QStringLiteral("old"));
        if (what.endsWith(QLatin1String("and a file")))
            facts.files[QStringLiteral("/etc/sixgate/current/apache/old.conf")] = {sha, 0644, "old\n"};

        const auto [changes, withheld] = plan(s, facts);
        QCOMPARE(ids(changes), expected.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        QVERIFY(withheld.empty());
        for (const Change &one : changes) {
            static const QRegularExpression form(QStringLiteral("^[a-z0-9.-]+$"));
            QVERIFY(form.match(one.id).hasMatch());
            if (const auto *write = std::get_if<WriteFile>(&one.action)) {
                QCOMPARE(write->expectedSha256, facts.files[write->path].sha256);
                QCOMPARE(one.oldHash, QString::fromLatin1(write->expectedSha256));
            }
        }
        if (is("file changed by hand"))
            QVERIFY2(changes[0].diff.contains(QStringLiteral("\n-by hand\n")), qPrintable(changes[0].diff));
        if (is("file too many"))
            QCOMPARE(changes[0].verb, Verb::Delete);
    }

    void editedByHand_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("edited");
        QTest::addColumn<QString>("remark");
        const QString copy = QStringLiteral("; a copy of that stays in /var/lib/sixgate/edited there");
        const QString shown = copy + QStringLiteral("."), secret = copy + QStringLiteral(", for root alone: it holds");
        QTest::newRow("a site") << confPath << true << shown;
        QTest::newRow("a site that goes") << QStringLiteral("/etc/sixgate/current/x") << true << shown;
        QTest::newRow("a site as it was made") << confPath << false << QString();
        QTest::newRow("credentials") << keyPath << true << secret;
        QTest::newRow("credentials that go") << QStringLiteral("/etc/sixgate/acme/x.ini") << true << secret;
        QTest::newRow("credentials as they were made") << keyPath << false << QString();
    }

    // What becomes of it is told, and nothing of a secret is shown.
    void editedByHand()
    {
        QFETCH(QString, file);
        QFETCH(bool, edited);
        QFETCH(QString, remark);
        const Site s = oneService();
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        facts.files[file] = {QByteArray(64, 'a'), 0600, {}};
        if (edited)
            facts.edited.insert(file);
        const auto [changes, withheld] = plan(s, facts);
        const auto one =
            std::find_if(changes.begin(), changes.end(), [&](const Change &c) { return c.object == file; });
        QVERIFY(one != changes.end());
        QVERIFY2(one->sentence.contains(remark), qPrintable(one->sentence));
        QCOMPARE(one->sentence.contains(QStringLiteral("edited on the VPS")), edited);
        if (file.contains(QStringLiteral("/acme/")))
            QVERIFY(one->diff.isEmpty());
    }

    void aRemovedServiceGoes()
    {
        const Site two = site({service("cloud", {"cloud.example.org"}, "home6.example.org"),
                               service("photos", {"photos.example.org"}, "home6.example.org")});
        const Site one = oneService();
        VpsFacts facts = asWanted(must(wantedDeployment(two, inputs(two))));
        const auto [changes, withheld] = plan(one, facts);
        QCOMPARE(ids(changes),
                 (QStringList{QStringLiteral("vps.file.manifest"), QStringLiteral("vps.file.apache.photos.conf"),
                              QStringLiteral("vps.activate"), QStringLiteral("vps.certificate.photos")}));
        QVERIFY(withheld.empty());
        QCOMPARE(std::get<ActivateRelease>(changes[2].action).expectedId, facts.deployedId);
        QCOMPARE(changes[3].verb, Verb::Delete);
        QCOMPARE(changes[3].object, QStringLiteral("certificate photos"));
        QCOMPARE(changes[3].oldValue, QStringLiteral("photos.example.org"));
        QCOMPARE(std::get<ForgetCertificate>(changes[3].action).lineage, QStringLiteral("photos"));
    }

    void push_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("verb"); // empty: nothing is to do
        const auto row = [](const char *what, const char *verb) {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(verb);
        };
        row("as wanted", "");
        row("nothing there", "enable");
        row("no account", "update");
        row("other keys", "update");
        row("not running", "update");
        row("another unit", "update");
        row("no key any more", "delete");
        row("never a key", "");
    }

    void push()
    {
        QFETCH(QString, what);
        QFETCH(QString, verb);
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        Site s = oneService();
        s.vps[0].pushKeys = {pushKey(QStringLiteral("nas"))};
        const WantedDeployment wanted = must(wantedDeployment(s, inputs(s)));
        const QString unit = QStringLiteral("/etc/sixgate/current/push/sixgate-push.service");
        VpsFacts facts = asWanted(wanted);
        facts.push = {true, true, true, true, facts.files.at(unit).sha256, {}};
        if (is("nothing there"))
            facts.push = {};
        else if (is("no account"))
            facts.push.account = false;
        else if (is("other keys"))
            facts.push.keys = false;
        else if (is("not running"))
            facts.push.running = false;
        else if (is("another unit"))
            facts.push.unitSha256 = QByteArray(64, '0');
        else if (is("no key any more"))
            s.vps[0].pushKeys.clear();
        else if (is("never a key")) {
            s.vps[0].pushKeys.clear();
            facts = asWanted(must(wantedDeployment(s, inputs(s))));
        }
        const auto [changes, withheld] = plan(s, facts);
        QVERIFY(withheld.empty());
        if (verb.isEmpty()) {
            QCOMPARE(ids(changes), QStringList());
            return;
        }
        // After the activation, where it cannot fail the run.
        QVERIFY(changes.size() >= 2);
        QCOMPARE(changes[changes.size() - 2].id, QStringLiteral("vps.activate"));
        QCOMPARE(changes.back().id, QStringLiteral("vps.push"));
        QCOMPARE(verbName(changes.back().verb), verb);
        QCOMPARE(std::get<SetUpPush>(changes.back().action).on, verb != QStringLiteral("delete"));
    }

    void sshdInTheWay_data()
    {
        QTest::addColumn<QString>("settings"); // as sshd -T tells them
        QTest::addColumn<QString>("word");     // empty: it lets the account in
        const auto row = [](const char *what, const char *settings, const char *word) {
            QTest::newRow(what) << QString::fromLatin1(settings) << QString::fromLatin1(word);
        };
        row("not known", "", "");
        row("Debian's",
            "pubkeyauthentication yes;authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2;"
            "authenticationmethods any;forcecommand none",
            "");
        row("no keys at all", "pubkeyauthentication no", "PubkeyAuthentication no");
        row("another one is allowed", "allowusers ada root", "AllowUsers ada root");
        row("it is allowed", "allowusers ada sixgate-push", "");
        row("a pattern", "allowusers six*-pus?", "");
        row("from somewhere", "allowusers sixgate-push@198.51.100.0/24", "");
        row("a part of its name", "allowusers sixgate", "AllowUsers");
        row("another group", "allowgroups sudo", "AllowGroups sudo");
        row("its group", "allowgroups sudo sixgate-push", "");
        row("denied", "denyusers sixgate-*", "DenyUsers sixgate-*");
        row("others are denied", "denyusers ada", "");
        row("keys elsewhere", "authorizedkeysfile /etc/ssh/keys/%u", "AuthorizedKeysFile");
        row("keys at home, too", "authorizedkeysfile /etc/ssh/keys/%u %h/.ssh/authorized_keys", "");
        row("two proofs", "authenticationmethods publickey,password", "AuthenticationMethods");
        row("one of two", "authenticationmethods publickey,password publickey", "");
        row("another command", "forcecommand internal-sftp", "ForceCommand internal-sftp");
    }

    void sshdInTheWay()
    {
        QFETCH(QString, settings);
        QFETCH(QString, word);
        Site s = oneService();
        s.vps[0].pushKeys = {pushKey(QStringLiteral("nas"))};
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        for (const QString &one : settings.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
            const QStringList words = one.split(QLatin1Char(' '));
            facts.push.sshd[words.front()] = {words.begin() + 1, words.end()};
        }
        const auto [changes, withheld] = plan(s, facts);
        QVERIFY(!changes.empty());
        QCOMPARE(withheld.size(), size_t(word.isEmpty() ? 0 : 1));
        if (word.isEmpty())
            return;
        QVERIFY(!withheld[0].blocking);
        QVERIFY2(withheld[0].reason.contains(word), qPrintable(withheld[0].reason));
        QVERIFY(withheld[0].fix.contains(QStringLiteral("sshd_config")));
    }

    void machinesThatAreRefused_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<bool>("blocks");
        QTest::addColumn<QString>("word");
        const auto row = [](const char *what, bool blocks, const char *word) {
            QTest::newRow(what) << QString::fromLatin1(what) << blocks << QString::fromLatin1(word);
        };
        row("Debian 13", false, "");
        row("Debian 11", true, "bullseye");
        row("Ubuntu", true, "Ubuntu");
        row("unknown system", true, "unknown system");
        row("not root", true, "root");
        row("no systemd", true, "systemd");
        row("299 MB", true, "299 MB");
        row("300 MB", false, "");
        row("299 MB in /usr", true, "299 MB free in /usr");
        row("300 MB in /usr", false, "");
        row("room unknown", false, "");
        row("nginx on 443", true, "nginx");
        row("apache on 80", false, "");
        row("no terms", true, "terms");
        row("no IPv6", false, "IPv6");
    }

    void machinesThatAreRefused()
    {
        QFETCH(QString, what);
        QFETCH(bool, blocks);
        QFETCH(QString, word);
        Site s = oneService();
        VpsFacts facts = bare();
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        if (is("Debian 13"))
            facts.osVersion = QStringLiteral("13");
        else if (is("Debian 11")) {
            facts.osVersion = QStringLiteral("11");
            facts.osName = QStringLiteral("Debian GNU/Linux 11 (bullseye)");
        } else if (is("Ubuntu")) {
            facts.osId = QStringLiteral("ubuntu");
            facts.osName = QStringLiteral("Ubuntu 24.04");
        } else if (is("unknown system"))
            facts.osId = facts.osName = QString();
        else if (is("not root"))
            facts.uid = 1000;
        else if (is("no systemd"))
            facts.systemd = false;
        else if (is("299 MB"))
            facts.freeBytes = 300LL * 1024 * 1024 - 1;
        else if (is("300 MB"))
            facts.freeBytes = 300LL * 1024 * 1024;
        else if (is("299 MB in /usr"))
            facts.freeForPackages = 300LL * 1024 * 1024 - 1;
        else if (is("300 MB in /usr"))
            facts.freeForPackages = 300LL * 1024 * 1024;
        else if (is("room unknown"))
            facts.freeBytes = -1;
        else if (is("nginx on 443"))
            facts.listeners80And443 = {QStringLiteral("443 nginx")};
        else if (is("apache on 80"))
            facts.listeners80And443 = {QStringLiteral("80 apache2")};
        else if (is("no terms"))
            s.vps[0].acme.termsAgreed = false;
        else if (is("no IPv6"))
            facts.hasGlobalIpv6 = false;
        else
            QFAIL("unknown row");
        const auto [changes, withheld] = plan(s, facts);
        QCOMPARE(changes.empty(), blocks);
        QCOMPARE(withheld.size(), size_t(word.isEmpty() ? 0 : 1));
        if (!word.isEmpty()) {
            QCOMPARE(withheld[0].blocking, blocks);
            QVERIFY2(withheld[0].reason.contains(word), qPrintable(withheld[0].reason));
            QVERIFY(!withheld[0].fix.isEmpty());
        }
    }

    void firewalls_data()
    {
        QTest::addColumn<bool>("deployed");
        QTest::addColumn<QByteArray>("ufw");
        QTest::addColumn<QByteArray>("nft");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<QString>("word");
        const QByteArray closed = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; "
                                  "policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n";
        const QByteArray open = QByteArray(closed).replace("22", "{ 22, 80, 443 }");
        const QByteArray half = QByteArray(closed).replace("22", "{ 22, 443 }");
        const QByteArray odd = QByteArray(closed).replace("tcp dport 22", "osf name \"Linux\"");
        const QByteArray firewalld = QByteArray(closed).replace("inet filter", "inet firewalld");
        const QByteArray ufw = "Status: active\nDefault: deny (incoming), allow (outgoing)\n";
        const auto row = [](const char *name, bool deployed, const QByteArray &ufwText, const QByteArray &nft,
                            const char *expected, const char *word = "") {
            QTest::newRow(name) << deployed << ufwText << nft << QString::fromLatin1(expected)
                                << QString::fromLatin1(word);
        };
        row("open", true, {}, open, "");
        row("closed", true, {}, closed, "vps.firewall vps.activate");
        row("half closed", true, {}, half, "vps.firewall vps.activate");
        row("ufw", true, ufw, {}, "vps.firewall vps.activate");
        row("two", true, ufw, closed, "vps.firewall vps.firewall.2 vps.activate");
        row("not to be judged, and nothing to do", true, {}, odd, "");
        row("not to be judged", false, {}, odd, "vps.packages vps.file.acme.main.ini", "cannot be judged");
        row("firewalld", true, {}, firewalld, "", "firewalld");
        row("bare machine", false, {}, closed, "vps.packages vps.firewall vps.file.acme.main.ini");
    }

    void firewalls()
    {
        QFETCH(bool, deployed);
        QFETCH(QByteArray, ufw);
        QFETCH(QByteArray, nft);
        QFETCH(QString, expected);
        QFETCH(QString, word);
        const Site s = oneService();
        VpsFacts facts = deployed ? asWanted(must(wantedDeployment(s, inputs(s)))) : bare();
        facts.ufw = ufw;
        facts.nft = nft;
        const auto [changes, withheld] = plan(s, facts);
        const QStringList wanted = expected.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        QCOMPARE(deployed ? ids(changes) : ids(changes).mid(0, wanted.size()), wanted);
        QCOMPARE(withheld.size(), size_t(word.isEmpty() ? 0 : 1));
        for (const Withheld &one : withheld) {
            QVERIFY(!one.blocking && !one.fix.isEmpty());
            QVERIFY2(one.reason.contains(word), qPrintable(one.reason));
        }
        for (const Change &one : changes) {
            if (!one.id.startsWith(QStringLiteral("vps.firewall")))
                continue;
            const auto action = std::get<OpenPorts>(one.action);
            const bool half = QLatin1String(QTest::currentDataTag()) == QLatin1String("half closed");
            QCOMPARE(action.ports, half ? std::vector<int>{80} : (std::vector<int>{80, 443}));
            QCOMPARE(one.verb, Verb::Open);
            const bool isUfw = action.firewall == FirewallKind::Ufw;
            QCOMPARE(action.chain, isUfw ? QString() : QStringLiteral("input"));
            QCOMPARE(
                one.sentence,
                QStringLiteral("Open the VPS's %1 in %2 for visitors; \"vps remove\" closes %3 again.")
                    .arg(half ? QStringLiteral("port 80") : QStringLiteral("ports 80 and 443"),
                         isUfw ? QStringLiteral("ufw") : QStringLiteral("nftables (table inet filter, chain input)"),
                         half ? QStringLiteral("it") : QStringLiteral("them")));
        }
    }

    // What is in order already is not talked down by what an installation would need.
    void aWorkingMachineWithLittleRoom()
    {
        const Site s = oneService();
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        facts.freeBytes = 50LL * 1024 * 1024;
        facts.freeForPackages = 0;
        facts.apacheSites.clear();
        const auto [changes, withheld] = plan(s, facts);
        QCOMPARE(changes.size(), size_t(2));
        QVERIFY(withheld.empty());
    }

    void namesInTwoAccounts()
    {
        Site s = site({service("cloud", {"cloud.example.org", "cloud.example.com"}, "home6.example.org")});
        s.dns.push_back(account("second", "example.com"));
        const auto [changes, withheld] = plan(s, bare());
        QVERIFY(changes.empty());
        QCOMPARE(withheld.size(), size_t(1));
        QVERIFY(withheld[0].blocking);
        QVERIFY2(withheld[0].reason.contains(QStringLiteral("main and second")), qPrintable(withheld[0].reason));
    }

    void diffs_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("after");
        QTest::addColumn<QString>("diff");
        const QString head = QStringLiteral("--- /f\n+++ /f\n");
        QTest::newRow("equal") << QByteArray("a\n") << QByteArray("a\n") << QString();
        QTest::newRow("new") << QByteArray() << QByteArray("a\nb\n")
                             << head + QStringLiteral("@@ -0,0 +1,2 @@\n+a\n+b\n");
        QTest::newRow("gone") << QByteArray("a\n") << QByteArray() << head + QStringLiteral("@@ -1,1 +0,0 @@\n-a\n");
        QTest::newRow("one line") << QByteArray("a\nb\nc\n") << QByteArray("a\nB\nc\n")
                                  << head + QStringLiteral("@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        QTest::newRow("line end") << QByteArray("a") << QByteArray("a\n")
                                  << head + QStringLiteral("@@ -1,1 +1,1 @@\n-a (no newline at the end)\n+a\n");
        QTest::newRow("escape sequence") << QByteArray("\x1b[2Jx\n") << QByteArray("y\n")
                                         << head + QStringLiteral("@@ -1,1 +1,1 @@\n-?[2Jx\n+y\n");
        QTest::newRow("too long") << QByteArray("x\n").repeated(5001) << QByteArray("y\n")
                                  << head + QStringLiteral("(5001 lines become 1 lines: too long to compare)\n");
    }

    void diffs()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QFETCH(QString, diff);
        QCOMPARE(unifiedDiff(QStringLiteral("/f"), before, after), diff);
    }
};

QTEST_GUILESS_MAIN(TestPlanVps)
#include "tst_plan_vps.moc"
