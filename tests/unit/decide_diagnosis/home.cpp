#include "home.h"

#include <QFile>

#include <algorithm>

namespace diagnosistest
{

namespace
{

const char *const steps[] = {"dns", "resolve", "route", "connect", "tls", "identity", "http", "marker"};

/// Which steps a path has.
bool hasStep(PathKind kind, const QByteArray &step)
{
    switch (kind) {
    case PathKind::V4:
        return step != "resolve" && step != "route";
    case PathKind::Upstream:
        return step != "route" && step != "http" && step != "marker";
    case PathKind::V6:
        return step != "resolve" && step != "route" && step != "marker";
    case PathKind::Lan:
        return step != "resolve" && step != "marker";
    }
    return false;
}

CertificateSeen goodCertificate(const char *key)
{
    CertificateSeen seen{QByteArray(), Fingerprint::ofBytes(key)};
    seen.names = {QStringLiteral("cloud.example.org")};
    seen.issuer = QStringLiteral("CN=Authority");
    seen.notBefore = QDateTime::fromString(QStringLiteral("2026-11-01T00:00:00Z"), Qt::ISODate);
    seen.notAfter = QDateTime::fromString(QStringLiteral("2027-01-30T00:00:00Z"), Qt::ISODate);
    return seen;
}

} // namespace

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Catalogue realCatalogue()
{
    auto parsed = Catalogue::parse(contentOf(QStringLiteral(CONDITIONS_DIR "/catalogue.json")),
                                   contentOf(QStringLiteral(CONDITIONS_DIR "/routers.json")));
    if (!parsed)
        qFatal("%s", qPrintable(parsed.error().summary));
    return *parsed;
}

Hostname host(const char *name)
{
    return *Hostname::parse(QString::fromLatin1(name));
}

Ipv6Address ip6(const char *text)
{
    return *Ipv6Address::parse(QString::fromLatin1(text));
}

Ipv4Address ip4(const char *text)
{
    return *Ipv4Address::parse(QString::fromLatin1(text));
}

Seen::Seen() : site{1, *Label::parse(QStringLiteral("home")), {}, {}, {}, {}, {}}
{
    const Label nas = *Label::parse(QStringLiteral("nas"));
    const Label cloud = *Label::parse(QStringLiteral("cloud"));
    site.servers = {{nas, AddressFromInterfaceId{*InterfaceId::parse(QStringLiteral("::11"))}, std::nullopt}};
    const KeyName key = *KeyName::parse(QStringLiteral("k"));
    site.dns = {{*Label::parse(QStringLiteral("main")), host("example.org"),
                 UpdateAccess{host("ns1.example.org"), *Port::fromNumber(53), TsigKeyRef{key}, TsigKeyRef{key}}}};
    site.vps = {{*Label::parse(QStringLiteral("vps")),
                 host("vps.example.org"),
                 *Port::fromNumber(22),
                 *Login::parse(QStringLiteral("root")),
                 QStringLiteral("~/.ssh/id"),
                 {},
                 AcmeSettings{*HttpsUrl::parse(QStringLiteral("https://acme.example.net/dir")), std::nullopt, true}}};
    site.services = {{cloud,
                      {host("cloud.example.org")},
                      host("home6.example.org"),
                      nas,
                      *Port::fromNumber(443),
                      *UrlPath::parse(QStringLiteral("/"))}};

    evidence.now = QDateTime::fromString(QStringLiteral("2026-11-26T08:00:00Z"), Qt::ISODate);
    LinkSeen link;
    LocalAddress own{QStringLiteral("eth0"), ip6("2001:db8:1:100::aa")};
    own.preferred = std::chrono::seconds(2700);
    own.valid = std::chrono::seconds(5400);
    link.addresses = {own};
    link.onLink = {{QStringLiteral("eth0"), *Ipv6Prefix::parse(QStringLiteral("2001:db8:1:100::/64"))}};
    evidence.link = link;
    evidence.mostAddresses = {{QStringLiteral("eth0"), 16}};
    evidence.router = evidence.memory.router = QStringLiteral("02:00:5e:00:53:01");
    ServerSeen server{nas, {}, ip6("2001:db8:1:100::11"), goodCertificate("home")};
    evidence.seen.home.prefixes = std::vector<Ipv6Prefix>{*Ipv6Prefix::parse(QStringLiteral("2001:db8:1:100::/64"))};
    evidence.seen.home.servers = {server};
    record("cloud.example.org", RecordType::A, {QStringLiteral("198.51.100.10")});
    record("cloud.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:1:100::11")});
    record("home6.example.org", RecordType::A, {});
    record("home6.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:1:100::11")});
    record("cloud.example.org", RecordType::CNAME, {});
    record("home6.example.org", RecordType::CNAME, {});
    evidence.seen.vps.ipv4 = std::vector{ip4("198.51.100.10")};
    evidence.seen.vps.ipv6 = std::vector{ip6("2001:db8:b::10")};
    VpsFacts facts;
    facts.hasGlobalIpv6 = true;
    facts.clock = evidence.now;
    facts.deployedId = QStringLiteral("abc");
    facts.apacheActive = true;
    evidence.seen.vps.facts = facts;
    for (const char *one : {"192.0.2.53", "2001:db8:53::53"}) {
        reach(evidence.outside, one, 53, "");
        NameServerSeen ns{host("example.org"), QString::fromLatin1(one), *parseIpAddress(QString::fromLatin1(one)), {}};
        ns.records = evidence.seen.zone.records;
        evidence.nameServers.push_back(std::move(ns));
    }
    reach(evidence.vpsOutside, "2001:db8:53::53", 53, "");
    reach(evidence.vps, "198.51.100.10", 443, "");
    reach(evidence.vps, "2001:db8:b::10", 443, "");
    reach(evidence.sshTries, "2001:db8:b::10", 22, "");
    const RecordSet right{
        host("cloud.example.org"), RecordType::AAAA, std::chrono::seconds(60), {QStringLiteral("2001:db8:1:100::11")}};
    evidence.hereAaaa.emplace(host("cloud.example.org"), ResolverSeen{QStringLiteral("192.168.178.1"), right});
    evidence.vpsAaaa.emplace(host("home6.example.org"), ResolverSeen{QStringLiteral("192.0.2.54"), right});
    ServerLook look{nas, *Port::fromNumber(443), host("cloud.example.org"), ip6("2001:db8:1:100::11"),
                    QStringLiteral("02:00:5e:00:53:11")};
    look.certificate = goodCertificate("home");
    evidence.servers = {look};
    for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan}) {
        PathReport path{host("cloud.example.org"), cloud, kind, PathState::Works};
        for (const char *step : steps) {
            if (hasStep(kind, step))
                path.steps.push_back({QString::fromLatin1(step), true});
        }
        path.certificate = goodCertificate(kind == PathKind::V4 ? "vps" : "home");
        path.http = HttpAnswer{200};
        path.addresses = {kind == PathKind::V4 ? IpAddress(ip4("198.51.100.10"))
                                               : IpAddress(ip6("2001:db8:1:100::11"))};
        evidence.paths.push_back(std::move(path));
    }
    evidence.clocks = {{QStringLiteral("the VPS"), evidence.now}, {QStringLiteral("the home server"), evidence.now}};
}

