#include "decide/firewall.h"

#include "decide/firewall_parts.h"

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
    return QStringLiteral("Whether the VPS's firewall lets visitors in cannot be judged");
}
QString openYourself(const std::vector<int> &ports)
{
    return QStringLiteral("Where visitors do not get through, open the %1 (TCP) in it yourself.").arg(portsText(ports));
}
QString keptClosed(const QString &by, const std::vector<int> &ports)
{
    return QStringLiteral("%1 on the VPS closes the %2 for visitors, and Sixgate does not change it.")
        .arg(by, portsText(ports));
}

class Judge
{
public:
    explicit Judge(const FirewallTexts &texts) : m_texts(texts) {}

    FirewallVerdict judge()
    {
        const bool ufw = judgeUfw();
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
            remark(keptClosed(QStringLiteral("A rule of ufw"), denied),
                   QStringLiteral("Run on the VPS: %1").arg(commands.join(QLatin1String(" && "))), true);
        }
        if (!limited.empty())
            remark(QStringLiteral("ufw on the VPS limits how often a visitor may connect to the %1; many share one "
                                  "IPv4 address and are locked out together.")
                       .arg(portsText(limited)),
                   QStringLiteral("Run on the VPS, for each port: ufw allow %1/tcp").arg(limited.front()), false);
        if (!unknown.empty())
            remark(cannotBeTold() + QStringLiteral(": ufw has rules for single addresses or interfaces."),
                   openYourself(unknown), false);
        return active;
    }

    void judgeNft(bool ufw)
    {
        const auto tables = firewall::parseRuleset(m_texts.nft);
        if (!tables) {
            remark(cannotBeTold() + QStringLiteral(": the rules of nftables are too many or not understood."),
                   openYourself({80, 443}), false);
            return;
        }
        for (const Table &table : *tables) {
            if (table.dormant || (ufw && isOfUfw(table)))
                continue;
            for (const auto &[name, chain] : table.chains) {
                if (chain.input)
                    judgeChain(table, name);
            }
        }
    }

    static bool isOfUfw(const Table &table)
    {
        return std::any_of(table.chains.begin(), table.chains.end(),
                           [](const auto &chain) { return chain.first.startsWith("ufw-"); });
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
        const QString where = named
                                  ? QStringLiteral("nftables (table %1 %2, chain %3)").arg(family, tableName, chainName)
                                  : QStringLiteral("nftables");
        if (!unknown.empty())
            remark(cannotBeTold() + QStringLiteral(": %1 has rules that Sixgate does not know.").arg(where),
                   openYourself(unknown), false);
        if (closed.empty())
            return;
        if (tableName == QLatin1String("firewalld"))
            remark(keptClosed(QStringLiteral("firewalld"), closed),
                   QStringLiteral("Run on the VPS: firewall-cmd --permanent --add-service=http --add-service=https && "
                                  "firewall-cmd --reload"),
                   true);
        else if (table.ofIptables)
            remark(
                keptClosed(QStringLiteral("iptables"), closed),
                QStringLiteral("Run on the VPS: iptables -I INPUT -p tcp -m multiport --dports %1 -j ACCEPT; and keep "
                               "the rule in the way in which the others are kept there.")
                    .arg(withCommas(closed)),
                true);
        else if (!named)
            remark(keptClosed(where, closed),
                   QStringLiteral("Open the %1 (TCP) there yourself.").arg(portsText(closed)), true);
        else
            m_verdict.closed.push_back({{FirewallKind::Nftables, closed, family, tableName, chainName}, where});
    }

    const FirewallTexts &m_texts;
    FirewallVerdict m_verdict;
};

} // namespace

FirewallVerdict judgeFirewall(const FirewallTexts &texts)
{
    return Judge(texts).judge();
}

QString portsText(const std::vector<int> &ports)
{
    QStringList all;
    for (const int port : ports)
        all << QString::number(port);
    return (all.size() == 1 ? QStringLiteral("port ") : QStringLiteral("ports ")) + all.join(QStringLiteral(" and "));
}

bool isNftName(const QString &name)
{
    static const QRegularExpression form(
        QRegularExpression::anchoredPattern(QStringLiteral("[A-Za-z_][A-Za-z0-9_.-]{0,127}")));
    return form.match(name).hasMatch();
}

} // namespace sixgate
