#include "ctl/commands.h"
#include "ctl/json.h"
#include "ctl/sitetexts.h"
#include "decide/acmetalk.h"
#include "decide/providercalls.h"
#include "resources/resources.h"
#include "storage/files.h"
#include "storage/sitefile.h"

#include <QFileInfo>
#include <QJsonDocument>

#include <algorithm>

namespace sixgate::ctl
{

namespace
{

/// Parses an option's value; the error names the option.
template <class T>
Result<T> parsed(const char *option, const QString &text)
{
    auto value = T::parse(text);
    if (!value)
        return fail(ErrorCode::Invalid, QStringLiteral("%1: %2").arg(QLatin1String(option), value.error().summary),
                    value.error().detail, value.error().fix);
    return value;
}

/// The value of an option, or `label` + zone.
Result<Hostname> nameIn(const Options &options, const char *option, const QString &label, const Hostname &zone)
{
    const QString text = options.value(option);
    return parsed<Hostname>(option, text.isEmpty() ? label + QLatin1Char('.') + zone.ascii() : text);
}

Outcome addressFrom(const Options &options, Site &site)
{
    const QString text = options.value("--interface-id");
    if (options.has("--lan-name")) {
        if (!text.isEmpty())
            return fail(ErrorCode::Invalid, QStringLiteral("Give either --lan-name or --interface-id."));
        const auto name = parsed<Hostname>("--lan-name", options.value("--lan-name"));
        if (!name)
            return passOn(name);
        site.servers.front().address = AddressFromLanName{*name};
        return {};
    }
    if (text.isEmpty()) {
        site.servers.front().address = AddressOfThisMachine{};
        return {};
    }
    const auto id = parsed<InterfaceId>("--interface-id", text);
    if (!id)
        return passOn(id);
    site.servers.front().address = AddressFromInterfaceId{*id};
    return {};
}

/// The account as the options have it: at a provider, or that of the example with another server.
Outcome accessFrom(const Options &options, DnsAccount &account)
{
    const QString providerText = options.value("--provider");
    if (providerText.isEmpty()) {
        for (const char *other : {"--credential", "--update-url"}) {
            if (options.has(other))
                return fail(ErrorCode::Invalid,
                            QStringLiteral("%1 goes with --provider, for example --provider custom.")
                                .arg(QLatin1String(other)));
        }
        auto &access = std::get<UpdateAccess>(account.access);
        if (const auto address = parseIpAddress(options.value("--dns-server")); address)
            access.server = std::visit([](const auto &one) { return ServerAddress(one); }, *address);
        else if (const auto server = nameIn(options, "--dns-server", QStringLiteral("ns1"), account.zone); server)
            access.server = *server;
        else
            return passOn(server);
        return {};
    }
    const auto provider = parsed<Label>("--provider", providerText);
    if (!provider)
        return passOn(provider);
    ProviderAccess access{*provider, {}, options.value("--update-url"), {}};
    access.server = options.value("--dns-server");
    const auto credentials = options.given.find(QStringLiteral("--credential"));
    for (const QString &pair : credentials == options.given.end() ? QStringList() : credentials->second) {
        const auto name = parsed<Label>("--credential", pair.section(QLatin1Char('='), 0, 0));
        if (!name)
            return passOn(name);
        access.plain.insert_or_assign(*name, pair.section(QLatin1Char('='), 1));
    }
    account.access = std::move(access);
    return {};
}

/// The definition that --provider names; none where it names none.
std::optional<ProviderDefinition> wantedProvider(const Options &options)
{
    const ProviderShelf shelf = loadProviders(providerFolders(options.siteFile));
    for (const auto &[name, one] : shelf.providers) {
        if (name.text() == options.value("--provider"))
            return one;
    }
    return std::nullopt;
}

/// What goes with the provider, and what is needed with it.
Outcome checkProviderOptions(const Options &options, const ProviderDefinition &provider, const Hostname &zone)
{
    const auto missing = [&](const QString &what) { return fail(ErrorCode::Invalid, what); };
    const QString server = options.value("--dns-server");
    if (!provider.ownServer && !server.isEmpty())
        return missing(QStringLiteral("--dns-server does not go with --provider %1, which has a server of its own.")
                           .arg(provider.name.text()));
    if (provider.ownServer && server.isEmpty())
        return missing(
            QStringLiteral("--dns-server is missing: %1 runs on a server of your own; name it, and the port "
                           "of its API where that is not 443, for example --dns-server dns.example.org:8443.")
                .arg(provider.title));
    const QString url = options.value("--update-url");
    if (!provider.customUrl && !url.isEmpty())
        return missing(
            QStringLiteral("--update-url goes with --provider custom: %1 has a URL of its own.").arg(provider.title));
    if (provider.customUrl && url.isEmpty())
        return missing(QStringLiteral("--update-url is missing: the provider's URL, for example --update-url "
                                      "'https://dyn.example.org/nic/update?hostname={host}&myip={addresses}'."));
    // Below a provider's own zone the usual names are other people's.
    if (std::find(provider.zones.begin(), provider.zones.end(), zone.ascii()) == provider.zones.end())
        return {};
    for (const char *needed : {"--upstream-name", "--vps-name"}) {
        if (options.value(needed).isEmpty())
            return missing(QStringLiteral("%1 is missing: %2 is the provider's own zone, in which the usual names are "
                                          "other people's.")
                               .arg(QLatin1String(needed), zone.ascii()));
    }
    return {};
}

/// The zone of a public name where none is named: below a provider's zone that keeps a zone for each user, the user's.
/// Not where the upstream name is beside it.
QString usualZone(const Hostname &name, const QString &upstream, const std::optional<ProviderDefinition> &provider)
{
    const QString above = name.ascii().section(QLatin1Char('.'), 1);
    const bool own = provider && provider->names == NamesAre::Below &&
                     std::find(provider->zones.begin(), provider->zones.end(), above) != provider->zones.end();
    const bool beside = !upstream.isEmpty() && !upstream.endsWith(QLatin1Char('.') + name.ascii());
    return (own && !beside) || !above.contains(QLatin1Char('.')) ? name.ascii() : above;
}

/// The checks that need the provider's definition: a URL that sets no address is in no file.
Result<Site> checked(const Site &site, const Options &options)
{
    const ProviderShelf shelf = loadProviders(providerFolders(options.siteFile));
    auto parsed = parseSite(siteJson(site), &shelf);
    for (const DnsAccount &account : parsed ? parsed->dns : std::vector<DnsAccount>()) {
        const ProviderAccess *access = account.provider();
        if (!access)
            continue;
        if (const auto definition = definitionOf(*access); !definition) {
            Error error = definition.error();
            if (error.fix.isEmpty())
                error.fix = QStringLiteral("Give it with --credential NAME=VALUE, for example --credential "
                                           "user=me@example.org.");
            return tl::unexpected<Error>(std::move(error));
        }
    }
    return parsed;
}

/// The handbook's example, with one service and what the options say.
Result<Site> siteFrom(const Options &options)
{
    auto site = parseSite(resource(u"handbook/example-site.json"));
    const bool describes = std::any_of(options.given.begin(), options.given.end(),
                                       [](const auto &one) { return one.first != QLatin1String("--force"); });
    if (!site || !describes)
        return site;
    const QString publicText = options.value("--public-name");
    if (publicText.isEmpty())
        return fail(ErrorCode::Invalid,
                    QStringLiteral("--public-name is missing: the name that visitors use, for example --public-name "
                                   "cloud.example.org."));
    const auto publicName = parsed<Hostname>("--public-name", publicText);
    if (!publicName)
        return passOn(publicName);
    const std::optional<ProviderDefinition> provider = wantedProvider(options);
    const QString zoneText = options.value("--zone");
    const auto zone = parsed<Hostname>(
        "--zone", zoneText.isEmpty() ? usualZone(*publicName, options.value("--upstream-name"), provider) : zoneText);
    if (!zone)
        return passOn(zone);
    if (provider) {
        if (auto done = checkProviderOptions(options, *provider, *zone); !done)
            return passOn(done);
    }
    const auto upstream = nameIn(options, "--upstream-name", QStringLiteral("home6"), *zone);
    if (!upstream)
        return passOn(upstream);
    const auto vpsName = nameIn(options, "--vps-name", QStringLiteral("vps"), *zone);
    if (!vpsName)
        return passOn(vpsName);

    DnsAccount &account = site->dns.front();
    account.zone = *zone;
    if (auto done = accessFrom(options, account); !done)
        return passOn(done);

    Vps &vps = site->vps.front();
    vps.host = *vpsName;
    if (const QString text = options.value("--host-key"); !text.isEmpty()) {
        const auto key = parsed<HostKeyPin>("--host-key", text);
        if (!key)
            return passOn(key);
        vps.hostKeys = {*key};
    }
    vps.acme.mail.reset();
    if (const QString text = options.value("--mail"); !text.isEmpty()) {
        const auto mail = parsed<Mail>("--mail", text);
        if (!mail)
            return passOn(mail);
        vps.acme.mail = *mail;
    }
    vps.acme.termsAgreed = options.has("--agree-to-terms");

    site->services.resize(1, site->services.front());
    Service &service = site->services.front();
    const auto label = Label::parse(publicName->ascii().section(QLatin1Char('.'), 0, 0));
    if (label)
        service.name = *label;
    service.publicNames = {*publicName};
    if (!account.update())
        service.challenge = Challenge::Http;
    service.upstreamName = *upstream;
    site->servers.resize(1, site->servers.front());
    service.server = site->servers.front().name;
    if (auto done = addressFrom(options, *site); !done)
        return passOn(done);
    return checked(*site, options);
}

int makeNew(const Options &options, Output &output)
{
    const QString command = QStringLiteral("site new");
    if (QFileInfo::exists(options.siteFile) && !options.has("--force"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("There is a site file already: %1.").arg(options.siteFile),
                       {},
                       QStringLiteral("Edit it, name another with --site FILE, or replace it with --force.")},
                      command);
    const auto site = siteFrom(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    const QString folder = QFileInfo(options.siteFile).absolutePath();
    if (auto made = makePrivateFolder(folder); !made)
        return giveUp(output, made.error(), command);
    if (auto saved = saveSite(options.siteFile, *site); !saved)
        return giveUp(output, saved.error(), command);
    const DnsAccount &account = site->dns.front();
    QStringList names;
    if (const ProviderAccess *access = account.provider()) {
        const auto definition = definitionOf(*access);
        for (const CredentialField &one :
             definition ? addressCredentials(*definition) : std::vector<CredentialField>()) {
            if (one.secret)
                names << dnsCredentialSecret(account, one.name);
        }
    } else {
        names << dnsKeySecret(account) << dnsAcmeKeySecret(account);
    }
    QString store;
    for (const QString &name : names)
        store += QStringLiteral("       sixgatectl secret set %1\n").arg(name);
    output.print(QStringLiteral("Wrote %1.\n\nNext:\n"
                                "  1. Look through it: sixgatectl site validate tells what is still missing.\n"
                                "     sixgatectl vps trust fetches the VPS's host key for you to compare.\n"
                                "  2. Store the secrets for the zone %2:\n%3%4"
                                "  %5. Look at the plan: sixgatectl plan\n")
                     .arg(options.siteFile, account.zone.ascii(), store,
                          account.update()
                              ? QString()
                              : QStringLiteral("  3. Let the home's web server hand challenges over: sixgatectl site "
                                               "home-snippet\n"))
                     .arg(account.update() ? 3 : 4));
    QJsonObject out = document(command);
    out[QStringLiteral("file")] = options.siteFile;
    output.document(out);
    return AllWell;
}

int validate(const Options &options, Output &output)
{
    const QString command = QStringLiteral("site validate");
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    for (const DnsAccount &account : site->dns) {
        const ProviderAccess *access = account.provider();
        if (!access)
            continue;
        if (const auto definition = definitionOf(*access); !definition) {
            giveUp(output, definition.error(), command);
            return BadInput;
        }
    }
    QJsonArray warnings;
    for (const SiteWarning &one : siteWarnings(*site)) {
        output.print(QStringLiteral("  · %1: %2\n").arg(one.path, harmless(one.summary)));
        if (!one.fix.isEmpty())
            output.print(QStringLiteral("    → %1\n").arg(harmless(one.fix)));
        warnings.append(QJsonObject{{QStringLiteral("path"), one.path},
                                    {QStringLiteral("summary"), one.summary},
                                    {QStringLiteral("fix"), one.fix}});
    }
    output.print(output.good(QStringLiteral("✓ ")) + QStringLiteral("%1 is valid.\n").arg(options.siteFile));
    QJsonObject out = document(command);
    out[QStringLiteral("valid")] = true;
    out[QStringLiteral("warnings")] = warnings;
    output.document(out);
    return AllWell;
}

QString addressText(const AddressSource &source)
{
    if (const auto *own = std::get_if<AddressOfThisMachine>(&source))
        return own->interface ? QStringLiteral("this machine, interface %1").arg(own->interface->text())
                              : QStringLiteral("this machine");
    if (const auto *named = std::get_if<AddressFromLanName>(&source))
        return QStringLiteral("what %1 leads to in the LAN").arg(named->name.display());
    return QStringLiteral("the home's prefix and interface identifier %1")
        .arg(std::get<AddressFromInterfaceId>(source).id.text());
}

/// "ns1.example.org", "the provider desec", "something else (watched)"
QString accessText(const DnsAccount &account)
{
    if (const UpdateAccess *access = account.update())
        return serverAddressText(access->server);
    if (const ProviderAccess *access = account.provider())
        return access->server.isEmpty()
                   ? QStringLiteral("the provider %1").arg(access->provider.text())
                   : QStringLiteral("the provider %1 on %2").arg(access->provider.text(), access->server);
    return QStringLiteral("something else, watched only");
}

int show(const Options &options, Output &output)
{
    const QString command = QStringLiteral("site show");
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    output.print(output.strong(QStringLiteral("Site %1\n").arg(site->name.text())));
    for (const HomeServer &server : site->servers)
        output.print(QStringLiteral("  server   %1: %2\n").arg(server.name.text(), addressText(server.address)));
    for (const DnsAccount &account : site->dns)
        output.print(QStringLiteral("  dns      %1: zone %2 at %3, time to live %4 s\n")
                         .arg(account.name.text(), account.zone.ascii(), accessText(account))
                         .arg(account.ttl.count()));
    for (const DnsAccount &account : site->dns) {
        const auto definition =
            account.provider() ? definitionOf(*account.provider()) : fail(ErrorCode::NotFound, QString());
        if (definition && definition->customUrl && definition->update && !definition->update->v4.offered)
            output.print(
                QStringLiteral("           %1: its URL sets no A record: that is to be set at the provider, once, "
                               "and to stay; Sixgate reads it back\n")
                    .arg(account.name.text()));
    }
    for (const Vps &vps : site->vps)
        output.print(QStringLiteral("  vps      %1: %2@%3 port %4\n")
                         .arg(vps.name.text(), vps.user.text(), vps.host.ascii(), vps.sshPort.text()));
    for (const Service &service : site->services) {
        QStringList names;
        for (const Hostname &name : service.publicNames)
            names << name.display();
        output.print(QStringLiteral("  service  %1: %2 → %3 port %4 on %5\n")
                         .arg(service.name.text(), names.join(QStringLiteral(", ")), service.upstreamName.ascii(),
                              service.port.text(), service.server.text()));
    }
    QJsonObject out = document(command);
    out[QStringLiteral("site")] = QJsonDocument::fromJson(siteJson(*site)).object();
    output.document(out);
    return AllWell;
}

} // namespace

int runSite(const Options &options, Output &output)
{
    const QString what = options.words.value(1);
    const bool takesWord = what == QLatin1String("home-snippet") || what == QLatin1String("router-url");
    if (auto fits = noMoreWords(options, takesWord ? 3 : 2); !fits)
        return giveUp(output, fits.error(), {});
    if (what == QLatin1String("home-snippet"))
        return homeSnippets(options, output);
    if (what == QLatin1String("router-url"))
        return showRouterUrls(options, output);
    if (what == QLatin1String("new"))
        return makeNew(options, output);
    if (what == QLatin1String("validate"))
        return validate(options, output);
    if (what == QLatin1String("show"))
        return show(options, output);
    output.error(
        {ErrorCode::Invalid,
         QStringLiteral(
             "\"site\" takes new, validate, show, home-snippet or router-url, for example: sixgatectl site validate."),
         {},
         {}});
    return BadInput;
}

} // namespace sixgate::ctl
