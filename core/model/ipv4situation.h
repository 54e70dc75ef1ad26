#pragma once

#include "model/ipaddress.h"
#include "model/observation.h"
#include "model/texts.h"

#include <QStringList>

#include <optional>
#include <vector>

namespace sixgate
{

/// How the home reaches the IPv4 internet, and whether it can be reached from there.

/// One IPv4 address of this machine.
struct LocalIpv4 {
    QString interface;
    Ipv4Address address;
    int prefixLength = 24;
    LinkKind link = LinkKind::Lan;
};

/// A way out of this machine.
struct Ipv4Way {
    QString interface;
    std::optional<Ipv4Address> gateway;
    LinkKind link = LinkKind::Lan;
};

/// What the router tells about its line (UPnP IGD, no password).
struct RouterSeen {
    Ipv4Address address; ///< at which it answered: the gateway
    QString software;    ///< as it names itself; may be empty
    /// The address on its WAN side; nullopt: it tells that it has none.
    std::optional<Ipv4Address> wan;
    QString connection;        ///< "IP_Routed" …; may be empty
    QString status;            ///< "Connected", "Disconnected" …; may be empty
    bool hidesPrivate = false; ///< of its kind is known that it tells "none" for each address that is not public

    bool connected() const { return status == QLatin1String("Connected"); }
};

/// What an echo service that the user agreed to has answered.
struct EchoSeen {
    QString service; ///< its URL
    Known<Ipv4Address> address;
};

/// All that was seen; each part may be unknown. No packet's hops are traced.
struct Ipv4Sight {
    Known<std::vector<LocalIpv4>> own = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    /// The way that the home's router gave this machine; nullopt: there is none.
    Known<std::optional<Ipv4Way>> home = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    /// The way that packets to the internet take: another one where a VPN carries them.
    Known<std::optional<Ipv4Way>> way = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    Known<RouterSeen> router = fail(ErrorCode::NotFound, Texts::tr("Not asked yet."));
    std::vector<EchoSeen> echo; ///< one for each service of the site, same order
};

enum class Ipv4Kind {
    Public,     ///< visitors can come by IPv4, once the router forwards a port
    CarrierNat, ///< the provider shares one address among many
    DsLite,     ///< IPv4 goes to the provider's NAT inside IPv6
    DoubleNat,  ///< another router with a private network stands before the home's one
    None,       ///< no IPv4
    Unknown,
};

struct Ipv4Verdict {
    Ipv4Kind kind = Ipv4Kind::Unknown;
    bool confirmed = false; ///< two witnesses agree, or one that cannot err; else the best guess
    QString title;          ///< one sentence
    QString text;           ///< what it means and what to do
    QStringList evidence;   ///< what was seen, a line each
};

} // namespace sixgate
