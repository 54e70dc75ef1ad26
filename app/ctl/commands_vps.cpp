// vps trust, keys, rollback, remove, replace.
#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/json.h"
#include "ctl/vps.h"
#include "engine/vpskeys.h"
#include "running/sitework.h"
#include "storage/sitefile.h"
#include "storage/state.h"
#include "transport/sshagent.h"
#include "transport/sshkey.h"

#include <QFile>
#include <QSysInfo>

#include <algorithm>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

using namespace std::chrono_literals;

constexpr auto agentTime = 20s;
constexpr auto lockTime = 5s;

QString command(const Options &options)
{
    return options.words.mid(0, 2).join(QLatin1Char(' '));
}

QString hostKeyTexts(const Vps &vps)
{
    QStringList texts;
    for (const HostKeyPin &pin : vps.hostKeys)
        texts << pin.text();
    return texts.join(QStringLiteral(", "));
}

/// A change of the site file, while no other Sixgate works on that site.
Outcome noted(const Options &options, const Site &site, const std::function<void(Vps &)> &change, std::stop_token stop)
{
    const auto lock = lockSite(site.name, Deadline::after(lockTime), stop);
    if (!lock)
        return passOn(lock);
    return changeVps(options.siteFile, site.vps.front().name, change);
}

int trust(const Options &options, Output &output, Site site, std::stop_token stop)
{
    Vps &vps = site.vps.front();
    output.activity(QStringLiteral("Asking %1 for its host key").arg(vps.host.ascii()));
    const auto key = presentedHostKey(site, stop);
    output.quiet();
    if (!key)
        return giveUp(output, key.error(), command(options));
    QJsonObject out = document(command(options));
    out[QStringLiteral("type")] = key->type;
    out[QStringLiteral("fingerprint")] = key->fingerprint.text();
    out[QStringLiteral("md5")] = key->md5;
    const auto fits = [&](const HostKeyPin &pin) { return pin.fits(key->type, key->fingerprint); };
    if (std::any_of(vps.hostKeys.begin(), vps.hostKeys.end(), fits)) {
        output.print(QStringLiteral("%1 presents the key that is pinned: %2 %3\n")
                         .arg(vps.host.ascii(), key->type, key->fingerprint.text()));
        out[QStringLiteral("changed")] = false;
        output.document(out);
        return AllWell;
    }
    if (!hostKeyPins(vps).empty() && !options.has("--new-key"))
        return giveUp(
            output,
            {ErrorCode::HostKey,
             QStringLiteral("%1 presents another host key than the pinned one.").arg(vps.host.ascii()),
             QStringLiteral("Presented: %1 %2 (%3).\nPinned: %4.")
                 .arg(key->type, key->fingerprint.text(), key->md5, hostKeyTexts(vps)),
             QStringLiteral("It can mean that the machine was installed anew, that its keys were replaced, that "
                            "its address belongs to another machine now, or that somebody intercepts the "
                            "connection. If you know why: sixgatectl vps trust --new-key")},
            command(options));
    if (auto confirmed = confirmHostKey(options, output, vps.host.ascii(), *key, stop); !confirmed)
        return giveUp(output, confirmed.error(), command(options));
    const HostKeyPin pin{*HostKeyType::parse(key->type), key->fingerprint};
    if (auto saved = noted(
            options, site, [&](Vps &one) { one.hostKeys = {pin}; }, stop);
        !saved)
        return giveUp(output, saved.error(), command(options));
    output.print(QStringLiteral("Pinned in %1. From now on Sixgate talks to no machine with another key.\n")
                     .arg(options.siteFile));
    out[QStringLiteral("changed")] = true;
    output.document(out);
    return AllWell;
}

void tellElsewhere(Output &output, const QStringList &elsewhere)
{
    if (!elsewhere.isEmpty())
        output.print(
            QStringLiteral("The SSH server's settings name other places with keys, too, where Sixgate does not "
                           "look: %1\n")
                .arg(elsewhere.join(QStringLiteral(", "))));
}

