// What a keeper knows of the four paths.

#include "decide/keptpaths.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Hostname host(const char *text)
{
    return *Hostname::parse(latin(text));
}

/// cloud and photos on one server, both by home6; wiki by another name.
Site site()
{
    Site one{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}};
    const auto service = [](const char *name, std::vector<Hostname> names, const char *upstream) {
        return Service{*Label::parse(latin(name)),  std::move(names),       host(upstream),
                       *Label::parse(latin("nas")), *Port::fromNumber(443), *UrlPath::parse(latin("/"))};
    };
    one.services.push_back(
        service("cloud", {host("cloud.example.org"), host("photos.example.org")}, "home6.example.org"));
    one.services.push_back(service("wiki", {host("wiki.example.org")}, "wiki6.example.org"));
    return one;
}

const QDateTime now = QDateTime::fromSecsSinceEpoch(1'800'000'000, Qt::UTC);

KeptRecord record(const char *text, bool right)
{
    return {latin(text), {}, right, {}, now};
}

KeptPath path(const char *name, PathKind kind, PathState state)
{
    return {latin(name), kind, state, 5ms, {}, now};
}

QString text(const std::vector<KeptPath> &paths)
{
    QStringList all;
    for (const KeptPath &one : paths)
        all << QStringLiteral("%1 %2 %3")
                   .arg(one.publicName.section(QLatin1Char('.'), 0, 0), pathName(one.kind), pathStateName(one.state));
    return all.join(latin(", "));
}

PathReport shown(PathKind kind, PathState state, qint64 days, qint64 left)
{
    PathReport one{
        host("cloud.example.org"), *Label::parse(latin("cloud")), kind, state, {}, {}, {}, {}, 5ms, {}, {}, {}};
    CertificateSeen certificate{
        {}, *Fingerprint::parse(latin("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")), {}, {}, {}, false, {},
        {}};
    certificate.notAfter = now.addDays(left);
    certificate.notBefore = certificate.notAfter.addDays(-days);
    one.certificate = certificate;
    return one;
}

} // namespace

