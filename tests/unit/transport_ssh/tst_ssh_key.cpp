// Private key files as users have them: what is wrong with them is said before anything connects.

#include "transport/sshkey.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace sixgate;

class TestSshKey : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void files_data()
    {
        QTest::addColumn<QString>("command"); // makes the file "key"
        QTest::addColumn<bool>("passphrase"); // one is given
        QTest::addColumn<QString>("summary"); // part of it; empty: the key is good
        QTest::addColumn<QString>("fix");
        const auto row = [](const char *name, const char *command, bool passphrase, const char *summary,
                            const char *fix = "") {
            QTest::newRow(name) << QString::fromLatin1(command) << passphrase << QString::fromLatin1(summary)
                                << QString::fromLatin1(fix);
        };
        row("ed25519", "ssh-keygen -q -t ed25519 -N '' -f key", false, "");
        row("ed25519, passphrase not needed", "ssh-keygen -q -t ed25519 -N '' -f key", true, "");
        row("ecdsa", "ssh-keygen -q -t ecdsa -b 384 -N '' -f key", false, "");
        row("ecdsa PEM", "ssh-keygen -q -t ecdsa -m PEM -N '' -f key", false, "");
        row("ecdsa PKCS8", "ssh-keygen -q -t ecdsa -m PKCS8 -N '' -f key", false, "");
        row("encrypted", "ssh-keygen -q -t ed25519 -N pass1 -f key", true, "");
        row("encrypted, no passphrase", "ssh-keygen -q -t ed25519 -N pass1 -f key", false, "needs its passphrase",
            "sixgatectl secret set vps.main.passphrase");
        row("encrypted PEM, no passphrase", "ssh-keygen -q -t ecdsa -m PEM -N pass1 -f key", false,
            "needs its passphrase");
        row("encrypted PKCS8, no passphrase", "ssh-keygen -q -t ecdsa -m PKCS8 -N pass1 -f key", false,
            "needs its passphrase");
        row("rsa", "ssh-keygen -q -t rsa -b 2048 -N '' -f key", false, "is an RSA key", "sixgatectl vps keys install");
        row("rsa PEM", "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f key", false, "is an RSA key",
            "sixgatectl vps keys install");
        row("rsa PKCS8", "ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -f key", false, "is an RSA key",
            "sixgatectl vps keys install");
        row("encrypted rsa", "ssh-keygen -q -t rsa -b 2048 -N pass1 -f key", false, "is an RSA key",
            "sixgatectl vps keys install");
        row("encrypted ecdsa PKCS8", "ssh-keygen -q -t ecdsa -m PKCS8 -N pass1 -f key", true, "");
        row("encrypted rsa PKCS8", "ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N pass1 -f key", true, "is an RSA key",
            "sixgatectl vps keys install");
        row("public key", "ssh-keygen -q -t ed25519 -N '' -f k; mv k.pub key", false, "is not an SSH private key");
        row("PuTTY", "echo 'PuTTY-User-Key-File-3: ssh-ed25519' > key", false, "is not an SSH private key");
        row("empty", ": > key", false, "is not an SSH private key", "sixgatectl vps keys install");
        row("noise", "head -c 5000 /dev/urandom > key", false, "is not an SSH private key");
        row("cut off", "ssh-keygen -q -t ed25519 -N '' -f k; head -c 60 k > key", false, "is not an SSH private key");
        row("very long", "head -c 1000000 /dev/zero > key", false, "cannot be read as a key");
        row("folder", "mkdir key", false, "cannot be read as a key");
        row("missing", "true", false, "does not exist", "sixgatectl vps keys install");
        row("missing folder", ": > key/", false, "does not exist");
    }

    void files()
    {
        QFETCH(QString, command);
        QFETCH(bool, passphrase);
        QFETCH(QString, summary);
        QFETCH(QString, fix);
        QTemporaryDir dir;
        QProcess shell;
        shell.setWorkingDirectory(dir.path());
        shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), command});
        QVERIFY(shell.waitForFinished());
        const Secret given(passphrase ? QByteArray("pass1") : QByteArray());
        const auto key = readSshKey(dir.filePath(QStringLiteral("key")), given, QStringLiteral("vps.main.passphrase"));
        if (summary.isEmpty()) {
            QVERIFY2(key, key ? "" : qPrintable(key.error().summary + key.error().detail));
            QVERIFY(key->text.reveal().startsWith("-----BEGIN"));
            QCOMPARE(key->encrypted, command.contains(QLatin1String("pass1")));
            return;
        }
        QVERIFY(!key);
        QVERIFY2(key.error().summary.contains(summary), qPrintable(key.error().summary));
        QVERIFY(key.error().summary.endsWith(QLatin1Char('.')));
        QVERIFY2(key.error().fix.contains(fix), qPrintable(key.error().fix));
    }

    void permissions()
    {
        QTemporaryDir dir;
        const QString name = dir.filePath(QStringLiteral("key"));
        QFile file(name);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        QCOMPARE(::chmod(name.toLocal8Bit().constData(), 0), 0);
        const uid_t me = geteuid();
        if (me == 0) // root may read everything: look with the eyes of "nobody"
            QCOMPARE(::seteuid(65534), 0);
        const auto key = readSshKey(name, false);
        if (me == 0)
            QCOMPARE(::seteuid(me), 0);
        QVERIFY(!key);
        QCOMPARE(key.error().code, ErrorCode::Denied);
        QVERIFY2(key.error().summary.contains(QLatin1String("may not be read by this user")),
                 qPrintable(key.error().summary));
    }
};

QTEST_GUILESS_MAIN(TestSshKey)
#include "tst_ssh_key.moc"
