#pragma once

#include "model/condition.h"
#include "model/hostname.h"
#include "model/names.h"
#include "model/observation.h"
#include "model/result.h"

#include <chrono>
#include <optional>
#include <vector>

namespace sixgate
{

/// What was proven: the four paths of every public name.

enum class PathKind {
    V4 = 1,       ///< IPv4 through the VPS
    Upstream = 2, ///< VPS → home, by the upstream name
    V6 = 3,       ///< IPv6 from outside → home
    Lan = 4,      ///< in the LAN, never leaving the house
};
QString pathName(PathKind kind); ///< "v4", "upstream", "v6", "lan"

enum class PathState { Works, Broken, Unknown };
QString pathStateName(PathState state); ///< "works", "broken", "unknown"

/// One step of a probe: resolve, connect, tls, identity, http, marker …
struct ProbeStep {
    QString name;
    bool passed = false;
    std::chrono::milliseconds took{0};
    QString detail; ///< evidence: address, certificate, status line
    /// For a program: the name of an errno or TIMEOUT ("connect", "tls"), what is wrong with a certificate ("identity":
    /// expired, wrong-name, self-signed …), or the status ("http", "marker"); empty where there is nothing to tell.
    QString reason;
};

/// An HTTP answer, as far as a diagnosis goes by it.
struct HttpAnswer {
    int status = 0;
    QString location;   ///< of a redirect
    QString page;       ///< a well-known page of nobody's: "nginx-default", "apache-default" …; else empty
    QDateTime date;     ///< the sender's clock, by its Date header
    bool loops = false; ///< redirects led back to where they began
};

struct PathReport {
    Hostname publicName;
    Label service;
    PathKind kind = PathKind::V4;
    PathState state = PathState::Unknown;
    QString vantage; ///< "this machine", "the VPS"
    std::vector<ProbeStep> steps;
    QString failedStep;         ///< name of the step that failed; empty where the path works
    std::optional<Error> error; ///< set unless it works
    std::chrono::milliseconds took{0};
    std::vector<IpAddress> addresses;           ///< where the name leads by the records
    std::optional<CertificateSeen> certificate; ///< as shown
    std::optional<HttpAnswer> http;
    bool explained = false; ///< a condition of the diagnosis tells why it does not work

    /// The step of this name; nullptr where it was not gone.
    const ProbeStep *step(const char *name) const;
    /// `reason` of the failed step; empty where there is none.
    QString reason() const;
};

struct CheckReport {
    std::vector<PathReport> paths;
    Diagnosis diagnosis;
    QDateTime at; ///< when it began, UTC
    std::chrono::milliseconds took{0};

    bool allWork() const;
};

} // namespace sixgate
