// The facts of a VPS: the real script on a machine of the test's own, and answers that no honest script gives.

#include "observe/vps.h"
#include "proxy/certificates.h"
#include "proxy/sandbox.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>
#include <QProcess>
#include <QTest>

#include <sys/stat.h>

using namespace sixgate;
using proxytest::makeLink;
using proxytest::writeFile;

namespace
{

QByteArray hashOf(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

QString text(const char *utf8)
{
    return QString::fromUtf8(utf8);
}

/// The script's answer on this machine.
QByteArray answerTo(const FactsQuestions &questions)
{
    QProcess perl;
    perl.start(QStringLiteral("perl"), {QStringLiteral("-")});
    perl.write(vpsFactsInput(questions));
    perl.closeWriteChannel();
    perl.waitForFinished(30000);
    if (perl.exitCode() != 0)
        fprintf(stderr, "%s\n", perl.readAllStandardError().constData());
    return perl.readAllStandardOutput();
}

QByteArray line(const char *key, const QByteArrayList &values)
{
    QByteArray made = key;
    for (const QByteArray &value : values)
        made += '\t' + value.toBase64();
    return made + '\n';
}

/// What every answer has.
QByteArray common()
{
    return line("os", {"debian", "12", "Debian GNU/Linux 12"}) + line("uid", {"0"}) + line("systemd", {"1"}) +
           line("busy", {"0"}) + line("clock", {"1800000000"}) + line("ipv6", {"1"}) + line("free", {"1000"}) +
           line("apache", {"0"}) + line("timer", {"0"}) + line("deployed", {""});
}

} // namespace

class TestVpsFacts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // A machine with a deployment and with what people leave lying about.
    void theScript()
    {
        const proxytest::Identity certificate = proxytest::issue({"x", {"cloud.example.org", "www.example.org"}});
        writeFile("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
        const QByteArray release = "/etc/sixgate/releases/0123456789abcdef-20260101-000000-0000abcd";
        writeFile(release + "/apache/cloud.conf", "cloud\n");
        writeFile(release + "/apache/old.conf", "old\n");
        writeFile(release + "/apache/.sixgate-x", "left over\n");
        writeFile(release + "/apache/ü.conf", "odd\n");
        writeFile(release + "/manifest", hashOf("s") + " 600 secret /etc/sixgate/acme/gone.ini\n" + hashOf("x") +
                                             " 600 plain /etc/sixgate/../passwd\n" + hashOf("x") +
                                             " 644 plain /etc/shadow\n");
        makeLink(release.mid(13), "/etc/sixgate/current");
        makeLink(release.mid(13), "/etc/sixgate/active");
        writeFile("/etc/sixgate/acme/main.ini", "the secret of main\n", 0600);
        writeFile("/etc/sixgate/acme/gone.ini", "the secret of gone\n", 0600);
        writeFile("/etc/apache2/mods-available/ssl.load", "");
        makeLink("/dev/null", "/etc/apache2/sites-loose");
        writeFile("/etc/apache2/mods-enabled/ssl.load", "");
        writeFile("/etc/apache2/mods-enabled/_odd.load", "");
        writeFile("/etc/apache2/sites-enabled/000-default.conf", "");
        writeFile("/etc/apache2/sites-enabled/_default.conf", "");
        writeFile("/etc/apache2/sites-enabled/a b.conf", "");
        makeLink("/nowhere", "/etc/apache2/sites-enabled/broken.conf");
        const QByteArray longName(200, 'l');
        for (const QByteArray &lineage : {QByteArray("cloud"), longName, QByteArray("_x"), QByteArray("bad")}) {
            writeFile("/etc/letsencrypt/live/" + lineage + "/cert.pem",
                      lineage == "bad" ? QByteArray("no certificate") : certificate.pem());
            writeFile("/etc/letsencrypt/renewal/" + lineage + ".conf",
                      "# renew_before_expiry = 30 days\n[renewalparams]\nauthenticator = dns-rfc2136\nserver = "
                      "https://acme.example.net/dir\ndns_rfc2136_credentials = /etc/sixgate/acme/main.ini\n");
        }

        FactsQuestions questions;
        questions.packages = {text("perl-base"), text("surely-not-there")};
        questions.files = {{text("/etc/sixgate/current/apache/cloud.conf"), hashOf("cloud\n"), false},
                           {text("/etc/sixgate/current/apache/new.conf"), hashOf("new\n"), false},
                           {text("/etc/sixgate/acme/main.ini"), hashOf("another"), true},
                           {text("/etc/apache2/sites-available/zz-sixgate.conf"), hashOf(""), false}};
        const QByteArray answer = answerTo(questions);
        QVERIFY2(!answer.contains(QByteArray("the secret of").toBase64().left(12)), answer);
        const auto facts = parseVpsFacts(answer);
        QVERIFY2(facts, facts ? "" : qPrintable(facts.error().detail));

        QCOMPARE(facts->osId, text("debian"));
        QCOMPARE(facts->osVersion, text("12"));
        QCOMPARE(facts->osName, text("Debian GNU/Linux 12 (bookworm)"));
        QCOMPARE(facts->uid, 0);
        QVERIFY(!facts->systemd); // /run is the test's own
        QVERIFY(facts->hasGlobalIpv6);
        QVERIFY(facts->freeBytes > 0 && facts->freeForPackages >= 0);
        QVERIFY(std::abs(facts->clock.secsTo(QDateTime::currentDateTimeUtc())) < 60);
        QVERIFY(!facts->apacheActive && !facts->certbotTimerActive);
        QCOMPARE(facts->deployedId, text("0123456789abcdef"));
        QVERIFY(!facts->push.any && !facts->push.account && facts->push.sshd.empty());
        QCOMPARE(facts->apacheModules, std::set<QString>{text("ssl")});
        QCOMPARE(facts->apacheSites, std::set<QString>{text("000-default")});

        const auto &files = facts->files;
        QCOMPARE(files.size(), size_t(7)); // the four asked for, old.conf, the manifest, the secret that it names
        QCOMPARE(files.at(questions.files[0].path).sha256, hashOf("cloud\n"));
        QCOMPARE(files.at(questions.files[0].path).mode, 0644);
        QCOMPARE(files.at(questions.files[0].path).content, QByteArray()); // as wanted: not sent
        QCOMPARE(files.at(questions.files[1].path).sha256, QByteArray());
        QCOMPARE(files.at(questions.files[2].path).sha256, hashOf("the secret of main\n"));
        QCOMPARE(files.at(questions.files[2].path).mode, 0600);
        QCOMPARE(files.at(questions.files[2].path).content, QByteArray());
        QCOMPARE(files.at(text("/etc/sixgate/current/apache/old.conf")).content, QByteArray("old\n"));
        QCOMPARE(files.at(text("/etc/sixgate/acme/gone.ini")).content, QByteArray());
        QVERIFY(files.count(text("/etc/sixgate/current/manifest")));

        QCOMPARE(facts->certificates.size(), size_t(2));
        QCOMPARE(facts->certificates.at(text("cloud")).names,
                 (std::vector<QString>{text("cloud.example.org"), text("www.example.org")}));
        QVERIFY(facts->certificates.count(QString::fromLatin1(longName)));
        QCOMPARE(facts->renewals.at(text("cloud")).directory, text("https://acme.example.net/dir"));
        QCOMPARE(facts->renewals.at(text("cloud")).means, text("/etc/sixgate/acme/main.ini"));

        // Half a deployment is none.
        unlink("/etc/sixgate/active");
        QCOMPARE(parseVpsFacts(answerTo(questions))->deployedId, QString());
    }

    // A release that has never proven itself is taken back by the next run: what comes then is what counts.
    void unprovenRelease()
    {
        const QByteArray proven = "releases/aaaaaaaaaaaaaaaa-20260101-000000-0000000a";
        writeFile("/etc/sixgate/" + proven + "/apache/cloud.conf", "proven\n");
        writeFile("/etc/sixgate/releases/bbbbbbbbbbbbbbbb-20260101-000000-0000000b/apache/cloud.conf", "new\n");
        writeFile("/etc/sixgate/releases/bbbbbbbbbbbbbbbb-20260101-000000-0000000b/apache/more.conf", "new\n");
        for (const char *link : {"/etc/sixgate/current", "/etc/sixgate/active"})
            unlink(link);
        makeLink(proven, "/etc/sixgate/current");
        makeLink(proven, "/etc/sixgate/active");
        const FactsQuestions questions{{}, {{text("/etc/sixgate/current/apache/cloud.conf"), hashOf("x"), false}}};
        QCOMPARE(parseVpsFacts(answerTo(questions))->deployedId, text("aaaaaaaaaaaaaaaa"));
        // Something is to be taken back.
        writeFile("/var/lib/sixgate/runs/20260101-000000-0000000b/undo", "");
        auto facts = parseVpsFacts(answerTo(questions));
        QCOMPARE(facts->deployedId, QString());
        QVERIFY(!facts->busy); // by nobody
        unlink("/var/lib/sixgate/runs/20260101-000000-0000000b/undo");
        unlink("/etc/sixgate/current");
        makeLink("releases/bbbbbbbbbbbbbbbb-20260101-000000-0000000b", "/etc/sixgate/current");
        facts = parseVpsFacts(answerTo(questions));
        QCOMPARE(facts->deployedId, QString());
        QCOMPARE(facts->files.at(questions.files[0].path).content, QByteArray("proven\n"));
        QVERIFY(!facts->files.count(text("/etc/sixgate/current/apache/more.conf")));
    }

    // One step back is to what is not the same as the current deployment.
    void previous()
    {
        const QByteArray now = "aaaaaaaaaaaaaaaa-20260103-000000-00000003";
        const QByteArray same = "aaaaaaaaaaaaaaaa-20260102-000000-00000002";
        const QByteArray other = "7777777777777777-20260101-000000-00000001";
        for (const QByteArray &one : {now, same, other}) {
            writeFile("/etc/sixgate/releases/" + one + "/manifest", "x\n");
            writeFile("/var/lib/sixgate/runs/" + one.mid(17) + "/result", "result\tdone\t\t\n");
        }
        for (const char *link : {"/etc/sixgate/current", "/etc/sixgate/active"}) {
            unlink(link);
            makeLink("releases/" + now, link);
        }
        QCOMPARE(parseVpsFacts(answerTo({}))->previousId, text("7777777777777777"));
        unlink(QByteArray("/var/lib/sixgate/runs/" + other.mid(17) + "/result").constData());
        QCOMPARE(parseVpsFacts(answerTo({}))->previousId, QString());
    }

    void editedCredentials_data()
    {
        QTest::addColumn<QByteArray>("current"); // what the current release's manifest says of them
        QTest::addColumn<QByteArray>("before");  // what that of the release before says
        QTest::addColumn<bool>("edited");
        const QByteArray as = hashOf("as it is\n"), other = hashOf("otherwise");
        QTest::newRow("as the release has them") << as << QByteArray() << false;
        QTest::newRow("as an earlier release had them") << QByteArray() << as << false;
        QTest::newRow("edited") << other << QByteArray() << true;
        QTest::newRow("edited, and not needed any more") << QByteArray() << other << true;
    }

    void editedCredentials()
    {
        QFETCH(QByteArray, current);
        QFETCH(QByteArray, before);
        QFETCH(bool, edited);
        const auto manifest = [](const QByteArray &hash) {
            return hash.isEmpty() ? QByteArray("x\n") : hash + " 600 secret /etc/sixgate/acme/hand.ini\n";
        };
        for (const char *link : {"/etc/sixgate/current", "/etc/sixgate/active"}) {
            unlink(link);
            makeLink("releases/cccccccccccccccc-20260101-000000-0000000c", link);
        }
        writeFile("/etc/sixgate/releases/cccccccccccccccc-20260101-000000-0000000c/manifest", manifest(current));
        writeFile("/etc/sixgate/releases/8888888888888888-20260101-000000-00000008/manifest", manifest(before));
        writeFile("/etc/sixgate/acme/hand.ini", "as it is\n", 0600);
        const auto facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts);
        QCOMPARE(bool(facts->edited.count(text("/etc/sixgate/acme/hand.ini"))), edited);
        QCOMPARE(facts->files.at(text("/etc/sixgate/acme/hand.ini")).content, QByteArray());
        unlink("/etc/sixgate/acme/hand.ini");
        unlink("/etc/sixgate/releases/8888888888888888-20260101-000000-00000008/manifest");
    }

