#pragma once

#include "decide/maskpieces.h"

#include <functional>
#include <map>
#include <set>

namespace sixgate
{

/// What stands in the place of what: given once, kept. Private to mask.cpp.
class MaskValues
{
public:
    explicit MaskValues(const Site &site);

    /// Makes known what stands in a text, so that no other value is given that looks like it.
    void see(const MaskPiece &piece);
    QString value(const MaskPiece &piece);

private:
    using Made = std::function<QString(int)>;
    QString pick(std::map<QString, QString> &given, const QString &key, const Made &make);

    QString ipv6(const Ipv6Address &address);
    quint64 network(const Ipv6Address &address, quint64 first);
    quint64 identifier(quint64 id);
    Ipv4Address ipv4(const Ipv4Address &address);
    quint32 within(quint32 address, quint32 base, int bits);
    QString mac(const QString &text);
    QString name(const QString &ascii);
    QString nameOfSite(const Hostname &name);
    QString zone(const Hostname &zone);
    QString fingerprint(const QString &text);

    const Site m_site;
    std::set<QString> m_seen;
    std::set<quint64> m_seenNetworks, m_seenIdentifiers; ///< /48, lower half
    std::map<QString, QString> m_users, m_keys, m_prints, m_paths, m_authorities, m_macs, m_names, m_zones;
    std::map<quint64, quint64> m_networks, m_identifiers;
    std::map<std::pair<quint64, quint64>, quint64> m_subnets; ///< network and number within it
    std::map<quint64, int> m_subnetsOf;
    std::map<quint32, quint32> m_ipv4, m_ipv4Networks;
    std::set<quint32> m_ipv4Given;
};

} // namespace sixgate
