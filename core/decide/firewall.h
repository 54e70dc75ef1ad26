#pragma once

#include "model/plan.h"

#include <QByteArray>
#include <QString>

#include <vector>

namespace sixgate
{

/// Whether the VPS's own firewall lets visitors to the ports 80 and 443 over IPv4, and what certificates need. Pure:
/// judges what the firewall's own programs print.

/// As the VPS tells it, so nothing to rely on; empty: the program is not there.
struct FirewallTexts {
    QByteArray ufw;         ///< `ufw status verbose`
    QByteArray nft;         ///< `nft list ruleset`
    QString outerInterface; ///< by which the VPS reaches the internet over IPv4; empty: not known
};

/// What keeps visitors out and can be opened by one action.
struct ClosedPorts {
    OpenPorts action;
    QString where; ///< for a person, e.g. "ufw", "nftables (table inet filter, chain input)"
};

/// What Sixgate leaves to the user, and how he does it.
struct FirewallRemark {
    QString reason;
    QString fix;
    bool certain = false; ///< visitors do not get through; otherwise they may
};

struct FirewallVerdict {
    std::vector<ClosedPorts> closed;
    std::vector<FirewallRemark> remarks;
};

/// Judges for visitors, and for what else is wanted. `ipv6`: the VPS is reached over it, too.
FirewallVerdict judgeFirewall(const FirewallTexts &texts, const std::vector<Traffic> &more = {}, bool ipv6 = true);

/// For a sentence: what of it goes where, "port 80 over IPv6", "port 53 (UDP and TCP)".
QString trafficText(const OpenPorts &action);

/// "port 443", "ports 80 and 443".
QString portsText(const std::vector<int> &ports);

/// The names of tables and chains that Sixgate hands on to nft.
bool isNftName(const QString &name);

} // namespace sixgate
