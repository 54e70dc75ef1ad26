#include "storage/keeping.h"

#include "model/texts.h"
#include "storage/files.h"
#include "storage/json.h"
#include "storage/state.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSysInfo>
#include <QUuid>

#include <sys/stat.h>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qsizetype LongestFile = 16 * 1024 * 1024;

QString keepingPath(const Label &site)
{
    return stateFolder(site) + QStringLiteral("/keeping.json");
}

// Reading.

Result<QString> textOf(const JsonNode &node)
{
    return jsonText(node, "\"2001:db8:1::11\"");
}

template <class T, class Name>
Result<T> namedField(const JsonFields &fields, const char *key, const char *example, const char *sentence,
                     std::initializer_list<T> all, const Name &name)
{
    const auto node = fields.need(key, example);
    if (!node)
        return passOn(node);
    const auto text = jsonText(*node, example);
    if (!text)
        return passOn(text);
    for (const T one : all) {
        if (*text == name(one))
            return one;
    }
    return failAt(node->path, QLatin1String(sentence));
}

Result<std::vector<QString>> textsOf(const JsonNode &node)
{
    const auto list = jsonList(node, "[]");
    if (!list)
        return passOn(list);
    std::vector<QString> texts;
    for (const JsonNode &item : *list) {
        auto text = textOf(item);
        if (!text)
            return passOn(text);
        texts.push_back(std::move(*text));
    }
    return texts;
}

Result<std::vector<ForeignChange>> foreignOf(const JsonNode &node)
{
    const auto list = jsonList(node, "[]");
    if (!list)
        return passOn(list);
    std::vector<ForeignChange> changes;
    for (const JsonNode &item : *list) {
        const auto fields = JsonFields::open(item, {"at", "found"});
        if (!fields)
            return passOn(fields);
        ForeignChange one;
        const Outcome read = optionally(*fields, "at", one.at, jsonTime).and_then([&] {
            return optionally(*fields, "found", one.found, textOf);
        });
        if (!read)
            return passOn(read);
        if (!one.at.isValid())
            return failAt(item.path, Texts::tr("It has no time."));
        changes.push_back(std::move(one));
    }
    return changes;
}

Result<RecordPast> pastOf(const JsonNode &node)
{
    const auto fields =
        JsonFields::open(node, {"ours", "stands", "earlier", "foreign", "refused", "ttl", "taken", "renewed"});
    if (!fields)
        return passOn(fields);
    RecordPast past;
    qint64 ttl = 0;
    const Outcome read = optionally(*fields, "ours", past.ours, textOf)
                             .and_then([&] { return optionally(*fields, "stands", past.stands, jsonBool); })
                             .and_then([&] { return optionally(*fields, "earlier", past.earlier, textsOf); })
                             .and_then([&] { return optionally(*fields, "foreign", past.foreign, foreignOf); })
                             .and_then([&] { return optionally(*fields, "refused", past.refused, textOf); })
                             .and_then([&] { return optionally(*fields, "taken", past.taken, textOf); })
                             .and_then([&] {
                                 return optionally(*fields, "ttl", ttl, [](const JsonNode &item) {
                                     return jsonInteger(item, 0, 86400, 60);
                                 });
                             })
                             .and_then([&] { return optionally(*fields, "renewed", past.renewed, jsonTime); });
    if (!read)
        return passOn(read);
    past.ttl = std::chrono::seconds(ttl);
    return past;
}

