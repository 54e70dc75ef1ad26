#include "decide/deployment.h"

#include "decide/acmetalk.h"
#include "decide/alarmsettings.h"
#include "decide/push.h"
#include "decide/render.h"
#include "model/texts.h"

#include <QCryptographicHash>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr auto currentRelease = "/etc/sixgate/current/";
// Sorts after other sites' files: see resources/proxy/apache-entry.conf.
constexpr auto siteName = "zz-sixgate";
// Of the certification authority's challenges over HTTP; www-data cannot enter /var/lib/sixgate.
constexpr auto challengeWebroot = "/var/lib/sixgate-acme";
// What facts.pl tells of a certificate that Sixgate got with the VPS as name server.
constexpr auto delegated = "delegated";
constexpr auto renewalService = "renewal/sixgate-renewal-test.service";
constexpr auto renewalTimer = "renewal/sixgate-renewal-test.timer";
// certbot and the public CA refuse more names in one certificate.
constexpr size_t mostNames = 100;

QString inRelease(const QString &path)
{
    return QLatin1String(currentRelease) + path;
}

WantedFile file(const QString &path, int mode, const QByteArray &content, const QString &purpose, bool secret = false)
{
    return {path,   mode, content, secret, QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex(),
            purpose};
}

QString joinedNames(const std::vector<Hostname> &names)
{
    QStringList list;
    for (const Hostname &name : names)
        list << name.ascii();
    return list.join(QStringLiteral(", "));
}

std::vector<TemplateValues> nameList(std::vector<Hostname>::const_iterator from,
                                     std::vector<Hostname>::const_iterator to)
{
    std::vector<TemplateValues> list;
    for (; from != to; ++from)
        list.push_back(std::move(TemplateValues().text("name", from->ascii())));
    return list;
}

/// True where the certificate carries all names of the service, so that Apache can check them.
bool carries(const CertificateSeen &certificate, const Service &service)
{
    return std::all_of(service.publicNames.begin(), service.publicNames.end(), [&](const Hostname &name) {
        return std::any_of(certificate.names.begin(), certificate.names.end(),
                           [&](const QString &one) { return one.compare(name.ascii(), Qt::CaseInsensitive) == 0; });
    });
}

class Builder
{
public:
    Builder(const Site &site, const DeploymentInputs &inputs, Template siteTemplate, Template challengeTemplate)
        : m_site(site), m_inputs(inputs), m_template(std::move(siteTemplate)), m_challenge(std::move(challengeTemplate))
    {
    }

    Result<WantedDeployment> build()
    {
        m_wanted.packages = {QStringLiteral("apache2"), QStringLiteral("ca-certificates"), QStringLiteral("certbot"),
                             QStringLiteral("openssl")};
        if (any(Challenge::Delegated))
            m_wanted.packages.push_back(QStringLiteral("python3-certbot-dns-standalone"));
        if (anyProvedBy<UpdateAccess>())
            m_wanted.packages.push_back(QStringLiteral("python3-certbot-dns-rfc2136"));
        m_wanted.modules = {QStringLiteral("alias"),    QStringLiteral("env"),        QStringLiteral("headers"),
                            QStringLiteral("proxy"),    QStringLiteral("proxy_http"), QStringLiteral("rewrite"),
                            QStringLiteral("setenvif"), QStringLiteral("ssl")};
        m_wanted.sites = {QLatin1String(siteName)};
        // Its programs are called there.
        if (pushes())
            m_wanted.packages.push_back(QStringLiteral("iproute2"));
        if (auto done = addHook(); !done)
            return passOn(done);
        std::sort(m_wanted.packages.begin(), m_wanted.packages.end());
        const auto shared = m_template.render(std::move(TemplateValues().flag("shared", true).flag("push", pushes())));
        if (!shared)
            return passOn(shared);
        m_wanted.files.push_back(file(inRelease(QStringLiteral("apache/service.inc")), 0644, *shared,
                                      Texts::tr("what Apache's virtual hosts of all services have in common")));
        for (const Service &service : m_site.services) {
            if (auto done = addService(service); !done)
                return passOn(done);
        }
        if (auto done = addChallenges(); !done)
            return passOn(done);
        if (auto done = addPush(); !done)
            return passOn(done);
        if (auto done = addRenewalTest(); !done)
            return passOn(done);
        m_wanted.files.push_back(file(inRelease(QStringLiteral("apache/00-base.conf")), 0644, m_inputs.templates.base,
                                      Texts::tr("Apache's answer for names that are no service's")));
        m_wanted.files.push_back(
            file(QStringLiteral("/etc/apache2/sites-available/%1.conf").arg(QLatin1String(siteName)), 0644,
                 m_inputs.templates.entry, Texts::tr("makes Apache read the current release")));
        finish();
        return std::move(m_wanted);
    }

private:
    bool pushes() const { return !m_site.vps.empty() && !m_site.vps.front().pushKeys.empty(); }

