// Secrets in a folder, in a file, from systemd, on standard input: what is read, what is refused, what is left alone.

#include "storage/secretstores.h"
#include "storage/sitefile.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace sixgate;

namespace
{

const Deadline soon()
{
    return Deadline::after(std::chrono::seconds(5));
}

std::unique_ptr<SecretStore> open(const QString &choice)
{
    auto store = openSecretStore(choice, *Label::parse(QStringLiteral("home")));
    if (!store)
        qFatal("%s", qPrintable(store.error().summary));
    return std::move(*store);
}

QByteArray got(SecretStore &store, const char *name)
{
    const auto value = store.get(QString::fromLatin1(name), soon(), {});
    return value ? value->reveal() : "(" + errorCodeName(value.error().code).toLatin1() + ")";
}

QString code(const Outcome &outcome)
{
    return outcome ? QString() : errorCodeName(outcome.error().code);
}

Outcome put(SecretStore &store, const char *name, const QByteArray &value)
{
    return store.set(QString::fromLatin1(name), Secret(value), soon(), {});
}

Outcome removed(SecretStore &store, const char *name)
{
    return store.remove(QString::fromLatin1(name), soon(), {});
}

QStringList listed(SecretStore &store)
{
    const auto names = store.list();
    if (!names)
        return {errorCodeName(names.error().code)};
    return QStringList(names->begin(), names->end());
}

int modeOf(const QString &path)
{
    struct stat status;
    return ::stat(QFile::encodeName(path).constData(), &status) == 0 ? int(status.st_mode & 07777) : -1;
}

void writeFile(const QString &path, const QByteArray &content, int mode)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    file.write(content);
    file.close();
    QCOMPARE(::chmod(QFile::encodeName(path).constData(), mode_t(mode)), 0);
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(none)");
}

} // namespace

