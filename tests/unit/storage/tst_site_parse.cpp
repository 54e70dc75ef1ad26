// Site files that are good: what they mean, how they are written again, that example, schema and handbook agree.

#include "example.h"

#include "storage/sitefile.h"

#include <QProcess>
#include <QSet>
#include <QTemporaryFile>

using namespace sixgate;

namespace
{

/// All keys of a schema by the place of their object: "" for the site, "services[]", "vps[].ssh" …
void collectKeys(const QJsonObject &root, const QJsonObject &schema, const QString &place, QStringList &keys)
{
    const QString reference = schema[QStringLiteral("$ref")].toString();
    if (!reference.isEmpty())
        collectKeys(root, root[QStringLiteral("$defs")].toObject()[reference.section(QLatin1Char('/'), -1)].toObject(),
                    place, keys);
    for (const QJsonValue &one : schema[QStringLiteral("oneOf")].toArray())
        collectKeys(root, one.toObject(), place, keys);
    if (schema.contains(QStringLiteral("items")))
        collectKeys(root, schema[QStringLiteral("items")].toObject(), place + QStringLiteral("[0]"), keys);
    const QJsonObject properties = schema[QStringLiteral("properties")].toObject();
    for (auto one = properties.begin(); one != properties.end(); ++one) {
        const QString path = place.isEmpty() ? one.key() : place + QLatin1Char('.') + one.key();
        if (!keys.contains(path))
            keys << path;
        collectKeys(root, one->toObject(), path, keys);
    }
}

QStringList schemaKeys()
{
    const QJsonObject schema = QJsonDocument::fromJson(resource(u"site/site.schema.json")).object();
    QStringList keys;
    collectKeys(schema, schema, {}, keys);
    keys.sort();
    return keys;
}

} // namespace

