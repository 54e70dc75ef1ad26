#include "storage/history.h"

#include "model/deadline.h"
#include "model/texts.h"
#include "storage/files.h"
#include "storage/state.h"

#include <QFile>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds Patience{5000}; // for another program

// The file made by version n of the tables becomes one of version n + 1 by the n-th step.
constexpr std::array Steps{
    "CREATE TABLE recovery (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, cause TEXT NOT NULL,"
    " server TEXT, old_prefix TEXT, new_prefix TEXT, old_address TEXT, new_address TEXT, usable INTEGER,"
    " dns_written INTEGER, dns_read INTEGER, pushed INTEGER, v4 INTEGER, upstream INTEGER, v6 INTEGER, lan INTEGER,"
    " ended TEXT NOT NULL);"
    "CREATE INDEX recovery_open ON recovery (id) WHERE ended = 'open';"
    "CREATE TABLE transition (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL,"
    " old TEXT NOT NULL, new TEXT NOT NULL, text TEXT NOT NULL);",
};
constexpr int Schema = int(Steps.size());

const char *const RecoveryColumns = "at, cause, server, old_prefix, new_prefix, old_address, new_address, usable, "
                                    "dns_written, dns_read, pushed, v4, upstream, v6, lan, ended";
constexpr std::array Paths{PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan};

