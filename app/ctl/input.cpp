#include "ctl/input.h"

#include "transport/io.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

using namespace std::chrono_literals;

constexpr auto asLongAsItTakes = 24h * 365; // people think, and pipes wait: only a stop ends it
constexpr qsizetype chunkSize = 64 * 1024;
constexpr qsizetype mostSecret = 64 * 1024;

} // namespace

HiddenInput::HiddenInput()
{
    m_changed = tcgetattr(STDIN_FILENO, &m_before) == 0;
    if (!m_changed)
        return;
    m_onSuspend = std::signal(SIGTSTP, SIG_IGN);
    termios silent = m_before;
    silent.c_lflag &= ~tcflag_t(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

HiddenInput::~HiddenInput()
{
    if (!m_changed)
        return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before);
    std::signal(SIGTSTP, m_onSuspend);
}

Result<QByteArray> readInput(int fd, ReadUntil until, qsizetype most, std::stop_token stop)
{
    const auto tooLong = [most] {
        return fail(ErrorCode::Invalid, QStringLiteral("The input is longer than %1 KiB.").arg(most / 1024));
    };
    QByteArray bytes;
    bytes.reserve(most + 1); // one allocation: growing would leave copies behind
    while (bytes.size() <= most) {
        auto got = readSome(fd, chunkSize, Deadline::after(asLongAsItTakes), stop);
        if (!got)
            return got.error().code == ErrorCode::Cancelled
                       ? fail(ErrorCode::Cancelled, QStringLiteral("Stopped while reading the input."))
                       : fail(got.error().code, QStringLiteral("The input could not be read."), got.error().detail);
        const Secret chunk(std::move(*got)); // wiped when it goes
        const qsizetype lineEnd = until == ReadUntil::LineEnd ? chunk.reveal().indexOf('\n') : -1;
        const qsizetype taken = lineEnd >= 0 ? lineEnd : chunk.reveal().size();
        if (bytes.size() + taken > most)
            return tooLong();
        bytes.append(chunk.reveal().constData(), taken);
        if (chunk.isEmpty() || lineEnd >= 0)
            return bytes;
    }
    return tooLong();
}

Result<Secret> askSecret(Output &output, const QString &question, ReadUntil piped, const Error &empty,
                         std::stop_token stop)
{
    std::optional<HiddenInput> hidden;
    const bool terminal = isatty(STDIN_FILENO);
    if (terminal) {
        hidden.emplace();
        output.remark(question);
    }
    auto bytes = readInput(STDIN_FILENO, terminal ? ReadUntil::LineEnd : piped, mostSecret, stop);
    if (terminal)
        output.remark(QStringLiteral("\n"));
    if (!bytes)
        return passOn(bytes);
    while (bytes->endsWith('\n') || bytes->endsWith('\r'))
        bytes->chop(1);
    if (bytes->isEmpty())
        return tl::unexpected<Error>(empty);
    return Secret(std::move(*bytes));
}

Outcome askYes(Output &output, const QString &question, const QString &otherwise, std::stop_token stop)
{
    if (output.json() || !isatty(STDIN_FILENO))
        return fail(ErrorCode::Invalid, QStringLiteral("There is nobody to ask here, so nothing was changed."), {},
                    QStringLiteral("Run it in a terminal, or %1.").arg(otherwise));
    output.print(question);
    const auto answer = readInput(STDIN_FILENO, ReadUntil::LineEnd, 100, stop);
    if (!answer)
        return passOn(answer);
    const QByteArray word = answer->trimmed().toLower();
    if (word == "y" || word == "yes")
        return {};
    return fail(ErrorCode::Cancelled, QStringLiteral("Nothing was changed."));
}

Result<std::unique_ptr<SecretStore>> openSecrets(const Options &options, const Label &siteName, Output &output,
                                                 std::stop_token stop)
{
    std::optional<HiddenInput> hidden;
    if (options.secrets == QLatin1String("stdin") && isatty(STDIN_FILENO)) {
        hidden.emplace();
        output.remark(QStringLiteral("Secrets, one name=value a line, then Ctrl-D (not shown):\n"));
    }
    return openSecretStore(options.secrets, siteName, stop);
}

} // namespace sixgate::ctl