    Outcome addRenewalTest()
    {
        if (m_wanted.certificates.empty())
            return {};
        const RenewalScripts &scripts = m_inputs.renewal;
        if (scripts.program.isEmpty() || scripts.service.isEmpty() || scripts.timer.isEmpty())
            return fail(ErrorCode::Internal, Texts::tr("What rehearses renewals is missing."));
        m_wanted.files.push_back(file(inRelease(QStringLiteral("renewal/test.pl")), 0644, scripts.program,
                                      Texts::tr("the program that rehearses the renewal of certificates")));
        m_wanted.files.push_back(
            file(inRelease(QLatin1String(renewalService)), 0644, scripts.service,
                 Texts::tr("how systemd rehearses renewals: it lets certbot write its own files and no others")));
        m_wanted.files.push_back(file(inRelease(QLatin1String(renewalTimer)), 0644, scripts.timer,
                                      Texts::tr("when renewals are rehearsed: each week")));
        return {};
    }

    bool any(Challenge challenge) const
    {
        return std::any_of(m_site.services.begin(), m_site.services.end(),
                           [&](const Service &service) { return service.challenge == challenge; });
    }

    template <class Access>
    bool anyProvedBy() const
    {
        return std::any_of(m_site.dns.begin(), m_site.dns.end(), [&](const DnsAccount &account) {
            return std::holds_alternative<Access>(account.access) && m_site.needsAcmeKey(account);
        });
    }

    /// What sets texts at providers, with what it needs: HTTPS and JSON for Perl.
    Outcome addHook()
    {
        if (!anyProvedBy<ProviderAccess>())
            return {};
        if (m_inputs.acmeHook.isEmpty())
            return fail(ErrorCode::Internal, Texts::tr("The program that proves names at a provider is missing."));
        m_wanted.packages.push_back(QStringLiteral("libio-socket-ssl-perl"));
        m_wanted.packages.push_back(QStringLiteral("perl"));
        m_wanted.files.push_back(
            file(acmeHookPath(), 0644, m_inputs.acmeHook,
                 Texts::tr("the program by which certbot sets _acme-challenge TXT records at a provider")));
        return {};
    }

    /// Port 80 of all names whose certificates are got by HTTP-01, and of the VPS name.
    Outcome addChallenges()
    {
        if (!any(Challenge::Http) || m_site.vps.empty())
            return {};
        std::vector<TemplateValues> names;
        for (const Service &service : m_site.services) {
            if (service.challenge != Challenge::Http)
                continue;
            for (TemplateValues &one : nameList(service.publicNames.begin(), service.publicNames.end()))
                names.push_back(std::move(one));
        }
        const QString vps = m_site.vps.front().host.ascii();
        const auto text =
            m_challenge.render(std::move(TemplateValues().text("vps", vps).list("names", std::move(names))));
        if (!text)
            return passOn(text);
        m_wanted.files.push_back(
            file(inRelease(QStringLiteral("apache/00-challenge.conf")), 0644, *text,
                 Texts::tr("Apache shows the certification authority what certbot puts there, also for the "
                           "home, which hands it over to %1")
                     .arg(vps)));
        return {};
    }

    Outcome addPush()
    {
        if (!pushes())
            return {};
        if (m_inputs.push.daemon.isEmpty() || m_inputs.push.client.isEmpty() || m_inputs.push.unit.isEmpty())
            return fail(ErrorCode::Internal, Texts::tr("The programs of the push are missing."));
        PushScripts scripts = m_inputs.push;
        scripts.pinsNamed = m_pinsNamed;
        for (WantedFile &one : pushFiles(m_site, scripts))
            m_wanted.files.push_back(std::move(one));
        return addAlarm();
    }

