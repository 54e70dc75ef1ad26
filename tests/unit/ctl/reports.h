#pragma once

#include "model/pathreport.h"

namespace sixgate
{

// Reports of checks, made from words.

inline QString latin(const char *text)
{
    return QString::fromUtf8(text);
}

inline PathReport pathOf(PathKind kind, PathState state, const char *name = "cloud.example.org")
{
    PathReport path{*Hostname::parse(latin(name)), *Label::parse(latin("cloud")), kind, state, latin("this machine")};
    path.took = std::chrono::milliseconds(120 + int(kind));
    path.steps = {{latin("resolve"), true, std::chrono::milliseconds(7), latin("2001:db8:1::11"), QString()},
                  {latin("connect"), state == PathState::Works, std::chrono::milliseconds(110),
                   latin("2001:db8:1::11 port 443"), latin(state == PathState::Works ? "" : "ECONNREFUSED")}};
    if (state != PathState::Works) {
        path.failedStep = latin("connect");
        path.error = Error{ErrorCode::Network, latin("Nobody answers."), latin("2001:db8:1::11: ECONNREFUSED"),
                           latin("Look whether the server is on.")};
    }
    if (state == PathState::Unknown)
        path.steps.clear();
    return path;
}

/// "w" works, "b" broken, "u" unknown: of the paths 1 to 4.
inline CheckReport reportOf(const char *states)
{
    CheckReport report;
    for (int i = 0; states[i] != '\0'; ++i)
        report.paths.push_back(pathOf(PathKind(i + 1), states[i] == 'w'   ? PathState::Works
                                                       : states[i] == 'b' ? PathState::Broken
                                                                          : PathState::Unknown));
    report.at = QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC);
    report.took = std::chrono::milliseconds(3456);
    return report;
}

inline Condition conditionOf(const char *code, Severity severity, const char *about = "nas")
{
    Condition condition;
    condition.code = latin(code);
    condition.severity = severity;
    condition.title = QStringLiteral("The title of %1.").arg(latin(code));
    condition.about = latin(about);
    return condition;
}

/// "e", "w" and "i": roots of this severity.
inline Diagnosis diagnosisOf(const char *severities)
{
    Diagnosis diagnosis;
    for (int i = 0; severities[i] != '\0'; ++i)
        diagnosis.roots.push_back(
            conditionOf(qPrintable(QStringLiteral("code-%1").arg(i + 1)), severities[i] == 'e'   ? Severity::Error
                                                                          : severities[i] == 'w' ? Severity::Warning
                                                                                                 : Severity::Info));
    return diagnosis;
}

/// The one whose words are all there.
inline Condition wholeCondition()
{
    Condition condition = conditionOf("router-firewall", Severity::Error);
    condition.title = latin("The router's IPv6 firewall keeps visitors away from nas.");
    condition.text = latin("Visitors over IPv6 get no answer, and the VPS gets none either. Those in the house are "
                           "not concerned, since their way does not lead through the router's firewall.");
    condition.evidence = {latin("2001:db8:1::11 port 443 from the VPS: TIMEOUT"), latin("in the LAN: connected")};
    condition.remedy = {latin("router"),
                        latin("allow"),
                        latin("Let TCP port 443 through to the server."),
                        latin("sixgatectl home --json | jq .servers"),
                        {{latin("port"), latin("443")}, {latin("identifier"), latin("::11")}},
                        {{latin("FRITZ!Box"), latin("Internet, Permit Access, new share for the device.")},
                         {latin("OpenWrt"), latin("Network, Firewall, Traffic Rules.")},
                         {latin("Other routers"), latin("Look for \"IPv6 firewall\".")}}};
    condition.dependsOn = {latin("line-down")};
    condition.timeToVisible = std::chrono::seconds(60);
    return condition;
}

} // namespace sixgate
