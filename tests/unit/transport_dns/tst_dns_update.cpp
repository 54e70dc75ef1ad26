// UPDATE with TSIG against knotd, also with somebody in between who alters the answers.

#include "daemons.h"

#include <QElapsedTimer>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

constexpr auto secret256 = "Wg0nl2TbXmGmYwFQ4uYlqX8k5o3xT6cBzr7ZkqVtE1s=";
constexpr auto secret512 = "3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+7w==";

TsigKey key(const char *name = "setter", TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256,
            const char *secret = secret256)
{
    return {parsed<KeyName>(name), algorithm, Secret(QByteArray(secret))};
}

Hostname zone()
{
    return parsed<Hostname>("example.org");
}

RecordSet set(const char *name, RecordType type, std::initializer_list<const char *> values,
              std::chrono::seconds ttl = 60s)
{
    RecordSet out{parsed<Hostname>(name), type, ttl, {}};
    for (const char *value : values)
        out.values.push_back(QString::fromLatin1(value));
    return out;
}

const DnsServer primary = serverAt("127.0.0.1");

Outcome update(const RecordSet &wanted, const RecordSet *expected, const TsigKey &with, const DnsServer &to = primary)
{
    return updateRecordSet(to, zone(), wanted, expected, with, Deadline::after(5s), {});
}

RecordSet seen(const char *name, RecordType type)
{
    const auto answer = queryServer(primary, parsed<Hostname>(name), type, false, Deadline::after(5s), {});
    if (!answer)
        qFatal("%s", qPrintable(answer.error().summary));
    return answer->find(parsed<Hostname>(name), type);
}

QString said(const Outcome &outcome)
{
    return outcome ? QStringLiteral("done")
                   : outcome.error().summary + QLatin1Char('|') + outcome.error().detail + QLatin1Char('|') +
                         outcome.error().fix;
}

QString knotConfig()
{
    return QStringLiteral("key:\n"
                          "  - id: setter\n    algorithm: hmac-sha256\n    secret: %1\n"
                          "  - id: setter512\n    algorithm: hmac-sha512\n    secret: %2\n"
                          "  - id: texts\n    algorithm: hmac-sha256\n    secret: %1\n"
                          "  - id: idle\n    algorithm: hmac-sha256\n    secret: %1\n"
                          "acl:\n  - id: set\n    key: [ setter, setter512 ]\n    action: update\n"
                          "  - id: text\n    key: texts\n    action: update\n    update-type: TXT\n"
                          "zone:\n  - domain: example.org\n    file: site\n    acl: [ set, text ]\n"
                          "  - domain: example.com\n    file: site\n")
        .arg(QString::fromLatin1(secret256), QString::fromLatin1(secret512));
}

std::vector<std::pair<QString, QString>> zones()
{
    return {{QStringLiteral("site"),
             QStringLiteral("$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 10\n@ NS ns1\nns1 A 127.0.0.1\n"
                            "alias CNAME ns1\n")}};
}

} // namespace

class TestDnsUpdate : public QObject
{
    Q_OBJECT

    std::unique_ptr<Daemon> m_knot;

private Q_SLOTS:
    void init()
    {
        m_knot = startKnot(QStringLiteral("127.0.0.1@53"), knotConfig(), zones());
        m_knot->waitUntilItAnswers(primary, "example.org");
    }
    void cleanup() { m_knot.reset(); }

    // A key is tried by an update that changes nothing.
    void keyTried_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("secret");
        QTest::addColumn<QString>("wanted"); // part of what is said; empty: it is taken
        QTest::newRow("good") << QByteArray("setter") << QByteArray(secret256) << QString();
        QTest::newRow("for texts alone") << QByteArray("texts") << QByteArray(secret256) << QString();
        QTest::newRow("another secret") << QByteArray("setter")
                                        << QByteArray("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
                                        << QStringLiteral("another secret");
        QTest::newRow("not known") << QByteArray("nobody") << QByteArray(secret256) << QStringLiteral("nobody");
        QTest::newRow("without rights") << QByteArray("idle") << QByteArray(secret256) << QStringLiteral("idle");
        QTest::newRow("no base64") << QByteArray("setter") << QByteArray("?") << QStringLiteral("not base64");
    }

