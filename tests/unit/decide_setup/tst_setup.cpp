// The setup's answers: what is missing, the site they describe, what is told of what was found, how they are kept.

#include "decide/setup.h"
#include "storage/providerfile.h"
#include "storage/setupfile.h"
#include "storage/sitefile.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <functional>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

const Providers &providers()
{
    static const Providers all = loadProviders({}).providers;
    return all;
}

/// All that a home with a name server of its own has to say.
SetupAnswers good()
{
    SetupAnswers one;
    one.interfaceId = latin("::11");
    one.services = {{latin("cloud.example.org"), {}, Challenge::Dns}};
    one.provider = latin("rfc2136");
    one.dnsServer = latin("ns1.example.org");
    one.key.name = latin("sixgate-home");
    one.acmeKey.name = latin("sixgate-acme");
    one.addresses = latin("198.51.100.10, 2001:db8:b::10");
    one.keyFile = latin("~/.ssh/sixgate_ed25519");
    one.hostKey = latin("ssh-ed25519 ") + Fingerprint::ofBytes("key").text();
    one.termsAgreed = true;
    return one;
}

/// "names zone: It is …" each in a line.
QString shown(const std::vector<SetupGap> &gaps)
{
    QStringList lines;
    for (const SetupGap &gap : gaps)
        lines << setupPageName(gap.page) + QLatin1Char(' ') + gap.field;
    return lines.join(QLatin1String(", "));
}

using Edit = std::function<void(SetupAnswers &)>;

CertificateSeen certificate(std::vector<QString> names, bool selfSigned = false, int days = 60)
{
    CertificateSeen one{{}, Fingerprint::ofBytes("server"), std::move(names), latin("CN=x"), latin("CN=ca")};
    one.selfSigned = selfSigned;
    one.notBefore = QDateTime(QDate(2026, 1, 1), QTime(0, 0), Qt::UTC);
    one.notAfter = QDateTime(QDate(2026, 6, 1), QTime(0, 0), Qt::UTC).addDays(days);
    return one;
}

LinkSeen link()
{
    LinkSeen seen;
    seen.onLink = {{latin("eth0"), *Ipv6Prefix::parse(latin("2001:db8:1:2::/64"))}};
    return seen;
}

SetupServer server(std::initializer_list<const char *> addresses, bool tls)
{
    SetupServer one;
    for (const char *address : addresses)
        one.addresses.push_back(*Ipv6Address::parse(latin(address)));
    if (tls)
        one.certificate = certificate({latin("cloud.example.org")});
    return one;
}

} // namespace

Q_DECLARE_METATYPE(Edit)

