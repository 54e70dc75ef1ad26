// The alarm's own thread: what it sends to real servers while a keeper's snapshots change, and that it holds nobody up.

#include "engine/keeperalarm.h"
#include "peers.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <sys/socket.h>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// A keeper around the alarm.
class Home
{
public:
    Home(std::vector<Webhook> hooks, AlarmMemory memory = {})
    {
        snapshot.role = latin("leader");
        snapshot.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
        snapshot.prefixes = {latin("2001:db8:1::/64")};
        Alarm settings;
        settings.webhooks = std::move(hooks);
        AlarmRules rules = alarmRules(settings, 400ms);
        rules.lasting = rules.calm = 300ms;
        KeeperAlarm::Links links;
        links.snapshot = [this] {
            const std::lock_guard lock(mutex);
            return std::make_shared<const KeeperSnapshot>(snapshot);
        };
        links.save = [this](const AlarmMemory &one) -> Outcome {
            const std::lock_guard lock(mutex);
            saved = one;
            return {};
        };
        links.trouble = [this](const QString &cause, const QString &text) {
            const std::lock_guard lock(mutex);
            troubles << cause + latin(": ") + text;
        };
        links.log = [this](int, const QString &text) {
            const std::lock_guard lock(mutex);
            lines << text;
        };
        links.secret = [this](const QString &name, const std::stop_token &) -> Result<Secret> {
            const std::lock_guard lock(mutex);
            const auto found = secrets.find(name);
            if (found == secrets.end())
                return fail(ErrorCode::NotFound, latin("No such secret."));
            return Secret(found->second);
        };
        alarm = std::make_unique<KeeperAlarm>(KeeperAlarm::Settings{*Label::parse(latin("home")), settings, rules},
                                              std::move(memory), std::move(links));
    }

    void goes(bool fine)
    {
        {
            const std::lock_guard lock(mutex);
            snapshot.troubles.clear();
            if (!fine)
                snapshot.troubles = {latin("The server is down.")};
        }
        alarm->look();
    }
    void url(const char *name, const QByteArray &port)
    {
        const std::lock_guard lock(mutex);
        secrets[latin("alarm.%1.url").arg(latin(name))] = "https://hook.localhost:" + port + '/' + canary;
    }
    AlarmMemory memory()
    {
        const std::lock_guard lock(mutex);
        return saved;
    }
    QStringList said()
    {
        const std::lock_guard lock(mutex);
        return troubles;
    }
    bool leaked()
    {
        const std::lock_guard lock(mutex);
        return (troubles + lines).join(QLatin1Char(' ')).contains(latin(canary));
    }

    std::mutex mutex;
    KeeperSnapshot snapshot;
    std::map<QString, QByteArray> secrets;
    AlarmMemory saved;
    QStringList troubles;
    QStringList lines;
    std::unique_ptr<KeeperAlarm> alarm;
};

Webhook hook(const char *name, WebhookKind kind = WebhookKind::Generic)
{
    return {*Label::parse(latin(name)), kind};
}

/// "trouble over", as it was told to a generic webhook.
QString events(const WebPeer &peer)
{
    QStringList all;
    for (const Asked &one : peer.asked())
        all << QJsonDocument::fromJson(one.body).object()[latin("event")].toString();
    return all.join(QLatin1Char(' '));
}

const QByteArray taken = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

} // namespace

