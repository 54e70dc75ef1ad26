#include "transport/sshlogin.h"

#include "transport/io.h"
#include "transport/sshkey.h"
#include "transport/sshnegotiation.h"

#include <algorithm>
#include <functional>
#include <poll.h>

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

constexpr auto mostToConnect = 10s;
constexpr int mostConnections = 3; // per address, to see the server's other host keys

struct PresentedKey {
    Fingerprint fingerprint;
    QString type;
};

// Repeats a step until it is done or failed; an error where deadline, stop or the end of the connection come first.
Result<SshStep> drive(SshLink &link, const QString &label, const Deadline &deadline, std::stop_token stop,
                      const std::function<SshStep()> &attempt)
{
    const auto tooLate = fail(
        ErrorCode::Timeout, QStringLiteral("The SSH server of %1 did not answer in time.").arg(label),
        QStringLiteral("The TCP connection was made, the SSH login was not finished."),
        QStringLiteral("See on the console of %1 whether it is overloaded, and what its SSH server logs: journalctl "
                       "-u ssh")
            .arg(label));
    while (true) {
        const SshStep step = attempt();
        link.flush();
        if (step != SshStep::Again)
            return step;
        const bool came = link.fill();
        if (!came && link.broken())
            return SshStep::Failed;
        // Asked at each turn: a server that never stops talking gets no more than its time, either.
        if (stop.stop_requested())
            return fail(ErrorCode::Cancelled, QStringLiteral("Cancelled while logging in to %1.").arg(label));
        if (deadline.passed())
            return tooLate;
        if (came)
            continue;
        const auto ready = waitFor(link.socket(), link.events(), deadline, stop);
        if (!ready && ready.error().code != ErrorCode::Timeout)
            return passOn(ready);
    }
}

Error lost(const SshLink &link, const QString &label, const IpAddress &address)
{
    return {ErrorCode::Network, QStringLiteral("The SSH connection to %1 broke during the login.").arg(label),
            QStringLiteral("%1: %2").arg(ipText(address), link.reason()),
            QStringLiteral("Where it happens again, look at the server's log: journalctl -u ssh")};
}

tl::unexpected<Error> hostKeyError(const SshTarget &target, const std::vector<PresentedKey> &presented)
{
    QStringList shown;
    for (const PresentedKey &one : presented)
        shown << QStringLiteral("%1 (%2)").arg(one.fingerprint.text(), one.type);
    QStringList pinned;
    for (const Fingerprint &one : target.hostKeys)
        pinned << one.text();
    const QString check = QStringLiteral(
        "On the console of %1 (the provider's web console, not SSH) run: for k in /etc/ssh/ssh_host_*_key.pub; do "
        "ssh-keygen -lf $k; done. Only where it shows the presented fingerprint, put that into the site file.");
    if (pinned.isEmpty())
        return fail(ErrorCode::HostKey, QStringLiteral("No SSH host key is pinned for %1.").arg(target.label),
                    QStringLiteral("Presented: %1. No login was attempted.").arg(shown.join(QStringLiteral(", "))),
                    check.arg(target.label));
    return fail(
        ErrorCode::HostKey, QStringLiteral("The SSH host key of %1 is not the pinned one.").arg(target.label),
        QStringLiteral("Presented: %1. Pinned: %2. No login was attempted.")
            .arg(shown.join(QStringLiteral(", ")), pinned.join(QStringLiteral(", "))),
        QStringLiteral("The machine may have been installed anew, its keys may have been replaced, its address may "
                       "belong to another machine, or somebody intercepts the connection. ") +
            check.arg(target.label));
}

Outcome authenticate(SshLink &link, const SshTarget &target, const SshKey &key, const IpAddress &address,
                     const Deadline &deadline, std::stop_token stop)
{
    const QByteArray user = target.user.text().toUtf8();
    const auto step =
        drive(link, target.label, deadline, stop, [&] { return link.authenticate(user, key.text, target.passphrase); });
    if (!step)
        return passOn(step);
    if (*step == SshStep::Done)
        return {};
    if (link.keyDoesNotOpen())
        return tl::unexpected<Error>(sshKeyDoesNotOpen(key));
    if (link.broken())
        return tl::unexpected<Error>(lost(link, target.label, address));
    return fail(
        ErrorCode::Denied,
        QStringLiteral("%1 refuses the SSH key %2 for the user %3.").arg(target.label, key.file, target.user.text()),
        link.reason(),
        QStringLiteral("Add the public key to ~%1/.ssh/authorized_keys there: ssh-copy-id -i %2.pub %1@%3. "
                       "The server's log tells more: journalctl -u ssh")
            .arg(target.user.text(), key.file, target.label));
}

