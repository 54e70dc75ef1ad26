#include "model/text.h"

#include <QList>

#include <algorithm>

namespace sixgate
{

QString quoted(const QString &input)
{
    // By code points, so that no character is cut in two and those beyond the first 65,536 are shown as they are.
    const auto points = QStringView(input.left(200)).toUcs4();
    QString out;
    for (const uint point : points.first(std::min<qsizetype>(points.size(), 60))) {
        const auto category = QChar::category(point);
        if (category == QChar::Other_Control || category == QChar::Other_Format || category == QChar::Other_Surrogate ||
            category == QChar::Separator_Line || category == QChar::Separator_Paragraph)
            out += QStringLiteral("\\u%1").arg(point, 4, 16, QLatin1Char('0'));
        else
            out += QStringView(QChar::fromUcs4(point));
    }
    return QLatin1Char('"') + out + (points.size() > 60 ? QStringLiteral("…\"") : QStringLiteral("\""));
}

QString shownLine(const QByteArray &bytes)
{
    QString text = QString::fromUtf8(bytes).left(200);
    for (QChar &c : text) {
        if (!c.isPrint() || c == QChar::LineSeparator || c == QChar::ParagraphSeparator)
            c = QLatin1Char('?');
    }
    return text;
}

} // namespace sixgate
