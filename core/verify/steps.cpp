#include "verify/steps.h"

#include "model/aliases.h"
#include "model/texts.h"

#include <QRandomGenerator>

namespace sixgate
{

namespace
{

// The addresses that the zone has for the name; nothing, and the walk ended, where it has none.
template <class Address>
std::vector<Address> zoneAddresses(Walk &walk, const ZoneSeen &zone, const Hostname &name, RecordType type)
{
    const QString what = recordText({name, type});
    const auto chain = followAliases(zone, name);
    if (!chain) {
        if (chain.error().code == ErrorCode::Protocol || chain.error().code == ErrorCode::Invalid)
            walk.broken("dns", noTime, chain.error().detail, chain.error(), QStringLiteral("cname"));
        else
            walk.unknown("dns", noTime, what, chain.error());
        return {};
    }
    const Hostname &end = chain->end;
    const auto found = zone.records.find(RecordKey{end, type});
    if (found == zone.records.end()) {
        walk.unknown("dns", noTime, what,
                     Error{ErrorCode::NotFound, Texts::tr("The zone was not asked for %1.").arg(what), {}, {}});
        return {};
    }
    if (!found->second) {
        walk.unknown("dns", noTime, what, found->second.error());
        return {};
    }
    std::vector<Address> addresses;
    for (const QString &value : found->second->values) {
        if (const auto address = Address::parse(value))
            addresses.push_back(*address);
    }
    for (const Address &address : addresses)
        walk.report().addresses.push_back(address);
    if (addresses.empty() && end != name)
        walk.broken("dns", noTime,
                    Texts::tr("%1 CNAME %2, which has no %3").arg(name.ascii(), end.ascii(), recordTypeName(type)),
                    Error{ErrorCode::Invalid,
                          Texts::tr("%1 is an alias (CNAME) of %2, which has no %3 record.")
                              .arg(name.ascii(), end.ascii(), recordTypeName(type)),
                          {},
                          Texts::tr("\"sixgatectl plan\" tells whether Sixgate can set it; else remove the CNAME "
                                    "record, or use another name in the site file.")},
                    QStringLiteral("cname"));
    else if (addresses.empty())
        walk.broken("dns", noTime, QStringLiteral("%1: none").arg(what),
                    mendedByApply(ErrorCode::NotFound, Texts::tr("There is no record %1.").arg(what)),
                    QStringLiteral("none"));
    return addresses;
}

bool isVps(const VerifyInputs &inputs, const Ipv6Address &address)
{
    return inputs.vps.ipv6 &&
           std::find(inputs.vps.ipv6->begin(), inputs.vps.ipv6->end(), address) != inputs.vps.ipv6->end();
}

} // namespace

QByteArray newToken()
{
    QByteArray bytes(16, Qt::Uninitialized);
    QRandomGenerator::system()->generate(bytes.begin(), bytes.end());
    return bytes.toHex();
}

Error mendedByApply(ErrorCode code, const QString &summary)
{
    return {code, summary, {}, Texts::tr("Run \"sixgatectl apply\" at home.")};
}

std::vector<Ipv4Address> zoneIpv4(Walk &walk, const ZoneSeen &zone, const Hostname &name)
{
    return zoneAddresses<Ipv4Address>(walk, zone, name, RecordType::A);
}

std::vector<Ipv6Address> homeAddresses(Walk &walk, const VerifyInputs &inputs, const Hostname &name)
{
    const auto addresses = zoneAddresses<Ipv6Address>(walk, inputs.zone, name, RecordType::AAAA);
    if (walk.ended())
        return {};
    const QString detail = QStringLiteral("%1 AAAA %2").arg(name.ascii(), listText(addresses));
    for (const Ipv6Address &address : addresses) {
        if (isVps(inputs, address)) {
            walk.broken("dns", noTime, detail,
                        mendedByApply(ErrorCode::Invalid,
                                      Texts::tr("%1 leads back to the VPS: %2 is the VPS's own IPv6 address.")
                                          .arg(name.ascii(), address.text())),
                        QStringLiteral("vps"));
            return {};
        }
    }
    walk.passed("dns", noTime, detail);
    return addresses;
}

ExpectedIdentity homeIdentity(const Ground &ground, const PathQuestion &question)
{
    return {question.name, question.server ? question.server->pinnedKey : std::nullopt,
            ground.inputs.vpsKeys.value_or(std::set<Fingerprint>()),
            pinnedKeyPlace(ground.site, question.service.server)};
}

bool knowsIdentity(const Ground &ground, const PathQuestion &question)
{
    return ground.inputs.vpsKeys || (question.server && question.server->pinnedKey);
}

void judgeIdentity(Walk &walk, const Ground &ground, const PathQuestion &question)
{
    if (walk.ended() || knowsIdentity(ground, question))
        return;
    const Error &why = ground.inputs.vpsKeys.error();
    walk.revoke("identity", PathState::Unknown,
                Error{ErrorCode::Unavailable,
                      Texts::tr("It is not known whether the home server answered or the VPS itself: the keys of "
                                "the VPS's certificates could not be read."),
                      QStringLiteral("%1 %2").arg(why.summary, why.detail).trimmed(),
                      why.fix.isEmpty()
                          ? Texts::tr("Run \"sixgatectl check\" again when the VPS can be reached by SSH.")
                          : why.fix});
}

std::optional<HttpQuestion> homeHttp(const Ground &ground, const PathQuestion &question)
{
    if (!knowsIdentity(ground, question))
        return std::nullopt;
    return HttpQuestion{question.service.probePath, newToken()};
}

} // namespace sixgate
