#include "decide/silence.h"

#include <algorithm>

namespace sixgate
{

namespace
{

using std::chrono::seconds;

seconds between(const QDateTime &from, const QDateTime &to)
{
    return std::chrono::floor<seconds>(std::max(to - from, std::chrono::milliseconds(0)));
}

QString timeText(const QDateTime &at)
{
    return at.toUTC().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")) + QStringLiteral(" UTC");
}

QString counted(qint64 number, const char *unit)
{
    return QStringLiteral("%1 %2%3").arg(number).arg(QLatin1String(unit), QLatin1String(number == 1 ? "" : "s"));
}

QString spanText(seconds span)
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

} // namespace

SilenceWord listenForSilence(const std::optional<QDateTime> &lastPush, seconds threshold, const SilenceTold &told,
                             const QDateTime &now)
{
    SilenceWord word;
    word.told = told;
    if (!lastPush)
        return word;
    if (told.since) {
        // It has pushed since; where it is silent again already, that is told next.
        if (*lastPush != *told.since) {
            word.what = SilenceWord::What::Back;
            word.since = *told.since;
            word.span = between(*told.since, std::min(*lastPush, now));
            word.text = QStringLiteral("The home pushes again, after a silence of %1 since %2.")
                            .arg(spanText(word.span), timeText(word.since));
            word.told.since.reset();
        }
        return word;
    }
    if (now - *lastPush < std::max(threshold, seconds(1)))
        return word;
    word.what = SilenceWord::What::Silent;
    word.since = *lastPush;
    word.span = between(*lastPush, now);
    word.text = QStringLiteral("The home has been silent since %1, for %2: no machine there pushes.")
                    .arg(timeText(word.since), spanText(word.span));
    word.told.since = *lastPush;
    return word;
}

} // namespace sixgate