PathReport &Seen::path(PathKind kind)
{
    return *std::find_if(evidence.paths.begin(), evidence.paths.end(),
                         [kind](const PathReport &one) { return one.kind == kind; });
}

void Seen::fail(PathKind kind, const char *step, const char *reason, PathState state)
{
    PathReport &one = path(kind);
    // It was given up before it began.
    if (one.steps.empty())
        one.steps.push_back({QString::fromLatin1(step), true});
    const auto at = std::find_if(one.steps.begin(), one.steps.end(),
                                 [&](const ProbeStep &other) { return other.name == QLatin1String(step); });
    if (at == one.steps.end())
        qFatal("the path has no step %s", step);
    at->passed = false;
    at->reason = QString::fromLatin1(reason);
    // The marker comes with the answer, before what the status means is judged.
    const bool answered = qstrcmp(reason, "TIMEOUT") != 0 && qstrcmp(reason, "CLOSED") != 0;
    if (qstrcmp(step, "http") != 0 || kind != PathKind::V4 || !answered)
        one.steps.erase(at + 1, one.steps.end());
    one.state = state;
    one.failedStep = QString::fromLatin1(step);
    one.error = Error{ErrorCode::Network, QStringLiteral("It failed."), {}, {}};
    const auto came = [&](const char *name) { return one.step(name) != nullptr; };
    if (!came("identity"))
        one.certificate.reset();
    if (!came("http"))
        one.http.reset();
}

