#pragma once

#include "model/result.h"

#include <array>
#include <compare>
#include <cstdint>

namespace sixgate
{

/// A SHA-256 digest of a public key: of an SSH host key blob (as `ssh-keygen -l` shows it), or of a certificate's
/// SubjectPublicKeyInfo (RFC 7469 pin). Equality is exact.
class Fingerprint
{
public:
    /// `SHA256:` followed by unpadded base64 (OpenSSH's form), or 64 hex digits, with or without colons.
    static Result<Fingerprint> parse(const QString &text);
    static Fingerprint fromDigest(const std::array<std::uint8_t, 32> &digest) { return Fingerprint(digest); }
    /// Hashes the given bytes with SHA-256.
    static Fingerprint ofBytes(const QByteArray &bytes);

    const std::array<std::uint8_t, 32> &digest() const { return m_digest; }
    /// OpenSSH's form: `SHA256:…`.
    QString text() const;

    friend auto operator<=>(const Fingerprint &, const Fingerprint &) = default;

private:
    explicit Fingerprint(const std::array<std::uint8_t, 32> &digest) : m_digest(digest) {}
    std::array<std::uint8_t, 32> m_digest;
};

} // namespace sixgate
