// Queries and resolving, against knotd and unbound.

#include "daemons.h"

#include "model/provider.h"
#include <QElapsedTimer>

#include <QTest>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

QString zoneText()
{
    QString text = QStringLiteral("$ORIGIN example.org.\n$TTL 60\n"
                                  "@ SOA ns1 hostmaster 1 3600 600 86400 10\n@ NS ns1\n@ NS ns2\n"
                                  "ns1 A 127.0.0.1\nns1 AAAA ::1\nns2 A 127.0.0.2\n"
                                  "vps 300 A 198.51.100.10\nvps 300 A 198.51.100.9\nvps AAAA 2001:DB8:B::10\n"
                                  "www CNAME VPS.Example.ORG.\nfar CNAME _x.other.test.\nlost CNAME gone.other.test.\n"
                                  "note TXT \"one; two\" \"th\\\"ree\"\nround CNAME trip\ntrip CNAME round\n"
                                  "onlysix AAAA 2001:db8::6\nbroken CNAME a.broken.test.\n"
                                  "_acme-challenge TXT \"token\"\nsub NS ns1.sub\nns1.sub A 127.0.0.9\n");
    for (int i = 0; i < 100; ++i)
        text += QStringLiteral("many AAAA 2001:db8:1::%1\n").arg(i + 1, 0, 16);
    return text;
}

const char *otherZone = "$ORIGIN other.test.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 10\n@ NS ns\n"
                        "ns A 127.0.0.1\n_x CNAME y\ny A 192.0.2.7\n";

/// Bound, but it never answers.
class SilentSocket
{
public:
    explicit SilentSocket(int type) : m_socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(m_socket, reinterpret_cast<sockaddr *>(&address), size) != 0 ||
            ::getsockname(m_socket, reinterpret_cast<sockaddr *>(&address), &size) != 0 ||
            (type == SOCK_STREAM && ::listen(m_socket, 4) != 0))
            qFatal("no silent socket");
        m_port = ntohs(address.sin_port);
    }
    ~SilentSocket() { ::close(m_socket); }
    DnsServer server() const { return serverAt("127.0.0.1", m_port); }

private:
    int m_socket;
    int m_port = 0;
};

Result<DnsAnswer> ask(const DnsServer &server, const char *name, RecordType type, std::chrono::milliseconds span = 5s)
{
    return queryServer(server, parsed<Hostname>(name), type, false, Deadline::after(span), {});
}

std::vector<QString> list(std::initializer_list<const char *> texts)
{
    std::vector<QString> out;
    for (const char *text : texts)
        out.push_back(QString::fromLatin1(text));
    return out;
}

} // namespace

class TestDnsQuery : public QObject
{
    Q_OBJECT

    std::unique_ptr<Daemon> m_knot;
    std::unique_ptr<Daemon> m_unbound;
    const DnsServer m_server = serverAt("127.0.0.1");

private Q_SLOTS:
    void initTestCase()
    {
        m_knot = startKnot(
            QStringLiteral("127.0.0.1@53, ::1@53"),
            QStringLiteral("zone:\n  - domain: example.org\n    file: site\n"
                           "  - domain: other.test\n    file: other\n"),
            {{QStringLiteral("site"), zoneText()}, {QStringLiteral("other"), QString::fromLatin1(otherZone)}});
        m_knot->waitUntilItAnswers(m_server, "example.org");
        m_unbound = startUnbound(QStringLiteral("127.0.0.53"),
                                 QStringLiteral("stub-zone:\n  name: example.org\n  stub-addr: 127.0.0.1\n"
                                                "stub-zone:\n  name: other.test\n  stub-addr: 127.0.0.1\n"
                                                "stub-zone:\n  name: broken.test\n  stub-addr: 127.0.0.1\n"));
        m_unbound->waitUntilItAnswers(serverAt("127.0.0.53"), "example.org", true);
    }

    void groupsAndSortsWhatItReads()
    {
        const auto answer = ask(m_server, "vps.example.org", RecordType::A);
        QVERIFY(answer);
        QVERIFY(answer->authoritative);
        QCOMPARE(answer->rcode, 0);
        const RecordSet set = answer->find(parsed<Hostname>("vps.example.org"), RecordType::A);
        QCOMPARE(set.values, list({"198.51.100.10", "198.51.100.9"}));
        QCOMPARE(set.ttl, 300s);
        const auto six = ask(serverAt("::1"), "vps.example.org", RecordType::AAAA);
        QVERIFY(six);
        QCOMPARE(six->find(parsed<Hostname>("vps.example.org"), RecordType::AAAA).values, list({"2001:db8:b::10"}));
    }

