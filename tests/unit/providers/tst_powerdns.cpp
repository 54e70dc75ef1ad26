// The definition of PowerDNS against a real pdns_server, with TLS in front of its API as users have it.

#include "daemons.h"
#include "definitions.h"
#include "testserver.h"

#include "apply/providerclient.h"
#include "decide/providercalls.h"
#include "decide/providertalks.h"
#include "transport/io.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <sys/socket.h>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

constexpr auto apiKey = "k+y %&/";
const DnsServer server = serverAt("127.0.0.1");

void write(const QString &path, const QString &text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0)
        qFatal("cannot write %s", qPrintable(path));
}

std::unique_ptr<Daemon> startPowerDns()
{
    auto daemon = std::make_unique<Daemon>(QStringLiteral("/usr/sbin/pdns_server"), [](const QString &folder) {
        const QString database = folder + QStringLiteral("/zones.db");
        write(folder + QStringLiteral("/pdns.conf"),
              QStringLiteral("launch=gsqlite3\ngsqlite3-database=%1\nlocal-address=127.0.0.1\nlocal-port=53\n"
                             "socket-dir=%2\ndaemon=no\nguardian=no\napi=yes\napi-key=%3\nwebserver=yes\n"
                             "webserver-address=127.0.0.1\nwebserver-port=8081\nwebserver-allow-from=127.0.0.1\n"
                             "query-cache-ttl=0\ncache-ttl=0\nzone-cache-refresh-interval=0\n")
                  .arg(database, folder, QString::fromLatin1(apiKey)));
        run(QStringLiteral("/usr/bin/sqlite3"),
            {database, QStringLiteral(".read /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")});
        for (const char *zone : {"example.org", "example.net"})
            run(QStringLiteral("/usr/bin/pdnsutil"),
                {QStringLiteral("--config-dir=") + folder, QStringLiteral("create-zone"), QString::fromLatin1(zone),
                 QStringLiteral("ns1.example.org")});
        return QStringList{QStringLiteral("--config-dir=") + folder};
    });
    daemon->waitUntilItAnswers(server, "example.org");
    return daemon;
}

/// One request with its body; empty at the end.
QByteArray wholeRequest(SSL *ssl)
{
    QByteArray request = readRequest(ssl);
    static const QByteArray length = "\r\nContent-Length: ";
    const qsizetype at = request.indexOf(length);
    const qsizetype size =
        request.indexOf("\r\n\r\n") + 4 + (at < 0 ? 0 : request.mid(at + length.size()).split('\r').first().toInt());
    while (!request.isEmpty() && request.size() < size) {
        char buffer[4096];
        const int got = SSL_read(ssl, buffer, sizeof buffer);
        if (got <= 0)
            return {};
        request.append(buffer, got);
    }
    return request;
}

/// A web server's part: takes requests over TLS, hands each to the API, which ends its connection after it.
void handOver(SSL *ssl)
{
    while (true) {
        const QByteArray request = wholeRequest(ssl);
        const Deadline deadline = Deadline::after(10s);
        const auto socket =
            connectTcp(*parseIpAddress(QStringLiteral("127.0.0.1")), *Port::fromNumber(8081), deadline, {});
        if (request.isEmpty() || !socket || !sixgate::writeAll(socket->get(), request, deadline, {}))
            return;
        QByteArray answer;
        while (const auto got = readSome(socket->get(), 65536, deadline, {})) {
            if (got->isEmpty())
                break;
            answer += *got;
        }
        sixgate::test::writeAll(ssl, answer.replace("Connection: close\r\n", ""));
    }
}

NameGoal goal(const char *name, const char *v4, const char *v6)
{
    return {host(name), familyGoal<Ipv4Address>(QString::fromLatin1(v4), QStringLiteral("?")),
            familyGoal<Ipv6Address>(QString::fromLatin1(v6), QStringLiteral("?"))};
}

QStringList told(const std::vector<RecordOutcome> &outcomes)
{
    QStringList all;
    for (const RecordOutcome &outcome : outcomes)
        all.append(recordTypeName(outcome.key.type) + QLatin1Char(' ') + answerMeaningName(outcome.answer.meaning));
    return all;
}

/// By DNS; underscores are no part of a Hostname, so texts are asked for at the name itself.
std::vector<QString> stored(const char *name, RecordType type)
{
    const auto answer = queryServer(server, host(name), type, false, Deadline::after(5s), {});
    if (!answer)
        qFatal("%s", qPrintable(answer.error().summary));
    return answer->find(host(name), type).values;
}

} // namespace

class TestPowerDns : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<Daemon> m_daemon;
    std::unique_ptr<Server> m_web;
    std::optional<ProviderDefinition> m_provider;

    ProviderClient client(const char *with = apiKey)
    {
        Credentials credentials;
        credentials.emplace(QStringLiteral("key"), Secret(with));
        return ProviderClient(*m_provider, std::move(credentials),
                              [this](const Hostname &, Port, const Deadline &, std::stop_token) {
                                  return Result<HttpsEndpoint>(HttpsEndpoint{{m_web->address()}, m_web->port()});
                              });
    }

    QStringList addresses(const std::vector<NameGoal> &goals, const char *with = apiKey,
                          const char *zone = "example.org")
    {
        auto talk = addressTalk(*m_provider, host(zone), goals);
        if (!talk)
            qFatal("%s", qPrintable(talk.error().summary));
        return told(client(with).carry(**talk, Deadline::after(20s), {}));
    }

    QStringList text(const char *value, bool present)
    {
        const auto talk =
            textTalk(*m_provider, host("example.org"), {{host("txt.example.org"), value, present, false}});
        return told(client().carry(**talk, Deadline::after(20s), {}));
    }

