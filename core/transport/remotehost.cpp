#include "transport/remotehost.h"

#include "model/text.h"
#include "model/texts.h"

#include <QRandomGenerator>
#include <QRegularExpression>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto removalTime = 5s;

// Chosen here, so that it can be removed also where its upload gave no answer; nobody else can guess it.
UploadFolder newUploadFolder()
{
    static const QString letters = QStringLiteral("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    QString name = QStringLiteral("/tmp/.sixgate-");
    for (int i = 0; i < 10; ++i)
        name += letters[QRandomGenerator::system()->bounded(int(letters.size()))];
    return *UploadFolder::parse(name);
}

struct UploadFileKind {
    static Result<QString> check(const QString &text)
    {
        const QString end = QStringLiteral("/script");
        const auto folder = UploadFolder::parse(text.endsWith(end) ? text.chopped(end.size()) : QString());
        return folder ? Result<QString>(text) : Result<QString>(passOn(folder));
    }
};
using UploadFile = ParsedText<UploadFileKind>;

// A file has nothing to do after Perl has opened it.
const char *const forgetful =
    "BEGIN { if ($0 =~ m{^(/tmp/\\.sixgate-[A-Za-z0-9]{10})/script$}) { unlink $0; rmdir $1; } }\n";

// The size comes first: where the connection is cut, the input ends sooner, and nothing of it stays. What an upload of
// before left, whose sudo was never reached, goes, too.
const char *const upload =
    "umask 077; find /tmp -maxdepth 1 -user \"$(id -un)\" -name '.sixgate-*' -mmin +5 -exec rm -rf {} +; "
    "read -r size && mkdir \"$1\" && "
    "{ { cat >\"$1/script\" && [ \"$(wc -c <\"$1/script\")\" -eq \"$size\" ]; } || { rm -rf \"$1\"; exit 1; }; }";

RemoteCommand sudo(bool asks)
{
    RemoteCommand command("env");
    command.literal("LC_ALL=C").literal("sudo");
    // -k: also where sudo remembers the user it reads the password, so that nothing else does.
    if (asks)
        command.literal("-k").literal("-S").literal("-p").literal("");
    else
        command.literal("-n");
    command.literal("--");
    return command;
}

} // namespace

Result<QString> UploadFolderKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A/tmp/\\.sixgate-[A-Za-z0-9]{10}\\z"));
    if (pattern.match(text).hasMatch())
        return text;
    return fail(ErrorCode::Invalid,
                Texts::tr("%1 is not a folder of an upload, such as /tmp/.sixgate-aB3dE5gH7j.").arg(quoted(text)));
}

RemoteHost::RemoteHost(SshTarget target, SudoPassword password, QString passwordSecret)
    : m_target(std::move(target)), m_askPassword(std::move(password)), m_passwordSecret(std::move(passwordSecret))
{
}

Outcome RemoteHost::connect(const Deadline &deadline, std::stop_token stop)
{
    m_session.reset();
    auto session = SshSession::connect(m_target, deadline, stop);
    if (!session)
        return passOn(session);
    m_session = std::move(*session);
    removeUploads(deadline.sooner(removalTime));
    return {};
}

void RemoteHost::removeUploads(const Deadline &deadline)
{
    while (!m_uploads.empty()) {
        const auto removed =
            m_session->exec(RemoteCommand("rm").literal("-rf").literal("--").word(m_uploads.back()), {}, deadline, {});
        if (!removed)
            return; // with the next connection
        m_uploads.pop_back();
    }
}

tl::unexpected<Error> RemoteHost::noConnection() const
{
    return fail(ErrorCode::Network, Texts::tr("There is no connection to %1.").arg(label()));
}

