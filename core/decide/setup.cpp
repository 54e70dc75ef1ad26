#include "decide/setup.h"

#include "decide/acmetalk.h"
#include "decide/providercalls.h"
#include "model/texts.h"
#include "model/urlsecrets.h"

#include <QRegularExpression>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr const char *LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

QStringList wordsOf(const QString &text)
{
    static const QRegularExpression gaps(QStringLiteral("[\\s,;]+"));
    return text.split(gaps, Qt::SkipEmptyParts);
}

const ProviderDefinition *providerOf(const SetupAnswers &answers, const Providers &providers)
{
    const auto label = Label::parse(answers.provider);
    const auto found = label ? providers.find(*label) : providers.end();
    return found == providers.end() ? nullptr : &found->second;
}

bool byUpdate(const SetupAnswers &answers)
{
    return answers.provider == QLatin1String(setupByUpdate);
}

/// The provider's own zone in which `name` lies; empty where there is none.
QString ownZoneOf(const QString &name, const ProviderDefinition *provider)
{
    const auto host = Hostname::parse(name);
    for (const QString &one : provider &&host ? provider->zones : std::vector<QString>()) {
        if (host->ascii() == one || host->ascii().endsWith(QLatin1Char('.') + one))
            return one;
    }
    return {};
}

/// Parts of a site as far as they parse; the errors are the gaps.
class Reader
{
public:
    Reader(const SetupAnswers &given, const Providers &known) : answers(completed(given, known)), providers(known)
    {
        home();
        names();
        vpsPage();
        servicesPage();
    }

    std::vector<SetupGap> gaps;

    Result<Site> site(SetupPage upTo) const
    {
        for (const SetupGap &one : gaps) {
            if (one.page <= upTo)
                return fail(ErrorCode::Invalid, one.sentence);
        }
        Site site{1, *Label::parse(QStringLiteral("home")), {}, {}, {}, {}, {}, {}};
        site.servers = {server ? *server : HomeServer{serverName(), AddressOfThisMachine(), std::nullopt}};
        if (account)
            site.dns = {*account};
        if (vps)
            site.vps = {*vps};
        site.services = services;
        return site;
    }

private:
    void gap(SetupPage page, const QString &field, const QString &sentence) { gaps.push_back({page, field, sentence}); }

    /// Parsed, or a gap: `missing` where nothing was entered.
    template <class T>
    std::optional<T> read(SetupPage page, const QString &field, const QString &text, const QString &missing)
    {
        if (text.trimmed().isEmpty()) {
            gap(page, field, missing);
            return std::nullopt;
        }
        auto value = T::parse(text.trimmed());
        if (value)
            return *value;
        gap(page, field, value.error().summary);
        return std::nullopt;
    }

    static Label serverName() { return *Label::parse(QStringLiteral("server")); }

    std::optional<AddressSource> lanSource()
    {
        const QString text = answers.interfaceId.trimmed();
        const QString field = QStringLiteral("interfaceId");
        if (Ipv4Address::parse(text)) {
            gap(SetupPage::Home, field,
                Texts::tr("%1 is an IPv4 address: enter the interface identifier, for example ::11, or the name in "
                          "this network, for example nas.local.")
                    .arg(text));
            return std::nullopt;
        }
        if (const auto id = enteredId(answers))
            return AddressFromInterfaceId{*id};
        // No identifier has a dot, unless it has colons, too.
        if (text.contains(QLatin1Char('.')) && !text.contains(QLatin1Char(':'))) {
            const auto name = read<Hostname>(SetupPage::Home, field, text, QString());
            return name ? std::optional<AddressSource>(AddressFromLanName{*name}) : std::nullopt;
        }
        const auto id = read<InterfaceId>(
            SetupPage::Home, field, text,
            Texts::tr("Choose the home server, or enter its interface identifier, for example ::11, or its name "
                      "in this network, for example nas.local."));
        return id ? std::optional<AddressSource>(AddressFromInterfaceId{*id}) : std::nullopt;
    }

    void home()
    {
        AddressSource source = AddressOfThisMachine();
        if (!answers.thisMachine) {
            const auto entered = lanSource();
            if (!entered)
                return;
            source = *entered;
        }
        std::optional<Fingerprint> pinned;
        if (!answers.pinnedKey.isEmpty()) {
            const auto key = Fingerprint::parse(answers.pinnedKey);
            if (!key)
                return gap(SetupPage::Services, QStringLiteral("pinnedKey"), key.error().summary);
            pinned = *key;
        }
        server = HomeServer{serverName(), source, pinned};
    }

