// How the user proves who he is: one key or one password, once. Servers count failures (fail2ban, PerSourcePenalties).
#include "model/text.h"
#include "model/texts.h"
#include "transport/sshagent.h"
#include "transport/sshkey.h"
#include "transport/sshlogin.h"

namespace sixgate
{

namespace
{

using namespace std::chrono_literals;

constexpr auto agentTime = 20s; // an agent may ask a person

class Proof
{
public:
    Proof(SshLink &link, const SshTarget &target, const IpAddress &address, const Deadline &deadline,
          std::stop_token stop)
        : m_link(link), m_target(target), m_address(address), m_deadline(deadline), m_stop(std::move(stop)),
          m_user(target.user.text().toUtf8())
    {
    }

    Outcome byKey()
    {
        const auto key = readSshKey(m_target.keyFile, m_target.passphrase, m_target.passphraseSecret);
        if (!key)
            return passOn(key);
        const auto step = drive([&] { return m_link.authenticate(m_user, key->text, m_target.passphrase); });
        if (!step || *step == SshStep::Done)
            return step ? Outcome() : Outcome(passOn(step));
        if (m_link.keyDoesNotOpen())
            return tl::unexpected<Error>(sshKeyDoesNotOpen(*key));
        return refusedKey(key->file);
    }

    Outcome byAgent()
    {
        const Deadline mine = m_deadline.sooner(agentTime);
        auto login = sshAgentLogin(m_target.agentSocket, m_target.keyFile, mine, m_stop);
        if (!login)
            return passOn(login);
        std::optional<Error> why;
        const auto sign = [&](const QByteArray &bytes) {
            auto signature = login->agent.sign(login->key, bytes, mine, m_stop);
            if (!signature)
                why = signature.error();
            return signature ? *signature : QByteArray();
        };
        const auto step = drive([&] { return m_link.authenticateSigned(m_user, login->key.blob, sign); });
        if (why)
            return tl::unexpected<Error>(*why);
        if (!step || *step == SshStep::Done)
            return step ? Outcome() : Outcome(passOn(step));
        return refusedKey(Texts::tr("“%1” of the agent").arg(login->key.comment));
    }

    Outcome byPassword()
    {
        QByteArrayList methods;
        const auto asked = drive([&] { return m_link.authMethods(m_user, methods); });
        if (!asked)
            return passOn(asked);
        if (*asked == SshStep::Failed)
            return refused(Texts::tr("%1 tells no way to log in.").arg(m_target.label), {}, {});
        if (methods.isEmpty())
            return {}; // it lets the user in without a proof
        const bool plain = methods.contains("password");
        if (!takesPasswords(methods))
            return refused(Texts::tr("%1 accepts no password for the user %2.").arg(m_target.label, user()),
                           accepts(methods),
                           Texts::tr("Log in with a key: set \"auth\" to \"key\" and name the \"keyFile\" in the site "
                                     "file."));
        const auto step = drive([&] {
            return plain ? m_link.authenticatePassword(m_user, m_target.password)
                         : m_link.authenticateInteractive(m_user, m_target.password);
        });
        if (!step || *step == SshStep::Done)
            return step ? Outcome() : Outcome(passOn(step));
        if (m_link.passwordExpired())
            return refused(Texts::tr("The password of %1 on %2 has expired.").arg(user(), m_target.label), {},
                           Texts::tr("Log in once by yourself and change it (ssh %1@%2), then store the new one: "
                                     "sixgatectl secret set %3")
                               .arg(user(), m_target.label, m_target.passwordSecret));
        if (!m_link.unansweredPrompt().isEmpty())
            return refused(
                Texts::tr("%1 asks for more than a password: “%2”.").arg(m_target.label, m_link.unansweredPrompt()), {},
                Texts::tr("Sixgate has to work unattended: log in with a key (\"auth\": \"key\")."));
        const QString reason = m_link.reason();
        if (saidNo()) {
            auto left = whatElse();
            if (!left)
                return passOn(left);
            // As with a key: what was enough for itself is not asked for again.
            if (!left->isEmpty() && !left->contains(plain ? "password" : "keyboard-interactive"))
                return wantsMore(QStringLiteral("password"), *left);
        }
        return refused(
            Texts::tr("%1 refuses the password of the user %2.").arg(m_target.label, user()), reason,
            Texts::tr("Store the right one: sixgatectl secret set %1. Where it is right, see what the server "
                      "allows (PermitRootLogin, fail2ban): journalctl -u ssh. After several failures a server may "
                      "refuse this address for a while.")
                .arg(m_target.passwordSecret));
    }

private:
    static bool takesPasswords(const QByteArrayList &methods)
    {
        return methods.contains("password") || methods.contains("keyboard-interactive");
    }
    static QString accepts(const QByteArrayList &methods)
    {
        const QString list = QString::fromLatin1(methods.join(", ")).left(200);
        return list.isEmpty() ? Texts::tr("It accepts nothing.") : Texts::tr("It accepts: %1.").arg(list);
    }
    QString user() const { return m_target.user.text(); }

    Result<SshStep> drive(const std::function<SshStep()> &attempt)
    {
        return driveSsh(m_link, m_target.label, m_deadline, m_stop, attempt);
    }