Result<std::pair<PacedRecord, PaceState>> paceOf(const JsonNode &node)
{
    const auto fields =
        JsonFields::open(node, {"account", "name", "type", "updates", "refusals", "blocked", "ordered", "stopped",
                                "stopsAccount", "accepted", "stands", "sending", "sendingCount", "clockSeen", "past"});
    if (!fields)
        return passOn(fields);
    const auto account = neededField<Label>(*fields, "account", "\"main\"");
    if (!account)
        return passOn(account);
    const auto name = neededField<Hostname>(*fields, "name", "\"cloud.example.org\"");
    if (!name)
        return passOn(name);
    const auto type = namedField<RecordType>(
        *fields, "type", "\"AAAA\"", "This is not a record type, for example \"AAAA\".",
        {RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::TXT, RecordType::NS, RecordType::SOA},
        recordTypeName);
    if (!type)
        return passOn(type);
    const auto updates =
        fields->need("updates", "[]").and_then([](const JsonNode &list) { return jsonList(list, "[]"); });
    if (!updates)
        return passOn(updates);
    PaceState state;
    for (const JsonNode &item : *updates) {
        const auto at = jsonTime(item);
        if (!at)
            return passOn(at);
        if (!state.updates.empty() && *at < state.updates.back())
            return failAt(item.path, Texts::tr("The updates are not in the order of time."));
        state.updates.push_back(*at);
    }
    const Outcome read =
        optionally(*fields, "refusals", state.refusals,
                   [](const JsonNode &item) { return jsonInteger(item, 0, 1000, 1); })
            .and_then([&] { return optionally(*fields, "blocked", state.blocked, jsonTime); })
            .and_then([&] { return optionally(*fields, "ordered", state.ordered, jsonTime); })
            .and_then([&] { return optionally(*fields, "stopped", state.stopped, textOf); })
            .and_then([&] {
                // Older versions did not say, and stopped for accounts alone.
                state.stopsAccount = !state.stopped.isEmpty();
                return optionally(*fields, "stopsAccount", state.stopsAccount, jsonBool);
            })
            .and_then([&] { return optionally(*fields, "accepted", state.accepted, textOf); })
            .and_then([&] { return optionally(*fields, "stands", state.stands, jsonBool); })
            .and_then([&] { return optionally(*fields, "sending", state.sending, textOf); })
            .and_then([&] {
                return optionally(*fields, "sendingCount", state.sendingCount,
                                  [](const JsonNode &item) { return jsonInteger(item, 1, 100'000, 1); });
            })
            .and_then([&] { return optionally(*fields, "clockSeen", state.clockSeen, jsonTime); })
            .and_then([&] { return optionally(*fields, "past", state.past, pastOf); });
    if (!read)
        return passOn(read);
    return std::pair{PacedRecord{*account, {*name, *type}}, std::move(state)};
}

Result<LeaderMemory> leadershipOf(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"role", "led"});
    if (!fields)
        return passOn(fields);
    const auto role = namedField<KeeperRole>(
        *fields, "role", "\"leader\"", "This is not a role: \"leader\", \"follower\" or \"away\".",
        {KeeperRole::Leader, KeeperRole::Follower, KeeperRole::Away}, keeperRoleName);
    if (!role)
        return passOn(role);
    LeaderMemory memory{*role, {}};
    if (const Outcome read = optionally(*fields, "led", memory.led, jsonTime); !read)
        return passOn(read);
    return memory;
}

Result<Keeping> parseKeeping(const QByteArray &text)
{
    const auto document = parseJson(text, Texts::tr("The file"));
    if (!document)
        return passOn(document);
    const JsonNode schemaNode{document->value.toObject().value(QLatin1String("schema")), QStringLiteral("schema")};
    const auto schema = jsonInteger(schemaNode, 1, 1'000'000, Schema);
    if (!schema)
        return passOn(schema);
    if (*schema > Schema)
        return failAt(schemaNode.path, Texts::tr("It was made by a newer Sixgate."));
    // "alarm": what was told stood here before it had a file of its own; it goes with the next saving.
    const auto root = JsonFields::open(*document, {"schema", "machine", "leadership", "records", "alarm"});
    if (!root)
        return passOn(root);
    Keeping keeping;
    const auto machineNode = root->need("machine", "\"m-1f0c\"");
    if (!machineNode)
        return passOn(machineNode);
    const auto machine = jsonText(*machineNode, "\"m-1f0c\"");
    if (!machine)
        return passOn(machine);
    static const QRegularExpression form(QStringLiteral("\\A(?:[a-z0-9][a-z0-9-]{0,63})?\\z"));
    if (!form.match(*machine).hasMatch())
        return failAt(machineNode->path,
                      Texts::tr("This is not the name of a machine: lower-case letters, digits and hyphens."));
    keeping.machine = *machine;
    const auto leadership = root->need("leadership", "{ … }").and_then(leadershipOf);
    if (!leadership)
        return passOn(leadership);
    keeping.leadership = *leadership;
    const auto items = root->need("records", "[]").and_then([](const JsonNode &list) { return jsonList(list, "[]"); });
    if (!items)
        return passOn(items);
    for (const JsonNode &item : *items) {
        auto pace = paceOf(item);
        if (!pace)
            return passOn(pace);
        if (!keeping.paces.insert(std::move(*pace)).second)
            return failAt(item.path, Texts::tr("This record is here twice."));
    }
    return keeping;
}

// Writing.

QJsonObject pastJson(const RecordPast &past)
{
    QJsonObject out;
    if (past.ours)
        out[QStringLiteral("ours")] = *past.ours;
    if (past.stands)
        out[QStringLiteral("stands")] = true;
    if (!past.earlier.empty())
        out[QStringLiteral("earlier")] =
            QJsonArray::fromStringList(QStringList(past.earlier.begin(), past.earlier.end()));
    QJsonArray foreign;
    for (const ForeignChange &one : past.foreign)
        foreign.append(
            QJsonObject{{QStringLiteral("at"), one.at.toMSecsSinceEpoch()}, {QStringLiteral("found"), one.found}});
    if (!foreign.isEmpty())
        out[QStringLiteral("foreign")] = foreign;
    if (!past.refused.isEmpty())
        out[QStringLiteral("refused")] = past.refused;
    if (past.ttl.count() > 0)
        out[QStringLiteral("ttl")] = qint64(past.ttl.count());
    if (past.taken)
        out[QStringLiteral("taken")] = *past.taken;
    if (past.renewed)
        out[QStringLiteral("renewed")] = past.renewed->toMSecsSinceEpoch();
    return out;
}

QJsonObject paceJson(const PacedRecord &record, const PaceState &state)
{
    QJsonArray updates;
    for (const QDateTime &at : state.updates)
        updates.append(at.toMSecsSinceEpoch());
    QJsonObject out{{QStringLiteral("account"), record.account.text()},
                    {QStringLiteral("name"), record.key.name.ascii()},
                    {QStringLiteral("type"), recordTypeName(record.key.type)},
                    {QStringLiteral("updates"), updates},
                    {QStringLiteral("refusals"), state.refusals},
                    {QStringLiteral("stands"), state.stands}};
    if (state.blocked)
        out[QStringLiteral("blocked")] = state.blocked->toMSecsSinceEpoch();
    if (state.ordered)
        out[QStringLiteral("ordered")] = state.ordered->toMSecsSinceEpoch();
    if (!state.stopped.isEmpty())
        out[QStringLiteral("stopped")] = state.stopped;
    if (!state.stopped.isEmpty())
        out[QStringLiteral("stopsAccount")] = state.stopsAccount;
    if (state.accepted)
        out[QStringLiteral("accepted")] = *state.accepted;
    if (state.sending)
        out[QStringLiteral("sending")] = *state.sending;
    if (state.sendingCount != 1)
        out[QStringLiteral("sendingCount")] = state.sendingCount;
    if (state.clockSeen)
        out[QStringLiteral("clockSeen")] = state.clockSeen->toMSecsSinceEpoch();
    if (const QJsonObject past = pastJson(state.past); !past.isEmpty())
        out[QStringLiteral("past")] = past;
    return out;
}

} // namespace

