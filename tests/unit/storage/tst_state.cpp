// What is remembered from run to run, and the lock that lets one program change things at a time.

#include "storage/state.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <sys/stat.h>
#include <thread>

using namespace sixgate;

namespace
{

Label home()
{
    return *Label::parse(QStringLiteral("home"));
}

ManagedRecord key(const char *name, RecordType type, const char *value = "x")
{
    return {{*Hostname::parse(QString::fromLatin1(name)), type}, {QString::fromLatin1(value)}};
}

QString shown(const std::vector<ManagedRecord> &records)
{
    QStringList texts;
    for (const ManagedRecord &one : records)
        texts << one.key.name.ascii() + QLatin1Char(' ') + recordTypeName(one.key.type) + QLatin1Char(' ') +
                     QStringList(one.values.begin(), one.values.end()).join(QLatin1Char(','));
    return texts.join(QLatin1Char('\n'));
}

} // namespace

class TestState : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString file() const { return stateFolder(home()) + QStringLiteral("/state.json"); }

    void write(const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(stateFolder(home())));
        QFile state(file());
        QVERIFY(state.open(QIODevice::WriteOnly | QIODevice::Truncate));
        state.write(content);
    }

    // All that a login needs, but no IPv4 address, which the site file would not take.
    static Vps oldMachine()
    {
        Vps vps{*Label::parse(QStringLiteral("vps")),
                *Hostname::parse(QStringLiteral("vps.example.org")),
                *Port::parse(QStringLiteral("2222")),
                *Login::parse(QStringLiteral("ada")),
                QString(),
                {*HostKeyPin::parse(QStringLiteral("ssh-ed25519 ") + Fingerprint::ofBytes("c").text())},
                {*HttpsUrl::parse(QStringLiteral("https://acme.example.org/dir")), {}, true}};
        vps.auth = SshAuth::Password;
        vps.addresses = {*parseIpAddress(QStringLiteral("2001:db8::10"))};
        return vps;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("state"))));
        qputenv("HOME", QFile::encodeName(m_folder->path()));
    }

    void folder()
    {
        QCOMPARE(stateFolder(home()), m_folder->path() + QStringLiteral("/state/sixgate/home"));
        for (const char *useless : {"", "relative/path"}) {
            qputenv("XDG_STATE_HOME", useless);
            QCOMPARE(stateFolder(home()), m_folder->path() + QStringLiteral("/.local/state/sixgate/home"));
        }
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void nothingYet()
    {
        const auto state = loadState(home());
        QVERIFY(state);
        QVERIFY(state->managedRecords.empty());
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void savedAndLoaded()
    {
        SiteState state;
        state.managedRecords = {key("cloud.example.org", RecordType::AAAA), key("cloud.example.org", RecordType::A),
                                key("a.example.org", RecordType::AAAA), key("cloud.example.org", RecordType::A),
                                key("cloud.example.org", RecordType::A, "y")};
        state.pinnedCertificates[*Label::parse(QStringLiteral("nas"))] = "-----BEGIN CERTIFICATE-----\nMII=\n";
        state.vpsKeys = {Fingerprint::ofBytes("a"), Fingerprint::ofBytes("b")};
        state.leftVps = LeftVps{oldMachine(), 1'795'000'000};
        QVERIFY(saveState(home(), state));
        const auto loaded = loadState(home());
        QVERIFY(loaded);
        QVERIFY(loaded->leftVps == state.leftVps);
        QVERIFY(loaded->vpsKeys == state.vpsKeys);
        QVERIFY(loaded->pinnedCertificates == state.pinnedCertificates);
        QCOMPARE(shown(loaded->managedRecords),
                 QStringLiteral("a.example.org AAAA x\ncloud.example.org A x\ncloud.example.org A y\n"
                                "cloud.example.org AAAA x"));
        struct stat status;
        QCOMPARE(::stat(QFile::encodeName(file()).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0600);
        QCOMPARE(::stat(QFile::encodeName(stateFolder(home())).constData(), &status), 0);
        QCOMPARE(int(status.st_mode & 07777), 0700);
        state.leftVps->forgottenAt.reset();
        QVERIFY(saveState(home(), state));
        QVERIFY(loadState(home())->leftVps == state.leftVps);
        QVERIFY(saveState(home(), {}));
        QVERIFY(loadState(home()) == SiteState());
    }

    void sitesAreApart()
    {
        SiteState state;
        state.managedRecords = {key("cloud.example.org", RecordType::A)};
        QVERIFY(saveState(home(), state));
        QVERIFY(loadState(*Label::parse(QStringLiteral("flat")))->managedRecords.empty());
    }

    void damaged_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("not JSON") << QByteArray("x");
        QTest::newRow("cut off") << QByteArray("{\"schema\": 1, \"managedRecords\": [");
        QTest::newRow("no schema") << QByteArray("{\"managedRecords\": []}");
        QTest::newRow("newer") << QByteArray("{\"schema\": 2, \"managedRecords\": [], \"leases\": []}");
        QTest::newRow("no records") << QByteArray("{\"schema\": 1}");
        QTest::newRow("unknown key") << QByteArray("{\"schema\": 1, \"managedRecords\": [], \"x\": 1}");
        QTest::newRow("certificate of nobody") << QByteArray("{\"schema\": 1, \"managedRecords\": [], \"vpsKeys\": [], "
                                                             "\"pinnedCertificates\": [{\"pem\": \"x\"}]}");
        QTest::newRow("bad name") << QByteArray(
            "{\"schema\": 1, \"managedRecords\": [{\"name\": \"*\", \"type\": \"A\", \"values\": []}]}");
        QTest::newRow("bad type") << QByteArray(
            "{\"schema\": 1, \"managedRecords\": [{\"name\": \"a.example.org\", \"type\": \"MX\", \"values\": []}]}");
        QTest::newRow("no values") << QByteArray(
            "{\"schema\": 1, \"managedRecords\": [{\"name\": \"a.example.org\", \"type\": \"A\"}]}");
    }

    void damaged()
    {
        QFETCH(QByteArray, content);
        write(content);
        const auto state = loadState(home());
        QVERIFY(!state);
        QCOMPARE(state.error().code, ErrorCode::Invalid);
        QVERIFY2((state.error().summary + state.error().detail).contains(file()), qPrintable(state.error().summary));
        QFile left(file());
        QVERIFY(left.open(QIODevice::ReadOnly));
        QCOMPARE(left.readAll(), content);
    }

    void oneAtATime()
    {
        QProcess other;
        other.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("lock"), QStringLiteral("home")});
        QVERIFY(other.waitForReadyRead(20000));
        QCOMPARE(other.readLine(), QByteArray("held\n"));

        const auto refused = lockSite(home(), Deadline::after(std::chrono::milliseconds(100)), {});
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::Unavailable);
        QVERIFY2(refused.error().summary.contains(QStringLiteral("pid %1").arg(other.processId())),
                 qPrintable(refused.error().summary));
        QVERIFY(lockSite(*Label::parse(QStringLiteral("flat")), Deadline::after(std::chrono::milliseconds(0)), {}));

        // A stop ends the wait at once.
        std::stop_source source;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const auto stopped = lockSite(home(), Deadline::after(std::chrono::seconds(20)), source.get_token());
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
        QVERIFY(timer.elapsed() < 5000);

        // A program that is killed leaves no lock behind.
        other.kill();
        QVERIFY(other.waitForFinished());
        QVERIFY(lockSite(home(), Deadline::after(std::chrono::seconds(5)), {}));
    }

    void waitsForTheOther()
    {
        QProcess other;
        other.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("lock"), QStringLiteral("home")});
        QVERIFY(other.waitForReadyRead(20000));
        const qint64 pid = other.processId();
        std::jthread ender([pid] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            ::kill(pid_t(pid), SIGTERM);
        });
        QVERIFY(lockSite(home(), Deadline::after(std::chrono::seconds(20)), {}));
        QVERIFY(other.waitForFinished());
    }

    void letGo()
    {
        const auto now = [] { return Deadline::after(std::chrono::milliseconds(0)); };
        {
            auto held = lockSite(home(), now(), {});
            QVERIFY(held);
            QVERIFY(!lockSite(home(), now(), {})); // also within one process
            const SiteLock moved(std::move(*held));
            QVERIFY(!lockSite(home(), now(), {}));
        }
        QVERIFY(lockSite(home(), now(), {}));
        QProcess other;
        other.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("lock"), QStringLiteral("home")});
        QVERIFY(other.waitForReadyRead(20000));
        QCOMPARE(other.readLine(), QByteArray("held\n"));
        other.closeWriteChannel();
        QVERIFY(other.waitForFinished());
        QCOMPARE(other.exitCode(), 0);
        QVERIFY(lockSite(home(), now(), {}));
    }
};

QTEST_GUILESS_MAIN(TestState)
#include "tst_state.moc"
