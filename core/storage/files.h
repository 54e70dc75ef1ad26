#pragma once

#include "model/result.h"

#include <QByteArray>
#include <QString>
#include <optional>

#include <utility>

struct stat;

namespace sixgate
{

/// Files that must be complete or not there at all, and that nobody else may read. Any thread.

/// A file descriptor that is closed when it goes.
class OpenFile
{
public:
    OpenFile() = default;
    explicit OpenFile(int fd) : m_fd(fd) {}
    OpenFile(OpenFile &&other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    OpenFile &operator=(OpenFile &&other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    OpenFile(const OpenFile &) = delete;
    OpenFile &operator=(const OpenFile &) = delete;
    ~OpenFile();

    int fd() const { return m_fd; }
    bool isOpen() const { return m_fd >= 0; }

private:
    int m_fd = -1;
};

/// The error of the last failed system call on `path`: NotFound, Denied or Internal. `doing`: "read", "write".
tl::unexpected<Error> failFile(int error, const QString &doing, const QString &path);

/// Opens for reading and tells what it is.
Result<OpenFile> openForReading(const QString &path, struct stat &status);

/// Denied where others than the owner have rights among `others` (0077, 0007), or where the owner is neither this user
/// nor root. `wanted` is the mode for the remedy.
Outcome checkPrivate(const struct stat &status, unsigned others, const QString &path, const QString &wanted);

/// Everything in an open file, which may be a pipe; Invalid where it is longer than `most` octets.
Result<QByteArray> readAtMost(const OpenFile &file, const QString &path, qsizetype most);

/// The same of a file by its path; nothing where there is none.
Result<std::optional<QByteArray>> readIfThere(const QString &path, qsizetype most);

/// Replaces the file by `content`: temporary file (mode 0600) in the same folder, fsync, rename, fsync of the folder.
/// A symbolic link stays; the file it leads to is replaced. A file of another user keeps its owner where root writes.
Outcome writeAtomically(const QString &path, const QByteArray &content);

/// Makes a folder with mode 0700, and its parents where they are missing. One that is there is left as it is.
Outcome makePrivateFolder(const QString &path);

/// fsync of a folder, so that a rename or removal in it lasts.
Outcome syncFolder(const QString &path);

} // namespace sixgate
