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
/// The first one: a login before the host, the value of a parameter such as `password` or `token`, a value of eight and
/// more characters of one that is not known to be harmless (`zone`, `user`, `system` are), or what looks like a token
/// in the path or as a parameter's name (twelve characters and more with digits, or twenty and more, without a dot).
/// Where a placeholder stands there is none. It rather finds one too many: whoever has such a literal stores it as
/// `{token}`.
std::optional<UrlSecret> literalSecretIn(const QString &url);

/// As it may be shown: a login before the host, the values of all parameters, and what looks like a token in the path
/// or as a parameter's name, as "***". Placeholders stay.
QString maskedUrl(const QString &url);

} // namespace sixgate
