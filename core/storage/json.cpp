#include "storage/json.h"

#include "model/text.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <limits>
#include <set>

namespace sixgate
{

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QString typeWord(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Null:
        return QStringLiteral("null");
    case QJsonValue::Bool:
        return Texts::tr("true or false");
    case QJsonValue::Double:
        return Texts::tr("a number");
    case QJsonValue::String:
        return Texts::tr("a text");
    case QJsonValue::Array:
        return Texts::tr("a list");
    case QJsonValue::Object:
        return Texts::tr("an object");
    case QJsonValue::Undefined:
        break;
    }
    return Texts::tr("nothing");
}

/// A key that is no plain word is quoted: whoever wrote the file chose it.
QString childPath(const QString &path, const QString &key)
{
    const bool word = !key.isEmpty() && key.size() <= 60 && std::all_of(key.begin(), key.end(), [](QChar c) {
        return c.unicode() < 0x80 &&
               (c.isLetterOrNumber() || c == QLatin1Char('_') || c == QLatin1Char('-') || c == QLatin1Char('$'));
    });
    const QString shown = word ? key : quoted(key);
    return path.isEmpty() ? shown : path + QLatin1Char('.') + shown;
}

QString itemPath(const QString &path, qsizetype index)
{
    return path + QStringLiteral("[%1]").arg(index);
}

tl::unexpected<Error> wrongType(const JsonNode &node, const char *wanted, const QString &example)
{
    return failAt(
        node.path,
        Texts::tr("%1 is wanted, not %2, for example %3.").arg(Texts::tr(wanted), typeWord(node.value), example));
}

/// Finds a key that stands twice in one object, which QJsonDocument settles silently in favour of the last one.
/// The text is known to be valid JSON.
class DuplicateScan
{
public:
    explicit DuplicateScan(const QByteArray &text) : m_text(text) {}

    /// The path of the second one, or nothing.
    std::optional<QString> find()
    {
        for (m_at = 0; m_at < m_text.size(); ++m_at) {
            switch (m_text[m_at]) {
            case '{':
                m_frames.push_back({.object = true, .keyNext = true, .keys = {}, .key = {}});
                break;
            case '[':
                m_frames.push_back({});
                break;
            case '}':
            case ']':
                m_frames.pop_back();
                break;
            case ',':
                m_frames.back().keyNext = m_frames.back().object;
                ++m_frames.back().index;
                break;
            case '"':
                if (!string())
                    return path();
                break;
            default:
                break;
            }
        }
        return std::nullopt;
    }

private:
    struct Frame {
        bool object = false;
        bool keyNext = false;
        std::set<QString> keys;
        QString key;
        qsizetype index = 0;
    };

    /// Moves to the closing quote; false where it is a key for the second time.
    bool string()
    {
        const qsizetype begin = m_at;
        bool escaped = false;
        for (++m_at; m_text[m_at] != '"'; ++m_at) {
            if (m_text[m_at] == '\\') {
                ++m_at;
                escaped = true;
            }
        }
        if (m_frames.empty() || !m_frames.back().keyNext)
            return true;
        Frame &frame = m_frames.back();
        frame.keyNext = false;
        const QByteArray quoted = m_text.mid(begin, m_at + 1 - begin);
        frame.key = escaped ? QJsonDocument::fromJson('[' + quoted + ']').array().first().toString()
                            : QString::fromUtf8(quoted.sliced(1, quoted.size() - 2));
        return frame.keys.insert(frame.key).second;
    }

    QString path() const
    {
        QString path;
        for (const Frame &frame : m_frames)
            path = frame.object ? childPath(path, frame.key) : itemPath(path, frame.index);
        return path;
    }

    const QByteArray &m_text;
    qsizetype m_at = 0;
    std::vector<Frame> m_frames;
};

} // namespace

tl::unexpected<Error> failAt(const QString &path, const QString &sentence, QString fix)
{
    return fail(ErrorCode::Invalid, path.isEmpty() ? sentence : path + QStringLiteral(": ") + sentence, {},
                std::move(fix));
}

