// The home servers, and what lies between them and the internet.

#include "decide/findings.h"
#include "decide/memory.h"

#include "model/interfaceid.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

bool among(const QString &word, std::initializer_list<const char *> list)
{
    return std::any_of(list.begin(), list.end(), [&](const char *one) { return word == QLatin1String(one); });
}

class Home
{
public:
    /// `names`: those whose services run on one port of the server; `first`: it is the port by which that is proven.
    Home(const Sight &sight, Findings &out, const HomeServer &server, std::vector<const NameSeen *> names, bool first)
        : m_sight(sight), m_out(out), m_server(server), m_names(std::move(names)), m_one(*m_names.front()),
          m_first(first), m_look(sight.look(server.name, m_one.service.port)), m_address(sight.address(server.name))
    {
    }

    void judge()
    {
        if (!answersInLan())
            judgeSilence();
        else
            judgeFromOutside();
        if (m_first)
            judgeIdentifier();
    }

private:
    /// The port answers, whoever it is.
    bool answersInLan() const
    {
        if (m_first && m_sight.proven(m_server.name))
            return true;
        if (m_look && m_look->address)
            return m_look->failedStep != QLatin1String("connect");
        return std::any_of(m_names.begin(), m_names.end(),
                           [](const NameSeen *one) { return one->passed(PathKind::Lan, "connect"); });
    }

    void judgeSilence()
    {
        if (m_out.has("line-down") && m_sight.atHome == false)
            return;
        if (!m_look || !m_look->address || !m_sight.atHome.value_or(true)) {
            judgeFromAfar();
            return;
        }
        if (!m_sight.atHome && !m_look->alive && m_look->ipv4.empty() &&
            m_look->reason != QLatin1String("ECONNREFUSED")) {
            judgeFromAfar();
            return;
        }
        const QString tried = Texts::tr("[%1]:%2 from the LAN: %3")
                                  .arg(m_look->address->text(), m_one.service.port.text(), m_look->reason);
        // Any port over IPv4 shows that the machine is there; what the service does, only its own one.
        const Reach *other = nullptr, *same = nullptr;
        for (const Reach &reach : m_look->ipv4) {
            if (reach.answered() && (!other || reach.connected()))
                other = &reach;
            if (reach.port == m_one.service.port && (!same || reach.connected()))
                same = &reach;
        }
        if (m_look->reason == QLatin1String("ECONNREFUSED")) {
            if (m_look->rightPort)
                return add("wrong-port",
                           {{QStringLiteral("rightPort"), m_look->rightPort->text()},
                            {QStringLiteral("value"), m_look->rightPort->text()},
                            {QStringLiteral("field"), m_sight.place(m_one.service) + QStringLiteral(".port")}},
                           {tried, Texts::tr("Port %1 there shows the certificate of %2.")
                                       .arg(m_look->rightPort->text(), m_one.name.ascii())},
                           m_one.service.name.text());
            if (same && same->connected())
                return add("server-ipv4-only",
                           {{QStringLiteral("ipv4"), ipText(same->address)},
                            {QStringLiteral("family"), QStringLiteral("ipv6")}},
                           {tried, reachText(*same)});
            QStringList evidence{tried};
            if (same)
                evidence << reachText(*same);
            return add("web-server-down", {{QStringLiteral("how"), Texts::tr("refuses connections")}}, evidence);
        }
        // The whole server is silent or without IPv6: said once.
        if (!m_first && !m_look->alive)
            return;
        // The machine is there, its port is silent: its own firewall, or a program that hangs.
        if (m_look->alive)
            return add("web-server-down", {{QStringLiteral("how"), Texts::tr("does not answer, while other ports do")}},
                       {tried, Texts::tr("The machine answers at other ports.")});
        if (other)
            return add("server-no-ipv6", {{QStringLiteral("ipv4"), ipText(other->address)}},
                       {tried, reachText(*other)});
        add("server-down", {}, {tried});
    }

    /// This machine cannot look for itself: what the VPS was told.
    void judgeFromAfar()
    {
        if (m_one.failedAt(PathKind::V6, "connect", {"ECONNREFUSED"}))
            return add("web-server-down", {{QStringLiteral("how"), Texts::tr("refuses connections")}},
                       {stepText(m_one, PathKind::V6, "connect")});
        if (m_one.failedAt(PathKind::V6, "connect", {"EHOSTUNREACH"}))
            add("server-down", {}, {stepText(m_one, PathKind::V6, "connect")});
    }

    /// The server answers in the LAN, at the address that the records tell.
    void judgeFromOutside()
    {
        if (!m_address || m_out.has("vps-no-ipv6") || m_out.has("vps-ipv6-unreachable") || m_out.has("home-no-ipv6") ||
            m_out.has("line-down"))
            return;
        for (const NameSeen *one : m_names) {
            for (const auto &[kind, name] :
                 {std::pair(PathKind::V6, &one->name), std::pair(PathKind::Upstream, &one->service.upstreamName)}) {
                if (m_sight.values(*name, RecordType::AAAA) != std::vector{m_address->text()})
                    continue;
                if (judgeRouter(*one, kind) || judgeMtu(*one, kind))
                    return;
            }
        }
    }

