#include "engine/vpsaccess.h"

#include "model/texts.h"
#include "storage/sitefile.h"
#include "transport/sshkey.h"

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto secretTime = 20s; // a keychain may have to be unlocked

/// A secret; NotFound with `missing` as the sentence where there is none.
Result<Secret> needed(SecretStore &secrets, const QString &name, const QString &missing, std::stop_token stop)
{
    auto secret = secrets.get(name, Deadline::after(secretTime), stop);
    if (!secret && secret.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound, missing, {}, Texts::tr("Store it: sixgatectl secret set %1").arg(name));
    return secret;
}

/// The store is asked only where the key is encrypted: a keychain that does not answer is no matter else.
Result<Secret> passphrase(const Vps &vps, SecretStore &secrets, std::stop_token stop)
{
    const auto key = readSshKey(expandHome(vps.keyFile), true);
    if (!key)
        return passOn(key);
    if (!key->encrypted)
        return Secret();
    return needed(secrets, vpsPassphraseSecret(vps), Texts::tr("The SSH key %1 needs its passphrase.").arg(vps.keyFile),
                  stop);
}

} // namespace

Result<SshTarget> vpsTarget(const Vps &vps, std::vector<IpAddress> addresses, SecretStore &secrets,
                            std::stop_token stop)
{
    SshTarget target{vpsLabel(vps),
                     std::move(addresses),
                     vps.sshPort,
                     vps.user,
                     vps.keyFile.isEmpty() ? QString() : expandHome(vps.keyFile),
                     {},
                     hostKeyPins(vps)};
    target.auth = vps.auth;
    target.passphraseSecret = vpsPassphraseSecret(vps);
    target.passwordSecret = vpsPasswordSecret(vps);
    switch (vps.auth) {
    case SshAuth::Key: {
        auto secret = passphrase(vps, secrets, stop);
        if (!secret)
            return passOn(secret);
        target.passphrase = std::move(*secret);
        break;
    }
    case SshAuth::Password: {
        auto secret =
            needed(secrets, target.passwordSecret,
                   Texts::tr("The password of %1 on %2 is missing.").arg(vps.user.text(), target.label), stop);
        if (!secret)
            return passOn(secret);
        target.password = std::move(*secret);
        break;
    }
    case SshAuth::Agent:
        target.agentSocket = qEnvironmentVariable("SSH_AUTH_SOCK");
        break;
    }
    return target;
}

Result<std::unique_ptr<RemoteHost>> vpsHost(const Vps &vps, std::vector<IpAddress> addresses, SecretStore &secrets,
                                            std::stop_token stop,
                                            std::function<void(const IpAddress &, const QString &)> tried)
{
    auto target = vpsTarget(vps, std::move(addresses), secrets, stop);
    if (!target)
        return passOn(target);
    target->tried = std::move(tried);
    const QString own = vpsSudoPasswordSecret(vps);
    // Sudo mostly asks for the password of the login.
    const auto password = [&secrets, own, login = vpsPasswordSecret(vps)](std::stop_token token) -> Result<Secret> {
        auto secret = secrets.get(own, Deadline::after(secretTime), token);
        if (secret || secret.error().code != ErrorCode::NotFound)
            return secret;
        return secrets.get(login, Deadline::after(secretTime), token);
    };
    return std::make_unique<RemoteHost>(std::move(*target), password, own);
}

std::vector<HostKeyPin> hostKeyPins(const Vps &vps)
{
    std::vector<HostKeyPin> pins = vps.hostKeys;
    std::erase_if(pins, [](const HostKeyPin &pin) { return pin.fingerprint == Fingerprint::ofBytes(QByteArray()); });
    return pins;
}

std::vector<IpAddress> inOrder(const std::vector<Ipv6Address> &ipv6, const std::vector<Ipv4Address> &ipv4)
{
    std::vector<IpAddress> all(ipv6.begin(), ipv6.end());
    all.insert(all.end(), ipv4.begin(), ipv4.end());
    return all;
}

Result<std::vector<IpAddress>> vpsAddresses(const Vps &vps, const VpsSeen &seen)
{
    auto all = inOrder(seen.ipv6 ? *seen.ipv6 : std::vector<Ipv6Address>(),
                       seen.ipv4 ? *seen.ipv4 : std::vector<Ipv4Address>());
    if (!all.empty())
        return all;
    if (!seen.ipv4)
        return passOn(seen.ipv4);
    if (!seen.ipv6)
        return passOn(seen.ipv6);
    return fail(ErrorCode::NotFound, Texts::tr("The VPS name %1 has no address.").arg(vps.host.ascii()), {},
                Texts::tr("Give it an A and an AAAA record with the VPS's addresses, or name them as \"addresses\" "
                          "in the site file."));
}

} // namespace sixgate
