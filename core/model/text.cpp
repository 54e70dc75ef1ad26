#include "model/text.h"

#include <QList>

#include <algorithm>

namespace sixgate
{

namespace
{

QString counted(qint64 number, const char *unit)
{
    return QStringLiteral("%1 %2%3").arg(number).arg(QLatin1String(unit), QLatin1String(number == 1 ? "" : "s"));
}

} // namespace

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

QString timeText(const QDateTime &at)
{
    return at.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")) + QStringLiteral(" UTC");
}

QString stampText(const QDateTime &at)
{
    return at.isValid() ? at.toUTC().toString(Qt::ISODateWithMs) : QString();
}

QString spanText(std::chrono::seconds span)
{
    const qint64 all = span.count();
    if (all < 120)
        return counted(all, "second");
    if (all < 120 * 60)
        return counted(all / 60, "minute");
    if (all < 48 * 3600)
        return counted(all / 3600, "hour");
    return counted(all / 86400, "day");
}

QString exactSpanText(std::chrono::seconds span)
{
    const qint64 all = span.count();
    return all >= 120 && all % 60 == 0 ? counted(all / 60, "minute") : counted(all, "second");
}

} // namespace sixgate
