// The four paths against real servers: each fault turns the right path red at the right step, and no other.

#include "scene.h"

#include "transport/tls.h"
#include "verify/fourpaths.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <set>

using namespace sixgate;
using namespace sixgate::test;
using namespace pathtest;
using namespace std::chrono_literals;

namespace
{

struct Expected {
    PathState state = PathState::Works;
    QString step;
    QString summary; // part of it
};

Expected broken(const char *step, const char *summary)
{
    return {PathState::Broken, QString::fromLatin1(step), QString::fromUtf8(summary)};
}

Expected unknown(const char *step, const char *summary)
{
    return {PathState::Unknown, QString::fromLatin1(step), QString::fromUtf8(summary)};
}

const Error noSession{ErrorCode::Network, QStringLiteral("The VPS cannot be reached by SSH."), {}, {}};

// Who answers where in one test.
struct Cast {
    Scene scene;
    Identity home = authority().issue({"cloud.example.org"});
    Identity vps = authority().issue({"cloud.example.org"});
    Answer homeAnswer = says("HTTP/1.1 200 OK\r\n\r\n");
    Answer vpsAnswer = marked();
    bool homeListens = true;
    bool vpsListens = true;
    bool session = true;
};

} // namespace

using Change = std::function<void(Cast &)>;
using Outcomes = std::map<PathKind, Expected>;
Q_DECLARE_METATYPE(Change)
Q_DECLARE_METATYPE(Outcomes)

class TestPaths : public QObject
{
    Q_OBJECT

    Fingerprint keyOf(const Identity &identity) { return parseCertificate(identity.pem())->key; }

    std::unique_ptr<SshSession> connectTo(SshDaemon &daemon)
    {
        auto session = SshSession::connect(daemon.target(daemon.userKey()), Deadline::after(20s), {});
        if (!session) {
            qWarning("%s %s", qPrintable(session.error().summary), qPrintable(session.error().detail));
            return nullptr;
        }
        return std::move(*session);
    }

    CheckReport check(const Cast &cast, std::chrono::milliseconds span = 60s, std::stop_token stop = {},
                      const PathSink &sink = {})
    {
        proxytest::writeHosts(cast.scene.hosts);
        std::unique_ptr<Server> home;
        std::unique_ptr<Server> vps;
        if (cast.homeListens)
            home = std::make_unique<Server>(proxytest::homeOld, 443, https(cast.home, cast.homeAnswer));
        if (cast.vpsListens)
            vps = std::make_unique<Server>(proxytest::proxyV4, 443, https(cast.vps, cast.vpsAnswer));
        return verifyPaths(cast.scene.site, cast.scene.inputs, cast.session ? m_session.get() : nullptr, noSession,
                           sink, Deadline::after(span), stop)
            .report;
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(authority().root, m_folder.path());
        m_daemon = std::make_unique<SshDaemon>();
        QVERIFY(m_daemon->running());
        m_session = connectTo(*m_daemon);
        QVERIFY(m_session);
    }

    void cleanupTestCase()
    {
        m_session.reset();
        m_daemon.reset();
    }

