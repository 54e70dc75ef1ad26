// The zone as it is observed, and one change carried out: a primary, one that follows it, one that does not.

#include "daemons.h"

#include "apply/records.h"
#include "model/aliases.h"
#include "observe/zone.h"

#include <QElapsedTimer>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

constexpr auto secret = "Wg0nl2TbXmGmYwFQ4uYlqX8k5o3xT6cBzr7ZkqVtE1s=";

const char *zoneText = "$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 10\n@ NS ns1\n@ NS ns2\n@ NS ns3\n@ NS ns4\n"
                       "ns1 A 127.0.0.1\nns2 A 127.0.0.2\nns3 A 127.0.0.3\nns4 A 127.0.0.4\n"
                       "vps A 198.51.100.10\nvps AAAA 2001:db8:b::10\n"
                       "www CNAME vps\n*.wild AAAA 2001:db8:f::1\n*.wild A 198.51.100.9\n"
                       "real.wild AAAA 2001:db8:f::2\nreal.wild A 198.51.100.9\n"
                       "far CNAME far2\nfar2 CNAME dyn\ndyn A 203.0.113.5\nround CNAME round2\nround2 CNAME round\n"
                       "sub NS ns.sub\nns.sub A 127.0.0.1\n";

Site site()
{
    const auto port = *Port::fromNumber(53);
    Site out{1, parsed<Label>("home"), {}, {}, {}, {}};
    out.dns.push_back({parsed<Label>("main"), parsed<Hostname>("example.org"),
                       UpdateAccess{parsed<Hostname>("ns1.example.org"),
                                    port,
                                    {parsed<KeyName>("setter")},
                                    TsigKeyRef{parsed<KeyName>("acme")}}});
    out.vps.push_back({parsed<Label>("vps"),
                       parsed<Hostname>("vps.example.org"),
                       *Port::fromNumber(22),
                       parsed<Login>("root"),
                       {},
                       {},
                       AcmeSettings{parsed<HttpsUrl>("https://ca.example.net/dir")}});
    return out;
}

RecordKey key(const char *name, RecordType type)
{
    return {parsed<Hostname>(name), type};
}

std::map<Label, TsigKey> keys(const char *account = "main")
{
    std::map<Label, TsigKey> out;
    out.emplace(parsed<Label>(account),
                TsigKey{parsed<KeyName>("setter"), TsigAlgorithm::HmacSha256, Secret(QByteArray(secret))});
    return out;
}

SetRecords change(const char *name, std::vector<QString> wanted, std::vector<QString> expected)
{
    return {parsed<Label>("main"), RecordSet{parsed<Hostname>(name), RecordType::AAAA, 60s, std::move(wanted)},
            RecordSet{parsed<Hostname>(name), RecordType::AAAA, 60s, std::move(expected)}};
}

} // namespace

class TestDnsZone : public QObject
{
    Q_OBJECT

    std::unique_ptr<Daemon> m_primary;
    std::unique_ptr<Daemon> m_follower;
    std::unique_ptr<Daemon> m_frozen;
    std::unique_ptr<Daemon> m_resolver;
    const QString m_address = QStringLiteral("2001:db8:1::11");

private Q_SLOTS:
    void initTestCase()
    {
        const std::vector<std::pair<QString, QString>> files{{QStringLiteral("site"), QString::fromLatin1(zoneText)}};
        m_primary = startKnot(QStringLiteral("127.0.0.1@53"),
                              QStringLiteral("key:\n  - id: setter\n    algorithm: hmac-sha256\n    secret: %1\n"
                                             "remote:\n  - id: ns2\n    address: 127.0.0.2@53\n"
                                             "acl:\n  - id: set\n    key: setter\n    action: update\n"
                                             "  - id: follow\n    address: 127.0.0.0/8\n    action: transfer\n"
                                             "zone:\n  - domain: example.org\n    file: site\n    notify: ns2\n"
                                             "    acl: [ set, follow ]\n")
                                  .arg(QString::fromLatin1(secret)),
                              files);
        m_primary->waitUntilItAnswers(serverAt("127.0.0.1"), "example.org");
        m_follower = startKnot(QStringLiteral("127.0.0.2@53"),
                               QStringLiteral("remote:\n  - id: ns1\n    address: 127.0.0.1@53\n"
                                              "acl:\n  - id: told\n    address: 127.0.0.0/8\n    action: notify\n"
                                              "zone:\n  - domain: example.org\n    master: ns1\n    acl: told\n"),
                               {});
        m_frozen = startKnot(QStringLiteral("127.0.0.3@53"),
                             QStringLiteral("zone:\n  - domain: example.org\n    file: site\n"), files);
        m_follower->waitUntilItAnswers(serverAt("127.0.0.2"), "example.org");
        m_frozen->waitUntilItAnswers(serverAt("127.0.0.3"), "example.org");
        m_resolver = startUnbound(QStringLiteral("127.0.0.53"),
                                  QStringLiteral("stub-zone:\n  name: example.org\n  stub-addr: 127.0.0.1\n"));
        m_resolver->waitUntilItAnswers(serverAt("127.0.0.53"), "example.org", true);
    }

