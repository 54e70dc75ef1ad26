#pragma once

#include "storage/secrets.h"

namespace sixgate
{

/// The concrete stores; see openSecretStore.

/// A secret is at most this long.
constexpr qsizetype LongestSecret = 64 * 1024;

/// Invalid unless `[a-z0-9.-]+`, beginning with a letter or digit (so that it is a harmless file name), at most 100.
Outcome checkSecretName(const QString &name);
/// Invalid where the value is empty or longer than LongestSecret.
Outcome checkSecretValue(const QString &name, const Secret &value);
tl::unexpected<Error> failNoSecret(const QString &name, const QString &place);

/// How strict a DirectoryStore is, and whether it writes.
enum class DirectoryKind {
    Own,     ///< named by the user: only the owner may have any right
    Systemd, ///< made by systemd: the group may have rights (its access lists show there); read-only
};

std::unique_ptr<SecretStore> makeDirectoryStore(const QString &path, DirectoryKind kind);
std::unique_ptr<SecretStore> makeFileStore(const QString &path);
/// Reads `fd` to its end; Invalid where a line is not `name=value`, Cancelled on a stop. Leaves `fd` open.
Result<std::unique_ptr<SecretStore>> makeStreamStore(int fd, std::stop_token stop = {});
/// `indexPath` keeps the names, which QtKeychain cannot list.
std::unique_ptr<SecretStore> makeKeychainStore(const Label &siteName, const QString &indexPath);

} // namespace sixgate
