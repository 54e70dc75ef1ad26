// What changes from check to check, by tables; and the loop that checks until it is stopped.

#include "ctl/watch.h"

#include "reports.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QTest>

using namespace sixgate;
using namespace sixgate::ctl;

namespace
{

/// "SECOND PATHS CONDITIONS": a check. Conditions are "e1,w60": a severity and its time to be visible in seconds, which
/// is its code, too; "(e1)" is explained by another one; "-": none.
struct Check {
    QDateTime at;
    CheckReport report;
};

Check checkOf(const QString &text)
{
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    Check check{QDateTime::fromSecsSinceEpoch(1'795'000'000 + words[0].toLongLong(), Qt::UTC),
                reportOf(qPrintable(words[1]))};
    for (QString one : words[2].split(u',')) {
        if (one == latin("-"))
            continue;
        const bool explained = one.startsWith(u'(');
        one.remove(u'(').remove(u')');
        Condition condition = conditionOf(qPrintable(one), one[0] == u'e' ? Severity::Error : Severity::Warning);
        condition.timeToVisible = std::chrono::seconds(one.mid(1).toInt());
        (explained ? check.report.diagnosis.consequences : check.report.diagnosis.roots).push_back(condition);
    }
    return check;
}

QString shown(const Transition &one)
{
    const QString at = QString::number(one.at.toSecsSinceEpoch() - 1'795'000'000);
    switch (one.kind) {
    case Transition::Kind::Path:
        return QStringLiteral("%1 %2:%3>%4")
            .arg(at, pathName(one.path->kind), one.before ? pathStateName(*one.before) : latin("-"),
                 pathStateName(one.path->state));
    case Transition::Kind::Appeared:
        return QStringLiteral("%1 +%2").arg(at, one.condition.code);
    case Transition::Kind::Gone:
        return QStringLiteral("%1 -%2").arg(at, one.condition.code);
    }
    return {};
}

} // namespace

class TestCtlWatch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changes_data()
    {
        QTest::addColumn<QString>("checks");
        QTest::addColumn<QString>("transitions");
        const auto row = [](const char *name, const char *checks, const char *transitions) {
            QTest::newRow(name) << latin(checks) << latin(transitions);
        };
        row("the first check", "0 wb -", "0 v4:->works; 0 upstream:->broken");
        row("nothing new", "0 w -; 60 w -; 120 w -", "0 v4:->works");
        row("a path breaks and works again", "0 w -; 60 b -; 120 b -; 180 w -",
            "0 v4:->works; 60 v4:works>broken; 180 v4:broken>works");
        row("a path is not known", "0 w -; 60 u -; 120 w -", "0 v4:->works; 60 v4:works>unknown; 120 v4:unknown>works");
        row("one of two", "0 ww -; 60 wb -", "0 v4:->works; 0 upstream:->works; 60 upstream:works>broken");
        row("a condition at once", "0 w -; 60 w e0; 120 w e0; 180 w -", "0 v4:->works; 60 +e0; 180 -e0");
        row("there from the start", "0 w e0", "0 v4:->works; 0 +e0");
        row("one that must last", "0 w w60; 30 w w60; 60 w w60; 90 w w60; 120 w -", "0 v4:->works; 60 +w60; 120 -w60");
        row("one that did not last", "0 w w60; 30 w w60; 59 w -", "0 v4:->works");
        row("begins again after a gap", "0 w w60; 30 w -; 45 w w60; 90 w w60; 105 w w60", "0 v4:->works; 105 +w60");
        row("comes back", "0 w e0; 60 w -; 120 w e0", "0 v4:->works; 0 +e0; 60 -e0; 120 +e0");
        row("two", "0 w e0; 60 w e0,w0; 120 w w0", "0 v4:->works; 0 +e0; 60 +w0; 120 -e0");
        row("explained ones are not told", "0 w e0,(w0)", "0 v4:->works; 0 +e0");
        row("by now explained is not gone", "0 w w0; 60 w e0,(w0); 120 w e0", "0 v4:->works; 0 +w0; 60 +e0; 120 -w0");
        row("explained, then alone", "0 w e0,(w60); 60 w w60", "0 v4:->works; 0 +e0; 60 +w60; 60 -e0");
        row("not told, so not gone", "0 w (w0); 60 w -", "0 v4:->works");
    }

    void changes()
    {
        QFETCH(QString, checks);
        Changes changes;
        QStringList out;
        for (const QString &one : checks.split(u';')) {
            const Check check = checkOf(one);
            for (const Transition &transition : changes.next(check.report, check.at))
                out << shown(transition);
        }
        QTEST(out.join(latin("; ")), "transitions");
    }

    void sameCodeOfAnother()
    {
        CheckReport report = reportOf("w");
        report.diagnosis.roots = {conditionOf("x", Severity::Error, "nas"), conditionOf("x", Severity::Error, "pi")};
        Changes changes;
        const QDateTime now = QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC);
        QCOMPARE(changes.next(report, now).size(), size_t(3));
        report.diagnosis.roots.pop_back();
        const auto next = changes.next(report, now.addSecs(60));
        QCOMPARE(next.size(), size_t(1));
        QCOMPARE(next[0].condition.about, latin("pi"));
    }

