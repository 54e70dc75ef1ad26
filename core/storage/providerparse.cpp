// The text of a provider's definition. What it says is checked as far as it can be: a definition that is taken can be
// filled in.

#include "model/text.h"
#include "storage/providerfields.h"
#include "storage/providerfile.h"

#include <QJsonArray>

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;

const QString fixPlaceholder()
{
    return QStringLiteral("Use one of those that resources/providers/README.md lists, or the name of a credential.");
}

/// Reads templates: each placeholder must be known, and each credential is one of the definition.
class Templates
{
public:
    Templates(std::set<QString> credentials, bool ownServer)
        : m_credentials(std::move(credentials)), m_ownServer(ownServer)
    {
    }

    Outcome check(const QString &path, const QString &text) const
    {
        const bool clean =
            std::none_of(text.begin(), text.end(), [](QChar c) { return c.category() == QChar::Other_Control; });
        if (!clean || text.size() > 1000)
            return failAt(path,
                          QStringLiteral("A text of at most 1000 characters without control characters is wanted."));
        for (const TemplatePart &part : templateParts(text)) {
            if (part.placeholder && !isTemplateVariable(part.text) && !m_credentials.contains(part.text))
                return failAt(path, QStringLiteral("The placeholder {%1} is not known.").arg(part.text),
                              fixPlaceholder());
        }
        return {};
    }

    Result<QString> text(const JsonNode &node, const char *example) const
    {
        auto text = jsonText(node, example);
        if (text) {
            if (auto good = check(node.path, *text); !good)
                return passOn(good);
        }
        return text;
    }

    /// "name=template"
    Result<QString> parameter(const JsonNode &node) const
    {
        auto one = text(node, "\"hostname={host}\"");
        if (one && one->indexOf(QLatin1Char('=')) < 1)
            return failAt(node.path, QStringLiteral("NAME=VALUE is wanted, for example \"hostname={host}\"."));
        return one;
    }

    /// "Name: template"
    Result<QString> header(const JsonNode &node) const
    {
        auto one = text(node, "\"Authorization: Bearer {token}\"");
        if (!one)
            return one;
        const qsizetype colon = one->indexOf(QLatin1Char(':'));
        const bool token = colon > 0 && std::all_of(one->begin(), one->begin() + colon, [](QChar c) {
                               return c.unicode() < 0x80 && (c.isLetterOrNumber() || c == QLatin1Char('-'));
                           });
        if (!token)
            return failAt(node.path,
                          QStringLiteral("A header is wanted, for example \"Authorization: Bearer {token}\"."));
        static const QStringList own = {QStringLiteral("host"),         QStringLiteral("content-length"),
                                        QStringLiteral("connection"),   QStringLiteral("user-agent"),
                                        QStringLiteral("content-type"), QStringLiteral("transfer-encoding")};
        if (own.contains(one->left(colon).toLower()))
            return failAt(node.path, QStringLiteral("Sixgate sets the header %1 itself.").arg(one->left(colon)));
        return one;
    }

    Outcome checkJson(const QString &path, const QJsonValue &value) const
    {
        if (value.isString())
            return check(path, value.toString());
        if (value.isArray()) {
            const QJsonArray items = value.toArray();
            for (const QJsonValue &item : items) {
                if (auto good = checkJson(path, item); !good)
                    return good;
            }
        }
        const QJsonObject object = value.toObject();
        for (auto member = object.constBegin(); member != object.constEnd(); ++member) {
            if (auto good = checkJson(path + QLatin1Char('.') + member.key(), member.value()); !good)
                return good;
        }
        return {};
    }

