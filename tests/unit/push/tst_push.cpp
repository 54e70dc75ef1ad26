// The push on the VPS: the real daemon and client, with real TLS servers as the home, a real resolver and real routes.

#include "proxy/sandbox.h"
#include "pushhome.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QRegularExpression>
#include <QTest>

#include <sys/socket.h>
#include <unistd.h>

using namespace pushtest;

namespace
{

QByteArray set(const char *address, const char *name = "home6.example.org")
{
    return QByteArray("set ") + name + ' ' + address;
}

/// Times in answers, which nobody knows beforehand.
QByteArray timeless(const QByteArray &answers)
{
    QString text = QString::fromUtf8(answers);
    text.replace(QRegularExpression(QStringLiteral("(done|alive|state [a-z-]+ \\d+) \\d+")), QStringLiteral("\\1 N"));
    return text.toUtf8();
}

QByteArray blocked()
{
    return run("ip -6 route show proto 86");
}

QByteArray hostsBefore()
{
    return "127.0.0.1 localhost\n# somebody's own\n192.0.2.9 other\n";
}

bool hasEntry(const char *address, const char *name = "home6.example.org")
{
    return readFile("/etc/hosts").contains(QByteArray("\n") + address + ' ' + name + '\n');
}

/// Connections that say nothing more.
struct Crowd {
    explicit Crowd(int size, const QByteArray &bytes = {})
    {
        for (int i = 0; i < size; ++i) {
            sockets.push_back(connected());
            if (send(sockets.back(), bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL) < 0)
                continue;
        }
    }
    ~Crowd()
    {
        for (const int one : sockets)
            close(one);
    }
    std::vector<int> sockets;
};

} // namespace

