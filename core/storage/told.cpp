#include "storage/told.h"

#include "model/texts.h"
#include "storage/files.h"
#include "storage/json.h"
#include "storage/state.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

#include <cstdio>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qsizetype LongestFile = 16 * 1024 * 1024;

QString toldPath(const Label &site)
{
    return stateFolder(site) + QStringLiteral("/told.json");
}

// Reading.

Result<std::vector<QString>> textsOf(const JsonNode &node)
{
    const auto items = jsonList(node, "[]");
    if (!items)
        return passOn(items);
    std::vector<QString> texts;
    for (const JsonNode &item : *items) {
        auto text = jsonText(item, "\"2001:db8:1::/64\"");
        if (!text)
            return passOn(text);
        texts.push_back(std::move(*text));
    }
    return texts;
}

Result<std::optional<AlarmMatter>> matterOf(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"since", "until", "sentences", "passed"});
    if (!fields)
        return passOn(fields);
    const auto since = fields->need("since", "1800000000000").and_then(jsonTime);
    if (!since)
        return passOn(since);
    AlarmMatter matter;
    matter.since = *since;
    const Outcome read = optionally(*fields, "until", matter.until, jsonTime)
                             .and_then([&] { return optionally(*fields, "sentences", matter.sentences, textsOf); })
                             .and_then([&] { return optionally(*fields, "passed", matter.passed, jsonBool); });
    if (!read)
        return passOn(read);
    return matter;
}

Result<AlarmMemory> parseTold(const QByteArray &text)
{
    const auto document = parseJson(text, Texts::tr("The file"));
    if (!document)
        return passOn(document);
    const auto fields = JsonFields::open(*document, {"schema", "open", "channels", "led"});
    if (!fields)
        return passOn(fields);
    if (const auto schema = jsonInteger(fields->at("schema"), 1, Schema, Schema); !schema)
        return passOn(schema);
    AlarmMemory memory;
    const Outcome read = optionally(*fields, "open", memory.open, matterOf).and_then([&] {
        return optionally(*fields, "led", memory.led, textsOf);
    });
    if (!read)
        return passOn(read);
    if (!fields->has("channels"))
        return memory;
    const auto items = jsonList(fields->at("channels"), "[]");
    if (!items)
        return passOn(items);
    for (const JsonNode &item : *items) {
        const auto one = JsonFields::open(item, {"name", "told", "missed"});
        if (!one)
            return passOn(one);
        const auto name = neededField<Label>(*one, "name", "\"mail\"");
        if (!name)
            return passOn(name);
        AlarmTold told;
        const Outcome whole = optionally(*one, "told", told.told, matterOf).and_then([&] {
            return optionally(*one, "missed", told.missed, matterOf);
        });
        if (!whole)
            return passOn(whole);
        if (!memory.channels.emplace(name->text(), std::move(told)).second)
            return failAt(item.path, Texts::tr("This channel is here twice."));
    }
    return memory;
}

// Writing.

QJsonArray textsJson(const std::vector<QString> &texts)
{
    QJsonArray out;
    for (const QString &one : texts)
        out.append(one);
    return out;
}

QJsonObject matterJson(const AlarmMatter &matter)
{
    QJsonObject out{{QStringLiteral("since"), matter.since.toMSecsSinceEpoch()},
                    {QStringLiteral("sentences"), textsJson(matter.sentences)},
                    {QStringLiteral("passed"), matter.passed}};
    if (matter.until)
        out[QStringLiteral("until")] = matter.until->toMSecsSinceEpoch();
    return out;
}

QJsonObject toldJson(const AlarmMemory &memory)
{
    QJsonArray channels;
    for (const auto &[name, told] : memory.channels) {
        QJsonObject one{{QStringLiteral("name"), name}};
        if (told.told)
            one[QStringLiteral("told")] = matterJson(*told.told);
        if (told.missed)
            one[QStringLiteral("missed")] = matterJson(*told.missed);
        channels.append(one);
    }
    QJsonObject out{{QStringLiteral("schema"), Schema},
                    {QStringLiteral("channels"), channels},
                    {QStringLiteral("led"), textsJson(memory.led)}};
    if (memory.open)
        out[QStringLiteral("open")] = matterJson(*memory.open);
    return out;
}

} // namespace

AlarmMemory loadTold(const Label &site)
{
    const QString path = toldPath(site);
    const auto text = readIfThere(path, LongestFile);
    if (text && !*text)
        return {};
    auto memory = text ? parseTold(**text) : Result<AlarmMemory>(passOn(text));
    if (memory)
        return std::move(*memory);
    // For whoever wants to see what was wrong with it.
    if (memory.error().code == ErrorCode::Invalid)
        static_cast<void>(std::rename(QFile::encodeName(path).constData(),
                                      QFile::encodeName(path + QStringLiteral(".damaged")).constData()));
    return {};
}

AlarmMemory beginTold(const Label &site)
{
    // What a keeper that was killed while it saved has left behind.
    const QDir folder(stateFolder(site));
    for (const QString &left : folder.entryList({QStringLiteral(".told.json.*~")}, QDir::Files | QDir::Hidden))
        QFile::remove(folder.filePath(left));
    return loadTold(site);
}

Outcome saveTold(const Label &site, const AlarmMemory &memory)
{
    if (const auto made = makePrivateFolder(stateFolder(site)); !made)
        return made;
    return writeAtomically(toldPath(site), QJsonDocument(toldJson(memory)).toJson());
}

} // namespace sixgate
