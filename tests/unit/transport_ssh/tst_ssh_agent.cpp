// Logging in to a real sshd with the keys of a real ssh-agent, and agents that are not well.

#include "sshdaemon.h"

#include "transport/sshagent.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include <csignal>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString s(const char *text)
{
    return QString::fromLatin1(text);
}

QString all(const Error &error)
{
    return error.summary + QLatin1Char('\n') + error.detail + QLatin1Char('\n') + error.fix;
}

/// OpenSSH's agent on a socket of its own.
class Agent
{
public:
    explicit Agent(const QString &socket) : m_socket(socket)
    {
        m_agent.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_agent.start(s("ssh-agent"), {s("-D"), s("-a"), socket});
        for (int i = 0; i < 500 && !QFile::exists(socket) && m_agent.state() != QProcess::NotRunning; ++i)
            m_agent.waitForReadyRead(10);
    }
    ~Agent()
    {
        m_agent.kill();
        m_agent.waitForFinished(5000);
    }
    const QString &socket() const { return m_socket; }
    /// ssh-add with these arguments; `answer` is what a person types, each time he is asked.
    bool add(const QStringList &arguments, const QString &answer = {})
    {
        const QString asker = m_socket + s(".ask");
        QFile file(asker);
        if (!file.open(QIODevice::WriteOnly) || file.write("#!/bin/sh\necho \"$TEST_ANSWER\"\n") < 0)
            return false;
        file.close();
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(s("SSH_AUTH_SOCK"), m_socket);
        environment.insert(s("SSH_ASKPASS"), asker);
        environment.insert(s("SSH_ASKPASS_REQUIRE"), s("force"));
        environment.insert(s("TEST_ANSWER"), answer);
        process.setProcessEnvironment(environment);
        process.start(s("ssh-add"), QStringList{s("-q")} + arguments);
        return process.waitForFinished(10000) && process.exitCode() == 0;
    }

private:
    QString m_socket;
    QProcess m_agent;
};

/// Somebody at an agent's socket who does not answer as one.
class StrangeAgent
{
public:
    /// Sends `says` to each question; takes no connection where `accepts` is false.
    StrangeAgent(const QString &path, const QByteArray &says, bool closes, bool accepts = true)
        : m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const QByteArray name = path.toLocal8Bit();
        std::memcpy(address.sun_path, name.constData(), size_t(name.size()));
        m_listening = ::bind(m_listener.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
                      ::listen(m_listener.get(), 0) == 0;
        if (!accepts) {
            // One that waits to be accepted fills the queue.
            m_waiting = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            m_listening =
                m_listening && ::connect(m_waiting.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
            return;
        }
        m_thread = std::jthread([this, says, closes] {
            std::vector<Fd> open;
            while (true) {
                Fd one(::accept(m_listener.get(), nullptr, nullptr));
                char question[64];
                if (!one.valid())
                    return;
                if (::recv(one.get(), question, sizeof question, 0) <= 0)
                    continue;
                ::send(one.get(), says.constData(), size_t(says.size()), MSG_NOSIGNAL);
                if (!closes)
                    open.push_back(std::move(one));
            }
        });
    }
    ~StrangeAgent()
    {
        ::shutdown(m_listener.get(), SHUT_RDWR); // ends accept()
    }
    bool listening() const { return m_listening; }

private:
    Fd m_listener;
    Fd m_waiting;
    bool m_listening = false;
    std::jthread m_thread;
};

} // namespace

class TestSshAgent : public QObject
{
    Q_OBJECT

    std::unique_ptr<SshDaemon> m_daemon;

    SshTarget byAgent(const QString &socket, const QString &keyFile = {}) const
    {
        SshTarget target = m_daemon->target(keyFile);
        target.auth = SshAuth::Agent;
        target.agentSocket = socket;
        return target;
    }
    Result<std::unique_ptr<SshSession>> connectTo(const SshTarget &target, std::chrono::milliseconds span = 20s) const
    {
        return SshSession::connect(target, Deadline::after(span), {});
    }
    /// Signatures that the server saw, or keys that it refused.
    qsizetype tries() const
    {
        const QByteArray log = m_daemon->log();
        return log.count("Accepted publickey") + log.count("Failed publickey");
    }

private Q_SLOTS:
    void init()
    {
        m_daemon = std::make_unique<SshDaemon>();
        QVERIFY2(m_daemon->running(), "sshd (openssh-server) does not start; installer/setup installs it");
    }

