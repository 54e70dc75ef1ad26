// A key of this machine's own, made by OpenSSH.

#include "engine/vpskeys.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace sixgate;

class TestSshKeygen : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void made()
    {
        const QString file = m_folder.filePath(QStringLiteral("keys/püsh_ed25519"));
        const auto done = makeSshKey(file, QStringLiteral("näs $(id) 'x'"));
        QVERIFY2(done, done ? "" : qPrintable(done.error().summary + done.error().detail));
        QCOMPARE(QFile(file).permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        QFile half(file + QStringLiteral(".pub"));
        QVERIFY(half.open(QIODevice::ReadOnly));
        const QByteArray line = half.readAll();
        const auto key = parseAuthorizedKey(line);
        QVERIFY2(key, line);
        QCOMPARE(key->type, QStringLiteral("ssh-ed25519"));
        QVERIFY2(line.endsWith(" n\xc3\xa4s $(id) 'x'\n"), line);
        // One that is there stays.
        QVERIFY(makeSshKey(file, QStringLiteral("another")));
        half.seek(0);
        QCOMPARE(half.readAll(), line);
    }

    void stopped()
    {
        std::stop_source stop;
        stop.request_stop();
        const auto done =
            makeSshKey(m_folder.filePath(QStringLiteral("none")), QStringLiteral("nas"), stop.get_token());
        QVERIFY(!done);
        QCOMPARE(done.error().code, ErrorCode::Cancelled);
    }

    void cannotBe()
    {
        // The .pub's place is taken by a folder.
        const QString file = m_folder.filePath(QStringLiteral("taken"));
        QVERIFY(QDir().mkpath(file + QStringLiteral(".pub")));
        const auto done = makeSshKey(file, QStringLiteral("nas"));
        QVERIFY(!done);
        QCOMPARE(done.error().code, ErrorCode::Refused);
        QVERIFY(done.error().summary.contains(file));
        QVERIFY(!done.error().detail.isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestSshKeygen)
#include "tst_sshkeygen.moc"