    // Credentials that no manifest names are told, too, and certificates that others use are no longer Sixgate's.
    void whatNobodyNeeds()
    {
        const proxytest::Identity certificate = proxytest::issue({"x", {"cloud.example.org"}});
        for (const QByteArray &name : {QByteArray("served"), QByteArray("unused"), QByteArray("shared")}) {
            writeFile("/etc/letsencrypt/live/" + name + "/cert.pem", certificate.pem());
            writeFile("/etc/letsencrypt/renewal/" + name + ".conf",
                      "authenticator = dns-rfc2136\nserver = https://acme.example.net/dir\n"
                      "dns_rfc2136_credentials = /etc/sixgate/acme/" +
                          name + ".ini\n");
            writeFile("/etc/sixgate/acme/" + name + ".ini", "the secret of " + name + '\n', 0600);
        }
        writeFile("/etc/sixgate/acme/.sixgate-x", "left over\n", 0600);
        for (const char *link : {"/etc/sixgate/current", "/etc/sixgate/active"}) {
            unlink(link);
            makeLink("releases/cccccccccccccccc-20260101-000000-0000000c", link);
        }
        mkdir("/etc/sixgate/releases/cccccccccccccccc-20260101-000000-0000000c", 0755);
        writeFile("/etc/sixgate/current/apache/a.conf",
                  "SSLCertificateFile /etc/letsencrypt/live/served/fullchain.pem\n");
        writeFile("/etc/postfix/main.cf", "smtpd_tls_cert_file=/etc/letsencrypt/live/served/fullchain.pem\n"
                                          "smtpd_tls_key_file=/etc/letsencrypt/live/shared/privkey.pem\n");
        const auto facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts);
        QCOMPARE(facts->renewals.at(text("served")).means, text("/etc/sixgate/acme/served.ini"));
        QCOMPARE(facts->renewals.at(text("unused")).means, text("/etc/sixgate/acme/unused.ini"));
        QCOMPARE(facts->renewals.at(text("shared")).means, QString());
        QVERIFY(facts->files.count(text("/etc/sixgate/acme/served.ini")));
        QVERIFY(facts->files.count(text("/etc/sixgate/acme/unused.ini")));
        QVERIFY(!facts->files.count(text("/etc/sixgate/acme/shared.ini")));
        QVERIFY(!facts->files.count(text("/etc/sixgate/acme/.sixgate-x")));
    }

    // Certificates by HTTP-01, what was asked of the authority, how rehearsals of renewals ended.
    void challenges()
    {
        const proxytest::Identity certificate = proxytest::issue({"x", {"cloud.example.org"}});
        const auto renews = [&](const QByteArray &name, const QByteArray &lines) {
            writeFile("/etc/letsencrypt/live/" + name + "/cert.pem", certificate.pem());
            writeFile("/etc/letsencrypt/renewal/" + name + ".conf",
                      "[renewalparams]\n" + lines + "server = https://acme.example.net/dir\n");
        };
        renews("ours", "authenticator = webroot\nwebroot_path = /var/lib/sixgate-acme,\n[[webroot_map]]\n"
                       "cloud.example.org = /var/lib/sixgate-acme\n");
        renews("foreign", "authenticator = webroot\nwebroot_path = /var/www/html,\n");
        renews("apache", "authenticator = apache\nwebroot_path = /var/lib/sixgate-acme,\n");
        renews("talks", "authenticator = manual\nmanual_auth_hook = /usr/bin/perl /etc/sixgate/acme/hook.pl add "
                        "/etc/sixgate/acme/talks.json\n");
        renews("scripted", "authenticator = manual\nmanual_auth_hook = /usr/bin/perl /root/hook.pl add x\n");
        renews("delegated", "authenticator = dns-standalone\nrenew_hook = env SIXGATE=delegated systemctl "
                            "try-reload-or-restart apache2.service\n");
        renews("standalone", "authenticator = dns-standalone\nrenew_hook = systemctl reload apache2.service\n");
        const auto none = parseVpsFacts(answerTo({}));
        QVERIFY(none);
        QCOMPARE(none->renewals.at(text("talks")).means, text("/etc/sixgate/acme/talks.json"));
        QCOMPARE(none->renewals.at(text("scripted")).means, QString());
        QCOMPARE(none->renewals.at(text("delegated")).means, text("delegated"));
        QCOMPARE(none->renewals.at(text("standalone")).means, QString());
        QCOMPARE(none->renewals.at(text("ours")).means, text("/var/lib/sixgate-acme"));
        QCOMPARE(none->renewals.at(text("foreign")).means, text("/var/www/html"));
        QCOMPARE(none->renewals.at(text("apache")).means, QString());
        QVERIFY(!none->webroot && none->acmeAttempts.empty() && !none->renewalTest.any);

        const QByteArray folder = "/var/lib/sixgate-acme/.well-known/acme-challenge";
        writeFile(folder + "/x", "x");
        writeFile("/var/lib/sixgate/acme-attempts",
                  "1790000000 failed https://acme.example.net/dir cloud.example.org,www.example.org 0\n"
                  "1790000001 issued https://acme.example.net/dir cloud.example.org 0\n"
                  "1790000002 limited https://acme.example.net/dir cloud.example.org 1790003600\n"
                  "what somebody wrote\n1790000003 lost https://acme.example.net/dir cloud.example.org 0\n");
        writeFile("/var/lib/sixgate-renewal/result", "ours 1790000000 1 =\nphotos 1790000100 0 bm8gc3VjaCBmaWxl\nx\n");
        writeFile("/etc/systemd/system/sixgate-renewal-test.service", "unit\n");
        const auto facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts);
        QVERIFY(facts->webroot && facts->renewalTest.any && !facts->renewalTest.running && !facts->renewalTest.busy);
        QCOMPARE(facts->acmeAttempts.size(), size_t(3));
        QCOMPARE(facts->acmeAttempts[0].end, AcmeEnd::Failed);
        QCOMPARE(facts->acmeAttempts[0].names.size(), size_t(2));
        QCOMPARE(facts->acmeAttempts[0].at.toSecsSinceEpoch(), qint64(1790000000));
        QVERIFY(!facts->acmeAttempts[0].until.isValid());
        QCOMPARE(facts->acmeAttempts[1].end, AcmeEnd::Issued);
        QCOMPARE(facts->acmeAttempts[2].until.toSecsSinceEpoch(), qint64(1790003600));
        QCOMPARE(facts->renewalTest.ended.size(), size_t(2));
        QVERIFY(facts->renewalTest.ended.at(text("ours")).good);
        QCOMPARE(facts->renewalTest.ended.at(text("photos")).text, text("no such file"));
        QCOMPARE(facts->renewalTest.serviceSha256,
                 QCryptographicHash::hash("unit\n", QCryptographicHash::Sha256).toHex());
        QVERIFY(facts->renewalTest.timerSha256.isEmpty());
        // Others may write there.
        chmod(folder.constData(), 0777);
        QVERIFY(!parseVpsFacts(answerTo({}))->webroot);
    }

    // The account, its keys and its service, as a run makes them and otherwise.
    void thePush()
    {
        const QByteArray home = "/var/lib/sixgate-push", unit = "/etc/systemd/system/sixgate-push.service";
        const auto account = [](const QByteArray &folder) {
            QFile passwd(text("/etc/passwd"));
            QFile shadow(text("/etc/shadow"));
            QVERIFY(passwd.open(QIODevice::ReadWrite) && shadow.open(QIODevice::WriteOnly));
            QByteArray lines;
            for (const QByteArray &one : passwd.readAll().split('\n')) {
                if (!one.startsWith("sixgate-push:") && !one.isEmpty())
                    lines += one + '\n';
            }
            passwd.seek(0);
            passwd.resize(0);
            passwd.write(lines + "sixgate-push:x:61234:61234::" + folder + ":/bin/sh\n");
            shadow.write("sixgate-push:*:20000::::::\n");
        };
        account(home);
        auto facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts && facts->push.any && facts->push.account && !facts->push.keys && !facts->push.running);
        writeFile(home + "/.ssh/x", "");
        makeLink("/etc/sixgate/current/push/authorized_keys", home + "/.ssh/authorized_keys");
        writeFile(unit, "unit\n");
        // sshd is asked only where somebody wants to push.
        facts = parseVpsFacts(
            answerTo({{}, {{text("/etc/sixgate/current/push/authorized_keys"), hashOf("keys\n"), false}}}));
        QVERIFY(facts && facts->push.account && facts->push.keys);
        QCOMPARE(facts->push.unitSha256, hashOf("unit\n"));
        chmod(home.constData(), 0777);
        account("/home/somebody");
        facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts && facts->push.any && !facts->push.account && !facts->push.keys);
    }

    void everySize()
    {
        // Base64 of each remainder, and of all bytes.
        for (const int size : {0, 1, 2, 3, 44, 45, 46, 47, 1000}) {
            QByteArray content;
            for (int i = 0; i < size; ++i)
                content += char(i * 37);
            writeFile("/etc/sixgate/x", content);
            const auto facts = parseVpsFacts(answerTo({{}, {{text("/etc/sixgate/x"), hashOf("other"), false}}}));
            QVERIFY(facts);
            QCOMPARE(facts->files.at(text("/etc/sixgate/x")).content, content);
        }
    }

    // A firewall of this machine's own, as nft tells it.
    void theFirewall()
    {
        QProcess nft;
        nft.start(QStringLiteral("nft"), {QStringLiteral("-f"), QStringLiteral("-")});
        nft.write(
            "table inet filter {\n set s { type ipv4_addr; }\n chain input {\n type filter hook input priority 0; "
            "policy drop;\n tcp dport 80 accept\n }\n}\n");
        for (int i = 0; i < 1000; ++i)
            nft.write("add element inet filter s { 192.0." + QByteArray::number(i / 250) + '.' +
                      QByteArray::number(i % 250) + " }\n");
        nft.closeWriteChannel();
        QVERIFY2(nft.waitForFinished() && nft.exitCode() == 0, nft.readAllStandardError());
        // What the VPS has no ufw for is not asked; /etc/ufw is no ufw yet.
        mkdir("/etc/ufw", 0755);
        const auto facts = parseVpsFacts(answerTo({}));
        QVERIFY(facts);
        QVERIFY2(facts->nft.contains("\t\ttcp dport 80 accept\n"), facts->nft);
        QVERIFY(facts->nft.contains("elements = { ... }") && !facts->nft.contains("192.0.2.1"));
        QCOMPARE(facts->outerInterface, QString()); // there is no way to the internet here
        nft.start(QStringLiteral("nft"), {QStringLiteral("flush"), QStringLiteral("ruleset")});
        QVERIFY(nft.waitForFinished());
        QCOMPARE(parseVpsFacts(answerTo({}))->nft, QByteArray());
    }

    void parse_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("fits");
        const QByteArray good = common();
        const auto row = [&good](const char *name, const QByteArray &more, bool fits) {
            QTest::newRow(name) << good + more + "end\n" << fits;
        };
        row("the least", {}, true);
        row("room in /usr", line("usr", {"1000"}), true);
        row("room in /usr twice", line("usr", {"1"}) + line("usr", {"1"}), false);
        row("room in /usr below none", line("usr", {"-1"}), false);
        row("push", line("push", {"1", "1", "0", "1", hashOf("")}), true);
        row("no push", line("push", {"0", "0", "0", "0", ""}), true);
        row("push twice", line("push", {"0", "0", "0", "0", ""}) + line("push", {"0", "0", "0", "0", ""}), false);
        row("push perhaps", line("push", {"0", "2", "0", "0", ""}), false);
        row("push with another hash", line("push", {"0", "0", "0", "0", "x"}), false);
        row("alarm", line("alarm", {"1", "1", "0", hashOf(""), hashOf("a"), hashOf("b"), hashOf("c"), hashOf("d")}),
            true);
        row("no alarm", line("alarm", {"0", "0", "0", "", "", "", "", ""}), true);
        row("alarm twice",
            line("alarm", {"0", "0", "0", "", "", "", "", ""}) + line("alarm", {"0", "0", "0", "", "", "", "", ""}),
            false);
        row("alarm perhaps", line("alarm", {"0", "x", "0", "", "", "", "", ""}), false);
        row("alarm with another hash", line("alarm", {"0", "0", "0", "", "", "", "", "x"}), false);
        row("alarm without hashes", line("alarm", {"0", "0", "0"}), false);
        row("sshd", line("sshd", {"allowusers", "ada", "bob"}) + line("sshd", {"allowusers", "eve"}), true);
        row("sshd with an odd key", line("sshd", {"allow users", "ada"}), false);
        row("sshd without a word", line("sshd", {"allowusers"}), false);
        row("sshd without end", line("sshd", {"allowusers", "a"}).repeated(1001), false);
        row("package", line("package", {"apache2", "2.4"}), true);
        row("package twice", line("package", {"apache2", "2.4"}) + line("package", {"apache2", "2.4"}), false);
        row("package with a line end", line("package", {"apache2\n", "2.4"}), false);
        row("unknown key", line("shell", {"sh"}), false);
        row("empty line", "\n", false);
        row("no values", "package\n", false);
        row("too many values", line("uid", {"0", "0"}), false);
        row("twice", line("uid", {"0"}), false);
        row("no base64", "module\t!!!!\n", false);
        row("module", line("module", {"proxy_http"}), true);
        row("module with a path", line("module", {"../x"}), false);
        row("site", line("site", {"zz-sixgate"}), true);
        row("listener", line("listener", {"443 apache2"}), true);
        row("listener on another port", line("listener", {"22 sshd"}), false);
        row("listener with a terminal's orders", line("listener", {"443 \033[2J"}), false);
        row("file", line("file", {"/etc/sixgate/x", hashOf("a"), "644", "a"}), true);
        row("absent file", line("file", {"/etc/sixgate/x", "", "", ""}), true);
        row("file twice", line("file", {"/etc/sixgate/x", "", "", ""}) + line("file", {"/etc/sixgate/x", "", "", ""}),
            false);
        row("file elsewhere", line("file", {"/etc/passwd", "", "", ""}), false);
        row("file upwards", line("file", {"/etc/sixgate/../passwd", "", "", ""}), false);
        row("file upwards at the end", line("file", {"/etc/sixgate/..", "", "", ""}), false);
        row("bad hash", line("file", {"/etc/sixgate/x", "abc", "644", ""}), false);
        row("bad mode", line("file", {"/etc/sixgate/x", hashOf("a"), "888", ""}), false);
        row("mode too large", line("file", {"/etc/sixgate/x", hashOf("a"), "77777", ""}), false);
        row("certificate that is none", line("certificate", {"cloud", "x"}), true);
        row("lineage with a path", line("certificate", {"../x", "x"}), false);
        row("firewalls", line("ufw", {"Status: active\n"}) + line("nft", {"table inet x {\n}\n"}), true);
        row("firewall twice", line("ufw", {"a"}) + line("ufw", {"a"}), false);
        row("as many rules as may be", line("nft", {QByteArray(512 * 1024, 'x')}), true);
        row("too many rules", line("nft", {QByteArray(512 * 1024 + 1, 'x')}), false);
        row("too much of ufw", line("ufw", {QByteArray(512 * 1024 + 1, 'x')}), false);
        row("outer interface", line("outer", {"ens3.7@x"}), true);
        row("outer interface twice", line("outer", {"eth0"}) + line("outer", {"eth0"}), false);
        row("outer interface with a line end", line("outer", {"eth0\n"}), false);
        row("outer interface too long", line("outer", {"abcdefghijklmnop"}), false);
        row("renewal", line("renewal", {"cloud", "https://x/", ""}), true);
        QTest::newRow("no end") << good << false;
        QTest::newRow("something after the end") << good + "end\nx\n" << false;
        QTest::newRow("cut") << good + "en" << false;
        QTest::newRow("nothing") << QByteArray() << false;
        QTest::newRow("end alone") << QByteArray("end\n") << false;
        QTest::newRow("too many lines") << good + line("module", {"a"}).repeated(20001) + "end\n" << false;
        for (const char *key :
             {"os", "uid", "systemd", "busy", "clock", "free", "ipv6", "apache", "timer", "deployed"}) {
            QByteArray without;
            for (const QByteArray &one : good.trimmed().split('\n'))
                without += one.startsWith(QByteArray(key) + '\t') ? QByteArray() : one + '\n';
            QTest::addRow("without %s", key) << without + "end\n" << false;
        }
        const auto instead = [&good](const char *name, const char *key, const QByteArray &value) {
            QByteArray changed;
            for (const QByteArray &one : good.trimmed().split('\n'))
                changed += one.startsWith(QByteArray(key) + '\t') ? line(key, {value}) : one + '\n';
            QTest::newRow(name) << changed + "end\n" << false;
        };
        instead("negative user", "uid", "-1");
        instead("user that is no number", "uid", "root");
        instead("clock before time", "clock", "-5");
        instead("clock after all time", "clock", "999999999999999");
        instead("flag that is none", "systemd", "yes");
        instead("release that is none", "deployed", "../../x");
    }

    void parse()
    {
        QFETCH(QByteArray, answer);
        QFETCH(bool, fits);
        const auto facts = parseVpsFacts(answer);
        QCOMPARE(bool(facts), fits);
        if (!fits) {
            QCOMPARE(facts.error().code, ErrorCode::Protocol);
            QVERIFY(!facts.error().detail.contains(QChar(27)));
        }
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestVpsFacts test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_vps_facts.moc"
