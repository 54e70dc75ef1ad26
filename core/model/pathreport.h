#pragma once

#include "model/hostname.h"
#include "model/names.h"
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
};

struct CheckReport {
    std::vector<PathReport> paths;

    bool allWork() const;
};

} // namespace sixgate
