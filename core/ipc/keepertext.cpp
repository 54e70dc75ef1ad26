#include "ipc/keepertext.h"

#include "model/text.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace sixgate
{

namespace
{

QDateTime timeOf(const QJsonValue &value)
{
    return QDateTime::fromString(value.toString(), Qt::ISODateWithMs);
}

QJsonArray textsJson(const std::vector<QString> &texts)
{
    QJsonArray out;
    for (const QString &one : texts)
        out.append(one);
    return out;
}

std::vector<QString> textsOf(const QJsonValue &value)
{
    std::vector<QString> out;
    for (const auto &one : value.toArray())
        out.push_back(one.toString());
    return out;
}

template <class Item, class Make>
QJsonArray listJson(const std::vector<Item> &items, const Make &make)
{
    QJsonArray out;
    for (const Item &one : items)
        out.append(make(one));
    return out;
}

QJsonObject serverJson(const KeptServer &one)
{
    return {{QStringLiteral("server"), one.server.text()},
            {QStringLiteral("address"), one.address ? QJsonValue(one.address->text()) : QJsonValue::Null},
            {QStringLiteral("why"), one.why}};
}

QJsonObject recordJson(const KeptRecord &one)
{
    return {{QStringLiteral("record"), one.record},
            {QStringLiteral("values"), textsJson(one.values)},
            {QStringLiteral("right"), one.right},
            {QStringLiteral("why"), one.why},
            {QStringLiteral("aliases"), textsJson(one.aliases)},
            {QStringLiteral("at"), stampText(one.at)}};
}

QJsonObject pushJson(const KeptPush &one)
{
    return {{QStringLiteral("upstream"), one.upstream},
            {QStringLiteral("address"), one.address},
            {QStringLiteral("done"), one.done},
            {QStringLiteral("why"), one.why},
            {QStringLiteral("at"), stampText(one.at)}};
}

QJsonObject pathJson(const KeptPath &one)
{
    return {{QStringLiteral("publicName"), one.publicName},
            {QStringLiteral("path"), pathName(one.kind)},
            {QStringLiteral("state"), pathStateName(one.state)},
            {QStringLiteral("tookMs"), qint64(one.took.count())},
            {QStringLiteral("why"), one.why},
            {QStringLiteral("certificateUntil"),
             one.certificateUntil.isValid() ? QJsonValue(stampText(one.certificateUntil)) : QJsonValue::Null},
            {QStringLiteral("at"), stampText(one.at)}};
}

std::optional<KeptPath> pathOf(const QJsonObject &object)
{
    KeptPath one;
    bool kind = false;
    bool state = false;
    for (const PathKind known : {PathKind::V4, PathKind::Upstream, PathKind::V6, PathKind::Lan}) {
        if (object[QStringLiteral("path")] == pathName(known)) {
            one.kind = known;
            kind = true;
        }
    }
    for (const PathState known : {PathState::Works, PathState::Broken, PathState::Unknown}) {
        if (object[QStringLiteral("state")] == pathStateName(known)) {
            one.state = known;
            state = true;
        }
    }
    if (!kind || !state)
        return std::nullopt;
    one.publicName = object[QStringLiteral("publicName")].toString();
    one.took = std::chrono::milliseconds(object[QStringLiteral("tookMs")].toInteger());
    one.why = object[QStringLiteral("why")].toString();
    one.at = timeOf(object[QStringLiteral("at")]);
    one.certificateUntil = timeOf(object[QStringLiteral("certificateUntil")]);
    return one;
}

QJsonObject recoveryJson(const KeptRecovery &one)
{
    QJsonObject took;
    for (const auto &[what, span] : one.took)
        took[what] = span;
    return {{QStringLiteral("at"), stampText(one.at)},
            {QStringLiteral("before"), one.before},
            {QStringLiteral("after"), one.after},
            {QStringLiteral("tookMs"), took}};
}

QByteArray line(const QString &key, const QJsonValue &value)
{
    return QJsonDocument(QJsonObject{{QStringLiteral("sixgate"), KeeperSnapshot::Version}, {key, value}})
               .toJson(QJsonDocument::Compact) +
           '\n';
}

Result<QJsonObject> objectOf(const QByteArray &text)
{
    const auto document = QJsonDocument::fromJson(text);
    if (!document.isObject())
        return fail(ErrorCode::Protocol, Texts::tr("That is not how a keeper speaks."));
    const QJsonObject object = document.object();
    const QJsonValue version = object[QStringLiteral("sixgate")];
    if (version != KeeperSnapshot::Version)
        return fail(
            ErrorCode::Refused, Texts::tr("The keeper and this program are of different versions."),
            Texts::tr("Version %1 here, %2 there.").arg(KeeperSnapshot::Version).arg(version.toVariant().toString()),
            Texts::tr("Start the keeper anew after an update: systemctl restart sixgate-keep"));
    return object;
}

} // namespace

QJsonObject json(const KeeperSnapshot &one)
{
    return {{QStringLiteral("site"), one.site},
            {QStringLiteral("machine"), one.machine},
            {QStringLiteral("program"), one.program},
            {QStringLiteral("process"), one.process},
            {QStringLiteral("startedAt"), stampText(one.startedAt)},
            {QStringLiteral("role"), one.role},
            {QStringLiteral("roleWhy"), one.roleWhy},
            {QStringLiteral("fine"), one.fine()},
            {QStringLiteral("prefixes"), textsJson(one.prefixes)},
            {QStringLiteral("servers"), listJson(one.servers, serverJson)},
            {QStringLiteral("records"), listJson(one.records, recordJson)},
            {QStringLiteral("pushes"), listJson(one.pushes, pushJson)},
            {QStringLiteral("paths"), listJson(one.paths, pathJson)},
            {QStringLiteral("awaited"), textsJson(one.awaited)},
            {QStringLiteral("recovery"), one.recovery ? QJsonValue(recoveryJson(*one.recovery)) : QJsonValue::Null},
            {QStringLiteral("troubles"), textsJson(one.troubles)},
            {QStringLiteral("alarmTroubles"), textsJson(one.alarmTroubles)}};
}

Result<KeeperSnapshot> parseSnapshot(const QJsonObject &object)
{
    const auto bad = [](const char *field) {
        return fail(ErrorCode::Protocol,
                    Texts::tr("The keeper's answer makes no sense at %1.").arg(QString::fromLatin1(field)));
    };
    KeeperSnapshot one;
    one.site = object[QStringLiteral("site")].toString();
    one.machine = object[QStringLiteral("machine")].toString();
    one.program = object[QStringLiteral("program")].toString();
    one.process = object[QStringLiteral("process")].toInteger();
    one.startedAt = timeOf(object[QStringLiteral("startedAt")]);
    one.role = object[QStringLiteral("role")].toString();
    one.roleWhy = object[QStringLiteral("roleWhy")].toString();
    if (one.site.isEmpty() || one.role.isEmpty())
        return bad("site, role");
    one.prefixes = textsOf(object[QStringLiteral("prefixes")]);
    for (const auto &value : object[QStringLiteral("servers")].toArray()) {
        const QJsonObject item = value.toObject();
        const auto label = Label::parse(item[QStringLiteral("server")].toString());
        if (!label)
            return bad("servers");
        KeptServer server{*label, std::nullopt, item[QStringLiteral("why")].toString()};
        if (const auto address = Ipv6Address::parse(item[QStringLiteral("address")].toString()))
            server.address = *address;
        one.servers.push_back(std::move(server));
    }
    for (const auto &value : object[QStringLiteral("records")].toArray()) {
        const QJsonObject item = value.toObject();
        one.records.push_back({item[QStringLiteral("record")].toString(), textsOf(item[QStringLiteral("values")]),
                               item[QStringLiteral("right")].toBool(), item[QStringLiteral("why")].toString(),
                               timeOf(item[QStringLiteral("at")]), textsOf(item[QStringLiteral("aliases")])});
    }
    for (const auto &value : object[QStringLiteral("pushes")].toArray()) {
        const QJsonObject item = value.toObject();
        one.pushes.push_back({item[QStringLiteral("upstream")].toString(), item[QStringLiteral("address")].toString(),
                              item[QStringLiteral("done")].toBool(), item[QStringLiteral("why")].toString(),
                              timeOf(item[QStringLiteral("at")])});
    }
    for (const auto &value : object[QStringLiteral("paths")].toArray()) {
        auto path = pathOf(value.toObject());
        if (!path)
            return bad("paths");
        one.paths.push_back(std::move(*path));
    }
    one.awaited = textsOf(object[QStringLiteral("awaited")]);
    if (const auto recovery = object[QStringLiteral("recovery")]; recovery.isObject()) {
        const QJsonObject item = recovery.toObject();
        KeptRecovery kept{timeOf(item[QStringLiteral("at")]),
                          item[QStringLiteral("before")].toString(),
                          item[QStringLiteral("after")].toString(),
                          {}};
        const QJsonObject took = item[QStringLiteral("tookMs")].toObject();
        for (auto at = took.begin(); at != took.end(); ++at)
            kept.took.emplace(at.key(), at.value().toInteger());
        one.recovery = std::move(kept);
    }
    one.troubles = textsOf(object[QStringLiteral("troubles")]);
    one.alarmTroubles = textsOf(object[QStringLiteral("alarmTroubles")]);
    return one;
}

QByteArray askLine(const QString &word)
{
    return line(QStringLiteral("ask"), word);
}

QByteArray snapshotLine(const KeeperSnapshot &snapshot)
{
    return line(QStringLiteral("snapshot"), json(snapshot));
}

QByteArray heardLine(const QString &word)
{
    return line(QStringLiteral("heard"), word);
}

QByteArray errorLine(const Error &error)
{
    return line(QStringLiteral("error"), QJsonObject{{QStringLiteral("summary"), error.summary},
                                                     {QStringLiteral("detail"), error.detail},
                                                     {QStringLiteral("fix"), error.fix}});
}

Result<QString> parseAsk(const QByteArray &text)
{
    const auto object = objectOf(text);
    if (!object)
        return passOn(object);
    const QString word = (*object)[QStringLiteral("ask")].toString();
    if (word.isEmpty())
        return fail(ErrorCode::Protocol, Texts::tr("Nothing is asked for."));
    return word;
}

Result<QJsonObject> parseAnswer(const QByteArray &text)
{
    auto object = objectOf(text);
    if (!object)
        return object;
    if (const auto error = (*object)[QStringLiteral("error")]; error.isObject()) {
        const QJsonObject what = error.toObject();
        return fail(ErrorCode::Refused, what[QStringLiteral("summary")].toString(),
                    what[QStringLiteral("detail")].toString(), what[QStringLiteral("fix")].toString());
    }
    return object;
}

} // namespace sixgate
