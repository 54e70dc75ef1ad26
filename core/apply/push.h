#pragma once

#include "model/deadline.h"
#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/names.h"
#include "model/pushed.h"
#include "transport/ssh.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <vector>

namespace sixgate
{

/// The push: telling the VPS where the home is. Spoken over an SSH login that is good for nothing else;
/// resources/vps/push/daemon.pl documents the other end.

/// How one machine of the home is called there: `[a-z0-9][a-z0-9-]{0,63}`.
struct MachineNameKind {
    static Result<QString> check(const QString &text);
};
using MachineName = ParsedText<MachineNameKind>;

/// What is asked in one go, in this order.
struct PushRequest {
    MachineName machine;
    /// Asks for the lease, or renews it, for so long: 5 to 120 s; zero gives it back.
    std::optional<std::chrono::seconds> lease;
    struct Set {
        Hostname upstream;
        Ipv6Address address;
    };
    std::vector<Set> set; ///< at most 32
    bool alive = false;   ///< says that the home pushes, where nothing else does
    bool drift = false;   ///< asks whether the release's files are as they were put there
};

struct LeaseSeen {
    bool held = false; ///< by the machine that asked
    QString holder;
    std::chrono::seconds left{0};
};
struct DriftSeen {
    int changed = 0; ///< files
    QString first;   ///< one of them; empty where none is
};
struct PushAnswer {
    std::optional<LeaseSeen> lease;
    std::vector<Pushed> set;        ///< as asked, and in that order
    std::optional<DriftSeen> drift; ///< absent also where the VPS does not know
};

/// The lines of a request.
QByteArray pushText(const PushRequest &request);
/// Protocol where `text` is no answer to `request`. Pure.
Result<PushAnswer> parsePushAnswer(const PushRequest &request, const QByteArray &text);

/// Asks over a login that is there. Errors as of SshSession::exec; Refused where the other end does not let it.
Result<PushAnswer> push(SshSession &session, const PushRequest &request, const Deadline &deadline,
                        std::stop_token stop);

} // namespace sixgate