    Outcome addAlarm()
    {
        if (!vpsTellsSilence(m_site))
            return {};
        if (m_inputs.alarm.program.isEmpty() || m_inputs.alarm.service.isEmpty() || m_inputs.alarm.timer.isEmpty() ||
            (!m_inputs.alarmForVps.settings && m_inputs.alarmForVps.shortfalls.empty()))
            return fail(ErrorCode::Internal, Texts::tr("The programs or the settings of the alarm are missing."));
        for (WantedFile &one : alarmFiles(*m_site.alarm, m_inputs.alarm))
            m_wanted.files.push_back(std::move(one));
        m_wanted.alarm = m_inputs.alarmForVps;
        return {};
    }

    Outcome addService(const Service &service)
    {
        const QString label = service.name.text();
        if (service.publicNames.empty() || service.publicNames.size() > mostNames)
            return fail(ErrorCode::Invalid,
                        Texts::tr("The service %1 has %2 public names; one certificate holds 1 to %3.")
                            .arg(label)
                            .arg(service.publicNames.size())
                            .arg(mostNames),
                        {}, Texts::tr("Split the service in two."));
        TemplateValues values;
        values.flag("shared", false)
            .flag("push", pushes())
            .flag("challenged", service.challenge == Challenge::Http)
            .text("service", label)
            .text("upstream", service.upstreamName.ascii())
            .text("port", service.port.text())
            .text("first", service.publicNames.front().ascii())
            .text("lineage", label)
            .list("names", nameList(service.publicNames.begin(), service.publicNames.end()))
            .list("aliases", nameList(service.publicNames.begin() + 1, service.publicNames.end()));
        if (auto done = addPin(service, values); !done)
            return done;
        auto text = m_template.render(values);
        if (!text)
            return passOn(text);
        m_wanted.files.push_back(
            file(inRelease(QStringLiteral("apache/%1.conf").arg(label)), 0644, *text,
                 Texts::tr("Apache answers for %1 and passes visitors on to %2, port %3")
                     .arg(joinedNames(service.publicNames), service.upstreamName.ascii(), service.port.text())));
        return addCertificate(service);
    }

    // The VPS's proxy trusts the pinned certificate itself, so one that it would refuse must not get there.
    Outcome checkPin(const HomeServer &server, const CertificateSeen &seen) const
    {
        const QString name = server.name.text();
        const QString place = pinnedKeyPlace(m_site, server.name);
        if (seen.key != *server.pinnedKey)
            return fail(
                ErrorCode::Denied, Texts::tr("%1 shows a certificate with another key than the pinned one.").arg(name),
                Texts::tr("Seen %1, pinned %2.").arg(seen.key.text(), server.pinnedKey->text()),
                Texts::tr("If you renewed the certificate, pin its new key as %1 in the site file.").arg(place));
        if (!seen.selfSigned)
            return fail(
                ErrorCode::Denied,
                Texts::tr("The pinned key of %1 is that of a certificate which %2 issued; only a self-signed one "
                          "can be pinned.")
                    .arg(name, seen.issuer),
                {},
                Texts::tr("Remove %1 from the site file where the issuer is a public authority; otherwise give %2 "
                          "a self-signed certificate and pin its key.")
                    .arg(place, name));
        if (m_inputs.now.isValid() && (m_inputs.now < seen.notBefore || m_inputs.now > seen.notAfter))
            return fail(ErrorCode::Denied,
                        Texts::tr("The self-signed certificate of %1 is valid from %2 to %3 only.")
                            .arg(name, seen.notBefore.toUTC().toString(Qt::ISODate),
                                 seen.notAfter.toUTC().toString(Qt::ISODate)),
                        Texts::tr("It is %1 now.").arg(m_inputs.now.toUTC().toString(Qt::ISODate)),
                        Texts::tr("Renew it; where it gets a new key by that, pin the new one as %1 in the site file.")
                            .arg(place));
        return {};
    }