struct CloseDatabase {
    void operator()(sqlite3 *database) const { sqlite3_close_v2(database); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

bool isDamage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/// What SQLite says about the last call.
tl::unexpected<Error> failSqlite(sqlite3 *database, const QString &path)
{
    const int code = database ? sqlite3_errcode(database) : SQLITE_NOMEM;
    const QString detail = QStringLiteral("SQLite: %1 (%2)")
                               .arg(QString::fromUtf8(database ? sqlite3_errmsg(database) : "out of memory"))
                               .arg(code);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(ErrorCode::Unavailable, Texts::tr("Another program does not let go of the history: %1").arg(path),
                    detail, Texts::tr("End the other one."));
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return fail(ErrorCode::Denied, Texts::tr("Cannot write %1: permission denied.").arg(path), detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(ErrorCode::Internal, Texts::tr("The history is damaged: %1").arg(path), detail,
                    Texts::tr("The next start puts it aside and begins a new one."));
    case SQLITE_FULL:
        return fail(ErrorCode::Internal, Texts::tr("Cannot write %1: the disk is full.").arg(path), detail,
                    Texts::tr("Make room on the disk."));
    default:
        return fail(ErrorCode::Internal, Texts::tr("Cannot use the history %1.").arg(path), detail);
    }
}

// One prepared statement, values bound in order. The first error stays, and is told by the end.
class Statement
{
public:
    Statement(sqlite3 *database, const QByteArray &sql)
    {
        m_code = sqlite3_prepare_v2(database, sql.constData(), int(sql.size()), &m_statement, nullptr);
    }
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;
    ~Statement() { sqlite3_finalize(m_statement); }

    Statement &bind(qint64 value)
    {
        if (m_code == SQLITE_OK)
            m_code = sqlite3_bind_int64(m_statement, ++m_bound, value);
        return *this;
    }
    Statement &bind(const QString &value)
    {
        const QByteArray utf8 = value.toUtf8();
        if (m_code == SQLITE_OK)
            m_code = sqlite3_bind_text(m_statement, ++m_bound, utf8.constData(), int(utf8.size()), SQLITE_TRANSIENT);
        return *this;
    }
    Statement &bind(const std::optional<std::chrono::milliseconds> &value)
    {
        return value ? bind(qint64(value->count())) : bindNothing();
    }
    template <class T>
    Statement &bindText(const std::optional<T> &value)
    {
        return value ? bind(value->text()) : bindNothing();
    }

    /// True where there is a row to read, false at the end and after an error.
    bool step()
    {
        if (m_code == SQLITE_OK || m_code == SQLITE_ROW)
            m_code = sqlite3_step(m_statement);
        return m_code == SQLITE_ROW;
    }
    /// All went well, to the last row.
    bool done() { return m_code == SQLITE_DONE; }

    qint64 number(int column) const { return sqlite3_column_int64(m_statement, column); }
    QString text(int column) const
    {
        const auto *data = sqlite3_column_text(m_statement, column);
        return QString::fromUtf8(reinterpret_cast<const char *>(data), sqlite3_column_bytes(m_statement, column));
    }
    QDateTime time(int column) const { return QDateTime::fromMSecsSinceEpoch(number(column), Qt::UTC); }
    std::optional<std::chrono::milliseconds> span(int column) const
    {
        if (sqlite3_column_type(m_statement, column) == SQLITE_NULL)
            return {};
        return std::chrono::milliseconds(number(column));
    }
    /// Nothing, too, where the text is none such.
    template <class T>
    std::optional<T> parsed(int column) const
    {
        if (sqlite3_column_type(m_statement, column) == SQLITE_NULL)
            return {};
        const auto value = T::parse(text(column));
        return value ? std::optional<T>(*value) : std::nullopt;
    }

private:
    Statement &bindNothing()
    {
        if (m_code == SQLITE_OK)
            m_code = sqlite3_bind_null(m_statement, ++m_bound);
        return *this;
    }

    sqlite3_stmt *m_statement = nullptr;
    int m_code = SQLITE_OK;
    int m_bound = 0;
};

int run(sqlite3 *database, const char *sql)
{
    return sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
}

void bindRecovery(Statement &statement, const Recovery &one)
{
    statement.bind(one.at.toMSecsSinceEpoch()).bind(one.cause).bindText(one.server);
    statement.bindText(one.oldPrefix).bindText(one.newPrefix).bindText(one.oldAddress).bindText(one.newAddress);
    statement.bind(one.usable).bind(one.dnsWritten).bind(one.dnsRead).bind(one.pushed);
    for (const PathKind path : Paths) {
        const auto found = one.proven.find(path);
        statement.bind(found == one.proven.end() ? std::nullopt : std::optional(found->second));
    }
    statement.bind(recoveryEndName(one.end));
}

Recovery readRecovery(const Statement &row)
{
    Recovery one;
    one.id = row.number(0);
    one.at = row.time(1);
    one.cause = row.text(2);
    one.server = row.parsed<Label>(3);
    one.oldPrefix = row.parsed<Ipv6Prefix>(4);
    one.newPrefix = row.parsed<Ipv6Prefix>(5);
    one.oldAddress = row.parsed<Ipv6Address>(6);
    one.newAddress = row.parsed<Ipv6Address>(7);
    one.usable = row.span(8);
    one.dnsWritten = row.span(9);
    one.dnsRead = row.span(10);
    one.pushed = row.span(11);
    for (std::size_t i = 0; i < Paths.size(); ++i) {
        if (const auto span = row.span(12 + int(i)))
            one.proven[Paths[i]] = *span;
    }
    const QString ended = row.text(16);
    for (const RecoveryEnd end : {RecoveryEnd::Open, RecoveryEnd::Finished, RecoveryEnd::Superseded}) {
        if (ended == recoveryEndName(end))
            one.end = end;
    }
    return one;
}

/// Held while the file is opened, so that two programs do not both put it aside.
Result<OpenFile> lockHistory(const QString &path)
{
    OpenFile file(::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.isOpen())
        return failFile(errno, Texts::tr("write"), path);
    const auto deadline = Deadline::after(Patience);
    while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failFile(errno, Texts::tr("lock"), path);
        if (deadline.passed())
            return fail(ErrorCode::Unavailable, Texts::tr("Another program does not let go of the history."), path,
                        Texts::tr("End the other one."));
        std::this_thread::sleep_for(std::min(std::chrono::milliseconds(5), deadline.left()));
    }
    return file;
}

/// Made before SQLite does, whose files get the rights of this one.
Outcome makePrivateFile(const QString &path)
{
    const OpenFile file(::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    struct stat status;
    if (!file.isOpen() || ::fstat(file.fd(), &status) != 0)
        return failFile(errno, Texts::tr("write"), path);
    if ((status.st_mode & 0077) != 0 && ::fchmod(file.fd(), 0600) != 0)
        return failFile(errno, Texts::tr("write"), path);
    return {};
}

Outcome putAside(const QString &path)
{
    // The log belongs to the damaged file, and to no other.
    for (const char *part : {"-wal", "-shm"})
        QFile::remove(path + QLatin1String(part));
    const QString aside = path + QStringLiteral(".damaged");
    if (std::rename(QFile::encodeName(path).constData(), QFile::encodeName(aside).constData()) != 0)
        return failFile(errno, Texts::tr("put aside"), path);
    return {};
}

/// A database that can be used, or why not; `damaged` where another one is to be begun in its place.
Result<Handle> openDatabase(const QString &path, bool &damaged)
{
    damaged = false;
    if (const Outcome made = makePrivateFile(path); !made)
        return passOn(made);
    sqlite3 *opened = nullptr;
    const int code = sqlite3_open_v2(QFile::encodeName(path).constData(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
    Handle database(opened);
    if (code != SQLITE_OK)
        return failSqlite(database.get(), path);
    sqlite3_busy_timeout(database.get(), int(Patience.count()));
    const auto failed = [&] {
        damaged = isDamage(sqlite3_errcode(database.get()));
        return failSqlite(database.get(), path);
    };

    qint64 version = 0;
    {
        Statement statement(database.get(), "PRAGMA user_version");
        if (!statement.step())
            return failed();
        version = statement.number(0);
    }
    if (version > Schema)
        return fail(ErrorCode::Invalid, Texts::tr("The history was made by a newer Sixgate: %1").arg(path),
                    Texts::tr("Its tables have the version %1; this Sixgate knows %2.").arg(version).arg(Schema),
                    Texts::tr("The file was left as it is. Use the newer Sixgate, or move it away."));
    {
        Statement statement(database.get(), "PRAGMA quick_check(1)");
        if (!statement.step())
            return failed();
        damaged = version < 0 || statement.text(0) != QLatin1String("ok");
        if (damaged)
            return fail(ErrorCode::Internal, Texts::tr("The history is damaged: %1").arg(path), statement.text(0));
    }
    // Small, and lost at worst with the last second before the power fails.
    if (run(database.get(), "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;"
                            "PRAGMA journal_size_limit = 1048576") != SQLITE_OK)
        return failed();
    for (; version < Schema; ++version) {
        const QByteArray step = QByteArray("BEGIN IMMEDIATE;") + Steps[std::size_t(version)] +
                                "PRAGMA user_version = " + QByteArray::number(version + 1) + "; COMMIT";
        if (run(database.get(), step.constData()) != SQLITE_OK) {
            const auto error = failed();
            // Tables that are in the way are none of ours.
            damaged = damaged || (sqlite3_errcode(database.get()) & 0xff) == SQLITE_ERROR;
            return error;
        }
    }
    return database;
}

} // namespace

struct History::Database {
    Handle handle;
    QString path;

    tl::unexpected<Error> failed() const { return failSqlite(handle.get(), path); }

    Result<qint64> insert(Statement &statement) const
    {
        statement.step();
        if (!statement.done())
            return failed();
        return sqlite3_last_insert_rowid(handle.get());
    }
};

History::History(std::unique_ptr<Database> database) : m_database(std::move(database)) {}
History::History(History &&) noexcept = default;
History &History::operator=(History &&) noexcept = default;
History::~History() = default;

Result<History> History::open(const Label &site)
{
    const QString folder = stateFolder(site);
    if (const auto made = makePrivateFolder(folder); !made)
        return passOn(made);
    const auto lock = lockHistory(folder + QStringLiteral("/history.lock"));
    if (!lock)
        return passOn(lock);
    const QString path = folder + QStringLiteral("/history.sqlite");
    bool damaged = false;
    auto handle = openDatabase(path, damaged);
    if (!handle && damaged) {
        if (const Outcome aside = putAside(path); !aside)
            return passOn(aside);
        handle = openDatabase(path, damaged);
    }
    if (!handle)
        return passOn(handle);
    History history(std::make_unique<Database>(Database{std::move(*handle), path}));
    if (const Outcome pruned = history.prune(); !pruned)
        return passOn(pruned);
    return history;
}

Result<qint64> History::add(const Recovery &recovery)
{
    Statement statement(m_database->handle.get(), QByteArray("INSERT INTO recovery (") + RecoveryColumns +
                                                      ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    bindRecovery(statement, recovery);
    const auto id = m_database->insert(statement);
    if (id && *id % 100 == 0)
        static_cast<void>(prune()); // what was added is there, whatever becomes of the old ones
    return id;
}

Result<qint64> History::add(const KeeperTransition &transition)
{
    Statement statement(m_database->handle.get(),
                        "INSERT INTO transition (at, what, old, new, text) VALUES (?,?,?,?,?)");
    statement.bind(transition.at.toMSecsSinceEpoch()).bind(transition.what);
    statement.bind(transition.from).bind(transition.to).bind(transition.text);
    const auto id = m_database->insert(statement);
    if (id && *id % 100 == 0)
        static_cast<void>(prune());
    return id;
}

Outcome History::update(const Recovery &recovery)
{
    Statement statement(m_database->handle.get(), QByteArray("UPDATE recovery SET (") + RecoveryColumns +
                                                      ") = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id = ?");
    bindRecovery(statement, recovery);
    statement.bind(recovery.id).step();
    if (!statement.done())
        return m_database->failed();
    if (sqlite3_changes(m_database->handle.get()) == 0)
        return fail(ErrorCode::NotFound, Texts::tr("The history has no recovery of the number %1.").arg(recovery.id));
    return {};
}

Outcome History::supersedeOpen()
{
    Statement statement(m_database->handle.get(), "UPDATE recovery SET ended = 'superseded' WHERE ended = 'open'");
    statement.step();
    return statement.done() ? Outcome() : m_database->failed();
}

Result<std::vector<Recovery>> History::recoveries(int most) const
{
    Statement statement(m_database->handle.get(),
                        QByteArray("SELECT id, ") + RecoveryColumns + " FROM recovery ORDER BY id DESC LIMIT ?");
    statement.bind(qint64(std::max(most, 0)));
    std::vector<Recovery> out;
    while (statement.step())
        out.push_back(readRecovery(statement));
    if (!statement.done())
        return m_database->failed();
    return out;
}

Result<std::vector<KeeperTransition>> History::transitions(int most) const
{
    Statement statement(m_database->handle.get(),
                        "SELECT id, at, what, old, new, text FROM transition ORDER BY id DESC LIMIT ?");
    statement.bind(qint64(std::max(most, 0)));
    std::vector<KeeperTransition> out;
    while (statement.step())
        out.push_back({statement.number(0), statement.time(1), statement.text(2), statement.text(3), statement.text(4),
                       statement.text(5)});
    if (!statement.done())
        return m_database->failed();
    return out;
}

Outcome History::prune()
{
    // Only where there is something to forget: else there is nothing to write, and nobody to wait for.
    for (const auto &[table, most] :
         {std::pair("recovery", MostRecoveries), std::pair("transition", MostTransitions)}) {
        const QByteArray oldest = QByteArray("SELECT id FROM ") + table + " ORDER BY id DESC LIMIT 1 OFFSET ?";
        qint64 last = 0;
        {
            Statement statement(m_database->handle.get(), oldest);
            if (statement.bind(qint64(most)).step())
                last = statement.number(0);
            else if (!statement.done())
                return m_database->failed();
            else
                continue;
        }
        Statement statement(m_database->handle.get(), QByteArray("DELETE FROM ") + table + " WHERE id <= ?");
        statement.bind(last).step();
        if (!statement.done())
            return m_database->failed();
    }
    return {};
}

} // namespace sixgate
