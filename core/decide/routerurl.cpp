#include "decide/routerurl.h"

#include "decide/providercalls.h"
#include "model/provider.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

struct Words {
    QString domain, prefix, user, password;
};

Words wordsOf(RouterKind kind)
{
    if (kind == RouterKind::FritzBox)
        return {QStringLiteral("<domain>"), QStringLiteral("<ip6lanprefix>"), QStringLiteral("<username>"),
                QStringLiteral("<pass>")};
    return {QStringLiteral("[DOMAIN]"), QStringLiteral("[IP]/64"), QStringLiteral("[USERNAME]"),
            QStringLiteral("[PASSWORD]")};
}

tl::unexpected<Error> cannot(const QString &why)
{
    return fail(ErrorCode::Refused, why, {},
                Texts::tr("Let a keeper do it on a machine that is always on at home: sixgatectl keep."));
}

/// The service that has the name, and whether it is a public name.
std::pair<const Service *, bool> serviceOf(const Site &site, const Hostname &name)
{
    for (const Service &one : site.services) {
        if (std::find(one.publicNames.begin(), one.publicNames.end(), name) != one.publicNames.end())
            return {&one, true};
        if (one.upstreamName == name)
            return {&one, false};
    }
    return {nullptr, false};
}

/// Fills a provider's templates in with a router's words.
class Filling
{
public:
    Filling(const ProviderDefinition &provider, const DnsAccount &account, const Hostname &name, const Words &words,
            const std::optional<Ipv4Address> &ipv4)
        : m_provider(provider), m_account(account), m_name(name), m_words(words)
    {
        const bool inAddress = provider.router.mode == RouterPrefix::Mode::InAddress;
        if (inAddress)
            m_v6 = words.prefix;
        if (!provider.update->v4.offered)
            return;
        if (provider.update->v4.keep)
            m_v4 = *provider.update->v4.keep;
        else if (!provider.update->v4.canKeep() && ipv4)
            m_v4 = ipv4->text();
    }

    /// Nothing where it has a placeholder that stands for nothing here: the parameter is left out.
    std::optional<QString> text(const QString &text)
    {
        QString out;
        for (const TemplatePart &part : templateParts(text)) {
            if (!part.placeholder) {
                out += part.text;
                continue;
            }
            const auto word = wordFor(part.text);
            if (!word)
                return std::nullopt;
            out += *word;
        }
        return out;
    }

    const std::vector<const CredentialField *> &secrets() const { return m_secrets; }
    QString user() const { return m_user; }

private:
    std::optional<QString> wordFor(const QString &placeholder)
    {
        if (placeholder == QLatin1String("host") || placeholder == QLatin1String("hosts"))
            return m_words.domain;
        if (placeholder == QLatin1String("zone"))
            return m_account.zone.ascii();
        if (placeholder == QLatin1String("label") || placeholder == QLatin1String("labels"))
            return m_name == m_account.zone ? QString() : m_name.ascii().chopped(m_account.zone.ascii().size() + 1);
        if (placeholder == QLatin1String("v4"))
            return m_v4;
        if (placeholder == QLatin1String("v6"))
            return m_v6;
        if (placeholder == QLatin1String("addresses"))
            return m_v6 ? std::optional(m_v4 ? *m_v4 + QLatin1Char(',') + *m_v6 : *m_v6) : m_v4;
        for (const CredentialField &one : m_provider.needs) {
            if (one.name.text() != placeholder)
                continue;
            if (one.secret) {
                if (std::find(m_secrets.begin(), m_secrets.end(), &one) == m_secrets.end())
                    m_secrets.push_back(&one);
                return m_words.password;
            }
            const ProviderAccess *access = m_account.provider();
            const auto plain = access->plain.find(one.name);
            m_user = plain == access->plain.end() ? QString() : plain->second;
            return m_words.user;
        }
        return std::nullopt;
    }

    const ProviderDefinition &m_provider;
    const DnsAccount &m_account;
    const Hostname &m_name;
    const Words &m_words;
    std::optional<QString> m_v4, m_v6;
    std::vector<const CredentialField *> m_secrets;
    QString m_user;
};

} // namespace

QString routerKindName(RouterKind kind)
{
    return kind == RouterKind::FritzBox ? QStringLiteral("fritzbox") : QStringLiteral("openwrt");
}

bool routerUrlNeedsIpv4(const ProviderDefinition &provider)
{
    return provider.update && provider.update->v4.offered && !provider.update->v4.canKeep();
}

