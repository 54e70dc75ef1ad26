// What sixgatectl prints for the home's web server, read by that server itself: a challenge that is known at home is
// answered there, an unknown one is handed over to the VPS name, all else stays as it is. See proxy/sandbox.h.

#include "decide/homesnippet.h"
#include "decide_deployment/sites.h"
#include "proxy/sandbox.h"
#include "proxy/wire.h"

#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QTest>
#include <QThread>

using namespace proxytest;
using namespace sites;

namespace
{

const QByteArray challenges = "/.well-known/acme-challenge/";

Site httpSite()
{
    Site made = site({service("cloud", {"cloud.example.org", "files.example.org"}, "home6.example.org"),
                      service("photos", {"photos.example.org"}, "home6.example.org")});
    made.services[0].challenge = Challenge::Http;
    return made;
}

HomeSnippet snippetFor(HomeServerKind kind)
{
    return must(
        homeSnippet(httpSite(), kind, resource(QStringLiteral("home/%1.mustache").arg(homeServerKindName(kind)))));
}

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// A home's web server on port 80, as its package sets it up, with the snippet where its text says that it belongs.
class Server
{
public:
    Server(HomeServerKind kind, bool snippet)
    {
        for (const char *folder : {"/etc/apache2", "/etc/nginx", "/etc/caddy", "/run/www", "/var/lib/letsencrypt"})
            QDir(latin(folder)).removeRecursively();
        QDir().mkpath(latin("/var/www/html"));
        writeFile("/var/www/html/.well-known/acme-challenge/known", "here\n");
        writeFile("/var/www/other/elsewhere", "by an alias\n");
        if (snippet) {
            const HomeSnippet one = snippetFor(kind);
            writeFile(one.file.toUtf8(), one.text);
        }
        switch (kind) {
        case HomeServerKind::Apache:
            apache(snippet);
            break;
        case HomeServerKind::Nginx:
            nginx(snippet);
            break;
        case HomeServerKind::Caddy:
            caddy(snippet);
            break;
        }
        QElapsedTimer since;
        since.start();
        while (since.elapsed() < 10000 && m_process.state() == QProcess::Running) {
            m_process.waitForFinished(0);
            if (visit({"", {}, {}, 80, false}).open())
                return;
            QThread::msleep(20);
        }
        qFatal("%s does not start:\n%s", qPrintable(homeServerKindName(kind)),
               m_process.readAllStandardError().constData());
    }

    ~Server()
    {
        m_process.terminate();
        if (!m_process.waitForFinished(10000)) {
            m_process.kill();
            m_process.waitForFinished();
        }
    }

private:
    void start(const char *program, const QStringList &arguments)
    {
        m_process.start(latin(program), arguments);
        m_process.waitForStarted();
    }

    // Sites that lead to HTTPS by mod_rewrite and by mod_alias; the last one has its challenges elsewhere.
    void apache(bool snippet)
    {
        QByteArray text = "ServerRoot /etc/apache2\nServerName home\nPidFile /run/home-apache.pid\nErrorLog "
                          "/run/home-apache.log\nListen 80\nUser www-data\nGroup www-data\n";
        for (const char *module : {"mpm_event", "authz_core", "alias", "rewrite"})
            text += "LoadModule " + QByteArray(module) + "_module /usr/lib/apache2/modules/mod_" + module + ".so\n";
        const QByteArray line = snippet ? " Include conf-available/sixgate-challenge.conf\n" : "";
        text += "<Directory /var/www>\n Require all granted\n</Directory>\n"
                "<VirtualHost *:80>\n ServerName cloud.example.org\n DocumentRoot /var/www/html\n" +
                line +
                " RewriteEngine on\n RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n</VirtualHost>\n"
                "<VirtualHost *:80>\n ServerName photos.example.org\n DocumentRoot /var/www/html\n" +
                line +
                " Redirect permanent / https://photos.example.org/\n</VirtualHost>\n"
                "<VirtualHost *:80>\n ServerName files.example.org\n DocumentRoot /var/www/none\n" +
                line +
                " Alias /.well-known/acme-challenge/ /var/www/other/\n"
                " RedirectMatch 301 ^/(?!\\.well-known/)(.*) https://files.example.org/$1\n</VirtualHost>\n";
        writeFile("/etc/apache2/apache2.conf", text);
        start("/usr/sbin/apache2", {latin("-f"), latin("/etc/apache2/apache2.conf"), latin("-DFOREGROUND")});
    }

    void nginx(bool snippet)
    {
        const QByteArray line = snippet ? "include snippets/sixgate-challenge.conf;" : "";
        writeFile("/etc/nginx/nginx.conf", "user www-data;\nworker_processes 1;\npid /run/home-nginx.pid;\nerror_log "
                                           "/run/home-nginx.log;\nevents {}\nhttp {\n access_log off;\n server {\n"
                                           "  listen 80;\n  listen [::]:80;\n  server_name cloud.example.org;\n"
                                           "  root /var/www/html;\n  " +
                                               line +
                                               "\n  location / { return 301 https://$host$request_uri; }\n }\n}\n");
        QDir().mkpath(latin("/var/lib/nginx"));
        start("/usr/sbin/nginx", {latin("-e"), latin("/run/home-nginx.log"), latin("-g"), latin("daemon off;")});
    }

