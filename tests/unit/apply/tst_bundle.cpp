// What goes to the VPS: the steps by tables with hostile values, and the whole bundle read by the real run.pl.

#include "apply/bundle.h"
#include "decide/plan.h"
#include "decide_deployment/sites.h"
#include "proxy/sandbox.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QProcess>
#include <QTest>

using namespace sites;
using proxytest::makeLink;
using proxytest::writeFile;

namespace
{

const QByteArray someHash(64, 'a');

Change change(ChangeAction action, const QString &id = QStringLiteral("vps.x"))
{
    Change made;
    made.id = id;
    made.lane = Lane::Vps;
    made.action = std::move(action);
    return made;
}

QString path(const char *text)
{
    return QString::fromUtf8(text);
}

WriteFile write(const QString &to, const QByteArray &expected = {}, int mode = 0644)
{
    return {to, mode, "content\n", false, expected};
}

ObtainCertificate certificate(const char *lineage = "cloud", int seconds = 30,
                              const char *credentials = "/etc/sixgate/acme/main.ini")
{
    return {path(lineage),
            {host("cloud.example.org"), host("bücher.example.org")},
            must(HttpsUrl::parse(QStringLiteral("https://acme.example.net/directory"))),
            must(Mail::parse(QStringLiteral("o'neil+x@example.org"))),
            std::chrono::seconds(seconds),
            path(credentials)};
}

ActivateRelease activation(const char *release = "0123456789abcdef", const char *expected = "")
{
    return {path(release), path(expected)};
}

Result<QByteArray> steps(const std::vector<Change> &changes)
{
    std::vector<QByteArray> blobs;
    return deploymentSteps(changes, blobs);
}

QByteArray output(const QString &program, const QStringList &arguments, const QByteArray &input = {})
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    process.write(input);
    process.closeWriteChannel();
    process.waitForFinished(30000);
    return process.readAll();
}

/// A run's folder with the real runner and these steps.
void unpack(const QByteArray &folder, const QByteArray &steps)
{
    const QString at = QString::fromUtf8(folder);
    output(path("mkdir"), {path("-p"), at});
    output(path("tar"), {path("-x"), path("-f"), path("-"), path("-C"), at, path("run.pl")},
           must(deploymentBundle({change(activation())})));
    writeFile(folder + "/steps", steps);
}

} // namespace