    Result<ProviderCall> call(const JsonNode &node) const
    {
        ProviderFields fields(node, {"method", "url", "query", "form", "json", "headers"});
        ProviderCall call;
        const auto parameter = [this](const JsonNode &item) { return this->parameter(item); };
        fields.word<QByteArray>(
            "method", call.method,
            {{"GET", "GET"}, {"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"}}, true);
        fields.part(
            "url", call.url, "\"https://dyn.example.net/nic/update\"",
            [this](const JsonNode &url) { return this->url(url); }, true);
        strings(fields, "query", call.query, "[ \"hostname={host}\" ]", parameter);
        strings(fields, "form", call.form, "[ \"hostname={host}\" ]", parameter);
        strings(fields, "headers", call.header, "[ \"Authorization: Bearer {token}\" ]",
                [this](const JsonNode &item) { return header(item); });
        call.json = QJsonValue(QJsonValue::Undefined);
        if (fields.has("json")) {
            call.json = fields.at("json").value;
            if (auto good = checkJson(fields.at("json").path, call.json); !good)
                return passOn(good);
            if (!call.form.isEmpty())
                fields.refuse("json", QStringLiteral("A call has a form or JSON, not both."));
        }
        if (!call.form.isEmpty() && call.method == "GET")
            fields.refuse("form", QStringLiteral("GET has no form; use \"query\", or the method POST."));
        if (auto done = fields.outcome(); !done)
            return passOn(done);
        return call;
    }

    template <class Read>
    static void strings(ProviderFields &fields, const char *key, QStringList &into, const char *example,
                        const Read &read)
    {
        std::vector<QString> found;
        fields.list(key, found, example, read);
        for (const QString &one : found)
            into.append(one);
    }

private:
    Result<QString> url(const JsonNode &node) const
    {
        auto url = text(node, "\"https://dyn.example.net/nic/update\"");
        if (!url)
            return url;
        QString tried = *url;
        if (m_ownServer && tried.startsWith(QStringLiteral("https://{server}/")))
            tried.replace(QStringLiteral("{server}"), QStringLiteral("server.invalid"));
        if (const auto parts = templateUrl(tried); !parts)
            return failAt(node.path, parts.error().summary, parts.error().fix);
        return url;
    }

    std::set<QString> m_credentials;
    bool m_ownServer;
};

