#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "decide/acmetalk.h"
#include "decide/providercalls.h"
#include "model/alarmnames.h"
#include "model/secret.h"

#include <algorithm>

namespace sixgate::ctl
{

namespace
{

using namespace std::chrono_literals;

constexpr auto patience = 60s; // a keychain may ask the user to unlock it

/// Whether Sixgate ever asks for it: not every SSH key has a passphrase, not every sudo asks.
bool isUsedBy(const Site &site, const QString &name)
{
    const auto needed = secretsNeededBy(site);
    return std::find(needed.begin(), needed.end(), name) != needed.end() ||
           std::any_of(site.vps.begin(), site.vps.end(), [&](const Vps &vps) {
               return (vps.auth == SshAuth::Key && vpsPassphraseSecret(vps) == name) ||
                      (vps.user.text() != QLatin1String("root") && vpsSudoPasswordSecret(vps) == name);
           });
}

bool isTsigKey(const Site &site, const QString &name)
{
    return std::any_of(site.dns.begin(), site.dns.end(), [&](const DnsAccount &account) {
        return account.update() && (dnsKeySecret(account) == name || dnsAcmeKeySecret(account) == name);
    });
}

int list(Output &output, SecretStore &store, const Site &site)
{
    const auto names = store.list();
    if (!names)
        return giveUp(output, names.error(), QStringLiteral("secret list"));
    QJsonArray stored, missing;
    for (const QString &name : *names) {
        stored.append(name);
        output.print(QStringLiteral("%1  stored%2\n")
                         .arg(name.leftJustified(24), QLatin1String(isUsedBy(site, name) ? "" : ", but not used")));
    }
    for (const QString &name : secretsNeededBy(site)) {
        if (std::find(names->begin(), names->end(), name) != names->end())
            continue;
        missing.append(name);
        output.print(QStringLiteral("%1  %2\n").arg(name.leftJustified(24), output.bad(QStringLiteral("missing"))));
    }
    if (!missing.isEmpty())
        output.print(
            QStringLiteral("→ Store what is missing in %1 with: sixgatectl secret set NAME\n").arg(store.place()));
    QJsonObject out = document(QStringLiteral("secret list"));
    out[QStringLiteral("place")] = store.place();
    out[QStringLiteral("stored")] = stored;
    out[QStringLiteral("missing")] = missing;
    output.document(out);
    return AllWell;
}

int done(Output &output, const QString &command, const QString &name, const QString &sentence, bool used)
{
    output.print(sentence);
    QJsonObject out = document(command);
    out[QStringLiteral("name")] = name;
    out[QStringLiteral("used")] = used;
    output.document(out);
    return AllWell;
}

} // namespace

std::vector<QString> secretsNeededBy(const Site &site)
{
    std::vector<QString> names;
    for (const DnsAccount &account : site.dns) {
        if (account.update())
            names.push_back(dnsKeySecret(account));
        const ProviderAccess *access = account.provider();
        const Result<ProviderDefinition> definition =
            access ? definitionOf(*access) : fail(ErrorCode::NotFound, QString());
        for (const CredentialField &one :
             definition ? addressCredentials(*definition) : std::vector<CredentialField>()) {
            if (one.secret)
                names.push_back(dnsCredentialSecret(account, one.name));
        }
        if (!site.needsAcmeKey(account))
            continue;
        if (!access)
            names.push_back(dnsAcmeKeySecret(account));
        for (const CredentialField &one : definition ? textCredentials(*definition) : std::vector<CredentialField>()) {
            const QString name = access ? dnsAcmeCredentialSecret(account, one.name) : QString();
            if (one.secret && std::find(names.begin(), names.end(), name) == names.end())
                names.push_back(name);
        }
    }
    for (const Vps &vps : site.vps) {
        if (vps.auth == SshAuth::Password)
            names.push_back(vpsPasswordSecret(vps));
    }
    if (site.alarm) {
        const auto ofAlarm = alarmSecrets(*site.alarm);
        names.insert(names.end(), ofAlarm.begin(), ofAlarm.end());
    }
    return names;
}

int runSecret(const Options &options, Output &output, std::stop_token stop)
{
    const QString what = options.words.value(1);
    const QString name = options.words.value(2);
    const QString command = QStringLiteral("secret ") + what;
    const bool lists = what == QLatin1String("list");
    const bool sets = what == QLatin1String("set");
    if (!lists && !sets && what != QLatin1String("remove"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("\"secret\" takes set NAME, list or remove NAME, for example: sixgatectl secret "
                                      "set dns.main.key."),
                       {},
                       {}},
                      {});
    if (auto fits = noMoreWords(options, lists ? 2 : 3); !fits)
        return giveUp(output, fits.error(), command);
    if (!lists && name.isEmpty())
        return giveUp(
            output,
            {ErrorCode::Invalid,
             QStringLiteral("The name of the secret is missing, for example: sixgatectl %1 dns.main.key.").arg(command),
             {},
             {}},
            command);
    const auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command);
        return BadInput;
    }
    if (sets && options.secrets == QLatin1String("stdin"))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("--secrets stdin keeps nothing, so nothing can be stored there."),
                       {},
                       QStringLiteral("Name a store that keeps it: keychain, dir:FOLDER or file:FILE.")},
                      command);
    auto store = openSecrets(options, site->name, output, stop);
    if (!store)
        return giveUp(output, store.error(), command);
    if (lists)
        return list(output, **store, *site);
    if (sets) {
        const Error empty{
            ErrorCode::Invalid,
            QStringLiteral("The value of %1 is empty.").arg(name),
            {},
            QStringLiteral("Give it on standard input, for example: sixgatectl secret set %1 < key.txt").arg(name)};
        const auto value =
            askSecret(output, QStringLiteral("Value of %1 (not shown): ").arg(name), ReadUntil::End, empty, stop);
        if (!value)
            return giveUp(output, value.error(), command);
        if (isTsigKey(*site, name) && !base64Text(*value))
            return giveUp(output,
                          {ErrorCode::Invalid,
                           QStringLiteral("The value of %1 is no TSIG key: it is base64, as it stands in the DNS "
                                          "server's configuration.")
                               .arg(name),
                           {},
                           QStringLiteral("Give only what stands in quotes behind \"secret\", on one line. Nothing was "
                                          "stored.")},
                          command);
        if (auto kept = (*store)->set(name, *value, Deadline::after(patience), stop); !kept)
            return giveUp(output, kept.error(), command);
        const bool used = isUsedBy(*site, name);
        QString sentence = QStringLiteral("Stored %1 in %2.\n").arg(name, (*store)->place());
        if (!used)
            sentence += QStringLiteral("  · The site file has no use for this name; see: sixgatectl secret list\n");
        return done(output, command, name, sentence, used);
    }
    if (auto gone = (*store)->remove(name, Deadline::after(patience), stop); !gone) {
        Error error = gone.error();
        if (error.code == ErrorCode::NotFound)
            error.fix = QStringLiteral("See which there are with: sixgatectl secret list");
        return giveUp(output, error, command);
    }
    return done(output, command, name, QStringLiteral("Removed %1 from %2.\n").arg(name, (*store)->place()),
                isUsedBy(*site, name));
}

} // namespace sixgate::ctl
