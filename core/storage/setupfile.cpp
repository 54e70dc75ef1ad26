#include "storage/setupfile.h"

#include "model/texts.h"
#include "model/urlsecrets.h"
#include "storage/files.h"
#include "storage/json.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr qsizetype LongestFile = 1024 * 1024;
constexpr std::size_t MostServices = 1000;

Result<QString> text(const JsonNode &node)
{
    return jsonText(node, "\"text\"");
}

template <class T>
auto oneOf(std::initializer_list<T> all, QString (*name)(T))
{
    return [all = std::vector<T>(all), name](const JsonNode &node) -> Result<T> {
        const auto word = text(node);
        if (!word)
            return passOn(word);
        for (const T one : all) {
            if (name(one) == *word)
                return one;
        }
        return failAt(node.path, Texts::tr("This word is not known."));
    };
}

Result<SetupKey> readKey(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "algorithm"});
    if (!fields)
        return passOn(fields);
    SetupKey key;
    const auto algorithm = oneOf({TsigAlgorithm::HmacSha256, TsigAlgorithm::HmacSha512}, tsigAlgorithmName);
    const Outcome read = optionally(*fields, "name", key.name, text).and_then([&] {
        return optionally(*fields, "algorithm", key.algorithm, algorithm);
    });
    if (!read)
        return passOn(read);
    return key;
}

Result<std::map<QString, QString>> readPlain(const JsonNode &node)
{
    std::map<QString, QString> plain;
    const QJsonObject object = node.value.toObject();
    for (auto one = object.begin(); one != object.end(); ++one)
        plain.emplace(one.key(), one.value().toString());
    return plain;
}

Result<std::vector<SetupService>> readServices(const JsonNode &node)
{
    const auto items = jsonList(node, "[ … ]");
    if (!items)
        return passOn(items);
    if (items->empty() || items->size() > MostServices)
        return failAt(node.path, Texts::tr("1 to %1 services are wanted.").arg(MostServices));
    std::vector<SetupService> services;
    const auto challenge = oneOf({Challenge::Dns, Challenge::Http, Challenge::Delegated}, challengeName);
    for (const JsonNode &item : *items) {
        const auto fields = JsonFields::open(item, {"names", "port", "challenge"});
        if (!fields)
            return passOn(fields);
        SetupService one;
        const Outcome read = optionally(*fields, "names", one.names, text)
                                 .and_then([&] { return optionally(*fields, "port", one.port, text); })
                                 .and_then([&] { return optionally(*fields, "challenge", one.challenge, challenge); });
        if (!read)
            return passOn(read);
        services.push_back(one);
    }
    return services;
}

QJsonObject keyJson(const SetupKey &key)
{
    return {{QStringLiteral("name"), key.name}, {QStringLiteral("algorithm"), tsigAlgorithmName(key.algorithm)}};
}

/// The texts, each with its key.
template <class Answers, class Take>
void eachText(Answers &answers, const Take &take)
{
    take("interfaceId", answers.interfaceId);
    take("pinnedKey", answers.pinnedKey);
    take("zone", answers.zone);
    take("upstreamName", answers.upstreamName);
    take("vpsName", answers.vpsName);
    take("provider", answers.provider);
    take("dnsServer", answers.dnsServer);
    take("url", answers.url);
    take("ttl", answers.ttl);
    take("addresses", answers.addresses);
    take("sshPort", answers.sshPort);
    take("user", answers.user);
    take("keyFile", answers.keyFile);
    take("hostKey", answers.hostKey);
    take("mail", answers.mail);
    take("directory", answers.directory);
    take("secrets", answers.secrets);
}

} // namespace

QString setupFile(const QString &siteFile)
{
    return QFileInfo(siteFile).absolutePath() + QStringLiteral("/setup.json");
}

