#include "ctl/sitetexts.h"
#include "ctl/commands.h"
#include "ctl/json.h"
#include "decide/acmetalk.h"
#include "decide/homesnippet.h"
#include "decide/providercalls.h"
#include "decide/routerurl.h"
#include "resources/resources.h"
#include "transport/dns.h"

#include <algorithm>
#include <set>

namespace sixgate::ctl
{

namespace
{

/// The VPS's IPv4 address, where a URL for a router must have it: of the site file, or looked up.
std::optional<Ipv4Address> ipv4ForRouter(const Site &site, const Hostname &name)
{
    const DnsAccount *account = site.accountFor(name);
    const ProviderAccess *access = account ? account->provider() : nullptr;
    const auto definition = access ? definitionOf(*access) : fail(ErrorCode::NotFound, QString());
    if (!definition || !routerUrlNeedsIpv4(*definition) || site.vps.empty())
        return std::nullopt;
    for (const IpAddress &one : site.vps.front().addresses) {
        if (const auto *four = std::get_if<Ipv4Address>(&one))
            return *four;
    }
    const auto found = resolveIpv4(site.vps.front().host, Deadline::after(std::chrono::seconds(5)), {});
    return found && found->size() == 1 ? std::optional(found->front()) : std::nullopt;
}

} // namespace

int homeSnippets(const Options &options, Output &output)
{
    const QString command = QStringLiteral("site home-snippet");
    const QString wanted = options.words.value(2);
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    QJsonArray snippets;
    for (const HomeServerKind kind : allHomeServerKinds) {
        const QString name = homeServerKindName(kind);
        if (!wanted.isEmpty() && wanted != name)
            continue;
        const auto snippet = homeSnippet(*site, kind, resource(QStringLiteral("home/%1.mustache").arg(name)));
        if (!snippet) {
            giveUp(output, snippet.error(), command);
            return BadInput;
        }
        output.print(snippetText(*snippet) +
                     QLatin1String(wanted.isEmpty() && kind != HomeServerKind::Caddy ? "\n" : ""));
        snippets.append(QJsonObject{{QStringLiteral("server"), name},
                                    {QStringLiteral("file"), snippet->file},
                                    {QStringLiteral("text"), QString::fromUtf8(snippet->text)},
                                    {QStringLiteral("place"), snippet->place},
                                    {QStringLiteral("reload"), snippet->reload}});
    }
    if (snippets.isEmpty())
        return giveUp(
            output,
            {ErrorCode::Invalid,
             QStringLiteral("There is no snippet for \"%1\": apache, nginx and caddy are known, for example: "
                            "sixgatectl site home-snippet nginx.")
                 .arg(harmless(wanted)),
             {},
             QStringLiteral("Any web server will do that answers unknown paths below "
                            "/.well-known/acme-challenge/ with a redirect (302) to the same path at http://%1.")
                 .arg(site->vps.front().host.ascii())},
            command);
    QJsonObject out = document(command);
    out[QStringLiteral("snippets")] = snippets;
    output.document(out);
    return AllWell;
}

int showRouterUrls(const Options &options, Output &output)
{
    const QString command = QStringLiteral("site router-url");
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    std::vector<Hostname> names;
    if (const QString wanted = options.words.value(2); !wanted.isEmpty()) {
        const auto name = Hostname::parse(wanted);
        if (!name)
            return giveUp(output, name.error(), command);
        names.push_back(*name);
    } else {
        const auto add = [&](const Hostname &one) {
            if (std::find(names.begin(), names.end(), one) == names.end())
                names.push_back(one);
        };
        for (const Service &service : site->services) {
            for (const Hostname &one : service.publicNames)
                add(one);
            add(service.upstreamName);
        }
    }
    QJsonArray list;
    QStringList boxUrls;
    std::set<QString> boxLogins;
    std::optional<Error> last;
    bool any = false;
    for (const Hostname &name : names) {
        const auto ipv4 = ipv4ForRouter(*site, name);
        for (const RouterKind kind : allRouterKinds) {
            auto one = routerUrl(*site, name, kind, ipv4);
            if (!one) {
                // The same of each router.
                if (names.size() > 1)
                    output.print(QStringLiteral("%1: %2\n  → %3\n")
                                     .arg(name.ascii(), harmless(one.error().summary), harmless(one.error().fix)));
                list.append(QJsonObject{{QStringLiteral("name"), name.ascii()},
                                        {QStringLiteral("why"), one.error().summary},
                                        {QStringLiteral("instead"), one.error().fix}});
                last = one.error();
                break;
            }
            any = true;
            const bool box = kind == RouterKind::FritzBox;
            output.print(output.strong(
                QStringLiteral("%1, in %2\n")
                    .arg(name.ascii(),
                         box ? QStringLiteral("a FRITZ!Box (Internet, Permit Access, DynDNS, User-defined)")
                             : QStringLiteral("OpenWrt (ddns-scripts, a custom service, IPv6)"))));
            // A FRITZ!Box has one entry; its field takes several URLs, with a blank between, but one domain name.
            if (box && names.size() > 1)
                one->url.replace(QStringLiteral("<domain>"), one->domain);
            if (box) {
                boxUrls << one->url;
                boxLogins.insert(one->user + QLatin1Char('\n') + one->passwordSecret);
            }
            output.print(
                QStringLiteral("  update URL   %1\n  domain name  %2\n  user name    %3\n  password     %4 (the "
                               "one that \"sixgatectl secret set %5\" stores)\n")
                    .arg(harmless(one->url), one->domain,
                         one->user.isEmpty() ? QStringLiteral("any") : harmless(one->user), harmless(one->password),
                         one->passwordSecret));
            for (const QString &note : one->notes)
                output.print(QStringLiteral("  · %1\n").arg(harmless(note)));
            list.append(QJsonObject{{QStringLiteral("name"), name.ascii()},
                                    {QStringLiteral("router"), routerKindName(kind)},
                                    {QStringLiteral("url"), one->url},
                                    {QStringLiteral("domain"), one->domain},
                                    {QStringLiteral("user"), one->user},
                                    {QStringLiteral("password"), one->password},
                                    {QStringLiteral("secret"), one->passwordSecret},
                                    {QStringLiteral("notes"), QJsonArray::fromStringList(one->notes)}});
        }
    }
    if (!any && names.size() == 1 && last)
        return giveUp(output, *last, command);
    if (boxUrls.size() > 1)
        output.print(
            boxLogins.size() == 1
                ? QStringLiteral("A FRITZ!Box has one such entry. Enter both URLs in its field, with a blank "
                                 "between them, and one of the names as the domain name:\n  %1\n")
                      .arg(harmless(boxUrls.join(QLatin1Char(' '))))
                : QStringLiteral("A FRITZ!Box has one such entry, with one login, and these names have several: "
                                 "enter one of them, and let a keeper do the others (sixgatectl keep).\n"));
    QJsonObject out = document(command);
    out[QStringLiteral("routers")] = list;
    output.document(out);
    return AllWell;
}

} // namespace sixgate::ctl
