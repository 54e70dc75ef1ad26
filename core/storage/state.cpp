#include "storage/state.h"

#include "model/texts.h"
#include "storage/files.h"
#include "storage/json.h"
#include "storage/sitefields.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>

#include <set>
#include <sys/stat.h>
#include <utility>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qint64 LatestTime = 100'000'000'000; // some thousand years
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
    return failAt(node.path, Texts::tr("This is not a record type, for example \"AAAA\"."));
}

Result<std::vector<JsonNode>> neededList(const JsonFields &fields, const char *key)
{
    const auto node = fields.need(key, "[]");
    if (!node)
        return passOn(node);
    return jsonList(*node, "[]");
}

Result<ManagedRecord> parseRecord(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "type", "values"});
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
    const auto items = neededList(*fields, "values");
    if (!items)
        return passOn(items);
    ManagedRecord record{{*name, *type}, {}};
    for (const JsonNode &item : *items) {
        const auto value = jsonText(item, "\"192.0.2.10\"");
        if (!value)
            return passOn(value);
        record.values.push_back(*value);
    }
    return record;
}

Result<LeftVps> parseLeftVps(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"vps", "addresses", "forgottenAt"});
    if (!fields)
        return passOn(fields);
    const auto vpsNode = fields->need("vps", "{ … }");
    if (!vpsNode)
        return passOn(vpsNode);
    auto vps = parseVps(*vpsNode);
    if (!vps)
        return passOn(vps);
    LeftVps left{std::move(*vps), {}};
    const auto addresses = neededList(*fields, "addresses");
    if (!addresses)
        return passOn(addresses);
    for (const JsonNode &item : *addresses) {
        const auto text = jsonText(item, "\"192.0.2.10\"");
        if (!text)
            return passOn(text);
        const auto address = parseIpAddress(*text);
        if (!address)
            return failAt(item.path, address.error().summary);
        left.vps.addresses.push_back(*address);
    }
    if (fields->has("forgottenAt")) {
        const auto at = jsonInteger(fields->at("forgottenAt"), 0, LatestTime, 1'800'000'000);
        if (!at)
            return passOn(at);
        left.forgottenAt = *at;
    }
    return left;
}

QJsonObject leftVpsJson(const LeftVps &left)
{
    // Apart from the rest: the site file would not take addresses without an IPv4 one.
    Vps vps = left.vps;
    QJsonArray addresses;
    for (const IpAddress &address : std::exchange(vps.addresses, {}))
        addresses.append(ipText(address));
    QJsonObject out{{QStringLiteral("vps"), QJsonDocument::fromJson(vpsJson(vps)).object()},
                    {QStringLiteral("addresses"), addresses}};
    if (left.forgottenAt)
        out[QStringLiteral("forgottenAt")] = *left.forgottenAt;
    return out;
}

Result<SiteState> parseState(const QByteArray &text)
{
    const auto document = parseJson(text, Texts::tr("The state file"));
    if (!document)
        return passOn(document);
    const JsonNode schemaNode{document->value.toObject().value(QLatin1String("schema")), QStringLiteral("schema")};
    const auto schema = jsonInteger(schemaNode, 1, 1'000'000, Schema);
    if (!schema)
        return passOn(schema);
    if (*schema > Schema)
        return failAt(schemaNode.path, Texts::tr("It was made by a newer Sixgate."));
    const auto root =
        JsonFields::open(*document, {"schema", "managedRecords", "pinnedCertificates", "vpsKeys", "leftVps"});
    if (!root)
        return passOn(root);
    const auto items = neededList(*root, "managedRecords");
    if (!items)
        return passOn(items);
    SiteState state;
    for (const JsonNode &item : *items) {
        auto record = parseRecord(item);
        if (!record)
            return passOn(record);
        state.managedRecords.push_back(std::move(*record));
    }
    const auto keys = neededList(*root, "vpsKeys");
    if (!keys)
        return passOn(keys);
    for (const JsonNode &item : *keys) {
        const auto key = jsonParsed<Fingerprint>(item, "\"SHA256:…\"");
        if (!key)
            return passOn(key);
        state.vpsKeys.insert(*key);
    }
    const auto pinned = neededList(*root, "pinnedCertificates");
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
    if (root->has("leftVps")) {
        auto left = parseLeftVps(root->at("leftVps"));
        if (!left)
            return passOn(left);
        state.leftVps = std::move(*left);
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
    const auto text = readIfThere(path, LongestStateFile);
    if (!text)
        return passOn(text);
    if (!*text)
        return SiteState();
    auto state = parseState(**text);
    if (!state)
        return fail(ErrorCode::Invalid,
                    Texts::tr("The state of the site “%1” cannot be read: %2").arg(site.text(), path),
                    state.error().summary,
                    Texts::tr("The file was left as it is. Repair it, or move it away: then Sixgate forgets which "
                              "records it has set, and those of services removed from the site file since are to "
                              "be deleted by hand."));
    return state;
}

Outcome saveState(const Label &site, const SiteState &state)
{
    QJsonArray records;
    for (const auto &[key, values] : std::set(state.managedRecords.begin(), state.managedRecords.end()))
        records.append(
            QJsonObject{{QStringLiteral("name"), key.name.ascii()},
                        {QStringLiteral("type"), recordTypeName(key.type)},
                        {QStringLiteral("values"), QJsonArray::fromStringList({values.begin(), values.end()})}});
    QJsonArray pinned;
    for (const auto &[server, pem] : state.pinnedCertificates)
        pinned.append(
            QJsonObject{{QStringLiteral("server"), server.text()}, {QStringLiteral("pem"), QString::fromLatin1(pem)}});
    QJsonArray keys;
    for (const Fingerprint &key : state.vpsKeys)
        keys.append(key.text());
    QJsonObject root{{QStringLiteral("schema"), Schema},
                     {QStringLiteral("managedRecords"), records},
                     {QStringLiteral("pinnedCertificates"), pinned},
                     {QStringLiteral("vpsKeys"), keys}};
    if (state.leftVps)
        root[QStringLiteral("leftVps")] = leftVpsJson(*state.leftVps);
    if (const auto made = makePrivateFolder(stateFolder(site)); !made)
        return made;
    return writeAtomically(statePath(site), QJsonDocument(root).toJson());
}

} // namespace sixgate