    void logsIn_data()
    {
        QTest::addColumn<QList<QStringList>>("keys"); // of the agent; the last one may log in
        QTest::addColumn<QString>("named");           // what keyFile names: nothing, the key, its public half
        QTest::addColumn<QString>("passphrase");
        const QStringList ed25519{s("-t"), s("ed25519")};
        const QStringList rsa{s("-t"), s("rsa"), s("-b"), s("2048")};
        const auto row = [](const char *name, const QList<QStringList> &keys, const char *named,
                            const char *passphrase = "") { QTest::newRow(name) << keys << s(named) << s(passphrase); };
        row("one key", {ed25519}, "");
        row("ecdsa 256", {{s("-t"), s("ecdsa")}}, "");
        row("ecdsa 384", {{s("-t"), s("ecdsa"), s("-b"), s("384")}}, "");
        row("ecdsa 521", {{s("-t"), s("ecdsa"), s("-b"), s("521")}}, "");
        row("with a passphrase", {ed25519}, "", "a b'c$d");
        row("two keys, one named", {ed25519, ed25519}, "private");
        row("two keys, one named by its public half", {ed25519, ed25519}, "public");
        row("two keys, one named, locked file", {ed25519, ed25519}, "private", "a b'c$d");
        row("two kinds of keys, one named", {ed25519, {s("-t"), s("ecdsa")}}, "private");
        row("an RSA key, too", {rsa, ed25519}, "");
    }

    void logsIn()
    {
        QFETCH(QList<QStringList>, keys);
        QFETCH(QString, named);
        QFETCH(QString, passphrase);
        Agent agent(m_daemon->path(s("agent")));
        QString file;
        for (const QStringList &options : keys) {
            file = m_daemon->userKey(options, passphrase, options == keys.last());
            QVERIFY(agent.add({file}, passphrase));
        }
        const QString keyFile = named.isEmpty() ? QString() : named == s("public") ? file + s(".pub") : file;
        // The agent's key is wanted, not the file's: it may lie elsewhere.
        if (named == s("public"))
            QVERIFY(QFile::remove(file));
        const auto session = connectTo(byAgent(agent.socket(), keyFile));
        QVERIFY2(session, session ? "" : qPrintable(all(session.error())));
        QCOMPARE(m_daemon->connections(), 1);
        QTRY_COMPARE(tries(), 1);
        const auto ran = (*session)->exec(RemoteCommand("echo").literal("hello"), {}, Deadline::after(10s), {});
        QVERIFY(ran);
        QCOMPARE(ran->out, QByteArray("hello\n"));
    }

    void refused_data()
    {
        QTest::addColumn<QList<QStringList>>("keys"); // of the agent
        QTest::addColumn<QString>("named");           // "absent": a key that it does not have; "first"; "nowhere"
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("fix");
        QTest::addColumn<int>("offered"); // keys that the server was shown
        const QStringList ed25519{s("-t"), s("ed25519")};
        const QStringList rsa{s("-t"), s("rsa"), s("-b"), s("2048")};
        const auto row = [](const char *name, const QList<QStringList> &keys, const char *named, const char *summary,
                            const char *fix, int offered = 0) {
            QTest::newRow(name) << keys << s(named) << s(summary) << s(fix) << offered;
        };
        row("two keys, none named", {ed25519, ed25519}, "", "has several keys", "\"keyFile\"");
        row("another key", {ed25519}, "absent", "does not have the key", "ssh-add");
        row("a file that is not there", {ed25519}, "nowhere", "does not exist", "site file");
        row("RSA only", {rsa}, "", "no key that can log in", "Ed25519");
        row("RSA named", {rsa, ed25519}, "first", "no key that can log in", "Ed25519");
        row("no key", {}, "", "has no key.", "ssh-add");
        row("a key that the server does not know", {ed25519}, "", "refuses the SSH key", "vps keys install", 1);
    }

    void refused()
    {
        QFETCH(QList<QStringList>, keys);
        QFETCH(QString, named);
        QFETCH(QString, summary);
        QFETCH(QString, fix);
        QFETCH(int, offered);
        Agent agent(m_daemon->path(s("agent")));
        QStringList files;
        for (const QStringList &options : keys) {
            files << m_daemon->userKey(options, {}, false);
            QVERIFY(agent.add({files.last()}));
        }
        QString keyFile;
        if (named == s("absent"))
            keyFile = m_daemon->userKey();
        else if (named == s("first"))
            keyFile = files.first();
        else if (!named.isEmpty())
            keyFile = s("/nowhere/key");
        const auto session = connectTo(byAgent(agent.socket(), keyFile));
        QVERIFY(!session);
        QVERIFY2(session.error().summary.contains(summary), qPrintable(all(session.error())));
        QVERIFY2(session.error().fix.contains(fix), qPrintable(all(session.error())));
        QCOMPARE(tries(), offered);
        QCOMPARE(m_daemon->connections(), offered);
    }

