// The parts of a definition that say how it is done: by a template or by an API, and what the answers mean.

#include "model/texts.h"
#include "storage/providertemplates.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace sixgate
{

namespace
{

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
            fields.refuse("word", Texts::tr("A status has no word."));
    } else {
        fields.text("word", rule.word, "\"good\"", true);
        if (fields.has("status"))
            fields.refuse("status", Texts::tr("A status belongs to \"statuses\"."));
        if (!fields.failed() && rule.word.trimmed().isEmpty())
            fields.refuse("word", Texts::tr("A word is wanted, for example \"good\"."));
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
        fields.refuse("words", Texts::tr("A reader knows words, or those of dyndns2."),
                      Texts::tr("Add \"words\", or \"dyndns2\": true."));
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

Result<FamilyRule> parseFamily(const JsonNode &node, const ProviderTemplates &templates)
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
    ProviderTemplates::strings(fields, "keepParameters", rule.keepParameters, "[ \"keepipv4=1\" ]",
                               [&](const JsonNode &item) { return templates.parameter(item); });
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return rule;
}

bool isGood(AnswerMeaning meaning)
{
    return meaning == AnswerMeaning::Done || meaning == AnswerMeaning::Unchanged;
}

/// Some answer means that it went well: else each try would be a failure.
bool canSucceed(const AnswerRules &answers)
{
    return std::any_of(answers.readers.begin(), answers.readers.end(),
                       [](const AnswerReader &reader) {
                           return reader.dyndns2 ||
                                  std::any_of(reader.rules.begin(), reader.rules.end(),
                                              [](const AnswerRule &one) { return isGood(one.means); });
                       }) ||
           std::any_of(answers.statuses.begin(), answers.statuses.end(),
                       [](const auto &one) { return isGood(one.second.means); });
}

void refuseFailure(ProviderFields &fields, const AnswerRules &answers)
{
    if (!fields.failed() && !canSucceed(answers))
        fields.refuse("answers", Texts::tr("No answer means that it went well, so no try could succeed."),
                      Texts::tr("Add the provider's word for it, for example { \"by\": \"first\", \"words\": [ { "
                                "\"word\": \"good\", \"means\": \"ok\" } ] }, or \"dyndns2\": true."));
}

bool uses(const ProviderCall &call, const char *placeholder)
{
    const QString name = QLatin1Char('{') + QString::fromLatin1(placeholder) + QLatin1Char('}');
    const auto has = [&](const QString &text) { return text.contains(name); };
    return has(call.url) || std::any_of(call.query.begin(), call.query.end(), has) ||
           std::any_of(call.form.begin(), call.form.end(), has) ||
           has(QString::fromUtf8(QJsonDocument(QJsonArray{call.json}).toJson(QJsonDocument::Compact)));
}

} // namespace

Result<TemplateUpdate> parseUpdate(const JsonNode &node, const ProviderTemplates &templates)
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
    ProviderTemplates::strings(fields, "eraseAll", update.eraseAll, "[ \"clear=true\" ]",
                               [&](const JsonNode &item) { return templates.parameter(item); });
    fields.part("answers", update.answers, "{ \"readers\": … }", parseAnswers, true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    if (update.separate &&
        !(update.v4.omitted == FamilyRule::Omitted::Kept && update.v6.omitted == FamilyRule::Omitted::Kept))
        fields.refuse("separate", Texts::tr("Where each family is sent alone, the other one must be known to stay."),
                      Texts::tr("Set \"omitted\" of v4 and v6 to \"kept\" where the provider's documentation says "
                                "so; else send both in one call."));
    const bool oneByOne = uses(update.call, "address");
    if (update.separate != oneByOne)
        fields.refuse(update.separate ? "separate" : "call",
                      Texts::tr("{address} goes with \"separate\": true, and only with that."),
                      Texts::tr("Use {addresses}, or {v4} and {v6}, where both go in one call."));
    const bool either = oneByOne || uses(update.call, "addresses");
    if (!update.v6.offered || !(either || uses(update.call, "v6")))
        fields.refuse(update.v6.offered ? "call" : "v6",
                      Texts::tr("It sends no {v6}, {address} or {addresses}: it could not set the home's address."));
    if (update.v4.offered && !either && !uses(update.call, "v4"))
        fields.refuse("v4", Texts::tr("The call sends no {v4}, {address} or {addresses}."),
                      Texts::tr("Put one where the address belongs, or set \"offered\": false."));
    refuseFailure(fields, update.answers);
    if (update.mostHosts > 1 && !uses(update.call, "hosts") && !uses(update.call, "labels"))
        fields.refuse("mostHosts", Texts::tr("Several names in one call need {hosts} or {labels}."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return update;
}

Result<TemplateText> parseText(const JsonNode &node, const ProviderTemplates &templates)
{
    ProviderFields fields(node, {"add", "remove", "answers"});
    TemplateText text;
    const auto call = [&](const JsonNode &item) { return templates.call(item); };
    fields.part("add", text.add, "{ \"method\": \"GET\", … }", call, true);
    fields.part("remove", text.remove, "{ \"method\": \"GET\", … }", call, true);
    fields.part("answers", text.answers, "{ \"readers\": … }", parseAnswers, true);
    refuseFailure(fields, text.answers);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return text;
}

namespace
{

Result<RestQuestion> parseQuestion(const JsonNode &node, const ProviderTemplates &templates)
{
    ProviderFields fields(node, {"call", "items", "matches", "id", "values"});
    RestQuestion question;
    fields.part(
        "call", question.call, "{ \"method\": \"GET\", … }", [&](const JsonNode &item) { return templates.call(item); },
        true);
    fields.text("items", question.items, "\"result\"");
    QStringList matches;
    ProviderTemplates::strings(fields, "matches", matches, "[ \"name={host}\" ]",
                               [&](const JsonNode &item) { return templates.parameter(item); });
    for (const QString &one : matches)
        question.matches.emplace_back(one.section(QLatin1Char('='), 0, 0), one.section(QLatin1Char('='), 1));
    fields.text("id", question.id, "\"id\"");
    fields.text("values", question.values, "\"content\"");
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return question;
}

Result<RestAction> parseAction(const JsonNode &node, const ProviderTemplates &templates)
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

} // namespace

Result<RestApi> parseApi(const JsonNode &node, const ProviderTemplates &templates)
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
                      Texts::tr("An API by record finds an \"id\" in what it reads, and has no \"set\"."));
    if (!fields.failed() && !api.byRecord && api.change)
        fields.refuse("change", Texts::tr("An API by RRset changes by \"set\"."));
    if (!fields.failed() && api.read.values.isEmpty())
        fields.refuse("read", Texts::tr("Where the values stand in the answer must be told: \"values\"."));
    if (!fields.failed() && api.zone && api.zone->id.isEmpty())
        fields.refuse("zone", Texts::tr("Where the zone's \"id\" stands in the answer must be told."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return api;
}

} // namespace sixgate
