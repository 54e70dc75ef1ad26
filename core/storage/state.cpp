#include "storage/state.h"

#include "storage/files.h"
#include "storage/json.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <sys/stat.h>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qsizetype LongestStateFile = 16 * 1024 * 1024;

QString statePath(const Label &site)
{
    return stateFolder(site) + QStringLiteral("/state.json");
}

Result<RecordType> parseRecordType(const JsonNode &node)
{
    const auto text = jsonText(node, "\"AAAA\"");
    if (!text)
        return passOn(text);
    for (const RecordType type :
         {RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::TXT, RecordType::NS, RecordType::SOA}) {
        if (*text == recordTypeName(type))
            return type;
    }
    return failAt(node.path, QStringLiteral("This is not a record type, for example \"AAAA\"."));
}

Result<RecordKey> parseRecordKey(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "type"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Hostname>(*fields, "name", "\"cloud.example.org\"");
    if (!name)
        return passOn(name);
    const auto typeNode = fields->need("type", "\"AAAA\"");
    if (!typeNode)
        return passOn(typeNode);
    const auto type = parseRecordType(*typeNode);
    if (!type)
        return passOn(type);
    return RecordKey{*name, *type};
}

Result<SiteState> parseState(const QByteArray &text)
{
    const auto document = parseJson(text, QStringLiteral("The state file"));
    if (!document)
        return passOn(document);
    const JsonNode schemaNode{document->value.toObject().value(QLatin1String("schema")), QStringLiteral("schema")};
    const auto schema = jsonInteger(schemaNode, 1, 1'000'000, Schema);
    if (!schema)
        return passOn(schema);
    if (*schema > Schema)
        return failAt(schemaNode.path, QStringLiteral("It was made by a newer Sixgate."));
    const auto root = JsonFields::open(*document, {"schema", "managedRecords", "pinnedCertificates"});
    if (!root)
        return passOn(root);
    const auto node = root->need("managedRecords", "[]");
    if (!node)
        return passOn(node);
    const auto items = jsonList(*node, "[]");
    if (!items)
        return passOn(items);
    SiteState state;
    for (const JsonNode &item : *items) {
        const auto key = parseRecordKey(item);
        if (!key)
            return passOn(key);
        state.managedRecords.push_back(*key);
    }
    if (!root->has("pinnedCertificates"))
        return state;
    const auto pinned = jsonList(root->at("pinnedCertificates"), "[]");
    if (!pinned)
        return passOn(pinned);
    for (const JsonNode &item : *pinned) {
        const auto fields = JsonFields::open(item, {"server", "pem"});
        if (!fields)
            return passOn(fields);
        const auto server = neededField<Label>(*fields, "server", "\"nas\"");
        if (!server)
            return passOn(server);
        const auto pemNode = fields->need("pem", "\"-----BEGIN CERTIFICATE-----…\"");
        if (!pemNode)
            return passOn(pemNode);
        const auto pem = jsonText(*pemNode, "\"-----BEGIN CERTIFICATE-----…\"");
        if (!pem)
            return passOn(pem);
        state.pinnedCertificates[*server] = pem->toLatin1();
    }
    return state;
}

} // namespace

QString stateFolder(const Label &site)
{
    QString base = qEnvironmentVariable("XDG_STATE_HOME");
    if (!base.startsWith(u'/'))
        base = QDir::homePath() + QStringLiteral("/.local/state");
    return QDir::cleanPath(base) + QStringLiteral("/sixgate/") + site.text();
}

Result<SiteState> loadState(const Label &site)
{
    const QString path = statePath(site);
    struct stat status;
    const auto file = openForReading(path, status);
    if (!file) {
        if (file.error().code == ErrorCode::NotFound)
            return SiteState();
        return passOn(file);
    }
    const auto text = readAtMost(*file, path, LongestStateFile);
    if (!text)
        return passOn(text);
    auto state = parseState(*text);
    if (!state)
        return fail(ErrorCode::Invalid,
                    QStringLiteral("The state of the site “%1” cannot be read: %2").arg(site.text(), path),
                    state.error().summary,
                    QStringLiteral("The file was left as it is. Repair it, or move it away: then Sixgate forgets which "
                                   "records it has set, and those of services removed from the site file since are to "
                                   "be deleted by hand."));
    return state;
}

Outcome saveState(const Label &site, const SiteState &state)
{
    std::vector<RecordKey> keys = state.managedRecords;
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    QJsonArray records;
    for (const RecordKey &key : keys)
        records.append(QJsonObject{{QStringLiteral("name"), key.name.ascii()},
                                   {QStringLiteral("type"), recordTypeName(key.type)}});
    QJsonArray pinned;
    for (const auto &[server, pem] : state.pinnedCertificates)
        pinned.append(
            QJsonObject{{QStringLiteral("server"), server.text()}, {QStringLiteral("pem"), QString::fromLatin1(pem)}});
    const QJsonObject root{{QStringLiteral("schema"), Schema},
                           {QStringLiteral("managedRecords"), records},
                           {QStringLiteral("pinnedCertificates"), pinned}};
    if (const auto made = makePrivateFolder(stateFolder(site)); !made)
        return made;
    return writeAtomically(statePath(site), QJsonDocument(root).toJson());
}

} // namespace sixgate