    void observes()
    {
        const std::vector<RecordKey> asked{
            key("vps.example.org", RecordType::A),       key("vps.example.org", RecordType::CNAME),
            key("www.example.org", RecordType::CNAME),   key("www.example.org", RecordType::A),
            key("nobody.example.org", RecordType::AAAA), key("a.sub.example.org", RecordType::AAAA),
            key("cloud.example.net", RecordType::A)};
        const ZoneSeen seen = observeZone(site(), asked, Deadline::after(8s), {});
        QCOMPARE(seen.records.size(), 6u); // the last one is nobody's
        const auto &at = [&](const char *name, RecordType type) -> const Known<RecordSet> & {
            return seen.records.at(key(name, type));
        };
        QVERIFY(at("vps.example.org", RecordType::A));
        QCOMPARE(at("vps.example.org", RecordType::A)->values, std::vector{QStringLiteral("198.51.100.10")});
        QCOMPARE(at("vps.example.org", RecordType::A)->ttl, 60s);
        QVERIFY(at("vps.example.org", RecordType::CNAME));
        QVERIFY(at("vps.example.org", RecordType::CNAME)->values.empty());
        QCOMPARE(at("www.example.org", RecordType::CNAME)->values, std::vector{QStringLiteral("vps.example.org")});
        QVERIFY(at("www.example.org", RecordType::A));
        QVERIFY(at("www.example.org", RecordType::A)->values.empty());
        QVERIFY(at("nobody.example.org", RecordType::AAAA));
        QVERIFY(at("nobody.example.org", RecordType::AAAA)->values.empty());
        QVERIFY(!at("a.sub.example.org", RecordType::AAAA)); // somebody else's: not known
        QCOMPARE(at("a.sub.example.org", RecordType::AAAA).error().code, ErrorCode::Refused);
    }

    // Where a CNAME leads is asked as well, to its end, and a circle ends.
    void followsAliases()
    {
        const auto all = [](const char *name) {
            return std::vector{key(name, RecordType::A), key(name, RecordType::AAAA), key(name, RecordType::CNAME)};
        };
        const ZoneSeen seen = observeZone(site(), all("far.example.org"), Deadline::after(8s), {});
        QCOMPARE(seen.records.size(), 9u);
        const auto chain = followAliases(seen, parsed<Hostname>("far.example.org"));
        QVERIFY2(chain, qPrintable(chain ? QString() : chain.error().summary));
        QCOMPARE(chain->end.ascii(), QStringLiteral("dyn.example.org"));
        QCOMPARE(chain->aliases.size(), 2u);
        QCOMPARE(seen.records.at(key("dyn.example.org", RecordType::A))->values,
                 std::vector{QStringLiteral("203.0.113.5")});
        const ZoneSeen round = observeZone(site(), all("round.example.org"), Deadline::after(8s), {});
        QCOMPARE(round.records.size(), 6u);
        const auto circle = followAliases(round, parsed<Hostname>("round.example.org"));
        QVERIFY(!circle);
        QCOMPARE(circle.error().code, ErrorCode::Protocol);
    }

    void unknownIsNotEmpty()
    {
        Site broken = site();
        const std::vector<RecordKey> asked{key("vps.example.org", RecordType::A), key("x.example.org", RecordType::A)};
        const auto codes = [&](std::chrono::milliseconds span) {
            std::set<ErrorCode> found;
            const ZoneSeen zone = observeZone(broken, asked, Deadline::after(span), {});
            for (const auto &[one, seen] : zone.records)
                found.insert(seen ? ErrorCode::Internal : seen.error().code);
            return found;
        };
        std::get<UpdateAccess>(broken.dns[0].access).server = parsed<Ipv4Address>("127.0.0.77"); // nobody there
        QCOMPARE(codes(3s), std::set{ErrorCode::Network});
        std::get<UpdateAccess>(broken.dns[0].access).server =
            parsed<Ipv4Address>("127.0.0.53"); // a resolver has no authority
        QCOMPARE(codes(3s), std::set{ErrorCode::Refused});
        std::get<UpdateAccess>(broken.dns[0].access).server = parsed<Hostname>("nobody.example.org");
        QCOMPARE(codes(3s), std::set{ErrorCode::NotFound});
        broken = site();
        broken.dns[0].zone = parsed<Hostname>("vps.example.org"); // no zone of its own
        const auto seen = observeZone(broken, {key("a.vps.example.org", RecordType::A)}, Deadline::after(3s), {});
        QVERIFY(!seen.records.begin()->second);
    }

