// What goes to the VPS: the steps by tables with hostile values.

#include "bundles.h"

#include <QCryptographicHash>
#include <QTest>

using namespace bundles;

namespace
{

WriteFile write(const QString &to, const QByteArray &expected = {}, int mode = 0644)
{
    return {to, mode, "content\n", false, expected};
}

ObtainCertificate certificate(const char *lineage = "cloud", int seconds = 30,
                              const char *credentials = "/etc/sixgate/acme/main.ini")
{
    return {path(lineage),
            {host("cloud.example.org"), host("bücher.example.org")},
            must(HttpsUrl::parse(QStringLiteral("https://acme.example.net/directory"))),
            must(Mail::parse(QStringLiteral("o'neil+x@example.org"))),
            std::chrono::seconds(seconds),
            path(credentials)};
}

Result<QByteArray> steps(const std::vector<Change> &changes)
{
    std::vector<QByteArray> blobs;
    return deploymentSteps(changes, blobs);
}

} // namespace

class TestBundle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneLineAStep()
    {
        std::vector<QByteArray> blobs;
        const auto text = deploymentSteps(
            {change(InstallPackages{{path("apache2"), path("python3-certbot-dns-rfc2136")}}, path("vps.packages")),
             change(write(path("/etc/sixgate/current/apache/cloud.conf")), path("vps.file.1")),
             change(write(path("/etc/sixgate/acme/main.ini"), someHash, 0600), path("vps.file.2")),
             change(DeleteFile{path("/etc/sixgate/current/apache/old.conf"), someHash}, path("vps.file.3")),
             change(EnableModules{{path("ssl"), path("proxy_http")}}, path("vps.modules")),
             change(certificate(), path("vps.certificate.cloud")),
             change(EnableSite{path("zz-sixgate")}, path("vps.site")), change(activation(), path("vps.activate")),
             change(SetUpPush{true}, path("vps.push")),
             change(ForgetCertificate{path("old")}, path("vps.certificate.old"))},
            blobs);
        QVERIFY(text);
        const QByteArray hash = QCryptographicHash::hash("content\n", QCryptographicHash::Sha256).toHex();
        QCOMPARE(*text, "packages\tvps.packages\tapache2\tpython3-certbot-dns-rfc2136\n"
                        "write\tvps.file.1\t/etc/sixgate/current/apache/cloud.conf\t644\t-\t" +
                            hash +
                            "\t0\n"
                            "write\tvps.file.2\t/etc/sixgate/acme/main.ini\t600\t" +
                            someHash + '\t' + hash +
                            "\t1\n"
                            "delete\tvps.file.3\t/etc/sixgate/current/apache/old.conf\t" +
                            someHash +
                            "\n"
                            "modules\tvps.modules\tssl\tproxy_http\n"
                            "certificate\tvps.certificate.cloud\tcloud\t" +
                            QByteArray("https://acme.example.net/directory").toBase64() + '\t' +
                            QByteArray("o'neil+x@example.org").toBase64() +
                            "\t30\t/etc/sixgate/acme/main.ini\tcloud.example.org,xn--bcher-kva.example.org\n"
                            "site\tvps.site\tzz-sixgate\n"
                            "activate\tvps.activate\t0123456789abcdef\t-\n"
                            "push\tvps.push\ton\n"
                            "forget\tvps.certificate.old\told\n");
        QCOMPARE(*steps({change(SetUpPush{false})}), QByteArray("push\tvps.x\toff\n"));
        QCOMPARE(blobs.size(), size_t(2));
    }

    void byHttp()
    {
        ObtainCertificate one = certificate("cloud", 0, "");
        one.handOver = host("vps.example.org");
        QCOMPARE(*steps({change(one)}), "certificate\tvps.x\tcloud\t" +
                                            QByteArray("https://acme.example.net/directory").toBase64() + '\t' +
                                            QByteArray("o'neil+x@example.org").toBase64() +
                                            "\thttp\tvps.example.org\tcloud.example.org,xn--bcher-kva.example.org\n");
        one.handOver.reset();
        one.delegatedTo = host("vps.example.org");
        QVERIFY(steps({change(one)})
                    ->endsWith("\tdelegated\tvps.example.org\tcloud.example.org,xn--bcher-kva.example.org\n"));
        one.delegatedTo.reset();
        QVERIFY(!steps({change(one)}));
        QCOMPARE(*steps({change(SetUpRenewalTest{})}), QByteArray("renewals\tvps.x\ton\n"));
        QCOMPARE(*steps({change(SetUpRenewalTest{false})}), QByteArray("renewals\tvps.x\toff\n"));
    }

    void alarm()
    {
        std::vector<QByteArray> blobs{"another"};
        const QByteArray settings("{\"url\":\"https://hook.example.org/wo0dp3cker\"}\n");
        const auto text = deploymentSteps({change(SetUpAlarm{settings})}, blobs);
        QCOMPARE(*text, "alarm\tvps.x\ton\t1\t" +
                            QCryptographicHash::hash(settings, QCryptographicHash::Sha256).toHex() + '\n');
        QCOMPARE(blobs.back(), settings);
        QCOMPARE(*steps({change(SetUpAlarm{})}), QByteArray("alarm\tvps.x\toff\n"));
    }

    void identifiers_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *id, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(id) << fits;
        };
        row("plain", "vps.file.apache.cloud.conf", true);
        row("digit first", "1", true);
        row("empty", "", false);
        row("dash first", "-x", false);
        row("dot first", ".x", false);
        row("capital", "Vps", false);
        row("tab", "a\tb", false);
        row("line end", "a\nactivate", false);
        row("trailing line end", "a\n", false);
        row("space", "a b", false);
        row("umlaut", "ü", false);
    }

    void identifiers()
    {
        QFETCH(QString, id);
        QFETCH(bool, fits);
        const auto text = steps({change(activation(), id)});
        QCOMPARE(bool(text), fits);
        if (!fits)
            QCOMPARE(text.error().code, ErrorCode::Invalid);
    }

    void words_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *word, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(word) << fits;
        };
        row("package", "libstdc++6", true);
        row("module", "proxy_http", true);
        row("empty", "", false);
        row("option", "-o", false);
        row("long option", "--allow-unauthenticated", false);
        row("path", "./x.deb", false);
        row("absolute path", "/tmp/x.deb", false);
        row("tab", "a\tb", false);
        row("line end", "a\nb", false);
        row("trailing line end", "a\n", false);
        row("command", "a;reboot", false);
        row("substitution", "$(reboot)", false);
        row("version", "apache2=2.4", false);
        row("architecture", "apache2:i386", false);
        row("umlaut", "apächе", false);
    }

    void words()
    {
        QFETCH(QString, word);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(InstallPackages{{QStringLiteral("openssl"), word}})})), fits);
        QCOMPARE(bool(steps({change(EnableModules{{word}})})), fits);
        QCOMPARE(bool(steps({change(EnableSite{word})})), fits);
        QCOMPARE(bool(steps({change(certificate(qPrintable(word)))})), fits);
        QCOMPARE(bool(steps({change(ForgetCertificate{word})})), fits);
    }

    void paths_data()
    {
        QTest::addColumn<QString>("to");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *to, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(to) << fits;
        };
        row("of the release", "/etc/sixgate/current/apache/cloud.conf", true);
        row("credentials", "/etc/sixgate/acme/main.ini", true);
        row("site", "/etc/apache2/sites-available/zz-sixgate.conf", true);
        row("dots in a name", "/etc/sixgate/a..b/c...", true);
        row("empty", "", false);
        row("relative", "etc/sixgate/x", false);
        row("elsewhere", "/etc/passwd", false);
        row("elsewhere in Apache's", "/etc/apache2/apache2.conf", false);
        row("beginning of a name", "/etc/sixgatex/y", false);
        row("the folder itself", "/etc/sixgate/", false);
        row("upwards", "/etc/sixgate/../passwd", false);
        row("upwards at the end", "/etc/sixgate/current/..", false);
        row("upwards at once", "/etc/apache2/sites-available/../apache2.conf", false);
        row("a dot", "/etc/sixgate/./x", false);
        row("a dot at the end", "/etc/sixgate/x/.", false);
        row("two slashes", "/etc/sixgate//x", false);
        row("space", "/etc/sixgate/a b", false);
        row("tab", "/etc/sixgate/a\t644", false);
        row("line end", "/etc/sixgate/a\nactivate", false);
        row("trailing line end", "/etc/sixgate/a\n", false);
        row("umlaut", "/etc/sixgate/ü", false);
        row("pattern", "/etc/sixgate/*", false);
    }

    void paths()
    {
        QFETCH(QString, to);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(write(to))})), fits);
        QCOMPARE(bool(steps({change(DeleteFile{to, someHash})})), fits);
        QCOMPARE(bool(steps({change(certificate("cloud", 30, to.toUtf8().constData()))})), fits);
    }

    void hashes_data()
    {
        QTest::addColumn<QByteArray>("hash");
        QTest::addColumn<bool>("fits");
        QTest::newRow("hash") << someHash << true;
        QTest::newRow("short") << someHash.left(63) << false;
        QTest::newRow("long") << someHash + 'a' << false;
        QTest::newRow("capital") << someHash.toUpper() << false;
        QTest::newRow("dash") << QByteArray("-") << false;
        QTest::newRow("line end") << someHash + '\n' << false;
        QTest::newRow("step") << someHash.left(40) + "\nactivate\ta\t0123456789abcdef\t-" << false;
    }

    void hashes()
    {
        QFETCH(QByteArray, hash);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(write(path("/etc/sixgate/x"), hash))})), fits);
        QCOMPARE(bool(steps({change(DeleteFile{path("/etc/sixgate/x"), hash})})), fits);
        // What is absent can be written, and not deleted.
        QVERIFY(steps({change(write(path("/etc/sixgate/x")))}));
        QVERIFY(!steps({change(DeleteFile{path("/etc/sixgate/x"), {}})}));
    }

    void otherBadValues()
    {
        for (const int mode : {-1, 010000})
            QVERIFY(!steps({change(write(path("/etc/sixgate/x"), {}, mode))}));
        QCOMPARE(steps({change(write(path("/etc/sixgate/x"), {}, 04))})->split('\t').value(3), QByteArray("004"));
        for (const int seconds : {-1, 10000})
            QVERIFY(!steps({change(certificate("cloud", seconds))}));
        ObtainCertificate nameless = certificate();
        nameless.names.clear();
        QVERIFY(!steps({change(nameless)}));
        QVERIFY(!steps({change(InstallPackages{})}));
        QVERIFY(!steps({change(EnableModules{})}));
        for (const char *bad :
             {"", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdef\n", "../..", "-"})
            QVERIFY2(!steps({change(activation(bad))}), bad);
        QVERIFY(!steps({change(activation("0123456789abcdef", "x"))}));
        // Records are another lane's.
        QVERIFY(!steps({change(SetRecords{label("main"),
                                          {host("a.example.org"), RecordType::A, {}, {}},
                                          {host("a.example.org"), RecordType::A, {}, {}}})}));
    }

    void firewalls_data()
    {
        QTest::addColumn<OpenPorts>("action");
        QTest::addColumn<QByteArray>("line");
        const auto nft = [](const char *family, const char *table, const char *chain) {
            return OpenPorts{FirewallKind::Nftables, {80, 443}, path(family), path(table), path(chain)};
        };
        const auto ufw = [](std::vector<int> ports) {
            return OpenPorts{FirewallKind::Ufw, std::move(ports), {}, {}, {}};
        };
        QTest::newRow("ufw") << ufw({443}) << QByteArray("443\tufw");
        QTest::newRow("nftables") << nft("inet", "filter", "input")
                                  << QByteArray("80,443\tnftables\tinet\tfilter\tinput");
        QTest::newRow("iptables' names") << nft("ip", "my_fw.1", "INPUT-4")
                                         << QByteArray("80,443\tnftables\tip\tmy_fw.1\tINPUT-4");
        const auto of = [](OpenPorts action, Traffic traffic, int one) {
            action.traffic = traffic;
            action.ports = {one};
            return action;
        };
        QTest::newRow("over IPv6") << of(ufw({}), Traffic::Challenges, 80) << QByteArray("80/6\tufw");
        QTest::newRow("over IPv6, in its table") << of(nft("ip6", "filter", "input"), Traffic::Challenges, 80)
                                                 << QByteArray("80/6\tnftables\tip6\tfilter\tinput");
        QTest::newRow("over IPv6, in that of IPv4")
            << of(nft("ip", "filter", "input"), Traffic::Challenges, 80) << QByteArray();
        QTest::newRow("over IPv6, another port") << of(ufw({}), Traffic::Challenges, 443) << QByteArray();
        QTest::newRow("questions") << of(ufw({}), Traffic::Questions, 53) << QByteArray("53\tufw");
        QTest::newRow("questions, in a table") << of(nft("ip6", "filter", "input"), Traffic::Questions, 53)
                                               << QByteArray("53\tnftables\tip6\tfilter\tinput");
        QTest::newRow("questions, another port") << of(ufw({}), Traffic::Questions, 80) << QByteArray();
        QTest::newRow("no port") << ufw({}) << QByteArray();
        QTest::newRow("another port") << ufw({22}) << QByteArray();
        QTest::newRow("one port twice") << ufw({80, 80}) << QByteArray();
        QTest::newRow("the other way round") << ufw({443, 80}) << QByteArray();
        QTest::newRow("family of IPv6") << nft("ip6", "filter", "input") << QByteArray();
        for (const char *bad :
             {"", "-f", "1", "a b", "a\tb", "a\n", "a;reboot", "$(reboot)", "{", "\"a\"", "a/b", "ü"}) {
            QTest::addRow("table %s", bad) << nft("inet", bad, "input") << QByteArray();
            QTest::addRow("chain %s", bad) << nft("inet", "filter", bad) << QByteArray();
        }
    }

    void firewalls()
    {
        QFETCH(OpenPorts, action);
        QFETCH(QByteArray, line);
        const auto text = steps({change(action)});
        QCOMPARE(bool(text), !line.isEmpty());
        if (text)
            QCOMPARE(*text, "firewall\tvps.x\t" + line + '\n');
        else
            QCOMPARE(text.error().code, ErrorCode::Invalid);
    }

    // No error text gives a content away.
    void errorsHoldNoContent()
    {
        const WriteFile secret{path("/etc/passwd"), 0600, "the secret", true, {}};
        const auto text = steps({change(secret)});
        QVERIFY(!text);
        QVERIFY(!(text.error().summary + text.error().detail + text.error().fix).contains(path("the secret")));
    }
};

QTEST_GUILESS_MAIN(TestBundle)
#include "tst_bundle.moc"
