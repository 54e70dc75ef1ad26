#include "decide/findings.h"

#include "decide/addresses.h"
#include "model/aliases.h"

#include <algorithm>

namespace sixgate
{

namespace
{

bool isIpv6(const IpAddress &address)
{
    return std::holds_alternative<Ipv6Address>(address);
}

/// How far this machine's clock is from others', where it is this one that is wrong: two others agree, or one does and
/// a certificate that this clock refuses is in its time by that one.
std::optional<std::chrono::seconds> ownOffset(const Evidence &seen)
{
    constexpr qint64 tolerance = 120;
    std::vector<qint64> offsets;
    for (const auto &[whose, clock] : seen.clocks) {
        if (clock.isValid() && seen.now.isValid())
            offsets.push_back(clock.secsTo(seen.now));
    }
    const auto near = [](qint64 one) { return std::abs(one) <= tolerance; };
    if (offsets.empty() || std::any_of(offsets.begin(), offsets.end(), near))
        return std::nullopt;
    std::sort(offsets.begin(), offsets.end());
    if (offsets.back() - offsets.front() > tolerance)
        return std::nullopt;
    const qint64 offset = offsets[offsets.size() / 2];
    const QDateTime theirs = seen.now.addSecs(-offset);
    const auto contradicts = [&](const std::optional<CertificateSeen> &one, const QString &reason) {
        return one && (reason == QLatin1String("expired") || reason == QLatin1String("not-yet-valid")) &&
               one->notBefore <= theirs && theirs <= one->notAfter;
    };
    const bool certified =
        std::any_of(seen.paths.begin(), seen.paths.end(),
                    [&](const PathReport &path) { return contradicts(path.certificate, path.reason()); }) ||
        std::any_of(seen.servers.begin(), seen.servers.end(),
                    [&](const ServerLook &look) { return contradicts(look.certificate, look.reason); });
    if (offsets.size() < 2 && !certified)
        return std::nullopt;
    return std::chrono::seconds(offset);
}

} // namespace

const PathReport *NameSeen::path(PathKind kind) const
{
    const auto found = paths.find(kind);
    return found == paths.end() ? nullptr : found->second;
}

bool NameSeen::works(PathKind kind) const
{
    const PathReport *one = path(kind);
    return one && one->state == PathState::Works;
}

QString NameSeen::failure(PathKind kind) const
{
    const PathReport *one = path(kind);
    return one && one->state == PathState::Broken ? (one->failedStep + QLatin1Char(' ') + one->reason()).trimmed()
                                                  : QString();
}

bool NameSeen::failedAt(PathKind kind, const char *step, std::initializer_list<const char *> reasons) const
{
    const PathReport *one = path(kind);
    if (!one || one->state == PathState::Works || one->failedStep != QLatin1String(step))
        return false;
    const QString reason = one->reason();
    return reasons.size() == 0 ||
           std::any_of(reasons.begin(), reasons.end(), [&](const char *word) { return reason == QLatin1String(word); });
}

bool NameSeen::passed(PathKind kind, const char *step) const
{
    const PathReport *one = path(kind);
    const ProbeStep *found = one ? one->step(step) : nullptr;
    return found && found->passed;
}

std::set<QString> NameSeen::subjects() const
{
    return {service.name.text(), server.name.text(), portOf(server.name, service.port), name.ascii(),
            service.upstreamName.ascii()};
}

Sight::Sight(const Site &wanted, const Evidence &evidence) : site(wanted), seen(evidence)
{
    for (const Service &service : site.services) {
        const HomeServer *home = site.server(service.server);
        for (const Hostname &name : service.publicNames) {
            if (!home)
                continue;
            NameSeen one{service, *home, name, {}};
            for (const PathReport &path : seen.paths) {
                if (path.service == service.name && path.publicName == name)
                    one.paths.emplace(path.kind, &path);
            }
            names.push_back(std::move(one));
        }
    }
    for (const Reach &reach : seen.outside) {
        (isIpv6(reach.address) ? tried6 : tried4) = true;
        if (reach.answered())
            (isIpv6(reach.address) ? outside6 : outside4) = true;
    }
    for (const auto *list : {&seen.vps, &seen.sshTries}) {
        for (const Reach &reach : *list) {
            if (reach.answered())
                (isIpv6(reach.address) ? outside6 : outside4) = true;
        }
    }
    const auto offset = ownOffset(seen);
    trueNow = offset ? seen.now.addSecs(-offset->count()) : seen.now;

    // By what was proven, then by the router's hardware, then by where the published addresses lie.
    const bool anyProven = std::any_of(seen.seen.home.servers.begin(), seen.seen.home.servers.end(),
                                       [](const ServerSeen &one) { return one.proven.has_value(); });
    const bool anyNear = std::any_of(names.begin(), names.end(), [](const NameSeen &one) {
        return one.works(PathKind::Lan) || one.passed(PathKind::Lan, "route");
    });
    const bool v6Works =
        std::any_of(names.begin(), names.end(), [](const NameSeen &one) { return one.works(PathKind::V6); });
    if (anyProven || anyNear)
        atHome = true;
    else if (!seen.router.isEmpty() && !seen.memory.router.isEmpty())
        atHome = seen.router == seen.memory.router;
    else if (v6Works)
        atHome = false; // the home is well, but it is not here
}

QString Sight::place(const Service &service) const
{
    for (size_t i = 0; i < site.services.size(); ++i) {
        if (site.services[i].name == service.name)
            return QStringLiteral("services[%1]").arg(i);
    }
    return {};
}

const ServerSeen *Sight::server(const Label &label) const
{
    const auto &all = seen.seen.home.servers;
    const auto found = std::find_if(all.begin(), all.end(), [&](const ServerSeen &one) { return one.server == label; });
    return found == all.end() ? nullptr : &*found;
}

const ServerLook *Sight::look(const Label &label, std::optional<Port> port) const
{
    const auto found = std::find_if(seen.servers.begin(), seen.servers.end(), [&](const ServerLook &one) {
        return one.server == label && (!port || one.port == *port);
    });
    return found == seen.servers.end() ? nullptr : &*found;
}

bool Sight::proven(const Label &label) const
{
    const ServerSeen *one = server(label);
    return one && one->proven.has_value();
}

std::optional<Ipv6Address> Sight::address(const Label &label) const
{
    const ServerSeen *one = server(label);
    if (one && one->proven)
        return *one->proven;
    const HomeServer *wanted = site.server(label);
    if (!wanted || !seen.link)
        return std::nullopt;
    return chooseAddress(*wanted, *seen.link).chosen;
}

const Known<RecordSet> *Sight::record(const Hostname &name, RecordType type) const
{
    const auto found = seen.seen.zone.records.find(RecordKey{name, type});
    return found == seen.seen.zone.records.end() ? nullptr : &found->second;
}

std::optional<std::vector<QString>> Sight::values(const Hostname &name, RecordType type) const
{
    const auto chain =
        type == RecordType::CNAME ? Result<AliasChain>(AliasChain{name, {}}) : followAliases(seen.seen.zone, name);
    const auto *found = chain ? record(chain->end, type) : nullptr;
    return found && *found ? std::optional((*found)->values) : std::nullopt;
}

QString Sight::vpsName() const
{
    return site.vps.front().host.ascii();
}

bool Sight::vpsAnswers() const
{
    const auto any = [](const std::vector<Reach> &list) {
        return std::any_of(list.begin(), list.end(), [](const Reach &one) { return one.answered(); });
    };
    return !seen.ssh || any(seen.vps) || any(seen.sshTries);
}

bool Findings::has(const char *code, const QString &subject) const
{
    return std::any_of(m_found.begin(), m_found.end(), [&](const Finding &one) {
        return one.code == QLatin1String(code) &&
               (subject.isEmpty() || one.subjects.empty() || one.subjects.contains(subject));
    });
}

bool isIpv6(const Reach &reach)
{
    return std::holds_alternative<Ipv6Address>(reach.address);
}

QStringList triesText(const std::vector<Reach> &list)
{
    QStringList text;
    for (const Reach &one : list)
        text << reachText(one);
    return text;
}

QString stepText(const NameSeen &one, PathKind kind, const char *step)
{
    const PathReport *path = one.path(kind);
    const ProbeStep *found = path ? path->step(step) : nullptr;
    return found ? found->detail : QString();
}

QString portOf(const Label &server, Port port)
{
    return server.text() + QLatin1Char(':') + port.text();
}

QString listed(const std::vector<QString> &values)
{
    return values.empty() ? QStringLiteral("none")
                          : QStringList(values.begin(), values.end()).join(QStringLiteral(", "));
}

QString reachText(const Reach &reach)
{
    const QString form = isIpv6(reach.address) ? QStringLiteral("[%1]:%2: %3") : QStringLiteral("%1:%2: %3");
    return form.arg(ipText(reach.address), reach.port.text(),
                    reach.connected() ? QStringLiteral("connected") : reach.reason);
}

QString dayText(const QDateTime &time)
{
    return time.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm 'UTC'"));
}

} // namespace sixgate
