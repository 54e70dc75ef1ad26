// dns providers: what Sixgate knows of the providers of DNS.

#include "ctl/commands.h"
#include "ctl/json.h"
#include "decide/acmetalk.h"
#include "model/provider.h"
#include "model/text.h"
#include "storage/providerfile.h"

#include <QFileInfo>

#include <algorithm>

namespace sixgate::ctl
{

namespace
{

QString wayText(const ProviderDefinition &one)
{
    switch (one.addresses) {
    case ProviderWay::None:
        return QStringLiteral("no addresses");
    case ProviderWay::Template:
        return QStringLiteral("DynDNS");
    case ProviderWay::Api:
        return QStringLiteral("API");
    case ProviderWay::Update:
        return QStringLiteral("RFC 2136");
    }
    return {};
}

QString stateText(ProviderVerification::State state)
{
    switch (state) {
    case ProviderVerification::State::Documented:
        return QStringLiteral("as the provider documents it");
    case ProviderVerification::State::Clients:
        return QStringLiteral("as other programs do it");
    case ProviderVerification::State::Tested:
        return QStringLiteral("tested against the provider's own program");
    }
    return {};
}

/// "TTL from 60 s; at most 3 updates of a name in 600 s"
QStringList limitTexts(const ProviderDefinition &one)
{
    QStringList all;
    const QString of = one.scope == LimitScope::Record ? QStringLiteral("a record")
                       : one.scope == LimitScope::Name ? QStringLiteral("a name")
                                                       : QStringLiteral("the account");
    if (one.addresses == ProviderWay::Api || one.addresses == ProviderWay::Update)
        all << QStringLiteral("time to live from %1").arg(exactSpanText(one.leastTtl));
    if (one.rules.interval.count() > 0)
        all << QStringLiteral("%1 between two updates of %2")
                   .arg(exactSpanText(std::chrono::ceil<std::chrono::seconds>(one.rules.interval)), of);
    for (const UpdateWindow &window : one.rules.windows)
        all << QStringLiteral("at most %1 updates of %2 in %3")
                   .arg(window.most)
                   .arg(of, exactSpanText(std::chrono::ceil<std::chrono::seconds>(window.span)));
    return all;
}

/// What becomes of one address where the other alone is sent.
QString otherText(const FamilyRule &rule)
{
    if (!rule.offered)
        return QStringLiteral("cannot be set here");
    if (rule.keep || !rule.keepParameters.isEmpty())
        return QStringLiteral("is kept, as Sixgate asks the provider to each time");
    switch (rule.omitted) {
    case FamilyRule::Omitted::Kept:
        return QStringLiteral("stays as it is");
    case FamilyRule::Omitted::Deleted:
        return QStringLiteral("would be deleted: Sixgate sends it along each time");
    case FamilyRule::Omitted::Source:
        return QStringLiteral("would become that of this connection: Sixgate sends it along each time");
    case FamilyRule::Omitted::Unproven:
        break;
    }
    return QStringLiteral("may be lost, nobody knows: Sixgate sends it along each time");
}

QStringList otherTexts(const ProviderDefinition &one)
{
    if (one.customUrl)
        return {
            QStringLiteral("A and AAAA: what a URL does not send may be lost, nobody knows: Sixgate sends along what "
                           "the URL takes"),
            QStringLiteral("a URL without {v4} and {addresses} sets no A record: set it at the provider, once, to "
                           "the VPS's address; Sixgate reads it back and says where it is wrong")};
    if (one.addresses != ProviderWay::Template || !one.update)
        return {QStringLiteral("A and AAAA: each is set by itself, the other stays as it is")};
    return {QStringLiteral("the A record, where the AAAA changes, ") + otherText(one.update->v4),
            QStringLiteral("the AAAA record, where the A changes, ") + otherText(one.update->v6)};
}

/// Which names it can keep.
QStringList nameTexts(const ProviderDefinition &one)
{
    QStringList all;
    const QString own = QStringList(one.zones.begin(), one.zones.end()).join(QStringLiteral(", "));
    if (one.zones.empty())
        all << QStringLiteral("in zones of your own");
    else
        all << QStringLiteral("below %1%2")
                   .arg(own, one.otherZones ? QStringLiteral(", or in zones of your own")
                                            : QStringLiteral(", in no other zone"));
    if (one.names == NamesAre::OneLabel)
        all << QStringLiteral("of one label: cloud-me.%1, not cloud.me.%1").arg(one.zones.front());
    if (one.names == NamesAre::OwnZones)
        all << QStringLiteral("each is a zone of its own there; for certificates by DNS give the public name an "
                              "account of its own, with that name as its zone");
    if (one.nameLimit)
        all << QStringLiteral("%1 The upstream name may then be kept at another provider, in an account of its own")
                   .arg(one.nameLimit->say);
    if (one.texts != ProviderWay::None && one.texts != ProviderWay::Update && !one.severalTexts)
        all << QStringLiteral("a certificate by DNS is of one name: make a service of its own for each");
    return all;
}

/// The zone of the example: where the provider's own calls are by the user's name below its zone, that name.
QString exampleZone(const ProviderDefinition &one)
{
    if (one.zones.empty())
        return QStringLiteral("example.org");
    return one.names == NamesAre::Below ? QStringLiteral("me.") + one.zones.front() : one.zones.front();
}

/// What belongs in the site file.
QString exampleText(const ProviderDefinition &one)
{
    if (one.addresses == ProviderWay::Update)
        return QStringLiteral("    { \"name\": \"main\", \"kind\": \"rfc2136\", \"zone\": \"example.org\", \"server\": "
                              "\"ns1.example.org\",\n      \"key\": { \"name\": \"sixgate-home\", \"algorithm\": "
                              "\"hmac-sha256\" } }\n");
    QStringList plain;
    for (const CredentialField &field : one.needs) {
        if (!field.secret)
            plain << QStringLiteral("\"%1\": \"…\"").arg(field.name.text());
    }
    const QString zone = exampleZone(one);
    return QStringLiteral(
               "    { \"name\": \"main\", \"kind\": \"provider\", \"provider\": \"%1\", \"zone\": \"%2\"%3%4 }\n")
        .arg(one.name.text(), zone,
             one.customUrl   ? QStringLiteral(",\n      \"url\": "
                                                "\"https://dyn.example.org/nic/update?hostname={host}&myip={addresses}\"")
             : one.ownServer ? QStringLiteral(",\n      \"server\": \"dns.example.org:8443\"")
                             : QString(),
             plain.isEmpty() ? QString()
                             : QStringLiteral(", \"credentials\": { %1 }").arg(plain.join(QStringLiteral(", "))));
}

QJsonObject json(const ProviderDefinition &one)
{
    QJsonArray credentials;
    for (const CredentialField &field : one.needs)
        credentials.append(QJsonObject{{QStringLiteral("name"), field.name.text()},
                                       {QStringLiteral("label"), field.label},
                                       {QStringLiteral("where"), field.where},
                                       {QStringLiteral("secret"), field.secret}});
    return {{QStringLiteral("name"), one.name.text()},
            {QStringLiteral("title"), one.title},
            {QStringLiteral("about"), one.about},
            {QStringLiteral("way"), wayText(one)},
            {QStringLiteral("texts"), one.texts != ProviderWay::None},
            {QStringLiteral("zones"), QJsonArray::fromStringList(QStringList(one.zones.begin(), one.zones.end()))},
            {QStringLiteral("otherZones"), one.otherZones},
            {QStringLiteral("names"), QJsonArray::fromStringList(nameTexts(one))},
            {QStringLiteral("otherAddress"), QJsonArray::fromStringList(otherTexts(one))},
            {QStringLiteral("ownServer"), one.ownServer},
            {QStringLiteral("mustExist"), one.mustExist},
            {QStringLiteral("credentials"), credentials},
            {QStringLiteral("limits"), QJsonArray::fromStringList(limitTexts(one))},
            {QStringLiteral("verified"), stateText(one.verified.state)},
            {QStringLiteral("verifiedOn"), one.verified.date.toString(Qt::ISODate)},
            {QStringLiteral("unproven"), QJsonArray::fromStringList(one.verified.unproven)}};
}

void print(Output &output, const ProviderDefinition &one)
{
    const auto line = [&](const char *what, const QString &text) {
        output.print(QStringLiteral("  %1  %2\n").arg(QString::fromLatin1(what).leftJustified(13), harmless(text)));
    };
    output.print(output.strong(QStringLiteral("%1 (%2)\n").arg(harmless(one.title), one.name.text())));
    if (!one.about.isEmpty())
        line("", one.about);
    for (const QString &text : nameTexts(one))
        line("names", text);
    if (one.ownServer)
        line("server", QStringLiteral("your own, by HTTPS: \"server\" in the site file, --dns-server of site new"));
    line("addresses", wayText(one));
    for (const QString &text : otherTexts(one))
        line("other address", text);
    line(
        "certificates",
        one.texts == ProviderWay::None
            ? QStringLiteral("it takes no texts: give the services \"challenge\": \"http\", or \"delegated\" where the "
                             "zone takes an NS record")
        : one.texts == ProviderWay::Update
            ? QStringLiteral("of a zone that you run yourself: by DNS, with a second key")
        : one.challenges.scoped
            ? QStringLiteral(
                  "by DNS, with a credential of its own for the VPS; or \"challenge\": \"http\", without any")
            : QStringLiteral("by DNS, where the VPS gets the credentials of the home: whoever takes it over could %1; "
                             "or \"challenge\": \"http\", without any")
                  .arg(reachOf(one)));
    for (const QString &limit : limitTexts(one))
        line("limit", limit);
    if (one.router.mode != RouterPrefix::Mode::None)
        line("router", QStringLiteral("A router can tell it the prefix: sixgatectl site router-url"));
    if (one.mustExist)
        line("before", QStringLiteral("Make each name with its record on the provider's pages first."));
    line("known", QStringLiteral("%1, looked up on %2")
                      .arg(stateText(one.verified.state), one.verified.date.toString(Qt::ISODate)));
    for (const QString &unproven : one.verified.unproven)
        line("not proven", unproven);
    output.print(QStringLiteral("\nIn the site file, below \"dns\":\n"));
    output.print(exampleText(one));
    for (const CredentialField &field : one.needs)
        output.print(QStringLiteral("%1: %2\n    %3\n")
                         .arg(field.secret ? QStringLiteral("sixgatectl secret set dns.main.%1").arg(field.name.text())
                                           : QStringLiteral("\"%1\" in \"credentials\"").arg(field.name.text()),
                              harmless(field.label), harmless(field.where)));
    for (const CredentialField &field : textCredentials(one)) {
        if (field.secret && one.challenges.scoped)
            output.print(
                QStringLiteral("sixgatectl secret set dns.main.acme-%1: for certificates by DNS; it goes to the VPS\n"
                               "    %2\n")
                    .arg(field.name.text(), harmless(one.challenges.how)));
    }
}

} // namespace

int runDns(const Options &options, Output &output)
{
    const QString command = QStringLiteral("dns providers");
    if (options.words.value(1) != QLatin1String("providers"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("\"dns\" takes providers, for example: sixgatectl dns providers desec."),
                       {},
                       {}},
                      {});
    if (auto few = noMoreWords(options, 3); !few)
        return giveUp(output, few.error(), command);
    const ProviderShelf shelf = loadProviders(providerFolders(options.siteFile));
    for (const ProviderFault &fault : shelf.faults)
        if (QFileInfo(fault.file).completeBaseName() != options.words.value(2))
            output.remark(QStringLiteral("! %1\n").arg(harmless(fault.error.summary)));
    const QString wanted = options.words.value(2);
    QJsonArray list;
    for (const auto &[name, one] : shelf.providers) {
        if (!wanted.isEmpty() && wanted != name.text())
            continue;
        list.append(json(one));
        if (!wanted.isEmpty())
            print(output, one);
        else
            output.print(QStringLiteral("%1  %2  %3\n")
                             .arg(name.text().leftJustified(12), wayText(one).leftJustified(9), harmless(one.title)));
    }
    const auto fault = std::find_if(shelf.faults.begin(), shelf.faults.end(), [&](const ProviderFault &one) {
        return QFileInfo(one.file).completeBaseName() == wanted;
    });
    if (list.isEmpty() && fault != shelf.faults.end())
        return giveUp(output, fault->error, command);
    if (list.isEmpty())
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("There is no provider %1; see: sixgatectl dns providers").arg(quoted(wanted)),
                       {},
                       QStringLiteral("One that speaks dyndns2 can be reached as \"custom\", with its URL.")},
                      command);
    if (wanted.isEmpty())
        output.print(QStringLiteral("\nMore of one, and what to enter: sixgatectl dns providers NAME\n"));
    QJsonObject out = document(command);
    out[QStringLiteral("providers")] = list;
    output.document(out);
    return AllWell;
}

} // namespace sixgate::ctl
