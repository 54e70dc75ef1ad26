// Name servers of a zone that mean no good, and a zone that names very many.

#include "hostile/dnsanswers.h"
#include "observe/resolvers.h"
#include "proxy/sandbox.h"
#include "resources/resources.h"
#include "storage/sitefile.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <optional>

using namespace sixgate;
using namespace hostile;
using namespace std::chrono_literals;

namespace
{

Hostname host(const char *text)
{
    return *Hostname::parse(QString::fromLatin1(text));
}

Site exampleSite()
{
    QByteArray json = resource(u"handbook/example-site.json");
    json.replace("\"agreeToTerms\": false", "\"agreeToTerms\": true");
    const auto site = parseSite(json);
    if (!site)
        qFatal("%s", qPrintable(site.error().summary));
    return *site;
}

} // namespace

Q_DECLARE_METATYPE(NameServer::Answer)

class TestHostileNameServers : public QObject
{
    Q_OBJECT

    std::optional<NameServer> m_server;
    std::optional<NameServerByTcp> m_tcp;
    const Site m_site = exampleSite();

    void play(const NameServer::Answer &answer)
    {
        m_server->set(answer);
        m_tcp->set(answer);
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_server.emplace();
        m_tcp.emplace();
    }

    void cleanup() { play({}); }

    // A zone that names 3,000 servers: nobody is flooded, and the time is kept.
    void manyNameServers()
    {
        std::atomic<int> addressesOfServers = 0;
        const auto answer = [&](const wire::Query &query) {
            std::vector<QByteArray> all;
            if (query.type == wire::NS) {
                for (int i = 0; i < 1000; ++i)
                    all.push_back(wire::record(asked, wire::NS, numbered(i)));
            } else if (query.type == wire::A) {
                ++addressesOfServers;
                for (int i = 1; i <= 3; ++i)
                    all.push_back(wire::record(asked, wire::A, QByteArray("\x7f\1\1", 3) + char(i)));
            } else if (query.question.startsWith("\2n")) {
                all = many(100);
            }
            return std::vector{wire::answer(query, all)};
        };
        play(answer);
        const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
        QVERIFY(m_site.accountFor(key.name));
        QElapsedTimer timer;
        timer.start();
        const auto seen = askNameServers(m_site, {key}, {}, Deadline::after(2500ms), {});
        QVERIFY2(timer.elapsed() < 3200, qPrintable(QString::number(timer.elapsed())));
        QVERIFY2(addressesOfServers <= 32, qPrintable(QString::number(addressesOfServers)));
        QVERIFY2(!seen.empty() && seen.size() <= 64, qPrintable(QString::number(seen.size())));
    }

    // A name server of the zone that lies in the same ways; 127.0.0.1 is all of them.
    void nameServers_data()
    {
        QTest::addColumn<NameServer::Answer>("says");
        QTest::addColumn<int>("code"); // -1: a record set
        const auto row = [](const char *name, const NameServer::Answer &says, ErrorCode code) {
            QTest::newRow(name) << says << int(code);
        };
        QTest::newRow("100 addresses") << NameServer::Answer([](const wire::Query &query) {
            return std::vector{wire::answer(query, many(100))};
        }) << -1;
        QTest::newRow("time to live of 2^31") << NameServer::Answer([](const wire::Query &query) {
            return std::vector{wire::answer(query, {aaaa(asked, 1, 0x80000000u)})};
        }) << -1;
        QTest::newRow("addresses of another name") << NameServer::Answer([](const wire::Query &query) {
            return std::vector{wire::answer(query, {aaaa(numbered(3), 666)})};
        }) << -1;
        QTest::newRow("an alias of itself") << NameServer::Answer([](const wire::Query &query) {
            return std::vector{wire::answer(query, {alias(asked, asked)})};
        }) << -1;
        row(
            "another question", [](const wire::Query &query) { return std::vector{otherQuestion(query)}; },
            ErrorCode::Timeout);
        row("noise without an end", noise, ErrorCode::Timeout);
        row(
            "truncated for ever", [](const wire::Query &query) { return std::vector{truncated(query)}; },
            ErrorCode::Protocol);
        row(
            "no authority",
            [](const wire::Query &query) { return std::vector{wire::answer(query, {aaaa(asked, 666)}, 0x8000)}; },
            ErrorCode::Refused);
    }

    void nameServers()
    {
        QFETCH(NameServer::Answer, says);
        QFETCH(int, code);
        const auto answer = [&](const wire::Query &query) -> std::vector<QByteArray> {
            if (query.type == wire::NS)
                return {wire::answer(query, {wire::record(asked, wire::NS, numbered(1))})};
            if (query.type == wire::A)
                return {wire::answer(query, {wire::record(asked, wire::A, QByteArray("\x7f\0\0\1", 4))})};
            return query.question.startsWith("\5cloud") ? says(query) : std::vector{negative(query, 10)};
        };
        play(answer);
        const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
        QElapsedTimer timer;
        timer.start();
        const auto seen = askNameServers(m_site, {key}, {}, Deadline::after(2500ms), {});
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(seen.size(), size_t(1));
        const auto &record = seen.front().records.at(key);
        QCOMPARE(record ? -1 : int(record.error().code), code);
        if (!record)
            return;
        QVERIFY(record->ttl >= 0s && record->ttl <= 60s);
        const auto lie = QStringLiteral("2001:db8::29a"); // 666
        QVERIFY(std::find(record->values.begin(), record->values.end(), lie) == record->values.end());
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
        QCoreApplication application(argc, argv);
        TestHostileNameServers test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_hostile_nameservers.moc"
