#pragma once

#include "apply/push.h"
#include "model/site.h"

#include <memory>
#include <mutex>

namespace sixgate
{

/// The way from a keeper to the push service of the VPS. Keeps a login open, and never relies on it: after a change of
/// the prefix a connection from the old one is dead. Thread-safe.
class PushLine
{
public:
    /// `keyFile`: this machine's push key.
    PushLine(const Vps &vps, QString keyFile) : m_vps(vps), m_keyFile(std::move(keyFile)) {}

    /// Asks. With `fresh` a new login is made at once, from `source` where given (an address of this machine), while
    /// the kept one is tried as well: the first answer counts, and the newer connection is kept. Without it the kept
    /// one is used where there is one. Errors as of push() and SshSession::connect().
    Result<PushAnswer> ask(const PushRequest &request, const std::vector<IpAddress> &vpsAddresses, bool fresh,
                           const std::optional<Ipv6Address> &source, const Deadline &deadline, std::stop_token stop);
    /// Lets the kept connection go.
    void forget();

private:
    Result<std::shared_ptr<SshSession>> dial(const std::vector<IpAddress> &addresses,
                                             const std::optional<Ipv6Address> &source, const Deadline &deadline,
                                             std::stop_token stop) const;
    std::shared_ptr<SshSession> kept();
    void keep(std::shared_ptr<SshSession> session);

    Vps m_vps;
    QString m_keyFile;
    std::mutex m_mutex;
    std::shared_ptr<SshSession> m_kept;
};

/// This machine's push key: systemd's credential `push-key` where there is one, else
/// `<folder of the site file>/push_<site>_ed25519`, with the public half beside it (.pub).
QString pushKeyFile(const QString &siteFile, const Label &site);

} // namespace sixgate
