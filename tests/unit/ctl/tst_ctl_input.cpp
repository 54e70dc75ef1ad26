// Standard input that does not end: on a terminal and on a pipe, a signal ends the waiting, and the echo comes back.

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace
{

/// A pseudo terminal; `screen` is where a person sits.
struct Terminal {
    int screen = -1;
    int line = -1; // kept open, so that its settings can be read after the program has gone

    Terminal()
    {
        screen = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (screen >= 0 && ::grantpt(screen) == 0 && ::unlockpt(screen) == 0)
            line = ::open(::ptsname(screen), O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
    ~Terminal()
    {
        ::close(line);
        ::close(screen);
    }
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;

    bool echoes() const
    {
        termios now{};
        return ::tcgetattr(line, &now) == 0 && (now.c_lflag & ECHO) != 0;
    }
    bool type(const QByteArray &text) const
    {
        return ::write(screen, text.constData(), size_t(text.size())) == text.size();
    }
    QByteArray shown() const
    {
        QByteArray text(4096, '\0');
        ::fcntl(screen, F_SETFL, O_NONBLOCK);
        const ssize_t got = ::read(screen, text.data(), size_t(text.size()));
        text.truncate(std::max<ssize_t>(got, 0));
        return text;
    }
};

} // namespace

class TestCtlInput : public QObject
{
    Q_OBJECT

    QTemporaryDir m_home;
    QString m_store;

    void prepare(QProcess &process)
    {
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), m_home.path());
        environment.insert(QStringLiteral("XDG_CONFIG_HOME"), m_home.filePath(QStringLiteral("config")));
        environment.insert(QStringLiteral("XDG_STATE_HOME"), m_home.filePath(QStringLiteral("state")));
        environment.remove(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"));
        process.setProcessEnvironment(environment);
        process.setProgram(QStringLiteral(SIXGATECTL));
    }

    /// Starts with the terminal as standard input and controlling terminal; output stays on pipes.
    static void startOn(const Terminal &terminal, QProcess &process, const QStringList &arguments)
    {
        process.setArguments(arguments);
        process.setChildProcessModifier([line = terminal.line] {
            ::setsid();
            ::ioctl(line, TIOCSCTTY, 0);
            ::dup2(line, STDIN_FILENO);
        });
        process.start();
        QVERIFY(process.waitForStarted());
    }

    /// Waits until the program has said `text` on standard error.
    static bool said(QProcess &process, const QByteArray &text)
    {
        QByteArray all;
        QElapsedTimer clock;
        for (clock.start(); clock.elapsed() < 10000;) {
            all += process.readAllStandardError();
            if (all.contains(text))
                return true;
            process.waitForReadyRead(50);
        }
        return false;
    }

    static QStringList words(const char *line) { return QString::fromLatin1(line).split(QLatin1Char(' ')); }

private Q_SLOTS:
    void initTestCase()
    {
        const QString folder = m_home.filePath(QStringLiteral("secrets"));
        QVERIFY(QDir().mkdir(folder));
        QVERIFY(QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        m_store = QStringLiteral("dir:") + folder;
        QProcess make;
        prepare(make);
        make.setArguments(words("site new --public-name cloud.example.org"));
        make.start();
        QVERIFY(make.waitForFinished());
        QCOMPARE(make.exitCode(), 0);
    }

    void aSecretIsTypedUnseen()
    {
        const Terminal terminal;
        QProcess process;
        prepare(process);
        startOn(terminal, process, words("secret set dns.main.key --secrets") << m_store);
        QVERIFY(said(process, "not shown"));
        QVERIFY(!terminal.echoes());
        QVERIFY(terminal.type("Q0FOQVJZ\n"));
        QVERIFY(process.waitForFinished(10000));
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(terminal.echoes());
        QVERIFY(!terminal.shown().contains("Q0FOQVJZ"));
        QFile stored(m_home.filePath(QStringLiteral("secrets/dns.main.key")));
        QVERIFY(stored.open(QIODevice::ReadOnly));
        QCOMPARE(stored.readAll().trimmed(), QByteArray("Q0FOQVJZ"));
    }

    void theEchoComesBack_data()
    {
        QTest::addColumn<QString>("command");
        QTest::addColumn<QByteArray>("typed");
        QTest::addColumn<int>("signal"); // 0: the key does it
        for (const char *command : {"secret set dns.main.acme-key", "plan --secrets stdin"}) {
            const auto row = [command](const char *name, const char *typed, int signal) {
                QTest::addRow("%s: %s", command, name) << QString::fromLatin1(command) << QByteArray(typed) << signal;
            };
            row("Ctrl-C", "\x03", 0);
            row("Ctrl-C after some text", "dns.main.key=Q0FOQV\x03", 0);
            row("Ctrl-Z is nothing, then Ctrl-C", "\x1a\x03", 0);
            row("Ctrl-\\", "\x1c", 0);
            row("SIGTERM", "Q0FOQV", SIGTERM);
            row("SIGHUP", "", SIGHUP);
        }
    }

    void theEchoComesBack()
    {
        QFETCH(QString, command);
        QFETCH(QByteArray, typed);
        QFETCH(int, signal);
        const Terminal terminal;
        QProcess process;
        prepare(process);
        QStringList arguments = command.split(QLatin1Char(' '));
        if (!command.contains(QLatin1String("--secrets")))
            arguments << QStringLiteral("--secrets") << m_store;
        startOn(terminal, process, arguments);
        QVERIFY(said(process, "not shown"));
        QVERIFY(!terminal.echoes());
        QVERIFY(terminal.type(typed));
        if (signal != 0)
            QCOMPARE(::kill(pid_t(process.processId()), signal), 0);
        QVERIFY(process.waitForFinished(3000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(terminal.echoes());
        QVERIFY(!terminal.shown().contains("Q0FOQV"));
        QVERIFY(!QFile::exists(m_home.filePath(QStringLiteral("secrets/dns.main.acme-key"))));
    }

    // It is about to hold secrets: what crashes leaves none of them on a disk.
    void aKeeperDumpsNoCore()
    {
        QProcess process;
        prepare(process);
        process.setChildProcessModifier([] {
            rlimit most{};
            ::getrlimit(RLIMIT_CORE, &most);
            most.rlim_cur = most.rlim_max;
            ::setrlimit(RLIMIT_CORE, &most);
        });
        process.setArguments(words("keep --secrets stdin"));
        process.start();
        QVERIFY(process.waitForStarted());
        const auto limit = [&] {
            QFile limits(QStringLiteral("/proc/%1/limits").arg(process.processId()));
            if (!limits.open(QIODevice::ReadOnly))
                return QByteArray("not there");
            const QByteArray text = limits.readAll();
            const qsizetype at = text.indexOf("Max core file size");
            return text.mid(at, text.indexOf('\n', at) - at).simplified();
        };
        const QByteArray none = "Max core file size 0 0 bytes";
        QTRY_COMPARE(limit(), none);
        process.kill();
        QVERIFY(process.waitForFinished());
    }

    /// Whether the program has begun to care for a signal: on a busy machine it takes a while to get there.
    static bool catches(qint64 pid, int signal)
    {
        QFile status(QStringLiteral("/proc/%1/status").arg(pid));
        if (!status.open(QIODevice::ReadOnly))
            return false;
        const QByteArray text = status.readAll();
        const qsizetype at = text.indexOf("SigBlk:\t");
        return at >= 0 && (text.mid(at + 8, 16).toULongLong(nullptr, 16) & (1ULL << (signal - 1)));
    }

    void aPipeThatStaysOpen_data()
    {
        QTest::addColumn<QString>("command");
        QTest::newRow("value") << QStringLiteral("secret set dns.main.acme-key --secrets DIR");
        QTest::newRow("secrets") << QStringLiteral("secret list --secrets stdin");
        QTest::newRow("addresses") << QStringLiteral("home explain --ip-json -");
        QTest::newRow("named pipe") << QStringLiteral("home explain --ip-json FIFO");
    }

    void aPipeThatStaysOpen()
    {
        QFETCH(QString, command);
        const QString fifo = m_home.filePath(QStringLiteral("fifo"));
        QVERIFY(QFileInfo::exists(fifo) || ::mkfifo(QFile::encodeName(fifo).constData(), 0600) == 0);
        command.replace(QLatin1String("DIR"), m_store).replace(QLatin1String("FIFO"), fifo);
        for (const int signal : {SIGINT, SIGTERM}) {
            QProcess process;
            prepare(process);
            process.setArguments(QStringList{QStringLiteral("--json")} + command.split(QLatin1Char(' ')));
            process.start();
            QVERIFY(process.waitForStarted());
            process.write("a=");
            QTRY_VERIFY_WITH_TIMEOUT(catches(process.processId(), signal), 10'000);
            QVERIFY(!process.waitForFinished(300)); // it waits for more
            QCOMPARE(::kill(pid_t(process.processId()), signal), 0);
            QVERIFY(process.waitForFinished(3000));
            QCOMPARE(process.exitStatus(), QProcess::NormalExit);
            QCOMPARE(process.exitCode(), 1);
            const QByteArray out = process.readAllStandardOutput();
            QVERIFY2(out.contains("\"cancelled\""), out.constData());
        }
    }

    // Better now than when the keeper needs it at night.
    void aKeyThatIsNone()
    {
        for (const char *typed : {"hello world\n", "key \"c3dvcmRmaXNo\";\n"}) {
            QProcess process;
            prepare(process);
            process.setArguments(words("secret set dns.main.acme-key --secrets") << m_store);
            process.start();
            process.write(typed);
            process.closeWriteChannel();
            QVERIFY(process.waitForFinished(5000));
            QCOMPARE(process.exitCode(), 2);
            const QByteArray said = process.readAllStandardError();
            QVERIFY2(said.contains("dns.main.acme-key is no TSIG key") && !said.contains("hello") &&
                         !said.contains("c3dv"),
                     said.constData());
            QVERIFY(!QFileInfo::exists(m_store.section(QLatin1Char(':'), 1) + QStringLiteral("/dns.main.acme-key")));
        }
    }

    void closedStandardInput()
    {
        QProcess process;
        prepare(process);
        process.setArguments(words("secret set dns.main.acme-key --secrets") << m_store);
        process.setChildProcessModifier([] { ::close(STDIN_FILENO); });
        process.start();
        QVERIFY(process.waitForFinished(5000));
        QCOMPARE(process.exitCode(), 2);
        QVERIFY(process.readAllStandardError().contains("is empty"));
    }
};

QTEST_GUILESS_MAIN(TestCtlInput)
#include "tst_ctl_input.moc"
