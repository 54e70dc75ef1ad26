// What a keeper tells, to whom and when: by scripts of what happens at home.

#include "decide/alarm.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace
{

constexpr qint64 Epoch = 1'794'995'200'000;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QDateTime wallAt(qint64 second)
{
    return QDateTime::fromMSecsSinceEpoch(Epoch + second * 1000, Qt::UTC);
}

/// A keeper, its time and its channels; told is what was taken, "SECOND CHANNEL EVENT BRIEF".
struct World {
    AlarmRules rules{180s, 60s, 300s, {latin("mail")}, {}, {}};
    AlarmView view{AlarmView::Part::Leads, true, true, {}, {latin("2001:db8:1::/64")}};
    AlarmState state;
    qint64 now = 0;
    qint64 slept = 0;
    qint64 clock = 0; ///< how wrong the wall clock is
    std::set<QString> dead;
    std::set<QString> refusing;       ///< channels that take another secret only
    std::map<QString, QString> store; ///< of secrets, by channel
    std::map<QString, QString> used;
    QStringList told;
    QStringList tried;
    QStringList fetched;
    std::optional<qint64> next;

    AlarmClock time() const { return {seconds(now - slept), seconds(now), wallAt(now + clock)}; }

    void look()
    {
        for (int i = 0;; ++i) {
            const AlarmStep step = decideAlarm(state, view, rules, time());
            for (const QString &channel : step.fetch)
                fetch(channel);
            if (step.send.empty() && step.fetch.empty()) {
                next.reset();
                if (step.look)
                    next = now + std::chrono::ceil<seconds>(*step.look).count();
                return;
            }
            QVERIFY2(i < 20, "it never comes to an end");
            for (const AlarmErrand &one : step.send) {
                std::optional<ErrorCode> failed;
                if (dead.contains(one.channel))
                    failed = ErrorCode::Network;
                else if (refusing.contains(one.channel))
                    failed = ErrorCode::Denied;
                const bool arrives = !failed;
                (arrives ? told : tried)
                    << QStringLiteral("%1 %2 %3 %4").arg(now).arg(one.channel, alarmEventName(one.event), one.brief);
                QVERIFY(!one.text.isEmpty() && one.text.endsWith(QLatin1Char('.')));
                noteErrand(state, one, failed, time());
            }
        }
    }

    /// As whoever has the store does.
    void fetch(const QString &channel)
    {
        const auto found = store.find(channel);
        fetched << QString::number(now);
        SecretGot got = SecretGot::None;
        if (found != store.end()) {
            const auto before = used.find(channel);
            got = before != used.end() && before->second == found->second ? SecretGot::Same : SecretGot::Another;
            used[channel] = found->second;
        }
        noteSecret(state, channel, got, time());
    }

    void until(qint64 second)
    {
        while (next && *next <= second) {
            now = std::max(*next, now);
            look();
        }
        now = second;
    }

    void happen(const QStringList &words)
    {
        until(words[0].toLongLong());
        const QString word = words[1];
        const QString value = words.value(2);
        if (word == QLatin1String("fine"))
            view.fine = true;
        else if (word == QLatin1String("wrong"))
            view.fine = false;
        else if (word == QLatin1String("leads")) {
            view.part = AlarmView::Part::Leads;
            view.atHome = true;
        } else if (word == QLatin1String("follows"))
            view.part = AlarmView::Part::Follows;
        else if (word == QLatin1String("away"))
            view.part = AlarmView::Part::Away;
        else if (word == QLatin1String("silent"))
            view.part = AlarmView::Part::Silent;
        else if (word == QLatin1String("lost"))
            view.atHome = false;
        else if (word == QLatin1String("prefix"))
            view.prefixes = {value};
        else if (word == QLatin1String("nowhere"))
            view.prefixes.clear();
        else if (word == QLatin1String("dead"))
            dead.insert(value);
        else if (word == QLatin1String("alive"))
            dead.erase(value);
        else if (word == QLatin1String("refuses"))
            refusing.insert(value);
        else if (word == QLatin1String("takes"))
            refusing.erase(value);
        else if (word == QLatin1String("stored")) // the mail's
            store[latin("mail")] = value;
        else if (word == QLatin1String("locked"))
            store.clear();
        else if (word == QLatin1String("clock"))
            clock += value.toLongLong();
        else if (word == QLatin1String("slept")) // so many seconds of what has just passed
            slept += value.toLongLong();
        else if (word == QLatin1String("restart"))
            state = beginAlarm(state.memory, rules, wallAt(now + clock));
        else if (word != QLatin1String("end"))
            QFAIL(qPrintable(word));
        view.sentences.clear();
        if (!view.fine)
            view.sentences = {latin("The server is down.")};
        look();
    }
};

} // namespace

