#include "transport/sshlogin.h"

#include "model/texts.h"
#include "transport/io.h"
#include "transport/probe.h"
#include "transport/race.h"
#include "transport/sshnegotiation.h"

#include <algorithm>
#include <functional>
#include <poll.h>
#include <utility>

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

constexpr auto mostToConnect = 10s;
constexpr auto headStart = 400ms;  // of IPv6
constexpr int mostConnections = 3; // per address, to see the server's other host keys

} // namespace

Result<SshStep> driveSsh(SshLink &link, const QString &label, const Deadline &deadline, std::stop_token stop,
                         const std::function<SshStep()> &attempt)
{
    const auto tooLate =
        fail(ErrorCode::Timeout, Texts::tr("The SSH server of %1 did not answer in time.").arg(label),
             Texts::tr("The TCP connection was made, the SSH login was not finished."),
             Texts::tr("See on the console of %1 whether it is overloaded, and what its SSH server logs: journalctl "
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
            return fail(ErrorCode::Cancelled, Texts::tr("Cancelled while logging in to %1.").arg(label));
        if (deadline.passed())
            return tooLate;
        if (came)
            continue;
        const auto ready = waitFor(link.socket(), link.events(), deadline, stop);
        if (!ready && ready.error().code != ErrorCode::Timeout)
            return passOn(ready);
    }
}

Error sshLost(const SshLink &link, const QString &label, const IpAddress &address)
{
    return {ErrorCode::Network, Texts::tr("The SSH connection to %1 broke during the login.").arg(label),
            QStringLiteral("%1: %2").arg(ipText(address), link.reason()),
            Texts::tr("Where it happens again, look at the server's log: journalctl -u ssh")};
}

PresentedHostKey presentedKey(const SshLink &link)
{
    return PresentedHostKey::ofBlob(link.hostKeyType(), link.hostKey());
}

namespace
{

QString textOf(const PresentedHostKey &key)
{
    return QStringLiteral("%1 %2 (%3)").arg(key.type, key.fingerprint.text(), key.md5);
}

tl::unexpected<Error> hostKeyError(const SshTarget &target, const std::vector<PresentedHostKey> &presented)
{
    QStringList shown;
    for (const PresentedHostKey &one : presented)
        shown << textOf(one);
    QStringList pinned;
    for (const HostKeyPin &one : target.hostKeys)
        pinned << one.text();
    const QString seen = shown.isEmpty() ? Texts::tr("no key of the pinned type") : shown.join(QStringLiteral(", "));
    if (pinned.isEmpty())
        return fail(ErrorCode::HostKey, Texts::tr("No SSH host key is pinned for %1.").arg(target.label),
                    QStringLiteral("Presented: %1. No login was attempted.").arg(seen),
                    Texts::tr("Compare it and pin it: sixgatectl vps trust"));
    return fail(
        ErrorCode::HostKey, Texts::tr("The SSH host key of %1 is not the pinned one.").arg(target.label),
        QStringLiteral("Presented: %1.\nPinned: %2.\nNo login was attempted.")
            .arg(seen, pinned.join(QStringLiteral(", "))),
        Texts::tr("It can mean that the machine was installed anew, that its keys were replaced, that its address "
                  "belongs to another machine now, or that somebody intercepts the connection. Look on the "
                  "console of %1 (the provider's web console, not SSH): for k in /etc/ssh/ssh_host_*_key.pub; do "
                  "ssh-keygen -lf $k; done. Only where it shows the presented fingerprint: sixgatectl vps trust "
                  "--new-key; for another machine: sixgatectl vps replace --address …")
            .arg(target.label));
}

Error notConnected(const SshTarget &target, Error error)
{
    if (error.code == ErrorCode::Network || error.code == ErrorCode::Timeout)
        error.fix = Texts::tr("See whether %1 is on, whether its SSH server listens on port %2, and whether the "
                              "firewalls on the way let this machine through.")
                        .arg(target.label, target.port.text());
    return error;
}

// A connected link whose host key was presented, but not yet compared.
// `ready`: a socket that is connected already.
Result<std::unique_ptr<SshLink>> shakeHands(const SshTarget &target, const IpAddress &address,
                                            const QByteArrayList &types, const Deadline &connecting,
                                            const Deadline &deadline, std::stop_token stop, Fd ready = {})
{
    auto socket = ready.valid() ? Result<Fd>(std::move(ready))
                                : connectTcp(address, target.port, connecting, stop, 0, target.source);
    if (!socket)
        return tl::unexpected<Error>(notConnected(target, socket.error()));
    auto link = std::make_unique<SshLink>(std::move(*socket), types.join(','));
    const auto step = driveSsh(*link, target.label, deadline, stop, [&] { return link->handshake(); });
    if (!step)
        return passOn(step);
    if (*step == SshStep::Failed && !link->noCommonAlgorithm())
        return tl::unexpected<Error>(sshLost(*link, target.label, address));
    return link;
}

// The types of host key to ask for: the pinned ones where all pins tell theirs.
QByteArrayList wantedTypes(const SshTarget &target)
{
    QByteArrayList types;
    for (const QByteArray &type : sshHostKeyTypes()) {
        const bool wanted = std::any_of(target.hostKeys.begin(), target.hostKeys.end(), [&](const HostKeyPin &pin) {
            return !pin.type || pin.type->text() == QLatin1String(type);
        });
        if (wanted || target.hostKeys.empty())
            types << type;
    }
    return types;
}

// `proofSent` becomes true where a key or password was shown: another address would count it once more.
Result<SshLogin> loginAt(const SshTarget &target, const IpAddress &address, const Deadline &connecting,
                         const Deadline &deadline, std::stop_token stop, Fd ready, bool &proofSent)
{
    // A server presents one host key a connection, and a pin may not tell its type: where the first is not pinned, ask
    // for the others.
    QByteArrayList types = wantedTypes(target);
    const bool restricted = types.size() < sshHostKeyTypes().size();
    std::vector<PresentedHostKey> presented;
    for (int i = 0; i < mostConnections && !types.isEmpty(); ++i) {
        auto link = shakeHands(target, address, types, i == 0 ? connecting : deadline, deadline, stop,
                               std::exchange(ready, Fd()));
        if (!link)
            return passOn(link);
        if ((*link)->noCommonAlgorithm()) {
            if (!presented.empty())
                break; // it has no other host key
            if (restricted && hasOtherHostKey((*link)->firstBytes()))
                break; // nor has it one of the pinned type
            return tl::unexpected<Error>(negotiationError((*link)->firstBytes(), target.label));
        }
        const PresentedHostKey key = presentedKey(**link);
        const auto pinned = std::find_if(target.hostKeys.begin(), target.hostKeys.end(),
                                         [&](const HostKeyPin &pin) { return pin.fits(key.type, key.fingerprint); });
        if (pinned != target.hostKeys.end()) {
            const auto done = sshAuthenticate(**link, target, address, deadline, stop);
            proofSent = (*link)->proofSent();
            if (!done)
                return passOn(done);
            return SshLogin{std::move(*link), {*HostKeyType::parse(key.type), key.fingerprint}};
        }
        presented.push_back(key);
        types.removeAll(key.type.toLatin1());
        (*link)->disconnect(true);
        (*link)->flush();
        if (target.hostKeys.empty())
            break;
    }
    return hostKeyError(target, presented);
}

} // namespace

namespace
{

/// Tries the addresses one after the other, each with its share of the time. `last`, where it becomes true, ends it.
template <class T>
Result<T> atEachAddress(const QString &label, const std::vector<IpAddress> &addresses, const Deadline &deadline,
                        const bool &last,
                        const std::function<Result<T>(const IpAddress &address, const Deadline &mine)> &attempt)
{
    if (addresses.empty())
        return fail(ErrorCode::NotFound, Texts::tr("No address of %1 is known.").arg(label), {},
                    Texts::tr("Give it an A or AAAA record with its address."));
    std::vector<Error> errors;
    for (size_t i = 0; i < addresses.size(); ++i) {
        // The last address may use all the time that is left; each one before leaves a share to the others.
        const auto addressesLeft = int(addresses.size() - i);
        const auto share = deadline.left() / addressesLeft;
        auto done = attempt(addresses[i], addressesLeft == 1 ? deadline : deadline.sooner(share));
        if (done)
            return done;
        const ErrorCode code = done.error().code;
        if (last || (code != ErrorCode::Network && code != ErrorCode::Timeout))
            return done; // another address of the same machine would say the same
        errors.push_back(done.error());
        if (deadline.passed())
            break;
    }
    if (errors.size() == 1 && addresses.size() == 1)
        return tl::unexpected<Error>(errors.front());
    QStringList details;
    for (size_t i = 0; i < errors.size(); ++i)
        details << QStringLiteral("%1: %2 %3").arg(ipText(addresses[i]), errors[i].summary, errors[i].detail).trimmed();
    return fail(errors.back().code, Texts::tr("No address of %1 lets Sixgate log in over SSH.").arg(label),
                details.join(QStringLiteral("\n")), errors.back().fix);
}

} // namespace

Result<SshLogin> sshLogin(const SshTarget &target, const Deadline &deadline, std::stop_token stop)
{
    if (auto fit = checkSshTarget(target, deadline, stop); !fit)
        return passOn(fit);
    bool proofSent = false;
    if (target.addresses.size() < 2)
        return atEachAddress<SshLogin>(
            target.label, target.addresses, deadline, proofSent, [&](const IpAddress &address, const Deadline &mine) {
                const Deadline connecting = mine.sooner(mostToConnect);
                auto socket = connectTcp(address, target.port, connecting, stop);
                if (target.tried && (socket || socket.error().code != ErrorCode::Cancelled))
                    target.tried(address, socket ? QString() : connectReason(socket.error()));
                if (!socket)
                    return Result<SshLogin>(tl::unexpected<Error>(notConnected(target, socket.error())));
                return loginAt(target, address, connecting, mine, stop, std::move(*socket), proofSent);
            });
    // A silent address must not hold the others up.
    std::vector<QString> silent;
    auto first = connectFirst(
        target.addresses, target.port, headStart, deadline.sooner(mostToConnect), stop,
        [&](const IpAddress &address, const QString &reason) {
            if (target.tried)
                target.tried(address, reason);
            if (!reason.isEmpty())
                silent.push_back(QStringLiteral("%1: %2").arg(ipText(address), reason));
        },
        target.source);
    if (!first) {
        if (first.error().code == ErrorCode::Cancelled)
            return passOn(first);
        Error error = notConnected(target, first.error());
        error.summary = Texts::tr("No address of %1 lets Sixgate log in over SSH.").arg(target.label);
        error.detail = QStringList(silent.begin(), silent.end()).join(QLatin1Char('\n'));
        return tl::unexpected<Error>(std::move(error));
    }
    const auto &winner = target.addresses[first->index];
    // Its rivals are known to be slower: it gets most of the time.
    const Deadline most = deadline.sooner(deadline.left() * 2 / 3);
    auto done = loginAt(target, winner, most.sooner(mostToConnect), most, stop, std::move(first->socket), proofSent);
    const bool lost = !done && !proofSent && !deadline.passed() &&
                      (done.error().code == ErrorCode::Network || done.error().code == ErrorCode::Timeout);
    if (done || !lost)
        return done;
    std::vector<IpAddress> rest;
    for (const IpAddress &other : target.addresses) {
        if (other != winner)
            rest.push_back(other);
    }
    auto other = atEachAddress<SshLogin>(
        target.label, rest, deadline, proofSent, [&](const IpAddress &address, const Deadline &mine) {
            return loginAt(target, address, mine.sooner(mostToConnect), mine, stop, Fd(), proofSent);
        });
    // What the first one said is worth more than that others are silent; what became of a proof is worth most.
    return other || proofSent ? std::move(other) : std::move(done);
}

Result<PresentedHostKey> readHostKey(const SshTarget &target, const Deadline &deadline, std::stop_token stop)
{
    const auto at = [&](const IpAddress &address, const Deadline &mine) -> Result<PresentedHostKey> {
        // The pinned types first: the server presents the first one that it has.
        QByteArrayList types = wantedTypes(target);
        for (const QByteArray &type : sshHostKeyTypes()) {
            if (!types.contains(type))
                types << type;
        }
        auto link = shakeHands(target, address, types, mine.sooner(mostToConnect), mine, stop);
        if (!link)
            return passOn(link);
        if ((*link)->noCommonAlgorithm())
            return tl::unexpected<Error>(negotiationError((*link)->firstBytes(), target.label));
        PresentedHostKey key = presentedKey(**link);
        (*link)->disconnect(false);
        (*link)->flush();
        return key;
    };
    return atEachAddress<PresentedHostKey>(target.label, target.addresses, deadline, false, at);
}

} // namespace sixgate
