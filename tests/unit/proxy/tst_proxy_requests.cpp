// What the rendered configuration makes of visitors' requests, by a real Apache: see sandbox.h and apache.h.

#include "visits.h"

#include <QTest>

using namespace proxytest;

class TestProxyRequests : public QObject
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
                                 "Client-IP",
                                 "Proxy-Client-IP",
                                 "WL-Proxy-Client-IP",
                                 "Fastly-Client-IP",
                                 "X-Remote-IP",
                                 "X-Remote-Addr",
                                 "CF-Connecting-IPv6",
                                 "X-Forwarded-Protocol",
                                 "X-Url-Scheme",
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
        for (const char *name :
             {"X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for", "X_REAL_IP", "X_Forwarded_Proto",
              "X_Forwarded_Host", "True_Client_IP", "CF-Connecting_IP", "Client_IP", "WL_Proxy-Client_IP",
              "X_Remote_Addr", "X_Url_Scheme", "X_Forwarded_Protocol"})
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
        TestProxyRequests test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_proxy_requests.moc"
