// Resolvers and name servers that mean no good, as this machine asks them and as the script on the VPS does.

#include "hostile/carry.h"
#include "hostile/dnsanswers.h"
#include "observe/resolvers.h"
#include "proxy/sandbox.h"
#include "transport/dns.h"
#include "verify/vpsprobe.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QTest>

#include <algorithm>
#include <optional>
#include <unistd.h>

using namespace sixgate;
using namespace hostile;
using namespace std::chrono_literals;

namespace
{

Hostname host(const QByteArray &text)
{
    return *Hostname::parse(QString::fromLatin1(text));
}

} // namespace

/// What a resolver answers by UDP, what it answers by TCP, and what is made of that.
struct Row {
    NameServer::Answer udp;
    NameServer::Answer tcp; ///< the length goes before it
    QStringList addresses;
    long ttl = 60;
    QString reason;                      ///< of the script; empty: an answer
    ErrorCode code = ErrorCode::Timeout; ///< of askResolvers(), where there is a reason
};
Q_DECLARE_METATYPE(Row)

class TestHostileResolvers : public QObject
{
    Q_OBJECT

    std::optional<NameServer> m_server;
    std::optional<NameServerByTcp> m_tcp;

    void play(const NameServer::Answer &udp, const NameServer::Answer &tcp = {}, bool slowly = false)
    {
        m_server->set(udp);
        m_tcp->set(tcp, slowly);
    }

    QByteArray perl(const QByteArray &input)
    {
        QProcess process;
        process.start(QStringLiteral("perl"), {QStringLiteral("-")});
        process.write(input);
        process.closeWriteChannel();
        if (!process.waitForFinished(60000))
            return "it hangs";
        const QByteArray err = process.readAllStandardError();
        return err.isEmpty() && process.exitCode() == 0 ? process.readAllStandardOutput() : err;
    }

    // Every line must be one that the reader takes.
    VpsAnswers lookUp(const std::set<Hostname> &names)
    {
        ProbeQuestions questions;
        questions.lookUp = names;
        const QByteArray out = perl(vpsProbeInput(questions));
        const auto answers = parseVpsAnswers(questions, out);
        if (!answers)
            qWarning("%s", out.left(2000).constData());
        return answers ? *answers : VpsAnswers();
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_server.emplace();
        m_tcp.emplace();
    }

    void cleanup() { play({}); }

