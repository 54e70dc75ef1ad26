#pragma once

#include <QByteArray>
#include <QFile>

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <unistd.h>

inline void writeFile(const char *path, const QByteArray &text)
{
    QFile file(QString::fromLatin1(path));
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.flush())
        qFatal("cannot write %s", path);
}

/// For tests of netlink: a network that goes with this process; nothing of the machine's own is in it. Also without
/// being root.
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
