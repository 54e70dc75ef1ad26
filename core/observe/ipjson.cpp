// What `ip -j -6 address` of iproute2 prints. Facts of 6.1 that shape this reader:
// - with a filter (`scope global`, `temporary`) the entries left out stay in `addr_info` as empty objects;
// - with a peer, `local` is this machine's address, `address` the peer's, and `prefixlen` belongs to the peer;
// - the flag IFA_F_SECONDARY is printed as `temporary` for IPv6; `secondary` is for IPv4 alone;
// - an optimistic address has `tentative` too while duplicate detection runs;
// - the interface's flags are there with `-6` as well, its link_type only without;
// - lifetimes are seconds, 4294967295 is "forever", and a deprecated one's preferred lifetime may be negative.

#include "observe/home.h"

#include "model/text.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

constexpr qint64 forever = 4294967295;

tl::unexpected<Error> bad(const QString &place, const QString &sentence)
{
    const QString where = place.isEmpty() ? QString() : place + QStringLiteral(": ");
    return fail(ErrorCode::Invalid,
                Texts::tr("This is not the output of \"ip -j -6 address\": %1").arg(where + sentence), {},
                Texts::tr("Save it with: ip -j -6 address > addresses.json"));
}

/// Reads the members of one address entry; the first wrong one is kept as the error.
class Entry
{
public:
    Entry(QJsonObject object, QString place) : m_object(std::move(object)), m_place(std::move(place)) {}

    QString text(const char *key)
    {
        const QJsonValue value = member(key);
        if (!value.isUndefined() && !value.isString())
            refuse(key, Texts::tr("a text is wanted."));
        return value.toString();
    }
    bool flag(const char *key)
    {
        const QJsonValue value = member(key);
        if (!value.isUndefined() && !value.isBool())
            refuse(key, Texts::tr("true or false is wanted."));
        return value.toBool();
    }
    std::optional<qint64> number(const char *key, qint64 least, qint64 most)
    {
        const QJsonValue value = member(key);
        if (value.isUndefined())
            return std::nullopt;
        constexpr qint64 none = std::numeric_limits<qint64>::min();
        const qint64 number = value.toInteger(none);
        if (!value.isDouble() || number < least || number > most) {
            refuse(key, Texts::tr("a whole number from %1 to %2 is wanted.").arg(least).arg(most));
            return std::nullopt;
        }
        return number;
    }
    Lifetime lifetime(const char *key)
    {
        const auto count = number(key, -forever, forever);
        if (!count || *count == forever)
            return std::nullopt;
        return std::chrono::seconds(std::max<qint64>(*count, 0));
    }
    std::optional<Ipv6Address> address(const char *key)
    {
        const QString written = text(key);
        if (written.isEmpty())
            return std::nullopt;
        const auto parsed = Ipv6Address::parse(written);
        if (!parsed) {
            refuse(key, parsed.error().summary);
            return std::nullopt;
        }
        return *parsed;
    }
    void refuse(const char *key, const QString &sentence)
    {
        if (m_good)
            m_good = bad(m_place + QLatin1Char('.') + QLatin1String(key), sentence);
    }
    const Outcome &good() const { return m_good; }

private:
    QJsonValue member(const char *key) const { return m_object.value(QLatin1String(key)); }

    QJsonObject m_object;
    QString m_place;
    Outcome m_good;
};

struct Link {
    QString name;
    LinkKind kind = LinkKind::Lan;
};

/// By the flags, as netlink's reader does it; by the link type where they were left out.
LinkKind kindOf(const QJsonValue &flags, const QString &type)
{
    const QJsonArray all = flags.toArray();
    const auto has = [&all](const char *flag) { return all.contains(QLatin1String(flag)); };
    static const QStringList tunnels{QStringLiteral("none"),    QStringLiteral("sit"), QStringLiteral("ipip"),
                                     QStringLiteral("tunnel6"), QStringLiteral("gre"), QStringLiteral("gre6"),
                                     QStringLiteral("ppp")};
    if (flags.isUndefined())
        return type == QLatin1String("loopback") ? LinkKind::Loopback
               : tunnels.contains(type)          ? LinkKind::PointToPoint
                                                 : LinkKind::Lan;
    return has("LOOPBACK")      ? LinkKind::Loopback
           : has("POINTOPOINT") ? LinkKind::PointToPoint
           : has("NOARP")       ? LinkKind::NoNeighbours
                                : LinkKind::Lan;
}