    void names()
    {
        const SetupPage page = SetupPage::Names;
        readNames(0, page);
        upstream = read<Hostname>(
            page, QStringLiteral("upstreamName"), answers.upstreamName,
            Texts::tr("Enter the upstream name: one more name at your provider, by which the VPS finds the home."));
        vpsName = read<Hostname>(page, QStringLiteral("vpsName"), answers.vpsName,
                                 Texts::tr("Enter the VPS name: one more name, which leads to the VPS alone."));
        if (upstream && vpsName && *upstream == *vpsName)
            gap(page, QStringLiteral("vpsName"),
                Texts::tr("The upstream name and the VPS name must be two names: the one leads to the home, the "
                          "other to the VPS."));
        for (const Hostname &one : namesOf[0]) {
            if (upstream && one == *upstream)
                gap(page, QStringLiteral("upstreamName"),
                    Texts::tr("The upstream name must be another one than the public name %1.").arg(one.display()));
            if (vpsName && one == *vpsName)
                gap(page, QStringLiteral("vpsName"),
                    Texts::tr("The VPS name must be another one than the public name %1.").arg(one.display()));
        }
        readAccount();
    }

    void readNames(std::size_t i, SetupPage page)
    {
        const QString field = QStringLiteral("services.%1.names").arg(i);
        namesOf.resize(std::max(namesOf.size(), i + 1));
        const QStringList words = setupNames(answers.services[i]);
        if (words.isEmpty())
            gap(page, field, Texts::tr("Enter the name that visitors use, for example cloud.example.org."));
        for (const QString &word : words) {
            const auto host = Hostname::parse(word);
            if (!host)
                gap(page, field, host.error().summary);
            else if (!taken.insert(*host).second)
                gap(page, field, Texts::tr("%1 stands twice among the public names.").arg(host->display()));
            else
                namesOf[i].push_back(*host);
        }
    }

    void readAccount()
    {
        const SetupPage page = SetupPage::Names;
        const auto zone = read<Hostname>(page, QStringLiteral("zone"), answers.zone,
                                         Texts::tr("Enter the zone: the part of your names that is yours, for "
                                                   "example example.org."));
        if (zone)
            checkWithin(*zone);
        const auto access = byUpdate(answers) ? updateAccess() : providerAccess();
        std::chrono::seconds ttl{60};
        if (!answers.ttl.trimmed().isEmpty()) {
            bool number = false;
            const int seconds = answers.ttl.trimmed().toInt(&number);
            if (!number || seconds < 1 || seconds > 86400)
                gap(page, QStringLiteral("ttl"),
                    Texts::tr("The time to live is a number of seconds from 1 to 86400, for example 60."));
            else
                ttl = std::chrono::seconds(seconds);
        }
        if (zone && access)
            account = DnsAccount{*Label::parse(QStringLiteral("main")), *zone, *access, ttl};
    }

    void checkWithin(const Hostname &zone)
    {
        const auto outside = [&](const QString &field, const Hostname &name) {
            if (!name.isWithin(zone))
                gap(SetupPage::Names, field,
                    Texts::tr("%1 does not lie in the zone %2.").arg(name.display(), zone.display()));
        };
        for (const Hostname &one : namesOf[0])
            outside(QStringLiteral("services.0.names"), one);
        if (upstream)
            outside(QStringLiteral("upstreamName"), *upstream);
    }

    std::optional<TsigKeyRef> keyOf(const SetupKey &key, const QString &field, const QString &missing)
    {
        const auto name = read<KeyName>(SetupPage::Names, field, key.name, missing);
        return name ? std::optional(TsigKeyRef{*name, key.algorithm}) : std::nullopt;
    }

    using Access = std::variant<UpdateAccess, ProviderAccess, WatchedAccess>;

