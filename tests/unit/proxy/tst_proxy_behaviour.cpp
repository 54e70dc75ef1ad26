// What the rendered configuration does with visitors' requests, by a real Apache: see sandbox.h and apache.h.

#include "apache.h"
#include "sandbox.h"
#include "upstream.h"

#include "decide_deployment/sites.h"

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QTest>
#include <QThread>

#include <semaphore>

using namespace proxytest;

namespace
{

const Trust &trust()
{
    static const Trust all;
    return all;
}

sixgate::WantedDeployment wanted()
{
    const sixgate::Site site =
        sites::site({sites::service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org"),
                     sites::service("photos", {"photos.example.org"}, "photos6.example.org", "nas", 8443)});
    return sites::must(wantedDeployment(site, sites::inputs(site)));
}

QByteArray request(const QByteArray &target, const QByteArray &lines = {}, const QByteArray &host = "cloud.example.org")
{
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + lines + "Connection: close\r\n\r\n";
}

Answer ask(const QByteArray &bytes, const Visit &how = {})
{
    Stream stream = visit(how);
    stream.write(bytes);
    return readAnswer(stream);
}

Answer askPlain(const QByteArray &bytes)
{
    return ask(bytes, {{}, {}, {}, 80, false});
}

QByteArray block(int number)
{
    QByteArray bytes(65536, Qt::Uninitialized);
    for (qsizetype i = 0; i < bytes.size(); ++i)
        bytes[i] = char((i * 31 + number * 7 + (i >> 8)) & 0xff);
    return bytes;
}

} // namespace

