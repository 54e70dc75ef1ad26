#pragma once

#include "model/deadline.h"
#include "model/ipaddress.h"
#include "model/site.h"

#include <stop_token>

namespace sixgate
{

/// The IPv4 address from which a "what is my address" service sees this machine. Looks the service's name up, asks over
/// IPv4 only. Its answer is at most 64 bytes and one address, or it is no answer (Protocol). With https the certificate
/// must be valid for the name (Denied).
Result<Ipv4Address> askEcho(const EchoService &service, const Deadline &deadline, std::stop_token stop);

/// The same at a known address of the service.
Result<Ipv4Address> askEchoAt(const Ipv4Address &address, const EchoService &service, const Deadline &deadline,
                              std::stop_token stop);

} // namespace sixgate
