#pragma once

#include "model/ipaddress.h"

namespace sixgate
{

/// The interface identifier: the low 64 bits of an address (RFC 4291 §2.5.1), stable while the prefix changes.
class InterfaceId
{
public:
    /// `::11`, `::1234:5678:9abc:def0`, or a MAC address `02:00:5e:00:53:01` / `02-00-5e-00-53-01` (modified EUI-64,
    /// RFC 4291 appendix A). Refuses the all-zero identifier (subnet-router anycast) and any bit set in the upper half.
    static Result<InterfaceId> parse(const QString &text);
    static InterfaceId of(const Ipv6Address &address);
    /// What a person means who enters this: an identifier, or a whole global address, whose lower half is one.
    static Result<InterfaceId> entered(const QString &text);

    const std::array<std::uint8_t, 8> &bytes() const { return m_bytes; }
    /// `::` notation, RFC 5952.
    QString text() const;

    friend auto operator<=>(const InterfaceId &, const InterfaceId &) = default;

private:
    explicit InterfaceId(const std::array<std::uint8_t, 8> &bytes) : m_bytes(bytes) {}
    std::array<std::uint8_t, 8> m_bytes;
};

} // namespace sixgate
