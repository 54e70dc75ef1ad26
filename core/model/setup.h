#pragma once

#include "model/condition.h"
#include "model/hostkeypin.h"
#include "model/ipv4situation.h"
#include "model/plan.h"
#include "model/provider.h"
#include "model/site.h"
#include "model/texts.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace sixgate
{

/// The setup of a site, page by page: what the user has entered, what was found, what is missing. Holds no secret.

/// In their order.
enum class SetupPage { Welcome, Home, Names, Vps, Services, Router, Review, Apply, Proof };
inline constexpr SetupPage allSetupPages[] = {SetupPage::Welcome, SetupPage::Home,     SetupPage::Names,
                                              SetupPage::Vps,     SetupPage::Services, SetupPage::Router,
                                              SetupPage::Review,  SetupPage::Apply,    SetupPage::Proof};
QString setupPageName(SetupPage page); ///< "welcome", "home" …

/// A service as entered.
struct SetupService {
    QString names; ///< public names, with blanks or commas between them
    QString port;  ///< at home
    Challenge challenge = Challenge::Dns;

    friend bool operator==(const SetupService &, const SetupService &) = default;
};

/// A TSIG key as entered.
struct SetupKey {
    QString name;
    TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256;

    friend bool operator==(const SetupKey &, const SetupKey &) = default;
};

/// All answers as they were entered, also those that do not parse. The services are never empty.
struct SetupAnswers {
    SetupPage page = SetupPage::Welcome; ///< where the user was last

    // This home.
    bool thisMachine = false; ///< the services run on this computer
    QString interfaceId;      ///< of the home server, or its name in the LAN, else
    QString pinnedKey;        ///< of a server with a self-signed certificate; else empty

    // Names and DNS. Empty: derived from the first public name.
    QString zone;
    QString upstreamName;
    QString vpsName;
    QString provider;  ///< "rfc2136", or a provider's
    QString dnsServer; ///< of rfc2136
    SetupKey key;
    SetupKey acmeKey;                 ///< without a name: there is none
    std::map<QString, QString> plain; ///< credentials that are no secrets
    QString url;                      ///< of a provider that wants one
    QString ttl;                      ///< seconds; empty: the default

    // The VPS.
    QString addresses; ///< with blanks between them; empty: its name is looked up
    QString sshPort;   ///< empty: 22
    QString user;      ///< empty: root
    SshAuth auth = SshAuth::Key;
    QString keyFile; ///< of Key and Agent
    QString hostKey; ///< as confirmed; empty: not yet

    // The services.
    std::vector<SetupService> services = {SetupService()};
    QString mail;
    bool termsAgreed = false;
    QString directory; ///< of the certification authority; empty: Let's Encrypt

    /// Where the secrets are: "keychain", "dir:FOLDER" or "file:FILE".
    QString secrets = QStringLiteral("keychain");

    friend bool operator==(const SetupAnswers &, const SetupAnswers &) = default;
};

/// What is missing or wrong on a page.
struct SetupGap {
    SetupPage page = SetupPage::Welcome;
    QString field;    ///< name of the answer, e.g. "zone", "services.0.port"
    QString sentence; ///< names it and tells what to do

    friend bool operator==(const SetupGap &, const SetupGap &) = default;
};

/// Whether this home needs Sixgate at all.
struct SetupNeed {
    bool needed = true; ///< false: visitors can come by IPv4 without a VPS
    bool sure = false;
    QString sentence;
    QString text;
};

/// The home as it was found.
struct SetupHome {
    Known<std::vector<Ipv6Prefix>> prefixes = fail(ErrorCode::NotFound, Texts::tr("Not looked at yet."));
    QString prefixKind; ///< a sentence about them: who gives them, whether they last
    Ipv4Verdict ipv4;
    SetupNeed need;
    /// This computer's own address that could be published, or why there is none.
    Known<Ipv6Address> own = fail(ErrorCode::NotFound, Texts::tr("Not looked at yet."));
};

/// A machine that was found on the LAN.
struct SetupServer {
    QString name;                       ///< by mDNS or the router's DNS; may be empty
    QString mac;                        ///< may be empty
    std::set<QString> foundBy;          ///< "neighbours", "ping", "mdns", "this-machine"
    std::vector<Ipv6Address> addresses; ///< global ones, the one to publish first
    std::vector<Ipv6Address> others;    ///< temporary-looking, local and link-local ones
    std::optional<InterfaceId> id;      ///< of the address to publish
    QString entry; ///< by which it is found again: its identifier, or its name where that may change
    bool thisMachine = false;
    bool router = false;
    std::optional<CertificateSeen> certificate; ///< shown on port 443
    bool trusted = false;                       ///< the certificate's chain, whatever its name
    bool fit = false;
    QString why; ///< one sentence: why it is fit, or not
};

/// A record that will be written.
struct SetupRecord {
    QString name;
    QString type;
    QString value;
    QString purpose;
};

/// What the home router is to be told.
struct SetupRouterEntry {
    QString interfaceId;
    QString address;      ///< as it is now; empty: not known
    bool changes = false; ///< the identifier changes with the prefix
    QStringList ports;
    std::vector<RouterGuide> guides; ///< for each kind of router

    friend bool operator==(const SetupRouterEntry &, const SetupRouterEntry &) = default;
};

/// A credential that was tried.
struct SetupTried {
    bool tried = false; ///< false: it cannot be, `sentence` tells why
    QString sentence;
};

/// The VPS as it was found.
struct SetupVpsLook {
    VpsFacts facts;
    std::vector<Withheld> obstacles; ///< what is in the way of a deployment, and what deserves a word
    QStringList lines;               ///< facts for a person
};

/// What the home's certificate is like.
struct SetupCertificate {
    bool good = false;
    QString sentence;
    QString fix; ///< how to get one; may be empty
    std::optional<CertificateSeen> seen;
};

/// How far the way of a name's certificate is there before the VPS is set up; who sets it up rehearses all of it.
struct SetupWay {
    QString name;
    bool ready = false;
    QString sentence;
    QString fix; ///< may be empty
};

/// What the home's web server answered to a challenge that it does not know.
struct SetupHandover {
    int status = 0;   ///< of HTTP
    QString location; ///< where it leads, as a whole URL; empty: nowhere
};

/// What one kind of web server at home is told so that it hands challenges over.
struct SetupSnippet {
    QString server; ///< "Apache", "nginx", "Caddy"
    QString text;   ///< with comments that say where it goes
};

/// Whether visitors get through the home router.
struct SetupOpen {
    enum class State { Open, Closed, Unknown };
    State state = State::Unknown;
    QString sentence;
};

using Providers = std::map<Label, ProviderDefinition>;

/// A secret that the account needs.
struct SetupSecret {
    QString name;      ///< in the store
    QString label;     ///< what people call it
    QString where;     ///< where to get it; may be empty
    bool acme = false; ///< it goes to the VPS

    friend bool operator==(const SetupSecret &, const SetupSecret &) = default;
};

} // namespace sixgate