    std::optional<Access> updateAccess()
    {
        const SetupPage page = SetupPage::Names;
        std::optional<ServerAddress> where;
        if (const auto address = parseIpAddress(answers.dnsServer.trimmed()); address)
            where = std::visit([](const auto &one) { return ServerAddress(one); }, *address);
        else if (const auto name =
                     read<Hostname>(page, QStringLiteral("dnsServer"), answers.dnsServer,
                                    Texts::tr("Enter the primary name server, for example ns1.example.org.")))
            where = *name;
        const auto key = keyOf(answers.key, QStringLiteral("key"),
                               Texts::tr("Enter the name of the TSIG key that may set A and AAAA records."));
        std::optional<TsigKeyRef> acmeKey;
        if (wantsAcmeKey() || !answers.acmeKey.name.isEmpty())
            acmeKey = keyOf(answers.acmeKey, QStringLiteral("acmeKey"),
                            Texts::tr("Enter the name of the TSIG key for certificates (it may set TXT at "
                                      "_acme-challenge names, and goes to the VPS), or choose another way for "
                                      "certificates."));
        if (!where || !key || (wantsAcmeKey() && !acmeKey))
            return std::nullopt;
        return UpdateAccess{*where, *Port::fromNumber(53), *key, acmeKey};
    }

    bool wantsAcmeKey() const
    {
        return std::any_of(answers.services.begin(), answers.services.end(),
                           [](const SetupService &one) { return one.challenge == Challenge::Dns; });
    }

    std::optional<Access> providerAccess()
    {
        const SetupPage page = SetupPage::Names;
        const ProviderDefinition *definition = providerOf(answers, providers);
        if (!definition) {
            gap(page, QStringLiteral("provider"), Texts::tr("Choose the DNS provider."));
            return std::nullopt;
        }
        ProviderAccess access{
            definition->name, {}, answers.url.trimmed(), std::make_shared<const ProviderDefinition>(*definition), {}};
        bool whole = true;
        if (definition->customUrl && access.url.isEmpty()) {
            gap(page, QStringLiteral("url"),
                Texts::tr("Enter the provider's update URL with {host}, {v4} and {v6} in place of what changes."));
            whole = false;
        } else if (const auto secret = literalSecretIn(access.url); definition->customUrl && secret) {
            gap(page, QStringLiteral("url"),
                secret->beforeHost
                    ? Texts::tr("A secret stands in %1 of the URL: leave it out, and give it in the fields below.")
                          .arg(secret->where)
                    : Texts::tr("A secret stands in %1 of the URL: write {%2} in its place, and give it in the field "
                                "below.")
                          .arg(secret->where, secret->credential));
            whole = false;
        }
        for (const CredentialField &one : definition->needs) {
            const auto given = answers.plain.find(one.name.text());
            const QString text = given == answers.plain.end() ? QString() : given->second.trimmed();
            if (one.secret)
                continue;
            if (!text.isEmpty())
                access.plain.emplace(one.name, text);
            else if (!definition->customUrl) {
                gap(page, QStringLiteral("plain.") + one.name.text(),
                    Texts::tr("Enter the %1 of %2. %3").arg(one.label, definition->title, one.where).trimmed());
                whole = false;
            }
        }
        if (whole) {
            if (const auto made = definitionOf(access); !made) {
                gap(page, definition->customUrl ? QStringLiteral("url") : QStringLiteral("provider"),
                    made.error().summary);
                whole = false;
            }
        }
        return whole ? std::optional<Access>(access) : std::nullopt;
    }

