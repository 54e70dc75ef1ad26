// Logging in to a real sshd: keys, pinned host keys, servers that cannot or will not.

#include "sshdaemon.h"

#include "transport/sshnegotiation.h"

#include <QElapsedTimer>
#include <QTest>

#include <optional>
#include <sys/socket.h>
#include <thread>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString s(const char *text)
{
    return QString::fromLatin1(text);
}

Result<std::unique_ptr<SshSession>> connectTo(SshTarget target, std::chrono::milliseconds span = 20s,
                                              std::stop_token stop = {})
{
    return SshSession::connect(std::move(target), Deadline::after(span), stop);
}

QString all(const Error &error)
{
    return error.summary + QLatin1Char('\n') + error.detail + QLatin1Char('\n') + error.fix;
}

// Accepts connections and does with each what a server that is not well does.
class BadServer
{
public:
    enum class Then { Closes, Waits, TalksOn };
    BadServer(const char *address, int port, const QByteArray &says, Then then)
        : m_listener(listenOn(address, port)), m_thread([this, says, then](std::stop_token stop) {
              std::vector<Fd> open;
              while (!stop.stop_requested()) {
                  Fd one(::accept(m_listener.get(), nullptr, nullptr));
                  if (!one.valid())
                      return;
                  // The first line of `says` comes once.
                  const char *next = says.constData();
                  const char *const end = next + says.size();
                  while (::send(one.get(), next, size_t(end - next), MSG_NOSIGNAL) > 0 && then == Then::TalksOn)
                      next = says.constData() + says.indexOf('\n') + 1;
                  if (then == Then::Waits)
                      open.push_back(std::move(one));
              }
          })
    {
    }
    ~BadServer()
    {
        m_thread.request_stop();
        ::shutdown(m_listener.get(), SHUT_RDWR); // ends accept()
        m_thread.join();
    }
    int port() const { return portOf(m_listener); }

private:
    Fd m_listener;
    std::jthread m_thread;
};

} // namespace

class TestSshLogin : public QObject
{
    Q_OBJECT

    std::unique_ptr<SshDaemon> m_daemon; // with Ed25519 and ECDSA host keys

    // A target at a port where no sshd is.
    SshTarget elsewhere(int port)
    {
        SshTarget target = m_daemon->target(m_daemon->userKey());
        target.port = *Port::fromNumber(port);
        return target;
    }

private Q_SLOTS:
    void init()
    {
        m_daemon = std::make_unique<SshDaemon>();
        QVERIFY2(m_daemon->running(), "sshd (openssh-server) does not start; installer/setup installs it");
    }

    void keys_data()
    {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QString>("passphrase");
        QTest::newRow("ed25519") << QStringList{s("-t"), s("ed25519")} << QString();
        QTest::newRow("ecdsa 256") << QStringList{s("-t"), s("ecdsa")} << QString();
        QTest::newRow("ecdsa 384") << QStringList{s("-t"), s("ecdsa"), s("-b"), s("384")} << QString();
        QTest::newRow("ecdsa 521") << QStringList{s("-t"), s("ecdsa"), s("-b"), s("521")} << QString();
        QTest::newRow("ecdsa PEM") << QStringList{s("-t"), s("ecdsa"), s("-m"), s("PEM")} << QString();
        QTest::newRow("ed25519 with passphrase") << QStringList{s("-t"), s("ed25519")} << s("a b'c$d");
        QTest::newRow("ecdsa with passphrase") << QStringList{s("-t"), s("ecdsa")} << s("a b'c$d");
        QTest::newRow("ecdsa PEM with passphrase")
            << QStringList{s("-t"), s("ecdsa"), s("-m"), s("PEM")} << s("abcdef");
    }

    void keys()
    {
        QFETCH(QStringList, options);
        QFETCH(QString, passphrase);
        SshTarget target = m_daemon->target(m_daemon->userKey(options, passphrase));
        target.passphrase = Secret(passphrase.toUtf8());
        const auto session = connectTo(std::move(target));
        QVERIFY2(session, session ? "" : qPrintable(all(session.error())));
        QCOMPARE((*session)->hostKey().fingerprint, m_daemon->hostKey());
        QCOMPARE(m_daemon->connections(), 1);
        const auto ran = (*session)->exec(RemoteCommand("echo").literal("hello"), {}, Deadline::after(10s), {});
        QVERIFY(ran);
        QCOMPARE(ran->out, QByteArray("hello\n"));
    }

    void wrongPassphrase_data()
    {
        QTest::addColumn<QStringList>("options");
        QTest::newRow("ed25519") << QStringList{s("-t"), s("ed25519")};
        QTest::newRow("ecdsa PEM") << QStringList{s("-t"), s("ecdsa"), s("-m"), s("PEM")};
    }

