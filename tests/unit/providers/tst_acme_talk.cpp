// How the VPS proves names at a provider (decide/acmetalk, resources/vps/acme/hook.pl): the real program with the talk
// that is compiled from each definition, against the tables of conversations, and what it makes of answers.

#include "tables.h"

#include "decide/acmetalk.h"
#include "resources/resources.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;

namespace
{

constexpr auto hooks = SIXGATE_SOURCE_DIR "/tests/unit/providers";

DnsAccount accountAt(const ProviderDefinition &provider, const QString &zone)
{
    ProviderAccess access{provider.name, {}, {}, std::make_shared<const ProviderDefinition>(provider), {}};
    return {*Label::parse(QStringLiteral("main")), *Hostname::parse(zone), std::move(access), std::chrono::seconds(60)};
}

struct Ended {
    int code = -1;
    QString said;
};

/// A table whose credentials are ASCII: others have no place in a header there (RFC 9110 section 5.5).
QJsonObject plainTable(const QString &name)
{
    QByteArray text = QJsonDocument(table(name)).toJson();
    return QJsonDocument::fromJson(text.replace("\xc3\xbc", "u").replace("%C3%BC", "u")).object();
}

/// What the program that lies on the VPS does, as certbot starts it.
Ended runHook(const QString &folder, const QString &word, const QByteArray &talk, const QString &name,
              const QByteArray &text, const Conformance &server)
{
    const auto write = [&](const char *file, const QByteArray &content) {
        QFile out(folder + QLatin1Char('/') + QLatin1String(file));
        if (!out.open(QIODevice::WriteOnly) || out.write(content) != content.size())
            qFatal("cannot write %s", file);
        return out.fileName();
    };
    const QString program = write("hook.pl", resource(u"vps/acme/hook.pl") + resource(u"vps/dns.pl"));
    const QString path = write("main.json", talk);
    const auto endpoint =
        server.find()(host("any.example.org"), *Port::fromNumber(443), Deadline::after(std::chrono::seconds(1)), {});
    QProcess perl;
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("PATH"), QStringLiteral("/usr/bin:/bin"));
    environment.insert(QStringLiteral("CERTBOT_DOMAIN"), name);
    environment.insert(QStringLiteral("CERTBOT_VALIDATION"), QString::fromLatin1(text));
    environment.insert(QStringLiteral("SSL_CERT_FILE"), folder + QStringLiteral("/authority.pem"));
    environment.insert(QStringLiteral("TO_PORT"), endpoint->port.text());
    perl.setProcessEnvironment(environment);
    perl.setProcessChannelMode(QProcess::MergedChannels);
    perl.start(QStringLiteral("perl"),
               {QStringLiteral("-I"), QLatin1String(hooks), QStringLiteral("-Mtoserver"), program, word, path});
    if (!perl.waitForFinished(30000))
        qFatal("the program does not end");
    return {perl.exitCode(), QString::fromUtf8(perl.readAll())};
}

} // namespace

class TestAcmeTalk : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    Identity m_authority;

    /// One request that DuckDNS gets for a text, and what is answered.
    Ended answered(const QByteArray &answer, QString *complaint = nullptr, const Identity *authority = nullptr)
    {
        return answeredBy({answer}, complaint, authority);
    }

    /// The same request again and again.
    Ended answeredBy(const std::vector<QByteArray> &answers, QString *complaint, const Identity *authority = nullptr)
    {
        const ProviderDefinition duckdns = definition("duckdns");
        std::map<QString, Secret> credentials;
        credentials.emplace(QStringLiteral("token"), Secret("s3cr3t&"));
        const DnsAccount account = accountAt(duckdns, QStringLiteral("duckdns.org"));
        const auto talk = acmeTalk(account, duckdns, {}, credentials, std::chrono::seconds(0));
        std::vector<Expected> script;
        for (const QByteArray &answer : answers)
            script.push_back({"GET /update?domains=home&token=s3cr3t%26&txt=abc",
                              "www.duckdns.org",
                              {QStringLiteral("user-agent: Sixgate/") + sixgateVersion()},
                              {},
                              answer});
        Conformance server(authority ? *authority : m_authority, {"www.duckdns.org"}, script, true);
        const Ended ended =
            runHook(m_folder.path(), QStringLiteral("add"), *talk, QStringLiteral("home.duckdns.org"), "abc", server);
        if (complaint)
            *complaint = server.complaint();
        return ended;
    }