    void answers_data()
    {
        QTest::addColumn<Row>("row");
        const auto row = [](const char *name, const Row &one) { QTest::newRow(name) << one; };
        const auto records = [](const std::vector<QByteArray> &all) {
            return NameServer::Answer(
                [all](const wire::Query &query) { return std::vector{wire::answer(query, all)}; });
        };
        const auto each = [](QByteArray (*one)(const wire::Query &)) {
            return NameServer::Answer([one](const wire::Query &query) { return std::vector{one(query)}; });
        };
        const QString timeout = QStringLiteral("TIMEOUT"), strange = QStringLiteral("EBADMSG"),
                      circle = QStringLiteral("ELOOP");
        const QStringList first{QStringLiteral("2001:db8::1")};
        row("as it should be", {records({aaaa(asked, 1)}), {}, first});
        row("the name in capitals", {each([](const wire::Query &query) {
                                         wire::Query other = query;
                                         other.question.replace("cloud", "CLOUD");
                                         return wire::answer(other, {aaaa(asked, 1)});
                                     }),
                                     {},
                                     first});
        row("another question", {each(otherQuestion), {}, {}, 0, timeout});
        row("another type", {each([](const wire::Query &query) {
                                 wire::Query other = query;
                                 other.question[other.question.size() - 3] = 1;
                                 return wire::answer(other, {aaaa(asked, 666)});
                             }),
                             {},
                             {},
                             0,
                             timeout});
        row("another id", {each([](const wire::Query &query) {
                               wire::Query other = query;
                               other.id[0] = char(other.id[0] ^ 1);
                               return wire::answer(other, {aaaa(asked, 666)});
                           }),
                           {},
                           {},
                           0,
                           timeout});
        row("noise without an end", {noise, {}, {}, 0, timeout});
        row("noise, then the answer", {[](const wire::Query &query) {
                                           auto all = noise(query);
                                           all.resize(20);
                                           all.push_back(wire::answer(query, {aaaa(asked, 1)}));
                                           return all;
                                       },
                                       {},
                                       first});
        row("addresses of another name", {records({aaaa(numbered(1), 666)}), {}, {}, 0});
        row("addresses of another name, too", {records({aaaa(numbered(1), 666, 1), aaaa(asked, 1)}), {}, first});
        row("5 aliases", {records(chain(5)), {}, first});
        row("12 aliases with less time", {records(chain(12, 7)), {}, first, 7});
        auto mixed = chain(3, 3000);
        mixed[0] = alias(asked, numbered(1), 5);
        row("the first alias with less time", {records(mixed), {}, first, 5});
        auto turned = chain(5);
        std::reverse(turned.begin(), turned.end());
        row("5 aliases from behind", {records(turned), {}, first});
        row("30 aliases", {records(chain(30)), {}, {}, 0, circle, ErrorCode::Protocol});
        row("an alias of itself", {records({alias(asked, asked)}), {}, {}, 0, circle, ErrorCode::Protocol});
        row("aliases of each other",
            {records({alias(asked, numbered(1)), alias(numbered(1), asked)}), {}, {}, 0, circle, ErrorCode::Protocol});
        row("an alias that leads nowhere", {records({alias(asked, numbered(1))}), {}, {}, 0});
        row("time to live of 2^31-1", {records({aaaa(asked, 1, 0x7fffffffu)}), {}, first, 0x7fffffff});
        row("time to live of 2^31", {records({aaaa(asked, 1, 0x80000000u)}), {}, first, 0});
        row("time to live of 2^32-1", {records({aaaa(asked, 1, 0xffffffffu)}), {}, first, 0});
        row("the same address 40 times", {records(std::vector<QByteArray>(40, aaaa(asked, 1))), {}, first});
        row("truncated, whole by TCP", {each(truncated), records({aaaa(asked, 1)}), first});
        row("truncated, nobody by TCP", {each(truncated), {}, {}, 0, QStringLiteral("ECONNRESET"), ErrorCode::Network});
        row("truncated for ever", {each(truncated), each(truncated), {}, 0, strange, ErrorCode::Protocol});
        row("truncated, another question by TCP",
            {each(truncated), each(otherQuestion), {}, 0, strange, ErrorCode::Protocol});
        row("truncated, silence by TCP", {each(truncated),
                                          [](const wire::Query &) {
                                              ::usleep(1'400'000);
                                              return std::vector<QByteArray>();
                                          },
                                          {},
                                          0,
                                          timeout});
    }

    void answers()
    {
        QFETCH(Row, row);
        play(row.udp, row.tcp);
        const Hostname name = host("cloud.example.org");
        QElapsedTimer timer;
        timer.start();
        const auto seen = askResolvers({name}, Deadline::after(5s), {}).at(name);
        QVERIFY2(timer.elapsed() < 1800, qPrintable(QString::number(timer.elapsed())));
        timer.start();
        const auto answers = lookUp({name});
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(answers.lookedUp.contains(name));
        const VpsLookedUp &vps = answers.lookedUp.at(name);
        QCOMPARE(vps.reason, row.reason);
        QStringList found;
        for (const Ipv6Address &one : vps.addresses)
            found << one.text();
        QCOMPARE(found, row.addresses);
        QCOMPARE(seen.answer.has_value(), row.reason.isEmpty());
        if (!row.reason.isEmpty()) {
            QVERIFY2(seen.answer.error().code == row.code, qPrintable(seen.answer.error().summary));
            QCOMPARE(hostile::harm(seen.answer.error()), QString());
            return;
        }
        QCOMPARE(QStringList(seen.answer->values.begin(), seen.answer->values.end()), row.addresses);
        QCOMPARE(long(seen.answer->ttl.count()), row.ttl);
        // The reader takes nine digits.
        QCOMPARE(long(vps.ttl.count()), std::min(row.ttl, 999999999L));
    }

