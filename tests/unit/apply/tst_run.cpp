// The runner on a machine of the test's own: it reads the whole bundle, takes back what a run that was killed left, and
// tidies up. Nothing of it is replaced.

#include "bundles.h"
#include "decide/plan.h"
#include "proxy/sandbox.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>
#include <QTest>

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace bundles;
using proxytest::makeLink;
using proxytest::writeFile;

namespace
{

/// A run's folder with the real runner and these steps.
void unpack(const QByteArray &folder, const QByteArray &steps)
{
    const QString at = QString::fromUtf8(folder);
    output(path("mkdir"), {path("-p"), at});
    output(path("tar"), {path("-x"), path("-f"), path("-"), path("-C"), at, path("run.pl")},
           must(deploymentBundle({change(activation())})));
    writeFile(folder + "/steps", steps);
}

QByteArray hashOf(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

/// While it lives, the test's own /usr/sbin has shell scripts of these names. The package that has apache2ctl would
/// start Apache on the machine that runs this test, and systemd is not asked to do anything there.
class OwnPrograms
{
public:
    explicit OwnPrograms(const std::map<QByteArray, QByteArray> &scripts)
    {
        output(path("mkdir"), {path("-p"), path("/run/sbin")});
        output(path("mount"), {path("--bind"), path("/usr/sbin"), path("/run/sbin")});
        output(path("mount"), {path("-t"), path("tmpfs"), path("sixgate-test"), path("/usr/sbin")});
        output(path("sh"), {path("-c"), path("ln -s /run/sbin/* /usr/sbin")});
        for (const auto &[name, script] : scripts) {
            output(path("rm"), {path("-f"), QString::fromUtf8("/usr/sbin/" + name)});
            writeFile("/usr/sbin/" + name, "#!/bin/sh\n" + script + '\n', 0755);
        }
    }
    ~OwnPrograms()
    {
        output(path("umount"), {path("/usr/sbin")});
        output(path("umount"), {path("/run/sbin")});
    }
    OwnPrograms(const OwnPrograms &) = delete;
    OwnPrograms &operator=(const OwnPrograms &) = delete;
};

WriteFile write(const QString &to)
{
    return {to, 0644, "content\n", false, {}};
}

} // namespace

class TestRun : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // The bundle of a whole deployment: run.pl understands every step, finds every content, and stops before it touches
    // anything, since the machine is not what the plan was made from.
    void theRunnerUnderstandsIt()
    {
        const Site site =
            sites::site({service("cloud", {"cloud.example.org", "bücher.example.org"}, "home6.example.org")});
        VpsFacts bare;
        bare.osId = path("debian");
        bare.osVersion = path("12");
        bare.uid = 0;
        bare.systemd = true;
        bare.freeBytes = qint64(1) << 40;
        bare.files[path("/etc/sixgate/current/apache/old.conf")] = {someHash, 0644, {}};
        std::vector<Withheld> withheld;
        const auto changes = planDeployment(site, must(wantedDeployment(site, inputs(site))), bare, withheld);
        QVERIFY(changes.size() > 8);
        const auto bundle = deploymentBundle(changes);
        QVERIFY(bundle);

        const QString folder = QStringLiteral("/run/20260101-000000-0123abcd");
        output(path("mkdir"), {folder});
        QCOMPARE(output(path("tar"), {path("-x"), path("-f"), path("-"), path("-C"), folder}, *bundle), QByteArray());
        const QByteArray listed = output(path("tar"), {path("-t"), path("-f"), path("-")}, *bundle);
        QVERIFY(listed.startsWith("run.pl\nfiles/0\n") && listed.endsWith("\nsteps\n"));

        const QByteArray said = output(path("perl"), {folder + path("/run.pl"), folder});
        QVERIFY2(said.startsWith("moved: /etc/sixgate/current/apache/old.conf was changed"), said);
        const QByteArray log = output(path("cat"), {folder + path("/log")});
        QVERIFY2(log.startsWith("result\tmoved\t"), log);
        QCOMPARE(output(path("cat"), {folder + path("/result")}), log);
        // Nothing of the contents stays; nothing was made.
        QCOMPARE(output(path("ls"), {folder}), QByteArray("log\nresult\nrun.pl\n"));
        QCOMPARE(output(path("find"), {path("/etc/sixgate"), path("/etc/systemd")}).count('\n'), 2);
        // What systemd runs after it only removes the rest.
        QCOMPARE(output(path("perl"), {folder + path("/run.pl"), folder, path("after")}), QByteArray());
        QCOMPARE(output(path("ls"), {folder}), QByteArray("log\nresult\n"));
        QCOMPARE(output(path("cat"), {folder + path("/log")}), log);
    }

