// A home server is proven only where it answers on-link with its own identity. Another machine in the LAN is a network
// name space at the other end of a cable.

#include "observe/home.h"
#include "scene.h"
#include "transport/tls.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>

using namespace sixgate;
using namespace sixgate::test;
using namespace pathtest;
using namespace std::chrono_literals;

namespace
{

bool runIp(const char *arguments)
{
    return QProcess::execute(QStringLiteral("ip"), QString::fromLatin1(arguments).split(QLatin1Char(' '))) == 0;
}

// A machine at the other end of the cable "lan0": 2001:db8:50::11, with the server's and a stranger's certificate.
class Neighbour
{
public:
    explicit Neighbour(const Identity &server, const Identity &stranger)
    {
        std::promise<bool> moved;
        std::promise<bool> ready;
        std::promise<long> entered;
        m_thread = std::thread([&, arrived = moved.get_future()]() mutable {
            // The processes and threads that it starts are there, too.
            entered.set_value(::unshare(CLONE_NEWNET) == 0 ? ::syscall(SYS_gettid) : -1);
            if (!arrived.get()) {
                ready.set_value(false);
                return;
            }
            const bool good = runIp("link set lan1 up") && runIp("addr add 2001:db8:50::11/64 dev lan1 nodad");
            std::unique_ptr<Server> first;
            std::unique_ptr<Server> second;
            if (good) {
                first = std::make_unique<Server>("2001:db8:50::11", 443, https(server, says({})));
                second = std::make_unique<Server>("2001:db8:50::11", 444, https(stranger, says({})));
            }
            ready.set_value(good);
            m_end.get_future().wait();
        });
        const long id = entered.get_future().get();
        const QByteArray move = "link set lan1 netns " + QByteArray::number(qlonglong(id));
        moved.set_value(id > 0 && runIp("link add lan0 type veth peer name lan1") && runIp(move.constData()) &&
                        runIp("link set lan0 up") && runIp("addr add 2001:db8:50::2/64 dev lan0 nodad") &&
                        runIp("route add 2001:db8:60::/64 via 2001:db8:50::11"));
        m_ready = ready.get_future().get();
    }
    ~Neighbour()
    {
        m_end.set_value();
        m_thread.join();
    }
    bool ready() const { return m_ready; }

private:
    std::promise<void> m_end;
    std::thread m_thread;
    bool m_ready = false;
};

} // namespace

class TestProveServer : public QObject
{
    Q_OBJECT

    ServerQuestion question(std::vector<const char *> candidates, int port = 443)
    {
        ServerQuestion asked{label("nas"), {}, *Port::fromNumber(port), {host("cloud.example.org"), {}, {}}};
        for (const char *candidate : candidates)
            asked.candidates.push_back(ip6(candidate));
        return asked;
    }

