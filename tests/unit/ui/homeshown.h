#pragma once

#include "driver/driver.h"
#include "model/keepersnapshot.h"
#include "ui/details/sitelook.h"

#include <QWidget>

/// A home of three services as a keeper and a look at it show it.
namespace sixgate::tests
{

using namespace std::chrono_literals;

inline Site site()
{
    Site one{1, *Label::parse(latin("home")), {}, {}, {}, {}, {}, {}};
    for (const char *name : {"cloud", "photos", "ha"})
        one.services.push_back({*Label::parse(latin(name)),
                                {*Hostname::parse(latin(name) + latin(".example.org"))},
                                *Hostname::parse(latin("home6.example.org")),
                                *Label::parse(latin("nas")),
                                *Port::fromNumber(443),
                                *UrlPath::parse(latin("/"))});
    return one;
}

inline KeeperSnapshot snapshot()
{
    KeeperSnapshot one;
    one.site = latin("home");
    one.role = latin("leader");
    const QDateTime now = QDateTime::currentDateTimeUtc();
    one.prefixes = {latin("2001:db8:a007:1200::/64")};
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:a007:1200::11")), {}}};
    int took = 0;
    for (const Service &service : site().services) {
        const QString name = service.publicNames.front().ascii();
        one.records.push_back({name + latin(" A"), {latin("198.51.100.10")}, true, {}, now});
        one.records.push_back({name + latin(" AAAA"), {latin("2001:db8:a007:1200::11")}, true, {}, now});
        for (const PathKind kind : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan})
            one.paths.push_back({name,
                                 kind,
                                 PathState::Works,
                                 std::chrono::milliseconds(18 + took++),
                                 {},
                                 now,
                                 kind == PathKind::V4 ? now.addDays(30).addSecs(60) : QDateTime()});
    }
    one.pushes = {{latin("home6.example.org"), latin("2001:db8:a007:1200::11"), true, {}, now}};
    one.recovery = KeptRecovery{now, latin("a"), latin("b"), {{latin("address"), 1400}, {latin("v4"), 2200}}};
    return one;
}

/// The resolver has all as it is; the account refused the last change.
inline std::shared_ptr<const DnsAround> around(const ZoneSeen &zone, const QDateTime &now)
{
    DnsAround dns;
    for (const auto &[key, seen] : zone.records) {
        if (seen)
            dns.here[key].answer = *seen;
    }
    dns.answers[*Label::parse(latin("main"))] = {now, false, latin("The key is not known there.")};
    return std::make_shared<const DnsAround>(dns);
}

/// What a look at the example's site found; two things on the VPS are not as wanted.
inline SiteLook found(const Site &site)
{
    Observation seen;
    const QDateTime now = QDateTime::currentDateTimeUtc();
    seen.vps.ipv4 = std::vector{*Ipv4Address::parse(latin("198.51.100.10"))};
    seen.vps.ipv6 = std::vector{*Ipv6Address::parse(latin("2001:db8:5::10"))};
    VpsFacts facts;
    facts.osName = latin("Debian GNU/Linux 12 (bookworm)");
    facts.deployedId = latin("3f2a9c1b77d0e4a1");
    facts.previousId = latin("0c11d2aa90ffee21");
    facts.madeBy = latin("ada@laptop");
    facts.madeVersion = latin("0.1.0");
    facts.freeBytes = qint64(17) << 30;
    facts.apacheActive = true;
    CertificateSeen certificate{{}, Fingerprint::ofBytes("key"), {}, {}, {}, false, now, now.addDays(58).addSecs(60)};
    facts.certificates.emplace(site.services.front().name.text(), certificate);
    seen.vps.facts = facts;
    Plan plan;
    for (const auto &[name, type, value] : {std::tuple("cloud.example.org", RecordType::A, "198.51.100.10"),
                                            std::tuple("cloud.example.org", RecordType::AAAA, "2001:db8:1200::11"),
                                            std::tuple("home6.example.org", RecordType::AAAA, "2001:db8:1200::11")}) {
        const Hostname host = *Hostname::parse(latin(name));
        seen.zone.records.emplace(RecordKey{host, type}, RecordSet{host, type, 60s, {latin(value)}});
    }
    const Hostname vps = *Hostname::parse(latin("vps.example.org"));
    seen.zone.records.emplace(RecordKey{vps, RecordType::A},
                              fail(ErrorCode::Timeout, latin("ns1.example.org did not answer in time.")));
    Change record;
    record.id = latin("dns.1");
    record.verb = Verb::Update;
    record.sentence = latin("Change home6.example.org AAAA from 2001:db8:1200::11 to 2001:db8:1300::11");
    const Hostname home6 = *Hostname::parse(latin("home6.example.org"));
    record.action = SetRecords{*Label::parse(latin("main")),
                               {home6, RecordType::AAAA, 60s, {latin("2001:db8:1300::11")}},
                               {home6, RecordType::AAAA, 60s, {latin("2001:db8:1200::11")}}};
    plan.changes.push_back(record);
    for (const char *id : {"vps.1", "vps.2"}) {
        Change one;
        one.id = latin(id);
        one.lane = Lane::Vps;
        one.verb = Verb::Update;
        one.sentence = latin("Change /etc/sixgate/apache/") + latin(id);
        plan.changes.push_back(one);
    }
    SiteLook look{std::make_shared<const Observation>(seen), std::make_shared<const Plan>(plan), now};
    look.dns = around(seen.zone, now);
    return look;
}

/// Into the folder that SIXGATE_SHOTS in the environment names.
inline void keepPicture(QWidget &window, const QString &name)
{
    const QString folder = qEnvironmentVariable("SIXGATE_SHOTS");
    if (!folder.isEmpty())
        window.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

} // namespace sixgate::tests
