// What is remembered from check to check: a file that may be lost, and must neither grow for ever nor end a check.

#include "storage/memory.h"

#include "model/memorylimits.h"
#include "storage/state.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

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

QDateTime at(qint64 seconds)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000 + seconds, Qt::UTC);
}

RecordKey aaaa(const QString &name)
{
    return {*Hostname::parse(name), RecordType::AAAA};
}

Ipv6Address address(const char *text)
{
    return *Ipv6Address::parse(QString::fromLatin1(text));
}

SiteMemory everything()
{
    SiteMemory memory;
    memory.records[aaaa(QStringLiteral("cloud.example.org"))] = {
        {at(0), {QStringLiteral("2001:db8:1::11")}, true},
        {at(60), {}, false},
        {at(120), {QStringLiteral("2001:db8:1::11"), QStringLiteral("2001:db8:2::11")}, false}};
    memory.records[{*Hostname::parse(QStringLiteral("cloud.example.org")), RecordType::CNAME}] = {
        {at(7), {QStringLiteral("other.example.org")}, false}};
    memory.accounts[label("main")] = {at(9), false, QStringLiteral("The server refuses: “REFUSED”.\nzone example.org")};
    memory.accounts[label("second")] = {at(9), true, QString()};
    memory.addresses[label("nas")] = {{at(1), address("2001:db8:1::11")}, {at(2), address("2001:db8:2::11")}};
    memory.macs[label("nas")] = QStringLiteral("02:00:5e:00:53:01");
    memory.macs[label("pi")] = QStringLiteral("02:00:5e:00:53:02");
    memory.nameServers = {*parseIpAddress(QStringLiteral("192.0.2.53")), address("2001:db8::53")};
    memory.vps = {*parseIpAddress(QStringLiteral("192.0.2.10"))};
    memory.sshWorked = at(3);
    memory.sshRefused = {at(4), at(5)};
    return memory;
}

} // namespace

