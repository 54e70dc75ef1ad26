// Rendering, against golden files. SIXGATE_UPDATE_GOLDEN=1 writes them anew: look at the difference before committing.

#include "decide/render.h"
#include "sites.h"

#include <QFile>
#include <QTest>

using namespace sites;

namespace
{

QByteArray readable(const WantedDeployment &wanted)
{
    QByteArray out = "release " + wanted.releaseId.toLatin1() + '\n';
    const auto list = [&out](const char *what, const std::vector<QString> &all) {
        out += QByteArray(what) + ' ' + QStringList(all.begin(), all.end()).join(QLatin1Char(' ')).toLatin1() + '\n';
    };
    list("packages", wanted.packages);
    list("modules", wanted.modules);
    list("sites", wanted.sites);
    for (const WantedCertificate &one : wanted.certificates) {
        out += "certificate " + one.lineage.toLatin1() + " by " + one.means().toLatin1() + " for";
        for (const Hostname &name : one.names)
            out += ' ' + name.ascii().toLatin1();
        out += '\n';
    }
    for (const WantedFile &file : wanted.files)
        out += "\n==== " + file.path.toLatin1() + ' ' + QByteArray::number(file.mode, 8) +
               (file.secret ? " secret" : "") + "\n==== " + file.purpose.toUtf8() + '\n' + file.content;
    return out;
}

Site pinnedSite()
{
    Site s = site({service("cloud", {"cloud.example.org"}, "home6.example.org"),
                   service("photos", {"photos.example.org"}, "home6.example.org", "nas", 8443)});
    s.servers = {server("nas", fingerprint("server key"))};
    return s;
}

} // namespace

