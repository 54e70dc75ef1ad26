// What a removal leaves to others, and who may log in: the scripts on a machine of the test's own, whose package tools
// say what the test wants.

#include "bundles.h"
#include "proxy/sandbox.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QTest>

using namespace bundles;
using proxytest::makeLink;
using proxytest::writeFile;

namespace
{

const QString tools = QStringLiteral("/run/tools");

/// A program that the scripts find before Debian's own.
void makeTool(const char *name, const QByteArray &shell)
{
    writeFile(tools.toUtf8() + '/' + name, "#!/bin/sh\n" + shell, 0755);
}

/// Calls a function of the real runner, in its place, and prints what it returns, one a line.
QByteArray called(const QByteArray &call)
{
    const QString folder = QStringLiteral("/run/20260101-000000-00000020");
    output(path("rm"), {path("-rf"), folder});
    output(path("mkdir"), {path("-p"), folder});
    output(path("tar"), {path("-x"), path("-f"), path("-"), path("-C"), folder, path("run.pl")},
           must(deploymentBundle({change(activation())})));
    const QString script = folder + path("/run.pl");
    QByteArray text = output(path("cat"), {script});
    const qsizetype start = text.indexOf("if (defined $mode)");
    text.insert(start,
                "$ENV{PATH} = '" + tools.toUtf8() + ":' . $ENV{PATH}; print map { \"$_\\n\" } " + call + "; exit 0;\n");
    writeFile(script.toUtf8(), text);
    return output(path("perl"), {script, folder});
}

void cleanMachine()
{
    output(path("rm"),
           {path("-rf"), path("/etc/apache2"), path("/etc/letsencrypt"), path("/var/lib/apache2"),
            path("/var/lib/sixgate"), path("/run/ssh"), path("/run/purged"), path("/run/installed"), tools});
    // The host's own, where it has one, is nobody's here.
    output(path("mount"), {path("-t"), path("tmpfs"), path("none"), path("/var")});
    output(path("mkdir"), {path("/var/lib"), path("/var/www"), path("/var/log"), path("/var/tmp"), path("/var/cache")});
    makeTool("dpkg-query",
             "case $1 in\n-S) shift 2; for f; do case $f in */debian*) echo \"apache2: $f\" ;; esac; done "
             ";;\n*) sed 's/$/ installed/' /run/installed ;;\nesac\n");
    makeTool("dpkg", "exit 0\n");
    makeTool("apt-mark", "cat /run/manual\n");
    makeTool("apt-get",
             "case $* in *-s*purge*) for p; do [ \"$p\" != python3-minimal ] || echo 'Purg python3 [1]'; done;;"
             "\n*) for p; do case $p in -*|*=*|purge) ;; *) echo \"$p\" >>/run/purged; "
             "sed -i \"/^$p\\$/d\" /run/installed ;; esac; done ;;\nesac\n");
}

/// As Debian's package and a run leave it.
void usualApache()
{
    for (const char *folder : {"sites", "mods", "conf"}) {
        output(path("mkdir"), {path("-p"), path("/etc/apache2/%1-enabled").arg(path(folder)),
                               path("/etc/apache2/%1-available").arg(path(folder))});
    }
    const auto enable = [](const QByteArray &kind, const QByteArray &name, const QByteArray &mark) {
        makeLink("../" + kind + "-available/" + name, "/etc/apache2/" + kind + "-enabled/" + name);
        if (!mark.isEmpty())
            writeFile("/var/lib/apache2/" + mark, "");
    };
    enable("mods", "status.load", "module/enabled_by_maint/status");
    enable("mods", "status.conf", "");
    enable("conf", "charset.conf", "conf/enabled_by_maint/charset");
    enable("sites", "000-default.conf", "site/enabled_by_admin/000-default");
    enable("mods", "ssl.load", "module/enabled_by_admin/ssl");
    enable("mods", "ssl.conf", "");
    writeFile("/var/lib/sixgate/modules", "proxy\nssl\n", 0600);
    writeFile("/etc/apache2/conf-available/debian.conf", "");
}

} // namespace

