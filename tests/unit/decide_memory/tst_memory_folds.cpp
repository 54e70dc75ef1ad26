// What a check adds to the memory, and what the memory tells: by tables of what was seen when.

#include "decide/memory.h"

#include "model/memorylimits.h"

#include <QTest>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

Label nas()
{
    return *Label::parse(latin("nas"));
}

/// In minutes from a moment of no meaning.
QDateTime minute(qint64 minutes)
{
    return QDateTime::fromSecsSinceEpoch(1'795'000'000 + minutes * 60, Qt::UTC);
}

RecordKey cloud()
{
    return {*Hostname::parse(latin("cloud.example.org")), RecordType::AAAA};
}

/// "a,b" → values; "-": none.
std::vector<QString> valuesOf(const QString &text)
{
    if (text == QLatin1String("-"))
        return {};
    const QStringList list = text.split(QLatin1Char(','));
    return {list.begin(), list.end()};
}

QString shown(const std::vector<QString> &values)
{
    return values.empty() ? latin("-") : QStringList(values.begin(), values.end()).join(QLatin1Char(','));
}

/// A history of the record: "MINUTE SEEN MANAGED", a check each; SEEN "?": not known, MANAGED "a|b": both are managed
/// at once, "none": nothing is.
SiteMemory follow(const QString &history)
{
    SiteMemory memory;
    for (const QString &check : history.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = check.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        ZoneSeen zone;
        if (words[1] == QLatin1String("?"))
            zone.records.emplace(cloud(), fail(ErrorCode::Timeout, latin("No answer.")));
        else
            zone.records.emplace(cloud(), RecordSet{cloud().name, cloud().type, {}, valuesOf(words[1])});
        std::vector<ManagedRecord> managed;
        if (words[2] != QLatin1String("none")) {
            for (const QString &one : words[2].split(QLatin1Char('|')))
                managed.push_back({cloud(), valuesOf(one)});
        }
        // Others' records make no difference.
        managed.push_back({{cloud().name, RecordType::A}, valuesOf(words[1])});
        memory = noteRecords(std::move(memory), zone, managed, minute(words[0].toLongLong()));
    }
    return memory;
}

/// "MINUTE VALUES", with "!" where they are Sixgate's.
QString shown(const SiteMemory &memory)
{
    QStringList out;
    const auto found = memory.records.find(cloud());
    if (found == memory.records.end())
        return {};
    for (const RecordObserved &one : found->second)
        out << QStringLiteral("%1 %2%3")
                   .arg(minute(0).secsTo(one.at) / 60)
                   .arg(shown(one.values), latin(one.ours ? "!" : ""));
    return out.join(latin("; "));
}

/// "MINUTE ADDRESS", a check each; "?": not proven.
SiteMemory followAddresses(const QString &history)
{
    SiteMemory memory;
    for (const QString &check : history.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const QStringList words = check.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        ServerSeen server{nas()};
        if (words[1] != QLatin1String("?"))
            server.proven = *Ipv6Address::parse(words[1]);
        HomeSeen home;
        home.servers = {server};
        memory = noteAddresses(std::move(memory), home, minute(words[0].toLongLong()));
    }
    return memory;
}

} // namespace

