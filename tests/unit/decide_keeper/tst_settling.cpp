// Hints, reads and changes by simulated time: nothing is missed, nothing is read too soon, flapping makes no storm.

#include "decide/settling.h"

#include <QStringList>
#include <QTest>

#include <random>

using namespace sixgate;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = Settling::Time;

namespace
{

constexpr unsigned Seed = 20261126;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// What happens in the world at some moment.
struct Happening {
    milliseconds at{0};
    std::optional<QByteArray> state; ///< from now on
    ReadState kind = ReadState::Complete;
    bool hint = true;
    std::optional<bool> events; ///< whether there are any from now on
};

/// "MS STATE": the world is so, and a hint says so; "MS STATE?": incomplete; "MS STATE!": cannot be read;
/// "MS ~STATE": without a hint; "MS +": only a hint; "MS off", "MS on": events.
std::vector<Happening> happenings(const QString &script)
{
    std::vector<Happening> out;
    for (const QString &step : script.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = step.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        Happening one{milliseconds(words[0].toInt()), {}, ReadState::Complete, true, {}};
        QString word = words[1];
        if (word == QLatin1String("on") || word == QLatin1String("off")) {
            one.events = word == QLatin1String("on");
            one.hint = false;
        } else if (word != QLatin1String("+")) {
            if (word.startsWith(QLatin1Char('~'))) {
                one.hint = false;
                word.remove(0, 1);
            }
            if (word.endsWith(QLatin1Char('?')))
                one.kind = ReadState::Incomplete;
            if (word.endsWith(QLatin1Char('!')))
                one.kind = ReadState::Failed;
            if (one.kind != ReadState::Complete)
                word.chop(1);
            one.state = word.toLatin1();
        }
        out.push_back(one);
    }
    return out;
}

struct Ran {
    QStringList reads; ///< "MS", with ":STATE" where it was acted on
    std::vector<milliseconds> acts;
    QByteArray acted;
};

/// Reads whenever it is due, up to `end`. A read takes `takes`, and sees what is true when it begins.
Ran run(const std::vector<Happening> &world, milliseconds end, milliseconds takes = milliseconds(0))
{
    const Time start = Time(seconds(1000));
    Settling settling(start);
    Ran out;
    QByteArray state = "a";
    ReadState kind = ReadState::Complete;
    std::size_t next = 0;
    milliseconds now(0);
    const auto happen = [&](milliseconds until) {
        for (; next < world.size() && world[next].at <= until; ++next) {
            const Happening &one = world[next];
            if (one.state) {
                state = *one.state;
                kind = one.kind;
            }
            if (one.events)
                settling.setEvents(*one.events, start + one.at);
            if (one.hint)
                settling.hint(start + one.at);
        }
    };
    for (;;) {
        const milliseconds due = std::max(now, std::chrono::duration_cast<milliseconds>(settling.next() - start));
        if (next < world.size() && world[next].at <= due) {
            now = std::max(now, world[next].at);
            happen(now);
            continue;
        }
        now = due;
        if (now > end)
            return out;
        const QByteArray seen = state;
        const ReadState how = kind;
        const milliseconds began = now;
        now += takes;
        happen(now);
        const bool act = settling.read(start + began, start + now, seen, how);
        out.reads << QString::number(began.count()) + (act ? QLatin1Char(':') + QString::fromLatin1(seen) : QString());
        if (act) {
            out.acts.push_back(now);
            out.acted = seen;
        }
        if (takes == milliseconds(0))
            now += milliseconds(1); // hints come between reads, not at the same moment
    }
}

} // namespace