    void faults_data()
    {
        QTest::addColumn<Change>("change");
        QTest::addColumn<Outcomes>("outcomes"); // paths that do not work
        const auto row = [](const char *name, const Change &change, const Outcomes &outcomes) {
            QTest::newRow(name) << change << outcomes;
        };
        using enum PathKind;
        row("all well", [](Cast &) {}, {});

        // Path 1.
        row("A record of another machine",
            [](Cast &c) { c.scene.record("cloud.example.org", RecordType::A, {QStringLiteral("203.0.113.9")}); },
            {{V4, broken("dns", "has the A record 203.0.113.9, but the VPS has 192.0.2.1.")}});
        row("one A record too many",
            [](Cast &c) {
                c.scene.record("cloud.example.org", RecordType::A,
                               {QStringLiteral("192.0.2.1"), QStringLiteral("203.0.113.9")});
            },
            {{V4, broken("dns", "has the A record 192.0.2.1, 203.0.113.9, but")}});
        row("no A record", [](Cast &c) { c.scene.record("cloud.example.org", RecordType::A, {}); },
            {{V4, broken("dns", "There is no record cloud.example.org A.")}});
        row("the zone does not tell the A record",
            [](Cast &c) {
                c.scene.inputs.zone.records.at(RecordKey{host("cloud.example.org"), RecordType::A}) =
                    fail(ErrorCode::Timeout, QStringLiteral("The zone is silent."));
            },
            {{V4, unknown("dns", "The zone is silent.")}});
        row("the VPS's address is not known",
            [](Cast &c) { c.scene.inputs.vps.ipv4 = fail(ErrorCode::Timeout, QStringLiteral("No idea.")); },
            {{V4, unknown("dns", "No idea.")}});
        row("the VPS's name has no address", [](Cast &c) { c.scene.inputs.vps.ipv4 = std::vector<Ipv4Address>(); },
            {{V4, unknown("dns", "has no IPv4 address in the DNS, so nobody knows whether 192.0.2.1 leads there.")}});
        row("an alias",
            [](Cast &c) {
                c.scene.record("cloud.example.org", RecordType::CNAME, {QStringLiteral("dyn.example.net")});
                for (const RecordType type : {RecordType::A, RecordType::AAAA, RecordType::CNAME})
                    c.scene.record("dyn.example.net", type, {});
            },
            {{V4, broken("dns", "is an alias (CNAME) of dyn.example.net")},
             {V6, broken("dns", "is an alias (CNAME) of dyn.example.net")},
             {Lan, broken("dns", "is an alias (CNAME) of dyn.example.net")}});
        row("an alias that leads where it should",
            [](Cast &c) {
                auto &records = c.scene.inputs.zone.records;
                for (const RecordType type : {RecordType::A, RecordType::AAAA}) {
                    const auto own = records.find({*Hostname::parse(QStringLiteral("cloud.example.org")), type});
                    const auto values = own->second->values;
                    c.scene.record("dyn.example.net", type, QStringList(values.begin(), values.end()));
                    c.scene.record("cloud.example.org", type, {});
                }
                c.scene.record("cloud.example.org", RecordType::CNAME, {QStringLiteral("dyn.example.net")});
            },
            {});
        row("an alias in a circle",
            [](Cast &c) {
                c.scene.record("cloud.example.org", RecordType::CNAME, {QStringLiteral("cloud.example.org")});
            },
            {{V4, broken("dns", "leads round in a circle")},
             {V6, broken("dns", "leads round in a circle")},
             {Lan, broken("dns", "leads round in a circle")}});
        row("no proxy", [](Cast &c) { c.vpsListens = false; },
            {{V4, broken("connect", "192.0.2.1:443 refuses the connection.")}});
        row("the proxy's certificate is for another name",
            [](Cast &c) { c.vps = authority().issue({"other.example.org"}); },
            {{V4, broken("identity", "The certificate is for other.example.org, not for cloud.example.org.")}});
        row("the proxy does not reach the home",
            [](Cast &c) { c.vpsAnswer = says("HTTP/1.1 503 Service Unavailable\r\n\r\n"); },
            {{V4, broken("marker", "The VPS's proxy answered itself with status 503: it did not reach the home")}});
        row("the proxy refuses the home's certificate",
            [](Cast &c) { c.vpsAnswer = says("HTTP/1.1 500 Proxy Error\r\n\r\n"); },
            {{V4, broken("marker", "The VPS's proxy answered itself with status 500")}});
        row("a loop", [](Cast &c) { c.vpsAnswer = says("HTTP/1.1 508 Loop Detected\r\n\r\n"); },
            {{V4, broken("marker", "A loop: the upstream name home6.example.org leads back to the VPS.")}});
        row("another program on the VPS", [](Cast &c) { c.vpsAnswer = says("HTTP/1.1 200 OK\r\n\r\n"); },
            {{V4, broken("marker", "Something else than Sixgate's proxy answered for cloud.example.org")}});
        row("an old marker",
            [](Cast &c) {
                c.vpsAnswer = says("HTTP/1.1 200 OK\r\nX-Sixgate-Upstream: 00000000000000000000000000000000\r\n\r\n");
            },
            {{V4, broken("marker", "Something else than Sixgate's proxy")}});
        row("the service fails behind the proxy", [](Cast &c) { c.vpsAnswer = marked("500 Internal Server Error"); },
            {{V4, broken("http", "The service at home answers with an error of its own (status 500).")}});
        row("the service wants a login", [](Cast &c) { c.vpsAnswer = marked("401 Unauthorized"); }, {});
        row("the proxy says nothing", [](Cast &c) { c.vpsAnswer = says({}); },
            {{V4, broken("http", "The server closed the connection without an answer.")}});

        // Path 2.
        row("the VPS's resolver is behind",
            [](Cast &c) {
                c.scene.hosts = {{"2001:db8:9::9", "home6.example.org"}};
            },
            {{Upstream, broken("resolve", "still gives 2001:db8:9::9 for home6.example.org; the record says "
                                          "2001:db8:1::11.")}});
        row("the VPS's resolver knows nothing yet", [](Cast &c) { c.scene.hosts = {}; },
            {{Upstream, broken("resolve", "knows no address for home6.example.org yet")}});
        row("the VPS gets an IPv4 address, too",
            [](Cast &c) {
                c.scene.hosts.push_back({"192.0.2.1", "home6.example.org"});
            },
            {{Upstream, broken("resolve", "The VPS gets the IPv4 address 192.0.2.1 for home6.example.org")}});
        row("the upstream name has an A record",
            [](Cast &c) { c.scene.record("home6.example.org", RecordType::A, {QStringLiteral("192.0.2.1")}); },
            {{Upstream, broken("dns", "The upstream name home6.example.org has an A record")}});
        row("the upstream name is the VPS",
            [](Cast &c) {
                c.scene.record("home6.example.org", RecordType::AAAA, {QString::fromLatin1(proxytest::proxyV6)});
            },
            {{Upstream, broken("dns", "home6.example.org leads back to the VPS: 2001:db8:5::1")}});

        // Paths 2 to 4.
        row("the public name is the VPS",
            [](Cast &c) {
                c.scene.record("cloud.example.org", RecordType::AAAA, {QString::fromLatin1(proxytest::proxyV6)});
            },
            {{V6, broken("dns", "cloud.example.org leads back to the VPS")},
             {Lan, broken("dns", "cloud.example.org leads back to the VPS")}});
        row("no AAAA record", [](Cast &c) { c.scene.record("cloud.example.org", RecordType::AAAA, {}); },
            {{V6, broken("dns", "There is no record cloud.example.org AAAA.")},
             {Lan, broken("dns", "There is no record cloud.example.org AAAA.")}});
        row("the home server is down", [](Cast &c) { c.homeListens = false; },
            {{Upstream, broken("connect", "[2001:db8:1::11]:443 refuses the connection.")},
             {V6, broken("connect", "[2001:db8:1::11]:443 refuses the connection.")},
             {Lan, broken("connect", "[2001:db8:1::11]:443 refuses the connection.")}});
        row("an address without a route",
            [](Cast &c) {
                for (const char *name : {"cloud.example.org", "home6.example.org"})
                    c.scene.record(name, RecordType::AAAA, {QStringLiteral("2001:db8:77::1")});
                c.scene.hosts = {{"2001:db8:77::1", "home6.example.org"}};
            },
            {{Upstream, broken("connect", "There is no route to [2001:db8:77::1]:443.")},
             {V6, broken("connect", "There is no route to [2001:db8:77::1]:443.")},
             {Lan, unknown("route", "This machine is not in the home's LAN")}});
        row("two addresses, the second answers",
            [](Cast &c) {
                for (const char *name : {"cloud.example.org", "home6.example.org"})
                    c.scene.record(name, RecordType::AAAA,
                                   {QStringLiteral("2001:db8:77::1"), QString::fromLatin1(proxytest::homeOld)});
                c.scene.hosts.push_back({"2001:db8:77::1", "home6.example.org"});
            },
            {});
        row("a stranger's server at home's address", [](Cast &c) { c.home = authority().issue({"www.example.net"}); },
            {{Upstream, broken("identity", "The certificate is for www.example.net, not for cloud.example.org.")},
             {V6, broken("identity", "The certificate is for www.example.net")},
             {Lan, broken("identity", "The certificate is for www.example.net")}});
        row("the home shows the VPS's key",
            [this](Cast &c) {
                c.home = c.vps;
                c.scene.inputs.vpsKeys = std::set<Fingerprint>{keyOf(c.vps)};
            },
            {{Upstream, broken("identity", "This is the VPS's own certificate")},
             {V6, broken("identity", "This is the VPS's own certificate")},
             {Lan, broken("identity", "This is the VPS's own certificate")}});
        // A second address of the VPS could answer, with a certificate that is as good.
        const auto notTold = [] { return unknown("identity", "whether the home server answered or the VPS itself"); };
        row("the VPS's keys are not known",
            [](Cast &c) { c.scene.inputs.vpsKeys = fail(ErrorCode::Timeout, QStringLiteral("No facts.")); },
            {{Upstream, notTold()}, {V6, notTold()}, {Lan, notTold()}});
        row("the VPS's keys are not known, a stranger's server answers",
            [](Cast &c) {
                c.scene.inputs.vpsKeys = fail(ErrorCode::Timeout, QStringLiteral("No facts."));
                c.home = authority().issue({"www.example.net"});
            },
            {{Upstream, broken("identity", "The certificate is for www.example.net")},
             {V6, broken("identity", "The certificate is for www.example.net")},
             {Lan, broken("identity", "The certificate is for www.example.net")}});
        row("the VPS's keys are not known, but the home's one is pinned",
            [this](Cast &c) {
                c.scene.inputs.vpsKeys = fail(ErrorCode::Timeout, QStringLiteral("No facts."));
                c.home = makeIdentity({{"cloud.example.org"}});
                c.scene.site.servers[0].pinnedKey = keyOf(c.home);
            },
            {});
        const auto onlySelfSigned = [] { return broken("identity", "only a self-signed one can be pinned."); };
        row("an issued certificate, its key pinned",
            [this](Cast &c) { c.scene.site.servers[0].pinnedKey = keyOf(c.home); },
            {{Upstream, onlySelfSigned()}, {V6, onlySelfSigned()}, {Lan, onlySelfSigned()}});
        row("self-signed, pinned, expired",
            [this](Cast &c) {
                c.home = makeIdentity({{"cloud.example.org"}, "test", -7200, -3600});
                c.scene.site.servers[0].pinnedKey = keyOf(c.home);
            },
            {{Upstream, broken("identity", "The certificate expired on")},
             {V6, broken("identity", "The certificate expired on")},
             {Lan, broken("identity", "The certificate expired on")}});
        row("self-signed and pinned",
            [this](Cast &c) {
                c.home = makeIdentity({{"cloud.example.org"}});
                c.scene.site.servers[0].pinnedKey = keyOf(c.home);
            },
            {});
        row("self-signed, another key pinned",
            [this](Cast &c) {
                c.home = makeIdentity({{"cloud.example.org"}});
                c.scene.site.servers[0].pinnedKey = keyOf(c.vps);
            },
            {{Upstream, broken("identity", "instead of the pinned one")},
             {V6, broken("identity", "instead of the pinned one")},
             {Lan, broken("identity", "instead of the pinned one")}});
        row("the service fails", [](Cast &c) { c.homeAnswer = says("HTTP/1.1 503 Maintenance\r\n\r\n"); },
            {{V6, broken("http", "an error of its own (status 503).")},
             {Lan, broken("http", "an error of its own (status 503).")}});
        row("the service redirects to itself",
            [](Cast &c) {
                c.homeAnswer = says("HTTP/1.1 301 Moved\r\nLocation: https://cloud.example.org/status.php\r\n\r\n");
            },
            {{V6, broken("http", "The service's redirects lead round in a circle.")},
             {Lan, broken("http", "The service's redirects lead round in a circle.")}});
        row("no session", [](Cast &c) { c.session = false; },
            {{Upstream, unknown("", "The VPS cannot be reached by SSH.")},
             {V6, unknown("", "The VPS cannot be reached by SSH.")}});
    }

