// What a check shows to a person and to a program, by golden texts.

#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/output.h"

#include "reports.h"

#include <QTest>

using namespace sixgate;
using namespace sixgate::ctl;

class TestCtlCheck : public QObject
{
    Q_OBJECT

    const Output m_output{false};

private Q_SLOTS:
    void initTestCase() { qputenv("NO_COLOR", "1"); }

    void exits_data()
    {
        QTest::addColumn<QString>("paths");
        QTest::addColumn<QString>("roots");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QString>("last");
        const auto row = [](const char *paths, const char *roots, int exit, const char *last) {
            QTest::addRow("%s %s", paths, roots) << latin(paths) << latin(roots) << exit << latin(last);
        };
        row("wwww", "", 0, "✓ Everything is reachable.");
        row("wwww", "i", 0, "✓ Everything is reachable.");
        row("wwww", "w", 0, "✓ Everything is reachable. 1 warning.");
        row("wwww", "wiw", 0, "✓ Everything is reachable. 2 warnings.");
        row("wwww", "we", 3, "✗ Every path works, but something else is wrong.");
        row("ww", "", 0, "✓ What was checked works.");
        row("wwbw", "", 3, "✗ 1 of 4 paths is broken.");
        row("wwbb", "e", 3, "✗ 2 of 4 paths are broken.");
        row("wubu", "w", 3, "✗ 1 of 4 paths is broken. 2 paths could not be checked from here.");
        row("b", "e", 3, "✗ The only path that was checked is broken.");
        row("u", "w", 3, "1 path could not be checked from here.");
        row("wuww", "", 3, "1 path could not be checked from here.");
        row("", "", 3, "There is nothing to check: the site file has no services.");
    }

    void exits()
    {
        QFETCH(QString, paths);
        QFETCH(QString, roots);
        QFETCH(QString, last);
        CheckReport report = reportOf(qPrintable(paths));
        report.diagnosis = diagnosisOf(qPrintable(roots));
        QTEST(exitOf(report), "exit");
        QCOMPARE(m_output.summary(report).chopped(1).section(u'\n', -1), last);
    }

    void condition()
    {
        const auto text = [](const char *reason, const char *routers) {
            return latin("  ✗ The router's IPv6 firewall keeps visitors away from nas.\n"
                         "      Visitors over IPv6 get no answer, and the VPS gets none either. Those in the house are "
                         "not\n"
                         "      concerned, since their way does not lead through the router's firewall.\n"
                         "      saw: 2001:db8:1::11 port 443 from the VPS: ") +
                   latin(reason) +
                   latin("\n"
                         "      saw: in the LAN: connected\n"
                         "    → Let TCP port 443 through to the server.\n"
                         "          sixgatectl home --json | jq .servers\n") +
                   latin(routers);
        };
        QCOMPARE(m_output.condition(wholeCondition()),
                 text("no answer", "      Other routers: Look for \"IPv6 firewall\".\n"
                                   "      FRITZ!Box, OpenWrt: sixgatectl help "
                                   "router-firewall\n"));
        QCOMPARE(m_output.condition(wholeCondition(), true),
                 text("TIMEOUT", "      FRITZ!Box: Internet, Permit Access, new share for the device.\n"
                                 "      OpenWrt: Network, Firewall, Traffic Rules.\n"
                                 "      Other routers: Look for \"IPv6 firewall\".\n"
                                 "      More: sixgatectl help router-firewall\n"));
        // The words of --explain are those of the summary.
        CheckReport report = reportOf("b");
        report.diagnosis.roots = {wholeCondition()};
        QVERIFY(!m_output.summary(report).contains(latin("Permit Access")));
        QVERIFY(m_output.summary(report, true).contains(latin("Permit Access")));
        QCOMPARE(m_output.condition(conditionOf("stale-aaaa", Severity::Warning)),
                 latin("  ! The title of stale-aaaa.\n      More: sixgatectl help stale-aaaa\n"));
        QVERIFY(m_output.condition(conditionOf("x", Severity::Info)).startsWith(latin("  · The title")));
    }

    // One act mends both: it is told once, and what differs is told.
    void mendedTogether()
    {
        CheckReport report = reportOf("b");
        Condition one = conditionOf("stale-aaaa", Severity::Error, "cloud.example.org AAAA");
        one.text = latin("It says a.");
        one.evidence = {latin("a")};
        one.remedy.text = latin("Publish it.");
        one.remedy.command = latin("sixgatectl apply");
        Condition two = one;
        two.title = latin("The other title.");
        two.evidence = {latin("b")};
        report.paths[0].explained = true;
        report.diagnosis.roots = {one, two};
        const auto text = [](const char *more) {
            return latin("  ✗ The title of stale-aaaa.\n"
                         "      It says a.\n"
                         "      saw: a\n"
                         "    → Publish it.\n"
                         "          sixgatectl apply\n"
                         "      More: sixgatectl help stale-aaaa\n"
                         "  ✗ The other title.\n") +
                   latin(more) +
                   latin("      saw: b\n"
                         "    → The same as above mends it.\n"
                         "✗ The only path that was checked is broken.\n");
        };
        QCOMPARE(m_output.summary(report), text(""));
        report.diagnosis.roots[1].text = latin("It says b.");
        QCOMPARE(m_output.summary(report), text("      It says b.\n"));
        report.diagnosis.roots[1].remedy.text = latin("Do something else.");
        QVERIFY(m_output.summary(report).contains(latin("→ Do something else.")));
    }

