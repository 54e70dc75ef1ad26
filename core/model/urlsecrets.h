#pragma once

#include <QString>

#include <optional>

namespace sixgate
{

/// Secrets that stand in a URL in clear, where a template has a placeholder for them (`{password}`, `{token}`).

struct UrlSecret {
    QString where;           ///< for a sentence: "the parameter “password”", "the part before the host"
    QString credential;      ///< which one it most likely is: "password" or "token"
    bool beforeHost = false; ///< user:password@
};
/// The first one, by its name: a login before the host, or a parameter such as `password`, `pwd`, `token`, `apikey`
/// whose value holds no placeholder. What no name tells (a token in the path) is not found.
std::optional<UrlSecret> literalSecretIn(const QString &url);

/// As it may be shown: a login before the host, the values of such parameters, and parts of path or query that look
/// like a token (20 characters and more, letters and digits mixed) as "***". Placeholders stay.
QString maskedUrl(const QString &url);

} // namespace sixgate
