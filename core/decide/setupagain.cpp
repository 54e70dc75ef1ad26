#include "decide/setup.h"

namespace sixgate
{

std::optional<SetupAnswers> setupAnswers(const Site &site)
{
    if (site.servers.size() != 1 || site.dns.size() != 1 || site.vps.size() != 1 || site.services.empty() ||
        site.dns.front().watched())
        return std::nullopt;
    // The secrets are kept under these names.
    if (site.name.text() != QLatin1String("home") || site.dns.front().name.text() != QLatin1String("main") ||
        site.vps.front().name.text() != QLatin1String("vps"))
        return std::nullopt;
    SetupAnswers out;
    const HomeServer &server = site.servers.front();
    if (const auto *id = std::get_if<AddressFromInterfaceId>(&server.address))
        out.interfaceId = id->id.text();
    else if (const auto *named = std::get_if<AddressFromLanName>(&server.address))
        out.interfaceId = named->name.display();
    else
        out.thisMachine = true;
    out.pinnedKey = server.pinnedKey ? server.pinnedKey->text() : QString();
    const DnsAccount &account = site.dns.front();
    out.zone = account.zone.display();
    out.ttl = QString::number(account.ttl.count());
    if (const UpdateAccess *access = account.update()) {
        out.provider = QLatin1String(setupByUpdate);
        out.dnsServer = serverAddressText(access->server);
        out.key = {access->key.name.text(), access->key.algorithm};
        if (access->acmeKey)
            out.acmeKey = {access->acmeKey->name.text(), access->acmeKey->algorithm};
    } else if (const ProviderAccess *provider = account.provider()) {
        out.provider = provider->provider.text();
        out.url = provider->url;
        for (const auto &[name, value] : provider->plain)
            out.plain.emplace(name.text(), value);
    }
    const Vps &vps = site.vps.front();
    out.vpsName = vps.host.display();
    QStringList addresses;
    for (const IpAddress &one : vps.addresses)
        addresses << ipText(one);
    out.addresses = addresses.join(QLatin1Char(' '));
    out.sshPort = vps.sshPort.text();
    out.user = vps.user.text();
    out.auth = vps.auth;
    out.keyFile = vps.keyFile;
    out.hostKey = vps.hostKeys.front().text();
    out.mail = vps.acme.mail ? vps.acme.mail->text() : QString();
    out.termsAgreed = vps.acme.termsAgreed;
    out.directory = vps.acme.directory.text();
    out.upstreamName = site.services.front().upstreamName.display();
    out.services.clear();
    for (const Service &one : site.services) {
        if (one.upstreamName != site.services.front().upstreamName)
            return std::nullopt;
        QStringList names;
        for (const Hostname &name : one.publicNames)
            names << name.display();
        out.services.push_back({names.join(QLatin1Char(' ')), one.port.text(), one.challenge});
    }
    return out;
}

Site withRest(Site site, const Site &before)
{
    site.echo = before.echo;
    site.alarm = before.alarm;
    site.servers.front().name = before.servers.front().name;
    site.vps.front().pushKeys = before.vps.front().pushKeys;
    site.vps.front().acme.propagation = before.vps.front().acme.propagation;
    for (Service &one : site.services) {
        one.server = site.servers.front().name;
        for (const Service &old : before.services) {
            if (old.publicNames.front() != one.publicNames.front())
                continue;
            one.name = old.name;
            one.probePath = old.probePath;
        }
    }
    return site;
}

} // namespace sixgate
