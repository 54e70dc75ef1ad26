// Name servers that mean no good: bytes in names and texts, broken messages, circles.

#include "hostile/carry.h"
#include "hostile/dnswire.h"
#include "hostile/values.h"
#include "observe/zone.h"
#include "proxy/sandbox.h"
#include "resources/resources.h"
#include "storage/sitefile.h"
#include "transport/dnscodec.h"

#include "decide/plan.h"
#include "transport_tls/testserver.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

#include <optional>
#include <unistd.h>

using namespace sixgate;
using namespace hostile;
using namespace std::chrono_literals;

namespace
{

Hostname host(const char *text)
{
    return *Hostname::parse(QString::fromLatin1(text));
}

/// The example's site with its name server here.
Site siteHere()
{
    QByteArray json = resource(u"handbook/example-site.json");
    json.replace("\"server\": \"ns1.example.org\"", "\"server\": \"127.0.0.1\"");
    json.replace("\"agreeToTerms\": false", "\"agreeToTerms\": true");
    const auto site = parseSite(json);
    if (!site)
        qFatal("%s", qPrintable(site.error().summary));
    return *site;
}

const QByteArray soa = wire::name("ns1.example.org") + wire::name("hostmaster.example.org") + wire::number32(1) +
                       wire::number32(3600) + wire::number32(600) + wire::number32(86400) + wire::number32(10);

/// Printable ASCII, as presentation form is; in a TXT record ldns leaves a tab as it is.
bool isPresentation(const QString &text)
{
    return std::all_of(text.begin(), text.end(),
                       [](QChar c) { return (c.unicode() >= 0x20 && c.unicode() < 0x7f) || c == QLatin1Char('\t'); });
}

QString harm(const std::vector<RecordSet> &sets)
{
    for (const RecordSet &set : sets) {
        for (const QString &value : set.values) {
            if (!isPresentation(value) || value.size() > 70000)
                return QString::fromLatin1(escaped(value));
        }
    }
    return {};
}

} // namespace

class TestHostileDns : public QObject
{
    Q_OBJECT