class TestPush : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        scene = std::make_unique<Scene>();
        atOld = scene->serveAt(oldHome);
        atStranger = scene->serveAt(stranger, As::Stranger);
    }

    void init()
    {
        scene->setDns({oldHome});
        if (!atNew)
            atNew = scene->serveAt(newHome);
        run("rm -f /var/lib/sixgate/push/state");
        proxytest::writeFile("/etc/hosts", hostsBefore(), 0640);
        run("rm -rf /etc/sixgate/current");
        scene->activate("first");
        scene->startDaemon();
    }

    void cleanup()
    {
        scene->stopDaemon();
        QCOMPARE(blocked(), QByteArray());
        QCOMPARE(readFile("/etc/hosts"), hostsBefore());
    }

    void cleanupTestCase()
    {
        atOld.reset();
        atNew.reset();
        atStranger.reset();
        scene.reset();
    }

    void requests_data()
    {
        QTest::addColumn<QByteArray>("said");
        QTest::addColumn<QByteArray>("answer");
        const QByteArray hello = "hello 1 nas\n";
        const auto row = [](const char *what, const QByteArray &said, const QByteArray &answer) {
            QTest::newRow(what) << said << answer;
        };
        const auto refused = [&](const char *what, const QByteArray &address, const QByteArray &why) {
            QTest::newRow(what) << hello + "set home6.example.org " + address + '\n'
                                << hello + "set home6.example.org " + address + " refused " + why + '\n';
        };
        row("nothing", "", "");
        row("no hello", "alive\n", "no hello\n");
        row("another version", "hello 2 nas\n", "no hello\n");
        row("odd machine", "hello 1 Nas\n", "no hello\n");
        row("long machine", "hello 1 " + QByteArray(65, 'a') + '\n', "no hello\n");
        row("alive", hello + "alive\n", hello + "alive N\n");
        row("drift, without a manifest", hello + "drift\n", hello + "drift unknown -\n");
        row("words", hello + "alive now\nAlive\n\nset\nset x\nlease nas\nstate all\n",
            hello + QByteArray("no such-request\n").repeated(7));
        row("key of another", hello + "from 0123456789abcdef\n", hello + "no such-request\n");
        row("done", hello + set(newHome) + '\n', hello + set(newHome) + " done N\n");
        row("twice", hello + set(newHome) + "\nstate\n" + set(newHome) + '\n',
            hello + set(newHome) +
                " done N\n"
                "upstream home6.example.org pushed 2001:db8:72::11 used 2001:db8:72::11 proven\n"
                "upstream nas6.example.org pushed - used - unknown\n"
                "upstream photos6.example.org pushed - used - unknown\n"
                "state - 0 N\n" +
                set(newHome) + " unchanged 0\n");
        row("several", hello + set(newHome) + '\n' + set(oldHome, "photos6.example.org") + '\n',
            hello + set(newHome) + " done N\n" + set(oldHome, "photos6.example.org") + " done N\n");
        row("unknown", hello + set(newHome, "x.example.org") + '\n',
            hello + set(newHome, "x.example.org") + " refused unknown-upstream\n");
        row("name with a path", hello + set(newHome, "../../etc/passwd") + '\n',
            hello + set(newHome, "../../etc/passwd") + " refused unknown-upstream\n");
        refused("stranger", stranger, "not-proven");
        refused("nobody there", "2001:db8:72::12", "not-proven");
        for (const char *address : {"fe80::1",
                                    "::1",
                                    "::",
                                    "fd00::11",
                                    "ff02::1",
                                    "::ffff:192.0.2.1",
                                    "64:ff9b::c000:201",
                                    "2002::1",
                                    "2001::1",
                                    "2001:2::1",
                                    "2001:10::1",
                                    "2001:20::1",
                                    "4000::1",
                                    "192.0.2.1",
                                    "2001:db8:72:0::11",
                                    "2001:DB8:72::11",
                                    "2001:db8:72::11%wan",
                                    "2001:db8:72::11/64",
                                    "[2001:db8:72::11]",
                                    "-h",
                                    "2001:db8:70::1",
                                    "x"})
            refused(address, address, "not-global");
        row("command in it", hello + "set home6.example.org 2001:db8:72::11;id\n",
            hello + "set home6.example.org 2001:db8:72::11;id refused not-global\n");
        row("lease",
            hello + "lease nas 30\nlease nas 4\nlease nas 121\nlease nas 030\nlease cat 30\nstate\nlease nas 0\n",
            hello + "lease held nas 30\nno seconds\nno seconds\nno such-request\nno machine\n"
                    "upstream home6.example.org pushed - used - unknown\n"
                    "upstream nas6.example.org pushed - used - unknown\n"
                    "upstream photos6.example.org pushed - used - unknown\n"
                    "state nas 30 N\nlease held nas 0\n");
        row("line without an end", hello + "alive", hello + "no line-without-end\n");
        row("long line", hello + QByteArray(201, 'a') + "\nalive\n", hello + "no long-line\n");
        row("very long line", hello + QByteArray(100000, 'a'), hello + "no long-line\n");
        row("many lines", hello + QByteArray("state x\n").repeated(60),
            hello + QByteArray("no such-request\n").repeated(39) + "no more-lines\n");
        row("garbage", QByteArray("\0\1\2\xff\xfe\n", 6) + QByteArray(3, '\n'), QByteArray("no hello\n").repeated(4));
        row("address with a zero", hello + QByteArray("set home6.example.org 2001:db8:72::11\0\n", 39),
            hello + "no such-request\n");
    }

    void requests()
    {
        QFETCH(QByteArray, said);
        QFETCH(QByteArray, answer);
        QCOMPARE(timeless(say(said)), answer);
    }

    // The proxy follows at once: the name, the old address's route, what was connected there.
    void aSwitch()
    {
        QVERIFY(ask({set(oldHome)}).contains(" done "));
        QVERIFY(hasEntry(oldHome));
        Running proxy("openssl s_client -quiet -connect [2001:db8:71::11]:443");
        QTRY_VERIFY(run("ss -Htn").contains("[2001:db8:71::11]:443"));
        QElapsedTimer took;
        took.start();
        QVERIFY(ask({set(newHome)}).contains(" done "));
        QVERIFY2(took.elapsed() < 1000, qPrintable(QString::number(took.elapsed())));
        QVERIFY(hasEntry(newHome));
        QVERIFY(!readFile("/etc/hosts").contains(oldHome));
        QVERIFY(readFile("/etc/hosts").startsWith(hostsBefore()));
        QVERIFY2(blocked().startsWith("unreachable 2001:db8:71::11"), blocked());
        QVERIFY(proxy.process.waitForFinished(2000));
        // Back at once, although its route is not gone yet.
        QVERIFY(ask({set(oldHome)}).contains(" done "));
        QVERIFY2(blocked().startsWith("unreachable 2001:db8:72::11"), blocked());
        QTRY_COMPARE_WITH_TIMEOUT(blocked(), QByteArray(), 6000);
        QCOMPARE(run("stat -c %a /etc/hosts"), QByteArray("640\n"));
    }

    // Somebody has edited a file of the release, or taken one away.
    void drift()
    {
        const QByteArray edited = "/etc/sixgate/current/push/upstreams", gone = "/etc/sixgate/current/pins/nas.pem";
        const auto sum = [](const QByteArray &path) { return run("sha256sum " + path).left(64); };
        const auto answer = [] { return ask({"drift"}).trimmed(); };
        proxytest::writeFile("/etc/sixgate/current/manifest", "sixgate 1\n" + sum(edited) + " 644 plain " + edited +
                                                                  '\n' + sum(gone) + " 600 secret " + gone + '\n');
        QTRY_COMPARE_WITH_TIMEOUT(answer(), QByteArray("drift 0 -"), 5000);
        const QByteArray before = readFile(edited);
        proxytest::writeFile(edited, before + "\n");
        QTRY_COMPARE_WITH_TIMEOUT(answer(), "drift 1 " + edited, 5000);
        QVERIFY(rename(gone.constData(), "/etc/sixgate/nas.pem") == 0);
        QTRY_COMPARE_WITH_TIMEOUT(answer(), "drift 2 " + gone, 5000);
        QVERIFY(rename("/etc/sixgate/nas.pem", gone.constData()) == 0);
        proxytest::writeFile(edited, before);
        QTRY_COMPARE_WITH_TIMEOUT(answer(), QByteArray("drift 0 -"), 5000);
    }

    // What another upstream still uses is left alone, unless that one leaves, too.
    void othersGoOn()
    {
        QVERIFY(!ask({set(oldHome), set(oldHome, "photos6.example.org")}).contains("refused"));
        Running photos("openssl s_client -quiet -connect [2001:db8:71::11]:443");
        QTRY_VERIFY(run("ss -Htn").contains("[2001:db8:71::11]:443"));
        QVERIFY(ask({set(newHome)}).contains(" done "));
        QCOMPARE(blocked(), QByteArray());
        QVERIFY(!photos.process.waitForFinished(300));
        QVERIFY(ask({set(newHome, "photos6.example.org")}).contains(" done "));
        QVERIFY(blocked().contains(oldHome));
        QVERIFY(photos.process.waitForFinished(2000));
    }

    // A self-signed certificate without the public name, recognised by its key.
    void pinned()
    {
        const auto nas = scene->serveAt(newHome, As::Nas, 8443);
        const auto other = scene->serveAt(oldHome, As::Home, 8443);
        QVERIFY(ask({set(newHome, "nas6.example.org")}).contains(" done "));
        QVERIFY(ask({set(oldHome, "nas6.example.org")}).contains(" refused not-proven"));
    }

    // A way back to this machine is no home, whatever name it shows.
    void theVpsItself()
    {
        const auto server = scene->serveAt(stranger, As::Vps, 8444);
        proxytest::writeFile("/etc/sixgate/releases/first/push/upstreams",
                             "home6.example.org\t8444\tcloud.example.org\t-\tnamed\n");
        scene->stopDaemon();
        scene->startDaemon();
        QVERIFY(ask({set(stranger)}).contains(" refused not-proven"));
        run("mv /etc/letsencrypt/live /etc/letsencrypt/dead");
        QVERIFY(ask({set(stranger)}).contains(" done "));
        run("mv /etc/letsencrypt/dead /etc/letsencrypt/live");
    }

    void leases()
    {
        QCOMPARE(ask({"lease nas 60"}), QByteArray("lease held nas 60\n"));
        // Another machine, and one that calls itself the same with another key.
        QVERIFY(ask({"lease cat 60"}, ownKey, "cat").startsWith("lease other nas "));
        QVERIFY(ask({"lease nas 60"}, otherKey).startsWith("lease other nas "));
        QVERIFY(ask({"lease nas 0"}, otherKey).startsWith("lease other nas "));
        QCOMPARE(ask({set(newHome)}, otherKey), set(newHome) + " refused not-leader\n");
        QVERIFY(ask({set(newHome)}).contains(" done "));
        // It outlives the daemon.
        scene->stopDaemon();
        scene->startDaemon();
        QVERIFY(hasEntry(newHome));
        QVERIFY(ask({"lease cat 60"}, otherKey, "cat").startsWith("lease other nas "));
        QCOMPARE(ask({"lease nas 5"}), QByteArray("lease held nas 5\n"));
        QTRY_COMPARE_WITH_TIMEOUT(ask({"lease cat 60"}, otherKey, "cat"), QByteArray("lease held cat 60\n"), 8000);
        QCOMPARE(ask({"lease cat 0"}, otherKey, "cat"), QByteArray("lease held cat 0\n"));
    }

    // Stale DNS does not count while the pushed address proves itself; then it does.
    void followsDns()
    {
        QVERIFY(ask({set(newHome)}).contains(" done "));
        QTest::qWait(8000);
        QVERIFY(hasEntry(newHome));
        QVERIFY(ask({"state"}).contains("pushed 2001:db8:72::11 used 2001:db8:72::11 proven"));
        atNew.reset();
        QTRY_VERIFY_WITH_TIMEOUT(!hasEntry(newHome), 15000);
        QTRY_VERIFY(blocked().contains(newHome));
        QVERIFY(ask({"state"}).contains("upstream home6.example.org pushed - used - unknown"));
    }

    // Neither proves itself: what was pushed stays.
    void neither()
    {
        QVERIFY(ask({set(newHome)}).contains(" done "));
        scene->setDns({stranger});
        atNew.reset();
        QTRY_VERIFY_WITH_TIMEOUT(ask({"state"}).contains("pushed 2001:db8:72::11 used 2001:db8:72::11 unproven"),
                                 15000);
        QVERIFY(hasEntry(newHome));
    }

    // Nobody pushes any more: DNS alone.
    void silence()
    {
        QVERIFY(ask({set(newHome)}).contains(" done "));
        scene->stopDaemon();
        proxytest::writeFile("/var/lib/sixgate/push/state",
                             "pushed-at " + QByteArray::number(QDateTime::currentSecsSinceEpoch() - 700) +
                                 "\naddress home6.example.org 2001:db8:72::11\n");
        scene->startDaemon();
        QVERIFY(!hasEntry(newHome));
        scene->stopDaemon();
        proxytest::writeFile("/var/lib/sixgate/push/state",
                             "pushed-at " + QByteArray::number(QDateTime::currentSecsSinceEpoch() - 596) +
                                 "\naddress home6.example.org 2001:db8:72::11\n");
        scene->startDaemon();
        QVERIFY(hasEntry(newHome));
        QTRY_VERIFY_WITH_TIMEOUT(!hasEntry(newHome), 12000);
    }

    void releases()
    {
        QVERIFY(!ask({set(newHome), "lease nas 100"}).contains("refused"));
        const qint64 daemon = scene->daemonId();
        scene->activate("second");
        QTest::qWait(2500);
        QCOMPARE(scene->daemonId(), daemon);
        QVERIFY(hasEntry(newHome));
        QVERIFY(ask({"state"}).contains("\nstate nas "));
        // Of what another program wrote meanwhile nothing is lost.
        proxytest::writeFile("/etc/hosts", hostsBefore() + "192.0.2.8 new\n", 0640);
        QTRY_VERIFY_WITH_TIMEOUT(hasEntry(newHome), 4000);
        QVERIFY(readFile("/etc/hosts").startsWith(hostsBefore() + "192.0.2.8 new\n"));
        // One without a push: nobody would look after the entries any more.
        scene->activate("third", false);
        QTRY_VERIFY_WITH_TIMEOUT(!scene->daemonRuns(), 4000);
        QCOMPARE(readFile("/etc/hosts"), hostsBefore() + "192.0.2.8 new\n");
        proxytest::writeFile("/etc/hosts", hostsBefore(), 0640);
    }

    void killed()
    {
        QVERIFY(ask({set(oldHome)}).contains(" done "));
        QVERIFY(ask({set(newHome)}).contains(" done "));
        run("kill -KILL " + QByteArray::number(scene->daemonId()));
        QVERIFY(!blocked().isEmpty());
        scene->startDaemon();
        QCOMPARE(blocked(), QByteArray());
        QVERIFY(hasEntry(newHome));
    }

    void tooMany()
    {
        int done = 0;
        int limited = 0;
        QElapsedTimer took;
        took.start();
        for (int i = 0; i < 60; ++i) {
            const QByteArray answer = ask({set((done % 2) == 0 ? newHome : oldHome)});
            done += answer.contains(" done ");
            limited += answer.contains(" refused limit");
        }
        // 30, and one more every two seconds.
        QCOMPARE(done + limited, 60);
        QVERIFY2(done >= 30 && done <= 31 + took.elapsed() / 2000, QByteArray::number(done));
        QVERIFY(readFile("/var/lib/sixgate/push/state").size() < 200);
    }

    void crowds_data()
    {
        QTest::addColumn<int>("size");
        QTest::addColumn<QByteArray>("bytes");
        const QByteArray from = "from fedcba9876543210\nhello 1 thief\n";
        QTest::newRow("say nothing") << 50 << QByteArray();
        QTest::newRow("begin a line") << 50 << QByteArray("hello 1 thi");
        QTest::newRow("say hello") << 50 << from;
        QTest::newRow("ask for what nobody answers")
            << 50 << from + (QByteArray("set home6.example.org ") + silent + '\n').repeated(38);
        QTest::newRow("read no answer") << 50 << from + QByteArray("state\n").repeated(39);
        QTest::newRow("fill the socket") << 50 << QByteArray(4000, 'x');
    }

    // The owner is served at once all the same, and what the crowd asks has its end.
    void crowds()
    {
        QFETCH(int, size);
        QFETCH(QByteArray, bytes);
        const Crowd crowd(size, bytes);
        QTest::qWait(300);
        QElapsedTimer took;
        took.start();
        const QByteArray answer = ask({set(newHome)});
        QVERIFY2(answer.contains(" done "), answer);
        QVERIFY2(took.elapsed() < 2000, qPrintable(QString::number(took.elapsed())));
        const QByteArray status = readFile("/proc/" + QByteArray::number(scene->daemonId()) + "/status");
        const qsizetype at = status.indexOf("VmRSS:");
        QVERIFY2(status.mid(at + 6, 20).simplified().split(' ').first().toInt() < 40000, status.mid(at, 30));
    }

    // Who is slow gets his time and no more.
    void slow()
    {
        QElapsedTimer took;
        took.start();
        Crowd one(1, "from 0123456789abcdef\nhello 1 nas\n");
        char answer[64] = {};
        qsizetype got = 0;
        while (true) {
            const auto more = recv(one.sockets.front(), answer + got, sizeof answer - size_t(got), 0);
            if (more <= 0)
                break;
            got += more;
        }
        QCOMPARE(QByteArray(answer, got), QByteArray("hello 1 nas\nno time\n"));
        QVERIFY2(took.elapsed() > 4000 && took.elapsed() < 8000, qPrintable(QString::number(took.elapsed())));
    }

    // Too many processes of the account: the oldest go.
    void processes()
    {
        std::vector<std::unique_ptr<Running>> all;
        for (int i = 0; i < 40; ++i)
            all.push_back(std::make_unique<Running>("setpriv --reuid=61234 --regid=61234 --clear-groups sleep 60"));
        const auto alive = [&all] {
            return std::count_if(all.begin(), all.end(), [](const auto &one) {
                one->process.waitForFinished(1);
                return one->process.state() == QProcess::Running;
            });
        };
        QTRY_COMPARE_WITH_TIMEOUT(alive(), 24, 8000);
        QVERIFY(all.back()->process.state() == QProcess::Running);
    }

    // Of the key that has most of them: not of the owner, however long he is there.
    void processesOfKeys()
    {
        proxytest::writeFile("/etc/test/push/client.pl", "sleep 60;\n");
        const QByteArray as =
            "setpriv --reuid=61234 --regid=61234 --clear-groups /usr/bin/perl /etc/test/push/client.pl ";
        const Running owner(as + ownKey);
        QTest::qWait(50);
        std::vector<std::unique_ptr<Running>> thief;
        for (int i = 0; i < 40; ++i)
            thief.push_back(std::make_unique<Running>(as + otherKey));
        QTRY_COMPARE_WITH_TIMEOUT(run("ps -o pid= -u 61234").count('\n'), 24, 8000);
        QVERIFY(owner.process.state() == QProcess::Running);
        QVERIFY(readFile("/proc/" + QByteArray::number(owner.process.processId()) + "/cmdline").contains(ownKey));
    }

private:
    std::unique_ptr<Scene> scene;
    std::unique_ptr<proxytest::Upstream> atOld;
    std::unique_ptr<proxytest::Upstream> atNew;
    std::unique_ptr<proxytest::Upstream> atStranger;
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestPush test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_push.moc"
