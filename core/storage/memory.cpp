#include "storage/memory.h"

#include "model/memorylimits.h"
#include "model/texts.h"
#include "storage/files.h"
#include "storage/json.h"
#include "storage/state.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qint64 LatestTime = 100'000'000'000; // some thousand years
constexpr qsizetype LongestFile = 32 * 1024 * 1024;

QString memoryPath(const Label &site)
{
    return stateFolder(site) + QStringLiteral("/memory.json");
}

bool isMac(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("\\A[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\\z"));
    return form.match(text).hasMatch();
}

template <class T>
void keepNewest(std::vector<T> &list, std::size_t most)
{
    if (list.size() > most)
        list.erase(list.begin(), list.end() - std::ptrdiff_t(most));
}

template <class Map>
void keepSome(Map &map, std::size_t most)
{
    while (map.size() > most)
        map.erase(std::prev(map.end()));
}

SiteMemory bounded(SiteMemory memory)
{
    for (auto record = memory.records.begin(); record != memory.records.end();) {
        keepNewest(record->second, MemoryLimits::Observations);
        for (RecordObserved &one : record->second) {
            one.values.resize(std::min(one.values.size(), MemoryLimits::Values));
            for (QString &value : one.values)
                value.truncate(MemoryLimits::ValueLength);
        }
        record = record->second.empty() ? memory.records.erase(record) : std::next(record);
    }
    while (memory.records.size() > MemoryLimits::Records)
        memory.records.erase(
            std::min_element(memory.records.begin(), memory.records.end(),
                             [](const auto &a, const auto &b) { return a.second.back().at < b.second.back().at; }));
    for (auto &[server, list] : memory.addresses)
        keepNewest(list, MemoryLimits::Addresses);
    for (auto &[account, answer] : memory.accounts)
        answer.text.truncate(MemoryLimits::TextLength);
    std::erase_if(memory.macs, [](const auto &one) { return !isMac(one.second); });
    keepSome(memory.accounts, MemoryLimits::Names);
    keepSome(memory.addresses, MemoryLimits::Names);
    keepSome(memory.macs, MemoryLimits::Names);
    keepNewest(memory.nameServers, MemoryLimits::Addresses);
    keepNewest(memory.vps, MemoryLimits::Addresses);
    keepNewest(memory.sshRefused, MemoryLimits::RefusedLogins);
    return memory;
}

// Reading.

Result<QDateTime> timeOf(const JsonNode &node)
{
    const auto seconds = jsonInteger(node, 0, LatestTime, 1'800'000'000);
    if (!seconds)
        return passOn(seconds);
    return QDateTime::fromSecsSinceEpoch(*seconds, Qt::UTC);
}

Result<QDateTime> timeField(const JsonFields &fields)
{
    const auto node = fields.need("at", "1800000000");
    return node ? timeOf(*node) : Result<QDateTime>(passOn(node));
}

Result<QString> textField(const JsonFields &fields, const char *key, const char *example)
{
    const auto node = fields.need(key, example);
    return node ? jsonText(*node, example) : Result<QString>(passOn(node));
}

Result<bool> boolField(const JsonFields &fields, const char *key)
{
    const auto node = fields.need(key, "true");
    return node ? jsonBool(*node) : Result<bool>(passOn(node));
}

/// Hands every item of a list to `take`, up to the first that does not fit.
template <class Take>
Outcome eachItem(const JsonFields &fields, const char *key, const Take &take)
{
    const auto node = fields.need(key, "[]");
    if (!node)
        return passOn(node);
    const auto items = jsonList(*node, "[]");
    if (!items)
        return passOn(items);
    for (const JsonNode &item : *items) {
        if (Outcome taken = take(item); !taken)
            return taken;
    }
    return {};
}

Result<IpAddress> addressOf(const JsonNode &node)
{
    const auto text = jsonText(node, "\"192.0.2.10\"");
    if (!text)
        return passOn(text);
    auto address = parseIpAddress(*text);
    if (!address)
        return failAt(node.path, address.error().summary);
    return address;
}

Outcome takeAddress(std::vector<IpAddress> &list, const JsonNode &node)
{
    const auto address = addressOf(node);
    if (!address)
        return passOn(address);
    list.push_back(*address);
    return {};
}

Result<RecordObserved> observationOf(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"at", "values", "ours"});
    if (!fields)
        return passOn(fields);
    const auto at = timeField(*fields);
    if (!at)
        return passOn(at);
    const auto ours = boolField(*fields, "ours");
    if (!ours)
        return passOn(ours);
    RecordObserved one{*at, {}, *ours};
    const Outcome values = eachItem(*fields, "values", [&](const JsonNode &item) -> Outcome {
        const auto value = jsonText(item, "\"192.0.2.10\"");
        if (!value)
            return passOn(value);
        one.values.push_back(*value);
        return {};
    });
    if (!values)
        return passOn(values);
    return one;
}