Result<Keeping> loadKeeping(const Label &site)
{
    const QString path = keepingPath(site);
    const auto text = readIfThere(path, LongestFile);
    if (!text)
        return passOn(text);
    if (!*text)
        return Keeping();
    auto keeping = parseKeeping(**text);
    if (!keeping)
        return fail(
            ErrorCode::Invalid,
            Texts::tr("What the keeper of the site “%1” has kept cannot be read: %2").arg(site.text(), path),
            keeping.error().summary,
            Texts::tr("The file was left as it is. Repair it, or move it away: then Sixgate forgets when it sent "
                      "updates to the DNS providers and which of them refused, and this machine gets a new name "
                      "at the VPS."));
    return keeping;
}

QString newMachineName(const QString &hostName)
{
    QString plain = hostName.section(QLatin1Char('.'), 0, 0).toLower();
    plain.remove(QRegularExpression(QStringLiteral("[^a-z0-9-]|^-+")));
    return (plain.isEmpty() ? QStringLiteral("m") : plain.left(40)) + QLatin1Char('-') +
           QUuid::createUuid().toString(QUuid::Id128).left(8);
}

Result<Keeping> beginKeeping(const Label &site)
{
    // What a keeper that was killed while it saved has left behind.
    const QDir folder(stateFolder(site));
    for (const QString &left : folder.entryList({QStringLiteral(".keeping.json.*~")}, QDir::Files | QDir::Hidden))
        QFile::remove(folder.filePath(left));
    auto keeping = loadKeeping(site);
    if (!keeping || !keeping->machine.isEmpty())
        return keeping;
    keeping->machine = newMachineName(QSysInfo::machineHostName());
    if (const Outcome saved = saveKeeping(site, *keeping); !saved)
        return passOn(saved);
    return keeping;
}

Outcome saveKeeping(const Label &site, const Keeping &keeping)
{
    QJsonArray records;
    for (const auto &[record, state] : keeping.paces)
        records.append(paceJson(record, state));
    QJsonObject leadership{{QStringLiteral("role"), keeperRoleName(keeping.leadership.role)}};
    if (keeping.leadership.led)
        leadership[QStringLiteral("led")] = keeping.leadership.led->toMSecsSinceEpoch();
    const QJsonObject root{{QStringLiteral("schema"), Schema},
                           {QStringLiteral("machine"), keeping.machine},
                           {QStringLiteral("leadership"), leadership},
                           {QStringLiteral("records"), records}};
    if (const auto made = makePrivateFolder(stateFolder(site)); !made)
        return made;
    return writeAtomically(keepingPath(site), QJsonDocument(root).toJson());
}

} // namespace sixgate
