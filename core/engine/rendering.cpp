#include "engine/rendering.h"

#include "decide/acmetalk.h"
#include "decide/alarmsettings.h"
#include "decide/providercalls.h"
#include "model/alarmnames.h"
#include "model/texts.h"
#include "resources/resources.h"
#include "transport/dns.h"
#include "transport/tls.h"

#include <algorithm>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookTime = 20s;

/// certbot's plugin wants a literal: always the same one, or each run would rewrite the file.
Result<IpAddress> acmeServer(const UpdateAccess &account, std::stop_token stop)
{
    auto addresses = resolveServer(account.server, Deadline::after(lookTime), stop);
    if (!addresses)
        return passOn(addresses);
    if (addresses->empty())
        return fail(ErrorCode::NotFound,
                    Texts::tr("The DNS server %1 has no address.").arg(serverAddressText(account.server)), {},
                    Texts::tr("Correct dns[].server in the site file, or give that name an address."));
    const bool sixth = std::any_of(addresses->begin(), addresses->end(),
                                   [](const IpAddress &one) { return std::holds_alternative<Ipv6Address>(one); });
    std::erase_if(*addresses,
                  [sixth](const IpAddress &one) { return std::holds_alternative<Ipv6Address>(one) != sixth; });
    return *std::min_element(addresses->begin(), addresses->end());
}

/// The key for addresses under another name would be on the VPS all the same.
Outcome keysDiffer(const Job &job, const DnsAccount &account, const Secret &acmeKey, std::stop_token stop)
{
    const auto key = job.secrets.get(dnsKeySecret(account), Deadline::after(lookTime), stop);
    if (!key || key->reveal().trimmed() != acmeKey.reveal().trimmed())
        return {};
    return fail(ErrorCode::Invalid,
                Texts::tr("The secrets %1 and %2 are the same: the VPS could change every record of %3.")
                    .arg(dnsKeySecret(account), dnsAcmeKeySecret(account), account.zone.ascii()),
                {},
                Texts::tr("Make a second key that may only set TXT at _acme-challenge names, and store it as %1.")
                    .arg(dnsAcmeKeySecret(account)));
}

/// A credential that is the home's by another name would be no other one.
Outcome credentialsDiffer(const Job &job, const DnsAccount &account, const ProviderDefinition &provider,
                          const CredentialField &field, const Secret &own, std::stop_token stop)
{
    const QString homes = dnsCredentialSecret(account, field.name);
    const auto secret = job.secrets.get(homes, Deadline::after(lookTime), stop);
    if (!secret || secret->reveal().trimmed() != own.reveal().trimmed())
        return {};
    const QString name = dnsAcmeCredentialSecret(account, field.name);
    return fail(ErrorCode::Invalid,
                Texts::tr("The secrets %1 and %2 are the same: whoever takes over the VPS could %3.")
                    .arg(homes, name, reachOf(provider)),
                {},
                Texts::tr("Make another one for the VPS, and store it as %1. %2 To let it have that of the home "
                          "all the same, set \"acmeCredentials\" to \"shared\" in the account.")
                    .arg(name, provider.challenges.how));
}

/// The talk with a provider, with what of the account's credentials it needs.
Outcome addTalk(const Job &job, const DnsAccount &account, const ProviderAccess &access, DeploymentInputs &inputs,
                std::stop_token stop)
{
    const auto provider = definitionOf(access);
    if (!provider)
        return passOn(provider);
    std::map<QString, Secret> credentials;
    for (const CredentialField &one : textCredentials(*provider)) {
        if (!one.secret) {
            const auto plain = access.plain.find(one.name);
            if (plain != access.plain.end())
                credentials.emplace(one.name.text(), Secret(plain->second.toUtf8()));
            continue;
        }
        auto secret = job.secrets.get(dnsAcmeCredentialSecret(account, one.name), Deadline::after(lookTime), stop);
        if (!secret) {
            Error error = secret.error();
            if (error.code == ErrorCode::NotFound && access.hasOwnAcme())
                error.fix += Texts::tr(" It is for the VPS, which sets texts for certificates by it. %1 To let it "
                                       "have that of the home, set \"acmeCredentials\" to \"shared\" in the "
                                       "account; to need none, give the services \"challenge\": \"http\".")
                                 .arg(provider->challenges.how);
            return tl::unexpected<Error>(std::move(error));
        }
        if (access.hasOwnAcme()) {
            if (const auto differ = credentialsDiffer(job, account, *provider, one, *secret, stop); !differ)
                return differ;
        }
        credentials.emplace(one.name.text(), std::move(*secret));
    }
    std::vector<Hostname> names;
    for (const Service &service : job.site.services)
        names.insert(names.end(), service.publicNames.begin(), service.publicNames.end());
    std::erase_if(names, [&](const Hostname &name) { return job.site.accountFor(name) != &account; });
    auto talk = acmeTalk(account, *provider, names, credentials, job.site.vps.front().acme.propagation);
    if (!talk)
        return passOn(talk);
    inputs.acmeCredentials.emplace(account.name, std::move(*talk));
    inputs.acmeHook = resource(u"vps/acme/hook.pl") + resource(u"vps/dns.pl");
    return {};
}

