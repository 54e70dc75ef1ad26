// Small HTTP answers, from servers that do well and from others.

#include "testserver.h"
#include "transport/fetch.h"
#include "transport/io.h"

#include <QElapsedTimer>
#include <QTest>

#include <sys/socket.h>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

void send(int fd, const QByteArray &bytes)
{
    [[maybe_unused]] const auto sent = ::send(fd, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL);
}

Result<FetchedAnswer> get(const Server &server, std::chrono::milliseconds span, std::stop_token stop = {})
{
    const Deadline deadline = Deadline::after(span);
    const auto socket = connectTcp(server.address(), server.port(), deadline, stop);
    if (!socket)
        return passOn(socket);
    return exchange(overTcp(*socket, deadline, stop), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 64, deadline);
}

} // namespace

class TestFetch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("body"); // "!" and a part of the summary: an error
        const auto row = [](const char *name, const QByteArray &answer, const QByteArray &body) {
            QTest::newRow(name) << answer << body;
        };
        const QByteArray ok = "HTTP/1.1 200 OK\r\n";
        row("length", ok + "Content-Length: 9\r\n\r\n192.0.2.1", "192.0.2.1");
        row("more than its length", ok + "Content-Length: 9\r\n\r\n192.0.2.1234", "192.0.2.1");
        row("to the end", ok + "\r\n192.0.2.1\n", "192.0.2.1\n");
        row("lone line feeds", "HTTP/1.0 200\n\n192.0.2.1", "192.0.2.1");
        row("chunks", ok + "Transfer-Encoding: Chunked\r\n\r\n4;x=y\r\n192.\r\n5\r\n0.2.1\r\n0\r\n\r\n", "192.0.2.1");
        row("chunks before the length",
            ok + "Content-Length: 2\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "x");
        row("100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx", "x");
        row("nothing in it", ok + "Content-Length: 0\r\n\r\n", "");
        row("64 bytes", ok + "\r\n" + QByteArray(64, 'x'), QByteArray(64, 'x'));
        row("65 bytes", ok + "\r\n" + QByteArray(65, 'x'), "!more than 64 bytes");
        row("65 bytes by length", ok + "Content-Length: 65\r\n\r\n", "!more than 64 bytes");
        row("65 bytes in chunks", ok + "Transfer-Encoding: chunked\r\n\r\n20\r\n" + QByteArray(32, 'x') + "\r\n21\r\n",
            "!more than 64 bytes");
        row("a huge chunk", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "!not HTTP");
        row("a negative chunk", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "!not HTTP");
        row("a chunk without its end", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n", "!");
        row("gzip", ok + "Transfer-Encoding: gzip\r\n\r\nx", "!encoded");
        row("a negative length", ok + "Content-Length: -1\r\n\r\nx", "!not HTTP");
        row("a length of words", ok + "Content-Length: 0x9\r\n\r\n192.0.2.1", "!not HTTP");
        row("shorter than its length", ok + "Content-Length: 9\r\n\r\n192", "!too early");
        row("chunks that stop", ok + "Transfer-Encoding: chunked\r\n\r\n9\r\n192", "!too early");
        row("head that stops", ok + "Content-Le", "!too early");
        row("nothing", "", "!without an answer");
        row("another protocol", "SSH-2.0-OpenSSH\r\n", "!not HTTP");
        row("status of letters", "HTTP/1.1 2x0 OK\r\n\r\n", "!not HTTP");
        row("switching", "HTTP/1.1 101 Switching\r\n\r\n", "!not HTTP");
        row("header without a name", ok + ": x\r\n\r\n", "!not HTTP");
        row("endless line", ok + "X: " + QByteArray(20000, 'x'), "!too long");
        row("endless headers", ok + QByteArray("a: b\r\n").repeated(4000), "!");
    }

    void answers()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, body);
        const Server server("127.0.0.1", 0, [&](int fd) {
            // All of the request first: what is unread would reset the connection.
            char buffer[256];
            [[maybe_unused]] const auto got = ::recv(fd, buffer, sizeof buffer, 0);
            send(fd, answer);
            ::shutdown(fd, SHUT_WR);
        });
        const auto seen = get(server, 5s);
        if (body.startsWith('!')) {
            QVERIFY2(!seen, seen ? seen->body.constData() : "");
            QCOMPARE(seen.error().code, ErrorCode::Protocol);
            QVERIFY2(seen.error().summary.contains(QString::fromLatin1(body.mid(1))), qPrintable(seen.error().summary));
            return;
        }
        QVERIFY2(seen, seen ? "" : qPrintable(seen.error().summary));
        QCOMPARE(seen->status, 200);
        QCOMPARE(seen->body, body);
    }

    // One byte every few milliseconds: each wait is short, the whole is not.
    void aTrickleEndsAtTheDeadline()
    {
        std::atomic<bool> ended = false;
        const Server server("127.0.0.1", 0, [&](int fd) {
            send(fd, "HTTP/1.1 200 OK\r\n");
            while (!ended && ::send(fd, "a", 1, MSG_NOSIGNAL) == 1)
                std::this_thread::sleep_for(5ms);
        });
        QElapsedTimer timer;
        timer.start();
        const auto seen = get(server, 300ms);
        ended = true;
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }

    void aStopEndsIt()
    {
        const Server server("127.0.0.1", 0, [](int fd) {
            char buffer[256];
            while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
            }
        });
        std::stop_source source;
        const std::jthread stopper([&] {
            std::this_thread::sleep_for(100ms);
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        const auto seen = get(server, 20s, source.get_token());
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::Cancelled);
        QVERIFY2(timer.elapsed() < 5000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_GUILESS_MAIN(TestFetch)
#include "tst_fetch.moc"
