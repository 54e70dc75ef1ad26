// What the records say, and what they should say.

#include "decide/findings.h"
#include "decide/memory.h"
#include "decide/records.h"
#include "decide/writers.h"
#include "model/interfaceid.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

class Records
{
public:
    Records(const Sight &sight, Findings &out) : m_sight(sight), m_out(out) {}

    void judge(const NameSeen &one)
    {
        // Several services may share an upstream name.
        if (m_done.insert(one.name.ascii()).second)
            judgePublic(one);
        if (m_done.insert(one.service.upstreamName.ascii()).second)
            judgeUpstream(one);
    }

private:
    void add(const char *code, const RecordKey &key, const std::vector<QString> &old, const QString &wanted,
             const NameSeen &one, QStringList more = {})
    {
        const QString record = recordText(key);
        const bool visitors = key.name != one.service.upstreamName;
        m_out.add(
            {QString::fromLatin1(code),
             record,
             {{QStringLiteral("record"), record},
              {QStringLiteral("old"), listed(old)},
              {QStringLiteral("new"), wanted},
              {QStringLiteral("values"), listed(old)},
              {QStringLiteral("who"),
               visitors ? Texts::tr("Visitors over IPv6 pick") : Texts::tr("Only the VPS uses this record; it picks")},
              {QStringLiteral("effect"), visitors ? Texts::tr("some get in and some do not, or wait long")
                                                  : Texts::tr("visitors over IPv4 get in now and then, or wait long")},
              {QStringLiteral("vps"), m_sight.vpsName()},
              {QStringLiteral("server"), one.server.name.text()}},
             QStringList{QStringLiteral("%1: %2").arg(record, listed(old))} + more,
             {key.name.ascii(), visitors ? one.name.ascii() : key.name.ascii(), one.service.name.text(),
              one.server.name.text(), record}});
    }

    bool judgeAlias(const NameSeen &one, const Hostname &name, const QStringList &more = {})
    {
        const auto alias = m_sight.values(name, RecordType::CNAME);
        if (!alias || alias->empty())
            return false;
        add("cname-in-the-way", {name, RecordType::CNAME}, *alias, QString(), one, more);
        return true;
    }

    void judgePublic(const NameSeen &one)
    {
        const auto place = publicPlace(m_sight.site, m_sight.seen.seen.zone, one.service, one.name);
        if (!place) {
            if (place.error().code == ErrorCode::Refused)
                judgeAlias(one, one.name, {place.error().summary});
            return;
        }
        if (!place->account) {
            // Nobody here can mend it: it is right, or the alias is in the way.
            for (const RecordWish &wish : recordWishes(m_sight.site, m_sight.seen.seen)) {
                if (wish.key.name == one.name && !wish.values && wish.values.error().code == ErrorCode::Refused) {
                    judgeAlias(one, one.name, {wish.values.error().summary});
                    return;
                }
            }
            return;
        }
        const RecordKey a{place->name, RecordType::A};
        const auto values = m_sight.values(one.name, RecordType::A);
        const auto &vps = m_sight.seen.seen.vps.ipv4;
        if (values && vps && !vps->empty()) {
            std::vector<QString> wanted;
            for (const Ipv4Address &address : *vps)
                wanted.push_back(address.text());
            std::sort(wanted.begin(), wanted.end());
            if (values->empty())
                add("a-missing", a, *values, listed(wanted), one);
            else if (*values != wanted)
                add(isHomes(*values) ? "a-carrier-nat" : "a-not-vps", a, *values, listed(wanted), one,
                    {Texts::tr("The VPS has %1.").arg(listed(wanted))});
        }
        judgeAaaa(one, place->name);
    }

    void judgeUpstream(const NameSeen &one)
    {
        const Hostname &name = one.service.upstreamName;
        if (judgeAlias(one, name))
            return;
        const auto a = m_sight.values(name, RecordType::A);
        if (a && !a->empty())
            add("upstream-has-a", {name, RecordType::A}, *a, QStringLiteral("none"), one);
        judgeAaaa(one, name);
    }

    /// Where IPv4 connections from the home come from (behind carrier-grade NAT many customers share it), or the space
    /// that such a carrier uses inside.
    bool isHomes(const std::vector<QString> &values) const
    {
        return std::any_of(values.begin(), values.end(), [&](const QString &value) {
            const auto address = Ipv4Address::parse(value);
            return address && (address->isCarrierShared() || m_sight.seen.publicIpv4 == std::optional(*address));
        });
    }

