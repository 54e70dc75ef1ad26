#pragma once

#include "engine/job.h"
#include "transport/remotehost.h"

#include <memory>

namespace sixgate
{

/// The VPS as it is to be logged in to; fetches the secrets that its login needs. `addresses` in the order to try.
/// NotFound where a secret is missing, naming it.
Result<SshTarget> vpsTarget(const Vps &vps, std::vector<IpAddress> addresses, SecretStore &secrets,
                            std::stop_token stop);

/// The same, as one on which scripts run as root. `secrets` outlives it. `tried` as of SshTarget.
Result<std::unique_ptr<RemoteHost>> vpsHost(const Vps &vps, std::vector<IpAddress> addresses, SecretStore &secrets,
                                            std::stop_token stop,
                                            std::function<void(const IpAddress &, const QString &)> tried = {});

/// The pinned host keys. The example's stands for none.
std::vector<HostKeyPin> hostKeyPins(const Vps &vps);

/// IPv6 first: the carrier's IPv4 is shared.
std::vector<IpAddress> inOrder(const std::vector<Ipv6Address> &ipv6, const std::vector<Ipv4Address> &ipv4);

/// Where the VPS is: the site file's addresses, else what its name says. NotFound where it has none.
Result<std::vector<IpAddress>> vpsAddresses(const Vps &vps, const VpsSeen &seen);

} // namespace sixgate