    void namesAndTexts()
    {
        const auto alias = ask(m_server, "www.example.org", RecordType::CNAME);
        QVERIFY(alias);
        QCOMPARE(alias->find(parsed<Hostname>("www.example.org"), RecordType::CNAME).values, list({"vps.example.org"}));
        // Asked for A, the alias comes along, and what it leads to; the name itself has no A record.
        const auto both = ask(m_server, "www.example.org", RecordType::A);
        QVERIFY(both);
        QVERIFY(both->find(parsed<Hostname>("www.example.org"), RecordType::A).values.empty());
        QCOMPARE(both->find(parsed<Hostname>("vps.example.org"), RecordType::A).values.size(), 2u);
        const auto text = ask(m_server, "note.example.org", RecordType::TXT);
        QVERIFY(text);
        QCOMPARE(text->find(parsed<Hostname>("note.example.org"), RecordType::TXT).values,
                 list({"\"one; two\" \"th\\\"ree\""}));
        const auto servers = ask(m_server, "example.org", RecordType::NS);
        QVERIFY(servers);
        QCOMPARE(servers->find(parsed<Hostname>("example.org"), RecordType::NS).values,
                 list({"ns1.example.org", "ns2.example.org"}));
    }

    void absentInTwoWays()
    {
        const auto noName = ask(m_server, "nobody.example.org", RecordType::A);
        QVERIFY(noName);
        QCOMPARE(noName->rcode, int(Rcode::NxDomain));
        QCOMPARE(rcodeName(noName->rcode), QStringLiteral("NXDOMAIN"));
        QVERIFY(noName->answers.empty()); // the SOA record stands in another section
        const auto noData = ask(m_server, "onlysix.example.org", RecordType::A);
        QVERIFY(noData);
        QCOMPARE(noData->rcode, 0);
        QVERIFY(noData->authoritative);
        QVERIFY(noData->answers.empty());
        const auto foreign = ask(m_server, "www.example.net", RecordType::A);
        QVERIFY(foreign);
        QCOMPARE(rcodeName(foreign->rcode), QStringLiteral("REFUSED"));
        const auto below = ask(m_server, "www.sub.example.org", RecordType::A);
        QVERIFY(below);
        QVERIFY(!below->authoritative);
    }

    void largeAnswersComeByTcp()
    {
        const auto answer = ask(m_server, "many.example.org", RecordType::AAAA);
        QVERIFY(answer);
        QCOMPARE(answer->find(parsed<Hostname>("many.example.org"), RecordType::AAAA).values.size(), 100u);
        // The same through a relay that knows UDP only: the answer was truncated there, and TCP is refused.
        Relay relay(Relay::Protocol::Udp, [](const QByteArray &bytes) { return std::vector{bytes}; });
        const auto udpOnly = ask(relay.server(), "many.example.org", RecordType::AAAA);
        QVERIFY(!udpOnly);
        QCOMPARE(udpOnly.error().code, ErrorCode::Network);
        QVERIFY2(udpOnly.error().detail.contains(QStringLiteral("ECONNREFUSED")), qPrintable(udpOnly.error().detail));
    }

    void lostDatagramsAreRepeated()
    {
        Relay relay(
            Relay::Protocol::Udp, [](const QByteArray &bytes) { return std::vector{bytes}; }, 1);
        QElapsedTimer clock;
        clock.start();
        const auto answer = ask(relay.server(), "vps.example.org", RecordType::A);
        QVERIFY(answer);
        QCOMPARE(relay.requests(), 2);
        QVERIFY(clock.elapsed() >= 1000 && clock.elapsed() < 2500);
    }

    void foreignAnswersAreIgnored()
    {
        Relay relay(Relay::Protocol::Udp, [](const QByteArray &bytes) {
            QByteArray otherId = bytes;
            otherId[1] = static_cast<char>(otherId[1] ^ 1);
            otherId[otherId.size() - 1] = 66;
            QByteArray otherQuestion = bytes;
            otherQuestion[13] = 'X'; // the first letter of the name
            QByteArray query = bytes;
            query[2] = static_cast<char>(query[2] & 0x7f);
            QByteArray truncated = otherId;
            truncated[2] = static_cast<char>(truncated[2] | 2);
            return std::vector{otherId,         otherQuestion, query,          truncated,
                               QByteArray("x"), QByteArray(),  bytes.left(20), bytes};
        });
        const auto answer = ask(relay.server(), "vps.example.org", RecordType::A);
        QVERIFY(answer);
        QCOMPARE(answer->find(parsed<Hostname>("vps.example.org"), RecordType::A).values,
                 list({"198.51.100.10", "198.51.100.9"}));
        QCOMPARE(relay.requests(), 1);
    }

