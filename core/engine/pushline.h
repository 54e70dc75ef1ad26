#pragma once

#include "apply/push.h"
#include "model/site.h"

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sixgate
{

/// The way from a keeper to the push service of the VPS. Keeps a login open, where it can over IPv4: that outlives the
/// prefix while the carrier's NAT remembers it. Never relies on it: a connection from the old prefix is dead, and the
/// NAT may forget. Thread-safe.
class PushLine
{
public:
    /// `keyFile`: this machine's push key.
    PushLine(const Vps &vps, QString keyFile) : m_vps(vps), m_keyFile(std::move(keyFile)) {}

    /// Begins to log in, so that a fresh ask finds it done: while the home's new address is being proven. Without a
    /// `source`, since this machine has no new address yet, over IPv4 where it can, and what was begun before ends.
    /// With one out of that as well, once.
    void dialAhead(const std::vector<IpAddress> &vpsAddresses, const std::optional<Ipv6Address> &source,
                   const Deadline &deadline);

    /// Asks. With `fresh` a new login is made, from `source` where given (an address of this machine), and those that
    /// were begun ahead and the kept one are tried as well: the first answer counts, and the newer connection is kept.
    /// Without it the kept one is used where there is one. Errors as of push() and SshSession::connect().
    Result<PushAnswer> ask(const PushRequest &request, const std::vector<IpAddress> &vpsAddresses, bool fresh,
                           const std::optional<Ipv6Address> &source, const Deadline &deadline, std::stop_token stop);
    /// Sees that the connection that is kept goes over IPv4, where the VPS can be reached so. When nothing is urgent.
    void makeLasting(const std::vector<IpAddress> &vpsAddresses, const Deadline &deadline, std::stop_token stop);

private:
    using Dialled = Result<std::shared_ptr<SshSession>>;
    struct Ahead {
        std::optional<Ipv6Address> source; ///< none: over IPv4
        std::shared_future<Dialled> dialled;
        std::jthread thread; ///< ends with it
    };

    /// Of those that were begun, what is of use for `source`; the others end.
    std::vector<Ahead> takeAhead(const std::optional<Ipv6Address> &source);
    Dialled dial(const std::vector<IpAddress> &addresses, const std::optional<Ipv6Address> &source,
                 const Deadline &deadline, std::stop_token stop) const;
    std::shared_ptr<SshSession> kept();
    void keep(std::shared_ptr<SshSession> session, bool lasting);

    Vps m_vps;
    QString m_keyFile;
    std::mutex m_mutex;
    std::vector<Ahead> m_ahead;
    std::shared_ptr<SshSession> m_kept;
    bool m_lasting = false;                               ///< the kept one goes over IPv4
    std::chrono::steady_clock::time_point m_tryLasting{}; ///< not before
};

/// This machine's push key: systemd's credential `push-key` where there is one, else
/// `<folder of the site file>/push_<site>_ed25519`, with the public half beside it (.pub).
QString pushKeyFile(const QString &siteFile, const Label &site);

} // namespace sixgate