    void vpsPage()
    {
        const SetupPage page = SetupPage::Vps;
        std::vector<IpAddress> addresses;
        bool whole = true;
        for (const QString &word : wordsOf(answers.addresses)) {
            const auto one = parseIpAddress(word);
            if (one) {
                addresses.push_back(*one);
                continue;
            }
            gap(page, QStringLiteral("addresses"),
                Texts::tr("“%1” is no IP address; enter the VPS's IPv4 and IPv6 address, as its provider shows "
                          "them.")
                    .arg(word));
            whole = false;
        }
        const bool any4 = std::any_of(addresses.begin(), addresses.end(),
                                      [](const IpAddress &one) { return std::holds_alternative<Ipv4Address>(one); });
        if (whole && !addresses.empty() && !any4) {
            gap(page, QStringLiteral("addresses"),
                Texts::tr("Enter the VPS's IPv4 address, too: it is where visitors with IPv4 are led."));
            whole = false;
        }
        const auto port = read<Port>(page, QStringLiteral("sshPort"), answers.sshPort, QString());
        const auto user = read<Login>(page, QStringLiteral("user"), answers.user, QString());
        const bool needsKey = answers.auth == SshAuth::Key;
        const QString file = answers.keyFile.trimmed();
        if (needsKey && file.isEmpty()) {
            gap(page, QStringLiteral("keyFile"),
                Texts::tr("Let Sixgate make a key and install it, or name a key of yours."));
            whole = false;
        } else if (!file.isEmpty() && answers.auth != SshAuth::Password && !file.startsWith(QLatin1Char('/')) &&
                   !file.startsWith(QLatin1String("~/"))) {
            gap(page, QStringLiteral("keyFile"),
                Texts::tr("The path of the key file begins with / or ~/, for example ~/.ssh/id_ed25519."));
            whole = false;
        }
        const auto pin =
            read<HostKeyPin>(page, QStringLiteral("hostKey"), answers.hostKey,
                             Texts::tr("Fetch the VPS's host key, compare it, and confirm that it is the same."));
        const auto directory = HttpsUrl::parse(answers.directory);
        if (!directory)
            gap(SetupPage::Services, QStringLiteral("directory"), directory.error().summary);
        std::optional<Mail> mail;
        if (!answers.mail.trimmed().isEmpty()) {
            mail = read<Mail>(SetupPage::Services, QStringLiteral("mail"), answers.mail, QString());
            whole = whole && mail;
        }
        if (!whole || !port || !user || !vpsName || !directory)
            return;
        vps = Vps{*Label::parse(QStringLiteral("vps")),
                  *vpsName,
                  *port,
                  *user,
                  answers.auth == SshAuth::Password ? QString() : file,
                  pin ? std::vector{*pin} : std::vector{HostKeyPin(Fingerprint::ofBytes(QByteArray()))},
                  AcmeSettings{*directory, mail, answers.termsAgreed, std::chrono::seconds(30)},
                  answers.auth,
                  addresses,
                  {}};
    }

    void servicesPage()
    {
        const SetupPage page = SetupPage::Services;
        std::set<Label> labels;
        const ProviderDefinition *definition = providerOf(answers, providers);
        for (std::size_t i = 0; i < answers.services.size(); ++i) {
            const SetupService &one = answers.services[i];
            if (i > 0)
                readNames(i, page);
            const auto port = read<Port>(page, QStringLiteral("services.%1.port").arg(i), one.port, QString());
            if (one.challenge == Challenge::Dns && definition && definition->texts == ProviderWay::None)
                gap(page, QStringLiteral("services.%1.challenge").arg(i),
                    Texts::tr("%1 takes no TXT records, so certificates by DNS cannot be had there; choose "
                              "another way.")
                        .arg(definition->title));
            if (namesOf[i].empty() || !port || !upstream)
                continue;
            const auto path = UrlPath::parse(QStringLiteral("/"));
            services.push_back({labelFor(namesOf[i].front(), labels), namesOf[i], *upstream, serverName(), *port, *path,
                                one.challenge});
        }
        if (!answers.termsAgreed)
            gap(page, QStringLiteral("termsAgreed"),
                Texts::tr("Agree to the terms of the certification authority: without them there are no "
                          "certificates for the VPS."));
    }

    /// The first label of a name, made unique.
    static Label labelFor(const Hostname &name, std::set<Label> &taken)
    {
        const QString first = name.ascii().section(QLatin1Char('.'), 0, 0).left(28);
        auto label = Label::parse(first);
        for (int n = 2; !label || taken.contains(*label); ++n)
            label =
                Label::parse(label ? QStringLiteral("%1-%2").arg(first).arg(n) : QStringLiteral("service%1").arg(n));
        taken.insert(*label);
        return *label;
    }

    const SetupAnswers answers;
    const Providers &providers;
    std::optional<HomeServer> server;
    std::vector<std::vector<Hostname>> namesOf;
    std::set<Hostname> taken;
    std::optional<Hostname> upstream;
    std::optional<Hostname> vpsName;
    std::optional<DnsAccount> account;
    std::optional<Vps> vps;
    std::vector<Service> services;
};

} // namespace

std::optional<InterfaceId> enteredId(const SetupAnswers &answers)
{
    const auto id = InterfaceId::entered(answers.interfaceId.trimmed());
    return id ? std::optional(*id) : std::nullopt;
}

QStringList setupNames(const SetupService &service)
{
    QStringList names = wordsOf(service.names);
    // As a browser shows them.
    static const QRegularExpression around(QStringLiteral("\\Ahttps?://|/.*\\z"));
    for (QString &one : names)
        one.remove(around);
    return names;
}

