#pragma once

#include "model/hostname.h"
#include "model/ipaddress.h"
#include "model/observation.h"
#include "model/port.h"
#include "model/provider.h"

#include <QByteArray>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sixgate
{

/// A talk with a provider without its bytes: what to ask next, what was answered. Pure values; the talks themselves are
/// in `decide/providertalks.h`, who carries them is `apply/providerclient.h`.

/// A piece of a request: a text that is ready to be sent, or the name of a credential that is put there at the last
/// moment.
struct RequestPiece {
    enum class Encoding {
        Percent, ///< all but RFC 3986's unreserved characters
        Json,    ///< inside the quotation marks of a JSON text
        Header,  ///< as it is, without control characters
    };
    QByteArray text;
    QString credential; ///< empty: `text` counts
    Encoding encoding = Encoding::Header;

    friend bool operator==(const RequestPiece &, const RequestPiece &) = default;
};
using RequestText = std::vector<RequestPiece>;

struct RequestHeader {
    QByteArray name;
    RequestText value;
    bool basic = false; ///< value is user, colon, password: sent as "Basic " and base64 (RFC 7617)
};

/// One HTTPS request.
struct ProviderRequest {
    QByteArray method;
    Hostname host;
    Port port;
    RequestText target; ///< path and query
    std::vector<RequestHeader> headers;
    RequestText body;
    std::chrono::milliseconds pause{0}; ///< before it is sent
    bool repeatable = true;             ///< sent twice it does no more than sent once
};
/// As a log may show it: without its query, credentials as their names.
QString shownRequest(const ProviderRequest &request);

struct ProviderReply {
    int status = 0;
    std::map<QByteArray, QByteArray> headers; ///< names in lower case
    QByteArray body;
};

/// What a provider said of one record.
struct ProviderAnswer {
    AnswerMeaning meaning = AnswerMeaning::Unsent;
    QString word;                              ///< the provider's own, one line
    std::optional<std::chrono::seconds> after; ///< not before
    QString sentence;                          ///< for a person
    bool account = false;                      ///< holds for the whole account
};

struct RecordOutcome {
    RecordKey key;
    ProviderAnswer answer;
    std::optional<std::vector<QString>> seen; ///< what the API showed, of a talk that reads
};

class ProviderTalk
{
public:
    ProviderTalk() = default;
    ProviderTalk(const ProviderTalk &) = delete;
    ProviderTalk &operator=(const ProviderTalk &) = delete;
    virtual ~ProviderTalk() = default;

    /// What to send now; nothing where the talk has ended. After each one comes hear() or fail().
    virtual std::optional<ProviderRequest> next() = 0;
    virtual void hear(const ProviderReply &reply) = 0;
    /// There was no answer; `sent`: the request may have arrived. Ends the talk.
    virtual void fail(bool sent, const Error &why) = 0;

    /// One for each record that was to be changed, when the talk has ended.
    virtual std::vector<RecordOutcome> outcomes() const = 0;
};

/// What one name is to have of one family.
template <class Address>
struct FamilyGoal {
    enum class What {
        Unknown, ///< what is right is not known: it stays as it is
        Set,
        Absent,
    };
    What what = What::Unknown;
    std::optional<Address> address; ///< of Set
    /// What stands there, as far as is known: nothing, or perhaps no address.
    std::optional<std::optional<Address>> stands;
    bool renew = false; ///< of Set: sent although it stands so
};

struct NameGoal {
    Hostname name;
    FamilyGoal<Ipv4Address> v4;
    FamilyGoal<Ipv6Address> v6;
    std::chrono::seconds ttl{60};
};

/// A TXT value that is to be there, or no longer; others at the same name stay.
struct TextGoal {
    Hostname name;
    QByteArray value;      ///< printable ASCII without quotation mark and backslash, at most 255
    bool present = true;   ///< false: removed
    bool challenge = true; ///< it belongs to `_acme-challenge.` below the name (RFC 8555 §8.4)
    std::chrono::seconds ttl{60};
};

} // namespace sixgate