private Q_SLOTS:
    // The home is asked for what it sends, and not for what only texts of certificates need.
    void credentialsOfAddresses_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QStringList>("addresses");
        QTest::addColumn<QStringList>("texts");
        const auto row = [](const char *name, const QStringList &addresses, const QStringList &texts) {
            QTest::newRow(name) << QString::fromLatin1(name) << addresses << texts;
        };
        const QString user = QStringLiteral("user"), password = QStringLiteral("password");
        const QString key = QStringLiteral("key"), token = QStringLiteral("token");
        row("ipv64", {token}, {key});
        row("dynu", {user, password}, {key});
        row("desec", {token}, {token});
        row("powerdns", {key}, {key});
        row("noip", {user, password, QStringLiteral("contact")}, {});
    }
    void credentialsOfAddresses()
    {
        QFETCH(QString, provider);
        QFETCH(QStringList, addresses);
        QFETCH(QStringList, texts);
        const ProviderDefinition one = definition(qPrintable(provider));
        const auto names = [](const std::vector<CredentialField> &fields) {
            QStringList all;
            for (const CredentialField &field : fields)
                all << field.name.text();
            return all;
        };
        QCOMPARE(names(addressCredentials(one)), addresses);
        QCOMPARE(names(textCredentials(one)), texts);
    }

    void initTestCase()
    {
        Wish wish;
        wish.authority = true;
        wish.commonName = "authority";
        m_authority = makeIdentity(wish);
        QFile file(m_folder.filePath(QStringLiteral("authority.pem")));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(m_authority.pem()) > 0);
    }

    // The same conversations as those of the home.
    void conversations_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<int>("index");
        for (const QString &file : QDir(test::tables).entryList({QStringLiteral("*.json")}, QDir::Files, QDir::Name)) {
            const QString name = file.chopped(5);
            const QJsonArray all = table(name)[QStringLiteral("cases")].toArray();
            for (int i = 0; i < all.size(); ++i) {
                const QJsonObject one = all.at(i).toObject();
                // Where it is to wait a little it does: see patience().
                if (one.contains(QStringLiteral("text")) && one[QStringLiteral("challenge")].toBool(true) &&
                    !strings(one[QStringLiteral("outcome")]).value(0).startsWith(QLatin1String("TXT retry")))
                    QTest::addRow("%s: %s", qPrintable(name), qPrintable(one[QStringLiteral("case")].toString()))
                        << name << i;
            }
        }
    }

    void conversations()
    {
        QFETCH(QString, provider);
        QFETCH(int, index);
        const QJsonObject all = plainTable(provider);
        const QJsonObject one = all[QStringLiteral("cases")].toArray().at(index).toObject();
        const ProviderDefinition used = definitionOf(all, provider);
        std::vector<Expected> script;
        std::vector<QByteArray> hosts{all[QStringLiteral("host")].toString().toUtf8()};
        const QJsonArray steps = one[QStringLiteral("talk")].toArray();
        for (const QJsonValue &step : steps) {
            script.push_back(expected(all, step.toObject()));
            hosts.push_back(script.back().host);
        }
        Conformance server(m_authority, hosts, script, true);
        const DnsAccount account = accountAt(used, all[QStringLiteral("zone")].toString());
        const auto talk = acmeTalk(account, used, {}, test::credentials(all), std::chrono::seconds(0));
        QVERIFY2(talk, talk ? "" : qPrintable(talk.error().summary));
        const QString name = one.value(QStringLiteral("name"))
                                 .toString(all[QStringLiteral("name")].toString(QStringLiteral("cloud.example.org")));
        const QString word = one[QStringLiteral("gone")].toBool() ? QStringLiteral("remove") : QStringLiteral("add");
        const Ended ended =
            runHook(m_folder.path(), word, *talk, name, one[QStringLiteral("text")].toString().toLatin1(), server);
        QVERIFY2(server.complaint().isEmpty(),
                 qPrintable(server.complaint() + QStringLiteral("; told: ") + ended.said));
        const QString outcome = strings(one[QStringLiteral("outcome")]).value(0);
        const bool good = outcome == QLatin1String("TXT done") || outcome == QLatin1String("TXT unchanged");
        QVERIFY2((ended.code == 0) == good, qPrintable(ended.said));
        QCOMPARE(ended.said.isEmpty(), good);
    }

    void answers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QString>("said");
        const auto row = [](const char *name, int status, const char *body, const char *said,
                            const QStringList &headers = {}) {
            QTest::newRow(name) << httpAnswer(status, headers, body) << QString::fromLatin1(said);
        };
        row("good", 200, "OK", "");
        row("good in a file of Windows", 200, "\xef\xbb\xbfok\r\n", "");
        row("refused", 200, "KO",
            "DuckDNS answers \"KO\": DuckDNS does not accept the token, or the name is not in this account.");
        row("good in an error", 400, "OK", "DuckDNS answers 400: It refuses the request.");
        row("empty", 200, "", "The answer of DuckDNS is empty.");
        row("something", 200, "thanks", "The answer of DuckDNS is not one that it documents.");
        row("good somewhere", 200, "not OK", "The answer of DuckDNS is not one that it documents.");
        row("a page", 200, "<html>OK</html>", "The answer of DuckDNS is not one that it documents.");
        row("credentials", 401, "who are you?",
            "DuckDNS answers 401: It does not accept the credentials; store the right ones (sixgatectl secret set: "
            "dns.main.token).");
        row("redirected", 302, "OK",
            "DuckDNS answers 302: It answers with another address, which is not followed: that would get the "
            "credentials.",
            {QStringLiteral("Location: https://www.duckdns.org/elsewhere")});
        row("too many, for long", 429, "", "DuckDNS answers 429: It had too many requests.",
            {QStringLiteral("Retry-After: 3600")});
        row("outage", 500, "oops s3cr3t&", "DuckDNS answers 500: It has an outage.");
        QTest::newRow("no HTTP") << QByteArray("hello\r\n\r\n")
                                 << QStringLiteral(
                                        "DuckDNS (www.duckdns.org) cannot be reached: it did not answer as it "
                                        "should");
    }

    void answers()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QString, said);
        QString complaint;
        const Ended ended = answered(answer, &complaint);
        QVERIFY2(complaint.isEmpty(), qPrintable(complaint));
        QCOMPARE(ended.said, said.isEmpty() ? said : said + QLatin1Char('\n'));
        QCOMPARE(ended.code, said.isEmpty() ? 0 : 1);
        QVERIFY(!ended.said.contains(QStringLiteral("s3cr3t")));
    }

    // A provider that asks for a moment gets it, thrice in all.
    void patience_data()
    {
        QTest::addColumn<int>("refusals");
        QTest::addColumn<QString>("said");
        QTest::newRow("once") << 1 << QString();
        QTest::newRow("again and again") << 3 << QStringLiteral("DuckDNS answers 429: It had too many requests.\n");
    }

    void patience()
    {
        QFETCH(int, refusals);
        QFETCH(QString, said);
        std::vector<QByteArray> answers(size_t(refusals), httpAnswer(429, {QStringLiteral("Retry-After: 1")}, ""));
        if (refusals < 3)
            answers.push_back(httpAnswer(200, {}, "OK"));
        QString complaint;
        const Ended ended = answeredBy(answers, &complaint);
        QVERIFY2(complaint.isEmpty(), qPrintable(complaint));
        QCOMPARE(ended.said, said);
    }

    // Who answers is not the provider: it gets nothing.
    void otherAuthority()
    {
        Wish wish;
        wish.authority = true;
        wish.commonName = "another";
        const Identity another = makeIdentity(wish);
        QString complaint;
        const Ended ended = answered(httpAnswer(200, {}, "OK"), &complaint, &another);
        QCOMPARE(ended.code, 1);
        QVERIFY2(ended.said.contains(QStringLiteral("cannot be reached: SSL connection failed")),
                 qPrintable(ended.said));
        QVERIFY(complaint.startsWith(QStringLiteral("0 of 1 requests came")));
    }

    // Each that sets texts by HTTP can be compiled, says what its credential is good for, and has its table.
    void everyProvider()
    {
        int found = 0;
        for (const auto &[name, provider] : loadProviders({}).providers) {
            const bool texts = provider.texts == ProviderWay::Template || provider.texts == ProviderWay::Api;
            const QJsonObject all = texts ? plainTable(name.text()) : QJsonObject();
            const ProviderDefinition used = texts && provider.ownServer ? definitionOf(all, name.text()) : provider;
            const DnsAccount account = accountAt(used, QStringLiteral("example.org"));
            const auto talk = acmeTalk(account, used, {}, test::credentials(all), std::chrono::seconds(30));
            QCOMPARE(bool(talk), texts);
            QVERIFY(textCredentials(provider).empty() != texts);
            found += texts;
            if (texts)
                QVERIFY2(!provider.challenges.reach.isEmpty(), qPrintable(name.text()));
        }
        QCOMPARE(found, 10);
    }

    // Only what sets texts goes to the VPS, and only where it belongs.
    void credentials()
    {
        QStringList names;
        for (const CredentialField &one : textCredentials(definition("dynu")))
            names << one.name.text();
        QCOMPARE(names, QStringList{QStringLiteral("key")});

        const ProviderDefinition dynu = definition("dynu");
        const DnsAccount account = accountAt(dynu, QStringLiteral("example.org"));
        QVERIFY(!account.provider()->hasOwnAcme());
        std::map<QString, Secret> given;
        given.emplace(QStringLiteral("password"), Secret("f0r-addresses"));
        QCOMPARE(acmeTalk(account, dynu, {}, given, {}).error().code, ErrorCode::NotFound);
        given.emplace(QStringLiteral("key"), Secret(" f0r-texts\n"));
        const QByteArray talk = *acmeTalk(account, dynu, {}, given, {});
        QVERIFY(!talk.contains("f0r-addresses"));
        QVERIFY(talk.contains("\"f0r-texts\""));
        given.insert_or_assign(QStringLiteral("key"), Secret("two\nlines"));
        const auto odd = acmeTalk(account, dynu, {}, given, {});
        QCOMPARE(odd.error().code, ErrorCode::Invalid);
        QVERIFY(!odd.error().summary.contains(QStringLiteral("lines")));

        given.insert_or_assign(QStringLiteral("key"), Secret("k\xc3\xbcy"));
        QCOMPARE(acmeTalk(account, dynu, {}, given, {}).error().code, ErrorCode::Invalid); // in a header

        // Where one may do less, it is one of its own, unless the user says otherwise.
        DnsAccount desec = accountAt(definition("desec"), QStringLiteral("example.org"));
        const Label token = *Label::parse(QStringLiteral("token"));
        QCOMPARE(dnsAcmeCredentialSecret(desec, token), QStringLiteral("dns.main.acme-token"));
        std::get<ProviderAccess>(desec.access).ownAcme = false;
        QCOMPARE(dnsAcmeCredentialSecret(desec, token), QStringLiteral("dns.main.token"));
    }

    // An API may tell names as people write them.
    void spellings()
    {
        const ProviderDefinition cloudflare = definition("cloudflare");
        std::map<QString, Secret> credentials;
        credentials.emplace(QStringLiteral("token"), Secret("t0ken"));
        const DnsAccount account = accountAt(cloudflare, QString::fromUtf8("bücher.example"));
        const auto talk = acmeTalk(account, cloudflare, {*Hostname::parse(QString::fromUtf8("öl.bücher.example"))},
                                   credentials, std::chrono::seconds(0));
        const QByteArray name =
            Hostname::parse(QString::fromUtf8("öl.bücher.example"))->ascii().toLatin1(); // as certbot has it
        const auto api = [&](const QByteArray &request, const char *answer, const QByteArray &body = {}) {
            QStringList headers{QStringLiteral("authorization: Bearer t0ken"),
                                QStringLiteral("user-agent: Sixgate/") + sixgateVersion()};
            if (!body.isEmpty())
                headers << QStringLiteral("content-type: application/json");
            return Expected{request, "api.cloudflare.com", headers, body, httpAnswer(200, {}, answer)};
        };
        Conformance server(
            m_authority, {"api.cloudflare.com"},
            {api("GET /client/v4/zones?name=xn--bcher-kva.example",
                 "{\"success\":true,\"result\":[{\"name\":\"b\xc3\xbc"
                 "cher.example\",\"id\":\"z1\"}]}"),
             api("GET /client/v4/zones/z1/dns_records?type=TXT&name=_acme-challenge." + name + "&per_page=100",
                 "{\"success\":true,\"result\":[{\"name\":\"_acme-challenge.\xc3\xb6l.b\xc3\xbc"
                 "cher.example\","
                 "\"type\":\"TXT\",\"content\":\"\\\"abc\\\"\",\"id\":\"r1\"}]}"),
             api("DELETE /client/v4/zones/z1/dns_records/r1", "{\"success\":true}")},
            true);
        const Ended ended =
            runHook(m_folder.path(), QStringLiteral("remove"), *talk, QString::fromLatin1(name), "abc", server);
        QVERIFY2(server.complaint().isEmpty(), qPrintable(server.complaint() + ended.said));
        QCOMPARE(ended.code, 0);
    }
};

QTEST_GUILESS_MAIN(TestAcmeTalk)
#include "tst_acme_talk.moc"
