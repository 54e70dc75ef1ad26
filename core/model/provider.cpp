#include "model/provider.h"

#include "model/text.h"
#include "model/texts.h"
#include "model/urlsecrets.h"

#include <algorithm>
#include <array>

namespace sixgate
{

namespace
{

bool isNameCharacter(QChar c)
{
    return c.unicode() < 0x80 && (c.isLetterOrNumber() || c == QLatin1Char('-'));
}

} // namespace

std::vector<TemplatePart> templateParts(const QString &text)
{
    std::vector<TemplatePart> parts;
    qsizetype from = 0;
    for (qsizetype open = text.indexOf(QLatin1Char('{')); open >= 0; open = text.indexOf(QLatin1Char('{'), open + 1)) {
        qsizetype end = open + 1;
        while (end < text.size() && isNameCharacter(text[end]))
            ++end;
        if (end == open + 1 || end >= text.size() || text[end] != QLatin1Char('}'))
            continue;
        if (open > from)
            parts.push_back({text.mid(from, open - from), false});
        parts.push_back({text.mid(open + 1, end - open - 1), true});
        from = end + 1;
        open = end;
    }
    if (from < text.size())
        parts.push_back({text.mid(from), false});
    return parts;
}

bool isTemplateVariable(const QString &name)
{
    static constexpr std::array known = {"host",   "hosts",    "zone",    "label",     "labels", "owner", "ownerLabel",
                                         "v4",     "v6",       "address", "addresses", "type",   "ttl",   "value",
                                         "zoneId", "recordId", "action",  "version",   "server"};
    return std::any_of(known.begin(), known.end(), [&](const char *one) { return name == QLatin1String(one); });
}

Result<TemplateUrl> templateUrl(const QString &url)
{
    const QString scheme = QStringLiteral("https://");
    if (!url.startsWith(scheme))
        return fail(ErrorCode::Invalid, Texts::tr("%1 does not begin with https://.").arg(quoted(maskedUrl(url))), {},
                    Texts::tr("Give a URL that begins with https://: credentials are sent over TLS only."));
    const QString rest = url.mid(scheme.size());
    const qsizetype slash = rest.indexOf(QLatin1Char('/'));
    if (rest.left(slash < 0 ? rest.size() : slash).contains(QLatin1Char('@')))
        return fail(ErrorCode::Invalid, Texts::tr("The URL has a login before its host."), {},
                    Texts::tr("Leave it out: credentials are stored apart."));
    const QString authority = slash < 0 ? rest : rest.left(slash);
    const qsizetype colon = authority.indexOf(QLatin1Char(':'));
    const auto host = Hostname::parse(colon < 0 ? authority : authority.left(colon));
    if (!host)
        return passOn(host);
    const auto port = colon < 0 ? Port::fromNumber(443) : Port::parse(authority.mid(colon + 1));
    if (!port)
        return passOn(port);
    const auto strange = [](QChar c) { return c.unicode() <= 0x20 || c.unicode() >= 0x7f || c == QLatin1Char('#'); };
    QString path = slash < 0 ? QStringLiteral("/") : rest.mid(slash);
    if (std::any_of(path.begin(), path.end(), strange))
        return fail(ErrorCode::Invalid, Texts::tr("%1 has a character that no URL has.").arg(quoted(maskedUrl(url))));
    return TemplateUrl{*host, *port, std::move(path)};
}

} // namespace sixgate