class TestMemoryFolds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void records_data()
    {
        QTest::addColumn<QString>("history");
        QTest::addColumn<QString>("memory");
        const auto row = [](const char *name, const char *history, const char *memory) {
            QTest::newRow(name) << latin(history) << latin(memory);
        };
        row("nothing", "", "");
        row("ours", "0 a a", "0 a!");
        row("ours, order of values", "0 b,a a,b", "0 a,b!");
        row("another's", "0 x a", "0 x");
        row("part of ours is another's", "0 a a,b", "0 a");
        row("more than ours is another's", "0 a,x a", "0 a,x");
        row("unchanged adds nothing", "0 a a; 5 a a; 9 a a", "0 a!");
        row("other order adds nothing", "0 a,b a,b; 5 b,a a,b", "0 a,b!");
        row("a change adds", "0 a a; 5 x a", "0 a!; 5 x");
        row("there and back", "0 a a; 5 x a; 9 a a", "0 a!; 5 x; 9 a!");
        row("not known adds nothing", "0 a a; 5 ? a; 9 a a", "0 a!");
        row("not known alone", "0 ? a", "");
        row("deleted by another", "0 a a; 5 - a", "0 a!; 5 -");
        row("deleted by Sixgate", "0 a a; 5 - none", "0 a!; 5 -!");
        row("absent from the start", "0 - none", "0 -!");
        row("nothing managed, yet there", "0 x none", "0 x");
        row("a new value of ours", "0 a a; 5 b b", "0 a!; 5 b!");
        row("while a change is under way", "0 a a|b; 5 b a|b", "0 a!; 5 b!");
        row("our old value again", "0 a a; 5 b b; 9 a b", "0 a!; 5 b!; 9 a");
        row("the old value not yet replaced stays ours", "0 a a; 5 a b; 9 b b", "0 a!; 9 b!");
        row("another's value that Sixgate wants by now", "0 x a; 5 x x; 9 z x", "0 x!; 9 z");
    }

    void records()
    {
        QFETCH(QString, history);
        QFETCH(QString, memory);
        QCOMPARE(shown(follow(history)), memory);
    }

    void recordsAreLimited()
    {
        QString history;
        for (int i = 0; i < 200; ++i)
            history += QStringLiteral("%1 v%1 a;").arg(i);
        const SiteMemory memory = follow(history);
        QCOMPARE(memory.records.at(cloud()).size(), MemoryLimits::Observations);
        QCOMPARE(memory.records.at(cloud()).back().values[0], latin("v199"));
        // What is more than is kept is no change at each check.
        const QString many = latin("1 a,b,c,d,e,f,g,h,i,j,k a,b,c,d,e,f,g,h,i,j,k;");
        const SiteMemory twice = follow(many + many);
        QCOMPARE(shown(twice), latin("1 a,b,c,d,e,f,g,h!"));
    }

    void twoWriters_data()
    {
        QTest::addColumn<QString>("history");
        QTest::addColumn<int>("now"); // minute
        QTest::addColumn<QString>("writers");
        const auto row = [](const char *name, const char *history, int now, const char *writers) {
            QTest::newRow(name) << latin(history) << now << latin(writers);
        };
        row("nothing known", "", 0, "");
        row("ours alone", "0 a a", 1, "");
        row("another's alone", "0 x a", 1, "");
        row("one foreign change is no fight", "0 a a; 5 x a", 6, "");
        row("one foreign change, taken back", "0 a a; 5 x a; 9 a a", 10, "");
        row("twice", "0 a a; 5 x a; 9 a a; 12 x a", 13, "a < x at 5 12");
        row("twice, and ours now", "0 a a; 5 x a; 9 a a; 12 x a; 15 a a", 16, "a < x at 5 12");
        row("thrice, with other values", "0 a a; 5 x a; 9 a a; 12 y a; 15 a a; 20 z a", 21, "a < z at 5 12 20");
        row("prefix changes by Sixgate alone", "0 a a; 60 b b; 120 c c; 180 d d", 181, "");
        row("a prefix change back and forth by Sixgate", "0 a a; 60 b b; 120 a a; 180 b b", 181, "");
        row("the old value comes back: a server that lags behind", "0 a a; 60 b b; 65 a b; 70 b b; 75 a b", 76, "");
        row("the old value in between", "0 a a; 60 b b; 62 x b; 65 a b; 70 b b; 72 x b; 75 a b", 76, "b < x at 62 72");
        row("another's after an old value", "0 a a; 60 b b; 65 a b; 66 x b; 70 b b; 75 a b; 76 x b", 77,
            "b < x at 66 76");
        row("absent as before Sixgate set it", "0 - none; 5 a a; 9 - a; 12 a a; 15 - a", 16, "");
        row("another's before Sixgate's", "0 x a; 5 a a; 9 x a; 12 a a; 15 x a", 16, "a < x at 9 15");
        row("another's changes among themselves", "0 x a; 5 y a; 9 z a", 10, "");
        row("one of ours, then many of another's", "0 a a; 5 x a; 9 y a; 12 z a", 13, "");
        row("deleted twice", "0 a a; 5 - a; 9 a a; 12 - a", 13, "a < - at 5 12");
        row("added to twice", "0 a a; 5 a,x a; 9 a a; 12 a,x a", 13, "a < a,x at 5 12");
        row("removal by Sixgate, then others' use", "0 a a; 5 - none; 9 x none; 12 - none; 15 x none", 16, "");
        row("within 48 hours", "0 a a; 5 x a; 9 a a; 2884 x a", 2885, "a < x at 5 2884");
        row("one of the two is older", "0 a a; 5 x a; 9 a a; 2884 x a", 2886, "");
        row("both are long ago", "0 a a; 5 x a; 9 a a; 12 x a", 6000, "");
        row("older ones are not told", "0 a a; 5 x a; 9 a a; 3000 x a; 3001 a a; 3002 x a", 3003, "a < x at 3000 3002");
        row("of a clock that was ahead", "0 a a; 5000 x a; 5001 a a; 5002 x a", 10, "");
        row("Sixgate agreed meanwhile", "0 a a; 5 x a; 6 x x; 9 a a; 12 x a", 13, "");
        row("ours for 2 hours", "0 a a; 5 x a; 9 a a; 12 x a; 15 a a", 135, "a < x at 5 12");
        row("ours for more than 2 hours", "0 a a; 5 x a; 9 a a; 12 x a; 15 a a", 136, "a < x at 5 12, over");
        row("another's for more than 2 hours", "0 a a; 5 x a; 9 a a; 12 x a", 200, "a < x at 5 12");
        row("an old value for more than 2 hours", "0 b b; 1 a a; 5 x a; 9 a a; 12 x a; 15 b a", 200, "a < x at 5 12");
        row("unknown in between", "0 a a; 5 x a; 6 ? a; 9 a a; 10 ? a; 12 x a", 13, "a < x at 5 12");
    }

    void twoWriters()
    {
        QFETCH(QString, history);
        QFETCH(int, now);
        QFETCH(QString, writers);
        const SiteMemory memory = follow(history);
        const auto found = sixgate::twoWriters(memory, cloud(), minute(now));
        QString text;
        if (found) {
            text = QStringLiteral("%1 < %2 at").arg(shown(found->ours), shown(found->theirs));
            for (const QDateTime &at : found->times)
                text += QStringLiteral(" %1").arg(minute(0).secsTo(at) / 60);
            text += latin(found->over ? ", over" : "");
        }
        QCOMPARE(text, writers);
        QVERIFY(!sixgate::twoWriters(memory, {cloud().name, RecordType::A}, minute(now)));
    }

    void addresses()
    {
        const SiteMemory memory = followAddresses(latin("0 2001:db8:1::11; 5 2001:db8:1::11; 7 ?; 9 2001:db8:2::11; "
                                                        "12 2001:db8:1::11"));
        const auto &list = memory.addresses.at(nas());
        QVERIFY(list == (std::vector<AddressUsed>{{minute(9), *Ipv6Address::parse(latin("2001:db8:2::11"))},
                                                  {minute(12), *Ipv6Address::parse(latin("2001:db8:1::11"))}}));
        QVERIFY(followAddresses(latin("0 ?")).addresses.empty());
        QString history;
        for (int i = 0; i < 40; ++i)
            history += QStringLiteral("%1 2001:db8:1::%1;").arg(i + 1);
        const SiteMemory many = followAddresses(history);
        QCOMPARE(many.addresses.at(nas()).size(), MemoryLimits::Addresses);
        QCOMPARE(many.addresses.at(nas()).back().at, minute(40));
    }

    void changingIdentifier_data()
    {
        QTest::addColumn<QString>("history");
        QTest::addColumn<QString>("change");
        const auto row = [](const char *name, const char *history, const char *change) {
            QTest::newRow(name) << latin(history) << latin(change);
        };
        row("nothing known", "0 ?", "");
        row("one address", "0 2001:db8:1:1::a", "");
        row("the same identifier", "0 2001:db8:1:1::a; 5 2001:db8:2:1::a", "");
        row("another identifier", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b", "2001:db8:1:1::a 2001:db8:2:1::b");
        row("another one each time", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:3:1::c",
            "2001:db8:2:1::b 2001:db8:3:1::c");
        row("the same in two of three", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:3:1::a", "");
        row("the same since", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:3:1::b", "");
        row("two of one /64", "0 2001:db8:1:1::a; 5 2001:db8:1:1::b", "");
        row("of one /56, another /64", "0 2001:db8:1:1::a; 5 2001:db8:1:2::b", "2001:db8:1:1::a 2001:db8:1:2::b");
        row("given another one by hand", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:2:1::11", "");
        row("given another one, which stays",
            "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:2:1::11; 12 2001:db8:3:1::11", "");
        row("given another one, which changes, too",
            "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:2:1::11; 12 2001:db8:3:1::12",
            "2001:db8:2:1::11 2001:db8:3:1::12");
        row("back in an old prefix, with its identifier", "0 2001:db8:1:1::a; 5 2001:db8:2:1::b; 9 2001:db8:1:1::a",
            "2001:db8:2:1::b 2001:db8:1:1::a");
        row("unique local addresses do not count", "0 fd00:1::a; 5 2001:db8:2:1::b", "");
    }

    void changingIdentifier()
    {
        QFETCH(QString, history);
        QFETCH(QString, change);
        const auto found = sixgate::changingIdentifier(followAddresses(history), nas());
        QCOMPARE(found ? found->before.text() + QLatin1Char(' ') + found->latest.text() : QString(), change);
        QVERIFY(!sixgate::changingIdentifier(followAddresses(history), *Label::parse(latin("pi"))));
    }

    void answers()
    {
        const Label main = *Label::parse(latin("main"));
        SiteMemory memory = noteAnswer({}, main, false, latin("REFUSED"), minute(1));
        QVERIFY(memory.accounts.at(main) == (AccountAnswer{minute(1), false, latin("REFUSED")}));
        memory = noteAnswer(memory, main, true, latin("fine"), minute(2));
        QVERIFY(memory.accounts.at(main) == (AccountAnswer{minute(2), true, QString()}));
        memory = noteAnswer(memory, main, false, QString(9000, QLatin1Char('x')), minute(3));
        QCOMPARE(memory.accounts.at(main).text.size(), qsizetype(MemoryLimits::TextLength));
    }

    void logins()
    {
        const auto error = [](ErrorCode code) { return std::optional<Error>(Error{code, latin("No."), {}, {}}); };
        SiteMemory memory;
        for (const ErrorCode code : {ErrorCode::Network, ErrorCode::Timeout, ErrorCode::HostKey, ErrorCode::Cancelled,
                                     ErrorCode::NotFound, ErrorCode::Internal})
            memory = noteSsh(memory, error(code), minute(1));
        QVERIFY(memory == SiteMemory());
        memory = noteSsh(memory, {}, minute(2));
        QVERIFY(memory.sshWorked == minute(2));
        memory = noteSsh(memory, error(ErrorCode::Denied), minute(3));
        memory = noteSsh(memory, error(ErrorCode::Denied), minute(4));
        QVERIFY(memory.sshRefused == (std::vector<QDateTime>{minute(3), minute(4)}));
        QVERIFY(memory.sshWorked == minute(2));
        for (int i = 0; i < 50; ++i)
            memory = noteSsh(memory, error(ErrorCode::Denied), minute(5 + i));
        QCOMPARE(memory.sshRefused.size(), MemoryLimits::RefusedLogins);
        QCOMPARE(memory.sshRefused.back(), minute(54));
        memory = noteSsh(memory, {}, minute(60));
        QVERIFY(memory.sshWorked == minute(60) && memory.sshRefused.empty());
        // Those of a day ago go, and so do those of a clock that was ahead.
        memory.sshRefused = {minute(0), minute(1), minute(30), minute(9000)};
        memory = noteSsh(memory, error(ErrorCode::Denied), minute(24 * 60 + 1));
        QVERIFY(memory.sshRefused == (std::vector<QDateTime>{minute(1), minute(30), minute(24 * 60 + 1)}));
        // So they do at any other fold.
        memory = noteSsh(memory, error(ErrorCode::Timeout), minute(24 * 60 + 31));
        QVERIFY(memory.sshRefused == (std::vector<QDateTime>{minute(24 * 60 + 1)}));
        memory = noteSsh(memory, error(ErrorCode::Timeout), minute(72 * 60));
        QVERIFY(memory.sshRefused.empty());
    }

    void nameServers_data()
    {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("asked"); // silent ones with "!"
        QTest::addColumn<QString>("after");
        const auto row = [](const char *before, const char *asked, const char *after) {
            QTest::addRow("%s then %s", before, asked) << latin(before) << latin(asked) << latin(after);
        };
        row("", "192.0.2.1", "192.0.2.1");
        row("192.0.2.1", "", "192.0.2.1");
        row("192.0.2.1", "!192.0.2.1", "192.0.2.1");
        row("", "!192.0.2.1", "");
        row("192.0.2.1 2001:db8::1", "192.0.2.1 !2001:db8::1", "192.0.2.1 2001:db8::1");
        row("2001:db8::1 192.0.2.1", "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1");
        // The zone names it no longer.
        row("192.0.2.1 192.0.2.2", "192.0.2.1", "192.0.2.1");
        row("192.0.2.1 192.0.2.2", "!192.0.2.3", "");
    }
    void nameServers()
    {
        QFETCH(QString, before);
        QFETCH(QString, asked);
        SiteMemory memory;
        for (const QString &one : before.split(QLatin1Char(' '), Qt::SkipEmptyParts))
            memory.nameServers.push_back(*parseIpAddress(one));
        std::vector<Reach> reaches;
        for (QString one : asked.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
            const bool silent = one.startsWith(QLatin1Char('!'));
            one.remove(QLatin1Char('!'));
            reaches.push_back(
                {*parseIpAddress(one), *Port::parse(QStringLiteral("53")), silent ? latin("TIMEOUT") : QString()});
        }
        QStringList after;
        for (const IpAddress &one : noteNameServers(memory, reaches).nameServers)
            after << ipText(one);
        QTEST(after.join(QLatin1Char(' ')), "after");
    }

    void refusedLogins_data()
    {
        QTest::addColumn<QString>("refused"); // minutes
        QTest::addColumn<int>("now");         // in seconds
        QTest::addColumn<bool>("lately");
        QTest::addColumn<bool>("may");
        const auto row = [](const char *refused, int now, bool lately, bool may) {
            QTest::addRow("%s at %d", refused, now) << latin(refused) << now << lately << may;
        };
        row("", 0, false, true);
        row("0", 0, true, false);
        row("0", 599, true, false);
        row("0", 600, true, true);
        row("0", 3600, true, true);
        row("0", 3601, false, true);
        row("0 10", 1799, true, false); // 20 minutes after the second one
        row("0 10", 1800, true, true);
        row("0 10 30", 30 * 60 + 2399, true, false);
        row("0 10 30", 30 * 60 + 2400, true, true);
        row("0 10 30 70 150", 150 * 60 + 9599, false, false);
        row("0 10 30 70 150", 150 * 60 + 9600, false, true);
        row("0 10 30 70 150 310", 310 * 60 + 19199, false, false);
        row("0 10 30 70 150 310", 310 * 60 + 19200, false, true);
        // 640 minutes would be next.
        row("0 10 30 70 150 310 630", 630 * 60 + 21599, false, false);
        row("0 10 30 70 150 310 630", 630 * 60 + 21600, false, true);
        row("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 15 * 60 + 21599, false, false);
        row("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 15 * 60 + 21600, false, true);
        row("5 0", 5 * 60 + 1199, true, false);
        // Of a clock that was ahead.
        row("9000", 60, false, true);
        row("0 9000", 599, true, false);
        row("0 9000", 600, true, true);
    }

    void refusedLogins()
    {
        QFETCH(QString, refused);
        QFETCH(int, now);
        SiteMemory memory;
        for (const QString &one : refused.split(u' ', Qt::SkipEmptyParts))
            memory.sshRefused.push_back(minute(one.toLongLong()));
        QTEST(loginRefusedLately(memory, minute(0).addSecs(now)), "lately");
        QTEST(mayTryLogin(memory, minute(0).addSecs(now)), "may");
        // A login that succeeds forgets them.
        QVERIFY(mayTryLogin(noteSsh(memory, {}, minute(0).addSecs(now)), minute(0).addSecs(now)));
    }
};

QTEST_GUILESS_MAIN(TestMemoryFolds)
#include "tst_memory_folds.moc"
