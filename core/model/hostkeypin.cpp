#include "model/hostkeypin.h"

#include "model/text.h"
#include "model/texts.h"

#include <QCryptographicHash>
#include <QStringList>

namespace sixgate
{

Result<QString> HostKeyTypeKind::check(const QString &text)
{
    static const QStringList types = {QStringLiteral("ssh-ed25519"), QStringLiteral("ecdsa-sha2-nistp256"),
                                      QStringLiteral("ecdsa-sha2-nistp384"), QStringLiteral("ecdsa-sha2-nistp521")};
    if (types.contains(text))
        return text;
    return fail(ErrorCode::Invalid,
                Texts::tr("%1 is not a type of SSH host key that Sixgate can compare. Example: ssh-ed25519.")
                    .arg(quoted(text)));
}

Result<HostKeyPin> HostKeyPin::parse(const QString &text)
{
    const qsizetype blank = text.indexOf(QLatin1Char(' '));
    const auto fingerprint = Fingerprint::parse(text.mid(blank + 1));
    if (blank < 0 || !fingerprint) {
        if (!fingerprint)
            return passOn(fingerprint);
        return HostKeyPin{std::nullopt, *fingerprint};
    }
    const auto type = HostKeyType::parse(text.left(blank));
    if (!type)
        return passOn(type);
    return HostKeyPin{*type, *fingerprint};
}

QString HostKeyPin::text() const
{
    return type ? type->text() + QLatin1Char(' ') + fingerprint.text() : fingerprint.text();
}

bool HostKeyPin::fits(const QString &presentedType, const Fingerprint &presented) const
{
    return fingerprint == presented && (!type || type->text() == presentedType);
}

PresentedHostKey PresentedHostKey::ofBlob(const QString &type, const QByteArray &blob)
{
    const QByteArray md5 = QCryptographicHash::hash(blob, QCryptographicHash::Md5).toHex(':');
    return {type, Fingerprint::ofBytes(blob), QStringLiteral("MD5:") + QString::fromLatin1(md5)};
}

} // namespace sixgate