Result<JsonNode> parseJson(const QByteArray &text, const QString &what)
{
    if (text.trimmed().isEmpty())
        return fail(ErrorCode::Invalid, what + Texts::tr(" is empty."));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(text, &error);
    if (error.error != QJsonParseError::NoError) {
        const QByteArray before = text.left(error.offset);
        const qsizetype lineStart = before.lastIndexOf('\n') + 1;
        return fail(ErrorCode::Invalid, Texts::tr("%1 is not valid JSON at line %2, column %3: %4.")
                                            .arg(what)
                                            .arg(before.count('\n') + 1)
                                            .arg(QString::fromUtf8(before.mid(lineStart)).size() + 1)
                                            .arg(error.errorString()));
    }
    if (!document.isObject())
        return fail(ErrorCode::Invalid, what + Texts::tr(" must be one JSON object: { … }."));
    if (const auto twice = DuplicateScan(text).find())
        return failAt(*twice, Texts::tr("This key stands here twice; keep one."));
    return JsonNode{document.object(), {}};
}

Result<JsonFields> JsonFields::open(const JsonNode &node, std::initializer_list<const char *> keys)
{
    if (!node.value.isObject())
        return wrongType(node, QT_TRANSLATE_NOOP("Texts", "an object"),
                         QStringLiteral("{ \"%1\": … }").arg(latin(*keys.begin())));
    QJsonObject object = node.value.toObject();
    for (auto member = object.constBegin(); member != object.constEnd(); ++member) {
        const QString key = member.key();
        if (std::any_of(keys.begin(), keys.end(), [&](const char *known) { return key == QLatin1String(known); }))
            continue;
        QStringList known;
        for (const char *name : keys)
            known.append(latin(name));
        return failAt(childPath(node.path, key),
                      Texts::tr("This key is not known; known here: %1.").arg(known.join(QStringLiteral(", "))));
    }
    return JsonFields(std::move(object), node.path);
}

bool JsonFields::has(const char *key) const
{
    return m_object.contains(QLatin1String(key));
}

JsonNode JsonFields::at(const char *key) const
{
    return {m_object.value(QLatin1String(key)), childPath(m_path, latin(key))};
}

Result<JsonNode> JsonFields::need(const char *key, const char *example) const
{
    if (!has(key))
        return failAt(
            childPath(m_path, latin(key)),
            Texts::tr("This key is missing, for example \"%1\": %2.").arg(latin(key), QString::fromUtf8(example)));
    return at(key);
}

Result<QString> jsonText(const JsonNode &node, const char *example)
{
    if (!node.value.isString())
        return wrongType(node, QT_TRANSLATE_NOOP("Texts", "a text in quotes"), QString::fromUtf8(example));
    return node.value.toString();
}

Result<bool> jsonBool(const JsonNode &node)
{
    if (!node.value.isBool())
        return failAt(node.path,
                      Texts::tr("true or false is wanted, not %1, for example true.").arg(typeWord(node.value)));
    return node.value.toBool();
}

Result<qint64> jsonInteger(const JsonNode &node, qint64 least, qint64 most, qint64 example)
{
    if (!node.value.isDouble())
        return wrongType(node, QT_TRANSLATE_NOOP("Texts", "a whole number without quotes"), QString::number(example));
    constexpr qint64 none = std::numeric_limits<qint64>::min();
    const qint64 number = node.value.toInteger(none);
    if (number == none || number < least || number > most)
        return failAt(
            node.path,
            Texts::tr("a whole number from %1 to %2 is wanted, for example %3.").arg(least).arg(most).arg(example));
    return number;
}

Result<QDateTime> jsonTime(const JsonNode &node)
{
    constexpr qint64 latest = 100'000'000'000'000; // some thousand years
    const auto milliseconds = jsonInteger(node, 0, latest, 1'800'000'000'000);
    if (!milliseconds)
        return passOn(milliseconds);
    return QDateTime::fromMSecsSinceEpoch(*milliseconds, Qt::UTC);
}

Result<std::vector<JsonNode>> jsonList(const JsonNode &node, const char *example)
{
    if (!node.value.isArray())
        return wrongType(node, QT_TRANSLATE_NOOP("Texts", "a list"), QString::fromUtf8(example));
    std::vector<JsonNode> items;
    const QJsonArray array = node.value.toArray();
    items.reserve(size_t(array.size()));
    for (qsizetype i = 0; i < array.size(); ++i)
        items.push_back({array.at(i), itemPath(node.path, i)});
    return items;
}

Result<Port> portField(const JsonFields &fields, const char *key, quint16 standard)
{
    qint64 number = standard;
    if (fields.has(key)) {
        const auto given = jsonInteger(fields.at(key), 1, 65535, standard);
        if (!given)
            return passOn(given);
        number = *given;
    }
    return Port::fromNumber(number);
}

} // namespace sixgate