    Outcome addPin(const Service &service, TemplateValues &values)
    {
        const HomeServer *server = m_site.server(service.server);
        const bool pinned = server && server->pinnedKey;
        values.flag("pinned", pinned);
        if (!pinned)
            return {};
        const auto seen = m_inputs.pinnedCertificates.find(server->name);
        if (seen == m_inputs.pinnedCertificates.end())
            return fail(ErrorCode::NotFound,
                        Texts::tr("The self-signed certificate of %1, which the VPS needs to recognise it, was not "
                                  "seen.")
                            .arg(server->name.text()),
                        {}, Texts::tr("Switch %1 on and try again.").arg(server->name.text()));
        if (auto fit = checkPin(*server, seen->second); !fit)
            return fit;
        const bool named = carries(seen->second, service);
        m_pinsNamed[service.name] = named;
        values.text("server", server->name.text()).flag("named", named);
        const QString path = inRelease(QStringLiteral("pins/%1.pem").arg(server->name.text()));
        if (m_pins.insert(path).second)
            m_wanted.files.push_back(
                file(path, 0644, seen->second.pem,
                     Texts::tr("the self-signed certificate by which the VPS recognises %1").arg(server->name.text())));
        return {};
    }

    Outcome addCertificate(const Service &service)
    {
        if (service.challenge != Challenge::Dns) {
            if (m_site.vps.empty())
                return fail(ErrorCode::Invalid, Texts::tr("The site has no VPS."));
            m_wanted.certificates.push_back(
                {service.name.text(), service.publicNames, m_site.vps.front().acme.directory, {}, service.challenge});
            return {};
        }
        // planDeployment() withholds a service whose names lie in several accounts.
        const DnsAccount *account = m_site.accountFor(service.publicNames.front());
        if (!account || m_site.vps.empty())
            return fail(ErrorCode::Invalid,
                        Texts::tr("No DNS account of the site holds %1.").arg(service.publicNames.front().ascii()));
        m_wanted.certificates.push_back({service.name.text(), service.publicNames, m_site.vps.front().acme.directory,
                                         acmeCredentialsPath(*account)});
        if (!m_accounts.insert(account->name).second)
            return {};
        const auto credentials = m_inputs.acmeCredentials.find(account->name);
        if (credentials == m_inputs.acmeCredentials.end())
            return fail(ErrorCode::NotFound,
                        Texts::tr("What proves names to the certification authority in the DNS account %1 is missing.")
                            .arg(account->name.text()),
                        {}, Texts::tr("See: sixgatectl secret list"));
        m_wanted.files.push_back(
            file(acmeCredentialsPath(*account), 0600, credentials->second, purposeOfCredentials(*account), true));
        return {};
    }

    static QString purposeOfCredentials(const DnsAccount &account)
    {
        const ProviderAccess *access = account.provider();
        if (!access || !access->definition)
            return Texts::tr(
                "the ACME key goes to the VPS; the DNS server is to let it set _acme-challenge TXT records only");
        QStringList secrets;
        for (const CredentialField &one : textCredentials(*access->definition)) {
            if (one.secret)
                secrets << dnsAcmeCredentialSecret(account, one.name);
        }
        const QString goes = Texts::tr("the VPS gets %1, to set _acme-challenge TXT records at %2")
                                 .arg(secrets.join(Texts::tr(" and ")), access->definition->title);
        return access->hasOwnAcme()
                   ? goes
                   : Texts::tr("%1; whoever takes over the VPS could %2").arg(goes, reachOf(*access->definition));
    }

    // Order, manifest and identifier, so that the same site always gives the same bytes.
    void finish()
    {
        std::sort(m_wanted.files.begin(), m_wanted.files.end(),
                  [](const WantedFile &a, const WantedFile &b) { return a.path < b.path; });
        QByteArray manifest("sixgate 1\n");
        for (const WantedFile &one : m_wanted.files)
            manifest += one.sha256 + ' ' + QByteArray::number(one.mode, 8) + (one.secret ? " secret " : " plain ") +
                        one.path.toUtf8() + '\n';
        m_wanted.files.push_back(file(inRelease(QStringLiteral("manifest")), 0600, manifest,
                                      Texts::tr("the list of everything in the release")));
        QCryptographicHash hash(QCryptographicHash::Sha256);
        const auto add = [&hash](const QString &text) {
            hash.addData(text.toUtf8());
            hash.addData("\n");
        };
        for (const auto *list : {&m_wanted.packages, &m_wanted.modules, &m_wanted.sites}) {
            for (const QString &one : *list)
                add(one);
            add({});
        }
        for (const WantedCertificate &one : m_wanted.certificates)
            add(one.lineage + QLatin1Char(' ') + joinedNames(one.names) + QLatin1Char(' ') + one.directory.text() +
                QLatin1Char(' ') + one.means());
        hash.addData(manifest);
        m_wanted.releaseId = QString::fromLatin1(hash.result().toHex().left(16));
    }

