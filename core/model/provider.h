#pragma once

#include "model/hostname.h"
#include "model/names.h"
#include "model/pace.h"
#include "model/port.h"

#include <QDate>
#include <QJsonValue>
#include <QStringList>

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace sixgate
{

/// A provider of DNS as data: a file of `resources/providers` or of the user's own (`resources/providers/README.md`
/// explains each field). Holds no secret.
///
/// Templates are texts with placeholders in braces. Those that are filled: {host} the name, {hosts} several of one call
/// with commas, {zone}, {label} and {labels} the names below their zone, {owner} and {ownerLabel} the owner of a TXT
/// record, {v4}, {v6}, {address} one of them, {addresses} both with a comma, {type}, {ttl}, {value}, {zoneId},
/// {recordId}, {action}, {version}, {server}. Any other is the name of a credential.

/// A template cut at its placeholders.
struct TemplatePart {
    QString text; ///< a placeholder's without its braces
    bool placeholder = false;

    friend bool operator==(const TemplatePart &, const TemplatePart &) = default;
};
std::vector<TemplatePart> templateParts(const QString &text);

/// Whether a placeholder is one of the above, and no credential.
bool isTemplateVariable(const QString &name);

/// A template of a URL: https, a fixed host, a port.
struct TemplateUrl {
    Hostname host;
    Port port;
    QString path; ///< a template; at least "/"
};
Result<TemplateUrl> templateUrl(const QString &url);

/// What the user gets from the provider, and types in once.
struct CredentialField {
    Label name;
    QString label;      ///< as the provider's pages call it
    QString where;      ///< one sentence: where to get it
    bool secret = true; ///< stored with the secrets, shown nowhere
};

/// How addresses or texts are set.
enum class ProviderWay {
    None,
    Template, ///< by filling in one URL or form: the dyndns2 family
    Api,      ///< by an API of records, `RestApi`
    Update,   ///< by DNS UPDATE (RFC 2136) with TSIG
};

enum class TransportFamily { Any, V4, V6 };

/// One HTTP request. All texts but `method` are templates; placeholders are encoded for where they stand.
struct ProviderCall {
    QByteArray method;  ///< GET, POST, PUT, PATCH, DELETE
    QString url;        ///< https, with a fixed host
    QStringList query;  ///< "name=template"; "name?=template" is left out where it would be empty
    QStringList form;   ///< the same, as application/x-www-form-urlencoded
    QJsonValue json;    ///< undefined: none. {"*": X} is a list with X for each value; "{ttl}" alone is a number
    QStringList header; ///< "Name: template", beside those of the definition
};

/// What becomes of a family of addresses that is not sent, and how that is told.
struct FamilyRule {
    enum class Omitted {
        Kept,     ///< documented: it stays as it is
        Deleted,  ///< documented: it goes
        Source,   ///< the address from which the request comes takes its place
        Unproven, ///< nobody knows: both are sent whenever the name has both
    };
    bool offered = true; ///< false: this family cannot be set here
    Omitted omitted = Omitted::Unproven;
    std::optional<QString> keep;  ///< stands in place of the address: "as it is"
    QStringList keepParameters;   ///< "name=value" to send for "as it is"
    std::optional<QString> erase; ///< stands in place of the address: "none"; may be empty

    bool canKeep() const { return keep || !keepParameters.isEmpty() || omitted == Omitted::Kept; }
};

/// What an answer means for one record.
enum class AnswerMeaning {
    Done,       ///< stored
    Unchanged,  ///< it was so already
    Stop,       ///< nothing more is sent until the user has acted
    Retry,      ///< not before `after`
    Redirected, ///< to another address, which is not followed
    Strange,    ///< nothing that this provider says: never success
    NoAnswer,   ///< sent, and what became of it is not known
    Unsent,     ///< could not be sent
    Withheld,   ///< not sent, since that might do harm; `sentence` tells
    Unneeded,   ///< not sent, since it stands so already
};
QString answerMeaningName(AnswerMeaning meaning); ///< lower-case word

/// A word of the provider.
struct AnswerRule {
    QString word;
    AnswerMeaning means = AnswerMeaning::Strange;
    std::optional<std::chrono::seconds> after; ///< of Retry
    QString say;                               ///< for a person: what it means and what to do; may be empty
    bool account = false;                      ///< it is about the account, so nothing else is sent either
};

/// Where the provider's word is found.
struct AnswerReader {
    enum class By {
        Lines,    ///< first word of each line: one line for each name
        First,    ///< first word of the body
        Contains, ///< the word stands somewhere in the body, which may be HTML
        Json,     ///< the text at `place`
        Header,   ///< the header `place`
    };
    By by = By::Lines;
    QString place; ///< header's name, or path such as `errors.0.message`
    QString text;  ///< of Json: the path of the provider's own sentence; may be empty
    std::vector<AnswerRule> rules;
    std::vector<AnswerRule> also; ///< a line that makes a good answer more exact: "NOCHANGE"
    bool dyndns2 = false;         ///< the words of that protocol, after the rules
};

struct AnswerRules {
    std::vector<AnswerReader> readers; ///< the first that finds something decides
    std::map<int, AnswerRule> statuses;
    bool perCall = false; ///< one answer stands for all names of the call
};

/// Addresses by a filled-in URL.
struct TemplateUpdate {
    ProviderCall call;
    bool separate = false; ///< one address a call
    int mostHosts = 1;     ///< in one call
    FamilyRule v4;
    FamilyRule v6;
    QStringList eraseAll; ///< parameters that delete both families; empty: there are none
    AnswerRules answers;
};

/// Texts by a filled-in URL.
struct TemplateText {
    ProviderCall add;
    ProviderCall remove;
    AnswerRules answers;
};

/// A question to an API, and how to find in its answer what was asked for.
struct RestQuestion {
    ProviderCall call;
    QString items;                                    ///< path of the list of items; empty: the document is one
    std::vector<std::pair<QString, QString>> matches; ///< path in the item, template it must equal
    QString id;                                       ///< path in the item; empty: it has none
    QString values;                                   ///< path in the item, `records.*.value`
};

/// A change that goes on after its answer.
struct RestAction {
    QString id;     ///< path in the answer
    QString status; ///< path in the answer, also in that of `poll`
    QString done;   ///< the status that ends it well
    QString failed; ///< the status that ends it badly
    ProviderCall poll;
};

/// Records by an API: by RRset (`set`, `create`, `remove`) or one by one (`create`, `change`, `remove`).
struct RestApi {
    bool byRecord = false;
    QString apex;                     ///< stands for {label} where the name is the zone
    bool quotedText = false;          ///< TXT values have their quotation marks
    std::optional<RestQuestion> zone; ///< finds {zoneId}
    RestQuestion read;
    std::optional<ProviderCall> set;
    std::optional<ProviderCall> create; ///< by RRset: where there is none yet; absent: `set` does both
    std::optional<ProviderCall> change;
    ProviderCall remove;
    std::optional<RestAction> action;
    std::optional<std::pair<QString, QString>> success; ///< path in each answer, text that it must be
    QString errorText;                                  ///< path of the provider's own sentence
    std::map<int, AnswerRule> statuses;
};

/// What the provider's limits count.
enum class LimitScope { Record, Name, Account };

enum class ReadBack { None, Dns, Api };

/// How a router can tell the home's prefix.
struct RouterPrefix {
    enum class Mode { None, InAddress, Parameter };
    Mode mode = Mode::None;
    QString parameter; ///< of Parameter
    /// Template of the user name with which a router logs in by HTTP's own login, the secret as its password, where the
    /// call itself has another way that a router has not; empty: it cannot.
    QString user;
    QString note; ///< a sentence about it for the user; may be empty
};

/// What is known of a definition, and how.
struct ProviderVerification {
    enum class State {
        Documented, ///< by the provider
        Clients,    ///< by what other clients do
        Tested,     ///< against the provider's own program
    };
    State state = State::Documented;
    QDate date;           ///< of the last look
    QStringList unproven; ///< sentences that are shown to the user
};

/// DNS-01 needs a credential on the VPS: what can be had for that, and what the one of the home would let it do.
struct ChallengeCredential {
    bool scoped = false; ///< one of its own can be made, which may do less
    QString how;         ///< of a scoped one: a sentence that says how it is made
    QString reach;       ///< end of "whoever takes over the VPS could …"
};

/// Which names of an account can be set, beside its zone.
enum class NamesAre {
    Below,    ///< the zone itself, and any name below it
    OneLabel, ///< of one label before the provider's zone: deeper ones it takes for another name, or for none
    OwnZones, ///< each a zone of its own: the account's zone, or of one label before the provider's
};

/// A provider, or what it gives for nothing, has few names.
struct NameLimit {
    int most = 1;
    QString say; ///< one sentence: of which kind of account that is so
};

struct ProviderDefinition {
    Label name;
    QString title;
    QString about;              ///< a sentence or two; may be empty
    std::vector<QString> zones; ///< the provider's own, below which users get names
    bool otherZones = true;     ///< it keeps the users' own zones, too
    NamesAre names = NamesAre::Below;
    std::optional<NameLimit> nameLimit;
    std::vector<CredentialField> needs; ///< credentials
    QStringList headers;                ///< "Name: template"; "Authorization: Basic {user}:{password}" is encoded
    QString userAgent;                  ///< template
    TransportFamily family = TransportFamily::Any;
    ProviderWay addresses = ProviderWay::None;
    ProviderWay texts = ProviderWay::None;
    bool severalTexts = false; ///< several TXT values may stand at one name
    ChallengeCredential challenges;
    ReadBack readBack = ReadBack::Dns;
    bool mustExist = false; ///< a record has to be made on the provider's pages first
    RouterPrefix router;
    UpdateRules rules;
    LimitScope scope = LimitScope::Record;
    std::chrono::seconds leastTtl{1};
    std::chrono::seconds mostTtl{86400};
    std::optional<std::chrono::hours> refresh; ///< a name that is not updated for so long may expire
    ProviderVerification verified;
    std::optional<TemplateUpdate> update;
    std::optional<TemplateText> text;
    std::optional<RestApi> api;
    bool customUrl = false; ///< the user gives the URL; see customProvider()
    bool ownServer = false; ///< URLs begin with https://{server}: the user names the host; see providerAt()
};

} // namespace sixgate
