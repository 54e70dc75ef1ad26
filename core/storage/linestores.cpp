#include "model/texts.h"
#include "storage/files.h"
#include "storage/secretstores.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sixgate
{

namespace
{

constexpr qsizetype LongestFile = 4 * 1024 * 1024;

/// Lines `name=value`; empty ones and those that begin with `#` are kept as they are.
class SecretLines
{
public:
    /// Invalid with the line's number, never with its text.
    static Result<SecretLines> parse(const Secret &content, const QString &place)
    {
        SecretLines lines;
        const QByteArray &text = content.reveal();
        int number = 0;
        for (qsizetype begin = 0; begin < text.size();) {
            ++number;
            qsizetype end = text.indexOf('\n', begin);
            if (end < 0)
                end = text.size();
            const qsizetype length = end - begin - (end > begin && text[end - 1] == '\r' ? 1 : 0);
            QByteArray line(text.constData() + begin, length);
            begin = end + 1;
            const qsizetype equals = line.indexOf('=');
            QString name;
            if (!line.isEmpty() && line[0] != '#') {
                name = QString::fromUtf8(line.left(std::max(equals, qsizetype(0)))).trimmed();
                if (equals < 0 || !checkSecretName(name))
                    return fail(ErrorCode::Invalid, Texts::tr("Line %1 of %2 is not of the form name=value, for "
                                                              "example dns.main.key=….")
                                                        .arg(number)
                                                        .arg(place));
                if (lines.find(name) != lines.m_lines.end())
                    return fail(
                        ErrorCode::Invalid,
                        Texts::tr("Line %1 of %2 gives the secret %3 a second time.").arg(number).arg(place, name));
            }
            lines.m_lines.push_back({name, equals + 1, Secret(std::move(line))});
        }
        return lines;
    }

    Result<Secret> get(const QString &name, const QString &place)
    {
        const auto line = find(name);
        if (line == m_lines.end())
            return failNoSecret(name, place);
        Secret value(line->text.reveal().mid(line->valueAt));
        if (const auto good = checkSecretValue(name, value); !good)
            return passOn(good);
        return value;
    }

    void set(const QString &name, const Secret &value)
    {
        const QByteArray head = name.toLatin1() + '=';
        QByteArray text;
        text.reserve(head.size() + value.reveal().size());
        text += head;
        text += value.reveal();
        const auto line = find(name);
        if (line == m_lines.end())
            m_lines.push_back({name, head.size(), Secret(std::move(text))});
        else
            *line = {name, head.size(), Secret(std::move(text))};
    }

    bool remove(const QString &name)
    {
        const auto line = find(name);
        if (line == m_lines.end())
            return false;
        m_lines.erase(line);
        return true;
    }

    std::vector<QString> names() const
    {
        std::vector<QString> names;
        for (const Line &line : m_lines) {
            if (!line.name.isEmpty())
                names.push_back(line.name);
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    Secret text() const
    {
        qsizetype size = 0;
        for (const Line &line : m_lines)
            size += line.text.reveal().size() + 1;
        QByteArray text;
        text.reserve(size);
        for (const Line &line : m_lines) {
            text += line.text.reveal();
            text += '\n';
        }
        return Secret(std::move(text));
    }

private:
    struct Line {
        QString name; ///< empty: a comment or an empty line
        qsizetype valueAt = 0;
        Secret text;
    };
    std::vector<Line>::iterator find(const QString &name)
    {
        return std::find_if(m_lines.begin(), m_lines.end(), [&](const Line &line) { return line.name == name; });
    }

    std::vector<Line> m_lines;
};

/// A file of mode 0600, read anew at each call.
class FileStore final : public SecretStore
{
public:
    explicit FileStore(QString path) : m_path(std::move(path)) {}

    Result<Secret> get(const QString &name, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkSecretName(name); !good)
            return passOn(good);
        auto lines = read();
        if (!lines)
            return passOn(lines);
        return lines->get(name, place());
    }

    Outcome set(const QString &name, const Secret &value, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkSecretName(name); !good)
            return good;
        if (const auto good = checkSecretValue(name, value); !good)
            return good;
        const QByteArray &bytes = value.reveal();
        if (bytes.contains('\n') || bytes.endsWith('\r'))
            return fail(ErrorCode::Invalid, Texts::tr("The secret %1 has more than one line.").arg(name), {},
                        Texts::tr("Use --secrets dir:FOLDER or the keychain for it."));
        auto lines = read();
        if (!lines)
            return passOn(lines);
        lines->set(name, value);
        return writeAtomically(m_path, lines->text().reveal());
    }

    Result<std::vector<QString>> list() override
    {
        const auto lines = read();
        if (!lines)
            return passOn(lines);
        return lines->names();
    }

    Outcome remove(const QString &name, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkSecretName(name); !good)
            return good;
        auto lines = read();
        if (!lines)
            return passOn(lines);
        if (!lines->remove(name))
            return failNoSecret(name, place());
        return writeAtomically(m_path, lines->text().reveal());
    }

    QString place() const override { return Texts::tr("the file %1").arg(m_path); }

private:
    Result<SecretLines> read() const
    {
        struct stat status;
        const auto file = openForReading(m_path, status);
        if (!file) {
            if (file.error().code == ErrorCode::NotFound)
                return SecretLines();
            return passOn(file);
        }
        if (const auto good = checkPrivate(status, 0077, m_path, QStringLiteral("600")); !good)
            return passOn(good);
        auto content = readAtMost(*file, m_path, LongestFile);
        if (!content)
            return passOn(content);
        return SecretLines::parse(Secret(std::move(*content)), place());
    }

    QString m_path;
};

/// Everything that comes on `fd`, a terminal or a pipe as a rule; a stop ends the waiting.
Result<QByteArray> readStream(int fd, const QString &place, std::stop_token stop)
{
    const OpenFile wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.isOpen() || fd < 0)
        return failFile(fd < 0 ? EBADF : errno, Texts::tr("read"), place);
    const std::stop_callback onStop(stop, [&wake] { ::eventfd_write(wake.fd(), 1); });
    QByteArray content(LongestFile + 1, Qt::Uninitialized); // all at once: growing would leave copies of secrets behind
    qsizetype used = 0;
    while (used <= LongestFile) {
        pollfd polled[] = {{fd, POLLIN, 0}, {wake.fd(), POLLIN, 0}};
        const int ready = ::poll(polled, 2, -1);
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, Texts::tr("Stopped while reading %1.").arg(place));
        if (ready < 0 && errno == EINTR)
            continue;
        const ssize_t got = ready < 0 ? -1 : ::read(fd, content.data() + used, size_t(content.size() - used));
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return failFile(errno, Texts::tr("read"), place);
        if (got == 0) {
            content.truncate(used);
            return content;
        }
        used += got;
    }
    return fail(ErrorCode::Invalid, Texts::tr("There are more than %1 octets on %2.").arg(LongestFile).arg(place));
}

