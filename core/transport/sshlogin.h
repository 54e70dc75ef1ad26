#pragma once

#include "transport/ssh.h"
#include "transport/sshlink.h"

#include <functional>

namespace sixgate
{

struct SshLogin {
    std::unique_ptr<SshLink> link; ///< authenticated
    HostKeyPin hostKey;
};

/// A server's host key, once its handshake is done.
PresentedHostKey presentedKey(const SshLink &link);

/// Proves who the user is, on a link whose host key was compared.
Outcome sshAuthenticate(SshLink &link, const SshTarget &target, const IpAddress &address, const Deadline &deadline,
                        std::stop_token stop);

/// Repeats a step until it is done or failed; an error where deadline, stop or the end of the connection come first.
Result<SshStep> driveSsh(SshLink &link, const QString &label, const Deadline &deadline, std::stop_token stop,
                         const std::function<SshStep()> &attempt);

/// The connection ended during the login.
Error sshLost(const SshLink &link, const QString &label, const IpAddress &address);

/// What can be said before anything connects: the key file is not there, needs a passphrase, cannot work; a password
/// is missing; the agent has not the key.
Outcome checkSshTarget(const SshTarget &target, const Deadline &deadline, std::stop_token stop);

/// Connects to the first address that answers, compares the host key, then authenticates.
/// Another address is tried where the first one ends or falls silent before a key or password was shown.
Result<SshLogin> sshLogin(const SshTarget &target, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