Result<CredentialField> parseCredential(const JsonNode &node)
{
    ProviderFields fields(node, {"name", "label", "where", "secret"});
    std::optional<Label> name;
    QString label, where;
    bool secret = true;
    fields.part(
        "name", name, "\"token\"",
        [](const JsonNode &item) -> Result<std::optional<Label>> {
            auto parsed = jsonParsed<Label>(item, "\"token\"");
            if (!parsed)
                return passOn(parsed);
            return std::optional(*parsed);
        },
        true);
    fields.text("label", label, "\"API token\"", true);
    fields.text("where", where, "\"Made on the provider's page of API tokens.\"", true);
    fields.flag("secret", secret);
    if (name && isTemplateVariable(name->text()))
        fields.refuse("name", QStringLiteral("{%1} is a placeholder of Sixgate's own.").arg(name->text()),
                      QStringLiteral("Give the credential another name, for example \"token\"."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return CredentialField{*name, label, where, secret};
}

Result<AnswerRule> parseRule(const JsonNode &node, bool byStatus)
{
    ProviderFields fields(node, {"word", "status", "means", "after", "say", "account"});
    AnswerRule rule;
    if (byStatus) {
        qint64 status = 0;
        if (fields.begin("status", "429", true))
            fields.number("status", status, 100, 599, 429);
        rule.word = QString::number(status);
        if (fields.has("word"))
            fields.refuse("word", QStringLiteral("A status has no word."));
    } else {
        fields.text("word", rule.word, "\"good\"", true);
        if (fields.has("status"))
            fields.refuse("status", QStringLiteral("A status belongs to \"statuses\"."));
        if (!fields.failed() && rule.word.trimmed().isEmpty())
            fields.refuse("word", QStringLiteral("A word is wanted, for example \"good\"."));
    }
    fields.word<AnswerMeaning>("means", rule.means,
                               {{"ok", AnswerMeaning::Done},
                                {"unchanged", AnswerMeaning::Unchanged},
                                {"stop", AnswerMeaning::Stop},
                                {"retry", AnswerMeaning::Retry}},
                               true);
    qint64 after = 0;
    fields.number("after", after, 1, 86400, 1800);
    if (after > 0)
        rule.after = std::chrono::seconds(after);
    fields.text("say", rule.say, "\"The name is not in this account.\"");
    fields.flag("account", rule.account);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return rule;
}

Result<std::map<int, AnswerRule>> parseStatuses(const JsonNode &node)
{
    const auto items = jsonList(node, "[ { \"status\": 429, \"means\": \"retry\" } ]");
    if (!items)
        return passOn(items);
    std::map<int, AnswerRule> statuses;
    for (const JsonNode &item : *items) {
        auto rule = parseRule(item, true);
        if (!rule)
            return passOn(rule);
        const int status = rule->word.toInt();
        statuses[status] = std::move(*rule);
    }
    return statuses;
}

Result<AnswerReader> parseReader(const JsonNode &node)
{
    ProviderFields fields(node, {"by", "place", "text", "words", "also", "dyndns2"});
    AnswerReader reader;
    fields.word<AnswerReader::By>("by", reader.by,
                                  {{"lines", AnswerReader::By::Lines},
                                   {"first", AnswerReader::By::First},
                                   {"contains", AnswerReader::By::Contains},
                                   {"json", AnswerReader::By::Json},
                                   {"header", AnswerReader::By::Header}},
                                  true);
    const bool placed = reader.by == AnswerReader::By::Json || reader.by == AnswerReader::By::Header;
    fields.text("place", reader.place, "\"status\"", placed);
    fields.text("text", reader.text, "\"message\"");
    fields.flag("dyndns2", reader.dyndns2);
    const auto rule = [](const JsonNode &item) { return parseRule(item, false); };
    fields.list("words", reader.rules, "[ { \"word\": \"good\", \"means\": \"ok\" } ]", rule);
    fields.list("also", reader.also, "[ { \"word\": \"NOCHANGE\", \"means\": \"unchanged\" } ]", rule);
    if (!fields.failed() && reader.rules.empty() && !reader.dyndns2)
        fields.refuse("words", QStringLiteral("A reader knows words, or those of dyndns2."),
                      QStringLiteral("Add \"words\", or \"dyndns2\": true."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return reader;
}

Result<AnswerRules> parseAnswers(const JsonNode &node)
{
    ProviderFields fields(node, {"readers", "statuses", "perCall"});
    AnswerRules rules;
    fields.list("readers", rules.readers, "[ { \"by\": \"lines\", \"dyndns2\": true } ]", parseReader);
    fields.part("statuses", rules.statuses, "[ { \"status\": 429, \"means\": \"retry\" } ]", parseStatuses);
    fields.flag("perCall", rules.perCall);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return rules;
}

Result<FamilyRule> parseFamily(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"offered", "omitted", "keep", "keepParameters", "erase"});
    FamilyRule rule;
    fields.flag("offered", rule.offered);
    fields.word<FamilyRule::Omitted>("omitted", rule.omitted,
                                     {{"kept", FamilyRule::Omitted::Kept},
                                      {"deleted", FamilyRule::Omitted::Deleted},
                                      {"source", FamilyRule::Omitted::Source},
                                      {"unproven", FamilyRule::Omitted::Unproven}},
                                     true);
    const auto optionalText = [](const JsonNode &item) -> Result<std::optional<QString>> {
        const auto text = jsonText(item, "\"preserve\"");
        if (!text)
            return passOn(text);
        return std::optional(*text);
    };
    fields.part("keep", rule.keep, "\"preserve\"", optionalText);
    fields.part("erase", rule.erase, "\"\"", optionalText);
    Templates::strings(fields, "keepParameters", rule.keepParameters, "[ \"keepipv4=1\" ]",
                       [&](const JsonNode &item) { return templates.parameter(item); });
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return rule;
}

bool uses(const ProviderCall &call, const char *placeholder)
{
    const QString name = QLatin1Char('{') + QString::fromLatin1(placeholder) + QLatin1Char('}');
    const auto has = [&](const QString &text) { return text.contains(name); };
    return has(call.url) || std::any_of(call.query.begin(), call.query.end(), has) ||
           std::any_of(call.form.begin(), call.form.end(), has);
}

Result<TemplateUpdate> parseUpdate(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"call", "separate", "mostHosts", "v4", "v6", "eraseAll", "answers"});
    TemplateUpdate update;
    const auto family = [&](const JsonNode &item) { return parseFamily(item, templates); };
    fields.part(
        "call", update.call, "{ \"method\": \"GET\", … }", [&](const JsonNode &item) { return templates.call(item); },
        true);
    fields.flag("separate", update.separate);
    qint64 most = 1;
    fields.number("mostHosts", most, 1, 100, 20);
    update.mostHosts = int(most);
    fields.part("v4", update.v4, "{ \"omitted\": \"kept\" }", family, true);
    fields.part("v6", update.v6, "{ \"omitted\": \"kept\" }", family, true);
    Templates::strings(fields, "eraseAll", update.eraseAll, "[ \"clear=true\" ]",
                       [&](const JsonNode &item) { return templates.parameter(item); });
    fields.part("answers", update.answers, "{ \"readers\": … }", parseAnswers, true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    if (update.separate &&
        !(update.v4.omitted == FamilyRule::Omitted::Kept && update.v6.omitted == FamilyRule::Omitted::Kept))
        fields.refuse("separate",
                      QStringLiteral("Where each family is sent alone, the other one must be known to stay."),
                      QStringLiteral("Set \"omitted\" of v4 and v6 to \"kept\" where the provider's documentation says "
                                     "so; else send both in one call."));
    const bool oneByOne = uses(update.call, "address");
    if (update.separate != oneByOne)
        fields.refuse(update.separate ? "separate" : "call",
                      QStringLiteral("{address} goes with \"separate\": true, and only with that."),
                      QStringLiteral("Use {addresses}, or {v4} and {v6}, where both go in one call."));
    if (update.mostHosts > 1 && !uses(update.call, "hosts") && !uses(update.call, "labels"))
        fields.refuse("mostHosts", QStringLiteral("Several names in one call need {hosts} or {labels}."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return update;
}

Result<TemplateText> parseText(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"add", "remove", "answers"});
    TemplateText text;
    const auto call = [&](const JsonNode &item) { return templates.call(item); };
    fields.part("add", text.add, "{ \"method\": \"GET\", … }", call, true);
    fields.part("remove", text.remove, "{ \"method\": \"GET\", … }", call, true);
    fields.part("answers", text.answers, "{ \"readers\": … }", parseAnswers, true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return text;
}

Result<RestQuestion> parseQuestion(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"call", "items", "matches", "id", "values"});
    RestQuestion question;
    fields.part(
        "call", question.call, "{ \"method\": \"GET\", … }", [&](const JsonNode &item) { return templates.call(item); },
        true);
    fields.text("items", question.items, "\"result\"");
    QStringList matches;
    Templates::strings(fields, "matches", matches, "[ \"name={host}\" ]",
                       [&](const JsonNode &item) { return templates.parameter(item); });
    for (const QString &one : matches)
        question.matches.emplace_back(one.section(QLatin1Char('='), 0, 0), one.section(QLatin1Char('='), 1));
    fields.text("id", question.id, "\"id\"");
    fields.text("values", question.values, "\"content\"");
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return question;
}

