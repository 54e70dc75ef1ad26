#pragma once

#include "model/plan.h"

#include <map>

namespace sixgate
{

/// What the VPS should be, and how to get there. Pure: no I/O, no clock.

/// Texts of the templates, loaded by the caller (resources/proxy).
struct ProxyTemplates {
    QByteArray site; ///< one service
    QByteArray base; ///< once: hop header, defaults, logging
};

/// What rendering needs besides the site.
struct DeploymentInputs {
    ProxyTemplates templates;
    QByteArray acmeCredentials; ///< the rfc2136 ini file's content, made by acmeCredentials(); secret
    /// Certificates (PEM) of servers with a pinned key, by server; present where it was seen and its key is the pinned
    /// one.
    std::map<Label, QByteArray> pinnedCertificates;
};

/// One managed file as it should be.
struct WantedFile {
    QString path; ///< absolute final path on the VPS
    int mode = 0644;
    QByteArray content;
    bool secret = false;
    QByteArray sha256; ///< hex, of content
};

struct WantedCertificate {
    QString lineage;
    std::vector<Hostname> names;
};

/// The whole wanted state of the VPS.
struct WantedDeployment {
    QString releaseId; ///< first 16 hex digits of the SHA-256 over everything below
    std::vector<QString> packages;
    std::vector<QString> modules;
    std::vector<QString> sites;
    std::vector<WantedFile> files;
    std::vector<WantedCertificate> certificates;
};

/// Renders the wanted state. Fails (Invalid) where a value would not survive its template's escape.
Result<WantedDeployment> wantedDeployment(const Site &site, const DeploymentInputs &inputs);

/// What to change so that `facts` becomes `wanted`, in the order to do it. Empty where nothing is to do.
/// `withheld` gets what keeps it from being done (wrong system, no room, not root, foreign listener).
std::vector<Change> planDeployment(const Site &site, const WantedDeployment &wanted, const VpsFacts &facts,
                                   std::vector<Withheld> &withheld);

/// Unified diff of two texts, with `path` in its header; empty where they are equal.
QString unifiedDiff(const QString &path, const QByteArray &before, const QByteArray &after);

} // namespace sixgate