class TestSiteParse : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void example()
    {
        const auto site = parseSite(exampleSite());
        QVERIFY2(site, site ? "" : qPrintable(site.error().summary));
        QCOMPARE(site->schema, 1);
        QCOMPARE(site->name.text(), QStringLiteral("home"));
        QCOMPARE(site->servers.size(), size_t(1));
        QCOMPARE(std::get<AddressFromInterfaceId>(site->servers[0].address).id.text(), QStringLiteral("::11"));
        QVERIFY(!site->servers[0].pinnedKey);
        QCOMPARE(site->dns[0].zone.ascii(), QStringLiteral("example.org"));
        QCOMPARE(serverAddressText(site->dns[0].update()->server), QStringLiteral("ns1.example.org"));
        QCOMPARE(int(site->dns[0].update()->port.number()), 53);
        QCOMPARE(site->dns[0].ttl.count(), 60);
        QCOMPARE(site->dns[0].update()->key.name.text(), QStringLiteral("sixgate-home"));
        QCOMPARE(tsigAlgorithmName(site->dns[0].acmeKey()->algorithm), QStringLiteral("hmac-sha256"));
        QCOMPARE(site->vps[0].host.ascii(), QStringLiteral("vps.example.org"));
        QCOMPARE(int(site->vps[0].sshPort.number()), 22);
        QCOMPARE(site->vps[0].acme.propagation.count(), 30);
        QVERIFY(!site->vps[0].acme.termsAgreed); // nobody agrees by copying
        QCOMPARE(site->services.size(), size_t(2));
        QCOMPARE(int(site->services[0].port.number()), 443);
        QCOMPARE(int(site->services[1].port.number()), 443);
        QCOMPARE(site->services[1].publicNames[1].ascii(), QStringLiteral("pictures.example.org"));
        QCOMPARE(site->services[1].probePath.text(), QStringLiteral("/"));
        // Written as Sixgate writes it.
        QCOMPARE(siteJson(*site), exampleSite());
    }

    void roundTrip_data()
    {
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("written"); // a part of the text that is written again
        const auto row = [](const char *changes, const char *written) {
            QTest::newRow(changes) << QString::fromUtf8(changes) << QString::fromUtf8(written);
        };
        row("name = \"flat-2\"", "\"name\": \"flat-2\"");
        row("servers[0].address = {\"from\": \"this-machine\"}", "\"from\": \"this-machine\"\n");
        row("servers[0].address = {\"from\": \"this-machine\", \"interface\": \"eth0.100\"}",
            "\"interface\": \"eth0.100\"");
        row("servers[0].address = {\"from\": \"lan-name\", \"lanName\": \"NAS.local\"}", "\"lanName\": \"nas.local\"");
        row("servers[0].address.interfaceId = \"02:00:5E:00:53:01\"", "\"interfaceId\": \"::5eff:fe00:5301\"");
        row("servers[0].pinnedKey = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "\"pinnedKey\": \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"");
        row("servers[1] = {\"name\": \"pi\", \"address\": {\"from\": \"this-machine\"}}", "\"name\": \"pi\"");
        row("dns[0].server = \"198.51.100.53\"", "\"server\": \"198.51.100.53\"");
        row("dns[0].server = \"2001:DB8::53\"", "\"server\": \"2001:db8::53\"");
        row("dns[0].server = \"NS1.Example.Net.\"", "\"server\": \"ns1.example.net\"");
        row("dns[0].port = 5353", "\"port\": 5353");
        row("dns[0].port = 53", "\"server\": \"ns1.example.org\",\n      \"key\"");
        row("dns[0].ttl = 1", "\"ttl\": 1,");
        row("dns[0].ttl = 86400", "\"ttl\": 86400");
        row("dns[0].key.algorithm = \"hmac-sha512\"", "\"algorithm\": \"hmac-sha512\"");
        row("dns[0].key.name = \"Sixgate.Example.ORG.\"", "\"name\": \"sixgate.example.org\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"rfc2136\", \"zone\": \"dyn.example.org\", \"server\": "
            "\"192.0.2.1\", \"key\": {\"name\": \"a\", \"algorithm\": \"hmac-sha256\"}, \"acmeKey\": {\"name\": \"b\", "
            "\"algorithm\": \"hmac-sha512\"}}",
            "\"zone\": \"dyn.example.org\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"desec\", \"zone\": \"dedyn.io\"}",
            "\"kind\": \"provider\",\n      \"provider\": \"desec\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"strato\", \"zone\": \"example.net\", "
            "\"ttl\": "
            "300, \"credentials\": {\"user\": \"example.net\"}}",
            "\"user\": \"example.net\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"custom\", \"zone\": \"example.net\", "
            "\"url\": "
            "\"https://dyn.example.net/nic/update?hostname={host}&myip={addresses}\", \"credentials\": {\"user\": "
            "\"me\"}}",
            "\"url\": \"https://dyn.example.net/nic/update?hostname={host}&myip={addresses}\"");
        // Words are no token.
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"custom\", \"zone\": \"example.net\", "
            "\"url\": "
            "\"https://a.example/dyndns-update-service?hostname={host}&myip={addresses}\", \"credentials\": {\"user\": "
            "\"me\"}}",
            "\"url\": \"https://a.example/dyndns-update-service?hostname={host}&myip={addresses}\"");
        for (const char *server : {"ns.example.net:8443", "https://ns.example.net:8443/"})
            row((QByteArray(
                     "dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"powerdns\", \"zone\": "
                     "\"example.net\", \"server\": \"") +
                 server + "\"}")
                    .constData(),
                "\"server\": \"ns.example.net:8443\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"powerdns\", \"zone\": "
            "\"example.net\", "
            "\"server\": \"https://ns.example.net:443\"}",
            "\"server\": \"ns.example.net\"\n");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"watched\", \"zone\": \"myfritz.net\"}",
            "\"kind\": \"watched\",\n      \"zone\": \"myfritz.net\"");
        row("services[0].challenge = \"delegated\"", "\"challenge\": \"delegated\"");
        row("dns[1] = {\"name\": \"two\", \"kind\": \"provider\", \"provider\": \"desec\", \"zone\": \"dedyn.io\", "
            "\"acmeCredentials\": \"shared\"}",
            "\"acmeCredentials\": \"shared\"");
        row("dns[0] = {\"name\": \"main\", \"kind\": \"provider\", \"provider\": \"desec\", \"zone\": \"example.org\"}",
            "\"provider\": \"desec\"");
        row("services[0].challenge = \"http\"", "\"challenge\": \"http\"");
        row("services[0].challenge = \"dns\"", "\"probePath\": \"/status.php\"\n");
        row("dns[0].acmeKey\nservices[0].challenge = \"http\"\nservices[1].challenge = \"http\"",
            "\"algorithm\": \"hmac-sha256\"\n      }\n    }\n  ],");
        row("vps[0].ssh.port = 2222", "\"port\": 2222");
        row("vps[0].ssh.keyFile = \"/etc/sixgate/key \\u00e4\"", "\"keyFile\": \"/etc/sixgate/key ä\"");
        row("vps[0].ssh.hostKeys[1] = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
            "uFU\", \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]");
        row("vps[0].acme.directory", "\"directory\": \"https://acme-v02.api.letsencrypt.org/directory\"");
        row("vps[0].acme.directory = \"https://[2001:db8::1]:14000/dir\"", "https://[2001:db8::1]:14000/dir");
        row("vps[0].acme.mail", "\"agreeToTerms\"");
        row("vps[0].acme.agreeToTerms = true", "\"agreeToTerms\": true");
        row("vps[0].acme.propagationSeconds = 0", "\"propagationSeconds\": 0");
        row("vps[0].acme.propagationSeconds = 3600", "\"propagationSeconds\": 3600");
        row("services[0].publicNames[0] = \"wölkchen.example.org\"", "xn--wlkchen-90a.example.org");
        row("services[0].probePath = \"/a%20b/~x\"", "\"probePath\": \"/a%20b/~x\"");
        row("services = []", "\"services\": []");
        row("services[1]", "\"name\": \"cloud\"");
        row("echo = []", "\"services\""); // nobody is asked
        row("echo = [\"https://IP.example.org\", \"http://ip4.example.org:8080/a/b\"]",
            "\"echo\": [\"https://ip.example.org/\", \"http://ip4.example.org:8080/a/b\"]");
        row("echo = [\"http://ip.example.org:80/\"]", "\"echo\": [\"http://ip.example.org/\"]");
        row("alarm = {\"mail\": {\"to\": \"Me@Example.ORG\"}}",
            "\"alarm\": {\n    \"mail\": {\n      \"to\": \"Me@example.org\"\n    }\n  }");
        row("alarm = {\"mail\": {\"to\": \"me@example.org\", \"from\": \"me@example.org\", \"smtp\": {\"host\": "
            "\"smtp.example.org\", \"port\": 587, \"security\": \"starttls\"}}, \"silence\": 600, \"lasting\": 180}",
            "\"to\": \"me@example.org\",\n      \"smtp\": {\n        \"host\": \"smtp.example.org\"\n      }\n    }\n "
            " }");
        row("alarm = {\"mail\": {\"to\": \"me@example.org\", \"from\": \"six@example.org\", \"smtp\": {\"host\": "
            "\"smtp.example.org\", \"port\": 587, \"security\": \"tls\", \"user\": \"me\"}}}",
            "\"from\": \"six@example.org\",\n      \"smtp\": {\n        \"host\": \"smtp.example.org\",\n        "
            "\"port\": 587,\n        \"security\": \"tls\",\n        \"user\": \"me\"\n");
        row("alarm = {\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"smtp.lan.example.org\", "
            "\"security\": \"none\"}}, \"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\"}, {\"name\": \"hc\", "
            "\"kind\": \"healthchecks\"}, {\"name\": \"own\", \"kind\": \"generic\"}], \"silence\": 120, "
            "\"lasting\": 30}",
            "\"kind\": \"generic\"\n      }\n    ],\n    \"silence\": 120,\n    \"lasting\": 30\n  }");
    }

    void roundTrip()
    {
        QFETCH(QString, changes);
        QFETCH(QString, written);
        const auto site = parseSite(changedExample(changes));
        QVERIFY2(site, site ? "" : qPrintable(site.error().summary));
        const QByteArray text = siteJson(*site);
        QVERIFY2(text.contains(written.toUtf8()), text.constData());
        const auto again = parseSite(text);
        QVERIFY2(again, again ? "" : qPrintable(again.error().summary));
        QCOMPARE(siteJson(*again), text);
    }

    void longestZoneWins()
    {
        const auto site = parseSite(changedExample(QStringLiteral(
            "dns[1] = {\"name\": \"two\", \"kind\": \"rfc2136\", \"zone\": \"dyn.example.org\", \"server\": "
            "\"192.0.2.1\", \"key\": {\"name\": \"a\", \"algorithm\": \"hmac-sha256\"}, \"acmeKey\": {\"name\": \"b\", "
            "\"algorithm\": \"hmac-sha512\"}}")));
        QVERIFY(site);
        const auto account = [&](const char *name) {
            const DnsAccount *found = site->accountFor(*Hostname::parse(QString::fromLatin1(name)));
            return found ? found->name.text() : QString();
        };
        QCOMPARE(account("cloud.example.org"), QStringLiteral("main"));
        QCOMPARE(account("cloud.dyn.example.org"), QStringLiteral("two"));
        QCOMPARE(account("dyn.example.org"), QStringLiteral("two"));
        QCOMPARE(account("notdyn.example.org"), QStringLiteral("main"));
        QCOMPARE(account("example.net"), QString());
    }

    void warnings()
    {
        const auto paths = [](const QString &changes) {
            const auto site = parseSite(changedExample(changes));
            QStringList found;
            if (!site)
                return found;
            for (const SiteWarning &one : siteWarnings(*site)) {
                if (one.summary.endsWith(QLatin1Char('.')))
                    found << one.path;
            }
            return found;
        };
        const QString terms = QStringLiteral("vps[0].acme.agreeToTerms");
        const QString hostKey = QStringLiteral("vps[0].ssh.hostKeys[0]");
        QCOMPARE(paths(QString()), (QStringList{QStringLiteral("dns[0].zone"), hostKey, terms}));
        QVERIFY(!paths(QStringLiteral("vps[0].acme.agreeToTerms = true")).contains(terms));
        QVERIFY(
            !paths(QStringLiteral("vps[0].ssh.hostKeys[0] = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""))
                 .contains(hostKey));
        QVERIFY(paths(QStringLiteral("dns[0].ttl = 59")).contains(QStringLiteral("dns[0].ttl")));
        QVERIFY(!paths(QStringLiteral("dns[0].ttl = 3600")).contains(QStringLiteral("dns[0].ttl")));
        QVERIFY(paths(QStringLiteral("dns[0].ttl = 3601")).contains(QStringLiteral("dns[0].ttl")));
        QVERIFY(paths(QStringLiteral("dns[0].server = \"2001:db8::53\"")).contains(QStringLiteral("dns[0].server")));
        QVERIFY(!paths(QStringLiteral("dns[0].server = \"9.9.9.9\"")).contains(QStringLiteral("dns[0].server")));
        QVERIFY(paths(QStringLiteral("echo = [\"http://ip.home.arpa/\"]")).contains(QStringLiteral("echo[0]")));
        QVERIFY(!paths(QStringLiteral("echo = [\"https://ip.home.arpa/\"]")).contains(QStringLiteral("echo[0]")));
        QVERIFY(paths(QStringLiteral("services[1].port = 8443")).contains(QStringLiteral("services[1].port")));
        QVERIFY(paths(QStringLiteral("services[1].upstreamName = \"ns1.example.org\""))
                    .contains(QStringLiteral("services[1].upstreamName")));
    }

    // Every key of the schema is known to the parser: with a value of a wrong type the error is about the type.
    // Every key that the parser knows is in the schema: the parser lists them when it refuses another one.
    void schemaAgrees()
    {
        const QStringList keys = schemaKeys();
        QVERIFY2(keys.size() > 40, qPrintable(QString::number(keys.size())));
        const QString alarm = QStringLiteral(
            "alarm = {\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"smtp.example.org\"}}, "
            "\"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\"}]}\n");
        for (const QString &key : keys) {
            QString changes;
            if (key == QLatin1String("servers[0].address.interface"))
                changes = QStringLiteral("servers[0].address = {\"from\": \"this-machine\"}\n");
            if (key == QLatin1String("servers[0].address.lanName"))
                changes = QStringLiteral("servers[0].address = {\"from\": \"lan-name\"}\n");
            if (key.startsWith(QLatin1String("alarm.")))
                changes = alarm;
            for (const char *own : {"dns[0].provider", "dns[0].url", "dns[0].credentials", "dns[0].acmeCredentials"}) {
                if (key == QLatin1String(own))
                    changes = QStringLiteral("dns[0] = {\"name\": \"main\", \"kind\": \"provider\", \"provider\": "
                                             "\"custom\", \"zone\": \"example.org\"}\n");
            }
            const auto refused = parseSite(changedExample(changes + key + QStringLiteral(" = [[]]")));
            QVERIFY2(!refused, qPrintable(key));
            const QString summary = refused.error().summary;
            QVERIFY2(summary.startsWith(key) && summary.contains(QStringLiteral("wanted")), qPrintable(key + summary));
        }
        QSet<QString> places{QString()};
        for (const QString &key : keys) {
            if (key.contains(QLatin1Char('.')))
                places << key.left(key.lastIndexOf(QLatin1Char('.')));
        }
        QCOMPARE(places.size(), 14);
        QStringList known;
        for (const QString &place : places) {
            const QString prefix = place.isEmpty() ? QString() : place + QLatin1Char('.');
            const auto refused = parseSite(changedExample(alarm + prefix + QStringLiteral("zzz = 1")));
            QVERIFY(!refused);
            const QString list = refused.error().summary.section(QStringLiteral("known here: "), 1).chopped(1);
            for (const QString &key : list.split(QStringLiteral(", ")))
                known << prefix + key;
        }
        known.sort();
        QCOMPARE(known, keys);
    }

    void schemaTakesTheExample_data()
    {
        QTest::addColumn<QString>("changes");
        QTest::addColumn<bool>("good");
        const auto row = [](const char *changes, bool good) {
            QTest::newRow(*changes ? changes : "as it is") << QString::fromUtf8(changes) << good;
        };
        row("", true);
        row("services[0].publicNames[0] = \"wölkchen.example.org\"", true);
        row("servers[0].address = {\"from\": \"this-machine\", \"interface\": \"eth0\"}", true);
        row("servers[0].address.interfaceId = \"02-00-5e-00-53-01\"", true);
        row("servers[0].address = {\"from\": \"lan-name\", \"lanName\": \"nas.local\"}", true);
        row("zzz = 1", false);
        row("name", false);
        row("vps[1] = {}", false);
        row("services[0].port = 70000", false);
        row("services[0].publicNames[0] = \"*.example.org\"", false);
        row("servers[0].address.interface = \"eth0\"", false);
        row("dns[0].key.secret = \"x\"", false);
        row("vps[0].ssh.hostKeys = []", false);
        row("echo = [\"https://ip.example.org/\", \"http://ip4.example.org:8080\"]", true);
        row("echo = [\"https://ip.example.org/?x\"]", false);
        row("echo = [\"ftp://ip.example.org/\"]", false);
        row("alarm = {\"mail\": {\"to\": \"me@example.org\"}}", true);
        row("alarm = {\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"smtp.example.org\", \"user\": "
            "\"me\"}}, \"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\"}], \"silence\": 120, \"lasting\": 30}",
            true);
        row("alarm = {}", false);
        row("alarm = {\"silence\": 600}", false);
        row("alarm = {\"webhooks\": []}", false);
        row("alarm = {\"webhooks\": [{\"name\": \"phone\", \"kind\": \"slack\"}]}", false);
        row("alarm = {\"webhooks\": [{\"name\": \"phone\", \"kind\": \"ntfy\", \"url\": \"x\"}]}", false);
        row("alarm = {\"mail\": {\"to\": \"me@example.org\", \"smtp\": {\"host\": \"x.example.org\", \"user\": \"a "
            "b\"}}}",
            false);
        row("alarm = {\"mail\": {\"to\": \"me@example.org\"}, \"silence\": 100}", false);
    }

    // Judged by another implementation of JSON Schema; the parser must say the same.
    void schemaTakesTheExample()
    {
        QFETCH(QString, changes);
        QFETCH(bool, good);
        QTemporaryFile schema;
        QVERIFY(schema.open());
        schema.write(resource(u"site/site.schema.json"));
        schema.flush();
        QProcess python;
        python.start(
            QStringLiteral("/usr/bin/python3"),
            {QStringLiteral("-c"),
             QStringLiteral("import json, sys, jsonschema\n"
                            "schema = json.load(open(sys.argv[1]))\n"
                            "jsonschema.Draft202012Validator.check_schema(schema)\n"
                            "bad = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)))\n"
                            "print('\\n'.join(one.message for one in bad) or 'valid')"),
             schema.fileName()});
        QVERIFY(python.waitForStarted());
        python.write(changedExample(changes));
        python.closeWriteChannel();
        QVERIFY(python.waitForFinished());
        QVERIFY2(python.exitCode() == 0, python.readAllStandardError().constData());
        const QByteArray verdict = python.readAllStandardOutput().trimmed();
        QVERIFY2((verdict == "valid") == good, verdict.constData());
        QCOMPARE(parseSite(changedExample(changes)).has_value(), good);
    }

    void handbookExplainsEveryKey()
    {
        const QString page = QString::fromUtf8(resource(u"handbook/site.md"));
        for (const QString &key : schemaKeys()) {
            const QString last = key.section(QLatin1Char('.'), -1);
            static const QRegularExpression end(QStringLiteral("(?:^|[^A-Za-z])%1(?:$|[^A-Za-z])"));
            QVERIFY2(page.contains(QRegularExpression(end.pattern().arg(last))), qPrintable(key));
        }
    }

    void aThousandServicesAreReadQuickly()
    {
        QJsonObject site = QJsonDocument::fromJson(exampleSite()).object();
        QJsonArray services;
        for (int i = 0; i < 1000; ++i) {
            QJsonObject one = site[QStringLiteral("services")].toArray()[0].toObject();
            one[QStringLiteral("name")] = QStringLiteral("s%1").arg(i);
            one[QStringLiteral("publicNames")] = QJsonArray{QStringLiteral("s%1.example.org").arg(i)};
            services.append(one);
        }
        site[QStringLiteral("services")] = services;
        const QByteArray text = QJsonDocument(site).toJson();
        QElapsedTimer timer;
        timer.start();
        const auto parsed = parseSite(text);
        QVERIFY(parsed);
        QCOMPARE(parsed->services.size(), size_t(1000));
        QVERIFY(siteWarnings(*parsed).size() < 10);
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_APPLESS_MAIN(TestSiteParse)
#include "tst_site_parse.moc"
