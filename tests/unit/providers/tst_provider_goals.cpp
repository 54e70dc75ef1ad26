// What is sent for a name, and what is not: the family that is not sent decides.

#include "definitions.h"

#include "decide/providercalls.h"
#include "decide/providertalks.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::test;

namespace
{

QString shownAll(const RequestText &text)
{
    QString out;
    for (const RequestPiece &piece : text)
        out +=
            piece.credential.isEmpty() ? QString::fromUtf8(piece.text) : QStringLiteral("<%1>").arg(piece.credential);
    return out;
}

/// All requests of a talk in which everything goes well, and what was told at its end.
QStringList carried(ProviderTalk &talk, const QByteArray &body)
{
    QStringList lines;
    while (const auto request = talk.next()) {
        QString line = QString::fromLatin1(request->method) + QLatin1Char(' ') + shownAll(request->target);
        if (!request->body.empty())
            line += QLatin1Char(' ') + shownAll(request->body);
        lines.append(line);
        talk.hear({200, {}, body});
    }
    for (const RecordOutcome &outcome : talk.outcomes())
        lines.append(recordText(outcome.key) + QLatin1Char(' ') + answerMeaningName(outcome.answer.meaning));
    return lines;
}

} // namespace

class TestProviderGoals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sent_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("v4");
        QTest::addColumn<QString>("stands4");
        QTest::addColumn<QString>("v6");
        QTest::addColumn<QString>("stands6");
        QTest::addColumn<QString>("wanted"); // lines
        const auto row = [](const char *name, const char *provider, const char *v4, const char *stands4, const char *v6,
                            const char *stands6, const char *wanted) {
            QTest::addRow("%s: %s", provider, name)
                << QString::fromLatin1(provider) << QString::fromLatin1(v4) << QString::fromLatin1(stands4)
                << QString::fromLatin1(v6) << QString::fromLatin1(stands6) << QString::fromLatin1(wanted);
        };
        const char *vps = "198.51.100.10";
        const char *home = "2001:db8:1::11";
        const char *old = "2001:db8:2::11";
        // Nobody knows what becomes of the other one: both, or nothing.
        row("both new", "strato", vps, "none", home, "none",
            "GET /nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        row("a new prefix", "strato", vps, vps, home, old,
            "GET /nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org AAAA done");
        row("the VPS is not known, but what stands", "strato", "unknown", vps, home, old,
            "GET /nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org AAAA done");
        row("nothing is known of A", "strato", "unknown", "?", home, old, "cloud.example.org AAAA withheld");
        row("the home is not known, nor what stands", "strato", vps, "none", "unknown", "?",
            "cloud.example.org A withheld");
        row("AAAA only", "strato", "absent", "none", home, old,
            "GET /nic/update?hostname=cloud.example.org&myip=2001%3Adb8%3A1%3A%3A11\ncloud.example.org AAAA done");
        // What cannot be deleted stays, and is no reason to leave the other one.
        row("an A that must go", "strato", "absent", vps, home, old,
            "GET /nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A withheld\ncloud.example.org AAAA done");
        row("an A that must go, and nothing else", "strato", "absent", vps, home, home,
            "cloud.example.org A withheld\ncloud.example.org AAAA unneeded");
        row("an A that may be there", "strato", "absent", "?", home, old,
            "cloud.example.org A withheld\ncloud.example.org AAAA withheld");
        row("all as it should be", "strato", vps, vps, home, home,
            "cloud.example.org A unneeded\ncloud.example.org AAAA unneeded");
        row("nothing is known", "strato", "unknown", "?", "unknown", "?", "");
        // Documented: "preserve" keeps, empty deletes, nothing lets the source in.
        row("a new prefix", "desec", vps, vps, home, old,
            "GET /?hostname=cloud.example.org&myipv4=preserve&myipv6=2001%3Adb8%3A1%3A%3A11\ncloud.example.org AAAA "
            "done");
        row("A not known", "desec", "unknown", "?", home, old,
            "GET /?hostname=cloud.example.org&myipv4=preserve&myipv6=2001%3Adb8%3A1%3A%3A11\ncloud.example.org AAAA "
            "done");
        row("AAAA only, an A must go", "desec", "absent", vps, home, home,
            "GET /?hostname=cloud.example.org&myipv4=&myipv6=preserve\ncloud.example.org A done");
        row("both go", "desec", "absent", "?", "absent", "?",
            "GET /?hostname=cloud.example.org&myipv4=&myipv6=\ncloud.example.org A done\ncloud.example.org AAAA done");
        // Documented: "no" keeps, nothing deletes, nothing lets the source in.
        row("a new prefix", "dynu", vps, vps, home, old,
            "GET /nic/update?hostname=example.org&alias=cloud&myip=no&myipv6=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org AAAA done");
        row("an A that must go", "dynu", "absent", vps, home, old,
            "GET /nic/update?hostname=example.org&alias=cloud&myip=no&myipv6=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A withheld\ncloud.example.org AAAA done");
        // Documented: what is not sent stays.
        row("a new prefix", "dynv6", vps, vps, home, old,
            "GET /api/update?hostname=cloud.example.org&token=<token>&ipv6=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org AAAA done");
        row("an A that must go", "dynv6", "absent", vps, home, old,
            "GET /api/update?hostname=cloud.example.org&token=<token>&ipv4=-&ipv6=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        // One address a call.
        row("both new", "ovh", vps, "none", home, "none",
            "GET /nic/update?system=dyndns&hostname=cloud.example.org&myip=198.51.100.10\n"
            "GET /nic/update?system=dyndns&hostname=cloud.example.org&myip=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        row("a new prefix", "ovh", vps, vps, home, old,
            "GET /nic/update?system=dyndns&hostname=cloud.example.org&myip=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org AAAA done");
        // Deletes both or none.
        row("both go", "duckdns", "absent", vps, "absent", home,
            "GET /update?domains=cloud&token=<token>&verbose=true&clear=true\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        row("a new prefix", "duckdns", vps, vps, home, old,
            "GET /update?domains=cloud&token=<token>&ip=198.51.100.10&ipv6=2001%3Adb8%3A1%3A%3A11&verbose=true\n"
            "cloud.example.org AAAA done");
        row("a new prefix", "netcup", vps, vps, home, old,
            "POST /wsDynDns.php action=update&token=<token>&fqdn=cloud.example.org&ipv4Address=198.51.100.10&"
            "ipv6Address=2001%3Adb8%3A1%3A%3A11\ncloud.example.org AAAA done");
    }

    void sent()
    {
        QFETCH(QString, provider);
        QFETCH(QString, v4);
        QFETCH(QString, stands4);
        QFETCH(QString, v6);
        QFETCH(QString, stands6);
        QFETCH(QString, wanted);
        const auto talk = addressTalk(
            definition(qPrintable(provider)), host("example.org"),
            {{host("cloud.example.org"), familyGoal<Ipv4Address>(v4, stands4), familyGoal<Ipv6Address>(v6, stands6)}});
        QVERIFY(talk);
        const QByteArray body = provider == QStringLiteral("dynv6")     ? "addresses updated"
                                : provider == QStringLiteral("duckdns") ? "OK"
                                : provider == QStringLiteral("netcup")  ? "{\"status\":\"success\"}"
                                                                        : "good";
        QCOMPARE(carried(**talk, body).join(QLatin1Char('\n')), wanted);
    }

    // So that a name does not expire, or for another time to live: what stands is sent all the same.
    void sentAnew_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<bool>("renew4");
        QTest::addColumn<QByteArray>("body"); // of each answer
        QTest::addColumn<QString>("wanted");
        const auto row = [](const char *provider, bool renew4, const char *body, const char *wanted) {
            QTest::addRow("%s %d", provider, renew4)
                << QString::fromLatin1(provider) << renew4 << QByteArray(body) << QString::fromLatin1(wanted);
        };
        const char *both = "GET /nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11\n";
        row("noip", true, "good",
            (QByteArray(both) + "cloud.example.org A done\ncloud.example.org AAAA done").constData());
        row("noip", false, "nochg", (QByteArray(both) + "cloud.example.org AAAA unchanged").constData());
        row("desec", false, "good",
            "GET /?hostname=cloud.example.org&myipv4=preserve&myipv6=2001%3Adb8%3A1%3A%3A11\ncloud.example.org AAAA "
            "done");
        row("desec", true, "good",
            "GET /?hostname=cloud.example.org&myipv4=198.51.100.10&myipv6=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        row("ovh", true, "good",
            "GET /nic/update?system=dyndns&hostname=cloud.example.org&myip=198.51.100.10\n"
            "GET /nic/update?system=dyndns&hostname=cloud.example.org&myip=2001%3Adb8%3A1%3A%3A11\n"
            "cloud.example.org A done\ncloud.example.org AAAA done");
        // By an API each record is read first, and then written.
        row("cloudflare", false,
            "{\"success\":true,\"result\":[{\"id\":\"z1\",\"name\":\"example.org\"},{\"id\":\"r1\","
            "\"name\":\"cloud.example.org\",\"type\":\"AAAA\",\"content\":\"2001:db8:1::11\"}]}",
            "cloud.example.org AAAA done");
    }
    void sentAnew()
    {
        QFETCH(QString, provider);
        QFETCH(bool, renew4);
        QFETCH(QByteArray, body);
        QFETCH(QString, wanted);
        NameGoal goal{host("cloud.example.org"),
                      familyGoal<Ipv4Address>(renew4 ? QStringLiteral("198.51.100.10") : QStringLiteral("unknown"),
                                              QStringLiteral("198.51.100.10")),
                      familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("2001:db8:1::11"))};
        goal.v4.renew = renew4;
        goal.v6.renew = true;
        for (const bool renew : {true, false}) {
            goal.v4.renew = renew && renew4;
            goal.v6.renew = renew;
            const auto talk = addressTalk(definition(qPrintable(provider)), host("example.org"), {goal});
            QVERIFY(talk);
            const QStringList lines = carried(**talk, body);
            const int writes = int(std::count_if(lines.begin(), lines.end(), [&](const QString &line) {
                return line.startsWith(QLatin1String("PUT")) || line.startsWith(QLatin1String("PATCH")) ||
                       line.contains(QLatin1String("update?")) || line.contains(QLatin1String("/?hostname"));
            }));
            if (provider == QLatin1String("cloudflare")) {
                QCOMPARE(writes, renew ? 1 : 0);
                QVERIFY2(!renew || lines.last() == wanted, qPrintable(lines.join(QLatin1Char('\n'))));
            } else if (renew) {
                QCOMPARE(lines.join(QLatin1Char('\n')), wanted);
            }
        }
    }

    // Without any way to keep or delete, a provider that takes the source is never asked for one family alone.
    void theSourceIsNeverLetIn()
    {
        ProviderDefinition provider = definition("dynu");
        provider.update->v4.keep.reset();
        provider.update->v6.keep.reset();
        const auto ask = [&](const char *v4, const char *stands4) {
            const auto talk = addressTalk(
                provider, host("example.org"),
                {{host("cloud.example.org"),
                  familyGoal<Ipv4Address>(QString::fromLatin1(v4), QString::fromLatin1(stands4)),
                  familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("2001:db8:2::11"))}});
            return carried(**talk, "good").join(QLatin1Char('\n'));
        };
        QCOMPARE(ask("unknown", "?"), QStringLiteral("cloud.example.org AAAA withheld"));
        QCOMPARE(ask("absent", "none"),
                 QStringLiteral("cloud.example.org A withheld\ncloud.example.org AAAA withheld"));
        QVERIFY(ask("198.51.100.10", "198.51.100.10").contains(QStringLiteral("myip=198.51.100.10&")));
        QVERIFY(ask("unknown", "203.0.113.1").contains(QStringLiteral("myip=203.0.113.1&")));
        QVERIFY(ask("unknown", "none").contains(QStringLiteral("withheld")));
    }

    // A provider that keeps a family and yet names another address for it has let somebody else's in.
    void anotherAddressIsSeen_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<QString>("stands4");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("meaning");
        const auto row = [](const char *provider, const char *stands4, const char *body, const char *meaning) {
            QTest::addRow("%s, A %s, %s", provider, stands4, body)
                << QString::fromLatin1(provider) << QString::fromLatin1(stands4) << QByteArray(body)
                << QString::fromLatin1(meaning);
        };
        for (const char *provider : {"desec", "ovh", "dynu"}) {
            row(provider, "none", "good 2001:db8:1::11", "done");
            row(provider, "none", "good 100.64.3.4", "strange");
            row(provider, "none", "good 100.64.3.4,2001:db8:1::11", "strange");
        }
        row("desec", "?", "good 203.0.113.1", "done"); // it was there before, for all that is known
        row("strato", "none", "good 100.64.3.4", "strange");
    }

    void anotherAddressIsSeen()
    {
        QFETCH(QString, provider);
        QFETCH(QString, stands4);
        QFETCH(QByteArray, body);
        QFETCH(QString, meaning);
        const auto talk = addressTalk(
            definition(qPrintable(provider)), host("example.org"),
            {{host("cloud.example.org"),
              familyGoal<Ipv4Address>(
                  stands4 == QStringLiteral("none") ? QStringLiteral("absent") : QStringLiteral("unknown"), stands4),
              familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))}});
        QCOMPARE(carried(**talk, body).last(), QStringLiteral("cloud.example.org AAAA ") + meaning);
    }

    void namesShareACall()
    {
        std::vector<NameGoal> goals;
        for (int i = 0; i < 45; ++i)
            goals.push_back({*Hostname::parse(QStringLiteral("n%1.example.org").arg(i)),
                             familyGoal<Ipv4Address>(QStringLiteral("198.51.100.10"), QStringLiteral("?")),
                             familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))});
        goals.push_back({host("other.example.org"),
                         familyGoal<Ipv4Address>(QStringLiteral("absent"), QStringLiteral("none")),
                         familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))});
        const auto talk = addressTalk(definition("noip"), host("example.org"), goals);
        QVERIFY(talk);
        std::vector<qsizetype> sizes;
        while (const auto request = (*talk)->next()) {
            const qsizetype names = shownAll(request->target).count(QStringLiteral("example.org"));
            sizes.push_back(names);
            (*talk)->hear({200, {}, QByteArray("good\r\n").repeated(names)});
        }
        QCOMPARE(sizes, (std::vector<qsizetype>{20, 20, 5, 1}));
        QCOMPARE((*talk)->outcomes().size(), 45u * 2 + 1);
        for (const RecordOutcome &outcome : (*talk)->outcomes())
            QCOMPARE(int(outcome.answer.meaning), int(AnswerMeaning::Done));
    }

    // A refused account, an outage and a silent provider end it; a name that is not there does not.
    void whatEndsATalk_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("requests");
        QTest::addColumn<QString>("last");
        QTest::newRow("badauth") << 200 << QByteArray("badauth") << 1 << QStringLiteral("stop");
        QTest::newRow("401") << 401 << QByteArray() << 1 << QStringLiteral("stop");
        QTest::newRow("911") << 200 << QByteArray("911") << 1 << QStringLiteral("retry");
        QTest::newRow("429") << 429 << QByteArray() << 1 << QStringLiteral("retry");
        QTest::newRow("302") << 302 << QByteArray() << 1 << QStringLiteral("redirected");
        QTest::newRow("nohost") << 200 << QByteArray("nohost") << 3 << QStringLiteral("stop");
        QTest::newRow("abuse") << 200 << QByteArray("abuse") << 1 << QStringLiteral("stop");
        QTest::newRow("no answer") << 0 << QByteArray() << 1 << QStringLiteral("unsent");
    }

    void whatEndsATalk()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(int, requests);
        QFETCH(QString, last);
        std::vector<NameGoal> goals;
        for (const char *name : {"a.example.org", "b.example.org", "c.example.org"})
            goals.push_back({host(name), familyGoal<Ipv4Address>(QStringLiteral("198.51.100.10"), QStringLiteral("?")),
                             familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))});
        const auto talk = addressTalk(definition("strato"), host("example.org"), goals);
        int asked = 0;
        for (; (*talk)->next(); ++asked) {
            if (status == 0)
                (*talk)->fail(true, {ErrorCode::Timeout, QStringLiteral("There was no answer in time."), {}, {}});
            else
                (*talk)->hear({status, {}, body});
        }
        QCOMPARE(asked, requests);
        const auto outcomes = (*talk)->outcomes();
        QCOMPARE(outcomes.size(), 6u);
        QCOMPARE(answerMeaningName(outcomes.back().answer.meaning), last);
        if (status == 0)
            QCOMPARE(int(outcomes.front().answer.meaning), int(AnswerMeaning::NoAnswer));
    }

    void whatIsNotToBePublished()
    {
        for (const char *address : {"10.0.0.1", "100.64.0.1", "192.0.0.2", "127.0.0.1", "169.254.1.1"}) {
            const auto talk = addressTalk(
                definition("strato"), host("example.org"),
                {{host("cloud.example.org"), familyGoal<Ipv4Address>(QString::fromLatin1(address), QStringLiteral("?")),
                  familyGoal<Ipv6Address>(QStringLiteral("absent"), QStringLiteral("none"))}});
            QVERIFY2(!talk, address);
            QCOMPARE(talk.error().code, ErrorCode::Invalid);
        }
        for (const char *address : {"fe80::1", "fd00::1", "::1", "2002::1", "::ffff:198.51.100.1"}) {
            const auto talk = addressTalk(
                definition("strato"), host("example.org"),
                {{host("cloud.example.org"), familyGoal<Ipv4Address>(QStringLiteral("absent"), QStringLiteral("none")),
                  familyGoal<Ipv6Address>(QString::fromLatin1(address), QStringLiteral("?"))}});
            QVERIFY2(!talk, address);
        }
        QVERIFY(!addressTalk(definition("strato"), host("example.org"), {{host("cloud.example.net"), {}, {}}}));
        QVERIFY(!addressTalk(definition("rfc2136"), host("example.org"), {}));
        QVERIFY(!textTalk(definition("strato"), host("example.org"), {}));
        QVERIFY(!textTalk(definition("hetzner"), host("example.org"), {{host("a.example.org"), "a\"b"}}));
        QVERIFY(!readTalk(definition("strato"), host("example.org"), {}));
    }

    void aUrlOfTheUsers_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<QString>("sent"); // "!" and a part of the error
        const auto row = [](const char *url, const char *sent) {
            QTest::newRow(url) << QString::fromLatin1(url) << QString::fromLatin1(sent);
        };
        row("https://dyn.example.net/nic/update?hostname={host}&myip={addresses}",
            "/nic/update?hostname=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11");
        row("https://dyn.example.net:8443/u/{token}/{host}?a={v4}&b={v6}&c=x%2By",
            "/u/<token>/cloud.example.org?a=198.51.100.10&b=2001%3Adb8%3A1%3A%3A11&c=x%2By");
        row("https://dyn.example.net/?u={user}&p={password}&h={host}&myip={v4},{v6}",
            "/?u=<user>&p=<password>&h=cloud.example.org&myip=198.51.100.10%2C2001%3Adb8%3A1%3A%3A11");
        row("http://dyn.example.net/?ip={addresses}", "!https://");
        row("https://dyn.example.net/?ip={v4}", "!could not set the home's address");
        row("https://dyn.example.net/?ip={address}", "!one address a call");
        row("https://dyn.example.net/?ip={addresses}&x={ip}", "!{ip}");
        row("https://dyn.example.net/?{addresses}", "!not NAME=VALUE");
        row("https://user@dyn.example.net/?ip={addresses}", "!");
        row("https://dyn.example.net/?ip={addresses}#x", "!no URL has");
        row("https://dyn.example.net/?ip={addresses} ", "!no URL has");
        row("https://{host}/?ip={addresses}", "!");
    }

    void aServerOfTheUsers()
    {
        ProviderAccess access{*Label::parse(QStringLiteral("powerdns")),
                              {},
                              {},
                              std::make_shared<const ProviderDefinition>(definition("powerdns"))};
        QVERIFY(!definitionOf(access));
        access.server = QStringLiteral("ns.example.net:8443");
        const auto provider = definitionOf(access);
        QVERIFY2(provider, provider ? "" : qPrintable(provider.error().summary));
        const auto talk = addressTalk(
            *provider, host("example.org"),
            {{host("cloud.example.org"), familyGoal<Ipv4Address>(QStringLiteral("198.51.100.10"), QStringLiteral("?")),
              familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))}});
        const auto request = (*talk)->next();
        QVERIFY(request);
        QCOMPARE(request->host.ascii(), QStringLiteral("ns.example.net"));
        QCOMPARE(int(request->port.number()), 8443);
    }

    void aUrlOfTheUsers()
    {
        QFETCH(QString, url);
        QFETCH(QString, sent);
        const auto provider = customProvider(definition("custom"), url);
        if (sent.startsWith(QLatin1Char('!'))) {
            QVERIFY(!provider);
            QVERIFY2(provider.error().summary.contains(sent.mid(1)), qPrintable(provider.error().summary));
            return;
        }
        QVERIFY2(provider, provider ? "" : qPrintable(provider.error().summary));
        const auto talk = addressTalk(
            *provider, host("example.org"),
            {{host("cloud.example.org"), familyGoal<Ipv4Address>(QStringLiteral("198.51.100.10"), QStringLiteral("?")),
              familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("?"))}});
        const auto request = (*talk)->next();
        QVERIFY(request);
        QCOMPARE(shownAll(request->target), sent);
        QCOMPARE(request->host.ascii(), QStringLiteral("dyn.example.net"));
        // Nothing of a query is shown, since users write secrets into it; credentials do not go out twice.
        QVERIFY(!shownRequest(*request).contains(QLatin1Char('?')));
        const bool inUrl = sent.contains(QStringLiteral("<password>")) || sent.contains(QStringLiteral("<token>"));
        QCOMPARE(std::any_of(request->headers.begin(), request->headers.end(),
                             [](const RequestHeader &header) { return header.basic; }),
                 !inUrl);
    }
};

QTEST_GUILESS_MAIN(TestProviderGoals)
#include "tst_provider_goals.moc"
