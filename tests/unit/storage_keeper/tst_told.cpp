// What was told to whom: complete or not at all, and in nobody's way where it cannot be read.

#include "storage/told.h"

#include "storage/state.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <sys/stat.h>

using namespace sixgate;

namespace
{

Label home()
{
    return *Label::parse(QStringLiteral("home"));
}

QDateTime at(qint64 milliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(1'795'000'000'000 + milliseconds, Qt::UTC);
}

AlarmMemory everything()
{
    const AlarmMatter over{at(11), at(12013), {QStringLiteral("“nas” is down.\n")}, true};
    AlarmMemory memory;
    memory.open = AlarmMatter{at(20017), {}, {}, false};
    memory.led = {QStringLiteral("2001:db8:1::/64")};
    memory.channels[QStringLiteral("mail")] = {memory.open, std::nullopt};
    memory.channels[QStringLiteral("phone")] = {over, over};
    return memory;
}

} // namespace

class TestTold : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString file() const { return stateFolder(home()) + QStringLiteral("/told.json"); }
    QString files() const
    {
        return QDir(stateFolder(home())).entryList(QDir::Files | QDir::Hidden).join(QLatin1Char(' '));
    }
    static QByteArray contentOf(const QString &path)
    {
        QFile in(path);
        return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray("not there");
    }
    void write(const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        QFile out(file());
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate));
        out.write(content);
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("state"))));
    }

    void nothingYet()
    {
        QVERIFY(loadTold(home()) == AlarmMemory());
        QVERIFY(beginTold(home()) == AlarmMemory());
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void savedAndLoaded()
    {
        for (const AlarmMemory &memory : {everything(), AlarmMemory()}) {
            QVERIFY(saveTold(home(), memory));
            QVERIFY(loadTold(home()) == memory);
        }
        struct stat status;
        QCOMPARE(::stat(QFile::encodeName(file()).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0600);
        QCOMPARE(files(), QStringLiteral("told.json"));
        QFile left(stateFolder(home()) + QStringLiteral("/.told.json.4711~"));
        QVERIFY(left.open(QIODevice::WriteOnly));
        QVERIFY(beginTold(home()) == AlarmMemory());
        QCOMPARE(files(), QStringLiteral("told.json"));
    }

    void putAside_data()
    {
        QTest::addColumn<QByteArray>("before"); // in what was saved; nothing: all of it
        QTest::addColumn<QByteArray>("after");  // in place of it
        const auto row = [](const char *name, const char *before, const char *after) {
            QTest::newRow(name) << QByteArray(before) << QByteArray(after);
        };
        row("empty", "", "");
        row("not JSON", "", "x");
        row("cut off", "", "{\"schema\": 1,");
        row("newer", "\"schema\": 1", "\"schema\": 2");
        row("newer, with a new key", "\"schema\": 1", "\"schema\": 2, \"x\": 1");
        row("no schema", ",\n    \"schema\": 1", "");
        row("unknown key", "\"schema\": 1", "\"schema\": 1, \"x\": 1");
        row("bad time", "\"since\": 1795000020017", "\"since\": \"x\"");
        row("a trouble without a time", "\"since\": 1795000020017", "\"until\": 1795000020017");
        row("bad channel", "\"name\": \"phone\"", "\"name\": \"../phone\"");
        row("a channel twice", "\"name\": \"phone\"", "\"name\": \"mail\"");
        row("bad sentence", "\"“nas” is down.\\n\"", "7");
        row("a bad prefix", "\"2001:db8:1::/64\"", "{}");
    }

    // No keeper ends for it, and what is there is kept for whoever knows better.
    void putAside()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QVERIFY(saveTold(home(), everything()));
        QByteArray text = contentOf(file());
        if (before.isEmpty()) {
            text = after;
        } else {
            const qsizetype index = text.lastIndexOf(before);
            QVERIFY2(index >= 0, text.constData());
            text.replace(index, before.size(), after);
        }
        write(text);
        QVERIFY(loadTold(home()) == AlarmMemory());
        QCOMPARE(files(), QStringLiteral("told.json.damaged"));
        QCOMPARE(contentOf(file() + QStringLiteral(".damaged")), text);
        QVERIFY(saveTold(home(), everything()));
        QVERIFY(loadTold(home()) == everything());
    }

    void cannotBeRead()
    {
        QVERIFY(QDir().mkpath(file()));
        QVERIFY(loadTold(home()) == AlarmMemory());
        QVERIFY(!saveTold(home(), everything()) || loadTold(home()) == everything());
    }
};

QTEST_GUILESS_MAIN(TestTold)
#include "tst_told.moc"