    void wrongPassphrase()
    {
        QFETCH(QStringList, options);
        SshTarget target = m_daemon->target(m_daemon->userKey(options, s("right-one")));
        target.passphrase = Secret("wrong-one");
        target.passphraseSecret = s("vps.main.passphrase");
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QVERIFY2(session.error().code == ErrorCode::Denied, qPrintable(all(session.error())));
        QVERIFY2(session.error().summary.contains(s("passphrase")), qPrintable(session.error().summary));
        QVERIFY(!all(session.error()).contains(s("wrong-one")));
        QVERIFY2(session.error().fix.contains(s("sixgatectl secret set vps.main.passphrase")),
                 qPrintable(session.error().fix));
    }

    void badKeysNeverConnect()
    {
        for (const QString &file : {m_daemon->userKey({s("-t"), s("rsa"), s("-b"), s("2048")}), s("/nowhere/key"),
                                    m_daemon->userKey({s("-t"), s("ed25519")}, s("right-one"))})
            QVERIFY(!connectTo(m_daemon->target(file)));
        QCOMPARE(m_daemon->connections(), 0);
    }

    void refusedKey_data()
    {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<bool>("authorized");
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("fix");
        const auto row = [](const char *name, const char *config, bool authorized, const char *summary,
                            const char *fix) {
            QTest::newRow(name) << QByteArray(config) << authorized << s(summary) << s(fix);
        };
        row("unknown", "", false, "refuses the SSH key", "vps keys install");
        // The question what else it takes is one try too many.
        row("MaxAuthTries 2", "MaxAuthTries 2", false, "refuses the SSH key", "vps keys install");
        row("MaxAuthTries 1", "MaxAuthTries 1", false, "refuses the SSH key", "vps keys install");
        row("and a password",
            "PermitRootLogin yes\nPasswordAuthentication yes\nAuthenticationMethods publickey,password", true,
            "accepts the SSH key, but wants another proof as well: password.", "AuthenticationMethods");
        row("and a password, MaxAuthTries 1",
            "PermitRootLogin yes\nPasswordAuthentication yes\nAuthenticationMethods publickey,password\nMaxAuthTries 1",
            true, "but does not let the user", "AuthenticationMethods");
        row("and another key", "AuthenticationMethods publickey,publickey", true, "but does not let the user",
            "PermitRootLogin");
    }

    void refusedKey()
    {
        QFETCH(QByteArray, config);
        QFETCH(bool, authorized);
        QFETCH(QString, summary);
        QFETCH(QString, fix);
        SshDaemon daemon("ListenAddress 127.0.0.2\n" + config);
        QVERIFY(daemon.running());
        SshTarget target = daemon.target(daemon.userKey({s("-t"), s("ed25519")}, {}, authorized));
        target.addresses.push_back(ip("127.0.0.2")); // another address would say the same: it is not asked
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QVERIFY2(session.error().code == ErrorCode::Denied, qPrintable(all(session.error())));
        QVERIFY2(session.error().summary.contains(summary), qPrintable(all(session.error())));
        QVERIFY2(session.error().fix.contains(fix), qPrintable(all(session.error())));
        QVERIFY2(!all(session.error()).contains(s("Waiting for")), qPrintable(all(session.error())));
        QCOMPARE(daemon.connections(), 1);
    }

    void noAnswerToAKey_data()
    {
        QTest::addColumn<QByteArray>("does");
        QTest::addColumn<ErrorCode>("code");
        QTest::newRow("the connection ends") << QByteArray("kill -KILL $PPID") << ErrorCode::Network;
        QTest::newRow("silence") << QByteArray("sleep 60") << ErrorCode::Timeout;
    }

    // Nobody knows whether it counts as a failure: no other address is shown the key, too.
    void noAnswerToAKey()
    {
        QFETCH(QByteArray, does);
        QFETCH(ErrorCode, code);
        const QByteArray user = m_daemon->target({}).user.text().toUtf8();
        SshDaemon daemon("ListenAddress 127.0.0.2\nAuthorizedKeysCommand /bin/sh -c \"" + does +
                         "\"\nAuthorizedKeysCommandUser " + user);
        QVERIFY(daemon.running());
        SshTarget target = daemon.target(daemon.userKey({s("-t"), s("ed25519")}, {}, false));
        target.addresses.push_back(ip("127.0.0.2"));
        const auto session = connectTo(std::move(target), 3s);
        QVERIFY(!session);
        QVERIFY2(session.error().code == code, qPrintable(all(session.error())));
        QVERIFY2(!session.error().fix.contains(s("vps keys install")), qPrintable(all(session.error())));
        QCOMPARE(daemon.connections(), 1);
    }

