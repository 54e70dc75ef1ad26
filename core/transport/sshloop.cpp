#include "transport/sshloop.h"
#include "model/texts.h"

#include <algorithm>
#include <chrono>
#include <poll.h>
#include <sys/eventfd.h>

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds retryAfter = 50ms;
constexpr qsizetype mostSessionsAtFirst = 8; // OpenSSH's MaxSessions is 10

// Gives each complete line in `lines` to `onLine`.
void giveLines(const QByteArray &lines, const std::function<void(const QByteArray &line)> &onLine)
{
    for (qsizetype at = 0, end; (end = lines.indexOf('\n', at)) >= 0; at = end + 1)
        onLine(lines.mid(at, end - at));
}

} // namespace

SshLoop::SshLoop(std::unique_ptr<SshLink> link, QString label)
    : m_label(std::move(label)), m_wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), m_link(std::move(link)),
      m_mostSessions(mostSessionsAtFirst), m_thread([this] { run(); })
{
}

SshLoop::~SshLoop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_quit = true;
    }
    wake();
    m_thread.join();
}

void SshLoop::wake() const
{
    eventfd_write(m_wake.get(), 1);
}

Outcome SshLoop::serve(const std::shared_ptr<SshCall> &call, const Deadline &deadline, std::stop_token stop,
                       const std::function<void(const QByteArray &line)> &onLine)
{
    const auto cancelled = [this] {
        return fail(ErrorCode::Cancelled, Texts::tr("Cancelled while talking to %1.").arg(m_label));
    };
    if (stop.stop_requested())
        return cancelled();
    {
        const std::lock_guard lock(m_mutex);
        if (m_broken)
            return tl::unexpected<Error>(*m_broken);
        m_new.push_back(call);
    }
    wake();

    qsizetype given = 0;    // bytes of complete lines given to `onLine`
    qsizetype searched = 0; // no line ends between `given` and here
    Deadline until = deadline;
    bool counting = false; // the call's own limit, since it has begun
    std::unique_lock lock(call->mutex);
    while (true) {
        const auto begins = [&] { return call->most && call->begun && !counting; };
        const auto news = [&] { return call->done || begins() || (onLine && call->result.out.size() > searched); };
        call->changed.wait_for(lock, stop, until.left(), news);
        if (begins()) {
            counting = true;
            until = deadline.sooner(*call->most);
        }
        if (!call->done && (stop.stop_requested() || until.passed())) {
            const bool begun = call->begun;
            call->abandoned = true;
            lock.unlock();
            wake();
            if (stop.stop_requested())
                return cancelled();
            if (!begun)
                return fail(ErrorCode::Timeout, Texts::tr("%1 had no SSH channel free in time.").arg(m_label),
                            Texts::tr("Other commands, or a connection attempt that nobody answers, kept it busy."),
                            Texts::tr("Run it again."));
            return call->kind == SshCall::Kind::Exec
                       ? fail(ErrorCode::Timeout, Texts::tr("The command on %1 did not end in time.").arg(m_label), {},
                              Texts::tr("See whether %1 is overloaded, then run it again.").arg(m_label))
                       : fail(ErrorCode::Timeout,
                              Texts::tr("%1 could not connect to %2 port %3 in time.")
                                  .arg(m_label, QString::fromLatin1(call->address))
                                  .arg(call->port),
                              {}, Texts::tr("See whether that machine is on and reachable from %1.").arg(m_label));
        }
        const bool done = call->done;
        if (onLine) {
            const qsizetype end = call->result.out.lastIndexOf('\n') + 1;
            searched = call->result.out.size();
            if (end > given) {
                const QByteArray lines = call->result.out.mid(given, end - given);
                given = end;
                lock.unlock(); // the owner thread goes on while `onLine` works
                giveLines(lines, onLine);
                lock.lock();
            }
        }
        if (done)
            break;
    }
    if (call->error)
        return tl::unexpected<Error>(*call->error);
    return {};
}

void SshLoop::run()
{
    while (true) {
        takeNewCalls();
        {
            const std::lock_guard lock(m_mutex);
            if (m_quit)
                break;
        }
        const bool came = m_link->fill();
        const bool opened = startWaiting();
        const bool moved = moveAll();
        m_link->keepAlive();
        m_link->flush();
        // All that came before the end is served first: a command may have ended in it.
        const bool again = came || opened || moved;
        if (m_link->broken() && !again)
            break;
        waitForEvents(again);
    }
    failAll();
    m_link->disconnect(false);
    m_link->flush();
    m_link.reset();
}

