// How often a provider is told: by tables, and a thousand changes against providers that ban who breaks their rules.

#include "decide/pace.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace sixgate;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace
{

constexpr unsigned Seed = 20261126;
constexpr milliseconds Never = milliseconds::max();

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QDateTime at(milliseconds span)
{
    return QDateTime::fromMSecsSinceEpoch(1'795'000'000'000 + span.count(), Qt::UTC);
}

milliseconds since(const QDateTime &time)
{
    return time - at(milliseconds(0));
}

/// "nothing", or "EVERY MOST/SPAN … PAUSE-LONGEST RETRY", all in seconds.
UpdateRules rulesOf(const QString &text)
{
    UpdateRules rules;
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString &word : words) {
        if (word.contains(QLatin1Char('/')))
            rules.windows.push_back(
                {seconds(word.section(QLatin1Char('/'), 1).toInt()), word.section(u'/', 0, 0).toInt()});
        else if (word.contains(QLatin1Char('-'))) {
            rules.pause = seconds(word.section(QLatin1Char('-'), 0, 0).toInt());
            rules.longestPause = seconds(word.section(QLatin1Char('-'), 1).toInt());
        } else if (word.startsWith(QLatin1Char('r')))
            rules.retry = seconds(word.mid(1).toInt());
        else
            rules.interval = seconds(word.toInt());
    }
    rules.fatal = {latin("badauth"), latin("abuse")};
    return rules;
}

QString shown(const MayUpdate &may)
{
    switch (may.verdict) {
    case UpdateVerdict::Now:
        return latin("now");
    case UpdateVerdict::Wait:
        return QStringLiteral("%1").arg(double(since(may.at).count()) / 1000);
    case UpdateVerdict::Stopped:
        return latin("stopped");
    case UpdateVerdict::Unneeded:
        return latin("unneeded");
    }
    return {};
}

/// "SECONDS WORD[*REQUESTS] [VALUE [ANSWER]]"; "?": may VALUE be sent.
QString follow(const UpdateRules &rules, const QString &script, PaceState *end = nullptr)
{
    using What = UpdateOutcome::What;
    const std::map<QString, What> outcomes{{latin("sending"), What::Sending}, {latin("ok"), What::Accepted},
                                           {latin("refused"), What::Refused}, {latin("silence"), What::NoAnswer},
                                           {latin("unsent"), What::Unsent},   {latin("answered"), What::Answered}};
    PaceState state;
    QStringList out;
    for (const QString &step : script.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = step.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        const QDateTime now = at(milliseconds(qRound64(words[0].toDouble() * 1000)));
        const QString word = words[1].section(QLatin1Char('*'), 0, 0);
        const int requests = std::max(words[1].section(QLatin1Char('*'), 1).toInt(), 1);
        const QString value = words.value(2);
        if (word == QLatin1String("?"))
            out << shown(mayUpdate(rules, state, value, now, requests));
        else if (word == QLatin1String("seen"))
            state = noteSeen(state, value);
        else if (word == QLatin1String("acted"))
            state = noteUserActed(state);
        else if (word == QLatin1String("restart"))
            state = noteRestart(state, now);
        else {
            UpdateOutcome outcome{outcomes.at(word), value, words.value(3)};
            outcome.requests = requests;
            state = noteUpdate(state, rules, outcome, now);
        }
    }
    if (end)
        *end = state;
    return out.join(QLatin1Char(' '));
}

/// Knows all that was ever sent to it, and bans for ever.
struct Provider {
    UpdateRules rules;
    std::vector<milliseconds> log;
    QString value;
    QString violation;

    bool permits(milliseconds now) const
    {
        if (!log.empty() && now - log.back() < rules.interval)
            return false;
        return std::all_of(rules.windows.begin(), rules.windows.end(), [&](const UpdateWindow &window) {
            return std::count_if(log.begin(), log.end(), [&](milliseconds one) { return now - one < window.span; }) <
                   window.most;
        });
    }
    void take(milliseconds now)
    {
        if (!permits(now) && violation.isEmpty())
            violation = QStringLiteral("an update at %1 ms, the last one before at %2 ms")
                            .arg(now.count())
                            .arg(log.empty() ? -1 : log.back().count());
        log.push_back(now);
    }
};

/// Changes at random times; `apart`: milliseconds from one to the next in the mean.
std::vector<milliseconds> changes(std::mt19937 &random, int count, int apart)
{
    std::uniform_int_distribution<int> gap(0, apart * 2 / 100);
    std::vector<milliseconds> times;
    milliseconds time(0);
    for (int i = 0; i < count; ++i) {
        time += milliseconds(100) * (1 + gap(random));
        times.push_back(time);
    }
    return times;
}

