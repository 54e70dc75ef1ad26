// What happened, for people to look back on: kept, bounded, and thrown away rather than in the way.

#include "storage/history.h"

#include "storage/state.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <sqlite3.h>
#include <sys/stat.h>

using namespace sixgate;
using std::chrono::milliseconds;

namespace
{

Label home()
{
    return *Label::parse(QStringLiteral("home"));
}

QDateTime at(qint64 span)
{
    return QDateTime::fromMSecsSinceEpoch(1'795'000'000'000 + span, Qt::UTC);
}

Recovery full()
{
    Recovery one;
    one.at = at(123);
    one.cause = QStringLiteral("event ' \" \n ü");
    one.server = *Label::parse(QStringLiteral("nas"));
    one.oldPrefix = *Ipv6Prefix::parse(QStringLiteral("2001:db8:1::/56"));
    one.newPrefix = *Ipv6Prefix::parse(QStringLiteral("2001:db8:2::/56"));
    one.oldAddress = *Ipv6Address::parse(QStringLiteral("2001:db8:1::11"));
    one.newAddress = *Ipv6Address::parse(QStringLiteral("2001:db8:2::11"));
    one.usable = milliseconds(61);
    one.dnsWritten = milliseconds(102);
    one.dnsRead = milliseconds(143);
    one.pushed = milliseconds(0);
    one.proven = {{PathKind::V4, milliseconds(300)},
                  {PathKind::Upstream, milliseconds(301)},
                  {PathKind::V6, milliseconds(61000)},
                  {PathKind::Lan, milliseconds(302)}};
    one.end = RecoveryEnd::Finished;
    return one;
}

Recovery bare(qint64 span)
{
    Recovery one;
    one.at = at(span);
    one.cause = QStringLiteral("poll");
    return one;
}

KeeperTransition transition(qint64 span)
{
    return {0,
            at(span),
            QStringLiteral("role"),
            QStringLiteral("follower"),
            QStringLiteral("leader"),
            QStringLiteral("This machine holds the lease at the VPS.")};
}

/// Runs SQL on a file without Sixgate.
void runSql(const QString &path, const char *sql)
{
    sqlite3 *database = nullptr;
    QCOMPARE(sqlite3_open(QFile::encodeName(path).constData(), &database), SQLITE_OK);
    char *message = nullptr;
    QVERIFY2(sqlite3_exec(database, sql, nullptr, nullptr, &message) == SQLITE_OK, message);
    QCOMPARE(sqlite3_close(database), SQLITE_OK);
}

} // namespace

