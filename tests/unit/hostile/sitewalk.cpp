#include "hostile/sitewalk.h"

#include "resources/resources.h"
#include "storage/sitefile.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>

#include <functional>
#include <set>

namespace hostile
{

namespace
{

using Whole = std::function<QJsonObject(const QJsonValue &part)>;

QByteArray textOf(const QJsonObject &site)
{
    return QJsonDocument(site).toJson(QJsonDocument::Compact);
}

bool isGood(const QJsonObject &site)
{
    return sixgate::parseSite(textOf(site)).has_value();
}

/// Sets the keys that the schema knows and the file does not have.
class Filler
{
public:
    /// `only`: this one alone; empty: all.
    Filler(const QJsonObject &schema, const QString &only) : m_root(schema), m_only(only) {}

    QJsonObject fill(const QJsonObject &site)
    {
        return filled(site, m_root, {}, [](const QJsonValue &all) { return all.toObject(); }).toObject();
    }

    std::set<QString> reached, open;

private:
    QJsonObject resolved(const QJsonObject &schema) const
    {
        const QString reference = schema[QStringLiteral("$ref")].toString();
        return reference.isEmpty()
                   ? schema
                   : m_root[QStringLiteral("$defs")][reference.section(QLatin1Char('/'), -1)].toObject();
    }

    std::vector<std::pair<QString, QJsonObject>> propertiesOf(const QJsonObject &given) const
    {
        const QJsonObject schema = resolved(given);
        std::vector<std::pair<QString, QJsonObject>> all;
        const QJsonObject own = schema[QStringLiteral("properties")].toObject();
        for (auto one = own.begin(); one != own.end(); ++one)
            all.emplace_back(one.key(), one.value().toObject());
        for (const char *word : {"oneOf", "anyOf", "allOf"}) {
            for (const QJsonValue &branch : schema[QLatin1String(word)].toArray()) {
                for (auto &one : propertiesOf(branch.toObject()))
                    all.push_back(std::move(one));
            }
        }
        return all;
    }

    /// Values that may be good there, by the schema alone.
    std::vector<QJsonValue> candidates(const QJsonObject &given) const
    {
        const QJsonObject schema = resolved(given);
        std::vector<QJsonValue> all;
        for (const char *word : {"default", "const"}) {
            if (schema.contains(QLatin1String(word)))
                all.push_back(schema[QLatin1String(word)]);
        }
        for (const QJsonValue &one : schema[QStringLiteral("enum")].toArray())
            all.push_back(one);
        for (const char *word : {"oneOf", "anyOf"}) {
            for (const QJsonValue &branch : schema[QLatin1String(word)].toArray()) {
                for (const QJsonValue &one : candidates(branch.toObject()))
                    all.push_back(one);
            }
        }
        const QString type = schema[QStringLiteral("type")].toString();
        if (type == QLatin1String("boolean"))
            all.insert(all.end(), {true, false});
        else if (type == QLatin1String("integer"))
            all.insert(all.end(), {schema[QStringLiteral("minimum")].toInt(1), 443});
        else if (type == QLatin1String("string"))
            addTexts(schema, all);
        else if (type == QLatin1String("array"))
            for (const QJsonValue &one : candidates(schema[QStringLiteral("items")].toObject()))
                all.push_back(QJsonArray{one});
        else if (type == QLatin1String("object"))
            all.push_back(leastObject(schema));
        return all;
    }

    static void addTexts(const QJsonObject &schema, std::vector<QJsonValue> &all)
    {
        const QRegularExpression pattern(schema[QStringLiteral("pattern")].toString());
        for (const char *text :
             {"sample", "nas", "root", "sample.example.org", "/sample", "~/.ssh/id_sample", "::11", "2001:db8::11",
              "192.0.2.11", "eth0", "1", "me@example.org", "https://sample.example.org/directory",
              "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
              "ssh-ed25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
              "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7g2yWm3nRzB1vQ0sYd9hUeXcLpKfTaOiGjMbNrVwXy nas"}) {
            if (pattern.match(QString::fromLatin1(text)).hasMatch())
                all.push_back(QString::fromLatin1(text));
        }
    }

    QJsonObject leastObject(const QJsonObject &schema) const
    {
        QJsonObject made;
        const QJsonObject properties = schema[QStringLiteral("properties")].toObject();
        for (const QJsonValue &key : schema[QStringLiteral("required")].toArray()) {
            const auto values = candidates(properties[key.toString()].toObject());
            made[key.toString()] = values.empty() ? QJsonValue() : values.front();
        }
        return made;
    }

