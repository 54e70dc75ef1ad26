// Web and SSH servers that mean no good: heads, certificates, banners, packets, output.

#include "hostile/carry.h"
#include "hostile/values.h"
#include "observe/vps.h"
#include "transport/io.h"
#include "transport/probe.h"
#include "transport/remotehost.h"
#include "transport_ssh/sshdaemon.h"
#include "transport_tls/testserver.h"
#include "verify/vpsprobe.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <optional>
#include <sys/socket.h>
#include <unistd.h>

using namespace sixgate;
using namespace hostile;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

const Identity &root()
{
    static const Identity one = makeIdentity({{}, "Trusted root", -3600, 86400, true});
    return one;
}

const Identity &good()
{
    static const Identity one = makeIdentity({{"cloud.example.org"}}, &root());
    return one;
}

Hostname cloud()
{
    return *Hostname::parse(QStringLiteral("cloud.example.org"));
}

ProbeSeen probeAt(const Server &server, std::chrono::milliseconds span)
{
    const Opener open = [&](const Deadline &until, std::stop_token stop) {
        return connectTcp(server.address(), server.port(), until, stop);
    };
    return probe(QStringLiteral("here"), open, ExpectedIdentity{cloud(), {}, {}},
                 HttpQuestion{*UrlPath::parse(QStringLiteral("/")), QByteArray(32, 'a')}, Deadline::after(span), {});
}

QString harm(const ProbeSeen &seen)
{
    for (const ProbeStep &step : seen.steps) {
        if (!isShowable(step.detail))
            return QString::fromLatin1(escaped(step.detail));
    }
    return seen.error ? hostile::harm(*seen.error) : QString();
}

/// SSH's framing without encryption: length, padding, payload.
QByteArray packet(const QByteArray &payload)
{
    const qsizetype padding = 8 + (8 - (5 + payload.size() + 8) % 8) % 8;
    const auto length = quint32(1 + payload.size() + padding);
    QByteArray out;
    for (int shift : {24, 16, 8, 0})
        out += char(length >> shift);
    return out + char(padding) + payload + QByteArray(padding, '\0');
}

QByteArray string(const QByteArray &bytes)
{
    QByteArray out;
    for (int shift : {24, 16, 8, 0})
        out += char(quint32(bytes.size()) >> shift);
    return out + bytes;
}

/// SSH_MSG_KEXINIT with these lists; the last of them for what is left.
QByteArray kexInit(const QByteArrayList &lists)
{
    QByteArray out = QByteArray(1, char(20)) + QByteArray(16, 'c');
    for (int i = 0; i < 10; ++i)
        out += string(lists[std::min<qsizetype>(i, lists.size() - 1)]);
    return out + QByteArray(5, '\0');
}

} // namespace

