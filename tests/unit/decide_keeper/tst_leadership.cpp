// Which machine writes: by tables, and two keepers whose VPS, networks, machines and clocks fail at random.

#include "decide/leadership.h"

#include <QTest>

#include <array>
#include <random>

using namespace sixgate;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace
{

constexpr unsigned Seed = 20261126;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QDateTime wallAt(milliseconds span)
{
    return QDateTime::fromMSecsSinceEpoch(1'795'000'000'000 + span.count(), Qt::UTC);
}

/// "leader dns push ask:SECONDS", as far as it is so.
QString shown(const Leadership &is)
{
    QStringList out{keeperRoleName(is.role)};
    if (is.mayWriteDns)
        out << latin("dns");
    if (is.mayPush)
        out << latin("push");
    if (is.byLease)
        out << latin("lease");
    if (is.letGo)
        out << latin("letgo");
    if (is.ask)
        out << QStringLiteral("ask:%1").arg(is.ask->count() / 1000);
    return out.join(QLatin1Char(' '));
}

/// "SECONDS WORD …": home, unknown, away, near, alone; mine LEFT, others LEFT, unreachable, nopush, given; wall
/// SECONDS: the wall clock is set forward by so much; restart: with what is remembered; "?": what now.
QStringList follow(const QString &script)
{
    LeadershipState state;
    LeadershipInput input;
    milliseconds wall(0);
    milliseconds booted(0);
    QStringList out;
    for (const QString &step : script.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = step.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        const milliseconds now = seconds(words[0].toInt());
        const QString word = words[1];
        const seconds left(words.value(2).toInt());
        input.now = now - booted;
        input.wall = wallAt(now + wall);
        if (word == QLatin1String("home"))
            input.where = Whereabouts::Home;
        else if (word == QLatin1String("unknown"))
            input.where = Whereabouts::Unknown;
        else if (word == QLatin1String("away"))
            input.where = Whereabouts::Elsewhere;
        else if (word == QLatin1String("near"))
            input.where = Whereabouts::Near;
        else if (word == QLatin1String("alone"))
            input.onlyMachine = true;
        else if (word == QLatin1String("mine"))
            state = noteLease(state, {LeaseSays::Mine, left, {}, input.now});
        else if (word == QLatin1String("others"))
            state = noteLease(state, {LeaseSays::Others, left, latin("pi"), input.now});
        else if (word == QLatin1String("unreachable"))
            state = noteLease(state, {LeaseSays::Unreachable, {}, {}, input.now});
        else if (word == QLatin1String("nopush"))
            state = noteLease(state, {LeaseSays::NoPush, {}, {}, input.now});
        else if (word == QLatin1String("given"))
            state = noteLease(state, {});
        else if (word == QLatin1String("wall"))
            wall += left;
        else if (word == QLatin1String("restart")) {
            const LeaderMemory memory = state.memory;
            state = {};
            state.memory = memory;
            input = {};
            input.onlyMachine = script.contains(QLatin1String("alone"));
        } else if (word == QLatin1String("reboot"))
            booted = now;
        else
            out << shown(decideLeadership(state, input));
    }
    return out;
}

// The simulated world.

struct Vps {
    bool up = true;
    int holder = -1;
    milliseconds until{0};

    LeaseAnswer ask(int machine, milliseconds now)
    {
        if (holder < 0 || holder == machine || now >= until) {
            holder = machine;
            until = now + LeaseTimes::Lease;
            return {LeaseSays::Mine, LeaseTimes::Lease, {}, {}};
        }
        return {LeaseSays::Others, std::chrono::floor<seconds>(until - now), QString::number(holder), {}};
    }
};

struct Machine {
    int name = 0;
    bool runs = true;
    bool sleeps = false;
    bool linked = true;
    Whereabouts where = Whereabouts::Home;
    milliseconds booted{0};
    milliseconds wall{0}; ///< how wrong the wall clock is
    LeadershipState state;
    LeaderMemory saved;
    Leadership is;
    // A question under way.
    std::optional<milliseconds> asked;
    std::optional<milliseconds> arrives;
    std::optional<LeaseAnswer> answer;
    milliseconds back{0};

    bool writes() const { return runs && !sleeps && is.mayWriteDns; }

    void start(milliseconds)
    {
        runs = true;
        state = {};
        state.memory = saved;
        is = {};
        asked.reset();
    }

    /// A moment of its life.
    void live(Vps &vps, milliseconds now, std::mt19937 &random)
    {
        if (asked && arrives && now >= *arrives) {
            arrives.reset();
            if (vps.up && linked) {
                answer = vps.ask(name, now);
                back = now + milliseconds(random() % 400);
            }
        }
        if (!runs || sleeps) {
            is.mayWriteDns = false;
            return;
        }
        if (asked && answer && now >= back && linked) {
            answer->asked = *asked - booted;
            state = noteLease(state, *answer);
            asked.reset();
        } else if (asked && now - *asked >= seconds(3)) {
            state = noteLease(state, {LeaseSays::Unreachable, {}, {}, *asked - booted});
            asked.reset();
        }
        is = decideLeadership(state, {where, false, now - booted, wallAt(now + wall)});
        if (worthSaving(saved, state.memory))
            saved = state.memory;
        if (is.ask && *is.ask <= now - booted && !asked) {
            asked = now;
            arrives = now + milliseconds(random() % 400);
            answer.reset();
        }
    }
};

constexpr milliseconds Step{250};

} // namespace

