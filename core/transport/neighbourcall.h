#pragma once

#include "model/ipaddress.h"
#include "transport/fd.h"

#include <QString>

#include <optional>

namespace sixgate
{

/// Asks on a link who has an address (RFC 4861 §4.3, neighbour solicitation), as often as the caller likes. The kernel
/// asks once a second: a server that comes by its address between two of these is found up to a second too late. The
/// answer goes to the kernel, for whom a connection waits meanwhile; nothing is read here.
///
/// Needs CAP_NET_RAW, which is a help and no condition.
class NeighbourCall
{
public:
    /// Nothing where this process may not.
    static std::optional<NeighbourCall> open();

    /// One question; errors are those of a network that is just changing, and are ignored. Any thread, one at a time.
    void ask(const QString &interface, const Ipv6Address &address) const;

private:
    explicit NeighbourCall(Fd socket) : m_socket(std::move(socket)) {}
    Fd m_socket;
};

} // namespace sixgate
