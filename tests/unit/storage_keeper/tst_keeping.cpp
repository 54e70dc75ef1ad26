// What a keeper must not forget: complete or not at all, whenever it is killed, and never thrown away by itself.

#include "storage/keeping.h"

#include "storage/state.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <thread>

#include <memory>
#include <sys/stat.h>

using namespace sixgate;

namespace
{

Label label(const char *name)
{
    return *Label::parse(QString::fromLatin1(name));
}

Label home()
{
    return label("home");
}

QDateTime at(qint64 milliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(1'795'000'000'000 + milliseconds, Qt::UTC);
}

PacedRecord record(const char *account, const char *name, RecordType type = RecordType::AAAA)
{
    return {label(account), {*Hostname::parse(QString::fromLatin1(name)), type}};
}

Keeping everything()
{
    Keeping keeping;
    keeping.machine = QStringLiteral("m-0123456789abcdef");
    keeping.leadership = {KeeperRole::Leader, at(7)};
    PaceState state;
    state.updates = {at(1), at(1), at(2003)};
    state.refusals = 3;
    state.blocked = at(60001);
    state.stopped = QStringLiteral("“badauth”\n");
    state.accepted = QStringLiteral("2001:db8:1::11");
    state.stands = true;
    state.sending = QStringLiteral("2001:db8:2::11");
    state.clockSeen = at(2004);
    state.sendingCount = 3;
    state.past.ours = QStringLiteral("2001:db8:1::11");
    state.past.stands = true;
    state.past.earlier = {QStringLiteral("2001:db8:9::11"), QString(QLatin1String(""))};
    state.past.foreign = {{at(5), QStringLiteral("203.0.113.7")}, {at(6), QString(QLatin1String(""))}};
    state.past.refused = QStringLiteral("nohost");
    state.past.ttl = std::chrono::seconds(300);
    state.past.taken = QString(QLatin1String(""));
    state.past.renewed = at(9);
    keeping.paces[record("main", "cloud.example.org")] = state;
    keeping.paces[record("main", "cloud.example.org", RecordType::A)] = {};
    PaceState none;
    none.accepted = QString(QLatin1String("")); // there is no record, and that stands
    none.stands = true;
    keeping.paces[record("second", "cloud.example.org")] = none;
    return keeping;
}

} // namespace

