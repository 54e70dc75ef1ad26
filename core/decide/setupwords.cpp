// What the setup tells of what was found: records, the need of a VPS, servers, the home's certificate.
#include "decide/setup.h"
#include "model/texts.h"

#include <algorithm>

namespace sixgate
{

namespace
{

/// A wildcard covers one label (RFC 6125 §6.4.3).
bool covers(const QString &pattern, const Hostname &name)
{
    const QString plain = pattern.toLower();
    if (plain == name.ascii())
        return true;
    return plain.startsWith(QLatin1String("*.")) && name.ascii().section(QLatin1Char('.'), 1) == plain.mid(2);
}

bool isLan(const LinkSeen &link, const Ipv6Address &address)
{
    return std::any_of(link.onLink.begin(), link.onLink.end(),
                       [&](const OnLinkPrefix &one) { return one.prefix.contains(address); });
}

/// Of an address that changes with the prefix (RFC 7217) or by itself (RFC 8981) nothing can be told from outside;
/// what was set by hand, by EUI-64 or by DHCPv6 shows in its shape.
enum class Shape { Plain, Hardware, Random };

Shape shapeOf(const Ipv6Address &address)
{
    const auto bytes = InterfaceId::of(address).bytes();
    if (bytes[3] == 0xff && bytes[4] == 0xfe)
        return Shape::Hardware;
    const auto zeros = std::count(bytes.begin(), bytes.begin() + 6, 0);
    return zeros >= 5 ? Shape::Plain : Shape::Random;
}

/// The one that will stay first: plain, by hardware, random; the lower one of two that are alike.
bool lastsLonger(const Ipv6Address &a, const Ipv6Address &b)
{
    const auto key = [](const Ipv6Address &one) { return std::pair(int(shapeOf(one)), one); };
    return key(a) < key(b);
}

/// A name that a LAN has: what a provider calls its customers' addresses leads nowhere there.
bool isOfTheLan(const QString &name)
{
    static const QStringList ends{QStringLiteral(".local"),      QStringLiteral(".fritz.box"),
                                  QStringLiteral(".lan"),        QStringLiteral(".home.arpa"),
                                  QStringLiteral(".home"),       QStringLiteral(".internal"),
                                  QStringLiteral(".localdomain")};
    return std::any_of(ends.begin(), ends.end(), [&](const QString &end) { return name.toLower().endsWith(end); });
}

void judge(SetupServer &server, const LinkSeen &link)
{
    std::vector<Ipv6Address> all = server.addresses;
    all.insert(all.end(), server.others.begin(), server.others.end());
    std::sort(all.begin(), all.end(), lastsLonger);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    server.addresses.clear();
    server.others.clear();
    for (const Ipv6Address &one : all)
        (one.isGlobal() && isLan(link, one) ? server.addresses : server.others).push_back(one);
    server.fit = false;
    if (server.router) {
        server.why = Texts::tr("This is the home router: it leads to servers, and is none.");
        return;
    }
    if (server.addresses.empty()) {
        server.why = Texts::tr("It shows no global IPv6 address, so nobody outside can reach it; switch IPv6 on "
                               "there.");
        return;
    }
    server.id = InterfaceId::of(server.addresses.front());
    const bool lasting = shapeOf(server.addresses.front()) != Shape::Random;
    const bool named = !lasting && isOfTheLan(server.name) && Hostname::parse(server.name);
    server.entry = named ? server.name : server.id->text();
    if (!server.certificate) {
        server.why = Texts::tr("Nothing answers with TLS on its port 443; if its service has another port, it can "
                               "be chosen all the same.");
        return;
    }
    server.fit = lasting || named || server.thisMachine;
    if (server.thisMachine)
        server.why = Texts::tr("This computer: it answers with TLS on port 443.");
    else if (lasting)
        server.why = Texts::tr("It answers with TLS on port 443, and its interface identifier %1 outlasts a "
                               "change of the prefix.")
                         .arg(server.id->text());
    else if (named)
        server.why = Texts::tr("It answers with TLS on port 443. Its interface identifier looks random and may "
                               "change with the prefix, so it is found by its name %1.")
                         .arg(server.name);
    else
        server.why = Texts::tr("It answers with TLS on port 443, but its interface identifier looks random and may "
                               "change with the prefix; give it a fixed one, such as ::11.");
}

} // namespace

std::vector<SetupRecord> setupRecords(const SetupAnswers &given, const Providers &providers,
                                      const std::optional<Ipv6Address> &server, const std::vector<IpAddress> &vps)
{
    const SetupAnswers answers = completed(given, providers);
    const QString home = server ? server->text() : Texts::tr("the home server");
    const QString anyVps = Texts::tr("the VPS");
    QString vps4 = anyVps;
    QStringList vpsAll;
    for (const IpAddress &one : vps) {
        vpsAll << ipText(one);
        if (std::holds_alternative<Ipv4Address>(one) && vps4 == anyVps)
            vps4 = ipText(one);
    }
    const QString a = QStringLiteral("A"), aaaa = QStringLiteral("AAAA");
    std::vector<SetupRecord> records;
    for (const SetupService &service : answers.services) {
        for (const QString &name : setupNames(service)) {
            records.push_back({name, a, vps4, Texts::tr("Visitors with IPv4 go to the VPS.")});
            records.push_back({name, aaaa, home, Texts::tr("Visitors with IPv6 go straight to the home.")});
        }
    }
    if (!answers.upstreamName.isEmpty())
        records.push_back({answers.upstreamName, aaaa, home,
                           Texts::tr("By this name the VPS finds the home; it never gets an A record.")});
    // The VPS name's records are Sixgate's where it is told the addresses.
    for (const IpAddress &one : vps) {
        if (!answers.vpsName.isEmpty() && !answers.addresses.trimmed().isEmpty())
            records.push_back({answers.vpsName, std::holds_alternative<Ipv4Address>(one) ? a : aaaa, ipText(one),
                               Texts::tr("The VPS itself: administration, and challenges for certificates.")});
    }
    return records;
}

SetupNeed setupNeed(const Ipv4Verdict &verdict)
{
    switch (verdict.kind) {
    case Ipv4Kind::Public:
        return {false, verdict.confirmed, Texts::tr("This home has a public IPv4 address: you may not need Sixgate."),
                Texts::tr("%1 A port forwarding in the home router lets visitors in without a VPS. Sixgate works "
                          "here all the same, for example before a move to another provider.")
                    .arg(verdict.title)};
    case Ipv4Kind::Unknown:
        return {true, false, Texts::tr("Whether this home has a public IPv4 address could not be seen."),
                Texts::tr("%1 Look at the router's page for its internet (WAN) address: where it has none, or one "
                          "that begins with 10., 192.168., 172.16. to 172.31. or 100.64. to 100.127., Sixgate is "
                          "what you need.")
                    .arg(verdict.title)};
    case Ipv4Kind::CarrierNat:
    case Ipv4Kind::DsLite:
    case Ipv4Kind::DoubleNat:
    case Ipv4Kind::None:
        break;
    }
    return {true, verdict.confirmed, verdict.title, Texts::tr("%1 This is what Sixgate is for.").arg(verdict.text)};
}

void judgeServers(std::vector<SetupServer> &servers, const LinkSeen &link)
{
    for (SetupServer &one : servers)
        judge(one, link);
    std::stable_sort(servers.begin(), servers.end(), [](const SetupServer &a, const SetupServer &b) {
        const auto rank = [](const SetupServer &one) {
            return std::tuple(!one.fit, !one.certificate.has_value(), one.router, one.addresses.empty());
        };
        return rank(a) < rank(b);
    });
}

SetupCertificate judgeCertificate(const CertificateSeen &seen, bool chainValid, const QString &chainError,
                                  const std::vector<Hostname> &names, const QString &pinned, const QDateTime &now)
{
    SetupCertificate verdict;
    verdict.seen = seen;
    QStringList missing;
    for (const Hostname &name : names) {
        if (std::none_of(seen.names.begin(), seen.names.end(), [&](const QString &one) { return covers(one, name); }))
            missing << name.display();
    }
    const QString get = Texts::tr("Get one at the home server, for example: certbot certonly --standalone -d %1; or "
                                  "let Caddy get it by itself.")
                            .arg(names.empty() ? QString() : names.front().ascii());
    if (now > seen.notAfter) {
        verdict.sentence =
            Texts::tr("The home's certificate has expired on %1.").arg(seen.notAfter.date().toString(Qt::ISODate));
        verdict.fix = get;
    } else if (now < seen.notBefore) {
        verdict.sentence = Texts::tr("The home's certificate is not valid before %1: look at the clocks.")
                               .arg(seen.notBefore.date().toString(Qt::ISODate));
    } else if (seen.selfSigned && pinned == seen.key.text()) {
        verdict.good = true;
        verdict.sentence = Texts::tr("The home's certificate is self-signed, and its key is pinned: the VPS takes "
                                     "it; visitors with IPv6 are warned by their browser.");
    } else if (seen.selfSigned) {
        verdict.sentence = Texts::tr("The home's certificate is self-signed: nobody vouches for it.");
        verdict.fix = get + Texts::tr(" Or pin its key, then the VPS takes it as it is.");
    } else if (!missing.isEmpty()) {
        verdict.sentence = Texts::tr("The home's certificate is not for %1.").arg(missing.join(QStringLiteral(", ")));
        verdict.fix = get;
    } else if (!chainValid) {
        verdict.sentence = Texts::tr("The home's certificate is not trusted: %1.").arg(chainError);
        verdict.fix = get;
    } else {
        const auto days = now.daysTo(seen.notAfter);
        verdict.good = true;
        verdict.sentence = Texts::tr("The home's certificate is good, for another %1 days.").arg(days);
    }
    return verdict;
}

} // namespace sixgate