class TestMemory : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString file() const { return stateFolder(home()) + QStringLiteral("/memory.json"); }
    QString aside() const { return file() + QStringLiteral(".damaged"); }

    void write(const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        QFile out(file());
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate));
        out.write(content);
    }

    static QByteArray read(const QString &path)
    {
        QFile in(path);
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
        const auto memory = loadMemory(home());
        QVERIFY(memory);
        QVERIFY(*memory == SiteMemory());
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void savedAndLoaded()
    {
        QVERIFY(saveMemory(home(), everything()));
        const auto loaded = loadMemory(home());
        QVERIFY(loaded);
        QVERIFY(*loaded == everything());
        struct stat status;
        QCOMPARE(::stat(QFile::encodeName(file()).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0600);
        QCOMPARE(::stat(QFile::encodeName(stateFolder(home())).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0700);
        QCOMPARE(QDir(stateFolder(home())).entryList(QDir::Files | QDir::Hidden).join(QLatin1Char(' ')),
                 QStringLiteral("memory.json"));
        QVERIFY(*loadMemory(label("flat")) == SiteMemory());
        QVERIFY(saveMemory(home(), {}));
        QVERIFY(*loadMemory(home()) == SiteMemory());
    }

    void theStateIsAnotherFile()
    {
        QVERIFY(saveMemory(home(), everything()));
        QVERIFY(loadState(home()) == SiteState());
        write("x");
        QVERIFY(loadMemory(home()));
        QVERIFY(loadState(home()) == SiteState());
    }

    void damaged_data()
    {
        QTest::addColumn<QByteArray>("before"); // in what was saved
        QTest::addColumn<QByteArray>("after");  // in place of it
        const auto row = [](const char *name, const char *before, const char *after) {
            QTest::newRow(name) << QByteArray(before) << QByteArray(after);
        };
        row("newer", "\"schema\":1", "\"schema\":2");
        row("no schema", "\"schema\":1", "\"vps2\":1");
        row("schema of another type", "\"schema\":1", "\"schema\":\"1\"");
        row("unknown key", "\"schema\":1", "\"schema\":1,\"x\":1");
        row("key twice", "\"schema\":1", "\"schema\":1,\"schema\":1");
        row("bad name", "\"name\":\"cloud.example.org\"", "\"name\":\"*\"");
        row("bad type", "\"AAAA\"", "\"MX\"");
        row("bad time", "\"at\":1795000000", "\"at\":-1");
        row("time beyond all", "\"at\":1795000000", "\"at\":1e300");
        row("time as a text", "\"at\":1795000000", "\"at\":\"1\"");
        row("bad flag", "\"ours\":true", "\"ours\":1");
        row("value of another type", "[\"other.example.org\"]", "[1]");
        row("values missing", "\"values\":[\"other.example.org\"]", "\"value\":[]");
        row("bad account", "\"account\":\"main\"", "\"account\":\"../main\"");
        row("bad server", "\"server\":\"nas\"", "\"server\":\"\"");
        row("bad hardware address", "02:00:5e:00:53:01", "02:00:5e:00:53");
        row("an identifier is no hardware address", "02:00:5e:00:53:01", "::1234:1234:12:11");
        row("bad address", "\"address\":\"2001:db8:1::11\"", "\"address\":\"2001:db8:1::11/64\"");
        row("bad name server", "\"192.0.2.53\"", "\"192.0.2.530\"");
        row("bad VPS", "\"192.0.2.10\"", "null");
        row("ssh of another type", "\"ssh\":{", "\"ssh\":7,\"x\":{");
        row("bad refusal", "\"refused\":[", "\"refused\":[\"x\",");
    }

    void damaged()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QVERIFY(saveMemory(home(), everything()));
        QByteArray content = read(file());
        const qsizetype place = content.indexOf(before);
        QVERIFY2(place >= 0, content.constData());
        content.replace(place, before.size(), after);
        write(content);
        const auto memory = loadMemory(home());
        QVERIFY(memory);
        QVERIFY(*memory == SiteMemory());
        QCOMPARE(read(aside()), content);
        QVERIFY(!QFile::exists(file()));
        // The next check remembers again, and what was put aside stays.
        QVERIFY(saveMemory(home(), everything()));
        QVERIFY(*loadMemory(home()) == everything());
        QCOMPARE(read(aside()), content);
    }

    void garbage()
    {
        for (const QByteArray &content :
             {QByteArray(), QByteArray("x"), QByteArray("{\"schema\": 1"), QByteArray("[1]"), QByteArray(100'000, '['),
              QByteArray(33 * 1024 * 1024, ' ')}) {
            write(content);
            const auto memory = loadMemory(home());
            QVERIFY(memory && *memory == SiteMemory());
            QCOMPARE(read(aside()).size(), content.size()); // the newest one
        }
    }

    void anything()
    {
        QVERIFY(QDir().mkpath(file() + QStringLiteral("/folder")));
        QVERIFY(*loadMemory(home()) == SiteMemory());
        QVERIFY(QFileInfo(aside()).isDir());
        QVERIFY(saveMemory(home(), everything()));
        QVERIFY(*loadMemory(home()) == everything());
        // A file where the folder should be.
        QVERIFY(QDir(m_folder->filePath(QStringLiteral("state"))).removeRecursively());
        QFile blocked(m_folder->filePath(QStringLiteral("state")));
        QVERIFY(blocked.open(QIODevice::WriteOnly));
        QVERIFY(*loadMemory(home()) == SiteMemory());
        QVERIFY(!saveMemory(home(), everything()));
    }

    // Two programs, and two threads of one: each update finds what the ones before it have left.
    void noUpdateIsLost()
    {
        constexpr int Each = 15;
        const auto names = [](const QString &who) {
            QStringList list;
            for (int i = 0; i < Each; ++i)
                list << QStringLiteral("%1%2").arg(who).arg(i);
            return list;
        };
        QProcess programs[2];
        for (int i = 0; i < 2; ++i)
            programs[i].start(QStringLiteral(STORAGE_HELPER),
                              QStringList{QStringLiteral("remember"), QStringLiteral("home")} +
                                  names(QStringLiteral("p%1n").arg(i)));
        bool done[2] = {true, true};
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([&, i] {
                for (const QString &name : names(QStringLiteral("t%1n").arg(i)))
                    done[i] = done[i] && updateMemory(home(), [&name](SiteMemory memory) {
                                  memory.accounts[*Label::parse(name)] = {at(0), true, QString()};
                                  return memory;
                              });
            });
        for (std::thread &thread : threads)
            thread.join();
        for (QProcess &program : programs) {
            QVERIFY(program.waitForFinished(30'000));
            QCOMPARE(program.exitCode(), 0);
        }
        QVERIFY(done[0] && done[1]);
        const auto memory = loadMemory(home());
        QVERIFY(memory);
        QVERIFY(size_t(4 * Each) <= MemoryLimits::Names);
        QCOMPARE(memory->accounts.size(), size_t(4 * Each));
    }

    void theUpdateHasALockOfItsOwn()
    {
        const auto add = [](SiteMemory memory) {
            memory.sshRefused.push_back(at(1));
            return memory;
        };
        // `apply` holds that of the site meanwhile.
        const auto apply = lockSite(home(), Deadline::after(std::chrono::seconds(5)), {});
        QVERIFY(apply);
        QVERIFY(updateMemory(home(), add));
        QCOMPARE(loadMemory(home())->sshRefused.size(), size_t(1));
        const QByteArray lock = QFile::encodeName(stateFolder(home()) + QStringLiteral("/memory.lock"));
        struct stat status;
        QCOMPARE(::stat(lock.constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0600);
        // Who was stopped with it in hand ends no check, and nothing is written in between.
        const int held = ::open(lock.constData(), O_RDWR | O_CLOEXEC);
        QCOMPARE(::flock(held, LOCK_EX), 0);
        bool folded = false;
        const Outcome refused = updateMemory(home(), [&folded](SiteMemory memory) {
            folded = true;
            return memory;
        });
        QVERIFY(!refused && !folded);
        QCOMPARE(refused.error().code, ErrorCode::Unavailable);
        ::close(held);
        QVERIFY(updateMemory(home(), add));
        QCOMPARE(loadMemory(home())->sshRefused.size(), size_t(2));
    }

    void bounded()
    {
        const auto name = [](int i) { return QStringLiteral("n%1.example.org").arg(i, 4, 10, QLatin1Char('0')); };
        SiteMemory memory;
        for (int i = 0; i < 200; ++i) {
            auto &list = memory.records[aaaa(name(i))];
            for (int k = 0; k < 100; ++k)
                list.push_back({at(i * 1000 + k), std::vector<QString>(50, QString(1000, QLatin1Char('x'))), false});
            memory.accounts[label(qPrintable(QStringLiteral("a%1").arg(i)))] = {at(i), false,
                                                                                QString(10000, QLatin1Char('y'))};
            memory.addresses[label("nas")].push_back({at(i), address("2001:db8::11")});
            memory.nameServers.push_back(address("2001:db8::53"));
            memory.vps.push_back(address("2001:db8::10"));
            memory.sshRefused.push_back(at(i));
            memory.macs[label(qPrintable(QStringLiteral("s%1").arg(i)))] = QStringLiteral("02:00:5e:00:53:01");
        }
        QVERIFY(saveMemory(home(), memory));
        QVERIFY2(QFileInfo(file()).size() < 32 * 1024 * 1024, "it must be readable again");
        const auto loaded = loadMemory(home());
        QVERIFY(loaded);
        QVERIFY(!QFile::exists(aside()));
        QCOMPARE(loaded->records.size(), MemoryLimits::Records);
        // The records that were seen last, and of each the last that was seen.
        QVERIFY(!loaded->records.contains(aaaa(name(71))) && loaded->records.contains(aaaa(name(72))));
        const auto &list = loaded->records.at(aaaa(name(199)));
        QCOMPARE(list.size(), MemoryLimits::Observations);
        QCOMPARE(list.front().at, at(199'000 + 36));
        QCOMPARE(list.back().at, at(199'000 + 99));
        QCOMPARE(list.back().values.size(), MemoryLimits::Values);
        QCOMPARE(list.back().values[0].size(), qsizetype(MemoryLimits::ValueLength));
        QCOMPARE(loaded->accounts.size(), MemoryLimits::Names);
        QCOMPARE(loaded->accounts.begin()->second.text.size(), qsizetype(MemoryLimits::TextLength));
        QCOMPARE(loaded->addresses.at(label("nas")).size(), MemoryLimits::Addresses);
        QCOMPARE(loaded->addresses.at(label("nas")).back().at, at(199));
        QCOMPARE(loaded->nameServers.size(), MemoryLimits::Addresses);
        QCOMPARE(loaded->vps.size(), MemoryLimits::Addresses);
        QCOMPARE(loaded->sshRefused.size(), MemoryLimits::RefusedLogins);
        QCOMPARE(loaded->sshRefused.back(), at(199));
        QVERIFY(loaded->macs.size() <= MemoryLimits::Names);
        // A file that others have made too long is cut as well.
        QByteArray content = read(file());
        const QByteArray refused = "\"refused\":[";
        content.replace(refused, refused + QByteArray("1795000000,").repeated(1000));
        write(content);
        QCOMPARE(loadMemory(home())->sshRefused.size(), MemoryLimits::RefusedLogins);
    }
};

QTEST_GUILESS_MAIN(TestMemory)
#include "tst_memory.moc"
