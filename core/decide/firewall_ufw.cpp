// `ufw status verbose`: its rules are tried from the first to the last, then its default counts.

#include "decide/firewall_parts.h"

#include <QRegularExpression>

namespace sixgate::firewall
{

namespace
{

/// "80/tcp", "80,443/tcp", "8000:9000", "Anywhere", an application's name where no ports are told.
Match matchPorts(const QString &text, const Visit &visit)
{
    const int port = visit.port;
    const QLatin1String transport(visit.udp ? "udp" : "tcp");
    if (text == QLatin1String("Anywhere") || text == QLatin1String("Anywhere/") + transport)
        return Match::Yes;
    static const QRegularExpression form(
        QRegularExpression::anchoredPattern(QStringLiteral("([0-9,:]+)(/([a-z0-9]+))?")));
    const auto found = form.match(text);
    if (found.hasMatch()) {
        const QString protocol = found.captured(3);
        if (!protocol.isEmpty() && protocol != transport)
            return Match::No;
        for (const QString &part : found.captured(1).split(QLatin1Char(','))) {
            const int from = part.section(QLatin1Char(':'), 0, 0).toInt(),
                      to = part.section(QLatin1Char(':'), -1).toInt();
            if (from <= port && port <= to)
                return Match::Yes;
        }
        return Match::No;
    }
    static const QRegularExpression protocolAlone(
        QRegularExpression::anchoredPattern(QStringLiteral("Anywhere/[a-z0-9]+")));
    if (protocolAlone.match(text).hasMatch())
        return Match::No;
    static const QRegularExpression webServer(QRegularExpression::anchoredPattern(
        QStringLiteral("(Apache|WWW|Nginx|Lighttpd|Caddy)( (Full|Secure|HTTPS|HTTP))?")));
    const auto application = webServer.match(text);
    if (!application.hasMatch())
        return Match::Maybe;
    const QString kind = application.captured(3);
    if (port != 80 && port != 443)
        return Match::No;
    const bool secure = kind == QLatin1String("Secure") || kind == QLatin1String("HTTPS");
    return yesIf(kind == QLatin1String("Full") || (port == 443) == secure);
}

/// The part "To" of a rule.
Match matchTarget(QString to, const Visit &visit)
{
    Match match = Match::Yes;
    static const QRegularExpression interface(QStringLiteral(" on ([^ ]+)$"));
    if (const auto on = interface.match(to); on.hasMatch()) {
        match = matchInterface(on.captured(1).replace(QLatin1Char('+'), QLatin1Char('*')).toLatin1(), visit);
        to.truncate(on.capturedStart());
    }
    // The name of the application whose ports these are.
    static const QRegularExpression application(QStringLiteral(" \\(.*\\)$"));
    to.remove(application);
    static const QRegularExpression address(QStringLiteral("^([0-9.]+(/[0-9]+)?)( |$)"));
    if (const auto at = address.match(to); at.hasMatch() && at.captured(1).contains(QLatin1Char('.'))) {
        match = both(match, Match::Maybe); // it may be another address of the VPS
        to = to.mid(at.capturedEnd());
        if (to.isEmpty())
            return match;
    }
    return both(match, matchPorts(to.trimmed(), visit));
}

Match matchSource(const QString &from)
{
    if (from == QLatin1String("Anywhere"))
        return Match::Yes;
    // From a port of the visitor's; all others are addresses, so few visitors.
    static const QRegularExpression ports(
        QRegularExpression::anchoredPattern(QStringLiteral("(Anywhere )?[0-9,:]+(/[a-z0-9]+)?")));
    return ports.match(from).hasMatch() ? Match::Maybe : Match::No;
}

} // namespace

UfwFate judgeUfw(const QByteArray &status, const Visit &visit)
{
    UfwFate seen;
    const QString text = QString::fromUtf8(status);
    if (!text.startsWith(QLatin1String("Status: active\n")))
        return seen;
    seen.active = true;
    static const QRegularExpression byDefault(QStringLiteral("^Default: (allow|deny|reject) \\(incoming\\)"),
                                              QRegularExpression::MultilineOption);
    const auto found = byDefault.match(text);
    if (!found.hasMatch() || !text.endsWith(QLatin1Char('\n'))) {
        seen.fate.accepted = seen.fate.dropped = true; // cut off
        return seen;
    }
    static const QRegularExpression rule(QRegularExpression::anchoredPattern(
        QStringLiteral("(.+?) +(ALLOW|DENY|REJECT|LIMIT)( IN)? +(.+?)( +\\(log(-all)?\\))?( +#.*)?")));
    for (const QString &line : text.mid(found.capturedEnd()).split(QLatin1Char('\n'))) {
        const auto is = rule.match(line);
        const QString to = is.captured(1).trimmed();
        QString from = is.captured(4).trimmed();
        const bool ipv6 = to.contains(QLatin1String("(v6)")) || from.contains(QLatin1String("(v6)"));
        from.remove(QLatin1String(" (v6)"));
        if (!is.hasMatch() || ipv6 != visit.ipv6 || from.startsWith(QLatin1String("OUT")) ||
            from.startsWith(QLatin1String("FWD")))
            continue;
        const Match match = both(matchTarget(to, visit), matchSource(from));
        if (match == Match::No)
            continue;
        const QString action = is.captured(2);
        const bool accepts = action == QLatin1String("ALLOW") || action == QLatin1String("LIMIT");
        (accepts ? seen.fate.accepted : seen.fate.dropped) = true;
        seen.byRule = seen.byRule || !accepts;
        seen.limited = seen.limited || action == QLatin1String("LIMIT");
        if (match == Match::Yes)
            return seen;
    }
    (found.captured(1) == QLatin1String("allow") ? seen.fate.accepted : seen.fate.dropped) = true;
    return seen;
}

} // namespace sixgate::firewall