/// How many updates are allowed at most: a provider's own permission is asked at every moment.
std::size_t countByForce(const UpdateRules &rules, const std::vector<milliseconds> &times)
{
    Provider provider{rules, {}, {}, {}};
    bool waits = false;
    std::size_t next = 0;
    for (milliseconds now(0); waits || next < times.size(); now += milliseconds(100)) {
        for (; next < times.size() && times[next] <= now; ++next)
            waits = true;
        if (waits && provider.permits(now)) {
            provider.log.push_back(now);
            waits = false;
        }
    }
    return provider.log.size();
}

/// How many times are kept, however much is sent.
std::size_t mostOf(const UpdateRules &rules)
{
    int most = 1;
    for (const UpdateWindow &window : rules.windows)
        most = std::max(most, window.most);
    return std::size_t(most) + 1;
}

} // namespace

class TestPace : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verdicts_data()
    {
        QTest::addColumn<QString>("rules");
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("verdicts");
        const auto row = [](const char *name, const char *rules, const char *script, const char *verdicts) {
            QTest::newRow(name) << latin(rules) << latin(script) << latin(verdicts);
        };
        row("nothing yet", "300", "0 ? a", "now");
        row("no rules", "", "0 ok a; 0 ? b; 0 ok b; 0 ? a", "now now");
        row("it has it", "300", "0 ok a; 1 ? a; 900 ? a", "unneeded unneeded");
        row("interval", "300", "0 ok a; 1 ? b; 299.999 ? b; 300 ? b", "300 300 now");
        row("back to what it has", "300", "0 ok a; 1 ? b; 2 ? a", "300 unneeded");
        row("window", "2/60", "0 ok a; 10 ok b; 11 ? c; 59.9 ? c; 60 ? c; 60 ok c; 61 ? d; 70 ? d", "60 60 now 70 now");
        row("two windows", "2/10 3/100", "0 ok a; 1 ok b; 2 ? c; 10 ok c; 11 ? d; 100 ? d", "10 100 now");
        row("interval and window", "5 2/60", "0 ok a; 1 ? b; 5 ok b; 6 ? c", "5 60");
        row("it was lost", "300", "0 ok a; 1 seen b; 2 ? a; 300 ? a", "300 now");
        row("it came back", "300", "0 ok a; 1 seen b; 2 seen a; 3 ? a", "unneeded");
        row("no record", "", "0 ok; 1 ?; 2 ? a", "unneeded now");

        row("refused", "5-600", "0 refused a; 1 ? a; 5 ? a", "5 now");
        row("pause doubles", "5-30", "0 refused a; 5 refused a; 6 ? a; 15 refused a; 16 ? a; 35 refused a; 36 ? a",
            "15 35 65");
        row("pause stays the longest", "5-30",
            "0 refused a; 0 refused a; 0 refused a; 0 refused a; 0 refused a; 0 refused a; 1 ? a", "30");
        row("accepted ends it", "5-30", "0 refused a; 5 refused a; 15 ok a; 15 ? b; 15 refused b; 16 ? b", "now 20");
        row("refused: the old one stands", "5-30", "0 ok a; 1 refused b; 2 ? a; 2 ? b", "unneeded 6");
        row("a pause of nothing", "0-0", "0 refused a; 0 ? a", "now");
        row("fatal", "5-30", "0 refused a badauth; 1 ? a; 99999 ? b", "stopped stopped");
        row("not fatal", "5-30", "0 refused a busy; 99 ? a", "now");
        row("fatal: what it has stands", "5-30", "0 ok a; 1 refused b abuse; 2 ? a; 2 ? b", "unneeded stopped");
        row("the user acts", "300 5-30", "0 refused a badauth; 1 acted; 1 ? a; 300 ? a", "300 now");

        row("no answer", "5-600 r7", "0 silence a; 1 ? a; 7 ? a; 7 silence a; 8 ? a", "7 now 14");
        row("no answer: perhaps taken", "r7", "0 ok a; 1 silence b; 2 ? a; 8 ? a", "8 now");
        row("no answer, but it is there", "r7", "0 ok a; 1 silence b; 2 seen b; 3 ? b", "unneeded");
        row("no answer, and it is not there", "r7", "0 ok a; 1 silence b; 2 seen a; 3 ? b; 8 ? b", "8 now");
        row("no answer counts", "300 r7", "0 silence a; 8 ? a", "300");
        row("unsent does not", "300 r7", "0 sending a; 1 unsent a; 2 ? a; 8 ? a", "8 now");
        row("unsent: the one before counts", "300 r7", "0 ok z; 100 sending a; 101 unsent a; 110 ? a", "300");
        row("unsent: it has it still", "r7", "0 ok a; 1 sending b; 2 unsent b; 3 ? a", "unneeded");

        row("on its way", "300", "0 sending a; 1 ? a; 301 ? a", "300 now");
        row("counts from the answer", "300", "0 sending a; 4 ok a; 5 ? b", "304");
        row("counts once", "2/60", "0 sending a; 1 ok a; 2 ? b; 2 sending b; 3 ok b; 4 ? c", "now 61");
        row("seen on its way", "", "0 sending a; 1 seen b; 2 ok a; 3 ? a", "unneeded");
        row("killed, taken", "300", "0 sending a; 9 restart; 10 seen a; 11 ? a; 11 ? b", "unneeded 309");
        row("killed, not taken", "300", "0 sending a; 9 restart; 10 seen z; 11 ? a; 309 ? a", "309 now");
        row("killed, not seen", "300", "0 sending a; 9 restart; 11 ? a", "309");
        row("killed with what it had", "300", "0 ok a; 400 sending a; 409 restart; 411 ? a", "unneeded");
        row("nothing was on its way", "300", "0 ok a; 9 restart; 10 ? a; 10 ? b", "unneeded 300");

        row("clock set back", "300", "1000 ok a; 1100 ? b; 100 ? b; 300 ? b", "1300 300 now");
        row("clock set back by years", "300", "900000000 ok a; 0 ? b; 300 ? b", "300 now");
        row("clock set back, pause", "5-600 r5", "1000 refused a; 0 ? a; 5 ? a", "5 now");
        row("clock set back, no burst", "2/60", "100 ok a; 110 ok b; 0 ? c; 49 ? c; 50 ? c; 50 ok c; 51 ? d; 60 ? d",
            "50 50 now 60 now");
        row("clock set back again and again", "300", "1000 ok a; 1100 ? b; 500 ? b; 600 ? b; 0 ? b; 100 ? b",
            "1300 700 700 100 now");
        row("clock set back while it was on its way", "300", "1000 sending a; 10 ok a; 20 ? b", "310");
        row("a talk of several requests", "3/10", "0 sending*2 a; 0.5 ok*2 a; 1 ? b; 1 ?*2 b; 1 ?*9 b",
            "now 10.5 10.5");
        row("several, but fewer than expected", "3/10", "0 sending*3 a; 0.5 ok a; 1 ?*2 b; 1 ?*3 b", "now 10.5");
        row("several, more than expected", "3/10", "0 sending a; 0.5 ok*3 a; 1 ? b", "10.5");
        row("several more than there may ever be", "3/10", "0 ok*50 a; 1 ? b; 10 ? b", "10 now");
        row("several unsent", "3/10 r0", "0 sending*3 a; 0.5 unsent a; 1 ?*3 b", "now");
        row("killed with several", "3/10", "0 sending*3 a; 1 restart; 2 ? b", "11");
        row("interval after several", "5", "0 ok*3 a; 1 ? b; 5 ? b", "5 now");
        row("said of one name alone", "300", "0 sending a; 1 answered a; 2 ? a; 301 ? a; 301 ? b", "301 now now");
        row("pause longer than the rules say now", "5-30", "0 refused a; 1 ? a", "5");
    }

    void verdicts()
    {
        QFETCH(QString, rules);
        QFETCH(QString, script);
        QTEST(follow(rulesOf(rules), script), "verdicts");
    }

    void roomForRequests()
    {
        PaceState state;
        const UpdateRules rules = rulesOf(latin("3/10 5/100"));
        QCOMPARE(requestsLeft(rules, state, at(seconds(0))), 3);
        follow(rules, latin("0 ok*2 a"), &state);
        QCOMPARE(requestsLeft(rules, state, at(seconds(1))), 1);
        QCOMPARE(requestsLeft(rules, state, at(seconds(10))), 3);
        follow(rules, latin("0 ok*9 a"), &state);
        QCOMPARE(requestsLeft(rules, state, at(seconds(1))), 0);
        QCOMPARE(requestsLeft(rules, state, at(seconds(50))), 0);
        QCOMPARE(requestsLeft(rules, state, at(seconds(100))), 3);
        QVERIFY(requestsLeft(UpdateRules(), state, at(seconds(1))) > 1000);
    }

    // Other rules than those under which it was noted: a pause is never longer than they say.
    void blockedByOlderRules()
    {
        PaceState state;
        state.blocked = at(seconds(86400));
        QCOMPARE(shown(mayUpdate(rulesOf(latin("5-30")), state, latin("a"), at(seconds(0)))), latin("30"));
    }

    void reasons()
    {
        PaceState state;
        const auto why = [&state](const char *rules, const char *script) {
            follow(rulesOf(latin(rules)), latin(script), &state);
            return mayUpdate(rulesOf(latin(rules)), state, latin("z"), at(seconds(1))).why;
        };
        QCOMPARE(why("300", "0 ok a"), latin("The DNS provider takes one update of a record in 5 minutes."));
        QCOMPARE(why("1/90", "0 ok a"), latin("The DNS provider takes one update of a record in 90 seconds."));
        QCOMPARE(why("2/60", "0 ok a; 0 ok b"), latin("The DNS provider takes 2 updates of a record in 60 seconds."));
        QVERIFY(why("5-30", "0 refused a").contains(latin("refused")));
        QVERIFY(why("5-30 r5", "0 silence a").contains(latin("reached")));
        QVERIFY(why("5-30", "0 refused a abuse").contains(QStringLiteral("“abuse”")));
        QCOMPARE(why("", "0 ok a"), QString());
    }

    void rulesOfRfc2136()
    {
        const UpdateRules rules = rfc2136Rules();
        PaceState state;
        for (int i = 0; i < 60; ++i) {
            QCOMPARE(shown(mayUpdate(rules, state, QString::number(i), at(seconds(i / 10)))), latin("now"));
            state =
                noteUpdate(state, rules, {UpdateOutcome::What::Accepted, QString::number(i), {}}, at(seconds(i / 10)));
        }
        QCOMPARE(shown(mayUpdate(rules, state, latin("x"), at(seconds(6)))), latin("60"));
        state = {};
        milliseconds last(0);
        for (int i = 0; i < 12; ++i) {
            state = noteUpdate(state, rules, {UpdateOutcome::What::Refused, latin("a"), latin("REFUSED")}, at(last));
            const MayUpdate may = mayUpdate(rules, state, latin("a"), at(last));
            QCOMPARE((since(may.at) - last).count(), qint64(std::min(5000 << i, 600000)));
            last = since(may.at);
        }
        QVERIFY(rules.fatal.empty());
    }

    void thousandChanges_data()
    {
        QTest::addColumn<QString>("rules");
        QTest::addColumn<int>("apart"); // milliseconds, in the mean
        QTest::addColumn<bool>("all");  // each change is an update
        QTest::newRow("RFC 2136, a change in 5 s") << latin("60/60") << 5000 << true;
        QTest::newRow("RFC 2136, three changes in 1 s") << latin("60/60") << 300 << false;
        QTest::newRow("one in 5 min, a change in an hour") << latin("300") << 3600000 << false;
        QTest::newRow("one in 5 min, a change in a minute") << latin("300") << 60000 << false;
        QTest::newRow("three windows") << latin("2 3/30 10/600 40/7200") << 20000 << false;
        QTest::newRow("no rules") << QString() << 1000 << true;
    }

    void thousandChanges()
    {
        QFETCH(QString, rules);
        QFETCH(int, apart);
        QFETCH(bool, all);
        const UpdateRules is = rulesOf(rules);
        std::mt19937 random(Seed);
        const auto times = changes(random, 1000, apart);
        Provider provider{is, {}, {}, {}};
        PaceState state;
        std::size_t largest = 0;
        std::size_t next = 0;
        milliseconds now(0);
        milliseconds wake = Never;
        while (next < times.size() || wake != Never) {
            // What comes first: the next change, or the time at which it may be sent.
            if (next < times.size() && times[next] <= wake)
                now = times[next++];
            else
                now = wake;
            wake = Never;
            const QString wanted = QString::number(next);
            const MayUpdate may = mayUpdate(is, state, wanted, at(now));
            if (may.verdict == UpdateVerdict::Wait) {
                QVERIFY(may.at > at(now));
                wake = since(may.at);
            } else {
                QCOMPARE(shown(may), latin("now"));
                provider.take(now);
                provider.value = wanted;
                state = noteUpdate(state, is, {UpdateOutcome::What::Sending, wanted, {}}, at(now));
                state = noteUpdate(state, is, {UpdateOutcome::What::Accepted, wanted, {}}, at(now));
            }
            largest = std::max(largest, state.updates.size());
        }
        QVERIFY2(provider.violation.isEmpty(), qPrintable(provider.violation));
        QCOMPARE(provider.value, QStringLiteral("1000"));
        QCOMPARE(provider.log.size(), countByForce(is, times));
        if (all)
            QCOMPARE(provider.log.size(), std::size_t(1000));
        QVERIFY(largest <= mostOf(is));
        qInfo("seed %u: %zu updates for 1000 changes; at most %zu times kept", Seed, provider.log.size(), largest);
    }

    // Requests take their time, providers refuse or do not answer, the network fails, the keeper is killed, and the
    // clock is set back.
    void thousandChangesAndFaults_data()
    {
        QTest::addColumn<QString>("rules");
        QTest::addColumn<int>("apart");
        QTest::newRow("RFC 2136") << latin("60/60 5-600") << 700;
        QTest::newRow("one in 5 min") << latin("300 60-3600") << 60000;
        QTest::newRow("three windows") << latin("2 3/30 10/600 40/7200 10-900") << 20000;
    }

    void thousandChangesAndFaults()
    {
        using What = UpdateOutcome::What;
        QFETCH(QString, rules);
        QFETCH(int, apart);
        const UpdateRules is = rulesOf(rules);
        std::size_t updates = 0, kills = 0, sets = 0;
        for (unsigned run = 0; run < 10; ++run) {
            std::mt19937 random(Seed + run);
            const auto chance = [&random](int percent) { return int(random() % 100) < percent; };
            const auto times = changes(random, 1000, apart);
            Provider provider{is, {}, {}, {}};
            PaceState state;
            std::size_t next = 0;
            milliseconds now(0);
            milliseconds setBack(0);
            const auto clock = [&] { return at(now - setBack); };
            milliseconds wake = Never;
            const auto wanted = [&] { return QString::number(next % 3 == 0 ? 0 : next); };
            while (next < times.size() || wake != Never) {
                if (next < times.size() && times[next] <= wake)
                    now = std::max(now, times[next++]);
                else
                    now = std::max(now, wake);
                wake = Never;
                if (chance(2)) {
                    setBack += milliseconds(random() % (2 * 86400 * 1000));
                    ++sets;
                }
                const QString value = wanted();
                const MayUpdate may = mayUpdate(is, state, value, clock());
                QVERIFY(may.verdict != UpdateVerdict::Stopped);
                if (may.verdict == UpdateVerdict::Unneeded) {
                    QCOMPARE(provider.value, value);
                    continue;
                }
                if (may.verdict == UpdateVerdict::Wait) {
                    const milliseconds wait = may.at - clock();
                    QVERIFY2(wait <= seconds(7200), qPrintable(QString::number(wait.count())));
                    wake = now + wait;
                    continue;
                }
                ++updates;
                state = noteUpdate(state, is, {What::Sending, value, {}}, clock());
                if (chance(5)) {
                    now += milliseconds(random() % 3000);
                    state = noteUpdate(state, is, {What::Unsent, value, {}}, clock());
                    wake = now + milliseconds(1);
                    continue;
                }
                now += milliseconds(random() % 400); // on the way there
                provider.take(now);
                const bool refused = chance(10);
                const bool taken = !refused && chance(95);
                if (taken)
                    provider.value = value;
                if (chance(5)) { // killed before the answer was noted
                    ++kills;
                    now += milliseconds(random() % 5000);
                    state = noteRestart(state, clock());
                    if (chance(50))
                        state = noteSeen(state, provider.value);
                } else if (refused) {
                    now += milliseconds(random() % 400);
                    state = noteUpdate(state, is, {What::Refused, value, latin("busy")}, clock());
                } else if (!taken || chance(5)) {
                    now += milliseconds(3000);
                    state = noteUpdate(state, is, {What::NoAnswer, value, {}}, clock());
                } else {
                    now += milliseconds(random() % 400);
                    state = noteUpdate(state, is, {What::Accepted, value, {}}, clock());
                }
                QVERIFY(state.updates.size() <= mostOf(is));
                wake = now + milliseconds(1);
            }
            QVERIFY2(provider.violation.isEmpty(),
                     qPrintable(QStringLiteral("seed %1: %2").arg(Seed + run).arg(provider.violation)));
            QCOMPARE(provider.value, wanted());
        }
        qInfo("seeds %u to %u: %zu updates, killed %zu times, clock set back %zu times", Seed, Seed + 9, updates, kills,
              sets);
    }
};

QTEST_GUILESS_MAIN(TestPace)
#include "tst_pace.moc"
