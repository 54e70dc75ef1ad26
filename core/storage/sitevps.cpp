#include "model/text.h"
#include "model/texts.h"
#include "storage/sitefields.h"

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr std::size_t mostPushKeys = 8;
constexpr const char *LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

Result<AcmeSettings> parseAcme(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"directory", "mail", "agreeToTerms", "propagationSeconds"});
    if (!fields)
        return passOn(fields);
    const auto given = optionalField<HttpsUrl>(*fields, "directory", "\"https://acme.example.org/directory\"");
    if (!given)
        return passOn(given);
    const auto directory = *given ? Result<HttpsUrl>(**given) : HttpsUrl::parse(QLatin1String(LetsEncrypt));
    if (!directory)
        return passOn(directory);
    const auto mail = optionalField<Mail>(*fields, "mail", "\"me@example.org\"");
    if (!mail)
        return passOn(mail);
    const auto agreeNode = fields->need("agreeToTerms", "true");
    if (!agreeNode)
        return passOn(agreeNode);
    const auto agreed = jsonBool(*agreeNode);
    if (!agreed)
        return passOn(agreed);
    const auto propagation = secondsField(*fields, "propagationSeconds", 0, 3600, 30);
    if (!propagation)
        return passOn(propagation);
    return AcmeSettings{*directory, *mail, *agreed, *propagation};
}

Result<QString> parseKeyFile(const JsonNode &node)
{
    const auto text = jsonText(node, "\"~/.ssh/id_ed25519\"");
    if (!text)
        return passOn(text);
    const bool rooted = text->startsWith(u'/') || text->startsWith(QLatin1String("~/"));
    // It stands in error texts: nothing that hides, breaks the line or turns the direction.
    const auto points = text->toUcs4();
    const bool printable = text->isValidUtf16() && std::all_of(points.begin(), points.end(), [](uint c) {
                               return QChar::isPrint(c) && c != 0x2028 && c != 0x2029;
                           });
    if (!rooted || !printable || text->size() > 1024 || text->endsWith(u'/'))
        return failAt(node.path, Texts::tr("the path of a private key file is wanted, beginning with / or ~/, for "
                                           "example \"~/.ssh/id_ed25519\"."));
    return *text;
}

Result<std::vector<HostKeyPin>> parseHostKeys(const JsonNode &node)
{
    const char *example = "[\"ssh-ed25519 SHA256:…\"]";
    const auto items = jsonList(node, example);
    if (!items)
        return passOn(items);
    if (items->empty())
        return failAt(node.path,
                      Texts::tr("At least one fingerprint of the VPS's SSH host key is needed, for example %1.")
                          .arg(QString::fromUtf8(example)),
                      Texts::tr("Let Sixgate fetch it, and compare it: sixgatectl vps trust"));
    std::vector<HostKeyPin> keys;
    for (const JsonNode &item : *items) {
        const auto key = jsonParsed<HostKeyPin>(item, "\"ssh-ed25519 SHA256:…\"");
        if (!key)
            return passOn(key);
        keys.push_back(*key);
    }
    return keys;
}

struct SshSettings {
    Port port;
    Login user;
    SshAuth auth;
    QString keyFile;
    std::vector<HostKeyPin> hostKeys;
};

Result<SshAuth> parseAuth(const JsonFields &ssh)
{
    if (!ssh.has("auth"))
        return SshAuth::Key;
    const JsonNode node = ssh.at("auth");
    const auto text = jsonText(node, "\"key\"");
    if (!text)
        return passOn(text);
    for (const SshAuth one : {SshAuth::Key, SshAuth::Agent, SshAuth::Password}) {
        if (*text == sshAuthName(one))
            return one;
    }
    return failAt(
        node.path,
        Texts::tr("%1 is not a way to log in, for example \"key\", \"agent\" or \"password\".").arg(quoted(*text)));
}

Result<SshSettings> parseSsh(const JsonNode &node, const Label &vps)
{
    const bool password = node.value.toObject().contains(QLatin1String("password"));
    if (const auto clean = refuseSecret(
            node, QStringLiteral("vps.%1.%2").arg(vps.text(), QLatin1String(password ? "password" : "passphrase")));
        !clean)
        return passOn(clean);
    const auto ssh = JsonFields::open(node, {"port", "user", "auth", "keyFile", "hostKeys"});
    if (!ssh)
        return passOn(ssh);
    const auto port = portField(*ssh, "port", 22);
    if (!port)
        return passOn(port);
    const auto user = neededField<Login>(*ssh, "user", "\"root\"");
    if (!user)
        return passOn(user);
    const auto auth = parseAuth(*ssh);
    if (!auth)
        return passOn(auth);
    if (*auth == SshAuth::Password && ssh->has("keyFile"))
        return failAt(ssh->at("keyFile").path, Texts::tr("This key goes with \"auth\": \"key\" or \"agent\", not "
                                                         "with \"password\"."));
    QString keyFile;
    if (*auth == SshAuth::Key || ssh->has("keyFile")) {
        const auto keyNode = ssh->need("keyFile", "\"~/.ssh/id_ed25519\"");
        if (!keyNode)
            return passOn(keyNode);
        auto file = parseKeyFile(*keyNode);
        if (!file)
            return passOn(file);
        keyFile = std::move(*file);
    }
    const auto hostKeysNode = ssh->need("hostKeys", "[\"ssh-ed25519 SHA256:…\"]");
    if (!hostKeysNode)
        return passOn(hostKeysNode);
    const auto hostKeys = parseHostKeys(*hostKeysNode);
    if (!hostKeys)
        return passOn(hostKeys);
    return SshSettings{*port, *user, *auth, keyFile, *hostKeys};
}

