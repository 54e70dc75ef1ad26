// The text of a provider's definition. What it says is checked as far as it can be: a definition that is taken can be
// filled in.

#include "model/text.h"
#include "model/texts.h"
#include "storage/providerfile.h"
#include "storage/providertemplates.h"

#include <algorithm>
#include <set>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;

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
        fields.refuse("name", Texts::tr("{%1} is a placeholder of Sixgate's own.").arg(name->text()),
                      Texts::tr("Give the credential another name, for example \"token\"."));
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return CredentialField{*name, label, where, secret};
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
        fields.refuse("mostTtl", Texts::tr("The longest time to live is shorter than the shortest."));
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
        fields.refuse("date", Texts::tr("A date is wanted, for example \"2026-11-27\"."));
    fields.texts("unproven", verified.unproven, "[ \"What becomes of the A record is not documented.\" ]");
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return verified;
}

Result<ChallengeCredential> parseChallenges(const JsonNode &node)
{
    ProviderFields fields(node, {"scoped", "reach"});
    ChallengeCredential challenges;
    fields.text("scoped", challenges.how, "\"A token that may only set TXT records of this domain.\"");
    fields.text("reach", challenges.reach, "\"change every record of the zone\"", true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    challenges.scoped = !challenges.how.isEmpty();
    return challenges;
}

Result<RouterPrefix> parseRouter(const JsonNode &node)
{
    ProviderFields fields(node, {"mode", "parameter", "user", "note"});
    RouterPrefix router;
    fields.word<RouterPrefix::Mode>("mode", router.mode,
                                    {{"none", RouterPrefix::Mode::None},
                                     {"in-address", RouterPrefix::Mode::InAddress},
                                     {"parameter", RouterPrefix::Mode::Parameter}},
                                    true);
    fields.text("parameter", router.parameter, "\"ipv6prefix\"", router.mode == RouterPrefix::Mode::Parameter);
    fields.text("user", router.user, "\"{zone}\"", false);
    fields.text("note", router.note, "\"The prefix moves names below the zone, not the zone itself.\"", false);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    return router;
}

Result<NameLimit> parseNameLimit(const JsonNode &node)
{
    ProviderFields fields(node, {"most", "say"});
    NameLimit limit;
    qint64 most = 1;
    if (fields.begin("most", "1", true))
        fields.number("most", most, 1, 100, 1);
    fields.text("say", limit.say, "\"An account that costs nothing has one name.\"", true);
    if (auto done = fields.outcome(); !done)
        return passOn(done);
    limit.most = int(most);
    return limit;
}

/// The provider's own zones, and what else can be set.
void parseZones(ProviderFields &fields, ProviderDefinition &provider)
{
    QStringList zones;
    fields.texts("zones", zones, "[ \"duckdns.org\" ]");
    for (const QString &zone : zones) {
        const auto parsed = Hostname::parse(zone);
        if (!parsed)
            fields.refuse("zones", parsed.error().summary);
        else
            provider.zones.push_back(parsed->ascii());
    }
    if (!zones.isEmpty())
        fields.begin("otherZones", "false", true);
    fields.flag("otherZones", provider.otherZones);
    if (!fields.failed() && zones.isEmpty() && !provider.otherZones)
        fields.refuse("otherZones", Texts::tr("It has no \"zones\" of its own, so it must take others."));
    fields.word<NamesAre>("names", provider.names,
                          {{"below", NamesAre::Below}, {"label", NamesAre::OneLabel}, {"zones", NamesAre::OwnZones}});
    if (!fields.failed() && provider.names == NamesAre::OneLabel && provider.otherZones)
        fields.refuse("names", Texts::tr("\"label\" is for a provider that has \"zones\" and takes no others."));
    fields.part("nameLimit", provider.nameLimit, "{ \"most\": 1, \"say\": … }", maybe(parseNameLimit));
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
        fields.refuse("api", Texts::tr("What goes by the API needs \"api\"."));
    if (provider.addresses == ProviderWay::None)
        fields.refuse("addresses", Texts::tr("A provider that sets no addresses is of no use here."));
    const bool unproven = provider.update && (provider.update->v4.omitted == FamilyRule::Omitted::Unproven ||
                                              provider.update->v6.omitted == FamilyRule::Omitted::Unproven);
    if (unproven && provider.verified.unproven.isEmpty())
        fields.refuse("verified", Texts::tr("What is unproven must be told to the user."),
                      Texts::tr("Add a sentence to \"verified.unproven\" that says what becomes of a family that "
                                "is not sent, as far as is known."));
}

} // namespace

Result<ProviderDefinition> parseProvider(const QByteArray &json)
{
    const auto document = parseJson(json, Texts::tr("The provider file"));
    if (!document)
        return passOn(document);
    ProviderFields fields(*document, {"schema",   "name",      "title",     "about",     "zones",      "credentials",
                                      "headers",  "userAgent", "transport", "addresses", "texts",      "severalTexts",
                                      "readBack", "mustExist", "router",    "limits",    "verified",   "update",
                                      "text",     "api",       "customUrl", "ownServer", "challenges", "otherZones",
                                      "names",    "nameLimit"});
    qint64 schema = 0;
    if (fields.begin("schema", "1", true))
        fields.number("schema", schema, 1, 1'000'000, Schema);
    if (!fields.failed() && schema > Schema)
        fields.refuse("schema", Texts::tr("This file was made for a newer Sixgate."));
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
            fields.refuse("credentials", Texts::tr("The credential %1 stands here twice.").arg(field.name.text()));
    }
    provider.needs = std::move(needs);
    fields.flag("ownServer", provider.ownServer);
    const ProviderTemplates templates(names, provider.ownServer);
    fields.text("title", provider.title, "\"Strato\"", true);
    fields.text("about", provider.about, "\"DynDNS of a German hoster.\"");
    parseZones(fields, provider);
    ProviderTemplates::strings(fields, "headers", provider.headers, "[ \"Authorization: Bearer {token}\" ]",
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
    fields.part("challenges", provider.challenges, "{ \"reach\": \"change every record of the zone\" }",
                parseChallenges);
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
