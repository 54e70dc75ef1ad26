// Messages of the alarm: to servers that do well, and to others. No secret is seen by anybody else.

#include "peers.h"
#include "transport/tell.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <string>
#include <sys/socket.h>
#include <thread>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

const Identity &ofAnotherName()
{
    static const Identity all = makeIdentity({{"other.localhost"}}, &root());
    return all;
}

const Identity &ofAnotherAuthority()
{
    static const Identity all = makeIdentity({{"mail.localhost", "hook.localhost"}});
    return all;
}

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

AlarmMessage message(AlarmEvent event = AlarmEvent::Trouble)
{
    return {*Label::parse(latin("home")),
            latin("machine nas"),
            event,
            latin("trouble since 14:02 UTC"),
            QStringLiteral("Something is wrong: “nas” is down.\n.\nThat was it."),
            QDateTime::fromMSecsSinceEpoch(1'795'000'000'000, Qt::UTC),
            615s};
}

Webhook hook(WebhookKind kind = WebhookKind::Generic)
{
    return {*Label::parse(latin("phone")), kind};
}

Secret urlAt(const WebPeer &peer, const QByteArray &path = "/", bool tls = true)
{
    return Secret((tls ? "https://hook.localhost:" : "http://127.0.0.1:") + peer.port() + path + canary);
}

Outcome post(const Webhook &to, const Secret &url, const AlarmMessage &what = message(),
             std::chrono::milliseconds span = 10s)
{
    return tellByWebhook(to, url, what, Deadline::after(span), {});
}

AlarmMail mailTo(Port port, SmtpSecurity security, const char *user = "")
{
    return {*Mail::parse(latin("me@example.org")), *Mail::parse(latin("nas@example.org")),
            SmtpServer{*Hostname::parse(latin("mail.localhost")), port, security, latin(user)}};
}

QByteArray decoded(const QByteArray &mail)
{
    return QByteArray::fromBase64(mail.mid(mail.indexOf("\r\n\r\n") + 4).replace("\r\n", ""));
}

/// Neither in a process list nor in an environment.
std::atomic<int> lookedAt = 0;
std::atomic<int> seenCurl = 0;
std::atomic<int> leaks = 0;
void lookForSecrets()
{
    const QDir processes(latin("/proc"));
    for (const QString &one : processes.entryList({latin("[0-9]*")}, QDir::Dirs)) {
        for (const char *file : {"cmdline", "environ"}) {
            QFile in(processes.filePath(one + QLatin1Char('/') + latin(file)));
            if (!in.open(QIODevice::ReadOnly))
                continue;
            const QByteArray text = in.readAll();
            ++lookedAt;
            if (text.startsWith("/usr/bin/curl"))
                ++seenCurl;
            if (text.contains(canary) || text.contains(QByteArray(canary).toBase64().left(9)))
                ++leaks;
        }
    }
}

/// A secret that is nowhere in memory but where it is made for use.
class Needle
{
public:
    Secret secret(const char *before) const
    {
        QByteArray text;
        text.reserve(256);
        text += before;
        for (const char c : m_masked)
            text += char(c ^ mask);
        return Secret(std::move(text));
    }

    /// How often it is in what this process may write to, but for the stack: as bytes, or as text of Qt's.
    int copies() const
    {
        QFile maps(latin("/proc/self/maps"));
        if (!maps.open(QIODevice::ReadOnly))
            return -1;
        int found = 0;
        for (const QByteArray &line : maps.readAll().split('\n')) {
            const auto words = line.simplified().split(' ');
            if (words.size() < 5 || !words[1].startsWith("rw") || words[4] != "0" || line.contains("[stack]"))
                continue;
            const qsizetype dash = words[0].indexOf('-');
            const quint64 begin = words[0].left(dash).toULongLong(nullptr, 16);
            const quint64 end = words[0].mid(dash + 1).toULongLong(nullptr, 16);
            if (end - begin > 256 * 1024 * 1024) // of a sanitizer
                continue;
            found += copiesIn(reinterpret_cast<const char *>(begin), end - begin);
        }
        return found;
    }

private:
    int copiesIn(const char *bytes, quint64 size) const
    {
        int found = 0;
        for (quint64 at = 0; at + 2 * m_masked.size() <= size; ++at) {
            for (const size_t step : {size_t(1), size_t(2)}) {
                size_t same = 0;
                while (same < m_masked.size() && bytes[at + same * step] == char(m_masked[same] ^ mask))
                    ++same;
                found += same == m_masked.size();
            }
        }
        return found;
    }