    void locked()
    {
        Agent agent(m_daemon->path(s("agent")));
        const QString file = m_daemon->userKey();
        QVERIFY(agent.add({file}));
        // A locked agent tells no keys; but it may be locked between the question and the signature.
        const Deadline deadline = Deadline::after(10s);
        auto open = SshAgent::open(agent.socket(), deadline, {});
        QVERIFY(open);
        const auto keys = open->keys(deadline, {});
        QVERIFY(keys);
        QCOMPARE(keys->size(), size_t(1));
        QVERIFY(agent.add({s("-x")}, s("a word")));
        const auto signature = open->sign(keys->front(), "some bytes", deadline, {});
        QVERIFY(!signature);
        QCOMPARE(signature.error().code, ErrorCode::Denied);
        QVERIFY2(signature.error().fix.contains(s("locked")), qPrintable(all(signature.error())));

        const auto session = connectTo(byAgent(agent.socket()));
        QVERIFY(!session);
        QVERIFY2(session.error().fix.contains(s("ssh-add -X")), qPrintable(all(session.error())));
        QCOMPARE(m_daemon->connections(), 0);
        QVERIFY(agent.add({s("-X")}, s("a word")));
        QVERIFY(connectTo(byAgent(agent.socket())));
    }

    void noAgent_data()
    {
        QTest::addColumn<QString>("socket");
        QTest::addColumn<QString>("detail");
        QTest::newRow("not set") << QString() << s("SSH_AUTH_SOCK is not set");
        QTest::newRow("no file") << s("/nowhere/agent") << s("/nowhere/agent");
        QTest::newRow("no socket") << s("/dev/null") << s("/dev/null");
        QTest::newRow("too long") << s("/nowhere/").repeated(20) << s("too long");
    }

    void noAgent()
    {
        QFETCH(QString, socket);
        QFETCH(QString, detail);
        const auto session = connectTo(byAgent(socket));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Unavailable);
        QVERIFY2(session.error().detail.contains(detail), qPrintable(all(session.error())));
        QVERIFY2(session.error().fix.contains(s("ssh-add")), qPrintable(all(session.error())));
        QCOMPARE(m_daemon->connections(), 0);
    }

    void strange_data()
    {
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<bool>("closes");
        QTest::addColumn<bool>("accepts");
        QTest::addColumn<bool>("waits"); // the deadline ends it
        QTest::newRow("never answers") << QByteArray() << false << true << true;
        QTest::newRow("never accepts") << QByteArray() << false << false << true;
        QTest::newRow("half an answer") << QByteArray("\0\0\0\5\x0c", 5) << false << true << true;
        QTest::newRow("closes") << QByteArray() << true << true << false;
        QTest::newRow("refuses") << QByteArray("\0\0\0\1\5", 5) << false << true << false;
        QTest::newRow("empty answer") << QByteArray(4, '\0') << false << true << false;
        QTest::newRow("endless answer") << QByteArray("\xff\xff\xff\xff\x0c", 5) << false << true << false;
        // Tells of keys that it does not give.
        QTest::newRow("no such keys") << QByteArray("\0\0\0\5\x0c\xff\xff\xff\xff", 9) << false << true << false;
        QTest::newRow("key longer than the answer")
            << QByteArray("\0\0\0\x0d\x0c\0\0\0\1\0\0\xff\xff\0\0\0\0", 17) << false << true << false;
        QTest::newRow("HTTP") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n") << true << true << false;
    }

    void strange()
    {
        QFETCH(QByteArray, says);
        QFETCH(bool, closes);
        QFETCH(bool, accepts);
        QFETCH(bool, waits);
        StrangeAgent agent(m_daemon->path(s("strange")), says, closes, accepts);
        QVERIFY(agent.listening());
        QElapsedTimer timer;
        timer.start();
        const auto session = connectTo(byAgent(m_daemon->path(s("strange"))), 700ms);
        QVERIFY(!session);
        QVERIFY2(waits ? timer.elapsed() >= 300 && timer.elapsed() < 1500 : timer.elapsed() < 600,
                 qPrintable(QString::number(timer.elapsed())));
        QVERIFY2(!session.error().summary.isEmpty() && !session.error().fix.isEmpty(),
                 qPrintable(all(session.error())));
        QVERIFY2(all(session.error()).contains(s("ssh-add")), qPrintable(all(session.error())));
        QCOMPARE(tries(), 0);
    }
};

QTEST_GUILESS_MAIN(TestSshAgent)
#include "tst_ssh_agent.moc"
