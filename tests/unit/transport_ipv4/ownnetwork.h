#pragma once

#include <QFile>
#include <QProcess>

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <unistd.h>

namespace sixgate::test
{

inline void writeFile(const char *path, const QByteArray &text)
{
    QFile file(QString::fromLatin1(path));
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.flush())
        qFatal("cannot write %s", path);
}

/// A network that goes with this process; nothing of the machine's own is in it.
inline void enterOwnNetwork()
{
    const auto uid = geteuid();
    const auto gid = getegid();
    if (unshare(CLONE_NEWNET | (uid == 0 ? 0 : CLONE_NEWUSER)) != 0)
        qFatal("unshare: %s", strerror(errno));
    if (uid != 0) {
        writeFile("/proc/self/setgroups", "deny");
        writeFile("/proc/self/uid_map", "0 " + QByteArray::number(uid) + " 1");
        writeFile("/proc/self/gid_map", "0 " + QByteArray::number(gid) + " 1");
    }
}

inline QByteArray ip(const char *arguments)
{
    QProcess process;
    process.start(QStringLiteral("/usr/sbin/ip"), QProcess::splitCommand(QString::fromLatin1(arguments)));
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("ip %s: %s", arguments, process.readAllStandardError().constData());
    return process.readAllStandardOutput();
}

} // namespace sixgate::test
