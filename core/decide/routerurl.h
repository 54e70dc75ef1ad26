#pragma once

#include "model/ipaddress.h"
#include "model/site.h"

#include <QStringList>

#include <optional>

namespace sixgate
{

/// What to enter in a router so that it tells the provider the home's new prefix by itself, also while nothing of
/// Sixgate's runs. Pure. Only for providers that put a prefix and the host part of a record together: a router knows no
/// other machine's address.

enum class RouterKind {
    FritzBox, ///< its own placeholders: <domain>, <ip6lanprefix>, <username>, <pass>
    OpenWrt,  ///< those of ddns-scripts: [DOMAIN], [IP], [USERNAME], [PASSWORD]
};
inline constexpr RouterKind allRouterKinds[] = {RouterKind::FritzBox, RouterKind::OpenWrt};
QString routerKindName(RouterKind kind); ///< "fritzbox", "openwrt"

struct RouterUrl {
    QString url;    ///< holds no secret, but the router's placeholder for it
    QString domain; ///< the field for the name
    QString user;   ///< the field for the user name; any text does where it is empty
    /// The credential that belongs in the field for the password, as the provider calls it, and the name under which
    /// Sixgate stores it.
    QString password;
    QString passwordSecret;
    QStringList notes; ///< sentences
};

/// Whether the VPS's IPv4 address must be in the URL, since the provider would else put the router's in the A record.
bool routerUrlNeedsIpv4(const ProviderDefinition &provider);

/// For one public or upstream name of the site. `ipv4` is the VPS's, for a public name where routerUrlNeedsIpv4().
/// Refused, with the reason and the other way, where a router cannot do it at this account; Invalid where the site has
/// no such name, NotFound where `ipv4` is needed and not given.
Result<RouterUrl> routerUrl(const Site &site, const Hostname &name, RouterKind kind,
                            const std::optional<Ipv4Address> &ipv4);

} // namespace sixgate
