// Many requests over one TLS connection, and peers that end it, lie, or never come to an end.

#include "testserver.h"
#include "transport/httpconnection.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <sys/socket.h>

#include <atomic>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

const Identity &root()
{
    static const Identity all = makeIdentity({{}, "Trusted root", -3600, 86400, true});
    return all;
}

const Identity &good()
{
    static const Identity all = makeIdentity({{"api.example.net"}}, &root());
    return all;
}

Hostname api()
{
    return *Hostname::parse(QStringLiteral("api.example.net"));
}

HttpsRequest get(const QByteArray &target)
{
    HttpsRequest request;
    request.method = "GET";
    request.target = Secret(target);
    return request;
}

HttpConnection connectionTo(const Server &server)
{
    return HttpConnection(api(), *Port::fromNumber(443),
                          [&server](const Hostname &, Port, const Deadline &, std::stop_token) {
                              return Result<HttpsEndpoint>(HttpsEndpoint{{server.address()}, server.port()});
                          });
}

const QByteArray ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers each request of a connection by `answers` in their order, then ends it.
Server::Session answering(std::vector<QByteArray> answers, std::atomic<int> *requests = nullptr)
{
    return [answers = std::move(answers), requests](SSL *ssl) {
        for (const QByteArray &answer : answers) {
            if (readRequest(ssl).isEmpty())
                return;
            if (requests)
                ++*requests;
            writeAll(ssl, answer);
        }
    };
}

struct Told {
    Result<FetchedAnswer> answer;
    bool sent = false;
};

Told ask(HttpConnection &connection, const HttpsRequest &request, std::chrono::milliseconds span = 5s,
         std::stop_token stop = {})
{
    Told told{fail(ErrorCode::Internal, QString()), false};
    told.answer = connection.ask(request, 4096, Deadline::after(span), stop, told.sent);
    return told;
}

} // namespace