    void keyTried()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, secret);
        QFETCH(QString, wanted);
        const auto before = seen("example.org", RecordType::SOA);
        const auto tried =
            tryUpdateKey(primary, zone(), key(name.constData(), TsigAlgorithm::HmacSha256, secret.constData()),
                         Deadline::after(5s), {});
        QVERIFY2(wanted.isEmpty() ? tried.has_value() : !tried && said(tried).contains(wanted),
                 qPrintable(said(tried)));
        QCOMPARE(seen("example.org", RecordType::SOA).values, before.values);
    }

    void setsChangesAndDeletes_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<int>("algorithm");
        QTest::addColumn<QByteArray>("secret");
        QTest::newRow("hmac-sha256") << QByteArray("setter") << int(TsigAlgorithm::HmacSha256) << QByteArray(secret256);
        QTest::newRow("hmac-sha512") << QByteArray("setter512") << int(TsigAlgorithm::HmacSha512)
                                     << QByteArray(secret512);
        QTest::newRow("newline at the end")
            << QByteArray("setter") << int(TsigAlgorithm::HmacSha256) << QByteArray(secret256) + "\n";
    }
    void setsChangesAndDeletes()
    {
        QFETCH(QByteArray, name);
        QFETCH(int, algorithm);
        QFETCH(QByteArray, secret);
        const TsigKey with = key(name.constData(), static_cast<TsigAlgorithm>(algorithm), secret.constData());
        const RecordSet none = set("cloud.example.org", RecordType::AAAA, {}, 0s);
        const RecordSet one = set("cloud.example.org", RecordType::AAAA, {"2001:db8:1::11"});
        const RecordSet two = set("cloud.example.org", RecordType::AAAA, {"2001:db8:2::11", "2001:db8:3::11"});
        const RecordSet slower = set("cloud.example.org", RecordType::AAAA, {"2001:db8:2::11", "2001:db8:3::11"}, 300s);
        const RecordSet four = set("cloud.example.org", RecordType::A, {"198.51.100.10"});
        auto done = update(four, nullptr, with);
        QVERIFY2(done, qPrintable(said(done)));
        done = update(one, &none, with);
        QVERIFY2(done, qPrintable(said(done)));
        QCOMPARE(seen("cloud.example.org", RecordType::AAAA), one);
        done = update(two, &one, with);
        QVERIFY2(done, qPrintable(said(done)));
        QCOMPARE(seen("cloud.example.org", RecordType::AAAA), two);
        done = update(slower, &two, with); // the time to live alone
        QVERIFY2(done, qPrintable(said(done)));
        QCOMPARE(seen("cloud.example.org", RecordType::AAAA), slower);
        done = update(slower, &slower, with); // nothing new
        QVERIFY2(done, qPrintable(said(done)));
        done = update(none, &slower, with);
        QVERIFY2(done, qPrintable(said(done)));
        QVERIFY(seen("cloud.example.org", RecordType::AAAA).values.empty());
        QCOMPARE(seen("cloud.example.org", RecordType::A), four); // the other family all the while
        QCOMPARE(seen("ns1.example.org", RecordType::A).values.size(), 1u);
    }

    void otherTypes()
    {
        const RecordSet text = set("note.example.org", RecordType::TXT, {"\"a \\\"quoted\\\"; text\" \"second\""});
        const RecordSet alias = set("www.example.org", RecordType::CNAME, {"ns1.example.org"});
        for (const RecordSet &one : {text, alias}) {
            const auto done = update(one, nullptr, key());
            QVERIFY2(done, qPrintable(said(done)));
            QCOMPARE(seen(qPrintable(one.name.ascii()), one.type), one);
        }
        const RecordSet other = set("note.example.org", RecordType::TXT, {"\"x\""});
        QVERIFY(update(other, &text, key()));
        QCOMPARE(seen("note.example.org", RecordType::TXT), other);
    }

    void badValuesAreNotSent()
    {
        const std::pair<RecordType, const char *> values[] = {
            {RecordType::A, "2001:db8::1"},     {RecordType::AAAA, "198.51.100.1"},
            {RecordType::CNAME, "a..b"},        {RecordType::TXT, ""},
            {RecordType::SOA, "x y 1 2 3 4 5"}, {RecordType::TXT, "\"a\"\nb 60 A 1.2.3.4"}};
        for (const auto &[type, value] : values) {
            const auto done = update(set("cloud.example.org", type, {value}), nullptr, key());
            QVERIFY2(!done, value);
            QCOMPARE(done.error().code, ErrorCode::Invalid);
        }
        const auto outside = update(set("cloud.example.net", RecordType::A, {"198.51.100.1"}), nullptr, key());
        QVERIFY(!outside);
        QCOMPARE(outside.error().code, ErrorCode::Invalid);
    }

    void aRecordThatMovedIsLeftAlone_data()
    {
        QTest::addColumn<QStringList>("now");
        QTest::addColumn<QStringList>("expected");
        const QString a = QStringLiteral("2001:db8::a");
        const QString b = QStringLiteral("2001:db8::b");
        QTest::newRow("appeared") << QStringList{a} << QStringList{};
        QTest::newRow("another value") << QStringList{a} << QStringList{b};
        QTest::newRow("one more") << QStringList{a, b} << QStringList{a};
        QTest::newRow("one less") << QStringList{a} << QStringList{a, b};
        QTest::newRow("gone") << QStringList{} << QStringList{a};
    }
    void aRecordThatMovedIsLeftAlone()
    {
        QFETCH(QStringList, now);
        QFETCH(QStringList, expected);
        const auto records = [](const QStringList &values) {
            return RecordSet{
                parsed<Hostname>("cloud.example.org"), RecordType::AAAA, 60s, {values.begin(), values.end()}};
        };
        QVERIFY(update(records(now), nullptr, key()));
        const RecordSet old = records(expected);
        const auto done = update(set("cloud.example.org", RecordType::AAAA, {"2001:db8::c"}), &old, key());
        QVERIFY(!done);
        QVERIFY2(done.error().code == ErrorCode::Moved, qPrintable(said(done)));
        QCOMPARE(seen("cloud.example.org", RecordType::AAAA).values, records(now).values);
    }

    void keyTroubles_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<int>("algorithm");
        QTest::addColumn<QByteArray>("secret");
        QTest::addColumn<QString>("word"); // of the summary
        const int sha256 = int(TsigAlgorithm::HmacSha256);
        const int sha512 = int(TsigAlgorithm::HmacSha512);
        QTest::newRow("unknown name") << QByteArray("stranger") << sha256 << QByteArray(secret256)
                                      << QStringLiteral("does not accept the TSIG key stranger");
        QTest::newRow("wrong secret") << QByteArray("setter") << sha256 << QByteArray("c2VjcmV0")
                                      << QStringLiteral("another secret");
        QTest::newRow("wrong algorithm") << QByteArray("setter") << sha512 << QByteArray(secret256)
                                         << QStringLiteral("TSIG key setter (hmac-sha512)");
        QTest::newRow("known, but without rights")
            << QByteArray("idle") << sha256 << QByteArray(secret256) << QStringLiteral("key idle");
        QTest::newRow("may set texts only")
            << QByteArray("texts") << sha256 << QByteArray(secret256) << QStringLiteral("key texts");
    }
    void keyTroubles()
    {
        QFETCH(QByteArray, name);
        QFETCH(int, algorithm);
        QFETCH(QByteArray, secret);
        QFETCH(QString, word);
        TsigKey used = key(name.constData(), static_cast<TsigAlgorithm>(algorithm), secret.constData());
        used.secretName = QStringLiteral("dns.main.key");
        const auto done = update(set("cloud.example.org", RecordType::A, {"198.51.100.1"}), nullptr, used);
        qInfo("%s", qPrintable(said(done)));
        QVERIFY(!done);
        QCOMPARE(done.error().code, ErrorCode::Denied);
        QVERIFY2(done.error().summary.contains(word), qPrintable(done.error().summary));
        QVERIFY(!done.error().fix.isEmpty());
        if (word.contains(QStringLiteral("secret")))
            QVERIFY(done.error().fix.endsWith(QStringLiteral("sixgatectl secret set dns.main.key")));
        QVERIFY(!said(done).contains(QString::fromLatin1(secret)));
        QVERIFY(seen("cloud.example.org", RecordType::A).values.empty());
    }

    void aSecretAsItsFileHasIt()
    {
        const QByteArray stored = QByteArray(" ") + secret256 + "\n";
        const auto done = update(set("trimmed.example.org", RecordType::A, {"198.51.100.1"}), nullptr,
                                 key("setter", TsigAlgorithm::HmacSha256, stored.constData()));
        QVERIFY2(done, qPrintable(said(done)));
    }

    void aSecretThatIsNoBase64()
    {
        for (const char *secret : {"", " ", "not base64!", "abc", "QUJD=QUJD"}) {
            const auto done = update(set("cloud.example.org", RecordType::A, {"198.51.100.1"}), nullptr,
                                     key("setter", TsigAlgorithm::HmacSha256, secret));
            QVERIFY2(!done, secret);
            QCOMPARE(done.error().code, ErrorCode::Invalid);
        }
    }

    void clocksThatDiffer()
    {
        const DnsServer fast = serverAt("127.0.0.2");
        const auto knot =
            startKnot(QStringLiteral("127.0.0.2@53"), knotConfig(), zones(),
                      {QStringLiteral("env"), QStringLiteral("LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1"),
                       QStringLiteral("FAKETIME=+1h")});
        knot->waitUntilItAnswers(fast, "example.org");
        const auto done = update(set("cloud.example.org", RecordType::A, {"198.51.100.1"}), nullptr, key(), fast);
        qInfo("%s", qPrintable(said(done)));
        QVERIFY(!done);
        QCOMPARE(done.error().code, ErrorCode::Denied);
        QVERIFY(done.error().summary.contains(QStringLiteral("clocks")));
        QVERIFY(done.error().summary.contains(QStringLiteral("3600 s")) ||
                done.error().summary.contains(QStringLiteral("3599 s")));
        QVERIFY(done.error().fix.contains(QStringLiteral("clock")));
    }

    void theWrongServer()
    {
        const TsigKey with = key();
        const auto noSuchZone =
            updateRecordSet(primary, parsed<Hostname>("example.net"),
                            set("a.example.net", RecordType::A, {"192.0.2.1"}), nullptr, with, Deadline::after(5s), {});
        qInfo("%s", qPrintable(said(noSuchZone)));
        QVERIFY(!noSuchZone);
        QCOMPARE(noSuchZone.error().code, ErrorCode::Denied);
        const auto closed =
            updateRecordSet(primary, parsed<Hostname>("example.com"),
                            set("a.example.com", RecordType::A, {"192.0.2.1"}), nullptr, with, Deadline::after(5s), {});
        qInfo("%s", qPrintable(said(closed)));
        QVERIFY(!closed);
        QCOMPARE(closed.error().code, ErrorCode::Denied);
    }

    // --- somebody in between ---------------------------------------------------------------

    void aChangedAnswerIsNotBelieved()
    {
        const RecordSet wanted = set("cloud.example.org", RecordType::A, {"198.51.100.1"});
        const TsigKey with = key();
        // Through a relay that changes nothing it works.
        Relay honest(Relay::Protocol::Tcp, [](const QByteArray &bytes) { return std::vector{bytes}; });
        const auto done = update(wanted, nullptr, with, honest.server());
        QVERIFY2(done, qPrintable(said(done)));

        // One bit of the MAC, then of the header: recursion available.
        for (const int at : {-30, 3}) {
            Relay liar(Relay::Protocol::Tcp, [at](const QByteArray &bytes) {
                QByteArray changed = bytes;
                const qsizetype i = at < 0 ? bytes.size() + at : at;
                changed[i] = static_cast<char>(changed[i] ^ (at < 0 ? 1 : 0x80));
                return std::vector{changed};
            });
            const auto lied = update(wanted, nullptr, with, liar.server());
            QVERIFY(!lied);
            QVERIFY2(lied.error().code == ErrorCode::Protocol, qPrintable(said(lied)));
            QVERIFY(lied.error().summary.contains(QStringLiteral("signature")));
        }
    }

    void anUnsignedAnswerIsNoSuccess_data()
    {
        QTest::addColumn<int>("rcode");
        QTest::addColumn<int>("code");
        QTest::newRow("NOERROR") << 0 << int(ErrorCode::Protocol);
        QTest::newRow("NXRRSET") << 8 << int(ErrorCode::Protocol); // nor a proof that the record moved
        QTest::newRow("REFUSED") << 5 << int(ErrorCode::Denied);
        QTest::newRow("SERVFAIL") << 2 << int(ErrorCode::Refused);
        QTest::newRow("NOTIMP") << 4 << int(ErrorCode::Refused);
    }
    void anUnsignedAnswerIsNoSuccess()
    {
        QFETCH(int, rcode);
        QFETCH(int, code);
        Relay relay(Relay::Protocol::Tcp, [rcode](const QByteArray &bytes) {
            QByteArray bare = bytes.left(12);
            bare[3] = static_cast<char>((bare[3] & 0xf0) | rcode);
            bare.replace(4, 8, QByteArray(8, '\0'));
            return std::vector{bare};
        });
        const auto done =
            update(set("cloud.example.org", RecordType::A, {"198.51.100.1"}), nullptr, key(), relay.server());
        QVERIFY(!done);
        QVERIFY2(int(done.error().code) == code, qPrintable(said(done)));
        QVERIFY(done.error().detail.contains(QStringLiteral("not signed")));
    }

    void aLostAnswerLeavesItOpen()
    {
        // The server did it, the answer went astray: neither a success, nor sent again and taken for a record that
        // moved.
        Relay relay(Relay::Protocol::Tcp, [](const QByteArray &) { return std::vector<QByteArray>(); });
        const RecordSet none = set("cloud.example.org", RecordType::A, {});
        const RecordSet wanted = set("cloud.example.org", RecordType::A, {"198.51.100.1"});
        const auto done = update(wanted, &none, key(), relay.server());
        QVERIFY(!done);
        QVERIFY2(done.error().code == ErrorCode::Network, qPrintable(said(done)));
        QVERIFY(done.error().fix.contains(QStringLiteral("not known")));
        QCOMPARE(relay.requests(), 1);
        QCOMPARE(seen("cloud.example.org", RecordType::A), wanted);
    }

    void stopAndSilence()
    {
        // Takes the connection, never answers: the relay waits for a second message of the server.
        Relay silent(Relay::Protocol::Tcp, [](const QByteArray &) {
            std::this_thread::sleep_for(1500ms);
            return std::vector<QByteArray>();
        });
        QElapsedTimer clock;
        clock.start();
        const auto late =
            updateRecordSet(silent.server(), zone(), set("cloud.example.org", RecordType::A, {"192.0.2.1"}), nullptr,
                            key(), Deadline::after(700ms), {});
        QVERIFY(!late);
        QCOMPARE(late.error().code, ErrorCode::Timeout);
        QVERIFY(clock.elapsed() >= 700 && clock.elapsed() < 900);

        std::stop_source source;
        std::chrono::steady_clock::time_point asked;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(300ms);
            asked = std::chrono::steady_clock::now();
            source.request_stop();
        });
        const auto stopped =
            updateRecordSet(silent.server(), zone(), set("cloud.example.org", RecordType::A, {"192.0.2.1"}), nullptr,
                            key(), Deadline::after(20s), source.get_token());
        const auto ended = std::chrono::steady_clock::now();
        stopper.join();
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
        QVERIFY(ended - asked < 100ms);
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.53\n"));
    QCoreApplication app(argc, argv);
    TestDnsUpdate test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_dns_update.moc"
