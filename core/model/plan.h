#pragma once

#include "model/observation.h"
#include "model/site.h"

#include <QByteArray>

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

namespace sixgate
{

/// What to change, as data: preview, progress and log print the same items, and `apply` does exactly them.

/// What a plan is about.
enum class PlanScope { All, Dns, Vps };

enum class Lane { Dns, Vps };
enum class Verb { Create, Update, Delete, Install, Enable, Obtain, Activate, Open };
QString verbName(Verb verb); ///< lower-case word, e.g. "create"
QString laneName(Lane lane); ///< "dns", "vps"

/// Set (or, with no values, delete) one RRset; `expected` is what the authoritative servers said when the plan was
/// made.
struct SetRecords {
    Label account;
    RecordSet wanted;
    RecordSet expected;
    bool perhapsAbsent = false; ///< `expected` came by all signs from a wildcard: that there is nothing is as good
    bool renew = false;         ///< to a provider it is sent although it stands so: the name would expire
};
/// Install Debian packages that are not there.
struct InstallPackages {
    std::vector<QString> packages;
};
/// Write one file below the new release (or outside of it, where `path` says so).
struct WriteFile {
    QString path; ///< absolute, made of fixed parts and parsed types only
    int mode = 0644;
    QByteArray content;
    bool secret = false;       ///< content is shown nowhere, not even as a diff
    QByteArray expectedSha256; ///< hex of the old content; empty: the file is absent
};
struct DeleteFile {
    QString path;
    QByteArray expectedSha256;
};
/// Enable Apache modules.
struct EnableModules {
    std::vector<QString> modules;
};
/// Enable an Apache site file.
struct EnableSite {
    QString site;
};
/// Get a certificate by certbot: DNS-01 by what `credentialsPath` holds, HTTP-01 where `handOver` is set, or DNS-01
/// with the VPS as name server of the challenges where `delegatedTo` is.
struct ObtainCertificate {
    QString lineage; ///< certbot's --cert-name: the service's label
    std::vector<Hostname> names;
    HttpsUrl directory;
    std::optional<Mail> mail;
    std::chrono::seconds propagation{30};
    QString credentialsPath;          ///< on the VPS: of the rfc2136 ini file or the talk with a provider; else empty
    std::optional<Hostname> handOver; ///< the VPS name, to which the home hands challenges that it does not know
    std::optional<Hostname> delegatedTo = {}; ///< the VPS name, to which the `_acme-challenge` names are delegated
};
enum class FirewallKind { Ufw, Nftables };
/// Who is let through the VPS's own firewall.
enum class Traffic {
    Visitors,   ///< TCP over IPv4 to 80 and 443
    Challenges, ///< TCP over IPv6 to 80: the certification authority, whom the home sends on
    Questions,  ///< UDP and TCP to 53: about challenges that are delegated to the VPS
};
/// Let it through there.
struct OpenPorts {
    FirewallKind firewall = FirewallKind::Ufw;
    std::vector<int> ports; ///< of Visitors 80 and 443, ascending; else the one
    QString family;         ///< of nftables: inet, ip or ip6; of ufw this and the next two are empty
    QString table;
    QString chain;
    Traffic traffic = Traffic::Visitors;
};
/// Validate, swap, reload, probe: makes the new release the current one.
struct ActivateRelease {
    QString releaseId;  ///< hash of the wanted state
    QString expectedId; ///< the current deployment when the plan was made; empty: none
};
/// Delete a certificate that nothing needs any more, so that certbot does not renew it for ever. Like all that comes
/// after the activation it cannot fail the run.
struct ForgetCertificate {
    QString lineage;
};

/// Set up what lets keepers tell the home's new address (account, keys, service), or take it away. Comes after the
/// activation, too.
struct SetUpPush {
    bool on = true;
};

/// Let the VPS tell when the home falls silent, or no longer. Comes after the push, of which it asks.
struct SetUpAlarm {
    std::optional<QByteArray> settings; ///< with secrets: shown nowhere; none: take it away
};

/// Rehearse renewals on the VPS: now, and each week; or no longer. Comes after the activation, and is not waited for.
struct SetUpRenewalTest {
    bool on = true;
};

/// Make the release before the current one current again. A plan of its own.
struct GoBack {
    QString releaseId;
    QString expectedId; ///< the current deployment when the plan was made
};
/// Take everything away that Sixgate brought to the VPS. A plan of its own; what is done is not taken back.
struct RemoveAll {
    bool keepPackages = false;
};

// The first alternative is one that can be default-constructed: a Change begins empty.
using ChangeAction = std::variant<InstallPackages, SetRecords, WriteFile, DeleteFile, EnableModules, EnableSite,
                                  ObtainCertificate, ActivateRelease, ForgetCertificate, OpenPorts, GoBack, RemoveAll,
                                  SetUpPush, SetUpAlarm, SetUpRenewalTest>;

struct Change {
    QString id; ///< unique in the plan, `[a-z0-9.-]+`; the VPS reports progress by it
    Lane lane = Lane::Dns;
    Verb verb = Verb::Create;
    QString object;   ///< e.g. "cloud.example.org AAAA", "/etc/…/cloud.conf"
    QString oldValue; ///< for a person; empty: absent
    QString newValue;
    QString oldHash;  ///< hex SHA-256 the object is expected to have; empty where absent or not a file
    QString sentence; ///< one sentence for a person
    QString diff;     ///< unified diff for files that are not secret
    ChangeAction action;
};

/// How far one change is.
enum class StepState {
    Started,
    Done,      ///< carried out and read back
    Unchanged, ///< it was as wanted already
    Failed,
    Undone, ///< it was done, and is taken back since a later one failed or the run was cancelled
    Note,   ///< a line about a change that still runs, or (with an empty id) about the whole run
    Told,   ///< a line about a change that the user is to know afterwards, too
};
QString stepStateName(StepState state); ///< lower-case word, e.g. "undone"

/// Something the plan leaves alone although it is not as wanted, and why.
struct Withheld {
    QString object;
    QString reason;
    QString fix;
    bool blocking = false; ///< the wanted state cannot be reached without it: `apply` ends with failure
    QString detail;        ///< evidence, e.g. the fingerprint that a machine presents; may be empty
};

struct Plan {
    std::vector<Change> changes;
    std::vector<Withheld> withheld;

    bool empty() const { return changes.empty(); }
    /// Something is in the way that the user must settle first.
    bool blocked() const
    {
        return std::any_of(withheld.begin(), withheld.end(), [](const Withheld &one) { return one.blocking; });
    }
};

} // namespace sixgate