class TestHostilePeers : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::optional<SshDaemon> m_daemon;
    std::optional<SshDaemon> m_welcoming; ///< with a banner of every byte
    std::optional<RemoteHost> m_host;
    QString m_key, m_keyOfWelcoming;

    QString path(const char *name) const { return m_folder.filePath(QString::fromLatin1(name)); }

    void put(const char *name, const QByteArray &content) const
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("NO_COLOR", "1");
        trustOnly(root(), m_folder.path());
        QByteArray banner;
        for (const Bytes &one : bytes()) {
            if (one.value.size() < 1000)
                banner += one.value + '\n';
        }
        put("banner", banner);
        const QByteArray here = m_folder.path().toUtf8();
        m_daemon.emplace("ForceCommand cat " + here + "/out; cat " + here + "/err >&2; exit $(cat " + here +
                         "/status)");
        m_welcoming.emplace("Banner " + here + "/banner");
        QVERIFY2(m_daemon->running() && m_welcoming->running(), "sshd (openssh-server) does not start");
        m_key = m_daemon->userKey();
        m_keyOfWelcoming = m_welcoming->userKey();
    }

    void cleanup() { QVERIFY2(!markerAppeared(), "a value was run as a command"); }

    void web_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("endless"); // the last KiB again and again
        const QByteArray ok = "HTTP/1.1 200 OK\r\n";
        for (const Bytes &one : bytes()) {
            const auto row = [&](const char *what, const QByteArray &answer) {
                QTest::newRow((QByteArray(what) + one.name).constData()) << answer << false;
            };
            row("the answer is ", one.value + "\r\n\r\n");
            row("the reason is ", "HTTP/1.1 200 " + one.value + "\r\n\r\n");
            row("a header is ", ok + "Location: " + one.value + "\r\n\r\n");
            if (one.value.size() < 1000)
                row("a header's name is ", ok + one.value + ": x\r\n\r\n");
        }
        const auto row = [](const char *name, const QByteArray &answer, bool endless = false) {
            QTest::newRow(name) << answer << endless;
        };
        row("100,000 headers", ok + QByteArray("A: b\r\n").repeated(100000) + "\r\n");
        row("header of 1 MiB", ok + "A: " + QByteArray(1024 * 1024, 'b') + "\r\n\r\n");
        row("header's name of 1 MiB", ok + QByteArray(1024 * 1024, 'b') + ": a\r\n\r\n");
        row("10,000 folded lines", ok + "A: b\r\n" + QByteArray(" c\r\n").repeated(10000) + "\r\n");
        row("endless headers", ok + QByteArray("A: b\r\n").repeated(1000), true);
        row("endless 100s", QByteArray("HTTP/1.1 100 Continue\r\n\r\n").repeated(1000), true);
        row("endless body", ok + "\r\n" + QByteArray(100000, 'x'), true);
        row("endless chunks", ok + "Transfer-Encoding: chunked\r\n\r\n" + QByteArray("3\r\nabc\r\n").repeated(1000),
            true);
        row("endless line", QByteArray("HTTP/1.1 ") + QByteArray(100000, 'x'), true);
        row("gzip that becomes large",
            ok + "Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08" + QByteArray(100000, '\0'));
        row("length below zero", ok + "Content-Length: -1\r\n\r\n");
        row("length beyond all", ok + "Content-Length: 99999999999999999999\r\n\r\n");
        row("two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n");
        row("circle", "HTTP/1.1 302 Found\r\nLocation: https://cloud.example.org/\r\n\r\n");
        row("to a file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
    }

    void web()
    {
        QFETCH(QByteArray, answer);
        QFETCH(bool, endless);
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [&](SSL *ssl) {
                                readRequest(ssl);
                                writeAll(ssl, answer);
                                const QByteArray last = answer.right(1024);
                                while (endless && SSL_write(ssl, last.constData(), int(last.size())) > 0) {
                                }
                            }));
        QElapsedTimer timer;
        timer.start();
        const ProbeSeen seen = probeAt(server, 1s);
        QVERIFY2(timer.elapsed() < 1500, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(harm(seen), QString());
        QVERIFY(seen.error || seen.http);
        if (!seen.http)
            return;
        QVERIFY(seen.http->status >= 100 && seen.http->status < 600);
        for (const auto &[name, value] : seen.http->headers)
            QVERIFY(isShowable(QString::fromLatin1(name)) && !value.contains('\0') && !value.contains('\n'));
    }

    void certificates_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const Bytes &one : bytes()) {
            // A common name is UTF-8 of 1 to 64 characters; OpenSSL makes no other.
            const QString text = QString::fromUtf8(one.value);
            const bool may = text.size() <= 60 && !text.contains(QChar(0)) && text.toUtf8() == one.value;
            if (may && (!isShowable(text) || text.contains(QLatin1Char('"')) || text.contains(QLatin1Char('\\'))))
                QTest::newRow(one.name.constData()) << one.value;
        }
    }

    void certificates()
    {
        QFETCH(QByteArray, name);
        const Identity authority = makeIdentity({{}, name.constData(), -3600, 86400, true});
        const Identity issued = makeIdentity({{"cloud.example.org"}, name.constData()}, &authority);
        for (const auto &[shown, chain] :
             {std::pair(authority, std::vector<Identity>{}), std::pair(issued, std::vector<Identity>{}),
              std::pair(issued, std::vector<Identity>{authority})}) {
            const Server server("127.0.0.1", 0, tlsSession(shown, chain, [](SSL *ssl) { readRequest(ssl); }));
            const ProbeSeen seen = probeAt(server, 2s);
            QVERIFY(seen.error && seen.tls);
            QCOMPARE(harm(seen), QString());
            QVERIFY(isShowable(seen.tls->certificate.subject + seen.tls->certificate.issuer + seen.tls->chainError));
        }
    }

    void ssh_data()
    {
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<int>("then"); // 0: closes, 1: waits, 2: says it again and again
        const QByteArray hello = "SSH-2.0-OpenSSH_9.2p1\r\n";
        const auto row = [](const QByteArray &name, const QByteArray &says, int then = 0) {
            QTest::newRow(name.constData()) << says << then;
        };
        const QByteArray code = QByteArray(3, '\0') + '\2';
        for (const Bytes &one : bytes()) {
            row("the banner is " + one.name, one.value + "\r\n");
            row("the version is " + one.name, "SSH-2.0-" + one.value + "\r\n");
            row("before the version " + one.name, one.value + "\r\n" + hello);
            if (one.value.size() > 1000 || isShowable(QString::fromUtf8(one.value)))
                continue;
            row("goodbye with " + one.name, hello + packet('\1' + code + string(one.value) + string(one.value)));
            row("remark with " + one.name, hello + packet("\4\1" + string(one.value) + string("")));
            row("algorithms are " + one.name, hello + packet(kexInit({one.value})));
            row("host keys are " + one.name, hello + packet(kexInit({"curve25519-sha256", one.value})));
        }
        row("10,000 lines before", QByteArray("not yet\r\n").repeated(10000) + hello);
        row("endless lines before", QByteArray("not yet\r\n").repeated(1000), 2);
        row("line of 1 MiB", QByteArray(1024 * 1024, 'x') + "\r\n" + hello);
        row("endless line", QByteArray(100000, 'x'), 2);
        row("endless NUL", QByteArray(100000, '\0'), 2);
        row("version 1.0", "SSH-1.0-old\r\n", 1);
        row("version 1.99", "SSH-1.99-old\r\n", 1);
        row("version 3", "SSH-3.0-new\r\n", 1);
        row("no end of the line", hello.chopped(2), 1);
        row("LF alone", hello.chopped(2) + '\n', 1);
        row("packet of length 0", hello + QByteArray(16, '\0'), 1);
        row("packet of 4 GiB", hello + QByteArray("\xff\xff\xff\xff\x04\x14", 6) + QByteArray(1000, 'x'), 1);
        row("packet of 35,001 bytes", hello + QByteArray("\0\0\x88\xb9\x04\x14", 6) + QByteArray(40000, 'x'), 1);
        row("padding longer than the packet", hello + QByteArray("\0\0\0\x0c\xff\x14", 6) + QByteArray(10, 'x'), 1);
        row("packet without a payload", hello + QByteArray("\0\0\0\x0c\x0b", 5) + QByteArray(11, 'x'), 1);
        row("algorithms cut", hello + packet(kexInit({"x"}).left(30)), 1);
        row("list longer than the packet",
            hello + packet(QByteArray(1, char(20)) + QByteArray(16, 'c') + "\xff\xff\xff\xff"), 1);
        row("list of length -1", hello + packet(QByteArray(1, char(20)) + QByteArray(16, 'c') + QByteArray(40, '\xff')),
            1);
        row("no algorithms", hello + packet(kexInit({""})), 1);
        row("RSA alone",
            hello + packet(kexInit({"curve25519-sha256", "ssh-rsa", "aes256-ctr", "aes256-ctr", "hmac-sha2-256",
                                    "hmac-sha2-256", "none"})),
            1);
        row("10,000 algorithms", hello + packet(kexInit({QByteArray("a,").repeated(1500) + "a"})), 1);
        row("success before all", hello + packet(QByteArray(1, char(52))), 1);
        row("new keys before all", hello + packet(QByteArray(1, char(21))), 1);
        row("unknown message", hello + packet(QByteArray(1, char(255))), 1);
        row("message 0", hello + packet(QByteArray(1, '\0')), 1);
        row("endless remarks", hello + packet("\4\1" + string("x") + string("")).repeated(1000), 2);
        row("endless packets to ignore", packet('\2' + string("x")).repeated(1000), 2);
        const QByteArray exchange = hello + packet(kexInit({"curve25519-sha256", "ssh-ed25519", "aes256-ctr",
                                                            "aes256-ctr", "hmac-sha2-256", "hmac-sha2-256", "none"}));
        row("key exchange of noise",
            exchange + packet(QByteArray(1, char(31)) + string("ssh-ed25519") + string("x") + string("y")), 1);
        row("key exchange with a key of noise",
            exchange +
                packet(QByteArray(1, char(31)) + string(string("ssh-ed25519") + string(QByteArray(32, 'k'))) +
                       string(QByteArray(32, 'q')) + string(string("ssh-ed25519") + string(QByteArray(64, 's')))),
            1);
        row("key exchange cut", exchange + packet(QByteArray(1, char(31)) + "\xff\xff\xff\xff"), 1);
        row("key exchange of zeros",
            exchange +
                packet(QByteArray(1, char(31)) + string(string("ssh-ed25519") + string(QByteArray(32, '\0'))) +
                       string(QByteArray(32, '\0')) + string(string("ssh-ed25519") + string(QByteArray(64, '\0')))),
            1);
    }

    void ssh()
    {
        QFETCH(QByteArray, says);
        QFETCH(int, then);
        const Server server("127.0.0.1", 0, [&](int fd) {
            do {
                for (qsizetype at = 0; at < says.size();) {
                    const auto sent = ::send(fd, says.constData() + at, size_t(says.size() - at), MSG_NOSIGNAL);
                    if (sent <= 0)
                        return;
                    at += sent;
                }
            } while (then == 2);
            if (then == 0)
                ::shutdown(fd, SHUT_WR);
            char bytes[4096];
            while (::recv(fd, bytes, sizeof bytes, 0) > 0) {
            }
        });
        SshTarget target = m_daemon->target(m_key);
        target.port = server.port();
        const auto span = then == 0 ? 3000ms : 250ms;
        QElapsedTimer timer;
        timer.start();
        const auto session = SshSession::connect(std::move(target), Deadline::after(span), {});
        QVERIFY2(timer.elapsed() < span.count() + 300, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(!session);
        QCOMPARE(hostile::harm(session.error()), QString());
    }

    void welcome()
    {
        const auto session = SshSession::connect(m_welcoming->target(m_keyOfWelcoming), Deadline::after(10s), {});
        QVERIFY2(session, session ? "" : qPrintable(session.error().summary + session.error().detail));
        const auto ran = (*session)->exec(RemoteCommand("echo").literal("x"), {}, Deadline::after(10s), {});
        QVERIFY(ran);
        QCOMPARE(ran->out, QByteArray("x\n"));
        // The same with a key that is refused.
        const auto refused = SshSession::connect(
            m_welcoming->target(m_welcoming->userKey({QStringLiteral("-t"), QStringLiteral("ed25519")}, {}, false)),
            Deadline::after(10s), {});
        QVERIFY(!refused);
        QCOMPARE(hostile::harm(refused.error()), QString());
    }

    void output_data()
    {
        QTest::addColumn<QByteArray>("says");
        // Each row is a command on the real server: the values that a terminal would not show as they are.
        for (const Bytes &one : bytes()) {
            if (one.value.size() < 1000 && !isShowable(QString::fromUtf8(one.value)))
                QTest::newRow(one.name.constData()) << one.value;
        }
        QTest::newRow("1 MiB of zeros") << QByteArray(1024 * 1024, '\0');
        QTest::newRow("as it should be, then more") << QByteArray("end\n\033[2Jend\n");
    }

    // A shell on the VPS that says something else than what was asked.
    void output()
    {
        QFETCH(QByteArray, says);
        put("out", says);
        put("err", says);
        static int row = 0;
        const bool failing = ++row % 2 == 0;
        put("status", failing ? "1" : "0");
        if (!m_host) {
            m_host.emplace(m_daemon->target(m_key), RemoteHost::SudoPassword(), QString());
            const auto connected = m_host->connect(Deadline::after(10s), {});
            QVERIFY2(connected, connected ? "" : qPrintable(connected.error().summary + connected.error().detail));
        }
        ProbeQuestions questions;
        questions.resolve.insert(cloud());
        const Error error = row % 4 < 2 ? readVpsFacts(*m_host, {}, Deadline::after(10s), {}).error()
                                        : askVps(m_host->session(), questions, Deadline::after(10s), {}).error();
        QCOMPARE(error.code, ErrorCode::Protocol);
        QCOMPARE(hostile::harm(error), QString());
    }
};

QTEST_GUILESS_MAIN(TestHostilePeers)
#include "tst_hostile_peers.moc"
