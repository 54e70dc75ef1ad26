#include "decide/homesnippet.h"

#include "decide/render.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

std::vector<TemplateValues> namesFor(const Site &site, const QString &vps)
{
    const bool any = std::any_of(site.services.begin(), site.services.end(),
                                 [](const Service &service) { return service.challenge == Challenge::Http; });
    std::vector<TemplateValues> names;
    for (const Service &service : site.services) {
        if (any && service.challenge != Challenge::Http)
            continue;
        for (const Hostname &name : service.publicNames)
            names.push_back(std::move(TemplateValues().text("name", name.ascii()).text("vps", vps)));
    }
    return names;
}

} // namespace

QString homeServerKindName(HomeServerKind kind)
{
    switch (kind) {
    case HomeServerKind::Nginx:
        return QStringLiteral("nginx");
    case HomeServerKind::Caddy:
        return QStringLiteral("caddy");
    case HomeServerKind::Apache:
        break;
    }
    return QStringLiteral("apache");
}

QString snippetText(const HomeSnippet &snippet)
{
    return QStringLiteral("# For %1 at home: save this as %2\n# %3\n# Then: %4\n\n%5")
        .arg(homeServerKindName(snippet.kind), snippet.file, snippet.place, snippet.reload,
             QString::fromUtf8(snippet.text));
}

Result<HomeSnippet> homeSnippet(const Site &site, HomeServerKind kind, const QByteArray &text)
{
    if (site.vps.empty() || site.services.empty())
        return fail(ErrorCode::Invalid, Texts::tr("The site file has no service, so there is nothing to hand over."));
    const auto parsed = Template::parse(text);
    if (!parsed)
        return passOn(parsed);
    const QString vps = site.vps.front().host.ascii();
    const auto rendered =
        parsed->render(std::move(TemplateValues().text("vps", vps).list("names", namesFor(site, vps))));
    if (!rendered)
        return passOn(rendered);
    HomeSnippet snippet{kind, {}, *rendered, {}, {}};
    switch (kind) {
    case HomeServerKind::Apache:
        snippet.file = QStringLiteral("/etc/apache2/conf-available/sixgate-challenge.conf");
        snippet.place =
            Texts::tr("Put the line \"Include conf-available/sixgate-challenge.conf\" into the <VirtualHost *:80> of "
                      "the public names, before any RewriteRule of it; and once: a2enmod rewrite.");
        snippet.reload = QStringLiteral("apache2ctl configtest && systemctl reload apache2");
        break;
    case HomeServerKind::Nginx:
        snippet.file = QStringLiteral("/etc/nginx/snippets/sixgate-challenge.conf");
        snippet.place = Texts::tr(
            "Put the line \"include snippets/sixgate-challenge.conf;\" into the server block of the public names that "
            "listens on port 80, also on [::]:80. Where that block has a \"return 301 …;\" outside of any location, "
            "put "
            "it into \"location / { }\": otherwise it goes first.");
        snippet.reload = QStringLiteral("nginx -t && systemctl reload nginx");
        break;
    case HomeServerKind::Caddy:
        snippet.file = QStringLiteral("/etc/caddy/sixgate-challenge.caddy");
        snippet.place = Texts::tr("Put the line \"import sixgate-challenge.caddy\" at the end of "
                                  "/etc/caddy/Caddyfile, outside of any block.");
        snippet.reload = QStringLiteral("caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy");
        break;
    }
    return snippet;
}

} // namespace sixgate
