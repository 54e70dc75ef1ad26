// What a keeper's snapshot means to a person.

#include "decide/overview.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Site site()
{
    Site one{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}, {}};
    for (const char *name : {"cloud", "photos"})
        one.services.push_back({*Label::parse(latin(name)),
                                {*Hostname::parse(latin(name) + latin(".example.org"))},
                                *Hostname::parse(latin("home6.example.org")),
                                *Label::parse(latin("nas")),
                                *Port::fromNumber(443),
                                *UrlPath::parse(latin("/"))});
    return one;
}

const QDateTime seenAt = QDateTime::fromMSecsSinceEpoch(1'795'000'000'000, Qt::UTC);

KeeperSnapshot good()
{
    KeeperSnapshot one;
    one.role = latin("leader");
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
    one.records = {{latin("cloud.example.org AAAA"), {latin("2001:db8:1::11")}, true, {}, seenAt}};
    one.pushes = {{latin("home6.example.org"), latin("2001:db8:1::11"), true, {}, seenAt}};
    for (const char *name : {"cloud.example.org", "photos.example.org"}) {
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
            one.paths.push_back({latin(name), kind, PathState::Works, 20ms, {}, seenAt});
    }
    return one;
}

KeeperSnapshot with(const std::function<void(KeeperSnapshot &)> &change)
{
    KeeperSnapshot one = good();
    change(one);
    return one;
}

void breakPath(KeeperSnapshot &one, size_t at)
{
    one.paths[at].state = PathState::Broken;
    one.paths[at].why = latin("It is silent.");
}

} // namespace

class TestOverview : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verdict_data()
    {
        QTest::addColumn<KeeperSnapshot>("seen");
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("sentence");
        QTest::addColumn<QString>("detail");
        const auto row = [](const char *name, const KeeperSnapshot &seen, const char *state, const char *sentence,
                            const char *detail) {
            QTest::newRow(name) << seen << latin(state) << latin(sentence) << latin(detail);
        };
        row("all is well", good(), "fine", "Everything is reachable.", "");
        row("begun", with([](auto &one) { one = KeeperSnapshot(); }), "working", "Looking at the home.", "");
        row("not all looked at", with([](auto &one) { one.await(latin("paths")); }), "working",
            "Looking at everything.", "It has not looked at everything yet: paths.");
        row("moved", with([](auto &one) { one.records[0].right = false; }), "working",
            "The home has moved; DNS and VPS are being told.", "");
        row("the VPS is not told yet", with([](auto &one) { one.pushes[0].done = false; }), "working",
            "The home has moved; DNS and VPS are being told.", "");
        row("IPv4 visitors stay away", with([](auto &one) { breakPath(one, 0); }), "broken",
            "cloud.example.org cannot be reached for visitors with IPv4.", "It is silent.");
        row("IPv6 visitors of the second name stay away", with([](auto &one) { breakPath(one, 6); }), "broken",
            "photos.example.org cannot be reached for visitors with IPv6.", "It is silent.");
        row("only the LAN", with([](auto &one) { breakPath(one, 3); }), "degraded",
            "cloud.example.org cannot be reached in the LAN.", "It is silent.");
        row("a trouble says more than a path", with([](auto &one) {
                breakPath(one, 1);
                breakPath(one, 0);
                one.troubles = {latin("The VPS is off.")};
            }),
            "broken", "cloud.example.org cannot be reached for visitors with IPv4.", "The VPS is off.");
        row("a trouble alone", with([](auto &one) { one.troubles = {latin("No DNS key.")}; }), "degraded",
            "Visitors come through, but something is wrong.", "No DNS key.");
        row("nobody can be told", with([](auto &one) { one.alarmTroubles = {latin("No mail.")}; }), "degraded",
            "Visitors come through, but something is wrong.", "No mail.");
        row("the server is off", with([](auto &one) {
                one.servers[0].address.reset();
                one.servers[0].why = latin("No answer.");
            }),
            "broken", "The home server nas does not answer.", "No answer.");
        row("paused, whatever else", with([](auto &one) {
                one.role = latin("paused");
                breakPath(one, 0);
            }),
            "paused", "Paused: nothing is changed.",
            "After a change of the prefix visitors stay away until you resume.");
        row("away", with([](auto &one) {
                one.role = latin("away");
                one.servers[0].address.reset();
            }),
            "unknown", "This computer is not at home.", "It changes nothing from here.");
    }

    void verdict()
    {
        QFETCH(KeeperSnapshot, seen);
        QFETCH(QString, state);
        QFETCH(QString, sentence);
        QFETCH(QString, detail);
        const Overview overview = overviewOf(site(), seen);
        QCOMPARE(overviewStateName(overview.state), state);
        QCOMPARE(overview.sentence, sentence);
        QCOMPARE(overview.detail, detail);
        QCOMPARE(overview.state == OverviewState::Fine, seen.fine());
        QCOMPARE(overview.names.size(), size_t(2));
    }

    void pathsOfAllNames()
    {
        KeeperSnapshot seen = good();
        seen.paths[4].took = 90ms; // of the second name
        seen.paths[4].at = seenAt.addSecs(-60);
        seen.paths[0].certificateUntil = seenAt.addDays(9);
        seen.paths[4].certificateUntil = seenAt.addDays(3);
        breakPath(seen, 5);
        seen.paths.erase(seen.paths.begin() + 6);
        const Overview overview = overviewOf(site(), seen);
        const PathGlance &v4 = overview.paths.at(PathKind::V4);
        QVERIFY(v4.state == PathState::Works && v4.took == 90ms && v4.at == seenAt.addSecs(-60));
        QCOMPARE(v4.certificateUntil, seenAt.addDays(3));
        QCOMPARE(overview.names[0].paths.at(PathKind::V4).certificateUntil, seenAt.addDays(9));
        const PathGlance &upstream = overview.paths.at(PathKind::Upstream);
        QVERIFY(upstream.state == PathState::Broken && !upstream.took && upstream.why == latin("It is silent."));
        QVERIFY(overview.paths.at(PathKind::V6).state == PathState::Unknown);
        QVERIFY(overview.names[1].paths.at(PathKind::V6).state == PathState::Unknown);
        QVERIFY(overview.names[0].paths.at(PathKind::V6).state == PathState::Works);
    }

    void without()
    {
        const Overview overview = overviewWithout(site(), latin("No keeper runs."));
        QVERIFY(overview.state == OverviewState::Unknown && overview.detail == latin("No keeper runs."));
        QCOMPARE(overview.names.size(), size_t(2));
    }
};

QTEST_GUILESS_MAIN(TestOverview)
#include "tst_overview.moc"
