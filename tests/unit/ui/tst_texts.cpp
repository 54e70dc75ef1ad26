// That the program can be had in another language: lupdate finds the texts of window and core where the program looks
// for them, and a language made of them is what is shown.

#include "decide/setup.h"
#include "model/text.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

struct Ran {
    int code;
    QString said;
};

Ran run(const char *program, const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.setWorkingDirectory(latin(SIXGATE_SOURCE_DIR));
    process.start(latin(program), arguments);
    if (!process.waitForFinished(60000))
        return {-1, process.errorString()};
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAll())};
}

} // namespace

class TestTexts : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    QString m_texts; ///< what lupdate has found

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        const QString file = m_folder.filePath(latin("sixgate_de.ts"));
        const Ran ran = run(SIXGATE_LUPDATE, {latin("-I"), latin("."), latin("-I"), latin("core"), latin("-locations"),
                                              latin("none"), latin("-source-language"), latin("en"),
                                              latin("-target-language"), latin("de"), latin("ui"), latin("app/desktop"),
                                              latin("core/decide"), latin("core/model"), latin("-ts"), file});
        QVERIFY2(ran.code == 0, qPrintable(ran.said));
        // What it cannot place stands in a context in which nobody looks.
        for (const char *trouble : {"lacks Q_OBJECT", "without context", "Qualifying with unknown"})
            QVERIFY2(!ran.said.contains(latin(trouble)), qPrintable(ran.said));
        QFile texts(file);
        QVERIFY(texts.open(QIODevice::ReadOnly));
        m_texts = QString::fromUtf8(texts.readAll());
        QVERIFY(m_texts.count(latin("<source>")) > 1000);
    }

    // A class that the sources do not have, or one that asks under another name.
    void contexts()
    {
        static const QRegularExpression name(latin("<name>(.*)</name>"));
        QStringList classes;
        for (auto all = name.globalMatch(m_texts); all.hasNext();)
            classes << all.next().captured(1);
        QVERIFY(classes.contains(latin("sixgate::Texts")));
        QVERIFY(classes.contains(latin("sixgate::MainWindow")));
        QVERIFY2(!classes.contains(latin("sixgate")), qPrintable(classes.join(QLatin1Char(' '))));
    }

    void anotherLanguage()
    {
        static const QRegularExpression one(
            latin("<source>([^<]*)</source>\\s*<translation type=\"unfinished\"></translation>"));
        QString texts = m_texts;
        texts.replace(one, QStringLiteral("<source>\\1</source><translation>«\\1»</translation>"));
        const QString file = m_folder.filePath(latin("marked.ts"));
        QFile marked(file);
        QVERIFY(marked.open(QIODevice::WriteOnly));
        marked.write(texts.toUtf8());
        marked.close();
        const Ran ran = run(SIXGATE_LRELEASE, {latin("-silent"), file});
        QVERIFY2(ran.code == 0, qPrintable(ran.said));

        const auto none = [] { return setupNeed(Ipv4Verdict()).sentence; };
        const QString english = none();
        QCOMPARE(english, latin("Whether this home has a public IPv4 address could not be seen."));
        QCOMPARE(spanText(std::chrono::minutes(5)), latin("5 minutes"));
        QTranslator translator;
        QVERIFY(translator.load(m_folder.filePath(latin("marked.qm"))));
        QVERIFY(QCoreApplication::installTranslator(&translator));
        QCOMPARE(none(), QStringLiteral("«%1»").arg(english));
        QCOMPARE(spanText(std::chrono::minutes(5)), QStringLiteral("«%1 minutes»").arg(5));
        QCoreApplication::removeTranslator(&translator);
        QCOMPARE(none(), english);
    }
};

QTEST_MAIN(TestTexts)

#include "tst_texts.moc"