class TestHistory : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString file() const { return stateFolder(home()) + QStringLiteral("/history.sqlite"); }
    QString aside() const { return file() + QStringLiteral(".damaged"); }

    static QByteArray read(const QString &path)
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

    static int modeOf(const QString &path)
    {
        struct stat status;
        return ::stat(QFile::encodeName(path).constData(), &status) == 0 ? int(status.st_mode & 07777) : -1;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("state"))));
    }

    void addedAndListed()
    {
        Recovery second = bare(5);
        {
            auto history = History::open(home());
            QVERIFY2(history, history ? "" : qPrintable(history.error().detail));
            QVERIFY(history->recoveries(10)->empty());
            QVERIFY(history->transitions(10)->empty());
            Recovery first = full();
            first.id = *history->add(first);
            second.id = *history->add(second);
            QVERIFY(second.id > first.id);
            QVERIFY(*history->recoveries(10) == (std::vector<Recovery>{second, first}));
            QVERIFY(*history->recoveries(1) == (std::vector<Recovery>{second}));
            QVERIFY(history->recoveries(0)->empty());
            QVERIFY(history->recoveries(-1)->empty());

            // What comes later, bit by bit, and for each value apart.
            second.newAddress = *Ipv6Address::parse(QStringLiteral("2001:db8:3::11"));
            second.proven[PathKind::V6] = milliseconds(77);
            second.end = RecoveryEnd::Superseded;
            QVERIFY(history->update(second));
            QVERIFY(*history->recoveries(10) == (std::vector<Recovery>{second, first}));

            KeeperTransition changed = transition(9);
            changed.id = *history->add(changed);
            KeeperTransition later = transition(10);
            later.from = QString(QLatin1String(""));
            later.id = *history->add(later);
            QVERIFY(*history->transitions(10) == (std::vector<KeeperTransition>{later, changed}));
            QVERIFY(*history->transitions(1) == (std::vector<KeeperTransition>{later}));
        }
        QCOMPARE(modeOf(file()), 0600);
        QCOMPARE(modeOf(stateFolder(home())), 0700);
        auto again = History::open(home());
        QVERIFY(again);
        QVERIFY(again->recoveries(1)->front() == second);
        QCOMPARE(again->transitions(10)->size(), std::size_t(2));
        History moved(std::move(*again));
        QVERIFY(moved.recoveries(1)->front() == second);
    }

    // Also the files that SQLite makes beside it.
    void nobodyElseReadsIt()
    {
        const mode_t before = ::umask(0);
        auto history = History::open(home());
        QVERIFY(history);
        QVERIFY(history->add(bare(1)));
        ::umask(before);
        for (const QString &name : QDir(stateFolder(home())).entryList(QDir::Files | QDir::Hidden))
            QCOMPARE(modeOf(stateFolder(home()) + QLatin1Char('/') + name), 0600);
        QVERIFY(QFile::exists(file() + QStringLiteral("-wal")));
    }

    void updateOfNothing()
    {
        auto history = History::open(home());
        Recovery one = bare(1);
        one.id = 4711;
        const Outcome updated = history->update(one);
        QVERIFY(!updated);
        QCOMPARE(updated.error().code, ErrorCode::NotFound);
    }

    void openOnesAreSuperseded()
    {
        auto history = History::open(home());
        QVERIFY(history->add(full()));
        QVERIFY(history->add(bare(1)));
        QVERIFY(history->supersedeOpen());
        const auto all = history->recoveries(10);
        QCOMPARE(all->at(0).end, RecoveryEnd::Superseded);
        QCOMPARE(all->at(1).end, RecoveryEnd::Finished);
    }

    void newestAreKept()
    {
        auto history = History::open(home());
        runSql(file(), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5250)"
                       "INSERT INTO recovery (at, cause, ended) SELECT i, 'event', 'finished' FROM n;"
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20250)"
                       "INSERT INTO transition (at, what, old, new, text) SELECT i, 'role', '', '', '' FROM n");
        QVERIFY(history->prune());
        auto recoveries = history->recoveries(100000);
        QCOMPARE(recoveries->size(), std::size_t(5000));
        QCOMPARE(recoveries->front().id, 5250);
        QCOMPARE(recoveries->back().id, 251);
        auto transitions = history->transitions(100000);
        QCOMPARE(transitions->size(), std::size_t(20000));
        QCOMPARE(transitions->back().id, 251);

        // By itself, while it grows.
        for (int i = 0; i < 100; ++i)
            QVERIFY(history->add(bare(i)));
        QVERIFY(history->recoveries(100000)->size() < 5100);
        QCOMPARE(history->recoveries(1)->front().id, 5350);
    }

    void stateIsFlat()
    {
        auto history = History::open(home());
        QElapsedTimer timer;
        timer.start();
        qint64 size = 0;
        for (int i = 0; i < 11000; ++i) {
            QVERIFY(history->add(full()));
            if (i == 5500)
                size = QFile(file()).size();
        }
        qInfo("%lld octets, %lld in the log; %.2f ms to add one", QFile(file()).size(),
              QFile(file() + QStringLiteral("-wal")).size(), double(timer.elapsed()) / 11000);
        QVERIFY(QFile(file()).size() <= size * 11 / 10);
        QVERIFY(QFile(file() + QStringLiteral("-wal")).size() < 8 * 1024 * 1024);
    }

    void damaged_data()
    {
        QTest::addColumn<QString>("damage");
        for (const char *damage : {"text", "cut off", "one page", "header", "many octets"})
            QTest::newRow(damage) << QString::fromLatin1(damage);
    }

    void damaged()
    {
        QFETCH(QString, damage);
        {
            auto history = History::open(home());
            QVERIFY(history);
            for (int i = 0; i < 300; ++i)
                QVERIFY(history->add(full()));
        }
        runSql(file(), "PRAGMA wal_checkpoint(TRUNCATE)");
        QByteArray content = read(file());
        QVERIFY(content.size() > 5 * 4096);
        if (damage == QLatin1String("text"))
            content = QByteArray("This is no database.\n").repeated(1000);
        if (damage == QLatin1String("cut off"))
            content.truncate(content.size() / 2);
        if (damage == QLatin1String("one page"))
            content.replace(3 * 4096, 4096, QByteArray(4096, 'x'));
        if (damage == QLatin1String("header"))
            content.replace(0, 16, QByteArray(16, 'x'));
        if (damage == QLatin1String("many octets")) {
            for (qsizetype i = 4096; i < content.size(); i += 97)
                content[i] = char(0xff);
        }
        write(content);
        auto history = History::open(home());
        QVERIFY2(history, history ? "" : qPrintable(history.error().summary + history.error().detail));
        QVERIFY(history->recoveries(10)->empty());
        QCOMPARE(read(aside()), content);
        QCOMPARE(modeOf(file()), 0600);
        QVERIFY(history->add(full()));
        QCOMPARE(History::open(home())->recoveries(10)->size(), std::size_t(1));
    }

    void emptyFileIsNoDamage()
    {
        write({});
        auto history = History::open(home());
        QVERIFY(history);
        QVERIFY(!QFile::exists(aside()));
        QVERIFY(history->add(full()));
    }

    // A file whose log was lost, or left behind by another file.
    void strangersLog()
    {
        {
            auto history = History::open(home());
            QVERIFY(history->add(full()));
        }
        QFile log(file() + QStringLiteral("-wal"));
        QVERIFY(log.open(QIODevice::WriteOnly));
        log.write(QByteArray(10000, 'x'));
        log.close();
        auto history = History::open(home());
        QVERIFY(history);
        QCOMPARE(history->recoveries(10)->size(), std::size_t(1));
        QVERIFY(history->add(full()));
    }

    void newerIsLeftAlone()
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        runSql(file(), "CREATE TABLE other (x); INSERT INTO other VALUES (1); PRAGMA user_version = 4711");
        const QByteArray content = read(file());
        const auto history = History::open(home());
        QVERIFY(!history);
        QCOMPARE(history.error().code, ErrorCode::Invalid);
        QVERIFY2(history.error().summary.contains(QStringLiteral("newer Sixgate")),
                 qPrintable(history.error().summary));
        QVERIFY(history.error().detail.contains(QStringLiteral("4711")));
        QVERIFY(!history.error().fix.isEmpty());
        QCOMPARE(read(file()), content);
        QVERIFY(!QFile::exists(aside()));
    }

    // Version 0: before there were tables. Others' things in it stay; others' tables of our names are no history.
    void olderIsBroughtUpToDate()
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        runSql(file(), "CREATE TABLE other (x); INSERT INTO other VALUES (1)");
        {
            auto history = History::open(home());
            QVERIFY(history);
            QVERIFY(history->add(full()));
            QVERIFY(!QFile::exists(aside()));
        }
        runSql(file(), "DELETE FROM other WHERE x = 1; PRAGMA user_version = 0");
        auto history = History::open(home());
        QVERIFY(history);
        QVERIFY(QFile::exists(aside()));
        QVERIFY(history->recoveries(10)->empty());
    }

    void noFolder()
    {
        QFile out(m_folder->filePath(QStringLiteral("state")));
        QVERIFY(out.open(QIODevice::WriteOnly));
        QVERIFY(!History::open(home()));
    }

    void twoWriters()
    {
        constexpr int Each = 400;
        const QString count = QString::number(Each);
        QProcess one, two;
        for (QProcess *process : {&one, &two})
            process->start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("history"), QStringLiteral("home"), count});
        auto history = History::open(home());
        QVERIFY2(history, history ? "" : qPrintable(history.error().summary));
        std::size_t reads = 0;
        while (one.state() != QProcess::NotRunning || two.state() != QProcess::NotRunning) {
            QTest::qWait(1);
            const auto seen = history->recoveries(100);
            QVERIFY2(seen, seen ? "" : qPrintable(seen.error().detail));
            QVERIFY(history->add(transition(qint64(++reads))));
        }
        for (QProcess *process : {&one, &two}) {
            QVERIFY2(process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0,
                     process->readAllStandardOutput().constData());
        }
        const auto all = history->recoveries(10000);
        QCOMPARE(all->size(), std::size_t(2 * Each));
        qint64 id = 2 * Each;
        for (const Recovery &recovery : *all) {
            QCOMPARE(recovery.id, id--);
            QCOMPARE(recovery.end, RecoveryEnd::Finished);
            QCOMPARE(recovery.usable.value_or(milliseconds(-1)), milliseconds(at(0).msecsTo(recovery.at) / 1000));
        }
        QCOMPARE(history->transitions(100000)->size(), 2 * Each + reads);
        QVERIFY(!QFile::exists(aside()));
    }

    // Who holds it for long is waited for, not for ever.
    void busy()
    {
        auto history = History::open(home());
        QVERIFY(history);
        sqlite3 *other = nullptr;
        QCOMPARE(sqlite3_open(QFile::encodeName(file()).constData(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
        QElapsedTimer timer;
        timer.start();
        const auto added = history->add(full());
        QVERIFY(!added);
        QCOMPARE(added.error().code, ErrorCode::Unavailable);
        QVERIFY2(timer.elapsed() > 4000 && timer.elapsed() < 20000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(history->recoveries(10)); // who reads waits for nobody
        QCOMPARE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
        QVERIFY(history->add(full()));
        sqlite3_close(other);
    }

    void survivesAKill()
    {
        std::size_t most = 0;
        for (int i = 0; i < 15; ++i) {
            QProcess writer;
            writer.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("history"), QStringLiteral("home")});
            QVERIFY(writer.waitForReadyRead(20000));
            QCOMPARE(writer.readLine(), QByteArray("begun\n"));
            QTest::qWait(i * 3);
            writer.kill();
            QVERIFY(writer.waitForFinished());
            auto history = History::open(home());
            QVERIFY2(history, history ? "" : qPrintable(history.error().detail));
            const auto all = history->recoveries(100000);
            QVERIFY(all->size() >= most + 1);
            most = all->size();
            QVERIFY(!QFile::exists(aside()));
        }
    }
};

QTEST_GUILESS_MAIN(TestHistory)
#include "tst_history.moc"
