#pragma once

#include "decide/diagnosis.h"

#include <optional>
#include <set>

namespace sixgate
{

/// What the rules of the diagnosis share. Private to the room.

/// A condition before it gets its words.
struct Finding {
    QString code;
    QString about;
    Fields fields;
    QStringList evidence;
    /// Servers, services, names, zones that it touches: a cause explains a condition only where they have one in
    /// common. Empty: all of them.
    std::set<QString> subjects;
};

/// One public name of one service with its four paths.
struct NameSeen {
    const Service &service;
    const HomeServer &server;
    const Hostname &name;
    std::map<PathKind, const PathReport *> paths; ///< those that were walked

    const PathReport *path(PathKind kind) const;
    bool works(PathKind kind) const;
    /// Where the path failed: step and reason, "connect TIMEOUT"; empty where it works or was not walked.
    QString failure(PathKind kind) const;
    /// It failed at this step for one of these reasons (none given: for any).
    bool failedAt(PathKind kind, const char *step, std::initializer_list<const char *> reasons = {}) const;
    /// It came as far as this step, and that passed.
    bool passed(PathKind kind, const char *step) const;
    std::set<QString> subjects() const;
};

/// The evidence, with what several rules ask of it.
class Sight
{
public:
    Sight(const Site &site, const Evidence &seen);

    const Site &site;
    const Evidence &seen;
    std::vector<NameSeen> names;

    /// Whether anything outside answered over this family; false also where nothing was tried.
    bool outside4 = false, outside6 = false;
    bool tried4 = false, tried6 = false; ///< something that is not the VPS
    /// Whether this machine is in the home's network; nothing where that cannot be told.
    std::optional<bool> atHome;
    /// The time, also where this machine's clock is wrong.
    QDateTime trueNow;
    /// Index of a service in the site file.
    QString place(const Service &service) const;

    const ServerSeen *server(const Label &label) const;
    /// At a port; without one the first look at the server.
    const ServerLook *look(const Label &label, std::optional<Port> port = std::nullopt) const;
    bool proven(const Label &label) const;
    /// Where the server is: proven, or by the best candidate.
    std::optional<Ipv6Address> address(const Label &label) const;
    const Known<RecordSet> *record(const Hostname &name, RecordType type) const;
    /// The values of a record that is known; nothing where it is not. Of addresses those at the end of its CNAMEs.
    std::optional<std::vector<QString>> values(const Hostname &name, RecordType type) const;
    QString vpsName() const;
    bool vpsAnswers() const; ///< at any of its addresses and ports
};

class Findings
{
public:
    void add(Finding finding) { m_found.push_back(std::move(finding)); }
    void say(const QString &rule, const QString &conclusion) { m_reasoning.push_back({rule, conclusion}); }
    bool has(const char *code, const QString &subject = {}) const;
    const std::vector<Finding> &all() const { return m_found; }
    const std::vector<Reasoning> &reasoning() const { return m_reasoning; }

private:
    std::vector<Finding> m_found;
    std::vector<Reasoning> m_reasoning;
};

bool isIpv6(const Reach &reach);
QStringList triesText(const std::vector<Reach> &list);
/// The detail of a path's step; empty where it was not gone.
QString stepText(const NameSeen &one, PathKind kind, const char *step);
/// How subjects name one port of a server, which is not the whole server.
QString portOf(const Label &server, Port port);
QString listed(const std::vector<QString> &values); ///< "a, b"; "none"
QString reachText(const Reach &reach);              ///< "[2001:db8::1]:443: connected"
/// A certificate is renewed when a third of its time is left; with less than a fifth something is wrong.
bool nearItsEnd(const CertificateSeen &certificate, const QDateTime &now);
QString dayText(const QDateTime &time); ///< "2026-11-26 06:36 UTC"

/// The rules, in the order in which they are asked: later ones may go by what earlier ones found.
void findLine(const Sight &sight, Findings &out);    ///< line, families, clock, addresses of this machine
void findVps(const Sight &sight, Findings &out);     ///< the machine, its SSH, its firewall
void findDns(const Sight &sight, Findings &out);     ///< name servers, resolvers, accounts
void findRecords(const Sight &sight, Findings &out); ///< what the records say
void findHome(const Sight &sight, Findings &out);    ///< servers, router, path MTU
void findCertificates(const Sight &sight, Findings &out);
void findService(const Sight &sight, Findings &out); ///< what answers by HTTP, at home and on the VPS

} // namespace sixgate