    QJsonValue filled(QJsonValue value, const QJsonObject &schema, const QString &place, const Whole &whole)
    {
        if (value.isArray()) {
            QJsonArray list = value.toArray();
            const QJsonObject items = resolved(schema)[QStringLiteral("items")].toObject();
            for (qsizetype i = 0; i < list.size(); ++i) {
                list[i] = filled(list[i], items, place + QStringLiteral("[]"), [&](const QJsonValue &item) {
                    QJsonArray copy = list;
                    copy[i] = item;
                    return whole(copy);
                });
            }
            return list;
        }
        if (!value.isObject())
            return value;
        QJsonObject object = value.toObject();
        for (const auto &[key, sub] : propertiesOf(schema)) {
            const QString there = place + QLatin1Char('.') + key;
            if (!object.contains(key) && (m_only.isEmpty() || m_only == there))
                set(object, key, sub, whole);
            if (!object.contains(key)) {
                open.insert(there);
                continue;
            }
            reached.insert(there);
            object[key] = filled(object[key], sub, there, [&object, &whole, name = key](const QJsonValue &part) {
                QJsonObject copy = object;
                copy[name] = part;
                return whole(copy);
            });
        }
        return object;
    }

    void set(QJsonObject &object, const QString &key, const QJsonObject &schema, const Whole &whole) const
    {
        for (const QJsonValue &value : candidates(schema)) {
            object[key] = value;
            if (isGood(whole(object)))
                return;
        }
        object.remove(key);
    }

    const QJsonObject m_root;
    const QString m_only;
};

/// Cuts a file at each of its values.
class Walker
{
public:
    Walker(SiteFiles &files, size_t file) : m_files(files), m_file(file) {}

    void walk(const QJsonValue &value, const QString &path, const Whole &whole)
    {
        const QString mark = QStringLiteral("@cut here@");
        if (value.isObject()) {
            QJsonObject object = value.toObject();
            const QStringList keys = object.keys();
            for (const QString &key : keys) {
                walk(object[key], path.isEmpty() ? key : path + QLatin1Char('.') + key, [&](const QJsonValue &part) {
                    QJsonObject copy = object;
                    copy[key] = part;
                    return whole(copy);
                });
            }
            object[mark] = 0;
            cut(whole(object), '"' + mark.toLatin1() + "\":0", path, value, m_files.objects);
        } else if (value.isArray()) {
            const QJsonArray list = value.toArray();
            for (qsizetype i = 0; i < list.size(); ++i) {
                walk(list[i], path + QStringLiteral("[%1]").arg(i), [&](const QJsonValue &item) {
                    QJsonArray copy = list;
                    copy[i] = item;
                    return whole(copy);
                });
            }
        } else {
            cut(whole(mark), '"' + mark.toLatin1() + '"', path, value, m_files.places);
        }
    }

private:
    void cut(const QJsonObject &site, const QByteArray &mark, const QString &path, const QJsonValue &good,
             std::vector<Place> &into) const
    {
        const QByteArray text = textOf(site);
        const qsizetype at = text.indexOf(mark);
        into.push_back({path, text.left(at), text.mid(at + mark.size()), good, m_file});
    }

