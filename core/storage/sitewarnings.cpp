#include "model/texts.h"
#include "storage/sitechecks.h"
#include "storage/sitefile.h"

#include <algorithm>
#include <array>
#include <map>

namespace sixgate
{

namespace
{

/// The documentation or test domain (RFC 2606, RFC 6761) that holds `name`; empty where none does.
QString documentationDomain(const QString &name)
{
    static constexpr std::array domains{"example.org", "example.com", "example.net", "example",
                                        "test",        "invalid",     "localhost"};
    for (const char *domain : domains) {
        const QLatin1String text(domain);
        if (name == text || (name.endsWith(text) && name.chopped(text.size()).endsWith(u'.')))
            return text;
    }
    return {};
}

/// One warning for each domain or address, told at its first place: a thousand names in one zone are one matter.
class DocumentationNames
{
public:
    void name(const Hostname &host, const QString &path)
    {
        if (const QString domain = documentationDomain(host.ascii()); !domain.isEmpty())
            add(domain, path);
    }
    void server(const ServerAddress &address, const QString &path)
    {
        if (const auto *host = std::get_if<Hostname>(&address))
            return name(*host, path);
        const auto *v4 = std::get_if<Ipv4Address>(&address);
        const auto *v6 = std::get_if<Ipv6Address>(&address);
        if ((v4 && v4->isDocumentation()) || (v6 && v6->isDocumentation()))
            add(serverAddressText(address), path);
    }
    void appendTo(std::vector<SiteWarning> &warnings) const
    {
        for (const Place &place : m_places) {
            const QString more = place.count == 1   ? QString()
                                 : place.count == 2 ? Texts::tr(" (and one more place)")
                                                    : Texts::tr(" (and %1 more places)").arg(place.count - 1);
            warnings.push_back(
                {place.path,
                 Texts::tr("“%1”%2 lies in the documentation space: fine for a try, not reachable on the "
                           "internet.")
                     .arg(place.what, more),
                 Texts::tr("Put a name of your own domain here.")});
        }
    }

private:
    struct Place {
        QString what;
        QString path;
        int count = 1;
    };
    void add(const QString &what, const QString &path)
    {
        const auto [known, fresh] = m_index.emplace(what, m_places.size());
        if (fresh)
            m_places.push_back({what, path});
        else
            ++m_places[known->second].count;
    }

