#pragma once

#include "model/fingerprint.h"
#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/ipv6prefix.h"
#include "model/names.h"
#include "model/result.h"
#include "model/texts.h"

#include <QByteArray>
#include <QDateTime>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace sixgate
{

/// What is true: read from the network, the zone and the VPS. Each part can be unknown, with the reason; unknown
/// changes nothing.

/// Lifetime of an address; nullopt is "forever".
using Lifetime = std::optional<std::chrono::seconds>;

/// What an interface leads to, by its flags. Only on a LAN do other machines of the home answer as neighbours.
enum class LinkKind {
    Lan,
    Loopback,     ///< IFF_LOOPBACK
    PointToPoint, ///< IFF_POINTOPOINT: a tunnel (6in4, WireGuard …) or a dialled line
    NoNeighbours, ///< IFF_NOARP alone: nobody is looked for on it
};

/// One IPv6 address of this machine, as netlink reports it (RFC 4862, RFC 8981 states).
struct LocalAddress {
    QString interface;
    Ipv6Address address;
    int prefixLength = 64;
    bool temporary = false;  ///< privacy address (IFA_F_TEMPORARY / IFA_F_SECONDARY)
    bool deprecated = false; ///< preferred lifetime is over
    bool tentative = false;  ///< duplicate detection still runs, be the address optimistic or not
    bool dadFailed = false;  ///< another host has it
    Lifetime preferred;
    Lifetime valid;
    LinkKind link = LinkKind::Lan;
};

/// An on-link prefix of this machine: a route without gateway into a LAN.
struct OnLinkPrefix {
    QString interface;
    Ipv6Prefix prefix;
};

/// The IPv6 side of this machine's links, read in one go.
struct LinkSeen {
    std::vector<LocalAddress> addresses;
    std::vector<OnLinkPrefix> onLink;
    /// What names in the LAN lead to, where they were asked for.
    std::map<Hostname, Known<std::vector<Ipv6Address>>> named = {};
};

/// A candidate for publication and what was decided about it.
struct CandidateVerdict {
    Ipv6Address address;
    bool taken = false;
    QString reason; ///< one sentence
};

/// A certificate as seen in a handshake or read from a file.
struct CertificateSeen {
    QByteArray pem;             ///< leaf
    Fingerprint key;            ///< SHA-256 of SubjectPublicKeyInfo
    std::vector<QString> names; ///< DNS names of the leaf (subjectAltName)
    QString subject;
    QString issuer;
    bool selfSigned = false;
    QDateTime notBefore;
    QDateTime notAfter;
};

/// A home server as it was found.
struct ServerSeen {
    Label server;
    std::vector<CandidateVerdict> candidates;
    /// The address on which the server answered, on-link, with the expected identity.
    Known<Ipv6Address> proven = fail(ErrorCode::NotFound, Texts::tr("Not looked for yet."));
    std::optional<CertificateSeen> certificate; ///< shown by the server at the proven address
};

struct HomeSeen {
    Known<std::vector<Ipv6Prefix>> prefixes = fail(ErrorCode::NotFound, Texts::tr("Not looked for yet."));
    std::vector<ServerSeen> servers; ///< one for each HomeServer of the site, same order
};

enum class RecordType { A, AAAA, CNAME, TXT, NS, SOA };
QString recordTypeName(RecordType type);

/// One RRset. Values are in presentation form and sorted: addresses as text(), names as ASCII without trailing dot.
struct RecordSet {
    Hostname name;
    RecordType type = RecordType::A;
    std::chrono::seconds ttl{0};
    std::vector<QString> values; ///< empty: known to be absent

    friend bool operator==(const RecordSet &, const RecordSet &) = default;
};

struct RecordKey {
    Hostname name;
    RecordType type;
    friend auto operator<=>(const RecordKey &, const RecordKey &) = default;
};

/// How messages name a record: "cloud.example.org AAAA".
QString recordText(const RecordKey &key);

/// An RRset that Sixgate has set, with the values it gave it last.
struct ManagedRecord {
    RecordKey key;
    std::vector<QString> values;
    friend auto operator<=>(const ManagedRecord &, const ManagedRecord &) = default;
};

/// What the authoritative servers say. A key that was not asked for is not in the map.
struct ZoneSeen {
    std::map<RecordKey, Known<RecordSet>> records;
    /// Names that are answered like a name that surely does not exist: by all signs from a wildcard record (RFC 4592),
    /// which ends to cover a name as soon as that has any record of its own.
    std::set<Hostname> wildcards;
};

/// State of one managed file on the VPS.
struct RemoteFile {
    QByteArray sha256;  ///< hex; empty: the file is absent
    int mode = 0;       ///< permission bits
    QByteArray content; ///< only where it differs from the wanted content and is not secret
};

/// How certbot renews one lineage (`/etc/letsencrypt/renewal/<lineage>.conf`).
struct RenewalSeen {
    QString directory; ///< ACME directory URL
    QString means;     ///< path of the ini file, the talk, or the webroot; "delegated"; empty: another way
};

/// How a try to get a certificate ended, as the certification authority counts it.
enum class AcmeEnd {
    Issued,
    Failed,  ///< the authority could not validate `names`
    Limited, ///< the authority said that it was asked too often
};

/// A try to get a certificate for this site, remembered on the VPS, where the account of the authority is.
struct AcmeAttempt {
    QDateTime at; ///< UTC
    AcmeEnd end = AcmeEnd::Issued;
    QString directory;
    std::vector<QString> names; ///< in lower case; of a failure: those that failed
    QDateTime until;            ///< Limited: when the authority is to be asked again, by its own word; may be null
};

/// How the last rehearsal of one certificate's renewal ended (`certbot renew --dry-run`, on the VPS).
struct RenewalRehearsed {
    QDateTime at; ///< UTC
    bool good = false;
    QString text; ///< one line of certbot's; empty where it went well
};

/// What rehearses renewals on the VPS each week.
struct RenewalTestSeen {
    bool any = false;     ///< something of it is there
    bool running = false; ///< its timer is enabled and active
    bool busy = false;    ///< it is at work now
    // Hex SHA-256 of its units; empty: there is none.
    QByteArray serviceSha256;
    QByteArray timerSha256;
    std::map<QString, RenewalRehearsed> ended; ///< by lineage
};

/// Effective settings of the VPS's sshd for one account (`sshd -T`): keyword in lower case → its words.
using SshdSettings = std::map<QString, std::vector<QString>>;

/// What of the push (keepers tell the home's new address) is set up on the VPS.
struct PushSeen {
    bool any = false;      ///< something of it is there
    bool account = false;  ///< its account is as Sixgate makes it
    bool keys = false;     ///< the account's keys are those of the current release
    bool running = false;  ///< its service is enabled and active
    QByteArray unitSha256; ///< hex, of the service's unit file; empty: there is none
    SshdSettings sshd;     ///< for its account; empty: not known, or nobody wants to push
};

/// What of the alarm (the VPS tells when the home falls silent) is set up there.
struct AlarmSeen {
    bool any = false;      ///< something of it is there
    bool running = false;  ///< its timer is enabled and active, and the socket for mail where there is one
    bool sendmail = false; ///< there is a program that takes mail
    // Hex SHA-256; empty: there is none, or (of the settings) others may read it.
    QByteArray settingsSha256;
    QByteArray serviceSha256;
    QByteArray timerSha256;
    QByteArray mailSocketSha256;
    QByteArray mailServiceSha256;
};

/// Facts of the VPS, read in one round trip.
struct VpsFacts {
    QString osId;      ///< `ID` of os-release, e.g. debian
    QString osVersion; ///< `VERSION_ID`, e.g. 12
    QString osName;    ///< `PRETTY_NAME`
    int uid = -1;
    bool systemd = false;
    bool busy = false; ///< a run of Sixgate is at work there: what was read may change at once
    QString busyWith;  ///< who carries it out, since when; may be empty
    bool hasGlobalIpv6 = false;
    qint64 freeBytes = -1;               ///< on the fuller one of /etc's and /var's file systems; -1: not known
    qint64 freeForPackages = -1;         ///< on /usr's file system; -1: not known
    std::map<QString, QString> packages; ///< installed ones among the wanted: name → version
    std::set<QString> apacheModules;     ///< enabled module names
    std::set<QString> apacheSites;       ///< enabled site file names
    std::map<QString, RemoteFile> files; ///< one for each wanted path, and for files of the current deployment
    std::map<QString, CertificateSeen> certificates; ///< certbot lineage name → leaf
    std::map<QString, RenewalSeen> renewals;         ///< certbot lineage name → how it renews
    QDateTime clock;                                 ///< the VPS's own clock, UTC
    QString deployedId;                              ///< identifier of the current deployment; empty: none
    QString previousId;                              ///< of the one before it; empty: none is kept
    std::vector<QString> installed;                  ///< packages that Sixgate's runs installed
    QString madeBy;                                  ///< who made it: "ada@laptop"; may be empty
    QString madeVersion;                             ///< with which Sixgate; may be empty
    std::set<QString> edited;                        ///< files that people changed since a run left them
    std::set<QString> usedCertificates;              ///< lineages that the current deployment needs
    bool apacheActive = false;
    bool certbotTimerActive = false;
    std::vector<QString> listeners80And443; ///< "443 apache2" …
    QByteArray ufw;                         ///< `ufw status verbose`; empty: not there
    QByteArray nft;                         ///< `nft list ruleset`; empty: not there
    QString outerInterface;                 ///< of the IPv4 route to the internet; empty: not known
    PushSeen push;
    AlarmSeen alarm;
    RenewalTestSeen renewalTest;
    bool webroot = false;                  ///< the folder of HTTP-01's challenges is there, and root's
    std::vector<AcmeAttempt> acmeAttempts; ///< of the last days, oldest first
};

struct VpsSeen {
    Known<std::vector<Ipv4Address>> ipv4 =
        fail(ErrorCode::NotFound, Texts::tr("Not looked up yet.")); ///< of the VPS name
    Known<std::vector<Ipv6Address>> ipv6 = fail(ErrorCode::NotFound, Texts::tr("Not looked up yet."));
    Known<VpsFacts> facts = fail(ErrorCode::NotFound, Texts::tr("Not read yet."));
};

struct Observation {
    HomeSeen home;
    ZoneSeen zone;
    VpsSeen vps;
};

} // namespace sixgate