class TestRemoval : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { cleanMachine(); }

    void somebodysSettings_data()
    {
        QTest::addColumn<QByteArray>("at");
        QTest::addColumn<QByteArray>("target"); ///< nothing: a file
        QTest::addColumn<QByteArray>("mark");
        QTest::addColumn<bool>("counts");
        const auto row = [](const char *what, const char *at, const char *target, bool counts, const char *mark = "") {
            QTest::newRow(what) << QByteArray(at) << QByteArray(target) << QByteArray(mark) << counts;
        };
        row("nothing", "", "", false);
        row("Debian's module", "/etc/apache2/mods-enabled/dir.load", "../mods-available/dir.load", false,
            "module/enabled_by_maint/dir");
        row("the same by its whole path", "/etc/apache2/mods-enabled/dir.load", "/etc/apache2/mods-available/dir.load",
            false, "module/enabled_by_maint/dir");
        row("a run's module", "/etc/apache2/mods-enabled/proxy.load", "../mods-available/proxy.load", false,
            "module/enabled_by_admin/proxy");
        row("Debian's file", "/etc/apache2/debian-magic", "", false);
        row("somebody's file", "/etc/apache2/sites-available/cloud.conf", "", true);
        row("a file as a site", "/etc/apache2/sites-enabled/cloud.conf", "", true);
        row("a site elsewhere", "/etc/apache2/sites-enabled/cloud.conf", "/srv/cloud.conf", true);
        row("a default site elsewhere", "/etc/apache2/sites-enabled/000-default.conf", "/srv/site.conf", true);
        row("a module enabled by hand", "/etc/apache2/mods-enabled/userdir.load", "../mods-available/userdir.load",
            true, "module/enabled_by_admin/userdir");
        row("a module linked by hand", "/etc/apache2/mods-enabled/userdir.load", "../mods-available/userdir.load",
            true);
        row("a run's module that leads elsewhere", "/etc/apache2/mods-enabled/ssl.load", "/srv/ssl.load", true,
            "module/enabled_by_admin/ssl");
        row("Debian's other site", "/etc/apache2/sites-enabled/default-ssl.conf", "../sites-available/default-ssl.conf",
            true, "site/enabled_by_admin/default-ssl");
        row("settings enabled by hand", "/etc/apache2/conf-enabled/x.conf", "../conf-available/x.conf", true,
            "conf/enabled_by_admin/x");
        row("settings elsewhere", "/etc/apache2/conf-available/x.conf", "../../x/apache.conf", true);
        row("a folder elsewhere", "/var/www/html", "/srv/www", true);
        row("a hook", "/etc/letsencrypt/renewal-hooks/deploy/x", "/srv/hook", true);
    }

    void somebodysSettings()
    {
        QFETCH(QByteArray, at);
        QFETCH(QByteArray, target);
        QFETCH(QByteArray, mark);
        QFETCH(bool, counts);
        usualApache();
        output(path("rm"), {path("-f"), QString::fromUtf8(at)});
        if (!target.isEmpty()) {
            output(path("mkdir"), {path("-p"), QString::fromUtf8(at.left(at.lastIndexOf('/')))});
            makeLink(target, at);
        } else if (!at.isEmpty())
            writeFile(at, "");
        if (!mark.isEmpty())
            writeFile("/var/lib/apache2/" + mark, "");
        QCOMPARE(called("foreign_settings(qw(apache2 apache2-data certbot))"), counts ? at + '\n' : QByteArray());
    }

    void manyAreShortened()
    {
        usualApache();
        for (int i = 0; i < 20; ++i)
            writeFile("/etc/apache2/sites-available/" + QByteArray::number(i) + ".conf", "");
        writeFile("/run/installed", "apache2\n");
        writeFile("/var/lib/sixgate/installed", "apache2\n");
        const QByteArray said = called("remove_packages()");
        QVERIFY2(said.startsWith("Packages: apache2.\nSomebody else's settings") && said.endsWith(" and 12 more.\n"),
                 said);
        QVERIFY(!QFileInfo::exists(path("/run/purged")));
    }

    void packages_data()
    {
        QTest::addColumn<QByteArray>("named");
        QTest::addColumn<QByteArray>("manual");
        QTest::addColumn<QByteArray>("purged");
        QTest::addColumn<QByteArray>("said");
        const QByteArray all = "certbot\nlibfoo:amd64\npython3\n";
        QTest::newRow("nobody asked") << QByteArray("certbot\n") << QByteArray("certbot\ncurl\n") << all
                                      << QByteArray();
        QTest::newRow("a need of others asked for since")
            << QByteArray("certbot\n") << QByteArray("certbot\npython3\n") << QByteArray("certbot\nlibfoo:amd64\n")
            << QByteArray("Packages that somebody has asked apt for since: python3.\n");
        QTest::newRow("one of an architecture")
            << QByteArray("certbot\n") << QByteArray("libfoo\ncertbot\n") << QByteArray("certbot\npython3\n")
            << QByteArray("Packages that somebody has asked apt for since: libfoo:amd64.\n");
        QTest::newRow("a run named both")
            << QByteArray("certbot\npython3\n") << QByteArray("certbot\npython3\n") << all << QByteArray();
        QTest::newRow("it is not known what runs named")
            << QByteArray() << QByteArray("certbot\npython3\n") << all << QByteArray();
    }

    // The ones that a run named are asked for in apt's eyes from the beginning.
    void packages()
    {
        QFETCH(QByteArray, named);
        QFETCH(QByteArray, manual);
        QFETCH(QByteArray, purged);
        QFETCH(QByteArray, said);
        const QByteArray all = "certbot\nlibfoo:amd64\npython3\n";
        writeFile("/run/installed", "base-files\n" + all);
        writeFile("/run/manual", manual);
        writeFile("/var/lib/sixgate/installed", all);
        if (!named.isEmpty())
            writeFile("/var/lib/sixgate/named", named);
        QCOMPARE(called("remove_packages()"), said);
        QCOMPARE(output(path("cat"), {path("/run/purged")}), purged);
    }

    // What somebody asked for keeps what it needs.
    void needsOfWhatStays()
    {
        writeFile("/run/installed", "python3\npython3-minimal\n");
        writeFile("/run/manual", "python3\n");
        writeFile("/var/lib/sixgate/installed", "python3\npython3-minimal\n");
        writeFile("/var/lib/sixgate/named", "certbot\n");
        QCOMPARE(called("remove_packages()"),
                 QByteArray("Packages that others need: python3-minimal.\nPackages that somebody has asked apt for "
                            "since: python3.\n"));
        QVERIFY(!QFileInfo::exists(path("/run/purged")));
    }

    void namedBeforeTheInstallation()
    {
        writeFile("/var/lib/sixgate/named", "openssl\n", 0600);
        makeTool("dpkg-query", "exit 1\n");
        makeTool("apt-get", "cp /var/lib/sixgate/named /run/named-then; exit 100\n");
        called("eval { do_packages({ field => [\"apache2\\tcertbot\"] }) }");
        QCOMPARE(output(path("cat"), {path("/run/named-then")}), QByteArray("apache2\ncertbot\nopenssl\n"));
    }

    // Of two who change who may log in, the second one starts from what the first one left.
    void keysOneAfterTheOther()
    {
        const QByteArray lost = "ssh-ed25519 AAAA lost\n", other = "ssh-ed25519 BBBB other\n";
        const QString keys = path("/run/ssh/.ssh/authorized_keys");
        writeFile("/etc/passwd", "root:x:0:0:root:/run/ssh:/bin/sh\n");
        writeFile(keys.toUtf8(), lost + other, 0600);
        QProcess holder;
        holder.start(path("perl"),
                     {path("-MFcntl=:flock"), path("-e"),
                      path("open(my $in, '<', '/run/ssh/.ssh') or die; flock($in, LOCK_EX) or die; $| = 1; "
                           "print 'held'; <STDIN>; open(my $out, '>', $ARGV[0]); print $out $ARGV[1];"),
                      keys, QString::fromUtf8(other)});
        QVERIFY2(holder.waitForReadyRead(5000), holder.readAllStandardError());
        const QByteArray line = "ssh-ed25519 CCCC new";
        QProcess adding;
        adding.setProcessChannelMode(QProcess::MergedChannels);
        adding.start(path("perl"), {path("-")});
        adding.write(resource(u"vps/keys.pl") + "__END__\nadd " + line.toBase64() + '\n');
        adding.closeWriteChannel();
        QVERIFY(!adding.waitForFinished(700));
        const QByteArray looked =
            output(path("perl"), {path("-")}, resource(u"vps/keys.pl") + "__END__\nlist\n"); // is not kept waiting
        QVERIFY2(looked.startsWith(lost.trimmed().toBase64()), looked);
        holder.write("\n");
        QVERIFY(holder.waitForFinished(5000) && adding.waitForFinished(5000));
        QCOMPARE(adding.readAll(), QByteArray("added\n"));
        QCOMPARE(output(path("cat"), {keys}), other + line + '\n');
    }

    // Where there are none yet, the first one is added all the same, and none is there to be removed.
    void firstKey()
    {
        writeFile("/etc/passwd", "root:x:0:0:root:/run/ssh:/bin/sh\n");
        output(path("mkdir"), {path("/run/ssh")});
        const auto said = [](const QByteArray &question) {
            return output(path("perl"), {path("-")}, resource(u"vps/keys.pl") + "__END__\n" + question + '\n');
        };
        QCOMPARE(said("remove AAAA"), QByteArray("0\n"));
        QVERIFY(!QFileInfo::exists(path("/run/ssh/.ssh")));
        QCOMPARE(said("add " + QByteArray("ssh-ed25519 CCCC new").toBase64()), QByteArray("added\n"));
        QCOMPARE(output(path("stat"), {path("-c"), path("%a"), path("/run/ssh/.ssh")}), QByteArray("700\n"));
        QCOMPARE(said("remove CCCC"), QByteArray("1\n"));
    }
};

int main(int argc, char *argv[])
{
    return proxytest::inSandbox([&] {
        QCoreApplication application(argc, argv);
        TestRemoval test;
        return QTest::qExec(&test, argc, argv);
    });
}

#include "tst_removal.moc"
