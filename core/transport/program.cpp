#include "transport/program.h"

#include "model/texts.h"
#include "transport/fd.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <vector>

namespace sixgate
{

namespace
{

constexpr int thirdFd = 3;

tl::unexpected<Error> failCall(const ProgramCall &call, int number)
{
    const QString program = QString::fromUtf8(call.program);
    if (number == ENOENT)
        return fail(ErrorCode::NotFound, Texts::tr("There is no %1 on this machine.").arg(program));
    return fail(number == EACCES ? ErrorCode::Denied : ErrorCode::Internal,
                Texts::tr("%1 could not be started.").arg(program), QString::fromLatin1(::strerrordesc_np(number)));
}

/// In memory only, to be read from its beginning.
Fd filled(const QByteArray &bytes)
{
    Fd file(::memfd_create("sixgate", MFD_CLOEXEC));
    for (qsizetype at = 0; file.valid() && at < bytes.size();) {
        const ssize_t done = ::write(file.get(), bytes.constData() + at, size_t(bytes.size() - at));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return Fd();
        at += done;
    }
    if (file.valid() && ::lseek(file.get(), 0, SEEK_SET) != 0)
        return Fd();
    return file;
}

struct Pipe {
    Fd read, write;
    Pipe()
    {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) == 0) {
            read = Fd(ends[0]);
            write = Fd(ends[1]);
            ::fcntl(read.get(), F_SETFL, O_NONBLOCK);
        }
    }
};

std::vector<char *> pointers(const QByteArrayList &words)
{
    std::vector<char *> out;
    for (const QByteArray &one : words)
        out.push_back(const_cast<char *>(one.constData()));
    out.push_back(nullptr);
    return out;
}

/// A child that does not outlive this.
class Child
{
public:
    explicit Child(pid_t process) : m_process(process), m_fd(int(::syscall(SYS_pidfd_open, process, 0))) {}
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child()
    {
        if (m_process <= 0)
            return;
        ::kill(m_process, SIGKILL);
        (void)end();
    }
    int fd() const { return m_fd.get(); }
    /// Waits for its end.
    int end()
    {
        int status = 0;
        while (::waitpid(m_process, &status, 0) < 0 && errno == EINTR) {
        }
        m_process = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t m_process;
    Fd m_fd;
};

/// What is there now; closes the stream at its end, and where it says too much.
void drain(Fd &stream, QByteArray &into, qsizetype most)
{
    char buffer[4096];
    while (stream.valid()) {
        const ssize_t got = ::read(stream.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got > 0)
            into.append(buffer, std::min(qsizetype(got), most - into.size()));
        if (got <= 0 || into.size() >= most)
            stream.reset();
    }
}

Result<pid_t> spawn(const ProgramCall &call, int input, int output, int errors, int third)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    if (third >= 0)
        ::posix_spawn_file_actions_adddup2(&actions, third, thirdFd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, third >= 0 ? thirdFd + 1 : thirdFd);
    // Whatever this program blocks or ignores is its own affair.
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    auto arguments = pointers(QByteArrayList{call.program} + call.arguments);
    auto environment = pointers(call.environment);
    pid_t process = -1;
    const int failed =
        ::posix_spawn(&process, call.program.constData(), &actions, &attributes, arguments.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        return failCall(call, failed);
    return process;
}

} // namespace

Result<ProgramEnd> runProgram(const ProgramCall &call, const Deadline &deadline, std::stop_token stop)
{
    const Fd input = filled(call.input.reveal());
    const Fd third = call.third.isEmpty() ? Fd() : filled(call.third);
    Pipe output, errors;
    const Fd woken(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!input.valid() || (!call.third.isEmpty() && !third.valid()) || !output.read.valid() || !errors.read.valid() ||
        !woken.valid())
        return failCall(call, errno);
    const std::stop_callback wake(stop, [&woken] { ::eventfd_write(woken.get(), 1); });
    const auto process = spawn(call, input.get(), output.write.get(), errors.write.get(), third.get());
    if (!process)
        return passOn(process);
    Child child(*process);
    output.write.reset();
    errors.write.reset();
    if (child.fd() < 0)
        return failCall(call, errno);
    ProgramEnd end;
    while (true) {
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, Texts::tr("Stopped on request."));
        // A closed stream's -1 is skipped.
        std::array<pollfd, 4> waited = {{{child.fd(), POLLIN, 0},
                                         {woken.get(), POLLIN, 0},
                                         {output.read.get(), POLLIN, 0},
                                         {errors.read.get(), POLLIN, 0}}};
        const int ready = ::poll(waited.data(), waited.size(), int(deadline.left().count()));
        if (ready < 0 && errno != EINTR)
            return failCall(call, errno);
        drain(output.read, end.output, call.mostOutput);
        drain(errors.read, end.errors, call.mostOutput);
        if (ready > 0 && waited[0].revents != 0) {
            // Whatever it started may go on; nobody waits for that.
            drain(output.read, end.output, call.mostOutput);
            drain(errors.read, end.errors, call.mostOutput);
            end.exit = child.end();
            return end;
        }
        if (ready == 0 && deadline.passed())
            return fail(ErrorCode::Timeout, Texts::tr("%1 did not end in time.").arg(QString::fromUtf8(call.program)));
    }
}

} // namespace sixgate