    void faults()
    {
        QFETCH(Change, change);
        QFETCH(Outcomes, outcomes);
        Cast cast;
        change(cast);
        const CheckReport report = check(cast);
        QCOMPARE(report.paths.size(), size_t(4));
        QCOMPARE(report.allWork(), outcomes.empty());
        for (size_t i = 0; i < 4; ++i) {
            const PathReport &path = report.paths[i];
            const Expected expected = outcomes.contains(path.kind) ? outcomes.at(path.kind) : Expected{};
            const QString told = QStringLiteral("%1: %2 %3: %4")
                                     .arg(pathName(path.kind), pathStateName(path.state), path.failedStep,
                                          path.error ? path.error->summary + path.error->detail : QString());
            QCOMPARE(int(path.kind), int(i) + 1);
            QVERIFY2(path.state == expected.state, qPrintable(told));
            QVERIFY2(path.failedStep == expected.step, qPrintable(told));
            QCOMPARE(path.error.has_value(), expected.state != PathState::Works);
            std::chrono::milliseconds took{0};
            for (const ProbeStep &step : path.steps) {
                took += step.took;
                QVERIFY2(step.passed == (step.name != expected.step), qPrintable(told + step.name));
                QVERIFY2(!step.detail.isEmpty(), qPrintable(told + step.name));
            }
            QCOMPARE(path.took, took);
            if (!path.error)
                continue;
            QVERIFY2(path.error->summary.contains(expected.summary), qPrintable(told));
            QVERIFY2(path.error->summary.endsWith(QLatin1Char('.')), qPrintable(told));
            if (expected.state == PathState::Broken)
                QVERIFY2(!path.error->fix.isEmpty(), qPrintable(told));
        }
    }

