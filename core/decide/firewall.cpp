#include "decide/firewall.h"

#include "decide/firewall_parts.h"
#include "model/texts.h"

#include <QRegularExpression>
#include <QStringList>

#include <algorithm>

namespace sixgate
{

namespace
{

using firewall::Fate;
using firewall::Table;

constexpr int visitorsPorts[] = {80, 443};

QString withCommas(const std::vector<int> &ports)
{
    QStringList all;
    for (const int port : ports)
        all << QString::number(port);
    return all.join(QLatin1Char(','));
}

QString cannotBeTold()
{
    return Texts::tr("Whether the VPS's firewall lets visitors in cannot be judged");
}
QString openYourself(const std::vector<int> &ports)
{
    return Texts::tr("Where visitors do not get through, open the %1 (TCP) in it yourself.").arg(portsText(ports));
}
QString keptClosed(const QString &by, const std::vector<int> &ports)
{
    return Texts::tr("%1 on the VPS closes the %2 for visitors, and Sixgate does not change it.")
        .arg(by, portsText(ports));
}

class Judge
{
public:
    Judge(const FirewallTexts &texts, const std::vector<Traffic> &more, bool ipv6)
        : m_texts(texts), m_more(more), m_ipv6(ipv6)
    {
    }

    FirewallVerdict judge()
    {
        const bool ufw = judgeUfw();
        for (const Traffic one : m_more)
            judgeUfw(one);
        if (!m_texts.nft.isEmpty())
            judgeNft(ufw);
        return std::move(m_verdict);
    }

private:
    void remark(const QString &reason, const QString &fix, bool certain)
    {
        m_verdict.remarks.push_back({reason, fix, certain});
    }

    /// Whether ufw is at work.
    bool judgeUfw()
    {
        std::vector<int> closed, denied, limited, unknown;
        bool active = false;
        for (const int port : visitorsPorts) {
            const auto seen = firewall::judgeUfw(m_texts.ufw, {port, m_texts.outerInterface});
            active = active || seen.active;
            if (!seen.active)
                continue;
            if (seen.fate.closed())
                (seen.byRule ? denied : closed).push_back(port);
            else if (!seen.fate.open())
                unknown.push_back(port);
            else if (seen.limited)
                limited.push_back(port);
        }
        if (!closed.empty())
            m_verdict.closed.push_back({{FirewallKind::Ufw, closed, {}, {}, {}}, QStringLiteral("ufw")});
        if (!denied.empty()) {
            QStringList commands;
            for (const int port : denied)
                commands << QStringLiteral("ufw insert 1 allow %1/tcp").arg(port);
            remark(keptClosed(Texts::tr("A rule of ufw"), denied),
                   Texts::tr("Run on the VPS: %1").arg(commands.join(QLatin1String(" && "))), true);
        }
        if (!limited.empty())
            remark(Texts::tr("ufw on the VPS limits how often a visitor may connect to the %1; many share one "
                             "IPv4 address and are locked out together.")
                       .arg(portsText(limited)),
                   Texts::tr("Run on the VPS, for each port: ufw allow %1/tcp").arg(limited.front()), false);
        if (!unknown.empty())
            remark(cannotBeTold() + Texts::tr(": ufw has rules for single addresses or interfaces."),
                   openYourself(unknown), false);
        return active;
    }

    std::vector<firewall::Visit> visits(Traffic traffic) const
    {
        std::vector<firewall::Visit> all;
        for (const bool ipv6 : {false, true}) {
            if (ipv6 && !m_ipv6)
                continue;
            if (traffic == Traffic::Challenges && ipv6)
                all.push_back({80, m_texts.outerInterface, true, false});
            if (traffic == Traffic::Questions) {
                for (const bool udp : {true, false})
                    all.push_back({53, m_texts.outerInterface, ipv6, udp});
            }
        }
        return all;
    }

    static OpenPorts opening(Traffic traffic)
    {
        OpenPorts action;
        action.traffic = traffic;
        action.ports = {traffic == Traffic::Challenges ? 80 : 53};
        return action;
    }

    void leaveToUser(Traffic traffic, const QString &where, bool certain)
    {
        const QString what = trafficText(opening(traffic));
        remark(certain ? Texts::tr("%1 on the VPS closes %2, which the certification authority needs, and Sixgate "
                                   "does not change it.")
                             .arg(where, what)
                       : Texts::tr("Whether the VPS's firewall lets the certification authority in to %1 cannot be "
                                   "judged: %2 has rules that Sixgate does not know.")
                             .arg(what, where),
               Texts::tr("%1 %2 in it yourself.")
                   .arg(certain ? Texts::tr("Open") : Texts::tr("Where it does not, open"), what),
               certain);
    }

    void judgeUfw(Traffic traffic)
    {
        bool closed = false, denied = false, unknown = false;
        for (const firewall::Visit &visit : visits(traffic)) {
            // It lets nothing in over IPv6 then, and takes no rule for it.
            if (visit.ipv6 && m_texts.ufw.contains("\nIPV6=no")) {
                unknown = true;
                continue;
            }
            const auto seen = firewall::judgeUfw(m_texts.ufw, visit);
            if (!seen.active)
                return;
            closed = closed || (seen.fate.closed() && !seen.byRule);
            denied = denied || (seen.fate.closed() && seen.byRule);
            unknown = unknown || (!seen.fate.closed() && !seen.fate.open());
        }
        OpenPorts action = opening(traffic);
        if (denied)
            leaveToUser(traffic, Texts::tr("A rule of ufw"), true);
        else if (closed)
            m_verdict.closed.push_back({action, QStringLiteral("ufw")});
        else if (unknown)
            leaveToUser(traffic, QStringLiteral("ufw"), false);
    }

