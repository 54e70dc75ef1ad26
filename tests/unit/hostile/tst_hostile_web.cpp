// Home servers that mean no good, at the end of a path: slow, endless, without TLS, leading elsewhere, with a clock
// that lies.

#include "hostile/dnswire.h"
#include "transport/io.h"
#include "verify/answers.h"
#include "verify/scene.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/socket.h>

#include <atomic>

using namespace sixgate;
using namespace sixgate::test;
using namespace pathtest;
using namespace std::chrono_literals;

namespace
{

const QByteArray ok = "HTTP/1.1 200 OK\r\n";

const Identity &good()
{
    static const Identity one = authority().issue({"cloud.example.org"});
    return one;
}

const Error noSession{ErrorCode::Network, QStringLiteral("The VPS cannot be reached by SSH."), {}, {}};

PathReport walk(PathKind kind, const Server::Raw &raw)
{
    Scene scene;
    scene.inputs.kinds = {kind};
    const Server server(kind == PathKind::Lan ? proxytest::homeOld : proxytest::proxyV4, 443, raw);
    return verifyPaths(scene.site, scene.inputs, nullptr, noSession, {}, Deadline::after(20s), {}).report.paths.front();
}

QString told(const PathReport &path)
{
    return QStringLiteral("%1 at \"%2\" (%3): %4")
        .arg(pathStateName(path.state), path.failedStep, path.reason(),
             path.error ? path.error->summary + path.error->detail : QString());
}

/// One byte a second until the peer is gone.
void drip(const QByteArray &bytes, const std::function<bool(const QByteArray &)> &send)
{
    for (const char c : bytes) {
        if (!send(QByteArray(1, c)))
            return;
        std::this_thread::sleep_for(1s);
    }
}

bool sendRaw(int fd, const QByteArray &bytes)
{
    return ::send(fd, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL) == bytes.size();
}

/// The most memory that this process had since the last call with `anew`, in KiB.
qint64 mostMemory(bool anew)
{
    QFile status(QStringLiteral("/proc/self/status")), clear(QStringLiteral("/proc/self/clear_refs"));
    if (anew && (!clear.open(QIODevice::WriteOnly) || clear.write("5") != 1))
        qFatal("the peak of the memory cannot be reset");
    clear.close();
    if (!status.open(QIODevice::ReadOnly))
        qFatal("no /proc");
    for (const QByteArray &line : status.readAll().split('\n')) {
        if (line.startsWith("VmHWM:"))
            return line.simplified().split(' ').at(1).toLongLong();
    }
    return 0;
}

QByteArray pathOf(const QByteArray &request)
{
    return request.split(' ').value(1);
}

} // namespace

using Redirect = std::function<QByteArray(const QByteArray &path)>;
Q_DECLARE_METATYPE(Server::Raw)
Q_DECLARE_METATYPE(Redirect)

