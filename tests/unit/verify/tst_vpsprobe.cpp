// The script that runs on the VPS, by this machine's perl, and the reader of its answers, which trusts nobody.

#include "scene.h"
#include "verify/vpsprobe.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>
#include <QThread>

#include <QDir>

using namespace sixgate;
using namespace sixgate::test;
using namespace pathtest;
using namespace std::chrono_literals;

namespace
{

struct Ran {
    int status = -1;
    QByteArray out;
    QByteArray err;
};

Ran runPerl(const QByteArray &input)
{
    QProcess perl;
    perl.start(QStringLiteral("perl"), {QStringLiteral("-")});
    perl.write(input);
    perl.closeWriteChannel();
    if (!perl.waitForFinished(30000) || perl.exitStatus() != QProcess::NormalExit)
        return {};
    return {perl.exitCode(), perl.readAllStandardOutput(), perl.readAllStandardError()};
}

QByteArray script()
{
    const QByteArray input = vpsProbeInput({});
    return input;
}

ProbeQuestions twoOfEach()
{
    return {
        {host("a.example.org"), host("b.example.org")},
        {Endpoint{ip6("2001:db8::1"), *Port::fromNumber(443)}, Endpoint{ip6("2001:db8::2"), *Port::fromNumber(443)}}};
}

} // namespace