SetupAnswers completed(SetupAnswers answers, const Providers &providers)
{
    if (answers.services.empty())
        answers.services.emplace_back();
    const auto fill = [](QString &text, const QString &with) {
        if (text.trimmed().isEmpty())
            text = with;
    };
    const ProviderDefinition *provider = providerOf(answers, providers);
    const QString first = setupNames(answers.services.front()).value(0);
    if (const auto name = Hostname::parse(first)) {
        const QString own = ownZoneOf(first, provider);
        const QString above = name->ascii().section(QLatin1Char('.'), 1);
        fill(answers.zone, !own.isEmpty() ? own : above.contains(QLatin1Char('.')) ? above : name->ascii());
        if (own.isEmpty()) {
            fill(answers.upstreamName, QStringLiteral("home6.") + answers.zone.trimmed());
            fill(answers.vpsName, QStringLiteral("vps.") + answers.zone.trimmed());
        }
    }
    fill(answers.sshPort, QStringLiteral("22"));
    fill(answers.user, QStringLiteral("root"));
    fill(answers.directory, QLatin1String(LetsEncrypt));
    for (SetupService &one : answers.services)
        fill(one.port, QStringLiteral("443"));
    return answers;
}

std::vector<SetupGap> setupGaps(const SetupAnswers &answers, const Providers &providers)
{
    auto gaps = Reader(answers, providers).gaps;
    std::stable_sort(gaps.begin(), gaps.end(), [](const SetupGap &a, const SetupGap &b) { return a.page < b.page; });
    return gaps;
}

Result<Site> setupSite(const SetupAnswers &answers, const Providers &providers)
{
    return Reader(answers, providers).site(SetupPage::Proof);
}

Result<Site> setupSiteSoFar(const SetupAnswers &answers, const Providers &providers, SetupPage upTo)
{
    // A home server that is not chosen yet is no matter to the account and the VPS.
    SetupAnswers some = answers;
    if (some.interfaceId.trimmed().isEmpty())
        some.thisMachine = true;
    if (some.hostKey.isEmpty())
        some.hostKey = HostKeyPin(Fingerprint::ofBytes(QByteArray())).text();
    if (some.keyFile.trimmed().isEmpty() && some.auth == SshAuth::Key)
        some.keyFile = QStringLiteral("~/.ssh/sixgate_ed25519");
    return Reader(some, providers).site(upTo);
}

std::vector<SetupSecret> setupSecrets(const SetupAnswers &answers, const Providers &providers)
{
    std::vector<SetupSecret> secrets;
    const Label main = *Label::parse(QStringLiteral("main"));
    const bool dns = std::any_of(answers.services.begin(), answers.services.end(),
                                 [](const SetupService &one) { return one.challenge == Challenge::Dns; });
    const DnsAccount account{main, *Hostname::parse(QStringLiteral("example.org")), WatchedAccess(),
                             std::chrono::seconds(60)};
    if (byUpdate(answers)) {
        secrets.push_back({dnsKeySecret(account), Texts::tr("Secret of the key"),
                           Texts::tr("In the key file of the name server: base64 text."), false});
        if (dns || !answers.acmeKey.name.isEmpty())
            secrets.push_back({dnsAcmeKeySecret(account), Texts::tr("Secret of the key for certificates"),
                               Texts::tr("In the key file of the name server: base64 text."), true});
        return secrets;
    }
    const ProviderDefinition *definition = providerOf(answers, providers);
    if (!definition)
        return secrets;
    std::vector<CredentialField> needs = definition->needs;
    if (definition->customUrl) {
        if (const auto own = customProvider(*definition, answers.url.trimmed()))
            needs = own->needs;
    }
    for (const CredentialField &one : needs) {
        if (one.secret)
            secrets.push_back({dnsCredentialSecret(account, one.name), one.label, one.where, false});
    }
    if (dns && definition->challenges.scoped && definition->texts != ProviderWay::None) {
        for (const CredentialField &one : textCredentials(*definition)) {
            if (one.secret)
                secrets.push_back({dnsAcmeCredentialSecret(account, one.name),
                                   Texts::tr("%1 for certificates").arg(one.label), definition->challenges.how, true});
        }
    }
    return secrets;
}

} // namespace sixgate
