// The accounts in "dns".
#include "model/provider.h"
#include "model/text.h"
#include "model/texts.h"
#include "model/urlsecrets.h"
#include "storage/sitefields.h"

#include <QJsonObject>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr qsizetype longestCredential = 255;
constexpr qsizetype longestUrl = 1000;

Result<TsigAlgorithm> parseAlgorithm(const JsonNode &node)
{
    const auto text = jsonText(node, "\"hmac-sha256\"");
    if (!text)
        return passOn(text);
    if (*text == QLatin1String("hmac-sha256"))
        return TsigAlgorithm::HmacSha256;
    if (*text == QLatin1String("hmac-sha512"))
        return TsigAlgorithm::HmacSha512;
    QString why = Texts::tr("is not a TSIG algorithm");
    if (*text == QLatin1String("hmac-sha384") || *text == QLatin1String("hmac-sha224"))
        why = Texts::tr("is not understood by the DNS library in use");
    else if (*text == QLatin1String("hmac-sha1") || text->startsWith(QLatin1String("hmac-md5")))
        why = Texts::tr("is too weak");
    return failAt(node.path,
                  Texts::tr("%1 %2, for example \"hmac-sha256\" or \"hmac-sha512\".").arg(quoted(*text), why));
}

Result<TsigKeyRef> parseKey(const JsonFields &account, const char *key, const QString &secretName)
{
    const auto node = account.need(key, "{ \"name\": \"sixgate-key\", \"algorithm\": \"hmac-sha256\" }");
    if (!node)
        return passOn(node);
    if (const auto clean = refuseSecret(*node, secretName); !clean)
        return passOn(clean);
    const auto fields = JsonFields::open(*node, {"name", "algorithm"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<KeyName>(*fields, "name", "\"sixgate-key\"");
    if (!name)
        return passOn(name);
    const auto algorithmNode = fields->need("algorithm", "\"hmac-sha256\"");
    if (!algorithmNode)
        return passOn(algorithmNode);
    const auto algorithm = parseAlgorithm(*algorithmNode);
    if (!algorithm)
        return passOn(algorithm);
    return TsigKeyRef{*name, *algorithm};
}

Result<ServerAddress> parseServerAddress(const JsonNode &node)
{
    const auto text = jsonText(node, "\"ns1.example.org\"");
    if (!text)
        return passOn(text);
    const bool literal = std::all_of(text->begin(), text->end(), [](QChar c) { return c.isDigit() || c == u'.'; });
    if (literal || (text->contains(u':') && !text->contains(u'/'))) {
        const auto address = parseIpAddress(*text);
        if (!address)
            return failAt(node.path, address.error().summary, address.error().fix);
        return std::visit([](const auto &value) { return ServerAddress(value); }, *address);
    }
    const auto host = jsonParsed<Hostname>(node, "\"ns1.example.org\"");
    if (!host)
        return passOn(host);
    return ServerAddress(*host);
}

Result<UpdateAccess> parseUpdate(const JsonNode &node, const Label &name)
{
    const auto fields = JsonFields::open(node, {"name", "kind", "zone", "server", "port", "ttl", "key", "acmeKey"});
    if (!fields)
        return passOn(fields);
    const auto serverNode = fields->need("server", "\"ns1.example.org\"");
    if (!serverNode)
        return passOn(serverNode);
    const auto server = parseServerAddress(*serverNode);
    if (!server)
        return passOn(server);
    const auto port = portField(*fields, "port", 53);
    if (!port)
        return passOn(port);
    const auto key = parseKey(*fields, "key", QStringLiteral("dns.%1.key").arg(name.text()));
    if (!key)
        return passOn(key);
    std::optional<TsigKeyRef> acmeKey;
    if (fields->has("acmeKey")) {
        const auto given = parseKey(*fields, "acmeKey", QStringLiteral("dns.%1.acme-key").arg(name.text()));
        if (!given)
            return passOn(given);
        acmeKey = *given;
    }
    return UpdateAccess{*server, *port, *key, acmeKey};
}

Result<std::map<Label, QString>> parseCredentials(const JsonNode &node)
{
    if (!node.value.isObject())
        return failAt(node.path, Texts::tr("An object is wanted, for example { \"user\": \"me@example.org\" }."));
    std::map<Label, QString> plain;
    const QJsonObject object = node.value.toObject();
    for (auto one = object.begin(); one != object.end(); ++one) {
        const auto name = Label::parse(one.key());
        if (!name)
            return failAt(
                node.path,
                Texts::tr("%1 is not the name of a credential, for example \"user\".").arg(quoted(one.key())));
        const QString path = node.path + QLatin1Char('.') + name->text();
        const auto text = jsonText({one.value(), path}, "\"me@example.org\"");
        if (!text)
            return passOn(text);
        const bool fits = !text->isEmpty() && text->size() <= longestCredential &&
                          std::none_of(text->begin(), text->end(), [](QChar c) { return c < u' ' || c > u'~'; });
        if (!fits)
            return failAt(path, Texts::tr("A text of 1 to %1 ASCII characters on one line is wanted, for example "
                                          "\"me@example.org\".")
                                    .arg(longestCredential));
        plain.emplace(*name, *text);
    }
    return plain;
}

Result<QString> parseUrl(const JsonNode &node, const Label &account)
{
    const auto text = jsonText(node, "\"https://dyn.example.org/nic/update?hostname={host}&myip={addresses}\"");
    if (!text)
        return passOn(text);
    if (const auto secret = literalSecretIn(*text)) {
        const QString store = QStringLiteral("sixgatectl secret set dns.%1.%2").arg(account.text(), secret->credential);
        const QString instead = secret->beforeHost ? Texts::tr("leave it out, give \"user\" in \"credentials\"")
                                                   : Texts::tr("write {%1} in its place").arg(secret->credential);
        return failAt(node.path,
                      Texts::tr("A secret stands in %1 of the URL, and the site file holds none: %2, and store it "
                                "by \"%3\".")
                          .arg(secret->where, instead, store),
                      Texts::tr("Remove it here and store it with: %1").arg(store));
    }
    const bool fits = text->size() <= longestUrl &&
                      std::none_of(text->begin(), text->end(), [](QChar c) { return c <= u' ' || c > u'~'; });
    const auto url = templateUrl(*text);
    if (!fits || !url)
        return failAt(node.path, url ? Texts::tr("A URL of at most %1 ASCII characters is wanted.").arg(longestUrl)
                                     : url.error().summary);
    return *text;
}

Result<bool> parseOwnAcme(const JsonNode &node)
{
    const auto text = jsonText(node, "\"own\"");
    if (!text)
        return passOn(text);
    if (*text == QLatin1String("own") || *text == QLatin1String("shared"))
        return *text == QLatin1String("own");
    return failAt(node.path, Texts::tr("%1 does not say which credentials the VPS gets, for example \"own\" (kept "
                                       "as secrets of their own) or \"shared\" (those of the home).")
                                 .arg(quoted(*text)));
}

/// The host of a server with an API, and its port where that is not 443: a URL with no more than that will do as well.
Result<QString> parseApiServer(const JsonNode &node)
{
    const auto text = jsonText(node, "\"dns.example.org:8443\"");
    if (!text)
        return passOn(text);
    const QString scheme = QStringLiteral("https://");
    const QString given = text->startsWith(scheme) ? text->mid(scheme.size()) : *text;
    const auto url = templateUrl(scheme + given);
    const QString example =
        Texts::tr("The name of a server that speaks HTTPS is wanted, and its port where that is not 443, for example "
                  "\"dns.example.org\" or \"https://dns.example.org:8443\"");
    if (given.contains(QLatin1String("://")))
        return failAt(node.path, Texts::tr("%1; credentials are sent over TLS only.").arg(example));
    if (!url || url->path != QLatin1String("/"))
        return failAt(node.path, example + QLatin1Char('.'));
    return url->port.number() == 443 ? url->host.ascii() : url->host.ascii() + QLatin1Char(':') + url->port.text();
}

/// What the definition wants is there, and nothing else.
Outcome checkCredentials(const JsonFields &fields, const ProviderAccess &access, const Label &account)
{
    const ProviderDefinition &definition = *access.definition;
    const QString path = fields.at("credentials").path;
    for (const auto &[name, value] : access.plain) {
        const auto known = std::find_if(definition.needs.begin(), definition.needs.end(),
                                        [&](const CredentialField &one) { return one.name == name; });
        const QString place = path + QLatin1Char('.') + name.text();
        if (known == definition.needs.end())
            return failAt(
                place, Texts::tr("%1 has no such credential; \"sixgatectl dns providers %2\" lists those that it has.")
                           .arg(definition.title, definition.name.text()));
        if (known->secret)
            return failAt(place, Texts::tr("This is a secret, and the site file holds none."),
                          Texts::tr("Remove it here and store it with: sixgatectl secret set dns.%1.%2")
                              .arg(account.text(), name.text()));
    }
    for (const CredentialField &one : definition.needs) {
        // Which of them a URL of the user's needs is another room's to tell.
        if (!one.secret && !definition.customUrl && !access.plain.contains(one.name))
            return failAt(
                path,
                Texts::tr("%1 needs \"%2\" here: %3 %4").arg(definition.title, one.name.text(), one.label, one.where));
    }
    if (definition.customUrl == access.url.isEmpty())
        return failAt(fields.at("url").path,
                      definition.customUrl
                          ? Texts::tr("This provider needs its URL, for example "
                                      "\"https://dyn.example.org/nic/update?hostname={host}&myip={addresses}\".")
                          : Texts::tr("%1 has a URL of its own; leave this out.").arg(definition.title));
    if (definition.ownServer == access.server.isEmpty())
        return failAt(fields.at("server").path,
                      definition.ownServer
                          ? Texts::tr("%1 runs on a server of your own; name it here, for example "
                                      "\"dns.example.org\" or \"dns.example.org:8443\".")
                                .arg(definition.title)
                          : Texts::tr("%1 has a server of its own; leave this out.").arg(definition.title));
    return {};
}

Result<ProviderAccess> parseProviderAccess(const JsonNode &node, const Label &account, const ProviderShelf &shelf)
{
    const auto fields = JsonFields::open(
        node, {"name", "kind", "provider", "zone", "server", "ttl", "url", "credentials", "acmeCredentials"});
    if (!fields)
        return passOn(fields);
    const auto provider = neededField<Label>(*fields, "provider", "\"desec\"");
    if (!provider)
        return passOn(provider);
    const auto found = shelf.providers.find(*provider);
    if (found == shelf.providers.end()) {
        const QString path = fields->at("provider").path;
        for (const ProviderFault &fault : shelf.faults) {
            if (fault.file.endsWith(QLatin1Char('/') + provider->text() + QStringLiteral(".json")))
                return failAt(path, fault.error.summary, fault.error.fix);
        }
        return failAt(path,
                      Texts::tr("There is no provider “%1”; \"sixgatectl dns providers\" lists those that there are.")
                          .arg(provider->text()));
    }
    if (found->second.addresses == ProviderWay::Update)
        return failAt(fields->at("provider").path,
                      Texts::tr("This one is reached by DNS itself: it is \"kind\": \"rfc2136\"."));
    ProviderAccess access{*provider, {}, {}, std::make_shared<const ProviderDefinition>(found->second), {}};
    if (auto done = optionally(*fields, "credentials", access.plain, parseCredentials); !done)
        return passOn(done);
    if (auto done = optionally(*fields, "url", access.url, [&](const JsonNode &url) { return parseUrl(url, account); });
        !done)
        return passOn(done);
    if (auto done = optionally(*fields, "server", access.server, parseApiServer); !done)
        return passOn(done);
    if (fields->has("acmeCredentials")) {
        const auto own = parseOwnAcme(fields->at("acmeCredentials"));
        if (!own)
            return passOn(own);
        access.ownAcme = *own;
    }
    if (auto done = checkCredentials(*fields, access, account); !done)
        return passOn(done);
    return access;
}

} // namespace

Result<DnsAccount> parseAccount(const JsonNode &node, const ProviderShelf &shelf)
{
    const auto fields = JsonFields::open(node, {"name", "kind", "zone", "ttl", "server", "port", "key", "acmeKey",
                                                "provider", "url", "credentials", "acmeCredentials"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Label>(*fields, "name", "\"main\"");
    if (!name)
        return passOn(name);
    const auto kindNode = fields->need("kind", "\"rfc2136\"");
    if (!kindNode)
        return passOn(kindNode);
    const auto kind = jsonText(*kindNode, "\"rfc2136\"");
    if (!kind)
        return passOn(kind);
    const auto zone = neededField<Hostname>(*fields, "zone", "\"example.org\"");
    if (!zone)
        return passOn(zone);
    const auto ttl = secondsField(*fields, "ttl", 1, 86400, 60);
    if (!ttl)
        return passOn(ttl);
    if (*kind == QLatin1String("rfc2136")) {
        const auto access = parseUpdate(node, *name);
        if (!access)
            return passOn(access);
        return DnsAccount{*name, *zone, *access, *ttl};
    }
    if (*kind == QLatin1String("provider")) {
        const auto access = parseProviderAccess(node, *name, shelf);
        if (!access)
            return passOn(access);
        return DnsAccount{*name, *zone, *access, *ttl};
    }
    if (*kind == QLatin1String("watched")) {
        const auto only = JsonFields::open(node, {"name", "kind", "zone", "ttl"});
        if (!only)
            return passOn(only);
        return DnsAccount{*name, *zone, WatchedAccess(), *ttl};
    }
    return failAt(kindNode->path, Texts::tr("%1 is not a kind of DNS account, for example \"rfc2136\", \"provider\" "
                                            "or \"watched\".")
                                      .arg(quoted(*kind)));
}

} // namespace sixgate