class TestKeeperAlarm : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void told_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("told");
        const auto row = [](const char *name, const char *script, const char *told) {
            QTest::newRow(name) << latin(script) << latin(told);
        };
        row("all is well", "0 fine; 9999 end", "");
        row("a trouble and its end", "10 wrong; 700 fine; 9999 end",
            "190 mail trouble trouble since 09:46 UTC|760 mail over over after 11 minutes");
        row("a change of the prefix", "10 wrong; 14 fine; 100 wrong; 103 fine; 9999 end", "");
        row("just not long enough", "10 wrong; 189 fine; 9999 end", "");
        row("it lasts", "10 wrong; 99999 end", "190 mail trouble trouble since 09:46 UTC");
        row("twice", "10 wrong; 200 fine; 1000 wrong; 1300 fine; 2000 end",
            "190 mail trouble trouble since 09:46 UTC|260 mail over over after 3 minutes|"
            "1180 mail trouble trouble since 10:03 UTC|1360 mail over over after 5 minutes");

        row("prefixes that change all the time", "10 wrong; 13 fine; 20 wrong; 23 fine; 30 wrong; 33 fine; 99 end", "");
        row("it flaps: told once",
            "0 wrong; 100 fine; 110 wrong; 200 fine; 210 wrong; 300 fine; 310 wrong; 320 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|380 mail over over after 5 minutes");
        row("good for a moment is not over", "0 wrong; 300 fine; 350 wrong; 400 fine; 999 end",
            "180 mail trouble trouble since 09:46 UTC|460 mail over over after 6 minutes");
        row("good for long begins anew", "0 wrong; 170 fine; 230 wrong; 400 fine; 999 end", "");

        row("a follower", "0 follows; 10 wrong; 999 fine; 2000 end", "");
        row("it takes the lead of a trouble", "0 follows; 10 wrong; 500 leads; 900 fine; 2000 end",
            "680 mail trouble trouble since 09:55 UTC|960 mail over over after 6 minutes");
        row("another one takes the lead", "10 wrong; 300 follows; 2000 end",
            "190 mail trouble trouble since 09:46 UTC|360 mail over another machine keeps it now");
        row("another one takes it before it is told", "10 wrong; 150 follows; 2000 end", "");
        row("another one has it for a moment", "10 wrong; 300 follows; 330 leads; 400 fine; 2000 end",
            "190 mail trouble trouble since 09:46 UTC|460 mail over over after 6 minutes");

        row("paused", "0 silent; 10 wrong; 2000 end", "");
        row("paused while it lasts", "10 wrong; 300 silent; 500 fine; 800 leads; 2000 end",
            "190 mail trouble trouble since 09:46 UTC|860 mail over over after 13 minutes");
        row("paused before it is told", "10 wrong; 150 silent; 160 leads; 320 fine; 2000 end", "");

        row("the only server is down: still on the link where it led",
            "10 wrong; 12 away; 500 leads; 500 fine; 2000 end",
            "190 mail trouble trouble since 09:46 UTC|560 mail over over after 8 minutes");
        row("carried away", "10 lost; 10 prefix 2001:db8:9::/64; 10 wrong; 11 away; 2000 end", "");
        row("carried away where there is no IPv6", "10 nowhere; 10 away; 10 wrong; 2000 end", "");
        row("carried away after it was told",
            "10 wrong; 300 lost; 300 prefix 2001:db8:9::/64; 300 away; 9000 prefix 2001:db8:1::/64; 9000 leads; 9000 "
            "fine; "
            "9999 end",
            "190 mail trouble trouble since 09:46 UTC|9060 mail over over after 2 hours");
        row("away since it began", "0 away; 0 prefix 2001:db8:9::/64; 10 wrong; 2000 end", "");
        row("another one has led since", "0 follows; 5 away; 10 wrong; 2000 end", "");
        row("the server is down, after a restart", "10 wrong; 20 away; 30 restart; 999 end",
            "210 mail trouble trouble since 09:47 UTC");

        row("the server is down, and it begins as if it followed",
            "10 lost; 10 wrong; 20 away; 30 restart; 31 silent; 50 follows; 50 away; 999 end",
            "230 mail trouble trouble since 09:47 UTC");

        row("restart before it is told", "10 wrong; 150 restart; 500 fine; 999 end",
            "330 mail trouble trouble since 09:49 UTC|560 mail over over after 5 minutes");
        row("restart after it was told", "10 wrong; 250 restart; 251 silent; 255 leads; 500 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|560 mail over over after 8 minutes");
        row("restart where it is over meanwhile", "10 wrong; 250 restart; 250 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|310 mail over over after 4 minutes");
        row("restart while it is to be told that it is over",
            "10 wrong; 250 dead mail; 300 fine; 370 alive mail; 370 restart; 999 end",
            "190 mail trouble trouble since 09:46 UTC|370 mail over over after 4 minutes");

        row("the clock is set forward", "10 wrong; 100 clock 86400; 500 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|560 mail over over after 8 minutes");
        row("the clock is set back", "10 wrong; 300 clock -86400; 500 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|560 mail over over after 8 minutes");
        row("the clock is set back, restart", "10 wrong; 300 clock -86400; 310 restart; 500 fine; 999 end",
            "190 mail trouble trouble since 09:46 UTC|560 mail over over after 0 seconds");
        row("asleep while it is wrong", "10 wrong; 20 silent; 8000 slept 7980; 8000 leads; 8010 fine; 9999 end", "");

        row("tried again, and told late", "0 dead mail; 10 wrong; 1000 alive mail; 3000 fine; 5000 end",
            "1090 mail trouble trouble since 09:46 UTC|3060 mail over over after 49 minutes");
        row("over before it could be told", "0 dead mail; 10 wrong; 500 fine; 2000 alive mail; 9000 end",
            "2290 mail over over after 8 minutes");
        row("over before it could be told, and another one leads",
            "0 dead mail; 10 wrong; 500 follows; 2000 alive mail; 9000 end", "");
        row("the end is told late", "10 wrong; 200 dead mail; 500 fine; 4000 alive mail; 9000 end",
            "190 mail trouble trouble since 09:46 UTC|4460 mail over over after 8 minutes");
        row("the end is told late, and the next trouble",
            "10 wrong; 200 dead mail; 500 fine; 1000 wrong; 2000 alive mail; 3000 fine; 9000 end",
            "190 mail trouble trouble since 09:46 UTC|2060 mail over over after 8 minutes|"
            "2060 mail trouble trouble since 10:03 UTC|3060 mail over over after 33 minutes");
    }

    void told()
    {
        QFETCH(QString, script);
        QFETCH(QString, told);
        World world;
        world.look();
        for (const QString &step : script.split(QLatin1Char(';')))
            world.happen(step.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        QCOMPARE(world.told.join(QLatin1Char('|')), told);
    }

    // Each channel is on its own.
    void oneDeadChannel()
    {
        World world;
        world.rules.channels = {latin("mail"), latin("phone")};
        for (const char *step :
             {"0 dead phone", "10 wrong", "500 fine", "1000 wrong", "1500 alive phone", "3000 fine", "4000 end"})
            world.happen(latin(step).split(QLatin1Char(' ')));
        QCOMPARE(world.told.join(QLatin1Char('|')),
                 latin("190 mail trouble trouble since 09:46 UTC|560 mail over over after 8 minutes|"
                       "1180 mail trouble trouble since 10:03 UTC|1690 phone over over after 8 minutes|"
                       "1690 phone trouble trouble since 10:03 UTC|3060 mail over over after 33 minutes|"
                       "3060 phone over over after 33 minutes"));
        QCOMPARE(world.tried.size(), 5); // 190, 250, 370, 610, 1090
        QVERIFY(world.state.memory.channels.empty() && !world.state.memory.open);
    }

    void waitsGrow()
    {
        World world;
        for (const char *step : {"0 dead mail", "10 wrong", "5000 end"})
            world.happen(latin(step).split(QLatin1Char(' ')));
        QStringList at;
        for (const QString &one : world.tried)
            at << one.section(QLatin1Char(' '), 0, 0);
        QCOMPARE(at.join(QLatin1Char(' ')), latin("190 250 370 610 1090 1690 2290 2890 3490 4090 4690"));
    }

    void secrets_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("fetched"); // seconds
        QTest::addColumn<QString>("tried");   // seconds
        QTest::addColumn<QString>("told");
        const auto row = [](const char *name, const char *script, const char *fetched, const char *tried,
                            const char *told) {
            QTest::newRow(name) << latin(script) << latin(fetched) << latin(tried) << latin(told);
        };
        row("it is there", "0 stored a; 10 wrong; 999 end", "0", "", "190");
        row("it is missing", "0 end; 10 wrong; 400 end", "0 60 120 180 240 300 360", "", "");
        row("it is missing, and nothing is wrong", "0 end; 190 end", "0 60 120 180", "", "");
        row("it is missing, and nobody looks", "0 silent; 190 stored a; 999 end", "0 60 120 180 240", "", "");
        row("it comes late", "0 end; 10 wrong; 410 stored a; 999 end", "0 60 120 180 240 300 360 420", "", "420");
        row("the place cannot be read at first", "0 end; 30 stored a; 35 locked; 100 stored a; 400 end", "0 60 120", "",
            "");
        row("refused: once a minute, and the waits go on", "0 stored a; 0 refuses mail; 10 wrong; 800 end",
            "0 250 310 370 430 490 550 610 670 730 790", "190 250 370 610", "");
        row("refused, and another one is stored",
            "0 stored a; 0 refuses mail; 10 wrong; 400 stored b; 400 takes mail; 999 end", "0 250 310 370 430",
            "190 250 370", "430");
        row("refused, and another one is refused as well: anew from the beginning",
            "0 stored a; 0 refuses mail; 10 wrong; 400 stored b; 600 end", "0 250 310 370 430 490 550",
            "190 250 370 430 490", "");
        row("refused, and taken later all the same", "0 stored a; 0 refuses mail; 10 wrong; 300 takes mail; 999 end",
            "0 250 310 370", "190 250", "370");
        row("refused, and the place is locked: the old one works yet",
            "0 stored a; 0 refuses mail; 10 wrong; 200 locked; 300 takes mail; 999 end", "0 250 310 370", "190 250",
            "370");
        row("nobody answers: before each further try", "0 stored a; 0 dead mail; 10 wrong; 2000 end",
            "0 250 370 610 1090 1690", "190 250 370 610 1090 1690", "");
        row("nobody answers, and another one is stored",
            "0 stored a; 0 dead mail; 10 wrong; 400 stored b; 400 alive mail; 999 end", "0 250 370 610", "190 250 370",
            "610");
        row("nobody answers, and it is over", "0 stored a; 0 dead mail; 10 wrong; 200 alive mail; 999 end", "0 250",
            "190", "250");
        row("refused, then nobody answers", "0 stored a; 0 refuses mail; 10 wrong; 300 dead mail; 1200 end",
            "0 250 310 370 610 1090", "190 250 370 610 1090", "");
    }

    void secrets()
    {
        QFETCH(QString, script);
        QFETCH(QString, fetched);
        QFETCH(QString, tried);
        QFETCH(QString, told);
        World world;
        world.rules.secret = {latin("mail")};
        world.state = beginAlarm({}, world.rules, wallAt(0));
        for (const QString &step : script.split(QLatin1Char(';')))
            world.happen(step.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        const auto times = [](const QStringList &list) {
            QStringList at;
            for (const QString &one : list)
                at << one.section(QLatin1Char(' '), 0, 0);
            return at.join(QLatin1Char(' '));
        };
        QCOMPARE(times(world.fetched), fetched);
        QCOMPARE(times(world.tried), tried);
        QCOMPARE(times(world.told), told);
    }

    // One channel without its secret holds up no other.
    void oneWithoutItsSecret()
    {
        World world;
        world.rules.channels = {latin("mail"), latin("phone")};
        world.rules.secret = {latin("mail")};
        world.state = beginAlarm({}, world.rules, wallAt(0));
        for (const char *step : {"0 end", "10 wrong", "500 fine", "700 stored a", "999 end"})
            world.happen(latin(step).split(QLatin1Char(' ')));
        QCOMPARE(world.told.join(QLatin1Char('|')),
                 latin("190 phone trouble trouble since 09:46 UTC|560 phone over over after 8 minutes|"
                       "720 mail over over after 8 minutes"));
    }

    void refusals_data()
    {
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("fetch"); // seconds
        for (const ErrorCode code : {ErrorCode::Denied, ErrorCode::Refused, ErrorCode::Invalid, ErrorCode::Protocol})
            QTest::addRow("refused %d", int(code)) << int(code) << 60;
        // The third try in a row is four minutes off.
        for (const ErrorCode code : {ErrorCode::Network, ErrorCode::Timeout, ErrorCode::NotFound, ErrorCode::Internal})
            QTest::addRow("not reached %d", int(code)) << int(code) << 240;
    }

    void refusals()
    {
        QFETCH(int, code);
        QFETCH(int, fetch);
        World world;
        world.rules.secret = {latin("mail")};
        world.state = beginAlarm({}, world.rules, wallAt(0));
        noteSecret(world.state, latin("mail"), SecretGot::Another, world.time());
        const AlarmErrand errand = testErrand(latin("mail"), wallAt(0));
        noteErrand(world.state, errand, ErrorCode::Network, world.time());
        noteErrand(world.state, errand, ErrorCode::Network, world.time());
        world.state.secrets[latin("mail")].fetch.reset();
        noteErrand(world.state, errand, ErrorCode(code), world.time());
        QVERIFY(world.state.secrets[latin("mail")].fetch == seconds(fetch));
        QVERIFY(world.state.channels[latin("mail")].next == 240s);
        noteErrand(world.state, errand, std::nullopt, world.time());
        QVERIFY(!world.state.secrets[latin("mail")].fetch);
    }

    void signsOfLife()
    {
        World world;
        world.rules.channels = {latin("mail"), latin("checks")};
        world.rules.pinged = {latin("checks")};
        for (const char *step :
             {"0 fine", "700 wrong", "1000 fine", "1400 follows", "2900 leads", "3000 silent", "3500 end"})
            world.happen(latin(step).split(QLatin1Char(' ')));
        QStringList checks;
        for (const QString &one : world.told) {
            if (one.contains(latin(" checks ")))
                checks << one.section(QLatin1Char(' '), 0, 0) + QLatin1Char(' ') + one.section(QLatin1Char(' '), 2, 2);
        }
        QCOMPARE(checks.join(QLatin1Char('|')),
                 latin("0 fine|300 fine|600 fine|880 trouble|1060 over|1360 fine|2900 fine"));
        QCOMPARE(world.told.size(), checks.size() + 2);
    }

    void channelsThatAreGone()
    {
        AlarmMemory memory;
        memory.channels[latin("old")].told = AlarmMatter{wallAt(0), {}, {}, false};
        memory.channels[latin("mail")].told = AlarmMatter{wallAt(0), {}, {}, false};
        memory.channels[latin("mail")].missed = AlarmMatter{wallAt(0), {}, {}, false};
        World world;
        world.state = beginAlarm(memory, world.rules, wallAt(0));
        world.happen({latin("90"), latin("end")});
        // A beginning without its end, and an end without one: nothing is left of them for ever.
        QCOMPARE(world.told.join(QLatin1Char('|')), latin("90 mail over over after 0 seconds"));
        QVERIFY(world.state.memory.channels.empty());
    }

    void texts()
    {
        World world;
        world.view.fine = false;
        world.view.sentences = {latin("One is down."), latin("Another one too.")};
        world.state.memory.open = AlarmMatter{wallAt(-3700), {}, world.view.sentences, false};
        const AlarmStep step = decideAlarm(world.state, world.view, world.rules, world.time());
        QCOMPARE(step.send.size(), size_t(1));
        const AlarmErrand &one = step.send.front();
        QCOMPARE(one.text,
                 latin("Something has been wrong with the home since 2026-11-18 08:45:00 UTC, for 61 minutes: One is "
                       "down. Another one too."));
        QVERIFY(one.span == 3700s && one.since == wallAt(-3700));
    }

    void views()
    {
        KeeperSnapshot snapshot;
        snapshot.role = latin("leader");
        QVERIFY(alarmView(snapshot).part == AlarmView::Part::Silent); // it has not looked yet
        snapshot.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1::11")), {}}};
        snapshot.prefixes = {latin("2001:db8:1::/64")};
        QVERIFY(alarmView(snapshot).part == AlarmView::Part::Leads && alarmView(snapshot).fine);
        QVERIFY(alarmView(snapshot).atHome);
        // Begun a moment ago: nothing is wrong, but nothing was looked at, either.
        snapshot.await(latin("DNS"));
        snapshot.await(latin("paths"));
        snapshot.await(latin("DNS"));
        QVERIFY(!snapshot.fine() && !alarmView(snapshot).fine);
        QCOMPARE(alarmView(snapshot).sentences,
                 std::vector<QString>{latin("It has not looked at everything yet: DNS, paths.")});
        snapshot.looked(latin("DNS"));
        QVERIFY(!snapshot.fine());
        snapshot.looked(latin("paths"));
        QVERIFY(snapshot.fine() && alarmView(snapshot).fine && snapshot.awaitedText().isEmpty());
        snapshot.troubles = {latin("The keychain does not answer.")};
        // What the alarm itself cannot do is no reason for one; what others cannot do is, be it the same sentence.
        snapshot.alarmTroubles = snapshot.troubles;
        QVERIFY(!snapshot.fine() && !alarmView(snapshot).fine);
        snapshot.troubles.clear();
        QVERIFY(!snapshot.fine() && alarmView(snapshot).fine);
        snapshot.paths = {
            {latin("cloud.example.org"), PathKind::V4, PathState::Broken, 3ms, latin("It is\nsilent."), {}}};
        QCOMPARE(alarmView(snapshot).sentences.front(), latin("cloud.example.org (v4): It is silent."));
        snapshot.paths.front().state = PathState::Unknown;
        QVERIFY(alarmView(snapshot).fine);
        snapshot.records = {{latin("cloud.example.org AAAA"), {}, false, latin("No answer."), {}}};
        QCOMPARE(alarmView(snapshot).sentences.front(), latin("cloud.example.org AAAA: No answer."));
        snapshot.troubles.assign(20, QString(1000, QLatin1Char('x')));
        for (QString &one : snapshot.troubles)
            one[0] = QChar(u'a' + int(&one - snapshot.troubles.data()));
        QCOMPARE(alarmView(snapshot).sentences.size(), size_t(8));
        QCOMPARE(alarmView(snapshot).sentences.front().size(), 300);
        for (const auto &[role, part] : {std::pair{"follower", AlarmView::Part::Follows},
                                         {"away", AlarmView::Part::Away},
                                         {"paused", AlarmView::Part::Silent},
                                         {"starting", AlarmView::Part::Silent}}) {
            snapshot.role = latin(role);
            QVERIFY(alarmView(snapshot).part == part);
        }
    }

    void rules()
    {
        Alarm alarm;
        alarm.mail = AlarmMail{*Mail::parse(latin("me@example.org")), *Mail::parse(latin("me@example.org")), {}};
        alarm.webhooks = {{*Label::parse(latin("phone")), WebhookKind::Ntfy},
                          {*Label::parse(latin("checks")), WebhookKind::Healthchecks}};
        alarm.lasting = 30s;
        const AlarmRules rules = alarmRules(alarm, 300s);
        QVERIFY(rules.lasting == 30s && rules.calm == 30s && rules.ping == 300s);
        QVERIFY((rules.channels == std::vector<QString>{latin("mail"), latin("phone"), latin("checks")}));
        QVERIFY((rules.pinged == std::vector<QString>{latin("checks")}));
        QVERIFY((rules.secret == std::vector<QString>{latin("phone"), latin("checks")}));
        alarm.mail->smtp = SmtpServer{*Hostname::parse(latin("mail.example.org")), *Port::fromNumber(587),
                                      SmtpSecurity::StartTls, latin("me")};
        QVERIFY((alarmRules(alarm, 300s).secret == rules.channels));
        alarm.lasting = 3600s;
        QVERIFY(alarmRules(alarm, 300s).calm == 60s);
    }
};

QTEST_GUILESS_MAIN(TestKeeperAlarm)
#include "tst_keeper_alarm.moc"
