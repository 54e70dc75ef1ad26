#pragma once

#include "model/result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <variant>

namespace sixgate
{

/// An IPv4 address.
class Ipv4Address
{
public:
    /// Dotted quad only, no leading zeros (inet_pton rules).
    static Result<Ipv4Address> parse(const QString &text);
    static Ipv4Address fromBytes(const std::array<std::uint8_t, 4> &bytes) { return Ipv4Address(bytes); }

    const std::array<std::uint8_t, 4> &bytes() const { return m_bytes; }
    QString text() const;

    /// Reachable from the internet: not private (RFC 1918), shared (RFC 6598), DS-Lite (192.0.0.0/24), loopback,
    /// link-local, multicast, reserved. Documentation space (RFC 5737) counts as global.
    bool isGlobal() const;
    bool isDocumentation() const;
    /// 100.64.0.0/10, the carrier NAT's shared space (RFC 6598).
    bool isCarrierShared() const;
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918).
    bool isPrivate() const;
    /// 169.254.0.0/16 (RFC 3927).
    bool isLinkLocal() const;
    /// 127.0.0.0/8.
    bool isLoopback() const;

    friend auto operator<=>(const Ipv4Address &, const Ipv4Address &) = default;

private:
    explicit Ipv4Address(const std::array<std::uint8_t, 4> &bytes) : m_bytes(bytes) {}
    std::array<std::uint8_t, 4> m_bytes;
};

/// Why an IPv6 address is or is not fit to be published; `Global` is the one predicate "global" used everywhere.
enum class Ipv6Scope {
    Global,      ///< 2000::/3 and none of the below; documentation space (2001:db8::/32, 3fff::/20) counts as global
    LinkLocal,   ///< fe80::/10
    SiteLocal,   ///< fec0::/10 (RFC 3879)
    UniqueLocal, ///< fc00::/7 (RFC 4193)
    SixToFour,   ///< 2002::/16
    Teredo,      ///< 2001::/32
    Nat64,       ///< 64:ff9b::/96 and 64:ff9b:1::/48
    Mapped,      ///< ::ffff:0:0/96 and the deprecated ::/96 compatible form
    Loopback,    ///< ::1
    Unspecified, ///< ::
    Multicast,   ///< ff00::/8
    Reserved,    ///< anything else: outside 2000::/3, ORCHID, benchmarking, discard-only
};

/// An IPv6 address without zone id.
class Ipv6Address
{
public:
    /// RFC 4291 text; refuses a zone id (`%eth0`), a prefix length, brackets.
    static Result<Ipv6Address> parse(const QString &text);
    static Ipv6Address fromBytes(const std::array<std::uint8_t, 16> &bytes) { return Ipv6Address(bytes); }

    const std::array<std::uint8_t, 16> &bytes() const { return m_bytes; }
    /// RFC 5952 text.
    QString text() const;

    Ipv6Scope scope() const;
    bool isGlobal() const { return scope() == Ipv6Scope::Global; }
    bool isDocumentation() const;

    friend auto operator<=>(const Ipv6Address &, const Ipv6Address &) = default;

private:
    explicit Ipv6Address(const std::array<std::uint8_t, 16> &bytes) : m_bytes(bytes) {}
    std::array<std::uint8_t, 16> m_bytes;
};

/// One sentence fragment for a person, e.g. "a link-local address (fe80::/10)".
QString describe(Ipv6Scope scope);

using IpAddress = std::variant<Ipv4Address, Ipv6Address>;

Result<IpAddress> parseIpAddress(const QString &text);
QString ipText(const IpAddress &address);

/// In the home's own network, where nobody reads along: private, unique local, link-local, loopback. What goes without
/// encryption goes there only; `resources/vps/push/alarm.py` has the same list.
bool isOfOwnNetwork(const IpAddress &address);
/// A host as a URL names it: such an address (without brackets), one label, or below local, lan, home.arpa, internal.
/// What a name leads to is another question.
bool isOfOwnNetwork(const QString &host);

} // namespace sixgate
