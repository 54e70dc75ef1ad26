#include "transport/sshnegotiation.h"
#include "model/texts.h"

#include <QtEndian>

#include <algorithm>
#include <array>
#include <vector>

namespace sixgate
{

namespace
{

constexpr char kexInit = 20; // SSH_MSG_KEXINIT, RFC 4253 section 7.1

// The ten name-lists of SSH_MSG_KEXINIT; fewer where the bytes end too early.
std::vector<QByteArrayList> nameLists(const QByteArray &firstBytes)
{
    qsizetype at = firstBytes.startsWith("SSH-") ? 0 : firstBytes.indexOf("\nSSH-");
    at = at < 0 ? at : firstBytes.indexOf('\n', at + 1);
    // After the banner line: uint32 length, byte padding length, the payload.
    if (at < 0 || firstBytes.size() < at + 1 + 4 + 1 + 1 + 16 || firstBytes[at + 6] != kexInit)
        return {};
    at += 1 + 4 + 1 + 1 + 16;
    std::vector<QByteArrayList> lists;
    while (lists.size() < 10 && at + 4 <= firstBytes.size()) {
        const auto length = qsizetype(qFromBigEndian<quint32>(firstBytes.constData() + at));
        at += 4;
        if (length > firstBytes.size() - at)
            break;
        lists.push_back(firstBytes.mid(at, length).split(','));
        at += length;
    }
    return lists;
}

bool common(const QByteArrayList &ours, const QByteArrayList &theirs)
{
    return std::any_of(ours.begin(), ours.end(), [&](const QByteArray &one) { return theirs.contains(one); });
}

// What a server sent may hold anything: only printable ASCII is shown.
QString shown(const QByteArrayList &names)
{
    QString text = QString::fromLatin1(names.join(", ").left(400));
    for (QChar &c : text)
        c = c.unicode() < 0x20 || c.unicode() > 0x7e ? QLatin1Char('?') : c;
    return text;
}

} // namespace

QByteArrayList sshHostKeyTypes()
{
    // Ed25519 first: its fingerprint is what OpenSSH shows. No ssh-rsa: libssh2 1.10 knows it with SHA-1 only.
    return {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
}

QByteArrayList sshKeyExchanges()
{
    return {"curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "ecdh-sha2-nistp256",
            "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521",
            "diffie-hellman-group-exchange-sha256",
            "diffie-hellman-group16-sha512",
            "diffie-hellman-group18-sha512",
            "diffie-hellman-group14-sha256"};
}

QByteArrayList sshCiphers()
{
    return {"aes128-ctr", "aes256-ctr", "aes192-ctr"};
}

QByteArrayList sshMacs()
{
    return {"hmac-sha2-256", "hmac-sha2-512"};
}

bool hasOtherHostKey(const QByteArray &firstBytes)
{
    const auto lists = nameLists(firstBytes);
    return lists.size() > 1 && common(sshHostKeyTypes(), lists[1]);
}

Error negotiationError(const QByteArray &firstBytes, const QString &label)
{
    struct Kind {
        size_t list; // its place in SSH_MSG_KEXINIT
        QByteArrayList ours;
        QString summary;
        QString fix;
    };
    const QString inConfiguration = Texts::tr("On %1, %2 Then run: systemctl reload ssh").arg(label);
    const QString mac = inConfiguration.arg(
        Texts::tr("add hmac-sha2-512 to the MACs line in /etc/ssh/sshd_config (or its folder sshd_config.d)."));
    const QString cipher = inConfiguration.arg(
        Texts::tr("add aes256-ctr to the Ciphers line in /etc/ssh/sshd_config (or its folder sshd_config.d)."));
    const QString noCipher = Texts::tr("The SSH server of %1 accepts no cipher that Sixgate can use.").arg(label);
    const QString noMac =
        Texts::tr("The SSH server of %1 accepts no message authentication code that Sixgate can use.").arg(label);
    const std::array<Kind, 6> kinds = {{
        {0, sshKeyExchanges(),
         Texts::tr("The SSH server of %1 accepts no key exchange that Sixgate can use.").arg(label),
         inConfiguration.arg(Texts::tr("add curve25519-sha256 to the KexAlgorithms line in /etc/ssh/sshd_config."))},
        {1, sshHostKeyTypes(),
         Texts::tr("The SSH server of %1 has no Ed25519 or ECDSA host key; Sixgate cannot use RSA host keys.")
             .arg(label),
         inConfiguration.arg(Texts::tr("run \"ssh-keygen -A\" and see that no HostKey or HostKeyAlgorithms line in "
                                       "/etc/ssh/sshd_config excludes Ed25519."))},
        {2, sshCiphers(), noCipher, cipher},
        {3, sshCiphers(), noCipher, cipher},
        {4, sshMacs(), noMac, mac},
        {5, sshMacs(), noMac, mac},
    }};
    const auto lists = nameLists(firstBytes);
    for (const Kind &kind : kinds) {
        if (kind.list < lists.size() && !common(kind.ours, lists[kind.list]))
            return {
                ErrorCode::Protocol, kind.summary,
                Texts::tr("The server offers %1; Sixgate offers %2.").arg(shown(lists[kind.list]), shown(kind.ours)),
                kind.fix};
    }
    return {ErrorCode::Protocol,
            Texts::tr("Sixgate and the SSH server of %1 found no common encryption.").arg(label),
            {},
            Texts::tr("Check the lines HostKeyAlgorithms, KexAlgorithms, Ciphers and MACs in /etc/ssh/sshd_config.")};
}

} // namespace sixgate