class TestLeadership : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void roles_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("roles"); // one each "?"
        const auto row = [](const char *name, const char *script, const char *roles) {
            QTest::newRow(name) << latin(script) << latin(roles);
        };
        row("just started", "7 home; 7 ?", "follower ask:7");
        row("just started, alone", "7 alone; 7 home; 7 ?", "leader dns push");
        row("not known where", "7 ?", "follower");
        row("holds the lease", "0 home; 1 mine 50; 2 ?; 49 ?; 50 ?",
            "leader dns push lease ask:16|leader dns push lease ask:16|follower ask:50");
        row("renews it", "0 home; 1 mine 50; 2 ?; 16 mine 50; 60 ?",
            "leader dns push lease ask:16|leader dns push lease ask:31");
        row("another leads", "0 home; 1 others 42; 2 ?", "follower ask:11");
        row("another's ends soon", "0 home; 1 others 4; 2 ?", "follower ask:5");
        row("another's has ended", "0 home; 1 others 0; 2 ?", "follower ask:2");
        row("another took it", "0 home; 1 mine 50; 2 ?; 40 others 50; 41 ?",
            "leader dns push lease ask:16|follower ask:50");
        row("no push", "0 home; 0 nopush; 1 ?; 9999 ?", "leader dns|leader dns");
        row("no push, away", "0 away; 0 nopush; 1 ?", "away");

        row("unreachable: the leader goes on",
            "0 home; 1 mine 50; 2 ?; 16 unreachable; 17 ?; 80 unreachable; 81 ?; 600 ?; 1100 ?",
            "leader dns push lease ask:16|leader dns push ask:21|leader dns push ask:85|leader dns push ask:85|leader "
            "dns push ask:85");
        row("unreachable: a follower does not", "0 home; 1 others 50; 16 unreachable; 17 ?; 200 unreachable; 201 ?",
            "follower ask:26|follower ask:210");
        row("unreachable: alone", "0 alone; 0 home; 1 unreachable; 2 ?", "leader dns push ask:6");
        row("unreachable: not as alone as it seemed", "0 alone; 0 home; 1 others 50; 60 unreachable; 61 ?",
            "follower ask:70");
        row("unreachable from the start", "0 home; 1 unreachable; 2 ?", "follower ask:11");
        row("lost it before the VPS was unreachable", "0 home; 1 mine 50; 2 ?; 40 others 50; 50 unreachable; 51 ?",
            "leader dns push lease ask:16|follower ask:60");
        row("reachable again: another leads", "0 home; 1 mine 50; 2 ?; 16 unreachable; 17 ?; 99 others 20; 100 ?",
            "leader dns push lease ask:16|leader dns push ask:21|follower ask:109");

        row("restart: led lately", "0 home; 1 mine 50; 2 ?; 3 restart; 4 home; 4 ?; 599 unreachable; 600 ?",
            "leader dns push lease ask:16|follower ask:4|leader dns push ask:604");
        row("restart: led long ago", "0 home; 1 mine 50; 2 ?; 3 restart; 4 home; 620 unreachable; 621 ?",
            "leader dns push lease ask:16|follower ask:630");
        row("reboot: led lately",
            "900 home; 901 mine 50; 902 ?; 903 restart; 903 reboot; 950 home; 960 unreachable; 961 ?",
            "leader dns push lease ask:916|leader dns push ask:62");
        row("restart: did not lead", "0 home; 1 others 50; 2 ?; 3 restart; 4 home; 5 unreachable; 6 ?",
            "follower ask:11|follower ask:15");
        row("restart: the clock was set back",
            "0 home; 1 mine 50; 2 ?; 3 restart; 3 wall -3600; 4 home; 5 unreachable; 6 ?",
            "leader dns push lease ask:16|follower ask:15");
        row("the clock is of no matter for the lease", "0 home; 1 mine 50; 2 ?; 3 wall -99999; 40 ?; 51 ?",
            "leader dns push lease ask:16|leader dns push lease ask:16|follower ask:51");

        row("slept through its lease", "0 home; 1 mine 50; 2 ?; 7200 ?; 7201 unreachable; 7202 ?",
            "leader dns push lease ask:16|follower ask:7200|follower ask:7211");
        row("dozed", "0 home; 1 mine 50; 2 ?; 120 ?; 121 unreachable; 122 ?",
            "leader dns push lease ask:16|follower ask:120|leader dns push ask:126");
        row("wakes elsewhere", "0 home; 1 mine 50; 2 ?; 30 unknown; 30 ?; 31 away; 31 ?; 60 ?",
            "leader dns push lease ask:16|leader|away letgo|away");
        row("gave it back", "0 home; 1 mine 50; 2 ?; 31 away; 31 ?; 32 given; 32 ?; 33 home; 33 ?",
            "leader dns push lease ask:16|away letgo|away|follower ask:33");
        row("away, the VPS unreachable", "0 home; 1 mine 50; 2 ?; 31 away; 32 unreachable; 33 ?; 40 home; 41 ?",
            "leader dns push lease ask:16|away|follower ask:42");
        row("away, alone", "0 alone; 0 away; 1 unreachable; 2 ?", "away");
        row("not known where, for long", "0 home; 1 mine 50; 2 ?; 3 unknown; 3 ?; 60 ?",
            "leader dns push lease ask:16|leader|follower");
        row("found again at home", "0 home; 1 mine 50; 2 ?; 3 unknown; 3 ?; 10 home; 10 ?",
            "leader dns push lease ask:16|leader|leader dns push lease ask:16");
    }

    void roles()
    {
        QFETCH(QString, script);
        QTEST(follow(script).join(QLatin1Char('|')), "roles");
    }

    // A machine that could not even ask must not write beside one that holds the lease, whatever it did before.
    void withoutAKey()
    {
        LeadershipState state = noteLease({}, {LeaseSays::NoKey, {}, {}, seconds(5)});
        state.memory.led = wallAt(seconds(1));
        const Leadership is = decideLeadership(state, {Whereabouts::Home, true, seconds(6), wallAt(seconds(6))});
        QVERIFY(is.role == KeeperRole::Follower && !is.mayWriteDns && !is.mayPush);
        QVERIFY(is.why.contains(latin("push-key")));
    }

    void everyDecisionHasASentence()
    {
        for (const LeaseSays says : {LeaseSays::NotAsked, LeaseSays::Mine, LeaseSays::Others, LeaseSays::Unreachable,
                                     LeaseSays::NoPush, LeaseSays::NoKey}) {
            for (const Whereabouts where :
                 {Whereabouts::Unknown, Whereabouts::Home, Whereabouts::Near, Whereabouts::Elsewhere}) {
                for (const bool alone : {false, true}) {
                    for (const int left : {0, 40}) {
                        LeadershipState state = noteLease({}, {says, seconds(left), latin("pi"), seconds(5)});
                        const Leadership is = decideLeadership(state, {where, alone, seconds(6), wallAt(seconds(6))});
                        QVERIFY2(is.why.endsWith(QLatin1Char('.')), qPrintable(is.why));
                        QVERIFY(is.mayWriteDns || !is.mayPush);
                        QVERIFY(!is.mayWriteDns || where == Whereabouts::Home || (where == Whereabouts::Near && alone));
                        QCOMPARE(is.mayWriteDns, state.memory.led.has_value());
                    }
                }
            }
        }
    }

    void whenToSave()
    {
        const auto memory = [](KeeperRole role, std::optional<int> second) {
            return LeaderMemory{role, second ? std::optional(wallAt(seconds(*second))) : std::nullopt};
        };
        const LeaderMemory saved = memory(KeeperRole::Leader, 0);
        QVERIFY(!worthSaving(saved, saved));
        QVERIFY(!worthSaving(saved, memory(KeeperRole::Leader, 119)));
        QVERIFY(worthSaving(saved, memory(KeeperRole::Leader, 120)));
        QVERIFY(worthSaving(saved, memory(KeeperRole::Leader, -120)));
        QVERIFY(worthSaving(saved, memory(KeeperRole::Follower, 0)));
        QVERIFY(worthSaving(saved, memory(KeeperRole::Leader, {})));
        QVERIFY(!worthSaving({}, {}));
    }

    // Killed at any moment between two renewals.
    void killedLeaderIsFollowed()
    {
        milliseconds worst(0);
        for (unsigned run = 0; run < 300; ++run) {
            std::mt19937 random(Seed + run);
            Vps vps;
            std::array<Machine, 2> machines{Machine{0}, Machine{1}};
            const milliseconds kill = seconds(100) + milliseconds(random() % 30000);
            int leader = -1;
            milliseconds now(0);
            for (; now < kill + seconds(90); now += Step) {
                for (Machine &machine : machines)
                    machine.live(vps, now, random);
                if (leader < 0 && now >= kill) {
                    leader = machines[0].writes() ? 0 : 1;
                    QVERIFY(machines[std::size_t(leader)].writes());
                    machines[std::size_t(leader)].runs = false;
                }
                if (leader >= 0 && machines[std::size_t(1 - leader)].writes())
                    break;
            }
            worst = std::max(worst, now - kill);
        }
        qInfo("seeds %u to %u: followed after at most %.1f s", Seed, Seed + 299, double(worst.count()) / 1000);
        QVERIFY(worst < seconds(60));
    }

    // Hours of trouble. By lease never both; beside who holds the lease only one that led when it lost the VPS.
    void randomOutages()
    {
        std::size_t both = 0, none = 0, steps = 0, changes = 0;
        for (unsigned run = 0; run < 40; ++run) {
            std::mt19937 random(Seed + run);
            const auto once = [&random](int everySeconds) {
                return int(random() % unsigned(everySeconds * 4)) == 0; // four steps a second
            };
            Vps vps;
            std::array<Machine, 2> machines{Machine{0}, Machine{1}};
            milliseconds calmSince(0);
            int last = -1;
            const auto say = [&](milliseconds now, const char *what) {
                return QStringLiteral("seed %1 at %2 s: %3")
                    .arg(Seed + run)
                    .arg(double(now.count()) / 1000)
                    .arg(latin(what));
            };
            for (milliseconds now(0); now < std::chrono::hours(4); now += Step) {
                bool calm = true;
                if (once(vps.up ? 900 : 120))
                    vps.up = !vps.up;
                calm = calm && vps.up;
                for (Machine &machine : machines) {
                    if (once(machine.linked ? 900 : 120))
                        machine.linked = !machine.linked;
                    if (once(machine.sleeps ? 120 : 1800)) {
                        machine.sleeps = !machine.sleeps;
                        // Half of the time it does not know yet that it woke.
                        if (!machine.sleeps && random() % 2 == 0)
                            machine.where = Whereabouts::Unknown;
                    }
                    if (once(1800))
                        machine.wall += milliseconds(qint64(random() % 200000) - 100000);
                    if (once(3600))
                        machine.wall += milliseconds(std::chrono::hours(qint64(random() % 2000) - 1000));
                    if (once(machine.where == Whereabouts::Home ? 900 : 60))
                        machine.where = Whereabouts(random() % 3);
                    if (machine.runs ? once(1800) : once(60)) {
                        if (machine.runs) {
                            machine.runs = false;
                        } else {
                            if (random() % 2 == 0)
                                machine.booted = now;
                            machine.start(now);
                        }
                    }
                    machine.live(vps, now, random);
                    calm =
                        calm && machine.runs && !machine.sleeps && machine.linked && machine.where == Whereabouts::Home;
                    if (machine.writes())
                        QVERIFY2(machine.where == Whereabouts::Home, qPrintable(say(now, "writes away from home")));
                }
                const Machine &a = machines[0], &b = machines[1];
                ++steps;
                QVERIFY2(!(a.writes() && b.writes() && a.is.byLease && b.is.byLease),
                         qPrintable(say(now, "both write by their lease")));
                for (const Machine &machine : machines) {
                    if (machine.writes() && machine.is.byLease)
                        QVERIFY2(vps.holder == machine.name && now < vps.until,
                                 qPrintable(say(now, "writes by a lease that it does not hold")));
                    if (machine.writes() && !machine.is.byLease)
                        QVERIFY2(machine.state.answer.says == LeaseSays::Unreachable,
                                 qPrintable(say(now, "writes without a reason")));
                }
                both += a.writes() && b.writes();
                if (!calm)
                    calmSince = now;
                // Nothing has failed for as long as a lease, a time-out and the questions can take: one writes.
                if (now - calmSince > seconds(70)) {
                    none += !a.writes() && !b.writes();
                    QVERIFY2(a.writes() != b.writes(), qPrintable(say(now, "not one of them writes")));
                }
                const int writer = a.writes() ? 0 : b.writes() ? 1 : last;
                changes += writer != last;
                last = writer;
            }
        }
        QVERIFY(changes > 100);
        qInfo("seeds %u to %u, 160 hours: %zu changes of the writer; both wrote %.2f %% of the time, each time one of "
              "them without the VPS",
              Seed, Seed + 39, changes, 100.0 * double(both) / double(steps));
        QCOMPARE(none, std::size_t(0));
    }
};

QTEST_GUILESS_MAIN(TestLeadership)
#include "tst_leadership.moc"
