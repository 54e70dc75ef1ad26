#include "model/text.h"

namespace sixgate
{

QString quoted(const QString &input)
{
    QString out;
    for (const QChar c : input.left(60)) {
        const auto category = c.category();
        if (category == QChar::Other_Control || category == QChar::Other_Format || category == QChar::Other_Surrogate ||
            category == QChar::Separator_Line || category == QChar::Separator_Paragraph)
            out += QStringLiteral("\\u%1").arg(c.unicode(), 4, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return QLatin1Char('"') + out + (input.size() > 60 ? QStringLiteral("…\"") : QStringLiteral("\""));
}

} // namespace sixgate
