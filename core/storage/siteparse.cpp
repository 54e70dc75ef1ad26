#include "model/text.h"
#include "model/texts.h"
#include "storage/json.h"
#include "storage/sitechecks.h"
#include "storage/sitefields.h"
#include "storage/sitefile.h"

#include <QRegularExpression>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr int Schema = 1;
constexpr size_t mostEchoes = 5;

Result<AddressSource> parseAddress(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"from", "interface", "interfaceId", "lanName"});
    if (!fields)
        return passOn(fields);
    const auto fromNode = fields->need("from", "\"interface-id\"");
    if (!fromNode)
        return passOn(fromNode);
    const auto from = jsonText(*fromNode, "\"interface-id\"");
    if (!from)
        return passOn(from);

    static const std::pair<const char *, const char *> belong[] = {
        {"interface", "this-machine"}, {"interfaceId", "interface-id"}, {"lanName", "lan-name"}};
    for (const auto &[key, way] : belong) {
        const bool known = std::any_of(std::begin(belong), std::end(belong),
                                       [&](const auto &one) { return *from == QLatin1String(one.second); });
        if (known && fields->has(key) && *from != QLatin1String(way))
            return failAt(
                fields->at(key).path,
                Texts::tr("This key goes with \"from\": \"%1\", not with \"%2\".").arg(QLatin1String(way), *from));
    }
    if (*from == QLatin1String("this-machine")) {
        const auto interface = optionalField<InterfaceName>(*fields, "interface", "\"eth0\"");
        if (!interface)
            return passOn(interface);
        return AddressOfThisMachine{*interface};
    }
    if (*from == QLatin1String("interface-id")) {
        const auto id = neededField<InterfaceId>(*fields, "interfaceId", "\"::11\"");
        if (!id)
            return passOn(id);
        return AddressFromInterfaceId{*id};
    }
    if (*from == QLatin1String("lan-name")) {
        const auto name = neededField<Hostname>(*fields, "lanName", "\"nas.local\"");
        if (!name)
            return passOn(name);
        return AddressFromLanName{*name};
    }
    return failAt(fromNode->path, Texts::tr("%1 is not a way to find an address, for example \"interface-id\", "
                                            "\"this-machine\" or \"lan-name\".")
                                      .arg(quoted(*from)));
}

Result<HomeServer> parseServer(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "address", "pinnedKey"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Label>(*fields, "name", "\"nas\"");
    if (!name)
        return passOn(name);
    const auto addressNode = fields->need("address", "{ \"from\": \"interface-id\", \"interfaceId\": \"::11\" }");
    if (!addressNode)
        return passOn(addressNode);
    const auto address = parseAddress(*addressNode);
    if (!address)
        return passOn(address);
    const auto pinned = optionalField<Fingerprint>(*fields, "pinnedKey", "\"SHA256:…\"");
    if (!pinned)
        return passOn(pinned);
    return HomeServer{*name, *address, *pinned};
}

Result<Challenge> parseChallenge(const JsonFields &service)
{
    if (!service.has("challenge"))
        return Challenge::Dns;
    const JsonNode node = service.at("challenge");
    const auto text = jsonText(node, "\"dns\"");
    if (!text)
        return passOn(text);
    for (const Challenge one : {Challenge::Dns, Challenge::Http, Challenge::Delegated}) {
        if (*text == challengeName(one))
            return one;
    }
    return failAt(node.path, Texts::tr("%1 is not a way to prove names to the certification authority, for "
                                       "example \"dns\", \"http\" or \"delegated\".")
                                 .arg(quoted(*text)));
}