class TestKeptPaths : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void silentVps()
    {
        const auto paths = pathsOfSilentVps(site(), latin("It is off."), now);
        QCOMPARE(text(paths), latin("cloud upstream unknown, cloud v6 unknown, photos upstream unknown, "
                                    "photos v6 unknown, wiki upstream unknown, wiki v6 unknown"));
        QCOMPARE(paths.front().why, latin("The VPS cannot be asked: It is off."));
    }

    void provenByVps()
    {
        const auto said = [](PushVerdict verdict, const char *reason, std::chrono::milliseconds took) {
            return std::vector<Pushed>{{host("home6.example.org"), *Ipv6Address::parse(latin("2001:db8:1::11")),
                                        verdict, latin(reason), took}};
        };
        const auto proven = said(PushVerdict::Done, "", 7ms);
        const auto refused = said(PushVerdict::Refused, "not-proven", 7ms);
        const std::vector<KeptRecord> right{record("cloud.example.org AAAA", true),
                                            record("photos.example.org AAAA", false)};
        QCOMPARE(text(pathsProvenByVps(site(), proven, right, now)),
                 latin("cloud upstream works, cloud v6 works, photos upstream works"));
        QCOMPARE(text(pathsProvenByVps(site(), refused, right, now)),
                 latin("cloud upstream broken, cloud v6 broken, photos upstream broken"));
        QVERIFY(pathsProvenByVps(site(), refused, right, now).front().why.contains(latin("not-proven")));
        QCOMPARE(text(pathsProvenByVps(site(), proven, {}, now)), latin("cloud upstream works, photos upstream works"));
        QCOMPARE(text(pathsProvenByVps(site(), {}, right, now)), QString());
        // Proven anew, though the address is the one that it had.
        QCOMPARE(text(pathsProvenByVps(site(), said(PushVerdict::Unchanged, "", 7ms), {}, now)),
                 latin("cloud upstream works, photos upstream works"));
        // What is not proven now says nothing.
        QCOMPARE(text(pathsProvenByVps(site(), said(PushVerdict::Unchanged, "", 0ms), right, now)), QString());
        QCOMPARE(text(pathsProvenByVps(site(), said(PushVerdict::Refused, "not-leader", 0ms), right, now)), QString());
        QCOMPARE(text(pathsProvenByVps(site(), said(PushVerdict::Refused, "limit", 0ms), right, now)), QString());
    }

    void merged()
    {
        const std::vector<KeptPath> before{path("cloud.example.org", PathKind::V4, PathState::Works),
                                           path("cloud.example.org", PathKind::Lan, PathState::Works),
                                           path("old.example.org", PathKind::V4, PathState::Broken)};
        const std::vector<KeptPath> newer{path("wiki.example.org", PathKind::Upstream, PathState::Works),
                                          path("cloud.example.org", PathKind::Upstream, PathState::Works),
                                          path("cloud.example.org", PathKind::V4, PathState::Broken)};
        const auto after = withPaths(site(), before, newer);
        QCOMPARE(text(after), latin("cloud v4 broken, cloud upstream works, cloud lan works, wiki upstream works"));

        const auto turns = pathTurns(before, after);
        QCOMPARE(turns.size(), size_t(3));
        QVERIFY(turns[0].before == PathState::Works && turns[0].now.state == PathState::Broken);
        QVERIFY(!turns[1].before && turns[1].now.kind == PathKind::Upstream);
        QVERIFY(!turns[2].before && turns[2].now.publicName == latin("wiki.example.org"));
        QVERIFY(pathTurns(after, after).empty());
    }

    void expiry_data()
    {
        QTest::addColumn<PathState>("state");
        QTest::addColumn<qint64>("days");
        QTest::addColumn<qint64>("left");
        QTest::addColumn<bool>("told");
        QTest::newRow("fresh") << PathState::Works << qint64(90) << qint64(80) << false;
        QTest::newRow("to be renewed") << PathState::Works << qint64(90) << qint64(29) << false;
        QTest::newRow("late") << PathState::Works << qint64(90) << qint64(17) << true;
        QTest::newRow("one for six days") << PathState::Works << qint64(6) << qint64(2) << false;
        QTest::newRow("one for six days, late") << PathState::Works << qint64(6) << qint64(1) << true;
        QTest::newRow("one for ten years") << PathState::Works << qint64(3650) << qint64(30) << false;
        QTest::newRow("broken: told otherwise") << PathState::Broken << qint64(90) << qint64(1) << false;
    }
    void expiry()
    {
        QFETCH(PathState, state);
        QFETCH(qint64, days);
        QFETCH(qint64, left);
        QFETCH(bool, told);
        const auto onVps = expiryTrouble(shown(PathKind::V4, state, days, left), now);
        QCOMPARE(onVps.has_value(), told);
        if (!told)
            return;
        QVERIFY(onVps->contains(latin("cloud.example.org on the VPS")));
        QVERIFY(expiryTrouble(shown(PathKind::Lan, state, days, left), now)->contains(latin("on the home server")));
    }

    // Quick at first; a service that takes its time is given it, and is not asked all the time.
    void paces()
    {
        QVERIFY(recoveryPace(0ms).most <= 1s && recoveryPace(0ms).pause < 200ms);
        QVERIFY(recoveryPace(10s).most > recoveryPace(0ms).most && recoveryPace(10s).pause > recoveryPace(0ms).pause);
        QVERIFY(recoveryPace(60s).most == PathTime && recoveryPace(60s).pause >= 5s);
    }

    void noCertificate()
    {
        PathReport one = shown(PathKind::V4, PathState::Works, 90, 1);
        one.certificate.reset();
        QVERIFY(!expiryTrouble(one, now));
    }
};

QTEST_GUILESS_MAIN(TestKeptPaths)
#include "tst_keptpaths.moc"
