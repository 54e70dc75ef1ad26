#pragma once

#include "model/port.h"
#include "model/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QJsonObject>
#include <QJsonValue>

#include <initializer_list>
#include <optional>
#include <vector>

namespace sixgate
{

/// Reading JSON strictly: unknown keys, keys given twice and wrong types are refused, and each error names the place.
/// Pure; any thread.

/// A JSON value and its path in the document, e.g. `services[0].publicNames[1]`; empty for the document itself.
struct JsonNode {
    QJsonValue value;
    QString path;
};

/// Invalid: `path: sentence`.
tl::unexpected<Error> failAt(const QString &path, const QString &sentence, QString fix = {});

/// Parses a document that must be one object. `what` names it in texts ("The site file"). A syntax error is told with
/// line and column (both from 1, columns in characters), a key that stands twice in one object with its path.
Result<JsonNode> parseJson(const QByteArray &text, const QString &what);

/// The members of one object; only keys from a given list exist.
class JsonFields
{
public:
    static Result<JsonFields> open(const JsonNode &node, std::initializer_list<const char *> keys);

    bool has(const char *key) const;
    /// The member; Invalid with `example` in the text where it is missing.
    Result<JsonNode> need(const char *key, const char *example) const;
    JsonNode at(const char *key) const; ///< the member, undefined where it is missing

private:
    JsonFields(QJsonObject object, QString path) : m_object(std::move(object)), m_path(std::move(path)) {}
    QJsonObject m_object;
    QString m_path;
};

Result<QString> jsonText(const JsonNode &node, const char *example);
Result<bool> jsonBool(const JsonNode &node);
/// A whole number from `least` to `most`.
Result<qint64> jsonInteger(const JsonNode &node, qint64 least, qint64 most, qint64 example);
Result<std::vector<JsonNode>> jsonList(const JsonNode &node, const char *example);
/// Milliseconds since 1970, UTC.
Result<QDateTime> jsonTime(const JsonNode &node);

/// Reads the member `key` into `into`, where it is there.
template <class T, class Read>
Outcome optionally(const JsonFields &fields, const char *key, T &into, const Read &read)
{
    if (!fields.has(key))
        return {};
    auto value = read(fields.at(key));
    if (!value)
        return passOn(value);
    into = std::move(*value);
    return {};
}

/// A text parsed by `T::parse`, whose error gets the path in front.
template <class T>
Result<T> jsonParsed(const JsonNode &node, const char *example)
{
    const auto text = jsonText(node, example);
    if (!text)
        return passOn(text);
    auto value = T::parse(*text);
    if (!value)
        return failAt(node.path, value.error().summary, value.error().fix);
    return value;
}

template <class T>
Result<T> neededField(const JsonFields &fields, const char *key, const char *example)
{
    const auto node = fields.need(key, example);
    if (!node)
        return passOn(node);
    return jsonParsed<T>(*node, example);
}

template <class T>
Result<std::optional<T>> optionalField(const JsonFields &fields, const char *key, const char *example)
{
    if (!fields.has(key))
        return std::optional<T>();
    auto value = jsonParsed<T>(fields.at(key), example);
    if (!value)
        return passOn(value);
    return std::optional<T>(std::move(*value));
}

/// A port number; `standard` where the key is missing.
Result<Port> portField(const JsonFields &fields, const char *key, quint16 standard);

} // namespace sixgate