    /// A chain of IPv4 alone sees no visitor over IPv6.
    static bool sees(const Table &table, const firewall::Visit &visit)
    {
        return table.family != (visit.ipv6 ? "ip" : "ip6");
    }

    void judgeChain(const Table &table, const QByteArray &name, Traffic traffic)
    {
        bool closed = false, unknown = false;
        for (const firewall::Visit &visit : visits(traffic)) {
            if (!sees(table, visit))
                continue;
            const Fate fate = firewall::judgeChain(table, name, visit);
            closed = closed || fate.closed();
            unknown = unknown || (!fate.closed() && !fate.open());
        }
        OpenPorts action = opening(traffic);
        action.firewall = FirewallKind::Nftables;
        action.family = QString::fromLatin1(table.family);
        action.table = QString::fromUtf8(table.name);
        action.chain = QString::fromUtf8(name);
        const bool named = isNftName(action.table) && isNftName(action.chain);
        const QString where = placeText(table, name);
        if (closed && named && !table.ofIptables && action.table != QLatin1String("firewalld"))
            m_verdict.closed.push_back({action, where});
        else if (closed || unknown)
            leaveToUser(traffic,
                        action.table == QLatin1String("firewalld") ? QStringLiteral("firewalld")
                        : table.ofIptables                         ? QStringLiteral("iptables")
                                                                   : where,
                        closed);
    }

    static QString placeText(const Table &table, const QByteArray &chain)
    {
        const QString tableName = QString::fromUtf8(table.name), chainName = QString::fromUtf8(chain);
        return isNftName(tableName) && isNftName(chainName)
                   ? Texts::tr("nftables (table %1 %2, chain %3)")
                         .arg(QString::fromLatin1(table.family), tableName, chainName)
                   : QStringLiteral("nftables");
    }

    void judgeNft(bool ufw)
    {
        const auto tables = firewall::parseRuleset(m_texts.nft);
        if (!tables) {
            remark(cannotBeTold() + Texts::tr(": the rules of nftables are too many or not understood."),
                   openYourself({80, 443}), false);
            return;
        }
        for (const Table &table : *tables) {
            if (table.dormant || (ufw && isOfUfw(table)))
                continue;
            for (const auto &[name, chain] : table.chains) {
                if (!chain.input)
                    continue;
                if (table.family != "ip6")
                    judgeChain(table, name);
                for (const Traffic one : m_more)
                    judgeChain(table, name, one);
            }
        }
    }

    static bool isOfUfw(const Table &table)
    {
        return std::any_of(table.chains.begin(), table.chains.end(), [](const auto &chain) {
            return chain.first.startsWith("ufw-") || chain.first.startsWith("ufw6-");
        });
    }

    void judgeChain(const Table &table, const QByteArray &name)
    {
        std::vector<int> closed, unknown;
        for (const int port : visitorsPorts) {
            const Fate fate = firewall::judgeChain(table, name, {port, m_texts.outerInterface});
            if (fate.closed())
                closed.push_back(port);
            else if (!fate.open())
                unknown.push_back(port);
        }
        const QString family = QString::fromLatin1(table.family), tableName = QString::fromUtf8(table.name),
                      chainName = QString::fromUtf8(name);
        const bool named = isNftName(tableName) && isNftName(chainName);
        const QString where = placeText(table, name);
        if (!unknown.empty())
            remark(cannotBeTold() + Texts::tr(": %1 has rules that Sixgate does not know.").arg(where),
                   openYourself(unknown), false);
        if (closed.empty())
            return;
        if (tableName == QLatin1String("firewalld"))
            remark(keptClosed(QStringLiteral("firewalld"), closed),
                   Texts::tr("Run on the VPS: firewall-cmd --permanent --add-service=http --add-service=https && "
                             "firewall-cmd --reload"),
                   true);
        else if (table.ofIptables)
            remark(keptClosed(QStringLiteral("iptables"), closed),
                   Texts::tr("Run on the VPS: iptables -I INPUT -p tcp -m multiport --dports %1 -j ACCEPT; and keep "
                             "the rule in the way in which the others are kept there.")
                       .arg(withCommas(closed)),
                   true);
        else if (!named)
            remark(keptClosed(where, closed), Texts::tr("Open the %1 (TCP) there yourself.").arg(portsText(closed)),
                   true);
        else
            m_verdict.closed.push_back({{FirewallKind::Nftables, closed, family, tableName, chainName}, where});
    }

    const FirewallTexts &m_texts;
    const std::vector<Traffic> &m_more;
    const bool m_ipv6;
    FirewallVerdict m_verdict;
};

} // namespace

FirewallVerdict judgeFirewall(const FirewallTexts &texts, const std::vector<Traffic> &more, bool ipv6)
{
    return Judge(texts, more, ipv6).judge();
}

QString trafficText(const OpenPorts &action)
{
    switch (action.traffic) {
    case Traffic::Challenges:
        return Texts::tr("port 80 over IPv6");
    case Traffic::Questions:
        return Texts::tr("port 53 (UDP and TCP)");
    case Traffic::Visitors:
        break;
    }
    return portsText(action.ports);
}

QString portsText(const std::vector<int> &ports)
{
    QStringList all;
    for (const int port : ports)
        all << QString::number(port);
    return (all.size() == 1 ? Texts::tr("port ") : Texts::tr("ports ")) + all.join(Texts::tr(" and "));
}

bool isNftName(const QString &name)
{
    static const QRegularExpression form(
        QRegularExpression::anchoredPattern(QStringLiteral("[A-Za-z_][A-Za-z0-9_.-]{0,127}")));
    return form.match(name).hasMatch();
}

} // namespace sixgate
