// What answers: the proxy on the VPS, and the service at home.

#include "decide/findings.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

/// What visitors get, for a sentence: "status 502", "no answer".
QString statusOf(const NameSeen &one, PathKind kind)
{
    const PathReport *path = one.path(kind);
    return path && path->http ? Texts::tr("status %1").arg(path->http->status) : Texts::tr("no answer");
}

/// What a page of nobody's is, in words.
QString pageText(const QString &page)
{
    const std::map<QString, QString> known = {
        {QStringLiteral("nginx-default"), Texts::tr("the default page of nginx")},
        {QStringLiteral("apache-default"), Texts::tr("the default page of Apache")},
        {QStringLiteral("caddy-default"), Texts::tr("the default page of Caddy")},
        {QStringLiteral("nginx-proxy-manager-default"), Texts::tr("the default page of Nginx Proxy Manager")},
        {QStringLiteral("synology-default"), Texts::tr("the default page of a Synology NAS")},
        {QStringLiteral("test-page"), Texts::tr("the test page of a web server")}};
    const auto found = known.find(page);
    return found == known.end() ? Texts::tr("a default page") : found->second;
}

/// Why there is no HTTP or TLS, in words.
QString brokenText(const QString &reason, const QString &protocol)
{
    return reason == QLatin1String("PROTOCOL")  ? Texts::tr("what it answers is not %1").arg(protocol)
           : reason == QLatin1String("CLOSED")  ? Texts::tr("it ends the connection without an answer")
           : reason == QLatin1String("TIMEOUT") ? Texts::tr("no answer comes in time")
                                                : Texts::tr("the connection breaks (%1)").arg(reason);
}

void judgeProxy(const Sight &sight, Findings &out, const NameSeen &one)
{
    const PathReport *path = one.path(PathKind::V4);
    if (!path || path->state != PathState::Broken || out.has("vps-off") || out.has("line-down"))
        return;
    const QString vps = sight.vpsName();
    const auto &facts = sight.seen.seen.vps.facts;
    const QString step = path->failedStep;
    const QStringList evidence{QStringLiteral("%1: %2").arg(step, stepText(one, PathKind::V4, qPrintable(step)))};
    const std::set<QString> subjects{one.name.ascii(), one.service.name.text()};
    const auto add = [&](const char *code, const QString &about, const std::set<QString> &touched,
                         QStringList more = {}) {
        out.add({QString::fromLatin1(code),
                 about,
                 {{QStringLiteral("vps"), vps},
                  {QStringLiteral("name"), one.name.ascii()},
                  {QStringLiteral("upstream"), one.service.upstreamName.ascii()},
                  {QStringLiteral("port"), QStringLiteral("443")},
                  {QStringLiteral("new"),
                   listed(sight.values(one.service.upstreamName, RecordType::AAAA).value_or(std::vector<QString>()))},
                  {QStringLiteral("status"), statusOf(one, PathKind::V4)}},
                 evidence + more,
                 touched});
    };
    if (step == QLatin1String("dns"))
        return; // the records' affair
    if (facts && facts->deployedId.isEmpty()) {
        if (!out.has("not-deployed"))
            add("not-deployed", vps, {}, {Texts::tr("The VPS has no deployment of Sixgate.")});
        return;
    }
    if (one.failedAt(PathKind::V4, "connect", {"ECONNREFUSED"})) {
        const bool runs = facts && facts->apacheActive;
        const char *code = runs ? "proxy-not-listening" : "proxy-stopped";
        if (!out.has(code))
            add(code, vps, {},
                !facts ? QStringList()
                       : QStringList{runs ? Texts::tr("apache2 runs, but this port refuses connections.")
                                          : Texts::tr("apache2 does not run.")});
        return;
    }
    const bool upstreamWorks = one.works(PathKind::Upstream);
    const bool homeWell = one.works(PathKind::V6) || one.works(PathKind::Lan);
    const bool noAnswer = one.failedAt(PathKind::V4, "http", {"TIMEOUT", "CLOSED"});
    if (one.failedAt(PathKind::V4, "marker", {"proxy", "loop"}) || noAnswer) {
        if (upstreamWorks && homeWell)
            add("proxy-old-address", vps, subjects,
                {Texts::tr("The VPS itself reaches the home by %1.").arg(one.service.upstreamName.ascii())});
        else
            add("proxy-cannot-reach", vps, one.subjects());
    } else if (one.failedAt(PathKind::V4, "marker", {"other"}) ||
               one.failedAt(PathKind::V4, "tls", {"PROTOCOL", "CLOSED"})) {
        add("proxy-other-site", one.name.ascii(), subjects);
    }
}