    void lines()
    {
        qputenv("TZ", "UTC");
        const Output output(false);
        Changes changes;
        const Check first = checkOf(latin("0 b e0"));
        const auto now = changes.next(first.report, first.at);
        const QString at = first.at.toLocalTime().toString(latin("yyyy-MM-dd HH:mm:ss"));
        QCOMPARE(transitionText(output, now[0]), at + latin("  ✗ broken v4 cloud.example.org: Nobody answers.\n"));
        QCOMPARE(transitionText(output, now[1]), at + latin("  ✗ The title of e0.  (sixgatectl help e0)\n"));
        const Check second = checkOf(latin("60 w -"));
        const auto next = changes.next(second.report, second.at);
        const QString later = second.at.toLocalTime().toString(latin("yyyy-MM-dd HH:mm:ss"));
        QCOMPARE(transitionText(output, next[0]), later + latin("  ✓ works v4 cloud.example.org (was: broken)\n"));
        QCOMPARE(transitionText(output, next[1]), later + latin("  ✓ gone: The title of e0.\n"));
        Transition hostile = now[1];
        hostile.condition.title = latin("a\nb\033[31m");
        QCOMPARE(transitionText(output, hostile).count(u'\n'), 1);
        QVERIFY(!transitionText(output, hostile).contains(QChar(27)));
    }

    void documents()
    {
        Changes changes;
        const auto events = changes.next(checkOf(latin("0 b e0")).report, checkOf(latin("0 w -")).at);
        const QJsonObject path = json(events[0]);
        QCOMPARE(path.keys().join(u' '), latin("at before command event path schema"));
        QCOMPARE(path[latin("event")].toString(), latin("path"));
        QVERIFY(path[latin("before")].isNull());
        QCOMPARE(path[latin("path")].toObject()[latin("state")].toString(), latin("broken"));
        const QJsonObject condition = json(events[1]);
        QCOMPARE(condition[latin("event")].toString(), latin("condition"));
        QCOMPARE(condition[latin("condition")].toObject()[latin("code")].toString(), latin("e0"));
        const auto gone = changes.next(checkOf(latin("60 w -")).report, checkOf(latin("60 w -")).at);
        QCOMPARE(json(gone[0])[latin("before")].toString(), latin("broken"));
        QCOMPARE(json(gone[1])[latin("event")].toString(), latin("condition-gone"));
    }

    // Ends at a stop, at once, with the exit code of the last check.
    void loop_data()
    {
        QTest::addColumn<QString>("checks"); // paths of each check; "c": it is cancelled
        QTest::addColumn<int>("exit");
        QTest::newRow("well") << latin("w") << 0;
        QTest::newRow("broken") << latin("b") << 3;
        QTest::newRow("well again") << latin("b w") << 0;
        QTest::newRow("stopped within the second check") << latin("b c") << 3;
        QTest::newRow("stopped within the first check") << latin("c") << 1;
    }

    void loop()
    {
        QFETCH(QString, checks);
        const QStringList list = checks.split(u' ');
        std::stop_source stop;
        qsizetype made = 0;
        Output output(true);
        QElapsedTimer timer;
        timer.start();
        const int exit = watch(
            output, std::chrono::seconds(1),
            [&]() -> Result<CheckReport> {
                const QString now = list[made++];
                if (made == list.size())
                    stop.request_stop();
                if (now == latin("c"))
                    return fail(ErrorCode::Cancelled, latin("Stopped."));
                return reportOf(qPrintable(now));
            },
            stop.get_token());
        QTEST(exit, "exit");
        QCOMPARE(made, list.size());
        QVERIFY2(timer.elapsed() < 900 + 1000 * (made - 1), "a stop ends the waiting at once");
        QVERIFY2(timer.elapsed() >= 1000 * (made - 1), "there is time between two checks");
    }
};

QTEST_GUILESS_MAIN(TestCtlWatch)
#include "tst_ctl_watch.moc"