    void judgeAaaa(const NameSeen &one, const Hostname &name)
    {
        const RecordKey key{name, RecordType::AAAA};
        const auto values = m_sight.values(name, RecordType::AAAA);
        if (!values)
            return;
        const auto home = m_sight.address(one.server.name);
        const bool proven = m_sight.proven(one.server.name);
        const QString wanted = home ? home->text() : Texts::tr("the home server's address");
        if (values->empty())
            return add("aaaa-missing", key, *values, wanted, one);
        const auto &vps = m_sight.seen.seen.vps.ipv6;
        for (const QString &value : *values) {
            const auto address = Ipv6Address::parse(value);
            if (address && vps && std::find(vps->begin(), vps->end(), *address) != vps->end())
                return add("aaaa-is-vps", key, *values, wanted, one,
                           {Texts::tr("%1 is the VPS's own address.").arg(value)});
        }
        if (values->size() > 1)
            return add("two-aaaa", key, *values, wanted, one);
        const auto address = Ipv6Address::parse(values->front());
        if (!home || !address || *address == *home)
            return;
        const ServerLook *look = m_sight.look(one.server.name);
        if (look && look->foreign == std::optional(*address))
            return add("aaaa-other-host", key, *values, wanted, one,
                       {Texts::tr("Another machine in this LAN answers at %1.").arg(address->text())});
        if (proven)
            return add("stale-aaaa", key, *values, wanted, one,
                       {Texts::tr("%1 answers at %2.").arg(one.server.name.text(), wanted)});
        // The server itself does not answer: only a prefix that is no longer the home's tells for sure.
        const auto here = prefixes();
        const auto its = Ipv6Prefix::of(*address, 64);
        if (m_sight.atHome.value_or(false) && its && !here.empty() && !here.contains(its->text()))
            add("stale-aaaa", key, *values, wanted, one,
                {Texts::tr("The home's prefix is %1 now.").arg(listed({here.begin(), here.end()}))});
    }

    /// The /64s in which this machine has a lasting address now: a route alone may be an old prefix's.
    std::set<QString> prefixes() const
    {
        std::set<QString> out;
        if (!m_sight.seen.link)
            return out;
        for (const LocalAddress &one : m_sight.seen.link->addresses) {
            const auto prefix = Ipv6Prefix::of(one.address, 64);
            if (prefix && one.address.isGlobal() && !one.deprecated && one.link == LinkKind::Lan)
                out.insert(prefix->text());
        }
        return out;
    }

    const Sight &m_sight;
    Findings &m_out;
    std::set<QString> m_done;
};

/// The router's addresses in the home's prefixes, as far as its hardware address tells them (RFC 4291, appendix A).
std::vector<IpAddress> routerAddresses(const Sight &sight, const std::vector<Ipv6Prefix> &prefixes)
{
    std::vector<IpAddress> addresses;
    const auto id = InterfaceId::parse(sight.seen.router);
    if (!id)
        return addresses;
    for (const Ipv6Prefix &prefix : prefixes) {
        if (prefix.length() > 64)
            continue;
        std::array<std::uint8_t, 16> bytes{};
        std::copy_n(prefix.network().bytes().begin(), 8, bytes.begin());
        std::copy(id->bytes().begin(), id->bytes().end(), bytes.begin() + 8);
        addresses.push_back(Ipv6Address::fromBytes(bytes));
    }
    return addresses;
}

void findWriters(const Sight &sight, Findings &out)
{
    const auto prefixes = sight.seen.seen.home.prefixes.value_or(std::vector<Ipv6Prefix>());
    const auto router = routerAddresses(sight, prefixes);
    for (const auto &[key, history] : sight.seen.memory.records) {
        const auto writers = twoWriters(sight.seen.memory, key, sight.seen.now);
        if (!writers)
            continue;
        QStringList evidence;
        for (const QDateTime &time : writers->times)
            evidence << dayText(time);
        std::set<QString> subjects{key.name.ascii(), recordText(key)};
        QStringList facts{
            Texts::tr("Sixgate's %1 was replaced by %2: %3")
                .arg(listed(writers->ours), listed(writers->theirs), evidence.join(QStringLiteral(", ")))};
        if (writers->theirs.size() == 1) {
            if (const QString who = suspectOf(writers->theirs.front(), prefixes, sight.seen.publicIpv4, router);
                !who.isEmpty())
                facts << QStringLiteral("%1: %2.").arg(writers->theirs.front(), who);
        }
        out.add({QStringLiteral("two-writers"),
                 recordText(key),
                 {{QStringLiteral("record"), recordText(key)},
                  {QStringLiteral("ours"), listed(writers->ours)},
                  {QStringLiteral("theirs"), listed(writers->theirs)},
                  {QStringLiteral("times"), QString::number(writers->times.size())}},
                 facts,
                 subjects});
    }
}

} // namespace

void findRecords(const Sight &sight, Findings &out)
{
    Records records(sight, out);
    for (const NameSeen &one : sight.names)
        records.judge(one);
    findWriters(sight, out);
}

} // namespace sixgate