Outcome addCredentials(const Job &job, const DnsAccount &account, DeploymentInputs &inputs, std::stop_token stop)
{
    if (const ProviderAccess *access = account.provider())
        return addTalk(job, account, *access, inputs, stop);
    const auto key = job.secrets.get(dnsAcmeKeySecret(account), Deadline::after(lookTime), stop);
    if (!key)
        return passOn(key);
    if (const auto differ = keysDiffer(job, account, *key, stop); !differ)
        return differ;
    const UpdateAccess *access = account.update();
    if (!access)
        return {};
    const auto server = acmeServer(*access, stop);
    if (!server)
        return passOn(server);
    auto credentials = acmeCredentials(account, *server, *key);
    if (!credentials)
        return passOn(credentials);
    inputs.acmeCredentials.emplace(account.name, std::move(*credentials));
    return {};
}

/// What tells that the home is silent needs its secrets on the VPS, and only there.
Outcome addAlarm(const Job &job, DeploymentInputs &inputs, std::stop_token stop)
{
    if (!vpsTellsSilence(job.site))
        return {};
    inputs.alarm = {resource(u"vps/push/alarm.py"), resource(u"vps/push/sixgate-alarm.service"),
                    resource(u"vps/push/sixgate-alarm.timer"), resource(u"vps/push/sixgate-alarm-mail.socket"),
                    resource(u"vps/push/sixgate-alarm-mail.service")};
    std::map<QString, Result<Secret>> secrets;
    for (const QString &name : alarmSecrets(*job.site.alarm)) {
        auto secret = job.secrets.get(name, Deadline::after(lookTime), stop);
        if (!secret && secret.error().code == ErrorCode::Cancelled)
            return passOn(secret);
        secrets.emplace(name, std::move(secret));
    }
    // What is wrong with them keeps the alarm from being set up, and nothing else of the VPS.
    inputs.alarmForVps = alarmForVps(job.site, secrets);
    return {};
}

std::optional<CertificateSeen> pinnedCertificate(const Job &job, const HomeServer &server, const HomeSeen &home)
{
    for (const ServerSeen &seen : home.servers) {
        if (seen.server == server.name && seen.certificate)
            return seen.certificate;
    }
    const auto remembered = job.state.pinnedCertificates.find(server.name);
    if (remembered == job.state.pinnedCertificates.end())
        return {};
    const auto certificate = parseCertificate(remembered->second);
    return certificate && certificate->key == *server.pinnedKey ? std::optional(*certificate) : std::nullopt;
}

} // namespace

Result<Rendered> renderDeployment(const Job &job, const HomeSeen &home, std::stop_token stop)
{
    DeploymentInputs inputs{{resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
                             resource(u"proxy/apache-entry.conf"), resource(u"proxy/apache-challenge.mustache")},
                            {},
                            {}};
    inputs.now = QDateTime::currentDateTimeUtc();
    // One script for Perl, several files for those who read it.
    for (QStringView part : {u"daemon", u"proofs", u"switch", u"lookup", u"drift"})
        inputs.push.daemon += resource(QStringLiteral("vps/push/%1.pl").arg(part));
    inputs.push.client = resource(u"vps/push/client.pl");
    inputs.push.unit = resource(u"vps/push/sixgate-push.service");
    inputs.renewal = {resource(u"vps/renewal/test.pl"), resource(u"vps/renewal/sixgate-renewal-test.service"),
                      resource(u"vps/renewal/sixgate-renewal-test.timer")};
    const Site &site = job.site;
    if (const auto added = addAlarm(job, inputs, stop); !added)
        return passOn(added);
    for (const DnsAccount &account : site.dns) {
        if (!site.needsAcmeKey(account))
            continue;
        if (const auto added = addCredentials(job, account, inputs, stop); !added)
            return passOn(added);
    }
    Rendered rendered;
    for (const HomeServer &server : site.servers) {
        const auto certificate = server.pinnedKey ? pinnedCertificate(job, server, home) : std::nullopt;
        if (!certificate)
            continue;
        rendered.pinnedCertificates.emplace(server.name, certificate->pem);
        inputs.pinnedCertificates.emplace(server.name, *certificate);
    }
    auto deployment = wantedDeployment(site, inputs);
    if (!deployment)
        return passOn(deployment);
    rendered.deployment = std::move(*deployment);
    return rendered;
}

} // namespace sixgate