class TestHttpConnection : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(root(), m_folder.path());
    }

    void theMessage()
    {
        QByteArray seen;
        std::mutex mutex;
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [&](SSL *ssl) {
                                const std::lock_guard lock(mutex);
                                seen = readRequest(ssl);
                                while (!seen.endsWith("body")) {
                                    char buffer[64];
                                    const int more = SSL_read(ssl, buffer, sizeof buffer);
                                    if (more <= 0)
                                        return;
                                    seen.append(buffer, more);
                                }
                                writeAll(ssl, ok);
                            }));
        HttpConnection connection = connectionTo(server);
        HttpsRequest request = get("/a?b=c%20d");
        request.method = "POST";
        request.headers.emplace_back("Authorization", Secret("Bearer x"));
        request.body = Secret("the body");
        const Told told = ask(connection, request);
        QVERIFY2(told.answer, told.answer ? "" : qPrintable(told.answer.error().summary));
        const std::lock_guard lock(mutex);
        QCOMPARE(seen, QByteArray("POST /a?b=c%20d HTTP/1.1\r\nHost: api.example.net\r\nAuthorization: Bearer x\r\n"
                                  "Accept: */*\r\nAccept-Encoding: identity\r\nContent-Length: 8\r\n\r\nthe body"));
    }

    void kept_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("kept");
        const auto row = [](const char *name, const char *answer, bool kept) {
            QTest::newRow(name) << QByteArray(answer) << kept;
        };
        row("length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
        row("length zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true);
        row("no content", "HTTP/1.1 204 Gone\r\n\r\n", true);
        row("chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true);
        row("chunks with a trailer",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", true);
        row("a redirect", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", true);
        row("an error", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", true);
        row("asks for its end", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", false);
        row("of the old kind", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
        row("more than its length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and HTTP/1.1 200", false);
    }

    void kept()
    {
        QFETCH(QByteArray, answer);
        QFETCH(bool, kept);
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, answering({answer, answer, answer})));
        HttpConnection connection = connectionTo(server);
        for (int i = 0; i < 3; ++i) {
            const Told told = ask(connection, get("/"));
            QVERIFY2(told.answer, told.answer ? "" : qPrintable(told.answer.error().summary));
            QCOMPARE(told.answer->open, kept);
        }
        QCOMPARE(connection.opened(), kept ? 1 : 3);
    }

    // The peer ends a kept connection as the next request goes out: that goes over another one, if it may.
    void endedByThePeer_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<bool>("repeated");
        QTest::newRow("GET") << QByteArray("GET") << true;
        QTest::newRow("POST") << QByteArray("POST") << false;
    }

    void endedByThePeer()
    {
        QFETCH(QByteArray, method);
        QFETCH(bool, repeated);
        std::atomic<int> requests = 0;
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, answering({ok}, &requests)));
        HttpConnection connection = connectionTo(server);
        QVERIFY(ask(connection, get("/")).answer);
        std::this_thread::sleep_for(50ms);
        HttpsRequest second = get("/");
        second.method = method;
        second.repeatable = repeated;
        const Told told = ask(connection, second);
        QCOMPARE(told.answer.has_value(), repeated);
        QVERIFY(told.sent);
        QCOMPARE(requests.load(), repeated ? 2 : 1);
        // The one after that is served again.
        QVERIFY(ask(connection, get("/")).answer);
    }

    // An answer that has begun is never asked for again.
    void endedWithinAnAnswer()
    {
        std::atomic<int> requests = 0;
        const Server server(
            "127.0.0.1", 0,
            tlsSession(good(), {}, answering({ok, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"}, &requests)));
        HttpConnection connection = connectionTo(server);
        QVERIFY(ask(connection, get("/")).answer);
        const Told told = ask(connection, get("/"));
        QVERIFY(!told.answer);
        QCOMPARE(told.answer.error().code, ErrorCode::Protocol);
        QCOMPARE(requests.load(), 2);
    }

    void aStrangerGetsNothing_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("self-signed") << 0;
        QTest::newRow("of another name") << 1;
        QTest::newRow("expired") << 2;
        QTest::newRow("plain text") << 3;
    }

    void aStrangerGetsNothing()
    {
        QFETCH(int, which);
        const Identity shown = which == 0   ? makeIdentity({{"api.example.net"}})
                               : which == 1 ? makeIdentity({{"www.example.net"}}, &root())
                                            : makeIdentity({{"api.example.net"}, "x", -7200, -3600}, &root());
        std::atomic<int> bytes = 0;
        const auto reading = [&](SSL *ssl) {
            char buffer[256];
            const int got = SSL_read(ssl, buffer, sizeof buffer);
            bytes += got > 0 ? got : 0;
        };
        const Server server("127.0.0.1", 0,
                            which == 3 ? Server::Raw([](int fd) {
                                [[maybe_unused]] const auto sent =
                                    ::send(fd, "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL);
                            })
                                       : tlsSession(shown, {}, reading));
        HttpConnection connection = connectionTo(server);
        const Told told = ask(connection, get("/?token=secret"));
        QVERIFY(!told.answer);
        QVERIFY(!told.sent);
        QVERIFY(which == 3 || told.answer.error().code == ErrorCode::Denied);
        QVERIFY(!(told.answer.error().summary + told.answer.error().detail).contains(QStringLiteral("secret")));
        std::this_thread::sleep_for(50ms);
        QCOMPARE(bytes.load(), 0);
    }

    void whatEndsALineIsRefused()
    {
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, answering({ok})));
        HttpConnection connection = connectionTo(server);
        std::vector<HttpsRequest> bad;
        bad.push_back(get("/\r\nX: y"));
        bad.push_back(get("/ HTTP/1.1"));
        bad.push_back(get("x"));
        bad.push_back(get(""));
        bad.push_back(get("/"));
        bad.back().headers.emplace_back("A", Secret("b\r\nX: y"));
        bad.push_back(get("/"));
        bad.back().headers.emplace_back("A\nX", Secret("b"));
        for (const HttpsRequest &request : bad) {
            const Told told = ask(connection, request);
            QVERIFY(!told.answer);
            QCOMPARE(told.answer.error().code, ErrorCode::Invalid);
            QVERIFY(!told.sent);
        }
        QCOMPARE(connection.opened(), 0);
    }

    void tooMuchAndTooSlow()
    {
        const Server huge(
            "127.0.0.1", 0,
            tlsSession(good(), {},
                       answering({"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + QByteArray(5000, 'x')})));
        HttpConnection first = connectionTo(huge);
        const Told much = ask(first, get("/"));
        QVERIFY(!much.answer && much.sent);
        QCOMPARE(much.answer.error().code, ErrorCode::Protocol);

        const Server silent("127.0.0.1", 0, tlsSession(good(), {}, [](SSL *ssl) {
                                readRequest(ssl);
                                char byte = 0;
                                SSL_read(ssl, &byte, 1);
                            }));
        HttpConnection second = connectionTo(silent);
        QElapsedTimer timer;
        timer.start();
        const Told late = ask(second, get("/"), 300ms);
        QVERIFY(!late.answer && late.sent);
        QCOMPARE(late.answer.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() < 1500, qPrintable(QString::number(timer.elapsed())));

        HttpConnection third = connectionTo(silent);
        std::stop_source source;
        const std::jthread stopper([&] {
            std::this_thread::sleep_for(100ms);
            source.request_stop();
        });
        timer.start();
        const Told stopped = ask(third, get("/"), 20s, source.get_token());
        QVERIFY(!stopped.answer);
        QCOMPARE(stopped.answer.error().code, ErrorCode::Cancelled);
        QVERIFY2(timer.elapsed() < 1500, qPrintable(QString::number(timer.elapsed())));
    }

    void nobodyThere()
    {
        HttpConnection connection(
            api(), *Port::fromNumber(443), [](const Hostname &, Port, const Deadline &, std::stop_token) {
                return Result<HttpsEndpoint>(
                    HttpsEndpoint{{*parseIpAddress(QStringLiteral("127.0.0.1"))}, *Port::fromNumber(1)});
            });
        const Told told = ask(connection, get("/"));
        QVERIFY(!told.answer && !told.sent);
        QCOMPARE(told.answer.error().code, ErrorCode::Network);
    }
};

QTEST_GUILESS_MAIN(TestHttpConnection)
#include "tst_httpconnection.moc"
