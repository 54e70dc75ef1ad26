#include "model/texts.h"
#include "storage/files.h"
#include "storage/state.h"

#include <QFile>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace sixgate
{

namespace
{

constexpr std::chrono::milliseconds Pause{20};

/// Who holds the lock, as it wrote of itself; a moment after taking it that may still be nothing.
QString holder(int fd)
{
    std::array<char, 32> text{};
    const ssize_t length = ::pread(fd, text.data(), text.size() - 1, 0);
    const QByteArray pid = QByteArray(text.data(), std::max<ssize_t>(length, 0)).trimmed();
    return pid.isEmpty() ? Texts::tr("its process id is not known") : QStringLiteral("pid ") + QString::fromLatin1(pid);
}

} // namespace

/// flock(2) belongs to the open file: the kernel lets it go when the process dies, so no lock is ever stale, and the
/// file itself may stay.
struct SiteLock::Held {
    OpenFile file;
};

SiteLock::SiteLock(std::unique_ptr<Held> held) : m_held(std::move(held)) {}
SiteLock::SiteLock(SiteLock &&) noexcept = default;
SiteLock &SiteLock::operator=(SiteLock &&) noexcept = default;
SiteLock::~SiteLock() = default;

Result<SiteLock> SiteLock::take(const Label &site, const QString &name, const Busy &busy, const Deadline &deadline,
                                std::stop_token stop)
{
    const QString folder = stateFolder(site);
    if (const auto made = makePrivateFolder(folder); !made)
        return passOn(made);
    const QString path = folder + QLatin1Char('/') + name;
    OpenFile file(::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.isOpen())
        return failFile(errno, Texts::tr("write"), path);
    while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failFile(errno, Texts::tr("lock"), path);
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, Texts::tr("Stopped while waiting for another Sixgate."));
        if (deadline.passed())
            return fail(ErrorCode::Unavailable, busy.summary.arg(site.text(), holder(file.fd())), path, busy.fix);
        std::this_thread::sleep_for(std::min(Pause, deadline.left()));
    }
    const QByteArray pid = QByteArray::number(qint64(::getpid())) + '\n';
    if (::ftruncate(file.fd(), 0) != 0 || ::pwrite(file.fd(), pid.constData(), size_t(pid.size()), 0) != pid.size())
        return failFile(errno, Texts::tr("write"), path);
    return SiteLock(std::make_unique<SiteLock::Held>(SiteLock::Held{std::move(file)}));
}

Result<SiteLock> lockSite(const Label &site, const Deadline &deadline, std::stop_token stop)
{
    return SiteLock::take(
        site, QStringLiteral("lock"),
        {Texts::tr("Another Sixgate is working on the site “%1”: %2."), Texts::tr("Wait until it is done, or end it.")},
        deadline, std::move(stop));
}

Result<SiteLock> lockKeeper(const Label &site)
{
    return SiteLock::take(site, QStringLiteral("keeper.lock"),
                          {Texts::tr("Another keeper of the site “%1” runs on this machine: %2."),
                           Texts::tr("See what it does: sixgatectl status. One is enough; end it to run another.")},
                          Deadline::after(std::chrono::milliseconds(0)), {});
}

} // namespace sixgate