/// Collects what the entries say.
class Reader
{
public:
    Outcome link(const QJsonValue &value, const QString &place)
    {
        if (!value.isObject())
            return bad(place, Texts::tr("an object is wanted."));
        const QJsonObject object = value.toObject();
        const QJsonValue name = object.value(QLatin1String("ifname"));
        if (!name.isUndefined() && !name.isString())
            return bad(place + QStringLiteral(".ifname"), Texts::tr("a text is wanted."));
        const QJsonValue list = object.value(QLatin1String("addr_info"));
        if (!list.isUndefined() && !list.isArray())
            return bad(place + QStringLiteral(".addr_info"), Texts::tr("a list is wanted."));
        const QJsonValue flags = object.value(QLatin1String("flags"));
        if (!flags.isUndefined() && !flags.isArray())
            return bad(place + QStringLiteral(".flags"), Texts::tr("a list is wanted."));
        if (flags.isArray() && !flags.toArray().contains(QStringLiteral("UP")))
            return {};
        const QJsonArray entries = list.toArray();
        for (qsizetype i = 0; i < entries.size(); ++i) {
            const QString here = QStringLiteral("%1.addr_info[%2]").arg(place).arg(i);
            if (!entries[i].isObject())
                return bad(here, Texts::tr("an object is wanted."));
            Entry entry(entries[i].toObject(), here);
            read(entry, {name.toString(), kindOf(flags, object.value(QLatin1String("link_type")).toString())});
            if (!entry.good())
                return entry.good();
        }
        return {};
    }
    LinkSeen take() { return std::move(m_seen); }

private:
    void read(Entry &entry, const Link &link)
    {
        const QString &interface = link.name;
        const QString family = entry.text("family");
        if (!family.isEmpty() && family != QLatin1String("inet6"))
            return;
        if (family.isEmpty() && Ipv4Address::parse(entry.text("local")))
            return;
        const auto own = entry.address("local");
        const auto peer = entry.address("address");
        const auto length = int(entry.number("prefixlen", 0, 128).value_or(64));
        LocalAddress one{interface,
                         own.value_or(Ipv6Address::fromBytes({})),
                         peer ? 128 : length,
                         entry.flag("temporary"),
                         entry.flag("deprecated"),
                         entry.flag("tentative"),
                         entry.flag("dadfailed"),
                         entry.lifetime("preferred_life_time"),
                         entry.lifetime("valid_life_time"),
                         link.kind};
        if (!own || !entry.good())
            return;
        m_seen.addresses.push_back(std::move(one));
        const auto prefix = Ipv6Prefix::of(peer.value_or(*own), length);
        if (link.kind == LinkKind::Lan && prefix && length < 128 && m_prefixes.emplace(interface, *prefix).second)
            m_seen.onLink.push_back({interface, *prefix});
    }

    LinkSeen m_seen;
    std::set<std::pair<QString, Ipv6Prefix>> m_prefixes;
};

} // namespace

Result<LinkSeen> parseIpJson(const QByteArray &json)
{
    if (json.trimmed().isEmpty())
        return bad({}, Texts::tr("it is empty."));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(json, &error);
    if (error.error != QJsonParseError::NoError)
        return bad({}, Texts::tr("it is not valid JSON at octet %1: %2.").arg(error.offset).arg(error.errorString()));
    if (!document.isArray())
        return bad({}, Texts::tr("a list of interfaces is wanted."));
    Reader reader;
    const QJsonArray links = document.array();
    for (qsizetype i = 0; i < links.size(); ++i) {
        if (const auto good = reader.link(links[i], QStringLiteral("[%1]").arg(i)); !good)
            return passOn(good);
    }
    return reader.take();
}

} // namespace sixgate
