#include "decide/writers.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr std::size_t mostEarlier = 8;
constexpr std::size_t mostForeign = 16;

void keepLast(std::vector<ForeignChange> &list)
{
    if (list.size() > mostForeign)
        list.erase(list.begin(), list.end() - std::ptrdiff_t(mostForeign));
}

QString minuteText(const QDateTime &at)
{
    return at.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm")) + QStringLiteral(" UTC");
}

} // namespace

RecordPast noteSent(RecordPast past, const QString &value)
{
    std::erase(past.earlier, value);
    past.earlier.push_back(value);
    if (past.earlier.size() > mostEarlier)
        past.earlier.erase(past.earlier.begin());
    return past;
}

RecordPast noteStands(RecordPast past, const QString &value)
{
    if (past.ours && *past.ours != value)
        past = noteSent(std::move(past), QString(*past.ours));
    past.ours = value;
    past.stands = true;
    return past;
}

RecordPast noteLooked(RecordPast past, const QString &wanted, const QString &found, const QDateTime &now)
{
    // What is older tells nothing any more; what is in the future was noted while the clock was wrong.
    std::erase_if(past.foreign, [&](const ForeignChange &one) { return one.at > now || now - one.at > FightSpan; });
    if (found == wanted)
        return noteStands(std::move(past), found);
    const bool wasOurs = past.ours == found || past.taken == found ||
                         std::find(past.earlier.begin(), past.earlier.end(), found) != past.earlier.end();
    if (wasOurs)
        return past;
    if (past.ours && past.stands) {
        past.foreign.push_back({now, found});
        keepLast(past.foreign);
    }
    past.stands = false;
    return past;
}

std::optional<OtherWriter> otherWriter(const RecordPast &past, const QDateTime &now)
{
    std::vector<ForeignChange> counted;
    std::copy_if(past.foreign.begin(), past.foreign.end(), std::back_inserter(counted),
                 [&](const ForeignChange &one) { return one.at <= now && now - one.at <= FightSpan; });
    if (counted.size() < FightChanges || past.stands)
        return std::nullopt;
    const QDateTime again = counted.back().at + FightPause;
    if (now >= again)
        return std::nullopt;
    return OtherWriter{past.ours.value_or(QString()), counted.back().found, counted.size(), counted.front().at, again};
}

QString suspectOf(const QString &theirs, const std::vector<Ipv6Prefix> &home,
                  const std::optional<Ipv4Address> &publicIpv4, const std::vector<IpAddress> &router)
{
    const auto address = parseIpAddress(theirs);
    if (!address)
        return {};
    if (std::find(router.begin(), router.end(), *address) != router.end())
        return Texts::tr("that is the router's own address, so the router itself writes it (FRITZ!Box: Internet, "
                         "Permit Access, DynDNS)");
    if (const auto *four = std::get_if<Ipv4Address>(&*address)) {
        if (four->isCarrierShared())
            return Texts::tr("that address is of the kind that carriers use inside of their NAT, so the router, or "
                             "a DynDNS client in this home, writes it");
        if (publicIpv4 == *four)
            return Texts::tr("that is the address from which this home's connections over IPv4 come, so the "
                             "router, or a DynDNS client in this home, writes it");
        return {};
    }
    const auto &six = std::get<Ipv6Address>(*address);
    if (std::any_of(home.begin(), home.end(), [&](const Ipv6Prefix &one) { return one.contains(six); }))
        return Texts::tr("that address lies in this home's own network, so the router, or a machine in this home, "
                         "writes it");
    return {};
}

QString otherWriterText(const OtherWriter &other, const QString &suspect)
{
    return Texts::tr("Another program writes this record, too: Sixgate's %1 was %2 %3 times since %4%5. It is left "
                     "alone until %6. Stop the other one (the router's DynDNS, ddclient, a NAS, another Sixgate), "
                     "then: sixgatectl status check; or let Sixgate only watch this zone (\"kind\": \"watched\").")
        .arg(other.ours.isEmpty() ? QStringLiteral("deletion") : other.ours,
             other.theirs.isEmpty() ? QStringLiteral("deleted") : Texts::tr("replaced by ") + other.theirs)
        .arg(other.times)
        .arg(minuteText(other.since), suspect.isEmpty() ? QString() : QStringLiteral("; ") + suspect,
             minuteText(other.again));
}

} // namespace sixgate
