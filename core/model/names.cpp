#include "model/names.h"

#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/port.h"
#include "model/text.h"
#include "model/texts.h"

#include <QRegularExpression>

namespace sixgate
{

namespace
{

Result<QString> matched(const QString &text, const QRegularExpression &pattern, const char *what, const char *example)
{
    if (text.size() <= 2000 && pattern.match(text).hasMatch())
        return text;
    return fail(
        ErrorCode::Invalid,
        Texts::tr("%1 is not %2. Example: %3.").arg(quoted(text), Texts::tr(what), QString::fromLatin1(example)));
}

} // namespace

Result<QString> LabelKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?\\z"));
    return matched(
        text, pattern,
        QT_TRANSLATE_NOOP("Texts", "a name (lower-case letters, digits and hyphens, at most 32, a letter first)"),
        "cloud");
}

Result<QString> KeyNameKind::check(const QString &text)
{
    static const QRegularExpression pattern(
        QStringLiteral("\\A(?=.{1,253}\\z)[A-Za-z0-9_-]{1,63}(?:\\.[A-Za-z0-9_-]{1,63})*\\z"));
    const auto name = matched(text.endsWith(QLatin1Char('.')) ? text.chopped(1) : text, pattern,
                              QT_TRANSLATE_NOOP("Texts", "a TSIG key name"), "sixgate-key");
    if (!name)
        return name;
    // Only now, when it is ASCII: in lower case the Kelvin sign is a k.
    return name->toLower();
}

Result<QString> LoginKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z_][a-z0-9_-]{0,31}\\z"));
    return matched(text, pattern, QT_TRANSLATE_NOOP("Texts", "a login name"), "root");
}

Result<QString> MailKind::check(const QString &text)
{
    static const QRegularExpression local(
        QStringLiteral("\\A(?=.{1,64}\\z)[A-Za-z0-9!#%&'*+/=?^_{|}~-]+(?:\\.[A-Za-z0-9!#%&'*+/=?^_{|}~-]+)*\\z"));
    const qsizetype at = text.lastIndexOf(QLatin1Char('@'));
    if (at > 0 && local.match(text.left(at)).hasMatch()) {
        if (const auto host = Hostname::parse(text.mid(at + 1)))
            return text.left(at + 1) + host->ascii();
    }
    return fail(ErrorCode::Invalid, Texts::tr("%1 is not a mail address. Example: me@example.org.").arg(quoted(text)));
}

Result<QString> HttpsUrlKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral(
        "\\Ahttps://(\\[[0-9A-Fa-f:.]+\\]|[^/:\\[\\]@?#]+)(?::([0-9]{1,5}))?((?:/[A-Za-z0-9._~-]*)*)\\z"));
    const auto bad = [&] {
        return fail(ErrorCode::Invalid,
                    Texts::tr("%1 is not an https:// address. Example: https://acme-v02.api.letsencrypt.org/directory.")
                        .arg(quoted(text)));
    };
    const auto match = pattern.match(text);
    if (text.size() > 500 || !match.hasMatch())
        return bad();
    QString host = match.captured(1);
    if (host.startsWith(QLatin1Char('['))) {
        const auto address = Ipv6Address::parse(host.mid(1, host.size() - 2));
        if (!address)
            return bad();
        host = QLatin1Char('[') + address->text() + QLatin1Char(']');
    } else if (!Ipv4Address::parse(host)) {
        const auto name = Hostname::parse(host);
        if (!name)
            return bad();
        host = name->ascii();
    }
    QString port = match.captured(2);
    if (!port.isEmpty() && !Port::parse(port))
        return bad();
    if (!port.isEmpty())
        port.prepend(QLatin1Char(':'));
    return QStringLiteral("https://") + host + port + match.captured(3);
}

Result<QString> UrlPathKind::check(const QString &text)
{
    static const QRegularExpression pattern(
        QStringLiteral("\\A(?=.{1,255}\\z)/(?:[A-Za-z0-9._~/-]|%[0-9A-Fa-f]{2})*\\z"));
    return matched(text, pattern, QT_TRANSLATE_NOOP("Texts", "a URL path"), "/status");
}

Result<QString> InterfaceNameKind::check(const QString &text)
{
    static const QRegularExpression pattern(QStringLiteral("\\A(?!\\.{1,2}\\z)[A-Za-z0-9._-]{1,15}\\z"));
    return matched(text, pattern, QT_TRANSLATE_NOOP("Texts", "the name of a network interface"), "eth0");
}

Result<QString> PushKeyKind::check(const QString &text)
{
    // Nothing of it is shown: it may be the private key.
    const auto bad = [](const QString &what) {
        return fail(ErrorCode::Invalid, what, {},
                    Texts::tr("Take what \"sixgatectl vps push-key\" prints, one line like \"ssh-ed25519 AAAA… "
                              "nas\"."));
    };
    if (text.contains(QLatin1String("PRIVATE KEY")))
        return bad(Texts::tr("That is a private key, which never leaves its computer."));
    static const QRegularExpression pattern(
        QStringLiteral("\\Assh-ed25519 (AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43})(?: ([A-Za-z0-9@._-]{1,64}))?\\z"));
    const QString line = text.size() <= 2000 ? text.simplified() : QString();
    if (!pattern.match(line).hasMatch())
        return bad(Texts::tr("That is no Ed25519 public key of SSH."));
    return line;
}

bool isManagedPath(const QString &path)
{
    static const QRegularExpression pattern(QStringLiteral("\\A(?=.{1,300}\\z)/etc/(?:sixgate|apache2/sites-available)"
                                                           "(?:/(?!\\.{1,2}(?:/|\\z))[A-Za-z0-9._-]+)+\\z"));
    return pattern.match(path).hasMatch();
}

} // namespace sixgate
