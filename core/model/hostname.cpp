#include "model/hostname.h"

#include "model/text.h"
#include "model/texts.h"

#include <QStringList>

#include <idn2.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace sixgate
{

namespace
{

tl::unexpected<Error> refuse(const QString &text, const QString &why)
{
    return fail(ErrorCode::Invalid,
                Texts::tr("%1 is not a host name: %2. Example: cloud.example.org.").arg(quoted(text), why));
}

bool isLdh(QChar c)
{
    return (c >= QLatin1Char('a') && c <= QLatin1Char('z')) || (c >= QLatin1Char('0') && c <= QLatin1Char('9')) ||
           c == QLatin1Char('-');
}

/// RFC 5893, rule 4, which libidn2 does not check.
bool mixesDigits(const QString &label)
{
    const auto has = [&](QChar::Direction direction) {
        return std::any_of(label.begin(), label.end(), [=](QChar c) { return c.direction() == direction; });
    };
    return has(QChar::DirEN) && has(QChar::DirAN);
}

struct Free {
    void operator()(char *text) const { std::free(text); }
};

} // namespace

Result<Hostname> Hostname::parse(const QString &text)
{
    if (text.isEmpty())
        return refuse(text, Texts::tr("it is empty"));
    if (text.size() > 1000)
        return refuse(text, Texts::tr("it is too long"));
    if (text.contains(QChar(0)) || !text.isValidUtf16())
        return refuse(text, Texts::tr("it holds characters that no name has"));
    // What is or becomes ASCII (fullwidth forms, spaces of all kinds) is judged before IDNA, which drops it silently.
    for (const QChar c : text.normalized(QString::NormalizationForm_KC)) {
        if (c.unicode() < 0x80 && !isLdh(c.toLower()) && c != QLatin1Char('.'))
            return refuse(text, Texts::tr("only letters, digits, hyphens and dots are allowed"));
    }
    for (const QChar c : text) {
        // IDNA drops most of these without a word. The joiners (U+200C, U+200D) have rules of their own there.
        if (c.category() == QChar::Other_Format && c.unicode() != 0x200c && c.unicode() != 0x200d)
            return refuse(text, Texts::tr("it holds invisible characters"));
    }
    QString name = text;
    if (name.endsWith(QLatin1Char('.')))
        name.chop(1);

    char *raw = nullptr;
    const int rc = idn2_to_ascii_8z(name.toUtf8().constData(), &raw,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
    const std::unique_ptr<char, Free> owned(raw);
    if (rc != IDN2_OK) {
        if (rc == IDN2_TOO_BIG_LABEL)
            return refuse(text, Texts::tr("a label is longer than 63 characters"));
        if (rc == IDN2_TOO_BIG_DOMAIN)
            return refuse(text, Texts::tr("it is longer than 253 characters"));
        return refuse(text, Texts::tr("a label is empty or has characters that names cannot have"));
    }
    const QString ascii = QString::fromLatin1(raw).toLower();
    if (ascii.size() > 253)
        return refuse(text, Texts::tr("it is longer than 253 characters"));
    const QStringList labels = ascii.split(QLatin1Char('.'));
    if (labels.size() < 2)
        return refuse(text, Texts::tr("it has no dot"));
    for (const QString &label : labels) {
        if (label.isEmpty())
            return refuse(text, Texts::tr("a label is empty"));
        if (label.size() > 63)
            return refuse(text, Texts::tr("a label is longer than 63 characters"));
        if (label.startsWith(QLatin1Char('-')) || label.endsWith(QLatin1Char('-')))
            return refuse(text, Texts::tr("a label begins or ends with a hyphen"));
        for (const QChar c : label) {
            if (!isLdh(c))
                return refuse(text, Texts::tr("only letters, digits, hyphens and dots are allowed"));
        }
        if (label.mid(2, 2) == QLatin1String("--") && !label.startsWith(QLatin1String("xn--")))
            return refuse(text, Texts::tr("a label has hyphens in third and fourth place"));
    }
    // An all-numeric last label would be read as an IPv4 address (RFC 3696, WHATWG URL).
    bool numeric = true;
    for (const QChar c : labels.last())
        numeric = numeric && c.isDigit();
    if (numeric || labels.last().startsWith(QLatin1String("0x")))
        return refuse(text, Texts::tr("an address is not a name"));
    // A-labels must be real ones: back to Unicode and again to the same.
    char *unicode = nullptr;
    const int back = idn2_to_unicode_8z8z(ascii.toLatin1().constData(), &unicode, IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, Free> ownedUnicode(unicode);
    if (back != IDN2_OK)
        return refuse(text, Texts::tr("a label that begins with xn-- is not a valid one"));
    for (const QString &label : QString::fromUtf8(unicode).split(QLatin1Char('.'))) {
        if (mixesDigits(label))
            return refuse(text, Texts::tr("a label mixes European and Arabic digits"));
    }
    return Hostname(ascii);
}

QString Hostname::display() const
{
    char *unicode = nullptr;
    const int rc = idn2_to_unicode_8z8z(m_ascii.toLatin1().constData(), &unicode, IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, Free> owned(unicode);
    return rc == IDN2_OK ? QString::fromUtf8(unicode) : m_ascii;
}

bool Hostname::isWithin(const Hostname &zone) const
{
    return *this == zone || m_ascii.endsWith(QLatin1Char('.') + zone.m_ascii);
}

} // namespace sixgate