class TestProxyBehaviour : public QObject
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

    // ---- names and TLS

    void redirects_data()
    {
        QTest::addColumn<QByteArray>("target");
        QTest::addColumn<QByteArray>("location");
        const auto same = [](const char *name, const char *target) {
            QTest::newRow(name) << QByteArray(target) << QByteArray("https://cloud.example.org") + target;
        };
        same("root", "/");
        same("path and query", "/a/b?x=1&y=2");
        same("encoded slash", "/a%2Fb%2f?next=%2Fhome%3Fa%3D1");
        same("encoded question mark", "/what%3Fnow?x");
        same("encoded space and percent", "/a%20b%2520c");
        same("empty query", "/a?");
        same("two question marks", "/a?b?c=d");
        same("double slash", "//b.example.net/x");
        same("dots", "/a/../b/./c");
        same("semicolon", "/a;v=1/b");
        same("umlaut", "/%C3%BC?%C3%BC");
        same("plus, quotes, braces", "/a+b/'c'/(d)/{e}?f=[1]");
        same("dollar and percent", "/$1/%251$0?${HOME}&%{HOST}");
        same("encoded line end", "/a%0d%0aSet-Cookie:x");
        QTest::newRow("absolute") << QByteArray("http://cloud.example.org/a/b?x=1")
                                  << QByteArray("https://cloud.example.org/a/b?x=1");
    }

    void redirects()
    {
        QFETCH(QByteArray, target);
        QFETCH(QByteArray, location);
        const Answer answer = askPlain(request(target));
        QCOMPARE(answer.status(), 308);
        QCOMPARE(answer.head.value("location"), location);
    }

    void redirectsEachNameToItself()
    {
        for (const char *name : {"cloud.example.org", "files.example.org", "photos.example.org"})
            QCOMPARE(askPlain(request("/", {}, name)).head.value("location"), QByteArray("https://") + name + '/');
        // A port or a capital letter in Host changes nothing.
        QCOMPARE(askPlain(request("/", {}, "Files.example.org:80")).head.value("location"),
                 QByteArray("https://files.example.org/"));
        // A POST keeps its method by 308.
        QCOMPARE(askPlain("POST /x HTTP/1.1\r\nHost: cloud.example.org\r\nContent-Length: 0\r\n\r\n").status(), 308);
    }

    void tlsVersions_data()
    {
        QTest::addColumn<int>("version");
        QTest::addColumn<bool>("accepted");
        QTest::newRow("1.0") << TLS1_VERSION << false;
        QTest::newRow("1.1") << TLS1_1_VERSION << false;
        QTest::newRow("1.2") << TLS1_2_VERSION << true;
        QTest::newRow("1.3") << TLS1_3_VERSION << true;
    }

    void tlsVersions()
    {
        QFETCH(int, version);
        QFETCH(bool, accepted);
        for (const char *name : {"cloud.example.org", "unknown.example.org"}) {
            const Stream stream = visit({name, {}, {}, 443, true, false, version});
            QCOMPARE(stream.open(), accepted);
        }
    }

    void certificateOfEachName()
    {
        for (const char *name : {"cloud.example.org", "files.example.org", "photos.example.org"})
            QVERIFY2(visit({name}).open(), name);
        // The default certificate is nobody's.
        QVERIFY(!visit({"unknown.example.org"}).open());
    }

    void unknownNames_data()
    {
        QTest::addColumn<bool>("foreign");
        QTest::newRow("Sixgate alone") << false;
        QTest::newRow("beside Debian's default site") << true;
    }

    void unknownNames()
    {
        QFETCH(bool, foreign);
        if (foreign) {
            m_apache.reset();
            m_apache = std::make_unique<Apache>(wanted(), trust(), true);
        }
        const Upstream home(homeOld, 443, trust().home);
        for (const char *host : {"unknown.example.org", "home6.example.org", proxyV4, "example.org"}) {
            const Answer plain = askPlain(request("/a", {}, host));
            QCOMPARE(plain.status(), 404);
            QCOMPARE(ask(request("/a", {}, host), {host, {}, {}, 443, true, false}).status(), 421);
        }
        // No name at all, in TLS and in HTTP/1.0.
        QCOMPARE(ask("GET / HTTP/1.0\r\n\r\n", {"", {}, {}, 443, true, false}).status(), 421);
        const int oldest = askPlain("GET / HTTP/1.0\r\n\r\n").status();
        QCOMPARE(oldest, foreign ? 200 : 404);
        // Another name in Host than in TLS.
        const int other = ask(request("/a", {}, "unknown.example.org")).status();
        QVERIFY2(other == 421 || other == 404, QByteArray::number(other));
        QCOMPARE(home.requests().size(), size_t(0));
        // The services are there beside them.
        QCOMPARE(ask(request("/")).status(), 200);
        QCOMPARE(askPlain(request("/")).status(), 308);
    }

    void errorPagesTellNoVersion()
    {
        m_apache.reset();
        m_apache = std::make_unique<Apache>(wanted(), trust());
        for (const Answer &answer :
             {ask(request("/")), askPlain(request("/")), askPlain(request("/", {}, "unknown.example.org")),
              ask(request("/", {}, "unknown.example.org"), {"unknown.example.org", {}, {}, 443, true, false})}) {
            QVERIFY(answer.status() >= 300);
            QVERIFY(!answer.body.isEmpty());
            QVERIFY2(!answer.body.contains("Apache"), answer.body);
        }
    }

    // ---- what arrives at home

    void targetsUnchanged_data()
    {
        QTest::addColumn<QByteArray>("target");
        for (const char *target : {"/",
                                   "/a%2Fb",
                                   "/a%2fb",
                                   "/a%20b",
                                   "/a//b",
                                   "/a//",
                                   "/x/https://e.example/y",
                                   "/a;v=1",
                                   "/%C3%BC",
                                   "/\xC3\xBC",
                                   "/a/../b",
                                   "/a/./b",
                                   "/a/%2e%2e/b",
                                   "/a?",
                                   "/a?b?c",
                                   "/a%3Fb?c",
                                   "/a+b",
                                   "/a%2Bb",
                                   "/~u/(x)!*'",
                                   "/a?q=%2F&r=a/b",
                                   "/a%25b",
                                   "/a%5Cb",
                                   "/a\\b",
                                   "/:80/x",
                                   "/a?next=https://example.net/",
                                   "/balancer-manager",
                                   "/server-status",
                                   "/icons/",
                                   "/.well-known/x",
                                   "/a%0Ab",
                                   "/a%23b"})
            QTest::newRow(target) << QByteArray(target);
    }

    void targetsUnchanged()
    {
        QFETCH(QByteArray, target);
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(ask(request(target)).status(), 200);
        QCOMPARE(home.requests().size(), size_t(1));
        QCOMPARE(home.requests().front().target(), target);
    }

    // Apache reads several slashes at the beginning as one; what follows stays as it is.
    void severalSlashesFirst()
    {
        for (const char *target : {"//a//b", "///a//b"}) {
            const Upstream home(homeOld, 443, trust().home);
            QCOMPARE(ask(request(target)).status(), 200);
            QCOMPARE(home.requests().front().target(), QByteArray("/a//b"));
        }
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(ask(request("//a%2Fb%20c?%2F")).status(), 200);
        QCOMPARE(home.requests().front().target(), QByteArray("/a%2Fb%20c?%2F"));
    }

    void targetsOutside()
    {
        const Upstream home(homeOld, 443, trust().home);
        for (const char *target : {"/../x", "/%2e%2e/x", "/a/../../x", "/%zz", "/a%00b"})
            QVERIFY2(ask(request(target)).status() >= 400, target);
        QCOMPARE(home.connections(), 0);
    }

    // An absolute target leads nowhere but to the service itself.
    void absoluteTarget()
    {
        const Upstream home(homeOld, 443, trust().home);
        for (const char *target : {"http://home6.example.org/a", "https://cloud.example.org/a"}) {
            if (ask(request(target)).status() >= 400)
                continue;
            const Head seen = home.requests().back();
            QCOMPARE(seen.target(), QByteArray("/a"));
            QCOMPARE(seen.value("host"), QByteArray("cloud.example.org"));
        }
    }

    void targetWithAQueryOfAnySize()
    {
        const Upstream home(homeOld, 443, trust().home);
        const QByteArray target = "/a?" + QByteArray(7000, 'q');
        QCOMPARE(ask(request(target)).status(), 200);
        QCOMPARE(home.requests().front().target(), target);
    }

    void hostAndPort()
    {
        const Upstream home(homeOld, 443, trust().home), photos(homeOld, 8443, trust().home);
        QCOMPARE(ask(request("/", {}, "cloud.example.org")).status(), 200);
        QCOMPARE(ask(request("/", {}, "files.example.org"), {"files.example.org"}).status(), 200);
        QCOMPARE(ask(request("/", {}, "photos.example.org"), {"photos.example.org"}).status(), 200);
        QCOMPARE(home.requests().size(), size_t(2));
        QCOMPARE(home.requests()[0].value("host"), QByteArray("cloud.example.org"));
        QCOMPARE(home.requests()[1].value("host"), QByteArray("files.example.org"));
        QCOMPARE(photos.requests().size(), size_t(1));
        QCOMPARE(photos.requests()[0].value("host"), QByteArray("photos.example.org"));
    }

    void visitorsAddress_data()
    {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("lines");
        const QByteArray forged = "X-Forwarded-For: 203.0.113.66\r\nX-Forwarded-For: 203.0.113.67, 203.0.113.68\r\n"
                                  "Forwarded: for=203.0.113.66;proto=http\r\nX-Real-IP: 203.0.113.66\r\n"
                                  "x-forwarded-proto: http\r\nX-Forwarded-Host: evil.example\r\n"
                                  "X-Forwarded-Port: 66\r\nX-Forwarded-Server: evil.example\r\n";
        for (const char *from : {visitorV4, visitorV6}) {
            const auto row = [&](const char *name, const QByteArray &lines) {
                QTest::addRow("%s %s", from, name) << QByteArray(from) << lines;
            };
            row("honest", {});
            row("forged", forged);
            row("forged and named hop by hop",
                forged + "Connection: X-Forwarded-For, X-Real-IP, Forwarded, X-Forwarded-Proto\r\n"
                         "Connection: X-Forwarded-Host, X-Forwarded-Port\r\n");
            row("named hop by hop", "Connection: close, X-Forwarded-For, x-real-ip, forwarded, X-Forwarded-Proto, "
                                    "X-Forwarded-Port, X-Forwarded-Host\r\n");
            row("named hop by hop with an upgrade",
                "Upgrade: websocket\r\nConnection: Upgrade, X-Forwarded-For,X-Real-IP ,Forwarded, X-Forwarded-Proto, "
                "X-Forwarded-Port, X-Forwarded-Host\r\n");
            row("Host named hop by hop", "Connection: Host\r\n");
        }
    }

    void visitorsAddress()
    {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, lines);
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(ask(request("/", lines), {"cloud.example.org", {}, from}).status(), 200);
        QCOMPARE(home.requests().size(), size_t(1));
        const Head seen = home.requests().front();
        QCOMPARE(seen.value("x-forwarded-for"), from);
        QCOMPARE(seen.value("x-real-ip"), from);
        QCOMPARE(seen.value("x-forwarded-proto"), QByteArray("https"));
        QCOMPARE(seen.value("x-forwarded-port"), QByteArray("443"));
        QCOMPARE(seen.value("x-forwarded-host"), QByteArray("cloud.example.org"));
        QCOMPARE(seen.value("x-forwarded-server"), QByteArray("cloud.example.org"));
        QCOMPARE(seen.value("host"), QByteArray("cloud.example.org"));
        const QByteArray node = from.contains(':') ? "\"[" + from + "]\"" : from;
        QCOMPARE(seen.value("forwarded"), "for=" + node + ";proto=https");
        QVERIFY(!seen.raw.contains("203.0.113"));
        QVERIFY(!seen.raw.contains("evil"));
    }

    void forgedHeaders_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char *name : {"X-Forwarded",
                                 "Forwarded-For",
                                 "X-Client-IP",
                                 "X-Cluster-Client-IP",
                                 "True-Client-IP",
                                 "CF-Connecting-IP",
                                 "X-Forwarded-Prefix",
                                 "X-Forwarded-Scheme",
                                 "X-Forwarded-Ssl",
                                 "X-Forwarded-By",
                                 "X-Original-Host",
                                 "X-Original-Forwarded-For",
                                 "X-ProxyUser-Ip",
                                 "Front-End-Https",
                                 "X-Original-URL",
                                 "X-Rewrite-URL",
                                 "Proxy",
                                 "X-Sixgate-Probe",
                                 "X-Host",
                                 "X-Forwarded-User"})
            QTest::newRow(name) << QByteArray(name);
    }

    void forgedHeaders()
    {
        QFETCH(QByteArray, name);
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(ask(request("/", name.toLower() + ": forged\r\nX-Kept: yes\r\n")).status(), 200);
        const Head seen = home.requests().front();
        QCOMPARE(seen.values(name), QByteArrayList());
        QCOMPARE(seen.value("x-kept"), QByteArray("yes"));
    }

    // CGI and WSGI make one variable of "-" and "_".
    void forgedWithUnderscores_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char *name : {"X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for", "X_REAL_IP",
                                 "X_Forwarded_Proto", "X_Forwarded_Host", "True_Client_IP", "CF-Connecting_IP"})
            QTest::newRow(name) << QByteArray(name);
    }

    void forgedWithUnderscores()
    {
        QFETCH(QByteArray, name);
        const Upstream home(homeOld, 443, trust().home);
        QCOMPARE(ask(request("/", name + ": 203.0.113.66\r\n")).status(), 400);
        QCOMPARE(home.requests().size(), size_t(0));
        QCOMPARE(ask(request("/", "api_key: 203.0.113.66\r\nX_Client_Version: 1\r\n")).status(), 200);
        QCOMPARE(home.requests().front().value("api_key"), QByteArray("203.0.113.66"));
    }

    void ordinaryHeadersArrive()
    {
        const Upstream home(homeOld, 443, trust().home);
        const QByteArray lines =
            "Cookie: a=b; c=d\r\nAuthorization: Basic eDp5\r\nUser-Agent: Test/1\r\n"
            "Accept-Encoding: gzip, br\r\nRange: bytes=1-2\r\nIf-None-Match: \"x\"\r\n"
            "Origin: https://cloud.example.org\r\nDepth: 1\r\nDestination: https://cloud.example.org/b\r\n";
        QCOMPARE(
            ask("PROPFIND /dav HTTP/1.1\r\nHost: cloud.example.org\r\n" + lines + "Connection: close\r\n\r\n").status(),
            200);
        const Head seen = home.requests().front();
        QVERIFY(seen.first.startsWith("PROPFIND /dav HTTP/1."));
        for (const QByteArray &line : lines.trimmed().split('\n'))
            QVERIFY2(seen.raw.contains('\n' + line.trimmed() + "\r\n"), line);
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

    // ---- requests that two programs could read in two ways

    void smuggling_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<bool>("refused");
        const auto row = [](const char *name, const char *lines, bool refused = true) {
            QTest::newRow(name) << QByteArray(lines) << refused;
        };
        // RFC 9112, 6.3: chunked wins, the length is dropped, and the connection ends.
        row("length, then chunked", "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n", false);
        row("chunked, then length", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", false);
        row("two lengths", "Content-Length: 4\r\nContent-Length: 44\r\n");
        row("list of lengths", "Content-Length: 4, 44\r\n");
        row("length with a sign", "Content-Length: +4\r\n");
        row("negative length", "Content-Length: -4\r\n");
        row("length in hex", "Content-Length: 0x4\r\n");
        row("space before the colon", "Transfer-Encoding : chunked\r\nContent-Length: 4\r\n");
        row("unknown coding", "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n");
        row("chunked is not the last", "Transfer-Encoding: chunked, identity\r\nContent-Length: 4\r\n");
        row("tab in the name", "Transfer\tEncoding: chunked\r\nContent-Length: 4\r\n");
        row("no name", ": x\r\nContent-Length: 4\r\n");
        row("carriage return in a value", "X: a\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n");
        row("nul in a value", "X: a\1b\r\nContent-Length: 4\r\n");
    }

    void smuggling()
    {
        QFETCH(QByteArray, lines);
        QFETCH(bool, refused);
        const Upstream home(homeOld, 443, trust().home);
        Stream stream = visit();
        stream.write("POST /one HTTP/1.1\r\nHost: cloud.example.org\r\n" + lines +
                     "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: cloud.example.org\r\nX: \r\n\r\n");
        const Answer answer = readAnswer(stream);
        QCOMPARE(answer.status() >= 400, refused);
        QVERIFY(stream.readRest().isEmpty()); // the connection ends, so that nothing after it is read as a request
        QCOMPARE(home.requests().size(), size_t(refused ? 0 : 1));
        for (const Head &seen : home.requests()) {
            QCOMPARE(seen.target(), QByteArray("/one"));
            QCOMPARE(seen.values("content-length").size() + seen.values("transfer-encoding").size(), 1);
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

    void badRequests_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("no host") << QByteArray("GET / HTTP/1.1\r\n\r\n");
        QTest::newRow("two hosts") << QByteArray(
            "GET / HTTP/1.1\r\nHost: cloud.example.org\r\nHost: files.example.org\r\n\r\n");
        QTest::newRow("no version") << QByteArray("GET /\r\n\r\n");
        QTest::newRow("space in the target") << QByteArray("GET /a b HTTP/1.1\r\nHost: cloud.example.org\r\n\r\n");
        QTest::newRow("TRACE") << QByteArray("TRACE / HTTP/1.1\r\nHost: cloud.example.org\r\n\r\n");
        QTest::newRow("another's proxy") << QByteArray(
            "CONNECT home6.example.org:443 HTTP/1.1\r\nHost: cloud.example.org\r\n\r\n");
    }

    void badRequests()
    {
        QFETCH(QByteArray, bytes);
        const Upstream home(homeOld, 443, trust().home);
        const Answer answer = ask(bytes);
        QVERIFY2(answer.status() >= 400 || !answer.head.there(), answer.head.first);
        QCOMPARE(home.connections(), 0);
    }

    // A release beside the current one is checked by itself (run.pl does it before the swap).
    void stagedRelease()
    {
        QVERIFY(m_apache->check().endsWith("status 0"));
        writeFile("/etc/sixgate/staged/apache/cloud.conf", "NoSuchDirective on\n");
        QVERIFY(m_apache->check().endsWith("status 0"));
        const QByteArray staged = m_apache->check("SIXGATE_STAGED");
        QVERIFY2(staged.contains("NoSuchDirective") && !staged.endsWith("status 0"), staged);
    }

private:
    std::unique_ptr<Apache> m_apache;
};

int main(int argc, char *argv[])
{
    return inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestProxyBehaviour test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_proxy_behaviour.moc"
