// What is said to the push service, and what may come back.

#include "apply/push.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

MachineName machine(const char *text)
{
    return *MachineName::parse(latin(text));
}

PushRequest request(bool lease, bool alive)
{
    PushRequest one{machine("nas"), std::nullopt, {}, alive};
    if (lease)
        one.lease = 50s;
    one.set.push_back({*Hostname::parse(latin("home6.example.org")), *Ipv6Address::parse(latin("2001:db8:1::11"))});
    one.set.push_back({*Hostname::parse(latin("other6.example.org")), *Ipv6Address::parse(latin("2001:db8:1::12"))});
    return one;
}

} // namespace

class TestPush : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void asks()
    {
        QCOMPARE(pushText(request(true, true)), QByteArray("hello 1 nas\nlease nas 50\n"
                                                           "set home6.example.org 2001:db8:1::11\n"
                                                           "set other6.example.org 2001:db8:1::12\nalive\n"));
        QCOMPARE(pushText({machine("nas"), std::nullopt, {}, true, true}), QByteArray("hello 1 nas\nalive\ndrift\n"));
        QCOMPARE(pushText({machine("nas"), 0s, {}, false}), QByteArray("hello 1 nas\nlease nas 0\n"));
    }

    void names_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("fine");
        QTest::newRow("short") << latin("a") << true;
        QTest::newRow("usual") << latin("m-7243bbe899e443e2") << true;
        QTest::newRow("empty") << QString() << false;
        QTest::newRow("blank") << latin("a b") << false;
        QTest::newRow("line") << latin("a\nset x y") << false;
        QTest::newRow("long") << QString(65, QLatin1Char('a')) << false;
        QTest::newRow("hyphen first") << latin("-a") << false;
    }
    void names()
    {
        QFETCH(QString, name);
        QTEST(MachineName::parse(name).has_value(), "fine");
    }

    void drift_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<int>("changed"); // -1: not known
        QTest::addColumn<QString>("first");
        QTest::newRow("none") << QByteArray("drift 0 -") << 0 << QString();
        QTest::newRow("two") << QByteArray("drift 2 /etc/x") << 2 << QStringLiteral("\"/etc/x\"");
        QTest::newRow("not known there") << QByteArray("drift unknown -") << -1 << QString();
        QTest::newRow("an older VPS") << QByteArray("no such-request") << -1 << QString();
        QTest::newRow("odd") << QByteArray("drift -3 /etc/x") << -1 << QString();
    }
    void drift()
    {
        QFETCH(QByteArray, line);
        QFETCH(int, changed);
        const auto answer = parsePushAnswer({machine("nas"), std::nullopt, {}, true, true},
                                            "hello 1 nas\nalive 1795000000\n" + line + '\n');
        QVERIFY(answer);
        QCOMPARE(answer->drift ? answer->drift->changed : -1, changed);
        if (answer->drift)
            QTEST(answer->drift->first, "first");
        QVERIFY(!parsePushAnswer({machine("nas"), std::nullopt, {}, true, true}, "hello 1 nas\nalive 1795000000\n"));
        QVERIFY(!parsePushAnswer({machine("nas"), std::nullopt, {}, true, false},
                                 "hello 1 nas\nalive 1795000000\ndrift 0 -\n"));
    }

    void answers()
    {
        const auto answer =
            parsePushAnswer(request(true, true), "hello 1 nas\nlease held nas 50\nalive 1795000000\n"
                                                 "set other6.example.org 2001:db8:1::12 refused not-proven\n"
                                                 "set home6.example.org 2001:db8:1::11 done 312\n");
        QVERIFY(answer);
        QVERIFY(answer->lease && answer->lease->held && answer->lease->left == 50s);
        QCOMPARE(answer->set.size(), size_t(2));
        QVERIFY(answer->set[0].verdict == PushVerdict::Done && answer->set[0].took == 312ms);
        QVERIFY(answer->set[1].verdict == PushVerdict::Refused && answer->set[1].reason == latin("not-proven"));
        const auto other = parsePushAnswer({machine("nas"), 50s, {}, false}, "hello 1 nas\nlease other tower 12\n");
        QVERIFY(other && other->lease && !other->lease->held && other->lease->holder == latin("tower"));
    }

    void nonsense_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("no hello") << QByteArray("lease held nas 50\n");
        QTest::newRow("another's hello") << QByteArray("hello 1 tower\n");
        QTest::newRow("another version") << QByteArray("hello 2 nas\n");
        QTest::newRow("cut short") << QByteArray("hello 1 nas\nlease held nas 50\n"
                                                 "set home6.example.org 2001:db8:1::11 done 312\n");
        QTest::newRow("twice") << QByteArray("hello 1 nas\nlease held nas 50\n"
                                             "set home6.example.org 2001:db8:1::11 done 312\n"
                                             "set home6.example.org 2001:db8:1::11 done 312\n");
        QTest::newRow("another address") << QByteArray("hello 1 nas\nlease held nas 50\n"
                                                       "set home6.example.org 2001:db8:1::13 done 312\n"
                                                       "set other6.example.org 2001:db8:1::12 done 1\n");
        QTest::newRow("no number") << QByteArray("hello 1 nas\nlease held nas soon\n"
                                                 "set home6.example.org 2001:db8:1::11 done 312\n"
                                                 "set other6.example.org 2001:db8:1::12 done 1\n");
        QTest::newRow("below zero") << QByteArray("hello 1 nas\nlease held nas 50\n"
                                                  "set home6.example.org 2001:db8:1::11 done -1\n"
                                                  "set other6.example.org 2001:db8:1::12 done 1\n");
        QTest::newRow("held by another") << QByteArray("hello 1 nas\nlease held tower 50\n"
                                                       "set home6.example.org 2001:db8:1::11 done 1\n"
                                                       "set other6.example.org 2001:db8:1::12 done 1\n");
        QTest::newRow("a shell") << QByteArray("This account is currently not available.\n");
    }
    void nonsense()
    {
        QFETCH(QByteArray, text);
        const auto answer = parsePushAnswer(request(true, false), text);
        QVERIFY(!answer);
        QCOMPARE(answer.error().code, ErrorCode::Protocol);
    }
};

QTEST_GUILESS_MAIN(TestPush)
#include "tst_push_text.moc"
