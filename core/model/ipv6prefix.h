#pragma once

#include "model/interfaceid.h"
#include "model/ipaddress.h"

namespace sixgate
{

/// An IPv6 prefix of any length, 0 to 128. Host bits are always zero.
class Ipv6Prefix
{
public:
    /// `2001:db8:1::/56`. Refuses set host bits, a missing or bad length.
    static Result<Ipv6Prefix> parse(const QString &text);
    /// The prefix of the given length that holds `address`.
    static Result<Ipv6Prefix> of(const Ipv6Address &address, int length);

    const Ipv6Address &network() const { return m_network; }
    int length() const { return m_length; }
    QString text() const;

    bool contains(const Ipv6Address &address) const;
    bool contains(const Ipv6Prefix &other) const;

    /// The address made of this prefix and the low bits of `id`. Fails where the prefix is longer than /64 or where it
    /// leaves bits between itself and the identifier undefined (shorter than /64): such an address would be a guess.
    Result<Ipv6Address> join(const InterfaceId &id) const;

    friend auto operator<=>(const Ipv6Prefix &, const Ipv6Prefix &) = default;

private:
    Ipv6Prefix(const Ipv6Address &network, int length) : m_network(network), m_length(length) {}
    Ipv6Address m_network;
    int m_length;
};

} // namespace sixgate