class TestSecretStores : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString path(const char *name) const { return m_folder->filePath(QString::fromLatin1(name)); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        ::umask(022);
    }

    void choices_data()
    {
        QTest::addColumn<QString>("choice");
        QTest::addColumn<QString>("code");
        for (const char *one :
             {"", "keyring", "dir", "dir:", "file:", "Keychain", "stdin:", "/etc/sixgate", "env:KEY", "keychain "})
            QTest::newRow(*one ? one : "(empty)") << QString::fromLatin1(one) << QStringLiteral("invalid");
        QTest::newRow("systemd") << QStringLiteral("systemd") << QStringLiteral("unavailable");
    }

    void choices()
    {
        QFETCH(QString, choice);
        QFETCH(QString, code);
        qunsetenv("CREDENTIALS_DIRECTORY");
        const auto store = openSecretStore(choice, *Label::parse(QStringLiteral("home")));
        QVERIFY(!store);
        QCOMPARE(errorCodeName(store.error().code), code);
    }

    void names_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *one :
             {"", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "-x", "A", "a b", "a=b", "a\n", "ä"})
            QTest::newRow(*one ? one : "(empty)") << QString::fromUtf8(one);
        QTest::newRow("long") << QString(101, QLatin1Char('a'));
        QTest::newRow("NUL") << QString::fromLatin1("a\0b", 3);
    }

    void names()
    {
        QFETCH(QString, name);
        for (const QString &choice :
             {QStringLiteral("dir:") + path("d"), QStringLiteral("file:") + path("f"), QStringLiteral("keychain")}) {
            const auto store = open(choice);
            QCOMPARE(store->get(name, soon(), {}).error().code, ErrorCode::Invalid);
            QCOMPARE(code(store->set(name, Secret("x"), soon(), {})), QStringLiteral("invalid"));
            QCOMPARE(code(store->remove(name, soon(), {})), QStringLiteral("invalid"));
        }
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    void values_data()
    {
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QString>("directory"); // error code of set; empty: kept as it is
        QTest::addColumn<QString>("file");
        const auto row = [](const char *name, const QByteArray &value, const char *directory, const char *file) {
            QTest::newRow(name) << value << QString::fromLatin1(directory) << QString::fromLatin1(file);
        };
        row("base64", "c3dvcmRmaXNo+/==", "", "");
        row("with =", "a=b=c", "", "");
        row("spaces around", "  x  ", "", "");
        row("begins with #", "#x", "", "");
        row("one octet", "x", "", "");
        row("not UTF-8", "\xff\xfe\x80", "", "");
        row("NUL", QByteArray("a\0b", 3), "", "");
        row("newline inside", "a\nb", "", "invalid");
        row("newline at the end", "a\n", "", "invalid");
        row("carriage return at the end", "a\r", "invalid", "invalid");
        row("longest", QByteArray(65536, 'x'), "", "");
        row("longest, newline at the end", QByteArray(65535, 'x') + '\n', "", "invalid");
        row("too long", QByteArray(65537, 'x'), "invalid", "invalid");
        row("empty", "", "invalid", "invalid");
    }

    void values()
    {
        QFETCH(QByteArray, value);
        QFETCH(QString, directory);
        QFETCH(QString, file);
        const auto folder = open(QStringLiteral("dir:") + path("d"));
        QCOMPARE(code(put(*folder, "a", value)), directory);
        if (directory.isEmpty())
            QCOMPARE(got(*folder, "a"), value);
        const auto lines = open(QStringLiteral("file:") + path("f"));
        QCOMPARE(code(put(*lines, "a", value)), file);
        if (file.isEmpty())
            QCOMPARE(got(*lines, "a"), value);
    }

    void lifeOfASecret_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::newRow("folder") << QStringLiteral("dir:");
        QTest::newRow("file") << QStringLiteral("file:");
    }

    void lifeOfASecret()
    {
        QFETCH(QString, kind);
        const QString place = path("place");
        const auto store = open(kind + place);
        QCOMPARE(got(*store, "dns.main.key"), QByteArray("(not-found)"));
        QCOMPARE(code(removed(*store, "dns.main.key")), QStringLiteral("not-found"));
        QCOMPARE(listed(*store), QStringList());
        QVERIFY(!QFile::exists(place)); // reading makes nothing
        QVERIFY(put(*store, "dns.main.key", "one"));
        QVERIFY(put(*store, "dns.main.acme-key", "two"));
        QVERIFY(put(*store, "dns.main.key", "three"));
        QCOMPARE(got(*store, "dns.main.key"), QByteArray("three"));
        QCOMPARE(got(*open(kind + place), "dns.main.acme-key"), QByteArray("two"));
        QCOMPARE(listed(*store), (QStringList{QStringLiteral("dns.main.acme-key"), QStringLiteral("dns.main.key")}));
        QCOMPARE(modeOf(place), kind == QLatin1String("dir:") ? 0700 : 0600);
        if (kind == QLatin1String("dir:"))
            QCOMPARE(modeOf(place + QStringLiteral("/dns.main.key")), 0600);
        QVERIFY(removed(*store, "dns.main.key"));
        QCOMPARE(got(*store, "dns.main.key"), QByteArray("(not-found)"));
        QCOMPARE(listed(*store), QStringList{QStringLiteral("dns.main.acme-key")});
        const auto missing = store->get(QStringLiteral("dns.main.key"), soon(), {});
        QVERIFY(missing.error().fix.contains(QStringLiteral("sixgatectl secret set dns.main.key")));
    }

    void homeIsExpanded()
    {
        qputenv("HOME", QFile::encodeName(m_folder->path()));
        QVERIFY(put(*open(QStringLiteral("dir:~/secrets")), "a", "x"));
        QCOMPARE(contentOf(path("secrets/a")), QByteArray("x\n"));
    }

    void rights_data()
    {
        QTest::addColumn<int>("folderMode");
        QTest::addColumn<int>("fileMode");
        QTest::addColumn<QByteArray>("own");
        QTest::addColumn<QByteArray>("systemd");
        const auto row = [](int folder, int file, const char *own, const char *systemd) {
            QTest::addRow("%o %o", folder, file) << folder << file << QByteArray(own) << QByteArray(systemd);
        };
        row(0700, 0600, "x", "x");
        row(0700, 0400, "x", "x");
        row(0500, 0400, "x", "x");
        row(0700, 0640, "(denied)", "x");
        row(0700, 0440, "(denied)", "x");
        row(0700, 0604, "(denied)", "(denied)");
        row(0700, 0602, "(denied)", "(denied)");
        row(0700, 0644, "(denied)", "(denied)");
        row(0750, 0600, "(denied)", "x");
        row(0755, 0600, "(denied)", "(denied)");
        row(0701, 0600, "(denied)", "(denied)");
        row(0777, 0666, "(denied)", "(denied)");
    }

    void rights()
    {
        QFETCH(int, folderMode);
        QFETCH(int, fileMode);
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("d")));
        writeFile(path("d/a"), "x\n", fileMode);
        QCOMPARE(::chmod(QFile::encodeName(path("d")).constData(), mode_t(folderMode)), 0);
        qputenv("CREDENTIALS_DIRECTORY", QFile::encodeName(path("d")));
        const auto own = open(QStringLiteral("dir:") + path("d"));
        QTEST(got(*own, "a"), "own");
        QTEST(got(*open(QStringLiteral("systemd")), "a"), "systemd");
        // A file of lines is as strict as a folder.
        writeFile(path("f"), "a=x\n", fileMode);
        QCOMPARE(got(*open(QStringLiteral("file:") + path("f")), "a") == "x", (fileMode & 077) == 0);
        if ((folderMode & 077) != 0 || (fileMode & 077) != 0) {
            const auto refused = own->get(QStringLiteral("a"), soon(), {});
            QVERIFY2(refused.error().fix.startsWith(QStringLiteral("chmod ")), qPrintable(refused.error().fix));
        }
        QCOMPARE(::chmod(QFile::encodeName(path("d")).constData(), 0700), 0);
    }

    void refusedFileIsNotReplaced()
    {
        writeFile(path("f"), "a=x\n", 0644);
        QCOMPARE(code(put(*open(QStringLiteral("file:") + path("f")), "b", "y")), QStringLiteral("denied"));
        QCOMPARE(contentOf(path("f")), QByteArray("a=x\n"));
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("d")));
        QCOMPARE(::chmod(QFile::encodeName(path("d")).constData(), 0755), 0);
        QCOMPARE(code(put(*open(QStringLiteral("dir:") + path("d")), "b", "y")), QStringLiteral("denied"));
        QVERIFY(QDir(path("d")).isEmpty());
    }

    void filesOfAnotherUser()
    {
        if (::geteuid() != 0)
            QSKIP("Only root can give a file to another user.");
        writeFile(path("f"), "a=x\n", 0600);
        QCOMPARE(::chown(QFile::encodeName(path("f")).constData(), 65534, 65534), 0);
        const auto refused = open(QStringLiteral("file:") + path("f"))->get(QStringLiteral("a"), soon(), {});
        QCOMPARE(refused.error().code, ErrorCode::Denied);
        QVERIFY(refused.error().summary.contains(QStringLiteral("another user")));
    }

    void wrongKinds()
    {
        writeFile(path("f"), "a=x\n", 0600);
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("d")));
        QCOMPARE(got(*open(QStringLiteral("dir:") + path("f")), "a"), QByteArray("(invalid)"));
        QCOMPARE(got(*open(QStringLiteral("file:") + path("d")), "a"), QByteArray("(invalid)"));
        QCOMPARE(listed(*open(QStringLiteral("dir:") + path("f"))), QStringList{QStringLiteral("invalid")});
    }

    void folderShowsSecretsOnly()
    {
        const auto store = open(QStringLiteral("dir:") + path("d"));
        QVERIFY(put(*store, "b", "x"));
        QVERIFY(put(*store, "a", "x"));
        writeFile(path("d/README.md"), "x", 0600);
        writeFile(path("d/.a.0123456789abcdef~"), "x", 0600);
        QVERIFY(QDir(path("d")).mkdir(QStringLiteral("c")));
        QCOMPARE(listed(*store), (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
    }

    void linesAreKept()
    {
        writeFile(path("f"), "# mine\r\n\nb=2\n  a = 1 \nc=3", 0600);
        const auto store = open(QStringLiteral("file:") + path("f"));
        QCOMPARE(got(*store, "a"), QByteArray(" 1 "));
        QCOMPARE(got(*store, "c"), QByteArray("3"));
        QVERIFY(put(*store, "b", "two"));
        QVERIFY(removed(*store, "c"));
        QVERIFY(put(*store, "d", "4"));
        QCOMPARE(contentOf(path("f")), QByteArray("# mine\n\nb=two\n  a = 1 \nd=4\n"));
    }

    void badLines_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("text");
        QTest::newRow("no equals") << QByteArray("a=1\nswordfish\n") << QStringLiteral("Line 2");
        QTest::newRow("no name") << QByteArray("=swordfish\n") << QStringLiteral("Line 1");
        QTest::newRow("bad name") << QByteArray("\n\nMY_KEY=swordfish\n") << QStringLiteral("Line 3");
        QTest::newRow("twice") << QByteArray("a=1\nb=2\na=swordfish\n") << QStringLiteral("Line 3");
        QTest::newRow("space") << QByteArray(" \n") << QStringLiteral("Line 1");
        QTest::newRow("binary") << QByteArray("\xff\xfe=swordfish") << QStringLiteral("Line 1");
    }

    void badLines()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, text);
        writeFile(path("f"), content, 0600);
        const auto value = open(QStringLiteral("file:") + path("f"))->get(QStringLiteral("a"), soon(), {});
        QVERIFY(!value);
        QCOMPARE(value.error().code, ErrorCode::Invalid);
        const QString all = value.error().summary + value.error().detail + value.error().fix;
        QVERIFY2(all.contains(text), qPrintable(all));
        QVERIFY(!all.contains(QStringLiteral("swordfish")));
        QCOMPARE(contentOf(path("f")), content);
    }

    void systemdIsReadOnly()
    {
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("d")));
        QCOMPARE(::chmod(QFile::encodeName(path("d")).constData(), 0700), 0);
        writeFile(path("d/dns.main.key"), "x", 0400);
        qputenv("CREDENTIALS_DIRECTORY", QFile::encodeName(path("d")));
        const auto store = open(QStringLiteral("systemd"));
        QCOMPARE(got(*store, "dns.main.key"), QByteArray("x"));
        QCOMPARE(listed(*store), QStringList{QStringLiteral("dns.main.key")});
        QCOMPARE(code(put(*store, "dns.main.key", "y")), QStringLiteral("denied"));
        QCOMPARE(code(removed(*store, "dns.main.key")), QStringLiteral("denied"));
        QCOMPARE(contentOf(path("d/dns.main.key")), QByteArray("x"));
    }

    void stream()
    {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        const QByteArray text = "# from a pipe\ndns.main.key=c3dvcmRmaXNo==\r\nvps.vps.passphrase= open sesame ";
        QCOMPARE(::write(ends[1], text.constData(), size_t(text.size())), ssize_t(text.size()));
        ::close(ends[1]);
        auto store = makeStreamStore(ends[0]);
        ::close(ends[0]);
        QVERIFY2(store, store ? "" : qPrintable(store.error().summary));
        QCOMPARE(got(**store, "dns.main.key"), QByteArray("c3dvcmRmaXNo=="));
        QCOMPARE(got(**store, "dns.main.key"), QByteArray("c3dvcmRmaXNo==")); // again: read once, kept
        QCOMPARE(got(**store, "vps.vps.passphrase"), QByteArray(" open sesame "));
        QCOMPARE(got(**store, "dns.main.acme-key"), QByteArray("(not-found)"));
        QCOMPARE(listed(**store).size(), 2);
        QCOMPARE(code(put(**store, "a", "y")), QStringLiteral("denied"));
        QCOMPARE(code(removed(**store, "a")), QStringLiteral("denied"));
        QVERIFY(!makeStreamStore(-1));
    }

    void aStreamThatStaysOpen()
    {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        QCOMPARE(::write(ends[1], "a=1\n", 4), ssize_t(4));
        std::stop_source stop;
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            stop.request_stop();
        });
        const auto stopped = makeStreamStore(ends[0], stop.get_token());
        later.join();
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
        // A stop from before counts, too.
        QCOMPARE(makeStreamStore(ends[0], stop.get_token()).error().code, ErrorCode::Cancelled);
        ::close(ends[0]);
        ::close(ends[1]);
    }

    void aStreamTooLong()
    {
        QFile file(path("long"));
        QVERIFY(file.open(QIODevice::ReadWrite));
        const QByteArray line = "#" + QByteArray(4 * 1024 * 1024 - 2, 'x') + "\n"; // 4 MiB
        QCOMPARE(file.write(line), line.size());
        QVERIFY(file.seek(0));
        const auto longest = makeStreamStore(file.handle());
        QVERIFY2(longest, longest ? "" : qPrintable(longest.error().summary));
        QVERIFY(file.seek(file.size()));
        file.write("\n");
        QVERIFY(file.flush());
        QVERIFY(file.seek(0));
        QCOMPARE(makeStreamStore(file.handle()).error().code, ErrorCode::Invalid);
    }
};

QTEST_GUILESS_MAIN(TestSecretStores)
#include "tst_secret_stores.moc"
