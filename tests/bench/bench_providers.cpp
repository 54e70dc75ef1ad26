// 1,000 names at one provider: how many requests that takes, and what a kept connection saves. The provider is in this
// process and answers at once: in life each new connection costs three ways there and back more, each request one.

#include "conformance.h"
#include "definitions.h"

#include "apply/providerclient.h"
#include "decide/providertalks.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

constexpr int count = 1000;

std::vector<NameGoal> goals()
{
    std::vector<NameGoal> all;
    for (int i = 0; i < count; ++i)
        all.push_back({*Hostname::parse(QStringLiteral("n%1.example.org").arg(i)),
                       familyGoal<Ipv4Address>(QStringLiteral("198.51.100.10"), QStringLiteral("198.51.100.10")),
                       familyGoal<Ipv6Address>(QStringLiteral("2001:db8:1::11"), QStringLiteral("2001:db8:2::11"))});
    return all;
}

/// As dyndns2 servers and an API by RRset do.
QByteArray answerTo(const QByteArray &request)
{
    const QByteArray line = request.left(request.indexOf('\r'));
    if (line.contains("/nic/update"))
        return httpAnswer(200, {}, QByteArray("good\r\n").repeated(line.count(".example.org")));
    if (line.startsWith("GET"))
        return httpAnswer(200, {},
                          line.contains("AAAA") ? "{\"rrset\":{\"records\":[{\"value\":\"2001:db8:2::11\"}]}}"
                                                : "{\"rrset\":{\"records\":[{\"value\":\"198.51.100.10\"}]}}");
    return httpAnswer(201, {}, "{\"action\":{\"id\":1,\"status\":\"success\"}}");
}

} // namespace

class BenchProviders : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    Identity m_authority;

private Q_SLOTS:
    void initTestCase()
    {
        Wish wish;
        wish.authority = true;
        wish.commonName = "authority";
        m_authority = makeIdentity(wish);
        trustOnly(m_authority, m_folder.path());
    }

    void aThousandNames_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<bool>("kept");
        QTest::addColumn<int>("requests");
        QTest::newRow("strato, one connection") << QStringLiteral("strato") << true << count;
        QTest::newRow("strato, a connection each") << QStringLiteral("strato") << false << count;
        QTest::newRow("noip, 20 names a call") << QStringLiteral("noip") << true << count / 20;
        QTest::newRow("hetzner, one connection") << QStringLiteral("hetzner") << true << 3 * count;
        QTest::newRow("hetzner, a connection each") << QStringLiteral("hetzner") << false << 3 * count;
    }

    void aThousandNames()
    {
        QFETCH(QString, provider);
        QFETCH(bool, kept);
        QFETCH(int, requests);
        const ProviderDefinition used = definition(qPrintable(provider));
        const Identity shown =
            makeIdentity({{"dyndns.strato.com", "dynupdate.no-ip.com", "api.hetzner.cloud"}}, &m_authority);
        const Server server("127.0.0.1", 0, tlsSession(shown, {}, [](SSL *ssl) {
                                for (QByteArray head = readRequest(ssl); !head.isEmpty(); head = readRequest(ssl)) {
                                    const qsizetype end = head.indexOf("\r\n\r\n") + 4;
                                    static const QByteArray length = "Content-Length: ";
                                    const qsizetype at = head.indexOf(length);
                                    qsizetype body =
                                        at < 0 ? 0 : head.mid(at + length.size()).split('\r').first().toInt();
                                    for (body -= head.size() - end; body > 0;) {
                                        char buffer[1024];
                                        const int got =
                                            SSL_read(ssl, buffer, int(std::min<qsizetype>(body, sizeof buffer)));
                                        if (got <= 0)
                                            return;
                                        body -= got;
                                    }
                                    writeAll(ssl, answerTo(head));
                                }
                            }));
        const FindEndpoint find = [&](const Hostname &, Port, const Deadline &, std::stop_token) {
            return Result<HttpsEndpoint>(HttpsEndpoint{{server.address()}, server.port()});
        };
        const auto newClient = [&] {
            Credentials credentials;
            for (const CredentialField &field : used.needs)
                credentials.emplace(field.name.text(), Secret("x"));
            return ProviderClient(used, std::move(credentials), find);
        };
        const auto all = goals();
        int sent = 0;
        int connections = 0;
        std::vector<RecordOutcome> outcomes;
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < count; i += kept ? count : 1) {
            ProviderClient client = newClient();
            const std::vector<NameGoal> some = kept ? all : std::vector<NameGoal>{all[size_t(i)]};
            const auto talk = addressTalk(used, host("example.org"), some);
            for (RecordOutcome &one : client.carry(**talk, Deadline::after(120s), {}))
                outcomes.push_back(std::move(one));
            sent += client.requests();
            connections += client.connections();
        }
        const qint64 took = clock.elapsed();
        qInfo("%d names: %d requests, %d connections, %lld ms", count, sent, connections, static_cast<long long>(took));
        QCOMPARE(sent, requests);
        QCOMPARE(connections, kept ? 1 : count);
        for (const RecordOutcome &outcome : outcomes) {
            const bool good = outcome.answer.meaning == AnswerMeaning::Done ||
                              (outcome.key.type == RecordType::A && outcome.answer.meaning == AnswerMeaning::Unchanged);
            QVERIFY2(good, qPrintable(outcome.answer.sentence));
        }
    }
};

QTEST_GUILESS_MAIN(BenchProviders)
#include "bench_providers.moc"