    void manyKeysTakeLittleTime()
    {
        std::vector<RecordKey> asked;
        for (int i = 0; i < 1000; ++i)
            asked.push_back({*Hostname::parse(QStringLiteral("s%1.example.org").arg(i)), RecordType::AAAA});
        QElapsedTimer clock;
        clock.start();
        const ZoneSeen seen = observeZone(site(), asked, Deadline::after(8s), {});
        QCOMPARE(seen.records.size(), 1000u);
        for (const auto &[one, record] : seen.records)
            QVERIFY2(record, qPrintable(one.name.ascii()));
        QVERIFY2(clock.elapsed() < 4000, qPrintable(QString::number(clock.elapsed())));
    }

    void theVpsName()
    {
        Site other = site();
        auto seen = observeVpsName(other, Deadline::after(5s), {});
        QVERIFY(seen.ipv4 && seen.ipv6);
        QCOMPARE(seen.ipv4->front().text(), QStringLiteral("198.51.100.10"));
        QCOMPARE(seen.ipv6->front().text(), QStringLiteral("2001:db8:b::10"));
        other.vps[0].host = parsed<Hostname>("www.example.org"); // an alias is followed
        seen = observeVpsName(other, Deadline::after(5s), {});
        QVERIFY(seen.ipv4 && seen.ipv6);
        QCOMPARE(seen.ipv4->size(), 1u);
        other.dns.clear(); // nobody's zone: the resolvers say it
        seen = observeVpsName(other, Deadline::after(5s), {});
        QVERIFY(seen.ipv4 && seen.ipv6);
        QCOMPARE(seen.ipv4->size(), 1u);
        other.vps[0].host = parsed<Hostname>("nobody.example.org");
        seen = observeVpsName(other, Deadline::after(5s), {});
        QVERIFY(seen.ipv4 && seen.ipv6);
        QVERIFY(seen.ipv4->empty() && seen.ipv6->empty());
        other = site();
        std::get<UpdateAccess>(other.dns[0].access).server = parsed<Ipv4Address>("127.0.0.77");
        seen = observeVpsName(other, Deadline::after(5s), {});
        QVERIFY(!seen.ipv4 && !seen.ipv6);
    }

    void appliesAndNamesWhoIsBehind()
    {
        QElapsedTimer clock;
        clock.start();
        const auto done =
            applyRecords(change("cloud.example.org", {m_address}, {}), site(), keys(), Deadline::after(4s), {});
        QVERIFY2(done, qPrintable(done ? QString() : done.error().summary + done.error().detail));
        // The first is the primary, the second follows, the third does not, the fourth does not exist.
        QCOMPARE(done->stale, std::vector{QStringLiteral("127.0.0.3")});
        QVERIFY(clock.elapsed() < 4500);
        const auto seen = observeZone(site(), {key("cloud.example.org", RecordType::AAAA)}, Deadline::after(5s), {});
        QCOMPARE(seen.records.begin()->second->values, std::vector{m_address});
        const auto followed = queryServer(serverAt("127.0.0.2"), parsed<Hostname>("cloud.example.org"),
                                          RecordType::AAAA, false, Deadline::after(2s), {});
        QVERIFY(followed);
        QCOMPARE(followed->find(parsed<Hostname>("cloud.example.org"), RecordType::AAAA).values,
                 std::vector{m_address});
        // Deleted, all have the same again.
        const auto gone =
            applyRecords(change("cloud.example.org", {}, {m_address}), site(), keys(), Deadline::after(4s), {});
        QVERIFY(gone);
        QVERIFY(gone->stale.empty());
    }

