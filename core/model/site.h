#pragma once

#include "model/alarm.h"
#include "model/fingerprint.h"
#include "model/hostkeypin.h"
#include "model/hostname.h"
#include "model/interfaceid.h"
#include "model/ipaddress.h"
#include "model/names.h"
#include "model/port.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace sixgate
{

/// What is wanted: the parsed site file (`resources/site/site.schema.json` documents the file). Holds no secret.

/// The server's address is one of this machine's own.
struct AddressOfThisMachine {
    std::optional<InterfaceName> interface; ///< only addresses of this interface; any where absent
};
/// The server's address is the home's /64 on this link plus a fixed interface identifier.
struct AddressFromInterfaceId {
    InterfaceId id;
};
/// The server's address is what its name in the LAN leads to, of those in the home's prefix: multicast DNS for `.local`
/// (RFC 6762), else the system's resolver, at home mostly the router. For servers whose identifier changes with the
/// prefix (RFC 7217). Nobody vouches for such a name: the server proves itself by its certificate.
struct AddressFromLanName {
    Hostname name;
};
using AddressSource = std::variant<AddressOfThisMachine, AddressFromInterfaceId, AddressFromLanName>;

/// A home server: a machine in the LAN that runs services.
struct HomeServer {
    Label name;
    AddressSource address;
    /// Set only where the server's certificate is self-signed: SHA-256 of its SubjectPublicKeyInfo.
    std::optional<Fingerprint> pinnedKey;
};

enum class TsigAlgorithm { HmacSha256, HmacSha512 };
QString tsigAlgorithmName(TsigAlgorithm algorithm); ///< "hmac-sha256" …

/// A TSIG key; the secret itself is in the secret store.
struct TsigKeyRef {
    KeyName name;
    TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256;
};

/// Where RFC 2136 messages go: a name (resolved at each use) or an address.
using ServerAddress = std::variant<Hostname, Ipv4Address, Ipv6Address>;
QString serverAddressText(const ServerAddress &address);

struct ProviderDefinition;

/// A zone that takes messages by RFC 2136 with TSIG.
struct UpdateAccess {
    ServerAddress server; ///< the primary
    Port port;            ///< default 53
    TsigKeyRef key;       ///< may set A and AAAA; secret `dns.<name>.key`
    /// May only set TXT at `_acme-challenge`; goes to the VPS; secret `dns.<name>.acme-key`. Needed where
    /// needsAcmeKey().
    std::optional<TsigKeyRef> acmeKey;
};

/// A zone at a provider that has a definition (model/provider.h). Its secret credentials are secrets
/// `dns.<name>.<credential>`.
struct ProviderAccess {
    Label provider;
    std::map<Label, QString> plain; ///< credentials that are no secrets, e.g. the user name
    QString url;                    ///< where the definition wants one: template of the user's; else empty
    std::shared_ptr<const ProviderDefinition> definition; ///< of `provider`; never null in a parsed site
    /// Whether the VPS gets secrets of its own for certificates, `dns.<name>.acme-<credential>`, and not those of the
    /// home; absent: where the definition says that they may do less.
    std::optional<bool> ownAcme = {};
    /// Where the definition has none of its own: the user's server, "dns.example.org" or "dns.example.org:8443"
    /// (HTTPS).
    QString server = {};

    bool hasOwnAcme() const;
};

/// A zone that something else keeps, a router for example: it is read, never written.
struct WatchedAccess {
};

/// An account at a DNS provider: who keeps a zone's records, and how.
struct DnsAccount {
    Label name;
    Hostname zone;
    std::variant<UpdateAccess, ProviderAccess, WatchedAccess> access;
    std::chrono::seconds ttl{60};

    const UpdateAccess *update() const { return std::get_if<UpdateAccess>(&access); }
    const ProviderAccess *provider() const { return std::get_if<ProviderAccess>(&access); }
    bool watched() const { return std::holds_alternative<WatchedAccess>(access); }
    const TsigKeyRef *acmeKey() const
    {
        const auto *by = update();
        return by && by->acmeKey ? &*by->acmeKey : nullptr;
    }
};

/// How the VPS gets its certificates.
struct AcmeSettings {
    HttpsUrl directory; ///< default: Let's Encrypt
    std::optional<Mail> mail;
    bool termsAgreed = false;
    std::chrono::seconds propagation{30}; ///< wait between setting TXT and asking the CA; 0 to 3600

    friend bool operator==(const AcmeSettings &, const AcmeSettings &) = default;
};

/// How Sixgate proves to the VPS who it is.
enum class SshAuth {
    Key,      ///< a private key file, `keyFile`
    Agent,    ///< a key of the SSH agent (SSH_AUTH_SOCK): that of `keyFile`, or the only one that it has
    Password, ///< by the methods password or keyboard-interactive; secret `vps.<name>.password`
};
QString sshAuthName(SshAuth auth); ///< "key", "agent", "password"

/// A VPS: dual-stack Debian machine that carries the IPv4 visitors.
struct Vps {
    Label name;
    Hostname host; ///< the VPS name: has only the VPS's addresses
    Port sshPort;
    Login user; ///< root, or one who may use sudo; secret `vps.<name>.sudo-password` where sudo asks for one
    /// Key: path of the private key on this machine, passphrase in secret `vps.<name>.passphrase`. Agent: path of the
    /// private or the public key, or empty. `~/` allowed.
    QString keyFile;
    std::vector<HostKeyPin> hostKeys; ///< at least one
    AcmeSettings acme;
    SshAuth auth = SshAuth::Key;
    /// The VPS's addresses, where Sixgate is to keep the VPS name's records; empty: the VPS name is looked up.
    std::vector<IpAddress> addresses;
    /// Keys of the machines that may push the home's address (keepers); each is good for nothing else. Empty: nobody
    /// pushes, and the proxy follows DNS alone.
    std::vector<PushKey> pushKeys;

    friend bool operator==(const Vps &, const Vps &) = default;
};

/// How the certification authority is shown that a service's names are ours (RFC 8555, section 8).
enum class Challenge {
    Dns,       ///< DNS-01: the VPS sets TXT records with the account's ACME key, or at its provider
    Http,      ///< HTTP-01: the home hands unknown challenges to the VPS name, where certbot answers them
    Delegated, ///< DNS-01: `_acme-challenge` names lead to the VPS as their name server, where certbot answers for them
};
QString challengeName(Challenge challenge); ///< "dns", "http", "delegated"

/// A service: its public names, where it runs, by which name the VPS finds it.
struct Service {
    Label name;
    std::vector<Hostname> publicNames; ///< at least one; A → VPS, AAAA → home server
    Hostname upstreamName;             ///< AAAA only; services of one server may share it
    Label server;                      ///< a HomeServer's name
    Port port;                         ///< TLS port at home, default 443
    UrlPath probePath;                 ///< fetched by the probes, default `/`
    Challenge challenge = Challenge::Dns;
};

/// A service that tells the address from which a request comes. Named, no literal: a certificate is for a name.
struct EchoService {
    bool tls = true; ///< https; without it anybody on the way may give the answer
    Hostname host;
    Port port;
    UrlPath path;

    quint16 standardPort() const { return tls ? 443 : 80; }
    /// The URL, as the site file has it.
    QString text() const
    {
        return (tls ? QStringLiteral("https://") : QStringLiteral("http://")) + host.ascii() +
               (port.number() == standardPort() ? QString() : QLatin1Char(':') + port.text()) + path.text();
    }
};

struct Site {
    int schema = 1;
    Label name; ///< names the site in state files; default "home"
    std::vector<HomeServer> servers;
    std::vector<DnsAccount> dns;
    std::vector<Vps> vps; ///< exactly one for now
    std::vector<Service> services;
    /// Services that tell the IPv4 address from which a request comes; the user agreed to asking them. Empty: none is
    /// asked.
    std::vector<EchoService> echo;
    std::optional<Alarm> alarm; ///< absent: nobody is told

    const HomeServer *server(const Label &name) const; ///< nullptr where there is none (validation excludes it)
    /// The account with the longest zone that holds `host`; nullptr where none does.
    const DnsAccount *accountFor(const Hostname &host) const;
    /// Some service gets its certificate by DNS records in this account's zone.
    bool needsAcmeKey(const DnsAccount &account) const;
};

/// Names under which secrets are stored, e.g. `dns.main.key`.
QString dnsKeySecret(const DnsAccount &account);
QString dnsCredentialSecret(const DnsAccount &account, const Label &credential);
QString dnsAcmeKeySecret(const DnsAccount &account);
/// That of a provider's credential which goes to the VPS: its own, or that of the home.
QString dnsAcmeCredentialSecret(const DnsAccount &account, const Label &credential);
/// For texts: its name, with its address where the site file tells it, since another machine may have the name as yet.
QString vpsLabel(const Vps &vps);

QString vpsPassphraseSecret(const Vps &vps);
QString vpsPasswordSecret(const Vps &vps);
QString vpsSudoPasswordSecret(const Vps &vps);

/// Where the pin of a server stands in the site file, as messages name it: `servers[0].pinnedKey`.
QString pinnedKeyPlace(const Site &site, const Label &server);

} // namespace sixgate
