#include "model/site.h"

#include "model/provider.h"

#include <algorithm>

namespace sixgate
{

QString tsigAlgorithmName(TsigAlgorithm algorithm)
{
    return algorithm == TsigAlgorithm::HmacSha512 ? QStringLiteral("hmac-sha512") : QStringLiteral("hmac-sha256");
}

QString challengeName(Challenge challenge)
{
    switch (challenge) {
    case Challenge::Http:
        return QStringLiteral("http");
    case Challenge::Delegated:
        return QStringLiteral("delegated");
    case Challenge::Dns:
        break;
    }
    return QStringLiteral("dns");
}

QString sshAuthName(SshAuth auth)
{
    switch (auth) {
    case SshAuth::Agent:
        return QStringLiteral("agent");
    case SshAuth::Password:
        return QStringLiteral("password");
    case SshAuth::Key:
        break;
    }
    return QStringLiteral("key");
}

QString serverAddressText(const ServerAddress &address)
{
    if (const auto *name = std::get_if<Hostname>(&address))
        return name->ascii();
    if (const auto *v4 = std::get_if<Ipv4Address>(&address))
        return v4->text();
    return std::get<Ipv6Address>(address).text();
}

const HomeServer *Site::server(const Label &wanted) const
{
    for (const HomeServer &one : servers) {
        if (one.name == wanted)
            return &one;
    }
    return nullptr;
}

const DnsAccount *Site::accountFor(const Hostname &host) const
{
    const DnsAccount *best = nullptr;
    for (const DnsAccount &account : dns) {
        if (host.isWithin(account.zone) && (!best || account.zone.ascii().size() > best->zone.ascii().size()))
            best = &account;
    }
    return best;
}

bool Site::needsAcmeKey(const DnsAccount &account) const
{
    return std::any_of(services.begin(), services.end(), [&](const Service &service) {
        return service.challenge == Challenge::Dns && !service.publicNames.empty() &&
               accountFor(service.publicNames.front()) == &account;
    });
}

QString dnsKeySecret(const DnsAccount &account)
{
    return QStringLiteral("dns.%1.key").arg(account.name.text());
}

QString dnsCredentialSecret(const DnsAccount &account, const Label &credential)
{
    return QStringLiteral("dns.%1.%2").arg(account.name.text(), credential.text());
}

bool ProviderAccess::hasOwnAcme() const
{
    return ownAcme.value_or(definition && definition->challenges.scoped);
}

QString dnsAcmeCredentialSecret(const DnsAccount &account, const Label &credential)
{
    const ProviderAccess *access = account.provider();
    return access && access->hasOwnAcme() ? QStringLiteral("dns.%1.acme-%2").arg(account.name.text(), credential.text())
                                          : dnsCredentialSecret(account, credential);
}

QString dnsAcmeKeySecret(const DnsAccount &account)
{
    return QStringLiteral("dns.%1.acme-key").arg(account.name.text());
}

QString vpsLabel(const Vps &vps)
{
    for (const IpAddress &address : vps.addresses) {
        if (std::holds_alternative<Ipv4Address>(address))
            return QStringLiteral("%1 (%2)").arg(vps.host.ascii(), ipText(address));
    }
    return vps.host.ascii();
}

QString vpsPassphraseSecret(const Vps &vps)
{
    return QStringLiteral("vps.%1.passphrase").arg(vps.name.text());
}

QString vpsPasswordSecret(const Vps &vps)
{
    return QStringLiteral("vps.%1.password").arg(vps.name.text());
}

QString vpsSudoPasswordSecret(const Vps &vps)
{
    return QStringLiteral("vps.%1.sudo-password").arg(vps.name.text());
}

QString pinnedKeyPlace(const Site &site, const Label &server)
{
    const HomeServer *one = site.server(server);
    return one ? QStringLiteral("servers[%1].pinnedKey").arg(one - site.servers.data()) : QStringLiteral("pinnedKey");
}

} // namespace sixgate
