#include "model/urlsecrets.h"

#include <QStringList>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype tokenLength = 20;

/// A URL cut up without being judged: it may be none.
struct Pieces {
    QString scheme; ///< with "://"; may be empty
    QString login;  ///< without "@"
    bool hasLogin = false;
    QString rest; ///< host and path
    bool hasQuery = false;
    QStringList parameters;
};

Pieces piecesOf(const QString &url)
{
    Pieces pieces;
    const qsizetype slashes = url.indexOf(QLatin1String("://"));
    pieces.scheme = slashes < 0 ? QString() : url.left(slashes + 3);
    QString rest = url.mid(pieces.scheme.size());
    // RFC 3986 §3.2: the authority ends at the first of these; what a password should not hold it may hold all the
    // same.
    const qsizetype slash = rest.indexOf(QLatin1Char('/'));
    const qsizetype mark = rest.indexOf(QLatin1Char('?'));
    qsizetype end = rest.size();
    if (slash >= 0)
        end = slash;
    if (mark >= 0)
        end = std::min(end, mark);
    qsizetype at = rest.left(end).lastIndexOf(QLatin1Char('@'));
    const qsizetype colon = rest.left(end).indexOf(QLatin1Char(':'));
    const QString port = colon < 0 ? QString() : rest.mid(colon + 1, end - colon - 1);
    // A password with a slash: what looks like a port is none.
    if (at < 0 && std::any_of(port.begin(), port.end(), [](QChar c) { return !c.isDigit(); }))
        at = rest.left(mark < 0 ? rest.size() : mark).lastIndexOf(QLatin1Char('@'));
    if (at >= 0) {
        pieces.hasLogin = true;
        pieces.login = rest.left(at);
        rest = rest.mid(at + 1);
    }
    const qsizetype query = rest.indexOf(QLatin1Char('?'));
    pieces.hasQuery = query >= 0;
    pieces.rest = query < 0 ? rest : rest.left(query);
    if (query >= 0)
        pieces.parameters = rest.mid(query + 1).split(QLatin1Char('&'));
    return pieces;
}

QString plainName(const QString &text)
{
    QString plain;
    for (const QChar c : QString::fromUtf8(QByteArray::fromPercentEncoding(text.toUtf8())).toLower()) {
        if (c.isLetterOrNumber())
            plain += c;
    }
    return plain;
}

/// "password" or "token"; empty where the parameter is no secret by its name.
QString credentialOf(const QString &name)
{
    const QString plain = plainName(name);
    for (const char *part : {"pass", "pwd", "passwort"}) {
        if (plain.contains(QLatin1String(part)))
            return QStringLiteral("password");
    }
    if (plain == QLatin1String("pw"))
        return QStringLiteral("password");
    for (const char *part : {"token", "secret", "apikey", "authkey", "updatekey", "credential"}) {
        if (plain.contains(QLatin1String(part)))
            return QStringLiteral("token");
    }
    for (const char *whole : {"key", "auth", "authorization", "bearer", "hash", "signature"}) {
        if (plain == QLatin1String(whole))
            return QStringLiteral("token");
    }
    return {};
}

bool hasPlaceholder(const QString &text)
{
    const qsizetype open = text.indexOf(QLatin1Char('{'));
    return open >= 0 && text.indexOf(QLatin1Char('}'), open) > open + 1;
}

bool looksLikeToken(const QString &text)
{
    const auto any = [&](bool (*is)(QChar)) { return std::any_of(text.begin(), text.end(), is); };
    return text.size() >= tokenLength && !hasPlaceholder(text) && any([](QChar c) { return c.isDigit(); }) &&
           any([](QChar c) { return c.isLetter(); }) && !text.contains(QLatin1Char('.'));
}

QString shown(const QString &text)
{
    return looksLikeToken(text) ? QStringLiteral("***") : text;
}

} // namespace

std::optional<UrlSecret> literalSecretIn(const QString &url)
{
    const Pieces pieces = piecesOf(url);
    if (pieces.hasLogin)
        return UrlSecret{QStringLiteral("the part before the host"), QStringLiteral("password"), true};
    for (const QString &one : pieces.parameters) {
        const qsizetype equals = one.indexOf(QLatin1Char('='));
        if (equals < 1 || equals + 1 == one.size() || hasPlaceholder(one.mid(equals + 1)))
            continue;
        if (const QString credential = credentialOf(one.left(equals)); !credential.isEmpty())
            return UrlSecret{QStringLiteral("the parameter “%1”").arg(one.left(equals)), credential, false};
    }
    return std::nullopt;
}

QString maskedUrl(const QString &url)
{
    const Pieces pieces = piecesOf(url);
    QStringList path;
    for (const QString &one : pieces.rest.split(QLatin1Char('/')))
        path << shown(one);
    QStringList parameters;
    for (const QString &one : pieces.parameters) {
        const qsizetype equals = one.indexOf(QLatin1Char('='));
        if (equals < 0) {
            parameters << shown(one);
            continue;
        }
        const QString name = one.left(equals), value = one.mid(equals + 1);
        const bool secret = !value.isEmpty() && !hasPlaceholder(value) && !credentialOf(name).isEmpty();
        parameters << name + QLatin1Char('=') + (secret ? QStringLiteral("***") : shown(value));
    }
    return pieces.scheme + (pieces.hasLogin ? QStringLiteral("***@") : QString()) + path.join(QLatin1Char('/')) +
           (pieces.hasQuery ? QLatin1Char('?') + parameters.join(QLatin1Char('&')) : QString());
}

} // namespace sixgate
