#pragma once

#include "model/deadline.h"
#include "model/names.h"
#include "model/secret.h"

#include <memory>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// Where the secrets of one site are kept. Calls block until `deadline` (Timeout, or Unavailable where the keychain
/// does not answer) or return at once on a stop (Cancelled); any thread. On one store several threads may `get` at the
/// same time; the other calls are one at a time. Names are `[a-z0-9.-]+`, e.g. `dns.main.key`; anything else is
/// Invalid. No error text holds a value.
class SecretStore
{
public:
    virtual ~SecretStore() = default;

    /// NotFound where there is no such secret, Unavailable where the store itself is not there or locked, Denied where
    /// others could read it.
    virtual Result<Secret> get(const QString &name, const Deadline &deadline, std::stop_token stop) = 0;
    /// Adds or replaces. An empty value is Invalid.
    virtual Outcome set(const QString &name, const Secret &value, const Deadline &deadline, std::stop_token stop) = 0;
    /// The names, sorted; never a value.
    virtual Result<std::vector<QString>> list() = 0;
    /// NotFound where there is no such secret.
    virtual Outcome remove(const QString &name, const Deadline &deadline, std::stop_token stop) = 0;
    /// For sentences: "the keychain", "the folder /run/secrets".
    virtual QString place() const = 0;
};

/// The store that the user named; nothing else is ever tried.
///
/// | choice      | store |
/// |-------------|-------|
/// | `keychain`  | the desktop's keychain; needs a QCoreApplication |
/// | `dir:FOLDER` | a folder (mode 0700) with one file (mode 0600) for each secret |
/// | `file:FILE` | a file (mode 0600) of lines `name=value` |
/// | `systemd`   | the folder that systemd names in `CREDENTIALS_DIRECTORY`; read-only |
/// | `stdin`     | lines `name=value` on standard input, read to its end at once; read-only |
///
/// Invalid for anything else, Unavailable where `systemd` names no folder, Cancelled where `stop` ends the reading of
/// standard input, which takes as long as its writer does.
Result<std::unique_ptr<SecretStore>> openSecretStore(const QString &choice, const Label &siteName,
                                                     std::stop_token stop = {});

} // namespace sixgate