class TestRendering : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("one-service") << 0;
        QTest::newRow("several-names-shared-upstream") << 1;
        QTest::newRow("pinned-with-names") << 2;
        QTest::newRow("pinned-without-names") << 3;
        QTest::newRow("odd-port") << 4;
        QTest::newRow("idn") << 5;
        QTest::newRow("two-accounts") << 6;
        QTest::newRow("push") << 7;
        QTest::newRow("http-challenge") << 8;
    }

    void golden()
    {
        QFETCH(int, which);
        Site s = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
        if (which == 1)
            s = site(
                {service("cloud", {"cloud.example.org", "files.example.org", "dav.example.org"}, "home6.example.org"),
                 service("photos", {"photos.example.org"}, "home6.example.org")});
        else if (which == 2 || which == 3)
            s = pinnedSite();
        else if (which == 4)
            s = site({service("cloud", {"cloud.example.org"}, "home6.example.org", "nas", 8443)});
        else if (which == 5)
            s = site({service("cafe", {"bücher.example.org"}, "home6.example.org")});
        else if (which == 6) {
            s = site({service("cloud", {"cloud.example.org"}, "home6.example.org"),
                      service("other", {"www.example.com"}, "home6.example.org")});
            s.dns.push_back(account("second", "example.com"));
        } else if (which == 7) {
            s = site({service("cloud", {"cloud.example.org"}, "home6.example.org"),
                      service("photos", {"photos.example.org"}, "home6.example.org", "nas", 8443),
                      service("cam", {"cam.example.org", "door.example.org"}, "cam6.example.org", "pi")});
            s.servers = {server("nas"), server("pi", fingerprint("server key"))};
            s.vps[0].pushKeys = {pushKey(QStringLiteral("nas")), pushKey(QStringLiteral("desk"), QLatin1Char('B'))};
        }
        if (which == 8) {
            s = site({service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org")});
            s.services[0].challenge = Challenge::Http;
            std::get<UpdateAccess>(s.dns[0].access).acmeKey.reset();
        }
        DeploymentInputs in = inputs(s);
        if (which == 7)
            in.pinnedCertificates.emplace(label("pi"), certificate({QStringLiteral("pi.local")}));
        if (which == 2)
            in.pinnedCertificates.emplace(
                label("nas"), certificate({QStringLiteral("cloud.example.org"), QStringLiteral("Photos.example.org")}));
        if (which == 3)
            in.pinnedCertificates.emplace(label("nas"), certificate({QStringLiteral("nas.local")}));
        const auto wanted = wantedDeployment(s, in);
        QVERIFY2(wanted, wanted ? "" : qPrintable(wanted.error().summary));
        const QByteArray text = readable(*wanted);
        QVERIFY2(!text.contains("{{"), "a tag was left in the configuration");

        QFile file(QStringLiteral(SIXGATE_SOURCE_DIR "/tests/unit/decide_deployment/golden/%1.txt")
                       .arg(QString::fromLatin1(QTest::currentDataTag())));
        if (qEnvironmentVariableIsSet("SIXGATE_UPDATE_GOLDEN")) {
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(text);
            return;
        }
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        const auto expected = file.readAll().split('\n');
        const auto got = text.split('\n');
        for (qsizetype i = 0; i < std::min(expected.size(), got.size()); ++i)
            QCOMPARE(QString::fromUtf8(got[i]), QString::fromUtf8(expected[i]));
        QCOMPARE(got.size(), expected.size());
    }

    void everyPartMovesTheRelease()
    {
        const Site one = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
        const QString id = must(wantedDeployment(one, inputs(one))).releaseId;
        QCOMPARE(id.size(), 16);
        QCOMPARE(must(wantedDeployment(one, inputs(one))).releaseId, id);

        Site renamed = one;
        renamed.services[0].upstreamName = host("other6.example.org");
        QVERIFY(must(wantedDeployment(renamed, inputs(renamed))).releaseId != id);
        Site authority = one;
        authority.vps[0].acme.directory = must(HttpsUrl::parse(QStringLiteral("https://ca.example.com/dir")));
        QVERIFY(must(wantedDeployment(authority, inputs(authority))).releaseId != id);
        DeploymentInputs key = inputs(one);
        key.acmeCredentials.at(label("main")) += '\n';
        QVERIFY(must(wantedDeployment(one, key)).releaseId != id);
    }

    void missingParts_data()
    {
        QTest::addColumn<bool>("key");
        QTest::addColumn<bool>("seen");
        QTest::addColumn<QByteArray>("shows");
        QTest::addColumn<int>("code");
        QTest::newRow("no ACME key") << false << true << QByteArray("server key") << int(ErrorCode::NotFound);
        QTest::newRow("pinned server not seen") << true << false << QByteArray() << int(ErrorCode::NotFound);
        QTest::newRow("another key than pinned") << true << true << QByteArray("stranger") << int(ErrorCode::Denied);
    }

    void missingParts()
    {
        QFETCH(bool, key);
        QFETCH(bool, seen);
        QFETCH(QByteArray, shows);
        QFETCH(int, code);
        const Site s = pinnedSite();
        DeploymentInputs in = inputs(s);
        if (!key)
            in.acmeCredentials.clear();
        if (seen)
            in.pinnedCertificates.emplace(label("nas"), certificate({}, shows.constData()));
        const auto wanted = wantedDeployment(s, in);
        QVERIFY(!wanted);
        QCOMPARE(int(wanted.error().code), code);
        QVERIFY(!wanted.error().fix.isEmpty());
    }

    void pinRefused_data()
    {
        QTest::addColumn<bool>("selfSigned");
        QTest::addColumn<QDateTime>("now"); // the certificate is one of the year 2026
        QTest::addColumn<QString>("summary");
        const auto in = [](int year) { return QDateTime(QDate(year, 6, 1), QTime(0, 0), Qt::UTC); };
        QTest::newRow("fit") << true << in(2026) << QString();
        QTest::newRow("the time is not told") << true << QDateTime() << QString();
        QTest::newRow("issued") << false << in(2026) << QStringLiteral("only a self-signed one can be pinned.");
        QTest::newRow("expired") << true << in(2027) << QStringLiteral("valid from 2026-01-01T00:00:00Z to");
        QTest::newRow("not yet valid") << true << in(2025) << QStringLiteral("valid from 2026-01-01T00:00:00Z to");
    }

    void pinRefused()
    {
        QFETCH(bool, selfSigned);
        QFETCH(QDateTime, now);
        QFETCH(QString, summary);
        const Site s = pinnedSite();
        DeploymentInputs in = inputs(s);
        CertificateSeen seen = certificate({});
        seen.selfSigned = selfSigned;
        in.pinnedCertificates.emplace(label("nas"), seen);
        in.now = now;
        const auto wanted = wantedDeployment(s, in);
        QCOMPARE(wanted.has_value(), summary.isEmpty());
        if (wanted)
            return;
        QCOMPARE(wanted.error().code, ErrorCode::Denied);
        QVERIFY2(wanted.error().summary.contains(summary), qPrintable(wanted.error().summary));
        QVERIFY2(wanted.error().fix.contains(QLatin1String("servers[0].pinnedKey")), qPrintable(wanted.error().fix));
    }

    void escape_data()
    {
        QTest::addColumn<QString>("value");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *value, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(value) << fits;
        };
        row("host name", "cloud.example.org", true);
        row("A-label", "xn--bcher-kva.example.org", true);
        row("path", "/etc/letsencrypt/live/cloud_1", true);
        row("address", "2001:db8::1", true);
        row("empty", "", false);
        row("line end", "x\n</VirtualHost>", false);
        row("carriage return", "x\r", false);
        row("space", "a b", false);
        row("quote", "a\"b", false);
        row("variable", "${SIXGATE_RELEASE}", false);
        row("percent", "%{ENV:x}", false);
        row("backslash", "a\\", false);
        row("angle", "<If", false);
        row("hash", "a#b", false);
        row("umlaut", "bücher", false);
        row("tag", "{{first}}", false);
    }

    void escape()
    {
        QFETCH(QString, value);
        QFETCH(bool, fits);
        const auto parsed = Template::parse("ServerName {{name}}\n");
        QVERIFY(parsed);
        const auto text = parsed->render(std::move(TemplateValues().text("name", value)));
        QCOMPARE(bool(text), fits);
        if (fits)
            QCOMPARE(QString::fromUtf8(*text), QStringLiteral("ServerName %1\n").arg(value));
        else
            QCOMPARE(text.error().code, ErrorCode::Invalid);
        // A refusal does not stick to the template.
        QVERIFY(parsed->render(std::move(TemplateValues().text("name", QStringLiteral("a")))));
    }

    void waysAroundTheEscape_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("three braces") << QByteArray("{{{name}}}");
        QTest::newRow("ampersand") << QByteArray("{{&name}}");
        QTest::newRow("ampersand after a space") << QByteArray("{{ & name}}");
        QTest::newRow("other delimiters") << QByteArray("{{=<% %>=}}<%&name%>");
        QTest::newRow("unclosed section") << QByteArray("{{#a}}x");
    }

    void waysAroundTheEscape()
    {
        QFETCH(QByteArray, text);
        const auto parsed = Template::parse(text);
        QVERIFY(!parsed);
        QCOMPARE(parsed.error().code, ErrorCode::Invalid);
    }

    void acmeKey_data()
    {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<bool>("fits");
        QTest::newRow("base64") << QByteArray("c2VjcmV0Kys/Lz0=") << true;
        QTest::newRow("base64 as a file has it") << QByteArray(" c2VjcmV0Kys/Lz0=\n") << true;
        QTest::newRow("without its padding") << QByteArray("c2VjcmV0Kys/Lz0") << false;
        QTest::newRow("blank inside") << QByteArray("c2VjcmV0 Kys/Lz0=") << false;
        QTest::newRow("empty") << QByteArray() << false;
        QTest::newRow("blanks") << QByteArray(" \n") << false;
        QTest::newRow("line end") << QByteArray("abc\ndns_rfc2136_server = 192.0.2.1") << false;
        QTest::newRow("quote") << QByteArray("ab\"c") << false;
    }

    void acmeKey()
    {
        QFETCH(QByteArray, key);
        QFETCH(bool, fits);
        DnsAccount main = account("main", "example.org");
        auto &access = std::get<UpdateAccess>(main.access);
        access.port = port(5353);
        access.acmeKey->algorithm = TsigAlgorithm::HmacSha512;
        const auto text =
            acmeCredentials(main, must(parseIpAddress(QStringLiteral("2001:db8::53"))), Secret(QByteArray(key)));
        QCOMPARE(bool(text), fits);
        if (!fits) {
            QVERIFY(!text.error().summary.contains(QString::fromLatin1(key)) || key.isEmpty());
            return;
        }
        QVERIFY(text->contains("\ndns_rfc2136_server = 2001:db8::53\n"));
        QVERIFY(text->contains("\ndns_rfc2136_port = 5353\n"));
        QVERIFY(text->contains("\ndns_rfc2136_name = acme-key\n"));
        QVERIFY(text->contains("\ndns_rfc2136_algorithm = HMAC-SHA512\n"));
        QVERIFY(text->contains("\ndns_rfc2136_secret = " + key.trimmed() + '\n'));
    }

    void tooManyNames()
    {
        Site s = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
        for (int i = 0; i < 100; ++i)
            s.services[0].publicNames.push_back(host(qPrintable(QStringLiteral("n%1.example.org").arg(i))));
        QVERIFY(!wantedDeployment(s, inputs(s)));
        s.services[0].publicNames.pop_back();
        QVERIFY(wantedDeployment(s, inputs(s)));
    }
};

QTEST_GUILESS_MAIN(TestRendering)
#include "tst_rendering.moc"