class TestKeeping : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString file() const { return stateFolder(home()) + QStringLiteral("/keeping.json"); }
    QString files() const
    {
        return QDir(stateFolder(home())).entryList(QDir::Files | QDir::Hidden).join(QLatin1Char(' '));
    }

    void write(const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        QFile out(file());
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate));
        out.write(content);
    }

    QByteArray content() const
    {
        QFile in(file());
        return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray("not there");
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("state"))));
    }

    void nothingYet()
    {
        const auto keeping = loadKeeping(home());
        QVERIFY(keeping);
        QVERIFY(*keeping == Keeping());
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void savedAndLoaded()
    {
        QVERIFY(saveKeeping(home(), everything()));
        const auto loaded = loadKeeping(home());
        QVERIFY2(loaded, loaded ? "" : qPrintable(loaded.error().detail));
        QVERIFY(*loaded == everything());
        struct stat status;
        QCOMPARE(::stat(QFile::encodeName(file()).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0600);
        QCOMPARE(::stat(QFile::encodeName(stateFolder(home())).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0700);
        QCOMPARE(files(), QStringLiteral("keeping.json"));
        QVERIFY(*loadKeeping(label("flat")) == Keeping());
        for (const KeeperRole role : {KeeperRole::Leader, KeeperRole::Follower, KeeperRole::Away}) {
            Keeping keeping;
            keeping.leadership.role = role;
            QVERIFY(saveKeeping(home(), keeping));
            QVERIFY(*loadKeeping(home()) == keeping);
        }
    }

    // A person is to know which machine leads, and the VPS is to take the name.
    void machineHasTheHostsName()
    {
        const QRegularExpression form(QStringLiteral("^[a-z0-9][a-z0-9-]{0,63}$"));
        for (const auto &[host, begins] :
             std::initializer_list<std::pair<const char *, const char *>>{{"desktop", "desktop-"},
                                                                          {"My-PC.fritz.box", "my-pc-"},
                                                                          {"--odd", "odd-"},
                                                                          {"", "m-"},
                                                                          {"\xe5\xae\xb6", "m-"},
                                                                          {"a b\nc", "abc-"}}) {
            const QString name = newMachineName(QString::fromUtf8(host));
            QVERIFY2(form.match(name).hasMatch() && name.startsWith(QLatin1String(begins)), qPrintable(name));
        }
        QVERIFY(form.match(newMachineName(QString(200, QLatin1Char('x')))).hasMatch());
        QVERIFY(newMachineName(QStringLiteral("pi")) != newMachineName(QStringLiteral("pi")));
    }

    void machineIsNamedOnce()
    {
        const auto begun = beginKeeping(home());
        QVERIFY(begun);
        static const QRegularExpression form(QStringLiteral("\\A[a-z0-9][a-z0-9-]{0,40}-[0-9a-f]{8}\\z"));
        QVERIFY2(form.match(begun->machine).hasMatch(), qPrintable(begun->machine));
        QCOMPARE(beginKeeping(home())->machine, begun->machine);
        QCOMPARE(loadKeeping(home())->machine, begun->machine);
        QVERIFY(beginKeeping(label("flat"))->machine != begun->machine);
        QVERIFY(saveKeeping(home(), everything()));
        QVERIFY(*beginKeeping(home()) == everything());
    }

    void damaged_data()
    {
        QTest::addColumn<QByteArray>("before"); // in what was saved; nothing: all of it
        QTest::addColumn<QByteArray>("after");  // in place of it
        QTest::addColumn<QString>("place");
        const auto row = [](const char *name, const char *before, const char *after, const char *place) {
            QTest::newRow(name) << QByteArray(before) << QByteArray(after) << QString::fromLatin1(place);
        };
        row("empty", "", "", "");
        row("not JSON", "", "x", "line 1");
        row("cut off", "", "{\"schema\": 1,", "");
        row("newer", "\"schema\": 1", "\"schema\": 2", "newer Sixgate");
        row("no schema", "\"schema\": 1", "\"stands\": 1", "schema");
        row("unknown key", "\"schema\": 1", "\"schema\": 1, \"x\": 1", "x");
        row("key twice", "\"schema\": 1", "\"schema\": 1, \"schema\": 1", "schema");
        row("bad machine", "\"m-0123456789abcdef\"", "\"m 0\"", "machine");
        row("machine with a line", "\"m-0123456789abcdef\"", "\"m\\n\"", "machine");
        row("no machine", "\"machine\": \"m-0123456789abcdef\",", "", "machine");
        row("bad role", "\"leader\"", "\"king\"", "leadership.role");
        row("bad time of the lead", "\"led\": 1795000000007", "\"led\": \"x\"", "leadership.led");
        row("bad account", "\"second\"", "\"../second\"", "account");
        row("bad name", "cloud.example.org", "*", "name");
        row("bad type", "\"AAAA\"", "\"MX\"", "type");
        row("bad update", "1795000002003", "-1", "updates");
        row("updates out of order", "1795000002003", "17", "updates");
        row("bad refusals", "\"refusals\": 3", "\"refusals\": -3", "refusals");
        row("too many refusals", "\"refusals\": 3", "\"refusals\": 3e9", "refusals");
        row("bad pause", "1795000060001", "1e300", "blocked");
        row("bad value", "\"2001:db8:1::11\"", "7", "accepted");
        row("bad count", "\"sendingCount\": 3", "\"sendingCount\": 0", "sendingCount");
        row("bad time of another's change", "1795000000005", "\"x\"", "past.foreign");
        row("no time of another's change", "\"at\": 1795000000005,", "", "past.foreign");
        row("bad earlier value", "\"2001:db8:9::11\"", "7", "past.earlier");
        row("bad time to live", "\"ttl\": 300", "\"ttl\": -1", "past.ttl");
        row("bad renewal", "1795000000009", "\"soon\"", "past.renewed");
        row("a record twice", "\"second\"", "\"main\"", "twice");
    }

    void damaged()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QFETCH(QString, place);
        QVERIFY(saveKeeping(home(), everything()));
        QByteArray text = content();
        if (before.isEmpty()) {
            text = after;
        } else {
            const qsizetype index = text.indexOf(before);
            QVERIFY2(index >= 0, text.constData());
            text.replace(index, before.size(), after);
        }
        write(text);
        for (const auto &keeping : {loadKeeping(home()), beginKeeping(home())}) {
            QVERIFY(!keeping);
            QCOMPARE(keeping.error().code, ErrorCode::Invalid);
            QVERIFY2(keeping.error().summary.contains(file()), qPrintable(keeping.error().summary));
            QVERIFY2(keeping.error().detail.contains(place), qPrintable(keeping.error().detail));
            QVERIFY(!keeping.error().fix.isEmpty());
        }
        QCOMPARE(content(), text);
    }

    // Schema 1 has these keys, before and after the alarm: who reads it, older or newer, writes all of it back.
    void keysOfItsSchema()
    {
        QVERIFY(saveKeeping(home(), everything()));
        QJsonObject root = QJsonDocument::fromJson(content()).object();
        QCOMPARE(root.keys().join(QLatin1Char(' ')), QStringLiteral("leadership machine records schema"));
        QCOMPARE(root[QStringLiteral("schema")].toInt(), 1);
        // For a while there was one more, whatever is in it.
        root[QStringLiteral("alarm")] = QJsonObject{{QStringLiteral("open"), 7}};
        write(QJsonDocument(root).toJson());
        QVERIFY(*beginKeeping(home()) == everything());
        QVERIFY(saveKeeping(home(), everything()));
        QVERIFY(!content().contains("alarm"));
    }

    // Several processes change their own parts at the same time.
    void changedByMany()
    {
        QVERIFY(saveKeeping(home(), Keeping()));
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([i] {
                for (int k = 0; k < 25; ++k) {
                    const auto done = updateKeeping(home(), [&](Keeping &kept) {
                        const auto name = QStringLiteral("n%1-%2.example.org").arg(i).arg(k);
                        kept.paces[record("main", qPrintable(name))].stopped = QStringLiteral("x");
                    });
                    if (!done)
                        qFatal("%s", qPrintable(done.error().summary));
                }
            });
        }
        for (std::thread &one : threads)
            one.join();
        QCOMPARE(int(loadKeeping(home())->paces.size()), 100);
        // What changes nothing writes nothing.
        QVERIFY(QFile::remove(file()));
        QVERIFY(updateKeeping(home(), [](Keeping &) {}));
        QVERIFY(!QFile::exists(file()));
        write("x");
        QVERIFY(!updateKeeping(home(), [](Keeping &kept) { kept.paces.clear(); }));
        QCOMPARE(content(), QByteArray("x"));
    }

    void cannotBeWritten()
    {
        write("x");
        QVERIFY(QFile::remove(file()));
        QVERIFY(QDir().mkpath(file()));
        QVERIFY(!saveKeeping(home(), everything()));
        QVERIFY(!loadKeeping(home()));
    }

    // Killed at any moment, it leaves what was before or what came after, and nothing else for long.
    void survivesAKill()
    {
        qint64 last = -1;
        for (int i = 0; i < 30; ++i) {
            QProcess keeper;
            keeper.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("keep"), QStringLiteral("home")});
            QVERIFY(keeper.waitForReadyRead(20000));
            QCOMPARE(keeper.readLine(), QByteArray("begun\n"));
            QTest::qWait(i * 2);
            keeper.kill();
            QVERIFY(keeper.waitForFinished());
            const auto keeping = loadKeeping(home());
            QVERIFY2(keeping, keeping ? "" : qPrintable(keeping.error().detail));
            QVERIFY(keeping->leadership.led);
            const qint64 turn = at(0).secsTo(*keeping->leadership.led);
            QCOMPARE(qint64(keeping->paces.size()), 200 + turn % 2);
            for (const auto &[key, state] : keeping->paces)
                QCOMPARE(state.accepted.value_or(QString()), QString::number(turn));
            last = std::max(last, turn);
        }
        QVERIFY2(last > 0, "it never got beyond its first turn");
        QVERIFY(beginKeeping(home()));
        QCOMPARE(files(), QStringLiteral("keeping.json"));
    }
};

QTEST_GUILESS_MAIN(TestKeeping)
#include "tst_keeping.moc"
