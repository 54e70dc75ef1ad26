// What a provider's answer means: every word of dyndns2, and what comes in place of one.

#include "definitions.h"

#include "decide/provideranswers.h"
#include "decide/providerrules.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

AnswerRules dyndns2()
{
    AnswerReader reader;
    reader.dyndns2 = true;
    AnswerRules rules;
    rules.readers = {reader};
    return rules;
}

ProviderReply reply(int status, const QByteArray &body, std::map<QByteArray, QByteArray> headers = {})
{
    return {status, std::move(headers), body};
}

const SentAddresses both{Ipv4Address::fromBytes({198, 51, 100, 10}),
                         *Ipv6Address::parse(QStringLiteral("2001:db8:1::11")), false};

/// "done", "stop", "retry 1800" …
QString told(const ProviderAnswer &answer)
{
    QString text = answerMeaningName(answer.meaning);
    if (answer.after)
        text += QStringLiteral(" %1").arg(answer.after->count());
    return text;
}

QString told(const std::vector<ProviderAnswer> &answers)
{
    QStringList all;
    for (const ProviderAnswer &answer : answers)
        all.append(told(answer));
    return all.join(QStringLiteral(", "));
}

} // namespace

class TestProviderAnswers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneName_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("meaning");
        const auto row = [](const char *name, int status, const QByteArray &body, const char *meaning) {
            QTest::newRow(name) << status << body << QString::fromLatin1(meaning);
        };
        row("good", 200, "good 198.51.100.10", "done");
        row("good without an address", 200, "good", "done");
        row("good, pair", 200, "good 198.51.100.10,2001:db8:1::11", "done");
        row("good, pair apart", 200, "good 198.51.100.10 2001:db8:1::11", "done");
        row("good, written otherwise", 200, "good 2001:DB8:1:0:0:0:0:11", "done");
        row("nochg", 200, "nochg 2001:db8:1::11", "unchanged");
        row("in capitals", 200, "GOOD 198.51.100.10", "done");
        row("line end", 200, "good 198.51.100.10\r\n", "done");
        row("byte order mark", 200, "\xef\xbb\xbfgood 198.51.100.10", "done");
        row("blank lines", 200, "\r\n\r\ngood\r\n\r\n", "done");
        row("tab after the word", 200, "good\t198.51.100.10", "done");
        row("a line for each address", 200, "good 198.51.100.10\nnochg 2001:db8:1::11", "done");
        row("both unchanged", 200, "nochg 198.51.100.10\nnochg 2001:db8:1::11", "unchanged");
        row("one address refused", 200, "good 198.51.100.10\nabuse", "stop");
        row("one address not stored", 200, "good 198.51.100.10\ndnserr", "retry 1800");
        row("words of its own after it", 200, "good 198.51.100.10\nHave a nice day 100.64.0.9", "done");
        row("words of its own before it", 200, "Have a nice day\ngood 198.51.100.10", "strange");
        // A rule of the agent was broken.
        row("good 127.0.0.1", 200, "good 127.0.0.1", "stop");
        row("nochg 127.0.0.1", 200, "nochg 127.0.0.1", "stop");
        // Never the address of the connection.
        row("another IPv4 address", 200, "good 100.64.7.7", "strange");
        row("another IPv4 address beside ours", 200, "good 198.51.100.10,100.64.7.7", "strange");
        row("another IPv4 address in the second line", 200, "good 2001:db8:1::11\ngood 100.64.7.7", "strange");
        row("another IPv6 address", 200, "good 2001:db8:9::1", "strange");
        row("badauth", 200, "badauth", "stop");
        row("badauth 401", 401, "badauth", "stop");
        row("!donator", 200, "!donator", "stop");
        row("!yours", 200, "!yours", "stop");
        row("!active", 200, "!active", "stop");
        row("notfqdn", 200, "notfqdn", "stop");
        row("nohost", 200, "nohost", "stop");
        row("nohost 400", 400, "nohost", "stop");
        row("numhost", 200, "numhost", "stop");
        row("abuse", 200, "abuse", "stop");
        row("abuse 403", 403, "abuse", "stop");
        row("badagent", 200, "badagent 0.0.0.0", "stop");
        row("badsys", 200, "badsys", "stop");
        row("dnserr", 200, "dnserr", "retry 1800");
        row("911", 200, "911", "retry 1800");
        row("911 with 500", 500, "911", "retry 1800");
        row("wait seconds", 200, "w45s", "retry 45");
        row("wait minutes", 200, "w5m", "retry 300");
        row("wait hours", 200, "w2h", "retry 7200");
        row("wait too long", 200, "w999h", "retry 86400");
        row("wait nothing", 200, "ws", "strange");
        row("file", 200, "file", "strange");
        row("a word within a word", 200, "goodness 198.51.100.10", "strange");
        row("911 within an address", 200, "2001:db8::911", "strange");
        row("good in a sentence", 200, "All is good", "strange");
        row("empty", 200, "", "strange");
        row("blanks", 200, " \r\n ", "strange");
        row("no content", 204, "", "strange");
        row("HTML", 200, "<html><body>good 198.51.100.10</body></html>", "strange");
        row("JSON", 200, "{\"status\":\"good\"}", "strange");
        row("binary", 200, QByteArray("\0good", 5), "strange");
        row("huge", 200, "good 198.51.100.10\n" + QByteArray(70000, 'x'), "strange");
        row("many lines", 200, QByteArray("good\n").repeated(300), "strange");
        row("a redirect with a good body", 302, "good 198.51.100.10", "redirected 1800");
        row("a redirect with a bad body", 302, "badauth", "redirected 1800");
        row("moved", 301, "", "redirected 1800");
        row("good, but refused", 400, "good 198.51.100.10", "strange");
        row("good, but an outage", 503, "good 198.51.100.10", "retry 60");
        row("outage", 502, "<html>Bad gateway</html>", "retry 60");
        row("not found", 404, "<html>Jetty</html>", "strange");
        row("unauthorised without a word", 401, "", "stop");
        row("forbidden page", 403, "<html>no</html>", "stop");
        row("too many", 429, "Too many requests", "retry 60");
    }

    void oneName()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QString, meaning);
        const auto answers = readAnswer(dyndns2(), reply(status, body), 1, both);
        QCOMPARE(told(answers), meaning);
        const bool good = meaning == QStringLiteral("done") || meaning == QStringLiteral("unchanged");
        QVERIFY(good || !answers.front().sentence.isEmpty());
        QVERIFY(!answers.front().word.contains(QLatin1Char('\n')));
    }

    void severalNames_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("meanings");
        const auto row = [](const char *name, const char *body, const char *meanings) {
            QTest::newRow(name) << QByteArray(body) << QString::fromLatin1(meanings);
        };
        row("one line each", "good 198.51.100.10\nnohost\nnochg", "done, stop, unchanged");
        row("carriage returns", "good\r\nnochg\r\n911\r\n", "done, unchanged, retry 1800");
        row("about the account", "badauth", "stop, stop, stop");
        row("an outage", "911\r\n", "retry 1800, retry 1800, retry 1800");
        row("one good word for all", "good 198.51.100.10", "strange, strange, strange");
        row("one line too few", "good\ngood", "strange, strange, strange");
        row("one line too many", "good\ngood\ngood\ngood", "strange, strange, strange");
        row("one is nothing known", "good\nhello\nnochg", "done, strange, unchanged");
    }

    void severalNames()
    {
        QFETCH(QByteArray, body);
        QFETCH(QString, meanings);
        QCOMPARE(told(readAnswer(dyndns2(), reply(200, body), 3, both)), meanings);
    }

    void aKeptFamilyMayBeNamed()
    {
        const SentAddresses six{{}, both.v6, true};
        QCOMPARE(told(readAnswer(dyndns2(), reply(200, "good 203.0.113.9,2001:db8:1::11"), 1, six)),
                 QStringLiteral("done"));
        const SentAddresses alone{{}, both.v6, false};
        QCOMPARE(told(readAnswer(dyndns2(), reply(200, "good 203.0.113.9,2001:db8:1::11"), 1, alone)),
                 QStringLiteral("strange"));
    }

    void retryAfterIsKept_data()
    {
        QTest::addColumn<QByteArray>("retry");
        QTest::addColumn<QString>("meaning");
        QTest::newRow("seconds") << QByteArray("120") << QStringLiteral("retry 120");
        QTest::newRow("a date") << QByteArray("Fri, 27 Nov 2026 10:05:00 GMT") << QStringLiteral("retry 300");
        QTest::newRow("a date that has passed")
            << QByteArray("Fri, 27 Nov 2026 09:00:00 GMT") << QStringLiteral("retry 1");
        QTest::newRow("a year") << QByteArray("31536000") << QStringLiteral("retry 86400");
        QTest::newRow("negative") << QByteArray("-5") << QStringLiteral("retry 60");
        QTest::newRow("words") << QByteArray("later") << QStringLiteral("retry 60");
    }

    void retryAfterIsKept()
    {
        QFETCH(QByteArray, retry);
        QFETCH(QString, meaning);
        const auto answers = readAnswer(
            dyndns2(), reply(429, "", {{"retry-after", retry}, {"date", "Fri, 27 Nov 2026 10:00:00 GMT"}}), 1, both);
        QCOMPARE(told(answers), meaning);
    }

    void pathsInJson()
    {
        const QJsonValue document = jsonDocument("{\"a\": [{\"b\": \"x\"}, {\"b\": 7}], \"c\": true}");
        QCOMPARE(jsonAt(document, QStringLiteral("a.0.b")).toString(), QStringLiteral("x"));
        QCOMPARE(jsonTextsAt(document, QStringLiteral("a.*.b")),
                 (std::vector<QString>{QStringLiteral("x"), QStringLiteral("7")}));
        QCOMPARE(jsonTextsAt(document, QStringLiteral("c")), std::vector<QString>{QStringLiteral("true")});
        QVERIFY(jsonTextsAt(document, QStringLiteral("a.9.b")).empty());
        QVERIFY(jsonTextsAt(document, QStringLiteral("c.d")).empty());
        QVERIFY(jsonDocument("<html>").isUndefined());
        QVERIFY(jsonDocument("{} {}").isUndefined());
    }

    // What each meaning is to the pace of updates: a stop outlives a restart, an ordered wait is kept.
    void thePaceFollows()
    {
        ProviderDefinition provider{.name = *Label::parse(QStringLiteral("test"))};
        provider.rules.pause = 60s;
        provider.rules.longestPause = 600s;
        provider.rules.longestOrder = 86400s;
        provider.update.emplace();
        provider.update->answers = dyndns2();
        const UpdateRules rules = providerRules(provider);
        QVERIFY(rules.fatal.contains(QStringLiteral("abuse")) && rules.fatal.contains(QStringLiteral("badauth")));
        QVERIFY(!rules.fatal.contains(QStringLiteral("911")));
        const QDateTime now(QDate(2026, 11, 27), QTime(10, 0), Qt::UTC);
        const auto after = [&](int status, const char *body) {
            const auto answer = readAnswer(dyndns2(), reply(status, body), 1, both).front();
            PaceState state = noteUpdate({}, rules, {UpdateOutcome::What::Sending, QStringLiteral("x"), {}}, now);
            const auto outcome = updateOutcome(answer, QStringLiteral("x"));
            state = noteRestart(noteUpdate(state, rules, *outcome, now), now);
            return mayUpdate(rules, state, QStringLiteral("y"), now);
        };
        QCOMPARE(int(after(200, "good").verdict), int(UpdateVerdict::Now));
        QCOMPARE(int(after(200, "badauth").verdict), int(UpdateVerdict::Stopped));
        QCOMPARE(int(after(200, "good 127.0.0.1").verdict), int(UpdateVerdict::Stopped));
        QCOMPARE(int(after(401, "").verdict), int(UpdateVerdict::Stopped));
        QCOMPARE(after(200, "911").at, now.addSecs(1800));
        QCOMPARE(after(302, "").at, now.addSecs(1800));
        QCOMPARE(after(200, "hello").at, now.addSecs(60));
    }

    // What is said of one name stops that name; what is said of the account stops all of it.
    void ofOneName_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<bool>("name");  // of this name alone
        QTest::addColumn<bool>("stops"); // the account's other names
        const auto row = [](const char *body, bool name, bool stops) {
            QTest::newRow(body) << QByteArray(body) << name << stops;
        };
        row("good", false, false);
        row("nochg", false, false);
        row("nohost", true, false);
        row("notfqdn", true, false);
        row("!yours", true, false);
        row("numhost", true, false);
        row("dnserr", false, false);
        row("badauth", false, true);
        row("badagent", false, true);
        row("!donator", false, true);
        row("abuse", false, true);
        row("good 127.0.0.1", false, true);
    }
    void ofOneName()
    {
        QFETCH(QByteArray, body);
        QFETCH(bool, name);
        QFETCH(bool, stops);
        const auto answer = readAnswer(dyndns2(), reply(200, body), 1, both).front();
        QCOMPARE(concernsNameAlone(answer), name);
        UpdateRules rules;
        rules.fatal = {QStringLiteral("nohost"), QStringLiteral("abuse"), QStringLiteral("badauth")};
        const auto now = QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC);
        const auto outcome = updateOutcome(answer, QStringLiteral("x"));
        QVERIFY(outcome);
        PaceState state = noteUpdate({}, rules, *outcome, now);
        QCOMPARE(mayUpdate(rules, state, QStringLiteral("y"), now.addDays(9)).verdict == UpdateVerdict::Stopped, stops);
        QCOMPARE(int(state.updates.size()), 1);
    }

    void requestsBefore_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<int>("names"); // each with A and AAAA
        QTest::addColumn<int>("requests");
        const auto row = [](const char *provider, int names, int requests) {
            QTest::addRow("%s %d", provider, names) << QString::fromLatin1(provider) << names << requests;
        };
        row("strato", 1, 1);
        row("noip", 45, 3); // twenty names a call
        row("ovh", 1, 2);   // one address a call
        row("desec", 2, 2);
        row("cloudflare", 1, 5); // the zone, and for each record one that reads and one that writes
        row("powerdns", 1, 4);
    }
    void requestsBefore()
    {
        QFETCH(QString, provider);
        QFETCH(int, names);
        QFETCH(int, requests);
        std::vector<RecordKey> keys;
        for (int i = 0; i < names; ++i) {
            const auto name = *Hostname::parse(QStringLiteral("n%1.example.org").arg(i));
            keys.push_back({name, RecordType::A});
            keys.push_back({name, RecordType::AAAA});
        }
        QCOMPARE(expectedRequests(test::definition(qPrintable(provider)), keys), requests);
    }

    void whereTheTimeToLiveIsSet()
    {
        QStringList with;
        for (const auto &[name, one] : loadProviders({}).providers) {
            if (setsTtl(one))
                with << name.text();
        }
        QCOMPARE(with.join(QLatin1Char(' ')), QStringLiteral("ionos powerdns rfc2136"));
    }

    // One talk has many answers; the one that says most about what may be sent next holds.
    void worstOfATalk()
    {
        using What = UpdateOutcome::What;
        const auto outcome = [](What what, bool stops = false, std::optional<std::chrono::milliseconds> after = {}) {
            UpdateOutcome one;
            one.what = what;
            one.untilUserActs = stops;
            one.after = after;
            return one;
        };
        const std::vector<UpdateOutcome> inOrder{outcome(What::Unsent),   outcome(What::Answered),
                                                 outcome(What::Accepted), outcome(What::NoAnswer),
                                                 outcome(What::Refused),  outcome(What::Refused, true)};
        for (size_t i = 0; i < inOrder.size(); ++i) {
            for (size_t k = 0; k < inOrder.size(); ++k) {
                const auto worse = worseOutcome(inOrder[i], inOrder[k]);
                const auto &wanted = inOrder[std::max(i, k)];
                QVERIFY(worse.what == wanted.what && worse.untilUserActs == wanted.untilUserActs);
            }
        }
        const auto both = worseOutcome(outcome(What::Refused, false, std::chrono::seconds(60)),
                                       outcome(What::Refused, true, std::chrono::seconds(30)));
        QVERIFY(both.untilUserActs && both.after == std::chrono::seconds(60));
    }
};

QTEST_GUILESS_MAIN(TestProviderAnswers)
#include "tst_provider_answers.moc"
