#include "ui/details/detailpage.h"
#include "ui/details/dnspage.h"
#include "ui/look/buttonwords.h"
#include "ui/overview/overviewpage.h"

namespace sixgate
{

namespace
{

QString valuesText(const std::vector<QString> &values)
{
    const QStringList all(values.begin(), values.end());
    return all.isEmpty() ? DetailPage::tr("none") : all.join(QStringLiteral(", "));
}

const SetRecords *changeOf(const Plan *plan, const RecordKey &key)
{
    if (!plan)
        return nullptr;
    for (const Change &one : plan->changes) {
        const auto *records = std::get_if<SetRecords>(&one.action);
        if (records && records->wanted.name == key.name && records->wanted.type == key.type)
            return records;
    }
    return nullptr;
}

DetailRow recordRow(const RecordKey &key, const Known<RecordSet> &seen, const SiteLook &look, const QDateTime &now)
{
    if (!seen)
        return {PathState::Unknown,
                {recordText(key), DetailPage::tr("not known"), DetailPage::tr("not known"), {}, seen.error().summary},
                seen.error().detail};
    const SetRecords *change = changeOf(look.plan.get(), key);
    const std::vector<QString> &wanted = change ? change->wanted.values : seen->values;
    const QString what = change ? valuesText(seen->values) : DetailPage::tr("as wanted");
    const auto ttl = seen->ttl.count();
    const auto around = look.dns ? look.dns->here.find(key) : std::map<RecordKey, ResolverSeen>::const_iterator();
    const ResolverSeen *here = look.dns && around != look.dns->here.end() ? &around->second : nullptr;
    const std::chrono::seconds since(look.at.secsTo(now));
    const bool none = seen->values.empty();
    return {change ? PathState::Broken : PathState::Works,
            {recordText(key), valuesText(wanted), none ? what : DetailPage::tr("%1, for %2 s").arg(what).arg(ttl),
             none ? QString() : resolverText(wanted, here, since),
             change ? DetailPage::tr("is to be changed") : DetailPage::tr("right")},
            {}};
}

const CertificateSeen *certificateOf(const SiteLook &look, const Service &service)
{
    if (!look.seen || !look.seen->vps.facts)
        return nullptr;
    const auto &all = look.seen->vps.facts->certificates;
    const auto found = all.find(service.name.text());
    return found == all.end() ? nullptr : &found->second;
}

QString challengeText(Challenge challenge)
{
    switch (challenge) {
    case Challenge::Dns:
        return DetailPage::tr("by DNS");
    case Challenge::Http:
        return DetailPage::tr("by HTTP, handed over by the home");
    case Challenge::Delegated:
        return DetailPage::tr("by DNS, answered by the VPS");
    }
    return {};
}

} // namespace

QString daysLeft(const QDateTime &end, const QDateTime &now)
{
    const qint64 days = now.secsTo(end) / 86400;
    if (now >= end)
        return DetailPage::tr("ran out");
    return DetailPage::tr("%n day(s) left", nullptr, int(days));
}

QString certificateText(const QDateTime &end, const QDateTime &now)
{
    if (!end.isValid())
        return {};
    const qint64 days = now.secsTo(end) / 86400;
    if (now >= end)
        return DetailPage::tr("certificate ran out");
    return DetailPage::tr("certificate: %n day(s)", nullptr, int(days));
}

std::vector<DetailRow> recordRows(const KeeperSnapshot *snapshot, const SiteLook &look, const QDateTime &now)
{
    std::vector<DetailRow> rows;
    if (look.seen) {
        for (const auto &[key, seen] : look.seen->zone.records) {
            // That there is no alias is nothing to show.
            if (key.type != RecordType::CNAME || !seen || !seen->values.empty())
                rows.push_back(recordRow(key, seen, look, now));
        }
        return rows;
    }
    if (!snapshot)
        return rows;
    for (const KeptRecord &one : snapshot->records) {
        const QString why = one.why.isEmpty() ? DetailPage::tr("This is not what it should be.") : buttonWords(one.why);
        const QString stands = valuesText(one.values);
        rows.push_back({one.right ? PathState::Works : PathState::Broken,
                        {one.record,
                         one.right ? stands : QString(),
                         one.right ? DetailPage::tr("as wanted") : stands,
                         {},
                         one.right ? DetailPage::tr("right, seen %1").arg(whenText(one.at, now)) : why},
                        one.right ? QString() : why});
    }
    return rows;
}

std::vector<DetailRow> serviceRows(const Site &site, const Overview &overview, const SiteLook &look,
                                   const QDateTime &now)
{
    std::vector<DetailRow> rows;
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            int work = 0, all = 0;
            PathState state = PathState::Unknown;
            for (const NameGlance &glance : overview.names) {
                if (glance.publicName != name.ascii())
                    continue;
                for (const auto &[kind, path] : glance.paths) {
                    ++all;
                    work += path.state == PathState::Works;
                    if (path.state == PathState::Broken)
                        state = PathState::Broken;
                }
            }
            if (all > 0 && work == all)
                state = PathState::Works;
            const CertificateSeen *certificate = certificateOf(look, service);
            const QString days = certificate                         ? daysLeft(certificate->notAfter, now)
                                 : look.seen && look.seen->vps.facts ? DetailPage::tr("none yet")
                                                                     : DetailPage::tr("not looked at yet");
            rows.push_back(
                {state,
                 {name.display(), DetailPage::tr("%1, port %2").arg(service.server.text(), service.port.text()), days,
                  challengeText(service.challenge),
                  state == PathState::Unknown ? DetailPage::tr("not proven")
                                              : DetailPage::tr("%1 of %2 work").arg(work).arg(all)},
                 {}});
        }
    }
    return rows;
}

std::vector<DetailRow> pushRows(const KeeperSnapshot &snapshot)
{
    std::vector<DetailRow> rows;
    for (const KeptPush &one : snapshot.pushes) {
        const QString why = one.why.isEmpty() ? DetailPage::tr("The VPS has not taken it.") : buttonWords(one.why);
        rows.push_back(
            {one.done ? PathState::Works : PathState::Broken,
             {one.upstream, one.address,
              one.done ? DetailPage::tr("right, seen %1").arg(whenText(one.at, QDateTime::currentDateTime())) : why},
             one.done ? QString() : why});
    }
    return rows;
}

} // namespace sixgate
