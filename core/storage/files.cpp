#include "storage/files.h"
#include "model/texts.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRandomGenerator>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sixgate
{

namespace
{

Outcome writeAll(int fd, const QByteArray &content, const QString &path)
{
    const char *at = content.constData();
    size_t left = size_t(content.size());
    while (left > 0) {
        const ssize_t written = ::write(fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return failFile(errno, Texts::tr("write"), path);
        at += written;
        left -= size_t(written);
    }
    return {};
}

/// Where writing to `path` ends up: the file itself, or what a symbolic link leads to.
Result<QString> writtenFile(const QString &path)
{
    const QFileInfo info(path);
    if (!info.isSymLink()) {
        if (info.exists() && !info.isFile())
            return fail(ErrorCode::Invalid, Texts::tr("%1 is not a file.").arg(path));
        return info.absoluteFilePath();
    }
    const QString target = info.canonicalFilePath();
    if (target.isEmpty() || !QFileInfo(target).isFile())
        return fail(ErrorCode::Invalid, Texts::tr("%1 is a symbolic link that leads to no file.").arg(path), {},
                    Texts::tr("Remove the link, or make the file that it leads to."));
    return target;
}

/// Writes a new file beside `target`, all of it on the disk when this returns.
Outcome writeTemporary(const QString &temporary, const QString &target, const QByteArray &content)
{
    const OpenFile file(
        ::open(QFile::encodeName(temporary).constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.isOpen())
        return failFile(errno, Texts::tr("write"), target);
    if (const auto written = writeAll(file.fd(), content, target); !written)
        return written;
    struct stat old;
    if (::geteuid() == 0 && ::stat(QFile::encodeName(target).constData(), &old) == 0 && old.st_uid != 0 &&
        ::fchown(file.fd(), old.st_uid, old.st_gid) != 0)
        return failFile(errno, Texts::tr("keep the owner of"), target);
    if (::fsync(file.fd()) != 0)
        return failFile(errno, Texts::tr("write"), target);
    return {};
}

} // namespace

OpenFile::~OpenFile()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

tl::unexpected<Error> failFile(int error, const QString &doing, const QString &path)
{
    const QString detail = QStringLiteral("%1: %2").arg(path, QString::fromLocal8Bit(std::strerror(error)));
    if (error == ENOENT)
        return fail(ErrorCode::NotFound, Texts::tr("%1 is not there.").arg(path), detail);
    if (error == EACCES || error == EPERM || error == EROFS)
        return fail(ErrorCode::Denied, Texts::tr("Cannot %1 %2: permission denied.").arg(doing, path), detail);
    return fail(ErrorCode::Internal,
                Texts::tr("Cannot %1 %2: %3.").arg(doing, path, QString::fromLocal8Bit(std::strerror(error))), detail);
}

Result<OpenFile> openForReading(const QString &path, struct stat &status)
{
    OpenFile file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC));
    if (!file.isOpen() || ::fstat(file.fd(), &status) != 0)
        return failFile(errno, Texts::tr("read"), path);
    if (S_ISDIR(status.st_mode))
        return fail(ErrorCode::Invalid, Texts::tr("%1 is a folder, not a file.").arg(path));
    return file;
}

Outcome checkPrivate(const struct stat &status, unsigned others, const QString &path, const QString &wanted)
{
    if ((status.st_mode & others) != 0)
        return fail(ErrorCode::Denied, Texts::tr("Others than its owner can get at %1.").arg(path),
                    Texts::tr("Its mode is %1.").arg(status.st_mode & 07777, 4, 8, QLatin1Char('0')),
                    (status.st_mode & S_ISVTX) != 0 // a folder that is meant for everybody, as /tmp
                        ? Texts::tr("Use a folder of its own: mkdir -m 700 %1/sixgate").arg(path)
                        : QStringLiteral("chmod %1 %2").arg(wanted, path));
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return fail(ErrorCode::Denied, Texts::tr("%1 belongs to another user.").arg(path),
                    Texts::tr("Its owner is user %1.").arg(status.st_uid), {});
    return {};
}

Result<QByteArray> readAtMost(const OpenFile &file, const QString &path, qsizetype most)
{
    // Room for everything from the start where the size is known: growing would leave copies of secrets behind.
    struct stat status;
    const bool sized = ::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode);
    QByteArray content(sized ? qMin(qsizetype(status.st_size), most) + 1 : 4096, Qt::Uninitialized);
    qsizetype used = 0;
    for (;;) {
        if (used == content.size())
            content.resize(content.size() * 2);
        const ssize_t got = ::read(file.fd(), content.data() + used, size_t(content.size() - used));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failFile(errno, Texts::tr("read"), path);
        used += got;
        if (used > most)
            return fail(ErrorCode::Invalid, Texts::tr("%1 is longer than %2 octets.").arg(path).arg(most));
        if (got == 0)
            break;
    }
    content.truncate(used);
    return content;
}

Result<std::optional<QByteArray>> readIfThere(const QString &path, qsizetype most)
{
    struct stat status;
    const auto file = openForReading(path, status);
    if (!file) {
        if (file.error().code == ErrorCode::NotFound)
            return std::nullopt;
        return passOn(file);
    }
    auto text = readAtMost(*file, path, most);
    if (!text)
        return passOn(text);
    return std::optional(std::move(*text));
}

Outcome writeAtomically(const QString &path, const QByteArray &content)
{
    const auto target = writtenFile(path);
    if (!target)
        return passOn(target);
    const QFileInfo info(*target);
    const QString temporary = QStringLiteral("%1/.%2.%3~")
                                  .arg(info.absolutePath(), info.fileName())
                                  .arg(QRandomGenerator::system()->generate64(), 16, 16, QLatin1Char('0'));
    const QByteArray name = QFile::encodeName(temporary);
    if (const auto written = writeTemporary(temporary, *target, content); !written) {
        ::unlink(name.constData());
        return written;
    }
    if (::rename(name.constData(), QFile::encodeName(*target).constData()) != 0) {
        const int error = errno;
        ::unlink(name.constData());
        return failFile(error, Texts::tr("write"), *target);
    }
    return syncFolder(info.absolutePath());
}

Outcome makePrivateFolder(const QString &path)
{
    const QString clean = QDir::cleanPath(path);
    if (::mkdir(QFile::encodeName(clean).constData(), 0700) == 0)
        return {};
    if (errno == EEXIST) {
        if (QFileInfo(clean).isDir())
            return {};
        return fail(ErrorCode::Invalid, Texts::tr("%1 is not a folder.").arg(clean));
    }
    if (errno != ENOENT)
        return failFile(errno, Texts::tr("make"), clean);
    const QString parent = QFileInfo(clean).absolutePath();
    if (const auto made = makePrivateFolder(parent); !made)
        return made;
    if (::mkdir(QFile::encodeName(clean).constData(), 0700) != 0 && errno != EEXIST)
        return failFile(errno, Texts::tr("make"), clean);
    return {};
}

Outcome syncFolder(const QString &path)
{
    const OpenFile folder(::open(QFile::encodeName(path).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.isOpen() || ::fsync(folder.fd()) != 0)
        return failFile(errno, Texts::tr("write"), path);
    return {};
}

} // namespace sixgate
