// Whether the names of a site can be kept where its accounts say: what a provider's definition tells of zones and
// names.
#include "model/provider.h"
#include "model/texts.h"
#include "storage/json.h"
#include "storage/sitechecks.h"

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

/// A name whose records Sixgate sets, and where it stands in the file.
struct KeptName {
    Hostname name;
    QString path;
};

QString place(const char *list, size_t index, const char *key)
{
    return QStringLiteral("%1[%2].%3").arg(QLatin1String(list)).arg(index).arg(QLatin1String(key));
}

std::vector<KeptName> keptNames(const Site &site, const DnsAccount &account)
{
    std::vector<KeptName> names;
    std::set<Hostname> known;
    const auto add = [&](const Hostname &name, const QString &path) {
        if (site.accountFor(name) == &account && known.insert(name).second)
            names.push_back({name, path});
    };
    for (size_t i = 0; i < site.services.size(); ++i) {
        const Service &service = site.services[i];
        for (size_t k = 0; k < service.publicNames.size(); ++k)
            add(service.publicNames[k], place("services", i, "publicNames") + QStringLiteral("[%1]").arg(k));
        add(service.upstreamName, place("services", i, "upstreamName"));
    }
    for (size_t i = 0; i < site.vps.size(); ++i) {
        if (!site.vps[i].addresses.empty())
            add(site.vps[i].host, place("vps", i, "host"));
    }
    return names;
}

QString listed(const std::vector<KeptName> &names)
{
    QStringList texts;
    for (const KeptName &one : names)
        texts << one.name.ascii();
    return texts.join(QStringLiteral(", "));
}

QString listed(const std::vector<QString> &texts)
{
    return QStringList(texts.begin(), texts.end()).join(QStringLiteral(", "));
}

bool isOwnZone(const ProviderDefinition &provider, const Hostname &zone)
{
    return std::find(provider.zones.begin(), provider.zones.end(), zone.ascii()) != provider.zones.end();
}

bool isBelowOwnZone(const ProviderDefinition &provider, const Hostname &name)
{
    return std::any_of(provider.zones.begin(), provider.zones.end(),
                       [&](const QString &zone) { return name.ascii().endsWith(QLatin1Char('.') + zone); });
}

/// "cloud-nas" of cloud.nas below the zone.
QString oneLabel(const Hostname &name, const Hostname &zone)
{
    return name == zone ? QStringLiteral("cloud")
                        : name.ascii().chopped(zone.ascii().size() + 1).replace(QLatin1Char('.'), QLatin1Char('-'));
}

/// What is set at a provider of other zones would be another one's name, or nobody's.
Outcome checkZone(const DnsAccount &account, const ProviderDefinition &provider, const std::vector<KeptName> &names,
                  const QString &path)
{
    const bool fits = isOwnZone(provider, account.zone) ||
                      (provider.names != NamesAre::OneLabel && isBelowOwnZone(provider, account.zone));
    if (provider.otherZones || fits)
        return {};
    const QString whose = isBelowOwnZone(provider, account.zone)
                              ? Texts::tr("“%1” is a name below it, and not the zone").arg(account.zone.ascii())
                              : Texts::tr("“%1” is none of them").arg(account.zone.ascii());
    const QString lost =
        names.empty() ? QString() : Texts::tr(", so %1 cannot be set there").arg(names.front().name.ascii());
    return failAt(path, Texts::tr("%1 has names in zones of its own alone (%2), and %3%4; for example the zone "
                                  "“%5” with names such as cloud-me.%5, or another provider.")
                            .arg(provider.title, listed(provider.zones), whose, lost, provider.zones.front()));
}

Outcome checkName(const DnsAccount &account, const ProviderDefinition &provider, const KeptName &one)
{
    if (provider.names == NamesAre::Below)
        return {};
    const QString zone = account.zone.ascii();
    const bool own = isOwnZone(provider, account.zone);
    const bool label = own && one.name != account.zone && one.name.ascii().count(u'.') == zone.count(u'.') + 1;
    if (label || (provider.names == NamesAre::OwnZones && !own && one.name == account.zone))
        return {};
    if (provider.names == NamesAre::OneLabel || own)
        return failAt(one.path, Texts::tr("“%1” cannot be set at %2, where a name is one label before %3, for "
                                          "example “%4.%3”.")
                                    .arg(one.name.ascii(), provider.title, zone, oneLabel(one.name, account.zone)));
    return failAt(one.path,
                  Texts::tr("“%1” cannot be set at %2, which gives addresses to a zone as a whole and not to a "
                            "name below one; make it a zone of its own there, and an account in \"dns\" with "
                            "“%1” as its zone, for example \"zone\": \"%1\".")
                      .arg(one.name.ascii(), provider.title));
}

