#pragma once

#include "model/memory.h"
#include "model/observation.h"
#include "model/pathreport.h"
#include "model/port.h"
#include "model/texts.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace sixgate
{

/// What one check saw beside the four paths: what a diagnosis is made from.

/// A try to connect to one address.
struct Reach {
    IpAddress address;
    Port port;
    QString reason; ///< name of an errno, or TIMEOUT; empty: connected
    std::chrono::milliseconds took{0};

    bool connected() const { return reason.isEmpty(); }
    /// Somebody there (or on the way) answered, be it by a refusal.
    bool answered() const { return connected() || reason == QLatin1String("ECONNREFUSED"); }
};

/// One authoritative server of a zone, and what it says.
struct NameServerSeen {
    Hostname zone;
    QString server; ///< address, and the port where it is not 53
    IpAddress address;
    std::map<RecordKey, Known<RecordSet>> records;
};

/// What a resolver says about a record.
struct ResolverSeen {
    QString resolver; ///< its address
    Known<RecordSet> answer =
        fail(ErrorCode::NotFound, Texts::tr("Not asked yet.")); ///< with the time to live that is left
    bool bogus = false; ///< it refuses by DNSSEC: with checking disabled it answers
    /// Where it knows no record: it says itself that there is none (RFC 2308), rather than giving an empty answer.
    bool saysNone = false;
};

/// One port of a home server, as seen in the LAN.
struct ServerLook {
    Label server;
    Port port;
    Hostname name;                      ///< for which it was asked
    std::optional<Ipv6Address> address; ///< that was looked at: the proven one, or the best candidate
    QString mac;                        ///< of the machine there, or as remembered; may be empty
    bool alive = false;                 ///< another port there answers, be it by a refusal
    /// Where it failed ("connect", "tls", "identity") and why, as of ProbeStep; both empty where it is proven.
    QString failedStep;
    QString reason;
    std::optional<CertificateSeen> certificate; ///< as shown there
    std::vector<Reach> ipv4;                    ///< the service's port at IPv4 addresses of the same hardware
    std::optional<Port> rightPort;              ///< another port at which it shows the right certificate
    std::optional<Ipv6Address> foreign;         ///< a published address that another machine in this LAN has
};

/// From the VPS: whether the router passes packets to an identifier of the home's network.
struct IdentifierTry {
    Label server;
    Ipv6Address address;
    Port port;
    QString origin; ///< "EUI-64 of the server's hardware address", "used before" …
    QString reason; ///< as of Reach; EHOSTUNREACH: passed the router, nobody is there
};

/// From the VPS: whether an answer comes when packets are kept small.
struct MtuTry {
    Ipv6Address address;
    Port port;
    bool answered = false; ///< to a TLS greeting, with segments of at most 1220 octets
};

struct Evidence {
    QDateTime now; ///< this machine's clock, UTC
    Known<LinkSeen> link = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
    std::map<QString, int> mostAddresses; ///< interface → net.ipv6.conf.*.max_addresses; 0: no limit
    QString router;                       ///< hardware address of the router that this machine uses; may be empty
    Observation seen;                     ///< of the zone the answers of the primary, or of another server of it
    std::set<RecordKey> notByPrimary;     ///< records that the primary did not tell
    std::vector<NameServerSeen> nameServers;
    std::map<Hostname, ResolverSeen> hereAaaa; ///< public names, by this machine's resolver
    std::map<Hostname, ResolverSeen> vpsAaaa;  ///< upstream names, by the VPS's resolver
    std::vector<Reach> vps;                    ///< HTTPS ports of its addresses, from here
    std::vector<Reach> sshTries;               ///< its SSH port, as far as it was tried
    std::vector<Reach> outside;                ///< others' machines outside, from here
    std::vector<Reach> vpsOutside;             ///< others' machines over IPv6, from the VPS
    std::optional<Error> ssh;                  ///< why there is no login
    std::vector<ServerLook> servers;
    std::vector<IdentifierTry> identifiers;
    std::vector<MtuTry> mtu;
    std::vector<PathReport> paths;
    std::map<QString, QDateTime> clocks;   ///< "the VPS", "nas": other machines' clocks, when this one was `now`
    std::optional<Ipv4Address> publicIpv4; ///< from which the home's IPv4 connections come, as an echo service told it
    SiteMemory memory;
};

} // namespace sixgate