    bool judgeRouter(const NameSeen &one, PathKind kind)
    {
        if (!one.failedAt(kind, "connect", {"TIMEOUT", "EACCES", "EPERM", "ECONNREFUSED"}))
            return false;
        QStringList evidence{Texts::tr("From the VPS: %1").arg(stepText(one, kind, "connect")),
                             Texts::tr("In the LAN %1 answers at %2.").arg(m_server.name.text(), m_address->text())};
        const QString reason = one.path(kind)->reason();
        Fields fields{{QStringLiteral("protocol"), QStringLiteral("tcp")},
                      {QStringLiteral("how"),
                       reason == QLatin1String("TIMEOUT") ? Texts::tr("get no answer") : Texts::tr("are turned away")}};
        for (const IdentifierTry &other : m_sight.seen.identifiers) {
            // Refused or nobody there: the packet came through, unless that is how this router turns all away.
            if (other.server != m_server.name || other.port != m_one.service.port || other.reason == reason ||
                !among(other.reason, {"", "ECONNREFUSED", "EHOSTUNREACH"}))
                continue;
            const QString identifier = InterfaceId::of(other.address).text();
            fields.emplace(QStringLiteral("openIdentifier"), identifier);
            fields.emplace(QStringLiteral("origin"), other.origin);
            evidence << Texts::tr("A packet to %1 passes (%2; %3).")
                            .arg(other.address.text(), other.origin,
                                 other.reason.isEmpty() ? QStringLiteral("connected") : other.reason);
            add("router-other-identifier", fields, evidence);
            return true;
        }
        for (const IdentifierTry &other : m_sight.seen.identifiers) {
            if (other.server == m_server.name)
                evidence << QStringLiteral("%1 (%2): %3").arg(other.address.text(), other.origin, other.reason);
        }
        add("router-firewall", fields, evidence);
        return true;
    }

    bool judgeMtu(const NameSeen &one, PathKind kind)
    {
        if (!one.failedAt(kind, "tls", {"TIMEOUT"}))
            return false;
        const bool answered = std::any_of(m_sight.seen.mtu.begin(), m_sight.seen.mtu.end(), [&](const MtuTry &tried) {
            return tried.address == *m_address && tried.port == m_one.service.port && tried.answered;
        });
        if (!answered)
            return false;
        add("mtu-black-hole", {{QStringLiteral("mss"), QStringLiteral("1220")}},
            {Texts::tr("From the VPS: the connection to [%1]:%2 is made, the TLS handshake stalls.")
                 .arg(m_address->text(), m_one.service.port.text()),
             Texts::tr("With segments of at most 1220 bytes an answer comes.")});
        return true;
    }

    void judgeIdentifier()
    {
        const auto changing = changingIdentifier(m_sight.seen.memory, m_server.name);
        if (!changing)
            return;
        QString interface;
        if (m_sight.seen.link) {
            for (const LocalAddress &own : m_sight.seen.link->addresses) {
                if (own.address == changing->latest)
                    interface = own.interface;
            }
        }
        // Only on the machine itself is it known what to set.
        if (interface.isEmpty())
            return;
        add("identifier-changes",
            {{QStringLiteral("old"), InterfaceId::of(changing->before).text()},
             {QStringLiteral("new"), InterfaceId::of(changing->latest).text()},
             {QStringLiteral("interface"), interface}},
            {Texts::tr("Before: %1, now: %2").arg(changing->before.text(), changing->latest.text())});
    }

    void add(const char *code, Fields fields, const QStringList &evidence, const QString &about = {})
    {
        const QString address = m_address ? m_address->text() : Texts::tr("its address");
        fields.emplace(QStringLiteral("server"), m_server.name.text());
        fields.emplace(QStringLiteral("service"), m_one.service.name.text());
        fields.emplace(QStringLiteral("name"), m_one.name.ascii());
        fields.emplace(QStringLiteral("address"), address);
        fields.emplace(QStringLiteral("port"), m_one.service.port.text());
        fields.emplace(QStringLiteral("identifier"), m_address ? InterfaceId::of(*m_address).text() : QString());
        // What concerns one port says nothing about the others, even by the same upstream name.
        const QString word = QString::fromLatin1(code);
        const bool whole = among(word, {"server-down", "server-no-ipv6", "identifier-changes"});
        std::set<QString> subjects{whole ? m_server.name.text() : portOf(m_server.name, m_one.service.port)};
        for (const NameSeen *one : m_names) {
            subjects.insert(one->service.name.text());
            subjects.insert(one->name.ascii());
        }
        const QString port = m_first ? QString() : QLatin1Char(':') + m_one.service.port.text();
        m_out.add({word, about.isEmpty() ? m_server.name.text() + port : about, fields, evidence, subjects});
    }

    const Sight &m_sight;
    Findings &m_out;
    const HomeServer &m_server;
    const std::vector<const NameSeen *> m_names;
    const NameSeen &m_one;
    const bool m_first;
    const ServerLook *m_look;
    const std::optional<Ipv6Address> m_address;
};

} // namespace

void findHome(const Sight &sight, Findings &out)
{
    for (const HomeServer &server : sight.site.servers) {
        std::vector<Port> ports;
        std::map<int, std::vector<const NameSeen *>> names;
        for (const NameSeen &one : sight.names) {
            if (one.server.name != server.name)
                continue;
            auto &list = names[one.service.port.number()];
            if (list.empty())
                ports.push_back(one.service.port);
            list.push_back(&one);
        }
        for (const Port &port : ports)
            Home(sight, out, server, std::move(names[port.number()]), port == ports.front()).judge();
    }
}

} // namespace sixgate