Result<std::vector<IpAddress>> parseAddresses(const JsonNode &node)
{
    const char *example = "[\"192.0.2.10\", \"2001:db8::10\"]";
    const auto items = jsonList(node, example);
    if (!items)
        return passOn(items);
    std::vector<IpAddress> addresses;
    for (const JsonNode &item : *items) {
        const auto text = jsonText(item, "\"192.0.2.10\"");
        if (!text)
            return passOn(text);
        const auto address = parseIpAddress(*text);
        if (!address)
            return failAt(item.path, address.error().summary, address.error().fix);
        if (!std::visit([](const auto &one) { return one.isGlobal(); }, *address))
            return failAt(item.path, Texts::tr("%1 cannot be reached from the internet, for example %2.")
                                         .arg(ipText(*address), QLatin1String(example)));
        if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end())
            return failAt(item.path, Texts::tr("This address stands here twice; keep one."));
        addresses.push_back(*address);
    }
    const auto isIpv4 = [](const IpAddress &one) { return std::holds_alternative<Ipv4Address>(one); };
    if (std::none_of(addresses.begin(), addresses.end(), isIpv4))
        return failAt(node.path,
                      Texts::tr("The VPS's IPv4 address is missing, for example %1.").arg(QLatin1String(example)));
    return addresses;
}

Result<std::vector<PushKey>> parsePushKeys(const JsonNode &node)
{
    const auto items = jsonList(node, "[\"ssh-ed25519 AAAA… nas\"]");
    if (!items)
        return passOn(items);
    if (items->empty())
        return failAt(node.path, Texts::tr("There is no key in it; leave \"pushKeys\" out where no machine pushes."));
    if (items->size() > mostPushKeys)
        return failAt(node.path, Texts::tr("At most %1 machines may push.").arg(mostPushKeys));
    std::vector<PushKey> keys;
    for (const JsonNode &item : *items) {
        const auto key = jsonParsed<PushKey>(item, "\"ssh-ed25519 AAAA… nas\"");
        if (!key)
            return passOn(key);
        const auto same = [&](const PushKey &one) {
            return one.text().section(QLatin1Char(' '), 1, 1) == key->text().section(QLatin1Char(' '), 1, 1);
        };
        if (std::any_of(keys.begin(), keys.end(), same))
            return failAt(item.path, Texts::tr("This key stands here twice; keep one."));
        keys.push_back(*key);
    }
    return keys;
}

} // namespace

Result<Vps> parseVps(const JsonNode &node)
{
    const auto fields = JsonFields::open(node, {"name", "host", "addresses", "ssh", "acme", "pushKeys"});
    if (!fields)
        return passOn(fields);
    const auto name = neededField<Label>(*fields, "name", "\"vps\"");
    if (!name)
        return passOn(name);
    const auto host = neededField<Hostname>(*fields, "host", "\"vps.example.org\"");
    if (!host)
        return passOn(host);
    std::vector<IpAddress> addresses;
    if (fields->has("addresses")) {
        auto given = parseAddresses(fields->at("addresses"));
        if (!given)
            return passOn(given);
        addresses = std::move(*given);
    }
    const auto sshNode = fields->need("ssh", "{ \"user\": \"root\", \"keyFile\": \"~/.ssh/id_ed25519\", \"hostKeys\": "
                                             "[\"ssh-ed25519 SHA256:…\"] }");
    if (!sshNode)
        return passOn(sshNode);
    const auto ssh = parseSsh(*sshNode, *name);
    if (!ssh)
        return passOn(ssh);
    const auto acmeNode = fields->need("acme", "{ \"mail\": \"me@example.org\", \"agreeToTerms\": true }");
    if (!acmeNode)
        return passOn(acmeNode);
    const auto acme = parseAcme(*acmeNode);
    if (!acme)
        return passOn(acme);
    std::vector<PushKey> pushKeys;
    if (fields->has("pushKeys")) {
        auto given = parsePushKeys(fields->at("pushKeys"));
        if (!given)
            return passOn(given);
        pushKeys = std::move(*given);
    }
    return Vps{*name, *host, ssh->port, ssh->user, ssh->keyFile, ssh->hostKeys, *acme, ssh->auth, addresses, pushKeys};
}

} // namespace sixgate
