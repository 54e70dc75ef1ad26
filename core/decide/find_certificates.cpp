// Certificates, at home and on the VPS.

#include "decide/findings.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

bool nearItsEnd(const CertificateSeen &certificate, const QDateTime &now)
{
    const qint64 lifetime = certificate.notBefore.secsTo(certificate.notAfter);
    const qint64 left = now.secsTo(certificate.notAfter);
    return left > 0 && left < std::min<qint64>(lifetime / 5, 21 * 86400);
}

namespace
{

QString namesText(const std::vector<QString> &names)
{
    return names.empty() ? Texts::tr("no name at all") : listed(names);
}

QString daysText(const CertificateSeen &certificate, const QDateTime &now)
{
    return QString::number(std::max<qint64>(0, now.daysTo(certificate.notAfter)));
}

/// What was shown at a server's own address, and whether that was refused.
struct Shown {
    const CertificateSeen *certificate = nullptr;
    QString reason; ///< as of identityReason(); empty: accepted
    QString where;
};

std::optional<Shown> shownAtHome(const Sight &sight, const NameSeen &one)
{
    // A look is for one name; a server may have a certificate for each.
    const ServerLook *look = sight.look(one.server.name, one.service.port);
    const bool asked = look && look->name == one.name;
    if (asked && look->certificate)
        return Shown{&*look->certificate, look->failedStep == QLatin1String("identity") ? look->reason : QString(),
                     Texts::tr("in the LAN at %1").arg(look->address ? look->address->text() : QString())};
    if (const ServerSeen *server = sight.server(one.server.name); asked && server && server->certificate)
        return Shown{&*server->certificate, {}, Texts::tr("in the LAN")};
    const auto address = sight.address(one.server.name);
    for (const PathKind kind : {PathKind::Lan, PathKind::V6, PathKind::Upstream}) {
        const PathReport *path = one.path(kind);
        if (!path || !path->certificate)
            continue;
        // What a stranger's address shows says nothing about the server; where it is, is known only in the home.
        if (sight.atHome.value_or(false) && address && path->addresses != std::vector<IpAddress>{*address})
            continue;
        return Shown{&*path->certificate, path->failedStep == QLatin1String("identity") ? path->reason() : QString(),
                     kind == PathKind::Lan ? Texts::tr("in the LAN") : Texts::tr("seen from the VPS")};
    }
    return std::nullopt;
}

void judgeHome(const Sight &sight, Findings &out, const NameSeen &one, const Shown &shown)
{
    const CertificateSeen &certificate = *shown.certificate;
    const QString pin = pinnedKeyPlace(sight.site, one.server.name);
    const auto add = [&](const char *code, Fields more = {}) {
        more.emplace(QStringLiteral("server"), one.server.name.text());
        more.emplace(QStringLiteral("name"), one.name.ascii());
        more.emplace(QStringLiteral("names"), namesText(certificate.names));
        more.emplace(QStringLiteral("issuer"), certificate.issuer);
        more.emplace(QStringLiteral("until"), dayText(certificate.notAfter));
        more.emplace(QStringLiteral("from"), dayText(certificate.notBefore));
        more.emplace(QStringLiteral("days"), daysText(certificate, sight.trueNow));
        more.emplace(QStringLiteral("field"), pin);
        more.emplace(QStringLiteral("fingerprint"), certificate.key.text());
        more.emplace(QStringLiteral("value"), certificate.key.text());
        out.add({QString::fromLatin1(code),
                 one.server.name.text(),
                 more,
                 {Texts::tr("Shown %1: names %2; issuer %3; valid until %4; key %5")
                      .arg(shown.where, namesText(certificate.names), certificate.issuer, dayText(certificate.notAfter),
                           certificate.key.text())},
                 one.subjects()});
    };
    if (shown.reason.isEmpty()) {
        if (nearItsEnd(certificate, sight.trueNow))
            add("home-cert-expiring");
        return;
    }
    const bool clockWrong = out.has("clock-wrong");
    if (shown.reason == QLatin1String("expired")) {
        if (!clockWrong || certificate.notAfter <= sight.trueNow)
            add("home-cert-expired");
    } else if (shown.reason == QLatin1String("not-yet-valid")) {
        if (!clockWrong || certificate.notBefore > sight.trueNow)
            add("home-cert-not-yet");
    } else if (shown.reason == QLatin1String("wrong-name")) {
        add("home-cert-wrong-name");
    } else if (shown.reason == QLatin1String("self-signed")) {
        add("home-cert-self-signed");
    } else if (shown.reason == QLatin1String("incomplete")) {
        add("home-cert-incomplete");
    } else if (shown.reason == QLatin1String("untrusted")) {
        add("home-cert-untrusted");
    } else if (shown.reason == QLatin1String("other-key") && one.server.pinnedKey) {
        add("home-cert-other-key",
            {{QStringLiteral("old"), one.server.pinnedKey->text()}, {QStringLiteral("new"), certificate.key.text()}});
    }
}

void judgeVps(const Sight &sight, Findings &out, const NameSeen &one)
{
    const PathReport *path = one.path(PathKind::V4);
    if (!path || !path->certificate)
        return;
    // Where the A record leads elsewhere it is not the VPS's.
    if (!path->step("dns") || !path->step("dns")->passed)
        return;
    const auto &facts = sight.seen.seen.vps.facts;
    if (facts && facts->deployedId.isEmpty())
        return;
    const CertificateSeen &certificate = *path->certificate;
    const auto add = [&](const char *code, const QString &reason = {}) {
        out.add({QString::fromLatin1(code),
                 one.name.ascii(),
                 {{QStringLiteral("name"), one.name.ascii()},
                  {QStringLiteral("vps"), sight.vpsName()},
                  {QStringLiteral("until"), dayText(certificate.notAfter)},
                  {QStringLiteral("days"), daysText(certificate, sight.trueNow)},
                  {QStringLiteral("reason"), reason}},
                 {Texts::tr("The VPS shows: names %1; issuer %2; valid until %3")
                      .arg(namesText(certificate.names), certificate.issuer, dayText(certificate.notAfter))},
                 {one.name.ascii(), one.service.name.text()}});
    };
    if (path->failedStep != QLatin1String("identity")) {
        if (nearItsEnd(certificate, sight.trueNow))
            add("vps-cert-expiring");
        return;
    }
    const bool over = certificate.notAfter <= sight.trueNow;
    if (path->reason() == QLatin1String("expired") && (over || !out.has("clock-wrong")))
        add("vps-cert-expired");
    else if (path->reason() != QLatin1String("expired") && path->reason() != QLatin1String("not-yet-valid"))
        add("vps-cert-wrong", path->error ? path->error->summary : QString());
}

/// What certbot said of the renewal when it was rehearsed last.
void judgeRenewals(const Sight &sight, Findings &out)
{
    const auto &facts = sight.seen.seen.vps.facts;
    if (!facts)
        return;
    for (const Service &service : sight.site.services) {
        const auto ended = facts->renewalTest.ended.find(service.name.text());
        if (ended == facts->renewalTest.ended.end() || ended->second.good)
            continue;
        const auto certificate = facts->certificates.find(service.name.text());
        // It was got anew since then.
        if (certificate == facts->certificates.end() || certificate->second.notBefore > ended->second.at)
            continue;
        out.add({QStringLiteral("vps-cert-renewal"),
                 service.name.text(),
                 {{QStringLiteral("service"), service.name.text()},
                  {QStringLiteral("name"), service.publicNames.front().ascii()},
                  {QStringLiteral("vps"), sight.vpsName()},
                  {QStringLiteral("until"), dayText(certificate->second.notAfter)},
                  {QStringLiteral("reason"), ended->second.text}},
                 {Texts::tr("certbot's dry run on %1: %2").arg(dayText(ended->second.at), ended->second.text)},
                 {service.name.text(), service.publicNames.front().ascii()}});
    }
}

} // namespace

void findCertificates(const Sight &sight, Findings &out)
{
    judgeRenewals(sight, out);
    // One certificate for many names is one condition.
    std::set<std::pair<QString, QByteArray>> done;
    for (const NameSeen &one : sight.names) {
        const auto shown = shownAtHome(sight, one);
        if (shown && done.insert({one.server.name.text() + shown->reason,
                                  shown->certificate->key.text().toLatin1() +
                                      shown->certificate->notAfter.toString(Qt::ISODate).toLatin1()})
                         .second)
            judgeHome(sight, out, one, *shown);
        judgeVps(sight, out, one);
    }
}

} // namespace sixgate
