#pragma once

#include "model/deadline.h"
#include "model/evidence.h"
#include "transport/probe.h"

#include <stop_token>
#include <vector>

namespace sixgate
{

/// What a diagnosis wants to know about the LAN, beyond what is published.

struct LookQuestion {
    Label server;
    std::optional<Ipv6Address> address; ///< the best candidate; nothing: there is none
    std::vector<Ipv6Address> published; ///< what its names' records say
    Port port;                          ///< of one of its services
    ExpectedIdentity identity;
    QString rememberedMac; ///< of the server, from an earlier look; may be empty
    bool closer = true;    ///< look at other ports and addresses, too, where the port does not answer
};

/// Looks at one server: connects, TLS, identity; where its port does not answer, also at other ports, and at IPv4
/// addresses of the same hardware (found by asking the LAN's up to 254 addresses who is there, by ARP). Published
/// addresses that another machine has are told. At most about four seconds.
ServerLook lookAround(const LookQuestion &question, const Deadline &deadline, std::stop_token stop);

/// The hardware address of the router that this machine uses; empty where that is not known.
QString routerHardware();

/// net.ipv6.conf.*.max_addresses of the interfaces that have addresses.
std::map<QString, int> mostAddressesOf(const LinkSeen &link);

/// Tries all at the same time.
std::vector<Reach> tryToReach(const std::vector<std::pair<IpAddress, Port>> &where, std::chrono::milliseconds most,
                              const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