Result<RouterUrl> routerUrl(const Site &site, const Hostname &name, RouterKind kind,
                            const std::optional<Ipv4Address> &ipv4)
{
    const auto [service, isPublic] = serviceOf(site, name);
    const DnsAccount *account = site.accountFor(name);
    if (!service || !account)
        return fail(ErrorCode::Invalid, Texts::tr("%1 is no public or upstream name of this site.").arg(name.ascii()),
                    {}, Texts::tr("\"sixgatectl site show\" lists them."));
    if (account->watched())
        return fail(ErrorCode::Refused,
                    Texts::tr("%1 is kept by something else already (the account %2 is only watched).")
                        .arg(name.ascii(), account->name.text()),
                    {}, Texts::tr("What it needs, its own provider tells."));
    const ProviderAccess *access = account->provider();
    if (!access)
        return cannot(
            Texts::tr("%1 is set by signed DNS messages (RFC 2136), which a router does not send.").arg(name.ascii()));
    const auto definition = definitionOf(*access);
    if (!definition)
        return passOn(definition);
    if (definition->router.mode == RouterPrefix::Mode::None && !definition->router.note.isEmpty())
        return cannot(definition->router.note);
    if (definition->router.mode == RouterPrefix::Mode::None || !definition->update)
        return cannot(Texts::tr("%1 takes whole addresses, and a router knows its own alone, not that of the server "
                                "behind it.")
                          .arg(definition->title));
    if (definition->update->call.method != "GET" || !definition->update->call.form.isEmpty())
        return cannot(Texts::tr("%1 is called by other requests than a router sends.").arg(definition->title));
    const std::optional<Ipv4Address> address = isPublic ? ipv4 : std::nullopt;
    if (routerUrlNeedsIpv4(*definition) && !address && isPublic)
        return fail(ErrorCode::NotFound,
                    Texts::tr("%1 might put the router's own IPv4 address into the A record of %2, so the VPS's must "
                              "be in the URL, and it is not known.")
                        .arg(definition->title, name.ascii()),
                    {},
                    site.vps.empty() ? QString()
                                     : Texts::tr("Give the VPS name %1 one A record, or write the VPS's address to "
                                                 "the site file: \"addresses\" of the VPS; then ask again.")
                                           .arg(site.vps.front().host.ascii()));
    if (routerUrlNeedsIpv4(*definition) && !address)
        return cannot(Texts::tr("%1 might put the router's own IPv4 address into an A record of %2, which must "
                                "have none.")
                          .arg(definition->title, name.ascii()));

    const Words words = wordsOf(kind);
    Filling filling(*definition, *account, name, words, address);
    const ProviderCall &call = definition->update->call;
    QString url = filling.text(call.url).value_or(QString());
    QStringList parameters;
    for (const QString &one : call.query) {
        const qsizetype equals = one.indexOf(QLatin1Char('='));
        QString key = one.left(equals);
        const bool optional = key.endsWith(QLatin1Char('?'));
        if (optional)
            key.chop(1);
        const auto value = filling.text(one.mid(equals + 1));
        if (value && !(optional && value->isEmpty()))
            parameters << key + QLatin1Char('=') + *value;
    }
    if (!definition->update->v4.keep)
        parameters += definition->update->v4.keepParameters;
    if (definition->router.mode == RouterPrefix::Mode::Parameter)
        parameters << definition->router.parameter + QLatin1Char('=') + words.prefix;
    // What goes as a header is sent by a router as HTTP's own login.
    RouterUrl out;
    const bool inUrl = !filling.secrets().empty();
    for (const QString &header : definition->headers + call.header) {
        if (!inUrl && header.startsWith(QLatin1String("Authorization:"), Qt::CaseInsensitive))
            (void)filling.text(header);
    }
    if (filling.secrets().size() != 1)
        return cannot(Texts::tr("%1 needs more credentials than a router has fields for.").arg(definition->title));
    out.user = filling.user();
    if (out.user.isEmpty() && !inUrl) {
        if (definition->router.user.isEmpty())
            return cannot(Texts::tr("%1 takes its login in a way that a router does not have.").arg(definition->title));
        out.user = filling.text(definition->router.user).value_or(QString());
    }
    if (!parameters.isEmpty())
        url += QLatin1Char('?') + parameters.join(QLatin1Char('&'));
    // A FRITZ!Box sends the login by itself.
    if (!inUrl && kind == RouterKind::OpenWrt)
        url.replace(QStringLiteral("https://"), QStringLiteral("https://%1:%2@").arg(words.user, words.password));
    out.url = url;
    out.domain = name.ascii();
    const CredentialField &secret = *filling.secrets().front();
    out.password = secret.label;
    out.passwordSecret = dnsCredentialSecret(*account, secret.name);
    out.notes << Texts::tr(
        "The record must have been set once (sixgatectl apply): the router sends the prefix, and the "
        "provider keeps the host part.");
    const HomeServer *server = site.server(service->server);
    if (server && !std::holds_alternative<AddressFromInterfaceId>(server->address))
        out.notes << Texts::tr("The host part of %1 must stay the same with each prefix; where its address is "
                               "privacy-stable (RFC 7217), it does not: give it a fixed interface identifier.")
                         .arg(server->name.text());
    if (address && routerUrlNeedsIpv4(*definition))
        out.notes << Texts::tr("%1 in the URL is the VPS's address: after the VPS has got another one, enter the URL "
                               "anew.")
                         .arg(address->text());
    if (kind == RouterKind::FritzBox)
        out.notes << Texts::tr("The FRITZ!Box may say that the update failed, since the name does not lead to the box "
                               "itself. That is so.");
    else
        out.notes << Texts::tr("Not proven: [IP] is the router's own address; the provider is to take the network of "
                               "[IP]/64 and nothing else. Let it take an address of the LAN (ip_source network), "
                               "and look with \"sixgatectl check\" after the first update.");
    if (!definition->router.note.isEmpty())
        out.notes << definition->router.note;
    out.notes += definition->verified.unproven;
    return out;
}

} // namespace sixgate
