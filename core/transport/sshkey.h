#pragma once

#include "model/result.h"
#include "model/secret.h"

namespace sixgate
{

/// A private key file, read and looked at before anything connects.
struct SshKey {
    QString file;
    Secret text;            ///< the file as it is
    QString secretName;     ///< under which its passphrase is stored, for remedies; may be empty
    bool encrypted = false; ///< needs a passphrase
};

/// NotFound, Denied (permissions; an encrypted key without passphrase) or Invalid (not a private key, or of a kind that
/// cannot work), each with what to do.
Result<SshKey> readSshKey(const QString &file, bool passphraseGiven, const QString &secretName = {});

/// The same, with the passphrase at hand: an RSA key is refused also where that shows only once the file is open.
Result<SshKey> readSshKey(const QString &file, const Secret &passphrase, const QString &secretName = {});

/// The public key blob of a key: of `file` itself where that is a public key, else of `file`.pub, else of what the
/// private key file tells in the clear (OpenSSH's format).
Result<QByteArray> readSshPublicKey(const QString &file);

/// The key is encrypted and does not open: the passphrase is wrong, or the file is damaged.
Error sshKeyDoesNotOpen(const SshKey &key);

} // namespace sixgate