/// The public key of this computer's login; nothing where it logs in otherwise.
std::optional<QByteArray> ownKey(const Vps &vps, std::stop_token stop)
{
    if (vps.auth == SshAuth::Agent) {
        const auto login = sshAgentLogin(qEnvironmentVariable("SSH_AUTH_SOCK"), expandHome(vps.keyFile),
                                         Deadline::after(agentTime), std::move(stop));
        return login ? std::optional(login->key.blob) : std::nullopt;
    }
    if (vps.keyFile.isEmpty())
        return std::nullopt;
    auto blob = readSshPublicKey(expandHome(vps.keyFile));
    return blob ? std::optional(std::move(*blob)) : std::nullopt;
}

int listKeys(const Options &options, Output &output, const Site &site, VpsKeys &keys, std::stop_token stop)
{
    const auto all = keys.list(stop);
    if (!all)
        return giveUp(output, all.error(), command(options));
    const Vps &vps = site.vps.front();
    const auto own = ownKey(vps, stop);
    QJsonArray list;
    output.print(QStringLiteral("May log in as %1 on %2:\n").arg(vps.user.text(), vps.host.ascii()));
    for (const AuthorizedKey &key : all->keys) {
        const bool mine = own == key.blob;
        output.print(QStringLiteral("  %1  %2  %3%4\n")
                         .arg(key.fingerprint.text(), key.type.leftJustified(11), key.comment,
                              mine ? output.good(QStringLiteral("  (this computer)")) : QString()));
        list.append(QJsonObject{{QStringLiteral("fingerprint"), key.fingerprint.text()},
                                {QStringLiteral("type"), key.type},
                                {QStringLiteral("comment"), key.comment},
                                {QStringLiteral("restricted"), key.restricted},
                                {QStringLiteral("thisComputer"), mine}});
    }
    if (all->keys.empty())
        output.print(QStringLiteral("  no key at all\n"));
    tellElsewhere(output, all->elsewhere);
    QJsonObject out = document(command(options));
    out[QStringLiteral("keys")] = list;
    out[QStringLiteral("elsewhere")] = QJsonArray::fromStringList(all->elsewhere);
    output.document(out);
    return AllWell;
}

/// The JSON document about it.
Result<QJsonObject> added(const Options &options, Output &output, VpsKeys &keys, const QByteArray &line,
                          std::stop_token stop)
{
    const auto result = keys.add(line, stop);
    if (!result)
        return passOn(result);
    const bool isNew = result->isNew;
    const auto key = parseAuthorizedKey(line);
    output.print((isNew ? QStringLiteral("%1 (%2) may log in now.\n") : QStringLiteral("%1 (%2) may log in already.\n"))
                     .arg(key->fingerprint.text(), key->comment));
    QJsonObject out = document(command(options));
    out[QStringLiteral("fingerprint")] = key->fingerprint.text();
    out[QStringLiteral("changed")] = isNew;
    tellElsewhere(output, result->elsewhere);
    return out;
}

int addKey(const Options &options, Output &output, VpsKeys &keys, const QByteArray &line, std::stop_token stop)
{
    const auto out = added(options, output, keys, line, stop);
    if (!out)
        return giveUp(output, out.error(), command(options));
    output.document(*out);
    return AllWell;
}

int removeKey(const Options &options, Output &output, const Site &site, VpsKeys &keys, std::stop_token stop)
{
    const auto wanted = Fingerprint::parse(options.words.value(3));
    if (!wanted) {
        giveUp(output, wanted.error(), command(options));
        return BadInput;
    }
    const auto all = keys.list(stop);
    if (!all)
        return giveUp(output, all.error(), command(options));
    const auto found = std::find_if(all->keys.begin(), all->keys.end(),
                                    [&](const AuthorizedKey &key) { return key.fingerprint == *wanted; });
    if (found == all->keys.end())
        return giveUp(output,
                      {ErrorCode::NotFound,
                       QStringLiteral("No key with that fingerprint may log in there."),
                       {},
                       QStringLiteral("See which may: sixgatectl vps keys")},
                      command(options));
    const auto own = ownKey(site.vps.front(), stop);
    if (!own && site.vps.front().auth != SshAuth::Password)
        return giveUp(
            output,
            {ErrorCode::Refused,
             QStringLiteral("It is not known which key is this computer's own, so none is removed from here."),
             {},
             QStringLiteral("Make its public half: ssh-keygen -y -f KEY > KEY.pub")},
            command(options));
    if (own == found->blob)
        return giveUp(
            output,
            {ErrorCode::Refused,
             QStringLiteral("That is the key with which this computer logs in; without it you would be locked "
                            "out."),
             {},
             QStringLiteral("Remove it from another computer, or let this one use another key first: "
                            "sixgatectl vps keys install --key FILE")},
            command(options));
    if (auto gone = keys.remove(*found, stop); !gone)
        return giveUp(output, gone.error(), command(options));
    output.print(QStringLiteral("%1 (%2) may not log in any more. Connections that are open now stay open until they "
                                "end.\n")
                     .arg(found->fingerprint.text(), found->comment));
    tellElsewhere(output, all->elsewhere);
    const QStringList left = stillToRevoke(site);
    output.print(QStringLiteral("A lost computer may hold more that still works:\n  - %1\n")
                     .arg(left.join(QStringLiteral("\n  - "))));
    QJsonObject out = document(command(options));
    out[QStringLiteral("fingerprint")] = found->fingerprint.text();
    out[QStringLiteral("changed")] = true;
    out[QStringLiteral("stillToRevoke")] = QJsonArray::fromStringList(left);
    output.document(out);
    return AllWell;
}

