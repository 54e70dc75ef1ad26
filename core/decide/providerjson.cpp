// JSON documents of providers, and the paths by which definitions find what they want in them.

#include "decide/provideranswers.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace sixgate
{

QJsonValue jsonDocument(const QByteArray &body)
{
    // A lone text or number is a document, too.
    QJsonParseError error;
    const QJsonDocument list =
        QJsonDocument::fromJson('[' + (body.startsWith("\xef\xbb\xbf") ? body.mid(3) : body) + ']', &error);
    if (error.error != QJsonParseError::NoError || list.array().size() != 1)
        return QJsonValue(QJsonValue::Undefined);
    return list.array().first();
}

QJsonValue jsonAt(const QJsonValue &document, const QString &path)
{
    QJsonValue value = document;
    for (const QString &step : path.split(QLatin1Char('.'), Qt::SkipEmptyParts)) {
        bool isIndex = false;
        const uint index = step.toUInt(&isIndex);
        value = value.isArray() && isIndex ? value.toArray().at(qsizetype(index))
                : value.isObject()         ? value.toObject().value(step)
                                           : QJsonValue(QJsonValue::Undefined);
    }
    return value;
}

std::vector<QString> jsonTextsAt(const QJsonValue &document, const QString &path)
{
    const qsizetype star = path.indexOf(QLatin1Char('*'));
    if (star >= 0) {
        std::vector<QString> all;
        const QJsonArray items = jsonAt(document, path.left(star)).toArray();
        for (const QJsonValue &item : items) {
            for (QString &text : jsonTextsAt(item, path.mid(star + 1)))
                all.push_back(std::move(text));
        }
        return all;
    }
    const QJsonValue value = jsonAt(document, path);
    if (value.isString())
        return {value.toString()};
    if (value.isDouble())
        return {QString::number(value.toInteger())};
    if (value.isBool())
        return {value.toBool() ? QStringLiteral("true") : QStringLiteral("false")};
    return {};
}

} // namespace sixgate