class TestHostileWeb : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase() { trustOnly(authority().root, m_folder.path()); }

    void slow_data()
    {
        QTest::addColumn<Server::Raw>("server");
        QTest::addColumn<QString>("step"); // empty: it works
        QTest::newRow("a byte a second in TLS") << Server::Raw([](int fd) {
            drip(QByteArray("\x16\x03\x03\0\x7a\2\0\0\x76\3\3", 11),
                 [fd](const QByteArray &byte) { return sendRaw(fd, byte); });
        }) << QStringLiteral("tls");
        const auto session = [](const QByteArray &at_once, const QByteArray &slowly) {
            return tlsSession(good(), {}, [=](SSL *ssl) {
                readRequest(ssl);
                test::writeAll(ssl, at_once);
                drip(slowly, [ssl](const QByteArray &byte) { return SSL_write(ssl, byte.constData(), 1) == 1; });
            });
        };
        QTest::newRow("a byte a second in the head") << session({}, ok + "\r\n") << QStringLiteral("http");
        QTest::newRow("a byte a second in a header") << session(ok + "X: ", "yyyyyyyyyyyy") << QStringLiteral("http");
        // The status is all that counts.
        QTest::newRow("a byte a second in the body")
            << session(ok + "Content-Type: text/html\r\n\r\n", "<html>12345") << QString();
    }

    void slow()
    {
        QFETCH(Server::Raw, server);
        QFETCH(QString, step);
        // The server's own pause is over within a second.
        QElapsedTimer timer;
        timer.start();
        const PathReport path = walk(PathKind::Lan, server);
        QVERIFY2(timer.elapsed() < (step.isEmpty() ? 2500 : 6500), qPrintable(QString::number(timer.elapsed())));
        QVERIFY2(path.failedStep == step, qPrintable(told(path)));
        QCOMPARE(path.state, step.isEmpty() ? PathState::Works : PathState::Broken);
        QCOMPARE(path.reason(), step.isEmpty() ? QString() : QStringLiteral("TIMEOUT"));
    }

    void endless_data()
    {
        QTest::addColumn<QByteArray>("start");
        QTest::addColumn<QByteArray>("again");
        QTest::addColumn<QString>("reason"); // of the step "http"; empty: it works
        const QString no = QStringLiteral("PROTOCOL");
        const QByteArray html = ok + "Content-Type: text/html\r\n";
        QTest::newRow("headers") << ok << QByteArray("A: b\r\n").repeated(2000) << no;
        QTest::newRow("one header") << ok + "A: " << QByteArray(16000, 'b') << no;
        QTest::newRow("folded lines") << ok + "A: b\r\n" << QByteArray(" c\r\n").repeated(2000) << no;
        QTest::newRow("interim answers") << QByteArray() << QByteArray("HTTP/1.1 103 Early\r\n\r\n").repeated(500)
                                         << no;
        QTest::newRow("no line") << QByteArray("HTTP/1.1 ") << QByteArray(16000, 'x') << no;
        QTest::newRow("body") << html + "\r\n" << QByteArray(16000, 'x') << QString();
        QTest::newRow("body of a file") << ok + "\r\n" << QByteArray(16000, 'x') << QString();
        QTest::newRow("chunks") << html + "Transfer-Encoding: chunked\r\n\r\n"
                                << QByteArray("3\r\nabc\r\n").repeated(2000) << QString();
        QTest::newRow("a chunk's size") << html + "Transfer-Encoding: chunked\r\n\r\n"
                                        << QByteArray(16000, 'f') << QString();
    }

    void endless()
    {
        QFETCH(QByteArray, start);
        QFETCH(QByteArray, again);
        QFETCH(QString, reason);
        const qint64 before = mostMemory(true);
        QElapsedTimer timer;
        timer.start();
        const PathReport path = walk(PathKind::Lan, tlsSession(good(), {}, [&](SSL *ssl) {
                                         readRequest(ssl);
                                         test::writeAll(ssl, start);
                                         while (SSL_write(ssl, again.constData(), int(again.size())) > 0) {
                                         }
                                     }));
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        const qint64 more = mostMemory(false) - before;
        QVERIFY2(more < 16 * 1024, qPrintable(QStringLiteral("%1 KiB more").arg(more)));
        QVERIFY2(path.reason() == reason, qPrintable(told(path)));
        QCOMPARE(path.failedStep, reason.isEmpty() ? QString() : QStringLiteral("http"));
    }

    void noTls_data()
    {
        QTest::addColumn<Server::Raw>("server");
        QTest::addColumn<QString>("reason");
        const QString no = QStringLiteral("PROTOCOL"), closed = QStringLiteral("CLOSED");
        const auto says = [](const QByteArray &bytes, bool again = false) {
            return Server::Raw([=](int fd) {
                char hello[4096];
                while (::recv(fd, hello, sizeof hello, 0) > 0) {
                    while (sendRaw(fd, bytes) && again) {
                    }
                }
            });
        };
        QTest::newRow("noise") << says(QByteArray("\x93\xf1\0\xfe\x07", 5).repeated(100)) << no;
        QTest::newRow("endless noise") << says(QByteArray(65536, '\xee'), true) << no;
        QTest::newRow("HTTP") << says("HTTP/1.1 400 Bad Request\r\n\r\n") << no;
        QTest::newRow("SSH") << says("SSH-2.0-OpenSSH_9.2p1\r\n") << no;
        QTest::newRow("an alert") << says(QByteArray("\x15\3\3\0\2\2\x28", 7)) << no;
        QTest::newRow("records of nothing") << says(QByteArray("\x16\3\3\0\0", 5).repeated(1000), true) << no;
        QTest::newRow("a hello of 16 MiB")
            << says("\x16\3\3\x40\x01" + QByteArray("\2\xff\xff\xff") + QByteArray(0x4001 - 4, 'h'), true) << no;
        QTest::newRow("noise as a hello") << says("\x16\3\3\x01\x01" + QByteArray(257, '\2')) << no;
        QTest::newRow("closes after the hello") << Server::Raw([](int fd) {
            char hello[4096];
            (void)!::recv(fd, hello, sizeof hello, 0);
        }) << closed;
        QTest::newRow("closes at once") << Server::Raw([](int) {}) << closed;
        QTest::newRow("breaks off after the hello") << Server::Raw([](int fd) {
            char hello[4096];
            (void)!::recv(fd, hello, sizeof hello, 0);
            const linger now{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }) << closed;
        QTest::newRow("closes within its hello") << Server::Raw([](int fd) {
            char hello[4096];
            (void)!::recv(fd, hello, sizeof hello, 0);
            sendRaw(fd, QByteArray("\x16\3\3\0\x7a\2\0\0\x76\3\3", 11));
        }) << closed;
    }

    void noTls()
    {
        QFETCH(Server::Raw, server);
        QFETCH(QString, reason);
        const qint64 before = mostMemory(true);
        QElapsedTimer timer;
        timer.start();
        const PathReport path = walk(PathKind::Lan, server);
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(mostMemory(false) - before < 16 * 1024);
        QVERIFY2(path.failedStep == QLatin1String("tls") && path.reason() == reason, qPrintable(told(path)));
    }

    void redirects_data()
    {
        QTest::addColumn<Redirect>("location");
        QTest::addColumn<bool>("loops");
        QTest::addColumn<int>("requests"); // of the home
        const auto row = [](const char *name, const QByteArray &location, bool loops = false, int requests = 1) {
            QTest::newRow(name) << Redirect([location](const QByteArray &) { return location; }) << loops << requests;
        };
        row("another host", "https://evil.example.net/");
        row("another host's address", "https://[2001:db8:99::7]/");
        row("another host without encryption", "http://evil.example.net/");
        row("another host by two slashes", "//evil.example.net/");
        row("another host by three slashes", "///evil.example.net/");
        row("another host by backslashes", "\\\\evil.example.net\\");
        row("another host by slash and backslash", "/\\evil.example.net/");
        row("another host behind an at sign", "https://cloud.example.org@evil.example.net/status.php");
        row("another host behind a name and a word", "https://cloud.example.org:443@evil.example.net/status.php");
        row("another host below", "https://cloud.example.org.evil.example.net/status.php");
        row("another port", "https://cloud.example.org:8443/status.php");
        row("credentials", "https://me:secret@cloud.example.org/status.php");
        row("a file", "file:///etc/passwd");
        row("a script", "javascript:alert(1)");
        row("no location", "");
        row("an escape", "/status.php\x1b[2J");
        row("control characters", "/status.php\x01\x02\x7f");
        row("a tab", "/sta\ttus.php");
        row("bytes that are no text", "/status.php\xff\xfe");
        row("a query", "/status.php?again");
        row("60,000 characters", "/" + QByteArray(60000, 'a'));
        // Cut after 500 it would be the path that it came from.
        row("a long way", "/././" + QByteArray("a/../").repeated(97) + "status.php/elsewhere");
        row("the same URL", "https://cloud.example.org/status.php", true);
        row("the same path", "/status.php", true);
        row("the same path by two slashes", "//cloud.example.org/status.php", true);
        row("the same path by a way round", "/a/../b/./../status.php#there", true);
        row("the same without encryption", "http://cloud.example.org/status.php", true);
        row("another path that stays", "/a", true, 2);
        const auto way = [](const char *name, const Redirect &location, bool loops, int requests) {
            QTest::newRow(name) << location << loops << requests;
        };
        way(
            "there and back", [](const QByteArray &path) { return path == "/a" ? "/status.php" : "/a"; }, true, 2);
        way(
            "a circle of four",
            [](const QByteArray &path) {
                return path == "/c" ? "/status.php" : path == "/b" ? "/c" : path == "/a" ? "/b" : "/a";
            },
            true, 4);
        way(
            "an endless chain",
            [](const QByteArray &path) { return path == "/status.php" ? QByteArray("/x") : path + "x"; }, false, 6);
        way(
            "at last to another host",
            [](const QByteArray &path) { return path == "/a" ? "https://evil.example.net/" : "/a"; }, false, 2);
    }

    void redirects()
    {
        QFETCH(Redirect, location);
        QFETCH(bool, loops);
        QFETCH(int, requests);
        // Whoever would be reached by a redirect that is followed, and who would be asked for the name.
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
        std::atomic<int> asked = 0, elsewhere = 0, lookedUp = 0;
        hostile::NameServer resolver;
        resolver.set([&](const hostile::wire::Query &) {
            ++lookedUp;
            return std::vector<QByteArray>();
        });
        const Server::Raw count = [&](int) { ++elsewhere; };
        const Server evil(proxytest::visitorV6, 443, count), evilWeb(proxytest::visitorV6, 80, count);
        const Server otherPort(proxytest::homeOld, 8443, count), web(proxytest::homeOld, 80, count);
        const auto before = [](const QByteArray &status) { return "HTTP/1.1 " + status + "\r\nLocation: "; };
        const PathReport path = walk(PathKind::Lan, https(good(), [&](const QByteArray &request) {
                                         ++asked;
                                         return before("302 Found") + location(pathOf(request)) + "\r\n\r\n";
                                     }));
        QVERIFY2(path.state == (loops ? PathState::Broken : PathState::Works), qPrintable(told(path)));
        QCOMPARE(path.reason(), loops ? QStringLiteral("redirect-loop") : QString());
        QCOMPARE(path.http->loops, loops);
        QCOMPARE(asked.load(), requests);
        QCOMPARE(elsewhere.load(), 0);
        QCOMPARE(lookedUp.load(), 0);
        if (path.error) {
            for (const QChar c : path.error->summary + path.error->detail)
                QVERIFY(c.isPrint());
        }
    }

    // The other way round: the listeners of redirects() do see a connection.
    void listenersListen()
    {
        std::atomic<int> elsewhere = 0;
        {
            const Server evil(proxytest::visitorV6, 443, [&](int) { ++elsewhere; });
            QVERIFY(connectTcp(evil.address(), evil.port(), Deadline::after(2s), {}));
            QTRY_COMPARE(elsewhere.load(), 1);
        }
    }

    void locationThatFillsTheHead()
    {
        const PathReport path =
            walk(PathKind::Lan,
                 https(good(), says("HTTP/1.1 302 Found\r\nLocation: /" + QByteArray(65536, 'a') + "\r\n\r\n")));
        QVERIFY2(path.failedStep == QLatin1String("http") && path.reason() == QLatin1String("PROTOCOL"),
                 qPrintable(told(path)));
    }

    void oldHttp()
    {
        QCOMPARE(walk(PathKind::Lan, https(good(), says("HTTP/1.0 200 OK\r\n\r\n"))).state, PathState::Works);
        const PathReport loop =
            walk(PathKind::Lan, https(good(), says("HTTP/1.0 302 Found\r\nLocation: /status.php\r\n\r\n")));
        QVERIFY2(loop.reason() == QLatin1String("redirect-loop"), qPrintable(told(loop)));
        const PathReport ancient = walk(PathKind::Lan, https(good(), says("<html>Welcome</html>\r\n")));
        QVERIFY2(ancient.reason() == QLatin1String("PROTOCOL"), qPrintable(told(ancient)));
    }

    void pages_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QString>("page");
        const QString nginx = QStringLiteral("nginx-default");
        const QByteArray html = ok + "Content-Type: text/html\r\n", text = "<h1>Welcome to nginx!</h1>";
        const QByteArray chunked = html + "Transfer-Encoding: chunked\r\n\r\n";
        QByteArray single;
        for (const char c : text)
            single += QByteArray("1\r\n") + c + "\r\n";
        QTest::newRow("plain") << html + "\r\n" + text << nginx;
        QTest::newRow("in capitals") << ok + "Content-Type: Text/HTML; charset=utf-8\r\n\r\n" + text << nginx;
        QTest::newRow("no page") << ok + "Content-Type: text/plain\r\n\r\n" + text << QString();
        QTest::newRow("behind 4 KiB") << html + "\r\n" + QByteArray(5000, ' ') + text << QString();
        QTest::newRow("one chunk") << chunked + "1a\r\n" + text + "\r\n0\r\n\r\n" << nginx;
        QTest::newRow("two chunks") << chunked + "8\r\n" + text.left(8) + "\r\n12;x=y\r\n" + text.mid(8) + "\r\n"
                                    << nginx;
        QTest::newRow("chunks of one byte") << chunked + single << nginx;
        QTest::newRow("a chunk that is larger than it is") << chunked + "ffffffff\r\n" + text << nginx;
        QTest::newRow("a chunk beyond all numbers") << chunked + "ffffffffffffffffff\r\n" + text << QString();
        QTest::newRow("a chunk below zero") << chunked + "-1\r\n" + text << QString();
        QTest::newRow("a chunk in words") << chunked + "many\r\n" + text << QString();
        QTest::newRow("behind the last chunk") << chunked + "0\r\n\r\n" + text << QString();
        QTest::newRow("chunks that are none") << chunked + text << QString();
    }

    void pages()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QString, page);
        const PathReport path = walk(PathKind::Lan, https(good(), says(answer)));
        QVERIFY(path.http);
        QCOMPARE(path.http->page, page);
        QCOMPARE(path.reason(), page);
    }

    void dates_data()
    {
        QTest::addColumn<QByteArray>("date");
        QTest::addColumn<QDateTime>("seen"); // invalid: it says nothing
        const auto row = [](const char *name, const QByteArray &date, const QDateTime &seen = {}) {
            QTest::newRow(name) << date << seen;
        };
        const auto utc = [](int year, int month, int day) {
            return QDateTime(QDate(year, month, day), QTime(8, 0), Qt::UTC);
        };
        row("as it should be", "Thu, 26 Nov 2026 08:00:00 GMT", utc(2026, 11, 26));
        row("1970", "Thu, 01 Jan 1970 08:00:00 GMT", utc(1970, 1, 1));
        row("9999", "Fri, 31 Dec 9999 08:00:00 GMT", utc(9999, 12, 31));
        row("year 0", "Sat, 01 Jan 0000 08:00:00 GMT");
        row("year 10000", "Sat, 01 Jan 10000 08:00:00 GMT");
        row("a year below zero", "Sat, 01 Jan -001 08:00:00 GMT");
        row("31 February", "Tue, 31 Feb 2026 08:00:00 GMT");
        row("hour 25", "Thu, 26 Nov 2026 25:00:00 GMT");
        row("another weekday", "Mon, 26 Nov 2026 08:00:00 GMT");
        row("another zone", "Thu, 26 Nov 2026 08:00:00 +0900");
        row("noise", "\x1b[2J\xff\xfe");
        row("long noise", "Thu, 26 Nov 2026 08:00:00 GMT" + QByteArray(1000, '0'));
        row("nothing", "");
    }

    void dates()
    {
        QFETCH(QByteArray, date);
        QFETCH(QDateTime, seen);
        const PathReport path = walk(PathKind::Lan, https(good(), says(ok + "Date: " + date + "\r\n\r\n")));
        QCOMPARE(path.state, PathState::Works);
        QCOMPARE(path.http->date.isValid(), seen.isValid());
        if (seen.isValid())
            QCOMPARE(path.http->date, seen);
    }

    // Apache passes the Date header of the home on: only what the proxy answers itself tells the VPS's clock.
    void dateThroughTheProxy()
    {
        const QByteArray date = "Date: Fri, 31 Dec 9999 08:00:00 GMT\r\n";
        const PathReport home = walk(PathKind::V4, https(good(), [&](const QByteArray &request) {
                                         return marked()(request).replace("Content-Length", date + "Content-Length");
                                     }));
        QVERIFY2(home.state == PathState::Works, qPrintable(told(home)));
        QVERIFY(!home.http->date.isValid());
        const PathReport proxy =
            walk(PathKind::V4, https(good(), says("HTTP/1.1 503 Service Unavailable\r\n" + date + "\r\n")));
        QCOMPARE(proxy.reason(), QStringLiteral("proxy"));
        QVERIFY(proxy.http->date.isValid());
    }
};

int main(int argc, char **argv)
{
    return pathtest::run<TestHostileWeb>(argc, argv);
}

#include "tst_hostile_web.moc"