    void caddy(bool snippet)
    {
        writeFile("/etc/caddy/Caddyfile",
                  QByteArray("{\n\tadmin off\n\tstorage file_system /run/caddy\n}\n") +
                      (snippet ? "import sixgate-challenge.caddy\n"
                               : "http://cloud.example.org {\n\tredir https://{host}{uri} 308\n}\n"));
        start("/usr/bin/caddy",
              {latin("run"), latin("--adapter"), latin("caddyfile"), latin("--config"), latin("/etc/caddy/Caddyfile")});
    }

    QProcess m_process;
};

Answer get(const QByteArray &path, const QByteArray &name = "cloud.example.org", bool six = false)
{
    Visit how{"", {}, {}, 80, false};
    if (six) {
        how.to = proxyV6;
        how.from = visitorV6;
    }
    Stream stream = visit(how);
    stream.write("GET " + path + " HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n");
    return readAnswer(stream);
}

} // namespace

class TestHomeSnippet : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void handedOver_data()
    {
        QTest::addColumn<int>("kind");
        for (const HomeServerKind kind : allHomeServerKinds)
            QTest::newRow(qPrintable(homeServerKindName(kind))) << int(kind);
    }

    void handedOver()
    {
        QFETCH(int, kind);
        const HomeServerKind which{kind};
        std::map<QByteArray, int> before;
        const std::vector<QByteArray> others = {
            "/",          "/a%2Fb?c=d%20e", "/.well-known/", "/.well-known/caldav", "/.well-known/acme-challenges",
            "/index.html"};
        std::map<QByteArray, QByteArray> places;
        {
            const Server without(which, false);
            for (const QByteArray &path : others) {
                const Answer answer = get(path);
                before[path] = answer.status();
                places[path] = answer.head.value("location");
            }
            QVERIFY(before["/"] == 301 || before["/"] == 308);
            QVERIFY(!get(challenges + "unknown").head.value("location").startsWith("http://vps.example.org"));
        }
        const Server server(which, true);
        for (const bool six : {false, true}) {
            const Answer unknown = get(challenges + "0_unknown-Token", "cloud.example.org", six);
            QCOMPARE(unknown.status(), 302);
            QCOMPARE(unknown.head.value("location"), "http://vps.example.org" + challenges + "0_unknown-Token");
            const Answer known = get(challenges + "known", "cloud.example.org", six);
            QCOMPARE(known.status(), 200);
            QCOMPARE(known.body, QByteArray("here\n"));
        }
        for (const QByteArray &path : others) {
            const Answer answer = get(path);
            QCOMPARE(answer.status(), before[path]);
            QCOMPARE(answer.head.value("location"), places[path]);
        }
        // What is no token goes no further than to the VPS, and splits no header.
        for (const char *odd : {"a%0d%0aSet-Cookie:%20x=1", "../../etc/passwd", "%2e%2e/x", "a/b", ""}) {
            const Answer answer = get(challenges + odd);
            QVERIFY2(answer.head.value("set-cookie").isEmpty() && !answer.body.contains("root:"), odd);
        }
    }

    // However the site leads to HTTPS, and wherever it has its challenges.
    void otherSitesOfApache()
    {
        const Server server(HomeServerKind::Apache, true);
        const Answer alias = get(challenges + "elsewhere", "files.example.org");
        QCOMPARE(alias.status(), 200);
        QCOMPARE(alias.body, QByteArray("by an alias\n"));
        const Answer known = get(challenges + "known", "photos.example.org");
        QCOMPARE(known.status(), 200);
        QCOMPARE(known.body, QByteArray("here\n"));
        for (const QByteArray name : {"files.example.org", "photos.example.org"}) {
            const Answer unknown = get(challenges + "unknown", name);
            QCOMPARE(unknown.status(), 302);
            QCOMPARE(unknown.head.value("location"), "http://vps.example.org" + challenges + "unknown");
            QCOMPARE(get("/x", name).head.value("location"), "https://" + name + "/x");
        }
    }

    void names_data()
    {
        QTest::addColumn<bool>("http");
        QTest::addColumn<QByteArrayList>("names");
        QTest::newRow("of the services by HTTP") << true << QByteArrayList{"cloud.example.org", "files.example.org"};
        QTest::newRow("of all, where there is none")
            << false << QByteArrayList{"cloud.example.org", "files.example.org", "photos.example.org"};
    }

    void names()
    {
        QFETCH(bool, http);
        QFETCH(QByteArrayList, names);
        Site of = httpSite();
        of.services[0].challenge = http ? Challenge::Http : Challenge::Dns;
        const auto snippet = must(homeSnippet(of, HomeServerKind::Caddy, resource(u"home/caddy.mustache")));
        QByteArrayList found;
        for (const QByteArray &line : snippet.text.split('\n')) {
            if (line.startsWith("http://") && line.endsWith(" {"))
                found << line.mid(7, line.size() - 9);
        }
        QCOMPARE(found, names);
        of.services.clear();
        QVERIFY(!homeSnippet(of, HomeServerKind::Caddy, resource(u"home/caddy.mustache")));
    }
};

int main(int argc, char *argv[])
{
    return inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestHomeSnippet test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_home_snippet.moc"