Result<RestAction> parseAction(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"id", "status", "done", "failed", "poll"});
    RestAction action;
    fields.text("id", action.id, "\"action.id\"", true);
    fields.text("status", action.status, "\"action.status\"", true);
    fields.text("done", action.done, "\"success\"", true);
    fields.text("failed", action.failed, "\"error\"", true);
    fields.part(
        "poll", action.poll, "{ \"method\": \"GET\", … }", [&](const JsonNode &item) { return templates.call(item); },
        true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return action;
}

Result<std::pair<QString, QString>> parseSuccess(const JsonNode &node)
{
    ProviderFields fields(node, {"place", "value"});
    std::pair<QString, QString> success;
    fields.text("place", success.first, "\"success\"", true);
    fields.text("value", success.second, "\"true\"", true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return success;
}

/// A reader of T for an optional<T>.
template <class Read>
auto maybe(const Read &read)
{
    return [read](const JsonNode &node) {
        auto value = read(node);
        using Value = std::decay_t<decltype(*value)>;
        return value ? Result<std::optional<Value>>(std::move(*value)) : Result<std::optional<Value>>(passOn(value));
    };
}

Result<RestApi> parseApi(const JsonNode &node, const Templates &templates)
{
    ProviderFields fields(node, {"by", "apex", "quotedText", "zone", "read", "set", "create", "change", "remove",
                                 "action", "success", "errorText", "statuses"});
    RestApi api;
    const auto call = [&](const JsonNode &item) { return templates.call(item); };
    const auto question = [&](const JsonNode &item) { return parseQuestion(item, templates); };
    fields.word<bool>("by", api.byRecord, {{"rrset", false}, {"record", true}}, true);
    fields.text("apex", api.apex, "\"@\"");
    fields.flag("quotedText", api.quotedText);
    fields.part("zone", api.zone, "{ \"call\": …, \"id\": \"id\" }", maybe(question));
    fields.part("read", api.read, "{ \"call\": …, \"values\": \"content\" }", question, true);
    fields.part("set", api.set, "{ \"method\": \"PUT\", … }", maybe(call), !api.byRecord);
    fields.part("create", api.create, "{ \"method\": \"POST\", … }", maybe(call), api.byRecord);
    fields.part("change", api.change, "{ \"method\": \"PATCH\", … }", maybe(call));
    fields.part("remove", api.remove, "{ \"method\": \"DELETE\", … }", call, true);
    fields.part("action", api.action, "{ \"id\": \"action.id\", … }",
                maybe([&](const JsonNode &item) { return parseAction(item, templates); }));
    fields.part("success", api.success, "{ \"place\": \"success\", \"value\": \"true\" }", maybe(parseSuccess));
    fields.text("errorText", api.errorText, "\"errors.0.message\"");
    fields.part("statuses", api.statuses, "[ { \"status\": 429, \"means\": \"retry\" } ]", parseStatuses);
    if (!fields.failed() && api.byRecord && (api.set || api.read.id.isEmpty()))
        fields.refuse(api.set ? "set" : "read",
                      QStringLiteral("An API by record finds an \"id\" in what it reads, and has no \"set\"."));
    if (!fields.failed() && !api.byRecord && api.change)
        fields.refuse("change", QStringLiteral("An API by RRset changes by \"set\"."));
    if (!fields.failed() && api.read.values.isEmpty())
        fields.refuse("read", QStringLiteral("Where the values stand in the answer must be told: \"values\"."));
    if (!fields.failed() && api.zone && api.zone->id.isEmpty())
        fields.refuse("zone", QStringLiteral("Where the zone's \"id\" stands in the answer must be told."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return api;
}

Result<UpdateWindow> parseWindow(const JsonNode &node)
{
    ProviderFields fields(node, {"seconds", "most"});
    qint64 span = 0, most = 1;
    if (fields.begin("seconds", "3600", true))
        fields.number("seconds", span, 1, 31 * 86400, 3600);
    if (fields.begin("most", "10", true))
        fields.number("most", most, 1, 1'000'000, 10);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return UpdateWindow{std::chrono::seconds(span), int(most)};
}

/// The limits go to several members of the definition.
Outcome parseLimits(const JsonNode &node, ProviderDefinition &provider)
{
    ProviderFields fields(
        node, {"scope", "interval", "windows", "pause", "longestPause", "retry", "leastTtl", "mostTtl", "refreshDays"});
    constexpr qint64 day = 86400;
    fields.word<LimitScope>(
        "scope", provider.scope,
        {{"record", LimitScope::Record}, {"name", LimitScope::Name}, {"account", LimitScope::Account}});
    qint64 interval = 0, pause = 60, longest = 3600, retry = 10, least = 1, most = day, refresh = 0;
    fields.number("interval", interval, 0, day, 60);
    fields.list("windows", provider.rules.windows, "[ { \"seconds\": 86400, \"most\": 48 } ]", parseWindow);
    fields.number("pause", pause, 1, day, 60);
    fields.number("longestPause", longest, 1, day, 3600);
    fields.number("retry", retry, 1, day, 10);
    fields.number("leastTtl", least, 1, day, 60);
    fields.number("mostTtl", most, 1, 31 * day, 86400);
    fields.number("refreshDays", refresh, 1, 365, 25);
    if (!fields.failed() && least > most)
        fields.refuse("mostTtl", QStringLiteral("The longest time to live is shorter than the shortest."));
    if (auto done = fields.outcome(); !done)
        return done;
    provider.rules.interval = std::chrono::seconds(interval);
    provider.rules.pause = std::chrono::seconds(pause);
    provider.rules.longestPause = std::chrono::seconds(std::max(longest, pause));
    provider.rules.retry = std::chrono::seconds(retry);
    provider.rules.longestOrder = std::chrono::seconds(day);
    provider.leastTtl = std::chrono::seconds(least);
    provider.mostTtl = std::chrono::seconds(most);
    if (refresh > 0)
        provider.refresh = std::chrono::hours(24 * refresh);
    return {};
}

Result<ProviderVerification> parseVerified(const JsonNode &node)
{
    ProviderFields fields(node, {"state", "date", "unproven"});
    ProviderVerification verified;
    fields.word<ProviderVerification::State>("state", verified.state,
                                             {{"documented", ProviderVerification::State::Documented},
                                              {"clients", ProviderVerification::State::Clients},
                                              {"tested", ProviderVerification::State::Tested}},
                                             true);
    QString date;
    fields.text("date", date, "\"2026-11-27\"", true);
    verified.date = QDate::fromString(date, Qt::ISODate);
    if (!fields.failed() && (!verified.date.isValid() || date.size() != 10))
        fields.refuse("date", QStringLiteral("A date is wanted, for example \"2026-11-27\"."));
    fields.texts("unproven", verified.unproven, "[ \"What becomes of the A record is not documented.\" ]");
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return verified;
}

Result<RouterPrefix> parseRouter(const JsonNode &node)
{
    ProviderFields fields(node, {"mode", "parameter"});
    RouterPrefix router;
    fields.word<RouterPrefix::Mode>("mode", router.mode,
                                    {{"none", RouterPrefix::Mode::None},
                                     {"in-address", RouterPrefix::Mode::InAddress},
                                     {"parameter", RouterPrefix::Mode::Parameter}},
                                    true);
    fields.text("parameter", router.parameter, "\"ipv6prefix\"", router.mode == RouterPrefix::Mode::Parameter);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return router;
}

void checkWays(ProviderFields &fields, const ProviderDefinition &provider)
{
    if (fields.failed())
        return;
    if (provider.addresses == ProviderWay::Template && !provider.update)
        fields.refuse("update", QStringLiteral("\"addresses\": \"template\" needs \"update\"."));
    if (provider.texts == ProviderWay::Template && !provider.text)
        fields.refuse("text", QStringLiteral("\"texts\": \"template\" needs \"text\"."));
    const bool api = provider.addresses == ProviderWay::Api || provider.texts == ProviderWay::Api ||
                     provider.readBack == ReadBack::Api;
    if (api && !provider.api)
        fields.refuse("api", QStringLiteral("What goes by the API needs \"api\"."));
    if (provider.addresses == ProviderWay::None)
        fields.refuse("addresses", QStringLiteral("A provider that sets no addresses is of no use here."));
    const bool unproven = provider.update && (provider.update->v4.omitted == FamilyRule::Omitted::Unproven ||
                                              provider.update->v6.omitted == FamilyRule::Omitted::Unproven);
    if (unproven && provider.verified.unproven.isEmpty())
        fields.refuse("verified", QStringLiteral("What is unproven must be told to the user."),
                      QStringLiteral("Add a sentence to \"verified.unproven\" that says what becomes of a family that "
                                     "is not sent, as far as is known."));
}

} // namespace

Result<ProviderDefinition> parseProvider(const QByteArray &json)
{
    const auto document = parseJson(json, QStringLiteral("The provider file"));
    if (!document)
        return passOn(document);
    ProviderFields fields(*document, {"schema",   "name",      "title",     "about",     "zones",    "credentials",
                                      "headers",  "userAgent", "transport", "addresses", "texts",    "severalTexts",
                                      "readBack", "mustExist", "router",    "limits",    "verified", "update",
                                      "text",     "api",       "customUrl", "ownServer"});
    qint64 schema = 0;
    if (fields.begin("schema", "1", true))
        fields.number("schema", schema, 1, 1'000'000, Schema);
    if (!fields.failed() && schema > Schema)
        fields.refuse("schema", QStringLiteral("This file was made for a newer Sixgate."));
    std::optional<Label> name;
    fields.part("name", name, "\"strato\"",
                maybe([](const JsonNode &item) { return jsonParsed<Label>(item, "\"strato\""); }), true);
    std::vector<CredentialField> needs;
    fields.list("credentials", needs, "[ { \"name\": \"token\", … } ]", parseCredential, true);
    if (auto begun = fields.outcome(); !begun)
        return passOn(begun);

    ProviderDefinition provider{.name = *name};
    std::set<QString> names;
    for (const CredentialField &field : needs) {
        if (!names.insert(field.name.text()).second)
            fields.refuse("credentials", QStringLiteral("The credential %1 stands here twice.").arg(field.name.text()));
    }
    provider.needs = std::move(needs);
    fields.flag("ownServer", provider.ownServer);
    const Templates templates(names, provider.ownServer);
    fields.text("title", provider.title, "\"Strato\"", true);
    fields.text("about", provider.about, "\"DynDNS of a German hoster.\"");
    QStringList zones;
    fields.texts("zones", zones, "[ \"duckdns.org\" ]");
    for (const QString &zone : zones) {
        const auto parsed = Hostname::parse(zone);
        if (!parsed)
            fields.refuse("zones", parsed.error().summary);
        else
            provider.zones.push_back(parsed->ascii());
    }
    Templates::strings(fields, "headers", provider.headers, "[ \"Authorization: Bearer {token}\" ]",
                       [&](const JsonNode &item) { return templates.header(item); });
    provider.userAgent = QStringLiteral("Sixgate/{version}");
    fields.part("userAgent", provider.userAgent, "\"Sixgate/{version}\"",
                [&](const JsonNode &item) { return templates.text(item, "\"Sixgate/{version}\""); });
    fields.word<TransportFamily>(
        "transport", provider.family,
        {{"any", TransportFamily::Any}, {"v4", TransportFamily::V4}, {"v6", TransportFamily::V6}});
    fields.word<ProviderWay>(
        "addresses", provider.addresses,
        {{"template", ProviderWay::Template}, {"api", ProviderWay::Api}, {"update", ProviderWay::Update}}, true);
    fields.word<ProviderWay>("texts", provider.texts,
                             {{"none", ProviderWay::None},
                              {"template", ProviderWay::Template},
                              {"api", ProviderWay::Api},
                              {"update", ProviderWay::Update}},
                             true);
    fields.flag("severalTexts", provider.severalTexts);
    fields.word<ReadBack>("readBack", provider.readBack,
                          {{"none", ReadBack::None}, {"dns", ReadBack::Dns}, {"api", ReadBack::Api}}, true);
    fields.flag("mustExist", provider.mustExist);
    fields.flag("customUrl", provider.customUrl);
    fields.part("router", provider.router, "{ \"mode\": \"none\" }", parseRouter);
    if (fields.begin("limits", "{ \"interval\": 60 }", true)) {
        if (auto limits = parseLimits(fields.at("limits"), provider); !limits)
            return passOn(limits);
    }
    fields.part("verified", provider.verified, "{ \"state\": \"documented\", \"date\": \"2026-11-27\" }", parseVerified,
                true);
    fields.part("update", provider.update, "{ \"call\": … }",
                maybe([&](const JsonNode &item) { return parseUpdate(item, templates); }));
    fields.part("text", provider.text, "{ \"add\": … }",
                maybe([&](const JsonNode &item) { return parseText(item, templates); }));
    fields.part("api", provider.api, "{ \"by\": \"rrset\" }",
                maybe([&](const JsonNode &item) { return parseApi(item, templates); }));
    checkWays(fields, provider);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return provider;
}

} // namespace sixgate