QByteArray setupJson(const SetupAnswers &answers)
{
    QJsonObject out{{QStringLiteral("schema"), Schema},
                    {QStringLiteral("page"), setupPageName(answers.page)},
                    {QStringLiteral("thisMachine"), answers.thisMachine},
                    {QStringLiteral("termsAgreed"), answers.termsAgreed},
                    {QStringLiteral("auth"), sshAuthName(answers.auth)},
                    {QStringLiteral("key"), keyJson(answers.key)},
                    {QStringLiteral("acmeKey"), keyJson(answers.acmeKey)}};
    eachText(answers, [&](const char *key, const QString &value) { out[QLatin1String(key)] = value; });
    // The page asks for a placeholder in its place; what was typed until then is not kept.
    if (literalSecretIn(answers.url))
        out[QStringLiteral("url")] = QString();
    QJsonObject plain;
    for (const auto &[name, value] : answers.plain)
        plain[name] = value;
    out[QStringLiteral("plain")] = plain;
    QJsonArray services;
    for (const SetupService &one : answers.services)
        services.append(QJsonObject{{QStringLiteral("names"), one.names},
                                    {QStringLiteral("port"), one.port},
                                    {QStringLiteral("challenge"), challengeName(one.challenge)}});
    out[QStringLiteral("services")] = services;
    return QJsonDocument(out).toJson();
}

Result<SetupAnswers> parseSetup(const QByteArray &json)
{
    const auto document = parseJson(json, Texts::tr("The file"));
    if (!document)
        return passOn(document);
    const auto fields = JsonFields::open(
        *document, {"schema",   "page",      "thisMachine", "termsAgreed", "auth",      "key",          "acmeKey",
                    "plain",    "services",  "interfaceId", "pinnedKey",   "zone",      "upstreamName", "vpsName",
                    "provider", "dnsServer", "url",         "ttl",         "addresses", "sshPort",      "user",
                    "keyFile",  "hostKey",   "mail",        "directory",   "secrets"});
    if (!fields)
        return passOn(fields);
    if (const auto schema = jsonInteger(fields->at("schema"), 1, Schema, Schema); !schema)
        return passOn(schema);
    SetupAnswers answers;
    Outcome read;
    const auto take = [&](const char *key, auto &into, const auto &reader) {
        if (read)
            read = optionally(*fields, key, into, reader);
    };
    const auto page = oneOf({SetupPage::Welcome, SetupPage::Home, SetupPage::Names, SetupPage::Vps, SetupPage::Services,
                             SetupPage::Router, SetupPage::Review, SetupPage::Apply, SetupPage::Proof},
                            setupPageName);
    take("page", answers.page, page);
    take("thisMachine", answers.thisMachine, jsonBool);
    take("termsAgreed", answers.termsAgreed, jsonBool);
    take("auth", answers.auth, oneOf({SshAuth::Key, SshAuth::Agent, SshAuth::Password}, sshAuthName));
    take("key", answers.key, readKey);
    take("acmeKey", answers.acmeKey, readKey);
    take("plain", answers.plain, readPlain);
    take("services", answers.services, readServices);
    eachText(answers, [&](const char *key, QString &value) { take(key, value, text); });
    if (!read)
        return passOn(read);
    return answers;
}

Result<std::optional<SetupAnswers>> loadSetup(const QString &siteFile)
{
    const auto bytes = readIfThere(setupFile(siteFile), LongestFile);
    if (!bytes)
        return passOn(bytes);
    if (!*bytes)
        return std::optional<SetupAnswers>();
    auto answers = parseSetup(**bytes);
    if (!answers)
        return fail(ErrorCode::Invalid, QStringLiteral("%1: %2").arg(setupFile(siteFile), answers.error().summary), {},
                    Texts::tr("Remove the file: the setup then begins anew."));
    return std::optional<SetupAnswers>(std::move(*answers));
}

Outcome saveSetup(const QString &siteFile, const SetupAnswers &answers)
{
    if (auto made = makePrivateFolder(QFileInfo(siteFile).absolutePath()); !made)
        return made;
    return writeAtomically(setupFile(siteFile), setupJson(answers));
}

Outcome forgetSetup(const QString &siteFile)
{
    QFile file(setupFile(siteFile));
    if (!file.exists() || file.remove())
        return {};
    return fail(ErrorCode::Denied, Texts::tr("%1 cannot be removed: %2.").arg(file.fileName(), file.errorString()));
}

} // namespace sixgate