    std::vector<Place> m_places;
    std::map<QString, size_t> m_index;
};

void warnOfNames(const Site &site, std::vector<SiteWarning> &warnings)
{
    DocumentationNames names;
    for (size_t i = 0; i < site.dns.size(); ++i) {
        names.name(site.dns[i].zone, QStringLiteral("dns[%1].zone").arg(i));
        if (const UpdateAccess *access = site.dns[i].update())
            names.server(access->server, QStringLiteral("dns[%1].server").arg(i));
    }
    for (size_t i = 0; i < site.vps.size(); ++i) {
        names.name(site.vps[i].host, QStringLiteral("vps[%1].host").arg(i));
        if (const auto &mail = site.vps[i].acme.mail) {
            if (const auto host = Hostname::parse(mail->text().section(u'@', -1)))
                names.name(*host, QStringLiteral("vps[%1].acme.mail").arg(i));
        }
    }
    for (size_t i = 0; i < site.services.size(); ++i) {
        const Service &service = site.services[i];
        for (size_t k = 0; k < service.publicNames.size(); ++k)
            names.name(service.publicNames[k], QStringLiteral("services[%1].publicNames[%2]").arg(i).arg(k));
        names.name(service.upstreamName, QStringLiteral("services[%1].upstreamName").arg(i));
    }
    for (size_t i = 0; i < site.echo.size(); ++i)
        names.name(site.echo[i].host, QStringLiteral("echo[%1]").arg(i));
    names.appendTo(warnings);
}

void warnOfAccount(const DnsAccount &account, size_t index, std::vector<SiteWarning> &warnings)
{
    const QString path = QStringLiteral("dns[%1].").arg(index);
    const auto ttl = qint64(account.ttl.count());
    if (ttl < 60)
        warnings.push_back({path + QStringLiteral("ttl"),
                            Texts::tr("A time to live of %1 s is very short: many resolvers raise it, and every "
                                      "visit costs a query.")
                                .arg(ttl),
                            Texts::tr("Use 60.")});
    if (ttl > 3600)
        warnings.push_back({path + QStringLiteral("ttl"),
                            Texts::tr("With a time to live of %1 s visitors may keep the old address for that "
                                      "long after the prefix has changed.")
                                .arg(ttl),
                            Texts::tr("Use 60.")});
}

/// Setting addresses at the DNS server's own name would lead Sixgate's updates elsewhere.
void warnOfServerNames(const Site &site, std::vector<SiteWarning> &warnings)
{
    std::map<Hostname, QString> servers;
    for (const DnsAccount &account : site.dns) {
        const UpdateAccess *access = account.update();
        if (const auto *host = access ? std::get_if<Hostname>(&access->server) : nullptr)
            servers.emplace(*host, account.name.text());
    }
    const auto check = [&](const Hostname &name, const QString &path) {
        const auto found = servers.find(name);
        if (found != servers.end())
            warnings.push_back({path,
                                Texts::tr("“%1” is the name of the DNS server of the account “%2” too: its "
                                          "addresses would be replaced.")
                                    .arg(name.ascii(), found->second),
                                Texts::tr("Use another name here, or the DNS server's address there.")});
    };
    for (size_t i = 0; i < site.services.size(); ++i) {
        for (size_t k = 0; k < site.services[i].publicNames.size(); ++k)
            check(site.services[i].publicNames[k], QStringLiteral("services[%1].publicNames[%2]").arg(i).arg(k));
        check(site.services[i].upstreamName, QStringLiteral("services[%1].upstreamName").arg(i));
    }
}

/// The VPS takes visitors on port 443 and finds the home's port by itself; over IPv6 and in the LAN nobody does that
/// for them.
void warnOfPorts(const Site &site, std::vector<SiteWarning> &warnings)
{
    constexpr quint16 https = 443;
    const auto odd = [](const Service &one) { return one.port.number() != https; };
    const auto first = std::find_if(site.services.begin(), site.services.end(), odd);
    if (first == site.services.end())
        return;
    const auto more = std::count_if(std::next(first), site.services.end(), odd);
    const QString port = first->port.text();
    warnings.push_back({QStringLiteral("services[%1].port").arg(first - site.services.begin()),
                        Texts::tr("Visitors over IPv6 and in the LAN come to port 443 of the home server, not to "
                                  "%1%2.")
                            .arg(port, more == 0 ? QString() : Texts::tr(" (and %1 more places)").arg(more)),
                        Texts::tr("Let the service listen on 443, or give visitors the address with the port "
                                  "(https://%1:%2).")
                            .arg(first->publicNames.front().ascii(), port)});
}

/// Without TLS the answer may be anybody's: a false one could lead to a false verdict about the home.
void warnOfEchoes(const Site &site, std::vector<SiteWarning> &warnings)
{
    for (size_t i = 0; i < site.echo.size(); ++i) {
        if (!site.echo[i].tls)
            warnings.push_back({QStringLiteral("echo[%1]").arg(i),
                                Texts::tr("%1 is asked without TLS: anybody on the way can give a false answer.")
                                    .arg(site.echo[i].host.ascii()),
                                Texts::tr("Use https:// where the service offers it.")});
    }
}

/// The handbook's example carries the hash of nothing where the VPS's own one belongs.
void warnOfHostKeys(const Vps &vps, size_t index, std::vector<SiteWarning> &warnings)
{
    const Fingerprint ofNothing = Fingerprint::ofBytes(QByteArray());
    for (size_t i = 0; i < vps.hostKeys.size(); ++i) {
        if (vps.hostKeys[i].fingerprint == ofNothing)
            warnings.push_back({QStringLiteral("vps[%1].ssh.hostKeys[%2]").arg(index).arg(i),
                                Texts::tr("This is the handbook's example, not the fingerprint of your VPS."),
                                Texts::tr("Let Sixgate fetch the VPS's, and compare it: sixgatectl vps trust")});
    }
}

} // namespace

std::vector<SiteWarning> siteWarnings(const Site &site)
{
    std::vector<SiteWarning> warnings;
    warnOfNames(site, warnings);
    for (size_t i = 0; i < site.dns.size(); ++i)
        warnOfAccount(site.dns[i], i, warnings);
    warnOfServerNames(site, warnings);
    const auto ofProviders = providerWarnings(site);
    warnings.insert(warnings.end(), ofProviders.begin(), ofProviders.end());
    warnOfPorts(site, warnings);
    warnOfEchoes(site, warnings);
    if (site.services.empty())
        warnings.push_back({QStringLiteral("services"),
                            Texts::tr("There is no service: what was set up for one is taken down."),
                            Texts::tr("Add one, for example as in the handbook's site.md.")});
    for (size_t i = 0; i < site.vps.size(); ++i) {
        warnOfHostKeys(site.vps[i], i, warnings);
        if (!site.vps[i].addresses.empty() && !site.accountFor(site.vps[i].host))
            warnings.push_back({QStringLiteral("vps[%1].addresses").arg(i),
                                Texts::tr("%1 lies in no zone of an account in \"dns\", so Sixgate cannot keep its "
                                          "records.")
                                    .arg(site.vps[i].host.ascii()),
                                Texts::tr("Set its A and AAAA records yourself, or add the account of its zone.")});
        if (!site.vps[i].acme.termsAgreed)
            warnings.push_back({QStringLiteral("vps[%1].acme.agreeToTerms").arg(i),
                                Texts::tr("The certification authority's terms are not agreed to, so no "
                                          "certificate can be had."),
                                Texts::tr("Read them, then set \"agreeToTerms\": true.")});
    }
    return warnings;
}

} // namespace sixgate