    void noKeysAtAll_data()
    {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("detail");
        QTest::addColumn<QString>("fix");
        QTest::newRow("passwords only") << QByteArray("PermitRootLogin yes\nPasswordAuthentication yes")
                                        << s("accepts no SSH key") << s("It accepts: password.")
                                        << s("secret set vps.main.password");
        QTest::newRow("nothing") << QByteArray() << s("neither by SSH key nor by password") << s("It accepts nothing.")
                                 << s("PermitRootLogin");
    }

    void noKeysAtAll()
    {
        QFETCH(QByteArray, config);
        QFETCH(QString, summary);
        QFETCH(QString, detail);
        QFETCH(QString, fix);
        SshDaemon daemon("PubkeyAuthentication no\n" + config);
        QVERIFY(daemon.running());
        SshTarget target = daemon.target(daemon.userKey());
        target.passwordSecret = s("vps.main.password");
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Denied);
        QVERIFY2(session.error().summary.contains(summary), qPrintable(all(session.error())));
        QVERIFY2(session.error().detail.contains(detail), qPrintable(all(session.error())));
        QVERIFY2(session.error().fix.contains(fix), qPrintable(all(session.error())));
        QCOMPARE(daemon.connections(), 1);
    }

    void wrongPin()
    {
        SshTarget target = m_daemon->target(m_daemon->userKey());
        const Fingerprint pinned = Fingerprint::ofBytes("another host");
        target.hostKeys = {pinned};
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::HostKey);
        for (const Fingerprint &one : {pinned, m_daemon->hostKey(), m_daemon->hostKey(s("ecdsa"))})
            QVERIFY2(session.error().detail.contains(one.text()), qPrintable(session.error().detail));
        QVERIFY(session.error().fix.contains(s("ssh-keygen -lf")));
        // Nobody tried to log in, and the server was not hammered.
        QTRY_VERIFY(m_daemon->log().count("host key not pinned [preauth]") == 2);
        QVERIFY2(!m_daemon->log().contains("userauth"), m_daemon->log().constData());
        QVERIFY(m_daemon->connections() <= 3);
    }

    void noPin()
    {
        SshTarget target = m_daemon->target(m_daemon->userKey());
        target.hostKeys.clear();
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::HostKey);
        QVERIFY(session.error().detail.contains(m_daemon->hostKey().text()));
        QVERIFY(!m_daemon->log().contains("userauth"));
        QCOMPARE(m_daemon->connections(), 1);
    }

    void otherTypePinned()
    {
        SshTarget target = m_daemon->target(m_daemon->userKey());
        target.hostKeys = {Fingerprint::ofBytes("another host"), m_daemon->hostKey(s("ecdsa"))};
        const auto session = connectTo(std::move(target));
        QVERIFY2(session, session ? "" : qPrintable(all(session.error())));
        QCOMPARE((*session)->hostKey().fingerprint, m_daemon->hostKey(s("ecdsa")));
        QCOMPARE(m_daemon->connections(), 2);
    }

    void nothingInCommon_data()
    {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QString>("hostKey");
        QTest::addColumn<QString>("summary");
        QTest::addColumn<QString>("detail");
        QTest::addColumn<QString>("fix");
        const auto row = [](const char *name, const char *config, const char *hostKey, const char *summary,
                            const char *detail, const char *fix) {
            QTest::newRow(name) << QByteArray(config) << s(hostKey) << s(summary) << s(detail) << s(fix);
        };
        row("host key", "", "rsa", "no Ed25519 or ECDSA host key", "rsa-sha2-512", "ssh-keygen -A");
        row("mac", "Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com", "ed25519",
            "message authentication code", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512");
        row("cipher", "Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com", "ed25519", "no cipher",
            "chacha20-poly1305@openssh.com", "aes256-ctr");
        row("key exchange", "KexAlgorithms sntrup761x25519-sha512@openssh.com", "ed25519", "no key exchange",
            "sntrup761x25519-sha512@openssh.com", "curve25519-sha256");
    }

    void nothingInCommon()
    {
        QFETCH(QByteArray, config);
        QFETCH(QString, hostKey);
        QFETCH(QString, summary);
        QFETCH(QString, detail);
        QFETCH(QString, fix);
        SshDaemon daemon(config, {hostKey});
        QVERIFY(daemon.running());
        SshTarget target = daemon.target(daemon.userKey());
        target.hostKeys = {daemon.hostKey(hostKey)};
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Protocol);
        QVERIFY2(session.error().summary.contains(summary), qPrintable(all(session.error())));
        QVERIFY2(session.error().detail.contains(detail), qPrintable(all(session.error())));
        QVERIFY2(session.error().fix.contains(fix), qPrintable(all(session.error())));
        QCOMPARE(daemon.connections(), 1);
    }

    void noiseIsNoNegotiation()
    {
        // Whatever a server sends, the text stays a text.
        const QByteArray cases[] = {{},
                                    "SSH-2.0-x",
                                    "SSH-2.0-x\r\n",
                                    QByteArray("SSH-2.0-x\r\n") + QByteArray(40, '\x14'),
                                    QByteArray("SSH-2.0-x\r\n") + QByteArray(5, 0) + '\x14' + QByteArray(16, 0) +
                                        QByteArray("\xff\xff\xff\xff", 4),
                                    QByteArray("SSH-2.0-x\r\n") + QByteArray(5, 0) + '\x14' + QByteArray(16, 0) +
                                        QByteArray("\0\0\0\3\x1b[1", 7)};
        for (const QByteArray &one : cases) {
            const Error error = negotiationError(one, s("vps"));
            QCOMPARE(error.code, ErrorCode::Protocol);
            QVERIFY(!error.summary.isEmpty());
            QVERIFY(!all(error).contains(QLatin1Char(0x1b)));
        }
    }

    void nextAddress_data()
    {
        QTest::addColumn<QByteArray>("first"); // the first address's server
        QTest::newRow("refuses") << QByteArray("refuses");
        QTest::newRow("silent") << QByteArray("silent");
        QTest::newRow("closes") << QByteArray("closes");
    }

    void nextAddress()
    {
        QFETCH(QByteArray, first);
        std::optional<BadServer> bad;
        if (first != "refuses")
            bad.emplace("127.0.0.3", m_daemon->port().number(), QByteArray(),
                        first == "closes" ? BadServer::Then::Closes : BadServer::Then::Waits);
        SshTarget target = m_daemon->target(m_daemon->userKey());
        target.addresses = {ip("127.0.0.3"), ip("127.0.0.1")};
        const auto session = connectTo(std::move(target), 4s);
        QVERIFY2(session, session ? "" : qPrintable(all(session.error())));
    }

    void noAddressAnswers()
    {
        SshTarget target = m_daemon->target(m_daemon->userKey());
        m_daemon->kill();
        target.addresses = {ip("127.0.0.3"), ip("127.0.0.1")};
        const auto session = connectTo(std::move(target));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Network);
        QVERIFY2(session.error().detail.contains(s("127.0.0.3")) && session.error().detail.contains(s("127.0.0.1")),
                 qPrintable(all(session.error())));
    }

    void notAnSshServer_data()
    {
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("HTTP") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n");
        QTest::newRow("banner only") << QByteArray("SSH-2.0-Nothing\r\n");
        QTest::newRow("noise") << QByteArray("SSH-2.0-Noise\r\n") + QByteArray(3000, '\x55');
    }

    void notAnSshServer()
    {
        QFETCH(QByteArray, says);
        BadServer server("127.0.0.1", 0, says, BadServer::Then::Closes);
        const auto session = connectTo(elsewhere(server.port()));
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Network);
        QVERIFY(session.error().summary.contains(s("broke during the login")));
    }

    void deadline_data()
    {
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<bool>("talksOn");
        QTest::newRow("silent") << QByteArray() << false;
        QTest::newRow("banner only") << QByteArray("SSH-2.0-Slow\r\n") << false;
        QTest::newRow("endless banner") << QByteArray("not yet\r\nnot yet\r\n") << true;
        // SSH_MSG_IGNORE: length 12, padding 6, type 2, an empty string.
        const QByteArray ignore("\0\0\0\x0c\x06\x02\0\0\0\0\0\0\0\0\0\0", 16);
        QTest::newRow("endless packets") << QByteArray("SSH-2.0-Loud\r\n") + ignore.repeated(1000) << true;
    }

    void deadline()
    {
        QFETCH(QByteArray, says);
        QFETCH(bool, talksOn);
        BadServer server("127.0.0.1", 0, says, talksOn ? BadServer::Then::TalksOn : BadServer::Then::Waits);
        SshTarget target = elsewhere(server.port());
        QElapsedTimer timer;
        timer.start();
        const auto session = connectTo(std::move(target), 500ms);
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    }

    void stop()
    {
        BadServer silent("127.0.0.1", 0, {}, BadServer::Then::Waits);
        std::stop_source source;
        SshTarget target = elsewhere(silent.port());
        QElapsedTimer timer;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(200ms);
            timer.start();
            source.request_stop();
        });
        const auto session = connectTo(std::move(target), 20s, source.get_token());
        stopper.join();
        QVERIFY(!session);
        QCOMPARE(session.error().code, ErrorCode::Cancelled);
        QVERIFY2(timer.elapsed() < 200, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_GUILESS_MAIN(TestSshLogin)
#include "tst_ssh_login.moc"