    std::optional<NameServer> m_server;
    const DnsServer m_here{*parseIpAddress(QStringLiteral("127.0.0.1")), *Port::fromNumber(53)};

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("NO_COLOR", "1");
        m_server.emplace();
    }

    void cleanup() { QVERIFY2(!markerAppeared(), "a value was run as a command"); }

    void bytesInRecords_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<QByteArray>("owner");
        QTest::addColumn<QByteArray>("data");
        const QByteArray asked = wire::name("cloud.example.org");
        for (const Bytes &one : bytes()) {
            // No label is empty: that is where a name ends.
            const QByteArray label = one.value.isEmpty() ? QByteArray("\0", 1) : one.value;
            const QByteArray name = wire::name(std::vector<QByteArray>{label, "example", "org"});
            const auto row = [&](const char *what, int type, const QByteArray &owner, const QByteArray &data) {
                QTest::newRow((QByteArray(what) + one.name).constData()) << type << owner << data;
            };
            row("alias of a name with ", wire::CNAME, asked, name);
            row("name server with ", wire::NS, asked, name);
            row("owner with ", wire::TXT, name, wire::text("x"));
            row("text with ", wire::TXT, asked, wire::text(one.value) + wire::text(one.value));
        }
    }

    void bytesInRecords()
    {
        QFETCH(int, type);
        QFETCH(QByteArray, owner);
        QFETCH(QByteArray, data);
        m_server->set([&](const wire::Query &query) {
            return std::vector<QByteArray>{wire::answer(query, {wire::record(owner, type, data)})};
        });
        const auto answer =
            queryServer(m_here, host("cloud.example.org"), *dnscodec::recordType(type), false, Deadline::after(2s), {});
        m_server->set({});
        QVERIFY2(answer, answer ? "" : qPrintable(answer.error().summary + answer.error().detail));
        QCOMPARE(harm(answer->answers), QString());
        // What it takes for the name that was asked for is it.
        for (const RecordSet &set : answer->answers)
            QVERIFY(isPresentation(set.name.ascii()) && set.name.ascii().endsWith(QLatin1String("example.org")));
    }

    void theZoneInThePlan_data()
    {
        QTest::addColumn<QByteArray>("value");
        for (const Bytes &one : bytes())
            QTest::newRow(one.name.constData()) << one.value;
    }

    // The zone says that every name is an alias of the value: the plan tells so.
    void theZoneInThePlan()
    {
        QFETCH(QByteArray, value);
        const QByteArray target = wire::name(std::vector<QByteArray>{value.isEmpty() ? "x" : value, "example", "org"});
        m_server->set([&](const wire::Query &query) -> std::vector<QByteArray> {
            const QByteArray owner = query.question.chopped(4);
            if (query.type == wire::SOA)
                return {wire::answer(query, {wire::record(owner, wire::SOA, soa)})};
            return {wire::answer(query, {wire::record(owner, wire::CNAME, target)})};
        });
        const Site site = siteHere();
        Observation seen = observed(site, bareVps());
        seen.zone = observeZone(site, recordKeysToObserve(site, {}), Deadline::after(5s), {});
        const VpsSeen vps = observeVpsName(site, Deadline::after(200ms), {});
        m_server->set({});
        for (const auto &[key, set] : seen.zone.records)
            QVERIFY2(set, set ? "" : qPrintable(set.error().summary));
        if (!vps.ipv4)
            QCOMPARE(hostile::harm(vps.ipv4.error()), QString());
        const auto wanted = deploymentOf(site);
        QVERIFY(wanted);
        // Without the wildcard that all this looks like, too.
        for (const bool wildcard : {true, false}) {
            if (!wildcard)
                seen.zone.wildcards.clear();
            const Plan plan = planOf(site, seen, *wanted);
            QVERIFY(plan.changes.size() + plan.withheld.size() > 5);
            QCOMPARE(hostile::harm(plan), QString());
            if (!wildcard)
                QVERIFY(std::any_of(plan.withheld.begin(), plan.withheld.end(), [](const Withheld &one) {
                    return one.reason.contains(QLatin1String("is an alias (CNAME) of"));
                }));
        }
    }

    void brokenMessages_data()
    {
        QTest::addColumn<QByteArray>("message"); // "I" and the question stand for those of the query
        const auto asked = dnscodec::question(QStringLiteral("cloud.example.org"), RecordType::A);
        const wire::Query query(*dnscodec::encodeQuery(asked, false, false));
        const QByteArray owner("\xc0\x0c", 2);
        const QByteArray address = wire::record(owner, wire::A, QByteArray("\xc0\x00\x02\x01", 4));
        const QByteArray good = wire::answer(query, {address}).mid(2);
        const auto row = [](const char *name, const QByteArray &rest) { QTest::newRow(name) << rest; };
        for (qsizetype i = 0; i < good.size(); ++i)
            QTest::addRow("cut after %d bytes", int(i)) << good.left(i);
        const auto with = [&](const std::vector<QByteArray> &records) { return wire::answer(query, records).mid(2); };
        const auto pointer = [](int to) { return QByteArray().append(char(0xc0 | to >> 8)).append(char(to)); };
        const int records = int(12 + query.question.size());
        row("name that points to itself", with({wire::record(pointer(records), wire::A, "1234")}));
        row("two names that point to each other",
            with({wire::record(pointer(records + 14), wire::CNAME, pointer(records + 12)),
                  wire::record(pointer(records), wire::CNAME, pointer(records))}));
        row("name that points behind the end", with({wire::record(pointer(0x3fff), wire::A, "1234")}));
        row("name that points into the header", with({wire::record(pointer(0), wire::A, "1234")}));
        row("alias that points to itself", with({wire::record(owner, wire::CNAME, pointer(records + 12))}));
        row("alias with a label before a circle",
            with({wire::record(owner, wire::CNAME, QByteArray("\1a") + pointer(records + 12))}));
        QByteArray chain;
        for (int i = 0; i < 200; ++i)
            chain += pointer(records + 12 + 2 * (i + 1));
        row("200 pointers",
            with({wire::record(owner, wire::TXT, chain), wire::record(pointer(records + 12), 1, "1234")}));
        row("label type 01", with({wire::record(QByteArray("\x41") + QByteArray(65, 'a') + '\0', wire::A, "1234")}));
        row("label type 10", with({wire::record(QByteArray("\x80\0", 2), wire::A, "1234")}));
        row("name of 260 bytes",
            with({wire::record(owner, wire::CNAME,
                               (QByteArray("\x3f") + QByteArray(63, 'a')).repeated(4) + "\3aaa" + '\0')}));
        row("name of 1,000 labels", with({wire::record(owner, wire::CNAME, QByteArray("\1a").repeated(1000) + '\0')}));
        row("address of 3 bytes", with({wire::record(owner, wire::A, "123")}));
        row("address of 5 bytes", with({wire::record(owner, wire::A, "12345")}));
        row("address of no bytes", with({wire::record(owner, wire::A, "")}));
        row("IPv6 address of 15 bytes", with({wire::record(owner, wire::AAAA, QByteArray(15, 'x'))}));
        row("text longer than its record", with({wire::record(owner, wire::TXT, "\xff\x61")}));
        row("text of no bytes", with({wire::record(owner, wire::TXT, "")}));
        row("text of 65,535 bytes",
            with({wire::record(owner, wire::TXT, wire::text(QByteArray(255, 7)).repeated(255))}));
        row("zone data cut", with({wire::record(owner, wire::SOA, soa.left(20))}));
        row("time to live of 2^32-1", with({wire::record(owner, wire::A, "1234", 0xffffffffu)}));
        row("class CHAOS", with({wire::record(owner, wire::A, "1234", 60, 3)}));
        row("class 65535", with({wire::record(owner, wire::A, "1234", 60, 65535)}));
        row("type 65535", with({wire::record(owner, 65535, "1234")}));
        row("type 0", with({wire::record(owner, 0, "1234")}));
        row("signature as an answer", with({wire::record(owner, 250, QByteArray(40, 'x'), 0, 255)}));
        row("two OPT records", with({wire::record(QByteArray(1, 0), wire::OPT, "", 0xffff0000u, 4096),
                                     wire::record(QByteArray(1, 0), wire::OPT, "\1\2", 0xffff8000u, 0)}));
        row("bytes after the end", good + QByteArray(1000, 'x'));
        row("65,535 answers that are not there", good.left(4) + "\xff\xff" + good.mid(6));
        row("65,535 questions", good.left(2) + "\xff\xff" + good.mid(4));
        row("no question", good.left(2) + QByteArray(2, 0) + good.mid(4, 6) + address);
        row("another question", QByteArray(good).replace("cloud", "clown"));
        row("a question, no answer", QByteArray(good).replace(0, 1, "\x04"));
        row("an update", QByteArray(good).replace(0, 1, "\xac"));
        for (int rcode = 0; rcode < 16; ++rcode)
            QTest::addRow("response code %d", rcode) << QByteArray(good).replace(1, 1, QByteArray(1, char(rcode)));
        row("truncated", QByteArray(good).replace(0, 1, "\x86"));
        row("4,000 addresses", with(std::vector<QByteArray>(4000, address)));
        QRandomGenerator random(3);
        for (int i = 0; i < 200; ++i) {
            QByteArray noise = with({wire::record(owner, wire::CNAME, wire::name("www.example.org")), address,
                                     wire::record(owner, wire::TXT, wire::text("x"))});
            for (int k = 0; k < 4; ++k)
                noise[qsizetype(random.bounded(2, int(noise.size())))] = char(random.bounded(256));
            QTest::addRow("noise %d", i) << noise;
        }
    }

    void brokenMessages()
    {
        QFETCH(QByteArray, message);
        auto asked = dnscodec::question(QStringLiteral("cloud.example.org"), RecordType::A);
        const auto reply = dnscodec::decodeReply(wire::number16(asked.id) + message, asked);
        if (!reply)
            return;
        for (const auto *list : {&reply->answers, &reply->authority}) {
            for (const dnscodec::Record &one : *list) {
                QVERIFY(isPresentation(one.owner) && isPresentation(one.value));
                QVERIFY(one.ttl >= 0s);
                if (one.type == RecordType::A)
                    QVERIFY2(Ipv4Address::parse(one.value), qPrintable(one.value));
            }
        }
        QVERIFY(isShowable(rcodeName(reply->rcode)));
    }

    void aliases_data()
    {
        QTest::addColumn<QString>("kind");
        for (const char *kind : {"itself", "two", "ever new", "17 in one answer", "1,000 in one answer", "the root",
                                 "a label of NUL", "capitals", "and back in one answer"})
            QTest::newRow(kind) << QString::fromLatin1(kind);
    }

    void aliases()
    {
        QFETCH(QString, kind);
        int count = 0;
        m_server->set([&](const wire::Query &query) -> std::vector<QByteArray> {
            const QByteArray owner = query.question.chopped(4);
            const auto alias = [](const QByteArray &from, const QByteArray &to) {
                return wire::record(from, wire::CNAME, to);
            };
            const auto numbered = [](int i) {
                return wire::name(("n" + QByteArray::number(i) + ".example.org").constData());
            };
            if (kind == QLatin1String("itself"))
                return {wire::answer(query, {alias(owner, owner)})};
            if (kind == QLatin1String("two"))
                return {wire::answer(query, {alias(owner, numbered(++count % 2))})};
            if (kind == QLatin1String("ever new"))
                return {wire::answer(query, {alias(owner, numbered(++count))})};
            if (kind == QLatin1String("the root"))
                return {wire::answer(query, {alias(owner, QByteArray(1, 0))})};
            if (kind == QLatin1String("a label of NUL"))
                return {wire::answer(query, {alias(owner, wire::name(std::vector<QByteArray>{QByteArray(3, 0)}))})};
            if (kind == QLatin1String("capitals"))
                return {wire::answer(query, {alias(owner.toUpper(), owner.toUpper())})};
            if (kind.startsWith(QLatin1String("and back")))
                return {wire::answer(query, {alias(owner, numbered(1)), alias(numbered(1), owner)})};
            std::vector<QByteArray> all{alias(owner, numbered(0))};
            for (int i = 0; i < (kind.startsWith(QLatin1String("17")) ? 16 : 1000); ++i)
                all.push_back(alias(numbered(i), numbered(i + 1)));
            return {wire::answer(query, all)};
        });
        QElapsedTimer timer;
        timer.start();
        const auto addresses = resolveIpv4(host("cloud.example.org"), Deadline::after(1s), {});
        QVERIFY2(timer.elapsed() < 1500, qPrintable(QString::number(timer.elapsed())));
        m_server->set({});
        if (addresses)
            QVERIFY(addresses->empty());
        else
            QCOMPARE(hostile::harm(addresses.error()), QString());
    }

    void updates_data()
    {
        QTest::addColumn<QByteArray>("framed");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("half a length") << QByteArray("\0", 1);
        QTest::newRow("length 0") << QByteArray("\0\0", 2);
        QTest::newRow("length without a message") << QByteArray("\xff\xff");
        QTest::newRow("a short message") << QByteArray("\0\3abc", 5);
        for (const Bytes &one : bytes()) {
            if (one.value.size() < 1000)
                QTest::newRow(one.name.constData()) << wire::number16(int(one.value.size())) + one.value;
        }
    }

    // By TCP: whatever comes is no success.
    void updates()
    {
        QFETCH(QByteArray, framed);
        const sixgate::test::Server server("127.0.0.1", 0, [&](int fd) {
            char query[4096];
            if (::read(fd, query, sizeof query) > 0 && !framed.isEmpty()) {
                [[maybe_unused]] const auto sent = ::write(fd, framed.constData(), size_t(framed.size()));
            }
        });
        const RecordSet wanted{host("cloud.example.org"), RecordType::A, 60s, {QStringLiteral("192.0.2.1")}};
        const TsigKey key{*KeyName::parse(QStringLiteral("sixgate-home")), TsigAlgorithm::HmacSha256,
                          Secret("c2VjcmV0"), QStringLiteral("dns.main.key")};
        const auto done = updateRecordSet({server.address(), server.port()}, host("example.org"), wanted, nullptr, key,
                                          Deadline::after(2s), {});
        QVERIFY(!done);
        QCOMPARE(hostile::harm(done.error()), QString());
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
        QCoreApplication application(argc, argv);
        TestHostileDns test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_hostile_dns.moc"