    void stepsOfWorkingPaths()
    {
        const CheckReport report = check(Cast());
        QStringList all;
        for (const PathReport &path : report.paths) {
            QStringList steps;
            for (const ProbeStep &step : path.steps)
                steps << step.name;
            all << path.vantage + QStringLiteral(": ") + steps.join(QLatin1Char(' '));
        }
        QCOMPARE(all, (QStringList{QStringLiteral("this machine: dns connect tls identity http marker"),
                                   QStringLiteral("the VPS: dns resolve connect tls identity"),
                                   QStringLiteral("the VPS: dns connect tls identity http"),
                                   QStringLiteral("this machine: dns route connect tls identity http")}));
        QVERIFY(report.paths[3].steps[1].detail.contains(QLatin1String("this machine is the server itself")));
    }

    void remedyNamesThePlaceInTheSiteFile()
    {
        Cast cast;
        const HomeServer other{label("other"), AddressOfThisMachine{}, {}};
        const HomeServer pinned{label("nas"), AddressOfThisMachine{}, keyOf(cast.home)};
        cast.scene.site.servers = {other, pinned};
        const CheckReport report = check(cast);
        for (size_t i = 1; i < 4; ++i)
            QVERIFY(report.paths[i].error->fix.contains(QLatin1String("Remove servers[1].pinnedKey from the site")));
    }