// A connected link whose host key was presented, but not yet compared.
Result<std::unique_ptr<SshLink>> shakeHands(const SshTarget &target, const IpAddress &address,
                                            const QByteArrayList &types, const Deadline &connecting,
                                            const Deadline &deadline, std::stop_token stop)
{
    auto socket = connectTcp(address, target.port, connecting, stop);
    if (!socket) {
        Error error = socket.error();
        if (error.code == ErrorCode::Network || error.code == ErrorCode::Timeout)
            error.fix =
                QStringLiteral("See whether %1 is on, whether its SSH server listens on port %2, and whether the "
                               "firewalls on the way let this machine through.")
                    .arg(target.label, target.port.text());
        return tl::unexpected<Error>(std::move(error));
    }
    auto link = std::make_unique<SshLink>(std::move(*socket), types.join(','));
    const auto step = drive(*link, target.label, deadline, stop, [&] { return link->handshake(); });
    if (!step)
        return passOn(step);
    if (*step == SshStep::Failed && !link->noCommonAlgorithm())
        return tl::unexpected<Error>(lost(*link, target.label, address));
    return link;
}

Result<SshLogin> loginAt(const SshTarget &target, const SshKey &key, const IpAddress &address,
                         const Deadline &connecting, const Deadline &deadline, std::stop_token stop)
{
    // A server presents one host key a connection, the pins do not tell its type: where the first is not pinned, ask
    // for the others.
    QByteArrayList types = sshHostKeyTypes();
    std::vector<PresentedKey> presented;
    for (int i = 0; i < mostConnections && !types.isEmpty(); ++i) {
        auto link = shakeHands(target, address, types, i == 0 ? connecting : deadline, deadline, stop);
        if (!link)
            return passOn(link);
        if ((*link)->noCommonAlgorithm()) {
            if (!presented.empty())
                break; // it has no other host key
            return tl::unexpected<Error>(negotiationError((*link)->firstBytes(), target.label));
        }
        const Fingerprint fingerprint = Fingerprint::ofBytes((*link)->hostKey());
        if (std::find(target.hostKeys.begin(), target.hostKeys.end(), fingerprint) != target.hostKeys.end()) {
            if (auto done = authenticate(**link, target, key, address, deadline, stop); !done)
                return passOn(done);
            return SshLogin{std::move(*link), fingerprint};
        }
        const QString type = (*link)->hostKeyType();
        presented.push_back({fingerprint, type});
        types.removeAll(type.toLatin1());
        (*link)->disconnect(true);
        (*link)->flush();
        if (target.hostKeys.empty())
            break;
    }
    return hostKeyError(target, presented);
}

} // namespace

Result<SshLogin> sshLogin(const SshTarget &target, const Deadline &deadline, std::stop_token stop)
{
    const auto key = readSshKey(target.keyFile, !target.passphrase.isEmpty(), target.passphraseSecret);
    if (!key)
        return passOn(key);
    if (target.addresses.empty())
        return fail(ErrorCode::NotFound, QStringLiteral("No address of %1 is known.").arg(target.label), {},
                    QStringLiteral("Give it an A or AAAA record with its address."));

    std::vector<Error> errors;
    for (size_t i = 0; i < target.addresses.size(); ++i) {
        // The last address may use all the time that is left; each one before leaves a share to the others.
        const auto addressesLeft = int(target.addresses.size() - i);
        const auto share = deadline.left() / addressesLeft;
        const Deadline mine = addressesLeft == 1 ? deadline : deadline.sooner(share);
        auto login = loginAt(target, *key, target.addresses[i], mine.sooner(mostToConnect), mine, stop);
        if (login)
            return login;
        const ErrorCode code = login.error().code;
        if (code != ErrorCode::Network && code != ErrorCode::Timeout)
            return login; // another address of the same machine would say the same
        errors.push_back(login.error());
        if (deadline.passed())
            break;
    }
    if (errors.size() == 1 && target.addresses.size() == 1)
        return tl::unexpected<Error>(errors.front());
    QStringList details;
    for (size_t i = 0; i < errors.size(); ++i)
        details << QStringLiteral("%1: %2 %3")
                       .arg(ipText(target.addresses[i]), errors[i].summary, errors[i].detail)
                       .trimmed();
    return fail(errors.back().code, QStringLiteral("No address of %1 lets Sixgate log in over SSH.").arg(target.label),
                details.join(QStringLiteral("\n")), errors.back().fix);
}

} // namespace sixgate