Result<RecordType> typeField(const JsonFields &fields)
{
    const auto text = textField(fields, "type", "\"AAAA\"");
    if (!text)
        return passOn(text);
    for (const RecordType type :
         {RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::TXT, RecordType::NS, RecordType::SOA}) {
        if (*text == recordTypeName(type))
            return type;
    }
    return failAt(fields.at("type").path, Texts::tr("This is not a record type, for example \"AAAA\"."));
}

Outcome takeRecord(SiteMemory &memory, const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "type", "observed"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Hostname>(*fields, "name", "\"cloud.example.org\"");
    if (!name)
        return passOn(name);
    const auto type = typeField(*fields);
    if (!type)
        return passOn(type);
    auto &list = memory.records[{*name, *type}];
    return eachItem(*fields, "observed", [&list](const JsonNode &item) -> Outcome {
        auto one = observationOf(item);
        if (!one)
            return passOn(one);
        list.push_back(std::move(*one));
        return {};
    });
}

Outcome takeAccount(SiteMemory &memory, const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"account", "at", "accepted", "text"});
    if (!fields)
        return passOn(fields);
    const auto account = neededField<Label>(*fields, "account", "\"main\"");
    if (!account)
        return passOn(account);
    const auto at = timeField(*fields);
    if (!at)
        return passOn(at);
    const auto accepted = boolField(*fields, "accepted");
    if (!accepted)
        return passOn(accepted);
    const auto text = textField(*fields, "text", "\"\"");
    if (!text)
        return passOn(text);
    memory.accounts[*account] = {*at, *accepted, *text};
    return {};
}

Outcome takeServer(SiteMemory &memory, const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"server", "mac", "addresses"});
    if (!fields)
        return passOn(fields);
    const auto server = neededField<Label>(*fields, "server", "\"nas\"");
    if (!server)
        return passOn(server);
    const auto mac = textField(*fields, "mac", "\"\"");
    if (!mac)
        return passOn(mac);
    if (!mac->isEmpty()) {
        if (!isMac(*mac))
            return failAt(fields->at("mac").path,
                          Texts::tr("This is not a hardware address, for example \"02:00:5e:00:53:01\"."));
        memory.macs[*server] = *mac;
    }
    std::vector<AddressUsed> list;
    const Outcome read = eachItem(*fields, "addresses", [&list](const JsonNode &item) -> Outcome {
        const auto one = JsonFields::open(item, {"at", "address"});
        if (!one)
            return passOn(one);
        const auto at = timeField(*one);
        if (!at)
            return passOn(at);
        const auto address = neededField<Ipv6Address>(*one, "address", "\"2001:db8::11\"");
        if (!address)
            return passOn(address);
        list.push_back({*at, *address});
        return {};
    });
    if (!read)
        return read;
    if (!list.empty())
        memory.addresses[*server] = std::move(list);
    return {};
}

Outcome takeSsh(SiteMemory &memory, const JsonFields &root)
{
    const auto node = root.need("ssh", "{ … }");
    if (!node)
        return passOn(node);
    const auto fields = JsonFields::open(*node, {"worked", "refused"});
    if (!fields)
        return passOn(fields);
    if (fields->has("worked")) {
        const auto at = timeOf(fields->at("worked"));
        if (!at)
            return passOn(at);
        memory.sshWorked = *at;
    }
    return eachItem(*fields, "refused", [&memory](const JsonNode &item) -> Outcome {
        const auto at = timeOf(item);
        if (!at)
            return passOn(at);
        memory.sshRefused.push_back(*at);
        return {};
    });
}

Result<SiteMemory> parseMemory(const QByteArray &text)
{
    const auto document = parseJson(text, Texts::tr("The memory"));
    if (!document)
        return passOn(document);
    const auto root = JsonFields::open(
        *document, {"schema", "records", "accounts", "servers", "nameServers", "vps", "router", "ssh"});
    if (!root)
        return passOn(root);
    if (const auto schema = jsonInteger(root->at("schema"), 1, Schema, Schema); !schema)
        return passOn(schema);
    SiteMemory memory;
    if (root->has("router")) {
        const auto router = jsonText(root->at("router"), "\"02:00:5e:00:53:01\"");
        if (!router)
            return passOn(router);
        if (isMac(*router))
            memory.router = *router;
    }
    const Outcome read =
        eachItem(*root, "records", [&](const JsonNode &item) { return takeRecord(memory, item); })
            .and_then([&] {
                return eachItem(*root, "accounts", [&](const JsonNode &item) { return takeAccount(memory, item); });
            })
            .and_then([&] {
                return eachItem(*root, "servers", [&](const JsonNode &item) { return takeServer(memory, item); });
            })
            .and_then([&] {
                return eachItem(*root, "nameServers",
                                [&](const JsonNode &item) { return takeAddress(memory.nameServers, item); });
            })
            .and_then([&] {
                return eachItem(*root, "vps", [&](const JsonNode &item) { return takeAddress(memory.vps, item); });
            })
            .and_then([&] { return takeSsh(memory, *root); });
    if (!read)
        return passOn(read);
    return bounded(std::move(memory));
}

