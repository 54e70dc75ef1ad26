#pragma once

#include "decide/maskpieces.h"

namespace sixgate
{

// What is no address and no name, and tells who somebody is all the same. Private to mask.cpp.

/// Finds a service's paths, authorities and logins in texts.
class MaskWords
{
public:
    explicit MaskWords(const Site &site);

    /// Paths that visitors or probes ask for, and certificate authorities that are not well known: taken out before
    /// all else, for there are names and dots in them. What is left is None.
    std::vector<MaskPiece> paths(const QString &text) const;
    /// The users that Sixgate logs in as, where they stand alone. Last of all, for they are parts of names.
    std::vector<MaskPiece> logins(const QString &text) const;

private:
    QRegularExpression m_paths, m_logins;
};

/// Whether an issuer or a subject, as OpenSSL prints it, is that of an authority that everybody uses.
bool isWellKnownAuthority(const QString &distinguishedName);

} // namespace sixgate