void Seen::failAll(const char *step, const char *reason)
{
    for (PathReport &one : evidence.paths)
        fail(one.kind, step, reason);
}

void Seen::failFromVps(const char *step, const char *reason)
{
    fail(PathKind::Upstream, step, reason);
    fail(PathKind::V6, step, reason);
    fail(PathKind::V4, "http", "TIMEOUT");
}

void Seen::record(const char *name, RecordType type, std::vector<QString> values)
{
    const RecordKey key{host(name), type};
    const RecordSet set{key.name, type, std::chrono::seconds(60), std::move(values)};
    evidence.seen.zone.records.insert_or_assign(key, set);
    for (NameServerSeen &server : evidence.nameServers)
        server.records.insert_or_assign(key, set);
}

void Seen::recordUnknown()
{
    const auto none = sixgate::fail(ErrorCode::Timeout, QStringLiteral("No answer."));
    for (auto &[key, known] : evidence.seen.zone.records)
        known = none;
    for (NameServerSeen &server : evidence.nameServers) {
        for (auto &[key, known] : server.records)
            known = none;
    }
    for (PathReport &one : evidence.paths)
        fail(one.kind, "dns", "", PathState::Unknown);
}

void Seen::ssh(ErrorCode code, const char *reason)
{
    evidence.ssh = Error{code, QStringLiteral("There is no login."), QString::fromLatin1(reason), {}};
    evidence.seen.vps.facts = sixgate::fail(code, QStringLiteral("Not read."));
    evidence.vpsAaaa.clear();
    evidence.vpsOutside.clear();
    for (const PathKind kind : {PathKind::Upstream, PathKind::V6}) {
        PathReport &one = path(kind);
        one.steps.clear();
        one.state = PathState::Unknown;
        one.failedStep.clear();
        one.certificate.reset();
        one.http.reset();
        one.error = evidence.ssh;
    }
}

void Seen::reach(std::vector<Reach> &list, const char *address, int port, const char *reason)
{
    const IpAddress to = *parseIpAddress(QString::fromLatin1(address));
    const auto same = std::find_if(list.begin(), list.end(), [&](const Reach &one) { return one.address == to; });
    if (same == list.end())
        list.push_back({to, *Port::fromNumber(port), QString::fromLatin1(reason)});
    else
        same->reason = QString::fromLatin1(reason);
}

void Seen::silent(const char *step, const char *reason)
{
    evidence.seen.home.servers.front().proven = sixgate::fail(ErrorCode::Network, QStringLiteral("Not proven."));
    evidence.seen.home.servers.front().certificate.reset();
    ServerLook &look = evidence.servers.front();
    look.failedStep = QString::fromLatin1(step);
    look.reason = QString::fromLatin1(reason);
    if (qstrcmp(step, "identity") != 0)
        look.certificate.reset();
    for (PathReport &one : evidence.paths) {
        if (one.kind == PathKind::V4)
            continue;
        fail(one.kind, step, reason);
    }
    fail(PathKind::V4, "marker", "proxy");
}

void Seen::certificate(const std::function<void(CertificateSeen &)> &change, const char *reason)
{
    silent("identity", reason);
    change(*evidence.servers.front().certificate);
}

} // namespace diagnosistest
