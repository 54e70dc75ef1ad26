#include "desktop/firstone.h"

#include <QCryptographicHash>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QLocalSocket>
#include <QStandardPaths>
#include <QThread>

#include <unistd.h>

namespace sixgate
{

namespace
{

constexpr int answerTime = 1000; // ms; before there is a window

} // namespace

FirstOne::FirstOne(const QString &siteFile, QObject *parent) : QObject(parent)
{
    QString folder = QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
    if (folder.isEmpty())
        folder = QDir::tempPath();
    const QByteArray file = QFileInfo(siteFile).absoluteFilePath().toUtf8();
    const QString which =
        QString::fromLatin1(QCryptographicHash::hash(file, QCryptographicHash::Sha256).toHex().left(12));
    m_path = QStringLiteral("%1/sixgate-window-%2-%3").arg(folder).arg(::getuid()).arg(which);
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket *other = m_server.nextPendingConnection()) {
            other->deleteLater();
            Q_EMIT raised();
        }
    });
}

bool FirstOne::claim()
{
    // A lock goes with its process; a socket stays behind one that crashed.
    m_lock.emplace(m_path + QStringLiteral(".lock"));
    m_lock->setStaleLockTime(0);
    if (m_lock->tryLock(0)) {
        QLocalServer::removeServer(m_path);
        (void)m_server.listen(m_path);
        return true;
    }
    if (m_lock->error() != QLockFile::LockFailedError)
        return true; // nothing can be locked there: better two than none
    // The first one may have begun only just now.
    for (QElapsedTimer clock; !clock.isValid() || clock.elapsed() < answerTime; QThread::msleep(20)) {
        if (!clock.isValid())
            clock.start();
        QLocalSocket other;
        other.connectToServer(m_path);
        if (other.waitForConnected(answerTime))
            break;
    }
    return false;
}

} // namespace sixgate
