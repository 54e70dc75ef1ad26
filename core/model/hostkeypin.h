#pragma once

#include "model/fingerprint.h"
#include "model/names.h"

#include <compare>
#include <optional>
#include <vector>

namespace sixgate
{

/// Kind of an SSH host key, as RFC 4253, 5656 and 8709 name it: `ssh-ed25519`, `ecdsa-sha2-nistp256`, … Only those that
/// Sixgate can compare.
struct HostKeyTypeKind {
    static Result<QString> check(const QString &text);
};
using HostKeyType = ParsedText<HostKeyTypeKind>;

/// What is known of a machine's SSH host key: `ssh-ed25519 SHA256:…`, or `SHA256:…` alone where the type was not told.
/// With a type the server is asked for that key and no other, so that a new key of another type cannot stand in for it.
struct HostKeyPin {
    std::optional<HostKeyType> type;
    Fingerprint fingerprint;

    HostKeyPin(const Fingerprint &any) : fingerprint(any) {}
    HostKeyPin(std::optional<HostKeyType> ofType, const Fingerprint &one) : type(std::move(ofType)), fingerprint(one) {}

    static Result<HostKeyPin> parse(const QString &text);
    QString text() const;
    /// Whether a key that the server presented is this one.
    bool fits(const QString &presentedType, const Fingerprint &presented) const;

    friend auto operator<=>(const HostKeyPin &, const HostKeyPin &) = default;
};

/// A host key as a server presented it.
struct PresentedHostKey {
    QString type;
    Fingerprint fingerprint; ///< `SHA256:…`, as ssh-keygen -l shows it
    QString md5;             ///< `MD5:aa:bb:…`, as older programs and ssh-keygen -E md5 -l show it

    static PresentedHostKey ofBlob(const QString &type, const QByteArray &blob);
};

} // namespace sixgate
