// The words of the window. It can be had in another language: lupdate finds the texts of window and core where the
// program looks for them, and a language made of them is what is shown.

#include "decide/alarm.h"
#include "decide/setup.h"
#include "model/text.h"
#include "ui/details/dnspage.h"
#include "ui/look/buttonwords.h"

#include <QDirIterator>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>

using namespace sixgate;
using namespace std::chrono_literals;

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
        const Ran ran =
            run(SIXGATE_LUPDATE,
                {latin("-I"), latin("."), latin("-I"), latin("core"), latin("-locations"), latin("none"),
                 latin("-source-language"), latin("en"), latin("-target-language"), latin("de"), latin("ui"),
                 latin("app/desktop"), latin("app/keeping"), latin("app/running"), latin("core"), latin("-ts"), file});
        QVERIFY2(ran.code == 0, qPrintable(ran.said));
        // What it cannot place stands in a context in which nobody looks.
        for (const char *trouble : {"lacks Q_OBJECT", "without context"})
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
        QVERIFY(classes.contains(latin("Texts")));
        QVERIFY(classes.contains(latin("sixgate::MainWindow")));
        QVERIFY2(!classes.contains(latin("sixgate")) && !classes.contains(latin("sixgate::Texts")),
                 qPrintable(classes.join(QLatin1Char(' '))));
    }

    // Each of the core's texts is there for translators.
    void allOfTheCore()
    {
        static const QRegularExpression call(
            latin("(?:Texts::tr\\(|QT_TRANSLATE_NOOP\\(\\s*\"Texts\",)\\s*((?:\"(?:[^\"\\\\\n]|\\\\.)*\"\\s*)+)"));
        static const QRegularExpression piece(latin("\"((?:[^\"\\\\\n]|\\\\.)*)\""));
        QSet<QString> texts;
        const QDir root(latin(SIXGATE_SOURCE_DIR));
        for (const char *folder : {"core", "app/running", "app/keeping"}) {
            QDirIterator files(root.filePath(latin(folder)), {latin("*.h"), latin("*.cpp")}, QDir::Files,
                               QDirIterator::Subdirectories);
            while (files.hasNext()) {
                QFile file(files.next());
                QVERIFY(file.open(QIODevice::ReadOnly));
                const QString source = QString::fromUtf8(file.readAll());
                for (auto all = call.globalMatch(source); all.hasNext();) {
                    QString text;
                    for (auto some = piece.globalMatch(all.next().captured(1)); some.hasNext();)
                        text += some.next().captured(1);
                    texts << text;
                }
            }
        }
        const qsizetype begin = m_texts.indexOf(latin("<name>Texts</name>"));
        const qsizetype end = m_texts.indexOf(latin("</context>"), begin);
        QVERIFY(begin > 0 && end > begin);
        QVERIFY2(texts.size() > 1500, qPrintable(QString::number(texts.size())));
        // The example of a comment.
        texts.remove(QStringLiteral("…"));
        QCOMPARE(m_texts.mid(begin, end - begin).count(latin("<message>")), texts.size());
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
        QVERIFY(!Hostname::parse(latin("cloud")) &&
                Hostname::parse(latin("cloud")).error().summary.contains(QStringLiteral("«it has no dot»")));
        // What machines read stays as it is: a header of a mail is ASCII.
        const QString brief = testErrand(latin("mail"), QDateTime::currentDateTimeUtc()).brief;
        QCOMPARE(brief, latin("a test"));
        QCoreApplication::removeTranslator(&translator);
        QCOMPARE(none(), english);
    }

    void commandsBecomeButtons_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("window");
        QTest::addColumn<QString>("setup");
        QTest::addColumn<QString>("passwordJob");
        // Most is the same wherever the window tells it.
        const auto row = [](const char *text, const QString &window, const QString &setup, const QString &job = {}) {
            QTest::newRow(text) << latin(text) << window << setup << (job.isEmpty() ? window : job);
        };
        row("Store it again: sixgatectl secret set dns.main.key", QStringLiteral("Store it again: Settings, “Set up”"),
            latin("Store it again: in the field here"));
        row("Store the right one: sixgatectl secret set vps.vps.password. Where it is right, look there.",
            QStringLiteral("Store the right one: Settings, “Set up”. Where it is right, look there."),
            latin("Store the right one: in the field here. Where it is right, look there."),
            QStringLiteral("Store the right one: “Try again” asks for it. Where it is right, look there."));
        row("Then: sixgatectl apply, and where a keeper runs: sixgatectl status check.",
            QStringLiteral("Then: VPS, “Redeploy”, and where a keeper runs: Overview, “Check now”."),
            QStringLiteral("Then: the page “Review”, and where a keeper runs: “Check again”."));
        row("Log in by password: set \"auth\" to \"password\" in the site file and store it: sixgatectl secret set "
            "vps.vps.password",
            QStringLiteral("Log in by password: set \"auth\" to \"password\" in the site file and store it: Settings, "
                           "“Set up”"),
            QStringLiteral("Log in by password: choose “The password” on the page “VPS”"),
            QStringLiteral("Log in by password: set \"auth\" to \"password\" in the site file and store it: “Try "
                           "again” asks for it"));
        // Of these the form does not ask.
        row("Store it: sixgatectl secret set vps.vps.sudo-password. Or let admin use sudo without one.",
            QStringLiteral("Store it: Settings, “Set up”. Or let admin use sudo without one."),
            latin("Store it: in the field here. Or let admin use sudo without one."));
        row("Read them and set \"agreeToTerms\" to true in the site file.",
            latin("Read them and set \"agreeToTerms\" to true in the site file."),
            QStringLiteral("Read them and agree to them on the page “Services”."));
        row("Correct the zone of the DNS account in the site file.",
            latin("Correct the zone of the DNS account in the site file."),
            latin("Correct the zone of the DNS account in this setup."));
        // One command goes on with a move and cleans the machine before.
        row("Go on with: sixgatectl vps replace (it waits for the run's end first).",
            QStringLiteral("Go on with: VPS, “Go on with the move” (it waits for the run's end first)."),
            QStringLiteral("Go on with: VPS, “Go on with the move” (it waits for the run's end first)."));
        row("After that, clean it with: sixgatectl vps replace",
            QStringLiteral("After that, clean it with: VPS, “Clean the old machine”"),
            QStringLiteral("After that, clean it with: VPS, “Clean the old machine”"));
        row("Clean it: sixgatectl vps replace. If that machine is gone, give it up: sixgatectl vps replace "
            "--abandon-old",
            QStringLiteral("Clean it: VPS, “Clean the old machine”. If that machine is gone, give it up: VPS, “Give "
                           "the old machine up”"),
            QStringLiteral("Clean it: VPS, “Clean the old machine”. If that machine is gone, give it up: VPS, “Give "
                           "the old machine up”"));
        row("Clean it there. Then go on: sixgatectl vps replace",
            QStringLiteral("Clean it there. Then go on: VPS, “Go on with the move”"),
            QStringLiteral("Clean it there. Then go on: VPS, “Go on with the move”"));
        row("Give up what was left there (sixgatectl vps replace --abandon-old), then move to it.",
            QStringLiteral("Give up what was left there (VPS, “Give the old machine up”), then move to it."),
            QStringLiteral("Give up what was left there (VPS, “Give the old machine up”), then move to it."));
        row("Go on with it again: sixgatectl vps replace --address 192.0.2.20 --address 2001:db8::2f. Soon.",
            QStringLiteral("Go on with it again: VPS, “New VPS”. Soon."),
            QStringLiteral("Go on with it again: VPS, “New VPS”. Soon."));
        row("Move: sixgatectl vps replace --address 192.0.2.20 --port 22",
            latin("Move: sixgatectl vps replace --address 192.0.2.20 --port 22"),
            latin("Move: sixgatectl vps replace --address 192.0.2.20 --port 22"));
        row("Store the new ones (sixgatectl secret set), then: sixgatectl apply",
            QStringLiteral("Store the new ones (Settings, “Set up”), then: VPS, “Redeploy”"),
            QStringLiteral("Store the new ones (in the field here), then: the page “Review”"));
        row("Compare it: sixgatectl vps trust --new-key", latin("Compare it: sixgatectl vps trust --new-key"),
            latin("Compare it: sixgatectl vps trust --new-key"));
        row("Start it: sixgatectl keep", latin("Start it: sixgatectl keep"), latin("Start it: sixgatectl keep"));
    }

    void commandsBecomeButtons()
    {
        QFETCH(QString, text);
        QFETCH(QString, window);
        QFETCH(QString, setup);
        QCOMPARE(buttonWords(text), window);
        QCOMPARE(buttonWords(text, ToldIn::Setup), setup);
        QFETCH(QString, passwordJob);
        QCOMPARE(buttonWords(text, ToldIn::PasswordJob), passwordJob);
    }

    // What this computer's resolver says of a record, and how long it still will.
    void resolverSays_data()
    {
        QTest::addColumn<QStringList>("values");
        QTest::addColumn<int>("since");
        QTest::addColumn<QString>("text");
        QTest::newRow("as wanted") << QStringList{latin("198.51.100.10")} << 19 << latin("as wanted, 41 s left");
        QTest::newRow("over") << QStringList{latin("198.51.100.10")} << 60 << latin("as wanted, 0 s left");
        QTest::newRow("another") << QStringList{latin("192.0.2.1")} << 0 << latin("192.0.2.1, 60 s left");
        QTest::newRow("none") << QStringList() << 0 << latin("none, 60 s left");
    }

    void resolverSays()
    {
        QFETCH(QStringList, values);
        QFETCH(int, since);
        QFETCH(QString, text);
        const RecordSet right{
            *Hostname::parse(latin("cloud.example.org")), RecordType::A, 60s, {latin("198.51.100.10")}};
        ResolverSeen seen;
        QCOMPARE(resolverText(right.values, &seen, 0s), latin("does not tell"));
        RecordSet told = right;
        told.values = {values.begin(), values.end()};
        seen.answer = told;
        QCOMPARE(resolverText(right.values, &seen, std::chrono::seconds(since)), text);
        QCOMPARE(resolverText(right.values, nullptr, 0s), latin("not asked"));
    }
};

QTEST_MAIN(TestTexts)

#include "tst_texts.moc"