// Writing.

QJsonArray recordsJson(const SiteMemory &memory)
{
    QJsonArray records;
    for (const auto &[key, list] : memory.records) {
        QJsonArray observed;
        for (const RecordObserved &one : list)
            observed.append(QJsonObject{
                {QStringLiteral("at"), one.at.toSecsSinceEpoch()},
                {QStringLiteral("values"), QJsonArray::fromStringList({one.values.begin(), one.values.end()})},
                {QStringLiteral("ours"), one.ours}});
        records.append(QJsonObject{{QStringLiteral("name"), key.name.ascii()},
                                   {QStringLiteral("type"), recordTypeName(key.type)},
                                   {QStringLiteral("observed"), observed}});
    }
    return records;
}

QJsonArray serversJson(const SiteMemory &memory)
{
    std::map<Label, QJsonObject> servers;
    const auto of = [&servers](const Label &server) -> QJsonObject & {
        return servers
            .try_emplace(server, QJsonObject{{QStringLiteral("server"), server.text()},
                                             {QStringLiteral("mac"), QString()},
                                             {QStringLiteral("addresses"), QJsonArray()}})
            .first->second;
    };
    for (const auto &[server, mac] : memory.macs)
        of(server)[QStringLiteral("mac")] = mac;
    for (const auto &[server, list] : memory.addresses) {
        QJsonArray addresses;
        for (const AddressUsed &one : list)
            addresses.append(QJsonObject{{QStringLiteral("at"), one.at.toSecsSinceEpoch()},
                                         {QStringLiteral("address"), one.address.text()}});
        of(server)[QStringLiteral("addresses")] = addresses;
    }
    QJsonArray out;
    for (const auto &[server, json] : servers)
        out.append(json);
    return out;
}

QJsonArray addressesJson(const std::vector<IpAddress> &list)
{
    QJsonArray out;
    for (const IpAddress &address : list)
        out.append(ipText(address));
    return out;
}

QByteArray memoryJson(const SiteMemory &memory)
{
    QJsonArray accounts;
    for (const auto &[account, answer] : memory.accounts)
        accounts.append(QJsonObject{{QStringLiteral("account"), account.text()},
                                    {QStringLiteral("at"), answer.at.toSecsSinceEpoch()},
                                    {QStringLiteral("accepted"), answer.accepted},
                                    {QStringLiteral("text"), answer.text}});
    QJsonArray refused;
    for (const QDateTime &at : memory.sshRefused)
        refused.append(at.toSecsSinceEpoch());
    QJsonObject ssh{{QStringLiteral("refused"), refused}};
    if (memory.sshWorked)
        ssh[QStringLiteral("worked")] = memory.sshWorked->toSecsSinceEpoch();
    QJsonObject root{{QStringLiteral("schema"), Schema},
                     {QStringLiteral("records"), recordsJson(memory)},
                     {QStringLiteral("accounts"), accounts},
                     {QStringLiteral("servers"), serversJson(memory)},
                     {QStringLiteral("nameServers"), addressesJson(memory.nameServers)},
                     {QStringLiteral("vps"), addressesJson(memory.vps)},
                     {QStringLiteral("ssh"), ssh}};
    if (!memory.router.isEmpty())
        root[QStringLiteral("router")] = memory.router;
    return QJsonDocument(root).toJson(QJsonDocument::Compact);
}

} // namespace

Result<SiteMemory> loadMemory(const Label &site)
{
    const QString path = memoryPath(site);
    struct stat status;
    const auto file = openForReading(path, status);
    if (!file && file.error().code != ErrorCode::Invalid)
        return SiteMemory();
    const auto text = file ? readAtMost(*file, path, LongestFile) : Result<QByteArray>(passOn(file));
    auto memory = text ? parseMemory(*text) : Result<SiteMemory>(passOn(text));
    if (memory)
        return memory;
    // For whoever wants to see what was wrong with it.
    if (memory.error().code == ErrorCode::Invalid)
        static_cast<void>(std::rename(QFile::encodeName(path).constData(),
                                      QFile::encodeName(path + QStringLiteral(".damaged")).constData()));
    return SiteMemory();
}

Outcome saveMemory(const Label &site, const SiteMemory &memory)
{
    if (const auto made = makePrivateFolder(stateFolder(site)); !made)
        return made;
    return writeAtomically(memoryPath(site), memoryJson(bounded(memory)));
}

} // namespace sixgate