    static constexpr char mask = 0x15;
    // No text that could be put together when this is compiled.
    std::string m_masked = [] {
        std::string made;
        for (int i = 0; i < 24; ++i)
            made += char(('a' + (i * 7 + 3) % 26) ^ mask);
        return made;
    }();
};

bool holdsNoSecret(const Error &error)
{
    const QString all = error.summary + error.detail + error.fix;
    return !all.contains(latin(canary)) && !all.contains(latin("hook."));
}

} // namespace

class TestTell : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    QByteArray script(const char *name, const QByteArray &text)
    {
        const QString path = m_folder.filePath(latin(name));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate))
            return {};
        file.write("#!/bin/sh\n" + text);
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return path.toUtf8();
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(root(), m_folder.path());
        // Nobody's proxy and nobody's settings.
        qputenv("https_proxy", "http://127.0.0.1:1");
        qputenv("ALL_PROXY", "http://127.0.0.1:1");
        qputenv("HOME", m_folder.path().toUtf8());
        QFile settings(m_folder.filePath(latin(".curlrc")));
        QVERIFY(settings.open(QIODevice::WriteOnly));
        settings.write("insecure\nlocation\nproxy = \"http://127.0.0.1:1\"\n");
    }

    void generic()
    {
        const WebPeer peer(&good(), "HTTP/1.1 204 No Content\r\n\r\n", lookForSecrets);
        const auto told = post(hook(), urlAt(peer, "/in?token={a}&key="));
        QVERIFY2(told, told ? "" : qPrintable(told.error().summary));
        QCOMPARE(peer.asked().size(), size_t(1));
        const Asked asked = peer.asked().front();
        QVERIFY2(asked.head.startsWith(QByteArray("POST /in?token={a}&key=") + canary + " HTTP/1.1\r\n"), asked.head);
        QVERIFY2(asked.head.contains("Content-Type: application/json\r\n"), asked.head);
        QVERIFY(!asked.head.contains("Expect"));
        const QJsonObject json = QJsonDocument::fromJson(asked.body).object();
        QCOMPARE(json, (QJsonObject{{latin("schema"), 1},
                                    {latin("site"), latin("home")},
                                    {latin("event"), latin("trouble")},
                                    {latin("text"), message().text},
                                    {latin("since"), latin("2026-11-18T11:06:40Z")},
                                    {latin("seconds"), 615},
                                    {latin("from"), latin("machine nas")}}));
    }

    void ntfy()
    {
        const WebPeer peer(&good(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", lookForSecrets);
        QVERIFY(post(hook(WebhookKind::Ntfy), urlAt(peer)));
        QVERIFY(post(hook(WebhookKind::Ntfy), urlAt(peer), message(AlarmEvent::Over)));
        QCOMPARE(peer.asked().size(), size_t(2));
        const Asked bad = peer.asked()[0];
        QVERIFY(bad.head.contains("Title: Sixgate home: trouble since 14:02 UTC\r\n"));
        QVERIFY(bad.head.contains("Priority: high\r\n") && bad.head.contains("Tags: warning\r\n"));
        QCOMPARE(bad.body, message().text.toUtf8() + '\n');
        const Asked over = peer.asked()[1];
        QVERIFY(over.head.contains("Priority: default\r\n") && over.head.contains("Tags: white_check_mark\r\n"));
    }

    void healthchecks()
    {
        const WebPeer peer(&good(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
        const Webhook checks = hook(WebhookKind::Healthchecks);
        for (const AlarmEvent event :
             {AlarmEvent::Trouble, AlarmEvent::Over, AlarmEvent::Fine, AlarmEvent::Test, AlarmEvent::Passed})
            QVERIFY(post(checks, urlAt(peer), message(event)));
        QVERIFY(post(checks, Secret(urlAt(peer).reveal() + "/?create=1\n"), message()));
        QByteArrayList paths;
        for (const Asked &one : peer.asked())
            paths << one.head.split(' ').value(1);
        const QByteArray path = QByteArray("/") + canary;
        QCOMPARE(paths,
                 (QByteArrayList{path + "/fail", path, path, path + "/log", path + "/log", path + "/fail?create=1"}));
    }

    void withoutTlsInTheOwnNetwork()
    {
        const WebPeer peer(nullptr, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        QVERIFY(post(hook(), urlAt(peer, "/", false)));
        QCOMPARE(peer.asked().size(), size_t(1));
        // A name that seems to be near, and is not.
        const QByteArray far = script("far", "echo '192.0.2.1 STREAM nas'\n");
        const QByteArray near = script("near", "echo '192.0.2.1 STREAM nas'; echo '127.0.0.1 STREAM nas'\n");
        const Secret url("http://nas:" + peer.port() + '/' + canary);
        TellPrograms programs;
        programs.getent = far;
        const auto refused = tellByWebhook(hook(), url, message(), Deadline::after(5s), {}, programs);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::Invalid);
        QVERIFY(refused.error().summary.contains(latin("not in your own network")));
        // What is of no use on the internet is not of the home for that.
        programs.getent =
            script("odd", "for one in 224.0.0.1 0.0.0.0 240.0.0.1 192.0.0.2 100.64.0.1 198.18.0.1 fec0::1 "
                          "ff02::1; do echo \"$one STREAM nas\"; done\n");
        const auto odd = tellByWebhook(hook(), url, message(), Deadline::after(5s), {}, programs);
        QVERIFY(!odd && odd.error().code == ErrorCode::Invalid);
        programs.getent = near;
        const auto told = tellByWebhook(hook(), url, message(), Deadline::after(5s), {}, programs);
        QVERIFY2(told, told ? "" : qPrintable(told.error().summary));
        QCOMPARE(peer.asked().size(), size_t(2));
        const auto elsewhere = post(hook(), Secret(QByteArray("http://hook.example.org/") + canary));
        QVERIFY(!elsewhere && elsewhere.error().code == ErrorCode::Invalid && holdsNoSecret(elsewhere.error()));
    }

    void hostileAnswers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("taken");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *name, const QByteArray &answer, bool taken, const char *says = "") {
            QTest::newRow(name) << answer << taken << latin(says);
        };
        const QByteArray here = QByteArray("https://hook.localhost/") + canary;
        row("redirect", "HTTP/1.1 302 Found\r\nLocation: " + here + "\r\nContent-Length: 0\r\n\r\n", false,
            "status 302");
        row("moved", "HTTP/1.1 308 Moved\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", false, "status 308");
        row("error", "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nNo.", false, "status 500");
        row("not there", "HTTP/1.1 404 " + here + "\r\nContent-Length: 0\r\n\r\n", false, "status 404");
        row("endless body", "HTTP/1.1 200 OK\r\n\r\n" + QByteArray(20'000'000, 'x'), true);
        row("body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", true);
        row("endless head", "HTTP/1.1 200 OK\r\nX: " + QByteArray(20'000'000, 'x'), true);
        row("no HTTP", "Hello " + here + "\r\n\r\n", false);
        row("nothing", "", false, "broke the connection off");
        row("go on first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true);
    }

    void hostileAnswers()
    {
        QFETCH(QByteArray, answer);
        QFETCH(bool, taken);
        QFETCH(QString, says);
        const WebPeer peer(&good(), answer, lookForSecrets);
        QElapsedTimer clock;
        clock.start();
        const auto told = post(hook(), urlAt(peer));
        QCOMPARE(told.has_value(), taken);
        QVERIFY(clock.elapsed() < 9000);
        QCOMPARE(peer.asked().size(), size_t(1));
        if (told)
            return;
        QVERIFY2(told.error().summary.startsWith(QStringLiteral("The webhook “phone” ")),
                 qPrintable(told.error().summary));
        QVERIFY2(told.error().summary.contains(says), qPrintable(told.error().summary));
        QVERIFY2(holdsNoSecret(told.error()), qPrintable(told.error().summary + told.error().detail));
    }

    void strangers_data()
    {
        QTest::addColumn<int>("who");
        QTest::newRow("another name") << 0;
        QTest::newRow("another authority") << 1;
        QTest::newRow("no TLS") << 2;
        QTest::newRow("nobody") << 3;
    }

    void strangers()
    {
        QFETCH(int, who);
        const WebPeer peer(who == 0 ? &ofAnotherName() : &ofAnotherAuthority(),
                           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        const Server plain("127.0.0.1", 0, [](int fd) {
            char bytes[4096];
            if (::recv(fd, bytes, sizeof bytes, 0) > 0)
                ::send(fd, "HTTP/1.1 400 No\r\n\r\n", 19, MSG_NOSIGNAL);
        });
        QByteArray url = urlAt(peer).reveal();
        if (who >= 2)
            url = "https://hook.localhost:" + (who == 3 ? QByteArray("1") : plain.port().text().toLatin1()) + '/' +
                  canary;
        const auto told = post(hook(), Secret(url));
        QVERIFY(!told);
        QCOMPARE(told.error().code, who == 3 ? ErrorCode::Network : ErrorCode::Protocol);
        QVERIFY2(holdsNoSecret(told.error()), qPrintable(told.error().summary));
        QVERIFY(peer.asked().empty());
    }

    void noAnswer()
    {
        const Server peer("127.0.0.1", 0, [](int fd) {
            char byte;
            while (::recv(fd, &byte, 1, 0) > 0) {
            }
        });
        const Secret url("https://hook.localhost:" + peer.port().text().toLatin1() + '/' + canary);
        QElapsedTimer clock;
        clock.start();
        const auto late = tellByWebhook(hook(), url, message(), Deadline::after(500ms), {});
        QVERIFY(!late && late.error().code == ErrorCode::Timeout && holdsNoSecret(late.error()));
        QVERIFY(clock.elapsed() < 5000);
        std::stop_source stop;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(100ms);
            stop.request_stop();
        });
        clock.start();
        const auto stopped = tellByWebhook(hook(), url, message(), Deadline::after(20s), stop.get_token());
        QVERIFY(!stopped && stopped.error().code == ErrorCode::Cancelled);
        QVERIFY(clock.elapsed() < 5000);
    }

    void noUrl()
    {
        const auto none = post(hook(), Secret());
        QVERIFY(!none && none.error().code == ErrorCode::NotFound);
        QVERIFY(none.error().fix.contains(latin("sixgatectl secret set alarm.phone.url")));
        for (const QByteArray &text :
             {QByteArray("ftp://hook.localhost/"), QByteArray("https://a/\nurl = \"file:///etc/passwd"),
              QByteArray("https://a/\" -o /tmp/x"), QByteArray("file:///etc/passwd#"), QByteArray("https:///")}) {
            const auto bad = post(hook(), Secret(text + canary));
            QVERIFY2(!bad && bad.error().code == ErrorCode::Invalid, text);
            QVERIFY2(!(bad.error().summary + bad.error().detail).contains(latin(canary)), text);
        }
    }

    void noCurl()
    {
        TellPrograms programs;
        programs.curl = "/nonexistent/curl";
        const auto none =
            tellByWebhook(hook(), Secret("https://hook.localhost/"), message(), Deadline::after(5s), {}, programs);
        QVERIFY(!none && none.error().code == ErrorCode::NotFound);
        QVERIFY(none.error().fix.contains(latin("apt install curl")));
    }

    // ---------------------------------------------------------------- mail

    void mail_data()
    {
        QTest::addColumn<int>("security");
        QTest::newRow("STARTTLS") << int(SmtpSecurity::StartTls);
        QTest::newRow("TLS") << int(SmtpSecurity::Tls);
    }

    void mail()
    {
        QFETCH(int, security);
        MailPeer::Ways ways;
        ways.shown = &good();
        ways.tlsAtOnce = security == int(SmtpSecurity::Tls);
        // With all that a quoted value might end at.
        const QByteArray password = QByteArray(canary) + "\"\\ #;:\t{x}";
        ways.login = "me@example.org " + password;
        ways.meanwhile = lookForSecrets;
        const MailPeer peer(ways);
        const auto told = tellByMail(mailTo(peer.port(), SmtpSecurity(security), "me@example.org"), Secret(password),
                                     message(), Deadline::after(10s), {});
        QVERIFY2(told, told ? "" : qPrintable(told.error().summary));
        QCOMPARE(peer.mails().size(), 1);
        const QByteArray mail = peer.mails().front();
        for (const char *header :
             {"From: Sixgate <nas@example.org>", "To: me@example.org", "Subject: Sixgate home: trouble since 14:02 UTC",
              "Auto-Submitted: auto-generated", "Content-Type: text/plain; charset=utf-8", "MIME-Version: 1.0"})
            QVERIFY2(mail.contains(header + QByteArray("\r\n")), mail);
        QVERIFY(mail.contains("\r\nMessage-ID: <") && mail.contains("@example.org>\r\n"));
        QVERIFY(mail.contains("\r\nDate: "));
        QCOMPARE(QString::fromUtf8(decoded(mail)), message().text + latin("\r\n\r\nTold by machine nas.\r\n"));
        for (const QByteArray &line : mail.split('\n'))
            QVERIFY(line.size() < 100);
        const QByteArrayList lines = peer.lines();
        QVERIFY(std::any_of(lines.begin(), lines.end(),
                            [](const QByteArray &line) { return line.startsWith("MAIL FROM:<nas@example.org>"); }));
        QVERIFY(lines.contains("RCPT TO:<me@example.org>"));
        QVERIFY2(!lines.contains("EHLO 3"), "the name of the file to send");
        for (const QByteArray &line : lines)
            QVERIFY2(!line.startsWith('*') || line.startsWith("*EHLO") || line == "*STARTTLS", line);
    }

    void mailWithoutTls()
    {
        const MailPeer peer(MailPeer::Ways{});
        TellPrograms programs;
        programs.getent = script("mailnear", "echo '127.0.0.1 STREAM mail'\n");
        const AlarmMail mail = mailTo(peer.port(), SmtpSecurity::None);
        const auto told = tellByMail(mail, {}, message(), Deadline::after(10s), {}, programs);
        QVERIFY2(told, told ? "" : qPrintable(told.error().summary));
        QCOMPARE(peer.mails().size(), 1);
        programs.getent = script("mailfar", "echo '192.0.2.25 STREAM mail'\n");
        const auto far = tellByMail(mail, {}, message(), Deadline::after(10s), {}, programs);
        QVERIFY(!far && far.error().code == ErrorCode::Invalid);
        QCOMPARE(peer.mails().size(), 1);
    }

    void mailRefused_data()
    {
        QTest::addColumn<int>("what");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *name, int what, ErrorCode code, const char *says) {
            QTest::newRow(name) << what << int(code) << latin(says);
        };
        row("no STARTTLS", 0, ErrorCode::Protocol, "offers no encryption");
        row("wrong password", 1, ErrorCode::Denied, "refuses the login");
        row("unknown recipient", 2, ErrorCode::Refused, "(550)");
        row("another's certificate", 3, ErrorCode::Protocol, "certificate");
        row("nobody", 4, ErrorCode::Network, "cannot be reached");
        row("no password", 5, ErrorCode::NotFound, "password");
        row("password of two lines", 6, ErrorCode::Invalid, "more than one line");
    }

    void mailRefused()
    {
        QFETCH(int, what);
        QFETCH(int, code);
        QFETCH(QString, says);
        MailPeer::Ways ways;
        ways.shown = what == 3 ? &ofAnotherAuthority() : &good();
        ways.startTls = what != 0;
        ways.login = "me " + QByteArray(what == 1 ? "other" : canary);
        if (what == 2)
            ways.atRecipient = QByteArray("550 No such user ") + canary;
        const MailPeer peer(ways);
        const Port port = what == 4 ? *Port::fromNumber(1) : peer.port();
        const Secret password(what == 5 ? QByteArray() : QByteArray(canary) + (what == 6 ? "\nx" : ""));
        const auto told =
            tellByMail(mailTo(port, SmtpSecurity::StartTls, "me"), password, message(), Deadline::after(10s), {});
        QVERIFY(!told);
        QVERIFY2(told.error().summary.contains(says), qPrintable(told.error().summary));
        QCOMPARE(int(told.error().code), code);
        QVERIFY(holdsNoSecret(told.error()));
        QVERIFY(peer.mails().isEmpty());
        for (const QByteArray &line : peer.lines())
            QVERIFY2(!line.startsWith('*') || line.startsWith("*EHLO") || line == "*STARTTLS" || line == "*QUIT", line);
    }

    void sendmail()
    {
        TellPrograms programs;
        const QByteArray into = m_folder.filePath(latin("sent")).toUtf8();
        programs.sendmail = script("sendmail", "echo \"$*\" > " + into + "; cat >> " + into + "\n");
        AlarmMail mail = mailTo(*Port::fromNumber(25), SmtpSecurity::None);
        mail.smtp.reset();
        QVERIFY(tellByMail(mail, {}, message(), Deadline::after(10s), {}, programs));
        QFile sent(QString::fromUtf8(into));
        QVERIFY(sent.open(QIODevice::ReadOnly));
        const QByteArray text = sent.readAll();
        QVERIFY2(text.startsWith("-i -t\nFrom: Sixgate <nas@example.org>\nTo: me@example.org\n"), text);
        QVERIFY(!text.contains('\r'));

        programs.sendmail = script("broken", "echo 'no \033[1mhost\nsecond' >&2; exit 75\n");
        const auto broken = tellByMail(mail, {}, message(), Deadline::after(10s), {}, programs);
        QVERIFY(!broken && broken.error().code == ErrorCode::Refused);
        QVERIFY(broken.error().summary.contains(latin("exit 75")) && broken.error().detail.contains(latin("host")));
        QVERIFY(!broken.error().detail.contains(QChar(27)));

        programs.sendmail = "/nonexistent/sendmail";
        const auto none = tellByMail(mail, {}, message(), Deadline::after(10s), {}, programs);
        QVERIFY(!none && none.error().code == ErrorCode::NotFound);
        QVERIFY(none.error().fix.contains(latin("smtp")) && none.error().fix.contains(latin("apt install")));

        programs.sendmail = script("slow", "exec sleep 30\n");
        const auto late = tellByMail(mail, {}, message(), Deadline::after(300ms), {}, programs);
        QVERIFY(!late && late.error().code == ErrorCode::Timeout);
    }

    void leavesNoCopyOfASecret_data()
    {
        QTest::addColumn<int>("way");
        QTest::newRow("webhook") << 0;
        QTest::newRow("a folder below it") << 1;
        QTest::newRow("webhook in the own network") << 2;
        QTest::newRow("no URL") << 3;
        QTest::newRow("mail") << 4;
    }

    // Whoever reads the memory, or what is left of it on a disk, finds the secret nowhere but where it is kept.
    void leavesNoCopyOfASecret()
    {
        QFETCH(int, way);
        TellPrograms programs;
        programs.curl = script("curl", "cat >/dev/null; exit 7\n");
        QVERIFY2(Needle().copies() == 0, "the look itself leaves one");
        {
            const Secret kept = Needle().secret("");
            QCOMPARE(Needle().copies(), 1);
        }
        QCOMPARE(Needle().copies(), 0);
        const AlarmMessage what = message();
        if (way == 4) {
            const AlarmMail mail = mailTo(*Port::fromNumber(587), SmtpSecurity::StartTls, "me");
            const Secret password = Needle().secret("");
            const auto told = tellByMail(mail, password, what, Deadline::after(10s), {}, programs);
            QVERIFY(!told && told.error().code == ErrorCode::Network);
            QCOMPARE(Needle().copies(), 1);
            return;
        }
        const Secret url = Needle().secret(way == 2   ? " http://127.0.0.1:81/"
                                           : way == 3 ? "gopher://hook.localhost/"
                                                      : " https://hook.localhost:8443/");
        const auto told = tellByWebhook(hook(way == 1 ? WebhookKind::Healthchecks : WebhookKind::Ntfy), url, what,
                                        Deadline::after(10s), {}, programs);
        QVERIFY(!told && told.error().code == (way == 3 ? ErrorCode::Invalid : ErrorCode::Network));
        QCOMPARE(Needle().copies(), 1);
    }

    void idIsThatOfTheMatter()
    {
        const AlarmMail mail = mailTo(*Port::fromNumber(25), SmtpSecurity::None);
        const auto id = [&](const AlarmMessage &what) {
            const QByteArray text = mailText(mail, what, QDateTime::currentDateTimeUtc(), "\n");
            const qsizetype at = text.indexOf("Message-ID:");
            return text.mid(at, text.indexOf('\n', at) - at);
        };
        AlarmMessage later = message();
        later.span = 9999s;
        QCOMPARE(id(later), id(message()));
        QVERIFY(id(message(AlarmEvent::Over)) != id(message()));
        later.since = later.since.addSecs(1);
        QVERIFY(id(later) != id(message()));
    }

    void cleanupTestCase()
    {
        QVERIFY(lookedAt > 100);
        QVERIFY2(seenCurl > 0, "curl was never seen while it ran: the look proves nothing");
        QCOMPARE(leaks.load(), 0);
    }
};

QTEST_GUILESS_MAIN(TestTell)
#include "tst_tell.moc"
