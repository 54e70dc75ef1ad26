// What monitors read: the line and the exit code of a plugin, and metrics that a strict reader takes.

#include "ctl/formats.h"

#include "reports.h"

#include <QRandomGenerator>
#include <QRegularExpression>
#include <QTest>

#include <map>
#include <optional>

using namespace sixgate;
using namespace sixgate::ctl;

namespace
{

struct Sample {
    std::map<QString, QString> labels;
    double value = 0;
};

/// The exposition format as its specification has it; nothing where the text breaks any rule of it.
std::optional<std::map<QString, std::vector<Sample>>> parsed(const QString &text, QString &why)
{
    static const QRegularExpression name(latin("\\A[a-zA-Z_:][a-zA-Z0-9_:]*"));
    static const QRegularExpression label(
        latin("\\G([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,?)"));
    std::map<QString, std::vector<Sample>> out;
    std::map<QString, int> told; // 1: HELP, 2: TYPE
    const auto no = [&](const QString &line, const char *what) {
        why = latin(what) + latin(": ") + line;
        return std::nullopt;
    };
    if (!text.endsWith(u'\n'))
        return no(text.right(40), "no line end");
    QString current;
    for (const QString &line : text.chopped(1).split(u'\n')) {
        if (line.startsWith(latin("# "))) {
            const QStringList words = line.split(u' ');
            const int wanted = words[1] == latin("HELP") ? 1 : 2;
            if (words.size() < 4 || (wanted == 2 && (words[1] != latin("TYPE") || words[3] != latin("gauge"))))
                return no(line, "comment");
            if (told[words[2]] != wanted - 1)
                return no(line, "HELP, then TYPE, each once");
            told[words[2]] = wanted;
            current = words[2];
            continue;
        }
        const auto match = name.match(line);
        if (!match.hasMatch() || match.captured() != current || told[current] != 2)
            return no(line, "a sample belongs to the metric above it");
        qsizetype at = match.capturedEnd();
        Sample sample;
        if (at < line.size() && line[at] == u'{') {
            ++at;
            while (true) {
                const auto one = label.match(line, at);
                if (!one.hasMatch())
                    return no(line, "label");
                QString value = one.captured(2);
                value.replace(latin("\\n"), latin("\n"))
                    .replace(latin("\\\""), latin("\""))
                    .replace(latin("\\\\"), latin("\\"));
                if (!sample.labels.emplace(one.captured(1), value).second)
                    return no(line, "label twice");
                at = one.capturedEnd();
                if (one.captured(3).isEmpty())
                    break;
            }
            if (at >= line.size() || line[at] != u'}')
                return no(line, "brace");
            ++at;
        }
        bool number = false;
        sample.value = line.mid(at + 1).toDouble(&number);
        if (!number || line[at] != u' ')
            return no(line, "value");
        for (const Sample &other : out[current]) {
            if (other.labels == sample.labels)
                return no(line, "twice");
        }
        out[current].push_back(sample);
    }
    for (const auto &[metric, how] : told) {
        if (how != 2)
            return no(metric, "no TYPE");
        out[metric];
    }
    return out;
}

} // namespace