    void orders_data()
    {
        QTest::addColumn<QByteArray>("steps");
        QTest::addColumn<QByteArray>("said");
        const QByteArray activate = "activate\ta\t0123456789abcdef\t-\n";
        const QByteArray forget = "forget\tf\told\n";
        const QByteArray hash = someHash;
        const QByteArray credentials = "delete\tc\t/etc/sixgate/acme/old.ini\t" + hash + '\n';
        const QByteArray file = "delete\td\t/etc/sixgate/current/old.conf\t" + hash + '\n';
        const QByteArray misplaced = "failed: The plan has a step of kind ";
        // That file is not there: the order is right.
        QTest::newRow("all") << file + activate + forget + credentials
                             << QByteArray("moved: /etc/sixgate/acme/old.ini");
        QTest::newRow("credentials at first")
            << credentials + activate << QByteArray("moved: /etc/sixgate/acme/old.ini");
        QTest::newRow("push before") << "push\tp\ton\n" + activate << misplaced + "push";
        QTest::newRow("push after") << activate + "push\tp\ton\n" + credentials
                                    << QByteArray("moved: /etc/sixgate/acme/old.ini");
        const QByteArray name = "cloud.example.org\n", get = "certificate\tc\tcloud\taHR0cHM6Ly9h\t-\t";
        QTest::newRow("certificate by DNS and by HTTP")
            << get + "30\t/etc/sixgate/acme/a.ini\t" + name + get + "http\tvps.example.org\t" + name + file + activate
            << QByteArray("moved: /etc/sixgate/current/old.conf");
        QTest::newRow("certificate by DNS without a key")
            << get + "30\t" + name + activate << QByteArray("failed: The plan has a bad step of kind certificate.");
        QTest::newRow("certificate by HTTP with a key")
            << get + "http\t/etc/sixgate/acme/a.ini\t" + name + activate
            << QByteArray("failed: The plan has a bad step of kind certificate.");
        QTest::newRow("key elsewhere") << get + "30\t/etc/sixgate/acme/../../shadow\t" + name + activate
                                       << QByteArray("failed: The plan has a bad path.");
        QTest::newRow("rehearsal of renewals before") << "renewals\tr\ton\n" + activate << misplaced + "renewals";
        QTest::newRow("rehearsal of renewals after")
            << activate + "renewals\tr\ton\n" + credentials << QByteArray("moved: /etc/sixgate/acme/old.ini");
        QTest::newRow("push of another kind") << activate + "push\tp\tmaybe\n"
                                              << QByteArray("failed: The plan has a bad step of kind push.");
        QTest::newRow("no activation") << file << QByteArray("failed: The plan has no activation.");
        QTest::newRow("two") << activate + activate << misplaced + "activate";
        QTest::newRow("certificate before") << forget + activate << misplaced + "forget";
        QTest::newRow("file after") << activate + file << misplaced + "delete";
        QTest::newRow("module after") << activate + "modules\tm\tssl\n" << misplaced + "modules";
        QTest::newRow("path as a lineage") << activate + "forget\tf\t../x\n"
                                           << QByteArray("failed: The plan has a bad");
    }

    void orders()
    {
        QFETCH(QByteArray, steps);
        QFETCH(QByteArray, said);
        const QString folder = QStringLiteral("/run/20260101-000000-0123abcf");
        output(path("rm"), {path("-rf"), folder});
        unpack(folder.toUtf8(), steps);
        const QByteArray answer = output(path("perl"), {folder + path("/run.pl"), folder});
        QVERIFY2(answer.startsWith(said), answer);
    }

    void takenBack_data()
    {
        QTest::addColumn<QString>("by");
        QTest::addColumn<QByteArray>("verdict");
        QTest::newRow("what systemd runs after it") << path("after") << QByteArray("failed");
        QTest::newRow("the unit at boot") << path("boot") << QByteArray("failed");
        QTest::newRow("a later run") << path("tidy") << QByteArray("failed");
    }

