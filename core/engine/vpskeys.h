#pragma once

#include "decide/vpsacts.h"
#include "engine/vpsaccess.h"

namespace sixgate
{

/// The VPS's SSH keys, both ways: the one by which it is recognised, and those by which people may log in.

/// Where the VPS is now.
Result<std::vector<IpAddress>> vpsAddressesOf(const Site &site, std::stop_token stop);

/// What the VPS presents, without a login. Looks its name up.
Result<PresentedHostKey> presentedHostKey(const Site &site, std::stop_token stop);

/// What each of the site file's addresses of the VPS presents, all asked at once.
std::vector<KeyAt> presentedHostKeys(const Vps &vps, std::stop_token stop);

/// A key that may log in as the VPS's user.
struct AuthorizedKey {
    QString type;
    Fingerprint fingerprint;
    QString comment; ///< harmless to show
    QByteArray blob;
    bool restricted = false; ///< options stand in front of it
};

/// Who may log in.
struct AuthorizedKeys {
    std::vector<AuthorizedKey> keys;
    /// Other places where the SSH server looks for keys (files, commands, authorities), as its settings name them.
    /// Sixgate does not look there.
    QStringList elsewhere;
};

/// The authorized_keys and authorized_keys2 of the VPS's user. One thread.
class VpsKeys
{
public:
    /// Logs in as the site file says.
    static Result<VpsKeys> open(const Site &site, SecretStore &secrets, std::stop_token stop);
    /// Logs in with a password that is kept nowhere.
    static Result<VpsKeys> openWithPassword(const Site &site, Secret password, std::stop_token stop);

    Result<AuthorizedKeys> list(std::stop_token stop);
    struct Added {
        bool isNew; ///< it was not there before
        QStringList elsewhere;
    };
    /// `line` is a public key as in a .pub file.
    Result<Added> add(const QByteArray &line, std::stop_token stop);
    /// NotFound where no such key may log in.
    Outcome remove(const AuthorizedKey &key, std::stop_token stop);

private:
    explicit VpsKeys(std::unique_ptr<SshSession> session) : m_session(std::move(session)) {}
    Result<QByteArray> run(const QByteArray &question, std::stop_token stop);

    std::unique_ptr<SshSession> m_session;
};

/// Parses one line of authorized_keys or a .pub file. Invalid where it holds no public key.
Result<AuthorizedKey> parseAuthorizedKey(const QByteArray &line);

/// Makes an Ed25519 key without a passphrase (ssh-keygen), with its .pub beside; nothing where the file is there
/// already. Unavailable where ssh-keygen is missing, Refused where it makes none, Timeout, Cancelled.
Outcome makeSshKey(const QString &file, const QString &comment, std::stop_token stop = {});

/// Where a key of Sixgate's own making is.
inline constexpr const char *ownSshKeyFile = "~/.ssh/sixgate_ed25519";

/// The public half's line of the private key `file` (`~/` allowed), which is made where it is not there. Errors as
/// makeSshKey(); Invalid where that is no absolute path, NotFound where there is a private half alone.
Result<QByteArray> sshKeyLine(const QString &file, std::stop_token stop);

/// This machine's push key for the site, which is made where it is not there (pushKeyFile()). Errors as makeSshKey();
/// NotFound where its public half cannot be read.
Result<PushKey> ownPushKey(const QString &siteFile, const Label &site, std::stop_token stop);

/// The same, where it is there already.
std::optional<PushKey> pushKeyThere(const QString &siteFile, const Label &site);

/// Whether both are one key, whatever is said beside it.
bool sameKey(const PushKey &one, const PushKey &other);

/// Lets a key in with the password of the VPS's user, which is kept nowhere: `file`, or where that is empty one of
/// Sixgate's own. Gives the private key's path as the site file is to name it.
Result<QString> bringSshKey(const Site &site, const QString &file, Secret password, std::stop_token stop);

/// Whether the VPS lets this site in with its key alone.
Outcome tryLogin(const Site &site, SecretStore &secrets, std::stop_token stop);

} // namespace sixgate