    const Site &m_site;
    const DeploymentInputs &m_inputs;
    Template m_template;
    Template m_challenge;
    WantedDeployment m_wanted;
    std::set<QString> m_pins;
    std::map<Label, bool> m_pinsNamed; ///< by service: its pinned certificate carries the public names
    std::set<Label> m_accounts;
};

} // namespace

Result<WantedDeployment> wantedDeployment(const Site &site, const DeploymentInputs &inputs)
{
    auto siteTemplate = Template::parse(inputs.templates.site);
    if (!siteTemplate)
        return passOn(siteTemplate);
    auto challengeTemplate = Template::parse(inputs.templates.challenge);
    if (!challengeTemplate)
        return passOn(challengeTemplate);
    return Builder(site, inputs, std::move(*siteTemplate), std::move(*challengeTemplate)).build();
}

QString WantedCertificate::means() const
{
    switch (challenge) {
    case Challenge::Http:
        return QLatin1String(challengeWebroot);
    case Challenge::Delegated:
        return QLatin1String(delegated);
    case Challenge::Dns:
        break;
    }
    return credentialsPath;
}

bool renewalTestIsSetUp(const RenewalTestSeen &seen, const WantedDeployment &wanted)
{
    const auto fits = [&](const char *name, const QByteArray &sha256) {
        return std::any_of(wanted.files.begin(), wanted.files.end(), [&](const WantedFile &one) {
            return one.path == inRelease(QLatin1String(name)) && one.sha256 == sha256;
        });
    };
    return seen.running && fits(renewalService, seen.serviceSha256) && fits(renewalTimer, seen.timerSha256);
}

bool isSixgatesOwn(const RenewalSeen &renewal)
{
    return renewal.means == QLatin1String(challengeWebroot) || renewal.means == QLatin1String(delegated) ||
           renewal.means.startsWith(QLatin1String("/etc/sixgate/acme/"));
}

QString acmeCredentialsPath(const DnsAccount &account)
{
    return QStringLiteral("/etc/sixgate/acme/%1.%2")
        .arg(account.name.text(), account.provider() ? QStringLiteral("json") : QStringLiteral("ini"));
}

Result<QByteArray> acmeCredentials(const DnsAccount &account, const IpAddress &server, const Secret &key)
{
    const UpdateAccess *access = account.update();
    if (!access || !access->acmeKey)
        return fail(ErrorCode::Invalid, Texts::tr("The DNS account %1 has no ACME key.").arg(account.name.text()));
    const auto secret = base64Text(key);
    if (!secret)
        return fail(ErrorCode::Invalid,
                    Texts::tr("The ACME key of the DNS account %1 is not base64.").arg(account.name.text()), {},
                    Texts::tr("Store the secret as the key file has it: sixgatectl secret set %1")
                        .arg(dnsAcmeKeySecret(account)));
    // The plugin looks the algorithm up as it is written: in lower case it would silently use HMAC-MD5.
    return QByteArray("# Managed by Sixgate; changes are overwritten.\n") +
           "dns_rfc2136_server = " + ipText(server).toLatin1() + '\n' +
           "dns_rfc2136_port = " + access->port.text().toLatin1() + '\n' +
           "dns_rfc2136_name = " + access->acmeKey->name.text().toLatin1() + '\n' +
           "dns_rfc2136_algorithm = " + tsigAlgorithmName(access->acmeKey->algorithm).toUpper().toLatin1() + '\n' +
           "dns_rfc2136_secret = " + secret->reveal() + '\n';
}

} // namespace sixgate
