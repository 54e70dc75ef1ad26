#include "model/fingerprint.h"

#include "model/text.h"
#include "model/texts.h"

#include <QCryptographicHash>

namespace sixgate
{

Result<Fingerprint> Fingerprint::parse(const QString &text)
{
    QByteArray bytes;
    if (text.size() <= 100 && text.startsWith(QLatin1String("SHA256:"))) {
        const auto decoded =
            QByteArray::fromBase64Encoding(text.mid(7).toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
        // The last of 43 characters has two spare bits: only the form that encodes back to itself is the fingerprint.
        if (decoded && text.size() == 50 &&
            decoded.decoded.toBase64(QByteArray::OmitTrailingEquals) == text.mid(7).toLatin1())
            bytes = decoded.decoded;
    } else if (text.size() <= 95) {
        QString hex = text;
        if (text.size() == 95) {
            for (int i = 2; i < 95; i += 3) {
                if (text[i] != QLatin1Char(':'))
                    hex.clear();
                if (hex.isEmpty())
                    break;
            }
            hex.remove(QLatin1Char(':'));
        }
        bool digits = hex.size() == 64;
        for (const QChar c : hex)
            digits = digits && c.unicode() < 0x80 && std::isxdigit(c.toLatin1());
        if (digits)
            bytes = QByteArray::fromHex(hex.toLatin1());
    }
    if (bytes.size() != 32)
        return fail(
            ErrorCode::Invalid,
            Texts::tr("%1 is not a SHA-256 fingerprint. Example: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU.")
                .arg(quoted(text)),
            {},
            text.startsWith(QLatin1String("MD5:"))
                ? Texts::tr("The form with MD5: is for comparing by eye, in the question of vps trust.")
                : QString());
    std::array<std::uint8_t, 32> digest{};
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return Fingerprint(digest);
}

Fingerprint Fingerprint::ofBytes(const QByteArray &bytes)
{
    const QByteArray hash = QCryptographicHash::hash(bytes, QCryptographicHash::Sha256);
    std::array<std::uint8_t, 32> digest{};
    std::copy(hash.begin(), hash.end(), digest.begin());
    return Fingerprint(digest);
}

QString Fingerprint::text() const
{
    const QByteArray bytes(reinterpret_cast<const char *>(m_digest.data()), qsizetype(m_digest.size()));
    return QStringLiteral("SHA256:") + QString::fromLatin1(bytes.toBase64(QByteArray::OmitTrailingEquals));
}

} // namespace sixgate
