#include "storage/sitechecks.h"

#include "model/provider.h"
#include "model/texts.h"
#include "storage/json.h"

#include <algorithm>
#include <map>
#include <set>

namespace sixgate
{

namespace
{

QString item(const char *list, size_t index, const char *key)
{
    return QStringLiteral("%1[%2].%3").arg(QLatin1String(list)).arg(index).arg(QLatin1String(key));
}

template <class T>
Outcome checkLabels(const std::vector<T> &items, const char *list)
{
    std::map<Label, size_t> seen;
    for (size_t i = 0; i < items.size(); ++i) {
        const auto [first, fresh] = seen.emplace(items[i].name, i);
        if (!fresh)
            return failAt(item(list, i, "name"), Texts::tr("“%1” is already the name of %2[%3]; choose another, "
                                                           "for example \"%1-2\".")
                                                     .arg(items[i].name.text(), QLatin1String(list))
                                                     .arg(first->second));
    }
    return {};
}

Outcome checkAccounts(const Site &site)
{
    std::map<Hostname, size_t> zones;
    for (size_t i = 0; i < site.dns.size(); ++i) {
        const auto [first, fresh] = zones.emplace(site.dns[i].zone, i);
        if (!fresh)
            return failAt(item("dns", i, "zone"),
                          Texts::tr("“%1” is already the zone of dns[%2]; each zone has one account, for example "
                                    "\"example.org\" here and \"example.net\" there.")
                              .arg(site.dns[i].zone.ascii())
                              .arg(first->second));
        const UpdateAccess *access = site.dns[i].update();
        const TsigKeyRef *acmeKey = site.dns[i].acmeKey();
        if (acmeKey && access->key.name == acmeKey->name)
            return failAt(item("dns", i, "acmeKey.name"),
                          Texts::tr("“%1” is also the key that sets addresses: whoever takes over the VPS could "
                                    "change every record of “%2”; name a second key here, which may only set TXT "
                                    "at _acme-challenge names, for example \"sixgate-acme\".")
                              .arg(access->key.name.text(), site.dns[i].zone.ascii()));
    }
    return {};
}

/// The first service whose names are proved by DNS records in the account.
size_t provedIn(const Site &site, const DnsAccount &account)
{
    const auto proved = [&](const Service &one) {
        return one.challenge == Challenge::Dns && site.accountFor(one.publicNames.front()) == &account;
    };
    return size_t(std::find_if(site.services.begin(), site.services.end(), proved) - site.services.begin());
}

/// Whose certificates are proved by DNS records, its account has a key for them.
Outcome checkAcmeKeys(const Site &site)
{
    for (size_t i = 0; i < site.dns.size(); ++i) {
        if (site.dns[i].acmeKey() || !site.needsAcmeKey(site.dns[i]))
            continue;
        const ProviderAccess *provider = site.dns[i].provider();
        const ProviderWay texts = provider && provider->definition ? provider->definition->texts : ProviderWay::None;
        if (texts == ProviderWay::Template || texts == ProviderWay::Api)
            continue;
        if (!site.dns[i].update())
            return failAt(item("services", provedIn(site, site.dns[i]), "challenge"),
                          Texts::tr("The names of this certificate cannot be proved by DNS (\"dns\", which is the "
                                    "default): %1 no texts; choose \"http\" (the home's web server hands the "
                                    "challenges over) or, where the zone takes an NS record, \"delegated\", for "
                                    "example \"challenge\": \"http\".")
                              .arg(provider ? provider->definition->title + Texts::tr(" takes")
                                            : Texts::tr("in an account that is only watched Sixgate sets")));
        return failAt(item("dns", i, "acmeKey"),
                      Texts::tr("This key is missing, for example \"acmeKey\": { \"name\": \"sixgate-acme\", "
                                "\"algorithm\": \"hmac-sha256\" }; without one each service whose names lie in "
                                "“%1” needs \"challenge\": \"http\" or \"delegated\".")
                          .arg(site.dns[i].zone.ascii()));
    }
    return {};
}

Outcome checkVps(const Site &site)
{
    if (site.vps.size() != 1)
        return failAt(QStringLiteral("vps"), Texts::tr("Exactly one VPS is supported for now, not %1, for example "
                                                       "\"vps\": [ { \"name\": \"vps\", … } ].")
                                                 .arg(site.vps.size()));
    std::set<Fingerprint> keys;
    for (size_t i = 0; i < site.vps[0].hostKeys.size(); ++i) {
        if (!keys.insert(site.vps[0].hostKeys[i].fingerprint).second)
            return failAt(QStringLiteral("vps[0].ssh.hostKeys[%1]").arg(i),
                          Texts::tr("This fingerprint stands here twice; keep one."));
    }
    return {};
}

/// What a name is used for so far.
struct Uses {
    std::map<Hostname, QString> publicNames;                     ///< → path
    std::map<Hostname, std::pair<QString, Label>> upstreamNames; ///< → path, server
};

Outcome checkZone(const Site &site, const Hostname &name, const QString &path)
{
    if (site.accountFor(name))
        return {};
    QStringList zones;
    for (const DnsAccount &account : site.dns)
        zones.append(account.zone.ascii());
    const QString known = zones.isEmpty() ? Texts::tr("there is none") : zones.join(QStringLiteral(", "));
    const QString example = site.dns.empty() ? QStringLiteral("example.org") : site.dns[0].zone.ascii();
    return failAt(path, Texts::tr("“%1” lies in no zone of an account in \"dns\" (%2), for example \"cloud.%3\".")
                            .arg(name.ascii(), known, example));
}

Outcome checkVpsName(const Site &site, const Hostname &name, const QString &path)
{
    if (name != site.vps[0].host)
        return {};
    return failAt(path, Texts::tr("“%1” is the VPS name (vps[0].host), which has only the VPS's addresses; use "
                                  "another one, for example \"cloud.example.org\".")
                            .arg(name.ascii()));
}

Outcome checkPublicName(const Site &site, Uses &uses, const Hostname &name, const QString &path)
{
    const auto [first, fresh] = uses.publicNames.emplace(name, path);
    if (!fresh)
        return failAt(path, Texts::tr("“%1” is already a public name at %2; each name belongs to one service, "
                                      "for example \"files.example.org\".")
                                .arg(name.ascii(), first->second));
    if (const auto good = checkVpsName(site, name, path); !good)
        return good;
    return checkZone(site, name, path);
}

Outcome checkUpstreamName(const Site &site, Uses &uses, const Service &service, const QString &path)
{
    const Hostname &name = service.upstreamName;
    const auto [first, fresh] = uses.upstreamNames.try_emplace(name, path, service.server);
    if (!fresh && first->second.second != service.server)
        return failAt(path, Texts::tr("“%1” leads to the server “%2” already (%3); each server needs an upstream "
                                      "name of its own, for example \"%4-%5\".")
                                .arg(name.ascii(), first->second.second.text(), first->second.first,
                                     service.server.text(), name.ascii()));
    if (!fresh)
        return {};
    if (const auto good = checkVpsName(site, name, path); !good)
        return good;
    return checkZone(site, name, path);
}

Outcome checkServices(const Site &site)
{
    std::set<Label> servers;
    for (const HomeServer &server : site.servers)
        servers.insert(server.name);

    Uses uses;
    for (size_t i = 0; i < site.services.size(); ++i) {
        const Service &service = site.services[i];
        if (!servers.contains(service.server))
            return failAt(
                item("services", i, "server"),
                Texts::tr("There is no server “%1” in \"servers\", for example \"%2\".")
                    .arg(service.server.text(), servers.empty() ? QStringLiteral("nas") : servers.begin()->text()));
        for (size_t k = 0; k < service.publicNames.size(); ++k) {
            const QString path = item("services", i, "publicNames") + QStringLiteral("[%1]").arg(k);
            if (const auto good = checkPublicName(site, uses, service.publicNames[k], path); !good)
                return good;
        }
        if (const auto good = checkUpstreamName(site, uses, service, item("services", i, "upstreamName")); !good)
            return good;
    }
    for (const auto &[name, use] : uses.upstreamNames) {
        const auto clash = uses.publicNames.find(name);
        if (clash != uses.publicNames.end())
            return failAt(use.first,
                          Texts::tr("“%1” is a public name too (%2): an upstream name must have no A record, or "
                                    "the proxy would call itself; use another one, for example "
                                    "\"home6.example.org\".")
                              .arg(name.ascii(), clash->second));
    }
    for (size_t i = 0; i < site.servers.size(); ++i) {
        // What Sixgate writes would then be what it publishes.
        const auto *named = std::get_if<AddressFromLanName>(&site.servers[i].address);
        if (named && (uses.publicNames.contains(named->name) || uses.upstreamNames.contains(named->name) ||
                      named->name == site.vps[0].host))
            return failAt(item("servers", i, "address.lanName"),
                          Texts::tr("“%1” is a name that Sixgate publishes; the name that the server has in the "
                                    "LAN is wanted, for example \"nas.local\" or \"nas.fritz.box\".")
                              .arg(named->name.ascii()));
    }
    return {};
}

} // namespace

Outcome checkSite(const Site &site)
{
    Outcome good = checkLabels(site.servers, "servers");
    if (good)
        good = checkLabels(site.dns, "dns");
    if (good)
        good = checkAccounts(site);
    if (good)
        good = checkVps(site);
    if (good)
        good = checkLabels(site.services, "services");
    if (good)
        good = checkServices(site);
    if (good)
        good = checkAcmeKeys(site);
    if (good)
        good = checkProviders(site);
    return good;
}

} // namespace sixgate