/// A URL without the name sets one name, whichever is meant.
Outcome checkUrl(const ProviderAccess &access, const std::vector<KeptName> &names, const QString &path)
{
    if (!access.definition->customUrl || names.size() < 2 || access.url.contains(QStringLiteral("{host}")))
        return {};
    return failAt(path, Texts::tr("The URL has no {host}, so it sets one name, whichever is meant, and the account "
                                  "has %1: %2; put {host} where the name belongs, or give each name an account "
                                  "and a URL of its own, for example with \"zone\": \"%3\".")
                            .arg(names.size())
                            .arg(listed(names), names.back().name.ascii()));
}

Outcome checkText(const Site &site, const Service &service, const QString &path)
{
    const DnsAccount *account = site.accountFor(service.publicNames.front());
    const ProviderAccess *access = account ? account->provider() : nullptr;
    if (service.challenge != Challenge::Dns || !access)
        return {};
    const ProviderDefinition &provider = *access->definition;
    if (service.publicNames.size() > 1 && !provider.severalTexts)
        return failAt(path + QStringLiteral("publicNames"),
                      Texts::tr("%1 keeps one text for a name and all below it, and a certificate for %2 public "
                                "names needs one for each; make a service of its own for each name, or give this "
                                "one \"challenge\": \"http\".")
                          .arg(provider.title)
                          .arg(service.publicNames.size()));
    if (provider.names == NamesAre::OneLabel || !isOwnZone(provider, account->zone))
        return {};
    return failAt(path + QStringLiteral("challenge"),
                  Texts::tr("%1 takes the texts of a certificate by your own zone, and %2 is the provider's; give "
                            "%3 an account in \"dns\" with \"zone\": \"%3\", or this service \"challenge\": "
                            "\"http\".")
                      .arg(provider.title, account->zone.ascii(), service.publicNames.front().ascii()));
}

} // namespace

Outcome checkProviders(const Site &site)
{
    for (size_t i = 0; i < site.dns.size(); ++i) {
        const DnsAccount &account = site.dns[i];
        const ProviderAccess *access = account.provider();
        if (!access || !access->definition)
            continue;
        const ProviderDefinition &provider = *access->definition;
        const bool judges = !provider.otherZones || provider.names != NamesAre::Below || provider.customUrl;
        const std::vector<KeptName> names = judges ? keptNames(site, account) : std::vector<KeptName>();
        if (auto good = checkZone(account, provider, names, place("dns", i, "zone")); !good)
            return good;
        if (auto good = checkUrl(*access, names, place("dns", i, "url")); !good)
            return good;
        for (const KeptName &one : names) {
            if (auto good = checkName(account, provider, one); !good)
                return good;
        }
    }
    for (size_t i = 0; i < site.services.size(); ++i) {
        if (auto good = checkText(site, site.services[i], QStringLiteral("services[%1].").arg(i)); !good)
            return good;
    }
    return {};
}

std::vector<SiteWarning> providerWarnings(const Site &site)
{
    std::vector<SiteWarning> warnings;
    for (size_t i = 0; i < site.dns.size(); ++i) {
        const ProviderAccess *access = site.dns[i].provider();
        if (!access || !access->definition)
            continue;
        const ProviderDefinition &provider = *access->definition;
        const std::vector<KeptName> names =
            provider.nameLimit || provider.customUrl ? keptNames(site, site.dns[i]) : std::vector<KeptName>();
        if (provider.nameLimit && names.size() > size_t(provider.nameLimit->most))
            warnings.push_back({place("dns", i, "provider"),
                                Texts::tr("%1 This site has %2 there: %3.")
                                    .arg(provider.nameLimit->say)
                                    .arg(names.size())
                                    .arg(listed(names)),
                                Texts::tr("Where yours is such an account, keep the upstream name at another "
                                          "provider, in an account of its own in \"dns\".")});
        const auto lacksA = [&](const KeptName &one) {
            return std::any_of(site.services.begin(), site.services.end(), [&](const Service &service) {
                return std::find(service.publicNames.begin(), service.publicNames.end(), one.name) !=
                       service.publicNames.end();
            });
        };
        const bool both =
            access->url.contains(QStringLiteral("{v4}")) || access->url.contains(QStringLiteral("{addresses}"));
        const auto first = std::find_if(names.begin(), names.end(), lacksA);
        if (provider.customUrl && !both && first != names.end())
            warnings.push_back({place("dns", i, "url"),
                                Texts::tr("The URL has no {v4} or {addresses}: nobody keeps the A record of %1, "
                                          "and Sixgate only reads it and says where it is wrong.")
                                    .arg(first->name.ascii()),
                                Texts::tr("Set it once at the provider to the VPS's IPv4 address; it must stay "
                                          "when the AAAA record is set.")});
    }
    return warnings;
}

} // namespace sixgate
