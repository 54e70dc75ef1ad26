#include "model/text.h"

#include "model/texts.h"

#include <QList>

#include <algorithm>

namespace sixgate
{

namespace
{

QString seconds(qint64 number)
{
    return number == 1 ? Texts::tr("1 second") : Texts::tr("%1 seconds").arg(number);
}

/// Of two and more: less is told in the next smaller unit.
QString minutes(qint64 number)
{
    return Texts::tr("%1 minutes").arg(number);
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
        return seconds(all);
    if (all < 120 * 60)
        return minutes(all / 60);
    if (all < 48 * 3600)
        return Texts::tr("%1 hours").arg(all / 3600);
    return Texts::tr("%1 days").arg(all / 86400);
}

QString exactSpanText(std::chrono::seconds span)
{
    const qint64 all = span.count();
    return all >= 120 && all % 60 == 0 ? minutes(all / 60) : seconds(all);
}

} // namespace sixgate