    // A run that was killed after the swap: all that it noted is as before, whoever takes it back.
    void takenBack()
    {
        QFETCH(QString, by);
        QFETCH(QByteArray, verdict);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const QByteArray run = "20260101-000000-0000000b", folder = "/var/lib/sixgate/runs/" + run;
        const QByteArray before = "releases/aaaaaaaaaaaaaaaa-20250101-000000-0000000a";
        const QByteArray after = "releases/bbbbbbbbbbbbbbbb-" + run;
        const QByteArray site = "/etc/apache2/sites-available/zz-sixgate.conf", key = "/etc/sixgate/acme/main.ini";
        const QByteArray link = "/etc/apache2/sites-enabled/zz-sixgate.conf";
        writeFile("/etc/sixgate/" + before + "/manifest", "old\n");
        writeFile("/etc/sixgate/" + after + "/manifest", "new\n");
        makeLink(after, "/etc/sixgate/current");
        makeLink(before, "/etc/sixgate/active");
        writeFile(key, "new\n", 0644);
        writeFile(site, "new\n");
        output(path("mkdir"), {path("/etc/apache2/sites-enabled")});
        makeLink("../sites-available/zz-sixgate.conf", link);
        const QByteArray steps = "write\tw1\t" + key + "\t644\t" + someHash + '\t' + someHash +
                                 "\t0\nwrite\tw2\t/etc/sixgate/current/x\t644\t-\t" + someHash +
                                 "\t0\npackages\tp\tapache2\nsite\ts\tzz-sixgate\nactivate\ta\tbbbbbbbbbbbbbbbb\t-\n";
        unpack(folder, steps);
        writeFile(folder + "/files/0", "secret\n", 0600);
        writeFile(folder + "/old/1", "old secret\n", 0600);
        QByteArray log;
        for (const char *id : {"w1", "w2", "p", "s"})
            log += "step\t" + QByteArray(id) + "\tstarted\t\nstep\t" + id + "\tdone\t\n";
        writeFile(folder + "/log", log + "step\ta\tstarted\t\nstep\ta\tno");
        writeFile(folder + "/undo", "-\ttree\t/etc/sixgate/" + after + "\nw1\tfile\t" + key + "\t600\t1\nw1\tabsent\t" +
                                        site + "\ns\tabsent\t" + link + "\na\tlink\t/etc/sixgate/current\t" + before +
                                        "\na\tlink\t/etc/sixgate/active\t" + before +
                                        "\na\tabsent\t/etc/sixgate/acti"); // cut off: was not done

        const QString at = QString::fromUtf8(folder);
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at, by});
        QVERIFY2(said.contains("failed: The run was ended"), said);
        QVERIFY2(!said.contains("Not undone"), said);
        QCOMPARE(output(path("readlink"), {path("/etc/sixgate/current"), path("/etc/sixgate/active")}),
                 before + '\n' + before + '\n');
        QCOMPARE(output(path("ls"), {path("/etc/sixgate/releases")}), before.mid(9) + '\n');
        QCOMPARE(output(path("cat"), {path("/etc/sixgate/acme/main.ini")}), QByteArray("old secret\n"));
        QCOMPARE(output(path("stat"), {path("-c"), path("%a"), path("/etc/sixgate/acme/main.ini")}),
                 QByteArray("600\n"));
        QCOMPARE(output(path("find"), {path("/etc/apache2"), path("!"), path("-type"), path("d")}), QByteArray());
        QCOMPARE(output(path("ls"), {path("-A"), at}), QByteArray("log\nresult\n"));
        QVERIFY(output(path("cat"), {at + path("/result")}).startsWith("result\t" + verdict + '\t'));
        // Each step that was done or begun, the last one first; packages stay.
        QByteArrayList undone;
        for (const QByteArray &line : output(path("cat"), {at + path("/log")}).split('\n')) {
            if (line.split('\t').value(2) == "undone")
                undone << line.split('\t').value(1);
        }
        QCOMPARE(undone, (QByteArrayList{"a", "s", "w2", "w1"}));
    }

    void notTakenBack_data()
    {
        QTest::addColumn<bool>("room"); // for copies, where they belong
        QTest::newRow("with the other copies") << true;
        QTest::newRow("in the run's own folder") << false;
    }

    // What cannot be put back stays, and it is told where.
    void notTakenBack()
    {
        QFETCH(bool, room);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const QByteArray run = "20260101-000000-00000015", folder = "/var/lib/sixgate/runs/" + run;
        const QString at = QString::fromUtf8(folder);
        writeFile("/etc/sixgate/acme", "a file, where a folder was\n");
        if (!room)
            writeFile("/var/lib/sixgate/edited", "a file, where a folder is to be\n");
        unpack(folder, "activate\ta\tbbbbbbbbbbbbbbbb\t-\n");
        writeFile(folder + "/old/1", "old secret\n", 0600);
        writeFile(folder + "/log", "step\ta\tstarted\t\n");
        writeFile(folder + "/undo", "a\tfile\t/etc/sixgate/acme/main.ini\t600\t1\n");
        const QByteArray kept = room ? "/var/lib/sixgate/edited/" + run + "-not-undone" : folder + "/not-undone";
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at, path("after")});
        QVERIFY2(said.contains("Not undone: ") && said.contains("What was there before is kept in " + kept + '.'),
                 said);
        QCOMPARE(output(path("cat"), {QString::fromUtf8(kept) + path("/1")}), QByteArray("old secret\n"));
        // Nor does a later run take it.
        const QByteArray later = "/var/lib/sixgate/runs/20260101-000000-00000016";
        unpack(later, "activate\ta\tbbbbbbbbbbbbbbbb\tcccccccccccccccc\n");
        const QString there = QString::fromUtf8(later);
        QVERIFY(output(path("perl"), {there + path("/run.pl"), there}).startsWith("moved: "));
        QCOMPARE(output(path("cat"), {QString::fromUtf8(kept) + path("/1")}), QByteArray("old secret\n"));
    }

    // Killed when the new release had proven itself: it stays, and nothing else does.
    void killedAtTheEnd()
    {
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/var/lib/sixgate")});
        const QByteArray run = "20260101-000000-0000000c", folder = "/var/lib/sixgate/runs/" + run;
        const QByteArray release = "releases/cccccccccccccccc-" + run;
        writeFile("/etc/sixgate/" + release + "/manifest", "new\n");
        makeLink(release, "/etc/sixgate/current");
        makeLink(release, "/etc/sixgate/active");
        unpack(folder, "activate\ta\tcccccccccccccccc\t-\n");
        writeFile(folder + "/files/0", "secret\n", 0600);
        const QString at = QString::fromUtf8(folder);
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at, path("after")});
        QVERIFY2(said.startsWith("done: "), said);
        QCOMPARE(output(path("readlink"), {path("/etc/sixgate/current")}), release + '\n');
        QCOMPARE(output(path("ls"), {path("-A"), at}), QByteArray("log\nresult\n"));
    }

    void editedCredentials_data()
    {
        QTest::addColumn<QByteArray>("current"); // what the current release's manifest says of them
        QTest::addColumn<QByteArray>("before");  // what that of the release before says
        QTest::addColumn<bool>("kept");
        const QByteArray as = hashOf("secret\n"), other = someHash;
        QTest::newRow("as the release has them") << as << QByteArray() << false;
        QTest::newRow("as an earlier release had them") << QByteArray() << as << false;
        QTest::newRow("edited") << other << QByteArray() << true;
        QTest::newRow("edited, and not needed any more") << QByteArray() << other << true;
    }

    // What somebody wrote into the credentials by hand is not lost; what Sixgate wrote there is not multiplied.
    void editedCredentials()
    {
        QFETCH(QByteArray, current);
        QFETCH(QByteArray, before);
        QFETCH(bool, kept);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const auto manifest = [](const QByteArray &hash) {
            return hash.isEmpty() ? QByteArray("x\n") : hash + " 600 secret /etc/sixgate/acme/main.ini\n";
        };
        const QByteArray is = "releases/aaaaaaaaaaaaaaaa-20250101-000000-0000000a";
        writeFile("/etc/sixgate/" + is + "/manifest", manifest(current));
        writeFile("/etc/sixgate/releases/9999999999999999-20250101-000000-00000009/manifest", manifest(before));
        writeFile("/var/lib/sixgate/runs/20250101-000000-00000009/result", "result\tdone\t\t\n");
        makeLink(is, "/etc/sixgate/current");
        makeLink(is, "/etc/sixgate/active");
        writeFile("/etc/sixgate/acme/main.ini", "secret\n", 0600);
        const QByteArray run = "20260101-000000-00000014", folder = "/var/lib/sixgate/runs/" + run;
        unpack(folder, "activate\ta\tbbbbbbbbbbbbbbbb\taaaaaaaaaaaaaaaa\ndelete\td\t/etc/sixgate/acme/main.ini\t" +
                           hashOf("secret\n") + '\n');
        const QString at = QString::fromUtf8(folder);
        const QByteArray answer = output(path("perl"), {at + path("/run.pl"), at});
        const QString copy =
            path("/var/lib/sixgate/edited/") + QString::fromLatin1(run) + path("/etc/sixgate/acme/main.ini");
        QVERIFY2(QFile::exists(copy) == kept, answer);
        QCOMPARE(answer.contains("was edited on this machine; a copy of it stays in " + copy.toLatin1()), kept);
        if (kept)
            QCOMPARE(output(path("stat"), {path("-c"), path("%a"), copy, path("/var/lib/sixgate/edited")}),
                     QByteArray("600\n700\n"));
    }

    void editedMeanwhile_data()
    {
        QTest::addColumn<QByteArray>("steps");
        QTest::addColumn<QByteArray>("edit"); // while Apache's checker runs
        QTest::addColumn<QByteArray>("said");
        const QByteArray activate = "activate\ta\tbbbbbbbbbbbbbbbb\taaaaaaaaaaaaaaaa\n";
        const QByteArray back = "back\tb\t9999999999999999\taaaaaaaaaaaaaaaa\n";
        const QByteArray file = "/etc/sixgate/current/apache/x.conf";
        const QByteArray moved = "moved: " + file + " was changed since the plan was made; what this run did before";
        QTest::newRow("nothing") << activate << QByteArray(":") << QByteArray("failed: Apache does not start");
        QTest::newRow("edited") << activate << "echo '# by hand' >>" + file << moved;
        QTest::newRow("removed") << activate << "rm " + file << moved;
        QTest::newRow("added") << activate << QByteArray("echo >/etc/sixgate/current/more")
                               << QByteArray("moved: /etc/sixgate/current/more was changed");
        QTest::newRow("nothing, one step back")
            << back << QByteArray(":") << QByteArray("failed: Apache does not start");
        QTest::newRow("edited, one step back") << back << "echo '# by hand' >>" + file << moved;
    }

    // What somebody writes into the current release while a run is at work is not taken out of use without a copy.
    void editedMeanwhile()
    {
        QFETCH(QByteArray, steps);
        QFETCH(QByteArray, edit);
        QFETCH(QByteArray, said);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const QByteArray is = "releases/aaaaaaaaaaaaaaaa-20250101-000000-0000000a";
        writeFile("/etc/sixgate/" + is + "/apache/x.conf", "x\n");
        writeFile("/etc/sixgate/" + is + "/manifest", "x\n");
        writeFile("/etc/sixgate/releases/9999999999999999-20250101-000000-00000009/manifest", "x\n");
        makeLink(is, "/etc/sixgate/current");
        makeLink(is, "/etc/sixgate/active");
        for (const char *run : {"20250101-000000-0000000a", "20250101-000000-00000009"})
            writeFile(QByteArray("/var/lib/sixgate/runs/") + run + "/result", "result\tdone\t\t\n");
        const OwnPrograms programs({{"apache2ctl", edit}});
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-00000013";
        unpack(folder, steps);
        const QString at = QString::fromUtf8(folder);
        const QByteArray answer = output(path("perl"), {at + path("/run.pl"), at});
        QVERIFY2(answer.contains('\n' + said), answer);
        QVERIFY2(!answer.contains("Not undone"), answer);
        QCOMPARE(output(path("readlink"), {path("/etc/sixgate/current")}), is + '\n');
        if (edit.startsWith("echo '"))
            QCOMPARE(output(path("cat"), {path("/etc/sixgate/current/apache/x.conf")}), QByteArray("x\n# by hand\n"));
    }

    void whatStays_data()
    {
        QTest::addColumn<QByteArray>("step");
        QTest::addColumn<QByteArray>("stay"); // the first digit of each release, the current one first
        const QByteArray expected = "\tbbbbbbbbbbbbbbbb\n";
        QTest::newRow("another deployment") << "activate\ta\tcccccccccccccccc" + expected << QByteArray("cb");
        QTest::newRow("the same once more") << "activate\ta\tbbbbbbbbbbbbbbbb" + expected << QByteArray("ba");
        QTest::newRow("one step back") << "back\tx\taaaaaaaaaaaaaaaa" + expected << QByteArray("ab");
    }

    // A whole run, on a machine that finds all well. One step back leads to what is not the same.
    void whatStays()
    {
        QFETCH(QByteArray, step);
        QFETCH(QByteArray, stay);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const OwnPrograms programs({{"apache2ctl", ":"},
                                    {"systemctl", "mkdir -p /run/apache2\n"
                                                  "case $1 in is-enabled) echo enabled ;;\n"
                                                  "reload) echo >/run/apache2/new && mv /run/apache2/new "
                                                  "/run/apache2/apache2.pid ;; esac"}});
        const QByteArray earlier = "releases/aaaaaaaaaaaaaaaa-20250101-000000-0000000a";
        const QByteArray is = "releases/bbbbbbbbbbbbbbbb-20250102-000000-0000000b";
        for (const QByteArray &release : {earlier, is}) {
            writeFile("/etc/sixgate/" + release + "/manifest", "x\n");
            writeFile("/var/lib/sixgate/runs/" + release.mid(26) + "/result", "result\tdone\t\t\n");
        }
        makeLink(is, "/etc/sixgate/current");
        makeLink(is, "/etc/sixgate/active");
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-00000017";
        unpack(folder, step);
        const QString at = QString::fromUtf8(folder);
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at});
        QVERIFY2(said.contains("\ndone: Everything was done."), said);
        QCOMPARE(output(path("readlink"), {path("/etc/sixgate/current")}).mid(9, 1), stay.left(1));
        QByteArray left;
        for (const QByteArray &name : output(path("ls"), {path("/etc/sixgate/releases")}).split('\n'))
            left += name.left(1);
        std::sort(stay.begin(), stay.end());
        QCOMPARE(left, stay);
    }

    void waitsForOthers_data()
    {
        QTest::addColumn<QByteArray>("locked");
        QTest::addColumn<bool>("waits");
        QTest::newRow("dpkg's lock") << QByteArray("/var/lib/dpkg/lock-frontend") << true;
        QTest::newRow("a file of the same number elsewhere") << QByteArray("/run/elsewhere/file") << false;
    }

    // Others who work on the packages are waited for, and nobody else.
    void waitsForOthers()
    {
        QFETCH(QByteArray, locked);
        QFETCH(bool, waits);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/var/lib/sixgate"), path("/var/lib/dpkg")});
        const OwnPrograms programs({{"apt-get", "exit 1"}, {"dpkg", "exit 1"}});
        writeFile("/var/lib/dpkg/lock-frontend", "");
        struct stat lock = {}, other = {};
        QCOMPARE(stat("/var/lib/dpkg/lock-frontend", &lock), 0);
        // A file system that counts its files one by one.
        output(path("mkdir"), {path("-p"), path("/run/elsewhere")});
        output(path("mount"), {path("-t"), path("tmpfs"), path("sixgate-test"), path("/run/elsewhere")});
        for (int i = 0; i < 10000 && other.st_ino != lock.st_ino; ++i) {
            unlink("/run/elsewhere/file");
            writeFile("/run/elsewhere/file", "");
            stat("/run/elsewhere/file", &other);
        }
        QCOMPARE(other.st_ino, lock.st_ino);
        const int fd = open(locked.constData(), O_RDWR | O_CLOEXEC);
        struct flock whole = {};
        whole.l_type = F_WRLCK;
        QCOMPARE(fcntl(fd, F_SETLK, &whole), 0);
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-00000018";
        unpack(folder, "packages\tp\tsurely-not-there\nactivate\ta\tbbbbbbbbbbbbbbbb\t-\n");
        QProcess run;
        run.setProcessChannelMode(QProcess::MergedChannels);
        run.start(path("perl"), {QString::fromUtf8(folder) + path("/run.pl"), QString::fromUtf8(folder)});
        QByteArray said;
        const auto says = [&](const char *words) {
            run.waitForReadyRead(100);
            said += run.readAll();
            return said.contains(words);
        };
        const char *const wanted = waits ? "Waiting for " : "apt-get could not install surely-not-there.";
        for (int i = 0; i < 200 && !says(wanted); ++i) {
        }
        ::close(fd); // of the lock, too
        run.waitForFinished(20000);
        output(path("umount"), {path("/run/elsewhere")});
        QVERIFY2(said.contains(wanted), said);
        QVERIFY2(waits || !said.contains("Waiting for "), said);
        if (waits)
            QVERIFY2((said + run.readAll()).contains("apt-get could not install"), said);
    }

    // Cancelled before it had begun to listen for that: it says so, and nothing stays.
    void cancelledAtTheBeginning()
    {
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/var/lib/sixgate")});
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-00000010";
        unpack(folder, "activate\ta\tcccccccccccccccc\t-\n");
        writeFile(folder + "/files/0", "secret\n", 0600);
        const QString at = QString::fromUtf8(folder);
        const QByteArray said =
            output(path("env"), {path("EXIT_STATUS=TERM"), path("perl"), at + path("/run.pl"), at, path("after")});
        QVERIFY2(said.startsWith("cancelled: "), said);
        QCOMPARE(output(path("ls"), {path("-A"), at}), QByteArray("log\nresult\n"));
        QCOMPARE(output(path("find"), {path("/etc/sixgate")}).count('\n'), 1);
    }

    // A later run removes what was left, and starts from the release that had proven itself.
    void tidied()
    {
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/apache2"), path("/var/lib/sixgate")});
        const QByteArray proven = "releases/aaaaaaaaaaaaaaaa-20250101-000000-0000000a";
        const QByteArray kept = "releases/eeeeeeeeeeeeeeee-20250101-000000-0000000e";
        const QByteArray unproven = "releases/dddddddddddddddd-20250101-000000-0000000d";
        for (const QByteArray &release : {proven, kept, unproven})
            writeFile("/etc/sixgate/" + release + "/manifest", "x\n");
        makeLink(unproven, "/etc/sixgate/current");
        makeLink(proven, "/etc/sixgate/active");
        for (const char *left :
             {"/etc/sixgate/acme/.sixgate-x", "/etc/sixgate/.sixgate-x", "/etc/sixgate/current.x",
              "/etc/sixgate/active.x", "/etc/sixgate/staged", "/etc/apache2/sites-available/.sixgate-x"})
            writeFile(left, "secret\n", 0600);
        writeFile("/var/lib/sixgate/runs/20250101-000000-0000000e/result", "result\tdone\t\t\n");
        writeFile("/var/lib/sixgate/runs/20250101-000000-0000000d/result", "result\tfailed\t\t\n");
        writeFile("/var/lib/sixgate/runs/20250101-000000-0000000d/files/0", "secret\n", 0600);
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-0000000f";
        unpack(folder, "activate\ta\t0123456789abcdef\taaaaaaaaaaaaaaaa\n");
        const QString at = QString::fromUtf8(folder);
        // Half a deployment is none, so a plan does not expect it.
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at});
        QVERIFY2(said.startsWith("moved: The current release is not the one"), said);
        QCOMPARE(output(path("readlink"), {path("/etc/sixgate/current")}), proven + '\n');
        QCOMPARE(output(path("ls"), {path("/etc/sixgate/releases")}), proven.mid(9) + '\n' + kept.mid(9) + '\n');
        QCOMPARE(output(path("grep"), {path("-r"), path("secret"), path("/etc/sixgate"), path("/etc/apache2"),
                                       path("/var/lib/sixgate/runs/20250101-000000-0000000d")}),
                 QByteArray());
    }

    void closedAgain_data()
    {
        QTest::addColumn<QString>("by");
        QTest::newRow("the run itself") << QString();
        QTest::newRow("what systemd runs after it") << path("after");
        QTest::newRow("the unit at boot") << path("boot");
    }

    // A real firewall. Without systemd the run cannot keep it open, and fails: it is as before. So it is when somebody
    // else takes back what a run that was killed had opened. What an earlier run opened stays.
    void closedAgain()
    {
        QFETCH(QString, by);
        output(path("rm"), {path("-rf"), path("/etc/sixgate"), path("/etc/systemd"), path("/var/lib/sixgate")});
        const auto ruleset = [] { return output(path("nft"), {path("list"), path("ruleset")}); };
        const QByteArray rules =
            "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; "
            "policy drop;\n\t\tmeta nfproto ipv4 tcp dport 443 accept comment \"sixgate\"\n\t\ttcp dport 22 "
            "accept\n\t}\n}\n";
        output(path("nft"), {path("flush"), path("ruleset")});
        QCOMPARE(output(path("nft"), {path("-f"), path("-")}, rules), QByteArray());
        writeFile("/var/lib/sixgate/firewall", "nft inet filter input 443\n", 0600);
        const QByteArray folder = "/var/lib/sixgate/runs/20260101-000000-00000011";
        unpack(folder, "firewall\tf\t80\tnftables\tinet\tfilter\tinput\nactivate\ta\t0123456789abcdef\t-\n");
        const QString at = QString::fromUtf8(folder);
        if (by.isEmpty()) {
            const QByteArray said = output(path("perl"), {at + path("/run.pl"), at});
            QVERIFY2(said.contains("failed: The unit that keeps the firewall open does not start."), said);
        } else {
            output(path("nft"),
                   {path("insert rule inet filter input meta nfproto ipv4 tcp dport 80 accept comment \"sixgate\"")});
            QVERIFY(ruleset() != rules);
            writeFile("/etc/systemd/system/sixgate-firewall.service", "");
            writeFile("/var/lib/sixgate/firewall", "nft inet filter input 443\nnft inet filter input 80\n", 0600);
            writeFile(folder + "/old/1", "nft inet filter input 443\n", 0600);
            writeFile(folder + "/log", "step\tf\tstarted\t\n");
            writeFile(folder + "/undo", "f\tkeeper\tsixgate-firewall.service\t0\n"
                                        "f\tabsent\t/etc/systemd/system/sixgate-firewall.service\n"
                                        "f\tfile\t/var/lib/sixgate/firewall\t600\t1\n"
                                        "f\tport\tnft\tinet\tfilter\tinput\t80\n");
            const QByteArray said = output(path("perl"), {at + path("/run.pl"), at, by});
            QVERIFY2(said.contains("failed: The run was ended") && !said.contains("Not undone"), said);
        }
        QCOMPARE(ruleset(), rules);
        QCOMPARE(output(path("cat"), {path("/var/lib/sixgate/firewall")}), QByteArray("nft inet filter input 443\n"));
        QCOMPARE(output(path("find"),
                        {path("/etc/systemd"), path("/var/lib/sixgate"), path("-name"), path("*keep*"), path("-o"),
                         path("-name"), path("*firewall.service*"), path("-o"), path("-name"), path("nftables*")}),
                 QByteArray());
    }

    // Nothing that reads like a step of the firewall and is none comes to nft.
    void oddFirewalls_data()
    {
        QTest::addColumn<QByteArray>("fields");
        for (const char *fields :
             {"80,22\tufw", "22\tufw", "443,80\tufw", "80\tiptables", "80\tufw\tinet\tfilter\tinput", "80\tnftables",
              "80\tnftables\tip6\tfilter\tinput", "80\tnftables\tinet\t-f\tinput", "80\tnftables\tinet\tfilter\ta b",
              "80\tnftables\tinet\tfilter\t$(reboot)", "80\tnftables\tinet\tfilter\tinput\tx", "80 \tufw", "\tufw",
              "443/6\tufw", "80/6\tnftables\tip\tfilter\tinput", "80/6\tufw\tx", "53/6\tufw", "80,53\tufw"})
            QTest::newRow(fields) << QByteArray(fields);
    }

    void oddFirewalls()
    {
        QFETCH(QByteArray, fields);
        output(path("rm"), {path("-rf"), path("/run/20260101-000000-00000012")});
        const QByteArray folder = "/run/20260101-000000-00000012";
        unpack(folder, "firewall\tf\t" + fields + "\nactivate\ta\t0123456789abcdef\t-\n");
        const QString at = QString::fromUtf8(folder);
        const QByteArray said = output(path("perl"), {at + path("/run.pl"), at});
        QVERIFY2(said.startsWith("failed: The plan has a bad step of kind firewall."), said);
    }

    // One byte less or more, and the runner refuses.
    void damagedBundle()
    {
        const auto bundle = deploymentBundle({change(write(path("/etc/sixgate/x"))), change(activation())});
        QVERIFY(bundle);
        const QString folder = QStringLiteral("/run/20260101-000000-0123abce");
        output(path("mkdir"), {folder});
        output(path("tar"), {path("-x"), path("-f"), path("-"), path("-C"), folder}, *bundle);
        writeFile(folder.toUtf8() + "/files/0", "contenX\n");
        const QByteArray said = output(path("perl"), {folder + path("/run.pl"), folder});
        QVERIFY2(said.startsWith("failed: The bundle arrived damaged."), said);
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestRun test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_run.moc"