/// Lets this computer in: a key, brought with the password, tried, and noted in the site file.
/// From now on this computer logs in with that key, which was tried.
int adopted(const Options &options, Output &output, const Site &site, const std::function<void(Vps &)> &withKey,
            const QJsonObject &out, std::stop_token stop)
{
    if (auto saved = noted(options, site, withKey, stop); !saved)
        return giveUp(output, saved.error(), command(options));
    output.document(out);
    output.print(QStringLiteral("Logged in with it; %1 names it from now on.\n").arg(options.siteFile));
    return AllWell;
}

int installKey(const Options &options, Output &output, Site site, SecretStore &secrets, std::stop_token stop)
{
    Vps &vps = site.vps.front();
    if (hostKeyPins(vps).empty())
        return giveUp(output,
                      {ErrorCode::HostKey,
                       QStringLiteral("No SSH host key of %1 is pinned yet.").arg(vpsLabel(vps)),
                       {},
                       QStringLiteral("Fetch and compare it first: sixgatectl vps trust")},
                      command(options));
    const bool has = vps.auth == SshAuth::Key && QFile::exists(expandHome(vps.keyFile));
    const QString given = options.value("--key");
    const QString file = !given.isEmpty() ? given : has ? vps.keyFile : QLatin1String(ownSshKeyFile);
    const QString path = expandHome(file);
    if (!path.startsWith(QLatin1Char('/')))
        return giveUp(output,
                      {ErrorCode::Invalid,
                       QStringLiteral("--key takes a path that begins with / or ~/, not \"%1\".").arg(given),
                       {},
                       {}},
                      command(options));
    const bool isNew = !QFile::exists(path);
    if (isNew)
        output.print(QStringLiteral("Making the key %1 …\n").arg(file));
    const auto read = sshKeyLine(file, stop);
    if (!read)
        return giveUp(output, read.error(), command(options));
    const QByteArray &line = *read;
    const auto withKey = [&file](Vps &one) {
        one.auth = SshAuth::Key;
        one.keyFile = file;
    };
    Site with = site;
    withKey(with.vps.front());
    // Somebody may have brought it there already, for example in the provider's web page.
    if (!isNew && tryLogin(with, secrets, stop)) {
        QJsonObject out = document(command(options));
        if (const auto key = parseAuthorizedKey(line))
            out[QStringLiteral("fingerprint")] = key->fingerprint.text();
        out[QStringLiteral("changed")] = false;
        return adopted(options, output, site, withKey, out, stop);
    }
    auto password = askSecret(
        output,
        QStringLiteral("Password of %1 on %2 (used once, kept nowhere): ").arg(vps.user.text(), vps.host.ascii()),
        ReadUntil::LineEnd, {ErrorCode::Invalid, QStringLiteral("No password was given on standard input."), {}, {}},
        stop);
    if (!password)
        return giveUp(output, password.error(), command(options));
    auto keys = VpsKeys::openWithPassword(site, std::move(*password), stop);
    if (!keys) {
        if (keys.error().code == ErrorCode::Denied)
            keys.error().fix =
                QStringLiteral("Try again with the right password. Where the VPS lets nobody in by password, add the "
                               "line of %1.pub in the provider's web page, or from a computer that may log in "
                               "(sixgatectl vps keys add FILE), then repeat this command.")
                    .arg(file);
        return giveUp(output, keys.error(), command(options));
    }
    const auto out = added(options, output, *keys, line, stop);
    if (!out)
        return giveUp(output, out.error(), command(options));
    if (auto works = tryLogin(with, secrets, stop); !works)
        return giveUp(output, works.error(), command(options));
    return adopted(options, output, site, withKey, *out, stop);
}

