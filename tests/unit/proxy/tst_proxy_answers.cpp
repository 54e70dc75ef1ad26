// Uploads, downloads, WebSockets: what the rendered configuration passes on, by a real Apache: see sandbox.h and
// apache.h.

#include "visits.h"

#include <QCryptographicHash>
#include <QTest>

#include <semaphore>

using namespace proxytest;

namespace
{

QByteArray block(int number)
{
    QByteArray bytes(65536, Qt::Uninitialized);
    for (qsizetype i = 0; i < bytes.size(); ++i)
        bytes[i] = char((i * 31 + number * 7 + (i >> 8)) & 0xff);
    return bytes;
}

} // namespace

class TestProxyAnswers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        writeHosts({{homeOld, "home6.example.org"}, {homeOld, "photos6.example.org"}});
        m_apache = std::make_unique<Apache>(wanted(), trust());
    }

    void cleanupTestCase() { m_apache.reset(); }

    void cleanup()
    {
        if (QTest::currentTestFailed())
            fprintf(stderr, "%s\n", Apache::log().constData());
        QVERIFY(m_apache->running());
    }

    // ---- what comes back

    void answersUnchanged()
    {
        const Upstream home(homeOld, 443, trust().home,
                            says("<p>hello</p>", "200 Fine",
                                 "Content-Type: text/html\r\nETag: \"1\"\r\nSet-Cookie: a=1\r\nSet-Cookie: "
                                 "b=2\r\nLocation: https://home6.example.org/x\r\nServer: Home/1\r\n"
                                 "Strict-Transport-Security: max-age=1\r\nAlt-Svc: h3=\":443\"\r\n"));
        const Answer answer = ask(request("/", "Accept-Encoding: gzip, deflate, br\r\n"));
        QCOMPARE(answer.status(), 200);
        QCOMPARE(answer.body, QByteArray("<p>hello</p>"));
        QCOMPARE(answer.head.value("content-encoding"), QByteArray());
        QCOMPARE(answer.head.value("content-type"), QByteArray("text/html"));
        QCOMPARE(answer.head.value("etag"), QByteArray("\"1\""));
        QCOMPARE(answer.head.value("set-cookie"), QByteArray("a=1 | b=2"));
        QCOMPARE(answer.head.value("server"), QByteArray("Home/1"));
        QCOMPARE(answer.head.value("strict-transport-security"), QByteArray("max-age=1"));
        QCOMPARE(answer.head.value("location"), QByteArray("https://home6.example.org/x"));
        QCOMPARE(answer.head.value("alt-svc"), QByteArray());
    }

    void altSvcOfErrors()
    {
        const Upstream home(homeOld, 443, trust().home, says("gone", "404 Not Found", "Alt-Svc: h3=\":443\"\r\n"));
        const Answer answer = ask(request("/"));
        QCOMPARE(answer.status(), 404);
        QCOMPARE(answer.head.value("alt-svc"), QByteArray());
    }

    void upload_data()
    {
        QTest::addColumn<bool>("chunked");
        QTest::newRow("with length") << false;
        QTest::newRow("chunked") << true;
    }

    void upload()
    {
        QFETCH(bool, chunked);
        constexpr int blocks = 1024; // 64 MB
        const Upstream home(homeOld, 443, trust().home, digests());
        Stream stream = visit();
        stream.write("PUT /big HTTP/1.1\r\nHost: cloud.example.org\r\nConnection: close\r\n" +
                     (chunked ? QByteArray("Transfer-Encoding: chunked")
                              : "Content-Length: " + QByteArray::number(blocks * 65536)) +
                     "\r\n\r\n");
        QCryptographicHash hash(QCryptographicHash::Sha256);
        for (int i = 0; i < blocks; ++i) {
            const QByteArray bytes = block(i);
            hash.addData(bytes);
            QVERIFY(stream.write(chunked ? "10000\r\n" + bytes + "\r\n" : bytes));
        }
        if (chunked)
            stream.write("0\r\n\r\n");
        const Answer answer = readAnswer(stream);
        QCOMPARE(answer.status(), 200);
        QCOMPARE(answer.body, digestOf(qint64(blocks) * 65536, hash.result()));
    }

    // The home sees the first bytes of an upload before the visitor has sent the last.
    void uploadStreams()
    {
        std::binary_semaphore arrived(0);
        const Upstream home(homeOld, 443, trust().home, [&](Stream &stream, const Head &head) {
            readBody(stream, head, false, [&](const QByteArray &) { arrived.release(); });
            stream.write("HTTP/1.1 204 No Content\r\n\r\n");
        });
        Stream stream = visit();
        stream.write("PUT / HTTP/1.1\r\nHost: cloud.example.org\r\nContent-Length: 131072\r\n\r\n" + block(0));
        QVERIFY(arrived.try_acquire_for(std::chrono::seconds(10)));
        stream.write(block(1));
        QCOMPARE(readAnswer(stream).status(), 204);
    }

    void downloadStreams_data()
    {
        QTest::addColumn<bool>("chunked");
        QTest::newRow("until the end") << false;
        QTest::newRow("chunked") << true;
    }

    void downloadStreams()
    {
        QFETCH(bool, chunked);
        std::binary_semaphore seen(0);
        const auto put = [chunked](Stream &stream, const QByteArray &bytes) {
            stream.write(chunked ? QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n" : bytes);
        };
        const Upstream home(homeOld, 443, trust().home, [&](Stream &stream, const Head &) {
            stream.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
                         QByteArray(chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n"));
            put(stream, "first");
            if (!seen.try_acquire_for(std::chrono::seconds(10)))
                return;
            for (int i = 0; i < 512; ++i)
                put(stream, block(i));
            if (chunked)
                stream.write("0\r\n\r\n");
        });
        Stream stream = visit();
        stream.write(request("/events"));
        const Head head = readHead(stream);
        QCOMPARE(head.status(), 200);
        QByteArray body;
        QCryptographicHash hash(QCryptographicHash::Sha256), expected(QCryptographicHash::Sha256);
        qint64 size = 0;
        QVERIFY(readBody(stream, head, true, [&](const QByteArray &bytes) {
            // Only now the rest is made.
            if (size == 0)
                seen.release();
            size += bytes.size();
            hash.addData(bytes);
        }));
        expected.addData("first");
        for (int i = 0; i < 512; ++i)
            expected.addData(block(i));
        QCOMPARE(size, qint64(512) * 65536 + 5);
        QCOMPARE(hash.result(), expected.result());
    }

    // A download that the home breaks off is not shown as whole.
    void brokenDownload()
    {
        const Upstream home(homeOld, 443, trust().home, [](Stream &stream, const Head &) {
            stream.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
        });
        const Answer answer = ask(request("/"));
        QCOMPARE(answer.status(), 200);
        QVERIFY(!answer.whole);
    }

    void expectContinue()
    {
        std::binary_semaphore asked(0);
        const Upstream home(homeOld, 443, trust().home, [&](Stream &stream, const Head &head) {
            if (!head.value("expect").isEmpty()) {
                asked.release();
                stream.write("HTTP/1.1 100 Continue\r\n\r\n");
            }
            digests()(stream, head);
        });
        Stream stream = visit();
        stream.write("PUT / HTTP/1.1\r\nHost: cloud.example.org\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        QCOMPARE(readHead(stream).status(), 100);
        stream.write("hello");
        const Answer answer = readAnswer(stream);
        QCOMPARE(answer.status(), 200);
        QCOMPARE(answer.body, digestOf(5, QCryptographicHash::hash("hello", QCryptographicHash::Sha256)));
    }

    void webSocket_data()
    {
        QTest::addColumn<QByteArray>("connection");
        QTest::newRow("as browsers say it") << QByteArray("Upgrade");
        QTest::newRow("as Firefox says it") << QByteArray("keep-alive, Upgrade");
        QTest::newRow("lower case") << QByteArray("upgrade");
    }

    void webSocket()
    {
        QFETCH(QByteArray, connection);
        const Upstream home(homeOld, 443, trust().home, [](Stream &stream, const Head &head) {
            if (head.value("upgrade").toLower() != "websocket" || head.value("connection").toLower() != "upgrade")
                return;
            stream.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: " +
                         head.value("sec-websocket-key").toUpper() + "\r\n\r\n");
            while (true) {
                const QByteArray bytes = stream.readSome();
                if (bytes.isEmpty() || !stream.write(bytes.toUpper()))
                    return;
            }
        });
        Stream stream = visit();
        stream.write("GET /ws HTTP/1.1\r\nHost: cloud.example.org\r\nUpgrade: websocket\r\nConnection: " + connection +
                     "\r\nSec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n\r\n");
        const Head head = readHead(stream);
        QCOMPARE(head.status(), 101);
        QCOMPARE(head.value("sec-websocket-accept"), QByteArray("ABC"));
        QCOMPARE(head.value("upgrade").toLower(), QByteArray("websocket"));
        for (const char *text : {"one", "two"}) {
            stream.write(text);
            QCOMPARE(stream.readExactly(3), QByteArray(text).toUpper());
        }
        const QByteArray much = block(3).replace('a', 'b').repeated(16);
        std::thread writer([&] { stream.write(much); });
        const QByteArray back = stream.readExactly(much.size());
        writer.join();
        QCOMPARE(back, much.toUpper());
        QCOMPARE(home.requests().front().value("x-forwarded-for"), QByteArray(visitorV4));
    }

    void keepAlive()
    {
        const Upstream home(homeOld, 443, trust().home);
        Stream stream = visit();
        for (int i = 0; i < 3; ++i) {
            stream.write("GET / HTTP/1.1\r\nHost: cloud.example.org\r\n\r\n");
            QCOMPARE(readAnswer(stream).body, QByteArray("hello"));
        }
        stream.write("HEAD / HTTP/1.1\r\nHost: cloud.example.org\r\nConnection: close\r\n\r\n");
        QCOMPARE(readAnswer(stream, true).status(), 200);
        QVERIFY(stream.readRest().isEmpty());
    }

    void oldClient()
    {
        const Upstream home(homeOld, 443, trust().home);
        const Answer named = ask("GET /old HTTP/1.0\r\nHost: cloud.example.org\r\n\r\n");
        QCOMPARE(named.status(), 200);
        QCOMPARE(named.body, QByteArray("hello"));
        QCOMPARE(named.head.value("transfer-encoding"), QByteArray());
        QCOMPARE(home.requests().front().value("x-forwarded-for"), QByteArray(visitorV4));
        Stream stream = visit();
        for (int i = 0; i < 2; ++i) {
            stream.write("GET / HTTP/1.0\r\nHost: cloud.example.org\r\nConnection: keep-alive\r\n\r\n");
            QCOMPARE(readAnswer(stream).body, QByteArray("hello"));
        }
    }

    void ranges()
    {
        {
            const Upstream home(homeOld, 443, trust().home); // knows no ranges
            const Answer answer = ask(request("/", "Range: bytes=1-2\r\n"));
            QCOMPARE(answer.status(), 200);
            QCOMPARE(answer.body, QByteArray("hello"));
        }
        const Upstream home(homeOld, 443, trust().home,
                            says("el", "206 Partial Content", "Content-Range: bytes 1-2/5\r\n"));
        const Answer answer = ask(request("/", "Range: bytes=1-2\r\n"));
        QCOMPARE(home.requests().front().value("range"), QByteArray("bytes=1-2"));
        QCOMPARE(answer.status(), 206);
        QCOMPARE(answer.body, QByteArray("el"));
        QCOMPARE(answer.head.value("content-range"), QByteArray("bytes 1-2/5"));
    }

private:
    std::unique_ptr<Apache> m_apache;
};

int main(int argc, char *argv[])
{
    return inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestProxyAnswers test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_proxy_answers.moc"