    void mutilatedAnswersDoNoHarm()
    {
        // Every answer cut at every length and with every byte changed: an error or an answer, never a crash or a hang.
        const auto good = ask(m_server, "www.example.org", RecordType::A);
        QVERIFY(good);
        int calls = 0;
        Relay relay(Relay::Protocol::Udp, [&calls](const QByteArray &bytes) {
            std::vector<QByteArray> all;
            for (qsizetype i = 2; i < bytes.size(); ++i) {
                QByteArray changed = bytes;
                changed[i] = static_cast<char>(changed[i] ^ (calls % 2 ? 0xff : 0xc0));
                all.push_back(bytes.left(i));
                all.push_back(changed);
            }
            ++calls;
            return all;
        });
        for (int i = 0; i < 6; ++i) {
            QElapsedTimer clock;
            clock.start();
            [[maybe_unused]] const auto answer = ask(relay.server(), "www.example.org", RecordType::A, 300ms);
            QVERIFY(clock.elapsed() < 800);
        }
    }

    void silenceEndsAtTheDeadline()
    {
        const SilentSocket udp(SOCK_DGRAM);
        QElapsedTimer clock;
        clock.start();
        const auto answer = ask(udp.server(), "vps.example.org", RecordType::A, 1500ms);
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::Timeout);
        QVERIFY(answer.error().summary.endsWith(QLatin1Char('.')));
        QVERIFY2(clock.elapsed() >= 1500 && clock.elapsed() < 1700, qPrintable(QString::number(clock.elapsed())));
    }

    void refusedIsToldAtOnce()
    {
        const DnsServer nobody = serverAt("127.0.0.1", 9);
        QElapsedTimer clock;
        clock.start();
        const auto answer = ask(nobody, "vps.example.org", RecordType::A);
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::Network);
        QVERIFY(answer.error().detail.contains(QStringLiteral("ECONNREFUSED")));
        QVERIFY(clock.elapsed() < 500);
    }

    void stopEndsItAtOnce()
    {
        const SilentSocket udp(SOCK_DGRAM);
        std::stop_source source;
        std::chrono::steady_clock::time_point asked;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(200ms);
            asked = std::chrono::steady_clock::now();
            source.request_stop();
        });
        const auto answer = queryServer(udp.server(), parsed<Hostname>("vps.example.org"), RecordType::A, false,
                                        Deadline::after(20s), source.get_token());
        const auto ended = std::chrono::steady_clock::now();
        stopper.join();
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::Cancelled);
        QVERIFY(ended - asked < 100ms);
    }

    void resolversOfThisMachine()
    {
        // The file of this test: a comment, a dead one, the right one, one too many.
        const auto servers = systemResolvers();
        QVERIFY(servers);
        QCOMPARE(servers->size(), 3u);
        QCOMPARE(serverText(servers->at(0)), QStringLiteral("127.0.0.99"));
        QCOMPARE(serverText(servers->at(1)), QStringLiteral("fe80::1"));
        QVERIFY(servers->at(1).scopeId != 0);
        QCOMPARE(serverText(servers->at(2)), QStringLiteral("127.0.0.53"));
    }

    void resolves()
    {
        const auto v4 = [](const char *name) { return resolveIpv4(parsed<Hostname>(name), Deadline::after(8s), {}); };
        const auto direct = v4("vps.example.org");
        QVERIFY2(direct, qPrintable(direct ? QString() : direct.error().summary + direct.error().detail));
        QCOMPARE(direct->size(), 2u);
        const auto alias = v4("www.example.org");
        QVERIFY(alias);
        QCOMPARE(*alias, *direct);
        // Over an alias of an alias, one of them no host name.
        const auto far = v4("far.example.org");
        QVERIFY(far);
        QCOMPARE(far->size(), 1u);
        QCOMPARE(far->front().text(), QStringLiteral("192.0.2.7"));
        const auto none = v4("onlysix.example.org");
        QVERIFY(none);
        QVERIFY(none->empty());
        const auto nobody = v4("nobody.example.org");
        QVERIFY(nobody);
        QVERIFY(nobody->empty());
        const auto lost = v4("lost.example.org");
        QVERIFY(lost);
        QVERIFY(lost->empty());
        const auto six = resolveIpv6(parsed<Hostname>("onlysix.example.org"), Deadline::after(8s), {});
        QVERIFY(six);
        QCOMPARE(six->front().text(), QStringLiteral("2001:db8::6"));
    }

    void whatCannotBeResolvedIsNotAbsent()
    {
        // The server behind broken.test refuses it; a circle has no end.
        for (const char *name : {"www.broken.test", "broken.example.org", "round.example.org"}) {
            const auto addresses = resolveIpv4(parsed<Hostname>(name), Deadline::after(8s), {});
            QVERIFY2(!addresses, name);
            QVERIFY(addresses.error().code == ErrorCode::Refused || addresses.error().code == ErrorCode::Protocol);
            QVERIFY(!addresses.error().detail.isEmpty());
        }
    }

    void serversOfAZone()
    {
        const auto servers = authoritativeServers(parsed<Hostname>("example.org"), Deadline::after(8s), {});
        QVERIFY(servers);
        QStringList texts;
        for (const DnsServer &one : *servers)
            texts << serverText(one);
        texts.sort();
        QCOMPARE(texts, (QStringList{QStringLiteral("127.0.0.1"), QStringLiteral("127.0.0.2"), QStringLiteral("::1")}));
        const auto none = authoritativeServers(parsed<Hostname>("vps.example.org"), Deadline::after(8s), {});
        QVERIFY(!none);
        QCOMPARE(none.error().code, ErrorCode::NotFound);
    }

    // A user's zone at a provider may be no more than a name in the provider's.
    void serversOfAnAccount()
    {
        ProviderDefinition free{parsed<Label>("dyn")};
        free.addresses = ProviderWay::Template;
        const auto at = [](const ProviderDefinition &definition) {
            return ProviderAccess{parsed<Label>("dyn"), {}, {}, std::make_shared<const ProviderDefinition>(definition)};
        };
        DnsAccount account{parsed<Label>("main"), parsed<Hostname>("me.vps.example.org"), at(free)};
        const auto served = servedZone(account, Deadline::after(8s), {});
        QVERIFY2(served, served ? "" : qPrintable(served.error().summary));
        QCOMPARE(served->zone.ascii(), QStringLiteral("example.org"));
        QCOMPARE(served->servers.size(), 3u);
        QVERIFY(findPrimary(account, Deadline::after(8s), {}));
        // Records of an API are in a zone.
        ProviderDefinition other = free;
        other.addresses = ProviderWay::Api;
        account.access = at(other);
        QVERIFY(!servedZone(account, Deadline::after(8s), {}));
        // One's own has to be there, and the sentence names the one that the user has named.
        account.access = WatchedAccess();
        const auto none = servedZone(account, Deadline::after(8s), {});
        QVERIFY(!none);
        QVERIFY(none.error().summary.contains(QStringLiteral("me.vps.example.org")));
    }

    void configuredServers()
    {
        const auto byName = resolveServer(parsed<Hostname>("ns1.example.org"), Deadline::after(8s), {});
        QVERIFY(byName);
        QCOMPARE(byName->size(), 2u);
        QCOMPARE(ipText(byName->front()), QStringLiteral("::1"));
        const auto literal = resolveServer(parsed<Ipv4Address>("192.0.2.1"), Deadline::after(1ms), {});
        QVERIFY(literal);
        QCOMPARE(ipText(literal->front()), QStringLiteral("192.0.2.1"));
        const auto none = resolveServer(parsed<Hostname>("note.example.org"), Deadline::after(8s), {});
        QVERIFY(!none);
        QCOMPARE(none.error().code, ErrorCode::NotFound);
    }

    void findsThePrimary()
    {
        DnsAccount account{
            parsed<Label>("main"), parsed<Hostname>("example.org"),
            UpdateAccess{parsed<Hostname>("ns1.example.org"), *Port::fromNumber(53), {parsed<KeyName>("k")}, {}}};
        const auto found = findPrimary(account, Deadline::after(8s), {});
        QVERIFY(found);
        QCOMPARE(serverText(*found), QStringLiteral("::1"));
        account.zone = parsed<Hostname>("vps.example.org");
        const auto noZone = findPrimary(account, Deadline::after(8s), {});
        QVERIFY(!noZone);
        QCOMPARE(noZone.error().code, ErrorCode::Refused);
        std::get<UpdateAccess>(account.access).server =
            parsed<Ipv4Address>("127.0.0.53"); // answers, but without authority
        account.zone = parsed<Hostname>("example.org");
        const auto resolver = findPrimary(account, Deadline::after(8s), {});
        QVERIFY(!resolver);
        QCOMPARE(resolver.error().code, ErrorCode::Refused);
    }
};

int main(int argc, char **argv)
{
    enterOwnNetwork(QStringLiteral("# nameserver 127.0.0.98\nsearch example.org\nnameserver 127.0.0.99\n"
                                   "nameserver\tfe80::1%lo\n nameserver 127.0.0.53\nnameserver nonsense\n"
                                   "nameserver 127.0.0.97\n"));
    QCoreApplication app(argc, argv);
    TestDnsQuery test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_dns_query.moc"
