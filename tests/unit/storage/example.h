#pragma once

#include "resources/resources.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

namespace sixgate
{

inline QByteArray exampleSite()
{
    return resource(u"handbook/example-site.json");
}

/// The value that a text of JSON stands for.
inline QJsonValue jsonOf(const QString &text)
{
    QJsonParseError error;
    const auto document = QJsonDocument::fromJson('[' + text.toUtf8() + ']', &error);
    if (error.error != QJsonParseError::NoError)
        qFatal("bad test value: %s", qPrintable(text));
    return document.array().first();
}

/// `value` with the member at `path` ("services[0].port") replaced; removed where `wanted` is undefined.
inline QJsonValue with(const QJsonValue &value, QStringList path, const QJsonValue &wanted)
{
    if (path.isEmpty())
        return wanted;
    const QString step = path.takeFirst();
    if (value.isArray()) {
        QJsonArray array = value.toArray();
        const auto index = step.toInt();
        const QJsonValue item = with(index < array.size() ? array.at(index) : QJsonValue(), path, wanted);
        if (item.isUndefined())
            array.removeAt(index);
        else if (index < array.size())
            array.replace(index, item);
        else
            array.append(item);
        return array;
    }
    QJsonObject object = value.toObject();
    const QJsonValue member = with(object.value(step), path, wanted);
    if (member.isUndefined())
        object.remove(step);
    else
        object.insert(step, member);
    return object;
}

/// The example with changes, one a line: "services[0].port = 70000"; without a value the member is removed.
inline QByteArray changedExample(const QString &changes)
{
    QJsonValue site = QJsonDocument::fromJson(exampleSite()).object();
    for (const QString &change : changes.split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        const qsizetype equals = change.indexOf(QLatin1String(" = "));
        QString path = equals < 0 ? change : change.left(equals);
        path.replace(QLatin1Char('['), QLatin1Char('.')).remove(QLatin1Char(']'));
        site = with(site, path.split(QLatin1Char('.')),
                    equals < 0 ? QJsonValue(QJsonValue::Undefined) : jsonOf(change.mid(equals + 3)));
    }
    return QJsonDocument(site.toObject()).toJson();
}

} // namespace sixgate
