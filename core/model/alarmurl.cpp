#include "model/alarmurl.h"

#include "model/ipaddress.h"
#include "model/port.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype longestUrl = 2000;
constexpr qsizetype longestPort = 5;

/// Views into a URL, by bytes: a text of QString's, as a regular expression wants it, would be a copy that stays.
struct Parts {
    QByteArrayView scheme;
    QByteArrayView host; ///< with its brackets
    QByteArrayView port; ///< empty: none is named
};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isAlphanumeric(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isName(QByteArrayView host)
{
    return !host.isEmpty() && isAlphanumeric(host.front()) && isAlphanumeric(host.back()) &&
           std::all_of(host.begin(), host.end(),
                       [](char c) { return isAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::optional<Parts> partsOf(QByteArrayView url)
{
    const qsizetype sign = url.indexOf("://");
    if (sign < 0 || url.contains('#'))
        return std::nullopt;
    Parts parts;
    parts.scheme = url.first(sign);
    QByteArrayView rest = url.sliced(sign + 3);
    rest =
        rest.first(std::find_if(rest.begin(), rest.end(), [](char c) { return c == '/' || c == '?'; }) - rest.begin());
    if (const qsizetype at = rest.lastIndexOf('@'); at >= 0) {
        const QByteArrayView login = rest.first(at);
        if (login.isEmpty() || login.front() == ':' || login.contains('@'))
            return std::nullopt;
        rest = rest.sliced(at + 1);
    }
    const bool bracket = rest.startsWith('[');
    const qsizetype end = rest.indexOf(bracket ? ']' : ':');
    if (bracket && end < 0)
        return std::nullopt;
    parts.host = end < 0 ? rest : rest.first(end + (bracket ? 1 : 0));
    rest = rest.sliced(parts.host.size());
    if (!bracket && !isName(parts.host))
        return std::nullopt;
    if (rest.isEmpty())
        return parts;
    parts.port = rest.sliced(1);
    if (rest.front() != ':' || parts.port.isEmpty() || parts.port.size() > longestPort ||
        !std::all_of(parts.port.begin(), parts.port.end(), isDigit))
        return std::nullopt;
    return parts;
}

} // namespace

Result<WebhookUrl> webhookUrl(const Webhook &hook, const Secret &stored)
{
    const auto bad = [&](const QString &why) {
        return fail(ErrorCode::Invalid,
                    Texts::tr("The secret %1 is no URL to which can be sent: %2.").arg(alarmUrlSecret(hook), why), {},
                    Texts::tr("Store it as the service gives it, https:// and all: sixgatectl secret set %1")
                        .arg(alarmUrlSecret(hook)));
    };
    WebhookUrl out;
    out.text = Secret(stored.reveal().trimmed());
    const QByteArray &url = out.text.reveal();
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '<' && c != '>';
    });
    if (url.isEmpty() || url.size() > longestUrl || !plain)
        return bad(Texts::tr("up to %1 characters of ASCII without blanks and quotes are wanted").arg(longestUrl));
    const auto parts = partsOf(url);
    out.tls = parts && parts->scheme == "https";
    if (!parts || (!out.tls && parts->scheme != "http"))
        return bad(Texts::tr("https://, a name and a path are wanted"));
    out.host = QString::fromLatin1(parts->host);
    if (out.host.startsWith(u'[')) {
        out.host = out.host.sliced(1, out.host.size() - 2);
        if (!Ipv6Address::parse(out.host))
            return bad(Texts::tr("its address is none"));
    }
    out.port = out.tls ? 443 : 80;
    if (!parts->port.isEmpty()) {
        const auto port = Port::parse(QString::fromLatin1(parts->port));
        if (!port)
            return bad(Texts::tr("its port is none"));
        out.port = port->number();
    }
    if (!out.tls && !isOfOwnNetwork(out.host))
        return bad(Texts::tr("without TLS (http://) only a machine of the own network may be told"));
    return out;
}

} // namespace sixgate