    SiteFiles &m_files;
    const size_t m_file;
};

/// The example with what it does not show: a server that is this machine, a service on it, terms that are agreed to.
QJsonObject example()
{
    QJsonObject site = QJsonDocument::fromJson(sixgate::resource(u"handbook/example-site.json")).object();
    QJsonArray servers = site[QStringLiteral("servers")].toArray();
    servers.append(QJsonObject{
        {QStringLiteral("name"), QStringLiteral("desk")},
        {QStringLiteral("address"), QJsonObject{{QStringLiteral("from"), QStringLiteral("this-machine")}}}});
    servers.append(QJsonObject{
        {QStringLiteral("name"), QStringLiteral("roaming")},
        {QStringLiteral("address"), QJsonObject{{QStringLiteral("from"), QStringLiteral("lan-name")},
                                                {QStringLiteral("lanName"), QStringLiteral("roaming.local")}}}});
    site[QStringLiteral("servers")] = servers;
    // With a shared upstream name another one would be a record more.
    QJsonArray services = site[QStringLiteral("services")].toArray();
    QJsonObject second = services[1].toObject();
    second[QStringLiteral("server")] = QStringLiteral("desk");
    second[QStringLiteral("upstreamName")] = QStringLiteral("desk6.example.org");
    second[QStringLiteral("challenge")] = QStringLiteral("http");
    services[1] = second;
    site[QStringLiteral("services")] = services;
    QJsonArray accounts = site[QStringLiteral("dns")].toArray();
    accounts.append(QJsonObject{
        {QStringLiteral("name"), QStringLiteral("second")},
        {QStringLiteral("kind"), QStringLiteral("provider")},
        {QStringLiteral("provider"), QStringLiteral("custom")},
        {QStringLiteral("zone"), QStringLiteral("example.net")},
        {QStringLiteral("url"), QStringLiteral("https://dyn.example.net/nic/update?hostname={host}&myip={addresses}")},
        {QStringLiteral("credentials"), QJsonObject{{QStringLiteral("user"), QStringLiteral("me")}}}});
    // One whose certificates are got at its provider.
    accounts.append(QJsonObject{{QStringLiteral("name"), QStringLiteral("third")},
                                {QStringLiteral("kind"), QStringLiteral("provider")},
                                {QStringLiteral("provider"), QStringLiteral("desec")},
                                {QStringLiteral("zone"), QStringLiteral("example.com")}});
    // One that runs on a server of the user's.
    accounts.append(QJsonObject{{QStringLiteral("name"), QStringLiteral("fourth")},
                                {QStringLiteral("kind"), QStringLiteral("provider")},
                                {QStringLiteral("provider"), QStringLiteral("powerdns")},
                                {QStringLiteral("zone"), QStringLiteral("pdns.example.net")},
                                {QStringLiteral("server"), QStringLiteral("ns.example.net:8443")}});
    QJsonObject third = second;
    third[QStringLiteral("name")] = QStringLiteral("third");
    third[QStringLiteral("publicNames")] = QJsonArray{QStringLiteral("third.example.com")};
    third[QStringLiteral("upstreamName")] = QStringLiteral("desk6.example.com");
    third[QStringLiteral("challenge")] = QStringLiteral("dns");
    services.append(third);
    // And another one: the account is needed also where a name of the first is another zone's.
    third[QStringLiteral("name")] = QStringLiteral("fourth");
    third[QStringLiteral("publicNames")] = QJsonArray{QStringLiteral("fourth.example.com")};
    third[QStringLiteral("upstreamName")] = QStringLiteral("desk64.example.com");
    services.append(third);
    site[QStringLiteral("services")] = services;
    site[QStringLiteral("dns")] = accounts;
    QJsonArray all = site[QStringLiteral("vps")].toArray();
    QJsonObject vps = all[0].toObject();
    QJsonObject acme = vps[QStringLiteral("acme")].toObject();
    acme[QStringLiteral("agreeToTerms")] = true;
    vps[QStringLiteral("acme")] = acme;
    all[0] = vps;
    site[QStringLiteral("vps")] = all;
    const auto object = [](const char *key, const QJsonValue &value) {
        return QJsonObject{{QLatin1String(key), value}};
    };
    QJsonObject mail = object("to", QStringLiteral("me@example.org"));
    mail[QStringLiteral("smtp")] = object("host", QStringLiteral("smtp.example.org"));
    QJsonObject hook = object("name", QStringLiteral("phone"));
    hook[QStringLiteral("kind")] = QStringLiteral("ntfy");
    QJsonObject alarm = object("mail", mail);
    alarm[QStringLiteral("webhooks")] = QJsonArray{hook};
    site[QStringLiteral("alarm")] = alarm;
    return site;
}

} // namespace

SiteFiles SiteFiles::make()
{
    const QJsonObject schema = QJsonDocument::fromJson(sixgate::resource(u"site/site.schema.json")).object();
    std::vector<QJsonObject> sites;
    Filler all(schema, {});
    sites.push_back(all.fill(example()));
    SiteFiles files;
    for (const QString &key : all.open) {
        if (all.reached.count(key))
            continue;
        // It may not go with another one.
        Filler alone(schema, key);
        const QJsonObject site = alone.fill(example());
        if (alone.reached.count(key))
            sites.push_back(site);
        else
            files.notReached << key;
    }
    std::set<QString> known;
    for (size_t i = 0; i < sites.size(); ++i) {
        files.good.push_back(textOf(sites[i]));
        Walker(files, i).walk(sites[i], {}, [](const QJsonValue &whole) { return whole.toObject(); });
        // Of the further files only what the ones before do not have.
        for (auto *list : {&files.places, &files.objects})
            std::erase_if(*list, [&](const Place &place) { return place.file == i && known.count(place.path); });
        for (const auto *list : {&files.places, &files.objects}) {
            for (const Place &place : *list)
                known.insert(place.path);
        }
    }
    return files;
}

} // namespace hostile
