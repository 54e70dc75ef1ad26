// When is looked again, and when a name is sent anew before it expires: over a year of a clock that is told.

#include "decide/pace.h"
#include "decide/refresh.h"

#include <QTest>

#include <map>

using namespace sixgate;
using namespace std::chrono_literals;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace
{

QDateTime at(qint64 seconds)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000 + seconds, Qt::UTC);
}

QString nameOf(int i)
{
    return QStringLiteral("home n%1.example.org").arg(i);
}

} // namespace

class TestRefresh : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void spreads()
    {
        QCOMPARE(spread(nameOf(1), 1, 0ms), 0ms);
        QCOMPARE(spread(nameOf(1), 1, -5ms), 0ms);
        QCOMPARE(spread(nameOf(1), 1, 1ms), 0ms);
        QCOMPARE(spread(nameOf(1), 7, 1h), spread(nameOf(1), 7, 1h));
        QVERIFY(spread(nameOf(1), 7, 1h) != spread(nameOf(1), 8, 1h));
        QVERIFY(spread(nameOf(1), 7, 1h) != spread(nameOf(2), 7, 1h));
        // A thousand users over an hour: in no minute much more than a sixtieth.
        std::map<int, int> perMinute;
        for (int i = 0; i < 1000; ++i)
            ++perMinute[int(spread(nameOf(i), 0, 1h) / 1min)];
        QCOMPARE(int(perMinute.size()), 60);
        for (const auto &[minute, count] : perMinute)
            QVERIFY2(count <= 40, qPrintable(QString::number(count)));
        for (quint64 turn = 0; turn < 1000; ++turn) {
            const milliseconds span = spreadAround(nameOf(3), turn, 300s);
            QVERIFY(span >= 270s && span < 330s);
        }
    }

    void year_data()
    {
        QTest::addColumn<int>("days"); // after which a name expires
        QTest::addColumn<int>("interval");
        QTest::addColumn<bool>("down"); // the provider is away for two days in each month
        QTest::newRow("No-IP") << 25 << 60 << false;
        QTest::newRow("deSEC") << 90 << 0 << false;
        QTest::newRow("a week") << 7 << 3600 << false;
        QTest::newRow("No-IP, away now and then") << 25 << 60 << true;
        QTest::newRow("a day, with a slow provider") << 1 << 7200 << false;
    }
    // Twenty names that never change, looked at each five minutes; a restart each hour changes nothing.
    void year()
    {
        QFETCH(int, days);
        QFETCH(int, interval);
        QFETCH(bool, down);
        const hours expires(24 * days);
        UpdateRules rules;
        rules.interval = std::chrono::seconds(interval);
        rules.windows = {{24h, 48}};
        rules.retry = 60s;
        constexpr int names = 20;
        std::vector<PaceState> states(names);
        std::vector<qint64> last(names, 0);
        std::vector<int> sent(names, 0);
        std::map<qint64, int> perLook;
        for (qint64 second = 0; second < 365 * 86400LL; second += 300) {
            const QDateTime now = at(second);
            const bool away = down && (second / 86400) % 30 < 2;
            for (int i = 0; i < names; ++i) {
                PaceState &state = states[i];
                if (second % 3600 == 0)
                    state = noteRestart(state, now);
                state.past = noteSeenFirst(state.past, expires, nameOf(i), now);
                const auto due = refreshDue(state.past, expires, nameOf(i));
                QVERIFY(due);
                if (*due > now)
                    continue;
                const QString value = QStringLiteral("2001:db8:1::11");
                state = noteSeen(state, value);
                if (mayUpdate(rules, state, value, now, 1, true).verdict != UpdateVerdict::Now)
                    continue;
                state = noteUpdate(state, rules, {UpdateOutcome::What::Sending, value, {}}, now);
                if (away) {
                    state = noteUpdate(state, rules, {UpdateOutcome::What::NoAnswer, value, {}}, now);
                    continue;
                }
                state = noteUpdate(state, rules, {UpdateOutcome::What::Accepted, value, {}}, now);
                state.past = noteTaken(state.past, value, now);
                if (sent[i] == 0)
                    QVERIFY2(second >= 3600 * std::min(1, days) * 4 / 5 &&
                                 second <= 86400 + 3 * 86400 * int(down) + 300,
                             qPrintable(QString::number(second)));
                else
                    QVERIFY2(second - last[i] < qint64(expires.count()) * 3600,
                             qPrintable(QStringLiteral("%1 was left for %2 h").arg(i).arg((second - last[i]) / 3600)));
                last[i] = second;
                ++sent[i];
                ++perLook[second];
            }
        }
        for (int i = 0; i < names; ++i) {
            // Not more often than after four fifths of the span, the first one aside.
            QVERIFY2(sent[i] >= 365 / days && sent[i] <= 2 + 365 * 10 / (days * 8),
                     qPrintable(QString::number(sent[i])));
        }
        for (const auto &[second, count] : perLook)
            QVERIFY2(count <= 6, qPrintable(QString::number(count)));
    }

    void unknownIsNotDue()
    {
        QVERIFY(!refreshDue({}, 600h, nameOf(1)));
        // What was noted stays, however often it is seen.
        const RecordPast first = noteSeenFirst({}, 600h, nameOf(1), at(0));
        QCOMPARE(noteSeenFirst(first, 600h, nameOf(1), at(99999)), first);
        const auto due = refreshDue(first, 600h, nameOf(1));
        QVERIFY(due && *due >= at(3600) && *due <= at(86400));
    }

    // A stop by the provider holds for a refresh, too.
    void stoppedIsStopped()
    {
        UpdateRules rules;
        PaceState state;
        UpdateOutcome refused{UpdateOutcome::What::Refused, QStringLiteral("a"), QStringLiteral("badauth")};
        refused.untilUserActs = true;
        state = noteUpdate(state, rules, refused, at(0));
        QCOMPARE(mayUpdate(rules, state, QStringLiteral("a"), at(864000), 1, true).verdict, UpdateVerdict::Stopped);
    }
};

QTEST_GUILESS_MAIN(TestRefresh)
#include "tst_refresh.moc"