    void rawWords()
    {
        Condition condition = conditionOf("x", Severity::Error);
        condition.evidence = {
            latin("[2001:db8::1]:443: EHOSTUNREACH, 192.0.2.1:443: ECONNREFUSED (CN=CLOSED.example)")};
        QVERIFY(m_output.condition(condition).contains(
            latin("[2001:db8::1]:443: nobody is there, 192.0.2.1:443: refused (CN=CLOSED.example)")));
        QVERIFY(m_output.condition(condition, true).contains(latin("EHOSTUNREACH")));
    }

    void wrapping()
    {
        Condition condition = conditionOf("x", Severity::Error);
        condition.text = QString(150, u'a') + latin(" b") + latin(" word").repeated(60);
        condition.remedy.text = latin("word ").repeated(40);
        condition.remedy.command = QStringLiteral("run ") + latin("word ").repeated(40).trimmed();
        bool whole = false;
        for (const QString &line : m_output.condition(condition).split(u'\n')) {
            const bool unbreakable = line.contains(QString(150, u'a')) || line.contains(condition.remedy.command);
            QVERIFY2(unbreakable || line.size() <= 100, qPrintable(line));
            whole = whole || line.trimmed() == condition.remedy.command;
        }
        QVERIFY(whole);
    }

    // What comes from peers shows, and does nothing.
    void obeysNobody()
    {
        Condition condition = wholeCondition();
        for (QString *text : {&condition.title, &condition.text, &condition.evidence[0], &condition.remedy.text,
                              &condition.remedy.command, &condition.remedy.routers[0].text, &condition.code})
            *text += latin("\033[31m\u202e");
        CheckReport report = reportOf("bw");
        report.paths[0].steps[0].detail = latin("\033[31m");
        report.paths[0].error->detail = latin("\033[31m");
        report.diagnosis.roots = {condition};
        report.diagnosis.consequences = {condition};
        report.diagnosis.reasoning = {{latin("\033[31m"), latin("\033[31m")}};
        const QString text = m_output.summary(report, true) + m_output.steps(report.paths[0]);
        QVERIFY(!text.contains(QChar(27)) && !text.contains(QChar(0x202e)));
    }

    void withoutADiagnosis()
    {
        QCOMPARE(m_output.summary(reportOf("wbu")),
                 latin("  ✗ cloud.example.org upstream: at \"connect\": Nobody answers.\n"
                       "      2001:db8:1::11: ECONNREFUSED\n"
                       "    → Look whether the server is on.\n"
                       "  ? cloud.example.org v6: at \"connect\": Nobody answers.\n"
                       "      2001:db8:1::11: ECONNREFUSED\n"
                       "    → Look whether the server is on.\n"
                       "✗ 1 of 3 paths is broken. 1 path could not be checked from here.\n"));
    }

    // Whether a path is explained is for the diagnosis to say: that there are roots tells nothing about this path.
    void explainedPathsAreOneLine_data()
    {
        QTest::addColumn<QString>("paths");
        QTest::addColumn<QString>("explained"); // "x": by a condition
        QTest::addColumn<QString>("roots");
        QTest::addColumn<QString>("told");
        const auto row = [](const char *name, const char *paths, const char *explained, const char *roots,
                            const char *told) {
            QTest::newRow(name) << latin(paths) << latin(explained) << latin(roots) << latin(told);
        };
        row("all explained", "bu", "xx", "e", "");
        row("an error that explains the other one", "bb", "x-", "e", "upstream");
        row("an error that explains nothing", "bu", "--", "e", "v4 upstream");
        row("one that could not be checked, explained", "wu", "-x", "w", "");
        row("one that could not be checked", "wu", "--", "w", "upstream");
        row("no root", "wbwu", "----", "", "upstream lan");
        row("a warning explains a fault", "b", "x", "w", "");
        row("all work", "wwww", "----", "e", "");
    }

    void explainedPathsAreOneLine()
    {
        QFETCH(QString, paths);
        QFETCH(QString, explained);
        QFETCH(QString, roots);
        QFETCH(QString, told);
        CheckReport report = reportOf(qPrintable(paths));
        for (int i = 0; i < int(report.paths.size()); ++i)
            report.paths[size_t(i)].explained = explained[i] == u'x';
        report.diagnosis = diagnosisOf(qPrintable(roots));
        QStringList words;
        for (const QString &line : m_output.summary(report).split(u'\n')) {
            if (line.contains(latin("Nobody answers")))
                words << line.simplified().section(u' ', 2, 2).remove(u':');
        }
        QCOMPARE(words.join(u' '), told);
    }