    void negativeAnswers_data()
    {
        QTest::addColumn<quint32>("ttl");
        QTest::addColumn<int>("seconds");
        QTest::newRow("ten seconds") << quint32(10) << 10;
        QTest::newRow("2^31-1") << quint32(0x7fffffff) << 0x7fffffff;
        QTest::newRow("2^31") << quint32(0x80000000) << 0;
        QTest::newRow("2^32-1") << quint32(0xffffffff) << 0;
    }

    void negativeAnswers()
    {
        QFETCH(quint32, ttl);
        QFETCH(int, seconds);
        play([ttl](const wire::Query &query) { return std::vector{negative(query, ttl)}; });
        const Hostname name = host("cloud.example.org");
        const auto seen = askResolvers({name}, Deadline::after(5s), {}).at(name);
        QVERIFY(seen.answer && seen.answer->values.empty() && seen.saysNone);
        QCOMPARE(int(seen.answer->ttl.count()), seconds);
        const auto answers = lookUp({name});
        QVERIFY(answers.lookedUp.contains(name) && answers.lookedUp.at(name).addresses.empty());
        QCOMPARE(answers.lookedUp.at(name).reason, QString());
    }

    void aByteAtATime()
    {
        const auto udp = [](const wire::Query &query) { return std::vector{truncated(query)}; };
        const auto tcp = [](const wire::Query &query) { return std::vector{wire::answer(query, {aaaa(asked, 1)})}; };
        play(udp, tcp, true);
        const Hostname name = host("cloud.example.org");
        QElapsedTimer timer;
        timer.start();
        const auto seen = askResolvers({name}, Deadline::after(5s), {}).at(name);
        QVERIFY2(timer.elapsed() < 1800, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(!seen.answer && seen.answer.error().code == ErrorCode::Timeout);
        timer.start();
        const auto answers = lookUp({name});
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(answers.lookedUp.contains(name));
        QCOMPARE(answers.lookedUp.at(name).reason, QStringLiteral("TIMEOUT"));
    }

    void manyAddresses_data()
    {
        QTest::addColumn<int>("count");
        QTest::newRow("100") << 100;
        QTest::newRow("2,000") << 2000;
    }

    // All of them here; the VPS's line holds 64, and says so rather than being refused as a whole.
    void manyAddresses()
    {
        QFETCH(int, count);
        play([](const wire::Query &query) { return std::vector{truncated(query)}; },
             [count](const wire::Query &query) { return std::vector{wire::answer(query, many(count))}; });
        const Hostname name = host("cloud.example.org");
        const auto seen = askResolvers({name}, Deadline::after(5s), {}).at(name);
        QVERIFY2(seen.answer, seen.answer ? "" : qPrintable(seen.answer.error().summary));
        QCOMPARE(seen.answer->values.size(), size_t(count));
        const auto answers = lookUp({name});
        QVERIFY(answers.lookedUp.contains(name));
        QCOMPARE(answers.lookedUp.at(name).addresses.size(), size_t(64));
        // The same by getaddrinfo().
        std::vector<proxytest::HostLine> lines;
        for (int i = 1; i <= count; ++i)
            lines.push_back({"2001:db8::" + QByteArray::number(i, 16), "cloud.example.org"});
        proxytest::writeHosts(lines);
        ProbeQuestions questions;
        questions.resolve = {name};
        const QByteArray out = perl(vpsProbeInput(questions));
        const auto resolved = parseVpsAnswers(questions, out);
        proxytest::writeHosts({});
        QVERIFY2(resolved, out.left(200).constData());
        QCOMPARE(resolved->resolved.at(name).addresses.size(), size_t(64));
    }

    // The bytes of a message that ends early, or that leads round in a circle: many at once.
    void brokenMessages()
    {
        const wire::Query query(QByteArray(12, '\0') + wire::name("c000.example.org") + wire::number16(28) +
                                wire::number16(1));
        const int records = int(12 + query.question.size());
        const auto with = [&](const std::vector<QByteArray> &all) { return wire::answer(query, all); };
        const QByteArray whole = with({alias(asked, numbered(1)), aaaa(numbered(1), 1)});
        std::vector<QByteArray> messages;
        for (qsizetype i = 0; i < whole.size(); ++i)
            messages.push_back(whole.left(i));
        QByteArray chainOfPointers;
        for (int i = 0; i < 200; ++i)
            chainOfPointers += pointer(records + 12 + 2 * (i + 1));
        const QByteArray labels = QByteArray("\1a").repeated(200) + '\0';
        messages.insert(
            messages.end(),
            {with({aaaa(pointer(records), 1)}),
             with({wire::record(pointer(records + 14), wire::CNAME, pointer(records + 12)),
                   wire::record(pointer(records), wire::CNAME, pointer(records))}),
             with({aaaa(pointer(0x3fff), 1)}), with({alias(asked, pointer(records + 12))}),
             with({alias(asked, QByteArray("\1a") + pointer(records + 12))}),
             with({wire::record(asked, wire::TXT, chainOfPointers), aaaa(pointer(records + 12), 1)}),
             with({alias(asked, labels)}), with({aaaa(labels, 1)}),
             with({aaaa(QByteArray("\x41") + QByteArray(65, 'a') + '\0', 1)}), with({aaaa(QByteArray("\x80\0", 2), 1)}),
             with({wire::record(asked, wire::AAAA, QByteArray(15, 'x'))}),
             with({wire::record(asked, wire::AAAA, QByteArray(17, 'x'))}),
             with({wire::record(asked, wire::AAAA, QByteArray())}),
             with({wire::record(asked, wire::CNAME, QByteArray())}), with({aaaa(asked, 1)}) + QByteArray(2000, 'x')});
        for (int place : {4, 6, 8, 10}) {
            for (const char *count : {"\xff\xff", "\0\0", "\0\2"})
                messages.push_back(QByteArray(whole).replace(place, 2, QByteArray(count, 2)));
        }
        QRandomGenerator random(6);
        for (int i = 0; i < 40; ++i) {
            QByteArray one = whole;
            for (int k = 0; k < 4; ++k)
                one[qsizetype(random.bounded(2, int(one.size())))] = char(random.bounded(256));
            messages.push_back(one);
        }
        // Sixteen at once, so that those that are no answer cost a second together.
        std::set<Hostname> names;
        for (size_t i = 0; i < messages.size(); ++i)
            names.insert(host("c" + QByteArray::number(qint64(i)).rightJustified(3, '0') + ".example.org"));
        play([&](const wire::Query &one) {
            const QByteArray label = one.question.mid(1, one.question[0]);
            QByteArray message = messages[size_t(label.mid(1).toInt())];
            // The question is that which was asked, whatever comes behind it.
            if (message.size() >= 12 + one.question.size())
                message.replace(12, one.question.size(), one.question);
            return std::vector{message.size() < 2 ? message : one.id + message.mid(2)};
        });
        QElapsedTimer timer;
        timer.start();
        const auto answers = lookUp(names);
        QCOMPARE(answers.lookedUp.size(), messages.size());
        QVERIFY2(timer.elapsed() < qint64(messages.size() / 16 + 1) * 1100 + 4000,
                 qPrintable(QString::number(timer.elapsed())));
        int timeouts = 0, strange = 0;
        for (const auto &[name, one] : answers.lookedUp) {
            QVERIFY(one.addresses.size() <= 2);
            timeouts += one.reason == QLatin1String("TIMEOUT");
            strange += one.reason == QLatin1String("EBADMSG");
        }
        QVERIFY2(timeouts > 10 && strange > 10, qPrintable(QStringLiteral("%1 %2").arg(timeouts).arg(strange)));
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
        QCoreApplication application(argc, argv);
        TestHostileResolvers test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_hostile_resolvers.moc"
