#pragma once

#include "transport/ssh.h"
#include "transport/sshlink.h"

namespace sixgate
{

struct SshLogin {
    std::unique_ptr<SshLink> link; ///< authenticated
    Fingerprint hostKey;
};

/// Connects to the first address that answers, compares the host key, then authenticates.
Result<SshLogin> sshLogin(const SshTarget &target, const Deadline &deadline, std::stop_token stop);

} // namespace sixgate
