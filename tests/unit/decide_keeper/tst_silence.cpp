// When the home falls silent, and is back: told once each.

#include "decide/silence.h"

#include <QTest>

using namespace sixgate;
using std::chrono::seconds;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QDateTime at(qint64 second)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000 + second, Qt::UTC);
}

} // namespace

class TestSilence : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // "SECOND push", or "SECOND ?": what is said; each word is kept as told.
    void words_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("words");
        const auto row = [](const char *name, const char *script, const char *words) {
            QTest::newRow(name) << latin(script) << latin(words);
        };
        row("never pushed", "0 ?; 9999 ?", "- -");
        row("pushes", "0 push; 15 ?; 299 ?", "- -");
        row("silent", "0 push; 300 ?; 301 ?; 9999 ?", "silent:0+300 - -");
        row("back", "0 push; 300 ?; 720 push; 721 ?; 722 ?", "silent:0+300 back:0+720 -");
        row("back and silent again", "0 push; 300 ?; 400 push; 800 ?; 801 ?; 802 ?",
            "silent:0+300 back:0+400 silent:400+401 -");
        row("a push in time", "0 push; 290 push; 310 ?; 590 ?", "- silent:290+300");
        row("clock set back: a push in the future", "1000 push; 0 ?; 1299 ?; 1300 ?", "- - silent:1000+300");
        row("clock set back after the alarm", "1000 push; 1300 ?; 10 push; 11 ?; 12 ?",
            "silent:1000+300 back:1000+0 -");
    }

    void words()
    {
        QFETCH(QString, script);
        std::optional<QDateTime> lastPush;
        SilenceTold told;
        QStringList out;
        for (const QString &step : script.split(QLatin1Char(';'))) {
            const QStringList parts = step.split(QLatin1Char(' '), Qt::SkipEmptyParts);
            const QDateTime now = at(parts[0].toLongLong());
            if (parts[1] == QLatin1String("push")) {
                lastPush = now;
                continue;
            }
            const SilenceWord word = listenForSilence(lastPush, SilenceThreshold, told, now);
            told = word.told;
            QCOMPARE(word.text.isEmpty(), word.what == SilenceWord::What::Nothing);
            out << (word.what == SilenceWord::What::Nothing
                        ? latin("-")
                        : QStringLiteral("%1:%2+%3")
                              .arg(latin(word.what == SilenceWord::What::Silent ? "silent" : "back"))
                              .arg(at(0).secsTo(word.since))
                              .arg(word.span.count()));
        }
        QTEST(out.join(QLatin1Char(' ')), "words");
    }

    void texts()
    {
        const auto silent = listenForSilence(at(0), seconds(300), {}, at(300));
        QCOMPARE(
            silent.text,
            latin("The home has been silent since 2026-11-18 11:06:40 UTC, for 5 minutes: no machine there pushes."));
        const auto back = [&](qint64 after) {
            return listenForSilence(at(after), seconds(300), silent.told, at(after));
        };
        QCOMPARE(back(301).text,
                 latin("The home pushes again, after a silence of 5 minutes since 2026-11-18 11:06:40 UTC."));
        QVERIFY(back(7200).text.contains(latin("of 2 hours since")));
        QVERIFY(back(3 * 86400).text.contains(latin("of 3 days since")));
        QVERIFY(listenForSilence(at(0), seconds(0), {}, at(1)).text.contains(latin("for 1 second:")));
    }
};

QTEST_GUILESS_MAIN(TestSilence)
#include "tst_silence.moc"