    // The server said no to what was sent. It may also end the connection with that (MaxAuthTries).
    bool saidNo() const
    {
        return m_saidNo || !m_link.broken() || m_link.proofRefused() || (m_link.proofSent() && m_link.sentAway());
    }

    // Why the last step failed: the connection ended, or the server said no.
    Outcome refused(const QString &summary, const QString &detail, const QString &fix)
    {
        if (!saidNo())
            return tl::unexpected<Error>(sshLost(m_link, m_target.label, m_address));
        return fail(ErrorCode::Denied, summary, detail, fix);
    }

    // After a no: what the server takes; nothing where it does not tell. The question may be one try too many for it,
    // and its no stays the answer then.
    Result<QByteArrayList> whatElse()
    {
        m_saidNo = true;
        QByteArrayList methods;
        if (m_link.broken() || m_link.sentAway())
            return methods;
        const auto asked = drive([&] { return m_link.authMethods(m_user, methods); });
        if (!asked && asked.error().code == ErrorCode::Cancelled)
            return passOn(asked);
        return methods;
    }

    // One proof was right, and is not enough.
    Outcome wantsMore(const QString &proof, const QByteArrayList &methods)
    {
        const QString list = shownLine(methods.join(", ").left(200));
        return refused(
            Texts::tr("%1 accepts the %2, but wants another proof as well: %3.").arg(m_target.label, proof, list), {},
            Texts::tr("Sixgate gives one proof: let it be enough for the user %1 in "
                      "/etc/ssh/sshd_config on %2 (AuthenticationMethods), or log in as another user.")
                .arg(user(), m_target.label));
    }

    Outcome refusedKey(const QString &key)
    {
        if (!saidNo())
            return tl::unexpected<Error>(sshLost(m_link, m_target.label, m_address));
        const QString reason = m_link.reason();
        const bool known = m_link.keyIsKnown();
        // Afterwards and not before, since it takes a round trip: whether it is the key or keys at all.
        const auto left = whatElse();
        if (!left)
            return passOn(left);
        const QByteArrayList &methods = *left;
        if (known && !methods.isEmpty() && !methods.contains("publickey"))
            return wantsMore(Texts::tr("SSH key"), methods);
        if (known)
            return refused(Texts::tr("%1 knows the SSH key %2, but does not let the user %3 in with it alone.")
                               .arg(m_target.label, key, user()),
                           reason,
                           Texts::tr("See what the server allows (PermitRootLogin, AuthenticationMethods in "
                                     "/etc/ssh/sshd_config), or log in as another user. The server's log tells more: "
                                     "journalctl -u ssh"));
        if (!methods.isEmpty() && !methods.contains("publickey") && !takesPasswords(methods))
            return refused(
                Texts::tr("%1 lets the user %2 in neither by SSH key nor by password.").arg(m_target.label, user()),
                accepts(methods),
                Texts::tr("See what the server allows (PermitRootLogin, AllowUsers in "
                          "/etc/ssh/sshd_config), or log in as another user."));
        if (!methods.isEmpty() && !methods.contains("publickey"))
            return refused(Texts::tr("%1 accepts no SSH key for the user %2.").arg(m_target.label, user()),
                           accepts(methods),
                           Texts::tr("Log in by password: set \"auth\" to \"password\" in the site file and store it: "
                                     "sixgatectl secret set %1")
                               .arg(m_target.passwordSecret));
        return refused(Texts::tr("%1 refuses the SSH key %2 for the user %3.").arg(m_target.label, key, user()), reason,
                       Texts::tr("Bring it there: sixgatectl vps keys install, or add the public key to "
                                 "~%1/.ssh/authorized_keys on %2. The server's log tells more: journalctl -u ssh")
                           .arg(user(), m_target.label));
    }

    SshLink &m_link;
    const SshTarget &m_target;
    const IpAddress &m_address;
    const Deadline &m_deadline;
    std::stop_token m_stop;
    QByteArray m_user;
    bool m_saidNo = false;
};

} // namespace

Outcome checkSshTarget(const SshTarget &target, const Deadline &deadline, std::stop_token stop)
{
    if (target.auth == SshAuth::Key) {
        const auto key = readSshKey(target.keyFile, target.passphrase, target.passphraseSecret);
        return key ? Outcome() : Outcome(passOn(key));
    }
    if (target.auth == SshAuth::Password && target.password.isEmpty())
        return fail(ErrorCode::NotFound,
                    Texts::tr("The password of %1 on %2 is missing.").arg(target.user.text(), target.label), {},
                    Texts::tr("Store it: sixgatectl secret set %1").arg(target.passwordSecret));
    if (target.auth == SshAuth::Agent) {
        const auto login =
            sshAgentLogin(target.agentSocket, target.keyFile, deadline.sooner(agentTime), std::move(stop));
        return login ? Outcome() : Outcome(passOn(login));
    }
    return {};
}

Outcome sshAuthenticate(SshLink &link, const SshTarget &target, const IpAddress &address, const Deadline &deadline,
                        std::stop_token stop)
{
    Proof proof(link, target, address, deadline, std::move(stop));
    switch (target.auth) {
    case SshAuth::Agent:
        return proof.byAgent();
    case SshAuth::Password:
        return proof.byPassword();
    case SshAuth::Key:
        break;
    }
    return proof.byKey();
}

} // namespace sixgate