/// What came on standard input.
class StreamStore final : public SecretStore
{
public:
    explicit StreamStore(SecretLines lines) : m_lines(std::move(lines)) {}

    Result<Secret> get(const QString &name, const Deadline &, std::stop_token) override
    {
        if (const auto good = checkSecretName(name); !good)
            return passOn(good);
        return m_lines.get(name, place());
    }
    Outcome set(const QString &, const Secret &, const Deadline &, std::stop_token) override { return readOnly(); }
    Result<std::vector<QString>> list() override { return m_lines.names(); }
    Outcome remove(const QString &, const Deadline &, std::stop_token) override { return readOnly(); }
    QString place() const override { return Texts::tr("standard input"); }

private:
    static Outcome readOnly()
    {
        return fail(ErrorCode::Denied, Texts::tr("Secrets on standard input can only be read."), {},
                    Texts::tr("Use --secrets keychain, dir:FOLDER or file:FILE."));
    }
    SecretLines m_lines;
};

} // namespace

std::unique_ptr<SecretStore> makeFileStore(const QString &path)
{
    return std::make_unique<FileStore>(path);
}

Result<std::unique_ptr<SecretStore>> makeStreamStore(int fd, std::stop_token stop)
{
    const QString place = Texts::tr("standard input");
    auto content = readStream(fd, place, stop);
    if (!content)
        return passOn(content);
    auto lines = SecretLines::parse(Secret(std::move(*content)), place);
    if (!lines)
        return passOn(lines);
    return std::make_unique<StreamStore>(std::move(*lines));
}

} // namespace sixgate
