// The head of an HTTP answer, from servers that do well and from others.

#include "testserver.h"
#include "transport/io.h"
#include "transport/probe.h"
#include "transport/tls.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

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
    static const Identity all = makeIdentity({{"cloud.example.org"}}, &root());
    return all;
}

Hostname cloud()
{
    return *Hostname::parse(QStringLiteral("cloud.example.org"));
}

UrlPath path(const char *text)
{
    return *UrlPath::parse(QString::fromLatin1(text));
}

Result<HttpSeen> get(const Server &server, std::chrono::milliseconds span)
{
    const Deadline deadline = Deadline::after(10s);
    auto socket = connectTcp(server.address(), server.port(), deadline, {});
    if (!socket)
        return passOn(socket);
    auto stream = TlsStream::handshake(std::move(*socket), cloud(), deadline, {});
    if (!stream)
        return passOn(stream);
    return httpGet(*stream, cloud(), path("/"), {}, Deadline::after(span), {});
}

} // namespace

class TestHttp : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(root(), m_folder.path());
    }

    void theQuestion()
    {
        std::mutex mutex;
        QByteArray seen;
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [&](SSL *ssl) {
                                const QByteArray request = readRequest(ssl);
                                {
                                    const std::lock_guard lock(mutex);
                                    seen = request;
                                }
                                writeAll(ssl, "HTTP/1.1 204 No Content\r\n\r\n");
                            }));
        const Deadline deadline = Deadline::after(5s);
        const Opener open = [&](const Deadline &until, std::stop_token stop) {
            return connectTcp(server.address(), server.port(), until, stop);
        };
        const HttpQuestion question{path("/status.php"), QByteArray("0123456789abcdef0123456789abcdef")};
        const ProbeSeen probed =
            probe(QStringLiteral("here"), open, ExpectedIdentity{cloud(), {}, {}}, question, deadline, {});
        QVERIFY2(!probed.error, probed.error ? qPrintable(probed.error->summary) : "");
        QStringList steps;
        for (const ProbeStep &step : probed.steps) {
            QVERIFY(step.passed);
            steps << step.name;
        }
        QCOMPARE(steps.join(QLatin1Char(' ')), QStringLiteral("connect tls identity http"));
        QCOMPARE(probed.http->status, 204);
        const std::lock_guard lock(mutex);
        QCOMPARE(seen, QByteArray("GET /status.php HTTP/1.1\r\nHost: cloud.example.org\r\nUser-Agent: sixgate\r\n"
                                  "Accept: */*\r\nConnection: close\r\n"
                                  "X-Sixgate-Probe: 0123456789abcdef0123456789abcdef\r\n\r\n"));
    }

    void probeEndsAtTheStepThatFails()
    {
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [](SSL *ssl) { readRequest(ssl); }));
        const Opener open = [&](const Deadline &until, std::stop_token stop) {
            return connectTcp(server.address(), server.port(), until, stop);
        };
        const Opener never = [](const Deadline &, std::stop_token) -> Result<Fd> {
            return fail(ErrorCode::Network, QStringLiteral("No."), QStringLiteral("connect: ECONNREFUSED"));
        };
        const Deadline deadline = Deadline::after(5s);
        const ExpectedIdentity known{cloud(), {}, {}};
        const ExpectedIdentity other{*Hostname::parse(QStringLiteral("other.example.org")), {}, {}};
        const HttpQuestion question{path("/"), {}};
        const auto lastStep = [](const ProbeSeen &seen) {
            return seen.steps.back().passed ? QString() : seen.steps.back().name;
        };
        const ProbeSeen first = probe(QStringLiteral("here"), never, known, question, deadline, {});
        QCOMPARE(lastStep(first), QStringLiteral("connect"));
        QCOMPARE(first.error->summary, QStringLiteral("No."));
        const ProbeSeen third = probe(QStringLiteral("here"), open, other, question, deadline, {});
        QCOMPARE(lastStep(third), QStringLiteral("identity"));
        QVERIFY(third.tls && !third.http);
        const ProbeSeen fourth = probe(QStringLiteral("here"), open, known, question, deadline, {});
        QCOMPARE(lastStep(fourth), QStringLiteral("http"));
        QCOMPARE(fourth.error->summary, QStringLiteral("The server closed the connection without an answer."));
    }

    void answers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("status");   // 0: refused as Protocol
        QTest::addColumn<QByteArray>("x"); // header x
        const QByteArray ok = "HTTP/1.1 200 OK\r\n";
        QTest::newRow("plain") << ok + "X: 1\r\n\r\nbody" << 200 << QByteArray("1");
        QTest::newRow("HTTP/1.0") << QByteArray("HTTP/1.0 404 Not Found\r\n\r\n") << 404 << QByteArray();
        QTest::newRow("no reason") << QByteArray("HTTP/1.1 503\r\n\r\n") << 503 << QByteArray();
        QTest::newRow("empty reason") << QByteArray("HTTP/1.1 503 \r\n\r\n") << 503 << QByteArray();
        QTest::newRow("100 first") << QByteArray("HTTP/1.1 100 Continue\r\nX: 0\r\n\r\n") + ok + "X: 2\r\n\r\n"
                                   << 200 << QByteArray("2");
        QTest::newRow("103 and 100 first")
            << QByteArray("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n") + ok + "\r\n"
            << 200 << QByteArray();
        QTest::newRow("101") << QByteArray("HTTP/1.1 101 Switching Protocols\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("first of two") << ok + "X: 1\r\nx: 2\r\n\r\n" << 200 << QByteArray("1");
        QTest::newRow("folded") << ok + "X: 1\r\n  2\r\n\t3\r\n\r\n" << 200 << QByteArray("1 2 3");
        QTest::newRow("folded second") << ok + "X: 1\r\nX: 2\r\n 3\r\n\r\n" << 200 << QByteArray("1");
        QTest::newRow("LF only") << QByteArray("HTTP/1.1 200 OK\nX: 1\n\n") << 200 << QByteArray("1");
        QTest::newRow("no blank after the colon") << ok + "X:1\r\n\r\n" << 200 << QByteArray("1");
        QTest::newRow("empty value") << ok + "X:\r\n\r\n" << 200 << QByteArray("");
        QTest::newRow("large but not too large") << ok + "Y: " + QByteArray(60000, 'y') + "\r\nX: 1\r\n\r\n"
                                                 << 200 << QByteArray("1");
        QTest::newRow("too large") << ok + "Y: " + QByteArray(70000, 'y') + "\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("too many 1xx") << QByteArray("HTTP/1.1 100 Continue\r\n\r\n").repeated(4000) + ok + "\r\n"
                                      << 0 << QByteArray();
        QTest::newRow("garbage") << QByteArray("\x00\x01\x02garbage\r\n\r\n", 14) << 0 << QByteArray();
        QTest::newRow("long garbage without a line") << QByteArray(100000, 'g') << 0 << QByteArray();
        QTest::newRow("HTTP/2") << QByteArray("HTTP/2 200\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("status of two digits") << QByteArray("HTTP/1.1 20 OK\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("status of four digits") << QByteArray("HTTP/1.1 2000 OK\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("status 099") << QByteArray("HTTP/1.1 099 OK\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("status 600") << QByteArray("HTTP/1.1 600 OK\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("sign in the status") << QByteArray("HTTP/1.1 +20 OK\r\n\r\n") << 0 << QByteArray();
        QTest::newRow("header without a colon") << ok + "X\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("header without a name") << ok + ": 1\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("blank before the colon") << ok + "X : 1\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("folded first") << ok + " X: 1\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("lone CR") << ok + "X: 1\rY: 2\r\n\r\n" << 0 << QByteArray();
        QTest::newRow("NUL") << ok + QByteArray("X: \0001\r\n\r\n", 9) << 0 << QByteArray();
        QTest::newRow("ends within the head") << ok + "X: 1\r\n" << 0 << QByteArray();
    }

    void answers()
    {
        QFETCH(QByteArray, answer);
        QFETCH(int, status);
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [answer](SSL *ssl) {
                                readRequest(ssl);
                                writeAll(ssl, answer);
                            }));
        const auto seen = get(server, 5s);
        QCOMPARE(seen.has_value(), status != 0);
        if (!seen) {
            QCOMPARE(seen.error().code, ErrorCode::Protocol);
            QVERIFY(seen.error().summary.endsWith(QLatin1Char('.')));
            for (const QChar c : seen.error().detail)
                QVERIFY(c.isPrint());
            return;
        }
        QCOMPARE(seen->status, status);
        const auto x = seen->headers.find("x");
        QTEST(x == seen->headers.end() ? QByteArray() : x->second, "x");
    }

    void slowBytes()
    {
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [](SSL *ssl) {
                                readRequest(ssl);
                                for (const char c : QByteArray("HTTP/1.1 200 OK\r\nX: 1\r\n\r\n")) {
                                    writeAll(ssl, QByteArray(1, c));
                                    std::this_thread::sleep_for(5ms);
                                }
                            }));
        const auto seen = get(server, 5s);
        QVERIFY(seen);
        QCOMPARE(seen->headers.at("x"), QByteArray("1"));
        QVERIFY(seen->took >= 100ms);
    }

    void endlessBytesTimeOut()
    {
        // A byte always is there: the deadline must hold all the same.
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [](SSL *ssl) {
                                readRequest(ssl);
                                writeAll(ssl, "HTTP/1.1 200 OK\r\nX: ");
                                while (SSL_write(ssl, "y", 1) == 1)
                                    std::this_thread::sleep_for(1ms);
                            }));
        QElapsedTimer timer;
        timer.start();
        const auto seen = get(server, 400ms);
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::Timeout);
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
    }

    void silenceTimesOut()
    {
        const Server server("127.0.0.1", 0, tlsSession(good(), {}, [](SSL *ssl) {
                                readRequest(ssl);
                                readRequest(ssl);
                            }));
        const auto seen = get(server, 300ms);
        QVERIFY(!seen);
        QCOMPARE(seen.error().code, ErrorCode::Timeout);
        QCOMPARE(seen.error().summary, QStringLiteral("The server did not answer the request in time."));
    }

private:
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestHttp)
#include "tst_http.moc"