class TestVpsProbe : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void realAnswers()
    {
        proxytest::writeHosts({{"2001:db8:1::11", "both.example.org"},
                               {"192.0.2.9", "both.example.org"},
                               {"2001:db8:1::11", "six.example.org"},
                               {"2001:db8:2::11", "six.example.org"}});
        const Server open(proxytest::homeOld, 0, [](int) {});
        const Silence silence(proxytest::homeNew, 4443);
        const Endpoint good{open.address(), open.port()};
        const Endpoint goodV4{ip4(proxytest::proxyV4), *Port::fromNumber(4443)};
        const Endpoint refused{ip6(proxytest::homeOld), *Port::fromNumber(1)};
        const Endpoint silent{ip6(proxytest::homeNew), *Port::fromNumber(4443)};
        const Endpoint noRoute{ip6("2001:db8:77::1"), *Port::fromNumber(443)};
        const Server openV4(proxytest::proxyV4, 4443, [](int) {});
        const ProbeQuestions questions{{host("both.example.org"), host("six.example.org"), host("nowhere.example.org")},
                                       {good, goodV4, refused, silent, noRoute}};
        QElapsedTimer timer;
        timer.start();
        const Ran ran = runPerl(vpsProbeInput(questions));
        QCOMPARE(ran.err, QByteArray());
        QCOMPARE(ran.status, 0);
        // All at the same time: as long as the slowest alone.
        QVERIFY2(timer.elapsed() >= 3300 && timer.elapsed() < 6000, qPrintable(QString::number(timer.elapsed())));
        const auto answers = parseVpsAnswers(questions, ran.out);
        QVERIFY2(answers, answers ? "" : qPrintable(answers.error().detail));
        const auto &both = answers->resolved.at(host("both.example.org"));
        QCOMPARE(both.reason, QString());
        QCOMPARE(both.addresses.size(), size_t(2));
        QVERIFY(both.addresses[0] == IpAddress(ip4("192.0.2.9")));
        QVERIFY(both.addresses[1] == IpAddress(ip6("2001:db8:1::11")));
        QCOMPARE(answers->resolved.at(host("six.example.org")).addresses.size(), size_t(2));
        QCOMPARE(answers->resolved.at(host("nowhere.example.org")).reason, QString());
        QVERIFY(answers->resolved.at(host("nowhere.example.org")).addresses.empty());
        QCOMPARE(answers->connected.at(good).reason, QString());
        QCOMPARE(answers->connected.at(goodV4).reason, QString());
        QCOMPARE(answers->connected.at(refused).reason, QStringLiteral("ECONNREFUSED"));
        QCOMPARE(answers->connected.at(noRoute).reason, QStringLiteral("ENETUNREACH"));
        QCOMPARE(answers->connected.at(silent).reason, QStringLiteral("TIMEOUT"));
        QVERIFY(answers->connected.at(silent).took >= 3400ms);
        QVERIFY(answers->connected.at(good).took < 2000ms);
    }

    // What stands in for another question ends with it; greetings tell whether an answer comes.
    void furtherQuestions()
    {
        const Server open(proxytest::homeOld, 0, [](int) {});
        const Server talks(proxytest::homeOld, 0, [](int fd) {
            char bytes[16];
            if (::read(fd, bytes, sizeof bytes) == 3)
                (void)!::write(fd, "welcome", 7);
        });
        const Server mute(proxytest::homeOld, 0, [](int fd) {
            char bytes[16];
            (void)!::read(fd, bytes, sizeof bytes);
            QThread::msleep(2500);
        });
        const Silence silence(proxytest::homeNew, 4443);
        const Endpoint good{open.address(), open.port()};
        const Endpoint refused{ip6(proxytest::homeOld), *Port::fromNumber(1)};
        const Endpoint silent{ip6(proxytest::homeNew), *Port::fromNumber(4443)};
        ProbeQuestions questions;
        questions.connect = {good, refused};
        questions.insteadOf = {{silent, good}};
        questions.greet = {{Endpoint{talks.address(), talks.port()}, "abc"},
                           {Endpoint{mute.address(), mute.port()}, "abc"}};
        QElapsedTimer timer;
        timer.start();
        const Ran ran = runPerl(vpsProbeInput(questions));
        QCOMPARE(ran.err, QByteArray());
        const auto answers = parseVpsAnswers(questions, ran.out);
        QVERIFY2(answers, ran.out.constData());
        QVERIFY2(timer.elapsed() < 3000, "given up, not waited for");
        QVERIFY(!answers->connected.contains(silent));
        QCOMPARE(answers->greeted.at({talks.address(), talks.port()}).reason, QString());
        QCOMPARE(answers->greeted.at({mute.address(), mute.port()}).reason, QStringLiteral("TIMEOUT"));
        // Where the other is not connected, it is asked to the end.
        questions.insteadOf = {{silent, refused}};
        questions.greet.clear();
        const auto asked = parseVpsAnswers(questions, runPerl(vpsProbeInput(questions)).out);
        QVERIFY(asked);
        QCOMPARE(asked->connected.at(silent).reason, QStringLiteral("TIMEOUT"));
    }

    void resolverWithoutAnswer()
    {
        // A resolver that is not there answers at once, one that is silent does not answer at all.
        proxytest::writeFile("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: dns\n");
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        const Ran none = runPerl(script() + "resolve 3000 a.example.org\n");
        QVERIFY2(none.out.contains(" unresolved ") && none.out.contains(" EAI_AGAIN\nend\n"), none.out.constData());
        proxytest::writeFile("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:20 attempts:1\n");
        QProcess silent;
        silent.start(QStringLiteral("perl"),
                     {QStringLiteral("-MSocket"), QStringLiteral("-e"),
                      QStringLiteral("socket(S,AF_INET,SOCK_DGRAM,0);bind(S,pack_sockaddr_in(53,INADDR_ANY)) or die;"
                                     "$|=1;print 1;sleep 60")});
        QVERIFY(silent.waitForReadyRead(10000));
        QElapsedTimer timer;
        timer.start();
        const Ran slow = runPerl(script() + "resolve 700 a.example.org\nconnect 700 2001:db8:1::11 1\n");
        silent.kill();
        silent.waitForFinished();
        QVERIFY2(slow.out.contains("0 unresolved 7") && slow.out.contains(" TIMEOUT\n"), slow.out.constData());
        QVERIFY2(slow.out.contains("1 unconnected ") && slow.out.contains(" ECONNREFUSED\n"), slow.out.constData());
        QVERIFY(timer.elapsed() < 4000);
        proxytest::writeFile("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    }

    void withPerlBaseAlone()
    {
        // Debian's perl-base is all that a VPS has for certain.
        const auto places = QDir(QStringLiteral("/usr/lib")).entryList({QStringLiteral("*-linux-gnu*")});
        QVERIFY(!places.isEmpty());
        QByteArray folder;
        for (const QString &place : places) {
            const QString path = QStringLiteral("/usr/lib/%1/perl-base").arg(place);
            if (QDir(path).exists())
                folder = path.toUtf8();
        }
        QVERIFY2(!folder.isEmpty(), "no perl-base");
        const Ran ran = runPerl("BEGIN { @INC = ('" + folder + "') }\n" + script() +
                                "resolve 2000 localhost\nconnect 300 ::1 1\nconnect 300 2001:db8:77::1 1\n");
        QCOMPARE(ran.status, 0);
        QVERIFY2(ran.out.contains(" 127.0.0.1 ::1\n") && ran.out.contains(" ECONNREFUSED\n") &&
                     ran.out.contains(" ENETUNREACH\n") && ran.out.endsWith("end\n"),
                 ran.out.constData());
    }

    void manyQuestions()
    {
        ProbeQuestions questions;
        const Server open(proxytest::homeOld, 0, [](int) {});
        for (int i = 0; i < 100; ++i)
            questions.resolve.insert(host(QByteArray("n" + QByteArray::number(i) + ".example.org").constData()));
        for (int i = 1; i <= 500; ++i)
            questions.connect.insert(Endpoint{ip6(proxytest::homeOld), *Port::fromNumber(i)});
        questions.connect.insert(Endpoint{open.address(), open.port()});
        const Ran ran = runPerl(vpsProbeInput(questions));
        const auto answers = parseVpsAnswers(questions, ran.out);
        QVERIFY2(answers, answers ? "" : qPrintable(answers.error().detail));
        QCOMPARE(answers->resolved.size(), size_t(100));
        QCOMPARE(answers->connected.at(Endpoint{open.address(), open.port()}).reason, QString());
        QCOMPARE(answers->connected.at(Endpoint{ip6(proxytest::homeOld), *Port::fromNumber(7)}).reason,
                 QStringLiteral("ECONNREFUSED"));
    }

    void badQuestions_data()
    {
        QTest::addColumn<QByteArray>("question");
        QTest::newRow("command") << QByteArray("resolve 1000 a.example.org; id\n");
        QTest::newRow("quote") << QByteArray("resolve 1000 'a'\n");
        QTest::newRow("no limit") << QByteArray("resolve a.example.org\n");
        QTest::newRow("port") << QByteArray("connect 1000 2001:db8::1 https\n");
        QTest::newRow("name instead of an address") << QByteArray("connect 1000 host.example.org 443\n");
        QTest::newRow("other word") << QByteArray("run 1000 x\n");
        QTest::newRow("unless without a question") << QByteArray("unless connect 1000 ::1 443\n");
        QTest::newRow("unless before another word") << QByteArray("unless 0 resolve 1000 a.example.org\n");
        QTest::newRow("greeting that is no hex") << QByteArray("greet 1000 ::1 443 1220 16030g\n");
        QTest::newRow("greeting of half a byte") << QByteArray("greet 1000 ::1 443 1220 160\n");
        QTest::newRow("greeting without bytes") << QByteArray("greet 1000 ::1 443 1220 \n");
        QTest::newRow("lookup of an address") << QByteArray("lookup 1000 2001:db8::1\n");
    }

    void badQuestions()
    {
        QFETCH(QByteArray, question);
        const Ran ran = runPerl(script() + question);
        QCOMPARE(ran.status, 2);
        QCOMPARE(ran.out, QByteArray());
    }

    void furtherAnswers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("good");
        const QByteArray head = "0 connected 5\n", end = "end\n";
        QTest::newRow("all") << head + "1 lookedup 3 0 0 57 192.0.2.53 2001:db8::1\n2 skipped 5\n3 greeted 9\n" + end
                             << true;
        QTest::newRow("nothing")
            << head + "1 unlookedup 3 TIMEOUT\n2 unconnected 5 EHOSTUNREACH\n3 ungreeted 9 ECONNRESET\n" + end << true;
        QTest::newRow("unchecked") << head + "1 lookedup 3 2 1 0 ::1\n2 connected 5\n3 greeted 9\n" + end << true;
        QTest::newRow("a resolver's name")
            << head + "1 lookedup 3 0 0 57 ns1.example.org\n2 skipped 5\n3 greeted 9\n" + end << false;
        QTest::newRow("an IPv4 address") << head + "1 lookedup 3 0 0 57 ::1 192.0.2.1\n2 skipped 5\n3 greeted 9\n" + end
                                         << false;
        QTest::newRow("a time to live in words")
            << head + "1 lookedup 3 0 0 long ::1\n2 skipped 5\n3 greeted 9\n" + end << false;
        QTest::newRow("a code too large")
            << head + "1 lookedup 3 16 0 1 ::1\n2 skipped 5\n3 greeted 9\n" + end << false;
        QTest::newRow("doubly bogus") << head + "1 lookedup 3 2 2 1 ::1\n2 skipped 5\n3 greeted 9\n" + end << false;
        QTest::newRow("skipped with a reason")
            << head + "1 unlookedup 3 TIMEOUT\n2 skipped 5 TIMEOUT\n3 greeted 9\n" + end << false;
        QTest::newRow("a greeting that is skipped")
            << head + "1 unlookedup 3 TIMEOUT\n2 skipped 5\n3 skipped 9\n" + end << false;
        QTest::newRow("a connection that is skipped")
            << "0 skipped 5\n1 unlookedup 3 TIMEOUT\n2 skipped 5\n3 greeted 9\n" + end << false;
    }

    void furtherAnswers()
    {
        QFETCH(QByteArray, answer);
        const Endpoint one{ip6("2001:db8::1"), *Port::fromNumber(443)}, two{ip6("2001:db8::2"), *Port::fromNumber(443)};
        ProbeQuestions questions;
        questions.connect = {one};
        questions.lookUp = {host("a.example.org")};
        questions.insteadOf = {{two, one}};
        questions.greet = {{one, "x"}};
        const auto seen = parseVpsAnswers(questions, answer);
        QTEST(seen.has_value(), "good");
        if (!seen)
            QCOMPARE(seen.error().code, ErrorCode::Protocol);
    }

    void answers_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("good");
        const QByteArray good = "0 resolved 12 192.0.2.1 2001:db8::1\n1 unresolved 3 EAI_AGAIN\n2 connected 5\n"
                                "3 unconnected 5000 TIMEOUT\nend\n";
        const auto with = [&good](const char *from, const QByteArray &to) {
            if (!good.contains(from))
                qFatal("the row changes nothing");
            return QByteArray(good).replace(from, to);
        };
        QTest::newRow("good") << good << true;
        QTest::newRow("another order") << QByteArray(
                                              "3 connected 1\n2 connected 5\n1 resolved 0\n0 resolved 1 ::1\nend\n")
                                       << true;
        QTest::newRow("an errno") << with("TIMEOUT", "ECONNREFUSED") << true;
        QTest::newRow("no address") << with(" 192.0.2.1 2001:db8::1", "") << true;
        QTest::newRow("empty") << QByteArray() << false;
        QTest::newRow("no end") << with("end\n", "") << false;
        QTest::newRow("end without a line end") << with("end\n", "end") << false;
        QTest::newRow("something behind the end") << good + "x\n" << false;
        QTest::newRow("something before") << "Welcome!\n" + good << false;
        QTest::newRow("a line missing") << with("2 connected 5\n", "") << false;
        QTest::newRow("a line twice") << with("2 connected 5\n", "3 connected 5\n") << false;
        QTest::newRow("number out of range") << with("3 un", "4 un") << false;
        QTest::newRow("negative number") << with("3 un", "-1 un") << false;
        QTest::newRow("signed number") << with("3 un", "+3 un") << false;
        QTest::newRow("huge number") << with("3 un", "18446744073709551619 un") << false;
        QTest::newRow("a connect's answer for a name") << with("1 unresolved", "1 unconnected") << false;
        QTest::newRow("a name's answer for a connect") << with("2 connected 5", "2 resolved 5 ::1") << false;
        QTest::newRow("time not a number") << with("connected 5\n", "connected x\n") << false;
        QTest::newRow("negative time") << with("connected 5\n", "connected -5\n") << false;
        QTest::newRow("huge time") << with("connected 5\n", "connected 999999999999\n") << false;
        QTest::newRow("no time") << with("connected 5\n", "connected\n") << false;
        QTest::newRow("two blanks") << with("2 connected", "2  connected") << false;
        QTest::newRow("blank at the end") << with("connected 5\n", "connected 5 \n") << false;
        QTest::newRow("CR") << with("connected 5\n", "connected 5\r\n") << false;
        QTest::newRow("tab") << with("2 connected", "2\tconnected") << false;
        QTest::newRow("reason in words") << with("TIMEOUT", "gone away") << false;
        QTest::newRow("reason with an escape") << with("TIMEOUT", "E\x1b[2J") << false;
        QTest::newRow("reason too long") << with("TIMEOUT", "E" + QByteArray(100, 'X')) << false;
        QTest::newRow("no reason") << with(" TIMEOUT", "") << false;
        QTest::newRow("a name as an address") << with("192.0.2.1", "evil.example.net") << false;
        QTest::newRow("zone id") << with("2001:db8::1", "fe80::1%eth0") << false;
        QTest::newRow("address with a port") << with("192.0.2.1", "192.0.2.1:443") << false;
        QTest::newRow("many addresses") << with(" 192.0.2.1 2001:db8::1", QByteArray(" ::1").repeated(65)) << false;
        QTest::newRow("NUL") << with("2 connected", QByteArray("2 connected\0", 12)) << false;
        QTest::newRow("lines without end") << good.repeated(1000) << false;
    }

    void answers()
    {
        QFETCH(QByteArray, answer);
        const auto seen = parseVpsAnswers(twoOfEach(), answer);
        QTEST(seen.has_value(), "good");
        if (seen) {
            QCOMPARE(seen->resolved.size(), size_t(2));
            QCOMPARE(seen->connected.size(), size_t(2));
            return;
        }
        QCOMPARE(seen.error().code, ErrorCode::Protocol);
        for (const QChar c : seen.error().detail)
            QVERIFY(c.isPrint());
    }
};

int main(int argc, char **argv)
{
    return pathtest::run<TestVpsProbe>(argc, argv);
}

#include "tst_vpsprobe.moc"
