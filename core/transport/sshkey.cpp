#include "transport/sshkey.h"

#include "model/texts.h"
#include "transport/fd.h"
#include "transport/sshwire.h"

#include <QByteArrayList>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>

namespace sixgate
{

namespace
{

constexpr qsizetype mostBytes = 64 * 1024;

QString makeAKey()
{
    return Texts::tr("Make an Ed25519 key and bring it to the VPS: sixgatectl vps keys install");
}

Result<Secret> readAll(const QString &file)
{
    const Fd fd(::open(file.toLocal8Bit().constData(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    QByteArray bytes(mostBytes + 1, Qt::Uninitialized);
    qsizetype size = 0;
    while (fd.valid() && size < bytes.size()) {
        const ssize_t got = ::read(fd.get(), bytes.data() + size, size_t(bytes.size() - size));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            if (got == 0)
                errno = 0;
            break;
        }
        size += got > 0 ? got : 0;
    }
    const int error = fd.valid() && size == bytes.size() ? EFBIG : errno;
    Secret whole(std::move(bytes));
    if (fd.valid() && error == 0)
        return Secret(QByteArray(whole.reveal().constData(), size));
    if (error == ENOENT || error == ENOTDIR)
        return fail(ErrorCode::NotFound, Texts::tr("The SSH key file %1 does not exist.").arg(file), {},
                    Texts::tr("Check the key file in the site file. ") + makeAKey());
    const QString detail = QString::fromLocal8Bit(std::strerror(error));
    if (error == EACCES || error == EPERM)
        return fail(ErrorCode::Denied, Texts::tr("The SSH key file %1 may not be read by this user.").arg(file), detail,
                    Texts::tr("Make the file and its folder readable by the user who runs Sixgate."));
    return fail(ErrorCode::Invalid, Texts::tr("The SSH key file %1 cannot be read as a key.").arg(file), detail,
                makeAKey());
}

// The base64 body between the BEGIN and END lines; header lines ("Proc-Type: …") are left out.
QByteArray body(const QByteArray &text)
{
    QByteArray base64;
    const auto lines = text.split('\n');
    for (const QByteArray &line : lines) {
        if (!line.startsWith("-----") && !line.contains(':'))
            base64 += line.trimmed();
    }
    return QByteArray::fromBase64(base64);
}

tl::unexpected<Error> rsa(const QString &file)
{
    return fail(ErrorCode::Invalid, Texts::tr("The SSH key %1 is an RSA key, which cannot log in.").arg(file),
                Texts::tr("The SSH library (libssh2 1.10) signs with RSA and SHA-1 only (no rsa-sha2), and OpenSSH "
                          "8.8 and newer refuses that."),
                makeAKey());
}

// Encrypted PKCS #8 tells its kind only once it is open. A wrong passphrase is said later, by who logs in.
bool opensAsRsa(const Secret &text, const Secret &passphrase)
{
    if (!text.reveal().contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        return false;
    const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
        BIO_new_mem_buf(text.reveal().constData(), int(text.reveal().size())), &BIO_free);
    // Without a callback OpenSSL takes the last argument as the passphrase, and never asks on the terminal.
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, const_cast<char *>(passphrase.reveal().constData())),
        &EVP_PKEY_free);
    ERR_clear_error();
    return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
}

tl::unexpected<Error> notAKey(const QString &file, const QString &detail)
{
    return fail(ErrorCode::Invalid, Texts::tr("The file %1 is not an SSH private key that Sixgate can use.").arg(file),
                detail, makeAKey());
}

// Fills in what the header tells; refuses what cannot work.
Outcome inspect(SshKey &key)
{
    static const QByteArray magic("openssh-key-v1\0", 15);
    static const QByteArray rsaObject = QByteArray::fromHex("2a864886f70d010101"); // rsaEncryption in PKCS #8
    const QByteArray &text = key.text.reveal();
    const QString &file = key.file;
    if (text.startsWith("PuTTY-User-Key-File"))
        return notAKey(file, Texts::tr("It is a PuTTY key. PuTTYgen exports it: Conversions, Export OpenSSH key."));
    if (text.startsWith("ssh-") || text.startsWith("ecdsa-"))
        return notAKey(file, Texts::tr("It is the public key; the private one has the same name without \".pub\"."));
    if (text.contains("-----BEGIN RSA PRIVATE KEY-----"))
        return rsa(file);
    if (text.contains("-----BEGIN EC PRIVATE KEY-----")) {
        key.encrypted = text.contains("Proc-Type: 4,ENCRYPTED");
        return {};
    }
    if (text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
        key.encrypted = true;
        return {};
    }
    if (text.contains("-----BEGIN PRIVATE KEY-----")) {
        const Secret der(body(text));
        if (der.reveal().contains(rsaObject))
            return rsa(file);
        return {};
    }
    if (!text.contains("-----BEGIN OPENSSH PRIVATE KEY-----"))
        return notAKey(file, Texts::tr("It has no \"BEGIN … PRIVATE KEY\" line."));
    // PROTOCOL.key of OpenSSH: magic, cipher, KDF, its options, number of keys, public key, private part.
    const Secret decoded(body(text));
    if (!decoded.reveal().startsWith(magic))
        return notAKey(file, Texts::tr("Its content is damaged."));
    QByteArray rest = decoded.reveal().mid(magic.size(), 2048);
    key.encrypted = takeSshString(rest) != "none";
    takeSshString(rest);
    takeSshString(rest);
    rest = rest.mid(4);
    QByteArray publicKey = takeSshString(rest);
    const QByteArray type = takeSshString(publicKey);
    if (type == "ssh-rsa")
        return rsa(file);
    if (type != "ssh-ed25519" && !type.startsWith("ecdsa-sha2-nistp"))
        return notAKey(file, Texts::tr("It is a key of type \"%1\"; Ed25519 and ECDSA work.")
                                 .arg(QString::fromLatin1(type.left(60)).simplified()));
    return {};
}

// "ssh-ed25519 AAAA… comment" (sshd.8, AUTHORIZED_KEYS FILE FORMAT, without options).
QByteArray blobOfLine(const QByteArray &text)
{
    const auto words = text.left(text.indexOf('\n') < 0 ? text.size() : text.indexOf('\n')).simplified().split(' ');
    return words.size() < 2 ? QByteArray() : QByteArray::fromBase64(words[1]);
}

QString howToStore(const SshKey &key)
{
    return QStringLiteral("sixgatectl secret set %1")
        .arg(key.secretName.isEmpty() ? QStringLiteral("NAME") : key.secretName);
}

} // namespace

Result<SshKey> readSshKey(const QString &file, bool passphraseGiven, const QString &secretName)
{
    auto text = readAll(file);
    if (!text)
        return passOn(text);
    SshKey key{file, std::move(*text), secretName};
    if (const auto known = inspect(key); !known)
        return passOn(known);
    if (key.encrypted && !passphraseGiven)
        return fail(ErrorCode::Denied, Texts::tr("The SSH key %1 needs its passphrase.").arg(file), {},
                    Texts::tr("Store its passphrase (%1), or use a key without one.").arg(howToStore(key)));
    return key;
}

Result<SshKey> readSshKey(const QString &file, const Secret &passphrase, const QString &secretName)
{
    auto key = readSshKey(file, !passphrase.isEmpty(), secretName);
    if (key && opensAsRsa(key->text, passphrase))
        return rsa(file);
    return key;
}

Result<QByteArray> readSshPublicKey(const QString &file)
{
    auto text = readAll(file);
    if (text && (text->reveal().startsWith("ssh-") || text->reveal().startsWith("ecdsa-"))) {
        if (QByteArray blob = blobOfLine(text->reveal()); !blob.isEmpty())
            return blob;
        return notAKey(file, Texts::tr("It is no public key line."));
    }
    // What the private key itself tells goes first: a .pub beside it may be of another one.
    if (text && text->reveal().contains("-----BEGIN OPENSSH PRIVATE KEY-----")) {
        const Secret decoded(body(text->reveal()));
        QByteArray rest = decoded.reveal().mid(15, 2048);
        for (int i = 0; i < 3; ++i)
            takeSshString(rest);
        rest = rest.mid(4);
        if (QByteArray blob = takeSshString(rest); !blob.isEmpty())
            return blob;
    }
    const auto beside = readAll(file + QStringLiteral(".pub"));
    if (beside) {
        if (QByteArray blob = blobOfLine(beside->reveal()); !blob.isEmpty())
            return blob;
    }
    if (!text)
        return passOn(text);
    return fail(ErrorCode::NotFound, Texts::tr("The public half of the SSH key %1 is not there.").arg(file),
                Texts::tr("Neither it nor %1.pub is a public key.").arg(file),
                Texts::tr("Make it: ssh-keygen -y -f %1 > %1.pub").arg(file));
}

Error sshKeyDoesNotOpen(const SshKey &key)
{
    if (key.encrypted)
        return {ErrorCode::Denied,
                Texts::tr("The passphrase of the SSH key %1 is wrong.").arg(key.file),
                {},
                Texts::tr("Store the right one: %1. \"ssh-keygen -y -f %2\" asks for it and shows whether it is "
                          "right.")
                    .arg(howToStore(key), key.file)};
    return {ErrorCode::Invalid,
            Texts::tr("The SSH key %1 cannot be read: it is damaged or of an unknown format.").arg(key.file),
            {},
            makeAKey()};
}

} // namespace sixgate