class TestSettling : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reads_data()
    {
        QTest::addColumn<QString>("world");
        QTest::addColumn<int>("end");
        QTest::addColumn<int>("takes");
        QTest::addColumn<QString>("reads");
        const auto row = [](const char *name, const char *world, int end, const char *reads, int takes = 0) {
            QTest::newRow(name) << latin(world) << end << takes << latin(reads);
        };
        row("at once, then by polling", "", 130000, "0:a 60000 120000");
        row("a hint", "1000 b", 2000, "0:a 1050:b");
        row("a hint of nothing", "1000 +", 2000, "0:a 1050");
        row("hints one after the other", "1000 b; 1040 c; 1080 d", 2000, "0:a 1130:d");
        row("hints without end", "1000 b; 1040 c; 1080 d; 1120 e; 1160 f; 1200 g; 1240 h; 1280 i; 1320 j", 2000,
            "0:a 1300:i 1370:j");
        row("there and back", "1000 b; 1020 a", 2000, "0:a 1070");
        row("a change that no hint tells", "1000 ~b", 61000, "0:a 60000:b");
        row("a hint puts off the next poll", "1000 b", 70000, "0:a 1050:b 61050");
        row("no events", "100 off; 7000 ~b", 16000, "0:a 150 5150 10150:b 15150");
        row("events again", "100 off; 6000 on; 7000 ~b", 67000, "0:a 150 5150 6050 66050:b");
        row("events as before", "100 on", 1000, "0:a");

        row("hint during a read", "1000 b; 1060 c", 2000, "0:a 1050:b 1110:c", 30);
        row("hint during a read after hints without end",
            "1000 b; 1040 c; 1080 d; 1120 e; 1160 f; 1200 g; 1240 h; 1280 i; 1310 j", 2000, "0:a 1300:i 1360:j", 30);
        row("hints during a long read", "1000 b; 1060 c; 1100 d; 1400 e", 3000, "0:a 1050:b 1550:e", 500);

        row("incomplete", "1000 b?; 1450 ~c", 2000, "0:a 1050 1150 1250 1350 1450:c");
        row("incomplete, as it was", "1000 a?; 1150 ~a", 1500, "0:a 1050 1150");
        row("incomplete, and a hint", "1000 b?; 1460 c", 2000, "0:a 1050 1150 1250 1350 1450 1510:c");
        row("cannot be read", "1000 b!; 1150 ~b", 1500, "0:a 1050 1150:b");
    }

    void reads()
    {
        QFETCH(QString, world);
        QFETCH(int, end);
        QFETCH(int, takes);
        QTEST(run(happenings(world), milliseconds(end), milliseconds(takes)).reads.join(QLatin1Char(' ')), "reads");
    }

    // It is taken as it is after 10 s, and polled from then on; a hint makes it wait as long again, and no longer.
    void incompleteForEver()
    {
        Ran ran = run(happenings(latin("1000 b?; 30000 c?")), seconds(200));
        QCOMPARE(ran.acts.size(), std::size_t(3));
        QCOMPARE(ran.acts[1].count(), 11050);
        QCOMPARE(ran.acts[2].count(), 40050);
        QCOMPARE(ran.acted, QByteArray("c"));
        QCOMPARE(ran.reads.size(), 1 + 101 + 101 + 2);

        std::vector<Happening> world;
        for (int i = 0; i < 1000; ++i)
            world.push_back({milliseconds(1000 + i * 97), QByteArray::number(i), ReadState::Incomplete, true, {}});
        ran = run(world, seconds(200));
        QCOMPARE(ran.acted, QByteArray("999"));
        QVERIFY2(ran.acts.size() >= 10 && ran.acts.size() <= 12, qPrintable(QString::number(ran.acts.size())));
    }

    // Events may be what is broken: it polls as if there were none.
    void failsForEver()
    {
        const Ran ran = run(happenings(latin("1000 b!; 30000 ~b")), seconds(40));
        QCOMPARE(ran.reads.last(), latin("31050:b"));
        QCOMPARE(ran.reads.size(), 1 + 101 + 4);
        QCOMPARE(ran.acts.size(), std::size_t(2));
    }

    void flapping_data()
    {
        QTest::addColumn<int>("every"); // milliseconds
        QTest::addColumn<int>("hour");  // most changes that are acted on in it
        QTest::newRow("without a pause") << 20 << 222;
        QTest::newRow("ten a second") << 100 << 222;
        QTest::newRow("one a second") << 1000 << 222;
        QTest::newRow("one in 5 s") << 5000 << 222;
        QTest::newRow("one in 9 s") << 9000 << 222;
    }

    void flapping()
    {
        QFETCH(int, every);
        QFETCH(int, hour);
        std::vector<Happening> world;
        int i = 0;
        for (milliseconds at(1000); at < std::chrono::hours(1); at += milliseconds(every))
            world.push_back({at, QByteArray::number(++i), ReadState::Complete, true, {}});
        const Ran ran = run(world, std::chrono::hours(1) + seconds(60));
        QCOMPARE(ran.acted, QByteArray::number(i)); // the last state wins
        QVERIFY2(ran.acts.size() <= std::size_t(hour), qPrintable(QString::number(ran.acts.size())));
        QVERIFY2(ran.acts.size() >= 110, qPrintable(QString::number(ran.acts.size())));
        QVERIFY2(ran.reads.size() <= hour + 2, qPrintable(QString::number(ran.reads.size())));
        QVERIFY2(ran.acts.back() - world.back().at <= seconds(30), "the last state came late");
        std::size_t worst = 0;
        for (std::size_t from = 0; from < ran.acts.size(); ++from) {
            std::size_t within = 0;
            while (from + within < ran.acts.size() && ran.acts[from + within] - ran.acts[from] < seconds(60))
                ++within;
            worst = std::max(worst, within);
        }
        QVERIFY2(worst <= 24, qPrintable(QString::number(worst)));
        qInfo("%zu changes acted on of %d in an hour, %zu within the worst minute, %lld reads", ran.acts.size(), i,
              worst, qint64(ran.reads.size()));
    }

    // A dozen changes within seconds are acted on at once, then one in 5 s; after a calm minute it is over.
    void calmAfterAStorm()
    {
        std::vector<Happening> world;
        for (int i = 1; i <= 40; ++i)
            world.push_back({milliseconds(i * 400), QByteArray::number(i), ReadState::Complete, true, {}});
        for (int i = 0; i < 12; ++i)
            world.push_back({seconds(203) + i * milliseconds(500), 'x' + QByteArray::number(i), {}, true, {}});
        const Ran ran = run(world, seconds(240));
        // The first state and eleven changes, as fast as the first; meanwhile a token came.
        QCOMPARE(ran.acts[11].count(), 4450);
        QCOMPARE(ran.acts[12].count(), 5000);
        QCOMPARE(ran.acts[13].count(), 10000);
        QCOMPARE(ran.acts[ran.acts.size() - 12].count(), 203050);
        QCOMPARE(ran.acts.back().count(), 208550);
    }

    // A home that moves twice a minute for half an hour, each time with two changes, is never held back.
    void manyMovesInARow()
    {
        std::vector<Happening> world;
        int i = 0;
        for (milliseconds at(10000); at < std::chrono::minutes(30); at += seconds(25)) {
            world.push_back({at, QByteArray::number(++i), ReadState::Complete, true, {}});
            world.push_back({at + seconds(6), QByteArray::number(++i), ReadState::Complete, true, {}});
        }
        const Ran ran = run(world, std::chrono::minutes(31));
        QCOMPARE(ran.acts.size(), world.size() + 1);
        for (std::size_t k = 0; k < world.size(); ++k)
            QCOMPARE(ran.acts[k + 1] - world[k].at, milliseconds(50));
    }

    // Whatever comes when: what was true last is acted on last, and soon.
    void lastStateWins()
    {
        for (unsigned run1 = 0; run1 < 200; ++run1) {
            std::mt19937 random(Seed + run1);
            std::vector<Happening> world;
            milliseconds at(1000);
            for (int i = 0; i < 100; ++i) {
                at += milliseconds(random() % 3 == 0 ? random() % 20000 : random() % 200);
                const auto kind = random() % 10;
                world.push_back({at, QByteArray::number(qulonglong(random() % 5)),
                                 kind == 0   ? ReadState::Failed
                                 : kind == 1 ? ReadState::Incomplete
                                             : ReadState::Complete,
                                 random() % 10 != 0, std::nullopt});
            }
            world.push_back({at + milliseconds(10), "last", ReadState::Complete, true, {}});
            const Ran ran = run(world, at + seconds(100), milliseconds(random() % 40));
            QVERIFY2(ran.acted == "last", qPrintable(QStringLiteral("seed %1").arg(Seed + run1)));
            QVERIFY2(ran.acts.back() <= at + milliseconds(30100),
                     qPrintable(QStringLiteral("seed %1").arg(Seed + run1)));
        }
        qInfo("seeds %u to %u", Seed, Seed + 199);
    }
};

QTEST_GUILESS_MAIN(TestSettling)
#include "tst_settling.moc"