class TestBundle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneLineAStep()
    {
        std::vector<QByteArray> blobs;
        const auto text = deploymentSteps(
            {change(InstallPackages{{path("apache2"), path("python3-certbot-dns-rfc2136")}}, path("vps.packages")),
             change(write(path("/etc/sixgate/current/apache/cloud.conf")), path("vps.file.1")),
             change(write(path("/etc/sixgate/acme/main.ini"), someHash, 0600), path("vps.file.2")),
             change(DeleteFile{path("/etc/sixgate/current/apache/old.conf"), someHash}, path("vps.file.3")),
             change(EnableModules{{path("ssl"), path("proxy_http")}}, path("vps.modules")),
             change(certificate(), path("vps.certificate.cloud")),
             change(EnableSite{path("zz-sixgate")}, path("vps.site")), change(activation(), path("vps.activate")),
             change(ForgetCertificate{path("old")}, path("vps.certificate.old"))},
            blobs);
        QVERIFY(text);
        const QByteArray hash = QCryptographicHash::hash("content\n", QCryptographicHash::Sha256).toHex();
        QCOMPARE(*text, "packages\tvps.packages\tapache2\tpython3-certbot-dns-rfc2136\n"
                        "write\tvps.file.1\t/etc/sixgate/current/apache/cloud.conf\t644\t-\t" +
                            hash +
                            "\t0\n"
                            "write\tvps.file.2\t/etc/sixgate/acme/main.ini\t600\t" +
                            someHash + '\t' + hash +
                            "\t1\n"
                            "delete\tvps.file.3\t/etc/sixgate/current/apache/old.conf\t" +
                            someHash +
                            "\n"
                            "modules\tvps.modules\tssl\tproxy_http\n"
                            "certificate\tvps.certificate.cloud\tcloud\t" +
                            QByteArray("https://acme.example.net/directory").toBase64() + '\t' +
                            QByteArray("o'neil+x@example.org").toBase64() +
                            "\t30\t/etc/sixgate/acme/main.ini\tcloud.example.org,xn--bcher-kva.example.org\n"
                            "site\tvps.site\tzz-sixgate\n"
                            "activate\tvps.activate\t0123456789abcdef\t-\n"
                            "forget\tvps.certificate.old\told\n");
        QCOMPARE(blobs.size(), size_t(2));
    }

    void identifiers_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *id, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(id) << fits;
        };
        row("plain", "vps.file.apache.cloud.conf", true);
        row("digit first", "1", true);
        row("empty", "", false);
        row("dash first", "-x", false);
        row("dot first", ".x", false);
        row("capital", "Vps", false);
        row("tab", "a\tb", false);
        row("line end", "a\nactivate", false);
        row("trailing line end", "a\n", false);
        row("space", "a b", false);
        row("umlaut", "ü", false);
    }

    void identifiers()
    {
        QFETCH(QString, id);
        QFETCH(bool, fits);
        const auto text = steps({change(activation(), id)});
        QCOMPARE(bool(text), fits);
        if (!fits)
            QCOMPARE(text.error().code, ErrorCode::Invalid);
    }

    void words_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *word, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(word) << fits;
        };
        row("package", "libstdc++6", true);
        row("module", "proxy_http", true);
        row("empty", "", false);
        row("option", "-o", false);
        row("long option", "--allow-unauthenticated", false);
        row("path", "./x.deb", false);
        row("absolute path", "/tmp/x.deb", false);
        row("tab", "a\tb", false);
        row("line end", "a\nb", false);
        row("trailing line end", "a\n", false);
        row("command", "a;reboot", false);
        row("substitution", "$(reboot)", false);
        row("version", "apache2=2.4", false);
        row("architecture", "apache2:i386", false);
        row("umlaut", "apächе", false);
    }

    void words()
    {
        QFETCH(QString, word);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(InstallPackages{{QStringLiteral("openssl"), word}})})), fits);
        QCOMPARE(bool(steps({change(EnableModules{{word}})})), fits);
        QCOMPARE(bool(steps({change(EnableSite{word})})), fits);
        QCOMPARE(bool(steps({change(certificate(qPrintable(word)))})), fits);
        QCOMPARE(bool(steps({change(ForgetCertificate{word})})), fits);
    }

    void paths_data()
    {
        QTest::addColumn<QString>("to");
        QTest::addColumn<bool>("fits");
        const auto row = [](const char *name, const char *to, bool fits) {
            QTest::newRow(name) << QString::fromUtf8(to) << fits;
        };
        row("of the release", "/etc/sixgate/current/apache/cloud.conf", true);
        row("credentials", "/etc/sixgate/acme/main.ini", true);
        row("site", "/etc/apache2/sites-available/zz-sixgate.conf", true);
        row("dots in a name", "/etc/sixgate/a..b/c...", true);
        row("empty", "", false);
        row("relative", "etc/sixgate/x", false);
        row("elsewhere", "/etc/passwd", false);
        row("elsewhere in Apache's", "/etc/apache2/apache2.conf", false);
        row("beginning of a name", "/etc/sixgatex/y", false);
        row("the folder itself", "/etc/sixgate/", false);
        row("upwards", "/etc/sixgate/../passwd", false);
        row("upwards at the end", "/etc/sixgate/current/..", false);
        row("upwards at once", "/etc/apache2/sites-available/../apache2.conf", false);
        row("a dot", "/etc/sixgate/./x", false);
        row("a dot at the end", "/etc/sixgate/x/.", false);
        row("two slashes", "/etc/sixgate//x", false);
        row("space", "/etc/sixgate/a b", false);
        row("tab", "/etc/sixgate/a\t644", false);
        row("line end", "/etc/sixgate/a\nactivate", false);
        row("trailing line end", "/etc/sixgate/a\n", false);
        row("umlaut", "/etc/sixgate/ü", false);
        row("pattern", "/etc/sixgate/*", false);
    }

    void paths()
    {
        QFETCH(QString, to);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(write(to))})), fits);
        QCOMPARE(bool(steps({change(DeleteFile{to, someHash})})), fits);
        QCOMPARE(bool(steps({change(certificate("cloud", 30, to.toUtf8().constData()))})), fits);
    }

    void hashes_data()
    {
        QTest::addColumn<QByteArray>("hash");
        QTest::addColumn<bool>("fits");
        QTest::newRow("hash") << someHash << true;
        QTest::newRow("short") << someHash.left(63) << false;
        QTest::newRow("long") << someHash + 'a' << false;
        QTest::newRow("capital") << someHash.toUpper() << false;
        QTest::newRow("dash") << QByteArray("-") << false;
        QTest::newRow("line end") << someHash + '\n' << false;
        QTest::newRow("step") << someHash.left(40) + "\nactivate\ta\t0123456789abcdef\t-" << false;
    }

    void hashes()
    {
        QFETCH(QByteArray, hash);
        QFETCH(bool, fits);
        QCOMPARE(bool(steps({change(write(path("/etc/sixgate/x"), hash))})), fits);
        QCOMPARE(bool(steps({change(DeleteFile{path("/etc/sixgate/x"), hash})})), fits);
        // What is absent can be written, and not deleted.
        QVERIFY(steps({change(write(path("/etc/sixgate/x")))}));
        QVERIFY(!steps({change(DeleteFile{path("/etc/sixgate/x"), {}})}));
    }

    void otherBadValues()
    {
        for (const int mode : {-1, 010000})
            QVERIFY(!steps({change(write(path("/etc/sixgate/x"), {}, mode))}));
        QCOMPARE(steps({change(write(path("/etc/sixgate/x"), {}, 04))})->split('\t').value(3), QByteArray("004"));
        for (const int seconds : {-1, 10000})
            QVERIFY(!steps({change(certificate("cloud", seconds))}));
        ObtainCertificate nameless = certificate();
        nameless.names.clear();
        QVERIFY(!steps({change(nameless)}));
        QVERIFY(!steps({change(InstallPackages{})}));
        QVERIFY(!steps({change(EnableModules{})}));
        for (const char *bad :
             {"", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdef\n", "../..", "-"})
            QVERIFY2(!steps({change(activation(bad))}), bad);
        QVERIFY(!steps({change(activation("0123456789abcdef", "x"))}));
        // Records are another lane's.
        QVERIFY(!steps({change(SetRecords{label("main"),
                                          {host("a.example.org"), RecordType::A, {}, {}},
                                          {host("a.example.org"), RecordType::A, {}, {}}})}));
    }

    // No error text gives a content away.
    void errorsHoldNoContent()
    {
        const WriteFile secret{path("/etc/passwd"), 0600, "the secret", true, {}};
        const auto text = steps({change(secret)});
        QVERIFY(!text);
        QVERIFY(!(text.error().summary + text.error().detail + text.error().fix).contains(path("the secret")));
    }

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
        TestBundle test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_bundle.moc"