/// Where the circle is there without the proxy, nothing that the proxy says can end it.
QString adviceOnLoop(PathKind kind, const QString &service)
{
    if (kind == PathKind::V4)
        return Texts::tr("Let %1 trust the header X-Forwarded-Proto of the VPS's proxy, or turn off its own "
                         "redirect to https. In Nextcloud: \"trusted_proxies\" with the VPS's IPv6 address, and "
                         "\"overwriteprotocol\" => \"https\".")
            .arg(service);
    return Texts::tr("The circle is there without the VPS, too, so look at %1 itself: turn off its own redirect "
                     "to https, and see that its own address (base URL) is right. If a web server of yours "
                     "stands before it, let that set X-Forwarded-Proto: https, and %1 trust it.")
        .arg(service);
}

void judgeService(Findings &out, const NameSeen &one)
{
    // Seen nearest first; over the VPS only what came from the home counts (the marker passed).
    for (const PathKind kind : {PathKind::Lan, PathKind::V6, PathKind::V4}) {
        if (kind == PathKind::V4 && !one.passed(kind, "marker"))
            continue;
        if (!one.failedAt(kind, "http"))
            continue;
        const PathReport *path = one.path(kind);
        const QString reason = path->reason();
        const QStringList evidence{QStringLiteral("%1 (%2)").arg(stepText(one, kind, "http"), pathName(kind))};
        const auto add = [&](const char *code, const QString &about, Fields more) {
            more.emplace(QStringLiteral("service"), one.service.name.text());
            more.emplace(QStringLiteral("server"), one.server.name.text());
            more.emplace(QStringLiteral("name"), one.name.ascii());
            more.emplace(QStringLiteral("status"), statusOf(one, kind));
            out.add({QString::fromLatin1(code), about, more, evidence, one.subjects()});
        };
        const QString service = one.service.name.text();
        if (reason == QLatin1String("redirect-loop"))
            return add("app-redirect-loop", service,
                       {{QStringLiteral("url"),
                         QStringLiteral("https://%1%2").arg(one.name.ascii(), one.service.probePath.text())},
                        {QStringLiteral("advice"), adviceOnLoop(kind, service)}});
        if (reason == QLatin1String("421") || reason.endsWith(QLatin1String("-default")) ||
            reason == QLatin1String("test-page"))
            return add("wrong-virtual-host", one.name.ascii(),
                       {{QStringLiteral("answer"),
                         reason == QLatin1String("421")
                             ? Texts::tr("status 421, by which it says itself that the name is not its own")
                             : Texts::tr("%1, with %2").arg(pageText(reason), statusOf(one, kind))}});
        if (reason == QLatin1String("TIMEOUT")) {
            // Over the LAN or from the VPS with a good handshake it is the service that is slow.
            const ProbeStep *step = path->step("http");
            return add("app-slow", service,
                       {{QStringLiteral("seconds"), QString::number(step ? step->took.count() / 1000 : 0)}});
        }
        if (reason.size() == 3 && reason >= QLatin1String("500"))
            return add("app-error", service, {});
        if (reason == QLatin1String("PROTOCOL") || reason == QLatin1String("CLOSED"))
            return add("app-error", service, {{QStringLiteral("status"), brokenText(reason, QStringLiteral("HTTP"))}});
    }
}

/// No TLS where it should be.
void judgeTls(const Sight &sight, Findings &out, const NameSeen &one)
{
    const ServerLook *look = sight.look(one.server.name, one.service.port);
    const bool inLan = look && look->failedStep == QLatin1String("tls");
    const bool fromVps = !sight.atHome.value_or(false) && one.failedAt(PathKind::V6, "tls", {"PROTOCOL", "CLOSED"});
    if (!inLan && !fromVps)
        return;
    const auto address = sight.address(one.server.name);
    const QString reason = inLan ? look->reason : one.path(PathKind::V6)->reason();
    out.add({QStringLiteral("tls-broken"),
             one.server.name.text(),
             {{QStringLiteral("server"), one.server.name.text()},
              {QStringLiteral("address"), address ? address->text() : Texts::tr("its address")},
              {QStringLiteral("port"), one.service.port.text()},
              {QStringLiteral("reason"), brokenText(reason, QStringLiteral("TLS"))}},
             {inLan ? Texts::tr("In the LAN: the connection is made, the TLS handshake fails (%1).").arg(reason)
                    : stepText(one, PathKind::V6, "tls")},
             one.subjects()});
}

} // namespace

void findService(const Sight &sight, Findings &out)
{
    std::set<std::pair<QString, int>> done;
    for (const NameSeen &one : sight.names) {
        if (done.insert({one.server.name.text(), one.service.port.number()}).second)
            judgeTls(sight, out, one);
        judgeProxy(sight, out, one);
        judgeService(out, one);
    }
}

} // namespace sixgate
