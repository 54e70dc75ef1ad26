#pragma once

#include "transport/ssh.h"

namespace sixgate
{

/// `/tmp/.sixgate-` and ten letters or digits: where a script lies until sudo has started it.
struct UploadFolderKind {
    static Result<QString> check(const QString &text);
};
using UploadFolder = ParsedText<UploadFolderKind>;

/// A machine on which Sixgate's scripts run as root over SSH: directly, or by sudo where the login is another user. One
/// thread.
///
/// By sudo, a script is uploaded first, readable by that user alone (0600 below a folder of 0700 in /tmp), and removes
/// itself when it starts; sudo's standard input carries the password and then ends. Nothing of either is an argument.
/// What is left of an upload that was cut off is removed there at once, and after the next connect().
class RemoteHost
{
public:
    /// Gives the password when sudo asks for one; called once.
    using SudoPassword = std::function<Result<Secret>(std::stop_token)>;

    /// `passwordSecret`: under which the password is stored, for remedies.
    RemoteHost(SshTarget target, SudoPassword password, QString passwordSecret);

    const QString &label() const { return m_target.label; }
    /// Connects; where there was a connection, anew. Errors as of SshSession::connect.
    Outcome connect(const Deadline &deadline, std::stop_token stop);
    /// Only after connect() has succeeded.
    SshSession &session() { return *m_session; }

    /// Runs a Perl script (its text, `__END__`, its data) as root. Denied where sudo refuses, with sudo's reason; else
    /// as of SshSession::exec.
    Result<ExecResult> perl(const QByteArray &script, const Deadline &deadline, std::stop_token stop,
                            const std::function<void(const QByteArray &line)> &onLine = {},
                            qsizetype outputLimit = 64 * 1024 * 1024);
    /// Runs a command as root, without input.
    Result<ExecResult> command(const RemoteCommand &command, const Deadline &deadline, std::stop_token stop);

private:
    Result<ExecResult> bySudo(const RemoteCommand &command, const Deadline &deadline, std::stop_token stop,
                              const std::function<void(const QByteArray &line)> &onLine, qsizetype outputLimit);
    tl::unexpected<Error> noConnection() const;
    void removeUploads(const Deadline &deadline);
    Outcome learnHowSudoIs(const Deadline &deadline, std::stop_token stop);

    SshTarget m_target;
    SudoPassword m_askPassword;
    QString m_passwordSecret;
    std::unique_ptr<SshSession> m_session;
    enum class Sudo { Unknown, Free, Asks } m_sudo = Sudo::Unknown;
    Secret m_password;
    std::vector<UploadFolder> m_uploads; ///< which may be there still
};

} // namespace sixgate
