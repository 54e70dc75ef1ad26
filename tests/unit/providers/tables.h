#pragma once

#include "conformance.h"
#include "definitions.h"

#include "decide/providercalls.h"
#include "model/secret.h"
#include "model/version.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <map>

/// The tables of conversations (tables/README.md).
namespace sixgate::test
{

inline const QString tables = QStringLiteral(SIXGATE_SOURCE_DIR "/tests/unit/providers/tables/");

inline QJsonObject table(const QString &name)
{
    QFile file(tables + name + QStringLiteral(".json"));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("no table %s", qPrintable(file.fileName()));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(file.readAll(), &error);
    if (error.error != QJsonParseError::NoError)
        qFatal("%s: %s", qPrintable(file.fileName()), qPrintable(error.errorString()));
    return document.object();
}

inline QStringList strings(const QJsonValue &value)
{
    QStringList all;
    const QJsonArray array = value.toArray();
    for (const QJsonValue &one : array)
        all.append(one.toString());
    return all;
}

/// A text as it is, anything else as JSON.
inline QByteArray bytesOf(const QJsonValue &value)
{
    if (value.isObject())
        return QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact);
    if (value.isArray())
        return QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact);
    return value.toString().toUtf8();
}

inline Expected expected(const QJsonObject &provider, const QJsonObject &one)
{
    Expected must;
    must.request = one[QStringLiteral("request")].toString().toUtf8();
    must.host = one.value(QStringLiteral("host")).toString(provider[QStringLiteral("host")].toString()).toUtf8();
    must.headers = one.contains(QStringLiteral("headers")) ? strings(one[QStringLiteral("headers")])
                                                           : strings(provider[QStringLiteral("headers")]);
    must.headers.append(QStringLiteral("User-Agent: ") + provider.value(QStringLiteral("userAgent"))
                                                             .toString(QStringLiteral("Sixgate/VERSION"))
                                                             .replace(QStringLiteral("VERSION"), sixgateVersion()));
    if (one.contains(QStringLiteral("json"))) {
        must.body = bytesOf(one[QStringLiteral("json")]);
        must.headers.append(QStringLiteral("Content-Type: application/json"));
    } else if (one.contains(QStringLiteral("form"))) {
        must.body = one[QStringLiteral("form")].toString().toUtf8();
        must.headers.append(QStringLiteral("Content-Type: application/x-www-form-urlencoded"));
    }
    must.answer = httpAnswer(one[QStringLiteral("status")].toInt(200), strings(one[QStringLiteral("says")]),
                             bytesOf(one[QStringLiteral("answer")]));
    return must;
}

inline std::map<QString, Secret> credentials(const QJsonObject &provider)
{
    std::map<QString, Secret> all;
    const QJsonObject given = provider[QStringLiteral("credentials")].toObject();
    for (const QString &name : given.keys())
        all.emplace(name, Secret(given[name].toString().toUtf8()));
    return all;
}

inline ProviderDefinition definitionOf(const QJsonObject &provider, const QString &name)
{
    ProviderDefinition found = definition(qPrintable(name));
    if (!found.customUrl && !found.ownServer)
        return found;
    auto custom = found.ownServer ? providerAt(found, provider[QStringLiteral("host")].toString())
                                  : customProvider(found, provider[QStringLiteral("url")].toString());
    if (!custom)
        qFatal("%s", qPrintable(custom.error().summary));
    return *custom;
}

} // namespace sixgate::test
