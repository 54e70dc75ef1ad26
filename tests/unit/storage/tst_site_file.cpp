// The site file on the disk: complete or not at all, for its owner alone, links kept.

#include "example.h"

#include "storage/files.h"
#include "storage/sitefile.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sixgate;

namespace
{

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(none)");
}

void writeFile(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    QCOMPARE(file.write(content), content.size());
}

struct stat statusOf(const QString &path)
{
    struct stat status = {};
    ::stat(QFile::encodeName(path).constData(), &status);
    return status;
}

/** Whether an open file has no name any more. */
bool isGone(const QFile &file)
{
    struct stat status = {};
    return ::fstat(file.handle(), &status) == 0 && status.st_nlink == 0;
}

QStringList filesIn(const QString &folder)
{
    return QDir(folder).entryList(QDir::Files | QDir::Hidden | QDir::System, QDir::Name);
}

Site exampleParsed()
{
    return *parseSite(exampleSite());
}

} // namespace

class TestSiteFile : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString path(const char *name) const { return m_folder->filePath(QString::fromLatin1(name)); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        ::umask(0);
    }

    void writesForTheOwnerAlone()
    {
        QVERIFY(saveSite(path("site.json"), exampleParsed()));
        QCOMPARE(int(statusOf(path("site.json")).st_mode & 07777), 0600);
        QCOMPARE(contentOf(path("site.json")), exampleSite());
        // Also where a wider one was there.
        QCOMPARE(::chmod(QFile::encodeName(path("site.json")).constData(), 0666), 0);
        QVERIFY(saveSite(path("site.json"), exampleParsed()));
        QCOMPARE(int(statusOf(path("site.json")).st_mode & 07777), 0600);
        QCOMPARE(filesIn(m_folder->path()), QStringList{QStringLiteral("site.json")});
        const auto site = loadSite(path("site.json"));
        QVERIFY(site);
        QCOMPARE(siteJson(*site), exampleSite());
    }

    void replacesAndDoesNotWriteInto()
    {
        writeFile(path("site.json"), "old");
        QCOMPARE(::link(QFile::encodeName(path("site.json")).constData(), QFile::encodeName(path("kept")).constData()),
                 0);
        QVERIFY(saveSite(path("site.json"), exampleParsed()));
        QCOMPARE(contentOf(path("kept")), QByteArray("old"));
    }

    void linksStay()
    {
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("real")));
        writeFile(path("real/home.json"), "old");
        QVERIFY(QFile::link(QStringLiteral("real/home.json"), path("site.json")));
        QVERIFY(QFile::link(QStringLiteral("site.json"), path("again.json")));
        QVERIFY(saveSite(path("again.json"), exampleParsed()));
        QVERIFY(QFileInfo(path("site.json")).isSymLink());
        QVERIFY(QFileInfo(path("again.json")).isSymLink());
        QCOMPARE(contentOf(path("real/home.json")), exampleSite());
        QCOMPARE(filesIn(path("real")), QStringList{QStringLiteral("home.json")});
    }

    void linksToNothingAreRefused()
    {
        QVERIFY(QFile::link(QStringLiteral("nowhere"), path("site.json")));
        const auto saved = saveSite(path("site.json"), exampleParsed());
        QVERIFY(!saved);
        QCOMPARE(saved.error().code, ErrorCode::Invalid);
        QVERIFY(!saved.error().fix.isEmpty());
        QVERIFY(!QFile::exists(path("nowhere")));
        QVERIFY(QFile::link(QStringLiteral("loop"), path("loop")));
        QVERIFY(!saveSite(path("loop"), exampleParsed()));
    }

    void foldersAreNoFiles()
    {
        QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("site.json")));
        QVERIFY(!saveSite(path("site.json"), exampleParsed()));
        QCOMPARE(loadSite(path("site.json")).error().code, ErrorCode::Invalid);
    }

    void ownersStay()
    {
        if (::geteuid() != 0)
            QSKIP("Only root can give a file to another user.");
        writeFile(path("site.json"), "old");
        QCOMPARE(::chown(QFile::encodeName(path("site.json")).constData(), 65534, 65533), 0);
        QVERIFY(saveSite(path("site.json"), exampleParsed()));
        QCOMPARE(int(statusOf(path("site.json")).st_uid), 65534);
        QCOMPARE(int(statusOf(path("site.json")).st_gid), 65533);
        QCOMPARE(int(statusOf(path("site.json")).st_mode & 07777), 0600);
    }

    void nothingIsLeftWhereItCannotBeWritten()
    {
        const auto saved = saveSite(path("none/site.json"), exampleParsed());
        QVERIFY(!saved);
        QCOMPARE(saved.error().code, ErrorCode::NotFound);
        QVERIFY(QDir(m_folder->path()).isEmpty());
    }

    // The disk is full in the middle: what was there stays, and nothing else.
    void fullDisk()
    {
        writeFile(path("site.json"), "old");
        struct rlimit before;
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        struct rlimit small = before;
        small.rlim_cur = 1000;
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
        const auto saved = saveSite(path("site.json"), exampleParsed());
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        std::signal(SIGXFSZ, handler);
        QVERIFY(!saved);
        QCOMPARE(contentOf(path("site.json")), QByteArray("old"));
        QCOMPARE(filesIn(m_folder->path()), QStringList{QStringLiteral("site.json")});
    }

    void badSitesAreNotWritten()
    {
        Site site = exampleParsed();
        site.services[0].server = *Label::parse(QStringLiteral("pi"));
        writeFile(path("site.json"), "old");
        const auto saved = saveSite(path("site.json"), site);
        QVERIFY(!saved);
        QVERIFY(saved.error().summary.startsWith(QStringLiteral("services[0].server: ")));
        QCOMPARE(contentOf(path("site.json")), QByteArray("old"));
    }

    void whatCannotBeLoaded()
    {
        const auto missing = loadSite(path("site.json"));
        QCOMPARE(missing.error().code, ErrorCode::NotFound);
        QVERIFY(missing.error().fix.contains(QStringLiteral("sixgatectl site new")));
        writeFile(path("site.json"), "{");
        const auto broken = loadSite(path("site.json"));
        QCOMPARE(broken.error().code, ErrorCode::Invalid);
        QVERIFY(broken.error().detail.contains(path("site.json")));
        writeFile(path("site.json"), QByteArray(16 * 1024 * 1024 + 1, ' '));
        const auto large = loadSite(path("site.json"));
        QCOMPARE(large.error().code, ErrorCode::Invalid);
        QVERIFY(large.error().summary.contains(QStringLiteral("longer than")));
    }

    // Killed at any moment, a writer leaves the old content or the new one.
    void survivesAKill()
    {
        const QString file = path("file");
        writeFile(file, QByteArray(300000, 'a'));
        for (int i = 0; i < 20; ++i) {
            QProcess writer;
            writer.start(QStringLiteral(STORAGE_HELPER), {QStringLiteral("write"), file});
            QVERIFY(writer.waitForStarted());
            // Open, so that its number is not given to a later file: once replaced, it stays so.
            QFile before(file);
            QVERIFY(before.open(QIODevice::ReadOnly));
            QTRY_VERIFY_WITH_TIMEOUT(isGone(before), 20000);
            QTest::qWait(i * 3);
            writer.kill();
            QVERIFY(writer.waitForFinished());
            const QByteArray content = contentOf(file);
            QVERIFY(content == QByteArray(300000, 'a') || content == QByteArray(300000, 'b'));
        }
    }

    void homeFolder()
    {
        qputenv("HOME", "/home/somebody");
        QCOMPARE(expandHome(QStringLiteral("~/x")), QStringLiteral("/home/somebody/x"));
        QCOMPARE(expandHome(QStringLiteral("/x/~/y")), QStringLiteral("/x/~/y"));
        QCOMPARE(expandHome(QStringLiteral("~other/x")), QStringLiteral("~other/x"));
    }
};

QTEST_GUILESS_MAIN(TestSiteFile)
#include "tst_site_file.moc"
