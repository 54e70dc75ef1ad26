// What a keeper's snapshot means to a person.

#include "decide/catalogue.h"
#include "decide/overview.h"

#include <QFile>
#include <QTest>

#include <functional>

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

namespace
{

Condition condition(const char *code, Severity severity = Severity::Error, const char *button = "")
{
    Condition one;
    one.code = latin(code);
    one.severity = severity;
    one.title = latin(code) + latin(" it is.");
    one.about = latin("nas");
    one.remedy.text = latin("Run it.");
    one.remedy.window = latin(button).isEmpty() ? QString() : latin("Press it.");
    one.remedy.button = latin(button);
    one.timeToVisible = 60s;
    return one;
}

CheckFinding finding(const std::vector<Condition> &roots, OverviewState with, bool visitorsOut = false)
{
    return {roots, visitorsOut, visitorsOut, {}, with, latin("Seen."), seenAt, seenAt};
}

Overview seen(OverviewState state)
{
    Overview one;
    one.state = state;
    one.sentence = latin("Seen.");
    one.button = OverviewButton::Check;
    return one;
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

    void findings_data()
    {
        QTest::addColumn<int>("sees");
        QTest::addColumn<std::optional<CheckFinding>>("found");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("detail");
        QTest::addColumn<int>("button");
        QTest::addColumn<bool>("settled");
        using S = OverviewState;
        using B = OverviewButton;
        const auto row = [](const char *name, S sees, const std::optional<CheckFinding> &found, const char *says,
                            const char *detail, B button, bool settled) {
            QTest::newRow(name) << int(sees) << found << latin(says) << latin(detail) << int(button) << settled;
        };
        const auto error = condition("vps-off"), other = condition("dns-down");
        const auto warning = condition("cert", Severity::Warning), info = condition("away", Severity::Info);
        const auto redeploys = condition("proxy-stopped", Severity::Error, "redeploy");
        row("nothing known, all is well", S::Fine, {}, "fine: Seen.", "", B::Check, true);
        row("nothing known yet", S::Broken, {}, "broken: Seen.", "", B::Check, false);
        row("a check that sees nothing", S::Broken, finding({}, S::Broken), "broken: Seen.", "", B::Check, false);
        row("the cause", S::Broken, finding({error}, S::Broken, true), "broken: vps-off it is.", "Run it.", B::Show,
            false);
        row("which redeploying mends", S::Broken, finding({redeploys}, S::Broken, true), "broken: proxy-stopped it is.",
            "Press it.", B::Redeploy, false);
        row("and another one", S::Degraded, finding({error, other}, S::Broken), "degraded: vps-off it is.",
            "Run it.\nAlso: dns-down it is.", B::Show, false);
        row("of another situation", S::Fine, finding({error}, S::Broken, true), "fine: Seen.", "", B::Check, true);
        row("which the keeper does not see", S::Fine, finding({error}, S::Fine, true), "broken: vps-off it is.",
            "Run it.", B::Show, false);
        row("which the keeper sees only later", S::Broken, finding({redeploys}, S::Fine, true),
            "broken: proxy-stopped it is.", "Press it.", B::Redeploy, false);
        row("a warning of before", S::Broken, finding({warning}, S::Fine), "broken: Seen.", "", B::Check, false);
        row("a warning", S::Fine, finding({warning}, S::Fine), "degraded: cert it is.", "Run it.", B::Show, false);
        row("a warning does not explain what is broken", S::Broken, finding({warning}, S::Broken), "broken: Seen.", "",
            B::Check, false);
        row("worth knowing only", S::Fine, finding({info}, S::Fine), "fine: Seen.", "", B::Check, true);
        row("nobody watches", S::Unknown, finding({error}, S::Unknown, true), "broken: vps-off it is.", "Run it.",
            B::Show, false);
        row("paused", S::Paused, finding({error}, S::Paused, true), "paused: Seen.", "vps-off it is.", B::Check, true);
    }

    void findings()
    {
        QFETCH(int, sees);
        QFETCH(std::optional<CheckFinding>, found);
        QFETCH(QString, says);
        QFETCH(QString, detail);
        QFETCH(int, button);
        QFETCH(bool, settled);
        const Overview one = withFinding(seen(OverviewState(sees)), found, true, seenAt.addSecs(59));
        QCOMPARE(overviewStateName(one.state) + latin(": ") + one.sentence, says);
        QCOMPARE(one.detail, detail);
        QCOMPARE(int(one.button), button);
        QCOMPARE(one.settled, settled);
        QVERIFY(one.looking);
        QCOMPARE(one.cause.isEmpty(), one.sentence == latin("Seen."));
        // A fault that lasts is told.
        if (found)
            QVERIFY(withFinding(seen(OverviewState(sees)), found, false, seenAt.addSecs(60)).settled ||
                    one.cause.isEmpty());
    }

    void due_data()
    {
        QTest::addColumn<int>("sees");
        QTest::addColumn<std::optional<CheckFinding>>("last");
        QTest::addColumn<int>("after");
        QTest::addColumn<bool>("due");
        using S = OverviewState;
        const auto row = [](const char *name, S sees, const std::optional<CheckFinding> &last, int after, bool due) {
            QTest::newRow(name) << int(sees) << last << after << due;
        };
        const std::optional<CheckFinding> well = finding({}, S::Fine);
        const std::optional<CheckFinding> bad = finding({condition("vps-off")}, S::Broken, true);
        const std::optional<CheckFinding> warned = finding({condition("cert", Severity::Warning)}, S::Fine);
        row("at first", S::Fine, {}, 0, true);
        row("not while it moves", S::Working, {}, 0, false);
        row("not while it pauses", S::Paused, bad, 100000, false);
        row("all stays well", S::Fine, well, 29 * 60, false);
        row("after a long time", S::Fine, well, 30 * 60, true);
        row("it breaks", S::Broken, well, 10, true);
        row("it breaks at once", S::Broken, well, 9, false);
        row("it stays broken", S::Broken, bad, 59, false);
        row("again after a minute", S::Broken, bad, 60, true);
        row("it is well again", S::Fine, bad, 10, true);
        row("a warning stays", S::Fine, warned, 9 * 60, false);
        row("a warning, again", S::Fine, warned, 10 * 60, true);
        row("the clock was set back", S::Fine, well, -1000, true);
        CheckFinding otherwise = *bad;
        otherwise.trouble = latin("Something else.");
        row("another trouble", S::Broken, otherwise, 10, true);
    }

    void due()
    {
        QFETCH(int, sees);
        QFETCH(std::optional<CheckFinding>, last);
        QFETCH(int, after);
        QTEST(isFindingDue(seen(OverviewState(sees)), last, seenAt.addSecs(after)), "due");
    }

    void foundByACheck()
    {
        CheckReport report;
        const Site one = site();
        PathReport lan{one.services[0].publicNames[0], one.services[0].name};
        lan.kind = PathKind::Lan;
        lan.state = PathState::Broken;
        report.paths = {lan};
        report.diagnosis.roots = {condition("vps-off")};
        const QDateTime until = seenAt.addDays(60);
        report.paths[0].certificate = CertificateSeen{{}, Fingerprint::ofBytes("key"), {}, {}, {}, false, {}, until};
        const CheckFinding first = findingOf(report, seen(OverviewState::Broken), {}, seenAt);
        QCOMPARE(first.paths[0].certificateUntil, until);
        QVERIFY(first.anyOut && !first.visitorsOut);
        QCOMPARE(first.trouble, latin("Seen."));
        report.paths[0].kind = PathKind::V6;
        // The same cause since then, another one from now on.
        const CheckFinding second = findingOf(report, seen(OverviewState::Broken), first, seenAt.addSecs(60));
        QVERIFY(second.visitorsOut);
        // Where the keeper has proven nothing, what the check saw is shown.
        Overview shown = overviewWithout(one, {});
        shown.state = OverviewState::Broken;
        shown = withFinding(shown, second, false, seenAt);
        QVERIFY(shown.names[0].paths.at(PathKind::V6).state == PathState::Broken);
        QVERIFY(shown.paths.at(PathKind::V6).state == PathState::Broken);
        QVERIFY(shown.paths.at(PathKind::V4).state == PathState::Unknown);
        QCOMPARE(shown.paths.at(PathKind::V6).at, seenAt.addSecs(60));
        // A path that broke before it saw a certificate leaves the one before.
        QCOMPARE(shown.paths.at(PathKind::V6).certificateUntil, until);
        CheckFinding blind = second;
        blind.paths[0].certificateUntil = {};
        blind.paths[0].at = seenAt.addSecs(70);
        shown = withFinding(shown, blind, false, seenAt);
        QCOMPARE(shown.names[0].paths.at(PathKind::V6).at, seenAt.addSecs(70));
        QCOMPARE(shown.names[0].paths.at(PathKind::V6).certificateUntil, until);
        QCOMPARE(second.since, seenAt);
        QCOMPARE(second.at, seenAt.addSecs(60));
        report.diagnosis.roots = {condition("dns-down")};
        QCOMPARE(findingOf(report, seen(OverviewState::Broken), second, seenAt.addSecs(90)).since, seenAt.addSecs(90));
    }

    void buttons_data()
    {
        QTest::addColumn<QString>("code");
        QTest::addColumn<int>("button");
        using B = OverviewButton;
        const auto row = [](const char *code, B button) { QTest::newRow(code) << latin(code) << int(button); };
        row("not-deployed", B::Redeploy);
        row("proxy-stopped", B::Redeploy);
        row("vps-firewall", B::Redeploy);
        row("vps-cert-expired", B::Redeploy);
        row("vps-cert-wrong", B::Redeploy);
        row("stale-aaaa", B::Records);
        row("upstream-has-a", B::Records);
        row("a-not-vps", B::Records);
        row("dns-account-refused", B::SetUp);
        row("ssh-host-key", B::SetUp);
        row("ssh-login-refused", B::SetUp);
        row("wrong-port", B::SetUp);
        row("router-firewall", B::Show);
        row("server-down", B::Show);
        row("vps-off", B::Show);
        row("home-cert-expired", B::Show);
        row("unexplained", B::Show);
    }

    void buttons()
    {
        QFETCH(QString, code);
        const auto read = [](const char *name) {
            QFile file(latin(SIXGATE_SOURCE_DIR "/resources/conditions/") + latin(name));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        const auto catalogue = Catalogue::parse(read("catalogue.json"), read("routers.json"));
        QVERIFY(catalogue && catalogue->entry(code));
        QTEST(int(remedyButton(catalogue->words(code, {}, {}, {}).remedy)), "button");
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
        QVERIFY(overviewWithout(site(), {}).button == OverviewButton::Check);
    }
};

QTEST_GUILESS_MAIN(TestOverview)
#include "tst_overview.moc"