    void pathsInOneLine()
    {
        const CheckReport report = reportOf("bu");
        QCOMPARE(m_output.path(report.paths[0]),
                 latin("  ✗ broken   1 v4        IPv4 through the VPS     121 ms  cloud.example.org\n"));
    }

    void explained()
    {
        CheckReport report = reportOf("b");
        report.paths[0].explained = true;
        Condition consequence = conditionOf("aaaa-missing", Severity::Warning);
        consequence.explainedBy = latin("router-firewall");
        report.diagnosis.roots = {conditionOf("router-firewall", Severity::Error)};
        report.diagnosis.consequences = {consequence};
        report.diagnosis.reasoning = {{latin("Who answers in the LAN is on."), latin("nas is on.")}};
        QCOMPARE(m_output.summary(report, true), latin("  ✗ cloud.example.org v4: at \"connect\": Nobody answers.\n"
                                                       "      2001:db8:1::11: ECONNREFUSED\n"
                                                       "  ✗ The title of router-firewall.\n"
                                                       "      More: sixgatectl help router-firewall\n"
                                                       "Explained by it\n"
                                                       "  ! The title of aaaa-missing. (explained by router-firewall)\n"
                                                       "How it was found\n"
                                                       "  Who answers in the LAN is on.\n"
                                                       "    ⇒ nas is on.\n"
                                                       "✗ The only path that was checked is broken.\n"));
        QVERIFY(!m_output.summary(report).contains(latin("aaaa-missing")));
        QVERIFY(!m_output.summary(report).contains(latin("Nobody answers")));
        QCOMPARE(m_output.steps(report.paths[0]), latin("      ✓ resolve         7 ms  2001:db8:1::11\n"
                                                        "      ✗ connect       110 ms  2001:db8:1::11 port 443\n"));
    }

    void jsonOfAll()
    {
        CheckReport report = reportOf("wb");
        Condition consequence = conditionOf("proxy-cannot-reach", Severity::Warning);
        consequence.explainedBy = latin("router-firewall");
        report.diagnosis.roots = {wholeCondition()};
        report.diagnosis.consequences = {consequence};
        report.diagnosis.reasoning = {{latin("rule"), latin("conclusion")}};
        const QJsonObject out = json(report);
        QCOMPARE(out[latin("allWork")].toBool(true), false);
        QCOMPARE(out[latin("at")].toString(), report.at.toString(Qt::ISODate));
        QCOMPARE(out[latin("tookMs")].toInt(), 3456);
        QVERIFY(!out.contains(latin("reasoning")));
        const QJsonArray conditions = out[latin("conditions")].toArray();
        QCOMPARE(conditions.size(), 2);
        const QJsonObject root = conditions[0].toObject();
        QCOMPARE(root.keys().join(u' '), latin("about code dependsOn evidence explainedBy remedy severity text "
                                               "timeToVisible title"));
        QCOMPARE(root[latin("code")].toString(), latin("router-firewall"));
        QCOMPARE(root[latin("severity")].toString(), latin("error"));
        QCOMPARE(root[latin("explainedBy")].toString(), QString());
        QCOMPARE(root[latin("timeToVisible")].toInt(), 60);
        QCOMPARE(root[latin("dependsOn")].toArray(), QJsonArray({latin("line-down")}));
        QCOMPARE(root[latin("evidence")].toArray().size(), 2);
        const QJsonObject remedy = root[latin("remedy")].toObject();
        QCOMPARE(remedy.keys().join(u' '), latin("action command fields place routers text"));
        QCOMPARE(remedy[latin("fields")].toObject()[latin("identifier")].toString(), latin("::11"));
        QCOMPARE(remedy[latin("routers")].toArray().size(), 3);
        QCOMPARE(remedy[latin("routers")].toArray()[1].toObject()[latin("router")].toString(), latin("OpenWrt"));
        QCOMPARE(conditions[1].toObject()[latin("explainedBy")].toString(), latin("router-firewall"));
        const auto step = out[latin("paths")].toArray()[1].toObject()[latin("steps")].toArray()[1].toObject();
        QCOMPARE(step[latin("reason")].toString(), latin("ECONNREFUSED"));
        const auto reasoning = json(report, true)[latin("reasoning")].toArray();
        QCOMPARE(reasoning,
                 QJsonArray({QJsonObject{{latin("rule"), latin("rule")}, {latin("conclusion"), latin("conclusion")}}}));
        // Nothing found is an empty list, also where there is no diagnosis yet.
        QVERIFY(json(reportOf("w"))[latin("conditions")].isArray());
        QVERIFY(json(CheckReport())[latin("at")].isNull());
    }
};

QTEST_GUILESS_MAIN(TestCtlCheck)
#include "tst_ctl_check.moc"
