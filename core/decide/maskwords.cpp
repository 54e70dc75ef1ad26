#include "decide/maskwords.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype MostNamed = 40;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QRegularExpression pattern(const QString &text)
{
    return QRegularExpression(text, QRegularExpression::UseUnicodePropertiesOption);
}

/// An alternative of all of them, the longest first; one that never matches where there are none.
QString either(QStringList texts)
{
    texts.removeAll(QString());
    texts.removeDuplicates();
    std::sort(texts.begin(), texts.end(), [](const QString &a, const QString &b) { return a.size() > b.size(); });
    QStringList out;
    for (const QString &one : texts)
        out << QRegularExpression::escape(one);
    return out.isEmpty() ? latin("(?!)") : out.join(u'|');
}

/// "CN=R3,O=Let's Encrypt,C=US" (RFC 2253). Where its end is not told by ";", it ends where the sentences that have one
/// go on, or with the line: rather too much is taken than too little.
const char *const DistinguishedName =
    "(?<![\\p{L}\\p{N}_])(?:CN|OU|O|DC|UID|emailAddress|serialNumber|SN|GN|street|postalCode|ST|L|C|\\d+(?:\\.\\d+){2,}"
    ")="
    "(?:\\\\[^\\n]|[^;\\\\\\n\"])*?"
    "(?=[;\\n\"]|\\)[.,;)]|\\)? (?:is missing|is not (?:among|known)|issued; )|\\) is |\\.?(?:\\n|\\z)|\\)\\z)";

/// The whole of what is between these words, whatever is in it.
QStringList namedAuthorities(const QString &text)
{
    static const QRegularExpression named(latin("(?<![\\p{L}\\p{N}_])(?:issuer|subject):? "
                                                "((?:\\\\[^\\n]|[^;\\\\\\n]){1,500}+)(?=; (?:valid|subject|issuer))"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    QStringList out;
    // No more than a regular expression may hold.
    for (auto matches = named.globalMatch(text); matches.hasNext() && out.size() < MostNamed;) {
        const QString one = matches.next().captured(1);
        if (one.contains(u'=') && !out.contains(one))
            out << one;
    }
    return out;
}

/// Nothing but a host name, which is masked as one.
bool isNameAlone(const QString &distinguishedName)
{
    static const QRegularExpression alone(latin("\\ACN=([^,+=]+\\.[^,+=]+)\\z"));
    const auto match = alone.match(distinguishedName);
    return match.hasMatch() && Hostname::parse(match.captured(1));
}

void append(std::vector<MaskPiece> &out, MaskKind kind, const QString &text)
{
    if (!text.isEmpty())
        out.push_back({kind, text});
}

} // namespace

bool isWellKnownAuthority(const QString &distinguishedName)
{
    // Who calls himself nearly so is not meant, so what may follow the name is told.
    static const QRegularExpression known(latin(
        "(?:\\A|(?<!\\\\)[,+])O=(?:\\(STAGING\\) )?(?:Let's Encrypt|ZeroSSL|Google Trust Services|DigiCert|Sectigo|"
        "GlobalSign|Buypass|Actalis)(?:(?:\\\\,)? (?:Inc\\.?|LLC|Limited|Ltd\\.?|GmbH|nv-sa|AS(?:-\\d+)?|"
        "(?:Europe|Ireland) Limited|S\\.p\\.A\\.(?:/\\d+)?))?(?:[,+]|\\z)"));
    return known.match(distinguishedName).hasMatch();
}

MaskWords::MaskWords(const Site &site)
{
    QStringList probed, users;
    for (const Service &service : site.services) {
        QString path = service.probePath.text();
        while (path.endsWith(u'/'))
            path.chop(1);
        // "/home/ada" on a disk is not a service's, and tells of ada.
        if (path.compare(QLatin1String("/home"), Qt::CaseInsensitive) != 0 &&
            path.compare(QLatin1String("/users"), Qt::CaseInsensitive) != 0)
            probed << path;
    }
    for (const Vps &vps : site.vps) {
        if (vps.user.text() != QLatin1String("root"))
            users << vps.user.text();
    }
    // "GET /s/TOKEN: status 200", "/a → /b", and where a service's own path stands, be it in a URL.
    m_paths = pattern(QStringLiteral("(?<=GET )/[^\\s:;\"'<>)]+"
                                     "|(?<![^\\s(\"])/[^\\s:;\"'<>)]+(?= → /)"
                                     "|(?<=→ )/[^\\s:;\"'<>)]+"
                                     "|(?i:%1)(?![\\p{L}\\p{N}_~%-])/?")
                          .arg(either(probed)));
    // A login name is in lower case: "Ada" may be a word.
    m_logins =
        pattern(latin("(?:(?<![\\p{L}\\p{N}_\\\\])|(?<=\\\\[nrtbf])|(?<=\\\\)(?![nrtbf]))(?:%1)(?![\\p{L}\\p{N}_])")
                    .arg(either(users)));
}

std::vector<MaskPiece> MaskWords::paths(const QString &text) const
{
    const QRegularExpression authorities =
        pattern(QStringLiteral("(?:%1)|%2").arg(either(namedAuthorities(text)), latin(DistinguishedName)));
    std::vector<MaskPiece> out;
    const auto takePaths = [&](const QString &part) {
        qsizetype done = 0;
        for (auto matches = m_paths.globalMatch(part); matches.hasNext();) {
            const auto match = matches.next();
            append(out, MaskKind::None, part.mid(done, match.capturedStart() - done));
            append(out, MaskKind::Path, match.captured());
            done = match.capturedEnd();
        }
        append(out, MaskKind::None, part.mid(done));
    };
    qsizetype done = 0;
    for (auto matches = authorities.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        if (match.capturedLength() == 0 || isWellKnownAuthority(match.captured()) || isNameAlone(match.captured()))
            continue;
        takePaths(text.mid(done, match.capturedStart() - done));
        append(out, MaskKind::Authority, match.captured());
        done = match.capturedEnd();
    }
    takePaths(text.mid(done));
    return out;
}

std::vector<MaskPiece> MaskWords::logins(const QString &text) const
{
    std::vector<MaskPiece> out;
    qsizetype done = 0;
    for (auto matches = m_logins.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        append(out, MaskKind::None, text.mid(done, match.capturedStart() - done));
        append(out, MaskKind::User, match.captured());
        done = match.capturedEnd();
    }
    append(out, MaskKind::None, text.mid(done));
    return out;
}

} // namespace sixgate
