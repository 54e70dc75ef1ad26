#pragma once

#include "decide/alarmsettings.h"
#include "model/plan.h"
#include "model/secret.h"

#include <map>

namespace sixgate
{

/// What the VPS should be, and how to get there. Pure: no I/O, no clock.

/// Texts of the templates, loaded by the caller (resources/proxy).
struct ProxyTemplates {
    QByteArray site;  ///< proxy/apache-site.mustache, once a service and once for what they share
    QByteArray base;  ///< proxy/apache-base.conf: answers for names that are no service's
    QByteArray entry; ///< proxy/apache-entry.conf: the site file that Apache has enabled
    /// proxy/apache-challenge.mustache: port 80 where certificates are got by HTTP-01
    QByteArray challenge;
};

/// What runs on the VPS where machines may push the home's address (resources/vps/push).
struct PushScripts {
    QByteArray daemon;
    QByteArray client;
    QByteArray unit;
    /// Filled by wantedDeployment(): by service, whether its pinned certificate carries the public names.
    std::map<Label, bool> pinsNamed = {};
};

/// What runs on the VPS where it is to tell that the home is silent (resources/vps/push).
struct AlarmScripts {
    QByteArray program;
    QByteArray service;
    QByteArray timer;
    // Units that hand mail to the VPS's own program, where it leaves by that.
    QByteArray mailSocket;
    QByteArray mailService;
};

/// What rehearses the renewal of certificates on the VPS (resources/vps/renewal).
struct RenewalScripts {
    QByteArray program;
    QByteArray service;
    QByteArray timer;
};

/// What rendering needs besides the site.
struct DeploymentInputs {
    ProxyTemplates templates;
    /// Content of the file by which certbot proves names in each account that holds public ones: made by
    /// acmeCredentials(), or for a provider by acmeTalk(); secret.
    std::map<Label, QByteArray> acmeCredentials;
    /// Certificates of servers with a pinned key, by server; present where one was seen and its key is the pinned one.
    std::map<Label, CertificateSeen> pinnedCertificates;
    /// The present: a pinned certificate out of its time is refused. Not valid: their dates are not looked at.
    QDateTime now = {};
    PushScripts push = {};        ///< needed where the site has push keys
    AlarmScripts alarm = {};      ///< needed where vpsTellsSilence()
    AlarmForVps alarmForVps = {}; ///< needed there, too; secret
    RenewalScripts renewal = {};  ///< needed where there is a service
    QByteArray acmeHook = {};     ///< vps/acme/hook.pl and vps/dns.pl; needed where names are proved at a provider
};

/// One managed file as it should be.
struct WantedFile {
    /// Absolute final path on the VPS. Files below `/etc/sixgate/current/` belong to the release: they are built beside
    /// it, checked together and become current by one rename. The others are replaced one by one, atomically.
    QString path;
    int mode = 0644;
    QByteArray content;
    bool secret = false;
    QByteArray sha256; ///< hex, of content
    QString purpose;   ///< what it is for, one sentence for the plan
};

struct WantedCertificate {
    QString lineage;
    std::vector<Hostname> names;
    HttpsUrl directory;
    QString credentialsPath; ///< of the rfc2136 ini file or the talk with a provider; empty: none
    Challenge challenge = Challenge::Dns;

    /// What certbot's renewal is to name: that file, or the webroot; "delegated" where the VPS is the name server.
    QString means() const;
};

/// The whole wanted state of the VPS.
struct WantedDeployment {
    QString
        releaseId; ///< first 16 hex digits of the SHA-256 over everything below but purposes and the alarm's settings
    std::vector<QString> packages;
    std::vector<QString> modules;
    std::vector<QString> sites;
    std::vector<WantedFile> files;
    std::vector<WantedCertificate> certificates;
    /// Of the program that tells when the home is silent. Secret, and outside of the releases: no hash of it is in a
    /// manifest or a plan, since a password in it might be guessed by that.
    AlarmForVps alarm;
};

/// The rfc2136 ini file of one account for certbot's plugin, which wants an address literal as server (2.1 refuses
/// names). Invalid where the key is not base64.
Result<QByteArray> acmeCredentials(const DnsAccount &account, const IpAddress &server, const Secret &key);

/// Where that file lies on the VPS: outside of the releases, since certbot's renewals refer to it.
QString acmeCredentialsPath(const DnsAccount &account);

/// What rehearses renewals is there, runs, and has the units that are among the wanted files.
bool renewalTestIsSetUp(const RenewalTestSeen &seen, const WantedDeployment &wanted);

/// Certbot got this certificate for Sixgate: it renews by an ini file or the webroot of Sixgate's.
bool isSixgatesOwn(const RenewalSeen &renewal);

/// Renders the wanted state. Fails with Invalid where a value would not survive its template's escape, with NotFound
/// where the credentials of an account or the certificate of a server with a pinned key are missing, with Denied where
/// that certificate has another key, is not self-signed, or is out of its time.
Result<WantedDeployment> wantedDeployment(const Site &site, const DeploymentInputs &inputs);

/// What to change so that `facts` becomes `wanted`, in the order to do it. Empty where nothing is to do.
/// `withheld` gets what keeps it from being done (wrong system, no room, not root, foreign listener).
std::vector<Change> planDeployment(const Site &site, const WantedDeployment &wanted, const VpsFacts &facts,
                                   std::vector<Withheld> &withheld);

/// Unified diff of two texts, with `path` in its header; empty where they are equal.
QString unifiedDiff(const QString &path, const QByteArray &before, const QByteArray &after);

} // namespace sixgate
