// From what was seen to what is wrong: a row for each fault, for pairs of them, and for what must not mislead.

#include "home.h"

#include <QTest>

using namespace diagnosistest;
using K = PathKind;
using Spoil = std::function<void(Seen &)>;
Q_DECLARE_METATYPE(Spoil)

namespace
{

QStringList codesOf(const std::vector<Condition> &list)
{
    QStringList codes;
    for (const Condition &one : list)
        codes << one.code;
    codes.sort();
    return codes;
}

void both(Seen &seen, std::vector<QString> values)
{
    seen.record("cloud.example.org", RecordType::AAAA, values);
    seen.record("home6.example.org", RecordType::AAAA, values);
    for (auto *list : {&seen.evidence.hereAaaa, &seen.evidence.vpsAaaa})
        list->begin()->second.answer->values = values;
}

void stale(Seen &seen)
{
    both(seen, {QStringLiteral("2001:db8:9:100::11")});
    seen.failFromVps("connect", "TIMEOUT");
    seen.fail(K::Lan, "route", "", PathState::Unknown);
}

void vpsSilent(Seen &seen)
{
    seen.reach(seen.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
    seen.reach(seen.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
    seen.reach(seen.evidence.sshTries, "2001:db8:b::10", 22, "TIMEOUT");
    seen.reach(seen.evidence.sshTries, "198.51.100.10", 22, "TIMEOUT");
    seen.fail(K::V4, "connect", "TIMEOUT");
    seen.ssh(ErrorCode::Timeout, "TIMEOUT");
}

void closeFirewall(Seen &seen)
{
    seen.evidence.seen.vps.facts->outerInterface = QStringLiteral("eth0");
    seen.evidence.seen.vps.facts->nft =
        "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
        "\t\tct state established,related accept\n\t\ttcp dport 22 accept\n\t}\n}\n";
}

void rebind(Seen &seen)
{
    seen.evidence.hereAaaa.begin()->second.answer->values = {};
}

void noA(Seen &seen)
{
    seen.record("cloud.example.org", RecordType::A, {});
    seen.fail(K::V4, "dns", "none");
}

void sshOff(Seen &seen)
{
    seen.ssh(ErrorCode::Network, "ECONNREFUSED");
    seen.reach(seen.evidence.sshTries, "2001:db8:b::10", 22, "ECONNREFUSED");
}

void lineDown(Seen &seen)
{
    vpsSilent(seen);
    seen.reach(seen.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
    seen.reach(seen.evidence.outside, "2001:db8:53::53", 53, "TIMEOUT");
    seen.recordUnknown();
    seen.evidence.hereAaaa.begin()->second.answer = fail(ErrorCode::Timeout, QStringLiteral("No answer."));
}

} // namespace

class TestDiagnosis : public QObject
{
    Q_OBJECT

    const Catalogue m_catalogue = realCatalogue();

private Q_SLOTS:
    void faults_data()
    {
        QTest::addColumn<Spoil>("spoil");
        QTest::addColumn<QString>("roots");
        const auto row = [](const char *name, const char *roots, const Spoil &spoil) {
            QTest::newRow(name) << spoil << QString::fromLatin1(roots);
        };
        row("nothing wrong", "", [](Seen &) {});

        // --- the line and this machine
        row("line down", "line-down", lineDown);
        row("home without IPv6", "home-no-ipv6", [](Seen &s) {
            s.reach(s.evidence.outside, "2001:db8:53::53", 53, "ENETUNREACH");
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "ENETUNREACH");
            s.evidence.sshTries.clear();
            s.reach(s.evidence.sshTries, "198.51.100.10", 22, "");
            s.evidence.link->addresses.clear();
            s.evidence.link->onLink.clear();
            s.evidence.seen.home.prefixes = std::vector<Ipv6Prefix>();
            s.silent("connect", "ENETUNREACH");
            s.evidence.servers.front().address.reset();
            s.evidence.servers.front().failedStep.clear();
            s.failFromVps("connect", "TIMEOUT");
            s.fail(K::Lan, "route", "", PathState::Unknown);
        });
        row("home without IPv4", "home-no-ipv4", [](Seen &s) {
            s.reach(s.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.fail(K::V4, "connect", "TIMEOUT");
        });
        row("home without IPv4, and the VPS's firewall closed", "home-no-ipv4 vps-firewall", [](Seen &s) {
            s.reach(s.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.fail(K::V4, "connect", "TIMEOUT");
            closeFirewall(s);
        });
        row("clock ahead", "clock-wrong", [](Seen &s) {
            s.evidence.now = s.evidence.now.addDays(400);
            s.evidence.clocks.erase(QStringLiteral("the home server"));
            s.silent("identity", "expired");
            s.fail(K::V4, "identity", "expired");
        });
        row("clock behind", "clock-wrong", [](Seen &s) {
            s.evidence.now = s.evidence.now.addDays(-400);
            s.silent("identity", "not-yet-valid");
            s.fail(K::V4, "identity", "not-yet-valid");
        });
        row("the VPS's clock", "vps-clock-wrong", [](Seen &s) {
            s.evidence.seen.vps.facts->clock = s.evidence.now.addSecs(-3600);
            s.evidence.clocks[QStringLiteral("the VPS")] = s.evidence.now.addSecs(-3600);
        });
        row("one other clock, and no certificate that tells", "vps-clock-wrong", [](Seen &s) {
            s.evidence.clocks.erase(QStringLiteral("the home server"));
            s.evidence.clocks[QStringLiteral("the VPS")] = s.evidence.seen.vps.facts->clock =
                s.evidence.now.addSecs(-3600);
        });
        row("clocks that are near", "",
            [](Seen &s) { s.evidence.clocks[QStringLiteral("the VPS")] = s.evidence.now.addSecs(-60); });
        row("too many addresses", "address-limit", [](Seen &s) {
            auto &link = *s.evidence.link;
            for (int i = 0; i < 16; ++i) {
                LocalAddress one = link.addresses.front();
                one.address = ip6(qPrintable(QStringLiteral("2001:db8:7:%1::aa").arg(i + 1)));
                one.deprecated = true;
                link.addresses.push_back(one);
            }
            link.onLink.push_back({QStringLiteral("eth0"), *Ipv6Prefix::parse(QStringLiteral("2001:db8:8:100::/64"))});
        });
        row("too many addresses, the link-local one among them", "address-limit", [](Seen &s) {
            auto &link = *s.evidence.link;
            for (int i = 0; i < 15; ++i) {
                LocalAddress one = link.addresses.front();
                one.address = i == 0 ? ip6("fe80::aa") : ip6(qPrintable(QStringLiteral("2001:db8:7:%1::aa").arg(i)));
                link.addresses.push_back(one);
            }
            link.onLink.push_back({QStringLiteral("eth0"), *Ipv6Prefix::parse(QStringLiteral("2001:db8:8:100::/64"))});
        });
        row("many addresses, one in each prefix", "", [](Seen &s) {
            auto &link = *s.evidence.link;
            for (int i = 0; i < 16; ++i)
                link.addresses.push_back(link.addresses.front());
        });
        row("not at home", "not-at-home", [](Seen &s) {
            s.evidence.router = QStringLiteral("02:00:5e:00:99:99");
            s.evidence.seen.home.servers.front().proven = fail(ErrorCode::NotFound, QStringLiteral("No."));
            s.evidence.servers.front() = ServerLook{s.evidence.servers.front().server, *Port::fromNumber(443),
                                                    host("cloud.example.org"), ip6("2001:db8:cafe::11")};
            s.evidence.servers.front().failedStep = QStringLiteral("connect");
            s.evidence.servers.front().reason = QStringLiteral("EHOSTUNREACH");
            s.fail(K::Lan, "route", "", PathState::Unknown);
        });
        row("not at home, and the web server there is stopped", "not-at-home web-server-down", [](Seen &s) {
            s.evidence.router = QStringLiteral("02:00:5e:00:99:99");
            s.evidence.seen.home.servers.front().proven = fail(ErrorCode::NotFound, QStringLiteral("No."));
            s.evidence.servers.front() =
                ServerLook{s.evidence.servers.front().server, *Port::fromNumber(443), host("cloud.example.org")};
            s.failFromVps("connect", "ECONNREFUSED");
            s.fail(K::Lan, "route", "", PathState::Unknown);
        });

        // --- router and servers
        row("router closed", "router-firewall", [](Seen &s) {
            s.failFromVps("connect", "TIMEOUT");
            s.evidence.identifiers = {{s.site.servers.front().name, ip6("2001:db8:1:100::5eff:fe00:5311"),
                                       *Port::fromNumber(443), QStringLiteral("EUI-64"), QStringLiteral("TIMEOUT")}};
        });
        row("router rejects", "router-firewall", [](Seen &s) { s.failFromVps("connect", "EACCES"); });
        row("router open for another", "router-other-identifier", [](Seen &s) {
            s.failFromVps("connect", "TIMEOUT");
            s.evidence.identifiers = {{s.site.servers.front().name, ip6("2001:db8:1:100::5eff:fe00:5311"),
                                       *Port::fromNumber(443), QStringLiteral("EUI-64"),
                                       QStringLiteral("EHOSTUNREACH")}};
        });
        row("a router that rejects all alike is open for nobody", "router-firewall", [](Seen &s) {
            s.failFromVps("connect", "ECONNREFUSED");
            s.evidence.identifiers = {{s.site.servers.front().name, ip6("2001:db8:1:100::5eff:fe00:5311"),
                                       *Port::fromNumber(443), QStringLiteral("EUI-64"),
                                       QStringLiteral("ECONNREFUSED")}};
        });
        row("another server's identifier says nothing", "router-firewall", [](Seen &s) {
            s.failFromVps("connect", "TIMEOUT");
            s.evidence.identifiers = {{*Label::parse(QStringLiteral("pi")), ip6("2001:db8:1:100::99"),
                                       *Port::fromNumber(443), QStringLiteral("EUI-64"),
                                       QStringLiteral("EHOSTUNREACH")}};
        });
        row("path MTU", "mtu-black-hole", [](Seen &s) {
            s.failFromVps("tls", "TIMEOUT");
            s.evidence.mtu = {{ip6("2001:db8:1:100::11"), *Port::fromNumber(443), true}};
        });
        row("a handshake that stalls also with small packets", "unexplained", [](Seen &s) {
            s.failFromVps("tls", "TIMEOUT");
            s.evidence.mtu = {{ip6("2001:db8:1:100::11"), *Port::fromNumber(443), false}};
        });
        row("server down", "server-down", [](Seen &s) { s.silent("connect", "EHOSTUNREACH"); });
        row("server's port silent", "web-server-down", [](Seen &s) {
            s.silent("connect", "TIMEOUT");
            s.evidence.servers.front().alive = true;
        });
        row("web server stopped", "web-server-down", [](Seen &s) { s.silent("connect", "ECONNREFUSED"); });
        row("IPv4 only", "server-ipv4-only", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            s.reach(s.evidence.servers.front().ipv4, "192.168.178.11", 443, "");
        });
        row("web server stopped, something else answers over IPv4", "web-server-down", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            auto &ipv4 = s.evidence.servers.front().ipv4;
            s.reach(ipv4, "192.168.178.11", 443, "ECONNREFUSED");
            ipv4.push_back({ip4("192.168.178.11"), *Port::fromNumber(80), QString()});
        });
        row("server without IPv6", "server-no-ipv6", [](Seen &s) {
            s.silent("connect", "EHOSTUNREACH");
            s.reach(s.evidence.servers.front().ipv4, "192.168.178.11", 443, "ECONNREFUSED");
        });
        row("wrong port", "wrong-port", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            s.evidence.servers.front().rightPort = *Port::fromNumber(8443);
        });
        row("no TLS", "tls-broken", [](Seen &s) { s.silent("tls", "PROTOCOL"); });
        row("identifier changes", "identifier-changes", [](Seen &s) {
            s.evidence.link->addresses.front().address = ip6("2001:db8:1:100::11");
            s.evidence.memory.addresses[s.site.servers.front().name] = {
                {s.evidence.now.addDays(-1), ip6("2001:db8:5:100:1::5")}, {s.evidence.now, ip6("2001:db8:1:100::11")}};
        });

        // --- records
        row("stale AAAA", "stale-aaaa stale-aaaa", stale);
        row("stale AAAA of the upstream name alone", "stale-aaaa", [](Seen &s) {
            s.record("home6.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:9:100::11")});
            s.evidence.vpsAaaa.begin()->second.answer->values = {QStringLiteral("2001:db8:9:100::11")};
            s.fail(K::Upstream, "connect", "TIMEOUT");
            s.fail(K::V4, "marker", "proxy");
        });
        row("no AAAA", "aaaa-missing aaaa-missing", [](Seen &s) {
            both(s, {});
            for (const K kind : {K::Upstream, K::V6, K::Lan})
                s.fail(kind, "dns", "none");
            s.fail(K::V4, "marker", "proxy");
        });
        row("two AAAA", "two-aaaa two-aaaa", [](Seen &s) {
            both(s, {QStringLiteral("2001:db8:1:100::11"), QStringLiteral("2001:db8:9:100::11")});
        });
        row("AAAA of a neighbour", "aaaa-other-host aaaa-other-host", [](Seen &s) {
            both(s, {QStringLiteral("2001:db8:1:100::12")});
            s.evidence.servers.front().foreign = ip6("2001:db8:1:100::12");
            s.failFromVps("identity", "wrong-name");
            s.fail(K::Lan, "identity", "wrong-name");
            for (const K kind : {K::Upstream, K::V6, K::Lan})
                s.path(kind).addresses = {ip6("2001:db8:1:100::12")};
        });
        row("AAAA is the VPS", "aaaa-is-vps", [](Seen &s) {
            s.record("home6.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:b::10")});
            s.evidence.vpsAaaa.begin()->second.answer->values = {QStringLiteral("2001:db8:b::10")};
            s.fail(K::Upstream, "dns", "vps");
            s.fail(K::V4, "marker", "loop");
        });
        row("upstream has an A", "upstream-has-a", [](Seen &s) {
            s.record("home6.example.org", RecordType::A, {QStringLiteral("198.51.100.10")});
            s.fail(K::Upstream, "dns", "has-a");
        });
        row("no A", "a-missing", [](Seen &s) {
            s.record("cloud.example.org", RecordType::A, {});
            s.fail(K::V4, "dns", "none");
        });
        row("A elsewhere", "a-not-vps", [](Seen &s) {
            s.record("cloud.example.org", RecordType::A, {QStringLiteral("203.0.113.99")});
            s.fail(K::V4, "dns", "not-vps");
        });
        row("A in the carrier's space", "a-carrier-nat", [](Seen &s) {
            s.record("cloud.example.org", RecordType::A, {QStringLiteral("100.64.0.7")});
            s.fail(K::V4, "dns", "not-vps");
        });
        row("A is the home's public address", "a-carrier-nat", [](Seen &s) {
            s.evidence.publicIpv4 = ip4("203.0.113.7");
            s.record("cloud.example.org", RecordType::A, {QStringLiteral("203.0.113.7")});
            s.fail(K::V4, "dns", "not-vps");
        });
        row("a CNAME", "cname-in-the-way", [](Seen &s) {
            s.record("cloud.example.org", RecordType::CNAME, {QStringLiteral("other.example.net")});
            s.record("cloud.example.org", RecordType::A, {});
            s.record("cloud.example.org", RecordType::AAAA, {});
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "dns", "cname");
            s.evidence.hereAaaa.begin()->second.answer->values = {};
        });
        row("an alias whose end has an old address", "stale-aaaa", [](Seen &s) {
            s.record("cloud.example.org", RecordType::CNAME, {QStringLiteral("dyn.example.org")});
            s.record("dyn.example.org", RecordType::CNAME, {});
            s.record("dyn.example.org", RecordType::A, {QStringLiteral("198.51.100.10")});
            s.record("dyn.example.org", RecordType::AAAA, {QStringLiteral("2001:db8:1:fff::11")});
            s.record("cloud.example.org", RecordType::A, {});
            s.record("cloud.example.org", RecordType::AAAA, {});
            for (const K kind : {K::V6, K::Lan})
                s.fail(kind, "connect", "TIMEOUT");
        });
        row("two writers", "two-writers", [](Seen &s) {
            const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
            const auto at = [&](int hours) { return s.evidence.now.addSecs(-3600 * hours); };
            const std::vector<QString> ours{QStringLiteral("2001:db8:1:100::11")},
                theirs{QStringLiteral("2001:db8:1:100::1")};
            s.evidence.memory.records[key] = {{at(9), ours, true},
                                              {at(8), theirs, false},
                                              {at(7), ours, true},
                                              {at(6), theirs, false},
                                              {at(5), ours, true}};
        });

        // --- who answers for names
        row("DNS down", "dns-down", [](Seen &s) {
            s.recordUnknown();
            s.reach(s.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
            s.reach(s.evidence.outside, "2001:db8:53::53", 53, "TIMEOUT");
        });
        row("DNS down, and resolvers notice", "dns-down", [](Seen &s) {
            s.recordUnknown();
            s.evidence.hereAaaa.begin()->second.answer = fail(ErrorCode::Refused, QStringLiteral("SERVFAIL"));
            s.evidence.vpsAaaa.begin()->second.answer = fail(ErrorCode::Refused, QStringLiteral("SERVFAIL"));
        });
        row("one name server stale", "dns-server-stale", [](Seen &s) {
            const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
            s.evidence.nameServers.back().records.at(key)->values = {QStringLiteral("2001:db8:9:100::11")};
        });
        row("one name server down", "dns-server-down", [](Seen &s) {
            for (auto &[key, known] : s.evidence.nameServers.back().records)
                known = fail(ErrorCode::Timeout, QStringLiteral("No answer."));
        });
        row("a name server's IPv6, while the home has none", "home-no-ipv6", [](Seen &s) {
            for (auto &[key, known] : s.evidence.nameServers.back().records)
                known = fail(ErrorCode::Timeout, QStringLiteral("No answer."));
            s.reach(s.evidence.outside, "2001:db8:53::53", 53, "TIMEOUT");
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
            s.evidence.sshTries.clear();
            s.failFromVps("connect", "TIMEOUT");
        });
        row("resolver has the old one", "resolver-old", [](Seen &s) {
            s.evidence.hereAaaa.begin()->second.answer->values = {QStringLiteral("2001:db8:9:100::11")};
        });
        row("resolver has none yet", "resolver-old", [](Seen &s) {
            s.evidence.hereAaaa.begin()->second.answer->values = {};
            s.evidence.hereAaaa.begin()->second.saysNone = true;
        });
        row("DNS rebind filter", "dns-rebind",
            [](Seen &s) { s.evidence.hereAaaa.begin()->second.answer->values = {}; });
        row("a blocking list", "resolver-override",
            [](Seen &s) { s.evidence.hereAaaa.begin()->second.answer->values = {QStringLiteral("::")}; });
        row("the VPS's first resolver down, the next one knows", "", [](Seen &s) {
            s.evidence.vpsAaaa.begin()->second.answer = fail(ErrorCode::Network, QStringLiteral("No answer."));
        });
        row("what the primary does not tell makes nobody stale", "", [](Seen &s) {
            const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
            s.evidence.notByPrimary = {key};
            s.evidence.nameServers.back().records.at(key)->values = {QStringLiteral("2001:db8:9:100::11")};
        });
        row("the VPS's resolver has the old one", "vps-resolver-old", [](Seen &s) {
            s.evidence.vpsAaaa.begin()->second.answer->values = {QStringLiteral("2001:db8:9:100::11")};
            s.fail(K::Upstream, "resolve", "old");
            s.fail(K::V4, "marker", "proxy");
        });
        const auto oldOnVps = [](Seen &s) {
            s.evidence.vpsAaaa.begin()->second.answer->values = {QStringLiteral("2001:db8:9:100::11")};
        };
        row("the VPS's resolver has the old one, nobody came by it yet", "vps-resolver-old", oldOnVps);
        row("the VPS's resolver has the old one, and a keeper pushes", "", [oldOnVps](Seen &s) {
            oldOnVps(s);
            s.site.vps[0].pushKeys = {*PushKey::parse(QStringLiteral(
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7g2yWm3nRzB1vQ0sYd9hUeXcLpKfTaOiGjMbNrVwXy nas"))};
        });
        row("resolver here down", "here-resolver-down", [](Seen &s) {
            s.evidence.hereAaaa.begin()->second.answer = fail(ErrorCode::Timeout, QStringLiteral("No answer."));
        });
        row("the VPS's resolver down", "vps-resolver-down", [](Seen &s) {
            s.evidence.vpsAaaa.begin()->second.answer = fail(ErrorCode::Network, QStringLiteral("No answer."));
            s.fail(K::Upstream, "resolve", "no-answer");
            s.fail(K::V4, "marker", "proxy");
        });
        row("DNSSEC bogus", "dnssec-bogus", [](Seen &s) {
            for (auto *list : {&s.evidence.hereAaaa, &s.evidence.vpsAaaa}) {
                list->begin()->second.answer = fail(ErrorCode::Refused, QStringLiteral("SERVFAIL"));
                list->begin()->second.bogus = true;
            }
            s.fail(K::Upstream, "resolve", "no-answer");
            s.fail(K::V4, "marker", "proxy");
        });
        row("account refused", "dns-account-refused", [](Seen &s) {
            s.evidence.memory.accounts[s.site.dns.front().name] = {s.evidence.now.addSecs(-60), false,
                                                                   QStringLiteral("REFUSED")};
        });
        row("account refused, so the AAAA is stale", "dns-account-refused", [](Seen &s) {
            stale(s);
            s.evidence.memory.accounts[s.site.dns.front().name] = {s.evidence.now.addSecs(-60), false,
                                                                   QStringLiteral("REFUSED")};
        });
        row("account accepted again", "", [](Seen &s) {
            s.evidence.memory.accounts[s.site.dns.front().name] = {s.evidence.now.addSecs(-60), true, QString()};
        });

        // --- the VPS
        row("VPS off", "vps-off", vpsSilent);
        row("443 silent, and 22 not tried for want of a key", "ssh-not-possible unexplained", [](Seen &s) {
            vpsSilent(s);
            s.evidence.sshTries.clear();
            s.ssh(ErrorCode::NotFound, "");
        });
        row("VPS name without address", "vps-name-missing", [](Seen &s) {
            s.evidence.seen.vps.ipv4 = std::vector<Ipv4Address>();
            s.evidence.seen.vps.ipv6 = std::vector<Ipv6Address>();
            s.evidence.vps.clear();
            s.evidence.sshTries.clear();
            s.ssh(ErrorCode::NotFound, "no address");
        });
        row("VPS not over IPv6", "vps-ipv6-unreachable", [](Seen &s) {
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
            s.evidence.sshTries.clear();
            s.reach(s.evidence.sshTries, "198.51.100.10", 22, "");
        });
        row("VPS without IPv6", "vps-no-ipv6", [](Seen &s) {
            s.evidence.seen.vps.facts->hasGlobalIpv6 = false;
            s.evidence.seen.vps.ipv6 = std::vector<Ipv6Address>();
            s.failFromVps("connect", "ENETUNREACH");
        });
        row("a name server without TCP says nothing about the VPS", "",
            [](Seen &s) { s.reach(s.evidence.vpsOutside, "2001:db8:53::53", 53, "TIMEOUT"); });
        row("VPS silent over the one family that the home lacks", "home-no-ipv4 ssh-not-possible", [](Seen &s) {
            s.reach(s.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
            s.evidence.vps.clear();
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.evidence.sshTries.clear();
            s.fail(K::V4, "connect", "TIMEOUT");
            s.ssh(ErrorCode::Timeout, "TIMEOUT");
        });
        row("VPS's IPv6 leads nowhere", "vps-no-ipv6", [](Seen &s) {
            s.reach(s.evidence.vpsOutside, "2001:db8:53::53", 53, "TIMEOUT");
            s.failFromVps("connect", "TIMEOUT");
        });
        row("VPS's firewall", "vps-firewall", [](Seen &s) {
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
            s.fail(K::V4, "connect", "TIMEOUT");
            closeFirewall(s);
        });
        row("provider's firewall", "vps-provider-firewall", [](Seen &s) {
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
            s.fail(K::V4, "connect", "TIMEOUT");
        });
        row("SSH refused", "ssh-refused", [](Seen &s) {
            s.ssh(ErrorCode::Network, "ECONNREFUSED");
            s.reach(s.evidence.sshTries, "2001:db8:b::10", 22, "ECONNREFUSED");
        });
        row("SSH refused after logins that failed", "ssh-banned", [](Seen &s) {
            s.ssh(ErrorCode::Network, "ECONNREFUSED");
            s.reach(s.evidence.sshTries, "2001:db8:b::10", 22, "ECONNREFUSED");
            s.evidence.memory.sshRefused = {s.evidence.now.addSecs(-300)};
        });
        row("SSH silent", "ssh-banned", [](Seen &s) {
            s.ssh(ErrorCode::Timeout, "TIMEOUT");
            s.reach(s.evidence.sshTries, "2001:db8:b::10", 22, "TIMEOUT");
        });
        row("a slow login is no ban", "ssh-not-possible", [](Seen &s) { s.ssh(ErrorCode::Timeout, "not finished"); });
        row("SSH closed before a word", "ssh-banned", [](Seen &s) { s.ssh(ErrorCode::Network, "closed"); });
        row("SSH key changed", "ssh-host-key",
            [](Seen &s) { s.ssh(ErrorCode::HostKey, "Presented: ssh-ed25519 SHA256:x"); });
        row("SSH login refused", "ssh-login-refused", [](Seen &s) { s.ssh(ErrorCode::Denied, "publickey"); });
        row("no key file", "ssh-not-possible", [](Seen &s) {
            s.evidence.sshTries.clear();
            s.ssh(ErrorCode::NotFound, "no such file");
        });
        row("proxy stopped", "proxy-stopped", [](Seen &s) {
            s.reach(s.evidence.vps, "198.51.100.10", 443, "ECONNREFUSED");
            s.fail(K::V4, "connect", "ECONNREFUSED");
            s.evidence.seen.vps.facts->apacheActive = false;
        });
        row("proxy runs, and refuses", "proxy-not-listening", [](Seen &s) {
            s.reach(s.evidence.vps, "198.51.100.10", 443, "ECONNREFUSED");
            s.fail(K::V4, "connect", "ECONNREFUSED");
        });
        row("nothing deployed", "not-deployed", [](Seen &s) {
            s.reach(s.evidence.vps, "198.51.100.10", 443, "ECONNREFUSED");
            s.fail(K::V4, "connect", "ECONNREFUSED");
            s.evidence.seen.vps.facts->deployedId.clear();
        });
        row("proxy with an old address", "proxy-old-address", [](Seen &s) { s.fail(K::V4, "marker", "proxy"); });
        row("proxy that hangs", "proxy-old-address", [](Seen &s) { s.fail(K::V4, "http", "TIMEOUT"); });
        row("another site", "proxy-other-site", [](Seen &s) { s.fail(K::V4, "marker", "other"); });

        // --- certificates
        row("home's certificate expired", "home-cert-expired", [](Seen &s) {
            s.certificate([&](CertificateSeen &c) { c.notAfter = s.evidence.now.addDays(-1); }, "expired");
        });
        row("expired, and the clock wrong", "clock-wrong home-cert-expired", [](Seen &s) {
            s.certificate([&](CertificateSeen &c) { c.notAfter = s.evidence.now.addDays(-1); }, "expired");
            s.evidence.now = s.evidence.now.addDays(400);
            s.evidence.clocks.erase(QStringLiteral("the home server"));
        });
        row("not yet valid", "home-cert-not-yet", [](Seen &s) {
            s.certificate([&](CertificateSeen &c) { c.notBefore = s.evidence.now.addDays(1); }, "not-yet-valid");
        });
        row("near its end", "home-cert-expiring",
            [](Seen &s) { s.evidence.servers.front().certificate->notAfter = s.evidence.now.addDays(5); });
        row("of 90 days 25 are left", "", [](Seen &s) {
            s.evidence.servers.front().certificate->notBefore = s.evidence.now.addDays(-65);
            s.evidence.servers.front().certificate->notAfter = s.evidence.now.addDays(25);
        });
        row("wrong name", "home-cert-wrong-name", [](Seen &s) {
            s.certificate([](CertificateSeen &c) { c.names = {QStringLiteral("other.example.org")}; }, "wrong-name");
        });
        row("self-signed", "home-cert-self-signed",
            [](Seen &s) { s.certificate([](CertificateSeen &c) { c.selfSigned = true; }, "self-signed"); });
        row("incomplete", "home-cert-incomplete",
            [](Seen &s) { s.certificate([](CertificateSeen &) {}, "incomplete"); });
        row("untrusted", "home-cert-untrusted", [](Seen &s) { s.certificate([](CertificateSeen &) {}, "untrusted"); });
        row("another key than the pinned one", "home-cert-other-key", [](Seen &s) {
            s.site.servers.front().pinnedKey = Fingerprint::ofBytes("old");
            s.certificate([](CertificateSeen &c) { c.selfSigned = true; }, "other-key");
        });
        row("the VPS's certificate expired", "vps-cert-expired", [](Seen &s) {
            s.path(K::V4).certificate->notAfter = s.evidence.now.addDays(-1);
            s.fail(K::V4, "identity", "expired");
        });
        row("the VPS's certificate near its end", "vps-cert-expiring",
            [](Seen &s) { s.path(K::V4).certificate->notAfter = s.evidence.now.addDays(5); });
        row("the VPS's certificate for another name", "vps-cert-wrong",
            [](Seen &s) { s.fail(K::V4, "identity", "wrong-name"); });

        const auto rehearsed = [](Seen &s, bool good, int daysAfterItWasGot, const char *lineage = "cloud") {
            const CertificateSeen certificate = *s.path(K::V4).certificate;
            VpsFacts &facts = *s.evidence.seen.vps.facts;
            facts.certificates.emplace(QString::fromLatin1(lineage), certificate);
            facts.renewalTest.ended[QString::fromLatin1(lineage)] = {certificate.notBefore.addDays(daysAfterItWasGot),
                                                                     good, QStringLiteral("no such file")};
        };
        row("a renewal was rehearsed and failed", "vps-cert-renewal", [=](Seen &s) { rehearsed(s, false, 7); });
        row("a renewal was rehearsed and went well", "", [=](Seen &s) { rehearsed(s, true, 7); });
        row("the certificate was got anew since", "", [=](Seen &s) { rehearsed(s, false, -1); });
        row("the renewal of a certificate that no service has", "", [=](Seen &s) { rehearsed(s, false, 7, "photos"); });

        // --- the service
        row("500", "app-error", [](Seen &s) {
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "http", "500");
        });
        row("an answer that is no HTTP", "app-error", [](Seen &s) {
            for (const K kind : {K::V6, K::Lan})
                s.fail(kind, "http", "PROTOCOL");
            s.fail(K::V4, "marker", "proxy");
        });
        row("421", "wrong-virtual-host", [](Seen &s) {
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "http", "421");
        });
        row("default page", "wrong-virtual-host", [](Seen &s) {
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "http", "nginx-default");
        });
        row("redirects in a circle", "app-redirect-loop", [](Seen &s) { s.fail(K::V4, "http", "redirect-loop"); });
        row("slow", "app-slow", [](Seen &s) {
            for (const K kind : {K::V6, K::Lan})
                s.fail(kind, "http", "TIMEOUT");
            s.fail(K::V4, "http", "TIMEOUT");
        });

        // --- two at once: independent ones both show
        row("router closed and proxy stopped", "proxy-stopped router-firewall", [](Seen &s) {
            s.failFromVps("connect", "TIMEOUT");
            s.reach(s.evidence.vps, "198.51.100.10", 443, "ECONNREFUSED");
            s.fail(K::V4, "connect", "ECONNREFUSED");
            s.evidence.seen.vps.facts->apacheActive = false;
        });
        row("VPS off and web server stopped", "vps-off web-server-down", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            vpsSilent(s);
        });
        row("stale AAAA and web server stopped", "stale-aaaa stale-aaaa web-server-down", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            stale(s);
        });
        row("A missing and certificate near its end", "a-missing home-cert-expiring", [](Seen &s) {
            s.record("cloud.example.org", RecordType::A, {});
            s.fail(K::V4, "dns", "none");
            s.evidence.servers.front().certificate->notAfter = s.evidence.now.addDays(5);
        });
        row("SSH banned and A elsewhere", "a-not-vps ssh-banned", [](Seen &s) {
            s.ssh(ErrorCode::Timeout, "TIMEOUT");
            s.reach(s.evidence.sshTries, "2001:db8:b::10", 22, "TIMEOUT");
            s.record("cloud.example.org", RecordType::A, {QStringLiteral("203.0.113.99")});
            s.fail(K::V4, "dns", "not-vps");
        });
        row("line down and server down", "line-down server-down", [](Seen &s) {
            lineDown(s);
            s.evidence.seen.home.servers.front().proven = fail(ErrorCode::Network, QStringLiteral("Not proven."));
            s.evidence.servers.front().failedStep = QStringLiteral("connect");
            s.evidence.servers.front().reason = QStringLiteral("EHOSTUNREACH");
            s.evidence.servers.front().certificate.reset();
        });

        // --- nothing is passed over
        row("something else", "unexplained", [](Seen &s) { s.fail(K::V6, "connect", "EHOSTUNREACH"); });
    }

    void faults()
    {
        QFETCH(Spoil, spoil);
        QFETCH(QString, roots);
        Seen seen;
        spoil(seen);
        const Diagnosis diagnosis = diagnose(seen.site, seen.evidence, m_catalogue);
        const QString found = codesOf(diagnosis.roots).join(QLatin1Char(' '));
        QVERIFY2(found == roots, qPrintable(QStringLiteral("found: %1; consequences: %2")
                                                .arg(found, codesOf(diagnosis.consequences).join(QLatin1Char(' ')))));
        for (const auto *list : {&diagnosis.roots, &diagnosis.consequences}) {
            for (const Condition &one : *list) {
                // Every placeholder of every text has its value.
                QString all = one.title + one.text + one.remedy.text + one.remedy.command;
                for (const RouterGuide &guide : one.remedy.routers)
                    all += guide.text;
                QVERIFY2(!all.contains(QLatin1Char('{')), qPrintable(one.code + QLatin1String(": ") + all));
                for (const auto &[name, value] : one.remedy.fields)
                    QVERIFY2(!value.isEmpty(), qPrintable(one.code + QLatin1String(" lacks ") + name));
                QVERIFY2(!one.evidence.isEmpty(), qPrintable(one.code));
                QCOMPARE(one.explainedBy.isEmpty(), list == &diagnosis.roots);
            }
        }
    }

    // Worst first: by severity, then by whom it keeps out, then by the number of paths.
    void order_data()
    {
        QTest::addColumn<Spoil>("spoil");
        QTest::addColumn<QString>("roots");
        const auto row = [](const char *name, const char *roots, const Spoil &spoil) {
            QTest::newRow(name) << spoil << QString::fromLatin1(roots);
        };
        row("no login, and the web server stopped", "web-server-down ssh-refused", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            sshOff(s);
        });
        row("a name server stale, and the port wrong", "wrong-port dns-server-stale", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            s.evidence.servers.front().rightPort = *Port::fromNumber(8443);
            const RecordKey key{host("cloud.example.org"), RecordType::AAAA};
            s.evidence.nameServers.back().records.at(key)->values = {QStringLiteral("2001:db8:9:100::11")};
        });
        row("a filter in the home, and no A record", "a-missing dns-rebind", [](Seen &s) {
            rebind(s);
            noA(s);
        });
        row("no A record, and the web server stopped", "web-server-down a-missing", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            noA(s);
        });
        row("the VPS's firewall, and the router closed", "router-firewall vps-firewall", [](Seen &s) {
            s.failFromVps("connect", "TIMEOUT");
            s.reach(s.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
            s.reach(s.evidence.vps, "2001:db8:b::10", 443, "TIMEOUT");
            s.fail(K::V4, "connect", "TIMEOUT");
            closeFirewall(s);
        });
        row("a warning comes after every error", "ssh-refused home-cert-expiring", [](Seen &s) {
            sshOff(s);
            s.evidence.servers.front().certificate->notAfter = s.evidence.now.addDays(5);
        });
    }

    void order()
    {
        QFETCH(Spoil, spoil);
        Seen seen;
        spoil(seen);
        QStringList found;
        for (const Condition &one : diagnose(seen.site, seen.evidence, m_catalogue).roots)
            found << one.code;
        QTEST(found.join(QLatin1Char(' ')), "roots");
    }

    // What stands in a text, and what must not.
    void words_data()
    {
        QTest::addColumn<Spoil>("spoil");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("doesNot");
        const auto row = [](const char *name, const char *says, const char *doesNot, const Spoil &spoil) {
            QTest::newRow(name) << spoil << QString::fromLatin1(says) << QString::fromLatin1(doesNot);
        };
        row("the service's own port over IPv4", "At 192.168.178.11, port 443,", ":80", [](Seen &s) {
            s.silent("connect", "ECONNREFUSED");
            auto &ipv4 = s.evidence.servers.front().ipv4;
            s.reach(ipv4, "192.168.178.11", 443, "");
            ipv4.insert(ipv4.begin(), {ip4("192.168.178.11"), *Port::fromNumber(80), QString()});
        });
        row("no answer of the proxy", "get no answer from the proxy", "answers no answer", [](Seen &s) {
            s.fail(K::V4, "http", "TIMEOUT");
            s.path(K::V4).http.reset();
        });
        row("the proxy's status", "get status 200 from the proxy", "answers 200",
            [](Seen &s) { s.fail(K::V4, "marker", "proxy"); });
        row("421", "What it answers: status 421, by which", "none", [](Seen &s) {
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "http", "421");
        });
        row("a default page", "the default page of nginx, with status 200.", "nginx-default", [](Seen &s) {
            for (const K kind : {K::V4, K::V6, K::Lan})
                s.fail(kind, "http", "nginx-default");
        });
        row("no TLS", "What was seen: what it answers is not TLS.", "seen: PROTOCOL",
            [](Seen &s) { s.silent("tls", "PROTOCOL"); });
        row("no HTTP", "answers with an error: what it answers is not HTTP.", "no answer.", [](Seen &s) {
            for (const K kind : {K::V6, K::Lan})
                s.fail(kind, "http", "PROTOCOL");
            s.fail(K::V4, "marker", "proxy");
        });
        row("a resolver without a name", "The VPS's resolver: No answer.", "resolver :", [](Seen &s) {
            s.evidence.vpsAaaa.begin()->second.resolver.clear();
            s.evidence.vpsAaaa.begin()->second.answer = fail(ErrorCode::Network, QStringLiteral("No answer."));
            s.fail(K::Upstream, "resolve", "no-answer");
            s.fail(K::V4, "marker", "proxy");
        });
        row("the line", "(192.0.2.53, 2001:db8:53::53, 198.51.100.10, 2001:db8:b::10)", "neither over", lineDown);
        row("a circle in the LAN", "look at cloud itself", "trusted_proxies", [](Seen &s) {
            for (const K kind : {K::V4, K::Lan})
                s.fail(kind, "http", "redirect-loop");
        });
        row("a circle over the VPS alone", "trusted_proxies", "without the VPS",
            [](Seen &s) { s.fail(K::V4, "http", "redirect-loop"); });
        row("two addresses at the upstream name", "Only the VPS uses this record; it picks one", "Visitors over IPv6",
            [](Seen &s) {
                s.record("home6.example.org", RecordType::AAAA,
                         {QStringLiteral("2001:db8:1:100::11"), QStringLiteral("2001:db8:9:100::11")});
            });
        row("no login", "paths that are seen from the VPS", "wo of the four", sshOff);
        row("no login, for an unknown reason", "Do this.", "the error itself", [](Seen &s) {
            s.ssh(ErrorCode::NotFound, "no such file");
            s.evidence.sshTries.clear();
            s.evidence.ssh->fix = QStringLiteral("Do this.");
        });
        row("SSH off after logins that failed", "systemctl enable --now ssh", "{", [](Seen &s) {
            sshOff(s);
            s.evidence.memory.sshRefused = {s.evidence.now.addSecs(-300)};
        });
        row("the service's own error", "The connection and the certificate of nas are right", "Every path",
            [](Seen &s) {
                for (const K kind : {K::V4, K::V6, K::Lan})
                    s.fail(kind, "http", "500");
            });
    }

    void words()
    {
        QFETCH(Spoil, spoil);
        QFETCH(QString, says);
        QFETCH(QString, doesNot);
        Seen seen;
        spoil(seen);
        QString text;
        for (const Condition &one : diagnose(seen.site, seen.evidence, m_catalogue).roots)
            text += QStringLiteral("%1\n%2\n%3\n%4\n%5\n")
                        .arg(one.title, one.text, one.evidence.join(QLatin1Char('\n')), one.remedy.text,
                             one.remedy.command);
        QVERIFY2(text.contains(says), qPrintable(text));
        QVERIFY2(!text.contains(doesNot), qPrintable(text));
    }

    // The same two things on two servers: one's fault explains nothing of the other's.
    void twoServers()
    {
        Seen seen;
        const Label pi = *Label::parse(QStringLiteral("pi"));
        seen.site.servers.push_back(
            {pi, AddressFromInterfaceId{*InterfaceId::parse(QStringLiteral("::12"))}, std::nullopt});
        Service wiki = seen.site.services.front();
        wiki.name = *Label::parse(QStringLiteral("wiki"));
        wiki.publicNames = {host("wiki.example.org")};
        wiki.upstreamName = host("pi6.example.org");
        wiki.server = pi;
        seen.site.services.push_back(wiki);
        seen.evidence.seen.home.servers.push_back(
            {pi, {}, fail(ErrorCode::Network, QStringLiteral("No.")), std::nullopt});
        ServerLook look{pi, *Port::fromNumber(443), host("wiki.example.org"), ip6("2001:db8:1:100::12")};
        look.failedStep = QStringLiteral("connect");
        look.reason = QStringLiteral("ECONNREFUSED");
        seen.evidence.servers.push_back(look);
        for (const PathReport &one : std::vector<PathReport>(seen.evidence.paths)) {
            PathReport other = one;
            other.service = wiki.name;
            other.publicName = host("wiki.example.org");
            seen.evidence.paths.push_back(other);
        }
        seen.failFromVps("connect", "TIMEOUT");
        const Diagnosis diagnosis = diagnose(seen.site, seen.evidence, m_catalogue);
        QCOMPARE(codesOf(diagnosis.roots),
                 (QStringList{QStringLiteral("router-firewall"), QStringLiteral("web-server-down")}));
    }

    // Two services on one server: each port, and each name's certificate, is judged for itself.
    void twoPorts()
    {
        const auto scene = [](const std::function<void(Seen &)> &spoil) {
            Seen seen;
            Service wiki = seen.site.services.front();
            wiki.name = *Label::parse(QStringLiteral("wiki"));
            wiki.publicNames = {host("wiki.example.org")};
            wiki.port = *Port::fromNumber(8443);
            seen.site.services.push_back(wiki);
            ServerLook look = seen.evidence.servers.front();
            look.port = wiki.port;
            look.name = host("wiki.example.org");
            seen.evidence.servers.push_back(look);
            for (const char *type : {"A", "AAAA"})
                seen.record(
                    "wiki.example.org", qstrcmp(type, "A") == 0 ? RecordType::A : RecordType::AAAA,
                    {qstrcmp(type, "A") == 0 ? QStringLiteral("198.51.100.10") : QStringLiteral("2001:db8:1:100::11")});
            for (const PathReport &one : std::vector<PathReport>(seen.evidence.paths)) {
                PathReport other = one;
                other.service = wiki.name;
                other.publicName = host("wiki.example.org");
                seen.evidence.paths.insert(seen.evidence.paths.begin(), other); // the helpers spoil these
            }
            spoil(seen);
            return seen;
        };
        const auto roots = [this](const Seen &seen) {
            return codesOf(diagnose(seen.site, seen.evidence, m_catalogue).roots);
        };

        const Seen closed = scene([](Seen &s) { s.failFromVps("connect", "TIMEOUT"); });
        const Diagnosis diagnosis = diagnose(closed.site, closed.evidence, m_catalogue);
        QCOMPARE(codesOf(diagnosis.roots), QStringList{QStringLiteral("router-firewall")});
        QCOMPARE(diagnosis.roots.front().remedy.fields.at(QStringLiteral("port")), QStringLiteral("8443"));

        QCOMPARE(roots(scene([](Seen &s) {
                     s.evidence.servers.back().failedStep = QStringLiteral("connect");
                     s.evidence.servers.back().reason = QStringLiteral("ECONNREFUSED");
                     s.evidence.servers.back().certificate.reset();
                     s.failFromVps("connect", "ECONNREFUSED");
                     s.fail(K::Lan, "connect", "ECONNREFUSED");
                 })),
                 QStringList{QStringLiteral("web-server-down")});
        QCOMPARE(roots(scene([](Seen &s) {
                     s.evidence.servers.back().failedStep = QStringLiteral("identity");
                     s.evidence.servers.back().reason = QStringLiteral("expired");
                     s.evidence.servers.back().certificate->notAfter = s.evidence.now.addDays(-1);
                     for (const K kind : {K::Upstream, K::V6, K::Lan})
                         s.fail(kind, "identity", "expired");
                     s.fail(K::V4, "marker", "proxy");
                 })),
                 QStringList{QStringLiteral("home-cert-expired")});
    }

    void pathsThatAreExplained()
    {
        Seen seen;
        seen.failFromVps("connect", "TIMEOUT");
        seen.fail(K::Lan, "route", "", PathState::Unknown);
        auto paths = seen.evidence.paths;
        judgePaths(paths, diagnose(seen.site, seen.evidence, m_catalogue));
        for (const PathReport &one : paths)
            QCOMPARE(one.explained, one.kind != K::Lan);
    }

    // Without a login nobody knows whose key was shown in the LAN: no login is what explains it.
    void keysThatCouldNotBeRead()
    {
        Seen seen;
        sshOff(seen);
        seen.fail(K::Lan, "identity", "", PathState::Unknown);
        auto &paths = seen.evidence.paths;
        paths.back().error->code = ErrorCode::Unavailable;
        judgePaths(paths, diagnose(seen.site, seen.evidence, m_catalogue));
        QVERIFY(paths.back().explained);
        // Another's certificate is not explained by it.
        paths.back().state = PathState::Broken;
        judgePaths(paths, diagnose(seen.site, seen.evidence, m_catalogue));
        QVERIFY(!paths.back().explained);
    }

    void loopsThatNobodyFollowed()
    {
        Seen seen;
        for (PathReport &one : seen.evidence.paths)
            one.http = HttpAnswer{301, QStringLiteral("/login")};
        auto paths = seen.evidence.paths;
        QVERIFY(mayBeJudgedOtherwise(paths[2]));
        spreadLoops(paths);
        QCOMPARE(paths[2].state, PathState::Works);
        seen.fail(K::Lan, "http", "redirect-loop");
        seen.path(K::Lan).http->loops = true;
        paths = seen.evidence.paths;
        spreadLoops(paths);
        QCOMPARE(paths[2].state, PathState::Broken);
        QCOMPARE(paths[2].reason(), QStringLiteral("redirect-loop"));
        QCOMPARE(paths[0].state, PathState::Works);
        seen.evidence.paths = paths;
        judgePaths(paths, diagnose(seen.site, seen.evidence, m_catalogue));
        QVERIFY(paths[2].explained);
        // Another answer is another matter.
        seen.path(K::V6).state = PathState::Works;
        seen.path(K::V6).http = HttpAnswer{301, QStringLiteral("/start")};
        spreadLoops(seen.evidence.paths);
        QCOMPARE(seen.path(K::V6).state, PathState::Works);
    }

    void pathsThatCannotBeJudged()
    {
        Seen seen;
        seen.reach(seen.evidence.outside, "192.0.2.53", 53, "TIMEOUT");
        seen.reach(seen.evidence.vps, "198.51.100.10", 443, "TIMEOUT");
        seen.fail(K::V4, "connect", "TIMEOUT");
        auto paths = seen.evidence.paths;
        QVERIFY(mayBeJudgedOtherwise(paths.front()));
        QVERIFY(!mayBeJudgedOtherwise(paths.back()));
        judgePaths(paths, diagnose(seen.site, seen.evidence, m_catalogue));
        QCOMPARE(paths.front().state, PathState::Unknown);
        // With IPv4 here it is the VPS's affair.
        Seen other;
        other.fail(K::V4, "connect", "ECONNREFUSED");
        paths = other.evidence.paths;
        judgePaths(paths, diagnose(other.site, other.evidence, m_catalogue));
        QCOMPARE(paths.front().state, PathState::Broken);
    }
};

QTEST_GUILESS_MAIN(TestDiagnosis)
#include "tst_diagnosis.moc"
