#include "model/urlsecrets.h"
#include "model/texts.h"

#include <QRegularExpression>
#include <QStringList>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype tokenLength = 12;  // letters and digits mixed
constexpr qsizetype opaqueLength = 20; // of one kind
constexpr qsizetype valueLength = 8;   // of a parameter that might be anything

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
    // A password with a slash or a question mark in it: what looks like a port may be its beginning.
    const bool isPort = std::all_of(port.begin(), port.end(), [](QChar c) { return c.isDigit(); });
    if (at < 0 && colon >= 0) {
        const qsizetype later = rest.lastIndexOf(QLatin1Char('@'));
        const QString host = rest.mid(later + 1).section(QLatin1Char('/'), 0, 0).section(QLatin1Char('?'), 0, 0);
        const bool inValue = mark >= 0 && later > mark && rest.mid(mark, later - mark).contains(QLatin1Char('='));
        const bool isHost = isPort && rest.left(colon).contains(QLatin1Char('.')) && !host.contains(QLatin1Char('.'));
        if (later >= 0 && !inValue && !isHost)
            at = later;
    }
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

/// Parameters that say what is wanted or who asks, and no password: "system=dyndns", "zone=example.org".
bool isHarmless(const QString &name)
{
    const QString plain = plainName(name);
    for (const char *one :
         {"action",     "alias",    "backmx", "client",   "cmd",     "command",   "dns",      "domain",
          "domainname", "domains",  "email",  "format",   "fqdn",    "host",      "hostname", "hosts",
          "lang",       "language", "login",  "mail",     "method",  "mode",      "mx",       "name",
          "offline",    "protocol", "record", "script",   "service", "subdomain", "system",   "ttl",
          "type",       "user",     "userid", "username", "verbose", "version",   "wildcard", "zone"}) {
        if (plain == QLatin1String(one))
            return true;
    }
    return false;
}

/// One piece without dots: names of hosts and files have some.
bool isOpaque(const QString &piece)
{
    const bool digits = std::any_of(piece.begin(), piece.end(), [](QChar c) { return c.isDigit(); });
    const bool letters = std::any_of(piece.begin(), piece.end(), [](QChar c) { return c.isLetter(); });
    // "dyndns-update-service"
    static const QRegularExpression words(QStringLiteral("^[A-Za-z]{1,12}([-_][A-Za-z]{1,12})+$"));
    if (words.match(piece).hasMatch())
        return false;
    return piece.size() >= opaqueLength || (piece.size() >= tokenLength && digits && letters) ||
           (piece.size() >= tokenLength && digits && !letters);
}

bool looksLikeToken(const QString &text)
{
    const QString plain = QString::fromUtf8(QByteArray::fromPercentEncoding(text.toUtf8()));
    if (hasPlaceholder(text))
        return false;
    const QStringList pieces = plain.split(QLatin1Char('.'));
    return std::any_of(pieces.begin(), pieces.end(), isOpaque);
}

QString shown(const QString &text)
{
    return looksLikeToken(text) ? QStringLiteral("***") : text;
}

/// Of the path: all but the host.
QStringList segmentsOf(const QString &rest)
{
    return rest.split(QLatin1Char('/')).mid(1);
}

/// Placeholders stay, all else goes.
QString maskedValue(const QString &value)
{
    if (value.isEmpty() || !hasPlaceholder(value))
        return value.isEmpty() ? value : QStringLiteral("***");
    QString out;
    qsizetype from = 0;
    while (from < value.size()) {
        const qsizetype open = value.indexOf(QLatin1Char('{'), from);
        const qsizetype end = open < 0 ? -1 : value.indexOf(QLatin1Char('}'), open);
        const QString literal = value.mid(from, end < 0 ? -1 : open - from);
        // What stands between two of them is a sign, or not to be shown.
        out += literal.size() > 1 ? QStringLiteral("***") : literal;
        if (end < 0)
            break;
        out += value.mid(open, end - open + 1);
        from = end + 1;
    }
    return out;
}

} // namespace

std::optional<UrlSecret> literalSecretIn(const QString &url)
{
    const Pieces pieces = piecesOf(url);
    if (pieces.hasLogin)
        return UrlSecret{Texts::tr("the part before the host"), QStringLiteral("password"), true};
    for (const QString &one : pieces.parameters) {
        const qsizetype equals = one.indexOf(QLatin1Char('='));
        const QString name = equals < 0 ? one : one.left(equals);
        // That of a parameter without a name to show.
        if (looksLikeToken(name))
            return UrlSecret{Texts::tr("the name of a parameter"), QStringLiteral("token"), false};
        if (equals < 1 || equals + 1 == one.size() || hasPlaceholder(one.mid(equals + 1)))
            continue;
        const QString value = one.mid(equals + 1);
        if (const QString credential = credentialOf(name); !credential.isEmpty())
            return UrlSecret{Texts::tr("the parameter “%1”").arg(name), credential, false};
        const bool harmless = isHarmless(name);
        if ((!harmless && value.size() >= valueLength) || (harmless && looksLikeToken(value)))
            return UrlSecret{Texts::tr("the parameter “%1”, as it seems,").arg(name), QStringLiteral("token"), false};
    }
    for (const QString &one : segmentsOf(pieces.rest)) {
        if (looksLikeToken(one))
            return UrlSecret{Texts::tr("the path, as it seems,"), QStringLiteral("token"), false};
    }
    return std::nullopt;
}

QString maskedUrl(const QString &url)
{
    const Pieces pieces = piecesOf(url);
    QStringList path{pieces.rest.section(QLatin1Char('/'), 0, 0)};
    for (const QString &one : segmentsOf(pieces.rest))
        path << shown(one);
    QStringList parameters;
    for (const QString &one : pieces.parameters) {
        const qsizetype equals = one.indexOf(QLatin1Char('='));
        if (equals < 0) {
            parameters << shown(one);
            continue;
        }
        parameters << shown(one.left(equals)) + QLatin1Char('=') + maskedValue(one.mid(equals + 1));
    }
    return pieces.scheme + (pieces.hasLogin ? QStringLiteral("***@") : QString()) + path.join(QLatin1Char('/')) +
           (pieces.hasQuery ? QLatin1Char('?') + parameters.join(QLatin1Char('&')) : QString());
}

} // namespace sixgate
