#include "decide/refresh.h"

#include <QCryptographicHash>
#include <QtEndian>

#include <algorithm>

namespace sixgate
{

namespace
{

using std::chrono::milliseconds;

milliseconds refreshSpan(std::chrono::hours expires, const QString &seed)
{
    const milliseconds whole(expires);
    return whole * 8 / 10 + spread(seed, 0, whole / 10);
}

} // namespace

milliseconds spread(const QString &seed, quint64 turn, milliseconds most)
{
    if (most <= milliseconds(0))
        return milliseconds(0);
    const QByteArray hash =
        QCryptographicHash::hash(seed.toUtf8() + '\n' + QByteArray::number(turn), QCryptographicHash::Sha256);
    return milliseconds(qint64(qFromBigEndian<quint64>(hash.constData()) % quint64(most.count())));
}

milliseconds spreadAround(const QString &seed, quint64 turn, milliseconds usual)
{
    return usual - usual / 10 + spread(seed, turn, usual / 5);
}

std::optional<QDateTime> refreshDue(const RecordPast &past, std::chrono::hours expires, const QString &seed)
{
    if (!past.renewed)
        return std::nullopt;
    return past.renewed->addMSecs(refreshSpan(expires, seed).count());
}

RecordPast noteTaken(RecordPast past, const QString &value, const QDateTime &now)
{
    past.taken = value;
    past.renewed = now;
    return past;
}

RecordPast noteSeenFirst(RecordPast past, std::chrono::hours expires, const QString &seed, const QDateTime &now)
{
    using namespace std::chrono_literals;
    if (past.renewed)
        return past;
    const milliseconds first = std::min<milliseconds>(1h + spread(seed, 1, 23h), refreshSpan(expires, seed));
    past.renewed = now.addMSecs((first - refreshSpan(expires, seed)).count());
    return past;
}

} // namespace sixgate
