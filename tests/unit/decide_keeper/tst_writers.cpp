// Somebody else writes a record that Sixgate writes: when that is recognised, and how often it is still corrected.

#include "decide/pace.h"
#include "decide/writers.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QDateTime at(double hours)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC).addSecs(qint64(hours * 3600));
}

/// "HOURS what": what was found in the zone; "set V": Sixgate set V and read it back; "want V": what it wants from now
/// on; "acted". The number of somebody else's changes that count at the end, and whether it is left alone then.
QString follow(const QString &script)
{
    RecordPast past;
    QString wanted = QStringLiteral("ours");
    QDateTime now;
    for (const QString &step : script.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = step.simplified().split(QLatin1Char(' '));
        now = at(words[0].toDouble());
        if (words[1] == QLatin1String("set"))
            past = noteStands(past, wanted = words[2]);
        else if (words[1] == QLatin1String("want"))
            wanted = words[2];
        else if (words[1] == QLatin1String("acted"))
            past = noteUserActed([&] {
                       PaceState state;
                       state.past = past;
                       return state;
                   }())
                       .past;
        else if (words[1] == QLatin1String("sent"))
            past = noteSent(past, words[2]);
        else
            past = noteLooked(past, wanted, words[1] == QLatin1String("nothing") ? QString() : words[1], now);
    }
    return QStringLiteral("%1 %2")
        .arg(past.foreign.size())
        .arg(QLatin1String(otherWriter(past, now) ? "left alone" : "corrected"));
}

} // namespace

class TestWriters : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void recognised_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *name, const char *script, const char *expected) {
            QTest::newRow(name) << QString::fromLatin1(script) << QString::fromLatin1(expected);
        };
        row("what stood there at first is nobody's change", "0 theirs", "0 corrected");
        row("right from the start", "0 ours;1 ours;2 ours", "0 corrected");
        row("once", "0 ours;1 theirs", "1 corrected");
        row("once, seen often", "0 ours;1 theirs;2 theirs;3 theirs;4 theirs", "1 corrected");
        row("twice", "0 ours;1 theirs;1 set ours;2 theirs", "2 corrected");
        row("three times", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs", "3 left alone");
        row("three times deleted", "0 ours;1 nothing;1 set ours;2 nothing;2 set ours;3 nothing", "3 left alone");
        row("three different ones", "0 ours;1 a;1 set ours;2 b;2 set ours;3 c", "3 left alone");
        row("three times, but ours again by itself", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs;4 ours",
            "3 corrected");
        row("three times in three weeks", "0 ours;100 theirs;100 set ours;200 theirs;200 set ours;300 theirs",
            "1 corrected");
        row("each day", "0 ours;24 theirs;24 set ours;48 theirs;48 set ours;72 theirs", "3 left alone");
        row("our own old values are nobody else's", "0 ours;1 set b;2 ours;2 set c;3 b;3 ours;4 set d;5 c;6 b;7 ours",
            "0 corrected");
        row("a change of ours is none of theirs", "0 ours;1 set b;1 want c;2 b;2 set c;3 want d;3 c", "0 corrected");
        row("one of ours that nobody read back", "0 ours;1 sent b;1 want c;2 b;2 sent c;2 want d;3 c;3 set d;4 b",
            "0 corrected");
        row("a day later it is tried once more", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs;26.9 theirs",
            "3 left alone");
        row("a day later", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs;27 theirs", "3 corrected");
        row("and again theirs", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs;27 set ours;28 theirs",
            "4 left alone");
        row("the user has acted", "0 ours;1 theirs;1 set ours;2 theirs;2 set ours;3 theirs;3 acted;3 theirs",
            "0 corrected");
    }
    void recognised()
    {
        QFETCH(QString, script);
        QFETCH(QString, expected);
        QCOMPARE(follow(script), expected);
    }

    // A router that sets its own address each quarter of an hour, for thirty days.
    void aLongFight()
    {
        RecordPast past = noteStands({}, QStringLiteral("ours"));
        QString zone = QStringLiteral("ours");
        int corrections = 0;
        std::size_t most = 0;
        for (int minute = 0; minute < 30 * 24 * 60; minute += 5) {
            const QDateTime now = at(minute / 60.0);
            if (minute % 15 == 0)
                zone = QStringLiteral("theirs");
            past = noteLooked(past, QStringLiteral("ours"), zone, now);
            most = std::max(most, past.foreign.size());
            if (zone == QLatin1String("ours") || otherWriter(past, now))
                continue;
            zone = QStringLiteral("ours");
            past = noteStands(past, zone);
            ++corrections;
        }
        // Three of the first hour, and one a day.
        QVERIFY2(corrections >= 29 && corrections <= 33, qPrintable(QString::number(corrections)));
        QVERIFY(most <= 16);
    }

    void saysWhoAndWhat()
    {
        RecordPast past = noteStands({}, QStringLiteral("198.51.100.10"));
        for (int hour : {1, 2, 3}) {
            past = noteLooked(past, QStringLiteral("198.51.100.10"), QStringLiteral("100.64.0.9"), at(hour));
            if (hour < 3)
                past = noteStands(past, QStringLiteral("198.51.100.10"));
        }
        const auto other = otherWriter(past, at(3));
        QVERIFY(other);
        QCOMPARE(other->times, 3u);
        QCOMPARE(other->again, at(27));
        const QString text = otherWriterText(*other, suspectOf(other->theirs, {}));
        for (const char *part : {"198.51.100.10", "100.64.0.9", "3 times", "carriers use", "watched", "status check"})
            QVERIFY2(text.contains(QLatin1String(part)), qPrintable(text));
    }

    void suspects_data()
    {
        QTest::addColumn<QString>("theirs");
        QTest::addColumn<QString>("part");
        const auto row = [](const char *theirs, const char *part) {
            QTest::newRow(theirs) << QString::fromLatin1(theirs) << QString::fromLatin1(part);
        };
        row("203.0.113.7", "connections over IPv4");
        row("100.100.1.2", "carriers use");
        row("2001:db8:1:0:1::1", "the router's own address");
        row("2001:db8:1::77", "this home's own network");
        row("2001:db8:9::77", "");
        row("203.0.113.8", "");
        row("203.0.113.7,203.0.113.8", "");
        row("", "");
    }
    void suspects()
    {
        QFETCH(QString, theirs);
        QFETCH(QString, part);
        const QString suspect = suspectOf(theirs, {*Ipv6Prefix::parse(QStringLiteral("2001:db8:1::/56"))},
                                          *Ipv4Address::parse(QStringLiteral("203.0.113.7")),
                                          {*parseIpAddress(QStringLiteral("2001:db8:1:0:1::1"))});
        QVERIFY2(part.isEmpty() ? suspect.isEmpty() : suspect.contains(part), qPrintable(suspect));
    }
};

QTEST_GUILESS_MAIN(TestWriters)
#include "tst_writers.moc"
