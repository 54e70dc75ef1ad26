// The alarm on the VPS: what is planned, what its settings say, which URLs are taken; and that no secret is shown.

#include "model/alarmurl.h"
#include "sites.h"

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace sites;

namespace
{

Site alarmed(bool smtp = true)
{
    Site s = site({service("cloud", {"cloud.example.org"}, "home6.example.org")});
    s.vps[0].pushKeys = {pushKey(QStringLiteral("nas"))};
    s.alarm = alarm(smtp);
    return s;
}

QByteArray sha256(const QByteArray &content)
{
    return QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex();
}

QByteArray hashOf(const WantedDeployment &wanted, const char *name)
{
    for (const WantedFile &one : wanted.files) {
        if (one.path == QStringLiteral("/etc/sixgate/current/push/") + QLatin1String(name))
            return one.sha256;
    }
    return {};
}

/// A VPS on which all is as wanted, as far as the alarm goes.
VpsFacts asWanted(const WantedDeployment &wanted)
{
    VpsFacts facts;
    facts.osId = QStringLiteral("debian");
    facts.osVersion = QStringLiteral("12");
    facts.uid = 0;
    facts.systemd = facts.hasGlobalIpv6 = true;
    facts.freeBytes = 5LL * 1024 * 1024 * 1024;
    facts.clock = QDateTime(QDate(2026, 6, 1), QTime(0, 0), Qt::UTC);
    for (const WantedFile &file : wanted.files)
        facts.files[file.path] = {file.sha256, file.mode, file.secret ? QByteArray() : file.content};
    facts.push = {true, true, true, true, hashOf(wanted, "sixgate-push.service"), {}};
    if (wanted.alarm.settings)
        facts.alarm = {true,
                       true,
                       true,
                       sha256(*wanted.alarm.settings),
                       hashOf(wanted, "sixgate-alarm.service"),
                       hashOf(wanted, "sixgate-alarm.timer"),
                       hashOf(wanted, "sixgate-alarm-mail.socket"),
                       hashOf(wanted, "sixgate-alarm-mail.service")};
    return facts;
}

/// What stands in a plan for others to read.
QString shown(const std::vector<Change> &changes, const std::vector<Withheld> &withheld)
{
    QString all;
    for (const Change &one : changes)
        all += one.id + one.object + one.oldValue + one.newValue + one.oldHash + one.sentence + one.diff;
    for (const Withheld &one : withheld)
        all += one.object + one.reason + one.fix + one.detail;
    return all;
}

} // namespace

class TestAlarmSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void planned_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("verb"); // empty: nothing is to do
        QTest::addColumn<QString>("told"); // of what is withheld
        const auto row = [](const char *what, const char *verb, const char *told = "") {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(verb) << QString::fromLatin1(told);
        };
        row("as wanted", "");
        row("nothing there", "enable");
        row("not running", "update");
        row("other settings", "update");
        row("another service", "update");
        row("another timer", "update");
        row("nobody to tell any more", "delete");
        row("no push key any more", "delete", "No machine has a push key");
        row("never a push key", "", "No machine has a push key");
        row("never an alarm", "");
        row("the VPS's own mail", "");
        row("no such mail there", "", "no /usr/sbin/sendmail");
        row("the VPS's own mail, another socket", "update");
        row("the VPS's own mail, no unit for it", "update");
        row("a unit for mail, which goes to a server", "update");
    }

    void planned()
    {
        QFETCH(QString, what);
        QFETCH(QString, verb);
        QFETCH(QString, told);
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        Site s = alarmed(!what.startsWith(QLatin1String("the VPS's own mail")) && !is("no such mail there"));
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        if (is("nothing there"))
            facts.alarm = {};
        else if (is("not running"))
            facts.alarm.running = false;
        else if (is("other settings"))
            facts.alarm.settingsSha256 = QByteArray(64, '0');
        else if (is("another service"))
            facts.alarm.serviceSha256 = QByteArray(64, '0');
        else if (is("another timer"))
            facts.alarm.timerSha256.clear();
        else if (is("no such mail there"))
            facts.alarm.sendmail = false;
        else if (is("the VPS's own mail, another socket"))
            facts.alarm.mailSocketSha256 = QByteArray(64, '0');
        else if (is("the VPS's own mail, no unit for it"))
            facts.alarm.mailServiceSha256.clear();
        else if (is("a unit for mail, which goes to a server"))
            facts.alarm.mailServiceSha256 = QByteArray(64, '0');
        else if (is("nobody to tell any more"))
            s.alarm.reset();
        else if (is("no push key any more"))
            s.vps[0].pushKeys.clear();
        else if (is("never a push key") || is("never an alarm")) {
            if (is("never a push key"))
                s.vps[0].pushKeys.clear();
            else
                s.alarm.reset();
            const bool pushes = !s.vps[0].pushKeys.empty();
            facts = asWanted(must(wantedDeployment(s, inputs(s))));
            if (!pushes)
                facts.push = {};
        }
        std::vector<Withheld> withheld;
        const WantedDeployment wanted = must(wantedDeployment(s, inputs(s)));
        const auto changes = planDeployment(s, wanted, facts, withheld);
        QStringList after;
        bool activated = false;
        for (const Change &one : changes) {
            if (activated)
                after << one.id;
            activated = activated || one.id == QLatin1String("vps.activate");
            if (one.id == QLatin1String("vps.alarm")) {
                QCOMPARE(verbName(one.verb), verb);
                QCOMPARE(std::get<SetUpAlarm>(one.action).settings.has_value(), verb != QLatin1String("delete"));
                QVERIFY(one.diff.isEmpty() && one.oldHash.isEmpty());
            }
        }
        // After the activation, where it cannot fail the run; away before the push, there after it.
        QCOMPARE(after.contains(QStringLiteral("vps.alarm")), !verb.isEmpty());
        if (is("no push key any more"))
            QVERIFY(after.indexOf(QStringLiteral("vps.alarm")) < after.indexOf(QStringLiteral("vps.push")));
        QString reasons;
        for (const Withheld &one : withheld) {
            QVERIFY(!one.fix.isEmpty());
            if (one.reason.contains(QStringLiteral("silent")) || one.reason.contains(QStringLiteral("mail"))) {
                QVERIFY(!one.blocking);
                reasons += one.reason;
            }
        }
        QVERIFY2(told.isEmpty() ? reasons.isEmpty() : reasons.contains(told), qPrintable(reasons));
        const QString all = shown(changes, withheld);
        QVERIFY(!all.contains(QStringLiteral("wo0dp3cker")));
        if (wanted.alarm.settings)
            QVERIFY(!all.contains(QString::fromLatin1(sha256(*wanted.alarm.settings))));
    }

    void sentence()
    {
        const Site s = alarmed();
        VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
        facts.alarm = {};
        std::vector<Withheld> withheld;
        const auto changes = planDeployment(s, must(wantedDeployment(s, inputs(s))), facts, withheld);
        const auto alarm = std::find_if(changes.begin(), changes.end(),
                                        [](const Change &one) { return one.id == QLatin1String("vps.alarm"); });
        QVERIFY(alarm != changes.end());
        QCOMPARE(alarm->sentence,
                 QStringLiteral("Tell you when the home has been silent for 600 s, and when it is back: by a mail to "
                                "me@example.org, the webhook phone (ntfy) and the webhook watch (healthchecks)."));
    }

    // A changed secret is no other release: its hash is in no manifest.
    void secretsAreInNoRelease()
    {
        const Site s = alarmed();
        DeploymentInputs one = inputs(s), other = inputs(s);
        other.alarmForVps.settings = "{\"another\":1}\n";
        const auto a = must(wantedDeployment(s, one)), b = must(wantedDeployment(s, other));
        QCOMPARE(a.releaseId, b.releaseId);
        for (const WantedFile &file : a.files) {
            QVERIFY(!file.content.contains("wo0dp3cker"));
            QVERIFY(!file.content.contains(sha256(*a.alarm.settings)));
        }
    }

    // What speaks with the internet has the same confinement, however mail leaves.
    void ownMailHasAUnitOfItsOwn()
    {
        const auto unit = [](bool smtp, const char *name) {
            const Site s = alarmed(smtp);
            return hashOf(must(wantedDeployment(s, inputs(s))), name);
        };
        for (const bool smtp : {true, false}) {
            QCOMPARE(unit(smtp, "sixgate-alarm.service"), sha256("the service\n"));
            QCOMPARE(unit(smtp, "sixgate-alarm-mail.socket"), smtp ? QByteArray() : sha256("the socket\n"));
            QCOMPARE(unit(smtp, "sixgate-alarm-mail.service"), smtp ? QByteArray() : sha256("the mail\n"));
        }
    }

    void settings()
    {
        std::map<QString, Secret> secrets;
        const auto put = [&](const char *name, const char *value) {
            secrets.insert_or_assign(QString::fromLatin1(name), Secret(value));
        };
        put("alarm.mail.password", "pass \"word\"\n");
        put("alarm.phone.url", " https://ntfy.example.org/topic\n");
        put("alarm.watch.url", "https://hc.example.org/ping/1");
        const Site s = alarmed();
        const auto text = must(alarmSettings(s, secrets));
        QCOMPARE(text,
                 QByteArray("{\"host\":\"vps.example.org\",\"mail\":{\"from\":\"six@example.org\",\"smtp\":{"
                            "\"host\":\"smtp.example.org\",\"password\":\"pass \\\"word\\\"\",\"port\":587,"
                            "\"security\":\"starttls\",\"user\":\"me\"},\"to\":\"me@example.org\"},\"schema\":1,"
                            "\"silence\":600,\"site\":\"home\",\"vps\":\"vps\",\"webhooks\":[{\"kind\":\"ntfy\","
                            "\"name\":\"phone\",\"url\":\"https://ntfy.example.org/topic\"},{\"kind\":"
                            "\"healthchecks\",\"name\":\"watch\",\"url\":\"https://hc.example.org/ping/1\"}]}\n"));
        for (const char *name : {"alarm.mail.password", "alarm.phone.url", "alarm.watch.url"}) {
            const QString missing = QString::fromLatin1(name);
            std::map<QString, Secret> fewer;
            for (const auto &[key, value] : secrets) {
                if (key != missing)
                    fewer.emplace(key, value.clone());
            }
            const auto refused = alarmSettings(s, fewer);
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, ErrorCode::NotFound);
            QVERIFY(refused.error().summary.contains(missing));
            QCOMPARE(refused.error().fix, QStringLiteral("Store it: sixgatectl secret set %1").arg(missing));
        }
        for (const char *bad : {"two\nlines", "k\xc3\xb6nig", "\n"}) {
            put("alarm.mail.password", bad);
            const auto refused = alarmSettings(s, secrets);
            QVERIFY(!refused);
            QVERIFY(!refused.error().summary.contains(QStringLiteral("nig")));
        }
    }

    // What the VPS cannot tell is left out, with a sentence; a bad secret withholds the alarm alone.
    void shortfalls_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("told"); // empty: no settings
        QTest::addColumn<QStringList>("sentences");
        const auto row = [](const char *what, const char *told, const QStringList &sentences) {
            QTest::newRow(what) << QString::fromLatin1(what) << QString::fromLatin1(told) << sentences;
        };
        const QString stays = QStringLiteral("the alarm on the VPS stays as it is");
        row("all is well", "a mail to me@example.org, the webhook phone (ntfy) and the webhook watch (healthchecks)",
            {});
        row("webhook at home", "a mail to me@example.org and the webhook watch (healthchecks)",
            {QStringLiteral("The VPS cannot tell by the webhook phone: its http:// URL is in the home's own network")});
        row("mail at home", "the webhook phone (ntfy) and the webhook watch (healthchecks)",
            {QStringLiteral("The VPS cannot tell by mail: smtp.example.org")});
        row("all at home", "",
            {QStringLiteral("by mail"), QStringLiteral("webhook phone"), QStringLiteral("webhook watch"),
             QStringLiteral("can tell nobody")});
        row("missing", "",
            {QStringLiteral("alarm.phone.url, which the alarm needs, is missing. Until ") +
             QStringLiteral("that is mended ") + stays});
        row("two missing", "", {QStringLiteral("alarm.mail.password"), QStringLiteral("alarm.phone.url")});
        row("unreadable", "", {QStringLiteral("The keychain is locked. Until that is mended ") + stays});
        row("no URL", "", {QStringLiteral("alarm.phone.url is no URL")});
    }

    void shortfalls()
    {
        QFETCH(QString, what);
        QFETCH(QString, told);
        QFETCH(QStringList, sentences);
        const auto is = [&what](const char *text) { return what == QLatin1String(text); };
        Site s = alarmed();
        std::map<QString, Result<Secret>> stored;
        const auto put = [&](const char *name, Result<Secret> value) {
            stored.insert_or_assign(QString::fromLatin1(name), std::move(value));
        };
        const auto no = [](ErrorCode code) {
            return Result<Secret>(
                fail(code, QStringLiteral("The keychain is locked."), {}, QStringLiteral("Unlock it.")));
        };
        put("alarm.mail.password", Secret("wo0dp3cker"));
        put("alarm.phone.url", Secret("https://ntfy.example.org/wo0dp3cker"));
        put("alarm.watch.url", Secret("https://hc.example.org/wo0dp3cker"));
        if (is("webhook at home") || is("all at home"))
            put("alarm.phone.url", Secret(" http://nas.lan/wo0dp3cker\n"));
        if (is("all at home"))
            put("alarm.watch.url", Secret("http://192.168.178.11/wo0dp3cker"));
        if (is("mail at home") || is("all at home")) {
            s.alarm->mail->smtp->security = SmtpSecurity::None;
            put("alarm.mail.password", no(ErrorCode::NotFound)); // nobody needs it there
        }
        if (is("missing") || is("two missing"))
            put("alarm.phone.url", no(ErrorCode::NotFound));
        if (is("two missing"))
            put("alarm.mail.password", no(ErrorCode::NotFound));
        if (is("unreadable"))
            put("alarm.phone.url", no(ErrorCode::Unavailable));
        if (is("no URL"))
            put("alarm.phone.url", Secret("http://example.org/wo0dp3cker"));
        DeploymentInputs in = inputs(s);
        in.alarmForVps = alarmForVps(s, stored);
        const auto wanted = must(wantedDeployment(s, in));
        QCOMPARE(wanted.alarm.settings.has_value(), !told.isEmpty());
        if (wanted.alarm.settings)
            QCOMPARE(wanted.alarm.settings->contains("http://") || wanted.alarm.settings->contains("\"none\""), false);
        for (const bool there : {true, false}) {
            VpsFacts facts = asWanted(must(wantedDeployment(s, inputs(s))));
            if (!there)
                facts.alarm = {};
            facts.files.erase(QStringLiteral("/etc/sixgate/current/apache/00-base.conf")); // the rest goes on
            std::vector<Withheld> withheld;
            const auto changes = planDeployment(s, wanted, facts, withheld);
            QStringList ids;
            for (const Change &one : changes) {
                ids << one.id;
                if (one.id == QLatin1String("vps.alarm"))
                    QVERIFY2(one.sentence.endsWith(QStringLiteral("by %1.").arg(told)), qPrintable(one.sentence));
            }
            QVERIFY(ids.contains(QStringLiteral("vps.activate")));
            QCOMPARE(ids.contains(QStringLiteral("vps.alarm")), !told.isEmpty());
            std::vector<Withheld> of;
            std::copy_if(withheld.begin(), withheld.end(), std::back_inserter(of), [](const Withheld &one) {
                return one.reason.contains(QStringLiteral("alarm")) || one.reason.contains(QStringLiteral("tell"));
            });
            QCOMPARE(qsizetype(of.size()), sentences.size());
            for (qsizetype i = 0; i < sentences.size(); ++i) {
                QVERIFY2(of[size_t(i)].reason.contains(sentences[i]), qPrintable(of[size_t(i)].reason));
                QVERIFY(!of[size_t(i)].blocking && !of[size_t(i)].fix.isEmpty());
            }
            if (is("missing"))
                QCOMPARE(of[0].fix, QStringLiteral("Store it: sixgatectl secret set alarm.phone.url"));
            QVERIFY(!shown(changes, withheld).contains(QStringLiteral("wo0dp3cker")));
        }
    }

    void urls_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<bool>("good");
        const auto row = [](const char *url, bool good) {
            QTest::newRow(*url ? url : "empty") << QString::fromUtf8(url) << good;
        };
        for (const char *url :
             {"https://hc-ping.example.org/0b5c", "https://ntfy.example.org/t?auth=x&y=%20", "https://hook.example.org",
              "https://hook.example.org:8443/a;b=c,d", "https://me:p%40ss@hook.example.org/", "https://192.0.2.1/x",
              "https://[2001:db8::1]:8443/x", " https://hook.example.org/x\n", "http://192.168.178.11/x",
              "http://10.0.0.1:8123/api/webhook/x", "http://172.31.0.1/", "http://127.0.0.1/x", "http://[fd00::11]/x",
              "http://[::1]/x", "http://nas/x", "http://nas.local/x", "http://nas.home.arpa:8080/x",
              "http://ha.internal/x", "http://nas.lan/x"})
            row(url, true);
        for (const char *url : {"",
                                "hook.example.org/x",
                                "ftp://hook.example.org/x",
                                "https://",
                                "https:///x",
                                "https://hook.example.org#x",
                                "https://hook.example.org/x y",
                                "https://hook.example.org/\"x",
                                "https://hook.example.org/\\x",
                                "https://hook.example.org/x\r\nHost: y",
                                "https://hook.example.org:0/x",
                                "https://hook.example.org:70000/x",
                                "https://[2001:db8::1/x",
                                "https://[::zz]/x",
                                "https://h\xc3\xb6ok.example.org/x",
                                "http://hook.example.org/x",
                                "http://192.0.2.1/x",
                                "http://100.64.0.1/x",
                                "http://172.32.0.1/x",
                                "http://[2001:db8::1]/x",
                                "http://[2001:db8:1::11]/x",
                                "http://local.example.org/x",
                                "file:///etc/passwd",
                                "https://-x.example.org/"})
            row(url, false);
    }

    void urls()
    {
        QFETCH(QString, url);
        QFETCH(bool, good);
        const Webhook hook{label("phone"), WebhookKind::Generic};
        const auto taken = webhookUrl(hook, Secret(url.toUtf8()));
        QCOMPARE(bool(taken), good);
        if (good) {
            QCOMPARE(taken->text.reveal(), url.trimmed().toUtf8());
            return;
        }
        QCOMPARE(taken.error().code, ErrorCode::Invalid);
        const QString all = taken.error().summary + taken.error().detail + taken.error().fix;
        QVERIFY(all.contains(QStringLiteral("alarm.phone.url")));
        QVERIFY(url.size() < 10 || !all.contains(url.section(QLatin1Char('/'), 2, 2)) ||
                url.section(QLatin1Char('/'), 2, 2).isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestAlarmSettings)
#include "tst_alarm_settings.moc"