class TestKeeperAlarmThread : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        trustOnly(root(), m_folder.path());
    }

    void troubleAndOver()
    {
        const WebPeer phone(&good(), taken);
        Home home({hook("phone")});
        home.url("phone", phone.port());
        home.alarm->begin();
        // A change of the prefix.
        home.goes(false);
        QTest::qWait(100);
        home.goes(true);
        QTest::qWait(700);
        QVERIFY(phone.asked().empty());
        home.goes(false);
        QTRY_COMPARE(events(phone), latin("trouble"));
        QTRY_VERIFY(home.memory().channels.contains(latin("phone")));
        home.goes(true);
        QTRY_COMPARE(events(phone), latin("trouble over"));
        QTRY_VERIFY(home.memory().channels.empty() && !home.memory().open);
        const QJsonObject said = QJsonDocument::fromJson(phone.asked().front().body).object();
        QVERIFY(said[latin("text")].toString().contains(latin("The server is down.")));
        QVERIFY(said[latin("from")].toString().startsWith(latin("machine ")));
        QVERIFY(home.said().isEmpty() && !home.leaked());
    }

    // A channel that hangs delays no other one, is told of, and is no trouble of the home.
    void oneHangs()
    {
        const WebPeer phone(&good(), taken);
        const Server silent("127.0.0.1", 0, [](int fd) {
            char byte;
            while (::recv(fd, &byte, 1, 0) > 0) {
            }
        });
        Home home({hook("phone"), hook("pager"), hook("dead")});
        home.url("phone", phone.port());
        home.url("pager", silent.port().text().toLatin1());
        home.url("dead", "1");
        home.alarm->begin();
        home.goes(false);
        QTRY_COMPARE(events(phone), latin("trouble"));
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 1000; ++i)
            home.alarm->look();
        QVERIFY2(clock.elapsed() < 1000, "who tells what is new waits");
        clock.start();
        home.alarm->end();
        QVERIFY2(clock.elapsed() < 2000, "it does not end while a message is on its way");
        QVERIFY(!home.leaked());
    }

    void deadChannelIsATrouble()
    {
        const WebPeer phone(&good(), taken);
        Home home({hook("phone"), hook("dead")});
        home.url("phone", phone.port());
        home.url("dead", "1");
        home.alarm->begin();
        home.goes(false);
        QTRY_COMPARE(events(phone), latin("trouble"));
        QTRY_COMPARE(home.said().join(QLatin1Char('|')),
                     QStringLiteral("alarm dead: The webhook “dead” cannot be reached."));
        {
            // As the keeper shows it, together with the home's own.
            const std::lock_guard lock(home.mutex);
            home.snapshot.troubles.clear();
            home.snapshot.alarmTroubles = {QStringLiteral("The webhook “dead” cannot be reached.")};
        }
        home.alarm->look();
        QTRY_COMPARE(events(phone), latin("trouble over"));
        QVERIFY(!home.leaked());
    }

    void restarted()
    {
        const WebPeer phone(&good(), taken);
        AlarmMemory memory;
        {
            Home home({hook("phone")});
            home.url("phone", phone.port());
            home.alarm->begin();
            home.goes(false);
            QTRY_VERIFY(home.memory().channels.contains(latin("phone")));
            memory = home.memory();
        }
        QCOMPARE(events(phone), latin("trouble"));
        Home again({hook("phone")}, memory);
        again.url("phone", phone.port());
        again.goes(false);
        again.alarm->begin();
        QTest::qWait(700);
        QCOMPARE(events(phone), latin("trouble"));
        again.goes(true);
        QTRY_COMPARE(events(phone), latin("trouble over"));
    }

    void aSecretIsMissing()
    {
        const WebPeer phone(&good(), taken);
        Home home({hook("phone"), hook("pager")});
        home.url("phone", phone.port());
        home.alarm->begin();
        home.goes(false);
        QTRY_COMPARE(events(phone), latin("trouble"));
        QCOMPARE(home.said().join(QLatin1Char('|')),
                 QStringLiteral("alarm pager: The URL of the webhook “pager” is missing; store it: sixgatectl secret "
                                "set alarm.pager.url"));
    }

    void signsOfLife()
    {
        const WebPeer checks(&good(), taken);
        Home home({hook("checks", WebhookKind::Healthchecks)});
        home.url("checks", checks.port());
        home.alarm->begin();
        QTRY_VERIFY(checks.asked().size() >= 3);
        home.goes(false);
        const auto fails = [&] {
            int count = 0;
            for (const Asked &one : checks.asked())
                count += one.head.contains("/fail ");
            return count;
        };
        QTRY_COMPARE(fails(), 1);
        const size_t before = checks.asked().size();
        QTest::qWait(1000);
        QCOMPARE(checks.asked().size(), before);
        home.goes(true);
        QTRY_VERIFY(checks.asked().size() >= before + 2);
        QCOMPARE(fails(), 1);
        home.alarm->end();
    }
};

QTEST_GUILESS_MAIN(TestKeeperAlarmThread)
#include "tst_keeperalarm.moc"
