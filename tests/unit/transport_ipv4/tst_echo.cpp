// Echo services, with and without TLS.

#include "testserver.h"
#include "transport/echo.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/socket.h>

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

QByteArray answerOf(const QByteArray &body, const char *status = "200 OK")
{
    return QByteArray("HTTP/1.1 ") + status + "\r\nContent-Length: " + QByteArray::number(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

Result<Ipv4Address> ask(const Server &server, bool tls)
{
    const EchoService service{tls, *Hostname::parse(QStringLiteral("ip.example.org")), server.port(),
                              *UrlPath::parse(QStringLiteral("/plain"))};
    return askEchoAt(std::get<Ipv4Address>(server.address()), service, Deadline::after(5s), {});
}

} // namespace

class TestEcho : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(root(), m_folder.path());
    }

    void bodies_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("address"); // empty: Protocol
        QTest::newRow("plain") << QByteArray("203.0.113.7") << QStringLiteral("203.0.113.7");
        QTest::newRow("with a line's end") << QByteArray("203.0.113.7\r\n") << QStringLiteral("203.0.113.7");
        QTest::newRow("with spaces to 64")
            << QByteArray("203.0.113.7").leftJustified(64) << QStringLiteral("203.0.113.7");
        QTest::newRow("with spaces to 65") << QByteArray("203.0.113.7").leftJustified(65) << QString();
        QTest::newRow("two") << QByteArray("203.0.113.7 203.0.113.8") << QString();
        QTest::newRow("two lines") << QByteArray("203.0.113.7\n203.0.113.8\n") << QString();
        QTest::newRow("IPv6") << QByteArray("2001:db8::7") << QString();
        QTest::newRow("short form") << QByteArray("203.113.7") << QString();
        QTest::newRow("leading zeros") << QByteArray("203.000.113.007") << QString();
        QTest::newRow("JSON") << QByteArray("{\"ip\": \"203.0.113.7\"}") << QString();
        QTest::newRow("a page") << QByteArray("<html>203.0.113.7</html>").repeated(20) << QString();
        QTest::newRow("nothing") << QByteArray() << QString();
        QTest::newRow("zero byte") << QByteArray("203.0.113.7\0x", 13) << QString();
    }

    void bodies()
    {
        QFETCH(QByteArray, body);
        QFETCH(QString, address);
        const Identity shown = makeIdentity({{"ip.example.org"}}, &root());
        QByteArray request;
        const Server secure("127.0.0.1", 0, tlsSession(shown, {}, [&](SSL *ssl) {
                                request = readRequest(ssl);
                                writeAll(ssl, answerOf(body));
                            }));
        const Server plain("127.0.0.1", 0, [&](int fd) {
            char buffer[2048];
            [[maybe_unused]] const auto got = ::recv(fd, buffer, sizeof buffer, 0);
            const QByteArray bytes = answerOf(body);
            [[maybe_unused]] const auto sent = ::send(fd, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL);
        });
        for (const bool tls : {true, false}) {
            const auto seen = ask(tls ? secure : plain, tls);
            if (address.isEmpty()) {
                QVERIFY2(!seen, seen ? qPrintable(seen->text()) : "");
                QCOMPARE(seen.error().code, ErrorCode::Protocol);
            } else {
                QVERIFY2(seen, seen ? "" : qPrintable(seen.error().summary + seen.error().detail));
                QCOMPARE(seen->text(), address);
            }
        }
        QVERIFY2(request.startsWith("GET /plain HTTP/1.1\r\n"), request.constData());
        QVERIFY2(request.contains("\r\nHost: ip.example.org:"), request.constData());
    }

    void aStrangerIsNotAsked()
    {
        std::atomic<int> asked = 0;
        const auto session = [&](SSL *ssl) {
            asked += !readRequest(ssl).isEmpty();
            writeAll(ssl, answerOf("203.0.113.7"));
        };
        const Identity other = makeIdentity({{"other.example.org"}}, &root());
        const Identity self = makeIdentity({{"ip.example.org"}});
        const Identity expired = makeIdentity({{"ip.example.org"}, "test", -7200, -3600}, &root());
        for (const Identity *shown : {&other, &self, &expired}) {
            const Server server("127.0.0.1", 0, tlsSession(*shown, {}, session));
            const auto seen = ask(server, true);
            QVERIFY(!seen);
            QCOMPARE(seen.error().code, ErrorCode::Denied);
            QVERIFY(seen.error().summary.contains(QStringLiteral("ip.example.org")));
        }
        QCOMPARE(asked.load(), 0);
    }

    void statusCounts()
    {
        for (const char *status : {"301 Moved", "404 Not Found", "429 Too Many Requests", "500 Oh"}) {
            const Server server("127.0.0.1", 0, [&](int fd) {
                char buffer[2048];
                [[maybe_unused]] const auto got = ::recv(fd, buffer, sizeof buffer, 0);
                const QByteArray bytes = answerOf("203.0.113.7", status);
                [[maybe_unused]] const auto sent = ::send(fd, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL);
            });
            const auto seen = ask(server, false);
            QVERIFY(!seen);
            QVERIFY2(seen.error().summary.contains(QString::fromLatin1(status).left(3)),
                     qPrintable(seen.error().summary));
        }
    }

private:
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestEcho)
#include "tst_echo.moc"