int runKeys(const Options &options, Output &output, Site site, SecretStore &secrets, std::stop_token stop)
{
    const QString what = options.words.value(2);
    if (what == QLatin1String("install"))
        return installKey(options, output, std::move(site), secrets, stop);
    if (!what.isEmpty() && what != QLatin1String("add") && what != QLatin1String("remove"))
        return giveUp(
            output,
            {ErrorCode::Invalid,
             QStringLiteral("\"vps keys\" takes install, add FILE, remove FINGERPRINT or nothing, for example: "
                            "sixgatectl vps keys."),
             {},
             {}},
            command(options));
    if (!what.isEmpty() && options.words.size() < 4)
        return giveUp(output,
                      {ErrorCode::Invalid,
                       what == QLatin1String("add")
                           ? QStringLiteral("The public key file is missing, for example: sixgatectl vps keys add "
                                            "id_ed25519.pub.")
                           : QStringLiteral("The fingerprint is missing, for example: sixgatectl vps keys remove "
                                            "SHA256:…; sixgatectl vps keys shows them."),
                       {},
                       {}},
                      command(options));
    // What is wrong with the input is told before anybody is asked.
    if (const auto wanted = Fingerprint::parse(options.words.value(3)); what == QLatin1String("remove") && !wanted) {
        giveUp(output, wanted.error(), command(options));
        return BadInput;
    }
    QByteArray line;
    if (what == QLatin1String("add")) {
        auto read = publicKeyLine(options.words[3], stop);
        if (!read)
            return giveUp(output, read.error(), command(options));
        line = std::move(*read);
        if (const auto key = parseAuthorizedKey(line); !key)
            return giveUp(output, key.error(), command(options));
    }
    auto keys = VpsKeys::open(site, secrets, stop);
    if (!keys)
        return giveUp(output, keys.error(), command(options));
    if (what.isEmpty())
        return listKeys(options, output, site, *keys, stop);
    return what == QLatin1String("add") ? addKey(options, output, *keys, line, stop)
                                        : removeKey(options, output, site, *keys, stop);
}

} // namespace

int runVps(const Options &options, Output &output, std::stop_token stop, std::stop_token detach)
{
    const QString what = options.words.value(1);
    const bool keys = what == QLatin1String("keys");
    const QStringList all = {QStringLiteral("trust"),    QStringLiteral("keys"),   QStringLiteral("push-key"),
                             QStringLiteral("rollback"), QStringLiteral("remove"), QStringLiteral("replace")};
    if (!all.contains(what)) {
        output.error(
            {ErrorCode::Invalid,
             QStringLiteral("\"vps\" takes %1, for example: sixgatectl vps trust.").arg(all.join(QStringLiteral(", "))),
             {},
             {}});
        return BadInput;
    }
    if (auto fits = noMoreWords(options, keys ? 4 : 2); !fits)
        return giveUp(output, fits.error(), command(options));
    if (const auto known = HostKeyPin::parse(options.value("--host-key")); options.has("--host-key") && !known)
        return giveUp(
            output,
            {ErrorCode::Invalid, QStringLiteral("--host-key: %1").arg(known.error().summary), {}, known.error().fix},
            command(options));
    auto site = siteOf(options);
    if (!site) {
        giveUp(output, site.error(), command(options));
        return BadInput;
    }
    if (what == QLatin1String("trust"))
        return trust(options, output, std::move(*site), stop);
    auto secrets = openSecrets(options, site->name, output, stop);
    if (!secrets)
        return giveUp(output, secrets.error(), command(options));
    if (keys)
        return runKeys(options, output, std::move(*site), **secrets, stop);
    return runVpsJob(options, output, std::move(*site), **secrets, {stop, detach});
}

} // namespace sixgate::ctl
