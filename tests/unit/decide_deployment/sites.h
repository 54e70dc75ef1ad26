#pragma once

#include "decide/acmetalk.h"
#include "decide/alarmsettings.h"
#include "decide/deployment.h"
#include "model/alarmnames.h"
#include "resources/resources.h"

#include <QStringList>

#include <stdexcept>

/// Sites for the tests of rendering and planning, made from the types' own parsers.
namespace sites
{

using namespace sixgate;

template <class T>
T must(Result<T> parsed)
{
    if (!parsed)
        throw std::runtime_error(parsed.error().summary.toStdString());
    return std::move(*parsed);
}

inline Hostname host(const char *text)
{
    return must(Hostname::parse(QString::fromUtf8(text)));
}
inline Label label(const char *text)
{
    return must(Label::parse(QString::fromUtf8(text)));
}
inline Port port(int number)
{
    return must(Port::fromNumber(number));
}

inline Fingerprint fingerprint(const char *of)
{
    return Fingerprint::ofBytes(of);
}

inline DnsAccount account(const char *name, const char *zone)
{
    const auto key = [](const char *text) {
        return TsigKeyRef{must(KeyName::parse(QString::fromUtf8(text))), TsigAlgorithm::HmacSha256};
    };
    return {label(name), host(zone), UpdateAccess{host("ns1.example.net"), port(53), key("home-key"), key("acme-key")},
            std::chrono::seconds(60)};
}

inline HomeServer server(const char *name, std::optional<Fingerprint> pinned = std::nullopt)
{
    return {label(name), AddressOfThisMachine{}, pinned};
}

inline Service service(const char *name, std::initializer_list<const char *> names, const char *upstream,
                       const char *on = "nas", int at = 443)
{
    std::vector<Hostname> all;
    for (const char *one : names)
        all.push_back(host(one));
    return {label(name), all, host(upstream), label(on), port(at), must(UrlPath::parse(QStringLiteral("/")))};
}

inline Vps vps()
{
    AcmeSettings acme{must(HttpsUrl::parse(QStringLiteral("https://acme.example.net/directory"))),
                      must(Mail::parse(QStringLiteral("me@example.org"))), true, std::chrono::seconds(30)};
    return {label("vps"),
            host("vps.example.org"),
            port(22),
            must(Login::parse(QStringLiteral("root"))),
            QStringLiteral("~/.ssh/id_ed25519"),
            {fingerprint("host key")},
            acme};
}

inline Site site(std::vector<Service> services)
{
    return Site{1, label("home"), {server("nas")}, {account("main", "example.org")}, {vps()}, services};
}

/// A public key as a .pub file has it.
inline PushKey pushKey(const QString &comment, QLatin1Char letter = QLatin1Char('A'))
{
    return must(
        PushKey::parse(QStringLiteral("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%1 %2").arg(QString(43, letter), comment)));
}

inline Alarm alarm(bool smtp = true)
{
    Alarm made;
    made.mail = AlarmMail{must(Mail::parse(QStringLiteral("me@example.org"))),
                          must(Mail::parse(QStringLiteral("six@example.org"))), std::nullopt};
    if (smtp)
        made.mail->smtp = SmtpServer{host("smtp.example.org"), port(587), SmtpSecurity::StartTls, QStringLiteral("me")};
    made.webhooks = {{label("phone"), WebhookKind::Ntfy}, {label("watch"), WebhookKind::Healthchecks}};
    return made;
}

inline CertificateSeen certificate(std::vector<QString> names, const char *key = "server key")
{
    return CertificateSeen{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                           fingerprint(key),
                           names,
                           QStringLiteral("CN=x"),
                           QStringLiteral("CN=x"),
                           true,
                           QDateTime(QDate(2026, 1, 1), QTime(0, 0), Qt::UTC),
                           QDateTime(QDate(2027, 1, 1), QTime(0, 0), Qt::UTC)};
}

inline ProxyTemplates templates()
{
    return {resource(u"proxy/apache-site.mustache"), resource(u"proxy/apache-base.conf"),
            resource(u"proxy/apache-entry.conf"), resource(u"proxy/apache-challenge.mustache")};
}

inline DeploymentInputs inputs(const Site &of)
{
    DeploymentInputs in{templates(), {}, {}};
    in.push = {"the daemon\n", "the client\n", "the unit\n"};
    in.renewal = {"the rehearsal\n", "its service\n", "its timer\n"};
    in.alarm = {"the alarm\n", "the service\n", "the timer\n", "the socket\n", "the mail\n"};
    if (of.alarm) {
        std::map<QString, Secret> secrets;
        for (const QString &name : alarmSecrets(*of.alarm))
            secrets.emplace(name, Secret("https://hook.example.org/wo0dp3cker"));
        in.alarmForVps = {must(alarmSettings(of, secrets)), *of.alarm, {}};
    }
    in.acmeHook = "the hook\n";
    for (const DnsAccount &one : of.dns) {
        if (const ProviderAccess *access = one.provider(); access && of.needsAcmeKey(one)) {
            std::map<QString, Secret> credentials;
            for (const CredentialField &field : textCredentials(*access->definition))
                credentials.emplace(field.name.text(), Secret("t0p-secret"));
            in.acmeCredentials.emplace(
                one.name, must(acmeTalk(one, *access->definition, {}, credentials, std::chrono::seconds(30))));
        }
        if (!one.acmeKey())
            continue;
        in.acmeCredentials.emplace(one.name,
                                   must(acmeCredentials(one, must(parseIpAddress(QStringLiteral("192.0.2.53"))),
                                                        Secret("c2VjcmV0IGFjbWUga2V5"))));
    }
    return in;
}

} // namespace sites
