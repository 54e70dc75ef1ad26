#pragma once

#include "model/deadline.h"
#include "model/observation.h"
#include "model/secret.h"
#include "model/site.h"

#include <stop_token>
#include <vector>

namespace sixgate
{

/// DNS over our own sockets; ldns builds and parses the messages (RFC 1035, 2136, 8945). All calls block with a
/// deadline and obey stop.

struct DnsServer {
    IpAddress address;
    Port port;
    std::uint32_t scopeId = 0; ///< interface index, for a link-local address
};
/// For a person: the address, and the port where it is not 53.
QString serverText(const DnsServer &server);

/// Response codes (RFC 1035, 2136, 6891).
struct Rcode {
    enum Number {
        NoError = 0,
        FormErr = 1,
        ServFail = 2,
        NxDomain = 3,
        NotImp = 4,
        Refused = 5,
        YxDomain = 6,
        YxRrSet = 7,
        NxRrSet = 8,
        NotAuth = 9,
        NotZone = 10,
        BadVers = 16,
    };
};
/// "NXDOMAIN", "REFUSED" …
QString rcodeName(int rcode);

struct DnsAnswer {
    int rcode = 0;                  ///< see Rcode
    bool authoritative = false;     ///< AA
    std::vector<RecordSet> answers; ///< RRsets of the answer section, grouped, types of RecordType only
    /// The time to live of a negative answer (RFC 2308 §5: of the SOA in the authority section); nothing without one.
    std::optional<std::chrono::seconds> negativeTtl;

    /// The RRset of `name` and `type`, with values empty where the answer has none.
    RecordSet find(const Hostname &name, RecordType type) const;
};

/// Asks one server; UDP with EDNS, TCP on truncation; retries UDP a few times within the deadline.
/// `checkingDisabled`: a resolver is to answer also what DNSSEC forbids (RFC 4035 §3.2.2).
Result<DnsAnswer> queryServer(const DnsServer &server, const Hostname &name, RecordType type, bool recursionDesired,
                              const Deadline &deadline, std::stop_token stop, bool checkingDisabled = false);

/// The system's resolvers: the first three of /etc/resolv.conf.
Result<std::vector<DnsServer>> systemResolvers();

/// Resolves through the system's resolvers, follows CNAMEs; NXDOMAIN and no data give an empty list (known to be
/// absent).
Result<std::vector<Ipv4Address>> resolveIpv4(const Hostname &name, const Deadline &deadline, std::stop_token stop);
Result<std::vector<Ipv6Address>> resolveIpv6(const Hostname &name, const Deadline &deadline, std::stop_token stop);

/// The addresses of a configured server, IPv6 first; an address literal is itself.
Result<std::vector<IpAddress>> resolveServer(const ServerAddress &server, const Deadline &deadline,
                                             std::stop_token stop);

/// The authoritative servers (NS) of `zone` with all their addresses.
Result<std::vector<DnsServer>> authoritativeServers(const Hostname &zone, const Deadline &deadline,
                                                    std::stop_token stop);

/// Where the names of an account are served.
struct ServedZone {
    Hostname zone;
    std::vector<DnsServer> servers;
};
/// The account's own zone. At a provider, where that has no name servers of its own, the nearest one above it: a user's
/// zone there is often only a name in the provider's.
Result<ServedZone> servedZone(const DnsAccount &account, const Deadline &deadline, std::stop_token stop);

/// The first address of the account's primary that answers with authority for the zone; each is asked 0.15 s after the
/// one before, or where that has failed. Refused where it answers, but does not serve the zone.
Result<DnsServer> findPrimary(const DnsAccount &account, const Deadline &deadline, std::stop_token stop);

struct TsigKey {
    KeyName name;
    TsigAlgorithm algorithm;
    Secret secret;      ///< base64 text, as key files hold it
    QString secretName; ///< under which it is stored, for remedies, e.g. "dns.main.key"
};

/// Replaces (or with no values deletes) exactly one RRset by one signed UPDATE message. With `expected`, the message
/// carries prerequisites (RFC 2136 §2.4), so that a record that moved since is refused by the server itself
/// (ErrorCode::Moved). By TCP, so that it is never applied twice. Verifies the answer's MAC. Does not read back. Where
/// the connection breaks before the answer, the error says that the outcome is not known.
Outcome updateRecordSet(const DnsServer &primary, const Hostname &zone, const RecordSet &wanted,
                        const RecordSet *expected, const TsigKey &key, const Deadline &deadline, std::stop_token stop);

/// Whether the primary takes updates of the zone by this key: sends one that changes nothing (RFC 2136 §3.4.2: no
/// update at all). Errors as of updateRecordSet(). What the key may change there it does not tell.
Outcome tryUpdateKey(const DnsServer &primary, const Hostname &zone, const TsigKey &key, const Deadline &deadline,
                     std::stop_token stop);

} // namespace sixgate