    // A resolver that is asked before the record is there remembers that there is none.
    void namesWithoutRecordsAreNotAsked()
    {
        Scene scene;
        const auto resolves = [&] { return vpsQuestions(scene.site, scene.inputs.zone).resolve.size(); };
        QCOMPARE(resolves(), size_t(1));
        scene.record("home6.example.org", RecordType::AAAA, {});
        QCOMPARE(resolves(), size_t(0));
        scene.inputs.zone.records.at(RecordKey{host("home6.example.org"), RecordType::AAAA}) =
            fail(ErrorCode::Timeout, QStringLiteral("The zone is silent."));
        QCOMPARE(resolves(), size_t(0));
        scene.inputs.zone.records.erase(RecordKey{host("home6.example.org"), RecordType::AAAA});
        QCOMPARE(resolves(), size_t(0));
        QCOMPARE(vpsQuestions(scene.site, scene.inputs.zone).connect.size(), size_t(1)); // the public name's
    }

    void silentHome()
    {
        Cast cast;
        cast.homeListens = false;
        const Silence silence(proxytest::homeOld, 443);
        QElapsedTimer timer;
        timer.start();
        const CheckReport report = check(cast);
        QVERIFY2(timer.elapsed() < 8000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(report.paths[0].state, PathState::Works);
        for (size_t i = 1; i < 4; ++i) {
            QCOMPARE(report.paths[i].state, PathState::Broken);
            QCOMPARE(report.paths[i].failedStep, QStringLiteral("connect"));
            QCOMPARE(report.paths[i].error->summary, QStringLiteral("[2001:db8:1::11]:443 does not answer."));
            QVERIFY(report.paths[i].took >= 2900ms);
        }
        QVERIFY(report.paths[2].error->fix.contains(QLatin1String("home router's IPv6 firewall")));
        QVERIFY(report.paths[3].error->fix.contains(QLatin1String("its own firewall")));
    }

    void stopMakesTheRestUnknown()
    {
        Cast cast;
        cast.homeListens = false;
        const Silence silence(proxytest::homeOld, 443);
        std::stop_source source;
        std::jthread stopper([&source] {
            std::this_thread::sleep_for(1s);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const CheckReport report = check(cast, 60s, source.get_token());
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(report.paths[0].state, PathState::Works);
        for (size_t i = 1; i < 4; ++i) {
            QCOMPARE(report.paths[i].state, PathState::Unknown);
            QCOMPARE(report.paths[i].error->code, ErrorCode::Cancelled);
        }
        const CheckReport second = check(cast, 60s, source.get_token());
        for (const PathReport &path : second.paths) {
            QCOMPARE(path.state, PathState::Unknown);
            QCOMPARE(path.error->code, ErrorCode::Cancelled);
            QVERIFY(path.steps.empty());
        }
    }

    void endOfTimeIsUnknown()
    {
        Cast cast;
        cast.homeListens = false;
        const Silence silence(proxytest::homeOld, 443);
        const CheckReport report = check(cast, 1500ms);
        QCOMPARE(report.paths[0].state, PathState::Works);
        for (size_t i = 1; i < 4; ++i) {
            QCOMPARE(report.paths[i].state, PathState::Unknown);
            QCOMPARE(report.paths[i].error->code, ErrorCode::Timeout);
        }
    }

    void withoutForwardingNothingIsSaid()
    {
        SshDaemon strict("AllowTcpForwarding no");
        const auto session = connectTo(strict);
        QVERIFY(session);
        const Cast cast;
        proxytest::writeHosts(cast.scene.hosts);
        const Server home(proxytest::homeOld, 443, https(cast.home, cast.homeAnswer));
        const CheckReport report =
            verifyPaths(cast.scene.site, cast.scene.inputs, session.get(), noSession, {}, Deadline::after(30s), {})
                .report;
        for (size_t i = 1; i < 3; ++i) {
            QCOMPARE(report.paths[i].state, PathState::Unknown);
            QCOMPARE(report.paths[i].failedStep, QStringLiteral("tls"));
            QCOMPARE(report.paths[i].error->code, ErrorCode::Refused);
            QVERIFY(report.paths[i].error->fix.contains(QLatin1String("AllowTcpForwarding")));
        }
        QCOMPARE(report.paths[3].state, PathState::Works);
    }

    void manyNamesInOrder()
    {
        Cast cast;
        static constexpr int services = 12;
        cast.home = authority().issue({"*.example.org"});
        cast.vps = cast.home;
        cast.scene.site.services.clear();
        cast.scene.hosts.clear();
        std::vector<std::tuple<QString, QString, int>> wanted;
        for (int i = services; i > 0; --i) { // not in the alphabet's order
            const QByteArray n = QByteArray::number(i);
            const QByteArray upstream = "up" + n + ".example.org";
            Service service{label("s" + n),         {},
                            host(upstream),         label("nas"),
                            *Port::fromNumber(443), *UrlPath::parse(QStringLiteral("/"))};
            for (const char *prefix : {"z", "a"}) {
                const QByteArray name = prefix + n + ".example.org";
                service.publicNames.push_back(host(name));
                cast.scene.record(name, RecordType::A, {QString::fromLatin1(proxytest::proxyV4)});
                cast.scene.record(name, RecordType::AAAA, {QString::fromLatin1(proxytest::homeOld)});
                for (int kind = 1; kind <= 4; ++kind)
                    wanted.emplace_back(service.name.text(), QString::fromLatin1(name), kind);
            }
            cast.scene.record(upstream, RecordType::AAAA, {QString::fromLatin1(proxytest::homeOld)});
            cast.scene.hosts.push_back({proxytest::homeOld, upstream});
            cast.scene.site.services.push_back(service);
        }
        std::atomic<int> inside{0};
        std::set<std::tuple<QString, QString, int>> told;
        const CheckReport report = check(cast, 60s, {}, [&](const PathReport &path) {
            if (++inside != 1)
                qFatal("the sink was called twice at a time");
            told.emplace(path.service.text(), path.publicName.ascii(), int(path.kind));
            std::this_thread::sleep_for(1ms);
            --inside;
        });
        std::vector<std::tuple<QString, QString, int>> got;
        for (const PathReport &path : report.paths) {
            QVERIFY2(path.state == PathState::Works,
                     path.error ? qPrintable(path.error->summary + path.error->detail) : "");
            got.emplace_back(path.service.text(), path.publicName.ascii(), int(path.kind));
        }
        QVERIFY(got == wanted);
        QCOMPARE(told.size(), size_t(services) * 2 * 4);
    }

private:
    QTemporaryDir m_folder;
    std::unique_ptr<SshDaemon> m_daemon;
    std::unique_ptr<SshSession> m_session;
};

int main(int argc, char **argv)
{
    return pathtest::run<TestPaths>(argc, argv);
}

#include "tst_paths.moc"