Result<ExecResult> RemoteHost::perl(const QByteArray &script, const Deadline &deadline, std::stop_token stop,
                                    const std::function<void(const QByteArray &line)> &onLine, qsizetype outputLimit)
{
    if (!m_session)
        return noConnection();
    if (m_target.user.text() == QLatin1String("root"))
        return m_session->exec(RemoteCommand("perl").literal("-"), script, deadline, stop, onLine, outputLimit);
    if (auto known = learnHowSudoIs(deadline, stop); !known)
        return passOn(known);
    const UploadFolder folder = newUploadFolder();
    const auto file = UploadFile::parse(folder.text() + QStringLiteral("/script"));
    const QByteArray size = QByteArray::number(script.size() + qsizetype(qstrlen(forgetful))) + '\n';
    const Secret input(size + forgetful + script);
    m_uploads.push_back(folder);
    const auto sent = m_session->exec(RemoteCommand("sh").literal("-c").literal(upload).literal("sh").word(folder),
                                      input.reveal(), deadline, stop);
    if (!sent || sent->status != 0) {
        removeUploads(Deadline::after(removalTime));
        if (!sent)
            return passOn(sent);
        return fail(ErrorCode::Refused, Texts::tr("Nothing can be uploaded to %1.").arg(label()), shownLine(sent->err),
                    Texts::tr("See whether /tmp is full there."));
    }
    auto ran = bySudo(RemoteCommand("/usr/bin/perl").word(*file), deadline, stop, onLine, outputLimit);
    // The script removes itself when it starts; sudo may never have come so far.
    if (!ran || ran->status != 0)
        removeUploads(Deadline::after(removalTime));
    else
        m_uploads.pop_back();
    return ran;
}

Result<ExecResult> RemoteHost::command(const RemoteCommand &command, const Deadline &deadline, std::stop_token stop)
{
    if (!m_session)
        return noConnection();
    if (m_target.user.text() == QLatin1String("root"))
        return m_session->exec(command, {}, deadline, stop);
    if (auto known = learnHowSudoIs(deadline, stop); !known)
        return passOn(known);
    return bySudo(command, deadline, stop, {}, 1024 * 1024);
}

Outcome RemoteHost::learnHowSudoIs(const Deadline &deadline, std::stop_token stop)
{
    if (m_sudo != Sudo::Unknown)
        return {};
    const auto tried = m_session->exec(sudo(false).literal("true"), {}, deadline, stop);
    if (!tried)
        return passOn(tried);
    const QString user = m_target.user.text();
    if (tried->status == 127)
        return fail(ErrorCode::Denied, Texts::tr("There is no sudo on %1.").arg(label()), shownLine(tried->err),
                    Texts::tr("Install it there (apt install sudo), or log in as root."));
    if (tried->status == 0) {
        m_sudo = Sudo::Free;
        return {};
    }
    if (tried->err.contains("must have a tty"))
        return fail(ErrorCode::Denied, Texts::tr("sudo on %1 works in a terminal only.").arg(label()),
                    shownLine(tried->err),
                    Texts::tr("Remove \"requiretty\" for %1 from /etc/sudoers there (visudo).").arg(user));
    auto password = m_askPassword(stop);
    if (!password) {
        if (password.error().code != ErrorCode::NotFound)
            return passOn(password);
        return fail(ErrorCode::NotFound, Texts::tr("sudo on %1 asks for the password of %2.").arg(label(), user), {},
                    Texts::tr("Store it: sixgatectl secret set %1. Or let %2 use sudo without one.")
                        .arg(m_passwordSecret, user));
    }
    m_password = std::move(*password);
    m_sudo = Sudo::Asks;
    return {};
}

Result<ExecResult> RemoteHost::bySudo(const RemoteCommand &command, const Deadline &deadline, std::stop_token stop,
                                      const std::function<void(const QByteArray &line)> &onLine, qsizetype outputLimit)
{
    const bool asks = m_sudo == Sudo::Asks;
    const Secret input(asks ? m_password.reveal() + '\n' : QByteArray());
    auto ran = m_session->exec(sudo(asks).words(command), input.reveal(), deadline, stop, onLine, outputLimit);
    if (!ran || ran->status != 1 || !ran->out.isEmpty())
        return ran;
    const QByteArray &said = ran->err;
    const auto says = [&](const char *words) { return said.contains(words); };
    const QString user = m_target.user.text();
    if (says("incorrect password attempt") || says("no password was provided") || says("Sorry, try again"))
        return fail(ErrorCode::Denied, Texts::tr("sudo on %1 refuses the password of %2.").arg(label(), user), {},
                    Texts::tr("Store the right one: sixgatectl secret set %1").arg(m_passwordSecret));
    if (says("not in the sudoers file") || says("is not allowed to") || says("may not run sudo"))
        return fail(ErrorCode::Denied, Texts::tr("%1 may not use sudo on %2.").arg(user, label()), shownLine(said),
                    Texts::tr("As root on %1: adduser %2 sudo").arg(label(), user));
    return ran;
}

} // namespace sixgate