    void underAWildcard()
    {
        const auto at = [](const char *name, RecordType type) {
            const auto answer =
                queryServer(serverAt("127.0.0.1"), parsed<Hostname>(name), type, false, Deadline::after(2s), {});
            return answer ? answer->find(parsed<Hostname>(name), type).values : std::vector<QString>();
        };
        const auto covered = [](const char *name) {
            const ZoneSeen seen =
                observeZone(site(), {key(name, RecordType::A), key(name, RecordType::AAAA)}, Deadline::after(5s), {});
            return seen.records.size() == 2 && seen.wildcards.contains(parsed<Hostname>(name));
        };
        const QString wild = QStringLiteral("2001:db8:f::1"), four = QStringLiteral("198.51.100.9");
        QVERIFY(covered("a.wild.example.org"));
        QVERIFY(!covered("vps.example.org"));
        QVERIFY(!covered("nobody.example.org"));
        QVERIFY(!covered("real.wild.example.org")); // one of its answers is its own

        SetRecords six = change("a.wild.example.org", {m_address}, {wild});
        const auto stands = applyRecords(six, site(), keys(), Deadline::after(4s), {});
        QVERIFY(!stands);
        QCOMPARE(stands.error().code, ErrorCode::Moved);
        six.perhapsAbsent = true;
        const auto done = applyRecords(six, site(), keys(), Deadline::after(4s), {});
        QVERIFY2(done, qPrintable(done ? QString() : done.error().summary + done.error().detail));
        QVERIFY(done->wasAbsent);
        // With the AAAA the name has lost the wildcard's A.
        QVERIFY(at("a.wild.example.org", RecordType::A).empty());
        SetRecords a = change("a.wild.example.org", {four}, {four});
        a.wanted.type = a.expected.type = RecordType::A;
        a.perhapsAbsent = true;
        QVERIFY(applyRecords(a, site(), keys(), Deadline::after(4s), {}));
        QCOMPARE(at("a.wild.example.org", RecordType::A), std::vector{four});
        QCOMPARE(at("a.wild.example.org", RecordType::AAAA), std::vector{m_address});
        QCOMPARE(at("b.wild.example.org", RecordType::AAAA), std::vector{wild}); // the wildcard is left alone
        QVERIFY(!covered("a.wild.example.org"));
        // Where the values stand at the name itself, that is found out, too.
        SetRecords real = change("real.wild.example.org", {m_address}, {QStringLiteral("2001:db8:f::2")});
        real.perhapsAbsent = true;
        const auto own = applyRecords(real, site(), keys(), Deadline::after(4s), {});
        QVERIFY(own);
        QVERIFY(!own->wasAbsent);
    }

    void byAddressAndWithoutResolver()
    {
        Site literal = site();
        std::get<UpdateAccess>(literal.dns[0].access).server = parsed<Ipv4Address>("127.0.0.1");
        m_resolver.reset();
        const auto done =
            applyRecords(change("two.example.org", {m_address}, {}), literal, keys(), Deadline::after(4s), {});
        QVERIFY2(done, qPrintable(done ? QString() : done.error().summary + done.error().detail));
        QVERIFY(done->stale.empty()); // who else serves the zone cannot be found out: no failure
        QVERIFY(!done->already);
        // Somebody else was faster: with the same values all is well, with others it is for a new plan.
        const auto again =
            applyRecords(change("two.example.org", {m_address}, {}), literal, keys(), Deadline::after(4s), {});
        QVERIFY2(again, qPrintable(again ? QString() : again.error().summary + again.error().detail));
        QVERIFY(again->already);
        const auto moved = applyRecords(change("two.example.org", {QStringLiteral("2001:db8:f::2")}, {}), literal,
                                        keys(), Deadline::after(4s), {});
        QVERIFY(!moved);
        QCOMPARE(moved.error().code, ErrorCode::Moved);
        const auto noKey =
            applyRecords(change("two.example.org", {}, {m_address}), literal, keys("other"), Deadline::after(4s), {});
        QVERIFY(!noKey);
        QCOMPARE(noKey.error().code, ErrorCode::NotFound);
        // A name with a CNAME takes no address: the server accepts the message and drops it.
        const auto alias =
            applyRecords(change("www.example.org", {m_address}, {}), literal, keys(), Deadline::after(3s), {});
        QVERIFY(!alias);
        QVERIFY2(alias.error().code == ErrorCode::Protocol || alias.error().code == ErrorCode::Refused,
                 qPrintable(alias.error().summary + alias.error().detail));
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("nameserver 127.0.0.53\n"));
    QCoreApplication app(argc, argv);
    TestDnsZone test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_dns_zone.moc"
