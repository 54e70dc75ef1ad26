// The logs of runs, as the VPS prints them.

#include "observe/runs.h"

#include <QTest>

using namespace sixgate;

class TestVpsRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parses_data()
    {
        QTest::addColumn<QByteArray>("output");
        QTest::addColumn<QString>("runs"); // ID:verdict:summary:lines
        const auto row = [](const char *name, const QByteArray &output, const char *runs) {
            QTest::newRow(name) << output << QString::fromLatin1(runs);
        };
        const QByteArray step = "step\tvps.1\tdone\t" + QByteArray("fine").toBase64() + '\n';
        row("none", "", "");
        row("one", "run\taaaaaaaa\t1700000000\n" + step + "result\tdone\n", "aaaaaaaa:done::1");
        row("two",
            "run\taaaaaaaa\t2\n" + step + "result\tfailed\t" + QByteArray("No.").toBase64() + "\n" +
                "run\tbbbbbbbb\t1\n" + step + step,
            "aaaaaaaa:failed:No.:1 bbbbbbbb:::2");
        row("lines before the first run", step + "result\tdone\nrun\taaaaaaaa\t2\n", "aaaaaaaa:::0");
        row("what it does not know", "run\taaaaaaaa\t2\nother\tx\nstep\n\nresult\n", "aaaaaaaa:::0");
        row("control characters", "run\taaaaaaaa\t2\nresult\tfailed\t" + QByteArray("a\x1b[31mb").toBase64() + "\n",
            "aaaaaaaa:failed:a?[31mb:0");
    }

    void parses()
    {
        QFETCH(QByteArray, output);
        QFETCH(QString, runs);
        QStringList seen;
        for (const RunLog &one : parseRuns(output)) {
            QString summary = one.summary;
            for (QChar &c : summary) {
                QVERIFY(c.isPrint());
                if (c.unicode() > 127)
                    c = QLatin1Char('?');
            }
            seen << QStringLiteral("%1:%2:%3:%4").arg(one.id, one.verdict, summary).arg(one.lines.size());
        }
        QCOMPARE(seen.join(QLatin1Char(' ')), runs);
    }
};

QTEST_GUILESS_MAIN(TestVpsRuns)
#include "tst_vps_runs.moc"