class TestSetup : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void gaps_data()
    {
        QTest::addColumn<Edit>("change");
        QTest::addColumn<QString>("wanted"); // pages and fields, in their order
        const auto row = [](const char *what, const Edit &change, const char *wanted) {
            QTest::newRow(what) << change << latin(wanted);
        };
        row(
            "all is there", [](SetupAnswers &) {}, "");
        row(
            "nothing", [](SetupAnswers &one) { one = {}; },
            "home interfaceId, names services.0.names, names upstreamName, names vpsName, names zone, names provider, "
            "vps keyFile, vps hostKey, services termsAgreed");
        row(
            "this computer needs no identifier",
            [](SetupAnswers &one) {
                one.thisMachine = true;
                one.interfaceId.clear();
            },
            "");
        row(
            "no identifier", [](SetupAnswers &one) { one.interfaceId = latin("11"); }, "home interfaceId");
        row(
            "a name in the LAN", [](SetupAnswers &one) { one.interfaceId = latin("nas.local"); }, "");
        row(
            "no such name", [](SetupAnswers &one) { one.interfaceId = latin("nas .local"); }, "home interfaceId");
        row(
            "no name", [](SetupAnswers &one) { one.services[0].names = latin("cloud_2.example.org"); },
            "names services.0.names, names upstreamName, names vpsName, names zone");
        row(
            "a name in another zone", [](SetupAnswers &one) { one.zone = latin("example.net"); },
            "names services.0.names");
        row(
            "one name for two purposes", [](SetupAnswers &one) { one.vpsName = latin("home6.example.org"); },
            "names vpsName");
        row(
            "the public name as upstream name",
            [](SetupAnswers &one) { one.upstreamName = latin("cloud.example.org"); }, "names upstreamName");
        row(
            "a name twice", [](SetupAnswers &one) { one.services.push_back(one.services[0]); },
            "services services.1.names");
        row(
            "no server", [](SetupAnswers &one) { one.dnsServer = latin("ns1"); }, "names dnsServer");
        row(
            "no key", [](SetupAnswers &one) { one.key.name.clear(); }, "names key");
        row(
            "no key for certificates", [](SetupAnswers &one) { one.acmeKey.name.clear(); }, "names acmeKey");
        row(
            "none needed",
            [](SetupAnswers &one) {
                one.acmeKey.name.clear();
                one.services[0].challenge = Challenge::Http;
            },
            "");
        row(
            "a time to live that is none", [](SetupAnswers &one) { one.ttl = latin("1 h"); }, "names ttl");
        row(
            "a provider wants more",
            [](SetupAnswers &one) {
                one.provider = latin("strato");
                one.services[0].challenge = Challenge::Http;
            },
            "names plain.user");
        row(
            "a secret in the URL",
            [](SetupAnswers &one) {
                one.provider = latin("custom");
                one.services[0].challenge = Challenge::Http;
                one.url = latin("https://dyn.example.net/update?hostname={host}&myip={addresses}&token=s3cretS3cret");
            },
            "names url");
        row(
            "a provider that takes no texts",
            [](SetupAnswers &one) {
                one.provider = latin("strato");
                one.plain[latin("user")] = latin("example.org");
            },
            "services services.0.challenge");
        row(
            "a provider's own zone",
            [](SetupAnswers &one) {
                one.provider = latin("duckdns");
                one.services[0] = {latin("mine.duckdns.org"), {}, Challenge::Dns};
            },
            "names upstreamName, names vpsName");
        row(
            "no address", [](SetupAnswers &one) { one.addresses = latin("vps.example.org"); }, "vps addresses");
        row(
            "no IPv4", [](SetupAnswers &one) { one.addresses = latin("2001:db8::1"); }, "vps addresses");
        row(
            "found by its name", [](SetupAnswers &one) { one.addresses.clear(); }, "");
        row(
            "no key file", [](SetupAnswers &one) { one.keyFile = latin("id_ed25519"); }, "vps keyFile");
        row(
            "the agent needs none",
            [](SetupAnswers &one) {
                one.keyFile.clear();
                one.auth = SshAuth::Agent;
            },
            "");
        row(
            "no port", [](SetupAnswers &one) { one.services[0].port = latin("0"); }, "services services.0.port");
        row(
            "no terms", [](SetupAnswers &one) { one.termsAgreed = false; }, "services termsAgreed");
        row(
            "no mail", [](SetupAnswers &one) { one.mail = latin("me"); }, "services mail");
        row(
            "no authority", [](SetupAnswers &one) { one.directory = latin("http://ca.example.org/"); },
            "services directory");
    }

    void gaps()
    {
        QFETCH(Edit, change);
        QFETCH(QString, wanted);
        SetupAnswers answers = good();
        change(answers);
        const auto found = setupGaps(answers, providers());
        QCOMPARE(shown(found), wanted);
        for (const SetupGap &gap : found)
            QVERIFY2(gap.sentence.endsWith(QLatin1Char('.')), qPrintable(gap.sentence));
        // A site comes of it exactly where nothing is missing, and a file of it is taken.
        const auto site = setupSite(answers, providers());
        QCOMPARE(site.has_value(), wanted.isEmpty());
        if (site)
            QVERIFY2(parseSite(siteJson(*site)), qPrintable(QString::fromUtf8(siteJson(*site))));
    }

    // What is there already comes back as answers, and as the same site.
    void andBack()
    {
        SetupAnswers answers = good();
        answers.services.push_back({latin("photos.example.org www.example.org"), latin("8443"), Challenge::Http});
        answers.pinnedKey = Fingerprint::ofBytes("server").text();
        const auto site = setupSite(answers, providers());
        QVERIFY(site);
        const auto back = setupAnswers(*site);
        QVERIFY(back);
        const auto again = setupSite(*back, providers());
        QVERIFY(again);
        QCOMPARE(siteJson(*again), siteJson(*site));
        // What is not asked for stays.
        Site before = *site;
        before.services[1].probePath = *UrlPath::parse(latin("/status"));
        before.vps[0].acme.propagation = std::chrono::seconds(7);
        QCOMPARE(siteJson(withRest(*again, before)), siteJson(before));
        // More than the setup knows.
        before.servers.push_back(before.servers[0]);
        QVERIFY(!setupAnswers(before));
    }

    void soFar()
    {
        SetupAnswers answers;
        answers.services[0].names = latin("cloud.example.org");
        QVERIFY(!setupSiteSoFar(answers, providers(), SetupPage::Names));
        answers.provider = latin("rfc2136");
        answers.dnsServer = latin("192.0.2.53");
        answers.key.name = latin("k");
        answers.acmeKey.name = latin("a");
        const auto account = setupSiteSoFar(answers, providers(), SetupPage::Names);
        QVERIFY(account);
        QCOMPARE(account->dns.front().zone.ascii(), latin("example.org"));
        answers.addresses = latin("not an address");
        QVERIFY(setupSiteSoFar(answers, providers(), SetupPage::Names));
        QVERIFY(!setupSiteSoFar(answers, providers(), SetupPage::Vps));
        answers.addresses = latin("192.0.2.1");
        const auto vps = setupSiteSoFar(answers, providers(), SetupPage::Vps);
        QVERIFY(vps);
        QCOMPARE(vps->vps.front().addresses.size(), size_t(1));
    }

    void secrets_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("own server") << latin("rfc2136") << latin("dns.main.key dns.main.acme-key");
        QTest::newRow("strato") << latin("strato") << latin("dns.main.password");
        QTest::newRow("none") << QString() << QString();
    }

    void secrets()
    {
        QFETCH(QString, provider);
        QFETCH(QString, wanted);
        SetupAnswers answers = good();
        answers.provider = provider;
        QStringList names;
        for (const SetupSecret &one : setupSecrets(answers, providers()))
            names << one.name;
        QCOMPARE(names.join(QLatin1Char(' ')), wanted);
    }

    void records()
    {
        QStringList lines;
        const auto home = Ipv6Address::parse(latin("2001:db8:1:2::11"));
        for (const SetupRecord &one :
             setupRecords(good(), providers(), *home,
                          {*parseIpAddress(latin("198.51.100.10")), *parseIpAddress(latin("2001:db8:b::10"))}))
            lines << one.name + QLatin1Char(' ') + one.type + QLatin1Char(' ') + one.value;
        QCOMPARE(lines.join(QLatin1String(", ")),
                 latin("cloud.example.org A 198.51.100.10, cloud.example.org AAAA 2001:db8:1:2::11, "
                       "home6.example.org AAAA 2001:db8:1:2::11, vps.example.org A 198.51.100.10, "
                       "vps.example.org AAAA 2001:db8:b::10"));
    }

    void need()
    {
        Ipv4Verdict verdict{Ipv4Kind::Public, true, latin("It has one."), {}, {}};
        QVERIFY(!setupNeed(verdict).needed);
        for (const Ipv4Kind kind :
             {Ipv4Kind::CarrierNat, Ipv4Kind::DsLite, Ipv4Kind::DoubleNat, Ipv4Kind::None, Ipv4Kind::Unknown}) {
            verdict.kind = kind;
            QVERIFY(setupNeed(verdict).needed);
            QCOMPARE(setupNeed(verdict).sure, kind != Ipv4Kind::Unknown);
        }
    }

    void servers()
    {
        SetupServer own = server({"2001:db8:1:2:1:2:3:4"}, true);
        own.thisMachine = true;
        SetupServer router = server({"2001:db8:1:2::1"}, true);
        router.router = true;
        std::vector<SetupServer> all{server({"fe80::1"}, false),
                                     server({"2001:db8:1:2::12"}, false),
                                     router,
                                     server({"2001:db8:1:2:8:9:a:b", "2001:db8:1:2::11", "fe80::11"}, true),
                                     server({"2001:db8:1:2:aaaa:bbbb:cccc:dddd"}, true),
                                     server({"2001:db8:9:9::11"}, true),
                                     own};
        judgeServers(all, link());
        QStringList fit;
        for (const SetupServer &one : all) {
            QVERIFY2(one.why.endsWith(QLatin1Char('.')) || one.why.endsWith(QLatin1Char('1')), qPrintable(one.why));
            if (one.fit)
                fit << one.addresses.front().text();
        }
        // The lasting address of several, this computer's own whatever it looks like, and nobody else.
        QCOMPARE(fit.join(QLatin1Char(' ')), latin("2001:db8:1:2::11 2001:db8:1:2:1:2:3:4"));
        QCOMPARE(all.front().id->text(), latin("::11"));
        QCOMPARE(all.front().others.size(), size_t(1));
        // An address of another network is none of this home's.
        const auto foreign = std::find_if(all.begin(), all.end(), [](const SetupServer &one) {
            return !one.others.empty() && one.others.front() == *Ipv6Address::parse(latin("2001:db8:9:9::11"));
        });
        QVERIFY(foreign != all.end() && !foreign->fit && foreign->addresses.empty());
    }

    void aRandomIdentifierIsFoundByItsName()
    {
        std::vector<SetupServer> all{server({"2001:db8:1:2:aaaa:bbbb:cccc:dddd"}, true),
                                     server({"2001:db8:1:2::11"}, true)};
        for (SetupServer &one : all)
            one.name = latin("nas.local");
        judgeServers(all, link());
        for (const SetupServer &one : all) {
            QVERIFY(one.fit);
            QCOMPARE(one.entry, latin(one.id->text() == latin("::11") ? "::11" : "nas.local"));
        }
        SetupAnswers answers = good();
        answers.interfaceId = latin("nas.local");
        const auto site = setupSite(answers, providers());
        QVERIFY(site && std::get<AddressFromLanName>(site->servers.front().address).name.ascii() == latin("nas.local"));
        QCOMPARE(setupAnswers(*site)->interfaceId, latin("nas.local"));
    }

    void certificates_data()
    {
        QTest::addColumn<QString>("names");
        QTest::addColumn<bool>("selfSigned");
        QTest::addColumn<bool>("chain");
        QTest::addColumn<bool>("pinned");
        QTest::addColumn<int>("days");
        QTest::addColumn<bool>("good");
        QTest::newRow("good") << latin("cloud.example.org") << false << true << false << 60 << true;
        QTest::newRow("wildcard") << latin("*.example.org") << false << true << false << 60 << true;
        QTest::newRow("a wildcard is for one label") << latin("*.org") << false << true << false << 60 << false;
        QTest::newRow("other name") << latin("www.example.org") << false << true << false << 60 << false;
        QTest::newRow("expired") << latin("cloud.example.org") << false << true << false << -40 << false;
        QTest::newRow("self-signed") << latin("cloud.example.org") << true << false << false << 60 << false;
        QTest::newRow("pinned") << latin("x") << true << false << true << 60 << true;
        QTest::newRow("untrusted") << latin("cloud.example.org") << false << false << false << 60 << false;
    }

    void certificates()
    {
        QFETCH(QString, names);
        QFETCH(bool, selfSigned);
        QFETCH(bool, chain);
        QFETCH(bool, pinned);
        QFETCH(int, days);
        QFETCH(bool, good);
        const QDateTime now(QDate(2026, 6, 1), QTime(12, 0), Qt::UTC);
        const auto seen = certificate({names}, selfSigned, days);
        const auto verdict =
            judgeCertificate(seen, chain, latin("unable to get local issuer certificate"),
                             {*Hostname::parse(latin("cloud.example.org"))}, pinned ? seen.key.text() : QString(), now);
        QCOMPARE(verdict.good, good);
        QVERIFY(verdict.sentence.endsWith(QLatin1Char('.')));
        QVERIFY(good || !verdict.fix.isEmpty());
    }

    void kept()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(latin("deep/site.json"));
        QVERIFY(loadSetup(file) && !*loadSetup(file));
        SetupAnswers answers = good();
        answers.page = SetupPage::Services;
        answers.ttl = latin("not a number");
        answers.plain[latin("user")] = latin("ü");
        answers.secrets = latin("dir:/x");
        answers.services.push_back({latin("no name"), latin("x"), Challenge::Delegated});
        answers.key.algorithm = TsigAlgorithm::HmacSha512;
        QVERIFY(saveSetup(file, answers));
        QVERIFY(!(QFile::permissions(setupFile(file)) &
                  (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther)));
        const auto back = loadSetup(file);
        QVERIFY(back && *back);
        QVERIFY(**back == answers);
        QVERIFY(forgetSetup(file));
        QVERIFY(!*loadSetup(file));
        QVERIFY(forgetSetup(file));
    }

    void identifier()
    {
        const auto entered = [](const char *text) {
            SetupAnswers one;
            one.interfaceId = latin(text);
            const auto id = enteredId(one);
            return id ? id->text() : latin("none");
        };
        QCOMPARE(entered(" ::11 "), latin("::11"));
        QCOMPARE(entered("2001:db8:a001:100::11"), latin("::11"));
        QCOMPARE(entered("2001:db8:a001:100::"), latin("none"));
        QCOMPARE(entered("fe80::11"), latin("none"));
        QCOMPARE(entered("nas.local"), latin("none"));
        QCOMPARE(entered("192.0.2.1"), latin("none"));
        QCOMPARE(entered(""), latin("none"));
        SetupAnswers four;
        four.interfaceId = latin("192.0.2.1");
        QVERIFY(setupGaps(four, {}).front().sentence.contains(latin("is an IPv4 address")));
    }

    void handover_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("location");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *name, int status, const char *location, const char *says) {
            QTest::newRow(name) << status << latin(location) << latin(says);
        };
        row("handed over", 302, "http://vps.example.org/.well-known/acme-challenge/sixgate-1", "ready");
        row("for ever", 308, "http://vps.example.org:80/.well-known/acme-challenge/sixgate-1", "ready");
        row("not known", 404, "", "answers challenges itself (404)");
        row("a page for all", 200, "", "answers challenges itself (200)");
        row("not modified", 304, "http://vps.example.org/.well-known/acme-challenge/sixgate-1", "itself (304)");
        row("another status", 303, "http://vps.example.org/.well-known/acme-challenge/sixgate-1", "itself (303)");
        row("round and round", 301, "https://cloud.example.org/", "leads challenges to https://cloud.example.org/");
        row("the VPS by HTTPS", 302, "https://vps.example.org/.well-known/acme-challenge/sixgate-1", "not to");
        row("another path", 302, "http://vps.example.org/", "not to");
        row("another port", 302, "http://vps.example.org:8080/.well-known/acme-challenge/sixgate-1", "not to");
        row("another machine", 302, "http://old.example.org/.well-known/acme-challenge/sixgate-1",
            "to http://old.example.org/");
        row("a login", 302, "http://cloud.example.org/login", "to http://cloud.example.org/login, not to");
        row("nowhere", 302, "", "answers challenges itself (302)");
        row("no answer", 0, "", "cannot be asked on port 80: It is refused.");
    }

    void handover()
    {
        QFETCH(int, status);
        QFETCH(QString, location);
        QFETCH(QString, says);
        const Known<SetupHandover> seen = status ? Known<SetupHandover>(SetupHandover{status, location})
                                                 : fail(ErrorCode::Network, latin("It is refused."));
        const SetupWay way =
            judgeHandover(*Hostname::parse(latin("cloud.example.org")), *Hostname::parse(latin("vps.example.org")),
                          latin("/.well-known/acme-challenge/sixgate-1"), seen);
        QCOMPARE(way.ready, says == latin("ready"));
        QCOMPARE(way.fix.isEmpty(), way.ready);
        QVERIFY2(way.ready || way.sentence.contains(says), qPrintable(way.sentence));
        QVERIFY(way.sentence.startsWith(latin("cloud.example.org: ")));
    }

    void delegation()
    {
        const auto judge = [](const Known<bool> &leads) {
            return judgeDelegation(*Hostname::parse(latin("cloud.example.org")),
                                   *Hostname::parse(latin("vps.example.org")), leads);
        };
        QVERIFY(judge(true).ready && judge(true).fix.isEmpty());
        QVERIFY(!judge(false).ready);
        QVERIFY(judge(false).fix.endsWith(latin("_acme-challenge.cloud.example.org NS vps.example.org")));
        const SetupWay unknown = judge(fail(ErrorCode::Timeout, latin("There was no answer in time.")));
        QVERIFY(!unknown.ready && unknown.sentence.endsWith(latin("There was no answer in time.")));
    }

    void damaged_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("no object") << QByteArray("[]");
        QTest::newRow("no schema") << QByteArray("{}");
        QTest::newRow("newer") << QByteArray("{\"schema\": 2}");
        QTest::newRow("unknown key") << QByteArray("{\"schema\": 1, \"x\": 1}");
        QTest::newRow("unknown page") << QByteArray("{\"schema\": 1, \"page\": \"x\"}");
        QTest::newRow("no text") << QByteArray("{\"schema\": 1, \"zone\": 1}");
        QTest::newRow("no services") << QByteArray("{\"schema\": 1, \"services\": []}");
        QTest::newRow("service") << QByteArray("{\"schema\": 1, \"services\": [1]}");
        QTest::newRow("key") << QByteArray("{\"schema\": 1, \"key\": {\"name\": 1}}");
    }

    // What stands in a URL in the place of a placeholder is not kept.
    void secretInUrl()
    {
        SetupAnswers answers;
        for (const char *secret : {"token=s3cretS3cret", "password=abc"}) {
            answers.url = latin("https://dyn.example.net/update?hostname={host}&myip={addresses}&") + latin(secret);
            QVERIFY(!setupJson(answers).contains(secret));
            QVERIFY(parseSetup(setupJson(answers)));
        }
        answers.url = latin("https://dyn.example.net/update?hostname={host}&myip={addresses}&token={token}");
        QCOMPARE(parseSetup(setupJson(answers))->url, answers.url);
    }

    void damaged()
    {
        QFETCH(QByteArray, text);
        const auto answers = parseSetup(text);
        QVERIFY(!answers);
        QCOMPARE(answers.error().code, ErrorCode::Invalid);
    }
};

QTEST_GUILESS_MAIN(TestSetup)
#include "tst_setup.moc"