private Q_SLOTS:
    void initTestCase()
    {
        Wish wish;
        wish.authority = true;
        wish.commonName = "authority";
        const Identity authority = makeIdentity(wish);
        trustOnly(authority, m_folder.path());
        m_web = std::make_unique<Server>("127.0.0.1", 0,
                                         tlsSession(makeIdentity({{"dns.example.net"}}, &authority), {}, handOver));
        auto provider = providerAt(definition("powerdns"), QStringLiteral("dns.example.net"));
        QVERIFY(provider);
        m_provider = *provider;
        m_daemon = startPowerDns();
    }
    void cleanupTestCase() { m_daemon.reset(); }

    void setsChangesAndDeletes()
    {
        QCOMPARE(addresses({goal("cloud.example.org", "198.51.100.10", "2001:db8:1::11")}),
                 (QStringList{QStringLiteral("A done"), QStringLiteral("AAAA done")}));
        QCOMPARE(stored("cloud.example.org", RecordType::A), std::vector<QString>{QStringLiteral("198.51.100.10")});
        QCOMPARE(addresses({goal("cloud.example.org", "198.51.100.10", "2001:db8:2::11")}),
                 (QStringList{QStringLiteral("A unchanged"), QStringLiteral("AAAA done")}));
        QCOMPARE(addresses({goal("cloud.example.org", "unknown", "2001:db8:2::11")}),
                 QStringList{QStringLiteral("AAAA unchanged")});
        QCOMPARE(stored("cloud.example.org", RecordType::AAAA), std::vector<QString>{QStringLiteral("2001:db8:2::11")});
        QCOMPARE(addresses({goal("cloud.example.org", "unknown", "absent")}), QStringList{QStringLiteral("AAAA done")});
        QVERIFY(stored("cloud.example.org", RecordType::AAAA).empty());
        QCOMPARE(stored("cloud.example.org", RecordType::A), std::vector<QString>{QStringLiteral("198.51.100.10")});
        QCOMPARE(addresses({goal("example.org", "198.51.100.10", "2001:db8:1::11")}),
                 (QStringList{QStringLiteral("A done"), QStringLiteral("AAAA done")})); // the zone itself
    }

    void readsBack()
    {
        addresses({goal("back.example.org", "198.51.100.10", "2001:db8:1::11")});
        const auto talk =
            readTalk(*m_provider, host("example.org"),
                     {{host("back.example.org"), RecordType::A}, {host("none.example.org"), RecordType::A}});
        const auto outcomes = client().carry(**talk, Deadline::after(20s), {});
        QCOMPARE(outcomes.size(), 2u);
        QCOMPARE(*outcomes[0].seen, std::vector<QString>{QStringLiteral("198.51.100.10")});
        QVERIFY(outcomes[1].seen->empty());
    }

    void textsStandBesideEachOther()
    {
        QCOMPARE(text("one", true), QStringList{QStringLiteral("TXT done")});
        QCOMPARE(text("two", true), QStringList{QStringLiteral("TXT done")});
        QCOMPARE(text("two", true), QStringList{QStringLiteral("TXT unchanged")});
        QCOMPARE(stored("txt.example.org", RecordType::TXT).size(), 2u);
        QCOMPARE(text("one", false), QStringList{QStringLiteral("TXT done")});
        QCOMPARE(stored("txt.example.org", RecordType::TXT), std::vector<QString>{QStringLiteral("\"two\"")});
        QCOMPARE(text("two", false), QStringList{QStringLiteral("TXT done")});
        QVERIFY(stored("txt.example.org", RecordType::TXT).empty());
        // Below the label that certificates want.
        const auto talk = textTalk(*m_provider, host("example.org"), {{host("cloud.example.org"), "abc"}});
        QCOMPARE(told(client().carry(**talk, Deadline::after(20s), {})), QStringList{QStringLiteral("TXT done")});
    }

    void refused()
    {
        QCOMPARE(addresses({goal("cloud.example.org", "198.51.100.10", "2001:db8:1::11")}, "wrong"),
                 (QStringList{QStringLiteral("A stop"), QStringLiteral("AAAA stop")}));
        // A zone that it does not have: a read of it is 404, as of a missing set, and so is the write.
        QCOMPARE(addresses({goal("cloud.example.com", "198.51.100.10", "unknown")}, apiKey, "example.com"),
                 QStringList{QStringLiteral("A stop")});
    }

    void twoThousandInARow()
    {
        constexpr int count = 2000;
        auto all = client();
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < count; ++i) {
            const QByteArray v6 = "2001:db8:" + QByteArray::number(i + 1, 16) + "::11";
            const auto talk =
                addressTalk(*m_provider, host("example.org"), {goal("many.example.org", "unknown", v6.constData())});
            const auto outcomes = all.carry(**talk, Deadline::after(20s), {});
            QVERIFY2(outcomes.front().answer.meaning == AnswerMeaning::Done,
                     qPrintable(outcomes.front().answer.sentence));
        }
        qInfo("%d updates, %d requests, %d connections in %lld ms", count, all.requests(), all.connections(),
              static_cast<long long>(clock.elapsed()));
        QCOMPARE(all.connections(), 1);
        QCOMPARE(stored("many.example.org", RecordType::AAAA),
                 std::vector<QString>{QStringLiteral("2001:db8:7d0::11")});
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.53\n"));
    QCoreApplication app(argc, argv);
    TestPowerDns test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_powerdns.moc"
