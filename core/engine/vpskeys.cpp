#include "engine/vpskeys.h"

#include "engine/pushline.h"
#include "model/text.h"
#include "model/texts.h"
#include "observe/zone.h"
#include "resources/resources.h"
#include "storage/files.h"
#include "storage/sitefile.h"
#include "transport/program.h"

#include <QFile>
#include <QFileInfo>
#include <QSysInfo>

#include <future>

namespace sixgate
{

using namespace std::chrono_literals;

namespace
{

constexpr auto lookTime = 20s;
constexpr auto connectTime = 25s;
constexpr auto runTime = 30s;
constexpr auto keygenTime = 30s;
constexpr qsizetype mostKeyLine = 16 * 1024;
constexpr qsizetype mostOutput = 4 * 1024 * 1024;

Result<std::unique_ptr<SshSession>> login(const Vps &vps, const std::vector<IpAddress> &addresses, SecretStore &secrets,
                                          std::stop_token stop)
{
    const auto target = vpsTarget(vps, addresses, secrets, stop);
    if (!target)
        return passOn(target);
    return SshSession::connect(*target, Deadline::after(connectTime), stop);
}

/// What keys.pl tells of other places.
QStringList elsewhereOf(const QByteArrayList &lines)
{
    QStringList places;
    for (const QByteArray &line : lines) {
        if (line.startsWith("elsewhere "))
            places << shownLine(QByteArray::fromBase64(line.mid(10)));
    }
    return places;
}

bool isKeyType(const QByteArray &word)
{
    return word.startsWith("ssh-") || word.startsWith("ecdsa-sha2-") || word.startsWith("sk-ssh-") ||
           word.startsWith("sk-ecdsa-");
}

} // namespace

Result<std::vector<IpAddress>> vpsAddressesOf(const Site &site, std::stop_token stop)
{
    return vpsAddresses(site.vps.front(), observeVpsName(site, Deadline::after(lookTime), stop));
}

Result<PresentedHostKey> presentedHostKey(const Site &site, std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    const Vps &vps = site.vps.front();
    const SshTarget target{vpsLabel(vps), *addresses, vps.sshPort, vps.user, {}, {}, vps.hostKeys};
    return readHostKey(target, Deadline::after(connectTime), stop);
}

std::vector<KeyAt> presentedHostKeys(const Vps &vps, std::stop_token stop)
{
    std::vector<std::future<Result<PresentedHostKey>>> asked;
    for (const IpAddress &address : vps.addresses)
        asked.push_back(std::async(std::launch::async, [&vps, address, stop] {
            const SshTarget target{vpsLabel(vps), {address}, vps.sshPort, vps.user, {}, {}, vps.hostKeys};
            return readHostKey(target, Deadline::after(connectTime), stop);
        }));
    std::vector<KeyAt> answers;
    for (size_t i = 0; i < asked.size(); ++i)
        answers.push_back({vps.addresses[i], asked[i].get()});
    return answers;
}

Result<VpsKeys> VpsKeys::open(const Site &site, SecretStore &secrets, std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    auto session = login(site.vps.front(), *addresses, secrets, stop);
    if (!session)
        return passOn(session);
    return VpsKeys(std::move(*session));
}

Result<VpsKeys> VpsKeys::openWithPassword(const Site &site, Secret password, std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    const Vps &vps = site.vps.front();
    SshTarget target{vpsLabel(vps), *addresses, vps.sshPort, vps.user, {}, {}, hostKeyPins(vps)};
    target.auth = SshAuth::Password;
    target.password = std::move(password);
    target.passwordSecret = vpsPasswordSecret(vps);
    auto session = SshSession::connect(target, Deadline::after(connectTime), stop);
    if (!session)
        return passOn(session);
    return VpsKeys(std::move(*session));
}

Result<QByteArray> VpsKeys::run(const QByteArray &question, std::stop_token stop)
{
    const QByteArray script = resource(u"vps/keys.pl") + "__END__\n" + question + '\n';
    const auto ran =
        m_session->exec(RemoteCommand("perl").literal("-"), script, Deadline::after(runTime), stop, {}, mostOutput);
    if (!ran)
        return passOn(ran);
    if (ran->status != 0)
        return fail(ErrorCode::Refused, Texts::tr("The list of SSH keys on the VPS could not be used."),
                    shownLine(ran->err), Texts::tr("Look at ~/.ssh/authorized_keys there."));
    return ran->out;
}

Result<AuthorizedKeys> VpsKeys::list(std::stop_token stop)
{
    const auto out = run("list", stop);
    if (!out)
        return passOn(out);
    AuthorizedKeys all;
    const QByteArrayList lines = out->split('\n');
    all.elsewhere = elsewhereOf(lines);
    for (const QByteArray &line : lines) {
        if (auto key = parseAuthorizedKey(QByteArray::fromBase64(line)))
            all.keys.push_back(std::move(*key));
    }
    return all;
}

Result<VpsKeys::Added> VpsKeys::add(const QByteArray &line, std::stop_token stop)
{
    if (const auto key = parseAuthorizedKey(line); !key)
        return passOn(key);
    const auto out = run("add " + line.trimmed().toBase64(), stop);
    if (!out)
        return passOn(out);
    const QByteArrayList lines = out->split('\n');
    return Added{lines.first() == "added", elsewhereOf(lines)};
}

Outcome VpsKeys::remove(const AuthorizedKey &key, std::stop_token stop)
{
    const auto out = run("remove " + key.blob.toBase64(), stop);
    if (!out)
        return passOn(out);
    if (out->trimmed().toInt() == 0)
        return fail(ErrorCode::NotFound, Texts::tr("That key may not log in there."));
    return {};
}

Result<AuthorizedKey> parseAuthorizedKey(const QByteArray &line)
{
    // Nothing of it is shown: it may be the private key.
    const auto bad = [&] {
        return fail(ErrorCode::Invalid,
                    line.contains("PRIVATE KEY") ? Texts::tr("That is a private key, which never leaves its computer.")
                                                 : Texts::tr("That is no SSH public key."),
                    {}, Texts::tr("Take the file that ends in .pub, one line like \"ssh-ed25519 AAAA… name\"."));
    };
    if (line.size() > 16 * 1024 || line.trimmed().contains('\n'))
        return bad();
    // Options may stand in front, in quotes with blanks.
    const QByteArrayList words = line.simplified().split(' ');
    for (qsizetype i = 0; i + 1 < words.size(); ++i) {
        if (!isKeyType(words[i]))
            continue;
        const auto blob = QByteArray::fromBase64Encoding(words[i + 1], QByteArray::AbortOnBase64DecodingErrors);
        // The blob begins with its type (RFC 4253 section 6.6).
        if (!blob || blob.decoded.mid(4, words[i].size()) != words[i])
            continue;
        return AuthorizedKey{shownLine(words[i]), Fingerprint::ofBytes(blob.decoded),
                             shownLine(words.mid(i + 2).join(' ')), blob.decoded, i > 0};
    }
    return bad();
}

Outcome makeSshKey(const QString &file, const QString &comment, std::stop_token stop)
{
    if (QFileInfo::exists(file))
        return {};
    if (auto made = makePrivateFolder(QFileInfo(file).absolutePath()); !made)
        return made;
    ProgramCall keygen;
    keygen.program = "/usr/bin/ssh-keygen";
    keygen.arguments = {"-q", "-t", "ed25519", "-N", "", "-C", comment.toUtf8(), "-f", QFile::encodeName(file)};
    keygen.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"};
    const auto ended = runProgram(keygen, Deadline::after(keygenTime), std::move(stop));
    if (!ended && ended.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::Unavailable, Texts::tr("ssh-keygen is missing on this computer."), {},
                    Texts::tr("Install it: apt install openssh-client"));
    if (!ended)
        return passOn(ended);
    if (ended->exit != 0)
        return fail(ErrorCode::Refused, Texts::tr("The SSH key %1 could not be made.").arg(file),
                    shownLine(ended->output + ended->errors));
    return {};
}

Result<QByteArray> sshKeyLine(const QString &file, std::stop_token stop)
{
    const QString path = expandHome(file);
    if (!path.startsWith(QLatin1Char('/')))
        return fail(ErrorCode::Invalid, Texts::tr("The key's path is to begin with / or ~/, not \"%1\".").arg(file));
    if (auto made = makeSshKey(path, QStringLiteral("sixgate@") + QSysInfo::machineHostName(), std::move(stop)); !made)
        return passOn(made);
    QFile in(path + QStringLiteral(".pub"));
    if (!in.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, Texts::tr("The public half %1.pub is not there.").arg(file), {},
                    Texts::tr("Make it: ssh-keygen -y -f %1 > %1.pub").arg(path));
    return in.read(mostKeyLine);
}

Result<PushKey> ownPushKey(const QString &siteFile, const Label &site, std::stop_token stop)
{
    const QString file = pushKeyFile(siteFile, site);
    if (auto made = makeSshKey(file, QSysInfo::machineHostName(), std::move(stop)); !made)
        return passOn(made);
    QFile in(file + QStringLiteral(".pub"));
    if (!in.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, Texts::tr("%1 cannot be read.").arg(in.fileName()), in.errorString(),
                    Texts::tr("Remove %1 to have a new key made.").arg(file));
    return PushKey::parse(QString::fromUtf8(in.readAll()));
}

std::optional<PushKey> pushKeyThere(const QString &siteFile, const Label &site)
{
    QFile in(pushKeyFile(siteFile, site) + QStringLiteral(".pub"));
    const auto key = in.open(QIODevice::ReadOnly) ? PushKey::parse(QString::fromUtf8(in.readAll()))
                                                  : Result<PushKey>(fail(ErrorCode::NotFound, {}));
    return key ? std::optional(*key) : std::nullopt;
}

bool sameKey(const PushKey &one, const PushKey &other)
{
    const auto blob = [](const PushKey &key) { return key.text().section(QLatin1Char(' '), 1, 1); };
    return blob(one) == blob(other);
}

Result<QString> bringSshKey(const Site &site, const QString &file, Secret password, std::stop_token stop)
{
    const QString which = file.isEmpty() ? QString::fromLatin1(ownSshKeyFile) : file;
    const auto line = sshKeyLine(which, stop);
    if (!line)
        return passOn(line);
    auto keys = VpsKeys::openWithPassword(site, std::move(password), stop);
    if (!keys)
        return passOn(keys);
    if (auto added = keys->add(*line, stop); !added)
        return passOn(added);
    return which;
}

Outcome tryLogin(const Site &site, SecretStore &secrets, std::stop_token stop)
{
    const auto addresses = vpsAddressesOf(site, stop);
    if (!addresses)
        return passOn(addresses);
    const auto session = login(site.vps.front(), *addresses, secrets, stop);
    return session ? Outcome() : Outcome(passOn(session));
}

} // namespace sixgate