void SshLoop::takeNewCalls()
{
    std::vector<std::shared_ptr<SshCall>> calls;
    {
        const std::lock_guard lock(m_mutex);
        calls.swap(m_new);
    }
    for (auto &call : calls)
        m_waiting.push_back(makeSshJob(std::move(call), m_label));
}

qsizetype SshLoop::sessionsInUse() const
{
    return std::count_if(m_running.begin(), m_running.end(), [](const auto &job) { return job->isExec(); }) +
           std::count_if(m_closing.begin(), m_closing.end(), [](const Closing &one) { return one.session; });
}

// Opens channels until one has to wait for its answer; true where one came to its end.
bool SshLoop::startWaiting()
{
    bool moved = false;
    while (!m_link->broken()) {
        std::erase_if(m_waiting, [](const auto &job) { return job->abandoned(); });
        if (!m_opening) {
            if (std::chrono::steady_clock::now() < m_retryAt)
                break;
            const bool room = sessionsInUse() < m_mostSessions;
            const auto next = std::find_if(m_waiting.begin(), m_waiting.end(),
                                           [room](const auto &job) { return room || !job->isExec(); });
            if (next == m_waiting.end())
                break;
            m_opening = std::move(*next);
            m_waiting.erase(next);
            m_opening->begin();
        }
        // An abandoned job goes on to its answer, which libssh2 would otherwise give to the next one.
        const SshStep step = m_opening->open(*m_link);
        if (step == SshStep::Again || m_link->broken())
            break;
        moved = true;
        if (step == SshStep::Done) {
            m_running.push_back(std::move(m_opening));
        } else if (m_opening->channelRefused() && (sessionsInUse() > 0 || justClosed())) {
            // The server allows fewer sessions at a time: wait for one of ours to end. It counts one for a moment
            // longer than we do, until it has collected the process.
            m_mostSessions = std::max<qsizetype>(1, sessionsInUse());
            m_retryAt = std::chrono::steady_clock::now() + retryAfter;
            m_waiting.push_front(std::move(m_opening));
        } else {
            m_opening->fail(m_opening->error());
            close(*m_opening);
            m_opening.reset();
        }
    }
    return moved;
}

bool SshLoop::moveAll()
{
    bool moved = false;
    for (auto &job : m_running) {
        const SshStep step = job->move(*m_link, moved);
        if (step == SshStep::Again || (step == SshStep::Failed && m_link->broken()))
            continue;
        if (step == SshStep::Failed)
            job->fail(job->error());
        close(*job);
        job.reset();
        moved = true; // its place may be another one's
    }
    std::erase(m_running, nullptr);
    const auto before = m_closing.size();
    std::erase_if(m_closing, [this](const Closing &one) { return m_link->release(one.channel) != SshStep::Again; });
    return moved || m_closing.size() < before;
}

void SshLoop::close(SshJob &job)
{
    if (job.channel())
        m_closing.push_back({job.channel(), job.isExec()});
    if (job.isExec() && job.channel())
        m_lastClose = std::chrono::steady_clock::now();
}

bool SshLoop::justClosed() const
{
    return std::chrono::steady_clock::now() < m_lastClose + 3s;
}

void SshLoop::waitForEvents(bool again)
{
    std::vector<pollfd> polls{{m_wake.get(), POLLIN, 0}, {m_link->socket(), m_link->events(), 0}};
    for (const auto &job : m_running)
        job->addPolls(polls);
    constexpr int keepAlive = SshLink::keepAliveSeconds * 1000;
    const bool retries = !m_waiting.empty() && !m_opening && std::chrono::steady_clock::now() < m_retryAt;
    ::poll(polls.data(), polls.size(), again ? 0 : retries ? int(retryAfter.count()) : keepAlive);
    eventfd_t count = 0;
    if (polls[0].revents)
        eventfd_read(m_wake.get(), &count);
}

// The connection is lost, or given up: nobody waits any longer.
void SshLoop::failAll()
{
    const Error error{ErrorCode::Network, Texts::tr("The SSH connection to %1 is lost.").arg(m_label), m_link->reason(),
                      Texts::tr("Check that %1 is up and reachable, then run it again.").arg(m_label)};
    {
        const std::lock_guard lock(m_mutex);
        m_broken = error;
    }
    takeNewCalls();
    if (m_opening)
        m_opening->fail(error);
    for (const auto &job : m_waiting)
        job->fail(error);
    for (const auto &job : m_running)
        job->fail(error);
    m_opening.reset();
    m_waiting.clear();
    m_running.clear();
}

} // namespace sixgate
