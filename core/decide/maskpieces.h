#pragma once

#include "model/site.h"

#include <QRegularExpression>

#include <vector>

namespace sixgate
{

// What in a text tells who somebody is. Private to mask.cpp.

enum class MaskKind {
    None, ///< tells nothing
    Ipv6,
    Ipv4,
    DashedIpv4, ///< "192-0-2-1", as providers name machines
    Mac,
    Name, ///< a host name, in ASCII
    Host, ///< a name without a dot, after "@"
    User,
    Path,        ///< of a URL: whoever knows it may get in
    Authority,   ///< an issuer or subject of a certificate
    Key,         ///< a TSIG key's name
    Fingerprint, ///< of a key or certificate, or a whole public key
};

/// A part of a text. Names are in their normal form here, all else is as it stood there.
struct MaskPiece {
    MaskKind kind = MaskKind::None;
    QString text;
};

/// Takes texts apart.
class MaskScanner
{
public:
    explicit MaskScanner(const Site &site);
    std::vector<MaskPiece> pieces(const QString &text) const;

private:
    bool isSites(const Hostname &name) const;
    void takeWord(const QString &word, bool inPath, std::vector<MaskPiece> &out) const;
    bool takeName(const QString &word, bool inPath, std::vector<MaskPiece> &out) const;

    std::vector<Hostname> m_zones, m_names;
    QRegularExpression m_sites; ///< the site's names within a word that is no name
    QRegularExpression m_rest;
};

/// The site's own names, in the order in which they stand there.
std::vector<Hostname> namesOf(const Site &site);

} // namespace sixgate
