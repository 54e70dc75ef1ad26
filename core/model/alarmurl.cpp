#include "model/alarmurl.h"

#include "model/ipaddress.h"
#include "model/port.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace sixgate
{

namespace
{

constexpr qsizetype longestUrl = 2000;

bool isPrivate(const IpAddress &address)
{
    if (const auto *v6 = std::get_if<Ipv6Address>(&address)) {
        const Ipv6Scope scope = v6->scope();
        return scope == Ipv6Scope::UniqueLocal || scope == Ipv6Scope::Loopback || scope == Ipv6Scope::LinkLocal;
    }
    const auto &bytes = std::get<Ipv4Address>(address).bytes();
    return bytes[0] == 10 || bytes[0] == 127 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
           (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
}

bool isOfOwnNetwork(const QString &host)
{
    if (const auto address = parseIpAddress(host))
        return isPrivate(*address);
    static constexpr std::array ends{".local", ".lan", ".home.arpa", ".internal"};
    return !host.contains(u'.') || std::any_of(ends.begin(), ends.end(), [&](const char *end) {
        return host.endsWith(QLatin1String(end), Qt::CaseInsensitive);
    });
}

} // namespace

Result<Secret> webhookUrl(const Webhook &hook, const Secret &stored)
{
    const auto bad = [&](const QString &why) {
        return fail(ErrorCode::Invalid,
                    QStringLiteral("The secret %1 is no URL to which can be sent: %2.").arg(alarmUrlSecret(hook), why),
                    {},
                    QStringLiteral("Store it as the service gives it, https:// and all: sixgatectl secret set %1")
                        .arg(alarmUrlSecret(hook)));
    };
    const QByteArray url = stored.reveal().trimmed();
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '<' && c != '>';
    });
    if (url.isEmpty() || url.size() > longestUrl || !plain)
        return bad(QStringLiteral("up to %1 characters of ASCII without blanks and quotes are wanted").arg(longestUrl));
    static const QRegularExpression pattern(QStringLiteral(
        "\\A(https?)://(?:[^/?#@:]+(?::[^/?#@]*)?@)?(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
        "(?::([0-9]{1,5}))?(?:/[^?#]*)?(?:\\?[^#]*)?\\z"));
    const auto match = pattern.match(QString::fromLatin1(url));
    if (!match.hasMatch())
        return bad(QStringLiteral("https://, a name and a path are wanted"));
    QString host = match.captured(2);
    if (host.startsWith(u'[')) {
        host = host.sliced(1, host.size() - 2);
        if (!Ipv6Address::parse(host))
            return bad(QStringLiteral("its address is none"));
    }
    if (!match.captured(3).isEmpty() && !Port::parse(match.captured(3)))
        return bad(QStringLiteral("its port is none"));
    if (match.captured(1) == QLatin1String("http") && !isOfOwnNetwork(host))
        return bad(QStringLiteral("without TLS (http://) only a machine of the own network may be told"));
    return Secret(url);
}

} // namespace sixgate