    Known<ServerProof> prove(const ServerQuestion &asked) { return proveServer(asked, Deadline::after(20s), {}); }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(authority().root, m_folder.path());
        m_good = authority().issue({"cloud.example.org"});
        m_neighbour = std::make_unique<Neighbour>(m_good, authority().issue({"www.example.net"}));
        QVERIFY(m_neighbour->ready());
        m_here = std::make_unique<Server>(proxytest::homeOld, 443, https(m_good, says({})));
    }

    void cleanupTestCase()
    {
        m_here.reset();
        m_neighbour.reset();
    }

    void inTheLan()
    {
        const auto proof = prove(question({"2001:db8:50::11"}));
        QVERIFY2(proof, proof ? "" : qPrintable(proof.error().summary + proof.error().detail));
        QCOMPARE(proof->address.text(), QStringLiteral("2001:db8:50::11"));
        QCOMPARE(proof->certificate.pem, m_good.pem());
    }

    void thisMachine()
    {
        const auto proof = prove(question({proxytest::homeOld}));
        QVERIFY2(proof, proof ? "" : qPrintable(proof.error().summary + proof.error().detail));
        QCOMPARE(proof->address.text(), QStringLiteral("2001:db8:1::11"));
    }

    void theBestThatAnswers()
    {
        QCOMPARE(prove(question({"2001:db8:50::11", proxytest::homeOld}))->address.text(),
                 QStringLiteral("2001:db8:50::11"));
        QCOMPARE(prove(question({proxytest::homeOld, "2001:db8:50::11"}))->address.text(),
                 QStringLiteral("2001:db8:1::11"));
        QCOMPARE(prove(question({"2001:db8:50::99", proxytest::homeNew, "2001:db8:50::11"}))->address.text(),
                 QStringLiteral("2001:db8:50::11"));
    }

    void notProven_data()
    {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<int>("port");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("fix");
        const auto row = [](const char *name, const char *address, int port, ErrorCode code, const char *summary,
                            const char *fix) {
            QTest::newRow(name) << QByteArray(address) << port << code << QString::fromLatin1(summary)
                                << QString::fromLatin1(fix);
        };
        row("behind a router", "2001:db8:60::11", 443, ErrorCode::Unavailable,
            "This machine is not in the LAN of nas: the way to 2001:db8:60::11 leads through a router "
            "(2001:db8:50::11), so nothing is published.",
            "Run Sixgate on a machine in the same network as nas.");
        row("no route", "2001:db8:77::11", 443, ErrorCode::Network,
            "This machine has no way to 2001:db8:77::11, the address of nas.", "IPv6 in the home's LAN");
        row("server down", "2001:db8:50::11", 445, ErrorCode::Network, "[2001:db8:50::11]:445 refuses the connection.",
            "Start the web server on nas");
        row("nobody there", "2001:db8:50::99", 443, ErrorCode::Timeout, "[2001:db8:50::99]:443 does not answer.",
            "See whether nas is on");
        row("a stranger", "2001:db8:50::11", 444, ErrorCode::Denied,
            "The certificate is for www.example.net, not for cloud.example.org.", "a stranger's");
    }

    void notProven()
    {
        QFETCH(QByteArray, address);
        QFETCH(int, port);
        QFETCH(ErrorCode, code);
        QFETCH(QString, summary);
        QFETCH(QString, fix);
        QElapsedTimer timer;
        timer.start();
        const auto proof = prove(question({address.constData()}, port));
        QVERIFY(!proof);
        // A neighbour that is not there is told by the kernel or by the deadline, whichever comes first.
        if (code == ErrorCode::Timeout && proof.error().code == ErrorCode::Network)
            summary = QStringLiteral("No machine answers for the address in [%1]:%2.")
                          .arg(QString::fromLatin1(address))
                          .arg(port);
        else
            QCOMPARE(proof.error().code, code);
        QCOMPARE(proof.error().summary, summary);
        QVERIFY2(proof.error().fix.contains(fix), qPrintable(proof.error().fix));
        QVERIFY2(timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
    }

    void theErrorIsThatOfTheBestCandidate()
    {
        const auto proof = prove(question({"2001:db8:60::11", "2001:db8:50::99"}));
        QVERIFY(!proof);
        QCOMPARE(proof.error().code, ErrorCode::Unavailable);
        const auto none = prove(question({}));
        QVERIFY(!none);
        QCOMPARE(none.error().code, ErrorCode::NotFound);
    }

    void foreignKeyAndPin()
    {
        const Fingerprint key = parseCertificate(m_good.pem())->key;
        ServerQuestion asked = question({"2001:db8:50::11"});
        asked.identity.foreign = {key};
        const auto foreign = prove(asked);
        QVERIFY(!foreign);
        QVERIFY(foreign.error().summary.contains(QLatin1String("leads back to the VPS")));
        asked.identity.foreign.clear();
        asked.identity.pinned = Fingerprint::ofBytes("another key");
        QCOMPARE(prove(asked).error().code, ErrorCode::Denied);
        // A pin is for a self-signed certificate alone.
        asked.identity.pinned = key;
        asked.identity.pinPlace = QStringLiteral("servers[0].pinnedKey");
        const auto issued = prove(asked);
        QVERIFY(!issued);
        QCOMPARE(issued.error().code, ErrorCode::Denied);
        QVERIFY(issued.error().fix.contains(QLatin1String("servers[0].pinnedKey")));

        const Identity own = makeIdentity({{"cloud.example.org"}});
        const Server server(proxytest::homeNew, 443, https(own, says({})));
        ServerQuestion pinned = question({proxytest::homeNew});
        pinned.identity.pinned = parseCertificate(own.pem())->key;
        QVERIFY(prove(pinned));
    }

    // A machine at the other end of a tunnel is not in the home, although its route has no gateway.
    void noTunnelIsALan()
    {
        QVERIFY(runIp("link set lan0 arp off")); // a link on which no neighbour is asked for
        const auto silent = prove(question({"2001:db8:50::11"}));
        Scene scene;
        scene.record("cloud.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:50::11")});
        const Error noSession{ErrorCode::Network, QStringLiteral("None."), {}, {}};
        const CheckReport report =
            verifyPaths(scene.site, scene.inputs, nullptr, noSession, {}, Deadline::after(20s), {}).report;
        QVERIFY(runIp("link set lan0 arp on"));
        QVERIFY(!silent);
        QCOMPARE(silent.error().code, ErrorCode::Unavailable);
        QCOMPARE(silent.error().summary,
                 QStringLiteral("This machine is not in the LAN of nas: the way to 2001:db8:50::11 leads through lan0, "
                                "which is a tunnel or another link without neighbours, so nothing is published."));
        QVERIFY(!silent.error().fix.isEmpty());
        QCOMPARE(report.paths[3].state, PathState::Unknown);
        QCOMPARE(report.paths[3].failedStep, QStringLiteral("route"));
        QVERIFY(report.paths[3].error->detail.contains(QLatin1String("through lan0, a tunnel")));
        QVERIFY(prove(question({"2001:db8:50::11"})));

        if (::access("/dev/net/tun", R_OK | W_OK) != 0)
            QSKIP("/dev/net/tun is not there for this user");
        QVERIFY(runIp("tuntap add mode tun name tun6") && runIp("link set tun6 up") &&
                runIp("addr add 2001:db8:70::2/64 dev tun6 nodad"));
        const auto tunnel = prove(question({"2001:db8:70::11"}));
        const auto itself = prove(question({"2001:db8:70::2"}, 9)); // this machine's own end: refused by nobody there
        QVERIFY(runIp("link delete tun6"));
        QVERIFY(!tunnel);
        QVERIFY(tunnel.error().summary.contains(QLatin1String("leads through tun6, which is a tunnel")));
        QVERIFY(itself.error().summary.contains(QLatin1String("refuses the connection")));
    }

    void stop()
    {
        std::stop_source source;
        std::jthread stopper([&source] {
            std::this_thread::sleep_for(300ms);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const auto proof = proveServer(question({"2001:db8:50::98"}), Deadline::after(20s), source.get_token());
        QVERIFY(!proof);
        QCOMPARE(proof.error().code, ErrorCode::Cancelled);
        QVERIFY(timer.elapsed() < 2000);
    }

    void aNeighbourIsConfirmedOnPathFour()
    {
        Scene scene;
        scene.record("cloud.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:50::11")});
        const Error noSession{ErrorCode::Network, QStringLiteral("None."), {}, {}};
        const auto lan = [&] {
            return verifyPaths(scene.site, scene.inputs, nullptr, noSession, {}, Deadline::after(20s), {})
                .report.paths[3];
        };
        // The server closes without an answer: all but the last step is proven.
        const PathReport here = lan();
        QStringList steps;
        for (const ProbeStep &step : here.steps)
            steps << step.name;
        QCOMPARE(steps.join(QLatin1Char(' ')), QStringLiteral("dns route connect neighbour tls identity http"));
        QCOMPARE(here.failedStep, QStringLiteral("http"));
        scene.record("cloud.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:60::11")});
        const PathReport far = lan();
        QCOMPARE(far.state, PathState::Unknown);
        QCOMPARE(far.failedStep, QStringLiteral("route"));
        QVERIFY2(far.error->detail.contains(QLatin1String("through 2001:db8:50::11")), qPrintable(far.error->detail));
    }

    void readingTheLink()
    {
        const auto link = readLink();
        QVERIFY(link);
        bool found = false;
        for (const LocalAddress &one : link->addresses)
            found = found || (one.address == ip6("2001:db8:50::2") && one.interface == QStringLiteral("lan0"));
        QVERIFY(found);
        bool onLink = false;
        for (const OnLinkPrefix &one : link->onLink)
            onLink = onLink || one.prefix.text() == QStringLiteral("2001:db8:50::/64");
        QVERIFY(onLink);
    }

private:
    QTemporaryDir m_folder;
    Identity m_good;
    std::unique_ptr<Neighbour> m_neighbour;
    std::unique_ptr<Server> m_here;
};

int main(int argc, char **argv)
{
    return pathtest::run<TestProveServer>(argc, argv);
}

#include "tst_prove_server.moc"
