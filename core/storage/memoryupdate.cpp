#include "model/deadline.h"
#include "model/texts.h"
#include "storage/files.h"
#include "storage/keeping.h"
#include "storage/memory.h"
#include "storage/state.h"

#include <QFile>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace sixgate
{

namespace
{

// Whoever holds it reads, folds and writes one file; who takes longer has been stopped.
constexpr std::chrono::milliseconds Longest{5000};
constexpr std::chrono::milliseconds Pause{5};

/// Held until the file is closed, or the process ends in whatever way.
Result<OpenFile> lockUpdate(const QString &path)
{
    OpenFile file(::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.isOpen())
        return failFile(errno, Texts::tr("write"), path);
    const auto deadline = Deadline::after(Longest);
    while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failFile(errno, Texts::tr("lock"), path);
        if (deadline.passed())
            return fail(ErrorCode::Unavailable,
                        Texts::tr("Another Sixgate does not let go of what is remembered of the site."), path,
                        Texts::tr("End the other one."));
        std::this_thread::sleep_for(std::min(Pause, deadline.left()));
    }
    return file;
}

} // namespace

Outcome updateMemory(const Label &site, const std::function<SiteMemory(SiteMemory)> &fold)
{
    const QString folder = stateFolder(site);
    if (const auto made = makePrivateFolder(folder); !made)
        return made;
    const auto lock = lockUpdate(folder + QStringLiteral("/memory.lock"));
    if (!lock)
        return passOn(lock);
    auto memory = loadMemory(site);
    if (!memory)
        return passOn(memory);
    return saveMemory(site, fold(std::move(*memory)));
}

Outcome updateKeeping(const Label &site, const std::function<void(Keeping &)> &how)
{
    const QString folder = stateFolder(site);
    if (const auto made = makePrivateFolder(folder); !made)
        return made;
    const auto lock = lockUpdate(folder + QStringLiteral("/keeping.lock"));
    if (!lock)
        return passOn(lock);
    auto keeping = loadKeeping(site);
    if (!keeping)
        return passOn(keeping);
    const Keeping before = *keeping;
    how(*keeping);
    return *keeping == before ? Outcome() : saveKeeping(site, *keeping);
}

} // namespace sixgate