class TestCtlFormats : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nagiosExit_data()
    {
        QTest::addColumn<QString>("paths");
        QTest::addColumn<QString>("roots");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QString>("word");
        const auto row = [](const char *name, const char *paths, const char *roots, int exit, const char *word) {
            QTest::newRow(name) << latin(paths) << latin(roots) << exit << latin(word);
        };
        row("all work", "wwww", "", 0, "OK");
        row("all work, worth knowing", "wwww", "i", 0, "OK");
        row("all work, a warning", "wwww", "iw", 1, "WARNING");
        row("all work, an error", "wwww", "we", 2, "CRITICAL");
        row("one broken, no diagnosis", "wwbw", "", 2, "CRITICAL");
        row("one broken, a warning", "wwbw", "w", 2, "CRITICAL");
        row("one broken, an error", "wwbw", "e", 2, "CRITICAL");
        row("one unknown", "wwuw", "", 3, "UNKNOWN");
        row("one unknown, worth knowing", "wwuw", "i", 3, "UNKNOWN");
        row("one unknown, a warning", "wwuw", "w", 3, "UNKNOWN");
        row("one unknown, an error", "wwuw", "e", 2, "CRITICAL");
        row("unknown and broken", "ubww", "", 2, "CRITICAL");
        row("all unknown", "uuuu", "", 3, "UNKNOWN");
        row("no path", "", "", 3, "UNKNOWN");
        row("no path, an error", "", "e", 2, "CRITICAL");
    }

    void nagiosExit()
    {
        QFETCH(QString, paths);
        QFETCH(QString, roots);
        QFETCH(QString, word);
        CheckReport report = reportOf(qPrintable(paths));
        report.diagnosis = diagnosisOf(qPrintable(roots));
        const NagiosAnswer answer = nagios(report);
        QTEST(answer.exit, "exit");
        QVERIFY2(answer.line.startsWith(QStringLiteral("SIXGATE %1 - ").arg(word)), qPrintable(answer.line));
        QCOMPARE(answer.line.count(u'\n'), 1);
        QCOMPARE(answer.line.count(u'|'), 1);
    }

    void nagiosLines_data()
    {
        QTest::addColumn<QString>("paths");
        QTest::addColumn<bool>("explained");
        QTest::addColumn<QString>("roots");
        QTest::addColumn<QString>("line");
        QTest::newRow("all work") << latin("wwww") << false << QString()
                                  << latin(
                                         "SIXGATE OK - 4 of 4 paths work|'cloud.example.org v4'=0.121s;;;0; "
                                         "'cloud.example.org upstream'=0.122s;;;0; 'cloud.example.org v6'=0.123s;;;0; "
                                         "'cloud.example.org lan'=0.124s;;;0; working=4;;;0;4 errors=0;;;0; "
                                         "warnings=0;;;0; time=3.456s;;;0;\n");
        QTest::newRow("no diagnosis") << latin("bu") << false << QString()
                                      << latin("SIXGATE CRITICAL - 0 of 2 paths work; cloud.example.org v4: Nobody "
                                               "answers.; cloud.example.org upstream: Nobody answers.|"
                                               "'cloud.example.org v4'=0.121s;;;0; working=0;;;0;2 errors=0;;;0; "
                                               "warnings=0;;;0; time=3.456s;;;0;\n");
        QTest::newRow("explained") << latin("b") << true << latin("ewi")
                                   << latin("SIXGATE CRITICAL - 0 of 1 paths work; The title of code-1.; The title of "
                                            "code-2.|'cloud.example.org v4'=0.121s;;;0; working=0;;;0;1 errors=1;;;0; "
                                            "warnings=1;;;0; time=3.456s;;;0;\n");
        QTest::newRow("an error that explains another thing")
            << latin("b") << false << latin("e")
            << latin("SIXGATE CRITICAL - 0 of 1 paths work; The title of code-1.; cloud.example.org v4: Nobody "
                     "answers.|'cloud.example.org v4'=0.121s;;;0; working=0;;;0;1 errors=1;;;0; warnings=0;;;0; "
                     "time=3.456s;;;0;\n");
    }

    void nagiosLines()
    {
        QFETCH(QString, paths);
        QFETCH(QString, roots);
        CheckReport report = reportOf(qPrintable(paths));
        QFETCH(bool, explained);
        for (PathReport &path : report.paths)
            path.explained = explained;
        report.diagnosis = diagnosisOf(qPrintable(roots));
        QTEST(nagios(report).line, "line");
    }

    // What a peer answered must not become data, a second line, or something that a terminal obeys.
    void nagiosObeysNobody()
    {
        CheckReport report = reportOf("b");
        report.paths[0].error->summary = latin("He says: | rta=0ms\nOK\033[31m");
        const QString line = nagios(report).line;
        QVERIFY2(line.contains(latin("He says: / rta=0ms OK?[31m|")), qPrintable(line));
        const NagiosAnswer failed = nagios(Error{ErrorCode::NotFound, latin("No | file\nthere."), {}, {}});
        QCOMPARE(failed.line, latin("SIXGATE UNKNOWN - No / file there.\n"));
        QCOMPARE(failed.exit, 3);
    }

    void prometheusGolden()
    {
        CheckReport report = reportOf("wbu");
        report.diagnosis = diagnosisOf("ew");
        report.diagnosis.roots[1].timeToVisible = std::chrono::seconds(120);
        report.diagnosis.consequences = {conditionOf("explained", Severity::Error)};
        report.paths[0].certificate = CertificateSeen{{}, Fingerprint::ofBytes("x"),
                                                      {}, {},
                                                      {}, false,
                                                      {}, QDateTime::fromSecsSinceEpoch(1'800'000'000, Qt::UTC)};
        QCOMPARE(prometheus(report),
                 latin(R"(# HELP sixgate_path_up Whether the path was proven; 0: it is broken, or could not be checked.
# TYPE sixgate_path_up gauge
sixgate_path_up{service="cloud",name="cloud.example.org",path="v4"} 1
sixgate_path_up{service="cloud",name="cloud.example.org",path="upstream"} 0
sixgate_path_up{service="cloud",name="cloud.example.org",path="v6"} 0
# HELP sixgate_path_unknown Whether the path could not be checked.
# TYPE sixgate_path_unknown gauge
sixgate_path_unknown{service="cloud",name="cloud.example.org",path="v4"} 0
sixgate_path_unknown{service="cloud",name="cloud.example.org",path="upstream"} 0
sixgate_path_unknown{service="cloud",name="cloud.example.org",path="v6"} 1
# HELP sixgate_path_seconds How long the probe of the path took.
# TYPE sixgate_path_seconds gauge
sixgate_path_seconds{service="cloud",name="cloud.example.org",path="v4"} 0.121
sixgate_path_seconds{service="cloud",name="cloud.example.org",path="upstream"} 0.122
# HELP sixgate_certificate_not_after_seconds When the certificate that was shown on the path expires, in seconds since 1970.
# TYPE sixgate_certificate_not_after_seconds gauge
sixgate_certificate_not_after_seconds{service="cloud",name="cloud.example.org",path="v4"} 1800000000
# HELP sixgate_condition A condition that no other one explains; it is there while it is true.
# TYPE sixgate_condition gauge
sixgate_condition{code="code-1",severity="error",about="nas"} 1
sixgate_condition{code="code-2",severity="warning",about="nas"} 1
# HELP sixgate_condition_visible_after_seconds How long the condition should last before somebody is told; 0: it does not pass by itself.
# TYPE sixgate_condition_visible_after_seconds gauge
sixgate_condition_visible_after_seconds{code="code-1",severity="error",about="nas"} 0
sixgate_condition_visible_after_seconds{code="code-2",severity="warning",about="nas"} 120
# HELP sixgate_check_seconds How long the check took.
# TYPE sixgate_check_seconds gauge
sixgate_check_seconds 3.456
# HELP sixgate_check_success Whether the check could be made; what it found is in the other metrics.
# TYPE sixgate_check_success gauge
sixgate_check_success 1
)"));
    }

    void prometheusIsRead()
    {
        QRandomGenerator random(11);
        const QString alphabet = latin("\\\"\n{},= aä#|1");
        for (int round = 0; round < 300; ++round) {
            CheckReport report = reportOf(round % 3 == 0 ? "wbuw" : "wwww");
            if (round % 5 == 0)
                report.paths.push_back(pathOf(PathKind::V4, PathState::Works)); // twice
            std::map<QString, QString> about;
            for (int i = 0; i < round % 4; ++i) {
                QString text;
                for (quint32 k = 0; k < random.bounded(12U); ++k)
                    text += alphabet[qsizetype(random.bounded(quint32(alphabet.size())))];
                const QString code = QStringLiteral("code-%1").arg(i);
                report.diagnosis.roots.push_back(conditionOf(qPrintable(code), Severity::Error, qPrintable(text)));
                about[code] = report.diagnosis.roots.back().about;
            }
            QString why;
            const auto metrics = parsed(prometheus(report), why);
            QVERIFY2(metrics, qPrintable(why));
            QCOMPARE(metrics->size(), size_t(8));
            QCOMPARE(metrics->at(latin("sixgate_path_up")).size(), size_t(4));
            const auto &conditions = metrics->at(latin("sixgate_condition"));
            QCOMPARE(conditions.size(), about.size());
            for (const Sample &one : conditions)
                QCOMPARE(one.labels.at(latin("about")), about.at(one.labels.at(latin("code"))));
            // One for each condition, with its labels: they can be joined.
            const auto &after = metrics->at(latin("sixgate_condition_visible_after_seconds"));
            QCOMPARE(after.size(), conditions.size());
            for (size_t i = 0; i < after.size(); ++i)
                QVERIFY(after[i].labels == conditions[i].labels);
            QCOMPARE(metrics->at(latin("sixgate_check_success"))[0].value, 1.0);
        }
        QString why;
        const auto failed = parsed(prometheusFailed(), why);
        QVERIFY2(failed, qPrintable(why));
        QCOMPARE(failed->at(latin("sixgate_check_success"))[0].value, 0.0);
    }

    // The reader above finds what is wrong: else it would prove nothing.
    void theReaderIsStrict_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("no type") << latin("# HELP a x\na 1\n");
        QTest::newRow("no help") << latin("# TYPE a gauge\na 1\n");
        QTest::newRow("twice") << latin("# HELP a x\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 1\n");
        QTest::newRow("quote") << latin("# HELP a x\n# TYPE a gauge\na{b=\"c\"d\"} 1\n");
        QTest::newRow("backslash") << latin("# HELP a x\n# TYPE a gauge\na{b=\"c\\d\"} 1\n");
        QTest::newRow("no value") << latin("# HELP a x\n# TYPE a gauge\na{b=\"c\"}\n");
        QTest::newRow("no line end") << latin("# HELP a x\n# TYPE a gauge\na 1");
        QTest::newRow("another's sample") << latin("# HELP a x\n# TYPE a gauge\nb 1\n");
    }

    void theReaderIsStrict()
    {
        QFETCH(QString, text);
        QString why;
        QVERIFY(!parsed(text, why));
    }
};

QTEST_GUILESS_MAIN(TestCtlFormats)
#include "tst_ctl_formats.moc"