Result<Service> parseService(const JsonNode &node)
{
    const auto fields =
        JsonFields::open(node, {"name", "publicNames", "upstreamName", "server", "port", "probePath", "challenge"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Label>(*fields, "name", "\"cloud\"");
    if (!name)
        return passOn(name);
    const char *example = "[\"cloud.example.org\"]";
    const auto namesNode = fields->need("publicNames", example);
    if (!namesNode)
        return passOn(namesNode);
    const auto items = jsonList(*namesNode, example);
    if (!items)
        return passOn(items);
    if (items->empty())
        return failAt(
            namesNode->path,
            Texts::tr("A service needs at least one public name, for example %1.").arg(QLatin1String(example)));
    std::vector<Hostname> publicNames;
    for (const JsonNode &item : *items) {
        const auto host = jsonParsed<Hostname>(item, "\"cloud.example.org\"");
        if (!host)
            return passOn(host);
        publicNames.push_back(*host);
    }
    const auto upstream = neededField<Hostname>(*fields, "upstreamName", "\"home6.example.org\"");
    if (!upstream)
        return passOn(upstream);
    const auto server = neededField<Label>(*fields, "server", "\"nas\"");
    if (!server)
        return passOn(server);
    const auto port = portField(*fields, "port", 443);
    if (!port)
        return passOn(port);
    const auto given = optionalField<UrlPath>(*fields, "probePath", "\"/\"");
    if (!given)
        return passOn(given);
    const auto probePath = *given ? Result<UrlPath>(**given) : UrlPath::parse(QStringLiteral("/"));
    if (!probePath)
        return passOn(probePath);
    const auto challenge = parseChallenge(*fields);
    if (!challenge)
        return passOn(challenge);
    return Service{*name, publicNames, *upstream, *server, *port, *probePath, *challenge};
}

Result<EchoService> parseEcho(const JsonNode &node)
{
    const char *example = "\"https://ip.example.org/\"";
    const auto text = jsonText(node, example);
    if (!text)
        return passOn(text);
    const auto bad = [&](const QString &why) {
        return failAt(node.path, Texts::tr("%1 is not the address of an echo service: %2. Example: %3.")
                                     .arg(quoted(*text), why, QLatin1String(example)));
    };
    static const QRegularExpression pattern(
        QStringLiteral("\\A(https?)://([^/:\\[\\]@?#]+)(?::([0-9]{1,5}))?(/.*)?\\z"));
    const auto match = pattern.match(*text);
    if (text->size() > 500 || !match.hasMatch())
        return bad(Texts::tr("https://, a name and a path are wanted"));
    const bool tls = match.captured(1) == QLatin1String("https");
    const auto host = Hostname::parse(match.captured(2));
    if (!host)
        return bad(Texts::tr("a host name is wanted after the ://"));
    const QString given = match.captured(3);
    const auto port = given.isEmpty() ? Port::fromNumber(tls ? 443 : 80) : Port::parse(given);
    if (!port)
        return bad(Texts::tr("its port is none"));
    const QString path = match.captured(4);
    const auto parsed = UrlPath::parse(path.isEmpty() ? QStringLiteral("/") : path);
    if (!parsed)
        return bad(Texts::tr("its path may hold letters, digits and . _ ~ / - only"));
    return EchoService{tls, *host, *port, *parsed};
}

/// Optional: nobody is asked whom the user did not name.
Result<std::vector<EchoService>> parseEchoes(const JsonFields &root)
{
    std::vector<EchoService> services;
    if (!root.has("echo"))
        return services;
    const JsonNode node = root.at("echo");
    const auto items = jsonList(node, "[\"https://ip.example.org/\"]");
    if (!items)
        return passOn(items);
    if (items->size() > mostEchoes)
        return failAt(node.path,
                      Texts::tr("At most %1 echo services are asked, not %2.").arg(mostEchoes).arg(items->size()));
    for (const JsonNode &item : *items) {
        const auto one = parseEcho(item);
        if (!one)
            return passOn(one);
        const auto same = [&](const EchoService &other) { return other.text() == one->text(); };
        if (std::any_of(services.begin(), services.end(), same))
            return failAt(item.path, Texts::tr("%1 stands here twice.").arg(quoted(one->text())));
        services.push_back(*one);
    }
    return services;
}

template <class T, class Parse>
Result<std::vector<T>> parseEach(const JsonFields &root, const char *key, const Parse &parse)
{
    const auto node = root.need(key, "[ … ]");
    if (!node)
        return passOn(node);
    const auto items = jsonList(*node, "[ … ]");
    if (!items)
        return passOn(items);
    std::vector<T> values;
    values.reserve(items->size());
    for (const JsonNode &item : *items) {
        auto value = parse(item);
        if (!value)
            return passOn(value);
        values.push_back(std::move(*value));
    }
    return values;
}

/// Before anything else: a file of another version must not be judged by this version's keys.
Outcome checkSchema(const JsonNode &document)
{
    const JsonNode node{document.value.toObject().value(QLatin1String("schema")), QStringLiteral("schema")};
    if (node.value.isUndefined())
        return failAt(node.path, Texts::tr("This key is missing, for example \"schema\": %1.").arg(Schema));
    const auto number = jsonInteger(node, 1, 1'000'000, Schema);
    if (!number)
        return passOn(number);
    if (*number > Schema)
        return failAt(node.path,
                      Texts::tr("This site file (schema %1) was made by a newer Sixgate; this one understands "
                                "\"schema\": %2.")
                          .arg(*number)
                          .arg(Schema),
                      Texts::tr("Update Sixgate on this machine."));
    return {};
}

} // namespace

Result<Site> parseSite(const QByteArray &json, const ProviderShelf *given)
{
    static const ProviderShelf own = loadProviders({});
    const ProviderShelf &shelf = given ? *given : own;
    const auto document = parseJson(json, Texts::tr("The site file"));
    if (!document)
        return passOn(document);
    if (const auto fits = checkSchema(*document); !fits)
        return passOn(fits);
    const auto root =
        JsonFields::open(*document, {"schema", "name", "servers", "dns", "vps", "services", "echo", "alarm"});
    if (!root)
        return passOn(root);
    const auto name = neededField<Label>(*root, "name", "\"home\"");
    if (!name)
        return passOn(name);
    auto servers = parseEach<HomeServer>(*root, "servers", parseServer);
    if (!servers)
        return passOn(servers);
    auto dns = parseEach<DnsAccount>(*root, "dns", [&](const JsonNode &node) { return parseAccount(node, shelf); });
    if (!dns)
        return passOn(dns);
    auto vps = parseEach<Vps>(*root, "vps", parseVps);
    if (!vps)
        return passOn(vps);
    auto services = parseEach<Service>(*root, "services", parseService);
    if (!services)
        return passOn(services);
    auto echo = parseEchoes(*root);
    if (!echo)
        return passOn(echo);
    std::optional<Alarm> alarm;
    if (root->has("alarm")) {
        auto parsed = parseAlarm(root->at("alarm"));
        if (!parsed)
            return passOn(parsed);
        alarm = std::move(*parsed);
    }
    Site site{Schema,           *name,           std::move(*servers),
              std::move(*dns),  std::move(*vps), std::move(*services),
              std::move(*echo), std::move(alarm)};
    if (const auto fits = checkSite(site); !fits)
        return passOn(fits);
    return site;
}

} // namespace sixgate
