// The program as scripts see it: arguments, exit codes, what goes to which stream, what is written to disk.

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace
{

struct Ran {
    int exit = -1;
    QByteArray out;
    QByteArray err;
    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
};

} // namespace

class TestCtl : public QObject
{
    Q_OBJECT

    QTemporaryDir m_home;

    Ran run(const QStringList &arguments, const QByteArray &input = {}, const std::function<void()> &inChild = {})
    {
        QProcess process;
        if (inChild)
            process.setChildProcessModifier(inChild);
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), m_home.path());
        environment.insert(QStringLiteral("XDG_CONFIG_HOME"), m_home.filePath(QStringLiteral("config")));
        environment.insert(QStringLiteral("XDG_STATE_HOME"), m_home.filePath(QStringLiteral("state")));
        environment.remove(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"));
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(SIXGATECTL), arguments);
        if (!process.waitForStarted())
            return {};
        process.write(input);
        process.closeWriteChannel();
        if (!process.waitForFinished(30000))
            return {};
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAllStandardOutput(),
                process.readAllStandardError()};
    }

    QString siteFile() const { return m_home.filePath(QStringLiteral("config/sixgate/site.json")); }

private Q_SLOTS:
    void usage_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QString>("text"); // on the stream that fits the exit code
        const auto row = [](const char *line, int exit, const char *text) {
            QTest::newRow(line) << QString::fromUtf8(line).split(QLatin1Char(' '), Qt::SkipEmptyParts) << exit
                                << QString::fromUtf8(text);
        };
        row("--help", 0, "Exit codes");
        row("help plan", 0, "Touches nothing");
        row("apply --help", 0, "Example");
        row("site --help", 0, "--public-name");
        row("--version", 0, "sixgatectl 0.");
        row("", 2, "A command is missing");
        row("frobnicate", 2, "no command");
        row("check --colour", 2, "no option --colour");
        row("check now", 2, "too much");
        row("plan --only", 2, "needs a value");
        row("plan --only=mail", 2, "--only takes dns or vps");
        row("check --only dns", 2, "does not go with");
        row("plan --ip-json x", 2, "does not go with");
        row("site", 2, "takes new, validate, show, home-snippet or router-url");
        row("site replace", 2, "takes new, validate, show, home-snippet or router-url");
        row("secret", 2, "takes set NAME");
        row("secret set", 2, "name of the secret is missing");
        row("help frobnicate", 2, "no command");
        row("alarm", 2, "\"alarm\" takes test");
        row("alarm test now", 2, "too much");
        row("alarm test --force", 2, "does not go with");
        row("alarm test --site /nonexistent/site.json", 2, "no site file");
        row("alarm --help", 0, "alarm.WEBHOOK.url");
        row("frobnicate --help", 2, "no command");
        row("check --help", 0, "counts like a broken one");
        row("check --json=1", 2, "--json takes no value");
        row("plan --site --only dns", 2, "--site needs a value");
        row("plan --secrets=", 2, "empty value");
        row("site show --secrets", 2, "needs a value");
        row("home explain --ip-json /nonexistent", 2, "could not be read");
        row("home explain --ip-json /", 2, "--ip-json /: The input could not be read");
        row("home explain --ip-json /etc/os-release", 2, "--ip-json /etc/os-release: ");
        row("home explain --site /nonexistent/site.json", 2, "no site file /nonexistent/site.json");
        row("check --format xml", 2, "--format takes text, json, nagios or prometheus");
        row("check --path v5", 2, "--path takes v4, upstream, v6 or lan");
        row("check --watch --interval 9", 2, "10 to 3600");
        row("check --watch --interval 3601", 2, "10 to 3600");
        row("check --watch --interval 1m", 2, "10 to 3600");
        row("check --interval 60", 2, "--interval goes with --watch");
        row("check --force", 2, "--force goes with --report");
        row("check --watch --format prometheus", 2, "--watch does not go together with");
        row("check --watch --explain", 2, "does not go together");
        row("check --watch --report x", 2, "does not go together");
        row("check --report /etc/os-release", 2, "is there already");
        row("check --report /etc --force", 2, "is a folder");
        row("check --report /nonexistent/dir/x", 2, "there is no folder /nonexistent/dir;");
        row("check --report /nonexistent/dir/x --force", 2, "there is no folder /nonexistent/dir;");
        row("check --path v4 --path v6 --site /nonexistent", 2, "no site file");
        row("plan --explain", 2, "does not go with");
        row("apply --report x", 2, "does not go with");
        row("help stale-aaaa", 0, "stale-aaaa");
        row("help codes", 0, "stale-aaaa               ");
        row("--help", 0, "help codes");
        row("help ../site", 2, "no command");
        row("help README", 2, "no command");
        row("stale-aaaa --help", 2, "no command");
        row("plan --site /nonexistent/site.json", 2, "site new --site /nonexistent/site.json");
    }

    void usage()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, exit);
        QFETCH(QString, text);
        const Ran ran = run(arguments);
        QCOMPARE(ran.exit, exit);
        const QString shown = QString::fromUtf8(exit == 0 ? ran.out : ran.err);
        QVERIFY2(shown.contains(text), qPrintable(shown));
        QVERIFY((exit == 0 ? ran.err : ran.out).isEmpty());
    }

    void errorsAreJsonWhereAsked()
    {
        const Ran ran = run({QStringLiteral("check"), QStringLiteral("--json")});
        QCOMPARE(ran.exit, 2);
        QVERIFY(ran.err.isEmpty());
        QCOMPARE(ran.json()[QStringLiteral("schema")].toInt(), 1);
        const auto error = ran.json()[QStringLiteral("error")].toObject();
        QCOMPARE(error[QStringLiteral("code")].toString(), QStringLiteral("not-found"));
        QVERIFY(error[QStringLiteral("fix")].toString().contains(QStringLiteral("site new")));
    }

    // A monitor reads its own format even where nothing could be checked.
    void monitorsAreAnswered()
    {
        const QString nowhere = QStringLiteral("/nonexistent/site.json");
        const QStringList check = {QStringLiteral("check"), QStringLiteral("--site"), nowhere};
        const Ran nagios = run(check + QStringList{QStringLiteral("--format"), QStringLiteral("nagios")});
        QCOMPARE(nagios.exit, 3);
        QCOMPARE(nagios.out, "SIXGATE UNKNOWN - There is no site file " + nowhere.toUtf8() + ".\n");
        QVERIFY(nagios.err.isEmpty());
        const Ran prometheus = run(check + QStringList{QStringLiteral("--format"), QStringLiteral("prometheus")});
        QCOMPARE(prometheus.exit, 2);
        QVERIFY2(prometheus.out.endsWith("\nsixgate_check_success 0\n"), prometheus.out.constData());
        QVERIFY(prometheus.err.contains("no site file"));
        const Ran json = run(check + QStringList{QStringLiteral("--format"), QStringLiteral("json")});
        QCOMPARE(json.exit, 2);
        QVERIFY(json.json().contains(QStringLiteral("error")) && json.err.isEmpty());
    }

    // For a plugin exit 2 is CRITICAL: a mistake in its definition is none of the site's.
    void monitorsAreToldOfMistakes_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *line, const char *says) {
            QTest::newRow(line) << QString::fromUtf8(line) << QString::fromUtf8(says);
        };
        row("check --explain --format nagios", "--explain does not go together with --format nagios or prometheus.");
        row("check --format nagios --watch", "--watch does not go together with --format nagios or prometheus.");
        row("check --json --format=nagios", "--json does not go together with another --format.");
        row("check --format nagios --colour", "There is no option --colour; see sixgatectl --help.");
        row("check --colour --format nagios", "There is no option --colour; see sixgatectl --help.");
        row("check --format nagios --path v5", "--path takes v4, upstream, v6 or lan, for example --path v6.");
        row("check --format nagios --site", "The option --site needs a value; see sixgatectl --help.");
        row("check now --format nagios", "\"now\" is too much here; see sixgatectl check --help.");
        row("plan --format=nagios", "--format does not go with \"plan\"; see sixgatectl plan --help.");
        row("--format nagios", "A command is missing, for example: sixgatectl check. See sixgatectl --help.");
        row("check --format xml --format nagios", "--format takes text, json, nagios or prometheus, for example "
                                                  "--format json.");
    }

    void monitorsAreToldOfMistakes()
    {
        QFETCH(QString, line);
        QFETCH(QString, says);
        const Ran ran = run(line.split(QLatin1Char(' ')));
        QCOMPARE(QString::fromUtf8(ran.out), QStringLiteral("SIXGATE UNKNOWN - %1\n").arg(says));
        QVERIFY2(ran.err.isEmpty(), ran.err.constData());
        QCOMPARE(ran.exit, 3);
        // In another format it is what it is everywhere.
        const Ran other =
            run({QStringLiteral("check"), QStringLiteral("--format=prometheus"), QStringLiteral("--explain")});
        QCOMPARE(other.exit, 2);
        QVERIFY(other.out.isEmpty() && other.err.contains("does not go together"));
    }

    // What a terminal would obey is escaped, and is in the JSON all the same.
    void jsonObeysNobody()
    {
        const QString file = QStringLiteral("/tmp/no\u009b31m\u007f\u202e.json");
        const Ran ran = run({QStringLiteral("check"), QStringLiteral("--json"), QStringLiteral("--site"), file});
        QVERIFY(!ran.out.contains("\xc2\x9b") && !ran.out.contains('\x7f') && !ran.out.contains("\xe2\x80\xae"));
        const QString summary =
            QJsonDocument::fromJson(ran.out)[QStringLiteral("error")][QStringLiteral("summary")].toString();
        QVERIFY2(summary.contains(file), qPrintable(summary));
    }

    void aSiteBegins()
    {
        const QStringList make = {QStringLiteral("site"),           QStringLiteral("new"),
                                  QStringLiteral("--public-name"),  QStringLiteral("wölkchen.example.org"),
                                  QStringLiteral("--interface-id"), QStringLiteral("02:00:5e:00:53:01")};
        QCOMPARE(run(make).exit, 0);
        QCOMPARE(QFileInfo(siteFile()).permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        const auto site = run({QStringLiteral("site"), QStringLiteral("show"), QStringLiteral("--json")})
                              .json()[QStringLiteral("site")]
                              .toObject();
        const auto service = site[QStringLiteral("services")].toArray()[0].toObject();
        QCOMPARE(service[QStringLiteral("publicNames")].toArray()[0].toString(),
                 QStringLiteral("xn--wlkchen-90a.example.org"));
        QCOMPARE(service[QStringLiteral("upstreamName")].toString(), QStringLiteral("home6.example.org"));
        QCOMPARE(run({QStringLiteral("site"), QStringLiteral("validate")}).exit, 0);

        QFile file(siteFile());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray before = file.readAll();
        const Ran again = run({QStringLiteral("site"), QStringLiteral("new")});
        QCOMPARE(again.exit, 2);
        QVERIFY(again.err.contains("--force"));
        file.seek(0);
        QCOMPARE(file.readAll(), before);
    }

    void badNamesNameTheOption_data()
    {
        QTest::addColumn<QString>("option");
        QTest::addColumn<QString>("value");
        QTest::newRow("newline") << QStringLiteral("--public-name") << QStringLiteral("a.example.org\nb");
        QTest::newRow("wildcard") << QStringLiteral("--upstream-name") << QStringLiteral("*.example.org");
        QTest::newRow("identifier") << QStringLiteral("--interface-id") << QStringLiteral("11");
        QTest::newRow("name in the LAN") << QStringLiteral("--lan-name") << QStringLiteral("nas local");
        QTest::newRow("fingerprint") << QStringLiteral("--host-key") << QStringLiteral("SHA256:abc");
        QTest::newRow("mail") << QStringLiteral("--mail") << QStringLiteral("me");
    }

    void badNamesNameTheOption()
    {
        QFETCH(QString, option);
        QFETCH(QString, value);
        QStringList arguments = {QStringLiteral("--site"), m_home.filePath(QStringLiteral("bad.json")),
                                 QStringLiteral("site"), QStringLiteral("new")};
        if (option != QLatin1String("--public-name"))
            arguments << QStringLiteral("--public-name") << QStringLiteral("cloud.example.org");
        const Ran ran = run(arguments << option << value);
        QCOMPARE(ran.exit, 2);
        QVERIFY2(ran.err.contains(option.toUtf8()), ran.err.constData());
        QVERIFY(!QFile::exists(m_home.filePath(QStringLiteral("bad.json"))));
    }

    void secretsGoIntoTheNamedStore()
    {
        const QString folder = m_home.filePath(QStringLiteral("secrets"));
        QVERIFY(QDir().mkdir(folder));
        QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        const QString store = QStringLiteral("dir:") + folder;
        const auto secret = [&](const QStringList &words, const QByteArray &input = {}) {
            return run(QStringList{QStringLiteral("--secrets"), store, QStringLiteral("secret")} + words, input);
        };
        const Ran set = secret({QStringLiteral("set"), QStringLiteral("dns.main.key")}, "Q0FOQVJZ\n");
        QCOMPARE(set.exit, 0);
        QVERIFY(!set.out.contains("Q0FOQVJZ") && !set.err.contains("Q0FOQVJZ"));
        QFile stored(folder + QStringLiteral("/dns.main.key"));
        QVERIFY(stored.open(QIODevice::ReadOnly));
        QCOMPARE(stored.readAll().trimmed(), QByteArray("Q0FOQVJZ"));
        QCOMPARE(stored.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        const Ran list = secret({QStringLiteral("list")});
        QVERIFY(list.out.contains("dns.main.key") && !list.out.contains("Q0FOQVJZ"));
        QVERIFY(list.out.contains("dns.main.acme-key         missing"));
        const Ran unused =
            secret({QStringLiteral("set"), QStringLiteral("dns.mian.key"), QStringLiteral("--json")}, "x");
        QCOMPARE(unused.exit, 0);
        QVERIFY(!unused.json()[QStringLiteral("used")].toBool(true));
        QVERIFY(secret({QStringLiteral("list")}).out.contains("not used"));
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("dns.main.key")}, "\n").exit, 2);
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("../evil")}, "x").exit, 2);
        QCOMPARE(secret({QStringLiteral("remove"), QStringLiteral("dns.main.key")}).exit, 0);
        QCOMPARE(secret({QStringLiteral("remove"), QStringLiteral("dns.main.key")}).exit, 1);
    }

    // One channel takes the test, one does not; whose URL it is stays unsaid.
    void alarmIsTested()
    {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        socklen_t size = sizeof address;
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        QCOMPARE(::bind(listener, reinterpret_cast<sockaddr *>(&address), size), 0);
        QCOMPARE(::listen(listener, 8), 0);
        ::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size);
        std::thread server([listener] {
            int fd = -1;
            while ((fd = ::accept(listener, nullptr, nullptr)) >= 0) {
                char buffer[4096];
                (void)!::read(fd, buffer, sizeof buffer);
                const QByteArray answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                (void)!::write(fd, answer.constData(), size_t(answer.size()));
                ::close(fd);
            }
        });
        const QString file = m_home.filePath(QStringLiteral("alarm.json"));
        const QString store = m_home.filePath(QStringLiteral("alarm.secrets"));
        const auto alarm = [&] {
            return run({QStringLiteral("--json"), QStringLiteral("--site"), file, QStringLiteral("--secrets"),
                        QStringLiteral("file:") + store, QStringLiteral("alarm"), QStringLiteral("test")});
        };
        run({QStringLiteral("--site"), file, QStringLiteral("site"), QStringLiteral("new")});
        const Ran nobody = alarm();
        QFile site(file);
        const bool opened = site.open(QIODevice::ReadWrite);
        QByteArray text = site.readAll();
        text.insert(text.lastIndexOf('}'), ", \"alarm\": {\"webhooks\": [{\"name\": \"phone\", \"kind\": "
                                           "\"generic\"}, {\"name\": \"pager\", \"kind\": \"ntfy\"}]}");
        site.seek(0);
        site.write(text);
        site.close();
        QFile secrets(store);
        const bool kept = secrets.open(QIODevice::WriteOnly);
        secrets.write("alarm.phone.url=http://127.0.0.1:" + QByteArray::number(ntohs(address.sin_port)) +
                      "/CANARY\nalarm.pager.url=https://pager.localhost:1/CANARY\n");
        secrets.close();
        QFile::setPermissions(store, QFile::ReadOwner | QFile::WriteOwner);
        const Ran ran = alarm();
        ::shutdown(listener, SHUT_RDWR);
        server.join();
        ::close(listener);
        QVERIFY(opened && kept);
        QCOMPARE(nobody.exit, 2);
        QVERIFY(nobody.out.contains("names nobody to tell"));
        QVERIFY2(ran.exit == 1, (ran.out + ran.err).constData());
        const QJsonArray channels = ran.json()[QStringLiteral("channels")].toArray();
        QCOMPARE(channels.size(), 2);
        QVERIFY2(channels[0][QStringLiteral("taken")].toBool(), ran.out.constData());
        QVERIFY(channels[0][QStringLiteral("error")].isNull());
        QVERIFY(!channels[1][QStringLiteral("taken")].toBool(true));
        QCOMPARE(channels[1][QStringLiteral("error")][QStringLiteral("code")].toString(), QStringLiteral("network"));
        QVERIFY(!ran.out.contains("CANARY") && !ran.err.contains("CANARY"));
    }

    void secretsOfLogins()
    {
        const QString file = m_home.filePath(QStringLiteral("login.json"));
        QCOMPARE(run({QStringLiteral("--site"), file, QStringLiteral("site"), QStringLiteral("new")}).exit, 0);
        QFile site(file);
        QVERIFY(site.open(QIODevice::ReadWrite));
        const QByteArray before = site.readAll();
        QByteArray after = before;
        after.replace("\"user\": \"root\"", "\"user\": \"ada\", \"auth\": \"password\"");
        QVERIFY(after != before);
        const qsizetype key = after.indexOf("\"keyFile\"");
        after.remove(key, after.indexOf('\n', key) - key);
        site.resize(0);
        site.write(after);
        site.close();
        const QString store = QStringLiteral("file:") + m_home.filePath(QStringLiteral("login.secrets"));
        const auto secret = [&](const QStringList &words) {
            return run(QStringList{QStringLiteral("--json"), QStringLiteral("--site"), file,
                                   QStringLiteral("--secrets"), store, QStringLiteral("secret")} +
                           words,
                       "x");
        };
        for (const auto &[name, used] : std::map<QString, bool>{{QStringLiteral("vps.vps.password"), true},
                                                                {QStringLiteral("vps.vps.sudo-password"), true},
                                                                {QStringLiteral("vps.vps.passphrase"), false}}) {
            if (used && name == QLatin1String("vps.vps.password"))
                QVERIFY(secret({QStringLiteral("list")}).out.contains("vps.vps.password"));
            const Ran set = secret({QStringLiteral("set"), name});
            QCOMPARE(set.exit, 0);
            QCOMPARE(set.json()[QStringLiteral("used")].toBool(!used), used);
        }
    }

    void noKeychainIsAStateWithARemedy()
    {
        const Ran ran = run(
            {QStringLiteral("--json"), QStringLiteral("secret"), QStringLiteral("set"), QStringLiteral("dns.main.key")},
            "c3dvcmRmaXNo");
        QCOMPARE(ran.exit, 1);
        const auto error = ran.json()[QStringLiteral("error")].toObject();
        QCOMPARE(error[QStringLiteral("code")].toString(), QStringLiteral("unavailable"));
        QVERIFY(error[QStringLiteral("fix")].toString().contains(QStringLiteral("--secrets")));
    }

    void explainsTheAddressesOfAnotherMachine()
    {
        QFile recorded(QStringLiteral(SIXGATE_SOURCE_DIR "/tests/unit/ctl/ip-address.json"));
        QVERIFY(recorded.open(QIODevice::ReadOnly));
        const QByteArray addresses = recorded.readAll();
        const Ran ran = run({QStringLiteral("home"), QStringLiteral("explain"), QStringLiteral("--ip-json"),
                             QStringLiteral("-"), QStringLiteral("--json")},
                            addresses);
        QCOMPARE(ran.exit, 0);
        QCOMPARE(ran.json()[QStringLiteral("chosen")].toString(), QStringLiteral("2001:db8:a:1::11"));
        const auto candidates = ran.json()[QStringLiteral("candidates")].toArray();
        QCOMPARE(candidates.size(), 4);
        int taken = 0;
        for (const auto &one : candidates) {
            taken += one.toObject()[QStringLiteral("taken")].toBool();
            QVERIFY(!one.toObject()[QStringLiteral("reason")].toString().isEmpty());
        }
        QCOMPARE(taken, 1);
        const Ran broken =
            run({QStringLiteral("home"), QStringLiteral("explain"), QStringLiteral("--ip-json"), QStringLiteral("-")},
                addresses.left(200));
        QCOMPARE(broken.exit, 2);
    }

    void warningsOfTheSiteFile()
    {
        const QString file = m_home.filePath(QStringLiteral("warned.json"));
        QCOMPARE(run({QStringLiteral("--site"), file, QStringLiteral("site"), QStringLiteral("new"),
                      QStringLiteral("--public-name"), QStringLiteral("cloud.example.org")})
                     .exit,
                 0);
        const Ran ran = run({QStringLiteral("--site"), file, QStringLiteral("site"), QStringLiteral("validate"),
                             QStringLiteral("--json")});
        QCOMPARE(ran.exit, 0);
        QVERIFY(ran.json()[QStringLiteral("valid")].toBool());
        QStringList paths;
        for (const auto &one : ran.json()[QStringLiteral("warnings")].toArray()) {
            paths << one.toObject()[QStringLiteral("path")].toString();
            QVERIFY(one.toObject()[QStringLiteral("summary")].toString().endsWith(QLatin1Char('.')));
        }
        QVERIFY2(paths.contains(QStringLiteral("vps[0].acme.agreeToTerms")), qPrintable(paths.join(QLatin1Char(' '))));
        QVERIFY(paths.contains(QStringLiteral("dns[0].zone")));
    }

    void aSiteFileThatCannotBeRead()
    {
        const QString file = m_home.filePath(QStringLiteral("locked.json"));
        QFile site(file);
        QVERIFY(site.open(QIODevice::WriteOnly));
        site.close();
        QVERIFY(site.setPermissions(QFile::Permissions()));
        // Root reads everything, unless the program it starts may not.
        const auto unprivileged = [] {
            ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
            ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
        };
        for (const char *command :
             {"site validate", "site show", "plan", "apply", "check", "home", "home explain", "secret list"}) {
            const Ran ran = run(QStringList{QStringLiteral("--json"), QStringLiteral("--site"), file} +
                                    QString::fromLatin1(command).split(QLatin1Char(' ')),
                                {}, unprivileged);
            QVERIFY2(ran.exit == 2, command);
            QCOMPARE(ran.json()[QStringLiteral("error")].toObject()[QStringLiteral("code")].toString(),
                     QStringLiteral("denied"));
        }
    }

    void unknownIsNotNone()
    {
        const QString file = m_home.filePath(QStringLiteral("own.json"));
        QCOMPARE(run({QStringLiteral("--site"), file, QStringLiteral("site"), QStringLiteral("new"),
                      QStringLiteral("--public-name"), QStringLiteral("cloud.example.org")})
                     .exit,
                 0);
        // The kernel refuses netlink to this process, as it does in some sandboxes.
        const auto noNetlink = [] {
            sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            const sock_fprog program{std::size(code), code};
            if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
                ::_exit(99);
        };
        const QStringList home = {QStringLiteral("--site"), file, QStringLiteral("--json"), QStringLiteral("home")};
        const Ran blind = run(home, {}, noNetlink);
        QCOMPARE(blind.exit, 1);
        QVERIFY2(blind.json()[QStringLiteral("prefixes")].isNull(), blind.out.constData());
        QVERIFY(!blind.json()[QStringLiteral("error")].toObject()[QStringLiteral("summary")].toString().isEmpty());
        QCOMPARE(run(home + QStringList{QStringLiteral("explain")}, {}, noNetlink).exit, 1);
        const Ran seeing = run(home);
        QVERIFY2(seeing.json()[QStringLiteral("prefixes")].isArray(), seeing.out.constData());
        QVERIFY(seeing.json()[QStringLiteral("error")].isNull());
        QVERIFY(seeing.json().contains(QStringLiteral("error")));
    }

    void aBadSiteFileNamesThePlace()
    {
        QFile file(m_home.filePath(QStringLiteral("broken.json")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"schema\": 1, \"name\": \"home\", \"colour\": 3}");
        file.close();
        for (const char *command : {"site validate", "plan", "apply", "check", "home", "home explain", "secret list"}) {
            const Ran ran = run(QStringList{QStringLiteral("--site"), file.fileName()} +
                                QString::fromLatin1(command).split(QLatin1Char(' ')));
            QCOMPARE(ran.exit, 2);
            QVERIFY2(ran.err.contains("colour"), ran.err.constData());
        }
    }
};

QTEST_GUILESS_MAIN(TestCtl)
#include "tst_ctl.moc"
