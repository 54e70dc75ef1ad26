#include "model/texts.h"
#include "storage/files.h"
#include "storage/secretstores.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sixgate
{

namespace
{

/// One file for each secret.
class DirectoryStore final : public SecretStore
{
public:
    DirectoryStore(QString path, DirectoryKind kind) : m_path(std::move(path)), m_kind(kind) {}

    Result<Secret> get(const QString &name, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkSecretName(name); !good)
            return passOn(good);
        if (const auto good = checkFolder(); !good) {
            if (good.error().code == ErrorCode::NotFound)
                return failAbsent(name);
            return passOn(good);
        }
        struct stat status;
        const auto file = openForReading(filePath(name), status);
        if (!file) {
            if (file.error().code == ErrorCode::NotFound)
                return failAbsent(name);
            return passOn(file);
        }
        if (const auto good = checkRights(status, filePath(name), QStringLiteral("600")); !good)
            return passOn(good);
        auto content = readAtMost(*file, filePath(name), LongestSecret + 2); // and the newline
        if (!content)
            return passOn(content);
        if (content->endsWith('\n'))
            content->chop(content->endsWith("\r\n") ? 2 : 1);
        Secret value(std::move(*content));
        if (const auto good = checkSecretValue(name, value); !good)
            return passOn(good);
        return value;
    }

    Outcome set(const QString &name, const Secret &value, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkWritable(name); !good)
            return good;
        if (const auto good = checkSecretValue(name, value); !good)
            return good;
        // Together with the newline it would be taken for a line end of Windows.
        if (value.reveal().endsWith('\r'))
            return fail(ErrorCode::Invalid, Texts::tr("The secret %1 ends with a carriage return.").arg(name));
        if (const auto made = makePrivateFolder(m_path); !made)
            return made;
        if (const auto good = checkFolder(); !good)
            return good;
        // The newline that `get` takes off again, so that a value ending in one keeps it.
        QByteArray line;
        line.reserve(value.reveal().size() + 1);
        line += value.reveal();
        line += '\n';
        const Secret content(std::move(line));
        return writeAtomically(filePath(name), content.reveal());
    }

    Result<std::vector<QString>> list() override
    {
        if (const auto good = checkFolder(); !good) {
            if (good.error().code == ErrorCode::NotFound)
                return std::vector<QString>();
            return passOn(good);
        }
        std::vector<QString> names;
        for (const QString &name : QDir(m_path).entryList(QDir::Files, QDir::Name)) {
            if (checkSecretName(name))
                names.push_back(name);
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    Outcome remove(const QString &name, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkWritable(name); !good)
            return good;
        if (const auto good = checkFolder(); !good) {
            if (good.error().code == ErrorCode::NotFound)
                return failAbsent(name);
            return good;
        }
        if (::unlink(QFile::encodeName(filePath(name)).constData()) != 0) {
            if (errno == ENOENT)
                return failAbsent(name);
            return failFile(errno, Texts::tr("remove"), filePath(name));
        }
        return syncFolder(m_path);
    }

    QString place() const override { return Texts::tr("the folder %1").arg(m_path); }

private:
    QString filePath(const QString &name) const { return m_path + QLatin1Char('/') + name; }

    tl::unexpected<Error> failAbsent(const QString &name) const
    {
        auto absent = failNoSecret(name, place());
        if (m_kind == DirectoryKind::Systemd)
            absent.value().fix = Texts::tr("Give the unit a line LoadCredential=%1:FILE, and restart it.").arg(name);
        return absent;
    }

    Outcome checkWritable(const QString &name) const
    {
        if (const auto good = checkSecretName(name); !good)
            return good;
        if (m_kind == DirectoryKind::Systemd)
            return fail(ErrorCode::Denied, Texts::tr("Credentials of systemd can only be read."), {},
                        Texts::tr("Change the unit's LoadCredential=%1:… instead.").arg(name));
        return {};
    }

    Outcome checkFolder() const
    {
        struct stat status;
        if (::stat(QFile::encodeName(m_path).constData(), &status) != 0)
            return failFile(errno, Texts::tr("read"), m_path);
        if (!S_ISDIR(status.st_mode))
            return fail(ErrorCode::Invalid, Texts::tr("%1 is not a folder.").arg(m_path), {},
                        Texts::tr("For a file with lines name=value use --secrets file:PATH."));
        return checkRights(status, m_path, QStringLiteral("700"));
    }

    Outcome checkRights(const struct stat &status, const QString &path, const QString &wanted) const
    {
        const auto others = mode_t(m_kind == DirectoryKind::Systemd ? 0007 : 0077);
        return checkPrivate(status, others, path, wanted);
    }

    QString m_path;
    DirectoryKind m_kind;
};

} // namespace

std::unique_ptr<SecretStore> makeDirectoryStore(const QString &path, DirectoryKind kind)
{
    return std::make_unique<DirectoryStore>(QDir::cleanPath(path), kind);
}

} // namespace sixgate
